"""What the chain is given: the stated design, the data, the frozen calibration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._checks import BoolArray, FloatArray, IntArray, digest_free, floats, frozen
from ..facets import AssessmentCentre, ComponentEstimate, VarianceComponents, VarianceDefaults
from ..fit import RoleRule
from ..linking import BlockLink

SEED = 20260101
DRAWS = 2000


@dataclass(frozen=True)
class ChainSpec:
    """The design stated before the data. C competencies, I instruments, J items.

    weights (C, I): X = 2, x = 1, empty = 0. is_simulation (I,). test_instrument: the name of the test, None = no test.
    item_block (J,) competency index, item_max (J,) points, item_partial, item_text (J,) booleans.
    knots (C, 4) points at 1.5…4.5 (NaN row = no block); knot_sd: SD over judges in levels, (C,), one number or None.
    judges: one number or (C,). clusters: name → competency indices. rules: role → RoleRule; role: the one sought.
    slope, severity_prior_sd, min_persons: see facets.AssessmentCentre. defaults: components before data.
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
    test_instrument: str | None = "HT"
    knot_sd: FloatArray | float | None = None
    judges: IntArray | int = 0
    clusters: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    defaults: VarianceDefaults = field(default_factory=VarianceDefaults)
    slope: float = 2.0
    severity_prior_sd: float = 0.30
    min_persons: int = 30
    seed: int = SEED
    draws: int = DRAWS

    def __post_init__(self) -> None:
        n_c, n_i = len(self.competencies), len(self.instruments)
        object.__setattr__(self, "weights", frozen(floats(self.weights, "ChainSpec.weights", (n_c, n_i))))
        object.__setattr__(self, "knots", frozen(floats(self.knots, "ChainSpec.knots", (n_c, 4))))
        for name, kind in (
            ("is_simulation", np.bool_),
            ("item_block", np.intp),
            ("item_max", np.float64),
            ("item_partial", np.bool_),
            ("item_text", np.bool_),
        ):
            object.__setattr__(self, name, frozen(np.asarray(getattr(self, name), dtype=kind)))
        if self.is_simulation.shape != (n_i,):
            raise ValueError(
                f"is_simulation must have one entry for each of {n_i} instruments, got {self.is_simulation.shape}."
            )
        if self.test_instrument is not None and self.test_instrument not in self.instruments:
            raise ValueError(
                f"test_instrument {self.test_instrument!r} is not among the instruments {self.instruments}."
            )
        if self.role not in self.rules:
            raise ValueError(f"role {self.role!r} has no rule; rules are given for {sorted(self.rules)}.")
        for name, members in self.clusters.items():
            if not members or any(not 0 <= k < n_c for k in members):
                raise ValueError(f"cluster {name!r} must name competency indices 0…{n_c - 1}, got {members}.")
        if self.item_block.size and not (self.item_block.min() >= 0 and self.item_block.max() < n_c):
            raise ValueError(
                f"item_block must hold indices 0…{n_c - 1}, got {sorted(set(self.item_block.tolist()))}."
            )

    @property
    def test_index(self) -> int | None:
        """Index of the test among the instruments."""
        return None if self.test_instrument is None else self.instruments.index(self.test_instrument)

    def links(self) -> tuple[BlockLink | None, ...]:
        """One link per competency, None where it has no items."""
        n_c = len(self.competencies)
        sd = (
            np.full(n_c, np.nan)
            if self.knot_sd is None
            else np.broadcast_to(np.asarray(self.knot_sd, dtype=float), (n_c,))
        )
        judges = np.broadcast_to(np.asarray(self.judges, dtype=np.intp), (n_c,))
        out: list[BlockLink | None] = []
        for c in range(n_c):
            mine = self.item_block == c
            if self.test_instrument is None or not mine.any():
                out.append(None)
                continue
            out.append(
                BlockLink(
                    self.knots[c],
                    float(self.item_max[mine].sum()),
                    None if np.isnan(sd[c]) else float(sd[c]),
                    int(judges[c]),
                )
            )
        return tuple(out)


@dataclass(frozen=True)
class ChainData:
    """What people did. P persons, J items, N ratings (indices into spec and `persons`, `raters`).

    item_scores (P, J), NaN = not presented. rating (N,) whole levels 1…5, NaN = not observed. text_raters (P, J): markers
    per text. Ids, not order, identify persons and raters.
    """

    persons: tuple[str, ...]
    item_scores: FloatArray
    person: IntArray
    exercise: IntArray
    competency: IntArray
    rater: IntArray
    rating: FloatArray
    raters: tuple[str, ...]
    text_raters: FloatArray | None = None

    def __post_init__(self) -> None:
        n_p = len(self.persons)
        if len(set(self.persons)) != n_p or len(set(self.raters)) != len(self.raters):
            raise ValueError(
                "persons and raters must be different ids; a repeated id would be counted as two people."
            )
        object.__setattr__(self, "item_scores", frozen(floats(self.item_scores, "item_scores", (n_p, None))))
        object.__setattr__(self, "rating", frozen(floats(self.rating, "rating", (None,))))
        n = len(self.rating)
        for name, limit in (
            ("person", n_p),
            ("exercise", None),
            ("competency", None),
            ("rater", len(self.raters)),
        ):
            index = np.asarray(getattr(self, name), dtype=np.intp)
            if index.shape != (n,):
                raise ValueError(
                    f"{name} must have one entry for each of {n} ratings, got shape {index.shape}."
                )
            if n and (index.min() < 0 or (limit is not None and index.max() >= limit)):
                raise ValueError(
                    f"{name} has index {index.max()} (lowest {index.min()}), but only {limit} are named."
                )
            object.__setattr__(self, name, frozen(index))


@dataclass(frozen=True)
class Calibration:
    """Frozen numbers learnt from a cohort: severities by rater id (levels, positive = lenient), components, steps.

    Passing it to `evaluate` pins them, so a person scored alone later gets the same numbers.
    """

    raters: tuple[str, ...]
    severity: FloatArray
    severity_se: FloatArray
    linked: BoolArray
    zero: str
    steps: FloatArray
    level_per_unit: float
    components: ComponentEstimate
    connected: bool
    graph_components: tuple[tuple[str, ...], ...]
    pairings_to_add: tuple[tuple[str, str], ...]
    difficulty: FloatArray  # (I, C)
    spread_ratio: FloatArray
    rater_flags: tuple[tuple[str, ...], ...]
    flags: tuple[str, ...]
    n_persons: int
    n_ratings: int
    slope: float
    severity_prior_sd: float
    iterations: int
    gradient_norm: float
    algorithm: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values (NaN as None), exact on the way back."""
        payload = {k: getattr(self, k) for k in self.__dataclass_fields__ if k != "components"}
        payload["components"] = {
            "raw": self.components.raw.to_dict(),
            "used": self.components.used.to_dict(),
            "n": self.components.n,
            "source": self.components.source,
        }
        return digest_free(payload)

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Calibration:
        """The inverse of `to_dict`."""
        d = dict(payload)

        def array(x: object) -> FloatArray:
            return np.asarray(frozen(np.asarray(x, dtype=np.float64)))

        c = d["components"]
        d["components"] = ComponentEstimate(
            VarianceComponents.from_dict(c["raw"]),
            VarianceComponents.from_dict(c["used"]),
            int(c["n"]),
            str(c["source"]),
        )
        for name in ("severity", "severity_se", "steps", "difficulty", "spread_ratio"):
            d[name] = array(d[name])
        d["linked"] = frozen(np.asarray(d["linked"], dtype=bool))
        for name in ("raters", "flags"):
            d[name] = tuple(d[name])
        for name in ("graph_components", "pairings_to_add", "rater_flags"):
            d[name] = tuple(tuple(x) for x in d[name])
        return cls(**d)

    @classmethod
    def given(
        cls,
        *,
        severity: Mapping[str, float],
        severity_se: Mapping[str, float],
        components: VarianceComponents,
        difficulty_shape: tuple[int, int],
        zero: str = "given",
    ) -> Calibration:
        """A calibration from stated numbers, for a hand-computed person or one taken from elsewhere."""
        raters = tuple(sorted(severity))
        n = len(raters)
        return cls(
            raters=raters,
            severity=frozen(np.array([severity[r] for r in raters])),
            severity_se=frozen(np.array([severity_se[r] for r in raters])),
            linked=frozen(np.ones(n, dtype=bool)),
            zero=zero,
            steps=frozen(np.arange(4) + 1.5),
            level_per_unit=1.0,
            components=ComponentEstimate(components, components, 0, "given"),
            connected=True,
            graph_components=(raters,),
            pairings_to_add=(),
            difficulty=frozen(np.full(difficulty_shape, np.nan)),
            spread_ratio=frozen(np.full(n, np.nan)),
            rater_flags=((),) * n,
            flags=(),
            n_persons=0,
            n_ratings=0,
            slope=2.0,
            severity_prior_sd=0.30,
            iterations=0,
            gradient_norm=0.0,
            algorithm="given",
        )

    @classmethod
    def from_centre(
        cls, centre: AssessmentCentre, components: ComponentEstimate, difficulty: FloatArray, algorithm: str
    ) -> Calibration:
        """Freeze a fitted centre; `components` with the test's part added, difficulty (I, C) in the spec's order."""
        return cls(
            raters=tuple(str(r) for r in centre.raters_),
            severity=centre.severity_,
            severity_se=centre.severity_se_,
            linked=centre.linked_,
            zero=centre.zero_,
            steps=centre.steps_,
            level_per_unit=centre.level_per_unit_,
            components=components,
            connected=centre.connected_,
            graph_components=tuple(tuple(str(r) for r in g) for g in centre.graph_components_),
            pairings_to_add=tuple((str(a), str(b)) for a, b in centre.pairings_to_add_),
            difficulty=frozen(difficulty),
            spread_ratio=centre.spread_ratio_,
            rater_flags=centre.rater_flags_,
            flags=centre.run_flags,
            n_persons=centre.n_persons_,
            n_ratings=centre.n_ratings_,
            slope=centre.slope,
            severity_prior_sd=centre.severity_prior_sd,
            iterations=centre.iterations_,
            gradient_norm=centre.gradient_norm_,
            algorithm=algorithm,
        )
