from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kamerton.apps.delivery.models import Event, Sitting
from kamerton.apps.records.actors import Actor

from .permission import require_participant
from .record_answer import SittingOver


@transaction.atomic
def take_over(*, actor: Actor, sitting: Sitting, at: datetime) -> int:
    """A new tab or device takes the sitting; returns its epoch. Tabs with an older one become read-only."""
    require_participant(actor, sitting.participation)
    held = Sitting.objects.select_for_update().get(id=sitting.id)
    if held.finished_at is not None:
        raise SittingOver
    epoch = held.epoch + 1
    Sitting.objects.filter(id=held.id).update(epoch=epoch)
    Event.objects.create(sitting=held, kind="taken_over", details={"epoch": epoch}, at=at)
    sitting.epoch = epoch
    return epoch
