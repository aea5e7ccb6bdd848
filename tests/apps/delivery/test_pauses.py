"""The clock that can stand: what a pause does to the deadline, whoever orders it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamerton.apps.delivery import queries, rules
from kamerton.apps.delivery.actions import (
    NoBreak,
    SittingOver,
    end_break,
    finish_sitting,
    grant_time,
    note_address,
    note_event,
    pause_sitting,
    record_answer,
    resume_sitting,
    take_break,
)
from kamerton.apps.delivery.actions.note_event import MOST_EVENTS
from kamerton.apps.delivery.models import Event, Sitting
from kamerton.apps.records.actors import OPERATOR, Actor
from kamerton.apps.records.errors import InvalidInput, NotPermitted
from kamerton.apps.records.models import Audit
from tests.fixtures.delivery import GOOD, NOW, World, make_world, start

START = datetime(2026, 11, 24, 9, tzinfo=UTC)


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


def clock(*stops: rules.Stop) -> rules.Clock:
    return rules.Clock(START, 1800, Decimal(1), 0, stops=stops)


def test_an_ended_pause_moves_the_deadline_by_its_length() -> None:
    paused = clock(rules.Stop(START + minutes(5), START + minutes(12)))
    assert paused.deadline(START + minutes(60)) == START + minutes(37)
    assert (
        paused.remaining_seconds(START + minutes(5))
        == 25 * 60
        == paused.remaining_seconds(START + minutes(11))
    )
    assert paused.is_paused(START + minutes(6)) is False, "it has ended, whatever the moment asked about"
    assert not paused.is_over(START + minutes(36)) and paused.is_over(START + minutes(38))


def test_an_open_pause_keeps_time_from_running_out_and_a_break_ends_by_itself() -> None:
    office = clock(rules.Stop(START + minutes(29)))
    assert not office.is_over(START + minutes(500)) and office.remaining_seconds(START + minutes(500)) == 60
    assert office.is_paused(START + minutes(500))
    rest = clock(rules.Stop(START + minutes(10), None, 600))
    assert rest.is_paused(START + minutes(19)) and not rest.is_paused(START + minutes(21))
    assert rest.deadline(START + minutes(60)) == START + minutes(40)


def test_two_stops_over_each_other_count_once() -> None:
    both = clock(
        rules.Stop(START + minutes(5), START + minutes(15)),
        rules.Stop(START + minutes(10), START + minutes(20)),
    )
    assert both.stood_still(START + minutes(60)) == minutes(15)


moments = st.integers(0, 3000).map(lambda second: START + timedelta(seconds=second))
stops = st.builds(
    lambda a, b, is_open, limit: rules.Stop(min(a, b), None if is_open else max(a, b), limit),
    moments, moments, st.booleans(), st.none() | st.integers(0, 900),
)  # fmt: skip


@given(st.lists(stops, max_size=5), moments, moments)
def test_time_left_never_grows_by_itself_and_the_clock_never_runs_backwards(chosen: list[rules.Stop], a: datetime, b: datetime) -> None:  # fmt: skip
    early, late = min(a, b), max(a, b)
    one = clock(*chosen)
    assert one.remaining_seconds(late) <= one.remaining_seconds(early)
    assert one.deadline(early) <= one.deadline(late)
    assert timedelta(0) <= one.stood_still(late) <= late - START
    assert one.remaining_seconds(early) - one.remaining_seconds(late) <= (late - early).total_seconds() + 1


@pytest.fixture
def world(cast: object) -> World:
    return make_world(cast.project)  # type: ignore[attr-defined]


@pytest.fixture
def sitting(world: World) -> Sitting:
    return start(world)


@pytest.mark.django_db
def test_the_office_stops_the_clock_and_lets_it_run_again(world: World, sitting: Sitting) -> None:
    at = NOW + minutes(10)
    first = pause_sitting(actor=OPERATOR, sitting=sitting, reason="Пожарная тревога", at=at)
    assert pause_sitting(actor=OPERATOR, sitting=sitting, reason="ещё раз", at=at + minutes(1)).id == first.id
    assert queries.running_pause(sitting, at + minutes(90)) == first
    late = at + minutes(90)
    saved = record_answer(
        actor=world.candidate, sitting=sitting, item=world.part("T01"), response=GOOD["T01"], uuid=first.id, seq=1, epoch=1, at=late
    )  # fmt: skip
    assert not saved.is_late and saved.clock.is_paused(late)
    assert resume_sitting(actor=OPERATOR, sitting=sitting, at=late)
    assert not resume_sitting(actor=OPERATOR, sitting=sitting, at=late), "a second press changes nothing"
    assert queries.clock_of(sitting).deadline(late) == NOW + minutes(30 + 90)
    assert [event.kind for event in queries.events_of(sitting)] == ["started", "paused", "resumed"]
    assert Audit.objects.filter(verb__in=["pause_sitting", "resume_sitting"]).count() == 2


@pytest.mark.django_db
def test_a_pause_needs_a_right_a_reason_and_a_running_clock(world: World, sitting: Sitting) -> None:
    with pytest.raises(NotPermitted):
        pause_sitting(actor=world.candidate, sitting=sitting, reason="сам", at=NOW)
    with pytest.raises(NotPermitted):
        resume_sitting(
            actor=Actor("user", "1", "x", world.project.id, roles=frozenset({"leader"})),
            sitting=sitting,
            at=NOW,
        )
    with pytest.raises(InvalidInput, match="почему"):
        pause_sitting(actor=OPERATOR, sitting=sitting, reason=" ", at=NOW)
    with pytest.raises(SittingOver):
        pause_sitting(actor=OPERATOR, sitting=sitting, reason="поздно", at=NOW + minutes(31))
    grant_time(actor=OPERATOR, sitting=sitting, seconds=600, reason="связь", at=NOW + minutes(31))
    assert pause_sitting(actor=OPERATOR, sitting=sitting, reason="свет", at=NOW + minutes(31))
    finish_sitting(actor=world.candidate, sitting=sitting, confirm_missing=True, at=NOW + minutes(32))
    with pytest.raises(SittingOver):
        take_break(actor=world.candidate, sitting=sitting, at=NOW + minutes(33))


@pytest.mark.django_db
def test_one_break_where_the_form_allows_it(cast: object, world: World, sitting: Sitting) -> None:
    from dataclasses import replace

    from kamerton.apps.records.actions import create_project
    from tests.fixtures.delivery import FORM

    with pytest.raises(NoBreak):
        take_break(actor=world.candidate, sitting=sitting, at=NOW)
    other = make_world(
        create_project(actor=OPERATOR, slug="rest", name={"ru": "Отдых"}, at=NOW),
        document=replace(FORM, break_minutes=10),
    )
    sat = start(other)
    taken = take_break(actor=other.candidate, sitting=sat, at=NOW + minutes(5))
    assert take_break(actor=other.candidate, sitting=sat, at=NOW + minutes(6)).id == taken.id, (
        "a second click"
    )
    assert end_break(actor=other.candidate, sitting=sat, at=NOW + minutes(9))
    assert not end_break(actor=other.candidate, sitting=sat, at=NOW + minutes(9))
    assert queries.clock_of(sat).deadline(NOW + minutes(9)) == NOW + minutes(34)
    with pytest.raises(NoBreak):
        take_break(actor=other.candidate, sitting=sat, at=NOW + minutes(10))
    with pytest.raises(NotPermitted):
        end_break(actor=world.candidate, sitting=sat, at=NOW)


@pytest.mark.django_db
def test_the_log_keeps_what_the_candidate_was_told_and_no_more(world: World, sitting: Sitting) -> None:
    assert note_event(actor=world.candidate, sitting=sitting, kind="paste", number=9, at=NOW)
    with pytest.raises(InvalidInput):
        note_event(actor=world.candidate, sitting=sitting, kind="keystrokes", at=NOW)
    assert note_address(actor=world.candidate, sitting=sitting, address="192.0.2.7", at=NOW)
    assert not note_address(actor=world.candidate, sitting=sitting, address="192.0.2.7", at=NOW)
    assert note_address(actor=world.candidate, sitting=sitting, address="192.0.2.8", at=NOW)
    kept = Event.objects.filter(sitting=sitting, kind="address").order_by("id")
    assert [event.details["first"] for event in kept] == [True, False]
    assert not any("192.0.2" in str(event.details) for event in kept), "the address itself is not kept"
    for _ in range(MOST_EVENTS):
        note_event(actor=world.candidate, sitting=sitting, kind="focus_lost", at=NOW)
    assert not note_event(actor=world.candidate, sitting=sitting, kind="focus_lost", at=NOW)
    finish_sitting(actor=world.candidate, sitting=sitting, confirm_missing=True, at=NOW)
    assert not note_event(actor=world.candidate, sitting=sitting, kind="paste", at=NOW)
