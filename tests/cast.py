"""The fixed cast of the tests: people who may do their part, and a stranger who may nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from kamerton.apps.people.actions import PersonData, create_user, grant_role, save_person
from kamerton.apps.people.models import Person, User
from kamerton.apps.records.actions import create_project
from kamerton.apps.records.actors import OPERATOR, Actor
from kamerton.apps.records.models import Project

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ROLES = ("designer", "assessor", "leader", "office", "psychometrician", "auditor", "administrator", "expert")


@dataclass(frozen=True)
class Cast:
    """One project with an actor for each role, and a stranger from another project."""

    project: Project
    users: dict[str, User]
    people: dict[str, Person]
    actors: dict[str, Actor]
    stranger: Actor

    def __getattr__(self, role: str) -> Actor:
        try:
            return self.actors[role]
        except KeyError as fault:
            raise AttributeError(role) from fault


def make_person(project: Project, family: str, given: str = "Анна", **data: object) -> Person:
    values = {"family_name": {"ru": family}, "given_name": {"ru": given}} | data
    return save_person(actor=OPERATOR, project=project, data=PersonData(**values), at=NOW).person  # type: ignore[arg-type]


def make_cast(slug: str = "acme", kind: str = "company") -> Cast:
    project = create_project(actor=OPERATOR, slug=slug, name={"ru": "Акме", "en": "Acme"}, kind=kind, at=NOW)
    other = create_project(actor=OPERATOR, slug=f"{slug}-other", name={"ru": "Чужие", "en": "Others"}, at=NOW)
    users: dict[str, User] = {}
    people: dict[str, Person] = {}
    actors: dict[str, Actor] = {}
    for role in ROLES:
        users[role] = create_user(
            actor=OPERATOR,
            login=f"{role}@{slug}.example",
            name=role.title(),
            password="correct horse " + role,
            at=NOW,
        )
        people[role] = make_person(project, f"Ролев-{role}", email=f"{role}@{slug}.example")
        grant_role(actor=OPERATOR, project=project, user=users[role], role=role, person=people[role], at=NOW)
        actors[role] = Actor(
            "user", str(users[role].id), role.title(), project.id, frozenset({role}), people[role].id
        )
    stranger_user = create_user(
        actor=OPERATOR,
        login=f"stranger@{slug}.example",
        name="Stranger",
        password="correct horse stranger",
        at=NOW,
    )
    grant_role(actor=OPERATOR, project=other, user=stranger_user, role="leader", at=NOW)
    users["stranger"] = stranger_user
    stranger = Actor(
        "user", str(stranger_user.id), "Stranger", other.id, frozenset({"leader", "designer", "office"})
    )
    return Cast(project, users, people, actors, stranger)
