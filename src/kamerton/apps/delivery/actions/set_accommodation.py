from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from kamerton.apps.delivery import rules
from kamerton.apps.delivery.models import Accommodation, Participation
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput

from .add_participant import read_factor
from .keep_text import keep_text


@transaction.atomic
def set_accommodation(
    *,
    actor: Actor,
    participation: Participation,
    needs: Collection[str],
    details: str = "",
    reason: str = "",
    time_factor: Decimal | int | float | str = 1,
    at: datetime,
) -> Accommodation:
    """What this person needs, in place of what was agreed before. Nobody is asked for a diagnosis: `reason` may stay
    empty, and only the office ever reads it. The time factor holds for tests not begun; a running one is given minutes.
    """
    require(actor, participation.campaign.project_id, "manage_campaigns")
    unknown = sorted(set(needs) - set(rules.NEEDS))
    if unknown:
        raise InvalidInput(
            what={
                "ru": f"Таких условий нет: {', '.join(unknown)}.",
                "en": f"There are no such conditions: {', '.join(unknown)}.",
            }
        )
    factor = read_factor(time_factor)
    if ("extra_time" in needs) != (factor > 1):
        raise InvalidInput(
            what={
                "ru": "Больше времени: отметьте условие и укажите коэффициент больше 1, либо ни того ни другого.",
                "en": "More time: tick the condition and give a factor above 1, or neither of them.",
            }
        )
    agreed = Accommodation.objects.create(
        participation=participation, needs=[code for code in rules.NEEDS if code in needs], details=details.strip()[:500],
        reason=keep_text(project_id=participation.campaign.project_id, text=reason.strip()) if reason.strip() else None,
        actor_name=actor.name, at=at,
    )  # fmt: skip
    Participation.objects.filter(id=participation.id).update(time_factor=factor)
    participation.time_factor = factor
    write_audit(
        actor=actor, project_id=participation.campaign.project_id, verb="set_accommodation", object_kind="participation",
        object_id=participation.id, persons=[participation.person_id],
        details={"needs": agreed.needs, "time_factor": str(factor)}, at=at,
    )  # fmt: skip
    return agreed
