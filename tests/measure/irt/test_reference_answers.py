"""Answers computed elsewhere (R 4.2, mirt 1.45, 61 nodes on [−6, 6]) from public data: likelihoods, parameters, errors, persons.

Tolerances are those of the tables: log-likelihood 0.01 (better is fine), parameters 0.005, standard errors 1 %, EAP and
MAP 0.002. A standard error of a weighted-likelihood estimate is not compared: there the tables invert a penalised
information, here the test information itself.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kamerton.measure as km
from kamerton.measure.irt import GeneralizedPartialCredit, GradedResponse, PartialCredit, Rasch, TwoParameter

ROOT = Path(__file__).parents[3]
FOLDER = Path(os.environ.get("KAMERTON_REFERENCE", ROOT.parent / "shared" / "reference")) / "psychometrics"
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"no reference data at {FOLDER.name}; set KAMERTON_REFERENCE"
)

CASES = [
    ("lsat6", "Rasch", Rasch), ("lsat6", "2PL", TwoParameter), ("abortion", "Rasch", Rasch), ("abortion", "2PL", TwoParameter),
    ("verbagg_binary", "Rasch", Rasch), ("verbagg_binary", "2PL", TwoParameter), ("science", "graded", GradedResponse),
    ("science", "gpcm", GeneralizedPartialCredit), ("science", "Rasch", PartialCredit),
    ("verbagg_poly", "graded", GradedResponse), ("verbagg_poly", "gpcm", GeneralizedPartialCredit),
    ("verbagg_poly", "Rasch", PartialCredit), ("bfi_agree", "graded", GradedResponse),
    ("bfi_agree", "gpcm", GeneralizedPartialCredit), ("bfi_consc", "graded", GradedResponse),
    ("bfi_extra", "gpcm", GeneralizedPartialCredit),
]  # fmt: skip


def answers(name: str) -> np.ndarray:
    return np.genfromtxt(FOLDER / f"{name}.csv", delimiter=",", skip_header=1)


def theirs(name: str, model: str) -> dict[str, Any]:
    document = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    if model not in document:
        pytest.skip(f"{name}.json holds no {model}")
    return document[model]


@pytest.mark.parametrize(("name", "model", "kind"), CASES, ids=[f"{n}-{m}" for n, m, _ in CASES])
def test_agrees_with_the_tables(name: str, model: str, kind: type[Rasch]) -> None:
    known = theirs(name, model)
    fitted = kind(quadrature=61).fit(answers(name))
    assert fitted.converged_
    assert fitted.log_likelihood_ > known["logLik"] - 0.01
    assert abs(fitted.log_likelihood_ - known["logLik"]) < 0.05
    assert fitted.n_parameters_ == known["n_par"]
    table = known["slope_intercept"]
    assert np.allclose(fitted.slope_, table["a1"], atol=0.005)
    columns = sorted((c for c in table if c.startswith("d") and c != "d0"), key=lambda c: int(c[1:] or 1))
    d = np.column_stack([table[c] for c in columns])
    assert np.allclose(fitted.intercept_, d, atol=0.005)
    if kind in {Rasch, PartialCredit}:
        assert fitted.latent_sd_[0] ** 2 == pytest.approx(known["latent_var"], abs=0.005)
    # Standard errors of slopes and intercepts.
    se = {(r["item"], r["parameter"]): r["se"] for r in fitted.parameters_.rows()}
    for j, row in enumerate(known["se_slope_intercept"].values()):
        for key, value in row.items():
            if value is None or key.startswith(("logit", "ak")) or key == "d0":
                continue
            own = "slope" if key == "a1" else f"intercept{key[1:] or 1}"
            assert se[f"item{j + 1}", own] == pytest.approx(value, rel=0.01), (j, key)
    for method in ("eap", "map", "wle"):
        block = known.get(f"{method}_first")
        if not block:
            continue
        found = fitted.estimate(answers(name)[: len(block["theta"])], method=method)
        told = np.array(block["theta"], dtype=float)
        assert np.allclose(found.value, told, atol=0.002), (method, np.abs(found.value - told).max())
        if method != "wle":
            assert np.allclose(found.se, np.array(block["se"], dtype=float), atol=0.002), method
    at = known["test_information"]
    assert np.allclose(fitted.information(at["theta"]).sum(axis=1), at["info"], rtol=0.01)


@pytest.mark.parametrize("name", ["verbagg_poly", "science"])
def test_the_own_choice_of_nodes_gives_the_same_answers(name: str) -> None:
    fixed, own = (GradedResponse(quadrature=q).fit(answers(name)) for q in (61, "auto"))
    assert own.log_likelihood_ == pytest.approx(fixed.log_likelihood_, abs=0.01)
    assert np.allclose(own.slope_, fixed.slope_, atol=0.005)


def test_a_saved_model_says_the_same_to_the_last_bit() -> None:
    x = answers("science")
    model = GradedResponse().fit(x)
    again = km.load(json.loads(json.dumps(model.to_dict())))
    assert np.array_equal(again.estimate(x).value, model.estimate(x).value)
    assert np.array_equal(again.covariance_, model.covariance_, equal_nan=True)
