"""The simulation study: a quick share of it, by the same functions that write its page."""

from __future__ import annotations

import json

import pytest

from kamerton.measure.simulation import SCENARIOS, Study, plan_precision, run_study


@pytest.fixture(scope="module")
def study() -> Study:
    return run_study(replications=6, seed=3, draws=500, large=0, middle=0)


def test_without_method_variance_a_composite_promises_too_much(study: Study) -> None:
    for name in SCENARIOS:
        figures = study.figures[name]
        assert figures["raw.composite_cover80"].value < 0.60
        assert 0.68 < figures["specified.composite_cover80"].value < 0.95
        assert 0.75 < figures["specified.cover80"].value < 0.88
        assert figures["specified.cover95"].value > 0.91


def test_removing_severity_repairs_fairness_more_than_accuracy(study: Study) -> None:
    figures = study.figures["moderate"]
    assert figures["ratings.true.rmse"].value <= figures["ratings.none.rmse"].value
    assert abs(figures["ratings.mean.fairness"].value) < 0.10
    assert figures["lenient_found"].value > 0.8


def test_conflict_is_no_news_once_method_variance_is_known(study: Study) -> None:
    figures = study.figures["hard"]
    assert figures["conflict"].value < 0.03 < 0.10 < figures["conflict_without_method"].value


def test_the_same_seed_gives_the_same_numbers() -> None:
    first, second = (
        run_study(replications=2, seed=5, draws=200, large=0, middle=0).to_dict() for _ in range(2)
    )
    assert json.dumps(first) == json.dumps(second)


def test_more_evidence_is_never_worse() -> None:
    base = plan_precision()
    assert plan_precision(items=2).se < base.se < plan_precision(raters=1).se
    assert plan_precision(without=("E4",)).composite_se > base.composite_se
    assert plan_precision(only=("HT",)).reliability < 0.5 < base.reliability


def test_every_figure_has_an_error_and_a_count(study: Study) -> None:
    for figures in study.figures.values():
        for name, figure in figures.items():
            assert figure.n >= 1, name
    with pytest.raises(ValueError, match="at least 2"):
        run_study(replications=1)
