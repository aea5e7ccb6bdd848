from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from kamerton.apps.observation.models import Training
from kamerton.apps.people.models import Person
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, NotFound


def record_training(
    *,
    actor: Actor,
    assessor: Person,
    held: date,
    hours: Decimal | float | str,
    what: str,
    passed: bool,
    at: datetime,
) -> Training:
    """A training that has taken place. It licenses the assessor for `rules.TRAINING_HOLDS` if it was passed."""
    require(actor, assessor.project_id, "manage_campaigns")
    if assessor.erased_at:
        raise NotFound(what={"ru": "наблюдатель", "en": "assessor"})
    try:
        length = Decimal(str(hours).replace(",", "."))
    except InvalidOperation:
        length = Decimal(0)
    if not 0 < length <= 200:
        raise InvalidInput(
            what={
                "ru": f"Часы: получено «{str(hours)[:20]}», нужно число от 0,5 до 200.",
                "en": f'Hours: got "{str(hours)[:20]}"; a number from 0.5 to 200 is needed.',
            }
        )
    if held > at.date():
        raise InvalidInput(
            what={
                "ru": "Обучение ещё не прошло: дата в будущем. Запишите его после занятия.",
                "en": "The training has not taken place: the date is in the future. Record it afterwards.",
            }
        )
    if not what.strip():
        raise InvalidInput(what={"ru": "Напишите, чему учили.", "en": "Write what was trained."})
    training = Training.objects.create(
        project_id=assessor.project_id, assessor=assessor, held=held, hours=length, what=what.strip()[:300],
        passed=passed, actor_name=actor.name, at=at,
    )  # fmt: skip
    write_audit(
        actor=actor, project_id=assessor.project_id, verb="record_training", object_kind="training", object_id=training.id,
        persons=[assessor.id], details={"held": held.isoformat(), "hours": str(length), "passed": passed}, at=at,
    )  # fmt: skip
    return training
