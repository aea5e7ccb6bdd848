"""Known answers: Brennan's data set 3.2 (lme4 REML and the printed components), tables worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from kamerton.measure.agreement import icc
from kamerton.measure.generalizability import GeneralizabilityStudy, decision_study, rater_accuracy
from kamerton.measure.generalizability._reml import balanced_criterion
from tests.measure.agreement.reference import answers, cases, matrix, rows

NAMES = {"Person": "p", "Task": "t", "Rater:Task": "r:t", "Person:Task": "pt", "Residual": "pr:t"}


def brennan() -> tuple[np.ndarray, dict[str, list[str]]]:
    listed = rows("brennan_3_2")
    y = np.array([float(row["Score"]) for row in listed])
    return y, {
        "p": [r["Person"] for r in listed],
        "t": [r["Task"] for r in listed],
        "r": [r["Rater"] for r in listed],
    }


@pytest.mark.parametrize("method", ("moments", "reml"))
def test_components_of_brennans_nested_design_equal_the_reference(method):
    study = GeneralizabilityStudy(design="p x (r:t)", method=method).fit(*brennan())
    found = dict(zip(study.effects_, study.components_, strict=True))
    block = answers("brennan_3_2")["variance_components"]
    expected = {NAMES[name]: value for name, value in zip(block["group"], block["vcov"], strict=True)}
    # lme4 stops its search early: its figure for tasks is .00017 from the maximum, see the next test.
    tolerance = {"p": 2e-4, "t": 2e-4, "r:t": 1e-4, "pt": 1e-4, "pr:t": 1e-4}
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=tolerance[name])
    assert study.grand_mean_ == answers("brennan_3_2")["grand_mean"]


def test_the_reference_lies_below_the_maximum_of_the_restricted_likelihood():
    from kamerton.measure.generalizability._cells import long_form, sort_into_cells, sums_of_squares
    from kamerton.measure.generalizability._design import parse_design

    y, facets = brennan()
    plan = parse_design("p x (r:t)")
    values, codes, _ = long_form(y, facets, plan)
    cells = sort_into_cells(values, codes, plan)
    criterion = balanced_criterion(sums_of_squares(cells, values), cells.n)
    block = answers("brennan_3_2")["variance_components"]
    stored = {NAMES[name]: value for name, value in zip(block["group"], block["vcov"], strict=True)}
    study = GeneralizabilityStudy(design="p x (r:t)", method="reml").fit(y, facets)
    at_reference = criterion(np.array([stored[name] for name in study.effects_]))
    assert -0.5 * at_reference.value < study.log_likelihood_
    # Balanced and all positive: the maximum is the solution of the expected mean squares, in whole fractions.
    assert study.components_ == pytest.approx(
        [0.4731481481, 0.3251543210, 0.6475308642, 0.5595679012, 2.3802469136]
    )


def test_components_equal_those_brennan_prints():
    # Brennan (2001), chapter 3, synthetic data set no. 4, p × (R:T): .4731 .3252 .6475 .5596 2.3802
    study = GeneralizabilityStudy(design="p x (r:t)").fit(*brennan())
    assert [round(v, 4) for v in study.components_] == [0.4731, 0.3252, 0.6475, 0.5596, 2.3802]


def test_crossed_components_give_the_printed_iccs_of_shrout_and_fleiss():
    x = matrix("shrout_fleiss_1979")
    study = GeneralizabilityStudy(design="p x r", method="reml").fit(x)
    p, r, e = study.components_
    found = (p / (p + r + e), p / (p + e))
    assert found == pytest.approx((icc(x)["ICC(2,1)"].value, icc(x)["ICC(3,1)"].value))
    d = study.decide({"r": 4})
    assert (d.phi.value, d.g.value) == pytest.approx((icc(x)["ICC(2,k)"].value, icc(x)["ICC(3,k)"].value))


def test_a_d_study_equals_the_one_worked_by_hand():
    s2 = {"p": 0.50, "r": 0.04, "e": 0.10, "pr": 0.06, "pe": 0.20, "re": 0.02, "pre": 0.30}
    d = decision_study(s2, design="p x r x e", sizes={"r": 2, "e": 4})
    relative = 0.06 / 2 + 0.20 / 4 + 0.30 / 8
    absolute = relative + 0.04 / 2 + 0.10 / 4 + 0.02 / 8
    assert d.relative_error.value == pytest.approx(relative)
    assert d.absolute_error.value == pytest.approx(absolute)
    assert d.g.value == pytest.approx(0.5 / (0.5 + relative))
    assert d.phi.value == pytest.approx(0.5 / (0.5 + absolute))
    # raters nested in exercises: r joins re, pr joins pre
    nested = decision_study(s2, design="p x r x e", planned="p x (r:e)", sizes={"r": 2, "e": 4})
    assert nested.relative_error.value == pytest.approx(0.20 / 4 + (0.06 + 0.30) / 8)
    assert nested.absolute_error.value == pytest.approx(
        nested.relative_error.value + 0.10 / 4 + (0.04 + 0.02) / 8
    )
    # the same exercises for ever: what is person × exercise becomes part of what is measured
    fixed = decision_study(s2, design="p x r x e", sizes={"r": 2, "e": 4}, fixed=["e"])
    assert fixed.universe.value == pytest.approx(0.5 + 0.20 / 4)
    assert fixed.relative_error.value == pytest.approx(0.06 / 2 + 0.30 / 8)
    assert fixed.absolute_error.value == pytest.approx(fixed.relative_error.value + 0.04 / 2 + 0.02 / 8)


def test_phi_at_a_cut_follows_brennan_and_kane():
    d = decision_study({"p": 0.04, "i": 0.02, "pi": 0.16}, design="p x i", sizes={"i": 10}, cut=0.8, mean=0.7)
    assert d.phi_lambda.value == pytest.approx((0.04 + 0.01) / (0.04 + 0.01 + 0.018))


def test_components_of_accuracy_equal_the_worked_example():
    known = cases("rater_accuracy")["four_targets_three_dims"]
    found, expected = rater_accuracy(known["inputs"]["ratings"], known["inputs"]["true"]), known["expected"]
    names = {
        "E2": "elevation",
        "DE2": "differential_elevation",
        "SA2": "stereotype_accuracy",
        "DA2": "differential_accuracy",
        "MSE": "mse",
        "leniency": "leniency",
        "range_ratio": "range_ratio",
    }
    assert {k: getattr(found, v) for k, v in names.items()} == pytest.approx(
        {k: expected[k] for k in names}, abs=1e-9
    )
