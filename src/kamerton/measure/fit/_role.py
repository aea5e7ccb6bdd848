"""Fit of persons to roles by joint probability (SCORING A4). See docs/methods/fit.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import ndtr

from .._checks import BoolArray, FloatArray, IntArray, floats, frozen
from ._prior import Prior

ALGORITHM = "fit.joint/1"
CATEGORIES = ("A", "B", "C", "D")
DRAWS = 2000
CHUNK = 512  # persons whose draws are held at once
DIFFERENCE_Z = 1.96  # SCORING A4.10


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
            object.__setattr__(self, "composite_cut", float(self.weights @ np.nan_to_num(self.targets)) - 0.5)
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
class Reason:
    """Why: a code and its parameters; the words live with the room that shows them."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


def antithetic_normals(draws: int, width: int, seed: int) -> FloatArray:
    """Fixed set Z (draws, width): the first half from PCG64(seed), the second half its negative; read-only."""
    if draws < 2 or draws % 2:
        raise ValueError(f"draws must be even and at least 2 for antithetic pairs, got {draws}.")
    half = np.random.Generator(np.random.PCG64(seed)).standard_normal((draws // 2, width))
    return frozen(np.concatenate((half, -half)))


def posterior(y: FloatArray, covariance: FloatArray, prior: Prior) -> tuple[FloatArray, FloatArray]:
    """m (P, C) and C (P, C, C): K = Σ(Σ + V)⁻¹, m = μ + K(y − μ), C = Σ − KΣ. NaN scores: from what was observed."""
    sigma, mu = prior.covariance, prior.mean
    n_c = y.shape[1]
    seen = ~np.isnan(y)
    both = seen[:, :, None] & seen[:, None, :]
    # An absent score enters as an observation with no weight: zero rows in Σ_obs, unit on the diagonal.
    total = np.where(both, sigma[None] + np.where(both, covariance, 0.0), 0.0)
    total = total + np.eye(n_c)[None] * (~seen)[:, :, None]
    left = np.where(seen[:, None, :], sigma[None], 0.0)  # Σ restricted to observed columns
    gain = np.swapaxes(np.linalg.solve(total, np.swapaxes(left, 1, 2)), 1, 2)
    m = mu[None] + np.einsum("pcd,pd->pc", gain, np.where(seen, y - mu, 0.0))
    c = sigma[None] - gain @ np.swapaxes(left, 1, 2)
    return m, (c + np.swapaxes(c, 1, 2)) / 2


def categorise(
    levels: FloatArray, rules: Mapping[str, RoleRule], role: str
) -> tuple[IntArray, dict[str, BoolArray]]:
    """Category on true levels (…, C): 0 A, 1 B, 2 C, 3 D, the first that holds; and where each role's A holds."""
    rule = rules[role]
    holds: dict[str, BoolArray] = {}
    for name, other in rules.items():
        met, comp, value = other.meets(levels)
        holds[name] = met & comp
        if name == role:
            composite = value
    gaps = np.zeros(levels.shape[:-1], dtype=np.int8)
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


@dataclass(frozen=True)
class FitVerdicts:
    """Verdicts for persons in the order given; P persons, C competencies, R roles.

    p_met (P, C), NaN where insufficient. p_minimums, p_composite, composite_mean, composite_sd (P,): posterior.
    p_category (P, 4): A, B, C, D. p_roles (P, R) in `roles` order. stability (P,): Σ P_k². margin (P,): P(A) minus the
    nearest threshold, signed by distance. proposal: codes. category: most probable letter, "" if insufficient.
    alternative: a role named, "" if none. settle: up to two (competency, instrument, expected change of P(A)).
    d2, shortfall, profile_r (P,): explain, never decide. reasons. red_flag (P,).
    mean (P, C), covariance (P, C, C): posterior of true levels. p_alternative_next (P,).
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

    @property
    def p_a(self) -> FloatArray:
        """P(A), the decision quantity, (P,)."""
        return self.p_category[:, 0]


class RoleFit:
    """Evaluates persons against a role: P(A) is the share of draws in which all minimums and the composite hold at once.

    Parameters: rules by role name; role = the one sought; prior of true levels; competencies, instruments: names used in
    reasons; draws (even), seed: the fixed antithetic set of the rule version; normals (n, C): an explicit set instead.
    """

    def __init__(
        self,
        rules: Mapping[str, RoleRule],
        role: str,
        prior: Prior,
        *,
        competencies: Sequence[str],
        instruments: Sequence[str] = (),
        draws: int = DRAWS,
        seed: int = 0,
        normals: FloatArray | None = None,
    ) -> None:
        self.rules = rules
        self.role = role
        self.prior = prior
        self.competencies = tuple(competencies)
        self.instruments = tuple(instruments)
        self.draws = draws
        self.seed = seed
        self.normals = normals

    def draw_set(self) -> FloatArray:
        """The set Z in use, (draws, C)."""
        width = len(self.competencies)
        if self.normals is None:
            return antithetic_normals(self.draws, width, self.seed)
        return floats(self.normals, "normals", (None, width))

    def levels(self, m: FloatArray, c: FloatArray, z: FloatArray) -> FloatArray:
        """Draws of true levels D = m + Z·chol(C)′, (P, draws, C)."""
        low = np.linalg.cholesky(c)
        out: FloatArray = m[:, None, :] + z[None] @ np.swapaxes(low, 1, 2)
        return out

    def evaluate(
        self,
        y: object,
        covariance: object,
        *,
        insufficient: object = None,
        new_evidence: object = None,
        red_flags: object = None,
    ) -> FitVerdicts:
        """Verdicts of persons with scores y (P, C), NaN = not measured, and error covariances (P, C, C).

        insufficient (P, C): no verdict may rest on these. new_evidence (P, C, I): error variance of one more measurement
        by an instrument, NaN = the matrix has none. red_flags (P,): an unresolved event; stops A, never enters y.
        The order of persons does not matter. Raises KeyError-like ValueError if the role has no rule.
        """
        n_c = len(self.competencies)
        scores = floats(y, "y", (None, n_c))
        n_p = len(scores)
        v = floats(covariance, "covariance", (n_p, n_c, n_c))
        if self.role not in self.rules:
            raise ValueError(
                f"role {self.role!r} has no rule; rules are given for {sorted(self.rules)}. Add its RoleRule."
            )
        for name, r in self.rules.items():
            if len(r.cuts) != n_c:
                raise ValueError(
                    f"rule of role {name!r} has {len(r.cuts)} competencies, the scores have {n_c}."
                )
        lacking = np.isnan(scores)
        if insufficient is not None:
            lacking = lacking | np.asarray(insufficient, dtype=bool)
        flags = np.zeros(n_p, dtype=bool) if red_flags is None else np.asarray(red_flags, dtype=bool)
        rule, roles = self.rules[self.role], tuple(self.rules)
        m, c = posterior(scores, v, self.prior)
        z = self.draw_set()
        n_d = len(z)
        p_met = np.zeros((n_p, n_c))
        p_min, p_comp = np.zeros(n_p), np.zeros(n_p)
        p_cat, p_roles = np.zeros((n_p, 4)), np.zeros((n_p, len(roles)))
        lean = np.zeros((n_p, n_c))
        for start in range(0, n_p, CHUNK):
            part = slice(start, start + CHUNK)
            levels = self.levels(m[part], c[part], z)
            cat, holds = categorise(levels, self.rules, self.role)
            met, comp, _ = rule.meets(levels)
            p_min[part], p_comp[part] = met.mean(axis=1), comp.mean(axis=1)
            for k in range(4):
                p_cat[part, k] = (cat == k).mean(axis=1)
            for k, name in enumerate(roles):
                p_roles[part, k] = holds[name].mean(axis=1)
            for k in range(n_c):
                p_met[part, k] = (
                    (levels[..., k] >= rule.cuts[k]).mean(axis=1) if np.isfinite(rule.cuts[k]) else np.nan
                )
            a = (cat == 0).astype(np.float64)
            lean[part] = np.einsum("pd,pdc->pc", a, levels) / n_d - a.mean(axis=1)[:, None] * levels.mean(
                axis=1
            )
        p_met[lacking] = np.nan
        void = (lacking & rule.needed[None]).any(axis=1)
        for array in (p_min, p_comp):
            array[void] = np.nan
        p_cat[void] = np.nan
        for k, name in enumerate(roles):
            p_roles[(lacking & self.rules[name].needed[None]).any(axis=1), k] = np.nan
        change, chosen = self._changes(lean, c, rule, lacking, new_evidence)
        d2, shortfall, profile = _explain(scores, rule)
        proposal, category, alternative, settle, reasons = [], [], [], [], []
        for i in range(n_p):
            code, letter, other, open_gates, why = self._propose(
                i,
                scores[i],
                p_met[i],
                p_cat[i],
                p_roles[i],
                float(p_comp[i]),
                change[i],
                chosen[i],
                lacking[i],
                bool(flags[i]),
            )
            proposal.append(code)
            category.append(letter)
            alternative.append(other)
            settle.append(open_gates)
            reasons.append(why)
        thresholds = np.array([rule.open_, rule.probable, rule.ready])
        gap = p_cat[:, :1] - thresholds[None]
        nearest = np.abs(gap).argmin(axis=1)
        w = rule.weights
        return FitVerdicts(
            role=self.role,
            roles=roles,
            p_met=frozen(p_met),
            p_minimums=frozen(p_min),
            p_composite=frozen(p_comp),
            p_category=frozen(p_cat),
            p_roles=frozen(p_roles),
            stability=frozen((p_cat**2).sum(axis=1)),
            margin=frozen(gap[np.arange(n_p), nearest]),
            proposal=tuple(proposal),
            category=tuple(category),
            alternative=tuple(alternative),
            settle=tuple(settle),
            change_by_gate=frozen(change),
            d2=frozen(d2),
            shortfall=frozen(shortfall),
            profile_r=frozen(profile),
            reasons=tuple(reasons),
            red_flag=frozen(flags),
            mean=frozen(m),
            covariance=frozen(c),
            composite_mean=frozen(m @ w),
            composite_sd=frozen(np.sqrt(np.einsum("c,pcd,d->p", w, c, w))),
        )

    def _changes(
        self, lean: FloatArray, c: FloatArray, rule: RoleRule, lacking: BoolArray, new_evidence: object
    ) -> tuple[FloatArray, IntArray]:
        """Expected |change of P(A)| by one more measurement of each gate by its best instrument, and that instrument.

        A linear reading: √(2/π)·|cov(A, T_c)| / √(C_cc + v_ci), cov over the draws.
        """
        n_p, n_c = lean.shape
        spread = np.diagonal(c, axis1=1, axis2=2)
        if new_evidence is None:
            v = np.zeros((n_p, n_c, 1))
        else:
            v = floats(new_evidence, "new_evidence", (n_p, n_c, None))
        with np.errstate(invalid="ignore"):
            each = np.sqrt(2 / np.pi) * np.abs(lean)[:, :, None] / np.sqrt(spread[:, :, None] + v)
        each = np.where(np.isnan(each), -1.0, each)
        chosen = each.argmax(axis=2)
        best = np.take_along_axis(each, chosen[:, :, None], axis=2)[:, :, 0]
        best = np.where((best < 0) | ~np.isfinite(rule.cuts)[None] | lacking, np.nan, best)
        return best, chosen

    def _propose(
        self,
        i: int,
        y: FloatArray,
        p_met: FloatArray,
        p_cat: FloatArray,
        p_roles: FloatArray,
        p_comp: float,
        change: FloatArray,
        chosen: IntArray,
        lacking: BoolArray,
        flagged: bool,
    ) -> tuple[str, str, str, tuple[tuple[str, str, float], ...], tuple[Reason, ...]]:
        rule = self.rules[self.role]
        names = self.competencies
        why: list[Reason] = []
        if flagged:
            why.append(Reason("red_flag_unresolved", {"role": self.role}))
        other, other_p = self._alternative(p_roles)
        missing = lacking & rule.needed
        if missing.any():
            for gone in np.flatnonzero(missing):
                k = int(gone)
                why.append(
                    Reason("not_measured" if np.isnan(y[k]) else "insufficient", {"competency": names[k]})
                )
            return "insufficient", "", other, (), tuple(why)
        p_a = float(p_cat[0])
        letter = CATEGORIES[int(p_cat.argmax())]
        settle: tuple[tuple[str, str, float], ...] = ()
        why.append(
            Reason("p_a", {"p": p_a, "ready": rule.ready, "probable": rule.probable, "open": rule.open_})
        )
        gates = [(float(p_met[k]), int(k)) for k in np.flatnonzero(np.isfinite(rule.cuts))]
        for p, k in sorted(gates):
            if p < rule.ready:
                why.append(
                    Reason(
                        "gate_below" if p < rule.probable else "gate_unsure",
                        {"competency": names[k], "p": p, "cut": float(rule.cuts[k]), "y": float(y[k])},
                    )
                )
        if p_comp < rule.ready:
            code = "composite_below" if p_comp < rule.probable else "composite_unsure"
            why.append(
                Reason(code, {"p": p_comp, "cut": rule.cut, "y": float(rule.weights @ np.nan_to_num(y))})
            )
        if rule.open_ <= p_a < rule.ready:
            order = [
                int(k)
                for k in np.argsort(-np.nan_to_num(change, nan=-1.0), kind="stable")
                if np.isfinite(change[k])
            ][:2]
            settle = tuple(
                (names[k], self.instruments[chosen[k]] if self.instruments else "", float(change[k]))
                for k in order
            )
            for competency, instrument, delta in settle:
                why.append(
                    Reason("settle", {"competency": competency, "instrument": instrument, "change": delta})
                )
        if p_a >= rule.ready:
            code = "ready"
        elif p_a >= rule.probable:
            code = "probably_ready"
        elif p_a >= rule.open_:
            code = "open"
        else:
            rest = int(p_cat[1:].argmax()) + 1
            p_rest = float(p_cat[rest])
            if rest == 3:
                code = "not_now"
            elif p_rest < rule.name_b_c:
                code = "not_a"
            else:
                code = "developing" if rest == 1 else "other_role"
            why.append(Reason("next_category", {"category": CATEGORIES[rest], "p": p_rest}))
        if flagged and code in ("ready", "probably_ready"):
            code = "open"  # a listed event stops A until a person resolves it in writing (SCORING A4.7)
        if other:
            why.append(Reason("other_role", {"role": other, "p": other_p}))
        return code, letter, other, settle, tuple(why)

    def _alternative(self, p_roles: FloatArray) -> tuple[str, float]:
        rule = self.rules[self.role]
        ranked = sorted(
            (
                (float(p), name)
                for p, name in zip(p_roles, self.rules, strict=True)
                if name != self.role and not np.isnan(p)
            ),
            key=lambda pair: (-pair[0], pair[1]),
        )
        if not ranked or ranked[0][0] < rule.role_p:
            return "", 0.0
        if len(ranked) > 1 and ranked[0][0] - ranked[1][0] < rule.role_margin:
            return "", 0.0
        return ranked[0][1], ranked[0][0]


def _explain(y: FloatArray, rule: RoleRule) -> tuple[FloatArray, FloatArray, FloatArray]:
    """D² = Σ(y − target)², shortfall = Σ w·max(0, target − y), profile r; NaN where a score is missing."""
    t, w = rule.targets, rule.weights
    d2 = ((y - t[None]) ** 2).sum(axis=1)
    shortfall = (w[None] * np.maximum(t[None] - y, 0.0)).sum(axis=1)
    a = y - y.mean(axis=1, keepdims=True)
    b = t - t.mean()
    scale = np.sqrt((a**2).sum(axis=1) * (b**2).sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.where(scale > 1e-12, a @ b / scale, np.nan)
    return d2, shortfall, r


def distinguishable_persons(verdicts: FitVerdicts) -> FloatArray:
    """P(composite of row person > composite of column person), (P, P); below .80 both ways: "not distinguishable".

    Posterior composites are normal, so the share of draws has the closed form Φ((a − b)/√(s_a² + s_b²)); what two persons
    share (link, zero of severity) is counted in both errors, which makes the statement cautious. The diagonal is .5.
    """
    a, s = verdicts.composite_mean, verdicts.composite_sd
    out: FloatArray = ndtr((a[:, None] - a[None, :]) / np.sqrt(s[:, None] ** 2 + s[None, :] ** 2))
    return out


def distinguishable_competencies(y: FloatArray, covariance: FloatArray) -> BoolArray:
    """Whether two competencies of a person differ by ≥ 1.96·√(V_cc + V_dd − 2V_cd): (P, C, C); NaN counts as no."""
    diag = np.diagonal(covariance, axis1=1, axis2=2)
    var = diag[:, :, None] + diag[:, None, :] - 2 * covariance
    gap = np.abs(y[:, :, None] - y[:, None, :])
    with np.errstate(invalid="ignore"):
        out = np.asarray(gap >= DIFFERENCE_Z * np.sqrt(np.maximum(var, 0.0)))
    diagonal = np.arange(y.shape[1])
    out[:, diagonal, diagonal] = False
    return out
