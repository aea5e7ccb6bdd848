from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from kamerton.apps.observation import rules
from kamerton.apps.observation.models import Agreement
from kamerton.apps.observation.queries import Integration, integration
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, Refused

if TYPE_CHECKING:
    from kamerton.apps.delivery.models import Participation
    from kamerton.apps.records.models import Part


class SheetsMissing(Refused):
    code = "sheets_missing"
    texts = {
        "ru": "Сводить рано: сданы не все листы ({missing}). Дождитесь наблюдателей.",
        "en": "Too early to integrate: sheets are missing ({missing}). Wait for the assessors.",
    }


@transaction.atomic
def agree_at_integration(
    *, actor: Actor, participation: Participation, competency: Part, value: float, reason: str, at: datetime
) -> Agreement:
    """Record what the assessors agreed on, with the reason, beside the mechanical result. Append-only; the newest counts."""
    project_id = participation.campaign.project_id
    require(actor, project_id, "integrate")
    evidence = integration(actor, participation)
    if evidence.missing or not evidence.appointments:
        raise SheetsMissing(missing=", ".join(a.instrument for a in evidence.missing) or "0")
    if not any(row.part.id == competency.id for row in evidence.competencies):
        raise InvalidInput(
            what={
                "ru": f"Компетенцию «{competency.code}» у этого участника никто не наблюдал: сводить нечего.",
                "en": f'Nobody observed competency "{competency.code}" of this participant: nothing to integrate.',
            }
        )
    if not rules.LOWEST <= value <= rules.HIGHEST:
        raise InvalidInput(
            what={
                "ru": f"{competency.code}: {value} вне шкалы. Введите число от 1 до 5, например 3,5.".replace(
                    ".0 ", " "
                ),
                "en": f"{competency.code}: {value} is off the scale. Enter a number from 1 to 5, such as 3.5.",
            }
        )
    if not reason.strip():
        raise InvalidInput(
            what={
                "ru": f"{competency.code}: причина не названа. Напишите, на каких фактах сошлись.",
                "en": f"{competency.code}: no reason is given. Write which facts you agreed on.",
            }
        )
    agreement = Agreement.objects.create(
        participation=participation,
        competency=competency,
        value=value,
        reason=reason.strip(),
        actor_id=actor.id,
        actor_name=actor.name,
        at=at,
    )
    write_audit(
        actor=actor,
        project_id=project_id,
        verb="agree_at_integration",
        object_kind="agreement",
        object_id=agreement.id,
        persons=[participation.person_id],
        details={"competency": competency.code},
        at=at,
    )
    return agreement


@transaction.atomic
def open_integration(*, actor: Actor, participation: Participation, at: datetime) -> Integration:
    """The evidence of one person for a reader, who is written into the audit log."""
    require(actor, participation.campaign.project_id, "integrate")
    evidence = integration(actor, participation)
    if evidence.competencies:
        write_audit(
            actor=actor,
            project_id=participation.campaign.project_id,
            verb="view_integration",
            object_kind="participation",
            object_id=participation.id,
            persons=[participation.person_id],
            at=at,
        )
    return evidence
