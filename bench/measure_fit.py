"""Fit of 5,000 persons to 9 roles over 8 competencies with 2,000 draws, beside a plain loop over persons in one run."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from kamerton.measure.fit import Prior, RoleFit, RoleRule, default_prior, estimate_prior, posterior
from kamerton.measure.seats import count_seats

PERSONS, ROLES, COMPETENCIES, DRAWS = 5_000, 9, 8, 2_000
GOAL_SECONDS = 1.5


def sample(persons: int, seed: int = 1) -> tuple[dict[str, RoleRule], Prior, np.ndarray, np.ndarray]:
    """Nine roles, a prior, scores and error covariances as a campaign of this size has them."""
    rng = np.random.default_rng(seed)
    rules = {}
    for r in range(ROLES):
        cuts = rng.choice([0.5, 1.5, 2.5, 3.5], COMPETENCIES, p=[0.1, 0.3, 0.5, 0.1])
        rules[f"role{r + 1}"] = RoleRule(
            cuts=cuts,
            targets=cuts + 1.5,
            weights=rng.dirichlet(np.full(COMPETENCIES, 4.0)),
            trainable=rng.random(COMPETENCIES) < 0.6,
        )
    base = default_prior(COMPETENCIES)
    true = rng.multivariate_normal(base.mean, base.covariance, persons)
    spread = rng.uniform(0.08, 0.25, (persons, COMPETENCIES))
    v = spread[:, :, None] * np.eye(COMPETENCIES) + rng.uniform(0.03, 0.08, (persons, 1, 1))
    y = true + np.einsum("pcd,pd->pc", np.linalg.cholesky(v), rng.standard_normal(true.shape))
    return rules, estimate_prior(y, v), y, v


def plain(
    rules: dict[str, RoleRule], prior: Prior, y: np.ndarray, v: np.ndarray, z: np.ndarray
) -> np.ndarray:
    """P(A) of every role by a loop over persons: what a careful reader would write first."""
    m, c = posterior(y, v, prior)
    low = np.linalg.cholesky(c)
    out = np.empty((len(y), len(rules)))
    for i in range(len(y)):
        levels = m[i] + z @ low[i].T
        for r, rule in enumerate(rules.values()):
            out[i, r] = ((levels >= rule.cuts).all(axis=1) & (levels @ rule.weights >= rule.cut)).mean()
    return out


def _best(run: Callable[[], Any], times: int) -> tuple[float, Any]:
    spent, found = np.inf, None
    for _ in range(times):
        begin = time.perf_counter()
        found = run()
        spent = min(spent, time.perf_counter() - begin)
    return spent, found


def figures(quick: bool) -> dict[str, Any]:
    """Seconds of a whole evaluation, of every role as the one sought, of the plain loop and of the seats."""
    persons = 500 if quick else PERSONS
    times = 1 if quick else 3
    rules, prior, y, v = sample(persons)
    fit = RoleFit(rules, "role1", prior, draws=DRAWS, seed=1)
    fit.evaluate(y[:64], v[:64])
    whole, verdicts = _best(lambda: fit.evaluate(y, v), times)
    across, _ = _best(lambda: fit.across(y, v), times)
    loop, by_loop = _best(lambda: plain(rules, prior, y, v, fit.draw_set()), times)
    other = RoleFit(rules, "role1", prior, draws=DRAWS, seed=1, chunk=333).evaluate(y, v)
    ids = [f"p{i}" for i in range(persons)]
    seats, _ = _best(lambda: count_seats(fit, verdicts, ids, needed=persons / 5), 1)
    return {
        "persons": persons,
        "roles": ROLES,
        "competencies": COMPETENCIES,
        "draws": DRAWS,
        "evaluate": whole,
        "across": across,
        "plain_loop": loop,
        "times_quicker": loop / whole,
        "largest_difference": float(np.abs(verdicts.p_roles - by_loop).max()),
        "same_bits_in_other_chunks": bool(
            np.array_equal(verdicts.p_category, other.p_category)
            and np.array_equal(verdicts.change_by_gate, other.change_by_gate)
        ),
        "seats": seats,
        "goal": GOAL_SECONDS * persons / PERSONS,
    }


def lines(found: dict[str, Any]) -> list[str]:
    what = f"{found['persons']:,} persons x {found['roles']} roles x {found['competencies']} competencies, {found['draws']:,} draws"
    same = "the same bits" if found["same_bits_in_other_chunks"] else "OTHER BITS"
    return [
        f"fit of {what}: {found['evaluate']:.2f} s with reasons (goal {found['goal']:.2f}), "
        f"{found['times_quicker']:.1f} times quicker than a plain loop that gives probabilities alone ({found['plain_loop']:.2f} s)",
        f"every role as the one sought: {found['across']:.2f} s; chunks of 64 and 333 persons: {same}; "
        f"largest difference from the loop {found['largest_difference']:.1e}",
        f"seats of {found['persons']:,} persons: {found['seats']:.2f} s",
    ]
