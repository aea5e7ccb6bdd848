"""The next item: traces computed elsewhere, replay, limits, and what a test does to many persons."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from kamerton.measure.adaptive import (
    AdaptiveTest,
    AnyOf,
    Bank,
    Length,
    Randomesque,
    StandardError,
    simulate_adaptive,
)
from kamerton.measure.irt import GeneralizedPartialCredit, GradedResponse, TwoParameter

ROOT = Path(__file__).parents[3]
FOLDER = Path(os.environ.get("KAMERTON_REFERENCE") or ROOT.parent / "shared" / "reference") / "psychometrics"


def model_of(a: np.ndarray, d: np.ndarray) -> GradedResponse:
    """A fitted model with the parameters of a stored bank: calibrated on little, then given the bank's values."""
    rng = np.random.default_rng(0)
    k = d.shape[1] + 1
    x = np.tile(np.arange(k), (len(a), 40)).T[: 40 * k].astype(float)
    x = rng.permuted(x, axis=0)
    kind = TwoParameter if k == 2 else GradedResponse
    model = kind(quadrature=21, standard_errors=False, max_cycles=1).fit(x)
    model.slope_, model.intercept_ = a, d
    return model


@pytest.mark.skipif(not FOLDER.is_dir(), reason="no reference data; set KAMERTON_REFERENCE")
@pytest.mark.parametrize("name", ["cat_verbagg_binary_2pl", "cat_verbagg_poly_grm"])
def test_follows_the_stored_traces_item_by_item(name: str) -> None:
    known = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    answers = np.genfromtxt(FOLDER / known["data"].split()[0], delimiter=",", skip_header=1)
    if "complete" in known["data"]:
        answers = answers[~np.isnan(answers).any(axis=1)]
    a = np.array(known["bank"]["a"])
    thresholds = [
        np.array(known["bank"][key]) for key in sorted(k for k in known["bank"] if k.startswith("b"))
    ]
    b = np.column_stack(thresholds) if thresholds[0].ndim == 1 else thresholds[0]
    test = AdaptiveTest(model_of(a, -a[:, None] * b), stop=Length(99))
    for trace in known["traces"]:
        so_far: list[tuple[int | str, float]] = []
        for item, theta, se in zip(trace["items_1based"], trace["theta"], trace["se"], strict=True):
            assert test.next(so_far).item == item - 1, trace["person_row"]
            so_far.append((item - 1, float(answers[trace["person_row"] - 1, item - 1])))
            step = test.next(so_far)
            assert step.theta == pytest.approx(theta, abs=1e-4)
            assert step.se == pytest.approx(se, abs=1e-4)


@pytest.fixture(scope="module")
def binary() -> TwoParameter:
    rng = np.random.default_rng(5)
    theta = rng.normal(size=(1500, 1))
    a, b = rng.lognormal(0.2, 0.25, 60), rng.uniform(-2.5, 2.5, 60)
    return TwoParameter(standard_errors=False).fit(
        (rng.random((1500, 60)) < 1 / (1 + np.exp(-a * (theta - b)))).astype(float)
    )


@pytest.fixture(
    scope="module", params=[GradedResponse, GeneralizedPartialCredit], ids=["graded", "partial credit"]
)
def ordered(request: pytest.FixtureRequest) -> GradedResponse:
    rng = np.random.default_rng(6)
    theta = rng.normal(size=(800, 1, 1))
    b = np.sort(rng.normal(0, 1.2, (40, 3)), axis=1)
    x = (rng.random((800, 40, 1)) < 1 / (1 + np.exp(-1.3 * (theta - b)))).sum(axis=2).astype(float)
    return request.param(standard_errors=False).fit(x)


@pytest.mark.parametrize("end", ["lowest", "highest"])
def test_all_lowest_and_all_highest_answers_go_through_the_whole_bank(
    ordered: GradedResponse, end: str
) -> None:
    test = AdaptiveTest(ordered, stop=StandardError(0.0))
    so_far: list[tuple[int | str, float]] = []
    while (step := test.next(so_far)).item is not None:
        values = ordered.categories_[step.item]
        so_far.append((step.item, values[0] if end == "lowest" else values[-1]))
    assert step.stop == "bank_exhausted" and step.n == 40
    assert len({item for item, _ in so_far}) == 40
    assert np.isfinite(step.theta) and step.se > 0 and (step.theta > 1) == (end == "highest")


def test_a_stored_test_is_replayed_to_the_same_items_on_a_new_object(binary: TwoParameter) -> None:
    rng = np.random.default_rng(7)
    first = AdaptiveTest(binary, exposure=Randomesque(5), seed=42, stop=Length(15))
    so_far: list[tuple[int | str, float]] = []
    while (step := first.next(so_far)).item is not None:
        so_far.append((step.item, float(rng.integers(2))))
    again = AdaptiveTest(Bank.of(binary), exposure=Randomesque(5), seed=42, stop=Length(15))
    for n, (item, _) in enumerate(so_far):
        assert again.next(so_far[:n]).item == item
    assert again.next(so_far) == step and step.stop == "length_reached"


def test_ends_when_precise_enough_but_not_before_the_minimum(binary: TwoParameter) -> None:
    test = AdaptiveTest(binary, stop=AnyOf((StandardError(0.5, minimum=6), Length(30))))
    run = simulate_adaptive(test, np.random.default_rng(8).normal(size=60), seed=9)
    assert run.length.min() >= 6 and run.length.max() <= 30
    assert np.all((run.se <= 0.5) | (run.length == 30))
    assert abs(run.bias) < 0.2 and run.rmse < 0.65


def test_an_adaptive_test_is_shorter_than_a_fixed_form_of_the_same_precision(binary: TwoParameter) -> None:
    theta = np.random.default_rng(10).normal(size=80)
    adaptive = simulate_adaptive(AdaptiveTest(binary, stop=Length(15)), theta, seed=11)
    at = binary.information(theta)
    fixed = 1 / np.sqrt(1 + at[:, :15].sum(axis=1))
    assert adaptive.se.mean() < 0.9 * fixed.mean()


def test_drawing_among_the_best_spreads_exposure(binary: TwoParameter) -> None:
    theta = np.random.default_rng(12).normal(size=120)
    sharp = simulate_adaptive(AdaptiveTest(binary, stop=Length(10)), theta, seed=13)
    spread = simulate_adaptive(AdaptiveTest(binary, stop=Length(10), exposure=Randomesque(6)), theta, seed=13)
    assert sharp.exposure.max() == 1.0 and spread.exposure.max() < 0.85
    assert (spread.exposure > 0).sum() > (sharp.exposure > 0).sum()
    assert spread.rmse < sharp.rmse + 0.15


def test_keeps_the_shares_of_content(binary: TwoParameter) -> None:
    labels = ["price"] * 20 + ["people"] * 40
    bank = Bank.of(binary, content=labels)
    test = AdaptiveTest(bank, stop=Length(20), balance={"price": 0.75, "people": 0.25})
    so_far: list[tuple[int | str, float]] = []
    while (step := test.next(so_far)).item is not None:
        assert step.why[1] == f"content:{labels[step.item]}"
        so_far.append((step.item, 1.0))
    assert sum(labels[int(item)] == "price" for item, _ in so_far) == 15


def test_expected_information_differs_from_information_at_the_estimate_but_ends_alike(
    binary: TwoParameter,
) -> None:
    theta = np.random.default_rng(14).normal(size=60)
    a, b = (
        simulate_adaptive(AdaptiveTest(binary, select=s, stop=Length(15)), theta, seed=15)
        for s in ("max_info", "posterior_weighted")
    )
    assert abs(a.rmse - b.rmse) < 0.12


def test_refuses_in_words(binary: TwoParameter) -> None:
    test = AdaptiveTest(binary)
    for so_far, words in (
        ([(3, 1.0), (3, 0.0)], "stands twice"),
        ([(3, 7.0)], "answer 7 is not among 0, 1"),
        ([(99, 1.0)], "items 0 to 59"),
        ([("nothing", 1.0)], 'no item "nothing"'),
    ):
        with pytest.raises(ValueError, match=words):
            test.next(so_far)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no item of the bank carries"):
        AdaptiveTest(binary, balance={"x": 1.0})


def test_information_between_nodes_is_what_the_curves_say(
    binary: TwoParameter, ordered: GradedResponse
) -> None:
    for model in (binary, ordered):
        bank = Bank.of(model)
        for theta in (-5.99, -1.234, 0.05, 0.7777, 3.21):
            assert np.allclose(bank.information_near(theta), bank.information(theta), rtol=1e-3, atol=1e-5)
