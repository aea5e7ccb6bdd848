"""Sweeping the sheets together: who sees them, when, in which order, and what is agreed."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from kamerton.apps.observation import queries
from kamerton.apps.observation.actions import (
    AlreadyAgreed,
    SheetsMissing,
    agree_at_integration,
    open_integration,
    reopen_sheet,
)
from kamerton.apps.observation.models import Agreement
from kamerton.apps.people.actions import declare_conflict
from kamerton.apps.records.errors import InvalidInput, NotFound, NotPermitted
from kamerton.apps.records.models import Audit, Part
from tests.apps.observation.world import World, fill, make_assessor
from tests.cast import NOW


def competency(world: World, code: str) -> Part:
    return queries.frame_for(world.appointments[0]).line(code).part


def agree(
    world: World, code: str = "C5", value: float = 3.5, reason: str = "Оба слышали обмен уступки"
) -> Agreement:
    return agree_at_integration(
        actor=world.assessors[0], participation=world.participation, competency=competency(world, code), value=value,
        reason=reason, at=NOW,
    )  # fmt: skip


def test_a_stranger_sees_no_evidence(world: World) -> None:
    fill(world, 0)
    fill(world, 1)
    with pytest.raises(NotPermitted):
        queries.integration(world.cast.stranger, world.participation)
    with pytest.raises(NotPermitted):
        queries.integrations(world.cast.office, world.cast.project.id)


def test_an_assessor_who_did_not_observe_the_person_sees_nothing(world: World) -> None:
    fill(world, 0)
    fill(world, 1)
    other, _person, _user = make_assessor(world.cast, "Посторонний")
    with pytest.raises(NotFound):
        queries.integration(other, world.participation)
    assert queries.integrations(other, world.cast.project.id) == []


def test_a_designer_with_a_conflict_of_interest_sees_nothing(world: World) -> None:
    fill(world, 0)
    fill(world, 1)
    assert queries.integration(world.cast.designer, world.participation).competencies
    declare_conflict(
        actor=world.cast.office,
        person=world.cast.people["designer"],
        other=world.participation.person,
        kind="kin",
        at=NOW,
    )
    with pytest.raises(NotFound):
        queries.integration(world.cast.designer, world.participation)


def test_while_a_sheet_is_missing_no_rating_is_shown_and_the_missing_is_named(world: World) -> None:
    fill(world, 0)
    evidence = queries.integration(world.assessors[0], world.participation)
    assert evidence.competencies == ()
    assert [a.assessor_id for a in evidence.missing] == [world.people[1].id]
    line = queries.integrations(world.assessors[0], world.cast.project.id)[0]
    assert (line.submitted, line.appointed, line.is_ready) == (1, 2, False)
    with pytest.raises(SheetsMissing):
        agree(world)


def test_differences_stand_first_and_two_levels_are_marked(world: World) -> None:
    fill(world, 0, {"C4": 3, "C5": 4, "C6": 2, "C8": 5})
    fill(world, 1, {"C4": 3, "C5": 3, "C6": 4, "C8": 2})
    rows = queries.integration(world.assessors[0], world.participation).competencies
    assert [(row.competency.code, row.gap, row.is_apart) for row in rows] == [
        ("C8", 3, True), ("C6", 2, True), ("C5", 1, False), ("C4", 0, False),
    ]  # fmt: skip
    assert [rater.value for rater in rows[0].cells[0].raters] == [5, 2]
    assert (rows[0].raw_mean, rows[0].n) == (3.5, 2)
    assert rows[2].cells[0].raters[0].notes[0].text == "«Кто ещё решает?»"


def test_opening_the_evidence_is_written_into_the_audit_log(world: World) -> None:
    fill(world, 0)
    fill(world, 1)
    open_integration(actor=world.assessors[0], participation=world.participation, at=NOW)
    row = Audit.objects.get(verb="view_integration")
    assert row.persons == [str(world.participation.person_id)]
    assert row.actor_id == world.assessors[0].id


def test_the_agreed_value_needs_a_reason_and_a_place_on_the_scale(world: World) -> None:
    fill(world, 0)
    fill(world, 1)
    with pytest.raises(InvalidInput):
        agree(world, reason="  ")
    with pytest.raises(InvalidInput):
        agree(world, value=5.4)
    with pytest.raises(InvalidInput):
        agree_at_integration(
            actor=world.assessors[0], participation=world.participation, value=3, reason="нет такой", at=NOW,
            competency=competency(world, "C5").release.parts.get(key="competency:C1"),
        )  # fmt: skip
    assert not Agreement.objects.exists()


def test_the_newest_agreement_counts_and_none_is_overwritten(world: World) -> None:
    fill(world, 0)
    fill(world, 1)
    agree(world, value=3.5)
    agree(world, value=4.0, reason="Пересмотрели по цитате 12:31")
    rows = {
        row.competency.code: row
        for row in queries.integration(world.assessors[1], world.participation).competencies
    }
    assert rows["C5"].agreed is not None
    assert rows["C5"].agreed.value == 4.0
    assert Agreement.objects.count() == 2
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        Agreement.objects.update(value=1)


def test_after_an_agreement_no_sheet_is_reopened(world: World) -> None:
    fill(world, 0)
    fill(world, 1)
    agree(world)
    with pytest.raises(AlreadyAgreed):
        reopen_sheet(actor=world.assessors[0], appointment=world.appointments[0], reason="Передумал", at=NOW)
