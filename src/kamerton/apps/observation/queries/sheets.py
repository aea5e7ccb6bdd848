"""One assessor's sheet: notes and current ratings on their frame."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from kamerton.apps.frameworks.documents import Indicator
from kamerton.apps.instruments.documents import ExerciseDocument, Question
from kamerton.apps.observation import rules
from kamerton.apps.observation.models import AnswerLevel, Appointment, Note, Rating

from .appointments import PLAYER, all_appointments
from .frames import Frame, RatedFrame, frame_for


@dataclass(frozen=True, slots=True)
class NoteLine:
    id: int
    uuid: UUID
    second: int
    sign: str
    text: str
    is_erased: bool
    competency: str
    """Code, or empty when the note is tied to no indicator."""
    indicator: Indicator | None
    at: datetime

    @property
    def mark(self) -> str:
        return rules.mark_of(self.second)


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One competency of a sheet with what has been recorded for it."""

    frame: RatedFrame
    value: int | None
    reason: str
    rated_at: datetime | None
    notes: tuple[NoteLine, ...]

    @property
    def is_rated(self) -> bool:
        return self.value is not None or bool(self.reason)


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """One question of an interview with the level of its answer on this sheet."""

    question: Question
    is_rated: bool
    value: int | None
    """None with `is_rated`: not asked or not answered."""
    rated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sheet:
    appointment: Appointment
    frame: Frame
    lines: tuple[SheetLine, ...]
    notes: tuple[NoteLine, ...]
    """Newest first."""
    verdict: rules.SheetVerdict
    questions: tuple[QuestionLine, ...] = ()

    @property
    def exercise(self) -> ExerciseDocument:
        return self.frame.exercise

    @property
    def rated_count(self) -> int:
        return sum(line.is_rated for line in self.lines)

    @property
    def steps(self) -> int:
        """What the sheet asks for: a level of each answer and of each competency."""
        return len(self.questions) + len(self.lines)

    @property
    def steps_done(self) -> int:
        return self.rated_count + sum(question.is_rated for question in self.questions)


def current_ratings(appointment_ids: Iterable[UUID]) -> dict[UUID, dict[str, Rating]]:
    """Appointment → competency code → newest rating."""
    current: dict[UUID, dict[str, Rating]] = defaultdict(dict)
    rows = (
        Rating.objects.filter(appointment_id__in=list(appointment_ids))
        .select_related("competency")
        .order_by("id")
    )
    for rating in rows:
        current[rating.appointment_id][rating.competency.code] = rating
    return current


def notes_of(appointments: Sequence[Appointment], frames: dict[UUID, Frame]) -> dict[UUID, list[NoteLine]]:
    notes: dict[UUID, list[NoteLine]] = defaultdict(list)
    rows = (
        Note.objects.filter(appointment_id__in=[a.id for a in appointments])
        .select_related("text", "indicator")
        .order_by("second", "id")
    )
    for note in rows:
        notes[note.appointment_id].append(_note_line(note, frames[note.appointment_id]))
    return notes


def _note_line(note: Note, frame: Frame) -> NoteLine:
    competency, indicator = "", None
    for line in frame.rated:
        for _part, candidate in line.indicators:
            if note.indicator is not None and candidate.code == note.indicator.code:
                competency, indicator = line.code, candidate
    return NoteLine(
        note.id,
        note.uuid,
        note.second,
        note.sign,
        note.text.text,
        note.text.erased_at is not None,
        competency,
        indicator,
        note.at,
    )


def sheet_from(
    appointment: Appointment, frame: Frame, ratings: dict[str, Rating], notes: list[NoteLine]
) -> Sheet:
    lines = tuple(
        SheetLine(
            line,
            ratings[line.code].value if line.code in ratings else None,
            ratings[line.code].reason if line.code in ratings else "",
            ratings[line.code].at if line.code in ratings else None,
            tuple(note for note in notes if note.competency == line.code),
        )
        for line in frame.rated
    )
    verdict = rules.judge_sheet(
        competencies=frame.codes,
        ratings=[rules.CurrentRating(code, rating.value, rating.reason) for code, rating in ratings.items()],
        noted=frozenset(note.competency for note in notes if note.competency),
    )
    return Sheet(appointment, frame, lines, tuple(reversed(notes)), verdict)


def sheet(appointment: Appointment) -> Sheet:
    """One assessor's own sheet of one exercise."""
    frame = frame_for(appointment)
    ratings = current_ratings([appointment.id])[appointment.id]
    state = sheet_from(
        appointment, frame, ratings, notes_of([appointment], {appointment.id: frame})[appointment.id]
    )
    return replace(state, questions=question_lines(appointment, frame)) if frame.exercise.questions else state


def question_lines(appointment: Appointment, frame: Frame) -> tuple[QuestionLine, ...]:
    """The questions of an interview in their order, each with the newest level of its answer."""
    newest = {
        level.question: level for level in AnswerLevel.objects.filter(appointment=appointment).order_by("id")
    }
    return tuple(
        QuestionLine(
            question,
            question.code in newest,
            newest[question.code].value if question.code in newest else None,
            newest[question.code].at if question.code in newest else None,
        )
        for question in frame.exercise.questions
    )


def other_sheets(appointment: Appointment) -> list[Sheet]:
    """What the other assessors of the same exercise submitted; empty until one's own sheet is submitted."""
    if appointment.submitted_at is None:
        return []
    others = (
        all_appointments()
        .filter(participation_id=appointment.participation_id, exercise_id=appointment.exercise_id)
        .filter(submitted_at__isnull=False)
        .exclude(id=appointment.id)
        .exclude(role=PLAYER)
        .order_by("id")
    )
    return [sheet(other) for other in others]


def running_beside(appointment: Appointment) -> list[Appointment]:
    """Other exercises of this assessor whose clock runs now: two can be in hand at once."""
    return list(
        Appointment.objects.filter(
            assessor_id=appointment.assessor_id,
            participation__campaign__project_id=appointment.participation.campaign.project_id,
            started_at__isnull=False,
            submitted_at__isnull=True,
        )
        .exclude(id=appointment.id)
        .select_related("participation__person__identity")
        .order_by("started_at", "id")
    )
