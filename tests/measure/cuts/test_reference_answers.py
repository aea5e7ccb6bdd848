"""Known answers: worked examples of cut scores; knots and link errors worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from kamerton.measure.cuts import (
    angoff,
    bookmark,
    contrasting_groups,
    panel_link,
    response_probability_location,
)
from kamerton.measure.linking import link_error
from tests.measure.agreement.reference import cases


def test_angoff_equals_the_worked_example():
    known = cases("cut_scores")["angoff_3x5"]
    panel = angoff(known["inputs"]["ratings"])
    assert panel.judges["round1"] == pytest.approx(known["expected"]["judge_sums"], abs=1e-9)
    assert panel.cut.value == pytest.approx(known["expected"]["cut"], abs=1e-9)
    assert panel.cut.se == pytest.approx(known["expected"]["SE"], abs=1e-9)


def test_bookmark_equals_the_worked_example():
    known = cases("cut_scores")["bookmark_rasch_rp67"]
    given, expected = known["inputs"], known["expected"]
    cut = bookmark(given["item_b"], given["bookmarks"], slope=given["a"], rp=given["RP"])
    assert cut.value == pytest.approx(expected["cut_median"], abs=1e-9)
    each = [
        bookmark(given["item_b"], [mark, mark], slope=given["a"], rp=given["RP"]).value
        for mark in given["bookmarks"]
    ]
    assert each == pytest.approx(expected["theta"], abs=1e-9)
    assert float(response_probability_location([0.0], rp=2 / 3)[0]) == pytest.approx(np.log(2))
    assert float(response_probability_location([0.0], rp=0.67)[0]) == pytest.approx(0.7082, abs=5e-5)
    assert float(response_probability_location([0.0], rp=0.5)[0]) == 0


def test_contrasting_groups_equal_the_worked_example():
    known = cases("cut_scores")["contrasting_groups"]
    given, expected = known["inputs"], known["expected"]
    found = contrasting_groups(given["score"], n_master=given["n_master"], n_other=given["n_nonmaster"])
    assert (found.intercept, found.slope) == pytest.approx((expected["b0"], expected["b1"]), abs=1e-5)
    assert found.cut.value == pytest.approx(expected["cut"], abs=1e-5)
    assert found.midpoint.value == pytest.approx(expected["midpoint_of_means"], abs=1e-5)


def test_the_link_of_a_panel_equals_the_one_worked_by_hand():
    # Two items of 2 and 4 points, three judges; knots are means of the judges' sums.
    sums = np.array([[1.0, 2.0, 3.0, 4.0], [1.3, 2.3, 3.3, 4.3], [0.7, 1.7, 2.7, 3.7]])
    expected = np.stack([sums / 3, 2 * sums / 3], axis=1)
    found = panel_link(expected, item_max=[2, 4])
    assert found.knots["points"] == pytest.approx([1, 2, 3, 4])
    assert found.knots["sd"] == pytest.approx([0.3] * 4)
    assert found.link.panel_sd == pytest.approx(0.3)  # one point a level
    assert found.link.se == pytest.approx(link_error(0.3, 3)) == pytest.approx(np.sqrt(0.03 + 0.01))
    point = found.level_at(2.5)
    assert (point.level, point.se) == pytest.approx((3.0, 0.2))
    assert found.cut_score(2.5).score == pytest.approx(2.0)
