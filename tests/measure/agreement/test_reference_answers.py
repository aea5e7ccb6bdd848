"""Known answers: psych 2.2.9 and irr (R 4.2.2), worked examples of the methods, tables printed by their authors."""

from __future__ import annotations

import numpy as np
import pytest

from kamerton.measure.agreement import (
    cohen_kappa,
    conger_kappa,
    finn,
    fleiss_kappa,
    fleiss_kappa_from_counts,
    group_icc_from_statistics,
    gwet_ac,
    icc,
    kendall_w,
    krippendorff_alpha,
    light_kappa,
    mean_correlation,
    mean_squares,
    pabak,
    percentage_agreement,
    robinson_a,
    rows_of_table,
    within_group_agreement,
)

from .reference import answers, cases, matrix

TWO_SETS = ("irr_anxiety", "shrout_fleiss_1979")


@pytest.mark.parametrize("name", TWO_SETS)
def test_all_forms_of_the_icc_equal_psych_with_their_intervals(name):
    table, expected = icc(matrix(name)).table(), answers(name)["icc_psych_anova"]
    assert table["value"] == pytest.approx(expected["ICC"], abs=1e-9)
    assert table["F"] == pytest.approx(expected["F"], abs=1e-9)
    assert table["p"] == pytest.approx(expected["p"], abs=1e-9)
    assert table["low"] == pytest.approx(expected["lower bound"], abs=1e-9)
    assert table["high"] == pytest.approx(expected["upper bound"], abs=1e-9)


@pytest.mark.parametrize("case", ("shrout_fleiss_1979", "leniency_5x4"))
def test_icc_equals_the_worked_examples(case):
    known = cases("icc_agreement")[case]
    given, expected = known["inputs"]["ratings"], known["expected"]
    found, ms = icc(given), mean_squares(given)
    names = {"ICC11": "ICC(1,1)", "ICC21": "ICC(2,1)", "ICC31": "ICC(3,1)",
             "ICC1k": "ICC(1,k)", "ICC2k": "ICC(2,k)", "ICC3k": "ICC(3,k)"}  # fmt: skip
    assert {k: found[v].value for k, v in names.items()} == pytest.approx(
        {k: expected[k] for k in names}, abs=1e-6
    )
    squares = (ms.subjects, ms.raters, ms.within, ms.error)
    assert squares == pytest.approx([expected[k] for k in ("BMS", "JMS", "WMS", "EMS")], abs=1e-6)


@pytest.mark.parametrize("name", TWO_SETS)
def test_concordance_and_correlations_equal_irr(name):
    x, expected = matrix(name), answers(name)
    assert kendall_w(x).value == pytest.approx(expected["kendall_w"], abs=1e-9)
    assert mean_correlation(x).value == pytest.approx(expected["mean_pearson"], abs=1e-9)
    assert mean_correlation(x, kind="spearman").value == pytest.approx(expected["mean_rho"], abs=1e-9)
    assert robinson_a(x).value == pytest.approx(expected["robinson_A"], abs=1e-9)
    options = {"irr_anxiety": 6, "shrout_fleiss_1979": 10}[name]
    assert finn(x, options=options, model="twoway").value == pytest.approx(expected["finn"], abs=1e-9)


@pytest.mark.parametrize("name", (*TWO_SETS, "irr_diagnoses"))
def test_krippendorff_alpha_equals_the_coincidence_formula(name):
    x, expected = matrix(name), answers(name)
    for metric in ("nominal", "ordinal", "interval"):
        if f"kripp_{metric}" in expected:
            found = krippendorff_alpha(x, metric=metric, bootstrap=0)
            assert found.value == pytest.approx(expected[f"kripp_{metric}"], abs=1e-9)


@pytest.mark.parametrize("name", TWO_SETS)
def test_fleiss_kappa_equals_irr(name):
    assert fleiss_kappa(matrix(name)).value == pytest.approx(answers(name)["fleiss_kappa"], abs=1e-9)


def test_fleiss_kappa_of_the_diagnoses_is_the_published_one_once_the_sixth_rater_is_recoded():
    # The sixth column of the stored table lacks its lowest category, so its codes are one too low: the answer .430
    # belongs to the labels. With the codes as stored kappa is .282.
    x = matrix("irr_diagnoses")
    assert set(x[:, 5]) == {1, 2, 3, 4}
    assert fleiss_kappa(x).value == pytest.approx(0.2821649, abs=1e-6)
    x[:, 5] += 1
    assert fleiss_kappa(x).value == pytest.approx(answers("irr_diagnoses")["fleiss_kappa"], abs=1e-9)
    # The manual page of irr's kappam.light prints .459 for the same labels: the recoding is the right one.
    assert round(light_kappa(x).value, 3) == 0.459


def test_cohen_kappa_equals_irr():
    x, expected = matrix("irr_anxiety")[:, :2], answers("irr_anxiety")["cohen_kappa_first2"]
    for weights, key in (("identity", "unweighted"), ("linear", "linear"), ("quadratic", "quadratic")):
        assert cohen_kappa(x, weights=weights).value == pytest.approx(expected[key], abs=1e-9)


def test_weighted_kappa_of_shrout_and_fleiss_equals_irr_only_in_the_order_of_texts():
    # The stored answers took the categories sorted as texts, "10" before "2": a weight between neighbours that are
    # none. In the order of numbers the kappas are 0 and .107.
    x, expected = matrix("shrout_fleiss_1979")[:, :2], answers("shrout_fleiss_1979")["cohen_kappa_first2"]
    as_texts = [1, 10, 2, 4, 5, 6, 7, 8, 9]
    for weights, plain in (("linear", 0.0), ("quadratic", 0.106951)):
        sorted_wrongly = cohen_kappa(x, weights=weights, scores="ranks", categories=as_texts)
        assert sorted_wrongly.value == pytest.approx(expected[weights], abs=1e-9)
        assert cohen_kappa(x, weights=weights).value == pytest.approx(plain, abs=1e-5)
    assert cohen_kappa(x).value == pytest.approx(expected["unweighted"], abs=1e-9)


def test_nominal_agreement_equals_the_worked_examples():
    known = cases("nominal_agreement")
    fleiss = fleiss_kappa_from_counts(known["fleiss_10x14x5"]["inputs"]["counts"])
    expected = known["fleiss_10x14x5"]["expected"]
    assert (fleiss.observed, fleiss.expected, fleiss.value) == pytest.approx(
        (expected["P_bar"], expected["P_e"], expected["kappa"]), abs=1e-6
    )
    cohen = cohen_kappa(rows_of_table(known["cohen_2x2_50"]["inputs"]["table"]))
    assert (cohen.observed, cohen.expected, cohen.value) == pytest.approx((0.7, 0.5, 0.4), abs=1e-9)
    case = known["krippendorff_4x12_nominal_interval"]
    units = np.array(case["inputs"]["ratings"], dtype=float).T
    for metric in ("nominal", "interval"):
        found = krippendorff_alpha(units, metric=metric, bootstrap=0).value
        assert found == pytest.approx(case["expected"][f"alpha_{metric}"], abs=1e-6)


def test_errors_of_a_table_equal_those_gwet_prints():
    # Three abstractors' categories of 100 cases, the example of Gwet (2014): coefficients and errors as printed by
    # his package (kappa .796, pi .796, AC1 .849); his tables divide by n where many raters divide by n − 1.
    x = rows_of_table([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    kappa, pi, ac1 = cohen_kappa(x), fleiss_kappa(x), gwet_ac(x)
    assert (kappa.value, kappa.se) == pytest.approx((0.7964094, 0.05891072), abs=1e-7)
    shrink = np.sqrt(99 / 100)
    assert (pi.value, pi.se * shrink) == pytest.approx((0.7962397, 0.05905473), abs=1e-7)
    assert (ac1.value, ac1.se * shrink) == pytest.approx((0.8493305, 0.04321747), abs=1e-7)


def test_coefficients_with_gaps_equal_those_gwet_prints():
    # The 12 units of Krippendorff (2011) are also Gwet's example with gaps: AC1 .77544, Fleiss .76117.
    x = np.array(
        [[1, 1, None, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4], [4, 4, 4, 4],
         [1, 1, 2, 1], [2, 2, 2, 2], [None, 5, 5, 5], [None, None, 1, 1], [None, 3, None, None]],
        dtype=object,
    )  # fmt: skip
    assert percentage_agreement(x).value == pytest.approx(0.81818, abs=5e-6)
    assert gwet_ac(x).value == pytest.approx(0.77544, abs=5e-6)
    assert fleiss_kappa(x).value == pytest.approx(0.76117, abs=5e-6)
    assert pabak(x).value == pytest.approx((0.818182 - 0.2) / 0.8, abs=1e-5)
    assert 0.76 < conger_kappa(x).value < 0.765


@pytest.mark.parametrize("case", ("unit_5x4_A5", "polarised_unit_truncation", "lq2002_company_17"))
def test_agreement_within_a_group_equals_the_worked_examples(case):
    known = cases("survey_aggregation")[case]
    given, expected = known["inputs"], known["expected"]
    found = within_group_agreement(given["ratings"], options=given["options"], bootstrap=0)
    assert found.null == expected["s2_EU"]
    assert found.variances == pytest.approx(expected["item_var"], abs=1e-6)
    assert found.r_wg_items == pytest.approx(expected["r_wg_items"], abs=1e-6)
    assert found.r_wg_j.value == pytest.approx(expected["r_wg_j"], abs=1e-6)
    assert found.r_star.value == pytest.approx(expected["r_star_wg_j"], abs=1e-6)
    assert found.ad.value == pytest.approx(expected["AD_M"], abs=1e-6)


def test_icc_of_groups_equals_the_figure_bliese_prints():
    known = cases("survey_aggregation")["bhr2000_hrs_99_groups"]
    given, expected = known["inputs"], known["expected"]
    found = group_icc_from_statistics(given["group_n"], given["group_mean"], given["group_var"])
    assert (found.between, found.within) == pytest.approx((expected["MSB"], expected["MSW"]), abs=1e-5)
    assert (found.icc1.value, found.icc2.value) == pytest.approx(
        (expected["ICC1"], expected["ICC2"]), abs=1e-5
    )
    assert round(found.icc1.value, 7) == expected["published_rounded"]["ICC1"]
