"""Who of the assessors was trained, and whether it still holds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from kamerton.apps.observation import rules
from kamerton.apps.observation.models import Training


def trainings_of(project_id: UUID) -> dict[UUID, list[Training]]:
    """Assessor → trainings, the newest first."""
    found: dict[UUID, list[Training]] = {}
    for training in Training.objects.filter(project_id=project_id).order_by("-held", "-id"):
        found.setdefault(training.assessor_id, []).append(training)
    return found


def licensed(trainings: Iterable[Training], on: date) -> bool:
    """Whether one of these trainings was passed and still holds on that day."""
    return any(t.passed and t.held <= on <= t.held + rules.TRAINING_HOLDS for t in trainings)
