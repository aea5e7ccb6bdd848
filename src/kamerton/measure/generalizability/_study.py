"""The G-study: variance components of a design, by moments or by restricted maximum likelihood."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from .._checks import FloatArray
from .._estimator import Estimator, Flag, Progress, Table
from ._cells import (
    Cells,
    SumsOfSquares,
    cell_squares,
    coefficients,
    long_form,
    sort_into_cells,
    sums_of_squares,
)
from ._decision import DecisionStudy, study_from
from ._design import parse_design
from ._reml import RESIDUAL_FLOOR, Evaluate, balanced_criterion, general_criterion, maximise
from ._search import CoefficientName, DesignSearch, quick_coefficients, search_designs

Method = Literal["moments", "reml"]
FEW_LEVELS = 5
"""A variance estimated from fewer levels has fewer than four degrees of freedom: its error exceeds 70 % of itself."""
DRAWS_FOR_ERRORS = 200
"""Parametric draws behind a standard error where no formula is at hand: the error of that error is then 5 %."""


class GeneralizabilityStudy(Estimator):
    """Estimates the variance components of a crossed or nested design: persons, raters, exercises, and what they do together.

    Model: each observation is the grand mean plus an independent random effect for every effect of the design, the
    last with the residual. *moments*: expected mean squares; with gaps and unequal numbers the quadratic forms of
    Henderson's first method, whose solution they are when balanced. *reml*: restricted maximum likelihood with
    components at 0 or above.

    Parameters
    - `design`: "p x i" persons crossed with items, "p x (r:e)" raters nested in exercises, "p x r x e", … One letter
      or a word for a facet.
    - `object`: the facet the decision is about; default the first.
    - `method`: "moments" (default: exact when balanced, unbiased always, any size) or "reml" (better with unequal
      numbers, never negative; when unbalanced up to 6,000 levels of all effects but the largest).
    - `bootstrap`: 0 (default) gives asymptotic errors; a number gives that many seeded parametric draws from the
      fitted model for errors and intervals. Use 500 or more when a facet has few levels.
    - `seed` of the draws; `level` of the intervals, default 0.95; `cycles`: most cycles of REML, default 100
      (it rarely needs 10).

    Attributes: `effects_` names, residual last; `components_` (E,), not negative; `raw_components_` (E,) as they came
    out; `covariance_` (E, E) of the raw components; `parameters_` Table (name, value, se, raw, low, high, share);
    `anova_` Table (effect, ss, df, ms) when balanced, else None; `grand_mean_`; `n_` observations; `levels_`,
    `sizes_` of the facets; `balanced_`; `log_likelihood_` (REML, else NaN); `draws_` (bootstrap, E) or None; `flags_`:
    `negative_component` (at 0; named), `few_levels`, `unbalanced`, `se_by_draws`, `not_converged`, `not_identified`, `at_bound` (no
    residual left).

    A component of zero means "too small to be seen with these levels", not "absent". Observations must be exchangeable
    within a facet: two chosen experts are not a sample of raters (make the facet fixed in the D-study). Do not use it
    for ordered categories with few levels as if severity were removed: that is a many-facet Rasch model.

    >>> import numpy as np
    >>> rng = np.random.default_rng(3)
    >>> x = 3 + rng.normal(0, .7, (60, 1, 1)) + rng.normal(0, .5, (60, 4, 1)) + rng.normal(0, .6, (60, 4, 2))
    >>> study = GeneralizabilityStudy(design="p x (r:e)").fit(x.transpose(0, 2, 1))
    >>> study.effects_
    ('p', 'e', 'r:e', 'pe', 'pr:e')
    >>> d = study.decide({"r": 2, "e": 4})
    >>> 0.7 < d.g.value < 0.9
    True

    References: Cronbach et al. 1972; Henderson 1953; Patterson & Thompson 1971; Brennan 2001; Searle, Casella &
    McCulloch 1992.
    """

    def __init__(
        self,
        *,
        design: str = "p x i",
        object: str | None = None,
        method: Method = "moments",
        bootstrap: int = 0,
        seed: int = 1,
        level: float = 0.95,
        cycles: int = 100,
    ) -> None:
        self.design = design
        self.object = object
        self.method = method
        self.bootstrap = bootstrap
        self.seed = seed
        self.level = level
        self.cycles = cycles

    def fit(
        self,
        scores: ArrayLike,
        facets: Mapping[str, ArrayLike] | None = None,
        *,
        progress: Progress | None = None,
    ) -> GeneralizabilityStudy:
        """Learn the components from an array with one axis a facet (NaN = not observed), or from one column of scores
        with the labels of every facet in `facets`.

        Axes are in the order of the facets in the design; a nested facet's axis counts within: in "p x (r:e)" the
        first rater of each exercise is another person. In a column, labels of a nested facet may repeat or be unique.
        """
        plan = parse_design(self.design)
        self._check(plan.facets)
        y, codes, labels = long_form(scores, facets, plan)
        cells = sort_into_cells(y, codes, plan)
        self._identifiable(cells)
        self.effects_ = cells.names
        self.n_ = cells.n
        self.grand_mean_ = float(y.mean())
        self.levels_ = dict(cells.levels)
        self.sizes_ = dict(cells.sizes)
        self.balanced_ = cells.balanced
        self.residual_within_ = cells.residual_own
        self.object_ = self.object or plan.facets[0]
        self.n_objects_ = len(labels[self.object_])
        flags = [] if cells.balanced else [Flag("unbalanced", "", "gaps or unequal numbers in the design")]
        flags += [
            Flag("few_levels", facet, f"{int(size)} levels; its variance is hardly known")
            for facet, size in cells.levels.items()
            if size < FEW_LEVELS and facet != self.object_
        ]
        k, mean_row = coefficients(cells)
        self.mean_weights_ = mean_row / cells.n
        table = sums_of_squares(cells, y) if cells.balanced else None
        self.anova_ = (
            None
            if table is None
            else Table(
                {"effect": np.array(cells.names), "ss": table.ss, "df": table.df, "ms": table.ss / table.df}
            )
        )
        moments = self._moments(cells, y, k - mean_row)
        if self.method == "moments":
            self.raw_components_ = moments
            self.log_likelihood_ = math.nan
        else:
            self._restricted(cells, y, table, moments, flags, progress)
        self.components_ = np.maximum(self.raw_components_, 0.0)
        flags += [
            Flag("negative_component", cells.names[i], f"estimate {self.raw_components_[i]:.4g}, used as 0")
            for i in np.flatnonzero(self.raw_components_ <= 0)
        ]
        self._errors(cells, table, k - mean_row, flags, progress)
        self._fill_parameters()
        self.flags_ = tuple(flags)
        return self

    def decide(
        self,
        sizes: Mapping[str, float],
        *,
        design: str | None = None,
        fixed: Sequence[str] = (),
        cut: float | None = None,
    ) -> DecisionStudy:
        """The D-study: errors, G, Phi (and Phi at a cut) with these sizes of the other facets, with their errors."""
        self.require_fitted()
        return study_from(
            parse_design(self.design), self.components_, obj=self.object_, sizes=sizes, design=design, fixed=fixed,
            within=self.residual_within_, cut=cut, mean=self.grand_mean_, mean_weights=self.mean_weights_,
            covariance=self.covariance_, draws=self.draws_, level=self.level, n=self.n_objects_, flags=self.flags_,
        )  # fmt: skip

    def cheapest(
        self,
        limits: Mapping[str, int | Iterable[int]],
        *,
        target: float = 0.80,
        coefficient: CoefficientName = "phi",
        costs: Mapping[str, float] | Callable[[Mapping[str, int]], float] | None = None,
        design: str | None = None,
        fixed: Sequence[str] = (),
        top: int = 10,
    ) -> DesignSearch:
        """The cheapest designs that reach a target; parameters as `cheapest_designs`, components and errors from the data."""
        self.require_fitted()
        facets, quick = quick_coefficients(
            parse_design(self.design), self.components_, self.object_, design, fixed, self.residual_within_
        )
        return search_designs(
            lambda sizes: self.decide(sizes, design=design, fixed=fixed), quick, facets,
            target=target, coefficient=coefficient, limits=limits, costs=costs, top=top,
        )  # fmt: skip

    def _check(self, facets: tuple[str, ...]) -> None:
        if self.method not in ("moments", "reml"):
            raise ValueError(f'method is {self.method!r}; it is "moments" or "reml".')
        if self.object is not None and self.object not in facets:
            raise ValueError(
                f"object is {self.object!r}; the design {self.design!r} has facets {list(facets)}."
            )
        if self.bootstrap < 0 or self.bootstrap == 1 or self.cycles < 1:
            raise ValueError(
                f"bootstrap is {self.bootstrap} and cycles {self.cycles}; give 0 or at least 2 draws, and 1 cycle or more."
            )
        if not 0.5 <= self.level < 1:
            raise ValueError(f"level is {self.level}; it lies from 0.5 to below 1, e.g. 0.95.")

    def _identifiable(self, cells: Cells) -> None:
        for a, name in enumerate(cells.names):
            for b in range(a + 1, len(cells.names)):
                if cells.counts[a] == cells.counts[b] and cells.covers[a, b]:
                    raise ValueError(
                        f"effects {name!r} and {cells.names[b]!r} have the same {cells.counts[a]} cells in these data; "
                        "their variances cannot be told apart. Take a facet out of the design or collect more."
                    )

    def _moments(self, cells: Cells, y: FloatArray, equations: FloatArray) -> FloatArray:
        t = cell_squares(cells, y - y.mean())
        if np.linalg.matrix_rank(equations) < len(t):
            raise ValueError(
                f"the components of {self.design!r} are not identified with these data: too few cells are linked. "
                f"Observations per effect: {dict(zip(cells.names, cells.counts, strict=True))}."
            )
        return np.asarray(np.linalg.solve(equations, t), dtype=np.float64)

    def _restricted(
        self,
        cells: Cells,
        y: FloatArray,
        table: SumsOfSquares | None,
        start: FloatArray,
        flags: list[Flag],
        progress: Progress | None,
    ) -> None:
        evaluate = balanced_criterion(table, cells.n) if table is not None else general_criterion(cells, y)
        variance = float(y.var())
        if variance <= 0:
            raise ValueError("all scores are equal; there is no variance to divide.")
        found = maximise(
            evaluate,
            np.maximum(start, 0.02 * variance),
            variance=variance,
            cycles=self.cycles,
            progress=progress,
        )
        self.raw_components_ = found.components
        self.log_likelihood_ = -0.5 * found.criterion.value
        self.cycles_ = found.cycles
        self._information = found.criterion.information
        if found.components[-1] <= 1.01 * RESIDUAL_FLOOR * variance:
            flags.append(
                Flag("at_bound", cells.names[-1], "no residual variance is left; the model is saturated")
            )
        if not found.converged:
            flags.append(Flag("not_converged", "", f"after {found.cycles} cycles"))

    def _errors(
        self,
        cells: Cells,
        table: SumsOfSquares | None,
        equations: FloatArray,
        flags: list[Flag],
        progress: Progress | None,
    ) -> None:
        size = len(self.components_)
        self.draws_: FloatArray | None = None
        if self.bootstrap or (self.method == "moments" and table is None):
            times = self.bootstrap or DRAWS_FOR_ERRORS
            draws = self._draw(cells, table, equations, times, progress)
            self.covariance_ = np.cov(draws, rowvar=False)
            self.draws_ = np.maximum(draws, 0.0) if self.bootstrap else None
            if not self.bootstrap:
                flags.append(Flag("se_by_draws", "", f"{times} parametric draws, seed {self.seed}"))
        elif table is not None and self.method == "moments":
            expected = table.weights @ self.components_
            inverse = np.linalg.inv(table.weights)
            self.covariance_ = inverse @ np.diag(2 * expected**2 / table.df) @ inverse.T
        else:
            free = self.raw_components_ > 0
            self.covariance_ = np.zeros((size, size))
            block = self._information[np.ix_(free, free)]
            self.covariance_[np.ix_(free, free)] = np.linalg.pinv(block)
            weak = np.linalg.cond(block) > 1e12 if block.size else False
            if weak:
                flags.append(Flag("not_identified", "", "the information of the components is singular"))
        if hasattr(self, "_information"):
            del self._information

    def _draw(
        self,
        cells: Cells,
        table: SumsOfSquares | None,
        equations: FloatArray,
        times: int,
        progress: Progress | None,
    ) -> FloatArray:
        """Components re-estimated on data drawn from the fitted model."""
        rng = np.random.default_rng(self.seed)
        s2, out = self.components_, np.empty((times, len(self.components_)))
        expected = None if table is None else np.maximum(table.weights @ s2, 1e-300)
        for draw in range(times):
            evaluate: Evaluate | None = None
            if table is not None and expected is not None:
                ss = expected * rng.chisquare(table.df)
                out[draw] = np.linalg.solve(table.weights, ss / table.df)
                variance = float(ss.sum()) / cells.n
                if self.method == "reml":
                    evaluate = balanced_criterion(SumsOfSquares(ss, table.df, table.weights), cells.n)
            else:
                y = np.zeros(cells.n)
                for code, count, v in zip(cells.codes, cells.counts, s2, strict=True):
                    y += math.sqrt(float(v)) * rng.standard_normal(count)[code]
                out[draw] = np.linalg.solve(equations, cell_squares(cells, y - y.mean()))
                variance = float(y.var())
                if self.method == "reml":
                    evaluate = general_criterion(cells, y)
            if evaluate is not None:
                start = np.maximum(out[draw], 0.02 * variance)
                out[draw] = maximise(evaluate, start, variance=variance, cycles=self.cycles).components
            if progress is not None:
                progress(draw + 1, math.nan, math.nan)
        return out

    def _fill_parameters(self) -> None:
        se = np.sqrt(np.maximum(np.diag(self.covariance_), 0.0))
        value, tail = self.components_, (1 - self.level) / 2
        if self.draws_ is not None:
            low, high = np.quantile(self.draws_, [tail, 1 - tail], axis=0)
        else:
            low, high = np.zeros_like(value), np.full_like(value, np.nan)
            for i, (v, e) in enumerate(zip(value, se, strict=True)):
                if v > 0 and e > 0:  # Satterthwaite: v · df/χ², df = 2 (v/se)²
                    df = 2 * (v / e) ** 2
                    low[i] = df * v / max(float(chi2.ppf(1 - tail, df)), 1e-300)
                    high[i] = df * v / max(float(chi2.ppf(tail, df)), 1e-300)
        total = float(value.sum())
        if self.method == "reml" and self.draws_ is None:
            se = np.where(value > 0, se, np.nan)
        self.parameters_ = Table(
            {
                "name": np.array(self.effects_), "value": value, "se": se, "raw": self.raw_components_,
                "low": low, "high": high, "share": value / total if total > 0 else np.full_like(value, np.nan),
            }
        )  # fmt: skip
