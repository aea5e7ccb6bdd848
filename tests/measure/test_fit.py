"""Prior, posterior, draws, categories, proposal (SCORING A4)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from kamerton.measure.fit import (
    RoleFit,
    RoleRule,
    antithetic_normals,
    categorise,
    default_prior,
    distinguishable_competencies,
    distinguishable_persons,
    estimate_prior,
    posterior,
)

NAMES = ("C1", "C2", "C3")
RULE = RoleRule(
    cuts=np.array([2.5, 2.5, 2.5]),
    targets=np.array([4.0, 3.0, 3.0]),
    weights=np.array([0.4, 0.3, 0.3]),
    composite_cut=3.0,
    trainable=np.array([True, True, False]),
)
EASY = RoleRule(
    cuts=np.array([1.5, 1.5, np.nan]), targets=np.full(3, 2.0), weights=np.ones(3), composite_cut=2.0
)
PRIOR = default_prior(3)
ERROR = np.array([0.16 * np.eye(3) + 0.04])


def verdict(y, rules=None, error=None, **kw):
    y = np.atleast_2d(np.asarray(y, dtype=float))
    fit = RoleFit(
        rules or {"KAM": RULE, "Easy": EASY}, "KAM", PRIOR, competencies=NAMES, instruments=("HT", "E1")
    )
    v = np.repeat(ERROR, len(y), axis=0) if error is None else error
    return fit.evaluate(y, v, **kw)


def test_default_cut_of_the_composite_is_half_a_level_below_the_target() -> None:
    rule = RoleRule(cuts=np.zeros(2), targets=np.array([4.0, 3.0]), weights=np.array([3.0, 1.0]))
    assert rule.cut == pytest.approx(0.75 * 4 + 0.25 * 3 - 0.5)


def test_draws_are_antithetic_and_fixed_by_the_seed() -> None:
    z = antithetic_normals(2000, 8, 7)
    assert np.array_equal(z[:1000], -z[1000:])
    assert np.array_equal(z, antithetic_normals(2000, 8, 7))
    assert np.array_equal(z[:1000], np.random.Generator(np.random.PCG64(7)).standard_normal((1000, 8)))
    assert np.abs(z.mean(axis=0)).max() < 1e-15
    with pytest.raises(ValueError, match="even"):
        antithetic_normals(7, 2, 1)


def test_mean_of_the_draws_is_the_posterior_mean() -> None:
    y = np.array([[3.0, 2.0, 4.0]])
    m, c = posterior(y, ERROR, PRIOR)
    fit = RoleFit({"KAM": RULE}, "KAM", PRIOR, competencies=NAMES)
    np.testing.assert_allclose(fit.levels(m, c, fit.draw_set()).mean(axis=1), m, atol=1e-12)


def test_posterior_with_a_gap_uses_what_was_observed() -> None:
    y = np.array([[3.4, np.nan, 2.2]])
    m, c = posterior(y, ERROR, PRIOR)
    s, at = PRIOR.covariance, [0, 2]
    gain = s[:, at] @ np.linalg.inv(s[np.ix_(at, at)] + ERROR[0][np.ix_(at, at)])
    np.testing.assert_allclose(m[0], 3 + gain @ (y[0, at] - 3))
    np.testing.assert_allclose(c[0], s - gain @ s[at])


def test_prior_blends_from_thirty_persons_on() -> None:
    rng = np.random.default_rng(1)
    y = 3.4 + rng.standard_normal((40, 3))
    v = np.repeat(ERROR, 40, axis=0)
    p = estimate_prior(y, v)
    np.testing.assert_allclose(p.mean, (40 * y.mean(axis=0) + 30) / 50)
    np.testing.assert_allclose(p.covariance, (40 * (np.cov(y.T) - ERROR[0]) + 30 * PRIOR.covariance) / 70)
    few = estimate_prior(y[:29], v[:29])
    assert few.source == "default" and np.array_equal(few.covariance, PRIOR.covariance)


def test_prior_holds_its_eigenvalues_and_says_so() -> None:
    y = 3 + 0.01 * np.random.default_rng(1).standard_normal((400, 3))
    p = estimate_prior(y, np.repeat(ERROR, 400, axis=0))
    assert np.linalg.eigvalsh(p.covariance).min() == pytest.approx(0.03)
    assert p.flags == ("eigenvalue_floor",)


def test_joint_probability_agrees_with_the_multivariate_normal() -> None:
    """All three minimums of one person by numerical integration of the posterior; Monte-Carlo SE ≤ .011."""
    v = verdict([3.1, 2.8, 3.0])
    want = multivariate_normal.cdf(v.mean[0] - 2.5, mean=np.zeros(3), cov=v.covariance[0])
    assert v.p_minimums[0] == pytest.approx(want, abs=0.025)
    for c in range(3):
        assert v.p_met[0, c] == pytest.approx(
            norm.cdf((v.mean[0, c] - 2.5) / np.sqrt(v.covariance[0, c, c])), abs=0.025
        )


@pytest.mark.parametrize(
    ("levels", "letter"),
    [
        ([3.0, 3.0, 3.0], "A"),
        ([3.8, 3.2, 2.5], "A"),  # a minimum held exactly
        ([2.4, 3.2, 3.2], "B"),  # one trainable gap, composite 2.88
        ([2.2, 2.2, 3.4], "C"),  # two gaps, but the composite 2.56 is below 2.70
        ([3.2, 3.2, 2.4], "C"),  # the gap is not trainable
        ([4.6, 1.4, 3.2], "D"),  # the gap exceeds one level; Easy asks 1.5
        ([1.0, 1.0, 1.0], "D"),
    ],
)
def test_categories_of_a_true_profile(levels: list[float], letter: str) -> None:
    got, _ = categorise(np.array([levels]), {"KAM": RULE, "Easy": EASY}, "KAM")
    assert "ABCD"[got[0]] == letter


def test_proposals_follow_the_zones() -> None:
    tight = np.repeat(0.02 * np.eye(3)[None], 1, axis=0)
    assert verdict([4.2, 4.2, 4.2], error=tight).proposal[0] == "ready"
    assert verdict([1.2, 1.2, 1.2], error=tight).proposal[0] == "not_now"
    assert verdict([2.0, 2.2, 2.2], error=tight).proposal[0] == "other_role"
    v = verdict([3.1, 2.9, 2.9])
    assert v.proposal[0] == "open" and 0.2 <= v.p_a[0] < 0.5


def test_b_and_c_are_named_only_at_one_half() -> None:
    only = {"KAM": replace(RULE, trainable=np.array([True, True, True]), gaps_b=3)}
    codes = set()
    for level in np.arange(1.6, 3.4, 0.05):
        v = verdict([level, level, level], rules=only)
        p = v.p_category[0]
        if v.proposal[0] == "developing":
            assert p[0] < 0.2 and p[1] >= 0.5
        if v.proposal[0] == "not_a":
            assert p[0] < 0.2 and p[1:].argmax() == 0 and p[1] < 0.5
        codes.add(v.proposal[0])
    assert {"open", "not_now"} <= codes


def test_open_cases_name_two_gates_and_an_instrument() -> None:
    fresh = np.array([[[0.9, 0.4], [0.9, np.nan], [np.nan, 0.4]]])
    v = verdict([3.3, 2.9, 2.8], new_evidence=fresh)
    assert v.proposal[0] in {"open", "probably_ready"}
    assert len(v.settle[0]) == 2
    assert v.settle[0][0][2] >= v.settle[0][1][2] > 0
    for competency, instrument, _ in v.settle[0]:
        assert instrument == {"C1": "E1", "C2": "HT", "C3": "E1"}[competency]
    assert {r.code for r in v.reasons[0]} >= {"p_a", "settle"}


def test_another_role_needs_one_half_and_a_margin() -> None:
    twin = {"KAM": RULE, "One": EASY, "Two": EASY}
    assert verdict([2.6, 2.6, 2.6], rules=twin).alternative == ("",)
    assert verdict([2.6, 2.6, 2.6]).alternative == ("Easy",)


def test_insufficient_scores_give_no_verdict_but_keep_the_reason() -> None:
    v = verdict(
        [[3.0, 3.0, 3.0], [3.0, 3.0, 3.0]], insufficient=np.array([[False, True, False], [False] * 3])
    )
    assert v.proposal[0] == "insufficient" and v.category[0] == ""
    assert np.isnan(v.p_category[0]).all() and np.isnan(v.p_met[0, 1]) and not np.isnan(v.p_met[0, 0])
    assert [(r.code, r.params) for r in v.reasons[0]] == [("insufficient", {"competency": "C2"})]
    assert v.proposal[1] != "insufficient"


def test_a_competency_the_role_does_not_ask_for_may_be_missing() -> None:
    loose = RoleRule(
        cuts=np.array([1.5, 1.5, np.nan]), targets=np.full(3, 2.0), weights=np.array([1.0, 1.0, 0.0])
    )
    v = verdict([3.5, 3.5, np.nan], rules={"KAM": loose}, error=np.where(np.isnan(ERROR), 0, ERROR))
    assert v.proposal[0] == "ready"


def test_a_red_flag_stops_a_and_moves_no_number() -> None:
    tight = np.repeat(0.02 * np.eye(3)[None], 1, axis=0)
    free, held = (verdict([4.2, 4.2, 4.2], error=tight, red_flags=np.array([f])) for f in (False, True))
    assert free.proposal == ("ready",) and held.proposal == ("open",)
    assert np.array_equal(free.p_category, held.p_category)
    assert held.reasons[0][0].code == "red_flag_unresolved"


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_order_and_company_of_persons_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = rng.uniform(1.5, 4.5, (6, 3))
    mix = rng.permutation(6)
    a, b, alone = verdict(y), verdict(y[mix]), verdict(y[2])
    assert np.array_equal(a.p_category[mix], b.p_category)
    assert tuple(a.proposal[i] for i in mix) == b.proposal
    np.testing.assert_array_equal(alone.p_category[0], a.p_category[2])
    np.testing.assert_allclose(a.p_category.sum(axis=1), 1)
    assert np.all(a.p_category[:, 0] <= np.minimum(a.p_minimums, a.p_composite) + 1e-12)


def test_who_is_better_only_when_the_difference_carries_it() -> None:
    v = verdict([[4.4, 4.4, 4.4], [2.0, 2.0, 2.0], [4.3, 4.4, 4.4]])
    p = distinguishable_persons(v)
    assert p[0, 1] > 0.95 and p[1, 0] < 0.05 and 0.2 < p[0, 2] < 0.8
    np.testing.assert_allclose(p + p.T, 1)


def test_two_competencies_differ_by_1_96_errors_of_their_difference() -> None:
    limit = 1.96 * np.sqrt(2 * 0.2 - 2 * 0.04)
    y = np.array([[3.0, 3.0 + limit + 1e-9, 3.0 + limit - 1e-9]])
    d = distinguishable_competencies(y, ERROR)[0]
    assert d[0, 1] and not d[0, 2] and not d[1, 1]


def test_refuses_thresholds_out_of_order_and_unknown_roles() -> None:
    with pytest.raises(ValueError, match="thresholds must rise"):
        replace(RULE, ready=0.4)
    with pytest.raises(ValueError, match="has no rule"):
        RoleFit({"KAM": RULE}, "Other", PRIOR, competencies=NAMES).evaluate(np.zeros((1, 3)), ERROR)
