from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kamerton.apps.delivery.models import Event, Pause, Sitting
from kamerton.apps.delivery.queries import clock_of, running_pause
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput

from .record_answer import SittingOver


@transaction.atomic
def pause_sitting(*, actor: Actor, sitting: Sitting, reason: str, at: datetime) -> Pause:
    """Stop the clock of one person until somebody lets it run again; pausing twice gives the same pause."""
    campaign = sitting.participation.campaign
    require(actor, campaign.project_id, "manage_campaigns")
    if not reason.strip():
        raise InvalidInput(
            what={
                "ru": "Напишите, почему сделана пауза: это увидит и человек, и журнал.",
                "en": "Write why there is a pause: the person and the log will show it.",
            }
        )
    held = Sitting.objects.select_for_update().get(id=sitting.id)
    if held.finished_at is not None or held.on_paper or clock_of(held).is_over(at):
        raise SittingOver
    existing = Pause.objects.filter(sitting=held, kind=Pause.Kind.OFFICE, ended_at__isnull=True).first()
    if existing is not None:
        return existing
    pause = Pause.objects.create(
        sitting=held,
        kind=Pause.Kind.OFFICE,
        reason=reason.strip()[:300],
        actor_name=actor.name,
        started_at=at,
    )
    Event.objects.create(sitting=held, kind="paused", details={"kind": "office"}, at=at)
    write_audit(
        actor=actor, project_id=campaign.project_id, verb="pause_sitting", object_kind="sitting", object_id=held.id,
        persons=[sitting.participation.person_id], details={"reason": pause.reason}, at=at,
    )  # fmt: skip
    return pause


@transaction.atomic
def resume_sitting(*, actor: Actor, sitting: Sitting, at: datetime) -> bool:
    """Let the clock run again; whether it stood. What stood still is added to the deadline by the clock itself."""
    campaign = sitting.participation.campaign
    require(actor, campaign.project_id, "manage_campaigns")
    held = Sitting.objects.select_for_update().get(id=sitting.id)
    if running_pause(held, at) is None:
        return False
    Pause.objects.filter(sitting=held, ended_at__isnull=True).update(ended_at=at)
    Event.objects.create(sitting=held, kind="resumed", details={}, at=at)
    write_audit(
        actor=actor, project_id=campaign.project_id, verb="resume_sitting", object_kind="sitting", object_id=held.id,
        persons=[sitting.participation.person_id], at=at,
    )  # fmt: skip
    return True
