"""The classical many-facet Rasch model, as users of FACETS know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self
from warnings import warn

import numpy as np

from .._checks import FloatArray
from .._estimator import Estimates, Estimator, Flag, NotConverged, Progress, Table
from ._connect import Connectedness, Pairing, Subset, connected_levels
from ._flags import design_flags, flag_extreme_persons, result_flags
from ._interaction import drift_table, interaction_table
from ._long import (
    USABLE,
    LongTable,
    Ratings,
    build_design,
    read_long,
)
from ._report import Solved, category_table, facet_table, summary_table
from ._scoring import scored_persons
from ._solve import Search, extreme_levels, solve_joint, solve_marginal

METHODS = ("marginal", "joint")
FEW_PERSONS = 30  # below it the spread of persons is a guess, and marginal measures lean on it


class ManyFacetRasch(Estimator):
    """Estimates persons, raters and other facets on one logit scale from ratings in a long table.

    log P(x = k)/P(x = k − 1) = θ_person − Σ severity(facet level) − τ_k. **Severity is positive = severe** (difficult),
    as in FACETS, and is subtracted; note that `AssessmentCentre.severity_` has the opposite sign (positive = lenient).

    Parameters
    ----------
    facets : names of the columns; the first is the person, the object of measurement, and is the only one oriented
        upwards. At least two.
    scale : "rating" (one set of thresholds) or "partial:<facet>" (one set a level of that facet). Thresholds of a set
        have mean zero. A rating scale is the default because thresholds per level need some 10 ratings a category each.
    method : "marginal" (default): persons N(mean, sd²), integrated on an equally spaced grid fine enough for the
        narrowest posterior; "joint": persons as parameters, as FACETS. Joint estimates are spread too widely, with two
        facets by about L/(L − 1) for L ratings a person, and do not become right with more persons.
    free : the facet whose origin is not fixed (default the first). Every other facet without anchors is centred: its
        usable levels sum to zero.
    anchors : {facet: {level: measure}}, measures held fixed; the facet takes its origin from them. Anchors of persons
        need `free` to name another facet.
    bias : pairs of columns, e.g. ("rater", "competency") or several such pairs, examined after the main fit; the
        columns need not be facets. See `interaction`.
    value : column of the ratings ("value"): whole numbers, NaN = not observed.
    extreme_adjustment : score points (0.3, as FACETS; 0 < a < 1) by which a perfect or zero score is moved inwards
        before a measure is computed for it.
    max_cycles, tolerance : Newton steps at most (100), and twice the log-likelihood still to gain at which it stops (1e-8).

    Attributes
    ----------
    levels_ : {facet: labels}. severity_, severity_se_ : {facet but the first: (L,)}.
    thresholds_, thresholds_se_ : (G, K), NaN beyond a group's categories. categories_ : values used, a tuple of arrays.
    mean_, sd_ : of persons (NaN in the joint method). log_likelihood_ : marginal, or joint.
    parameters_ : Table name, value, se. tables_ : {facet: Table}; see `table`.
    category_table_ : counts, average and expected measures, thresholds, `disordered_threshold`.
    summary_ : per facet separation, strata, reliability, chi-square of homogeneity.
    bias_ : {"rater:competency": Table}. connectedness_ : disjoint subsets and pairings that would join them.
    n_ratings_, n_nodes_, quadrature_change_ (of the log-likelihood when the spacing is halved), cycles_, converged_.
    flags_ : `perfect_score`, `zero_score` (set aside, measured by an adjusted score), `one_category`, `not_connected`,
        `not_identified`, `unused_category`, `disordered_threshold`, `few_ratings_in_category`, `too_few_persons`,
        `approximate_errors`, `no_spread_of_persons`, `no_finite_maximum`,
        `not_converged`.

    Standard errors come from the whole observed information (persons' posterior spread included), up to 12,000
    parameters; beyond, from its diagonal, flagged `approximate_errors`.

    Assumptions: ratings of one person are independent given the measures. Two raters of one performance share more
    than that, so errors of persons are too small in an assessment centre: there `AssessmentCentre` is the model of
    record, and this one serves the examination of raters. Not for ordering people across subsets that are not connected,
    nor for scales whose categories are not ordered.

    >>> import numpy as np
    >>> rng = np.random.default_rng(3)
    >>> person, rater = np.repeat(np.arange(150), 4), np.tile(np.arange(4), 150)
    >>> severity = np.array([-0.6, -0.2, 0.2, 0.6])
    >>> at = rng.normal(size=150)[person] - severity[rater]
    >>> value = (at + rng.logistic(size=600) > -1).astype(int) + (at + rng.logistic(size=600) > 1)
    >>> ratings = {"person": person, "rater": rater, "value": value}
    >>> model = ManyFacetRasch(facets=("person", "rater")).fit(ratings)
    >>> bool(np.all(np.diff(model.table("rater")["severity"]) > 0))
    True
    >>> len(model.estimate("person"))
    150

    References: Linacre 1994; Andrich 1978; Masters 1982; Bock & Aitkin 1981; Louis 1982; Linacre 2002; Myford & Wolfe 2003.
    """

    saved_types = (Connectedness, Pairing, Subset)

    def __init__(
        self,
        facets: Sequence[str] = ("person", "exercise", "competency", "rater"),
        scale: str = "rating",
        method: str = "marginal",
        free: str | None = None,
        anchors: Mapping[str, Mapping[Any, float]] | None = None,
        bias: Sequence[Any] = (),
        value: str = "value",
        extreme_adjustment: float = 0.3,
        max_cycles: int = 100,
        tolerance: float = 1e-8,
    ) -> None:
        self.facets = facets
        self.scale = scale
        self.method = method
        self.free = free
        self.anchors = anchors
        self.bias = bias
        self.value = value
        self.extreme_adjustment = extreme_adjustment
        self.max_cycles = max_cycles
        self.tolerance = tolerance

    # -- fit -------------------------------------------------------------------------------------------------------
    def fit(self, ratings: Ratings, *, progress: Progress | None = None) -> Self:
        """Learn from a long table: a column a facet and a column of ratings; the order of rows does not matter."""
        facets, scale_facet, free = self._checked()
        table = read_long(ratings, facets, self.value)
        anchors, known = self._anchor_places(table, free)
        design = build_design(
            table, scale_facet, set_aside_persons=self.method == "joint", anchored=[tuple(a) for a in anchors]
        )
        flags = design_flags(table, design, scale_facet)
        connected = connected_levels(table, table.index, len(facets) - 1)
        if not connected.connected:
            flags.append(
                Flag(
                    "not_connected",
                    "",
                    f"{connected.missing_links} links missing; levels of different subsets are compared only "
                    + (
                        "through the assumption that their persons are alike"
                        if self.method == "marginal"
                        else "by convention"
                    ),
                )
            )
        if self.method == "marginal":
            solved, search = solve_marginal(
                table, design, scale_facet, anchors, free, known,
                max_cycles=self.max_cycles, tolerance=self.tolerance, progress=progress,
            )  # fmt: skip
        else:
            solved, search = solve_joint(
                table, design, scale_facet, anchors, free,
                max_cycles=self.max_cycles, tolerance=self.tolerance, progress=progress,
            )  # fmt: skip
        self._store(solved, search, connected, flags)
        for pair in self._pairs():
            self.bias_[":".join(pair)] = self.interaction(ratings, pair)
        return self

    def _checked(self) -> tuple[tuple[str, ...], int | None, int]:
        facets = tuple(self.facets)
        if len(facets) < 2 or len(set(facets)) < len(facets):
            raise ValueError(
                f"facets is {facets}; name the person first and at least one other column, all different."
            )
        if self.method not in METHODS:
            raise ValueError(f"method is {self.method!r}; it is 'marginal' or 'joint'.")
        scale_facet = None
        if self.scale != "rating":
            kind, _, name = str(self.scale).partition(":")
            if kind != "partial" or name not in facets[1:]:
                raise ValueError(
                    f"scale is {self.scale!r}; it is 'rating' or 'partial:<facet>' with a facet of {facets[1:]}."
                )
            scale_facet = facets.index(name)
        if self.free is not None and self.free not in facets:
            raise ValueError(f"free is {self.free!r}; it is one of {facets}.")
        if not 0 < self.extreme_adjustment < 1:
            raise ValueError(
                f"extreme_adjustment is {self.extreme_adjustment}; it lies between 0 and 1 score point."
            )
        if self.max_cycles < 1 or self.tolerance <= 0:
            raise ValueError(f"max_cycles {self.max_cycles} and tolerance {self.tolerance} must be positive.")
        free = 0 if self.free is None else facets.index(self.free)
        for name in self.anchors or {}:
            if name not in facets:
                raise ValueError(f"anchors names {name!r}, which is no facet; facets are {facets}.")
            if facets.index(name) == free:
                raise ValueError(
                    f"Facet {name!r} is anchored and free at once: its origin comes from the anchors. "
                    "Let `free` name another facet."
                )
        return facets, scale_facet, free

    def _anchor_places(self, table: LongTable, free: int) -> tuple[list[dict[int, float]], dict[int, float]]:
        """Anchors by place; levels without ratings are refused by name."""
        found: list[dict[int, float]] = [{} for _ in table.facets]
        for name, given in (self.anchors or {}).items():
            f = table.facets.index(name)
            place = {label: k for k, label in enumerate(table.labels[f].tolist())}
            for label, measure in given.items():
                if label not in place:
                    raise ValueError(
                        f"anchors: {name} {label!r} has no rating. Remove the anchor or add its ratings."
                    )
                if not np.isfinite(measure):
                    raise ValueError(
                        f"anchors: {name} {label!r} has the measure {measure}; it is a finite number."
                    )
                found[f][place[label]] = float(measure)
        if self.method == "joint" and found[0]:
            raise ValueError("Anchored persons need method='marginal'.")
        return found[1:], found[0]

    def _pairs(self) -> list[tuple[str, str]]:
        if not self.bias:
            return []
        given = [self.bias] if isinstance(self.bias[0], str) else list(self.bias)
        pairs = []
        for pair in given:
            if len(pair) != 2 or pair[0] == pair[1]:
                raise ValueError(f"bias holds {pair!r}; each entry is a pair of two different columns.")
            pairs.append((str(pair[0]), str(pair[1])))
        return pairs

    def _store(self, solved: Solved, search: Search, connected: Connectedness, flags: list[Flag]) -> None:
        table, design, plan, point = solved.table, solved.design, solved.plan, solved.point
        joint = self.method == "joint"
        self.levels_ = dict(zip(table.facets, table.labels, strict=True))
        self.categories_ = design.categories
        self.severity_: dict[str, FloatArray] = {}
        self.severity_se_: dict[str, FloatArray] = {}
        measures, errors = [np.array(solved.theta)], [np.array(solved.theta_se)]
        for f in range(1, len(table.facets)):
            here = slice(plan.offset[f - 1], plan.offset[f])
            measures.append(np.where(design.status[f] == USABLE, point.level[here], np.nan))
            errors.append(np.where(design.status[f] == USABLE, solved.se[here], np.nan))
        for f in range(len(table.facets)):
            value, se, who = extreme_levels(solved, f, self.extreme_adjustment)
            measures[f][who], errors[f][who] = value, se
        self.tables_ = {
            name: facet_table(solved, f, measures[f], errors[f]) for f, name in enumerate(table.facets)
        }
        for f, name in enumerate(table.facets[1:], start=1):
            self.severity_[name], self.severity_se_[name] = measures[f], errors[f]
        self.tables_[table.facets[0]] = flag_extreme_persons(self.tables_[table.facets[0]], design)
        held = np.arange(plan.width)[None, :] < design.steps[:, None]
        self.thresholds_ = np.where(held, point.threshold, np.nan)
        self.thresholds_se_ = np.where(
            held, solved.se[plan.n_levels : plan.mean_at].reshape(plan.n_groups, plan.width), np.nan
        )
        self.mean_ = float("nan") if joint else point.mean
        self.sd_ = float("nan") if joint else point.sd
        self.category_table_ = category_table(solved)
        self.summary_ = summary_table(solved, self.tables_, population_sd=None if joint else point.sd)
        self.connectedness_ = connected
        self.bias_: dict[str, Table] = {}
        self.log_likelihood_ = search.value
        self.n_ratings_ = len(table.value)
        self.n_parameters_ = plan.n_free - len(plan.sums)
        self.n_nodes_, self.quadrature_change_ = search.n_nodes, search.quadrature_change
        self.cycles_, self.converged_ = search.cycles, search.converged
        self.parameters_ = self._parameter_table(solved)
        self.flags_ = (
            *flags,
            *result_flags(solved, search, self.parameters_, self.category_table_, marginal=not joint),
        )
        if not search.converged:
            warn(
                f"ManyFacetRasch stopped after {search.cycles} cycles, decrement {search.decrement:.2g}.",
                NotConverged,
                stacklevel=3,
            )

    def _parameter_table(self, solved: Solved) -> Table:
        names: list[str] = []
        for name in solved.table.facets[1:]:
            names += [f"{name}:{label}" for label in self.levels_[name].tolist()]
        value = [v for name in solved.table.facets[1:] for v in self.severity_[name]]
        se = [v for name in solved.table.facets[1:] for v in self.severity_se_[name]]
        for g in range(len(self.thresholds_)):
            group = (
                ""
                if solved.scale_facet is None
                else f"{self.levels_[solved.table.facets[solved.scale_facet]][g]}:"
            )
            for k in range(int(solved.design.steps[g])):
                names.append(f"threshold:{group}{self.categories_[g][k + 1]}")
                value.append(self.thresholds_[g, k])
                se.append(self.thresholds_se_[g, k])
        if self.method == "marginal":
            at = solved.plan.mean_at
            names += ["mean", "sd"]
            value += [self.mean_, self.sd_]
            se += [solved.se[at], solved.se[at + 1] * self.sd_]
        return Table({"name": np.array(names), "value": np.array(value), "se": np.array(se)})

    # -- results ---------------------------------------------------------------------------------------------------
    def table(self, facet: str) -> Table:
        """All statistics of one facet, a row a level: columns `level`, `severity` (`measure` for the first facet), `se`,
        `n`, `observed_average`, `fair_average` (expected rating when all other facets are at their mean), `infit`,
        `infit_standardised`, `outfit`, `outfit_standardised`, `point_measure_correlation`, `flags`."""
        self.require_fitted()
        if facet not in self.tables_:
            raise ValueError(f"facet is {facet!r}; the model has {tuple(self.tables_)}.")
        return self.tables_[facet]

    def estimate(
        self, facet: str | None = None, ratings: Ratings | None = None, *, by: str | None = None
    ) -> Estimates:
        """Measures of a facet, or of the persons of new `ratings` with the severities as fitted.

        `by` (persons of `ratings` only): "wle" (default), Warm's weighted likelihood, finite for perfect scores and
        nearly unbiased; "ml", the likelihood, perfect scores adjusted as FACETS does; "eap", the posterior mean under
        the fitted N(mean, sd²), marginal method only. Without `ratings`: what `table` holds, which for persons is "eap"
        in the marginal and "ml" in the joint method. Severities are positive = severe. Persons come in label order.
        """
        self.require_fitted()
        names = tuple(self.levels_)
        name = names[0] if facet is None else facet
        if ratings is not None:
            if name != names[0]:
                raise ValueError(
                    f"New ratings give measures of {names[0]!r} only, not of {name!r}; fit again for those."
                )
            return scored_persons(self, ratings, "wle" if by is None else by)
        if by is not None:
            raise ValueError("`by` belongs to new ratings: estimate(facet, ratings, by=...).")
        t = self.table(name)
        return Estimates(
            value=t["measure" if name == names[0] else "severity"],
            se=t["se"],
            n=t["n"],
            flags=tuple(tuple(text.split()) for text in t["flags"].tolist()),
        )

    # -- after the main fit ------------------------------------------------------------------------------------------
    def interaction(self, ratings: Ratings, pair: Sequence[str]) -> Table:
        """Size, error and t of the interaction of two columns of `ratings`, all else held as fitted (FACETS' bias terms).

        `size` in logits is **positive where ratings are higher than the model expects** (that rater is more lenient
        there); it maximises the likelihood of the pair's ratings, averaged over the posteriors of the persons. Columns:
        both labels, `n`, `observed_average`, `expected_average` (score steps), `size`, `se`, `t`, `p`,
        `flags` (`perfect_score`, `zero_score` by adjusted score; `few_ratings` below 10). The columns need not be facets:
        ("rater", "sex") asks whether a rater treats groups alike. With many pairs some |t| > 2 are chance.
        """
        self.require_fitted()
        return interaction_table(self, ratings, tuple(pair))

    def drift(self, facet: str, time: str, ratings: Ratings) -> Table:
        """Severity of each level of `facet` in each period of column `time`, with a test that it did not change.

        The model is fitted again with a level for each facet level and period, everything else anchored at the main
        fit. Columns: `level`, `period`, `n`, `severity`, `se`, `change` (from the level's mean over periods, less the
        change all levels share in that period, which cannot be told from better or worse persons), `change_se`, `t`,
        `p_level` (Wald test over the periods of the level), `flags` (`drift` where p_level < .01 and |t| > 2).
        """
        self.require_fitted()
        return drift_table(self, facet, time, ratings)
