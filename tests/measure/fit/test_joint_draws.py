"""Counting a bit a draw gives what counting booleans gives, whatever the chunk, and what integration gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from kamerton.measure.fit import (
    FitRule,
    RoleFit,
    RoleProfile,
    RoleRule,
    antithetic_normals,
    categorise,
    default_prior,
    posterior,
)
from kamerton.measure.fit._draws import more_than

N_C = 5


def roles(rng: np.random.Generator, n: int) -> dict[str, RoleRule]:
    out = {}
    for r in range(n):
        cuts = rng.choice([np.nan, 1.5, 2.5, 3.0], N_C, p=[0.2, 0.3, 0.4, 0.1])
        out[f"r{r}"] = RoleRule(
            cuts=cuts,
            targets=np.nan_to_num(cuts, nan=2.0) + 1,
            weights=rng.dirichlet(np.ones(N_C)),
            trainable=rng.random(N_C) < 0.7,
            gaps_b=int(rng.integers(0, 4)),
            gap_b=float(rng.choice([0.5, 1.0])),
        )
    return out


def people(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    y = rng.normal(3, 0.8, (n, N_C))
    v = rng.uniform(0.05, 0.3, (n, N_C))[:, :, None] * np.eye(N_C) + 0.04
    return y, v


@pytest.mark.parametrize("seed", range(6))
def test_categories_in_draws_equal_categories_of_the_drawn_profiles(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rules, (y, v) = roles(rng, 4), people(rng, 7)
    draws = int(rng.choice([2, 62, 64, 130, 500]))
    fit = RoleFit(rules, "r1", default_prior(N_C), draws=draws, seed=seed)
    m, c = posterior(y, v, fit.prior)
    levels = fit.levels(m, c, fit.draw_set())
    found, shares = fit.evaluate(y, v), fit.across(y, v)
    for k, name in enumerate(rules):
        category, holds = categorise(levels, rules, name)
        expected = np.stack([(category == g).mean(axis=1) for g in range(4)], axis=1)
        np.testing.assert_allclose(shares.p_category[:, k], expected, atol=1e-12)
        np.testing.assert_allclose(found.p_roles[:, k], holds[name].mean(axis=1), atol=1e-12)
        if name == "r1":
            np.testing.assert_allclose(found.p_category, expected, atol=1e-12)
            met, composite, _ = rules[name].meets(levels)
            np.testing.assert_allclose(found.p_minimums, met.mean(axis=1), atol=1e-12)
            np.testing.assert_allclose(found.p_composite, composite.mean(axis=1), atol=1e-12)
            for g in np.flatnonzero(np.isfinite(rules[name].cuts)):
                reached = (levels[:, :, g] >= rules[name].cuts[g]).mean(axis=1)
                np.testing.assert_allclose(found.p_met[:, g], reached, atol=1e-12)


@pytest.mark.parametrize("chunk", [1, 3, 64, 1000])
def test_the_size_of_the_chunk_changes_no_bit(chunk: int) -> None:
    rng = np.random.default_rng(1)
    rules, (y, v) = roles(rng, 3), people(rng, 70)
    a = RoleFit(rules, "r0", default_prior(N_C), seed=3).evaluate(y, v)
    b = RoleFit(rules, "r0", default_prior(N_C), seed=3, chunk=chunk).evaluate(y, v)
    for name in ("p_met", "p_category", "p_roles", "change_by_gate", "stability", "margin"):
        assert np.array_equal(getattr(a, name), getattr(b, name), equal_nan=True), name


def test_more_than_counts_events_in_every_draw() -> None:
    rng = np.random.default_rng(0)
    events = rng.random((6, 3, 128)) < 0.5
    words = [np.packbits(e, axis=1).view(np.uint64) for e in events]
    everything = np.full((3, 2), np.uint64(2**64 - 1))
    for limit in range(7):
        got = np.unpackbits(more_than(words, limit, everything).view(np.uint8), axis=1)
        assert np.array_equal(got.astype(bool), events.sum(axis=0) > limit)


def test_joint_probability_stays_within_the_promised_monte_carlo_error() -> None:
    """P(A) of sixty persons against integration of the normal over the region; SE ≤ .011, so nobody beyond 3.5 SE and
    the spread as promised. The composite cut is set where the minimums imply it, so that the region is a box."""
    rng = np.random.default_rng(5)
    rule = RoleRule(cuts=np.full(3, 2.5), targets=np.full(3, 3.0), weights=np.ones(3), composite_cut=2.5)
    y = rng.normal(3, 0.7, (60, 3))
    v = np.repeat((0.12 * np.eye(3) + 0.05)[None], 60, axis=0)
    found = RoleFit({"a": rule}, "a", default_prior(3), seed=11).evaluate(y, v)
    want = np.array(
        [
            multivariate_normal.cdf(m - 2.5, mean=np.zeros(3), cov=c)
            for m, c in zip(found.mean, found.covariance, strict=True)
        ]
    )
    error = found.p_a - want
    assert np.abs(error).max() < 3.5 * 0.0112
    assert np.sqrt((error**2).mean()) < 0.0112


def test_an_explicit_set_of_draws_is_used_as_given() -> None:
    rng = np.random.default_rng(2)
    rules, (y, v) = roles(rng, 2), people(rng, 5)
    z = antithetic_normals(300, N_C, 9)
    a = RoleFit(rules, "r0", default_prior(N_C), draws=300, seed=9).evaluate(y, v)
    b = RoleFit(rules, "r0", default_prior(N_C), normals=z).evaluate(y, v)
    assert np.array_equal(a.p_category, b.p_category)


def test_a_profile_and_a_rule_say_what_rules_by_name_say() -> None:
    rng = np.random.default_rng(4)
    names = [f"k{k}" for k in range(N_C)]
    y, v = people(rng, 9)
    one = RoleProfile(
        "one", names, targets=np.full(N_C, 4), minimums=[3, 3, 2, np.nan, 3], trainable=names[:2]
    )
    two = RoleProfile("two", names, targets=np.full(N_C, 3), cuts=np.full(N_C, 2.2), weights=[1, 2, 1, 1, 0])
    fit = RoleFit(one, FitRule(others=[two], seed=3, ready=0.75))
    by_name = {"one": one.rule(FitRule(ready=0.75)), "two": two.rule()}
    other = RoleFit(by_name, "one", default_prior(N_C), competencies=names, seed=3)
    a, b = fit.evaluate(y, v), other.evaluate(y, v)
    assert a.proposal == b.proposal and np.array_equal(a.p_category, b.p_category)
    assert by_name["one"].cuts == pytest.approx([2.5, 2.5, 1.5, np.nan, 2.5], nan_ok=True)
    assert by_name["one"].ready == 0.75
