"""The ten elements before anything is called an assessment centre."""

from __future__ import annotations

import pytest

from kamerton.apps.observation import queries
from kamerton.apps.records.models import Release

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
