"""Invariances, limits, zeros that are named, and refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import approx_fprime

from kamerton.measure import NotFittedError, load
from kamerton.measure.generalizability import (
    GeneralizabilityStudy,
    cheapest_designs,
    decision_study,
    parse_design,
    rater_accuracy,
    rater_accuracy_table,
)
from kamerton.measure.generalizability._cells import long_form, sort_into_cells, sums_of_squares
from kamerton.measure.generalizability._reml import balanced_criterion, general_criterion


def panel(seed=31, persons=30, raters=3, exercises=4):
    rng = np.random.default_rng(seed)
    return (
        rng.normal(size=(persons, 1, 1)) + rng.normal(0, 0.6, (1, 1, exercises)) + rng.normal(0, 0.4, (1, raters, exercises))
        + rng.normal(0, 0.5, (persons, 1, exercises)) + rng.normal(0, 0.7, (persons, raters, exercises))
    )  # fmt: skip


def test_designs_are_read_into_their_effects():
    def names(text):
        return [e.name for e in parse_design(text).effects]

    assert names("p x i") == ["p", "i", "pi"]
    assert names("p × r * e") == ["p", "r", "e", "pr", "pe", "re", "pre"]
    assert names("p x (r:e)") == ["p", "e", "r:e", "pe", "pr:e"]
    assert names("(i:h) x p") == ["h", "p", "i:h", "hp", "ip:h"]
    assert names("r:(e x t)") == ["e", "t", "et", "r:et"]
    assert names("person x (rater:exercise)")[-1] == "person x rater:exercise"


@pytest.mark.parametrize("text", ("p x", "p x p", "p (r", "p x (r:e", "p & r", ")p", "p r"))
def test_a_design_that_cannot_be_read_says_where(text):
    with pytest.raises(ValueError, match="design"):
        parse_design(text)


def test_moments_and_reml_agree_when_balanced_and_positive():
    x = panel()
    one, two = (GeneralizabilityStudy(design="p x (r:e)", method=m).fit(x) for m in ("moments", "reml"))
    assert two.components_ == pytest.approx(np.maximum(one.raw_components_, 0), rel=1e-6, abs=1e-6)
    assert one.covariance_ == pytest.approx(two.covariance_, rel=1e-5)


def test_the_two_ways_to_the_likelihood_are_one():
    x = panel()
    plan = parse_design("p x (r:e)")
    y, codes, _ = long_form(x, None, plan)
    cells = sort_into_cells(y, codes, plan)
    short, full = balanced_criterion(sums_of_squares(cells, y), cells.n), general_criterion(cells, y)
    s = np.array([0.8, 0.1, 0.2, 0.3, 0.5])
    a, b = short(s), full(s)
    assert a.value == pytest.approx(b.value, abs=1e-9)
    assert a.gradient == pytest.approx(b.gradient, abs=1e-8)
    assert a.information == pytest.approx(b.information, abs=1e-8)


def test_the_gradient_and_information_of_an_unbalanced_design_are_exact():
    rng = np.random.default_rng(32)
    x = panel(persons=12)
    x[rng.random(x.shape) < 0.25] = np.nan
    plan = parse_design("p x (r:e)")
    y, codes, _ = long_form(x, None, plan)
    cells = sort_into_cells(y, codes, plan)
    criterion = general_criterion(cells, y)
    s = np.array([0.8, 0.1, 0.2, 0.3, 0.5])
    found = criterion(s)
    assert found.gradient == pytest.approx(approx_fprime(s, lambda v: criterion(v).value, 1e-6), abs=1e-3)
    z = [(code[:, None] == code).astype(float) for code in cells.codes]
    v = sum(w * m for w, m in zip(s, z, strict=True))
    inverse, one = np.linalg.inv(v), np.ones(cells.n)
    p = inverse - np.outer(inverse @ one, inverse @ one) / (one @ inverse @ one)
    centred = y - y.mean()
    direct = np.linalg.slogdet(v)[1] + np.log(one @ inverse @ one) + centred @ p @ centred
    assert found.value == pytest.approx(direct + (cells.n - 1) * np.log(2 * np.pi), abs=1e-8)
    information = [[0.5 * np.trace(p @ a @ p @ b) for a in z] for b in z]
    assert found.information == pytest.approx(np.array(information), abs=1e-9)


def test_reml_has_no_better_neighbour():
    rng = np.random.default_rng(33)
    x = panel(persons=25)
    x[rng.random(x.shape) < 0.2] = np.nan
    study = GeneralizabilityStudy(design="p x (r:e)", method="reml").fit(x)
    plan = parse_design("p x (r:e)")
    y, codes, _ = long_form(x, None, plan)
    criterion = general_criterion(sort_into_cells(y, codes, plan), y)
    best = criterion(study.components_).value
    assert best == pytest.approx(-2 * study.log_likelihood_, abs=1e-9)
    for _ in range(60):
        near = np.maximum(study.components_ + rng.normal(0, 0.02, 5), 1e-9)
        assert criterion(near).value >= best - 1e-9


def test_order_of_persons_and_raters_and_names_changes_nothing():
    x = panel()
    x[3, 1, 2] = np.nan
    rng = np.random.default_rng(34)
    shuffled = x[rng.permutation(30)][:, rng.permutation(3)][:, :, rng.permutation(4)]
    for method in ("moments", "reml"):
        fits = [
            GeneralizabilityStudy(design="p x (r:e)", method=method, bootstrap=3).fit(v)
            for v in (x, shuffled)
        ]
        assert fits[0].components_ == pytest.approx(fits[1].components_, abs=1e-7)
    p, r, e = np.indices(x.shape)
    long = GeneralizabilityStudy(design="who x (judge:task)").fit(
        x.ravel(), {"who": p.ravel(), "judge": [f"{a}.{b}" for a, b in zip(e.ravel(), r.ravel(), strict=True)],
                    "task": e.ravel()},
    )  # fmt: skip
    short = GeneralizabilityStudy(design="p x (r:e)").fit(x)
    assert long.components_ == pytest.approx(short.components_)
    assert long.effects_[-1] == "who x judge:task"


def test_components_follow_the_unit_of_the_scale():
    x = panel()
    for method in ("moments", "reml"):
        one = GeneralizabilityStudy(design="p x (r:e)", method=method).fit(x)
        two = GeneralizabilityStudy(design="p x (r:e)", method=method).fit(10 * x + 100)
        assert two.components_ == pytest.approx(100 * one.components_, rel=1e-5, abs=1e-5)
        assert two.decide({"r": 2, "e": 4}).g.value == pytest.approx(
            one.decide({"r": 2, "e": 4}).g.value, rel=1e-5
        )


def test_a_negative_component_is_named_and_used_as_zero():
    rng = np.random.default_rng(35)
    x = rng.normal(size=(20, 4))
    x -= x.mean(axis=1, keepdims=True) * 0.95  # persons differ less than chance
    moments, reml = (GeneralizabilityStudy(design="p x r", method=m).fit(x) for m in ("moments", "reml"))
    assert moments.raw_components_[0] < 0 == moments.components_[0]
    assert reml.components_[0] == 0
    for study in (moments, reml):
        assert next(f.where for f in study.flags_ if f.code == "negative_component") == "p"
    assert "no_universe_variance" in {f.code for f in reml.decide({"r": 4}).flags}
    assert reml.decide({"r": 4}).g.value == 0


def test_replicated_cells_get_a_component_of_their_own():
    rng = np.random.default_rng(36)
    y = rng.normal(size=(200, 1)) + rng.normal(0, 0.5, (200, 3))
    y = np.repeat(y[:, :, None], 4, axis=2) + rng.normal(0, 0.3, (200, 3, 4))
    p, r, _ = np.indices(y.shape)
    study = GeneralizabilityStudy(design="p x r", method="reml").fit(
        y.ravel(), {"p": p.ravel(), "r": r.ravel()}
    )
    assert study.effects_ == ("p", "r", "pr", "within")
    assert study.components_[[0, 2, 3]] == pytest.approx([1, 0.25, 0.09], abs=0.2)
    assert study.decide({"r": 2}).relative_error.value == pytest.approx(
        (study.components_[2] + study.components_[3]) / 2
    )


def test_more_raters_and_exercises_never_lower_a_coefficient():
    study = GeneralizabilityStudy(design="p x (r:e)").fit(panel())
    last = 0.0
    for r, e in ((1, 1), (2, 1), (2, 3), (3, 3), (3, 8)):
        d = study.decide({"r": r, "e": e})
        assert d.g.value >= d.phi.value >= last - 0.2 and d.phi.value >= 0
        assert d.sem_relative.value <= d.sem_absolute.value
    values = [study.decide({"r": 2, "e": e}).phi.value for e in range(1, 9)]
    assert values == sorted(values)


def test_the_search_finds_what_trying_everything_finds():
    s2 = {"p": 0.5, "e": 0.1, "r:e": 0.08, "pe": 0.25, "pr:e": 0.35}
    found = cheapest_designs(
        s2, design="p x (r:e)", limits={"r": 4, "e": 10}, target=0.8, costs={"e": 60, "e*r": 45}
    )
    best = min(
        (60 * e + 45 * e * r, r, e)
        for r in range(1, 5)
        for e in range(1, 11)
        if decision_study(s2, design="p x (r:e)", sizes={"r": r, "e": e}).phi.value >= 0.8
    )
    first = next(found.table.rows())
    assert (first["cost"], first["r"], first["e"]) == best
    assert found.best.phi.value >= 0.8 and found.considered == 40
    assert np.all(np.diff(found.table["cost"]) >= 0)
    priced = cheapest_designs(
        s2, design="p x (r:e)", limits={"r": [1, 2], "e": 10}, costs=lambda n: n["e"] * (60 + 45 * n["r"])
    )
    assert priced.best.sizes == {"r": best[1], "e": best[2]}


def test_a_target_out_of_reach_says_what_is_reached():
    found = cheapest_designs({"p": 0.1, "i": 0.1, "pi": 0.8}, design="p x i", limits={"i": 5}, target=0.9)
    assert found.best is None and len(found.table) == 0
    assert found.flags[0].code == "target_not_reached" and "0.3" in found.flags[0].detail


def test_draws_come_again_from_the_same_seed_and_a_model_is_saved_bit_for_bit():
    x = panel()
    one, two = (GeneralizabilityStudy(design="p x (r:e)", bootstrap=20, seed=5).fit(x) for _ in range(2))
    assert np.array_equal(one.draws_, two.draws_)
    again = load(json.loads(json.dumps(one.to_dict())))
    assert again.to_dict() == one.to_dict()
    assert again.decide({"r": 2, "e": 4}) is not None
    assert again.decide({"r": 2, "e": 4}).phi == one.decide({"r": 2, "e": 4}).phi


def test_progress_is_reported_and_the_scores_stay_as_they_were():
    x = panel()
    x[0, 0, 0] = np.nan
    before, seen = x.copy(), []
    GeneralizabilityStudy(design="p x (r:e)", method="reml").fit(x, progress=lambda c, o, d: seen.append(c))
    np.testing.assert_array_equal(x, before)
    assert seen == list(range(1, len(seen) + 1)) and seen


def test_refusals_say_what_is_wrong():
    x = panel()
    with pytest.raises(ValueError, match="2 axes"):
        GeneralizabilityStudy(design="p x r x e").fit(x[:, :, 0])
    with pytest.raises(ValueError, match="facet 'r' has one level within e"):
        GeneralizabilityStudy(design="p x (r:e)").fit(x[:, :1])
    with pytest.raises(ValueError, match="object is 'q'"):
        GeneralizabilityStudy(design="p x r", object="q").fit(x[:, :, 0])
    with pytest.raises(ValueError, match="method is 'ml'"):
        GeneralizabilityStudy(design="p x r", method="ml").fit(x[:, :, 0])
    with pytest.raises(ValueError, match="sizes must name"):
        GeneralizabilityStudy(design="p x r").fit(x[:, :, 0]).decide({"q": 3})
    with pytest.raises(ValueError, match="nested there cannot be crossed"):
        GeneralizabilityStudy(design="p x (r:e)").fit(x).decide({"r": 2, "e": 2}, design="p x r x e")
    with pytest.raises(ValueError, match="missing \\['pr'\\]"):
        decision_study({"p": 1, "r": 1}, design="p x r", sizes={"r": 2})
    with pytest.raises(NotFittedError):
        GeneralizabilityStudy().decide({"i": 3})


def test_two_effects_with_the_same_cells_cannot_be_told_apart():
    code = np.arange(30)
    with pytest.raises(ValueError, match="cannot be told apart"):
        GeneralizabilityStudy(design="p x r").fit(
            np.random.default_rng(1).normal(size=30), {"p": code, "r": code % 3}
        )


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.float64, (5, 4), elements=st.integers(1, 5).map(float)),
    arrays(np.float64, (5, 4), elements=st.integers(1, 5).map(float)),
)
def test_components_of_accuracy_sum_to_the_squared_error(x, t):
    found = rater_accuracy(x, t)
    parts = (
        found.elevation
        + found.differential_elevation
        + found.stereotype_accuracy
        + found.differential_accuracy
    )
    assert parts == pytest.approx(found.mse)


def test_a_rater_with_a_gap_keeps_the_other_persons():
    x = np.full((2, 3, 2), 3.0)
    x[1, 0, 0] = np.nan
    table = rater_accuracy_table(x, np.full((3, 2), 2.0), raters=["Ann", "Bob"])
    assert table["n"].tolist() == [3, 2] and table["leniency"].tolist() == [1, 1]
    with pytest.raises(ValueError, match="person 0, dimension 0"):
        rater_accuracy(x[1], np.full((3, 2), 2.0))
