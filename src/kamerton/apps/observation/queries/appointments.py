"""Who observes whom, when: an assessor's own appointments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, F, QuerySet

from kamerton.apps.instruments.documents import ExerciseDocument
from kamerton.apps.observation import rules
from kamerton.apps.observation.models import Appointment
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.queries import document_of

PLAYER = Appointment.Role.ROLE_PLAYER


def all_appointments() -> QuerySet[Appointment]:
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
        all_appointments()
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


def appointments_in(campaign_id: UUID) -> list[Appointment]:
    """Everybody appointed in a campaign, by participant, time and exercise."""
    found = all_appointments().filter(
        participation__campaign_id=campaign_id, participation__withdrawn_at__isnull=True
    )
    return list(
        found.order_by(
            "participation__person__sort_key",
            F("at").asc(nulls_last=True),
            "instrument",
            "assessor__sort_key",
        )
    )


def own_appointment(actor: Actor, project_id: UUID, appointment_id: UUID) -> Appointment:
    """The appointment, if it is the actor's own; to everybody else it is not there."""
    found = (
        all_appointments().filter(id=appointment_id, participation__campaign__project_id=project_id).first()
    )
    if found is None or actor.person_id is None or found.assessor_id != actor.person_id:
        raise NotFound(what={"ru": "назначение", "en": "appointment"})
    return found
