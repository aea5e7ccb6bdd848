"""Simulated truth comes back, and what must not matter does not."""

from __future__ import annotations

import numpy as np
import pytest

from kamerton.measure.irt import (
    GeneralizedPartialCredit,
    GradedResponse,
    Mixed,
    PartialCredit,
    Rasch,
    RatingScale,
    ThreeParameter,
    TwoParameter,
)


def two_pl(n: int, items: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=n)
    a, b = rng.lognormal(0, 0.3, items), rng.normal(size=items)
    p = 1 / (1 + np.exp(-a * (theta[:, None] - b)))
    return (rng.random((n, items)) < p).astype(float), theta, a, b


def graded(
    n: int, items: int, seed: int, steps: int = 4
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=n)
    a, b = rng.lognormal(0, 0.3, items), np.sort(rng.normal(size=(items, steps)), axis=1)
    p = 1 / (1 + np.exp(-a[:, None] * (theta[:, None, None] - b)))
    return (rng.random((n, items, 1)) < p).sum(axis=2).astype(float), theta, a, b


def values(model: TwoParameter, parameter: str) -> np.ndarray:
    return np.array([r["value"] for r in model.parameters_.rows() if r["parameter"] == parameter])


def errors(model: TwoParameter, parameter: str) -> np.ndarray:
    return np.array([r["se"] for r in model.parameters_.rows() if r["parameter"] == parameter])


def test_recovers_slopes_and_difficulties_within_their_errors() -> None:
    x, theta, a, b = two_pl(4000, 30, 11)
    model = TwoParameter().fit(x)
    z = np.concatenate(((values(model, "slope") - a) / errors(model, "slope"),
                        (values(model, "difficulty1") - b) / errors(model, "difficulty1")))  # fmt: skip
    assert 0.75 < z.std() < 1.25  # 60 standardised errors of sd 1: 95 % of their sds lie within ± 0.18
    person = model.estimate(x)
    z = (person.value - theta) / person.se
    assert 0.95 < z.std() < 1.05
    assert abs((np.abs(z) < 1.96).mean() - 0.95) < 0.01


def test_recovers_graded_thresholds_and_generalised_steps() -> None:
    x, _, a, b = graded(3000, 15, 12)
    model = GradedResponse().fit(x)
    assert np.sqrt(np.mean((model.slope_ - a) ** 2)) < 0.08
    thresholds = -model.intercept_ / model.slope_[:, None]
    assert np.sqrt(np.mean((thresholds - b) ** 2)) < 0.12
    rng = np.random.default_rng(13)
    theta = rng.normal(size=3000)
    slope, c = rng.lognormal(0, 0.2, 12), np.cumsum(rng.normal(0, 0.7, (12, 3)), axis=1)
    logits = np.concatenate(
        (np.zeros((3000, 12, 1)), slope[:, None] * np.arange(1, 4) * theta[:, None, None] + c), 2
    )
    p = np.exp(logits - logits.max(2, keepdims=True))
    p /= p.sum(2, keepdims=True)
    y = (rng.random((3000, 12, 1)) > p.cumsum(2)[..., :3]).sum(2).astype(float)
    partial = GeneralizedPartialCredit().fit(y)
    assert np.sqrt(np.mean((partial.slope_ - slope) ** 2)) < 0.08
    assert np.sqrt(np.mean((partial.intercept_ - c) ** 2)) < 0.15


def test_recovers_guessing_when_persons_are_many() -> None:
    rng = np.random.default_rng(14)
    theta = rng.normal(size=6000)
    a, b, g = rng.uniform(1, 2, 20), rng.normal(0, 1, 20), rng.uniform(0.1, 0.3, 20)
    x = (rng.random((6000, 20)) < g + (1 - g) / (1 + np.exp(-a * (theta[:, None] - b)))).astype(float)
    model = ThreeParameter().fit(x)
    assert np.sqrt(np.mean((model.guessing_ - g) ** 2)) < 0.06
    assert not any(f.code == "too_few_persons" for f in model.flags_)
    assert any(f.code == "too_few_persons" for f in ThreeParameter().fit(x[:300]).flags_)


def test_recovers_the_distance_of_two_groups_that_share_half_the_items() -> None:
    rng = np.random.default_rng(15)
    theta = np.concatenate((rng.normal(0, 1, 2500), rng.normal(0.6, 1.3, 2500)))
    a, b = rng.lognormal(0, 0.2, 30), rng.normal(0, 1, 30)
    x = (rng.random((5000, 30)) < 1 / (1 + np.exp(-a * (theta[:, None] - b)))).astype(float)
    x[:2500, 20:] = np.nan
    x[2500:, :10] = np.nan
    groups = ["a"] * 2500 + ["b"] * 2500
    model = TwoParameter().fit(x, groups)
    assert model.latent_mean_[1] == pytest.approx(0.6, abs=0.12)
    assert model.latent_sd_[1] == pytest.approx(1.3, abs=0.12)
    rows = {(r["item"], r["parameter"]): r for r in model.parameters_.rows()}
    assert 0.01 < rows["group b", "mean"]["se"] < 0.08
    assert model.estimate(x[2500:], groups=groups[2500:]).value.mean() == pytest.approx(0.6, abs=0.12)


def test_rating_scale_is_partial_credit_with_shared_steps() -> None:
    rng = np.random.default_rng(16)
    theta, beta, tau = rng.normal(size=2000), rng.normal(0, 0.8, 10), np.array([1.0, -0.2, -0.8])
    c = np.cumsum(beta[:, None] + tau, axis=1)
    logits = np.concatenate((np.zeros((2000, 10, 1)), np.arange(1, 4) * theta[:, None, None] + c), 2)
    p = np.exp(logits - logits.max(2, keepdims=True))
    p /= p.sum(2, keepdims=True)
    x = (rng.random((2000, 10, 1)) > p.cumsum(2)[..., :3]).sum(2).astype(float)
    scale, free = RatingScale().fit(x), PartialCredit().fit(x)
    steps = np.diff(np.concatenate((np.zeros((10, 1)), scale.intercept_), axis=1), axis=1)
    own = steps - steps.mean(axis=1, keepdims=True)
    assert np.allclose(own, own[0], atol=1e-6)
    assert np.allclose(own[0], tau, atol=0.1)
    assert scale.n_parameters_ == 10 + 2 + 1 and free.n_parameters_ == 31
    assert 0 < 2 * (free.log_likelihood_ - scale.log_likelihood_) < 40  # chi-square of 18 degrees of freedom


def test_a_mixed_form_equals_its_parts() -> None:
    x, *_ = two_pl(800, 6, 17)
    y, *_ = graded(800, 4, 18, 3)
    one = Mixed(types=("2pl",) * 6).fit(x)
    assert one.log_likelihood_ == pytest.approx(TwoParameter().fit(x).log_likelihood_, abs=1e-4)
    both = Mixed(types=("2pl",) * 6 + ("graded",) * 4).fit(np.hstack((x, y)))
    alike = GradedResponse().fit(np.hstack((x, y)))
    assert both.log_likelihood_ == pytest.approx(alike.log_likelihood_, abs=1e-3)


def test_halving_the_spacing_of_nodes_changes_nothing_that_matters() -> None:
    for items, seed in ((10, 1), (80, 2)):
        x, *_ = graded(600, items, seed)
        model = GradedResponse(standard_errors=False).fit(x)
        finer = GradedResponse(standard_errors=False)
        nodes = 2 * len(model.nodes_) - 1
        assert model.nodes_[-1] == pytest.approx(6, abs=2)
        finer.quadrature = nodes
        finer._grid = lambda reach, count, m=model, k=nodes: np.linspace(m.nodes_[0], m.nodes_[-1], k)  # type: ignore[method-assign]
        finer.fit(x)
        assert abs(finer.log_likelihood_ - model.log_likelihood_) < 0.05
        assert np.abs(finer.estimate(x).value - model.estimate(x).value).max() < 0.002


def test_the_order_of_items_and_persons_does_not_matter_and_inputs_stay() -> None:
    x, *_ = two_pl(500, 12, 19)
    x[3, 4] = np.nan
    before = x.copy()
    model = TwoParameter().fit(x)
    assert np.array_equal(x, before, equal_nan=True)
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(500), rng.permutation(12)
    other = TwoParameter().fit(x[rows][:, columns])
    assert np.allclose(other.slope_, model.slope_[columns], atol=2e-4)
    assert np.allclose(other.estimate(x[rows][:, columns]).value, model.estimate(x).value[rows], atol=2e-4)


def test_weighted_likelihood_is_finite_and_less_biased_at_the_ends() -> None:
    x, *_ = two_pl(1500, 20, 20)
    model = TwoParameter().fit(x)
    ends = np.vstack((np.ones(20), np.zeros(20)))
    best = model.estimate(ends, method="wle")
    assert np.all(np.isfinite(best.value)) and best.value[0] > 1 > -1 > best.value[1]
    assert best.flags == (("all_correct",), ("all_wrong",))
    truth = 1.8
    p = model.probabilities([truth])[0, :, 1]
    y = (np.random.default_rng(3).random((4000, 20)) < p).astype(float)
    bias = {m: model.estimate(y, method=m).value.mean() - truth for m in ("eap", "map", "wle")}
    assert abs(bias["wle"]) < 0.06 < abs(bias["eap"])


def test_says_by_name_what_cannot_be_calibrated() -> None:
    x, *_ = two_pl(300, 8, 21)
    x[:, 2] = 1
    x[:, 5] = np.nan
    model = TwoParameter(names=[f"q{j}" for j in range(8)]).fit(x)
    said = {(f.code, f.where) for f in model.flags_}
    assert {("constant_item", "q2"), ("no_answers", "q5")} <= said
    assert np.isnan(model.slope_[[2, 5]]).all() and np.isfinite(model.slope_[[0, 1, 3, 4, 6, 7]]).all()
    y, *_ = graded(300, 5, 22)
    y[y[:, 1] == 2, 1] = 3
    said = {(f.code, f.where) for f in GradedResponse().fit(y).flags_}
    assert ("unused_category", "item2") in said


def test_a_runaway_slope_is_reported_and_not_cut() -> None:
    rng = np.random.default_rng(23)
    theta = rng.normal(size=300)
    x = (theta[:, None] + rng.normal(0, 0.8, (300, 5)) > 0).astype(float)
    x[:, 4] = x[:, :4].sum(axis=1) > 2
    model = TwoParameter(max_cycles=200).fit(x)
    assert abs(model.slope_[4]) > 5
    assert {f.code for f in model.flags_} & {"diverging", "not_converged", "not_identified"}


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (np.ones(5), "persons × items"),
        (np.ones((1, 4)), "1 person"),
        (np.ones((9, 4)), "No item has two"),
        (np.array([[0.0, 0.5], [1, 1], [0, 1]]), '"item2" holds 0.5'),
        (np.array([[0.0, np.inf], [1, 1]]), "infinite"),
        (np.array([[0.0, 2], [1, 1], [1, 0]]), '"item2" has the answers 0, 1, 2'),
    ],
)
def test_refuses_in_words(answers: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("?", r"\?")):
        TwoParameter().fit(answers)


def test_refuses_an_answer_the_model_does_not_know() -> None:
    x, *_ = graded(300, 5, 24)
    model = GradedResponse().fit(x)
    with pytest.raises(ValueError, match='"item3": person 0 has 9'):
        model.estimate(np.array([[0, 1, 9, 1, 1]]))


def test_priors_pull_where_data_are_few() -> None:
    x, *_ = two_pl(60, 8, 25)
    free, held = TwoParameter().fit(x), TwoParameter(slope_prior=(0.0, 0.3)).fit(x)
    assert np.log(np.maximum(held.slope_, 0.01)).std() < np.log(np.maximum(free.slope_, 0.01)).std()


def test_progress_is_told() -> None:
    x, *_ = two_pl(300, 8, 26)
    told: list[int] = []
    Rasch().fit(x, progress=lambda cycle, objective, change: told.append(cycle))
    assert told and told == sorted(told)
