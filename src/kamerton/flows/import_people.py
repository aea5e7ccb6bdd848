"""People from a table file: dry run with words for each row, then an idempotent import in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from kamerton.apps.people.actions import PersonData, save_person
from kamerton.apps.people.queries import known_people
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import Refused
from kamerton.apps.records.models import Project
from kamerton.apps.records.planner import note_growth
from kamerton.formats.people import PeopleDraft, PersonRow, draft_people
from kamerton.formats.tables import TableRefused, read_table


class FileRefused(Refused):
    code = "file_refused"
    status = 422
    texts = {"ru": "{what}", "en": "{what}"}


@dataclass(frozen=True, slots=True)
class PeopleImported:
    created: int
    updated: int
    unchanged: int
    refused: int


def as_text(name: str) -> dict[str, str]:
    """A name in the language it is written in; Cyrillic is Russian."""
    if not name:
        return {}
    cyrillic = any("а" <= letter.casefold() <= "я" or letter in "ёЁ" for letter in name)
    return {"ru" if cyrillic else "en": name}


def person_data(row: PersonRow, *, is_outside: bool = False) -> PersonData:
    return PersonData(
        family_name=as_text(row.family_name),
        given_name=as_text(row.given_name),
        middle_name=as_text(row.middle_name),
        email=row.email,
        phone=row.phone,
        employee_number=row.employee_number,
        unit=as_text(row.unit),
        title=as_text(row.title),
        hired_date=row.hired_date,
        is_outside=is_outside,
    )


def read_people(data: bytes, *, name: str, sheet: str | None, at: datetime) -> PeopleDraft:
    """The dry run: what each row would become. Raises FileRefused when the file itself cannot be read."""
    try:
        table = read_table(data, name=name, sheet=sheet)
    except TableRefused as fault:
        raise FileRefused(what={"ru": fault.message("ru"), "en": fault.message("en")}) from fault
    draft = draft_people(table.head, [(row.number, row.cells) for row in table.rows], today=at.date())
    if draft.problem:
        raise FileRefused(what=draft.problem)
    return draft


def already_known(project: Project, draft: PeopleDraft) -> int:
    """How many of the readable rows are about people the project has."""
    known = known_people(project.id)
    return sum(1 for row in draft.rows if row.person and known.find(person_data(row.person)) is not None)


@transaction.atomic
def import_people(
    *, actor: Actor, project: Project, draft: PeopleDraft, is_outside: bool = False, at: datetime
) -> PeopleImported:
    """Write the readable rows, all or nothing; importing the same file again changes nothing."""
    require(actor, project.id, "manage_people")
    known = known_people(project.id)
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    for row in draft.rows:
        if row.person is not None:
            saved = save_person(
                actor=actor,
                project=project,
                data=person_data(row.person, is_outside=is_outside),
                known=known,
                at=at,
            )
            counts[saved.outcome] += 1
    refused = sum(1 for row in draft.rows if row.status == "refused")
    write_audit(
        actor=actor,
        project_id=project.id,
        verb="import_people",
        object_kind="project",
        object_id=project.id,
        details=counts | {"refused": refused},
        at=at,
    )
    note_growth(counts["created"])
    return PeopleImported(refused=refused, **counts)
