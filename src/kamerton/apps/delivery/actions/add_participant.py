from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation

from django.db import transaction

from kamerton.apps.delivery.models import Campaign, Participation
from kamerton.apps.people.models import Person
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, NotFound, Refused


class ParticipantExists(Refused):
    code = "participant_exists"
    texts = {
        "ru": "Этот человек в кампании уже есть (замер {occasion}).",
        "en": "This person is in the campaign already (occasion {occasion}).",
    }


@transaction.atomic
def add_participant(
    *,
    actor: Actor,
    campaign: Campaign,
    person: Person,
    time_factor: Decimal | int | float | str = 1,
    occasion: int = 1,
    at: datetime,
) -> Participation:
    """A person in the campaign. `time_factor` above 1 is an accommodation: 1.5 gives half as much time again."""
    require(actor, campaign.project_id, "manage_campaigns")
    if (
        person.project_id != campaign.project_id
        or person.archived_at
        or person.erased_at
        or person.merged_into_id
    ):
        raise NotFound(what={"ru": "человек этого проекта", "en": "person of this project"})
    factor = read_factor(time_factor)
    if Participation.objects.filter(campaign=campaign, person=person, occasion=occasion).exists():
        raise ParticipantExists(occasion=occasion)
    participation = Participation.objects.create(
        campaign=campaign, person=person, occasion=occasion, time_factor=factor, added_at=at
    )
    write_audit(
        actor=actor, project_id=campaign.project_id, verb="add_participant", object_kind="participation",
        object_id=participation.id, persons=[person.id], details={"time_factor": str(factor)}, at=at,
    )  # fmt: skip
    return participation


def read_factor(raw: Decimal | int | float | str) -> Decimal:
    try:
        factor = Decimal(str(raw).replace(",", ".")).quantize(Decimal("0.01"))
    except InvalidOperation:
        factor = Decimal(0)
    if not 1 <= factor <= 4:
        raise InvalidInput(
            what={
                "ru": f"Множитель времени {raw}: нужно число от 1 до 4, например 1,5.",
                "en": f"Time factor {raw}: a number from 1 to 4 is needed, for example 1.5.",
            }
        )
    return factor
