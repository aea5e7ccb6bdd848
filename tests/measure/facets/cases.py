"""The many-facet model under the common battery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kamerton.measure.facets import AssessmentCentre, ManyFacetRasch
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

COLUMNS = ("person", "exercise", "competency", "rater", "value")


def _centre(rng: np.random.Generator) -> dict[str, Any]:
    """40 persons, 3 exercises, 4 competencies, 2 of 5 raters on each performance."""
    rows = []
    lenient = rng.normal(0, 0.3, size=5)
    level = rng.normal(3, 0.7, size=(40, 4))
    for p in range(40):
        for e in range(3):
            for r in (
                (p + e) % 5,
                (p + 2 * e + 1) % 5 if (p + 2 * e + 1) % 5 != (p + e) % 5 else (p + e + 2) % 5,
            ):
                for c in range(4):
                    x = np.clip(np.round(level[p, c] + lenient[r] + rng.normal(0, 0.7)), 1, 5)
                    rows.append((p, e, c, r, x))
    return dict(zip(COLUMNS, (np.array(column) for column in zip(*rows, strict=True)), strict=True))


CASES: dict[str, Case] = {
    "facets.AssessmentCentre": Case(
        make=AssessmentCentre,
        data=_centre,
        measured=lambda model, data: np.concatenate((model.severity_, model.severity_se_, model.steps_)),
        by_person=COLUMNS,
        per_person=False,
        not_applicable=SKIPPED,
    ),
    "facets.ManyFacetRasch": Case(
        make=lambda: ManyFacetRasch(facets=FACETS),
        data=_ratings,
        measured=_measured,
        by_person=("ratings",),
        per_person=False,
        not_applicable=SKIPPED,
    ),
}
