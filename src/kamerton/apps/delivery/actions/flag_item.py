from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kamerton.apps.delivery.models import Event, Sitting
from kamerton.apps.delivery.queries import flagged_items
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.models import Part

from .permission import require_participant
from .record_answer import ItemElsewhere, SittingOver


@transaction.atomic
def flag_item(*, actor: Actor, sitting: Sitting, item: Part, on: bool, at: datetime) -> bool:
    """Mark an item to come back to, or take the mark off; returns whether anything changed."""
    require_participant(actor, sitting.participation)
    held = Sitting.objects.select_for_update().get(id=sitting.id)
    if held.finished_at is not None:
        raise SittingOver
    if item.release_id != held.form_id or item.kind != "item":
        raise ItemElsewhere(what={"ru": "задание этого теста", "en": "item of this test"})
    if (item.code in flagged_items(held)) == on:
        return False
    Event.objects.create(sitting=held, kind="flag", details={"item": item.code, "on": on}, at=at)
    return True
