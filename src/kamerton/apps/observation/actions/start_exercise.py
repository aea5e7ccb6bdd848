from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kamerton.apps.delivery.actions import open_written_part
from kamerton.apps.delivery.queries import written_parts_of
from kamerton.apps.observation.models import Appointment
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor

from .own_sheet import require_own


@transaction.atomic
def start_exercise(*, actor: Actor, appointment: Appointment, at: datetime) -> Appointment:
    """Start the clock for everybody in this exercise with this participant; a clock that runs is left alone.

    A written part of the exercise opens for the participant with it.
    """
    project_id = require_own(actor, appointment, rates=False)
    together = Appointment.objects.filter(
        participation_id=appointment.participation_id, exercise_id=appointment.exercise_id
    )
    running = together.filter(started_at__isnull=False).values_list("started_at", flat=True).first()
    started = together.filter(started_at__isnull=True).update(started_at=running or at)
    if started:
        if any(
            w.instrument.code == appointment.instrument
            for w in written_parts_of(appointment.participation.campaign)
        ):
            open_written_part(
                actor=actor,
                participations=[appointment.participation],
                instrument=appointment.instrument,
                at=at,
            )
        write_audit(
            actor=actor,
            project_id=project_id,
            verb="start_exercise",
            object_kind="appointment",
            object_id=appointment.id,
            persons=[appointment.participation.person_id],
            details={"instrument": appointment.instrument},
            at=at,
        )
    appointment.refresh_from_db(fields=["started_at"])
    return appointment
