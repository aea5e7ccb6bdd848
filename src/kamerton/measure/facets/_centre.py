"""An assessment centre: severity of raters, steps, difficulty, components of variance. See docs/methods/facets.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from .._checks import FloatArray, IntArray, frozen
from .._estimator import Estimator, Flag
from ._components import (
    MIN_PERSONS,
    ComponentEstimate,
    RatingMoments,
    VarianceComponents,
    VarianceDefaults,
    blend,
    rating_moments,
)
from ._severity import _COUNTS, CATEGORIES, Rows, SeverityFit, anchor_rows, fit_severity, pair_rows

ALGORITHM = "facets.centre/2"
SEVERITY_LIMIT = 0.30  # levels (SCORING A2.7)
SPREAD_LIMIT = 0.80  # of the pool (SCORING A2.6)
ANCHORS_NEEDED = 4  # performances per rater (SCORING A2.3)
DIFFICULTY_PRIOR_SD = 0.20  # levels (SCORING A2.2)
STEP_PRIOR_SD = 0.50  # levels: holds a step whose categories nobody used; judgement
MIN_PERFORMANCES = 8  # co-rated performances a rater needs; with fewer the prior would speak alone; judgement


@dataclass(frozen=True)
class Anchors:
    """Ratings of certification performances with expert levels; all (N,). rater uses the labels given to `fit`."""

    performance: ArrayLike
    rater: ArrayLike
    level: ArrayLike
    value: ArrayLike


class AssessmentCentre(Estimator):
    """Estimates how lenient each rater is, from co-raters of the same performance, and the components of variance.

    log P(k+1)/P(k) = slope·(η − t_k), η = T + method + cell + halo + lenience − difficulty (SCORING A2.1).
    Lenience enters through pairs of raters conditional on the sum of their ratings, so the person, the exercise and the
    group drop out; halo is integrated out; lenience has the prior N(0, severity_prior_sd²).

    Parameters
    ----------
    slope : logits per level, held constant (2.0): estimated together with person modes it runs to its bound.
    severity_prior_sd : SD of lenience in the pool, levels (0.30).
    defaults : components assumed before data.
    min_persons : below it no severity is removed (30, SCORING A6). min_performances : per rater, else it keeps 0.

    Attributes (rater order is `raters_`; levels unless said otherwise)
    ----------
    severity_ (R,) : **positive = lenient**, to be subtracted from ratings. severity_se_ (R,).
    linked_ (R,) : severity was estimated. zero_ : "anchors", "median" or "none". steps_ (4,).
    difficulty_ (E, C) : positive = harder, zero sum within a competency; NaN where unused. Descriptive.
    components_ : ComponentEstimate (raw, used, n, source). across_ (C, C) covariance across exercises.
    connected_ : raters hang together through shared performances. graph_components_ : groups of raters that do.
    pairings_to_add_ : pairs of raters that would join the groups.
    spread_ratio_ (R,) : SD of a rater's corrected, centred ratings over that of the pool.
    rater_flags_ : per rater, "lenient", "severe", "central", "severity_not_linked", "severity_not_removed".
    flags_ : of the whole fit by name; adds "not_converged", "error_assumed"; `where` names the raters concerned.
    iterations_, gradient_norm_, level_per_unit_ : the search, and rating points per unit of η.

    When not to use: steps or slopes per rater, drift, rater × competency; see docs/methods/facets.md.
    """

    saved_types: ClassVar[tuple[type, ...]] = (VarianceDefaults, VarianceComponents, ComponentEstimate)

    def __init__(
        self,
        slope: float = 2.0,
        severity_prior_sd: float = 0.30,
        defaults: VarianceDefaults | None = None,
        min_persons: int = MIN_PERSONS,
        min_performances: int = MIN_PERFORMANCES,
    ) -> None:
        self.slope = slope
        self.severity_prior_sd = severity_prior_sd
        self.defaults = defaults
        self.min_persons = min_persons
        self.min_performances = min_performances

    def fit(
        self,
        person: ArrayLike,
        exercise: ArrayLike,
        competency: ArrayLike,
        rater: ArrayLike,
        value: ArrayLike,
        anchors: Anchors | None = None,
    ) -> AssessmentCentre:
        """Learn from 1-D arrays of equal length; value in 1…5, NaN = not observed. Order of rows does not matter."""
        columns = [np.asarray(a) for a in (person, exercise, competency, rater)]
        x = np.asarray(value, dtype=np.float64)
        for name, a in zip(("person", "exercise", "competency", "rater"), columns, strict=True):
            if a.shape != x.shape or x.ndim != 1:
                raise ValueError(
                    f"{name} has shape {a.shape}, value has {x.shape}; give 1-D arrays of one length."
                )
        seen = ~np.isnan(x)
        off = seen & ((x < 1) | (x > CATEGORIES) | (x != np.round(x)))
        if off.any():
            i = int(np.flatnonzero(off)[0])
            raise ValueError(
                f"rating {i} is {x[i]:g}; ratings are whole levels 1 to 5. Correct it or mark it not observed."
            )
        self.raters_, r_all = np.unique(columns[3], return_inverse=True)
        if not seen.any():
            raise ValueError(
                "all ratings are missing; there is nothing to fit. Give at least one observed rating."
            )
        self.persons_, p = np.unique(columns[0][seen], return_inverse=True)
        self.exercises_, e = np.unique(columns[1][seen], return_inverse=True)
        self.competencies_, c = np.unique(columns[2][seen], return_inverse=True)
        r, x = r_all[seen], x[seen]
        order = np.lexsort((r, c, e, p))
        p, e, c, r, x = p[order], e[order], c[order], r[order], x[order]
        n_e, n_c, n_r = len(self.exercises_), len(self.competencies_), len(self.raters_)
        cell = (p * n_e + e) * n_c + c
        if np.any((np.diff(cell) == 0) & (np.diff(r) == 0)):
            i = int(np.flatnonzero((np.diff(cell) == 0) & (np.diff(r) == 0))[0])
            raise ValueError(
                f"rater {self.raters_[r[i]]!r} rated person {self.persons_[p[i]]!r} twice on exercise "
                f"{self.exercises_[e[i]]!r}, competency {self.competencies_[c[i]]!r}. Keep one rating."
            )
        self.n_ratings_, self.n_persons_ = len(x), len(self.persons_)
        self._graph(p * n_e + e, r, n_r)
        self._severity(p, e, c, r, x, cell, anchors)
        corrected = x - self.severity_[r]
        moments = rating_moments(p, e, c, r, corrected)
        self._keep_components(moments)
        self.across_ = frozen(moments.across)
        self.difficulty_ = frozen(self._difficulties(p, e, c, corrected, cell))
        self.spread_ratio_ = frozen(self._spread(e, c, r, corrected))
        self._flag()
        return self

    # -- parts ---------------------------------------------------------------------------------------------------

    def _graph(self, performance: IntArray, r: IntArray, n_r: int) -> None:
        """Raters joined by shared performances; counts of co-rated performances."""
        keys = np.unique(performance * n_r + r)
        perf, rr = np.unique(keys // n_r, return_inverse=True)[1], keys % n_r
        seat = coo_matrix((np.ones(len(keys)), (perf, rr)), shape=(int(perf.max()) + 1, n_r)).tocsr()
        together = seat.T @ seat
        per_perf = np.asarray(seat.sum(axis=1)).ravel()
        self.co_rated_ = np.bincount(rr, weights=(per_perf[perf] > 1).astype(float), minlength=n_r).astype(
            np.intp
        )
        present = np.bincount(rr, minlength=n_r) > 0
        n_groups, label = connected_components(together, directed=False)
        groups = [tuple(self.raters_[(label == k) & present].tolist()) for k in range(n_groups)]
        self.graph_components_ = tuple(sorted((g for g in groups if g), key=lambda g: (-len(g), str(g))))
        self.connected_ = len(self.graph_components_) == 1
        first = self.graph_components_[0]
        self.pairings_to_add_ = tuple((first[0], g[0]) for g in self.graph_components_[1:])

    def _severity(
        self,
        p: IntArray,
        e: IntArray,
        c: IntArray,
        r: IntArray,
        x: FloatArray,
        cell: IntArray,
        anchors: Anchors | None,
    ) -> None:
        n_r, n_e = len(self.raters_), len(self.exercises_)
        defaults = self.defaults or VarianceDefaults()
        rows: list[Rows] = []
        anchor_count = np.zeros(n_r, dtype=np.intp)
        if anchors is not None:
            rows.append(self._anchor_rows(anchors, anchor_count))
        anchored = anchors is not None and bool(np.all(anchor_count >= ANCHORS_NEEDED))
        keep = np.ones(n_r, dtype=bool)
        enough_persons = self.n_persons_ >= self.min_persons
        if (enough_persons and self.connected_) or anchored:
            keep = (self.co_rated_ >= self.min_performances) | (anchor_count >= ANCHORS_NEEDED)
            mine = keep[r]
            pairs = pair_rows((p * n_e + e)[mine], cell[mine], r[mine], x[mine].astype(np.intp), self.slope)
            if pairs is not None:
                rows.append(pairs)
        else:
            keep[:] = False
        self.zero_ = "none"
        self.steps_ = frozen(np.arange(1, CATEGORIES) + 0.5)
        self.level_per_unit_ = 1.0
        self.iterations_, self.gradient_norm_, self.converged_ = 0, 0.0, True
        self.severity_ = np.zeros(n_r)
        self.severity_se_ = np.full(n_r, self.severity_prior_sd)
        self.linked_ = keep & (n_r > 1)
        if not rows or not keep.any() or (n_r == 1 and not anchored):
            self.linked_ = np.zeros(n_r, dtype=bool)
            self._seal()
            return
        halo_sd = float(np.sqrt(defaults.components.halo))
        found = self._search(rows, halo_sd, 1.0, None)
        rate = self._rate(found, x, cell)
        first = found.severity * rate
        moments = rating_moments(p, e, c, r, x - first[r])
        if self.n_persons_ >= MIN_PERSONS and np.isfinite(moments.halo):
            n0 = defaults.persons
            blended = (moments.n * max(moments.halo, 0.0) + n0 * defaults.components.halo) / (moments.n + n0)
            halo_sd = float(np.sqrt(blended))
        # Prior and halo are stated in levels, the search runs in η: a second pass with the rate of the first.
        found = self._search(rows, halo_sd, rate, np.concatenate((found.severity, found.steps)))
        rate = self._rate(found, x, cell)
        beta, cov = found.severity, found.covariance[:n_r, :n_r]
        if anchored:
            self.zero_ = "anchors"
        else:
            self.zero_ = "median"
            k = int(keep.sum())
            beta = beta - np.median(beta[keep])
            # The zero is a convention here; its doubt is the shared shift of A5, not an error of one rater.
            centre = np.eye(n_r) - np.outer(np.ones(n_r), keep / k)
            cov = centre @ cov @ centre.T
        self.severity_ = np.where(keep, beta * rate, 0.0)
        self.severity_se_ = np.where(keep, np.sqrt(np.diag(cov)) * rate, self.severity_prior_sd)
        self.steps_ = frozen(found.steps)
        self.level_per_unit_ = rate
        self.iterations_, self.gradient_norm_, self.converged_ = (
            found.iterations,
            found.gradient_norm,
            found.converged,
        )
        self._seal()

    def _search(self, rows: list[Rows], halo_sd: float, rate: float, start: FloatArray | None) -> SeverityFit:
        return fit_severity(
            rows,
            len(self.raters_),
            halo_sd=halo_sd / rate,
            prior_sd=self.severity_prior_sd / rate,
            step_prior_sd=STEP_PRIOR_SD,
            start=start,
        )

    def _seal(self) -> None:
        self.severity_, self.severity_se_ = frozen(self.severity_), frozen(self.severity_se_)
        self.linked_ = frozen(self.linked_)

    def _anchor_rows(self, anchors: Anchors, count: IntArray) -> Rows:
        rater = np.asarray(anchors.rater)
        unknown = ~np.isin(rater, self.raters_)
        if unknown.any():
            raise ValueError(
                f"anchor rater {rater[unknown][0]!r} has no ratings here; known are {self.raters_.tolist()}. Drop that anchor."
            )
        value = np.asarray(anchors.value, dtype=np.float64)
        seen = ~np.isnan(value)
        r = np.searchsorted(self.raters_, rater[seen])
        performance = np.unique(np.asarray(anchors.performance)[seen], return_inverse=True)[1]
        pairs = np.unique(performance * len(self.raters_) + r)
        count += np.bincount(pairs % len(self.raters_), minlength=len(self.raters_))
        level = np.asarray(anchors.level, dtype=np.float64)[seen]
        return anchor_rows(performance, r.astype(np.intp), level, value[seen].astype(np.intp), self.slope)

    def _rate(self, found: SeverityFit, x: FloatArray, cell: IntArray) -> float:
        """Rating points per unit of η: mean of dE(x)/dη = slope·Var(x | η) over cells, each at its mean rating."""
        grid = np.linspace(0.0, 6.0, 241)
        k = np.arange(1.0, CATEGORIES + 1)
        lin = self.slope * (grid[:, None] * k[None, :] - (_COUNTS @ found.steps)[None, :])
        prob = np.exp(lin - np.logaddexp.reduce(lin, axis=1, keepdims=True))
        mean = prob @ k
        rate = self.slope * (prob @ k**2 - mean**2)
        _, inverse, count = np.unique(cell, return_inverse=True, return_counts=True)
        level = np.bincount(inverse, weights=x) / count
        # A cell whose raters all chose an end of the scale has no location; it is placed at that end's level.
        at = np.clip(np.interp(level, mean, grid), 1.0, 5.0)
        return float(np.interp(at, grid, rate).mean())

    def _keep_components(self, m: RatingMoments) -> None:
        nan = float("nan")
        raw = VarianceComponents(m.method, m.cell, m.halo, m.residual, nan, nan)
        self.components_: ComponentEstimate = blend(raw, m.n, self.defaults or VarianceDefaults())

    def _difficulties(
        self, p: IntArray, e: IntArray, c: IntArray, corrected: FloatArray, cell: IntArray
    ) -> FloatArray:
        """From persons seen in every exercise of a competency only, shrunk to N(0, 0.2²)."""
        shape = (len(self.persons_), len(self.exercises_), len(self.competencies_))
        size = int(np.prod(shape))
        n = np.bincount(cell, minlength=size).reshape(shape)
        with np.errstate(invalid="ignore"):
            y = np.where(n > 0, np.bincount(cell, corrected, size).reshape(shape) / np.maximum(n, 1), np.nan)
        used = np.asarray(np.any(n > 0, axis=0), dtype=bool)
        out = np.full(shape[1:], np.nan)
        v = self.components_.used
        noise = v.method + v.cell + (v.halo + v.residual) / 2
        for k in range(shape[2]):
            es = np.flatnonzero(used[:, k])
            full = (n[:, es, k] > 0).sum(axis=1) == len(es)
            if len(es) < 2 or not full.any():
                out[es, k] = 0.0
                continue
            block = y[full][:, es, k]
            gap = block.mean() - block.mean(axis=0)
            out[es, k] = gap * DIFFICULTY_PRIOR_SD**2 / (DIFFICULTY_PRIOR_SD**2 + noise / full.sum())
        return out

    def _spread(self, e: IntArray, c: IntArray, r: IntArray, corrected: FloatArray) -> FloatArray:
        n_c = len(self.competencies_)
        column = e * n_c + c
        count = np.bincount(column)
        mean = np.bincount(column, weights=corrected) / np.maximum(count, 1)
        z = corrected - mean[column]
        n_r = len(self.raters_)
        n = np.bincount(r, minlength=n_r)
        own = np.bincount(r, weights=z, minlength=n_r) / np.maximum(n, 1)
        var = np.bincount(r, weights=(z - own[r]) ** 2, minlength=n_r) / np.maximum(n - 1, 1)
        var = np.where(n > 1, var, np.nan)
        if np.isnan(var).all():
            return np.full(n_r, np.nan)
        pool = np.nanmedian(var)
        if not np.isfinite(pool) or pool <= 0:
            return np.full(n_r, np.nan)
        return np.sqrt(var / pool)

    def _flag(self) -> None:
        flags: list[tuple[str, ...]] = []
        spread: FloatArray = self.spread_ratio_
        for k in range(len(self.raters_)):
            mine = []
            if not self.linked_[k]:
                mine.append("severity_not_removed" if self.connected_ else "severity_not_linked")
            elif self.severity_[k] > SEVERITY_LIMIT:
                mine.append("lenient")
            elif self.severity_[k] < -SEVERITY_LIMIT:
                mine.append("severe")
            if self.linked_[k] and spread[k] < SPREAD_LIMIT:
                mine.append("central")
            flags.append(tuple(mine))
        self.rater_flags_ = tuple(flags)
        named = {
            code: ", ".join(str(r) for r, mine in zip(self.raters_, flags, strict=True) if code in mine)
            for code in ("lenient", "severe", "central")
        }
        whole = set()
        if not self.connected_:
            whole.add("severity_not_linked")
        if not self.linked_.all():
            whole.add("severity_not_removed")
        if not self.converged_:
            whole.add("not_converged")
        if self.components_.source == "defaults":
            whole.add("error_assumed")
        self.flags_ = (
            *(Flag(code) for code in sorted(whole)),
            *(Flag(code, where) for code, where in named.items() if where),
        )

    @property
    def run_flags(self) -> tuple[str, ...]:
        """Codes about the whole fit, without those about single raters."""
        return tuple(flag.code for flag in self.flags_ if not flag.where)
