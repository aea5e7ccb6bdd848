"""What a role asks for and how a verdict is reached, both stated before the data (SCORING A4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from .._checks import BoolArray, FloatArray, floats, frozen
from ._prior import Prior

CATEGORIES = ("A", "B", "C", "D")
DRAWS = 2000
HALF_BAND = 0.5  # a "level k" is the band [k − 0.5, k + 0.5) and a minimum means its lower end (SCORING A0)


@dataclass(frozen=True)
class RoleRule:
    """What a role asks for, stated before the data; all (C,) in levels.

    cuts: minimum per competency, NaN = none (a "level k" is k − 0.5). targets: profile, explains only.
    weights: of the composite. composite_cut: default w′target − 0.5. trainable: may be a gap under B.
    margin_b: composite may miss by this under B (0.30: what 6–12 months may move; judgement). gaps_b: how many gaps,
    gap_b: how large, levels. ready, probable, open_: thresholds of P(A), of the procedure version.
    name_b_c: P at which B or C is named. role_p, role_margin: when another role is named.
    """

    cuts: FloatArray
    targets: FloatArray
    weights: FloatArray
    composite_cut: float | None = None
    trainable: BoolArray | None = None
    margin_b: float = 0.30
    gaps_b: int = 2
    gap_b: float = 1.0
    ready: float = 0.80
    probable: float = 0.50
    open_: float = 0.20
    name_b_c: float = 0.50
    role_p: float = 0.50
    role_margin: float = 0.10

    def __post_init__(self) -> None:
        n = len(np.asarray(self.cuts))
        for name in ("cuts", "targets", "weights"):
            object.__setattr__(self, name, frozen(floats(getattr(self, name), f"RoleRule.{name}", (n,))))
        if np.any(self.weights < 0) or not self.weights.sum() > 0:
            raise ValueError(f"weights must be >= 0 with a positive sum, got {self.weights.tolist()}.")
        object.__setattr__(self, "weights", frozen(self.weights / self.weights.sum()))
        if self.composite_cut is None:
            object.__setattr__(
                self, "composite_cut", float(self.weights @ np.nan_to_num(self.targets)) - HALF_BAND
            )
        trainable = (
            np.ones(n, dtype=bool) if self.trainable is None else np.asarray(self.trainable, dtype=bool)
        )
        if trainable.shape != (n,):
            raise ValueError(f"trainable must have shape ({n},), got {trainable.shape}.")
        object.__setattr__(self, "trainable", frozen(trainable))
        if not self.open_ <= self.probable <= self.ready:
            raise ValueError(
                f"thresholds must rise: open {self.open_}, probable {self.probable}, ready {self.ready}. Correct the rule."
            )

    @property
    def needed(self) -> BoolArray:
        """Competencies the verdict rests on: with a minimum or a weight."""
        return np.asarray(np.isfinite(self.cuts) | (self.weights > 0))

    def meets(self, levels: FloatArray) -> tuple[BoolArray, BoolArray, FloatArray]:
        """(all minimums hold, composite holds, composite) of true levels (…, C)."""
        all_met = np.ones(levels.shape[:-1], dtype=bool)
        for c in np.flatnonzero(np.isfinite(self.cuts)):
            all_met &= levels[..., c] >= self.cuts[c]
        composite = levels @ self.weights
        return all_met, composite >= self.cut, composite

    @property
    def cut(self) -> float:
        """The composite's cut as a number."""
        assert self.composite_cut is not None
        return self.composite_cut


@dataclass(frozen=True)
class RoleProfile:
    """One role as a company words it: minimum and target levels, weights, what training can close.

    name: of the role. competencies: C names. minimums (C,): levels 1–5 as written in the profile, NaN = none; a
    minimum of k asks for a true level of k − 0.5 or more, the lower end of its band. cuts (C,): the same as exact
    numbers from a panel; where given they rule. targets (C,): the profile aimed at, explains only. weights (C,): of
    the composite, any positive scale; default equal. composite_cut: default w′target − 0.5. trainable: names of the
    competencies that may be a gap under category B; None = all.
    """

    name: str
    competencies: Sequence[str]
    targets: object
    minimums: object = None
    cuts: object = None
    weights: object = None
    composite_cut: float | None = None
    trainable: Sequence[str] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "competencies", tuple(self.competencies))
        n = len(self.competencies)
        if len(set(self.competencies)) != n:
            raise ValueError(f"role {self.name!r} names a competency twice: {list(self.competencies)}.")
        if self.trainable is not None:
            object.__setattr__(self, "trainable", tuple(self.trainable))
            unknown = set(self.trainable or ()) - set(self.competencies)
            if unknown:
                raise ValueError(
                    f"role {self.name!r}: trainable names {sorted(unknown)}, which are not among its competencies {list(self.competencies)}."
                )
        self.rule()  # shapes and weights are checked where they are stated

    def rule(self, given: FitRule | None = None) -> RoleRule:
        """The profile as exact numbers, with the margins and thresholds of a fit rule."""
        n = len(self.competencies)
        if self.cuts is not None:
            cuts = floats(self.cuts, f"cuts of role {self.name!r}", (n,))
        elif self.minimums is not None:
            cuts = floats(self.minimums, f"minimums of role {self.name!r}", (n,)) - HALF_BAND
        else:
            cuts = np.full(n, np.nan)
        settings = {} if given is None else {name: getattr(given, name) for name in SHARED}
        return RoleRule(
            cuts=cuts,
            targets=floats(self.targets, f"targets of role {self.name!r}", (n,)),
            weights=np.ones(n)
            if self.weights is None
            else floats(self.weights, f"weights of role {self.name!r}", (n,)),
            composite_cut=self.composite_cut,
            trainable=None
            if self.trainable is None
            else np.array([c in self.trainable for c in self.competencies], dtype=bool),
            **settings,
        )


@dataclass(frozen=True)
class FitRule:
    """How probabilities become a proposal: one rule of a procedure's version, for all its roles.

    prior: of true levels; None = the default N(3, Σ_0), for fewer than 30 persons. others: profiles of other roles, for
    category C and the alternative. margin_b … role_margin: see `RoleRule`. draws (even), seed: the fixed set.
    instruments: names used where a reason says what would settle an open case.
    """

    prior: Prior | None = None
    others: Sequence[RoleProfile] = ()
    margin_b: float = 0.30
    gaps_b: int = 2
    gap_b: float = 1.0
    ready: float = 0.80
    probable: float = 0.50
    open_: float = 0.20
    name_b_c: float = 0.50
    role_p: float = 0.50
    role_margin: float = 0.10
    draws: int = DRAWS
    seed: int = 0
    instruments: Sequence[str] = ()


SHARED = tuple(
    f.name for f in fields(RoleRule) if f.name in {g.name for g in fields(FitRule)}
)  # margins and thresholds


@dataclass(frozen=True)
class Reason:
    """Why: a code and its parameters; the words live with the room that shows them."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
