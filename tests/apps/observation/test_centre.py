"""The ten elements before anything is called an assessment centre."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from kamerton.apps.observation import queries
from kamerton.apps.observation.actions import record_training
from kamerton.apps.records.errors import InvalidInput, NotPermitted
from kamerton.apps.records.models import Release
from tests.cast import NOW

from .world import World, fill

pytestmark = pytest.mark.django_db


def found(world: World) -> dict[str, queries.Element]:
    evidence = queries.integration(world.cast.designer, world.participation)
    centre = queries.centre_of(evidence)
    assert len(centre.elements) == 10 and all(e.why["ru"] and e.why["en"] for e in centre.elements)
    assert centre.may_be_called_so is (centre.met == 10)
    return {element.code: element for element in centre.elements}


def test_one_exercise_is_no_centre_and_each_gap_is_named(world: World) -> None:
    fill(world, 0)
    waiting = found(world)
    assert not waiting["integration"].is_met and "1" in waiting["integration"].why["ru"], "a sheet is out"
    assert not waiting["linkage"].is_met and not waiting["recording"].is_met
    fill(world, 1)
    elements = found(world)
    assert elements["job_analysis"].is_met is Release.objects.filter(identity__kind="function").exists()
    assert (
        elements["classification"].is_met and elements["assessors"].is_met and elements["simulations"].is_met
    )
    assert elements["standardisation"].is_met, (
        "the difficult client has a brief and an administrator's script"
    )
    assert not elements["components"].is_met and elements["components"].why["en"] == "Exercises: 1."
    assert not elements["linkage"].is_met and "C4" in elements["linkage"].why["en"]
    assert not elements["training"].is_met, "no record is no proof"
    assert elements["integration"].is_met


def test_a_difference_left_open_keeps_integration_unmet(world: World) -> None:
    fill(world, 0, {"C4": 1, "C5": 4, "C6": 2, "C8": 3})
    fill(world, 1, {"C4": 5, "C5": 4, "C6": 2, "C8": 3})
    elements = found(world)
    assert not elements["integration"].is_met and "C4" in elements["integration"].why["ru"]


def train(world: World, which: int, days_before: int = 30, passed: bool = True) -> None:
    record_training(
        actor=world.cast.office, assessor=world.people[which], held=(NOW - timedelta(days=days_before)).date(), hours="16",
        what="Модель и якоря, две пробные встречи", passed=passed, at=NOW,
    )  # fmt: skip


def test_training_must_be_passed_recorded_and_fresh_for_every_assessor(world: World) -> None:
    for which in (0, 1):
        fill(world, which)
    train(world, 0)
    assert "1 of 2" in found(world)["training"].why["en"]
    train(world, 1, passed=False)
    train(world, 1, days_before=800)
    assert not found(world)["training"].is_met, "failed, and older than two years"
    train(world, 1, days_before=700)
    assert found(world)["training"].is_met


def test_a_training_is_refused_in_words(world: World) -> None:
    for values in (
        {"hours": "0"},
        {"hours": "много"},
        {"what": " "},
        {"held": (NOW + timedelta(days=2)).date()},
    ):
        given = {"held": NOW.date(), "hours": "8", "what": "Якоря", "passed": True} | values
        with pytest.raises(InvalidInput):
            record_training(actor=world.cast.office, assessor=world.people[0], at=NOW, **given)  # type: ignore[arg-type]
    with pytest.raises(NotPermitted):
        record_training(
            actor=world.assessors[0],
            assessor=world.people[0],
            held=NOW.date(),
            hours=8,
            what="Якоря",
            passed=True,
            at=NOW,
        )


def test_the_office_records_a_training_on_the_schedule(world: World) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.cast.users["office"])
    address = reverse("campaign-schedule", args=["acme", "autumn"])
    assert "no valid training" in client.get(address).content.decode()
    fields = {
        "do": "training",
        "assessor": str(world.people[0].id),
        "held": "2026-11-01",
        "hours": "16",
        "what": "Anchors",
        "passed": "1",
    }
    assert client.post(address, fields).status_code == 302
    assert "may rate" in client.get(address).content.decode()
    refused = client.post(address, fields | {"hours": "-3"})
    assert refused.status_code == 422 and "Anchors" in refused.content.decode()
