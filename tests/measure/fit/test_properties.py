"""What a reader of a fit may count on, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from kamerton.measure._estimator import Estimates
from kamerton.measure.combination import combine
from kamerton.measure.fit import (
    FitRule,
    RoleFit,
    RoleProfile,
    RoleRule,
    default_prior,
    least_difference,
    profile_distance,
)

NAMES = ("a", "b", "c")
RULE = RoleRule(cuts=np.full(3, 2.5), targets=np.full(3, 3.5), weights=np.ones(3), composite_cut=2.8)
V = np.repeat((0.15 * np.eye(3) + 0.05)[None], 4, axis=0)
Y = np.array([[3.0, 3.2, 2.9], [2.0, 3.0, 3.5], [3.5, 3.6, 3.9], [2.4, 2.4, 2.6]])


def fit(rules: dict[str, RoleRule] | None = None, **kw: object) -> RoleFit:
    return RoleFit(rules or {"r": RULE}, "r", default_prior(3), competencies=NAMES, **kw)  # type: ignore[arg-type]


def test_higher_scores_never_lower_a_probability() -> None:
    found = fit().evaluate(Y, V)
    higher = fit().evaluate(Y + 0.3, V)
    assert (higher.p_a >= found.p_a).all() and (higher.p_met >= found.p_met).all()


def test_more_error_pulls_probabilities_towards_the_prior() -> None:
    sure, unsure = fit().evaluate(Y[2:3], V[:1] / 10), fit().evaluate(Y[2:3], V[:1] * 10)
    alone = fit().evaluate(np.full((1, 3), 3.0), V[:1] * 1e6)
    assert sure.p_a[0] > unsure.p_a[0] > alone.p_a[0] - 0.02


def test_harder_minimums_never_raise_p_a() -> None:
    harder = fit({"r": replace(RULE, cuts=np.array([2.5, 3.0, np.nan]))}).evaluate(Y, V)
    easier = fit({"r": replace(RULE, cuts=np.array([2.5, 2.5, np.nan]))}).evaluate(Y, V)
    assert (harder.p_a <= easier.p_a).all()


def test_category_c_needs_the_other_role_to_be_measured() -> None:
    """The other role asks for c, which was not measured: its probability would come from the prior alone."""
    sought = RoleRule(
        cuts=np.array([3.5, 3.5, np.nan]), targets=np.full(3, 4.0), weights=np.array([1.0, 1, 0])
    )
    other = RoleRule(cuts=np.full(3, 1.0), targets=np.full(3, 1.5), weights=np.ones(3))
    y = np.array([[2.0, 2.0, np.nan], [2.0, 2.0, 3.0]])
    found = fit({"r": sought, "other": other}).evaluate(y, V[:2])
    assert found.p_category[0, 2] == 0 and np.isnan(found.p_roles[0, 1])
    assert found.p_category[1, 2] > 0.9 and found.p_roles[1, 1] > 0.9
    assert found.p_category.sum(axis=1) == pytest.approx(1)


def test_takes_combined_scores_as_they_come() -> None:
    value = np.array([[[3.0, 3.4], [2.6, np.nan], [3.3, 3.0]]])
    shape = value.shape
    combined = combine(
        weights=np.ones((3, 2)),
        is_simulation=[False, True],
        value=value,
        method=[0.1, 0.2],
        halo=[0.0, 0.09],
        raters=np.ones(shape),
        unique=np.full(shape, 0.2),
        noise=np.full(shape, 0.1),
        link_se=np.zeros((3, 2)),
    )
    by_object = fit().evaluate(combined)
    by_hand = fit().evaluate(combined.value, combined.covariance, insufficient=combined.insufficient)
    assert by_object.proposal == by_hand.proposal == ("insufficient",)
    assert np.array_equal(by_object.p_met, by_hand.p_met, equal_nan=True)


def test_estimates_without_a_covariance_are_flagged() -> None:
    people = Estimates(Y, np.full(Y.shape, 0.4), np.full(4, 10), ((),) * 4, NAMES)
    found = fit().evaluate(people)
    assert [flag.code for flag in found.flags] == ["errors_independent"]
    expected = fit().evaluate(Y, np.repeat(0.16 * np.eye(3)[None], 4, axis=0))
    assert np.array_equal(found.p_category, expected.p_category)


def test_refuses_what_cannot_be_judged() -> None:
    with pytest.raises(ValueError, match="without errors"):
        fit().evaluate(Y)
    broken = V.copy()
    broken[1, 0, 0] = np.nan
    with pytest.raises(ValueError, match="person 1 at 'a', 'a' is nan"):
        fit().evaluate(Y, broken)
    broken[1, 0, 0] = -0.1
    with pytest.raises(ValueError, match="at least 0"):
        fit().evaluate(Y, broken)
    with pytest.raises(ValueError, match="red_flags"):
        fit().evaluate(Y, V, red_flags=[True])
    with pytest.raises(ValueError, match="insufficient must have shape"):
        fit().evaluate(Y, V, insufficient=[[True]])
    with pytest.raises(ValueError, match="give the role sought"):
        RoleFit({"r": RULE}, FitRule())
    one = RoleProfile("one", NAMES, targets=[3, 3, 3])
    with pytest.raises(ValueError, match="give a FitRule"):
        RoleFit(one, "one")
    with pytest.raises(ValueError, match="same competencies"):
        RoleFit(one, FitRule(others=[RoleProfile("two", NAMES[::-1], targets=[3, 3, 3])]))
    with pytest.raises(ValueError, match="two profiles"):
        RoleFit(one, FitRule(others=[one]))
    with pytest.raises(ValueError, match="trainable names"):
        RoleProfile("one", NAMES, targets=[3, 3, 3], trainable=["z"])


def test_a_frame_has_a_row_a_person() -> None:
    pandas = pytest.importorskip("pandas")
    frame = fit().evaluate(Y, V).to_frame()
    assert isinstance(frame, pandas.DataFrame) and len(frame) == 4 and "p_a" in frame


def test_verdicts_hold_nothing_a_page_could_not_store() -> None:
    found = fit().evaluate(Y, V)
    for reason in found.reasons[1]:
        json.dumps({"code": reason.code, "params": dict(reason.params)})


def test_what_two_competencies_share_is_no_part_of_their_difference() -> None:
    least = least_difference(V)[0]
    assert least[0, 1] == pytest.approx(1.96 * np.sqrt(2 * 0.15))
    assert least[0, 0] == 0


def test_distances_add_up_and_errors_inflate_them() -> None:
    rng = np.random.default_rng(3)
    target, true = np.array([4.0, 3.0, 3.5, 2.0]), np.array([3.5, 3.0, 2.5, 2.5])
    v = 0.1 * np.eye(4) + 0.05
    x = true + rng.multivariate_normal(np.zeros(4), v, 20_000)
    found = profile_distance(x, target, covariance=v)
    np.testing.assert_allclose(found.parts.sum(axis=1), found.d2)
    exact = ((true - target) ** 2).sum()
    assert found.d2.mean() == pytest.approx(exact + np.trace(v), abs=0.03)
    assert found.d2_corrected.mean() == pytest.approx(exact, abs=0.03)
    known = profile_distance(true, target, covariance=v)
    assert known.se_d2[0] == pytest.approx(found.d2.std(), rel=0.03)


def test_a_gap_makes_distances_unknown_and_a_shift_leaves_the_shape() -> None:
    found = profile_distance([[3.0, np.nan], [2.0, 4.0], [3.0, 5.0]], [1.0, 2.0])
    assert np.isnan(found.d2[0]) and found.flags == ()
    assert found.r[1] == pytest.approx(1) and found.r[2] == pytest.approx(1)
    with pytest.raises(ValueError, match="target must be finite"):
        profile_distance([3.0, 3.0], [np.nan, 1.0])
    with pytest.raises(ValueError, match="weights must be"):
        profile_distance([3.0, 3.0], [1.0, 1.0], [-1.0, 2.0])
