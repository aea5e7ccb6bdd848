"""The item response models under the battery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kamerton.measure import irt
from tests.measure.contract_cases import Case


def _binary(rng: np.random.Generator) -> dict[str, Any]:
    theta = rng.normal(size=(250, 1))
    return {"answers": (theta - np.linspace(-1, 1, 8) + rng.logistic(size=(250, 8)) > 0).astype(float)}


def _ordered(rng: np.random.Generator) -> dict[str, Any]:
    theta = rng.normal(size=(250, 1))
    return {"answers": np.clip(np.round(theta + rng.normal(size=(250, 6)) + 1.5), 0, 3)}


def _values(model: Any, data: Mapping[str, Any]) -> np.ndarray:
    return np.asarray(model.estimate(data["answers"]).value)


def _case(make: Any, data: Any) -> Case:
    return Case(
        make=make, data=data, measured=_values, by_person=("answers",), by_item=("answers",), tolerance=1e-3
    )


def _two_blocks(rng: np.random.Generator) -> dict[str, Any]:
    theta = rng.normal(size=(250, 2)) @ np.linalg.cholesky(np.array([[1, 0.6], [0.6, 1]])).T
    b = np.tile(np.linspace(-1, 1, 5), 2)
    return {"answers": (theta.repeat(5, axis=1) - b + rng.logistic(size=(250, 10)) > 0).astype(float)}


CASES = {
    "irt.CorrelatedBlocks": Case(
        make=lambda: irt.CorrelatedBlocks(blocks=("a",) * 5 + ("b",) * 5),
        data=_two_blocks,
        measured=_values,
        by_person=("answers",),
        by_item=(),
        tolerance=1e-3,
    ),
    "irt.Rasch": _case(irt.Rasch, _binary),
    "irt.TwoParameter": _case(irt.TwoParameter, _binary),
    "irt.ThreeParameter": _case(irt.ThreeParameter, _binary),
    "irt.GradedResponse": _case(irt.GradedResponse, _ordered),
    "irt.PartialCredit": _case(irt.PartialCredit, _ordered),
    "irt.GeneralizedPartialCredit": _case(irt.GeneralizedPartialCredit, _ordered),
    "irt.RatingScale": _case(irt.RatingScale, _ordered),
    "irt.Mixed": _case(lambda: irt.Mixed(types=("gpcm",) * 3 + ("graded",) * 3), _ordered),
}
