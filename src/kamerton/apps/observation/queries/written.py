"""What a participant wrote in the browser during an exercise, with its marks: evidence beside the anchors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kamerton.apps.delivery import queries as delivery
from kamerton.apps.delivery.models import Sitting
from kamerton.apps.instruments.documents import FormDocument, Item
from kamerton.apps.instruments.rules import (
    FaultCount,
    ItemVerdict,
    count_faults,
    rank_correlation,
    score_response,
)
from kamerton.apps.observation.models import Appointment


@dataclass(frozen=True, slots=True)
class WrittenItem:
    number: int
    item: Item
    response: dict[str, Any] | None
    """None: nothing saved, or erased."""
    is_erased: bool
    verdict: ItemVerdict
    faults: FaultCount | None
    """Planted faults found, of an item that has them."""
    correlation: float | None
    """Spearman's rank correlation with the experts' order, of an order."""


@dataclass(frozen=True, slots=True)
class Written:
    document: FormDocument
    sitting: Sitting | None
    is_running: bool
    """The participant is still writing: nothing is shown before the end."""
    items: tuple[WrittenItem, ...]


def written_of(appointment: Appointment, at: datetime) -> Written | None:
    """The written part of the appointment's exercise; None where it has none."""
    participation = appointment.participation
    part = next(
        (w for w in delivery.written_parts_of(participation.campaign) if w.instrument.code == appointment.instrument),
        None,
    )  # fmt: skip
    if part is None:
        return None
    sitting = delivery.sitting_of(participation, part.release)
    if sitting is None:
        return Written(part.document, None, False, ())
    if sitting.finished_at is None and not delivery.clock_of(sitting).is_over(at):
        return Written(part.document, sitting, True, ())
    answers = delivery.current_answers(sitting)
    items = tuple(
        _written(n, item, answers.items[item.code]) for n, item in enumerate(part.document.items, 1)
    )
    return Written(part.document, sitting, False, items)


def _written(number: int, item: Item, value: delivery.AnswerValue | None) -> WrittenItem:
    response = value.response if value else None
    is_whole = bool(value and response and value.is_answered)
    return WrittenItem(
        number,
        item,
        response or None,
        value is not None and value.response is None,
        score_response(item, response),
        count_faults(item, response) if item.type == "match" and "none" in item.key else None,
        rank_correlation(item.key["order"], response["order"]) if item.type == "order" and is_whole and response else None,
    )  # fmt: skip
