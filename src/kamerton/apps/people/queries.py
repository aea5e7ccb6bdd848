"""Reading people, grants and conflicts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q, QuerySet

from kamerton.apps.people import rules
from kamerton.apps.people.models import Conflict, Employment, Person, PersonIdentity, RoleGrant
from kamerton.apps.records.errors import NotFound
from kamerton.values.texts import LangText, in_language

if TYPE_CHECKING:
    from kamerton.apps.people.actions.save_person import PersonData


@dataclass(frozen=True, slots=True)
class Persona:
    user_id: UUID
    name: str
    person_id: UUID | None


def grants_in_force(user_id: UUID, project_id: UUID, today: date) -> list[RoleGrant]:
    grants = RoleGrant.objects.filter(user_id=user_id, project_id=project_id)
    return [grant for grant in grants if rules.is_in_force(grant.from_date, grant.to_date, today)]


def people_with_role(project_id: UUID, role: str, today: date) -> list[Person]:
    """People whose account holds a role today, in alphabetical order; an account without a person is left out."""
    grants = RoleGrant.objects.filter(
        project_id=project_id, role=role, person__isnull=False, person__archived_at__isnull=True
    ).select_related("person__identity")
    found = {
        grant.person.id: grant.person
        for grant in grants
        if grant.person is not None and rules.is_in_force(grant.from_date, grant.to_date, today)
    }
    return sorted(found.values(), key=lambda person: (person.sort_key, str(person.id)))


def sample_persona(project_id: UUID, role: str) -> Persona | None:
    """The account of a sample project that the switch "view as" looks through."""
    grant = (
        RoleGrant.objects.filter(project_id=project_id, role=role)
        .select_related("user")
        .order_by("user__login")
        .first()
    )
    return Persona(grant.user_id, grant.user.name, grant.person_id) if grant else None


def full_name(person: Person, language: str) -> str:
    """Family, given, middle name in `language`; a person without an identity row (erased) has a code only."""
    identity = getattr(person, "identity", None)
    if identity is None or person.erased_at:
        return f"№ {str(person.id)[:8]}"
    parts = [
        in_language(x, language) for x in (identity.family_name, identity.given_name, identity.middle_name)
    ]
    if not language.startswith("ru"):
        parts = [parts[1], parts[0]]
    return " ".join(part for part in parts if part) or f"№ {str(person.id)[:8]}"


def short_name(person: Person, language: str) -> str:
    """ "Воронцова М. А." or "M. Vorontsova"; no-break spaces inside."""
    identity = getattr(person, "identity", None)
    if identity is None or person.erased_at:
        return full_name(person, language)
    family, given, middle = (
        in_language(x, language) for x in (identity.family_name, identity.given_name, identity.middle_name)
    )
    if language.startswith("ru"):
        initials = "\u00a0".join(f"{part[0]}." for part in (given, middle) if part)
        return f"{family}\u00a0{initials}".strip() or full_name(person, language)
    return f"{given[0]}.\u00a0{family}" if given and family else full_name(person, language)


def people_of(project_id: UUID) -> QuerySet[Person]:
    """Living (not merged, not archived) people with their identities, in the reader's alphabetical order."""
    return (
        Person.objects.filter(project_id=project_id, merged_into__isnull=True, archived_at__isnull=True)
        .select_related("identity")
        .prefetch_related("employments__position__unit")
        .order_by("sort_key", "id")
    )


def search_people(project_id: UUID, text: str) -> QuerySet[Person]:
    """Every word of `text` must occur in the search key: «петр» finds «Пётр»."""
    found = people_of(project_id)
    for word in rules.search_key(text).split():
        found = found.filter(search_key__contains=word)
    return found


def person_in(project_id: UUID, person_id: UUID) -> Person:
    person = Person.objects.filter(project_id=project_id, id=person_id).select_related("identity").first()
    if person is None:
        raise NotFound(what={"ru": "человек", "en": "person"})
    return person


def unit_and_title(person: Person, language: str) -> tuple[str, str]:
    """Unit name and position title of the current employment; empty texts for a person from outside."""
    current = next((job for job in person.employments.all() if job.to_date is None), None)
    if current is None:
        return "", ""
    unit = in_language(current.position.unit.name, language) if current.position.unit else ""
    return unit, in_language(current.position.title, language)


def contact_row(person: Person, language: str) -> list[str]:
    """Family, given, middle name, number, e-mail, telephone, unit, position: the columns that an import reads."""
    identity = getattr(person, "identity", None) or PersonIdentity(person=person)
    names = [
        in_language(x, language) for x in (identity.family_name, identity.given_name, identity.middle_name)
    ]
    return [
        *names,
        identity.employee_number,
        identity.email,
        identity.phone,
        *unit_and_title(person, language),
    ]


def conflict_of(assessor_id: UUID, person_id: UUID) -> rules.RatingConflict | None:
    """Whether conflicts of interest forbid `assessor` to rate `person`."""
    managers = frozenset(
        Employment.objects.filter(
            person_id=person_id, to_date__isnull=True, manager__isnull=False
        ).values_list("manager_id", flat=True)
    )
    declared = frozenset(
        Conflict.objects.filter(
            Q(person_id=assessor_id, other_id=person_id) | Q(person_id=person_id, other_id=assessor_id)
        ).values_list("person_id", "other_id", "kind")
    )
    return rules.rating_conflict(
        assessor_id=assessor_id, person_id=person_id, managers_of_person=managers, declared=declared
    )


def person_by_number_or_email(project_id: UUID, text: str) -> Person:
    """The person with that employee number or e-mail; NotFound otherwise."""
    person = (
        Person.objects.filter(project_id=project_id, merged_into__isnull=True)
        .filter(Q(identity__employee_number=text) | Q(identity__email=text.strip().lower()))
        .select_related("identity")
        .first()
    )
    if person is None:
        raise NotFound(what={"ru": f"человек «{text}»", "en": f'person "{text}"'})
    return person


class KnownPeople:
    """Whom a project has already, so that a row of a list finds its person: by number, e-mail, telephone, name.

    A number decides by itself. An e-mail does unless two different numbers speak against it, and a telephone only
    together with the name: shops and families share mailboxes and lines, and one person must not become another.
    """

    def __init__(self, identities: Iterable[PersonIdentity]) -> None:
        self._by: dict[tuple[str, str], list[PersonIdentity]] = {}
        for identity in identities:
            self.add(identity)

    def add(self, identity: PersonIdentity) -> None:
        for key in _keys_of(identity):
            self._by.setdefault(key, []).append(identity)

    def find(self, data: PersonData) -> Person | None:
        """The person the data are about, or None if it is somebody new."""
        for kind in ("employee_number", "email", "phone", "name"):
            for key in (key for key in _keys_of(data) if key[0] == kind):
                for identity in self._by.get(key, []):
                    if _is_same(kind, identity, data):
                        return identity.person
        return None


def known_people(project_id: UUID) -> KnownPeople:
    """Everybody of the project, read at once."""
    return KnownPeople(_identities(project_id))


def find_person(project_id: UUID, data: PersonData) -> Person | None:
    """The person these data are about, or None if it is somebody new."""
    near = Q(pk__in=[])
    for name in ("employee_number", "email", "phone"):
        if value := getattr(data, name):
            near |= Q(**{name: value})
    for key in (key for key in _keys_of(data) if key[0] == "name"):
        near |= Q(employee_number="", email="", person__search_key__contains=key[1])
    return KnownPeople(_identities(project_id).filter(near)).find(data)


def _identities(project_id: UUID) -> QuerySet[PersonIdentity]:
    return (
        PersonIdentity.objects.filter(person__project_id=project_id, person__merged_into__isnull=True)
        .select_related("person")
        .order_by("person__created_at", "person_id")
    )


def _keys_of(row: PersonIdentity | PersonData) -> list[tuple[str, str]]:
    keys = [
        (kind, getattr(row, kind)) for kind in ("employee_number", "email", "phone") if getattr(row, kind)
    ]
    if not row.employee_number and not row.email:
        keys += [("name", name) for name in _names_of(row, with_middle=True).values()]
    return keys


def _names_of(row: PersonIdentity | PersonData, *, with_middle: bool) -> dict[str, str]:
    texts: list[LangText] = [row.family_name, row.given_name]
    if with_middle:
        texts.append(row.middle_name)
    return {tag: rules.search_key(*(text.get(tag, "") for text in texts)) for tag in row.family_name}


def _is_same(kind: str, identity: PersonIdentity, data: PersonData) -> bool:
    mine, theirs = _names_of(identity, with_middle=False), _names_of(data, with_middle=False)
    same_name = any(mine[tag] == theirs[tag] for tag in mine.keys() & theirs.keys())
    numbers_differ = bool(
        identity.employee_number and data.employee_number and identity.employee_number != data.employee_number
    )
    match kind:
        case "employee_number":
            return True
        case "email":
            return same_name or not numbers_differ
        case "phone":
            return same_name and not numbers_differ
        case _:
            return not (identity.phone and data.phone and identity.phone != data.phone)
