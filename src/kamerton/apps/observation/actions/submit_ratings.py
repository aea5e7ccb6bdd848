from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from kamerton.apps.observation.models import Appointment
from kamerton.apps.observation.queries import sheet
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import Refused
from kamerton.values.texts import in_language

from .own_sheet import locked, require_own


class SheetIncomplete(Refused):
    code = "sheet_incomplete"
    texts = {
        "ru": "Лист не сдан. Нет оценки: {missing}. Поставьте уровень или «не наблюдалось».",
        "en": "The sheet was not submitted. Not rated yet: {missing}. Give a level or “not observed”.",
    }


class NotStarted(Refused):
    code = "exercise_not_started"
    texts = {
        "ru": "Упражнение ещё не начато, сдавать нечего. Нажмите «Начать».",
        "en": "The exercise has not started, there is nothing to submit. Press “Start”.",
    }


@dataclass(frozen=True, slots=True)
class RatingsSubmitted:
    appointment: Appointment
    unsupported: tuple[str, ...]
    """Codes of competencies rated 1 or 5 without a note: a warning, see `rules.judge_sheet`."""


@transaction.atomic
def submit_ratings(*, actor: Actor, appointment: Appointment, at: datetime) -> RatingsSubmitted:
    """Hand in the sheet. From now on it counts, and what the others submitted for this exercise may be seen."""
    project_id = require_own(actor, appointment, rates=True)
    fresh = locked(appointment)
    if fresh.started_at is None:
        raise NotStarted()
    current = sheet(appointment)
    unrated = tuple(line.question.code for line in current.questions if not line.is_rated)
    if current.verdict.missing or unrated:
        names = {line.frame.code: line.frame.competency.name for line in current.lines}
        missing = {
            language: ", ".join(
                [
                    *unrated,
                    *(f"{code} {in_language(names[code], language)}" for code in current.verdict.missing),
                ]
            )
            for language in ("ru", "en")
        }
        raise SheetIncomplete(missing=missing)
    Appointment.objects.filter(id=appointment.id).update(submitted_at=at)
    appointment.refresh_from_db(fields=["submitted_at"])
    write_audit(
        actor=actor,
        project_id=project_id,
        verb="submit_ratings",
        object_kind="appointment",
        object_id=appointment.id,
        persons=[appointment.participation.person_id],
        details={"instrument": appointment.instrument, "unsupported": list(current.verdict.unsupported)},
        at=at,
    )
    return RatingsSubmitted(appointment, current.verdict.unsupported)
