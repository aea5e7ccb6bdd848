"""Reading appointments, sheets, the evidence of one person, ratings and text scores for scoring."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, F, Max, Q, QuerySet

from kamerton.apps.delivery.models import Answer, Participation
from kamerton.apps.delivery.queries import TRIAL_SLUG
from kamerton.apps.frameworks.documents import Competency, FrameworkDocument, Indicator
from kamerton.apps.instruments.documents import ExerciseDocument, FormDocument, Item, Stimulus
from kamerton.apps.observation import rules
from kamerton.apps.observation.models import Agreement, Appointment, Note, Rating, TextRating
from kamerton.apps.people.queries import conflict_of
from kamerton.apps.people.rules import require
from kamerton.apps.procedures.documents import ProcedureDocument
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.models import Part, Release
from kamerton.apps.records.queries import document_of, latest_release, parts_by_code
from kamerton.values.texts import LangText

PLAYER = Appointment.Role.ROLE_PLAYER
ENOUGH_TEXT_RATERS = 2
"""A short text leaves the queue when two raters have scored it (SCORING A1.1 asks for two on open cases)."""


# --- the frame of a sheet: exercise and framework joined ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RatedFrame:
    """One competency as this exercise can show it."""

    part: Part
    competency: Competency
    indicators: tuple[tuple[Part, Indicator], ...]
    anchors: tuple[LangText, ...]

    @property
    def code(self) -> str:
        return self.competency.code


@dataclass(frozen=True, slots=True)
class Frame:
    exercise: ExerciseDocument
    framework: Release
    rated: tuple[RatedFrame, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(line.code for line in self.rated)

    def line(self, code: str) -> RatedFrame:
        found = next((line for line in self.rated if line.code == code), None)
        if found is None:
            raise NotFound(what=code)
        return found

    def indicator(self, code: str) -> Part:
        """The part of an indicator that this exercise can show."""
        for line in self.rated:
            for part, indicator in line.indicators:
                if indicator.code == code:
                    return part
        raise NotFound(what=code)


def framework_of(*, procedure: Release, project_id: UUID, slug: str) -> Release:
    """The framework release the procedure pins; without a pin, the one in force."""
    pinned = json.loads(procedure.body).get("pins", {}).get("framework")
    release = Release.objects.filter(id=pinned).select_related("identity").first() if pinned else None
    release = release or latest_release(project_id, "framework", slug)
    if release is None:
        raise NotFound(what={"ru": f"модель компетенций «{slug}»", "en": f'competency framework "{slug}"'})
    return release


def frame_of(*, exercise: Release, procedure: Release, project_id: UUID) -> Frame:
    document = document_of(exercise, ExerciseDocument)
    framework = framework_of(procedure=procedure, project_id=project_id, slug=document.framework)
    model = document_of(framework, FrameworkDocument)
    competencies = {competency.code: competency for competency in model.competencies}
    indicators = {i.code: i for competency in model.competencies for i in competency.indicators}
    parts = parts_by_code(framework, "competency")
    indicator_parts = parts_by_code(framework, "indicator")
    return Frame(
        document,
        framework,
        tuple(
            RatedFrame(
                parts[rated.competency],
                competencies[rated.competency],
                tuple((indicator_parts[code], indicators[code]) for code in rated.indicators),
                tuple(rated.anchors),
            )
            for rated in document.rated
        ),
    )


def frame_for(appointment: Appointment) -> Frame:
    campaign = appointment.participation.campaign
    return frame_of(
        exercise=appointment.exercise, procedure=campaign.procedure, project_id=campaign.project_id
    )


def pinned_exercise(*, procedure: Release, instrument: str) -> str | None:
    """The id of the exercise release the procedure pins as `instrument`; None if it is no exercise of it.

    A procedure without pins (a draft being tried) answers with an empty text: any release of the exercise will do.
    """
    document = document_of(procedure, ProcedureDocument)
    if not any(i.code == instrument and i.kind == "exercise" for i in document.instruments):
        return None
    return document.pins.get(instrument, "")


# --- appointments ------------------------------------------------------------------------------------------------


def _appointments() -> QuerySet[Appointment]:
    return Appointment.objects.select_related(
        "participation__campaign__project",
        "participation__campaign__procedure__identity",
        "participation__person__identity",
        "exercise__identity",
        "assessor__identity",
    )


@dataclass(frozen=True, slots=True)
class AppointmentLine:
    """One line of "Today"."""

    appointment: Appointment
    exercise: ExerciseDocument
    state: str
    """ "waiting", "running", "rating" (time is up, not submitted) or "submitted"."""
    rated: int
    to_rate: int


def state_of(appointment: Appointment, minutes: int, now: datetime) -> str:
    if appointment.submitted_at:
        return "submitted"
    clock = rules.clock(started_at=appointment.started_at, minutes=minutes, now=now)
    if clock is None:
        return "waiting"
    return "running" if clock.remaining else "rating"


def appointments_of(assessor_id: UUID | None, project_id: UUID, now: datetime) -> list[AppointmentLine]:
    """The assessor's own appointments by time; those without a time stand last."""
    if assessor_id is None:
        return []
    found = (
        _appointments()
        .filter(assessor_id=assessor_id, participation__campaign__project_id=project_id)
        .filter(participation__withdrawn_at__isnull=True, participation__campaign__archived_at__isnull=True)
        .annotate(rated_count=Count("ratings__competency", distinct=True))
        .order_by(F("at").asc(nulls_last=True), "instrument", "id")
    )
    lines = []
    for appointment in found:
        document = document_of(appointment.exercise, ExerciseDocument)
        to_rate = 0 if appointment.role == PLAYER else len(document.rated)
        lines.append(
            AppointmentLine(
                appointment,
                document,
                state_of(appointment, document.minutes, now),
                appointment.rated_count,
                to_rate,
            )
        )
    return lines


def own_appointment(actor: Actor, project_id: UUID, appointment_id: UUID) -> Appointment:
    """The appointment, if it is the actor's own; to everybody else it is not there."""
    found = _appointments().filter(id=appointment_id, participation__campaign__project_id=project_id).first()
    if found is None or actor.person_id is None or found.assessor_id != actor.person_id:
        raise NotFound(what={"ru": "назначение", "en": "appointment"})
    return found


# --- the sheet ---------------------------------------------------------------------------------------------------


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
class Sheet:
    appointment: Appointment
    frame: Frame
    lines: tuple[SheetLine, ...]
    notes: tuple[NoteLine, ...]
    """Newest first."""
    verdict: rules.SheetVerdict

    @property
    def exercise(self) -> ExerciseDocument:
        return self.frame.exercise

    @property
    def rated_count(self) -> int:
        return sum(line.is_rated for line in self.lines)


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


def _notes(appointments: Sequence[Appointment], frames: dict[UUID, Frame]) -> dict[UUID, list[NoteLine]]:
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


def _sheet(
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
    return _sheet(appointment, frame, ratings, _notes([appointment], {appointment.id: frame})[appointment.id])


def other_sheets(appointment: Appointment) -> list[Sheet]:
    """What the other assessors of the same exercise submitted; empty until one's own sheet is submitted."""
    if appointment.submitted_at is None:
        return []
    others = (
        _appointments()
        .filter(participation_id=appointment.participation_id, exercise_id=appointment.exercise_id)
        .filter(submitted_at__isnull=False)
        .exclude(id=appointment.id)
        .exclude(role=PLAYER)
        .order_by("id")
    )
    return [sheet(other) for other in others]


# --- integration -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RaterCell:
    appointment: Appointment
    value: int | None
    reason: str
    notes: tuple[NoteLine, ...]


@dataclass(frozen=True, slots=True)
class EvidenceCell:
    """One competency in one exercise: what each assessor gave and why."""

    instrument: str
    exercise: ExerciseDocument
    raters: tuple[RaterCell, ...]
    gap: int | None
    is_apart: bool


@dataclass(frozen=True, slots=True)
class CompetencyEvidence:
    part: Part
    competency: Competency
    cells: tuple[EvidenceCell, ...]
    raw_mean: float | None
    """Plain mean of the ratings; severity not removed."""
    n: int
    gap: int | None
    """The largest gap of its cells."""
    agreed: Agreement | None

    @property
    def is_apart(self) -> bool:
        return rules.is_apart(self.gap)


@dataclass(frozen=True, slots=True)
class Integration:
    participation: Participation
    appointments: tuple[Appointment, ...]
    missing: tuple[Appointment, ...]
    """Appointments whose sheet is not submitted; while there is one, `competencies` is empty."""
    competencies: tuple[CompetencyEvidence, ...]
    """The largest difference first, then in the framework's order."""


def observers_of(participation_id: UUID) -> list[Appointment]:
    """Everybody who rates the person, players apart."""
    rows = _appointments().filter(participation_id=participation_id).exclude(role=PLAYER)
    return list(rows.order_by("instrument", "assessor__sort_key", "id"))


def may_integrate(actor: Actor, participation: Participation) -> bool:
    """A designer always; an assessor for people he or she observes; nobody with a conflict of interest."""
    if actor.kind in {"operator", "system"}:
        return True
    if actor.person_id is not None and conflict_of(actor.person_id, participation.person_id) is not None:
        return False
    if "designer" in actor.roles:
        return True
    return (
        Appointment.objects.filter(participation=participation, assessor_id=actor.person_id)
        .exclude(role=PLAYER)
        .exists()
    )


def participation_in(project_id: UUID, participation_id: UUID) -> Participation:
    found = (
        Participation.objects.filter(id=participation_id, campaign__project_id=project_id)
        .select_related("campaign__project", "campaign__procedure__identity", "person__identity")
        .first()
    )
    if found is None:
        raise NotFound(what={"ru": "участник", "en": "participant"})
    return found


def integration(actor: Actor, participation: Participation) -> Integration:
    """All evidence of one person, differences first; only what is missing while a sheet is not submitted."""
    require(actor, participation.campaign.project_id, "integrate")
    if not may_integrate(actor, participation):
        raise NotFound(what={"ru": "участник", "en": "participant"})
    appointments = observers_of(participation.id)
    missing = tuple(a for a in appointments if a.submitted_at is None)
    if missing or not appointments:
        return Integration(participation, tuple(appointments), missing, ())
    frames = {a.id: frame_for(a) for a in appointments}
    ratings = current_ratings(frames)
    notes = _notes(appointments, frames)
    sheets = [_sheet(a, frames[a.id], ratings[a.id], notes[a.id]) for a in appointments]
    agreed = {
        a.competency.code: a
        for a in Agreement.objects.filter(participation=participation)
        .select_related("competency")
        .order_by("id")
    }
    model = document_of(next(iter(frames.values())).framework, FrameworkDocument)
    rows = [row for c in model.competencies if (row := _evidence(c, sheets, agreed.get(c.code))) is not None]
    rows.sort(key=lambda row: -(row.gap or 0))
    return Integration(participation, tuple(appointments), (), tuple(rows))


def _evidence(
    competency: Competency, sheets: Sequence[Sheet], agreed: Agreement | None
) -> CompetencyEvidence | None:
    by_instrument: dict[str, list[tuple[Sheet, SheetLine]]] = defaultdict(list)
    part: Part | None = None
    for one in sheets:
        for line in one.lines:
            if line.frame.code == competency.code:
                by_instrument[one.appointment.instrument].append((one, line))
                part = line.frame.part
    if part is None:
        return None
    cells = []
    for instrument, pairs in sorted(by_instrument.items()):
        gap = rules.difference(line.value for _sheet, line in pairs)
        raters = tuple(RaterCell(s.appointment, line.value, line.reason, line.notes) for s, line in pairs)
        cells.append(EvidenceCell(instrument, pairs[0][0].exercise, raters, gap, rules.is_apart(gap)))
    values = [rater.value for cell in cells for rater in cell.raters]
    gaps = [cell.gap for cell in cells if cell.gap is not None]
    return CompetencyEvidence(
        part,
        competency,
        tuple(cells),
        rules.raw_mean(values),
        sum(v is not None for v in values),
        max(gaps) if gaps else None,
        agreed,
    )


@dataclass(frozen=True, slots=True)
class IntegrationLine:
    participation: Participation
    submitted: int
    appointed: int
    last_submitted_at: datetime | None
    agreed: int

    @property
    def is_ready(self) -> bool:
        return self.submitted == self.appointed


def integrations(actor: Actor, project_id: UUID) -> list[IntegrationLine]:
    """People with appointments whom the actor may integrate, by name."""
    require(actor, project_id, "integrate")
    seen = ~Q(appointments__role=PLAYER)
    people = Participation.objects.filter(
        campaign__project_id=project_id, campaign__archived_at__isnull=True, withdrawn_at__isnull=True
    )
    if actor.kind == "user" and "designer" not in actor.roles:
        mine = Appointment.objects.filter(assessor_id=actor.person_id).exclude(role=PLAYER)
        people = people.filter(id__in=mine.values("participation_id"))
    people = (
        people.select_related("campaign", "person__identity")
        .annotate(
            appointed=Count("appointments", filter=seen, distinct=True),
            submitted=Count(
                "appointments", filter=seen & Q(appointments__submitted_at__isnull=False), distinct=True
            ),
            last_submitted_at=Max("appointments__submitted_at", filter=seen),
            agreed=Count("agreements__competency", distinct=True),
        )
        .filter(appointed__gt=0)
        .order_by("person__sort_key", "id")
    )
    return [
        IntegrationLine(p, p.submitted, p.appointed, p.last_submitted_at, p.agreed)
        for p in people
        if actor.person_id is None or conflict_of(actor.person_id, p.person_id) is None
    ]


# --- for scoring -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RatingRow:
    rating_id: int
    participation_id: UUID
    person_id: UUID
    instrument: str
    competency_code: str
    assessor_id: UUID
    value: int | None
    reason: str


def ratings_for_scoring(participation_ids: Iterable[UUID]) -> list[RatingRow]:
    """The newest rating of each competency on each submitted sheet, in a stable order."""
    rows = (
        Rating.objects.filter(
            appointment__participation_id__in=list(participation_ids),
            appointment__submitted_at__isnull=False,
            superseded_by__isnull=True,
        )
        .order_by(
            "appointment__participation_id",
            "appointment__instrument",
            "competency__code",
            "appointment__assessor_id",
        )
        .values_list(
            "id",
            "appointment__participation_id",
            "appointment__participation__person_id",
            "appointment__instrument",
            "competency__code",
            "appointment__assessor_id",
            "value",
            "reason",
        )
    )
    return [RatingRow(*row) for row in rows]


def text_scores(answer_ids: Iterable[int]) -> dict[int, list[float]]:
    """Answer → the raters' scores, in the order given; an answer nobody scored is not in the map."""
    scores: dict[int, list[float]] = {}
    for answer, score in (
        TextRating.objects.filter(answer_id__in=list(answer_ids))
        .order_by("id")
        .values_list("answer_id", "score")
    ):
        scores.setdefault(answer, []).append(float(score))
    return scores


# --- short texts awaiting raters ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TextTask:
    """A short text to score. Carries no name, no person and no sitting."""

    answer_id: int
    item: Item
    stimulus: Stimulus | None
    text: str
    raters: int
    """How many others have scored it; their scores are not shown."""


def item_of(answer: Answer) -> Item | None:
    """The item as it stands in the form release the answer was given to."""
    form = document_of(answer.item.release, FormDocument)
    return next((item for item in form.items if item.code == answer.item.code), None)


def _text_parts(project_id: UUID) -> list[UUID]:
    parts: list[UUID] = []
    for release in Release.objects.filter(
        identity__project_id=project_id, identity__kind="form"
    ).select_related("identity"):
        codes = {item.code for item in document_of(release, FormDocument).items if item.type == "short_text"}
        parts += [part.id for code, part in parts_by_code(release, "item").items() if code in codes]
    return parts


def text_queue(actor: Actor, project_id: UUID, limit: int = 200) -> list[TextTask]:
    """Finished answers that still need a rater and that this rater may score: unscored ones first, one item after
    the other (a steady yardstick), inside an item by the answers' random ids, not by person or time."""
    require(actor, project_id, "rate_texts")
    newest: dict[tuple[UUID, UUID], Answer] = {}
    answers = (
        Answer.objects.filter(
            sitting__finished_at__isnull=False,
            item_id__in=_text_parts(project_id),
            sitting__participation__campaign__project_id=project_id,
        )
        .exclude(sitting__participation__campaign__slug=TRIAL_SLUG)
        .select_related("text", "item__release__identity", "sitting")
        .annotate(
            raters=Count("text_ratings"),
            mine=Count("text_ratings", filter=Q(text_ratings__assessor_id=actor.person_id)),
        )
        .order_by("epoch", "seq", "id")
    )
    for answer in answers:
        newest[(answer.sitting_id, answer.item_id)] = answer
    conflicts: dict[UUID | None, bool] = {}
    waiting: list[Answer] = []
    for answer in sorted(newest.values(), key=lambda a: (a.raters > 0, a.item.code, str(a.uuid))):
        if answer.mine or answer.raters >= ENOUGH_TEXT_RATERS or not _is_readable(answer):
            continue
        respondent = answer.sitting.respondent_id
        if respondent not in conflicts:
            conflicts[respondent] = bool(
                actor.person_id and respondent and conflict_of(actor.person_id, respondent)
            )
        if not conflicts[respondent]:
            waiting.append(answer)
    tasks = [_task(answer) for answer in waiting[:limit]]
    return [task for task in tasks if task is not None]


def _is_readable(answer: Answer) -> bool:
    return answer.text is not None and answer.text.erased_at is None and bool(answer.text.text.strip())


def _task(answer: Answer) -> TextTask | None:
    item = item_of(answer)
    if item is None or answer.text is None:
        return None
    form = document_of(answer.item.release, FormDocument)
    stimulus = next((s for s in form.stimuli if s.code == item.stimulus), None)
    return TextTask(answer.id, item, stimulus, answer.text.text, answer.raters)


def text_answer_in(project_id: UUID, answer_id: int) -> Answer:
    found = (
        Answer.objects.filter(id=answer_id, sitting__participation__campaign__project_id=project_id)
        .select_related("text", "item__release__identity", "sitting__participation__campaign")
        .first()
    )
    if found is None:
        raise NotFound(what={"ru": "письменный ответ", "en": "written answer"})
    return found
