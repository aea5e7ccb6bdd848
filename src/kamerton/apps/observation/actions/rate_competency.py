from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from kamerton.apps.observation import rules
from kamerton.apps.observation.models import Appointment, Rating
from kamerton.apps.observation.queries import Frame, frame_for
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput

from .own_sheet import locked, require_own

if TYPE_CHECKING:
    from kamerton.apps.records.models import Part


def check_rating(*, frame: Frame, competency: str, value: int | None, reason: str) -> None:
    """Every precondition of a rating; shared with `load_ratings`."""
    if competency not in frame.codes:
        listed = ", ".join(frame.codes)
        raise InvalidInput(
            what={
                "ru": f"Компетенция «{competency}» в этом упражнении не оценивается. Оцениваются: {listed}.",
                "en": f'Competency "{competency}" is not rated in this exercise. Rated are: {listed}.',
            }
        )
    if value is None:
        if reason not in Rating.Reason.values:
            known = ", ".join(Rating.Reason.values)
            raise InvalidInput(
                what={
                    "ru": f"{competency}: нет ни уровня, ни причины. Укажите уровень от 1 до 5 или причину: {known}.",
                    "en": f"{competency}: neither a level nor a reason. Give a level from 1 to 5 or a reason: {known}.",
                }
            )
        return
    if reason:
        raise InvalidInput(
            what={
                "ru": f"{competency}: указаны и уровень {value}, и причина «{reason}». Оставьте одно.",
                "en": f'{competency}: both level {value} and reason "{reason}" are given. Keep one.',
            }
        )
    if not rules.is_level(value):
        raise InvalidInput(
            what={
                "ru": f"{competency}: уровня {value} нет на шкале. Укажите целое число от 1 до 5.",
                "en": f"{competency}: there is no level {value} on the scale. Give a whole number from 1 to 5.",
            }
        )


@transaction.atomic
def rate_competency(
    *,
    actor: Actor,
    appointment: Appointment,
    competency: Part,
    value: int | None,
    reason: str = "",
    at: datetime,
) -> Rating:
    """Append a level, or "not observed". What was rated before stays and is superseded; the same again adds nothing."""
    project_id = require_own(actor, appointment, rates=True)
    locked(appointment)
    frame = frame_for(appointment)
    check_rating(frame=frame, competency=competency.code, value=value, reason=reason)
    if frame.line(competency.code).part.id != competency.id:
        raise InvalidInput(
            what={
                "ru": f"Компетенция «{competency.code}» из другой редакции модели. Обновите страницу.",
                "en": f'Competency "{competency.code}" belongs to another release of the model. Reload the page.',
            }
        )
    before = Rating.objects.filter(appointment=appointment, competency=competency).order_by("-id").first()
    if before is not None and (before.value, before.reason) == (value, reason):
        return before
    rating = Rating.objects.create(
        appointment=appointment, competency=competency, value=value, reason=reason, supersedes=before, at=at
    )
    write_audit(
        actor=actor,
        project_id=project_id,
        verb="rate_competency",
        object_kind="rating",
        object_id=rating.id,
        persons=[appointment.participation.person_id],
        details={"competency": competency.code},
        at=at,
    )
    return rating
