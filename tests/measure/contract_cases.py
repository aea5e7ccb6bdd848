"""For every public estimator: how to make it and data to feed it. A new estimator without a line here fails the battery."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kamerton.measure._estimator import Estimator


@dataclass(frozen=True)
class Case:
    """One estimator under the battery.

    `data(rng)` gives the arguments of `fit` as a dictionary; persons lie along axis 0 of every array named in
    `by_person`, items along axis 1 of every array named in `by_item` (empty where the order of columns means
    something). `measured(model, data)` gives the numbers that must not depend on that order, person by person
    (axis 0 = persons) or as a whole if `per_person` is False. `spoil` names battery checks that cannot apply,
    each with its reason.
    """

    make: Callable[[], Estimator]
    data: Callable[[np.random.Generator], dict[str, Any]]
    measured: Callable[[Any, Mapping[str, Any]], np.ndarray]
    by_person: tuple[str, ...] = ()
    by_item: tuple[str, ...] = ()
    per_person: bool = True
    tolerance: float = 1e-6
    not_applicable: Mapping[str, str] = field(default_factory=dict)


CASES: dict[str, Case] = {}
"""Public name → case. Each room of the library adds its own in `tests/measure/<room>/cases.py`."""
