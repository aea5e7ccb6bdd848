"""What is simulated: a matrix, a test form, roles, and who is seen by whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._checks import BoolArray, FloatArray, IntArray, frozen
from ..chain import ChainSpec
from ..facets import VarianceDefaults
from ..fit import RoleRule

# Shares of a block's maximum at 1.5, 2.5, 3.5, 4.5, where a design names no knots: a block of ten points then has the
# reliability of about .61 that blocks of this length were found to have.
KNOT_SHARES = np.array([0.14, 0.37, 0.63, 0.86])


@dataclass(frozen=True)
class Design:
    """A spec-like design: what ChainSpec needs, and how raters and routes are laid.

    raters: pool size. raters_per_cell. without: instrument → number of persons (the last ones) who skip it.
    """

    competencies: tuple[str, ...]
    instruments: tuple[str, ...]
    weights: FloatArray
    is_simulation: BoolArray
    item_block: IntArray
    item_max: FloatArray
    item_partial: BoolArray
    item_text: BoolArray
    knots: FloatArray
    rules: Mapping[str, RoleRule]
    role: str
    test_instrument: str = "HT"
    knot_sd: float | None = None
    judges: int = 0
    clusters: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    raters: int = 6
    raters_per_cell: int = 2
    without: Mapping[str, int] = field(default_factory=dict)

    def spec(self, *, seed: int, draws: int, defaults: VarianceDefaults | None = None) -> ChainSpec:
        """The same design as the chain reads it."""
        return ChainSpec(
            competencies=self.competencies,
            instruments=self.instruments,
            weights=self.weights,
            is_simulation=self.is_simulation,
            item_block=self.item_block,
            item_max=self.item_max,
            item_partial=self.item_partial,
            item_text=self.item_text,
            knots=self.knots,
            rules=self.rules,
            role=self.role,
            test_instrument=self.test_instrument,
            knot_sd=self.knot_sd,
            judges=self.judges,
            clusters=self.clusters,
            defaults=defaults or VarianceDefaults(),
            seed=seed,
            draws=draws,
        )

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Design:
        """A design from plain values (JSON).

        Needed: competencies, instruments, weights (C × I), is_simulation, items [{competency, max, partial, text}], roles
        {name: {minimum levels or cuts, targets, weights, composite_cut?, trainable?}}, role. Optional: knots (C × 4, points;
        default shares .14 .37 .63 .86 of the maximum), knot_sd, judges, clusters {name: [competencies]}, raters,
        raters_per_cell, without, test_instrument. Raises ValueError naming a missing key.
        """
        needed = ("competencies", "instruments", "weights", "is_simulation", "items", "roles", "role")
        missing = [k for k in needed if k not in payload]
        if missing:
            raise ValueError(f"the design lacks {missing}; it needs {list(needed)}. Add them.")
        names = tuple(payload["competencies"])
        place = {c: k for k, c in enumerate(names)}
        items = payload["items"]
        block = np.array([place[i["competency"]] for i in items], dtype=np.intp)
        top = np.array([float(i.get("max", 1)) for i in items])
        maxima = np.bincount(block, weights=top, minlength=len(names))
        knots = (
            maxima[:, None] * KNOT_SHARES[None, :]
            if payload.get("knots") is None
            else np.asarray(payload["knots"])
        )
        rules = {}
        for name, r in payload["roles"].items():
            cuts = r["cuts"] if "cuts" in r else [np.nan if k is None else k - 0.5 for k in r["minimums"]]
            trainable = r.get("trainable")
            if trainable is not None and trainable and isinstance(trainable[0], str):
                trainable = [c in trainable for c in names]
            rules[name] = RoleRule(
                cuts=np.array(cuts, dtype=float),
                targets=np.array(r["targets"], dtype=float),
                weights=np.array(r["weights"], dtype=float),
                composite_cut=r.get("composite_cut"),
                trainable=None if trainable is None else np.array(trainable, dtype=bool),
            )
        return cls(
            competencies=names,
            instruments=tuple(payload["instruments"]),
            weights=np.array(payload["weights"], dtype=float),
            is_simulation=np.array(payload["is_simulation"], dtype=bool),
            item_block=block,
            item_max=top,
            item_partial=np.array([bool(i.get("partial", i.get("max", 1) > 1)) for i in items]),
            item_text=np.array([bool(i.get("text", False)) for i in items]),
            knots=np.asarray(knots, dtype=float),
            rules=rules,
            role=str(payload["role"]),
            test_instrument=str(payload.get("test_instrument", "HT")),
            knot_sd=payload.get("knot_sd"),
            judges=int(payload.get("judges", 0)),
            clusters={k: tuple(place[c] for c in v) for k, v in payload.get("clusters", {}).items()},
            raters=int(payload.get("raters", 6)),
            raters_per_cell=int(payload.get("raters_per_cell", 2)),
            without=dict(payload.get("without", {})),
        )


# Blueprint and matrix of the sample's content base (sections 3 and 4.1): classic items of one point, two of C6's of two;
# case items of two points with partial credit.
_BLUEPRINT = ((4, 3), (2, 2), (4, 3), (1, 3), (1, 4), (6, 2), (1, 3), (5, 2))
_MATRIX = (
    (2, 1, 0, 2, 0, 1),
    (1, 2, 0, 1, 0, 2),
    (2, 2, 0, 0, 1, 1),
    (1, 0, 1, 2, 0, 2),
    (1, 0, 2, 1, 0, 1),
    (2, 2, 1, 0, 1, 0),
    (1, 0, 0, 1, 2, 0),
    (2, 1, 1, 0, 2, 0),
)
_ROLES = {
    "KAM": (
        (4, 4, 4, 4, 4, 3, 3, 3),
        (3, 3, 3, 3, 3, 3, 2, 3),
        (0.15, 0.15, 0.15, 0.15, 0.15, 0.10, 0.10, 0.05),
    ),
    "Hunter": (
        (3, 2, 4, 3, 4, 3, 2, 3),
        (2, 1, 3, 2, 3, 2, 1, 3),
        (0.15, 0.05, 0.20, 0.15, 0.20, 0.10, 0.05, 0.10),
    ),
    "Support": (
        (2, 2, 3, 2, 3, 2, 4, 3),
        (2, 1, 2, 1, 2, 2, 3, 3),
        (0.10, 0.05, 0.15, 0.05, 0.15, 0.10, 0.30, 0.10),
    ),
    "Expert": (
        (4, 2, 2, 3, 2, 3, 3, 3),
        (3, 1, 1, 2, 2, 2, 2, 3),
        (0.25, 0.05, 0.05, 0.15, 0.05, 0.20, 0.15, 0.10),
    ),
    "Head": (
        (4, 5, 4, 4, 4, 4, 4, 4),
        (3, 4, 3, 3, 3, 3, 3, 3),
        (0.10, 0.20, 0.15, 0.15, 0.10, 0.10, 0.10, 0.10),
    ),
    "Sponsor": (
        (3, 3, 2, 5, 4, 3, 4, 4),
        (2, 2, 1, 4, 3, 3, 3, 3),
        (0.10, 0.10, 0.05, 0.30, 0.15, 0.05, 0.15, 0.10),
    ),
}
_TRAINABLE = np.array([True, True, True, False, False, True, True, False])


def kam_design(*, externals: int = 10) -> Design:
    """The full 46-item design of the specification's trial: `externals` persons skip E4, composite cut 3.25."""
    block, top, partial = [], [], []
    for c, (classic, case) in enumerate(_BLUEPRINT):
        for k in range(classic):
            block.append(c)
            top.append(2.0 if c == 5 and k < 2 else 1.0)
            partial.append(False)
        for _ in range(case):
            block.append(c)
            top.append(2.0)
            partial.append(True)
    maxima = np.bincount(block, weights=top)
    rules = {
        name: RoleRule(
            cuts=np.array(minimum) - 0.5,
            targets=np.array(target, dtype=float),
            weights=np.array(weight),
            composite_cut=3.25 if name == "KAM" else None,
            trainable=_TRAINABLE,
        )
        for name, (target, minimum, weight) in _ROLES.items()
    }
    return Design(
        competencies=tuple(f"C{k}" for k in range(1, 9)),
        instruments=("HT", "E1", "E2", "E3", "E4", "SI"),
        weights=frozen(np.array(_MATRIX, dtype=float)),
        is_simulation=frozen(np.array([False, True, True, True, True, False])),
        item_block=np.array(block, dtype=np.intp),
        item_max=np.array(top),
        item_partial=np.array(partial),
        item_text=np.zeros(len(top), dtype=bool),
        knots=maxima[:, None] * KNOT_SHARES[None, :],
        rules=rules,
        role="KAM",
        clusters={"client": (0, 1, 2), "people": (3, 4), "delivery": (5, 6, 7)},
        without={"E4": externals} if externals else {},
    )
