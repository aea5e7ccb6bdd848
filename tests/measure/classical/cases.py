"""The classical test under the common battery."""

from __future__ import annotations

from typing import Any

import numpy as np

from kamerton.measure.classical import ClassicalTest
from tests.measure.contract_cases import Case


def _scores(rng: np.random.Generator) -> dict[str, Any]:
    return {"scores": (rng.normal(size=(120, 1)) + rng.normal(size=(120, 10)) > 0).astype(float)}


CASES: dict[str, Case] = {
    "classical.ClassicalTest": Case(
        make=ClassicalTest,
        data=_scores,
        measured=lambda model, data: np.array([(s.share, s.se) for s in model.estimate(data["scores"])]),
        by_person=("scores",),
        by_item=("scores",),
    ),
}
