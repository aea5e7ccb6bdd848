"""Who may act for a participant: the person behind the link, or the office of the project."""

from __future__ import annotations

from kamerton.apps.delivery.models import Participation
from kamerton.apps.people.rules import require
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import NotPermitted


def require_participant(actor: Actor, participation: Participation) -> None:
    """The candidate of this participation, an operator or the system; nobody answers for somebody else."""
    if actor.kind in {"operator", "system"}:
        return
    if actor.kind != "candidate" or actor.id != str(participation.id):
        raise NotPermitted(permission={"ru": "отвечать за этого человека", "en": "answer for this person"})


def require_participant_or_office(actor: Actor, participation: Participation) -> None:
    if actor.kind == "candidate":
        require_participant(actor, participation)
    else:
        require(actor, participation.campaign.project_id, "manage_campaigns")
