"""What a run writes down: scores, fits and frozen numbers as rows, from the result of the chain."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import numpy as np

from kamerton.apps.decisions.models import FitResult
from kamerton.apps.people.models import Subject
from kamerton.apps.records.models import Release
from kamerton.apps.records.queries import parts_by_code
from kamerton.apps.results.models import Score
from kamerton.flows.gather_evidence import Evidence
from kamerton.measure.chain import ChainResult
from kamerton.measure.seats import SeatCount
from kamerton.values.canonical import digest_of


def clean(value: Any) -> Any:
    """Numbers as plain JSON: NaN becomes None, arrays become lists."""
    if isinstance(value, np.ndarray):
        return clean(value.tolist())
    if isinstance(value, np.bool_ | bool):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return None if not np.isfinite(value) else float(value)
    if isinstance(value, dict):
        return {str(key): clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clean(inner) for inner in value]
    return value


def described_inputs(evidence: Evidence) -> dict[str, Any]:
    return {
        "procedures": [str(release.id) for release in evidence.procedures],
        "campaigns": [campaign.slug for campaign in evidence.campaigns],
        "framework": str(evidence.framework_release.id),
        "form": str(evidence.form_release.id) if evidence.form_release else None,
        "persons": len(evidence.participations),
        "ratings": len(evidence.rating_rows),
        "answers": evidence.answers,
        "exclusions": list(evidence.exclusions),
    }


def outputs_digest(result: ChainResult) -> str:
    """Over the numbers a decision rests on, to 1e-9."""

    def rounded(array: np.ndarray) -> Any:
        return clean(np.round(array, 9) + 0.0)

    order = np.argsort(np.array(result.persons))
    return digest_of(
        {
            "persons": [result.persons[i] for i in order],
            "y": rounded(result.y[order]),
            "V": rounded(result.V[order]),
            "p": rounded(result.fit.p_category[order]),
            "proposal": [result.fit.proposal[i] for i in order],
        }
    )


def frozen_numbers(result: ChainResult, count: SeatCount | None, evidence: Evidence) -> dict[str, Any]:
    """The numbers that SCORING A7 asks a run to keep."""
    calibration = result.calibration
    used = calibration.components.used
    counts = np.bincount(evidence.data.rater, minlength=len(evidence.data.raters))
    n_ratings = dict(zip(evidence.data.raters, counts.tolist(), strict=True))
    severities = [
        {
            "assessor": rater,
            "severity": float(calibration.severity[i]),
            "se": float(calibration.severity_se[i]),
            "spread_ratio": clean(calibration.spread_ratio[i]),
            "n": n_ratings.get(rater, 0),
            "linked": bool(calibration.linked[i]),
            "flags": list(calibration.rater_flags[i]),
        }
        for i, rater in enumerate(calibration.raters)
    ]
    frozen: dict[str, Any] = {
        "calibration": {
            "severities": severities,
            "zero": calibration.zero,
            "components": {
                "method": used.method,
                "cell": used.cell,
                "halo": used.halo,
                "residual": used.residual,
                "test_method": used.test_method,
                "test_specific": used.test_specific,
            },
            "components_raw": clean(calibration.components.raw.to_dict()),
            "components_n": calibration.components.n,
            "connected": calibration.connected,
            "severity_removed": bool(calibration.linked.any()) and "severity_not_removed" not in result.flags,
            "pairings_to_add": [list(pair) for pair in calibration.pairings_to_add],
            "iterations": calibration.iterations,
            "gradient_norm": float(calibration.gradient_norm),
        },
        "prior": {
            "mu": clean(result.prior.mean),
            "sigma": clean(result.prior.covariance),
            "source": "estimated" if result.prior.n else "assumed",
            "n": result.prior.n,
        },
        "knots": {
            code: clean(result_row)
            for code, result_row in zip(evidence.spec.competencies, evidence.spec.knots, strict=True)
        },
        "draws": result.draws,
        "flags": list(result.flags),
        "assumed_errors": "error_assumed" in result.flags,
        "seats": None,
    }
    if count is not None:

        def band(value: float, interval: tuple[float, float]) -> dict[str, float]:
            return {"expected": float(value), "low": float(interval[0]), "high": float(interval[1])}

        frozen["seats"] = {
            "needed": count.seats,
            "people": count.n,
            "share_developing": count.share,
            "interval": 0.8,
            "ready": band(count.ready, count.ready_interval),
            "developing": band(count.developing, count.developing_interval),
            "hire": band(count.hire, count.hire_interval),
        }
    return frozen


def build_scores(evidence: Evidence, result: ChainResult, subjects: dict[str, Subject]) -> list[Score]:
    """Score rows: each instrument's cell, the combined competency, clusters and the composite of every person."""
    parts = parts_by_code(evidence.framework_release, "competency")
    ratings: dict[tuple[str, str, str], list[Any]] = {}
    for row in evidence.rating_rows:
        ratings.setdefault((str(row.person_id), row.instrument, row.competency_code), []).append(row)
    severity = dict(zip(result.calibration.raters, result.calibration.severity.tolist(), strict=True))
    items_of: dict[str, list[str]] = {}
    for item in evidence.form.items if evidence.form else []:
        items_of.setdefault(item.competency, []).append(item.code)
    rows: list[Score] = []
    for p, person in enumerate(result.persons):
        subject = subjects[person]
        for c, code in enumerate(result.competencies):
            stable = parts[code].stable_id
            common = {
                "subject": subject,
                "framework": evidence.framework_release,
                "competency_stable_id": stable,
                "code": code,
            }
            seen: list[dict[str, Any]] = []
            observations = 0
            for i, instrument in enumerate(result.instruments):
                if evidence.spec.weights[c, i] <= 0:
                    continue
                score = _instrument_score(result, evidence, p, c, i, ratings, severity, items_of)
                if score is None:
                    continue
                rows.append(Score(source=instrument, **common, **score))
                observations += int(score["n"])
                seen.append(
                    {
                        "code": instrument,
                        "weight": float(evidence.spec.weights[c, i]),
                        "share": float(result.combined.weights_used[p, c, i]),
                        "y": score["value"],
                        "se": score["se"],
                        "n": score["n"],
                    }
                )
            rows.append(_combined_score(result, evidence, p, c, common, seen, observations))
        rows += _summary_scores(result, evidence, p, subject)
    return rows


def _instrument_score(
    result: ChainResult,
    evidence: Evidence,
    p: int,
    c: int,
    i: int,
    ratings: dict[tuple[str, str, str], list[Any]],
    severity: dict[str, float],
    items_of: dict[str, list[str]],
) -> dict[str, Any] | None:
    instrument, code = result.instruments[i], result.competencies[c]
    used = result.calibration.components.used
    if instrument == evidence.spec.test_instrument:
        value = result.blocks.value[p, c]
        if not np.isfinite(value):
            return None
        flags = [
            name
            for name, on in (
                ("at_limit", result.blocks.at_limit[p, c]),
                ("insufficient", result.blocks.insufficient[p, c]),
            )
            if on
        ]
        if result.blocks.levels_not_separated[c]:
            flags.append("levels_not_separated")
        error = (
            used.test_method
            + used.test_specific
            + result.blocks.variance_test[p, c]
            + result.blocks.link_se[c] ** 2
        )
        return {
            "value": float(value),
            "se": float(np.sqrt(error)),
            "n": int(result.blocks.n_items[p, c]),
            "reliability": None,
            "flags": flags,
            "parts": {
                "points": clean(result.blocks.score[p, c]),
                "maximum": clean(result.blocks.presented_points[p, c]),
                "knots": clean(evidence.spec.knots[c]),
                "items": items_of.get(code, []),
                "se_test": clean(np.sqrt(result.blocks.variance_test[p, c])),
                "link_se": clean(result.blocks.link_se[c]),
                "M": used.test_method,
                "U": clean(used.test_specific + result.blocks.variance_test[p, c]),
                "borrowed": clean(result.borrowed[p, c]),
                "borrowed_se": clean(result.borrowed_se[p, c]),
            },
        }
    value = result.cells.value[p, i, c]
    if not np.isfinite(value):
        return None
    given = ratings.get((result.persons[p], instrument, code), [])
    flags = []
    if result.cells.single_rater[p, i, c]:
        flags.append("one_rater")
    if result.cells.not_linked[p, i, c]:
        flags.append("severity_not_removed" if result.calibration.connected else "severity_not_linked")
    raw = float(result.cells.raw[p, i, c])
    return {
        "value": float(value),
        "se": float(np.sqrt(result.cells.error[p, i, c])),
        "n": int(result.cells.n_raters[p, i, c]),
        "reliability": None,
        "flags": flags,
        "parts": {
            "raw_mean": raw,
            "correction": float(value) - raw,
            "ratings": [
                {
                    "rating": row.rating_id,
                    "assessor": str(row.assessor_id),
                    "raw": row.value,
                    "reason": row.reason,
                    "severity": float(severity.get(str(row.assessor_id), 0.0)),
                }
                for row in given
            ],
            "M": float(result.cells.shared[p, i, c]),
            "U": float(result.cells.unique[p, i, c]),
            "fair_average": clean(result.fair_average[p, i, c]),
        },
    }


def _combined_score(
    result: ChainResult,
    evidence: Evidence,
    p: int,
    c: int,
    common: dict[str, Any],
    seen: list[dict[str, Any]],
    n: int,
) -> Score:
    value, combined = result.y[p, c], result.combined
    flags = [flag for flag in result.competency_flags[p][c] if flag != "single_rater"]
    if "single_rater" in result.competency_flags[p][c]:
        flags.append("one_rater")
    if "error_assumed" in result.flags:
        flags.append("assumed_error")
    measured = bool(np.isfinite(value))
    return Score(
        source="combined",
        **common,
        value=float(value) if measured else None,
        se=float(combined.se[p, c]) if measured else None,
        n=n,
        reliability=clean(result.reliability[p, c]),
        flags=flags,
        parts={
            "instruments": seen,
            "conflict": {
                "q": clean(combined.conflict_q[p, c]),
                "df": int(combined.conflict_df[p, c]),
                "p": clean(combined.conflict_p[p, c]),
                "flag": bool(combined.conflict_page[p, c]),
            },
            "stated_weight": float(evidence.spec.weights[c].sum()),
            "present_weight": float(sum(part["weight"] for part in seen)),
            "method_free_se": clean(combined.method_free_se[p, c]),
            "precision_value": clean(combined.precision_value[p, c]),
            "precision_se": clean(combined.precision_se[p, c]),
            "distinct_from": [result.competencies[d] for d in np.flatnonzero(result.differences[p, c])],
        },
    )


def _summary_scores(result: ChainResult, evidence: Evidence, p: int, subject: Subject) -> list[Score]:
    rows: list[Score] = []
    tables = {"composite": result.composite} | {
        f"cluster:{name}": table for name, table in result.clusters.items()
    }
    for code, table in tables.items():
        value = table.value[p]
        measured = bool(np.isfinite(value))
        rows.append(
            Score(
                subject=subject,
                framework=evidence.framework_release,
                competency_stable_id=None,
                code=code,
                source="combined",
                value=float(value) if measured else None,
                se=float(table.se[p]) if measured else None,
                n=len(result.competencies),
                reliability=clean(table.reliability[p]),
                flags=[],
                parts={},
            )
        )
    return rows


def build_fits(evidence: Evidence, result: ChainResult, subjects: dict[str, Subject]) -> list[FitResult]:
    """Fit rows with everything SCORING A7 asks for."""
    profiles = parts_by_code(evidence.framework_release, "profile")
    by_person = {str(p.person_id): p for p in evidence.participations}
    codes, fit = result.competencies, result.fit
    rule = evidence.spec.rules[evidence.role]
    profile = {
        target.competency: target
        for target in next(x for x in evidence.framework.profiles if x.role == evidence.role).targets
    }
    procedures: dict[UUID, Release] = {campaign.id: campaign.procedure for campaign in evidence.campaigns}
    rows: list[FitResult] = []
    for p, person in enumerate(result.persons):
        participation = by_person[person]

        def named(array: np.ndarray) -> dict[str, Any]:
            return {code: clean(array[c]) for c, code in enumerate(codes)}

        p_cat = fit.p_category[p]
        others = sorted(
            (
                {"role": role, "p": clean(fit.p_roles[p, k])}
                for k, role in enumerate(fit.roles)
                if role != evidence.role
            ),
            key=lambda row: -(row["p"] or 0.0),
        )
        details = {
            "y": named(result.y[p]),
            "se": named(result.combined.se[p]),
            "V": clean(result.V[p]),
            "posterior": {"mean": named(fit.mean[p]), "sd": named(np.sqrt(np.diag(fit.covariance[p])))},
            "cuts": named(rule.cuts),
            "minimums": {code: profile[code].minimum for code in codes},
            "targets": named(rule.targets),
            "weights": named(rule.weights),
            "composite_cut": rule.cut,
            "thresholds": {"likely": rule.ready, "even": rule.probable, "open": rule.open_},
            "settle": [{"competency": c, "instrument": i, "change": clean(d)} for c, i, d in fit.settle[p]],
            "distance": {
                "d2": clean(fit.d2[p]),
                "shortfall": clean(fit.shortfall[p]),
                "r": clean(fit.profile_r[p]),
            },
            "clusters": {
                name: {"value": clean(t.value[p]), "se": clean(t.se[p])}
                for name, t in result.clusters.items()
            },
            "posterior_composite": {"mean": clean(fit.composite_mean[p]), "sd": clean(fit.composite_sd[p])},
            "category": fit.category[p],
            "margin": clean(fit.margin[p]),
            "draws": result.draws,
        }
        probabilities = {
            **{name: clean(p_cat[k]) for k, name in enumerate("ABCD")},
            "met": named(fit.p_met[p]),
            "minimums": clean(fit.p_minimums[p]),
            "composite": clean(fit.p_composite[p]),
        }
        reasons = [{"code": reason.code, "params": clean(dict(reason.params))} for reason in fit.reasons[p]]
        value = result.composite.value[p]
        rows.append(
            FitResult(
                subject=subjects[person],
                participation=participation,
                profile=profiles[evidence.role],
                procedure=procedures[participation.campaign_id],
                category=fit.proposal[p],
                probability_a=clean(p_cat[0]),
                composite=clean(value),
                composite_se=clean(result.composite.se[p]) if np.isfinite(value) else None,
                probabilities=probabilities,
                other_roles=others,
                suggested_role=fit.alternative[p],
                stability=clean(fit.stability[p]),
                reasons=reasons,
                details=details,
                digest=digest_of(
                    {"y": details["y"], "V": details["V"], "p": probabilities, "cuts": details["cuts"]}
                ),
            )
        )
    return rows
