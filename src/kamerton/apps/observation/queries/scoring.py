"""Ratings and text scores as the scoring reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from kamerton.apps.observation.models import Rating, TextRating


@dataclass(frozen=True, slots=True)
class RatingRow:
    rating_id: int
    participation_id: UUID
    person_id: UUID
    instrument: str
    competency_code: str
    assessor_id: UUID
    value: int | None
    reason: str


def ratings_for_scoring(participation_ids: Iterable[UUID]) -> list[RatingRow]:
    """The newest rating of each competency on each submitted sheet, in a stable order."""
    rows = (
        Rating.objects.filter(
            appointment__participation_id__in=list(participation_ids),
            appointment__submitted_at__isnull=False,
            superseded_by__isnull=True,
        )
        .order_by(
            "appointment__participation_id",
            "appointment__instrument",
            "competency__code",
            "appointment__assessor_id",
        )
        .values_list(
            "id",
            "appointment__participation_id",
            "appointment__participation__person_id",
            "appointment__instrument",
            "competency__code",
            "appointment__assessor_id",
            "value",
            "reason",
        )
    )
    return [RatingRow(*row) for row in rows]


def text_scores(answer_ids: Iterable[int]) -> dict[int, list[float]]:
    """Answer → the raters' scores, in the order given; an answer nobody scored is not in the map."""
    scores: dict[int, list[float]] = {}
    for answer, score in (
        TextRating.objects.filter(answer_id__in=list(answer_ids))
        .order_by("id")
        .values_list("answer_id", "score")
    ):
        scores.setdefault(answer, []).append(float(score))
    return scores
