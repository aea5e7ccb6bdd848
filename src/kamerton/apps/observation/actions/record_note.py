from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from kamerton.apps.delivery.actions.keep_text import keep_text
from kamerton.apps.observation import rules
from kamerton.apps.observation.models import Appointment, Note
from kamerton.apps.observation.queries import Frame, frame_for
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput

from .own_sheet import locked, require_own

if TYPE_CHECKING:
    from kamerton.apps.records.models import Part


def check_note(*, frame: Frame, indicator: str, sign: str, text: str, second: int) -> None:
    """Every precondition of a note; shared with `load_ratings`. `indicator` is a code or empty."""
    known = {i.code for line in frame.rated for _part, i in line.indicators}
    if indicator and indicator not in known:
        listed = ", ".join(sorted(known))
        raise InvalidInput(
            what={
                "ru": f"Индикатора «{indicator}» нет в листе этого упражнения. Есть: {listed}.",
                "en": f'Indicator "{indicator}" is not on the sheet of this exercise. There are: {listed}.',
            }
        )
    if sign not in Note.Sign.values:
        raise InvalidInput(
            what={
                "ru": f"Знак «{sign}» не понят: «+», «-» или пусто.",
                "en": f'Sign "{sign}" is not known: "+", "-" or nothing.',
            }
        )
    if not text.strip() and not (indicator and sign):
        raise InvalidInput(
            what={
                "ru": "Заметка пуста. Напишите, что сказал или сделал участник, либо отметьте индикатор знаком.",
                "en": "The note is empty. Write what the participant said or did, or mark an indicator.",
            }
        )
    if len(text) > rules.LONGEST_NOTE:
        raise InvalidInput(
            what={
                "ru": f"В заметке {len(text)} знаков, помещается {rules.LONGEST_NOTE}. Разделите её на две.",
                "en": f"The note has {len(text)} characters, {rules.LONGEST_NOTE} fit. Split it in two.",
            }
        )
    if not 0 <= second <= rules.LONGEST_EXERCISE.total_seconds():
        raise InvalidInput(
            what={
                "ru": f"Время заметки {second} с вне упражнения: нужно от 0 до 86 400 с от начала.",
                "en": f"The note's time, {second} s, is outside the exercise: 0 to 86,400 s from the start.",
            }
        )


@transaction.atomic
def record_note(
    *,
    actor: Actor,
    appointment: Appointment,
    uuid: UUID,
    indicator: Part | None,
    sign: str,
    text: str,
    second: int,
    at: datetime,
) -> Note:
    """Keep what the participant said or did. The same `uuid` again returns the note that is there."""
    project_id = require_own(actor, appointment, rates=True)
    # Hold the sheet before looking: the same note may arrive twice at once.
    Appointment.objects.select_for_update().get(id=appointment.id)
    known = Note.objects.filter(appointment=appointment, uuid=uuid).first()
    if known is not None:
        return known
    locked(appointment)
    frame = frame_for(appointment)
    if indicator is not None and indicator.release_id != frame.framework.id:
        raise InvalidInput(
            what={
                "ru": f"Индикатор «{indicator.code}» из другой редакции модели. Обновите страницу.",
                "en": f'Indicator "{indicator.code}" belongs to another release of the model. Reload the page.',
            }
        )
    check_note(
        frame=frame, indicator=indicator.code if indicator else "", sign=sign, text=text, second=second
    )
    note = Note.objects.create(
        appointment=appointment,
        uuid=uuid,
        indicator=indicator,
        sign=sign,
        text=keep_text(project_id=project_id, text=text.strip()),
        second=second,
        at=at,
    )
    write_audit(
        actor=actor,
        project_id=project_id,
        verb="record_note",
        object_kind="note",
        object_id=note.id,
        persons=[appointment.participation.person_id],
        at=at,
    )
    return note
