"""What a fit says of each person, and what may be said of two persons or two competencies (SCORING A4.5–A4.10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr

from .._checks import BoolArray, FloatArray, IntArray
from .._estimator import Flag, frame_of
from ._rule import Reason, RoleRule

ALGORITHM = "fit.joint/2"
DIFFERENCE_Z = 1.96  # SCORING A4.10


@dataclass(frozen=True)
class FitVerdicts:
    """Verdicts for persons in the order given; P persons, C competencies, R roles.

    p_met (P, C), NaN where insufficient. p_minimums, p_composite, composite_mean, composite_sd (P,): posterior.
    p_category (P, 4): A, B, C, D. p_roles (P, R) in `roles` order. stability (P,): Σ P_k². margin (P,): P(A) minus the
    nearest threshold, signed by distance. proposal: codes. category: most probable letter, "" if insufficient.
    alternative: a role named, "" if none. settle: up to two (competency, instrument, expected change of P(A)).
    d2, shortfall, profile_r (P,): explain, never decide. reasons. red_flag (P,).
    mean (P, C), covariance (P, C, C): posterior of true levels. flags: of the call.
    """

    role: str
    roles: tuple[str, ...]
    p_met: FloatArray
    p_minimums: FloatArray
    p_composite: FloatArray
    p_category: FloatArray
    p_roles: FloatArray
    stability: FloatArray
    margin: FloatArray
    proposal: tuple[str, ...]
    category: tuple[str, ...]
    alternative: tuple[str, ...]
    settle: tuple[tuple[tuple[str, str, float], ...], ...]
    change_by_gate: FloatArray
    d2: FloatArray
    shortfall: FloatArray
    profile_r: FloatArray
    reasons: tuple[tuple[Reason, ...], ...]
    red_flag: BoolArray
    mean: FloatArray
    covariance: FloatArray
    composite_mean: FloatArray
    composite_sd: FloatArray
    algorithm: str = ALGORITHM
    flags: tuple[Flag, ...] = ()

    def __len__(self) -> int:
        return len(self.proposal)

    @property
    def p_a(self) -> FloatArray:
        """P(A), the decision quantity, (P,)."""
        return self.p_category[:, 0]

    def to_frame(self, library: str = "pandas") -> Any:
        """One row a person in a data frame of `pandas` or `polars`, where that library is installed."""
        columns: dict[str, Any] = {"proposal": self.proposal, "category": self.category}
        columns |= {f"p_{letter}": self.p_category[:, k] for k, letter in enumerate("abcd")}
        columns |= {"p_minimums": self.p_minimums, "p_composite": self.p_composite}
        columns |= {"composite": self.composite_mean, "composite_sd": self.composite_sd}
        columns |= {"stability": self.stability, "alternative": self.alternative}
        return frame_of(columns, library)


@dataclass(frozen=True)
class RoleShares:
    """Every role as the one sought: P persons, R roles.

    p_category (P, R, 4): A, B, C, D of each role. p_minimums, p_composite (P, R). stability (P, R): Σ P_k². NaN where a
    competency the role needs was not measured.
    """

    roles: tuple[str, ...]
    p_category: FloatArray
    p_minimums: FloatArray
    p_composite: FloatArray
    algorithm: str = ALGORITHM

    @property
    def p_a(self) -> FloatArray:
        """P(A) of every role, (P, R)."""
        return self.p_category[:, :, 0]

    @property
    def stability(self) -> FloatArray:
        """Expected agreement of the category under re-assessment, (P, R)."""
        out: FloatArray = (self.p_category**2).sum(axis=2)
        return out


def categorise(
    levels: FloatArray, rules: Mapping[str, RoleRule], role: str
) -> tuple[IntArray, dict[str, BoolArray]]:
    """Category on true levels (…, C): 0 A, 1 B, 2 C, 3 D, the first that holds; and where each role's A holds.

    For profiles known exactly, above all the truth of a simulation; persons measured with error go to `RoleFit`.
    """
    rule = rules[role]
    holds: dict[str, BoolArray] = {}
    for name, other in rules.items():
        met, comp, value = other.meets(levels)
        holds[name] = met & comp
        if name == role:
            composite = value
    gaps = np.zeros(levels.shape[:-1], dtype=np.intp)
    fixable = composite >= rule.cut - rule.margin_b
    assert rule.trainable is not None
    for c in np.flatnonzero(np.isfinite(rule.cuts)):
        gap = levels[..., c] < rule.cuts[c]
        gaps += gap
        if rule.trainable[c]:
            fixable &= ~(levels[..., c] < rule.cuts[c] - rule.gap_b)
        else:
            fixable &= ~gap
    b = fixable & (gaps <= rule.gaps_b)
    other_role = np.zeros(levels.shape[:-1], dtype=bool)
    for name, ok in holds.items():
        if name != role:
            other_role |= ok
    out = np.full(levels.shape[:-1], 3, dtype=np.intp)
    out[other_role] = 2
    out[b] = 1
    out[holds[role]] = 0
    return out, holds


def distinguishable_persons(verdicts: FitVerdicts) -> FloatArray:
    """P(composite of row person > composite of column person), (P, P); below .80 both ways: "not distinguishable".

    Posterior composites are normal, so the share of draws has the closed form Φ((a − b)/√(s_a² + s_b²)); what two persons
    share (link, zero of severity) is counted in both errors, which makes the statement cautious. The diagonal is .5.
    """
    a, s = verdicts.composite_mean, verdicts.composite_sd
    out: FloatArray = ndtr((a[:, None] - a[None, :]) / np.sqrt(s[:, None] ** 2 + s[None, :] ** 2))
    return out


def least_difference(covariance: FloatArray, z: float = DIFFERENCE_Z) -> FloatArray:
    """By how many levels two competencies of a person must differ to be told apart, (P, C, C); zero on the diagonal.

    z·√(V_cc + V_dd − 2V_cd) with V the error covariance of the unshrunken scores: what both share (the day, the raters)
    is not a difference between them, so it is taken out. NaN where either was not measured.
    """
    diag = np.diagonal(covariance, axis1=1, axis2=2)
    var = diag[:, :, None] + diag[:, None, :] - 2 * covariance
    out: FloatArray = z * np.sqrt(np.maximum(var, 0.0))
    return out


def distinguishable_competencies(y: FloatArray, covariance: FloatArray) -> BoolArray:
    """Whether two competencies of a person differ by ≥ 1.96·√(V_cc + V_dd − 2V_cd): (P, C, C); NaN counts as no."""
    gap = np.abs(y[:, :, None] - y[:, None, :])
    with np.errstate(invalid="ignore"):
        out = np.asarray(gap >= least_difference(covariance))
    diagonal = np.arange(y.shape[1])
    out[:, diagonal, diagonal] = False
    return out
