"""A project with the role pack installed, one participant and two assessors on the difficult client."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from kamerton.apps.delivery.actions import add_participant, open_campaign
from kamerton.apps.delivery.models import Campaign, Participation
from kamerton.apps.observation.actions import (
    appoint_assessor,
    rate_competency,
    record_note,
    start_exercise,
    submit_ratings,
)
from kamerton.apps.observation.models import Appointment, Note
from kamerton.apps.observation.queries import frame_for
from kamerton.apps.people.actions import create_user, grant_role
from kamerton.apps.people.models import Person, User
from kamerton.apps.records.actors import OPERATOR, Actor
from kamerton.apps.records.models import Release
from kamerton.apps.records.queries import latest_release
from kamerton.flows.install_pack import install_pack
from tests.cast import NOW, Cast, make_cast, make_person

LEVELS = {"C4": 3, "C5": 4, "C6": 2, "C8": 3}


@dataclass(frozen=True)
class World:
    cast: Cast
    campaign: Campaign
    participation: Participation
    exercise: Release
    assessors: tuple[Actor, Actor]
    people: tuple[Person, Person]
    users: tuple[User, User]
    appointments: tuple[Appointment, Appointment]


def make_assessor(cast: Cast, name: str, at: datetime = NOW) -> tuple[Actor, Person, User]:
    login = f"{uuid4().hex[:8]}@acme.example"
    person = make_person(cast.project, name, given_name={"ru": "Игорь", "en": "Igor"}, email=login)
    user = create_user(actor=OPERATOR, login=login, name=name, password="correct horse rater", at=at)
    grant_role(actor=OPERATOR, project=cast.project, user=user, role="assessor", person=person, at=at)
    return (
        Actor("user", str(user.id), name, cast.project.id, frozenset({"assessor"}), person.id),
        person,
        user,
    )


def make_world(pack: Path, *, at: datetime = NOW, kind: str = "company", slug: str = "acme") -> World:
    cast = make_cast(slug=slug, kind=kind)
    install_pack(actor=OPERATOR, project=cast.project, root=pack, at=at)
    procedure = latest_release(cast.project.id, "procedure", "external") or _procedure(cast)
    campaign = open_campaign(
        actor=cast.office,
        project=cast.project,
        procedure=procedure,
        slug="autumn",
        name={"ru": "Осень", "en": "Autumn"},
        purpose="selection",
        opens_at=at - timedelta(days=1),
        closes_at=at + timedelta(days=14),
        at=at,
    )
    candidate = make_person(
        cast.project,
        "Воронцова",
        family_name={"ru": "Воронцова", "en": "Vorontsova"},
        given_name={"ru": "Мария", "en": "Maria"},
        middle_name={"ru": "Андреевна"},
    )
    participation = add_participant(actor=cast.office, campaign=campaign, person=candidate, at=at)
    exercise = latest_release(cast.project.id, "exercise", "kam-e2")
    assert exercise is not None
    first, second = make_assessor(cast, "Белкин"), make_assessor(cast, "Громов")
    appointments = tuple(
        appoint_assessor(
            actor=cast.office,
            participation=participation,
            exercise=exercise,
            instrument="E2",
            assessor=person,
            when=at + timedelta(hours=1),
            room="3",
            at=at,
        )
        for _actor, person, _user in (first, second)
    )
    return World(
        cast,
        campaign,
        participation,
        exercise,
        (first[0], second[0]),
        (first[1], second[1]),
        (first[2], second[2]),
        appointments,  # type: ignore[arg-type]
    )


def _procedure(cast: Cast) -> Release:
    return Release.objects.filter(identity__project=cast.project, identity__kind="procedure").order_by(
        "identity__slug"
    )[0]


def note(
    world: World, which: int, indicator: str = "", text: str = "«Кто ещё решает?»", sign: str = "+"
) -> Note:
    appointment = world.appointments[which]
    return record_note(
        actor=world.assessors[which],
        appointment=appointment,
        uuid=uuid4(),
        indicator=frame_for(appointment).indicator(indicator) if indicator else None,
        sign=sign if indicator else "",
        text=text,
        second=65,
        at=NOW,
    )


def rate(world: World, which: int, code: str, value: int | None, reason: str = "") -> None:
    appointment = world.appointments[which]
    rate_competency(
        actor=world.assessors[which],
        appointment=appointment,
        competency=frame_for(appointment).line(code).part,
        value=value,
        reason=reason,
        at=NOW,
    )


def fill(world: World, which: int, levels: dict[str, int] | None = None, submit: bool = True) -> None:
    """The whole sheet of one assessor."""
    start_exercise(actor=world.assessors[which], appointment=world.appointments[which], at=NOW)
    note(world, which, "C5.1")
    for code, value in (levels or LEVELS).items():
        rate(world, which, code, value)
    if submit:
        submit_ratings(actor=world.assessors[which], appointment=world.appointments[which], at=NOW)
