from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from django.db import transaction

from kamerton.apps.people.models import Employment, Person, PersonIdentity, Position, Unit
from kamerton.apps.people.queries import KnownPeople, find_person
from kamerton.apps.people.rules import require, search_key, sort_key
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput
from kamerton.apps.records.models import Project
from kamerton.values.canonical import digest_of
from kamerton.values.texts import LangText, in_language


@dataclass(frozen=True, slots=True)
class PersonData:
    """What is known of a person. `KnownPeople` says how it finds the one it is about."""

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


NAMES = ("family_name", "given_name", "middle_name")
ADDRESSES = ("email", "phone", "employee_number")


@dataclass(frozen=True, slots=True)
class PersonSaved:
    person: Person
    outcome: Literal["created", "updated", "unchanged"]


def _save_unit(project: Project, name: LangText) -> Unit:
    """The unit of that name, made if it is new. Its code is the search key of the name in the first language."""
    code = search_key(in_language(name, "ru"))
    if len(code) > 60:
        # Long names of departments differ at their end.
        code = f"{code[:47]}-{digest_of(code)[:12]}"
    return Unit.objects.get_or_create(project=project, code=code, defaults={"name": name})[0]


def _keys(identity: PersonIdentity) -> tuple[str, str]:
    names = (identity.family_name, identity.given_name, identity.middle_name)
    words = [text[language] for language in ("ru", "en") for text in names if text.get(language)]
    search = search_key(*words, identity.email, identity.employee_number)
    order = sort_key(*(in_language(text, "ru") for text in names))
    return search[:300], order[:300]


@transaction.atomic
def save_person(
    *, actor: Actor, project: Project, data: PersonData, known: KnownPeople | None = None, at: datetime
) -> PersonSaved:
    """Create or update one person; the same data twice change nothing, and what the data lack is not taken away.

    `known` spares a list of many people the search for each of them.
    """
    require(actor, project.id, "manage_people")
    if not in_language(data.family_name, "ru"):
        raise InvalidInput(what={"ru": "Нет фамилии.", "en": "The family name is missing."})
    person = known.find(data) if known is not None else find_person(project.id, data)
    outcome: Literal["created", "updated", "unchanged"]
    if person is None:
        identity = PersonIdentity(**{name: getattr(data, name) for name in (*NAMES, *ADDRESSES)})
        search, order = _keys(identity)
        person = Person.objects.create(
            project=project, search_key=search, sort_key=order, is_outside=data.is_outside, created_at=at
        )
        identity.person = person
        identity.save(force_insert=True)
        if known is not None:
            known.add(identity)
        outcome = "created"
    else:
        outcome = "updated" if _update(person, data) else "unchanged"
    if _save_employment(project, person, data) and outcome == "unchanged":
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


def _update(person: Person, data: PersonData) -> bool:
    identity = person.identity
    merged: dict[str, object] = {name: {**getattr(identity, name), **getattr(data, name)} for name in NAMES}
    merged |= {name: getattr(data, name) or getattr(identity, name) for name in ADDRESSES}
    changed = [name for name, value in merged.items() if getattr(identity, name) != value]
    for name in changed:
        setattr(identity, name, merged[name])
    if changed:
        identity.save(update_fields=changed)
        person.search_key, person.sort_key = _keys(identity)
        person.save(update_fields=["search_key", "sort_key"])
    return bool(changed)


def _save_employment(project: Project, person: Person, data: PersonData) -> bool:
    if not (data.unit or data.title):
        return False
    current = (
        Employment.objects.filter(person=person, to_date__isnull=True)
        .select_related("position__unit")
        .first()
    )
    unit = _save_unit(project, data.unit) if data.unit else current.position.unit if current else None
    title = data.title or (current.position.title if current else {})
    has_moved = current is None or current.position.title != title or current.position.unit != unit
    has_date = bool(data.hired_date) and (current is None or current.from_date != data.hired_date)
    if not has_moved and not has_date:
        return False
    if has_moved:
        position = Position.objects.filter(project=project, unit=unit, title=title).first()
        position = position or Position.objects.create(project=project, unit=unit, title=title)
        if current is None:
            Employment.objects.create(person=person, position=position, from_date=data.hired_date)
            return True
        current.position = position
    assert current is not None
    current.from_date = data.hired_date or current.from_date
    current.save(update_fields=["position", "from_date"])
    return True
