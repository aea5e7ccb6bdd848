"""Evaluate everybody of a role's campaigns: evidence → chain → run, scores, fit results, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction
from django.utils import timezone

from kamerton import __version__
from kamerton.apps.decisions.actions.record_fit_results import record_fit_results
from kamerton.apps.decisions.models import FitResult
from kamerton.apps.decisions.queries import seat_plan
from kamerton.apps.people.actions import ensure_subject
from kamerton.apps.people.models import Subject
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import NothingChanged, publish_release
from kamerton.apps.records.actors import SYSTEM, Actor
from kamerton.apps.records.models import Project, Release
from kamerton.apps.records.queries import latest_release, parts_by_code
from kamerton.apps.results.actions import RunData, record_score_run
from kamerton.apps.results.models import ItemScore, Score, ScoreRun
from kamerton.flows.gather_evidence import Evidence, gather_evidence
from kamerton.measure.chain import ChainResult, ChainSpec, evaluate
from kamerton.measure.fit import RoleFit
from kamerton.measure.seats import SeatCount, count_seats
from kamerton.values.canonical import digest_of

CALIBRATION_SCHEMA = "calibration/1"


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


def run_chain(evidence: Evidence, pinned: dict[str, Any] | None) -> ChainResult:
    """The pure computation; the same call serves evaluation and recomputation."""
    return evaluate(
        evidence.spec,
        evidence.data,
        calibration=pinned["calibration"] if pinned else None,
        prior=pinned["prior"] if pinned else None,
    )


def count_own_seats(
    spec: ChainSpec, result: ChainResult, own: np.ndarray, *, needed: float, share: float
) -> SeatCount | None:
    """Seats filled by the company's own people, `own` (P,); outside candidates are whom the rest is hired from."""
    if not needed or not own.any():
        return None
    fit = RoleFit(
        spec.rules, spec.role, result.prior, competencies=spec.competencies, instruments=spec.instruments,
        draws=spec.draws, seed=spec.seed,
    )  # fmt: skip
    verdicts = fit.evaluate(result.y[own], result.V[own], insufficient=result.combined.insufficient[own])
    persons = [person for person, mine in zip(result.persons, own, strict=True) if mine]
    return count_seats(fit, verdicts, persons, needed=needed, share=share)


@transaction.atomic
def evaluate_role(
    *, actor: Actor, project: Project, role: str, recalibrate: bool = False, at: datetime
) -> ScoreRun:
    """Append a run for the role. A released calibration that was estimated stays pinned unless `recalibrate`."""
    require(actor, project.id, "evaluate")
    evidence = gather_evidence(project=project, role=role, at=at)
    former = latest_release(project.id, "calibration", _calibration_slug(role))
    pinned = None if recalibrate else _pinned_calibration(former, evidence)
    seats = float(sum(row.seats for row in seat_plan(project.id, role)))
    result = run_chain(evidence, pinned)
    own = np.array([not participation.person.is_outside for participation in evidence.participations])
    count = count_own_seats(
        evidence.spec, result, own, needed=seats, share=evidence.procedure.fit_rule.share_developing
    )
    calibration = former if pinned else _release_calibration(actor, project, role, evidence, result, at)
    subjects = {str(p.person_id): ensure_subject(person=p.person) for p in evidence.participations}
    item_scores = [
        ItemScore(
            sitting=row.sitting, answer_id=row.answer_id, item=row.part, value=row.value, maximum=row.maximum, reason=row.reason
        )
        for row in evidence.item_rows
    ]
    scores = build_scores(evidence, result, subjects)
    frozen = frozen_numbers(result, count, evidence)
    run = record_score_run(
        actor=actor,
        project=project,
        data=RunData(
            group=f"role:{role}",
            kind="cohort",
            inputs_digest=evidence.digest,
            inputs=described_inputs(evidence),
            algorithms=dict(result.algorithms),
            frozen=frozen,
            outputs_digest=outputs_digest(result),
            code_version=__version__,
            seed=result.seed,
            calibration=calibration,
        ),
        item_scores=item_scores,
        scores=scores,
        at=at,
    )
    record_fit_results(
        actor=actor, project=project, run=run, rows=build_fits(evidence, result, subjects), at=at
    )
    return run


def evaluate_role_job(payload: dict[str, Any], progress: Callable[[int, int], None]) -> dict[str, Any]:
    """The same as a background job; payload: project id and role."""
    project = Project.objects.get(id=payload["project"])
    progress(0, 1)
    run = evaluate_role(actor=SYSTEM, project=project, role=str(payload["role"]), at=timezone.now())
    progress(1, 1)
    return {"run": run.number}


# ---------------------------------------------------------------------------------------------- calibration


def _calibration_slug(role: str) -> str:
    return f"role-{role.lower()}"


def calibration_body(release: Release) -> dict[str, Any]:
    import json

    body: dict[str, Any] = json.loads(release.body)
    return body


def _pinned_calibration(former: Release | None, evidence: Evidence) -> dict[str, Any] | None:
    """The released calibration, if it was estimated from enough people and belongs to the same design."""
    if former is None:
        return None
    body = calibration_body(former)
    same_design = body["procedures"] == sorted(release.digest for release in evidence.procedures)
    known = set(evidence.data.raters) <= set(body["calibration"]["raters"])
    return body if same_design and known and body["estimated"] else None


def _release_calibration(
    actor: Actor, project: Project, role: str, evidence: Evidence, result: ChainResult, at: datetime
) -> Release:
    body = {
        "role": role,
        "procedures": sorted(release.digest for release in evidence.procedures),
        "calibration": result.calibration.to_dict(),
        "prior": result.prior.to_dict(),
        "estimated": "error_assumed" not in result.flags and result.prior.n > 0,
        "inputs_digest": evidence.digest,
    }
    try:
        return publish_release(
            actor=actor, project=project, kind="calibration", slug=_calibration_slug(role), body=body,
            body_schema=CALIBRATION_SCHEMA, parts=[], change_kind="scoring",
            summary={"ru": "Калибровка по группе", "en": "Calibration on a cohort"}, at=at,
        )  # fmt: skip
    except NothingChanged:
        release = latest_release(project.id, "calibration", _calibration_slug(role))
        assert release is not None
        return release


# ---------------------------------------------------------------------------------------- what is written down


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
                "method": used.method, "cell": used.cell, "halo": used.halo, "residual": used.residual,
                "test_method": used.test_method, "test_specific": used.test_specific,
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
            "mu": clean(result.prior.mean), "sigma": clean(result.prior.covariance),
            "source": "estimated" if result.prior.n else "assumed", "n": result.prior.n,
        },
        "knots": {code: clean(result_row) for code, result_row in zip(evidence.spec.competencies, evidence.spec.knots, strict=True)},
        "draws": result.draws,
        "flags": list(result.flags),
        "assumed_errors": "error_assumed" in result.flags,
        "seats": None,
    }  # fmt: skip
    if count is not None:

        def band(value: float, interval: tuple[float, float]) -> dict[str, float]:
            return {"expected": float(value), "low": float(interval[0]), "high": float(interval[1])}

        frozen["seats"] = {
            "needed": count.seats, "people": count.n, "share_developing": count.share, "interval": 0.8,
            "ready": band(count.ready, count.ready_interval),
            "developing": band(count.developing, count.developing_interval),
            "hire": band(count.hire, count.hire_interval),
        }  # fmt: skip
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
            common = {"subject": subject, "framework": evidence.framework_release, "competency_stable_id": stable, "code": code}
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
                        "code": instrument, "weight": float(evidence.spec.weights[c, i]),
                        "share": float(result.combined.weights_used[p, c, i]), "y": score["value"], "se": score["se"], "n": score["n"],
                    }
                )  # fmt: skip
            rows.append(_combined_score(result, evidence, p, c, common, seen, observations))
        rows += _summary_scores(result, evidence, p, subject)
    return rows


def _instrument_score(
    result: ChainResult, evidence: Evidence, p: int, c: int, i: int,
    ratings: dict[tuple[str, str, str], list[Any]], severity: dict[str, float], items_of: dict[str, list[str]],
) -> dict[str, Any] | None:  # fmt: skip
    instrument, code = result.instruments[i], result.competencies[c]
    used = result.calibration.components.used
    if instrument == evidence.spec.test_instrument:
        value = result.blocks.value[p, c]
        if not np.isfinite(value):
            return None
        flags = [name for name, on in (("at_limit", result.blocks.at_limit[p, c]), ("insufficient", result.blocks.insufficient[p, c])) if on]
        if result.blocks.levels_not_separated[c]:
            flags.append("levels_not_separated")
        error = used.test_method + used.test_specific + result.blocks.variance_test[p, c] + result.blocks.link_se[c] ** 2
        return {
            "value": float(value), "se": float(np.sqrt(error)), "n": int(result.blocks.n_items[p, c]), "reliability": None,
            "flags": flags,
            "parts": {
                "points": clean(result.blocks.score[p, c]), "maximum": clean(result.blocks.presented_points[p, c]),
                "knots": clean(evidence.spec.knots[c]), "items": items_of.get(code, []),
                "se_test": clean(np.sqrt(result.blocks.variance_test[p, c])), "link_se": clean(result.blocks.link_se[c]),
                "M": used.test_method, "U": clean(used.test_specific + result.blocks.variance_test[p, c]),
            },
        }  # fmt: skip
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
        "value": float(value), "se": float(np.sqrt(result.cells.error[p, i, c])), "n": int(result.cells.n_raters[p, i, c]),
        "reliability": None, "flags": flags,
        "parts": {
            "raw_mean": raw, "correction": float(value) - raw,
            "ratings": [
                {
                    "rating": row.rating_id, "assessor": str(row.assessor_id), "raw": row.value, "reason": row.reason,
                    "severity": float(severity.get(str(row.assessor_id), 0.0)),
                }
                for row in given
            ],
            "M": float(result.cells.shared[p, i, c]), "U": float(result.cells.unique[p, i, c]),
            "fair_average": clean(result.fair_average[p, i, c]),
        },
    }  # fmt: skip


def _combined_score(
    result: ChainResult, evidence: Evidence, p: int, c: int, common: dict[str, Any], seen: list[dict[str, Any]], n: int
) -> Score:
    value, combined = result.y[p, c], result.combined
    flags = [flag for flag in result.competency_flags[p][c] if flag != "single_rater"]
    if "single_rater" in result.competency_flags[p][c]:
        flags.append("one_rater")
    if "error_assumed" in result.flags:
        flags.append("assumed_error")
    measured = bool(np.isfinite(value))
    return Score(
        source="combined", **common,
        value=float(value) if measured else None, se=float(combined.se[p, c]) if measured else None, n=n,
        reliability=clean(result.reliability[p, c]), flags=flags,
        parts={
            "instruments": seen,
            "conflict": {
                "q": clean(combined.conflict_q[p, c]), "df": int(combined.conflict_df[p, c]),
                "p": clean(combined.conflict_p[p, c]), "flag": bool(combined.conflict_page[p, c]),
            },
            "stated_weight": float(evidence.spec.weights[c].sum()),
            "present_weight": float(sum(part["weight"] for part in seen)),
            "method_free_se": clean(combined.method_free_se[p, c]),
            "precision_value": clean(combined.precision_value[p, c]), "precision_se": clean(combined.precision_se[p, c]),
            "distinct_from": [result.competencies[d] for d in np.flatnonzero(result.differences[p, c])],
        },
    )  # fmt: skip


def _summary_scores(result: ChainResult, evidence: Evidence, p: int, subject: Subject) -> list[Score]:
    rows: list[Score] = []
    tables = {"composite": result.composite} | {f"cluster:{name}": table for name, table in result.clusters.items()}
    for code, table in tables.items():
        value = table.value[p]
        measured = bool(np.isfinite(value))
        rows.append(
            Score(
                subject=subject, framework=evidence.framework_release, competency_stable_id=None, code=code, source="combined",
                value=float(value) if measured else None, se=float(table.se[p]) if measured else None,
                n=len(result.competencies), reliability=clean(table.reliability[p]), flags=[], parts={},
            )  # fmt: skip
        )
    return rows


def build_fits(evidence: Evidence, result: ChainResult, subjects: dict[str, Subject]) -> list[FitResult]:
    """Fit rows with everything SCORING A7 asks for."""
    profiles = parts_by_code(evidence.framework_release, "profile")
    by_person = {str(p.person_id): p for p in evidence.participations}
    codes, fit = result.competencies, result.fit
    rule = evidence.spec.rules[evidence.role]
    profile = {target.competency: target for target in next(x for x in evidence.framework.profiles if x.role == evidence.role).targets}
    procedures: dict[UUID, Release] = {campaign.id: campaign.procedure for campaign in evidence.campaigns}
    rows: list[FitResult] = []
    for p, person in enumerate(result.persons):
        participation = by_person[person]

        def named(array: np.ndarray) -> dict[str, Any]:
            return {code: clean(array[c]) for c, code in enumerate(codes)}

        p_cat = fit.p_category[p]
        others = sorted(
            ({"role": role, "p": clean(fit.p_roles[p, k])} for k, role in enumerate(fit.roles) if role != evidence.role),
            key=lambda row: -(row["p"] or 0.0),
        )
        details = {
            "y": named(result.y[p]), "se": named(result.combined.se[p]), "V": clean(result.V[p]),
            "posterior": {"mean": named(fit.mean[p]), "sd": named(np.sqrt(np.diag(fit.covariance[p])))},
            "cuts": named(rule.cuts), "minimums": {code: profile[code].minimum for code in codes},
            "targets": named(rule.targets), "weights": named(rule.weights), "composite_cut": rule.cut,
            "thresholds": {"likely": rule.ready, "even": rule.probable, "open": rule.open_},
            "settle": [{"competency": c, "instrument": i, "change": clean(d)} for c, i, d in fit.settle[p]],
            "distance": {"d2": clean(fit.d2[p]), "shortfall": clean(fit.shortfall[p]), "r": clean(fit.profile_r[p])},
            "clusters": {name: {"value": clean(t.value[p]), "se": clean(t.se[p])} for name, t in result.clusters.items()},
            "posterior_composite": {"mean": clean(fit.composite_mean[p]), "sd": clean(fit.composite_sd[p])},
            "category": fit.category[p], "margin": clean(fit.margin[p]), "draws": result.draws,
        }  # fmt: skip
        probabilities = {
            **{name: clean(p_cat[k]) for k, name in enumerate("ABCD")},
            "met": named(fit.p_met[p]), "minimums": clean(fit.p_minimums[p]), "composite": clean(fit.p_composite[p]),
        }  # fmt: skip
        reasons = [{"code": reason.code, "params": clean(dict(reason.params))} for reason in fit.reasons[p]]
        value = result.composite.value[p]
        rows.append(
            FitResult(
                subject=subjects[person], participation=participation, profile=profiles[evidence.role],
                procedure=procedures[participation.campaign_id], category=fit.proposal[p], probability_a=clean(p_cat[0]),
                composite=clean(value), composite_se=clean(result.composite.se[p]) if np.isfinite(value) else None,
                probabilities=probabilities, other_roles=others, suggested_role=fit.alternative[p],
                stability=clean(fit.stability[p]), reasons=reasons, details=details,
                digest=digest_of({"y": details["y"], "V": details["V"], "p": probabilities, "cuts": details["cuts"]}),
            )  # fmt: skip
        )
    return rows
