from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kamerton.apps.observation.models import Agreement, Appointment
from kamerton.apps.observation.queries import other_sheets
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, Refused

from .own_sheet import require_own


class SheetOpen(Refused):
    code = "sheet_open"
    texts = {
        "ru": "Лист ещё не сдан: менять можно и так.",
        "en": "The sheet has not been submitted: it can be changed as it is.",
    }


class AlreadyAgreed(Refused):
    code = "already_agreed"
    texts = {
        "ru": "По этому участнику уже идёт сведение: оценки больше не меняют, запишите согласованную с причиной.",
        "en": "Integration of this participant has begun: ratings no longer change; record an agreed value with a reason.",
    }


@transaction.atomic
def reopen_sheet(*, actor: Actor, appointment: Appointment, reason: str, at: datetime) -> Appointment:
    """Take a submitted sheet back to change it. It stops counting until it is submitted again; the reason, and
    whether the other assessors' ratings could be seen by then, stand in the audit log."""
    project_id = require_own(actor, appointment, rates=True)
    fresh = Appointment.objects.select_for_update().get(id=appointment.id)
    if fresh.submitted_at is None:
        raise SheetOpen()
    if Agreement.objects.filter(participation_id=appointment.participation_id).exists():
        raise AlreadyAgreed()
    if not reason.strip():
        raise InvalidInput(
            what={
                "ru": "Причина не названа. Напишите, что и почему нужно изменить.",
                "en": "No reason is given. Write what needs to change and why.",
            }
        )
    details = {
        "reason": reason.strip(),
        "submitted_at": fresh.submitted_at.isoformat(),
        "others_visible": bool(other_sheets(appointment)),
    }
    Appointment.objects.filter(id=appointment.id).update(submitted_at=None)
    appointment.refresh_from_db(fields=["submitted_at"])
    write_audit(
        actor=actor,
        project_id=project_id,
        verb="reopen_sheet",
        object_kind="appointment",
        object_id=appointment.id,
        persons=[appointment.participation.person_id],
        details=details,
        at=at,
    )
    return appointment
