"""Agreed conditions: the office sets them, assessors read what to do, nobody but the office reads why."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from kamerton.apps.delivery import queries
from kamerton.apps.delivery.actions import set_accommodation
from kamerton.apps.delivery.models import Accommodation, FreeText
from kamerton.apps.records.errors import InvalidInput, NotPermitted
from kamerton.apps.records.models import Audit
from tests.apps.observation.world import World, make_world
from tests.cast import NOW
from tests.fixtures import delivery

WHY = "после операции на глазах"


@pytest.fixture
def world(db: None, pack_folder: object) -> World:
    return make_world(pack_folder)  # type: ignore[arg-type]


def agree(world: World, **values: object) -> Accommodation:
    given = {
        "needs": ["extra_time", "large_print"],
        "time_factor": "1.5",
        "details": "стол у окна",
        "reason": WHY,
    }
    return set_accommodation(
        actor=world.cast.office, participation=world.participation, at=NOW, **(given | values)
    )  # type: ignore[arg-type]


def signed_in(world: World, user: object, language: str = "ru") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user)  # type: ignore[arg-type]
    return client


def test_the_newest_conditions_hold_and_older_ones_stay_on_record(world: World) -> None:
    agree(world)
    found = queries.accommodation_of(world.participation)
    assert found is not None and found.needs == ("extra_time", "large_print")
    assert float(found.factor) == 1.5
    agree(world, needs=[], details="", reason="", time_factor=1)
    assert queries.accommodation_of(world.participation) is None
    assert Accommodation.objects.count() == 2


def test_why_is_for_the_office_alone(world: World) -> None:
    agree(world)
    assert queries.accommodation_reason(world.cast.office, world.participation) == WHY
    for role in ("assessor", "leader", "auditor", "designer"):
        with pytest.raises(NotPermitted):
            queries.accommodation_reason(world.cast.actors[role], world.participation)
    assert not Audit.objects.filter(details__icontains="операции").exists()
    assert FreeText.objects.filter(text=WHY).count() == 1, "kept where it can be erased"
    sheet = reverse("assess-exercise", args=["acme", world.appointments[0].id])
    html = signed_in(world, world.users[0]).get(sheet).content.decode()
    assert "больше времени × 1.5" in html and "стол у окна" in html and WHY not in html
    person = reverse("campaign-person", args=["acme", "autumn", world.participation.id])
    assert WHY in signed_in(world, world.cast.users["office"]).get(person).content.decode()


def test_time_and_its_tick_go_together(world: World) -> None:
    for values in ({"needs": ["extra_time"], "time_factor": 1}, {"needs": [], "time_factor": "1.5"}):
        with pytest.raises(InvalidInput):
            agree(world, **values)
    with pytest.raises(InvalidInput):
        agree(world, needs=["sugar"], time_factor=1)
    with pytest.raises(InvalidInput):
        agree(world, time_factor="9")
    assert not Accommodation.objects.exists()


def test_the_office_agrees_on_the_persons_page(world: World) -> None:
    client = signed_in(world, world.cast.users["office"], "en")
    person = reverse("campaign-person", args=["acme", "autumn", world.participation.id])
    assert "The usual conditions." in client.get(person).content.decode()
    assert (
        client.post(
            person, {"do": "conditions", "need": ["breaks"], "details": "", "time_factor": "1"}
        ).status_code
        == 302
    )
    assert "breaks on request" in client.get(person).content.decode()
    assert (
        client.post(person, {"do": "conditions", "need": ["extra_time"], "time_factor": "1"}).status_code
        == 422
    )
    assessor = signed_in(world, world.users[0])
    assert (
        assessor.post(person, {"do": "conditions", "need": ["paper"], "time_factor": "1"}).status_code == 403
    )


def test_an_item_is_counted_through_every_form_that_holds_it(cast: object) -> None:
    one = delivery.make_world(cast.project)  # type: ignore[attr-defined]
    assert sum(queries.shown_counts(cast.project.id).values()) == 0  # type: ignore[attr-defined]
    delivery.start(one)
    counts = queries.shown_counts(cast.project.id)  # type: ignore[attr-defined]
    assert set(counts.values()) == {1} and len(counts) == 9
