from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from kamerton.apps.decisions.models import FitResult
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.models import Project
from kamerton.apps.results.models import ScoreRun


@transaction.atomic
def record_fit_results(
    *, actor: Actor, project: Project, run: ScoreRun, rows: Sequence[FitResult], at: datetime
) -> int:
    """Append the fit of every person of a run; returns how many."""
    require(actor, project.id, "evaluate")
    for row in rows:
        row.run = run
    FitResult.objects.bulk_create(rows, batch_size=200)
    write_audit(
        actor=actor,
        project_id=project.id,
        verb="record_fit",
        object_kind="score_run",
        object_id=run.id,
        persons=[str(row.participation.person_id) for row in rows],
        details={"number": run.number},
        at=at,
    )
    return len(rows)
