from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction

from kamerton.apps.delivery.models import Event, Sitting
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput

from .permission import require_participant

PAGE_KINDS: Final = frozenset({"focus_lost", "focus_back", "paste"})
"""What the page may tell of itself; the candidate was told so before the start."""
MOST_EVENTS: Final = 300
"""Of one sitting: a page left more often says nothing new, and a log is no place to fill a disk."""


@transaction.atomic
def note_event(*, actor: Actor, sitting: Sitting, kind: str, number: int | None = None, at: datetime) -> bool:
    """One line of the log, for a person to read; whether it was kept. It changes neither clock nor score."""
    require_participant(actor, sitting.participation)
    if kind not in PAGE_KINDS:
        raise InvalidInput(
            what={"ru": f"Событие «{kind[:30]}» неизвестно.", "en": f'Event "{kind[:30]}" is unknown.'}
        )
    if (
        sitting.finished_at is not None
        or Event.objects.filter(sitting=sitting, kind__in=PAGE_KINDS).count() >= MOST_EVENTS
    ):
        return False
    Event.objects.create(sitting=sitting, kind=kind, details={"item": number} if number else {}, at=at)
    return True


def note_address(*, actor: Actor, sitting: Sitting, address: str, at: datetime) -> bool:
    """Notes that the network address differs from the last one; the address itself is never kept."""
    require_participant(actor, sitting.participation)
    mark = hmac.new(
        settings.SECRET_KEY.encode(), f"{sitting.id}/{address}".encode(), hashlib.sha256
    ).hexdigest()[:12]
    last = (
        Event.objects.filter(sitting=sitting, kind="address")
        .order_by("-id")
        .values_list("details", flat=True)
        .first()
    )
    if last is not None and last.get("mark") == mark:
        return False
    Event.objects.create(
        sitting=sitting, kind="address", details={"mark": mark, "first": last is None}, at=at
    )
    return True
