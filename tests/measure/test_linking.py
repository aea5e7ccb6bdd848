"""Blocks: links, errors, flags (SCORING A1)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamerton.measure.linking import BlockLink, knots_from_judges, link_error, score_block, score_blocks

LINK = BlockLink(np.array([1.2, 2.4, 3.8, 5.0]), 6, 0.35, 8)
MAXIMA = [1, 1, 2, 2]


def test_reads_the_knots_as_the_levels_they_were_judged_for() -> None:
    np.testing.assert_allclose(LINK.to_level([0, 1.2, 2.4, 3.8, 5.0, 6]), [1, 1.5, 2.5, 3.5, 4.5, 5])


@given(st.floats(1, 5))
def test_level_to_score_and_back(level: float) -> None:
    assert float(LINK.to_level(LINK.to_score(level))) == pytest.approx(level, abs=1e-12)


def test_link_error_adds_the_shared_part_in_quadrature() -> None:
    # 0.35/√8 = 0.12374; √(0.12374² + 0.10²) = 0.15910, close to the stated default .16
    assert link_error(0.35, 8) == pytest.approx(0.15910, abs=5e-6)
    assert link_error(None, 0) == 0.16


def test_perfect_and_zero_blocks_are_at_the_limit_with_a_one_sided_interval() -> None:
    top, bottom = score_block([1, 1, 2, 2], MAXIMA, LINK), score_block([0, 0, 0, 0], MAXIMA, LINK)
    assert (top.value, bottom.value) == (5.0, 1.0)
    assert "at_limit" in top.flags and "at_limit" in bottom.flags
    assert (top.one_sided, bottom.one_sided) == ("lower", "upper")
    assert top.interval()[1] == 5.0 and bottom.interval()[0] == 1.0
    # one-sided 80 %: z = 0.8416
    assert top.interval()[0] == pytest.approx(5 - 0.8416212 * top.se, abs=1e-6)


def test_flags_an_error_held_up_by_the_bound_on_q() -> None:
    assert "error_floor" in score_block([1, 1, 2, 2], MAXIMA, LINK).flags
    assert "error_floor" not in score_block([1, 0, 1, 1], MAXIMA, LINK).flags


def test_twenty_percent_missing_is_carried_and_more_is_insufficient() -> None:
    carried = score_block([np.nan, 1, 2, 1], MAXIMA, LINK)
    assert carried.flags == ("prorated",) and carried.n == 3
    assert carried.value == pytest.approx(float(LINK.to_level(4 * 6 / 5)))
    lost = score_block([1, 1, np.nan, 1], MAXIMA, LINK)
    assert "insufficient" in lost.flags and np.isnan(lost.value)


def test_omitted_is_zero_and_not_missing() -> None:
    assert score_block([0, 1, 2, 1], MAXIMA, LINK).value < score_block([np.nan, 1, 2, 1], MAXIMA, LINK).value


def test_levels_whose_knots_are_closer_than_half_a_point_are_reported_as_one_band() -> None:
    tight = BlockLink(np.array([1.0, 1.3, 3.0, 4.0]), 5)
    assert tight.levels_not_separated == (2,)
    assert tight.band(2.0) == (1, 3) and tight.band(3.0) == (1, 3) and tight.band(4.0) == (4, 4)
    assert LINK.band(3.2) == (3, 3)


def test_two_markers_halve_the_text_variance() -> None:
    args = {"item_partial": [False, False, True, True], "item_text": [False, False, False, True]}
    one = score_block([1, 0, 1, 1], MAXIMA, LINK, text_raters=[1, 1, 1, 1], **args).se_test ** 2
    two = score_block([1, 0, 1, 1], MAXIMA, LINK, text_raters=[1, 1, 1, 2], **args).se_test ** 2
    # 0.20²·2²/slope² for one marker, half of it for two; slope = 3.8/3
    assert one - two == pytest.approx(0.5 * 0.16 / (3.8 / 3) ** 2)


def test_knots_that_fall_are_forced_up_and_it_is_said() -> None:
    judged = np.array([[[0.2, 0.4, 0.3, 0.9]], [[0.2, 0.4, 0.3, 0.7]]])
    knots, forced = knots_from_judges(judged)
    np.testing.assert_allclose(knots, [0.2, 0.4, 0.401, 0.8])
    assert forced


@pytest.mark.parametrize(
    ("knots", "word"),
    [([1.0, 0.9, 3, 4], "rise strictly"), ([0.0, 1, 3, 4], "rise strictly"), ([1, 2, 3, 5], "rise strictly")],
)
def test_refuses_knots_that_do_not_rise(knots: list[float], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        BlockLink(np.array(knots), 5)


def test_refuses_a_score_above_the_maximum_and_names_the_item() -> None:
    with pytest.raises(ValueError, match=r"item 2 of person 0 has score 3, outside 0…2"):
        score_block([1, 1, 3, 1], MAXIMA, LINK)


def test_refuses_a_link_of_another_form() -> None:
    with pytest.raises(ValueError, match="sum to 4 points but the link was judged for 6"):
        score_blocks(
            np.zeros((1, 2)),
            item_block=[0, 0],
            item_max=[2, 2],
            item_partial=[1, 1],
            item_text=[0, 0],
            links=[LINK],
        )
