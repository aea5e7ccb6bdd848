"""All sheets of one person side by side, differences first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Q

from kamerton.apps.delivery.models import Participation
from kamerton.apps.frameworks.documents import Competency, FrameworkDocument
from kamerton.apps.instruments.documents import ExerciseDocument
from kamerton.apps.observation import rules
from kamerton.apps.observation.models import Agreement, Appointment
from kamerton.apps.people.queries import conflict_of
from kamerton.apps.people.rules import require, search_key
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.models import Part
from kamerton.apps.records.queries import document_of

from .appointments import PLAYER, all_appointments
from .frames import frame_for
from .sheets import NoteLine, Sheet, SheetLine, current_ratings, notes_of, sheet_from


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
    rows = all_appointments().filter(participation_id=participation_id).exclude(role=PLAYER)
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
    notes = notes_of(appointments, frames)
    sheets = [sheet_from(a, frames[a.id], ratings[a.id], notes[a.id]) for a in appointments]
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


def integrations(actor: Actor, project_id: UUID, text: str = "") -> list[IntegrationLine]:
    """People with appointments whom the actor may integrate, by name; every word of `text` must be in the name."""
    require(actor, project_id, "integrate")
    seen = ~Q(appointments__role=PLAYER)
    people = Participation.objects.filter(
        campaign__project_id=project_id, campaign__archived_at__isnull=True, withdrawn_at__isnull=True
    )
    if actor.kind == "user" and "designer" not in actor.roles:
        mine = Appointment.objects.filter(assessor_id=actor.person_id).exclude(role=PLAYER)
        people = people.filter(id__in=mine.values("participation_id"))
    for word in search_key(text).split():
        people = people.filter(person__search_key__contains=word)
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
