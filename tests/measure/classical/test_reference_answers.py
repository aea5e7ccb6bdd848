"""Known answers: R 4.2.2, psych 2.2.9 (`psych::alpha`, one-factor minres) on public data; see the reference README."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest

from kamerton.measure.classical import (
    ClassicalTest,
    alpha,
    composite_reliability,
    item_analysis,
    kelley_true_score,
    omega_total,
    one_factor_minres,
    reliability_of_difference,
    spearman_brown,
    spearman_brown_length,
    standard_error_of_difference,
    standard_error_of_estimation,
    standard_error_of_measurement,
)

REFERENCE = Path(os.environ.get("KAMERTON_REFERENCE") or Path(__file__).parents[4] / "shared" / "reference")
SETS = (
    "lsat6",
    "science",
    "abortion",
    "bfi_agree",
    "bfi_consc",
    "bfi_extra",
    "verbagg_poly",
    "verbagg_binary",
)


def load(name: str) -> tuple[np.ndarray, dict]:
    table = REFERENCE / "psychometrics" / f"{name}.csv"
    if not table.exists():
        pytest.skip(
            f"reference data {table.name} is not here; set KAMERTON_REFERENCE to the folder that holds it"
        )
    with table.open(encoding="utf-8") as handle:
        rows = list(csv.reader(handle))[1:]
    answers = json.loads(table.with_suffix(".json").read_text(encoding="utf-8"))["ctt"]
    return np.array([[float(v) if v not in ("", "NA") else np.nan for v in row] for row in rows]), answers


@pytest.mark.parametrize("name", SETS)
def test_alpha_and_its_error_equal_psych(name):
    scores, expected = load(name)
    found = alpha(scores)
    assert found.value == pytest.approx(expected["alpha_raw"], abs=1e-9)
    # psych divides by all rows, we by the smallest number of persons behind a covariance: compare at the same n.
    at_all_rows = found.se * np.sqrt(found.n / expected["n"])
    assert at_all_rows == pytest.approx(expected["ase"], rel=1e-6)
    assert found.interval.low < found.value < found.interval.high


@pytest.mark.parametrize("name", SETS)
def test_item_statistics_equal_psych(name):
    scores, expected = load(name)
    items = item_analysis(scores)
    assert [i.mean for i in items] == pytest.approx(expected["item_mean"], abs=1e-8)
    assert [i.sd for i in items] == pytest.approx(expected["item_sd"], abs=1e-8)
    assert [i.r_rest.value for i in items] == pytest.approx(expected["r_drop"], abs=1e-8)
    assert [i.alpha_if_dropped.value for i in items] == pytest.approx(expected["alpha_if_dropped"], abs=1e-8)


@pytest.mark.parametrize("name", SETS)
def test_one_factor_omega_equals_psych(name):
    scores, expected = load(name)
    expected = expected["omega_total_1factor"]
    fit = ClassicalTest().fit(scores)
    assert fit.omega_standardised_.value == pytest.approx(expected["omega_std"], abs=1e-5)
    assert omega_total(scores, metric="standardised").value == fit.omega_standardised_.value


@pytest.mark.parametrize("name", ("lsat6", "science", "abortion", "verbagg_poly", "verbagg_binary"))
def test_minres_loadings_equal_psych(name):
    scores, expected = load(name)
    loadings = one_factor_minres(np.corrcoef(scores, rowvar=False)).loadings
    # psych stops its optimiser at a relative change of about 1e-7, which leaves the loadings at four digits.
    assert loadings == pytest.approx(expected["omega_total_1factor"]["loadings_minres"], abs=5e-4)


def cases() -> dict[str, dict]:
    file = REFERENCE / "methods" / "score_precision.json"
    if not file.exists():
        pytest.skip(
            f"reference data {file.name} is not here; set KAMERTON_REFERENCE to the folder that holds it"
        )
    return {case["id"]: case for case in json.loads(file.read_text(encoding="utf-8"))["cases"]}


@pytest.mark.parametrize("name", ("sten_scale", "iq_metric"))
def test_errors_of_scores_and_differences_equal_the_worked_examples(name):
    case = cases()[name]
    given, expected = case["inputs"], case["expected"]
    s, rxx, ryy = given["s"], given["rxx"], given["ryy"]
    sem = standard_error_of_measurement(s, rxx)
    true = kelley_true_score(given["x"], rxx, given["M"])
    error = standard_error_of_estimation(s, rxx)
    assert sem == pytest.approx(expected["SEM"], abs=1e-6)
    assert true == pytest.approx(expected["true_est"], abs=1e-6)
    assert error == pytest.approx(expected["SE_est"], abs=1e-6)
    assert [given["x"] - 1.96 * sem, given["x"] + 1.96 * sem] == pytest.approx(expected["CI95_obs"], abs=1e-6)
    assert [true - 1.96 * error, true + 1.96 * error] == pytest.approx(expected["CI95_true"], abs=1e-4)
    assert standard_error_of_difference(s, rxx, ryy) == pytest.approx(expected["SE_diff"], abs=1e-6)
    assert reliability_of_difference(rxx, ryy, given["rxy"]) == pytest.approx(expected["r_DD"], abs=1e-6)


@pytest.mark.parametrize("name", ("spearman_brown", "spearman_brown_shorten"))
def test_spearman_brown_equals_the_worked_examples(name):
    case = cases()[name]
    given, expected = case["inputs"], case["expected"]
    assert [spearman_brown(given["r"], k) for k in given["k"]] == pytest.approx(expected["r_k"], abs=1e-9)
    assert spearman_brown_length(given["r"], given["r_target"]) == pytest.approx(
        expected["k_needed"], abs=1e-9
    )


def test_reliability_of_a_composite_equals_the_worked_example():
    case = cases()["mosier_two_parts"]
    given = case["inputs"]
    found = composite_reliability(given["w"], given["s"], given["rel"], given["R"])
    assert found == pytest.approx(case["expected"]["reliability"], abs=1e-6)
