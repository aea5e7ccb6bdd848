"""Fit of persons to roles by joint probability (SCORING A4). See docs/methods/fit.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from .._checks import BoolArray, FloatArray, IntArray, floats, frozen
from .._estimator import Estimates, Flag
from ._draws import CHUNK, Sheet, categories, count, held, normals, posterior, sheets, unpacked
from ._prior import Prior, default_prior
from ._profile import profile_distance
from ._propose import Proposer
from ._rule import DRAWS, FitRule, RoleProfile, RoleRule
from ._verdicts import FitVerdicts, RoleShares


@runtime_checkable
class Scored(Protocol):
    """Scores with the covariance of their errors, as `combination.Combined` holds them."""

    @property
    def value(self) -> FloatArray: ...

    @property
    def covariance(self) -> FloatArray: ...


class RoleFit:
    """Estimates for each person the probability that all of a role's minimums and its composite hold at once, P(A).

    True levels given the scores are normal: m = μ + K(y − μ), C = Σ − KΣ, K = Σ(Σ + V)⁻¹ with one common prior N(μ, Σ).
    One fixed set of antithetic normals gives draws m + Z·chol(C)′; P(A) is the share of draws in which every minimum and
    the composite hold together, so no gate is tested alone and nothing is left to correct for their number. Categories
    A (all holds), B (near, few trainable gaps), C (another role's A), D are told apart in every draw, the first that holds.

    Parameters
    ----------
    profile: a `RoleProfile`, or rules by role name (`RoleRule`).
    rule: a `FitRule` beside a profile; beside rules, the name of the role sought.
    prior: of true levels; default that of the `FitRule`, else N(3, Σ_0).
    competencies, instruments: names used in reasons; a profile brings its own.
    draws (even, default 2,000: Monte-Carlo error of a probability at most .011), seed: the fixed set of the rule version.
    normals (n, C): an explicit set instead. chunk: persons held at once; changes speed and memory, no number.

    When not to use: to rank people (see `distinguishable_persons`); with a prior estimated per group; with errors that
    leave out what scores of one exercise share, for then P(A) promises far more than holds.

    >>> import numpy as np
    >>> import kamerton.measure as km
    >>> seller = km.fit.RoleProfile("seller", ["plan", "people", "deal"], targets=[4, 3, 4], minimums=[3, 3, 3])
    >>> expert = km.fit.RoleProfile("expert", ["plan", "people", "deal"], targets=[4, 2, 3], minimums=[3, 1, 2])
    >>> rule = km.fit.FitRule(others=[expert], seed=7)
    >>> error = 0.09 * np.eye(3) + 0.03
    >>> verdict = km.fit.RoleFit(seller, rule).evaluate([[4.4, 4.1, 4.3], [3.8, 1.4, 2.8]], np.array([error, error]))
    >>> verdict.proposal, verdict.category
    (('ready', 'other_role'), ('A', 'C'))
    >>> [reason.code for reason in verdict.reasons[1]]
    ['p_a', 'gate_below', 'composite_below', 'next_category', 'other_role']

    References: the specification of the chain, docs/methods/score-chain.md; Cronbach and Gleser 1953 for the distances.
    """

    def __init__(
        self,
        profile: RoleProfile | Mapping[str, RoleRule],
        rule: FitRule | str | None = None,
        prior: Prior | None = None,
        *,
        competencies: Sequence[str] = (),
        instruments: Sequence[str] = (),
        draws: int | None = None,
        seed: int | None = None,
        normals: FloatArray | None = None,
        chunk: int = CHUNK,
    ) -> None:
        stated = rule if isinstance(rule, FitRule) else FitRule()
        if isinstance(profile, RoleProfile):
            if isinstance(rule, str):
                raise ValueError(
                    f"beside the profile of {profile.name!r} stands the name {rule!r}; give a FitRule, with other roles in `others`."
                )
            self.rules: Mapping[str, RoleRule] = _rules(profile, stated)
            self.role = profile.name
            self.competencies = tuple(competencies) or tuple(profile.competencies)
        else:
            if not isinstance(rule, str):
                raise ValueError(f"beside rules by name give the role sought, one of {sorted(profile)}.")
            self.rules, self.role = profile, rule
            self.competencies = tuple(competencies) or tuple(
                f"c{k + 1}" for k in range(len(next(iter(profile.values())).cuts))
            )
        self.prior = prior or stated.prior or default_prior(len(self.competencies))
        self.instruments = tuple(instruments) or tuple(stated.instruments)
        self.draws = draws if draws is not None else stated.draws if isinstance(rule, FitRule) else DRAWS
        self.seed = stated.seed if seed is None else seed
        self.normals = normals
        self.chunk = chunk

    def draw_set(self) -> FloatArray:
        """The set Z in use, (draws, C)."""
        return normals(self.normals, self.draws, len(self.competencies), self.seed)

    def levels(self, m: FloatArray, c: FloatArray, z: FloatArray) -> FloatArray:
        """Draws of true levels D = m + Z·chol(C)′, (P, draws, C)."""
        low = np.linalg.cholesky(c)
        out: FloatArray = m[:, None, :] + z[None] @ np.swapaxes(low, 1, 2)
        return out

    def evaluate(
        self,
        people: object,
        covariance: object = None,
        *,
        insufficient: object = None,
        new_evidence: object = None,
        red_flags: object = None,
    ) -> FitVerdicts:
        """Verdicts with reasons, persons in the order given; order and company of persons change no number.

        people: scores y (P, C), NaN = not measured, with `covariance` (P, C, C) of their errors; or an object that holds
        both, as `combination.Combined`; or `Estimates` with value and se (P, C), whose errors are then taken as
        independent (flag `errors_independent`: exercises shared by competencies make the composite look too sure).
        insufficient (P, C): no verdict may rest on these. new_evidence (P, C, I): error variance of one more measurement
        by an instrument, NaN = the matrix has none. red_flags (P,): an unresolved event; stops A, never enters y.
        """
        scores, v, lacking, flags = self._given(people, covariance, insufficient)
        n_p, n_c = scores.shape
        red = np.zeros(n_p, dtype=bool) if red_flags is None else np.asarray(red_flags, dtype=bool)
        if red.shape != (n_p,):
            raise ValueError(f"red_flags must have one entry for each of {n_p} persons, got {red.shape}.")
        names, rules = tuple(self.rules), tuple(self.rules.values())
        at, rule = names.index(self.role), self.rules[self.role]
        unmeasured = _unmeasured(lacking, rules)
        m, c = posterior(scores, v, self.prior)
        n_d, n_r = 0, len(rules)
        p_met = np.full((n_p, n_c), np.nan)
        p_min, p_comp = np.zeros(n_p), np.zeros(n_p)
        p_cat, p_roles = np.zeros((n_p, 4)), np.zeros((n_p, n_r))
        lean = np.zeros((n_p, n_c))
        for sheet in self._sheets(m, c, rules):
            part, n_d = sheet.part, sheet.draws
            holds = held(sheet, rules)
            words = categories(sheet, rules, at, holds, ~unmeasured[part])
            p_min[part], p_comp[part] = count(holds[at].minimums), count(holds[at].composite)
            p_cat[part] = _with_rest([count(w) for w in words], n_d)
            for k, hold in enumerate(holds):
                p_roles[part, k] = count(hold.both)
            for gate in np.flatnonzero(np.isfinite(rule.cuts)).tolist():
                p_met[part, gate] = count(sheet.at_least(gate, float(rule.cuts[gate])))
            x = sheet.x[:, :n_c]
            a = unpacked(words[0], n_d).astype(np.float64)
            share = a.mean(axis=1)[:, None]
            lean[part] = (x @ a[:, :, None])[:, :, 0] / n_d - share * x.mean(axis=2)
        for array in (p_met, p_min, p_comp, p_cat, p_roles):
            array /= max(n_d, 1)
        p_met[lacking] = np.nan
        for array in (p_min, p_comp, p_cat):
            array[unmeasured[:, at]] = np.nan
        p_roles[unmeasured] = np.nan
        change, chosen = _changes(lean, c, rule, lacking, new_evidence)
        d2, shortfall, profile = _explain(scores, rule)
        proposer = Proposer(self.role, self.rules, self.competencies, self.instruments)
        said = [
            proposer.propose(*row)
            for row in zip(
                scores.tolist(), p_met.tolist(), p_cat.tolist(), p_roles.tolist(), p_comp.tolist(),
                change.tolist(), chosen.tolist(), lacking.tolist(), red.tolist(), strict=True,
            )
        ]  # fmt: skip
        thresholds = np.array([rule.open_, rule.probable, rule.ready])
        gap = p_cat[:, :1] - thresholds[None]
        nearest = np.abs(gap).argmin(axis=1)
        w = rule.weights
        return FitVerdicts(
            role=self.role,
            roles=names,
            p_met=frozen(p_met),
            p_minimums=frozen(p_min),
            p_composite=frozen(p_comp),
            p_category=frozen(p_cat),
            p_roles=frozen(p_roles),
            stability=frozen((p_cat**2).sum(axis=1)),
            margin=frozen(gap[np.arange(n_p), nearest]),
            proposal=tuple(one.code for one in said),
            category=tuple(one.letter for one in said),
            alternative=tuple(one.other for one in said),
            settle=tuple(one.settle for one in said),
            change_by_gate=frozen(change),
            d2=frozen(d2),
            shortfall=frozen(shortfall),
            profile_r=frozen(profile),
            reasons=tuple(one.reasons for one in said),
            red_flag=frozen(red),
            mean=frozen(m),
            covariance=frozen(c),
            composite_mean=frozen(m @ w),
            composite_sd=frozen(np.sqrt(np.einsum("c,pcd,d->p", w, c, w))),
            flags=flags,
        )

    def across(self, people: object, covariance: object = None, *, insufficient: object = None) -> RoleShares:
        """Categories of every role as the one sought, from the same draws: which role suits whom; arguments as `evaluate`."""
        scores, v, lacking, _ = self._given(people, covariance, insufficient)
        rules = tuple(self.rules.values())
        unmeasured = _unmeasured(lacking, rules)
        m, c = posterior(scores, v, self.prior)
        n_p, n_r = len(scores), len(rules)
        p_cat, p_min, p_comp = np.zeros((n_p, n_r, 4)), np.zeros((n_p, n_r)), np.zeros((n_p, n_r))
        n_d = 1
        for sheet in self._sheets(m, c, rules):
            part, n_d = sheet.part, sheet.draws
            holds = held(sheet, rules)
            for k, hold in enumerate(holds):
                words = categories(sheet, rules, k, holds, ~unmeasured[part])
                p_cat[part, k] = _with_rest([count(w) for w in words], n_d)
                p_min[part, k], p_comp[part, k] = count(hold.minimums), count(hold.composite)
        for array in (p_cat, p_min, p_comp):
            array /= n_d
            array[unmeasured] = np.nan
        return RoleShares(tuple(self.rules), frozen(p_cat), frozen(p_min), frozen(p_comp))

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _sheets(self, m: FloatArray, c: FloatArray, rules: Sequence[RoleRule]) -> Iterator[Sheet]:
        return sheets(m, c, self.draw_set(), np.stack([r.weights for r in rules]), self.chunk)

    def _given(
        self, people: object, covariance: object, insufficient: object
    ) -> tuple[FloatArray, FloatArray, BoolArray, tuple[Flag, ...]]:
        """Scores, error covariances, what no verdict may rest on, and flags of the call; checked."""
        n_c = len(self.competencies)
        if self.role not in self.rules:
            raise ValueError(
                f"role {self.role!r} has no rule; rules are given for {sorted(self.rules)}. Add its RoleRule."
            )
        for name, r in self.rules.items():
            if len(r.cuts) != n_c:
                raise ValueError(
                    f"rule of role {name!r} has {len(r.cuts)} competencies, the scores have {n_c}."
                )
        flags: tuple[Flag, ...] = ()
        if isinstance(people, Estimates):
            scores = floats(people.value, "people.value", (None, n_c))
            se = floats(people.se, "people.se", (len(scores), n_c))
            v = se[:, :, None] ** 2 * np.eye(n_c)[None]
            flags = (Flag("errors_independent", "", "no covariance of errors was given"),)
        elif isinstance(people, Scored):
            scores = floats(people.value, "people.value", (None, n_c))
            v = floats(people.covariance, "people.covariance", (len(scores), n_c, n_c))
            if insufficient is None:
                insufficient = getattr(people, "insufficient", None)
        else:
            if covariance is None:
                raise ValueError(
                    "scores without errors give no probability. Pass covariance (P, C, C), Estimates, or a Combined."
                )
            scores = floats(people, "people", (None, n_c))
            v = floats(covariance, "covariance", (len(scores), n_c, n_c))
        lacking = np.isnan(scores)
        both = ~lacking[:, :, None] & ~lacking[:, None, :]
        bad = both & ~np.isfinite(v)
        bad |= np.eye(n_c, dtype=bool)[None] & both & (np.nan_to_num(v) < 0)
        if bad.any():
            i, k, d = (int(n[0]) for n in np.nonzero(bad))
            raise ValueError(
                f"the error covariance of person {i} at {self.competencies[k]!r}, {self.competencies[d]!r} is {v[i, k, d]}; "
                "a measured score needs a finite one, and a variance of at least 0. Set the score to NaN if it was not measured."
            )
        if insufficient is not None:
            thin = np.asarray(insufficient, dtype=bool)
            if thin.shape != scores.shape:
                raise ValueError(f"insufficient must have shape {scores.shape}, got {thin.shape}.")
            lacking = lacking | thin
        return scores, v, lacking, flags


def _rules(profile: RoleProfile, rule: FitRule) -> dict[str, RoleRule]:
    """Rules by name, the role sought first; the roles speak of the same competencies in the same order."""
    out: dict[str, RoleRule] = {}
    for one in (profile, *rule.others):
        if one.name in out:
            raise ValueError(f"two profiles are named {one.name!r}. Name them apart.")
        if tuple(one.competencies) != tuple(profile.competencies):
            raise ValueError(
                f"role {one.name!r} speaks of {list(one.competencies)}, {profile.name!r} of {list(profile.competencies)}. "
                "Give both the same competencies in the same order, with NaN minimums and zero weights where a role asks nothing."
            )
        out[one.name] = one.rule(rule)
    return out


def _unmeasured(lacking: BoolArray, rules: Sequence[RoleRule]) -> BoolArray:
    """(P, R): whether a competency a role needs has no usable score."""
    needed = np.stack([r.needed for r in rules])
    return np.asarray((lacking[:, None, :] & needed[None]).any(axis=2))


def _with_rest(counts: Sequence[IntArray], draws: int) -> FloatArray:
    """Draws in A, B, C and the rest, D."""
    abc = np.stack(counts, axis=1).astype(np.float64)
    return np.concatenate((abc, draws - abc.sum(axis=1, keepdims=True)), axis=1)


def _changes(
    lean: FloatArray, c: FloatArray, rule: RoleRule, lacking: BoolArray, new_evidence: object
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


def _explain(y: FloatArray, rule: RoleRule) -> tuple[FloatArray, FloatArray, FloatArray]:
    """D² = Σ(y − target)², shortfall = Σ w·max(0, target − y), profile r; NaN where a score or a target is missing."""
    if not np.all(np.isfinite(rule.targets)):
        nothing = np.full(len(y), np.nan)
        return nothing, nothing, nothing
    found = profile_distance(y, rule.targets, rule.weights)
    return found.d2, found.shortfall, found.r
