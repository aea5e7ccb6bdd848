from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from django.db import transaction

from kamerton.apps.delivery.actions.keep_text import keep_texts
from kamerton.apps.observation.models import Appointment, Note, Rating
from kamerton.apps.observation.queries import Frame, frame_of
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, Refused

from .appoint_assessor import OtherProject, check_appointment
from .rate_competency import check_rating
from .record_note import check_note
from .submit_ratings import NotStarted, SheetIncomplete

if TYPE_CHECKING:
    from kamerton.apps.delivery.models import FreeText, Participation
    from kamerton.apps.people.models import Person
    from kamerton.apps.records.models import Project, Release


class SheetRefused(Refused):
    code = "sheet_refused"
    status = 422
    texts = {
        "ru": "Листы не загружены, ничего не изменено. Лист {row} ({instrument}): {why}",
        "en": "The sheets were not loaded and nothing was changed. Sheet {row} ({instrument}): {why}",
    }


@dataclass(frozen=True, slots=True)
class LoadedNote:
    second: int
    text: str
    indicator: str = ""
    """Code of the framework, e.g. "C5.2"; empty when tied to none."""
    sign: str = ""


@dataclass(frozen=True, slots=True)
class LoadedRating:
    competency: str
    value: int | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LoadedSheet:
    """A finished (or, without `submitted_at`, an unfinished) sheet of one assessor on one person in one exercise."""

    participation: Participation
    exercise: Release
    instrument: str
    assessor: Person
    ratings: Sequence[LoadedRating]
    notes: Sequence[LoadedNote] = field(default=())
    role: str = Appointment.Role.OBSERVER
    when: datetime | None = None
    room: str = ""
    started_at: datetime | None = None
    submitted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SheetsLoaded:
    appointments: int
    notes: int
    ratings: int
    unchanged: int
    """Sheets that were there already (same person, exercise and assessor) and were left alone."""


@transaction.atomic
def load_ratings(
    *, actor: Actor, project: Project, rows: Sequence[LoadedSheet], at: datetime
) -> SheetsLoaded:
    """Appointments, notes and ratings of many people at once (paper sheets, a migration, a sample), through the
    checks of the single actions. One wrong sheet refuses all, named by its row. Loading again adds nothing."""
    require(actor, project.id, "manage_campaigns")
    known = set(
        Appointment.objects.filter(participation__in={row.participation.id for row in rows}).values_list(
            "participation_id", "exercise_id", "assessor_id"
        )
    )
    frames: dict[tuple[UUID, UUID], Frame] = {}
    fresh: list[tuple[LoadedSheet, Frame, Appointment]] = []
    for number, row in enumerate(rows, start=1):
        key = (row.participation.id, row.exercise.id, row.assessor.id)
        if key in known:
            continue
        known.add(key)
        try:
            fresh.append((row, *_checked(row, project, frames)))
        except Refused as fault:
            why = {language: fault.message(language) for language in ("ru", "en")}
            raise SheetRefused(row=number, instrument=row.instrument, why=why) from fault
    Appointment.objects.bulk_create([appointment for *_x, appointment in fresh], batch_size=200)
    notes = _load_notes(project.id, fresh, at)
    ratings = [
        Rating(
            appointment=appointment,
            competency=frame.line(rating.competency).part,
            value=rating.value,
            reason=rating.reason,
            at=row.submitted_at or at,
        )
        for row, frame, appointment in fresh
        for rating in row.ratings
    ]
    Rating.objects.bulk_create(ratings, batch_size=200)
    if fresh:
        write_audit(
            actor=actor,
            project_id=project.id,
            verb="load_ratings",
            object_kind="project",
            object_id=project.id,
            persons=sorted({str(row.participation.person_id) for row, *_x in fresh}),
            details={"appointments": len(fresh), "notes": notes, "ratings": len(ratings)},
            at=at,
        )
    return SheetsLoaded(len(fresh), notes, len(ratings), len(rows) - len(fresh))


def _checked(
    row: LoadedSheet, project: Project, frames: dict[tuple[UUID, UUID], Frame]
) -> tuple[Frame, Appointment]:
    campaign = row.participation.campaign
    if campaign.project_id != project.id:
        raise OtherProject(what={"ru": "участник", "en": "the participant"})
    check_appointment(
        participation=row.participation,
        exercise=row.exercise,
        instrument=row.instrument,
        assessor=row.assessor,
        role=row.role,
    )
    key = (row.exercise.id, campaign.procedure_id)
    if key not in frames:
        frames[key] = frame_of(exercise=row.exercise, procedure=campaign.procedure, project_id=project.id)
    frame = frames[key]
    for rating in row.ratings:
        check_rating(frame=frame, competency=rating.competency, value=rating.value, reason=rating.reason)
    for note in row.notes:
        check_note(frame=frame, indicator=note.indicator, sign=note.sign, text=note.text, second=note.second)
    given = [rating.competency for rating in row.ratings]
    if row.submitted_at is not None:
        if row.started_at is None:
            raise NotStarted()
        missing = [code for code in frame.codes if code not in given]
        if missing:
            raise SheetIncomplete(missing=", ".join(missing))
    if len(given) != len(set(given)):
        raise InvalidInput(
            what={"ru": "одна компетенция оценена дважды.", "en": "one competency is rated twice."}
        )
    return frame, Appointment(
        participation=row.participation,
        exercise=row.exercise,
        instrument=row.instrument,
        assessor=row.assessor,
        role=row.role,
        at=row.when,
        room=row.room,
        started_at=row.started_at,
        submitted_at=row.submitted_at,
    )


def _load_notes(
    project_id: UUID, fresh: Sequence[tuple[LoadedSheet, Frame, Appointment]], at: datetime
) -> int:
    pending = [(row, frame, a, note, i) for row, frame, a in fresh for i, note in enumerate(row.notes)]
    texts: list[FreeText] = keep_texts(
        project_id=project_id, texts=[note.text.strip() for *_x, note, _i in pending]
    )
    Note.objects.bulk_create(
        [
            Note(
                appointment=appointment,
                uuid=uuid5(appointment.id, f"note/{index}"),
                indicator=frame.indicator(note.indicator) if note.indicator else None,
                sign=note.sign,
                text=text,
                second=note.second,
                at=row.submitted_at or at,
            )
            for (row, frame, appointment, note, index), text in zip(pending, texts, strict=True)
        ],
        batch_size=200,
    )
    return len(pending)
