"""Adverse impact: published examples, exact tests against scipy, intervals that hold, groups too small to be shown."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from kamerton.measure.fairness import adverse_impact

FOLDER = (
    Path(os.environ.get("KAMERTON_REFERENCE") or Path(__file__).parents[4] / "shared" / "reference")
    / "methods"
)


def people(**groups: tuple[int, int]) -> tuple[list[int], list[str]]:
    """Name → (selected, n)."""
    chosen, labels = [], []
    for name, (x, n) in groups.items():
        chosen += [1] * x + [0] * (n - x)
        labels += [name] * n
    return chosen, labels


@pytest.mark.parametrize("case_id", ["80_40_applicants", "small_n_no_significance"])
def test_agrees_with_the_worked_examples(case_id: str) -> None:
    if not FOLDER.is_dir():
        pytest.skip("no reference data; set KAMERTON_REFERENCE")
    cases = json.loads((FOLDER / "adverse_impact.json").read_text(encoding="utf-8"))["cases"]
    case = next(c for c in cases if c["id"] == case_id)
    given, told = case["inputs"], case["expected"]
    found = adverse_impact(
        *people(ref=(given["sel_ref"], given["n_ref"]), focal=(given["sel_focal"], given["n_focal"]))
    )
    focal = found.groups[1]
    assert found.reference == "ref" and found.groups[0].rate == pytest.approx(told["SR_ref"])
    for name, value in (("rate", "SR_focal"), ("ratio", "IR"), ("z", "Z"), ("p_z", "p_Z"), ("p_fisher", "p_fisher"), ("shortfall", "shortfall")):  # fmt: skip
        assert getattr(focal, name) == pytest.approx(told[value], abs=1e-6), name
    assert focal.below_four_fifths is told["four_fifths_flag"]


def test_exactly_four_fifths_is_not_below() -> None:
    """Uniform Guidelines, questions and answers (1979): 48 of 100 beside 60 of 100 is 0.80 and not flagged."""
    found = {
        g.group: g
        for g in adverse_impact(
            *people(white=(60, 100), indian=(45, 100), hispanic=(48, 100), black=(51, 100))
        ).groups
    }
    assert {name: g.below_four_fifths for name, g in found.items()} == {
        "white": False, "indian": True, "hispanic": False, "black": False
    }  # fmt: skip


def test_the_interval_holds_the_true_ratio_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    hits = []
    for _ in range(1500):
        x, y = int(rng.binomial(40, 0.25)), int(rng.binomial(90, 0.5))
        found = adverse_impact(*people(a=(x, 40), b=(y, 90)))
        one = next((g for g in found.groups if g.group == "a"), None)
        if one is None or found.reference == "a" or one.interval is None:
            continue
        hits.append(one.interval.low <= 0.5 <= one.interval.high)
    assert 0.93 < np.mean(hits) < 0.97


def test_the_interval_agrees_with_the_test_at_its_edge_and_exists_for_nobody_selected() -> None:
    none = adverse_impact(*people(a=(0, 30), b=(15, 40))).groups[1]
    assert none.ratio == 0 and none.interval is not None
    assert none.interval.low == 0 and 0 < none.interval.high < 0.6


def test_mid_p_lies_below_fisher_and_both_follow_scipy() -> None:
    found = adverse_impact(*people(a=(4, 20), b=(14, 30))).groups[1]
    assert found.p_fisher == pytest.approx(stats.fisher_exact([[4, 16], [14, 16]])[1])
    assert found.p_mid < found.p_fisher


def test_counts_whose_change_would_turn_the_verdict() -> None:
    assert adverse_impact(*people(a=(39, 100), b=(50, 100))).groups[1].flip_flop == 1
    assert adverse_impact(*people(a=(30, 100), b=(50, 100))).groups[1].flip_flop == 10


def test_small_groups_are_not_judged_and_not_shown_even_by_subtraction() -> None:
    found = adverse_impact(*people(a=(20, 40), b=(4, 12), c=(1, 3), d=(15, 30)))
    assert found.hidden == ("c", "b") and {g.group for g in found.groups} == {"a", "d"}
    weak = adverse_impact(*people(a=(5, 20), b=(1, 10))).groups[1]
    assert "0.5 would be found" in weak.cannot_be_judged
    strong = adverse_impact(*people(a=(200, 400), b=(60, 200))).groups[1]
    assert strong.cannot_be_judged == ""


@pytest.mark.parametrize(
    ("selected", "group", "words"),
    [
        ([1, 0, 2], list("aab"), "0 and 1"),
        ([1, 0], list("aab"), "one entry a person"),
        ([1, 0, 1], list("aab"), "nothing can be compared"),
    ],
)
def test_refuses_in_words(selected: list[int], group: list[str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        adverse_impact(selected, group)
