"""Statements about groups: who may be shown, whose error is it, and do the intervals hold."""

from __future__ import annotations

import numpy as np
import pytest

from kamerton.measure.fit import RoleFit, RoleRule, default_prior
from kamerton.measure.seats import compare_groups, count_seats, group_profiles, level_shares

V2 = 0.15 * np.eye(2) + 0.05


def flags(profile: object) -> list[str]:
    return [flag.code for flag in profile.flags]  # type: ignore[attr-defined]


def made(sizes: dict[str, int], seed: int = 1) -> tuple[np.ndarray, np.ndarray, list[str]]:
    n = sum(sizes.values())
    y = 3 + np.random.default_rng(seed).normal(0, 0.9, (n, 2))
    return y, np.repeat(V2[None], n, axis=0), [name for name, k in sizes.items() for _ in range(k)]


def test_fewer_than_five_are_not_shown_also_not_by_subtraction() -> None:
    found = group_profiles(*made({"a": 20, "b": 6, "c": 4}))
    assert np.isnan(found["c"].mean).all() and flags(found["c"]) == ["too_few_persons"]
    assert np.isnan(found["b"].mean).all() and flags(found["b"]) == ["hidden_by_subtraction"]
    assert np.isfinite(found["a"].mean).all() and flags(found["a"]) == []
    two_small = group_profiles(*made({"a": 20, "b": 6, "c": 4, "d": 3}))
    assert flags(two_small["b"]) == ["interval_only"] and np.isfinite(two_small["b"].mean).all()


def test_a_whole_unit_has_no_error_of_sampling() -> None:
    y, v, groups = made({"a": 40})
    sample = group_profiles(y, v, groups)["a"]
    whole = group_profiles(y, v, groups, unit_sizes={"a": 40})["a"]
    shared = 2 * 0.08**2
    assert whole.se**2 == pytest.approx(0.2 / 40 + shared)
    assert sample.se**2 == pytest.approx(y.var(axis=0, ddof=1) / 40 + shared)
    with pytest.raises(ValueError, match="Correct the size"):
        group_profiles(y, v, groups, unit_sizes={"a": 30})


def test_intervals_of_a_group_hold_its_mean_as_often_as_they_say() -> None:
    """Truth SD .7, errors .2, a shared shift of .113: 80 % intervals of samples and of whole units; 600 groups."""
    rng = np.random.default_rng(8)
    inside = {"sample": 0, "whole": 0}
    runs, n = 600, 12
    for _ in range(runs):
        true = 3 + 0.7 * rng.standard_normal((n, 1))
        y = true + np.sqrt(0.2) * rng.standard_normal((n, 1)) + rng.normal(0, np.hypot(0.08, 0.08))
        v = np.full((n, 1, 1), 0.2)
        s = group_profiles(y, v, ["g"] * n)["g"]
        w = group_profiles(y, v, ["g"] * n, unit_sizes={"g": n})["g"]
        inside["sample"] += int(s.low[0] <= 3 <= s.high[0])
        inside["whole"] += int(w.low[0] <= true.mean() <= w.high[0])
    assert inside["sample"] / runs == pytest.approx(0.80, abs=0.05)
    assert inside["whole"] / runs == pytest.approx(0.80, abs=0.05)


def test_equal_groups_are_rarely_told_apart_and_few_people_never() -> None:
    alarms = sum(
        any(d.told_apart for d in compare_groups(*made({"a": 12, "b": 15, "c": 11}, seed)[::2]))
        for seed in range(200)
    )
    assert alarms / 200 < 0.09
    few = compare_groups(*made({"a": 12, "b": 9})[::2])
    assert all(not d.told_apart and flags(d) == ["too_few_persons"] and np.isnan(d.p_holm) for d in few)


def test_a_large_difference_is_found_with_its_sign() -> None:
    y, _, groups = made({"a": 30, "b": 30})
    y[:30, 0] += 1.2
    first, second = compare_groups(y, groups)
    assert first.told_apart and first.low > 0 and first.difference == pytest.approx(1.2, abs=0.5)
    assert not second.told_apart


RULE = RoleRule(
    cuts=np.array([2.5, 2.5]), targets=np.array([3.5, 3.5]), weights=np.ones(2), composite_cut=3.0
)
FIT = RoleFit({"r": RULE}, "r", default_prior(2), competencies=("a", "b"))


def test_shares_of_levels_sum_to_one_and_shrink_the_ends() -> None:
    y, v, _ = made({"a": 200})
    verdicts = FIT.evaluate(y, v)
    ids = [f"p{i}" for i in range(200)]
    found = level_shares(FIT, verdicts, ids)
    assert found.share.sum(axis=1) == pytest.approx(1)
    assert (found.low <= found.share + 1e-12).all() and (found.share <= found.high + 1e-12).all()
    raw_ends = ((y < 1.5) | (y >= 4.5)).mean(axis=0)
    assert (found.share[:, [0, 4]].sum(axis=1) < raw_ends).all()


def test_shares_are_silent_below_ten_and_leave_out_who_has_no_verdict() -> None:
    y, v, _ = made({"a": 12})
    y[:3, 0] = np.nan
    verdicts = FIT.evaluate(y, v)
    ids = [f"p{i}" for i in range(12)]
    few = level_shares(FIT, verdicts, ids)
    assert flags(few) == ["too_few_persons"] and np.isnan(few.share).all()
    assert few.excluded == ("p0", "p1", "p2") and few.n == 9


def test_seats_do_not_depend_on_the_chunk_of_persons() -> None:
    y, v, _ = made({"a": 150})
    ids = [f"p{i}" for i in range(150)]
    whole = count_seats(FIT, FIT.evaluate(y, v), ids, needed=40)
    parts = [
        count_seats(FIT, FIT.evaluate(y[at], v[at]), [ids[i] for i in at], needed=40)
        for at in (np.arange(0, 70), np.arange(70, 150))
    ]
    assert np.array_equal(whole.draws_a, parts[0].draws_a + parts[1].draws_a)
