from __future__ import annotations

import pytest

from kamerton.apps.decisions import rules
from kamerton.apps.decisions.models import Decision, FitResult


def test_every_category_has_a_proposal_a_heading_and_words() -> None:
    for category in FitResult.Category.values:
        assert rules.proposed_outcome(category) in Decision.Outcome.values
        for texts in (rules.GROUP_HEADINGS, rules.CATEGORY_WORDS):
            assert set(texts[category]) == {"ru", "en"}
    assert set(rules.CATEGORIES) == set(FitResult.Category.values)
    assert set(rules.OUTCOMES) == set(Decision.Outcome.values) == set(rules.OUTCOME_WORDS)


@pytest.mark.parametrize(
    ("category", "outcome"),
    [("ready", "appoint"), ("probably_ready", "appoint"), ("open", "more_evidence"), ("insufficient", "more_evidence"),
     ("not_a", "more_evidence"), ("developing", "develop"), ("other_role", "other_role"), ("not_now", "not_now")],
)  # fmt: skip
def test_proposes_by_category(category: str, outcome: str) -> None:
    assert rules.proposed_outcome(category) == outcome


@pytest.mark.parametrize(
    ("distance", "step"),
    [(-1.75, "n3"), (-1.74, "n2"), (-1.0, "n2"), (-0.99, "n1"), (-0.25, "n1"), (-0.24, "z"), (0.24, "z"), (0.25, "p1"), (0.74, "p1"), (0.75, "p2")],
)  # fmt: skip
def test_a_bound_belongs_to_the_step_farther_from_zero(distance: float, step: str) -> None:
    assert rules.heat_step(distance, 0.0) == step


def test_marks_what_the_interval_says_about_the_cut() -> None:
    assert rules.mark_of(2.4, 0.2, 2.5) == "crosses"
    assert rules.mark_of(2.2, 0.2, 2.5) == "below"
    assert rules.mark_of(2.3, 0.2, 2.5) == "crosses"  # its upper end touches the cut
    assert rules.mark_of(2.7, 0.2, 2.5) == ""


@pytest.mark.parametrize(
    ("value", "reliability", "flags", "shown"),
    [(3.0, 0.70, [], "number"), (3.0, 0.69, [], "band"), (3.0, 0.49, [], "too_little"), (3.0, None, ["assumed_error"], "number"),
     (3.0, 0.9, ["insufficient"], "too_little"), (None, None, [], "not_observed")],
)  # fmt: skip
def test_reliability_decides_between_number_and_band(
    value: float | None, reliability: float | None, flags: list[str], shown: str
) -> None:
    assert rules.how_to_show(value, reliability, flags) == shown


def test_a_band_holds_the_levels_that_one_se_touches() -> None:
    assert rules.band_of(2.9, 0.3) == (3, 3)
    assert rules.band_of(2.9, 0.5) == (2, 3)
    assert rules.band_of(4.9, 0.6) == (4, 5)
    assert rules.band_of(1.1, 0.9) == (1, 2)


def test_names_a_strength_only_where_two_competencies_differ_by_more_than_their_error() -> None:
    # SE .30 each, independent: 1.96·√(.09 + .09) = .83 by hand.
    v = [[0.09, 0.0, 0.0], [0.0, 0.09, 0.0], [0.0, 0.0, 0.09]]
    close = rules.differences({"A": 3.0, "B": 3.4, "C": 3.8}, ["A", "B", "C"], v)
    assert (close.strengths, close.gaps) == ((), ())
    apart = rules.differences({"A": 3.0, "B": 3.4, "C": 3.9}, ["A", "B", "C"], v)
    assert (apart.strengths, apart.gaps) == (("C",), ("A",))
    assert apart.threshold == pytest.approx(0.8316, abs=1e-4)


def test_shared_error_makes_competencies_easier_to_tell_apart() -> None:
    v = [[0.09, 0.06], [0.06, 0.09]]
    # 1.96·√(.09 + .09 − .12) = .48 by hand.
    assert rules.differences({"A": 3.0, "B": 3.5}, ["A", "B"], v).strengths == ("B",)


def test_a_competency_without_an_estimate_is_left_out_of_the_differences() -> None:
    v = [[0.01, 0.0], [0.0, None]]
    assert rules.differences({"A": 1.0}, ["A", "B"], v).strengths == ()


def test_two_people_half_an_error_apart_are_not_distinguishable() -> None:
    # (3.4 − 3.2)/√(.25² + .25²) = .566; Φ(.566) = .714, from tables.
    p = rules.probability_higher(3.4, 0.25, 3.2, 0.25)
    assert p == pytest.approx(0.714, abs=1e-3)
    assert p < rules.DISTINGUISHABLE


@pytest.mark.parametrize(("ready", "developing"), [(0.0, 0.0), (3.7, 2.2), (20.0, 5.0), (1.2, 30.0)])
def test_each_row_of_seats_adds_up(ready: float, developing: float) -> None:
    rows = rules.split_seats([4, 4, 1], ready, developing, 0.5)
    for row in rows:
        assert row.seats - row.ready - row.growing == row.hire >= 0
    assert sum(row.ready for row in rows) == min(9, int(ready + 0.5))


def test_a_decided_case_says_whether_the_newest_run_would_change_it() -> None:
    def of(run: int, category: str) -> str:
        return rules.standing(
            decided_run=1, decided_category="ready", newest_run=run, newest_category=category
        ).kind

    assert (of(1, "ready"), of(2, "ready"), of(2, "open")) == ("current", "newer_unchanged", "newer_changes")


@pytest.mark.parametrize(
    ("p", "en"),
    [(0.95, "almost certainly"), (0.94, "very likely"), (0.5, "more likely than not"), (0.2, "open, more evidence needed"), (0.19, "unlikely")],
)  # fmt: skip
def test_words_of_a_probability(p: float, en: str) -> None:
    assert rules.probability_words(p)["en"] == en
