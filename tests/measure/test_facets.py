"""Raters: likelihood, severities, components, flags (SCORING A2)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from kamerton.measure.facets import (
    Anchors,
    AssessmentCentre,
    VarianceComponents,
    VarianceDefaults,
    blend,
    cell_scores,
)
from kamerton.measure.facets._severity import NODES, _evaluate, pair_rows
from kamerton.measure.simulation import HARD, MODERATE, kam_design, simulate

DESIGN = kam_design()


def fitted(seed: int, n: int = 34, scenario=MODERATE, **kw):
    w = simulate(DESIGN, n, seed, scenario, **kw)
    d = w.data
    return w, AssessmentCentre().fit(
        d.person, d.exercise, d.competency, np.array(d.raters)[d.rater], d.rating
    )


def small_rows():
    performance = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    cell = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    rater = np.array([0, 1, 0, 1, 1, 2, 1, 2])
    value = np.array([3, 4, 2, 2, 5, 4, 3, 1])
    return performance, cell, rater, value


def test_marginal_likelihood_equals_plain_integration() -> None:
    performance, cell, rater, value = small_rows()
    rows = pair_rows(performance, cell, rater, value, 2.0)
    assert rows is not None
    theta = np.array([0.3, -0.1, 0.2, 1.4, 2.6, 3.3, 4.7])
    beta, t = theta[:3], theta[3:]
    x, w = np.polynomial.hermite_e.hermegauss(NODES)
    got, _, _ = _evaluate(rows, theta, 3, 0.3, x, np.log(w / w.sum()))

    def conditional(x1: int, x2: int, d: float) -> float:
        def term(a: int) -> float:
            b = x1 + x2 - a
            return np.exp(2.0 * (d * (a - b) / 2 - t[: a - 1].sum() - t[: b - 1].sum()))

        s = x1 + x2
        return term(x1) / sum(term(a) for a in range(max(1, s - 5), min(5, s - 1) + 1))

    want = 0.0
    for (i, j), pairs in {(0, 1): [(3, 4), (2, 2)], (1, 2): [(5, 4), (3, 1)]}.items():
        d = beta[i] - beta[j]
        sd = 0.3 * np.sqrt(2)
        value_ = quad(
            lambda g, d=d, pairs=pairs, sd=sd: (
                np.prod([conditional(a, b, d + g) for a, b in pairs]) * norm.pdf(g, 0, sd)
            ),
            -8 * sd,
            8 * sd,
        )[0]
        want += np.log(value_)
    assert got == pytest.approx(want, abs=1e-7)


def test_gradient_and_hessian_equal_finite_differences() -> None:
    rows = pair_rows(*small_rows(), 2.0)
    assert rows is not None
    x, w = np.polynomial.hermite_e.hermegauss(NODES)
    logw = np.log(w / w.sum())
    theta = np.array([0.3, -0.1, 0.2, 1.4, 2.6, 3.3, 4.7])
    _, gradient, hessian = _evaluate(rows, theta, 3, 0.3, x, logw)
    for k in range(len(theta)):
        step = np.zeros(len(theta))
        step[k] = 1e-5
        up, down = (_evaluate(rows, theta + s * step, 3, 0.3, x, logw) for s in (1, -1))
        assert gradient[k] == pytest.approx((up[0] - down[0]) / 2e-5, abs=1e-7)
        np.testing.assert_allclose(hessian[k], (up[1] - down[1]) / 2e-5, atol=1e-6)


def test_only_co_raters_of_a_performance_speak_about_severity() -> None:
    """A person, an exercise or a whole group may be stronger: nothing moves."""
    w, before = fitted(3)
    d = w.data
    own_only = d.person >= 24  # shift a group by whole levels wherever no rating leaves the scale
    x = d.rating.copy()
    for p in range(24, 34):
        mine = d.person == p
        if x[mine].max() < 5:
            x[mine] += 1
    assert own_only.any() and (x != d.rating).any()
    after = AssessmentCentre().fit(d.person, d.exercise, d.competency, np.array(d.raters)[d.rater], x)
    assert np.abs(after.severity_ - before.severity_).max() < 0.05


@pytest.mark.parametrize("scenario", [MODERATE, HARD], ids=["moderate", "hard"])
def test_recovers_severities_and_planted_raters_at_34_persons(scenario) -> None:
    """B1: RMSE .07–.08; lenient found 98–100 %, central 97–100 %; false severity flags 6 %. Bands for 30 worlds."""
    errors, lenient, central, false = [], [], [], []
    for seed in range(100, 130):
        w, f = fitted(seed, scenario=scenario)
        true = w.severity - w.severity.mean()
        errors.append((f.severity_ - f.severity_.mean() - true)[~w.central])
        lenient.append("lenient" in f.rater_flags_[0])
        central.append("central" in f.rater_flags_[1])
        false += [bool({"lenient", "severe"} & set(f.rater_flags_[k])) for k in range(2, 6)]
        assert f.gradient_norm_ < 1e-6 and f.connected_ and f.zero_ == "median"
    rmse = float(np.sqrt(np.mean(np.concatenate(errors) ** 2)))
    assert 0.05 < rmse < 0.09
    assert np.mean(lenient) >= 0.90
    assert np.mean(central) >= 0.95
    assert np.mean(false) <= 0.12


def test_standard_errors_of_severities_tell_the_truth() -> None:
    z = []
    for seed in range(200, 225):
        w, f = fitted(seed)
        z.append((f.severity_ - f.severity_.mean() - w.severity + w.severity.mean()) / f.severity_se_)
    assert 0.8 < float(np.std(np.concatenate(z))) < 1.25


def test_recovers_the_components_of_many_persons() -> None:
    """Raw moments at 600 persons against the generator's variances (rounding adds about 1/12 to the residual)."""
    _, f = fitted(5, n=600, central_rater=None)
    raw = f.components_.raw
    assert raw.method == pytest.approx(0.45**2, abs=0.04)
    assert raw.cell == pytest.approx(0.30**2, abs=0.03)
    assert raw.halo == pytest.approx(0.30**2, abs=0.03)
    assert raw.residual == pytest.approx(0.58**2 + 1 / 12, abs=0.04)


def test_blends_by_the_number_of_persons() -> None:
    raw = VarianceComponents(0.10, -0.02, 0.05, 0.4, float("nan"), float("nan"))
    c = blend(raw, 34, VarianceDefaults())
    assert c.source == "blended"
    assert c.used.method == pytest.approx((34 * 0.10 + 50 * 0.25) / 84)
    assert c.used.cell == pytest.approx(50 * 0.35**2 / 84)  # a negative moment counts as zero
    assert c.used.test_method == pytest.approx(0.35**2)
    few = blend(raw, 29, VarianceDefaults())
    assert few.source == "defaults" and few.used == VarianceDefaults().components


def test_below_thirty_persons_no_severity_is_removed_and_the_error_is_assumed() -> None:
    _, f = fitted(1, n=20)
    assert not f.severity_.any() and not f.linked_.any()
    assert set(f.run_flags) == {"severity_not_removed", "error_assumed"}
    assert np.all(f.severity_se_ == 0.30)


def test_an_unconnected_design_says_which_pairings_to_add() -> None:
    pairs = np.where(np.arange(40)[:, None, None] % 2 == 0, np.array([0, 1]), np.array([2, 3]))
    seats = np.broadcast_to(pairs, (40, 5, 2)).copy()
    _, f = fitted(2, n=40, assignment=seats)
    assert not f.connected_
    assert f.graph_components_ == (("r01", "r02"), ("r03", "r04"))
    assert f.pairings_to_add_ == (("r01", "r03"),)
    assert not f.severity_.any()
    assert all(flags == ("severity_not_linked",) for flags in f.rater_flags_)


def test_anchors_set_the_zero() -> None:
    """Every rater marks eight recorded performances of known level, all half a level too high."""
    w, _ = fitted(4)
    rng = np.random.default_rng(0)
    d = w.data
    rows = [
        (q, r, level, q * 10 + c)
        for q in range(8)
        for r in d.raters
        for c, level in enumerate((2.0, 3.0, 3.5, 4.0))
    ]
    level = np.array([x[2] for x in rows])
    value = np.clip(np.round(level + 0.5 + rng.normal(0, 0.58, len(rows))), 1, 5)
    anchors = Anchors([x[0] for x in rows], [x[1] for x in rows], level, value)
    f = AssessmentCentre().fit(
        d.person, d.exercise, d.competency, np.array(d.raters)[d.rater], d.rating, anchors
    )
    assert f.zero_ == "anchors"
    assert 0.25 < float(np.median(f.severity_)) < 0.65


def test_order_of_rows_changes_nothing() -> None:
    w, f = fitted(6)
    d = w.data
    mix = np.random.default_rng(0).permutation(len(d.rating))
    g = AssessmentCentre().fit(
        d.person[mix], d.exercise[mix], d.competency[mix], np.array(d.raters)[d.rater][mix], d.rating[mix]
    )
    assert np.array_equal(f.severity_, g.severity_)
    assert f.components_ == g.components_ or np.isnan(f.components_.raw.test_method)
    assert f.components_.used == g.components_.used


def test_cells_take_severity_out_and_say_when_they_were_clipped() -> None:
    one = np.array([0, 0, 0])
    t = cell_scores(
        one,
        one,
        np.array([0, 0, 1]),
        np.array([0, 1, 0]),
        np.array([5.0, 5.0, np.nan]),
        shape=(1, 1, 2),
        severity=np.array([-0.4, 0.1]),
        severity_se=np.array([0.1, 0.2]),
        linked=np.array([True, True]),
        components=VarianceComponents(0.2, 0.1, 0.08, 0.3, 0.1, 0.1),
    )
    assert t.value[0, 0, 0] == 5.0 and t.clipped[0, 0, 0]
    assert t.raw[0, 0, 0] == 5.0
    assert t.error[0, 0, 0] == pytest.approx(0.2 + 0.1 + (0.08 + 0.3) / 2 + (0.01 + 0.04) / 4)
    assert np.isnan(t.value[0, 0, 1]) and t.n_raters[0, 0, 1] == 0


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([3.5, 3], "whole levels 1 to 5"),
        ([6, 3], "whole levels 1 to 5"),
        ([np.nan, np.nan], "all ratings are missing"),
    ],
)
def test_refuses_what_is_not_a_level(value: list[float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        AssessmentCentre().fit([0, 0], [0, 0], [0, 0], [0, 1], value)


def test_refuses_a_rater_who_rated_the_same_cell_twice() -> None:
    with pytest.raises(ValueError, match="twice"):
        AssessmentCentre().fit([0, 0], [0, 0], [0, 0], [7, 7], [3, 4])
