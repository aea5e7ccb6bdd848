"""Stated weights, covariance, conflict (SCORING A3)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from kamerton.measure.combination import benjamini_hochberg, combine, linear


def combined(value, weights, raters=2.0, simulation=(False, True, True), link=0.16):
    y = np.asarray(value, dtype=float)
    shape = y.shape
    n_i = shape[2]
    link_se = np.zeros(shape[1:])
    link_se[:, 0] = link
    return combine(
        weights=weights,
        is_simulation=simulation[:n_i],
        value=y,
        method=np.array([0.1, 0.2, 0.2])[:n_i],
        halo=np.array([0.0, 0.09, 0.09])[:n_i],
        raters=np.full(shape, raters),
        unique=np.full(shape, 0.3),
        noise=np.full(shape, 0.2),
        link_se=link_se,
    )


def test_known_answer_of_two_instruments() -> None:
    """ω = (1/3, 2/3): V = (1/9)(.1 + .3 + .16²) + (4/9)(.2 + .045 + .3)."""
    c = combined([[[3.0, 3.6]]], [[1, 2]])
    assert c.value[0, 0] == pytest.approx(3.4)
    assert c.covariance[0, 0, 0] == pytest.approx((0.4 + 0.0256) / 9 + 4 * 0.545 / 9)


def test_weights_are_renormalised_over_what_is_present() -> None:
    c = combined([[[np.nan, 3.6, 2.6]]], [[2, 2, 1]])
    np.testing.assert_allclose(c.weights_used[0, 0], [0, 2 / 3, 1 / 3])
    assert not c.insufficient[0, 0]


def test_less_than_half_of_the_weight_or_no_simulation_is_insufficient() -> None:
    assert combined([[[np.nan, np.nan, 2.6]]], [[2, 2, 1]]).insufficient[0, 0]
    assert combined([[[3.0, np.nan, np.nan]]], [[4, 1, 1]]).insufficient[0, 0]
    gone = combined([[[np.nan, np.nan, np.nan]]], [[2, 2, 1]])
    assert gone.not_measured[0, 0] and not gone.insufficient[0, 0] and np.isnan(gone.value[0, 0])


def test_conflict_has_the_chi_square_of_known_values() -> None:
    c = combined([[[3.0, 5.0]]], [[1, 1]], link=0.0)
    v = np.array([0.1 + 0.3, 0.2 + 0.045 + 0.3])
    q = 4.0 / v.sum()  # two values: (difference)² / (v1 + v2)
    assert c.conflict_q[0, 0] == pytest.approx(q)
    assert c.conflict_p[0, 0] == pytest.approx(chi2.sf(q, 1))
    assert not c.conflict[0, 0]
    assert np.isnan(combined([[[np.nan, 5.0]]], [[1, 1]]).conflict_p[0, 0])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_covariance_is_a_covariance_whatever_is_missing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.integers(0, 3, (4, 3)).astype(float)
    y = rng.uniform(1, 5, (3, 4, 3))
    y[rng.random(y.shape) < 0.3] = np.nan
    raters = rng.integers(1, 4, y.shape).astype(float)
    c = combined(y, weights, raters)
    for v, bad in zip(c.covariance, c.not_measured, strict=True):
        kept = v[np.ix_(~bad, ~bad)]
        if kept.size:
            np.testing.assert_allclose(kept, kept.T)
            assert np.linalg.eigvalsh(kept).min() > -1e-12
        assert np.isnan(v[bad]).all()


def test_method_free_error_is_too_small() -> None:
    c = combined([[[3.0, 3.6, 3.1]]], [[2, 2, 1]])
    assert c.method_free_se[0, 0] < c.se[0, 0]


def test_benjamini_hochberg_by_hand() -> None:
    p = np.array([0.001, 0.04, np.nan, 0.06, 0.9])  # limits at 10 % of four: .025 .05 .075 .1
    assert benjamini_hochberg(p).tolist() == [True, True, False, True, False]


def test_composite_of_a_missing_competency_is_partial_or_nothing() -> None:
    y = np.array([[3.0, 4.0]])
    v = np.array([[[0.2, 0.1], [0.1, 0.3]]])
    sigma = np.array([[0.49, 0.245], [0.245, 0.49]])
    full = linear(y, v, [0.75, 0.25], np.array([[True, True]]), sigma)
    assert full.value[0] == pytest.approx(3.25)
    assert full.se[0] ** 2 == pytest.approx(0.5625 * 0.2 + 2 * 0.1875 * 0.1 + 0.0625 * 0.3)
    part = linear(y, v, [0.75, 0.25], np.array([[True, False]]), sigma)
    assert part.value[0] == 3.0 and part.partial[0]
    assert np.isnan(linear(y, v, [0.75, 0.25], np.array([[False, True]]), sigma).value[0])


def test_refuses_negative_weights() -> None:
    with pytest.raises(ValueError, match="not negative"):
        combined([[[3.0, 3.0]]], [[1, -1]])
