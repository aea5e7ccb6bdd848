from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from django.db import transaction

from kamerton.apps.people.models import Employment, Person, PersonIdentity, Position, Unit
from kamerton.apps.people.rules import require, search_key, sort_key
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput
from kamerton.apps.records.models import Project
from kamerton.values.texts import LangText, in_language


@dataclass(frozen=True, slots=True)
class PersonData:
    """What is known of a person. Matching is by employee number, then e-mail, then phone."""

    family_name: LangText
    given_name: LangText
    middle_name: LangText = field(default_factory=dict)
    email: str = ""
    phone: str = ""
    employee_number: str = ""
    unit: LangText = field(default_factory=dict)
    title: LangText = field(default_factory=dict)
    hired_date: date | None = None
    is_outside: bool = False


@dataclass(frozen=True, slots=True)
class PersonSaved:
    person: Person
    outcome: Literal["created", "updated", "unchanged"]


def find_person(project: Project, data: PersonData) -> Person | None:
    """The person this row is about, or None if it is somebody new."""
    people = Person.objects.filter(project=project, merged_into__isnull=True).select_related("identity")
    for name in ("employee_number", "email", "phone"):
        value = getattr(data, name)
        if value:
            found = people.filter(**{f"identity__{name}": value}).order_by("created_at").first()
            if found is not None:
                return found
    return None


def save_unit(*, actor: Actor, project: Project, name: LangText, parent: Unit | None = None) -> Unit:
    """The unit of that name, made if it is new. Its code is the search key of the name in the first language."""
    require(actor, project.id, "manage_people")
    code = search_key(in_language(name, "ru"))[:60]
    unit, _ = Unit.objects.get_or_create(
        project=project, code=code, defaults={"name": name, "parent": parent}
    )
    return unit


def _keys(data: PersonData) -> tuple[str, str]:
    words: list[str] = []
    for language in ("ru", "en"):
        for text in (data.family_name, data.given_name, data.middle_name):
            if value := text.get(language):
                words.append(value)
    search = search_key(*words, data.email, data.employee_number)
    order = sort_key(*(in_language(t, "ru") for t in (data.family_name, data.given_name, data.middle_name)))
    return search[:300], order[:300]


@transaction.atomic
def save_person(*, actor: Actor, project: Project, data: PersonData, at: datetime) -> PersonSaved:
    """Create or update one person; the same data twice change nothing."""
    require(actor, project.id, "manage_people")
    if not in_language(data.family_name, "ru"):
        raise InvalidInput(what={"ru": "Нет фамилии.", "en": "The family name is missing."})
    search, order = _keys(data)
    person = find_person(project, data)
    values = {
        "family_name": data.family_name,
        "given_name": data.given_name,
        "middle_name": data.middle_name,
        "email": data.email,
        "phone": data.phone,
        "employee_number": data.employee_number,
    }
    outcome: Literal["created", "updated", "unchanged"]
    if person is None:
        person = Person.objects.create(
            project=project, search_key=search, sort_key=order, is_outside=data.is_outside, created_at=at
        )
        PersonIdentity.objects.create(person=person, **values)
        outcome = "created"
    else:
        identity = person.identity
        merged = {k: v or getattr(identity, k) for k, v in values.items()}
        changed = [k for k, v in merged.items() if getattr(identity, k) != v]
        for k in changed:
            setattr(identity, k, merged[k])
        if changed:
            identity.save(update_fields=changed)
            person.search_key, person.sort_key = search, order
            person.save(update_fields=["search_key", "sort_key"])
        outcome = "updated" if changed else "unchanged"
    if _save_employment(actor, project, person, data) and outcome == "unchanged":
        outcome = "updated"
    if outcome != "unchanged":
        write_audit(
            actor=actor,
            project_id=project.id,
            verb=f"person_{outcome}",
            object_kind="person",
            object_id=person.id,
            persons=[person.id],
            at=at,
        )
    return PersonSaved(person, outcome)


def _save_employment(actor: Actor, project: Project, person: Person, data: PersonData) -> bool:
    if not (data.unit or data.title):
        return False
    unit = save_unit(actor=actor, project=project, name=data.unit) if data.unit else None
    current = (
        Employment.objects.filter(person=person, to_date__isnull=True)
        .select_related("position__unit")
        .first()
    )
    if (
        current
        and current.position.title == data.title
        and current.position.unit_id == (unit.id if unit else None)
    ):
        if data.hired_date and current.from_date != data.hired_date:
            current.from_date = data.hired_date
            current.save(update_fields=["from_date"])
            return True
        return False
    position = Position.objects.filter(
        project=project, unit=unit, title=data.title
    ).first() or Position.objects.create(project=project, unit=unit, title=data.title)
    if current:
        current.position = position
        current.save(update_fields=["position"])
    else:
        Employment.objects.create(person=person, position=position, from_date=data.hired_date)
    return True
