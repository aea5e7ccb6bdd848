"""Whose sheet this is, and whether it may still be written on: what every action on a sheet asks first."""

from __future__ import annotations

from uuid import UUID

from kamerton.apps.observation.models import Appointment
from kamerton.apps.people.rules import require
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import NotFound, Refused


class PlayerDoesNotRate(Refused):
    code = "player_does_not_rate"
    texts = {
        "ru": "В этом упражнении вы ролевой игрок. Заметки и оценки ведут наблюдатели.",
        "en": "You are the role-player in this exercise. Notes and ratings belong to the observers.",
    }


class SheetSubmitted(Refused):
    code = "sheet_submitted"
    texts = {
        "ru": "Лист уже сдан. Чтобы что-то изменить, откройте его снова и назовите причину.",
        "en": "The sheet has been submitted. To change something, reopen it and give the reason.",
    }


def require_own(actor: Actor, appointment: Appointment, *, rates: bool) -> UUID:
    """Permission first, then that the sheet is the actor's own. Returns the project's id.

    With `rates`, role-players are refused: they act, they do not judge.
    """
    project_id: UUID = appointment.participation.campaign.project_id
    require(actor, project_id, "observe")
    if actor.kind == "user" and actor.person_id != appointment.assessor_id:
        raise NotFound(what={"ru": "назначение", "en": "appointment"})
    if rates and appointment.role == Appointment.Role.ROLE_PLAYER:
        raise PlayerDoesNotRate()
    return project_id


def locked(appointment: Appointment) -> Appointment:
    """The appointment's row as it stands now, held until the transaction ends; refuses a submitted sheet."""
    fresh = Appointment.objects.select_for_update().get(id=appointment.id)
    if fresh.submitted_at is not None:
        raise SheetSubmitted()
    return fresh
