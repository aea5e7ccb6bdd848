"""Appointing assessors: who may, what is refused and in which words, what is left of what was typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from kamerton.apps.observation.models import Appointment
from kamerton.apps.people.actions import create_user, declare_conflict, grant_role
from kamerton.apps.people.models import Person
from kamerton.apps.records.actors import OPERATOR
from tests.apps.observation.world import World, make_world
from tests.cast import NOW, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None, pack_folder: Path) -> World:
    return make_world(pack_folder)


@pytest.fixture
def office(world: World) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="ru")
    client.force_login(world.cast.users["office"])
    return client


def address(world: World) -> str:
    return f"/p/{world.cast.project.slug}/campaigns/{world.participation.campaign.slug}/schedule/"


@pytest.fixture
def assessor(world: World) -> Callable[[str], Person]:
    def make(family: str) -> Person:
        person = make_person(world.cast.project, family)
        user = create_user(
            actor=OPERATOR, login=f"{person.id}@acme.example", name=family, password="correct horse x", at=NOW
        )
        grant_role(
            actor=OPERATOR, project=world.cast.project, user=user, role="assessor", person=person, at=NOW
        )
        return person

    return make


def form(world: World, first: Person, second: Person | None = None, **more: str) -> dict[str, str]:
    return {
        "participant": str(world.participation.id),
        "exercise": "E2",
        "first": str(first.id),
        "second": str(second.id) if second else "",
    } | more


def test_two_assessors_and_a_player_are_appointed_at_once(world, office, assessor):
    before = Appointment.objects.count()
    one, two, three = assessor("Первов"), assessor("Второв"), assessor("Игроков")
    data = form(world, one, two, player=str(three.id), when="2026-11-25T10:00", room="Каб. 3")
    assert office.post(address(world), data).status_code == 302
    made = Appointment.objects.filter(assessor__in=[one, two, three])
    assert Appointment.objects.count() == before + 3
    assert sorted(made.values_list("role", flat=True)) == ["observer", "observer", "role_player"]
    assert {a.at.isoformat() for a in made} == {"2026-11-25T07:00:00+00:00"}, "typed in the project's zone"
    page = office.get(address(world)).content.decode()
    assert "Второв" in page and "Каб. 3" in page and "ролевой игрок" in page


@pytest.mark.parametrize(("language", "words"), [("ru", "родственники"), ("en", "kin")])
def test_a_conflict_refuses_both_by_name_and_keeps_what_was_typed(world, office, assessor, language, words):
    before = Appointment.objects.count()
    fine, kin = assessor("Чужов"), assessor("Роднов")
    declare_conflict(
        actor=world.cast.office, person=world.participation.person, other=kin, kind="kin", at=NOW
    )
    reply = office.post(
        address(world), form(world, fine, kin, room="Каб. 7"), headers={"accept-language": language}
    )
    page = reply.content.decode().replace("\u00a0", " ")
    problem = page[page.index('id="problem"') :][:400]
    assert reply.status_code == 422 and words in problem and "Роднов" in problem and "Чужов" not in problem
    assert 'value="Каб. 7"' in page and f'value="{fine.id}" selected' in page
    assert Appointment.objects.count() == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"participant": ""}, "участника"),
        ({"exercise": "E9"}, "упражнение"),
        ({"first": "nobody"}, "наблюдателя"),
        ({"when": "завтра"}, "дата и время"),
        ({"room": "к" * 61}, "61"),
    ],
)
def test_what_is_missing_or_wrong_is_named(world, office, assessor, change, words):
    before = Appointment.objects.count()
    reply = office.post(address(world), form(world, assessor("Первов")) | change)
    assert reply.status_code == 422 and words in reply.content.decode().replace("\u00a0", " ")
    assert Appointment.objects.count() == before


def test_the_same_person_twice_or_again_is_refused(world, office, assessor):
    one = assessor("Первов")
    assert "дважды" in office.post(address(world), form(world, one, one)).content.decode()
    assert office.post(address(world), form(world, one)).status_code == 302
    again = office.post(address(world), form(world, one))
    assert again.status_code == 422 and "уже назначен" in again.content.decode().replace("\u00a0", " ")


@pytest.mark.parametrize("role", ["leader", "assessor", "auditor"])
def test_only_the_office_appoints(world, assessor, role):
    client = Client()
    client.force_login(world.cast.users[role])
    before = Appointment.objects.count()
    assert client.get(address(world)).status_code == 403
    assert client.post(address(world), form(world, assessor("Первов"))).status_code == 403
    assert Appointment.objects.count() == before
    client.force_login(world.cast.users["stranger"])
    assert client.get(address(world)).status_code == 404
