from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kamerton.apps.observation import rules
from kamerton.apps.observation.models import AnswerLevel, Appointment
from kamerton.apps.observation.queries import frame_for
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput

from .own_sheet import locked, require_own


@transaction.atomic
def rate_answer(
    *, actor: Actor, appointment: Appointment, question: str, value: int | None, at: datetime
) -> AnswerLevel:
    """Append a level for the answer to one interview question; None: not asked or not answered. The same again adds
    nothing. The rating of the competency stays the assessor's own act."""
    project_id = require_own(actor, appointment, rates=True)
    locked(appointment)
    known = [asked.code for asked in frame_for(appointment).exercise.questions]
    if question not in known:
        listed = ", ".join(known)
        raise InvalidInput(
            what={
                "ru": f"Вопроса «{question}» в этом интервью нет. Есть: {listed}.",
                "en": f'There is no question "{question}" in this interview. There are: {listed}.',
            }
        )
    if value is not None and not rules.is_level(value):
        raise InvalidInput(
            what={
                "ru": f"{question}: уровня {value} нет на шкале. Укажите целое число от 1 до 5.",
                "en": f"{question}: there is no level {value} on the scale. Give a whole number from 1 to 5.",
            }
        )
    before = AnswerLevel.objects.filter(appointment=appointment, question=question).order_by("-id").first()
    if before is not None and before.value == value:
        return before
    level = AnswerLevel.objects.create(appointment=appointment, question=question, value=value, at=at)
    write_audit(
        actor=actor, project_id=project_id, verb="rate_answer", object_kind="answer_level", object_id=level.id,
        persons=[appointment.participation.person_id], details={"question": question}, at=at,
    )  # fmt: skip
    return level
