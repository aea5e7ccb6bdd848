"""The many-facet model under the common battery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kamerton.measure.facets import ManyFacetRasch
from tests.measure.contract_cases import Case
from tests.measure.facets.simulated import pairs

FACETS = ("person", "item", "rater")


def _ratings(rng: np.random.Generator) -> dict[str, Any]:
    """A structured array: rows are ratings, so that a permutation of axis 0 is another order of the same ratings."""
    sample = pairs(n_persons=60, seed=int(rng.integers(1_000_000))).ratings
    table = np.zeros(len(sample["value"]), dtype=[(name, np.int64) for name in sample])
    for name, column in sample.items():
        table[name] = column
    return {"ratings": table}


def _measured(model: ManyFacetRasch, data: Mapping[str, Any]) -> np.ndarray:
    return np.concatenate(
        (model.severity_["rater"], model.severity_["item"], model.table("person")["measure"])
    )


LONG = "a long table has no columns of items; tests/measure/facets/test_properties.py has this"
SKIPPED = dict.fromkeys(("item_order", "nan", "constant_item", "perfect_score"), LONG)

CASES: dict[str, Case] = {
    "facets.ManyFacetRasch": Case(
        make=lambda: ManyFacetRasch(facets=FACETS),
        data=_ratings,
        measured=_measured,
        by_person=("ratings",),
        per_person=False,
        not_applicable=SKIPPED,
    ),
}
