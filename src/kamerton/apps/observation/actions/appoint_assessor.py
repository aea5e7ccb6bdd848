from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from kamerton.apps.observation import rules
from kamerton.apps.observation.models import Appointment
from kamerton.apps.observation.queries import pinned_exercise
from kamerton.apps.people.queries import conflict_of, full_name
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, Refused

if TYPE_CHECKING:
    from kamerton.apps.delivery.models import Participation
    from kamerton.apps.people.models import Person
    from kamerton.apps.records.models import Release


class ConflictOfInterest(Refused):
    code = "conflict_of_interest"
    texts = {
        "ru": "Этого наблюдателя назначить нельзя ({who}): {reason}. Выберите другого.",
        "en": "This assessor cannot be appointed ({who}): {reason}. Choose another one.",
    }


class AlreadyAppointed(Refused):
    code = "already_appointed"
    texts = {
        "ru": "Этот наблюдатель ({who}) уже назначен этому участнику в упражнении {instrument}.",
        "en": "This assessor ({who}) is already appointed to this participant in exercise {instrument}.",
    }


class OtherProject(Refused):
    code = "other_project"
    texts = {
        "ru": "Участник, упражнение и наблюдатель должны быть из одного проекта. Из другого проекта: {what}.",
        "en": "Participant, exercise and assessor must belong to one project. From another project: {what}.",
    }


class NotInProcedure(Refused):
    code = "not_in_procedure"
    texts = {
        "ru": "В процедуре этой кампании нет упражнения {instrument} в этой редакции. Выберите то, что закреплено за процедурой.",
        "en": "The procedure of this campaign has no exercise {instrument} in this release. Choose the one the procedure pins.",
    }


class ParticipationWithdrawn(Refused):
    code = "participation_withdrawn"
    texts = {
        "ru": "Участник отозван из кампании: наблюдателя назначать некому.",
        "en": "The participant was withdrawn from the campaign: there is nobody to observe.",
    }


def names_of(person: Person) -> dict[str, str]:
    """The name in each language, for a refusal."""
    return {language: full_name(person, language) for language in ("ru", "en")}


def check_appointment(
    *, participation: Participation, exercise: Release, instrument: str, assessor: Person, role: str
) -> None:
    """Every precondition of an appointment; shared with `load_ratings`."""
    project_id = participation.campaign.project_id
    if exercise.identity.project_id != project_id:
        raise OtherProject(what={"ru": "упражнение", "en": "the exercise"})
    if assessor.project_id != project_id:
        raise OtherProject(what={"ru": "наблюдатель", "en": "the assessor"})
    if role not in Appointment.Role.values:
        known = ", ".join(Appointment.Role.values)
        raise InvalidInput(
            what={
                "ru": f"Роли «{role}» нет. Есть: {known}.",
                "en": f'There is no role "{role}". There are: {known}.',
            }
        )
    if participation.withdrawn_at is not None:
        raise ParticipationWithdrawn()
    pinned = pinned_exercise(procedure=participation.campaign.procedure, instrument=instrument)
    if pinned is None or exercise.identity.kind != "exercise" or pinned not in ("", str(exercise.id)):
        raise NotInProcedure(instrument=instrument)
    conflict = conflict_of(assessor.id, participation.person_id)
    if conflict is not None:
        raise ConflictOfInterest(who=names_of(assessor), reason=rules.CONFLICT_WORDS[conflict.code])


@transaction.atomic
def appoint_assessor(
    *,
    actor: Actor,
    participation: Participation,
    exercise: Release,
    instrument: str,
    assessor: Person,
    role: str = Appointment.Role.OBSERVER,
    when: datetime | None = None,
    room: str = "",
    at: datetime,
) -> Appointment:
    """Put an assessor (or a role-player) beside a participant in one exercise."""
    project_id = participation.campaign.project_id
    require(actor, project_id, "manage_campaigns")
    check_appointment(
        participation=participation, exercise=exercise, instrument=instrument, assessor=assessor, role=role
    )
    known = Appointment.objects.filter(participation=participation, exercise=exercise)
    if known.filter(assessor=assessor).exists():
        raise AlreadyAppointed(who=names_of(assessor), instrument=instrument)
    appointment = Appointment.objects.create(
        participation=participation,
        exercise=exercise,
        instrument=instrument,
        assessor=assessor,
        role=role,
        at=when,
        room=room,
        # Somebody who joins a running exercise reads the same clock as the others.
        started_at=known.filter(started_at__isnull=False).values_list("started_at", flat=True).first(),
    )
    write_audit(
        actor=actor,
        project_id=project_id,
        verb="appoint_assessor",
        object_kind="appointment",
        object_id=appointment.id,
        persons=[participation.person_id, assessor.id],
        details={"instrument": instrument, "role": role},
        at=at,
    )
    return appointment


@transaction.atomic
def appoint_assessors(
    *,
    actor: Actor,
    participation: Participation,
    exercise: Release,
    instrument: str,
    assessors: Sequence[tuple[Person, str]],
    when: datetime | None = None,
    room: str = "",
    at: datetime,
) -> list[Appointment]:
    """Several assessors of one exercise, each with a role: all of them or, if one may not, none."""
    return [
        appoint_assessor(
            actor=actor,
            participation=participation,
            exercise=exercise,
            instrument=instrument,
            assessor=assessor,
            role=role,
            when=when,
            room=room,
            at=at,
        )
        for assessor, role in assessors
    ]
