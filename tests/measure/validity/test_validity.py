"""Validity and what choosing is worth: published figures, simulated people, coverage, refusals."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from kamerton.measure.validity import (
    composite_difference,
    composite_validity,
    corrected,
    correlation,
    expectancy,
    expected_impact,
    naylor_shine,
    sd_from_percentiles,
    taylor_russell,
    utility,
)

FOLDER = Path(os.environ.get("KAMERTON_REFERENCE") or Path(__file__).parents[4] / "shared" / "reference") / "methods"  # fmt: skip


def case(file: str, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if not FOLDER.is_dir():
        pytest.skip("no reference data; set KAMERTON_REFERENCE")
    cases = json.loads((FOLDER / f"{file}.json").read_text(encoding="utf-8"))["cases"]
    found = next(c for c in cases if c["id"] == name)
    return found["inputs"], found["expected"]


def test_taylor_russell_agrees_with_the_tables() -> None:
    given, told = case("selection_utility", "taylor_russell_br60")
    assert taylor_russell(given["r"], given["SR"], given["BR"]).success_ratio == pytest.approx(
        told["success_ratio"], abs=1e-6
    )
    given, told = case("selection_utility", "taylor_russell_br50_r30")
    for ratio, value in zip(given["SR"], told["success_ratio"], strict=True):
        assert taylor_russell(given["r"], ratio, given["BR"]).success_ratio == pytest.approx(value, abs=1e-6)


def test_naylor_shine_and_utility_agree_with_the_published_examples() -> None:
    given, told = case("selection_utility", "naylor_shine_ordinate")
    assert [naylor_shine(1.0, s) for s in given["SR"]] == pytest.approx(told["mean_z_selected"], abs=1e-6)
    given, told = case("selection_utility", "schmidt_1979_corner")
    for (ratio, before), value in zip(given["cells"], told["dU"], strict=True):
        found = utility(given["N"], given["r"], ratio, given["SDy"], years=given["T"], validity_before=before, cost_per_applicant=given["cost_per_applicant"])  # fmt: skip
        assert found.value == pytest.approx(value, rel=1e-6)
    given, told = case("selection_utility", "iopsych_help_examples")
    one, two = given["bcg"], given["boudreau"]
    assert utility(one["n"], one["rxy"], one["sr"], one["sdy"]).value == pytest.approx(told["bcg"], abs=1e-6)
    found = utility(two["n"], two["rxy"], two["sr"], two["sdy"], years=two["period"], variable_costs=two["v"], tax=two["tax"], discount=two["i"])  # fmt: skip
    assert found.value == pytest.approx(told["boudreau"], abs=1e-6)


def test_expected_impact_agrees_with_the_example() -> None:
    given, told = case("selection_utility", "expected_ai_d015")
    assert expected_impact(given["d"], given["SR"], given["pct_minority"]) == pytest.approx(
        told["ai"], abs=1e-6
    )


def test_composites_agree_with_the_examples() -> None:
    given, told = case("composite_validity", "schmidt_hunter_1998")
    found = composite_validity([given["gma"], given["integrity"]], [[1, given["r12"]], [given["r12"], 1]])
    assert found.best == pytest.approx(told["R"], abs=1e-6)
    assert found.incremental[1] == pytest.approx(told["incremental"], abs=1e-6)
    given, told = case("composite_validity", "gma_structured_interview")
    found = composite_validity([given["r1"], given["r2"]], [[1, given["r12"]], [given["r12"], 1]])
    assert found.validity == pytest.approx(found.best, abs=1e-12)
    assert found.best == pytest.approx(told["R"], abs=1e-6)
    given, told = case("composite_validity", "d_composite_equal")
    assert composite_difference(given["d"], given["R"], given["w"]) == pytest.approx(
        told["d_composite"], abs=1e-6
    )


@pytest.mark.parametrize("name", ["range_restriction_case2", "range_restriction_case2_b"])
def test_corrections_agree_with_the_examples(name: str) -> None:
    given, told = case("composite_validity", name)
    restricted = corrected(given["r_restricted"], 100, restriction=given["u"])
    assert restricted.value == pytest.approx(told["r_corrected"], abs=1e-6)
    attenuated = corrected(given["r_restricted"], 100, criterion_reliability=given["ryy"])
    assert attenuated.value == pytest.approx(told["r_attenuation_only"], abs=1e-6)


def test_the_corrected_validity_is_the_one_among_all_applicants() -> None:
    rng = np.random.default_rng(1)
    score = rng.normal(size=200_000)
    truth = 0.5 * score + np.sqrt(0.75) * rng.normal(size=200_000)
    seen = truth + np.sqrt(1 / 0.7 - 1) * rng.normal(size=200_000)  # reliability .70 among all
    chosen = score > 0.5
    within = 1 - (1 / 0.7 - 1) / seen[chosen].var()  # reliability among the chosen
    r = float(np.corrcoef(score[chosen], seen[chosen])[0, 1])
    found = corrected(
        r,
        int(chosen.sum()),
        criterion_reliability=within,
        restriction=float(score[chosen].std() / score.std()),
    )
    assert found.value == pytest.approx(0.5, abs=0.01)


def test_intervals_of_a_validity_cover_it_also_after_correction() -> None:
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(800):
        x = rng.normal(size=60)
        y = 0.4 * x + np.sqrt(1 - 0.16) * rng.normal(size=60)
        r = correlation(x, y + np.sqrt(1 / 0.6 - 1) * rng.normal(size=60))
        found = corrected(r.observed, r.n, criterion_reliability=0.6)
        assert found.interval is not None
        hits += found.interval.low < 0.4 < found.interval.high
    assert 0.93 < hits / 800 < 0.97


def test_hits_are_those_of_simulated_applicants() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=400_000)
    y = 0.4 * x + np.sqrt(0.84) * rng.normal(size=400_000)
    chosen, able = x > stats.norm.isf(0.25), y > stats.norm.isf(0.4)
    found = taylor_russell(0.4, 0.25, 0.4)
    assert found.success_ratio == pytest.approx(able[chosen].mean(), abs=0.005)
    assert found.sensitivity == pytest.approx(chosen[able].mean(), abs=0.005)
    assert found.specificity == pytest.approx((~chosen[~able]).mean(), abs=0.005)
    assert naylor_shine(0.4, 0.25) == pytest.approx(y[chosen].mean(), abs=0.01)


def test_a_score_without_validity_gains_nothing_and_costs_what_it_costs() -> None:
    assert taylor_russell(0.0, 0.3, 0.6).gain == pytest.approx(0, abs=1e-9)
    assert utility(10, 0.0, 0.2, 1000, cost_per_applicant=5).value == pytest.approx(-250)
    assert utility(10, 0.0, 0.2, 1000, cost_per_applicant=5).break_even == float("inf")
    at = utility(10, 0.4, 0.2, 1000, cost_per_applicant=5).break_even
    assert utility(10, 0.4, 0.2, at, cost_per_applicant=5).value == pytest.approx(0, abs=1e-6)


def test_the_interval_of_utility_is_seeded_and_holds_the_value() -> None:
    first, second = (utility(10, 0.4, 0.2, 1000, validity_se=0.1, sd_money_se=200, seed=4) for _ in range(2))
    assert first == second and first.interval is not None
    assert first.interval.low < first.value < first.interval.high and not first.flags
    assert utility(10, 0.4, 0.2, 1000).flags == ("errors_unknown",)


def test_best_weights_shrink_as_in_new_samples() -> None:
    rng = np.random.default_rng(5)
    kept, said = [], []
    truth = np.array([0.3, 0.2, 0.1, 0.0])
    for _ in range(300):
        x = rng.normal(size=(60, 4))
        y = x @ truth + np.sqrt(1 - truth @ truth) * rng.normal(size=60)
        r = np.corrcoef(np.column_stack((x, y)), rowvar=False)
        found = composite_validity(r[:4, 4], r[:4, :4], n=60)
        said.append(found.shrunken)
        kept.append(found.best)
    assert np.mean(kept) > np.mean(said) + 0.03
    assert np.mean(np.square(said)) == pytest.approx(0.14, abs=0.03)


def test_bands_of_scores_and_refusals() -> None:
    found = expectancy([1, 2, 3, 4, np.nan], [0, 0, 1, 1, 1], [1, 2.5, 4])
    assert found["n"].tolist() == [2, 2] and found["share"].tolist() == [0.0, 1.0]
    assert found["share_low"][0] == 0.0 and found["share_high"][1] == 1.0
    assert sd_from_percentiles([10], [15], [20])[0] == 5.0
    assert {"descriptive_only", "above_one"} <= set(corrected(0.9, 12, criterion_reliability=0.5).flags)
    for wrong in (lambda: taylor_russell(0.3, 1.2, 0.5), lambda: corrected(0.3, 50, restriction=0.0), lambda: composite_validity([0.3, 0.3], [[1, 1], [1, 1]])):  # fmt: skip
        with pytest.raises(ValueError):
            wrong()
