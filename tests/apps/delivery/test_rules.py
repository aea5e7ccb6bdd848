"""The clock, the order of answers, pages, links: tables, no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamerton.apps.delivery import rules
from tests.fixtures.delivery import FORM

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "factor", "granted", "deadline_minutes"),
    [
        (30, "1", 0, 30),
        (30, "1.5", 0, 45),
        (30, "1.25", 0, 37.5),
        (30, "1", 600, 40),
        (30, "2", 600, 70),
        (30, "4", 0, 120),
    ],
)
def test_the_deadline_is_start_plus_limit_times_factor_plus_grants(
    minutes: int, factor: str, granted: int, deadline_minutes: float
) -> None:
    clock = rules.Clock(START, minutes * 60, Decimal(factor), granted)
    assert clock.deadline(START) == START + timedelta(minutes=deadline_minutes)


@pytest.mark.parametrize(
    ("seconds", "remaining", "over", "closed"),
    [(0, 1800, False, False), (1799, 1, False, False), (1800, 0, False, False), (1801, 0, True, False),
     (1830, 0, True, False), (1831, 0, True, True), (-60, 1860, False, False)],
)  # fmt: skip
def test_what_is_left_of_half_an_hour(seconds: int, remaining: int, over: bool, closed: bool) -> None:
    clock = rules.Clock(START, 1800, Decimal(1))
    at = START + timedelta(seconds=seconds)
    assert (clock.remaining_seconds(at), clock.is_over(at), clock.is_closed(at)) == (remaining, over, closed)


def test_paper_has_no_clock() -> None:
    clock = rules.Clock(START, 1800, Decimal(1), on_paper=True)
    assert not clock.is_late(START + timedelta(days=9), None)


@pytest.mark.parametrize(
    ("answered", "omitted", "not_reached"),
    [
        ("", "", "abcd"),
        ("a", "", "bcd"),
        ("d", "abc", ""),
        ("ac", "b", "d"),
        ("abcd", "", ""),
        ("bd", "ac", ""),
    ],
)
def test_a_gap_is_omitted_and_the_last_run_not_reached(answered: str, omitted: str, not_reached: str) -> None:
    missing = rules.missing_items("abcd", set(answered))
    assert ("".join(missing.omitted), "".join(missing.not_reached)) == (omitted, not_reached)


rows = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(1, 3), st.integers(0, 5), st.booleans()), max_size=12
)


@given(rows, st.randoms())
def test_what_counts_does_not_depend_on_the_order_of_reading(
    entries: list[tuple[str, int, int, bool]], rng
) -> None:
    log = [rules.LoggedAnswer(n, *entry) for n, entry in enumerate(entries)]
    shuffled = list(log)
    rng.shuffle(shuffled)
    counting = rules.current_ids(log)
    assert counting == rules.current_ids(shuffled)
    for item, row_id in counting.items():
        assert not log[row_id].is_late
        assert all(log[row_id].order >= row.order for row in log if row.item == item and not row.is_late)


def test_neighbours_that_share_a_stimulus_stand_on_one_page() -> None:
    pages = rules.pages_of(FORM.items)
    assert [(p.first, p.last) for p in pages] == [
        (1, 1),
        (2, 2),
        (3, 4),
        (5, 5),
        (6, 6),
        (7, 7),
        (8, 8),
        (9, 9),
    ]
    assert [p.number for p in pages] == list(range(1, 9))


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, "open"),
        ({"is_withdrawn": True, "is_revoked": True}, "withdrawn"),
        ({"is_revoked": True}, "revoked"),
        ({"expires_at": START - timedelta(seconds=1)}, "expired"),
        ({"is_retired": True}, "retired"),
        ({"is_retired": True, "has_started": True}, "open"),
        ({"closes_at": START - timedelta(days=1)}, "closed"),
        ({"closes_at": START - timedelta(days=1), "has_started": True}, "open"),
    ],
)
def test_the_state_of_a_link(change: dict[str, object], state: str) -> None:
    facts: dict[str, object] = {
        "at": START, "expires_at": START + timedelta(days=1), "is_revoked": False, "is_withdrawn": False,
        "closes_at": START + timedelta(days=1), "is_retired": False, "has_started": False,
    }  # fmt: skip
    assert rules.link_state(**(facts | change)) == state  # type: ignore[arg-type]
