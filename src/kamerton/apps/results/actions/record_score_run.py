from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy
import scipy
from django.db import transaction
from django.db.models import Max

from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.models import Project, Release
from kamerton.apps.results.models import ItemScore, Score, ScoreRun


@dataclass(frozen=True, slots=True)
class RunData:
    """What one computation used and produced, ready to be stored."""

    group: str
    kind: str
    inputs_digest: str
    inputs: dict[str, Any]
    algorithms: dict[str, str]
    frozen: dict[str, Any]
    outputs_digest: str
    code_version: str
    seed: int
    calibration: Release | None = None


def library_versions() -> dict[str, str]:
    """What a later recomputation is compared under."""
    return {"python": platform.python_version(), "numpy": numpy.__version__, "scipy": scipy.__version__}


@transaction.atomic
def record_score_run(
    *,
    actor: Actor,
    project: Project,
    data: RunData,
    item_scores: Sequence[ItemScore],
    scores: Sequence[Score],
    at: datetime,
) -> ScoreRun:
    """Append one run with its rows; the former run of the same group is superseded, not touched."""
    require(actor, project.id, "evaluate")
    Project.objects.select_for_update().get(id=project.id)
    last_number = ScoreRun.objects.filter(project=project).aggregate(last=Max("number"))["last"] or 0
    former = ScoreRun.objects.filter(project=project, campaign_group=data.group).order_by("-number").first()
    run = ScoreRun.objects.create(
        project=project,
        campaign_group=data.group,
        number=last_number + 1,
        kind=data.kind,
        inputs_digest=data.inputs_digest,
        inputs=data.inputs,
        algorithms=data.algorithms,
        frozen=data.frozen,
        calibration=data.calibration,
        outputs_digest=data.outputs_digest,
        code_version=data.code_version,
        libraries=library_versions(),
        seed=data.seed,
        supersedes=former,
        actor_id=actor.id,
        actor_name=actor.name,
        at=at,
    )
    for row in item_scores:
        row.run = run
    for score in scores:
        score.run = run
    ItemScore.objects.bulk_create(item_scores, batch_size=400)
    Score.objects.bulk_create(scores, batch_size=400)
    write_audit(
        actor=actor,
        project_id=project.id,
        verb="evaluate",
        object_kind="score_run",
        object_id=run.id,
        persons=sorted({str(score.subject.person_id) for score in scores if score.subject.person_id}),
        details={"group": data.group, "number": run.number, "inputs": data.inputs_digest},
        at=at,
    )
    return run
