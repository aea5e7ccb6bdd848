from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kamerton.apps.delivery.models import Event, Sitting, TimeGrant
from kamerton.apps.delivery.queries import clock_of
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput

from .record_answer import SittingOver

LONGEST_GRANT = 4 * 3600
"""Seconds in one grant; more than this is a new occasion, not extra time."""


@transaction.atomic
def grant_time(*, actor: Actor, sitting: Sitting, seconds: int, reason: str, at: datetime) -> TimeGrant:
    """Extra time with its reason, before, during or after the end. A sitting that time had ended opens again."""
    campaign = sitting.participation.campaign
    require(actor, campaign.project_id, "manage_campaigns")
    if not 0 < seconds <= LONGEST_GRANT:
        raise InvalidInput(
            what={
                "ru": f"Добавить можно от 1 до {LONGEST_GRANT // 60} минут.",
                "en": f"From 1 to {LONGEST_GRANT // 60} minutes can be added.",
            }
        )
    if not reason.strip():
        raise InvalidInput(
            what={
                "ru": "Напишите, почему даётся время: это видно в журнале.",
                "en": "Write why the time is given: the log shows it.",
            }
        )
    held = Sitting.objects.select_for_update().get(id=sitting.id)
    if held.finished_at is not None and held.finish_reason != "time":
        raise SittingOver
    grant = TimeGrant.objects.create(
        sitting=held, seconds=seconds, reason=reason.strip(), actor_name=actor.name, at=at
    )
    if held.finished_at is not None and not clock_of(held).is_over(at):
        Sitting.objects.filter(id=held.id).update(finished_at=None, finish_reason="")
        Event.objects.create(sitting=held, kind="reopened", details={"seconds": seconds}, at=at)
    write_audit(
        actor=actor, project_id=campaign.project_id, verb="grant_time", object_kind="sitting", object_id=held.id,
        persons=[sitting.participation.person_id], details={"seconds": seconds}, at=at,
    )  # fmt: skip
    return grant
