from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from kamerton.apps.delivery.models import Event, Sitting
from kamerton.apps.delivery.queries import clock_of, current_answers
from kamerton.apps.delivery.rules import Missing
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import Refused

from .permission import require_participant_or_office

REASONS = frozenset({"candidate", "time", "office", "paper"})
"""Who or what ended the sitting. After "time" queued answers are still kept, marked late."""


class ItemsMissing(Refused):
    """`missing` names the items without a whole answer; confirming them finishes all the same."""

    code = "items_missing"
    texts = {
        "ru": "Без ответа осталось заданий: {count}. Вернитесь к ним или подтвердите, что завершаете так.",
        "en": "Items without an answer: {count}. Go back to them, or confirm that you finish as it is.",
    }

    def __init__(self, missing: Missing) -> None:
        self.missing = missing
        super().__init__(count=len(missing.all))


class TimeNotUp(Refused):
    code = "time_not_up"
    texts = {
        "ru": "По часам сервера время ещё есть: {minutes} мин. Можно отвечать дальше.",
        "en": "By the server's clock there is time left: {minutes} min. You can go on answering.",
    }


@dataclass(frozen=True, slots=True)
class SittingFinished:
    sitting: Sitting
    missing: Missing
    is_new: bool


@transaction.atomic
def finish_sitting(
    *, actor: Actor, sitting: Sitting, reason: str = "candidate", confirm_missing: bool = False, at: datetime
) -> SittingFinished:
    """End the sitting once. A double click, a second tab and a retry all get the same result."""
    require_participant_or_office(actor, sitting.participation)
    if reason not in REASONS:
        raise ValueError(f"finish reason {reason!r}; one of {sorted(REASONS)} is expected")
    held = (
        Sitting.objects.select_for_update(of=("self",))
        .select_related("form", "participation__campaign")
        .get(id=sitting.id)
    )
    missing = current_answers(held).missing
    if held.finished_at is not None:
        return SittingFinished(held, missing, is_new=False)
    clock = clock_of(held)
    if reason == "time" and not clock.is_over(at):
        raise TimeNotUp(minutes=max(1, clock.remaining_seconds(at) // 60))
    if clock.is_over(at):
        # Nothing can be added any more: the end is the clock's, and there is nothing to confirm.
        reason = "time"
    elif missing.all and not confirm_missing:
        raise ItemsMissing(missing)
    held.finished_at, held.finish_reason = at, reason
    held.save(update_fields=["finished_at", "finish_reason"])
    Event.objects.create(
        sitting=held, kind="finished", details={"reason": reason, "missing": list(missing.all)}, at=at
    )
    write_audit(
        actor=actor, project_id=held.participation.campaign.project_id, verb="finish_sitting", object_kind="sitting",
        object_id=held.id, persons=[held.participation.person_id], details={"reason": reason}, at=at,
    )  # fmt: skip
    return SittingFinished(held, missing, is_new=True)


def finish_overdue_sittings(*, actor: Actor, project_id: UUID, at: datetime) -> int:
    """End every sitting of the project whose time and grace are over; returns how many."""
    require(actor, project_id, "manage_campaigns")
    open_sittings = Sitting.objects.filter(
        participation__campaign__project_id=project_id,
        finished_at__isnull=True,
        on_paper=False,
        started_at__lt=at - timedelta(seconds=1),
    ).select_related("participation__campaign", "form")
    ended = 0
    for sitting in open_sittings:
        if clock_of(sitting).is_closed(at):
            ended += finish_sitting(actor=actor, sitting=sitting, reason="time", at=at).is_new
    return ended
