"""Correlated blocks: exact sums on a grid of two abilities, separate models when nothing correlates, recovery, what is said aloud."""

from __future__ import annotations

import numpy as np
import pytest

from kamerton.measure.irt import CorrelatedBlocks, TwoParameter


def answers(
    n: int, items: int, correlation: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    dims = len(correlation)
    theta = rng.normal(size=(n, dims)) @ np.linalg.cholesky(correlation).T
    slope = rng.uniform(0.8, 2.0, size=dims * items)
    b = np.tile(np.linspace(-1.2, 1.2, items), dims)
    x = (slope * (theta.repeat(items, axis=1) - b) + rng.logistic(size=(n, dims * items)) > 0).astype(float)
    return x, theta, slope


def same(dims: int, r: float) -> np.ndarray:
    out = np.full((dims, dims), r)
    np.fill_diagonal(out, 1.0)
    return out


@pytest.fixture(scope="module")
def two() -> tuple[np.ndarray, CorrelatedBlocks]:
    x, _, _ = answers(900, 6, same(2, 0.6), 3)
    x[np.random.default_rng(0).random(x.shape) < 0.1] = np.nan
    return x, CorrelatedBlocks(blocks=["a"] * 6 + ["b"] * 6).fit(x)


def test_two_abilities_agree_with_the_sums_on_a_full_grid(two: tuple[np.ndarray, CorrelatedBlocks]) -> None:
    x, model = two
    grid = np.linspace(-6, 6, 161)
    one, other = np.meshgrid(grid, grid, indexing="ij")
    r = model.correlation_[0, 1]
    weight = np.exp(-(one**2 - 2 * r * one * other + other**2) / (2 * (1 - r * r)))
    weight /= weight.sum()

    def curve(columns: slice) -> np.ndarray:
        z = model.slope_[columns, None] * grid + model.intercept_[columns, :1]
        logs = x[:, columns, None] * z - np.logaddexp(0, z)
        out: np.ndarray = np.exp(np.nansum(logs, axis=1))
        return out

    a, b = curve(slice(0, 6)), curve(slice(6, 12))
    total = np.einsum("ni,ij,nj->n", a, weight, b)
    mean = np.einsum("ni,ij,nj->n", a * grid, weight, b) / total
    sd = np.sqrt(np.einsum("ni,ij,nj->n", a * grid**2, weight, b) / total - mean**2)
    found = model.estimate(x)
    assert np.abs(found.value[:, 0] - mean).max() < 0.002
    assert np.abs(found.se[:, 0] - sd).max() < 0.005
    assert model.log_likelihood_ == pytest.approx(float(np.log(total).sum()), rel=5e-5)
    laplace = model.estimate(x, method="map")
    assert 0.01 < np.abs(laplace.value[:, 0] - mean).max() < 0.4  # a mode is not a mean, and not far from it


def test_without_correlation_each_block_is_a_model_of_its_own() -> None:
    x, _, _ = answers(600, 6, same(3, 0.0), 5)
    whole = CorrelatedBlocks(
        blocks=np.repeat(list("abc"), 6).tolist(), correlation=np.eye(3), tolerance=1e-6
    ).fit(x)
    parts = [TwoParameter(quadrature=81, tolerance=1e-6).fit(x[:, 6 * d : 6 * d + 6]) for d in range(3)]
    assert whole.log_likelihood_ == pytest.approx(sum(p.log_likelihood_ for p in parts), abs=1e-3)
    assert np.allclose(whole.slope_, np.concatenate([p.slope_ for p in parts]), atol=1e-3)
    value = np.column_stack([p.estimate(x[:, 6 * d : 6 * d + 6]).value for d, p in enumerate(parts)])
    assert np.allclose(whole.estimate(x).value, value, atol=2e-3)
    ours = whole.parameters_["se"][whole.parameters_["parameter"] == "slope"]
    theirs = np.concatenate([p.parameters_["se"][p.parameters_["parameter"] == "slope"] for p in parts])
    assert np.all(np.abs(ours / theirs - 1) < 0.25)  # products of scores against the observed information


def test_recovers_correlations_and_covers_the_truth() -> None:
    truth = same(4, 0.6)
    x, theta, slope = answers(1500, 6, truth, 1)
    model = CorrelatedBlocks(blocks=np.repeat(list("abcd"), 6).tolist()).fit(x)
    upper = np.triu_indices(4, 1)
    z = (model.correlation_[upper] - 0.6) / model.correlation_se_[upper]
    assert np.abs(z).max() < 3.2
    assert np.abs(model.slope_ - slope).mean() < 0.15
    found = model.estimate(x)
    inside = np.abs(found.value - theta) < 1.2816 * found.se
    assert 0.77 < float(inside.mean()) < 0.83
    alone = TwoParameter().fit(x[:, :6]).estimate(x[:, :6])
    assert np.mean((found.value[:, 0] - theta[:, 0]) ** 2) < 0.9 * np.mean((alone.value - theta[:, 0]) ** 2)


def test_partial_credit_blocks_learn_their_spread() -> None:
    rng = np.random.default_rng(9)
    theta = rng.normal(size=(800, 2)) @ np.linalg.cholesky(same(2, 0.5)).T * 1.5
    logits = np.arange(3) * theta.repeat(5, axis=1)[..., None] + np.array([0.0, 0.5, 0.0])
    p = np.exp(logits - logits.max(axis=2, keepdims=True))
    p /= p.sum(axis=2, keepdims=True)
    x = (rng.random((800, 10, 1)) > p.cumsum(axis=2)[..., :2]).sum(axis=2).astype(float)
    model = CorrelatedBlocks(blocks=["a"] * 5 + ["b"] * 5, types="pcm").fit(x)
    assert np.all(np.abs(model.sd_ - 1.5) < 0.15) and abs(model.correlation_[0, 1] - 0.5) < 0.1
    assert np.all(model.slope_ == 1.0)


def test_scores_of_a_block_rise_with_its_ability_alone() -> None:
    x, _, _ = answers(300, 5, same(2, 0.5), 2)
    model = CorrelatedBlocks(blocks=["a"] * 5 + ["b"] * 5, correlation=same(2, 0.5)).fit(x)
    scores = model.expected_scores([[-1.0, 0.0], [1.0, 0.0]])
    assert scores[1, 0] > scores[0, 0] and scores[1, 1] == scores[0, 1]


def test_says_what_is_missing_and_what_cannot_be_kept() -> None:
    x, _, _ = answers(60, 5, same(2, 0.5), 2)
    model = CorrelatedBlocks(blocks=["a"] * 5 + ["b"] * 5).fit(x)
    codes = {f.code for f in model.flags_}
    assert {"too_few_persons", "no_standard_errors"} <= codes or np.isfinite(model.parameters_["se"][0])
    x[0, 5:] = np.nan
    x[1] = np.nan
    found = model.estimate(x)
    assert found.flags[0] == ("no_answers:b",) and found.flags[1] == ("no_answers",)
    assert np.isfinite(found.value[0, 1]) and np.isnan(found.value[1]).all()
    with pytest.raises(ValueError, match="blocks names 3 items"):
        CorrelatedBlocks(blocks=["a"] * 3).fit(x)
    with pytest.raises(ValueError, match="positive definite"):
        CorrelatedBlocks(blocks=["a"] * 5 + ["b"] * 5, correlation=np.ones((2, 2))).fit(x)
