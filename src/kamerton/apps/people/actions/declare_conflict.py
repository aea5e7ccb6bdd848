from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kamerton.apps.people.models import Conflict, Person
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput


@transaction.atomic
def declare_conflict(
    *, actor: Actor, person: Person, other: Person, kind: str, note: str = "", at: datetime
) -> Conflict:
    """From now on neither of the two may rate the other."""
    require(actor, person.project_id, "manage_people")
    if person.project_id != other.project_id or person.id == other.id:
        raise InvalidInput(
            what={
                "ru": "Нужны два разных человека одного проекта.",
                "en": "Two different people of one project are needed.",
            }
        )
    conflict, _ = Conflict.objects.get_or_create(
        project_id=person.project_id, person=person, other=other, kind=kind, defaults={"note": note}
    )
    write_audit(
        actor=actor,
        project_id=person.project_id,
        verb="declare_conflict",
        object_kind="conflict",
        object_id=conflict.id,
        persons=[person.id, other.id],
        details={"kind": kind},
        at=at,
    )
    return conflict
