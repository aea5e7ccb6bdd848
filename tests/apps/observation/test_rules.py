from __future__ import annotations

from datetime import timedelta

from kamerton.apps.observation import rules
from tests.cast import NOW


def rating(code: str, value: int | None = None, reason: str = "") -> rules.CurrentRating:
    return rules.CurrentRating(code, value, reason)


def test_a_sheet_is_missing_what_has_neither_level_nor_reason() -> None:
    verdict = rules.judge_sheet(
        competencies=["C4", "C5", "C6"],
        ratings=[rating("C4", 3), rating("C6", reason="not_observed")],
        noted=frozenset(),
    )
    assert verdict.missing == ("C5",)
    assert not verdict.is_complete


def test_an_end_of_the_scale_without_a_note_is_a_warning_and_no_refusal() -> None:
    verdict = rules.judge_sheet(
        competencies=["C4", "C5", "C6", "C8"],
        ratings=[rating("C4", 1), rating("C5", 5), rating("C6", 5), rating("C8", 2)],
        noted=frozenset({"C5"}),
    )
    assert verdict.unsupported == ("C4", "C6")
    assert verdict.is_complete


def test_two_levels_apart_are_marked_and_one_is_not() -> None:
    assert rules.is_apart(rules.difference([2, 4]))
    assert not rules.is_apart(rules.difference([3, 4]))


def test_a_rating_alone_has_no_difference() -> None:
    assert rules.difference([4, None]) is None
    assert not rules.is_apart(None)


def test_not_observed_stays_out_of_the_mean() -> None:
    assert rules.raw_mean([4, None, 3]) == 3.5
    assert rules.raw_mean([None]) is None


def test_the_clock_says_what_is_left_and_what_is_over() -> None:
    running = rules.clock(started_at=NOW, minutes=25, now=NOW + timedelta(minutes=12, seconds=38))
    assert running is not None
    assert (running.elapsed, running.remaining, running.over) == (758, 742, 0)
    late = rules.clock(started_at=NOW, minutes=25, now=NOW + timedelta(minutes=26))
    assert late is not None
    assert (late.remaining, late.over) == (0, 60)
    assert rules.clock(started_at=None, minutes=25, now=NOW) is None


def test_marks_of_the_script_read_as_seconds_and_back() -> None:
    assert rules.seconds_of("13:30") == 810
    assert rules.mark_of(751) == "12:31"
    assert rules.mark_of(rules.seconds_of("61:05")) == "61:05"


def test_a_level_is_a_whole_number_of_the_scale() -> None:
    assert [rules.is_level(v) for v in (1, 5, 0, 6, True, 3.0, None)] == [
        True,
        True,
        False,
        False,
        False,
        False,
        False,
    ]
