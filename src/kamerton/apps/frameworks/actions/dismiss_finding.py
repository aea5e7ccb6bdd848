from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kamerton.apps.frameworks.models import Dismissal
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput
from kamerton.apps.records.models import Identity

FEWEST_LETTERS = 10


@transaction.atomic
def dismiss_finding(*, actor: Actor, identity: Identity, mark: str, reason: str, at: datetime) -> Dismissal:
    """Set a question to the wording aside. The reason stands for the next reader; twice is once."""
    require(actor, identity.project_id, "edit_model")
    text = " ".join(reason.split())
    if len(text) < FEWEST_LETTERS or len(text) > 500 or len(mark) != 16:
        raise InvalidInput(
            what={
                "ru": f"Напишите, почему вопрос снят: от {FEWEST_LETTERS} до 500 знаков.",
                "en": f"Write why the question is set aside: from {FEWEST_LETTERS} to 500 characters.",
            }
        )
    dismissal, is_new = Dismissal.objects.get_or_create(
        identity=identity, mark=mark, defaults={"reason": text, "actor_name": actor.name, "at": at}
    )
    if is_new:
        write_audit(
            actor=actor, project_id=identity.project_id, verb="dismiss_finding", object_kind="framework",
            object_id=identity.id, details={"mark": mark}, at=at,
        )  # fmt: skip
    return dismissal
