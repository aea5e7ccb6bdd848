"""Many sheets at once go through the checks of the single actions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kamerton.apps.observation import queries
from kamerton.apps.observation.actions import (
    LoadedNote,
    LoadedRating,
    LoadedSheet,
    SheetRefused,
    load_ratings,
)
from kamerton.apps.observation.models import Appointment, Note, Rating
from kamerton.apps.people.actions import declare_conflict
from kamerton.apps.records.errors import NotPermitted
from tests.apps.observation.world import LEVELS, World
from tests.cast import NOW, make_person


@pytest.fixture
def rows(world: World) -> list[LoadedSheet]:
    return [
        LoadedSheet(
            participation=world.participation,
            exercise=world.exercise,
            instrument="E2",
            assessor=make_person(world.cast.project, f"Загружаемый-{k}"),
            ratings=[LoadedRating(code, value) for code, value in LEVELS.items()],
            notes=[LoadedNote(60 + k, f"«Цитата {k}»", "C5.1", "+"), LoadedNote(90, "Без индикатора")],
            started_at=NOW,
            submitted_at=NOW + timedelta(minutes=40),
        )
        for k in range(3)
    ]


def load(world: World, rows: list[LoadedSheet]) -> object:
    return load_ratings(actor=world.cast.office, project=world.cast.project, rows=rows, at=NOW)


def test_a_stranger_loads_nothing(world: World, rows: list[LoadedSheet]) -> None:
    with pytest.raises(NotPermitted):
        load_ratings(actor=world.cast.stranger, project=world.cast.project, rows=rows, at=NOW)


def test_sheets_are_loaded_whole_and_loading_again_adds_nothing(
    world: World, rows: list[LoadedSheet]
) -> None:
    done = load_ratings(actor=world.cast.office, project=world.cast.project, rows=rows, at=NOW)
    assert (done.appointments, done.notes, done.ratings, done.unchanged) == (3, 6, 12, 0)
    again = load_ratings(actor=world.cast.office, project=world.cast.project, rows=rows, at=NOW)
    assert (again.appointments, again.unchanged) == (0, 3)
    assert Rating.objects.count() == 12
    scored = queries.ratings_for_scoring([world.participation.id])
    assert len(scored) == 12
    assert {(row.competency_code, row.value) for row in scored} == set(LEVELS.items())
    assert queries.sheet(Appointment.objects.get(assessor=rows[0].assessor)).notes[-1].text == "«Цитата 0»"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ratings": [LoadedRating("C5", 7)]}, "уровня 7 нет"),
        ({"ratings": [LoadedRating("C1", 3)]}, "не оценивается"),
        ({"ratings": [LoadedRating("C5", 3)]}, "Нет оценки: C4, C6, C8"),
        ({"ratings": [LoadedRating("C5", 3), LoadedRating("C5", 4)], "submitted_at": None}, "дважды"),
        ({"notes": [LoadedNote(60, "x", "C1.1", "+")]}, "C1.1"),
        ({"role": "judge"}, "Роли «judge» нет"),
        ({"instrument": "E9"}, "нет упражнения E9"),
    ],
)
def test_one_wrong_sheet_refuses_all_and_is_named(
    world: World, rows: list[LoadedSheet], change: dict[str, object], says: str
) -> None:
    rows[1] = replace(rows[1], **change)  # type: ignore[arg-type]
    with pytest.raises(SheetRefused) as refusal:
        load(world, rows)
    assert says in refusal.value.message("ru")
    assert "Лист 2" in refusal.value.message("ru")
    assert Appointment.objects.count() == 2
    assert not Note.objects.exists()


def test_a_conflict_of_interest_refuses_the_load(world: World, rows: list[LoadedSheet]) -> None:
    declare_conflict(
        actor=world.cast.office, person=rows[2].assessor, other=world.participation.person, kind="kin", at=NOW
    )
    with pytest.raises(SheetRefused) as refusal:
        load(world, rows)
    assert "родственники" in refusal.value.message("ru")


def test_the_number_of_queries_does_not_grow_with_notes_and_ratings(
    world: World, rows: list[LoadedSheet]
) -> None:
    more = [replace(row, notes=[LoadedNote(k, f"n{k}", "C5.1", "+") for k in range(20)]) for row in rows]
    with CaptureQueriesContext(
        connection,
    ) as few:
        load(world, rows[:1])
    with CaptureQueriesContext(connection) as many:
        load(world, more[1:2])
    assert len(many) <= len(few) + 2
