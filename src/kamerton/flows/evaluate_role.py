"""Evaluate everybody of a role's campaigns: evidence → chain → run, scores, fit results, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone

from kamerton import __version__
from kamerton.apps.decisions.actions.record_fit_results import record_fit_results
from kamerton.apps.decisions.queries import seat_plan
from kamerton.apps.delivery.actions import finish_overdue_sittings
from kamerton.apps.people.actions import ensure_subject
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import NothingChanged, publish_release
from kamerton.apps.records.actors import SYSTEM, Actor
from kamerton.apps.records.models import Project, Release
from kamerton.apps.records.planner import note_growth
from kamerton.apps.records.queries import latest_release
from kamerton.apps.results.actions import RunData, record_score_run
from kamerton.apps.results.models import ItemScore, ScoreRun
from kamerton.flows.gather_evidence import Evidence, gather_evidence
from kamerton.flows.score_rows import (
    build_fits,
    build_scores,
    described_inputs,
    frozen_numbers,
    outputs_digest,
)
from kamerton.measure.chain import ChainResult, ChainSpec, evaluate
from kamerton.measure.fit import RoleFit
from kamerton.measure.seats import SeatCount, count_seats

CALIBRATION_SCHEMA = "calibration/1"


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
        spec.rules,
        spec.role,
        result.prior,
        competencies=spec.competencies,
        instruments=spec.instruments,
        draws=spec.draws,
        seed=spec.seed,
    )
    verdicts = fit.evaluate(result.y[own], result.V[own], insufficient=result.combined.insufficient[own])
    persons = [person for person, mine in zip(result.persons, own, strict=True) if mine]
    return count_seats(fit, verdicts, persons, needed=needed, share=share)


@transaction.atomic
def evaluate_role(
    *, actor: Actor, project: Project, role: str, recalibrate: bool = False, at: datetime
) -> ScoreRun:
    """Append a run for the role. A released calibration that was estimated stays pinned unless `recalibrate`."""
    require(actor, project.id, "evaluate")
    # Whoever ran out of time without pressing "Finish" is finished by the clock first.
    finish_overdue_sittings(actor=SYSTEM, project_id=project.id, at=at)
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
            sitting=row.sitting,
            answer_id=row.answer_id,
            item=row.part,
            value=row.value,
            maximum=row.maximum,
            reason=row.reason,
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
    note_growth(len(item_scores) + len(scores))
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
            actor=actor,
            project=project,
            kind="calibration",
            slug=_calibration_slug(role),
            body=body,
            body_schema=CALIBRATION_SCHEMA,
            parts=[],
            change_kind="scoring",
            summary={"ru": "Калибровка по группе", "en": "Calibration on a cohort"},
            at=at,
        )
    except NothingChanged:
        release = latest_release(project.id, "calibration", _calibration_slug(role))
        assert release is not None
        return release
