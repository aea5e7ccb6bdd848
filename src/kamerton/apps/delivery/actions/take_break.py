from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kamerton.apps.delivery.models import Event, Pause, Sitting
from kamerton.apps.delivery.queries import clock_of
from kamerton.apps.instruments.documents import FormDocument
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import Refused
from kamerton.apps.records.queries import document_of

from .permission import require_participant
from .record_answer import SittingOver


class NoBreak(Refused):
    code = "no_break"
    texts = {
        "ru": "Перерыва в этом тесте нет, или он уже был. Время идёт, отвечайте дальше.",
        "en": "This test has no break, or it has been taken. The clock is running; go on answering.",
    }


@transaction.atomic
def take_break(*, actor: Actor, sitting: Sitting, at: datetime) -> Pause:
    """The one break of a form that allows it; the clock stands until it is ended or its minutes are over."""
    require_participant(actor, sitting.participation)
    held = Sitting.objects.select_for_update(of=("self",)).select_related("form").get(id=sitting.id)
    if held.finished_at is not None or clock_of(held).is_over(at):
        raise SittingOver
    minutes = document_of(held.form, FormDocument).break_minutes
    taken = Pause.objects.filter(sitting=held, kind=Pause.Kind.BREAK).first()
    if taken is not None and taken.ended_at is None:
        return taken
    if not minutes or taken is not None:
        raise NoBreak
    pause = Pause.objects.create(
        sitting=held, kind=Pause.Kind.BREAK, limit_seconds=60 * minutes, actor_name=actor.name, started_at=at
    )
    Event.objects.create(sitting=held, kind="paused", details={"kind": "break"}, at=at)
    return pause


@transaction.atomic
def end_break(*, actor: Actor, sitting: Sitting, at: datetime) -> bool:
    """Back from the break; whether one was open. The office's pause is not the candidate's to end."""
    require_participant(actor, sitting.participation)
    held = Sitting.objects.select_for_update().get(id=sitting.id)
    is_open = bool(
        Pause.objects.filter(sitting=held, kind=Pause.Kind.BREAK, ended_at__isnull=True).update(ended_at=at)
    )
    if is_open:
        Event.objects.create(sitting=held, kind="resumed", details={}, at=at)
    return is_open
