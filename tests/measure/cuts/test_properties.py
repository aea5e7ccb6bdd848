"""Invariances, limits, warnings by name and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from kamerton.measure.cuts import (
    angoff,
    bookmark,
    borderline_group,
    borderline_regression,
    contrasting_groups,
    hofstee,
    panel_link,
    response_probability_location,
)


def judged(seed=51, judges=9, items=12):
    rng = np.random.default_rng(seed)
    return np.clip(rng.uniform(0.3, 0.8, items) + rng.normal(0, 0.06, (judges, items)), 0, 1)


def codes(flags):
    return {f.code for f in flags}


def test_rounds_show_the_panel_coming_together():
    first = judged()
    second = first.mean(axis=0) + 0.5 * (first - first.mean(axis=0))
    panel = angoff([first, second])
    assert panel.rounds["cut"][0] == pytest.approx(panel.rounds["cut"][1])
    assert panel.rounds["sd"][1] == pytest.approx(panel.rounds["sd"][0] / 2)
    assert panel.rounds["moved"][1] > 0 and np.isnan(panel.rounds["moved"][0])
    assert panel.cut.value == panel.rounds["cut"][1]
    assert "spread_grew" in codes(angoff([second, first]).flags)


def test_order_of_judges_and_items_changes_no_cut():
    x = judged()
    rng = np.random.default_rng(52)
    y = x[rng.permutation(9)][:, rng.permutation(12)]
    a, b = angoff(x).cut, angoff(y).cut
    assert (a.value, a.se, a.se_items, a.se_both) == pytest.approx((b.value, b.se, b.se_items, b.se_both))
    assert a.se < a.se_both


def test_a_gap_is_filled_at_the_judges_own_level():
    x = judged() * 0.5 + 0.2
    x[0] += 0.1
    gap = x.copy()
    gap[0, 3] = np.nan
    filled = angoff(gap)
    assert "gaps_filled" in codes(filled.flags)
    assert filled.judges["round1"][0] == pytest.approx(x[0].sum(), abs=0.15)
    gap[:, 3] = np.nan
    with pytest.raises(ValueError, match="item 3 was judged by nobody"):
        angoff(gap)


def test_a_judge_apart_a_judge_who_sees_no_difference_and_a_judge_against_the_rest_are_named():
    x = judged(judges=10, items=15) * 0.6 + 0.1
    x[0] += 0.3
    x[1] = 0.5
    x[2] = 1 - x[3]
    found = {f.where: f.code for f in angoff(x, judges=[f"J{j}" for j in range(10)]).flags}
    assert found["J1"] == "same_for_all_items" and found["J2"] == "judge_inconsistent"
    assert found["J0"] == "judge_apart"


def test_difficulties_show_which_judge_knows_the_items():
    x = judged()
    panel = angoff(x, difficulty=x.mean(axis=0))
    assert panel.judges["difficulty"].min() > 0.5
    assert "difficulty" not in angoff(x).judges.columns


def test_percentages_and_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=r"0\.7, not 70"):
        angoff(judged() * 100)
    with pytest.raises(ValueError, match="rounds × judges × items"):
        angoff([0.5, 0.6])
    assert angoff(judged() * 2, item_max=2).cut.value == pytest.approx(2 * angoff(judged()).cut.value)


def knots(judges=8, items=6, seed=53):
    rng = np.random.default_rng(seed)
    base = (
        np.array([0.2, 0.4, 0.65, 0.85]) + rng.normal(0, 0.03, (judges, 1, 1)) + np.zeros((judges, items, 4))
    )
    return np.clip(base, 0, 1)


def test_levels_rise_with_the_score_and_end_at_one_and_five():
    link = panel_link(knots(), item_max=np.ones(6))
    levels = [link.level_at(s).level for s in np.linspace(0, 6, 25)]
    assert levels[0] == 1 and levels[-1] == 5 and np.all(np.diff(levels) > 0)
    for level in (1.5, 2.5, 3.5, 4.5):
        assert link.level_at(link.cut_score(level).score).level == pytest.approx(level)
    with pytest.raises(ValueError, match="from 1 to 5"):
        link.cut_score(6)


def test_more_judges_of_the_same_spread_make_a_smaller_link_error_down_to_what_a_panel_shares():
    rng = np.random.default_rng(54)
    errors = []
    for n in (4, 16, 64, 400):
        x = np.array([0.2, 0.4, 0.6, 0.8]) + rng.normal(0, 0.05, (n, 1, 1)) + np.zeros((n, 10, 4))
        errors.append(panel_link(np.clip(x, 0, 1), item_max=np.ones(10)).link.se)
    assert errors == sorted(errors, reverse=True) and errors[-1] > 0.1


def test_a_panel_that_disagrees_with_the_scale_is_named():
    x = knots()
    x[2, :, 3] = 0.1
    found = panel_link(x, item_max=np.ones(6), judges=list("ABCDEFGH"))
    assert ("judge_order", "C") in {(f.code, f.where) for f in found.flags}
    close = knots(items=2)
    close[:, :, 2] = close[:, :, 1] + 0.05
    assert "levels_not_separated" in codes(panel_link(close, item_max=np.ones(2)).flags)
    falling = knots()
    falling[:, :, 2] = falling[:, :, 1] - 0.1
    assert "order_forced" in codes(panel_link(falling, item_max=np.ones(6)).flags)
    with pytest.raises(ValueError, match=r"judge 0, item 0 at level 4\.5"):
        panel_link(knots() + np.array([0, 0, 0, 0.9]), item_max=np.ones(6))


def test_a_judge_with_gaps_is_scaled_to_the_panel():
    x = knots()
    whole = panel_link(x, item_max=np.ones(6)).judge_knots
    x[0, 5] = np.nan
    found = panel_link(x, item_max=np.ones(6))
    assert "gaps" in codes(found.flags)
    assert found.judge_knots[0] == pytest.approx(whole[0], abs=0.05)


def test_bookmarks_move_with_the_place_and_the_probability_asked_for():
    b = np.linspace(-2, 2, 21)
    marks = [10, 11, 12, 11]
    before, between, at = (bookmark(b, marks, place=p).value for p in ("before", "between", "at"))
    assert before < between < at
    assert bookmark(b, marks, rp=0.5).value < bookmark(b, marks, rp=0.67).value
    assert bookmark(b[::-1], marks).value == bookmark(b, marks).value


def test_bookmarks_at_an_end_a_gap_and_a_guessed_item_are_named():
    found = bookmark([-2, -1, 0, 1.5], [1, 1, 2, 5])
    assert {"end_of_booklet", "gap_in_booklet", "few_judges"} <= codes(found.flags)
    guessed = bookmark([-1, 0, 1], [2, 2], guessing=[0.2, 0.7, 0.2])
    assert "no_location" in codes(guessed.flags)
    assert np.isnan(response_probability_location([0.0], guessing=0.7)[0])
    with pytest.raises(ValueError, match="judge 1 placed the bookmark at 9"):
        bookmark([-1, 0, 1], [2, 9])


def test_tables_that_agree_within_widen_the_error_of_a_bookmark():
    b = np.linspace(-2, 2, 41)
    marks, tables = [15, 15, 16, 22, 22, 23, 28, 28, 29], list("aaabbbccc")
    assert bookmark(b, marks, groups=tables).se > 1.3 * bookmark(b, marks).se
    spread = [15, 22, 28, 15, 22, 28, 16, 23, 29]
    assert bookmark(b, spread, groups=tables).se == pytest.approx(bookmark(b, spread).se)


def groups(seed=55):
    rng = np.random.default_rng(seed)
    x = np.rint(np.concatenate([rng.normal(14, 3, 80), rng.normal(20, 3, 80)]))
    return x, np.repeat([0, 1], 80)


def test_a_dearer_false_pass_moves_the_cut_up():
    x, master = groups()
    cuts = [contrasting_groups(x, master, loss=loss) for loss in (0.5, 1, 2, 4)]
    assert np.all(np.diff([c.cut.value for c in cuts]) > 0)
    assert np.all(np.diff([c.normal.value for c in cuts]) > 0)
    assert np.all(np.diff([c.false_positive for c in cuts]) <= 0)
    assert np.all(np.diff([c.false_negative for c in cuts]) >= 0)


def test_persons_and_counts_give_one_cut_and_a_shift_of_the_scale_shifts_it():
    x, master = groups()
    one = contrasting_groups(x, master)
    points = np.unique(x)
    two = contrasting_groups(
        points,
        n_master=[(x[master == 1] == p).sum() for p in points],
        n_other=[(x[master == 0] == p).sum() for p in points],
    )
    assert one.cut.value == pytest.approx(two.cut.value) and one.cut.se == pytest.approx(two.cut.se)
    moved = contrasting_groups(10 * x + 5, master)
    assert moved.cut.value == pytest.approx(10 * one.cut.value + 5)
    assert moved.cut.se == pytest.approx(10 * one.cut.se)


def test_groups_that_do_not_overlap_or_lie_the_wrong_way_are_named():
    apart = contrasting_groups([1, 2, 3, 8, 9, 10], [0, 0, 0, 1, 1, 1])
    assert "complete_separation" in codes(apart.flags) and apart.cut.value == 5.5 and np.isnan(apart.cut.se)
    x, master = groups()
    assert "wrong_direction" in codes(contrasting_groups(x, 1 - master).flags)
    with pytest.raises(ValueError, match="each group needs at least 2"):
        contrasting_groups([1, 2, 3], [0, 0, 1])


def test_the_median_of_the_borderline_ignores_one_wrong_placement():
    x = [12, 13, 13, 14, 14, 14, 15, 15, 16]
    assert borderline_group(x).value == borderline_group([*x[:-1], 40]).value == 14
    assert borderline_group(x) == borderline_group(x) and borderline_group(x).se > 0
    assert codes(borderline_group(x).flags) == {"few_persons"}
    with pytest.raises(ValueError, match="at least 2"):
        borderline_group([3.0, np.nan])


def test_a_flat_line_and_a_grade_outside_are_named():
    rng = np.random.default_rng(56)
    found = borderline_regression(rng.normal(50, 5, 60), rng.integers(1, 4, 60), borderline=6)
    assert {"flat_line", "grade_outside"} <= codes(found.flags)


def test_hofstee_beside_the_curve_gives_the_corner_and_says_so():
    x = np.arange(101)
    found = hofstee(x, [[10, 20, 0.5, 0.6]] * 8, bootstrap=0)
    assert found.value == 20 and "no_crossing" in codes(found.flags) and np.isnan(found.se)
    with pytest.raises(ValueError, match=r"0\.3, not 30"):
        hofstee(x, [[40, 60, 30, 60]])
