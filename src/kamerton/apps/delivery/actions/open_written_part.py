from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from kamerton.apps.delivery.models import Opening, Participation
from kamerton.apps.delivery.queries import written_parts_of
from kamerton.apps.people.rules import may, require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import NotFound, Refused


class NotOpenedYet(Refused):
    code = "written_part_not_open"
    texts = {
        "ru": "Эту часть открывает тот, кто ведёт упражнение. Подождите на этой странице: кнопка появится сама.",
        "en": "Whoever runs the exercise opens this part. Wait on this page: the button appears by itself.",
    }


@transaction.atomic
def open_written_part(
    *, actor: Actor, participations: Iterable[Participation], instrument: str, at: datetime
) -> int:
    """Let these people begin the written part of an exercise; for those who may already, nothing changes.

    The office may, and so may an assessor (`start_exercise` opens it with the clock). Returns how many were opened.
    """
    opened = 0
    for participation in participations:
        project_id = participation.campaign.project_id
        if not may(actor, project_id, "observe"):
            require(actor, project_id, "manage_campaigns")
        parts = written_parts_of(participation.campaign)
        part = next((p for p in parts if p.instrument.code == instrument), None)
        if part is None:
            raise NotFound(
                what={
                    "ru": f"письменная часть упражнения {instrument}",
                    "en": f"written part of exercise {instrument}",
                }
            )
        _, is_new = Opening.objects.get_or_create(
            participation=participation, form=part.release, defaults={"actor_name": actor.name, "at": at}
        )
        if is_new:
            opened += 1
            write_audit(
                actor=actor, project_id=project_id, verb="open_written_part", object_kind="participation",
                object_id=participation.id, persons=[participation.person_id], details={"instrument": instrument}, at=at,
            )  # fmt: skip
    return opened
