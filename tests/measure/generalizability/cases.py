"""The battery's line for the G-study."""

from __future__ import annotations

import numpy as np

from kamerton.measure.generalizability import GeneralizabilityStudy
from tests.measure.contract_cases import Case


def _persons_by_items(rng: np.random.Generator) -> dict[str, np.ndarray]:
    scores = rng.normal(size=(40, 1)) + rng.normal(0, 0.5, (1, 6)) + rng.normal(0, 0.8, (40, 6))
    return {"scores": scores}


CASES = {
    "generalizability.GeneralizabilityStudy": Case(
        make=lambda: GeneralizabilityStudy(design="p x i", method="reml"),
        data=_persons_by_items,
        measured=lambda model, data: np.asarray(model.components_),
        by_person=("scores",),
        by_item=("scores",),
        per_person=False,
        tolerance=1e-6,
        not_applicable={
            "constant_item": "a condition where all persons score alike is a fact about spread, not a fault"
        },
    )
}
