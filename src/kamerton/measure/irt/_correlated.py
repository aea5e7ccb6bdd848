"""One ability a block of items, correlated between blocks: the public model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import FloatArray, IntArray
from .._estimator import Estimates, Estimator, Flag, Progress, Table
from ._answers import MISSING, Coded, code_for_fit, code_for_model
from ._blocks import CHUNK, NODES, Dimension, Posterior, Sites, Sums, expectation, improved, modes, propagate
from ._engine import Indicators, Prior
from ._models import ENOUGH, RUNAWAY_SLOPE, TYPES, _blocks

Normal = tuple[float, float] | None
ASSUMED_CORRELATION = 0.5
"""Between abilities when their correlations are not learnt."""
ENOUGH_FOR_CORRELATIONS = 200
LEAST_EIGENVALUE = 1e-3


class CorrelatedBlocks(Estimator):
    """Estimates one ability for each block of items together, letting each lean on the others as far as they correlate.

    Item j of block d: any type of `Mixed` on θ_d; θ ~ N(0, R), R a correlation matrix that is learnt (confirmatory, simple structure:
    an item belongs to one block). For blocks without a free slope the variance is learnt in place of the slope.

    Parameters: `blocks` the block's name for each item; `types` as in `Mixed`, one word for all items (default "2pl") or one
    an item; `correlation` "learn" (default) or a given (D, D) matrix, for few persons: .5 everywhere is the usual assumption;
    `slope_prior`, `intercept_prior`, `guessing_prior` as in `Mixed`; `tolerance` 1e-4, `max_cycles` 500; `names` of items.

    After `fit`: `dimensions_` names in order of first appearance, `correlation_` (D, D), `sd_` (D,), `slope_` (J,), `intercept_`
    (J, K − 1), `guessing_` (J,), `parameters_` Table, `log_likelihood_`, `n_parameters_`, `flags_`.

    The sums over abilities are by expectation propagation with a tilted marginal of each ability on 81 nodes, more exact than
    Laplace's formula when a block has few items and without a grid in D dimensions. `estimate(method="eap")` gives its means;
    `method="map"` the mode with Laplace's errors. Errors of parameters are from the products of persons' scores.

    Assumes normal abilities of one population and no item on two blocks. **When not to use it:** where a decision rests on one
    block: the estimate borrows from the person's other blocks and from the common mean, so two people with the same answers in the block
    differ by their other answers. Never shrink its values a second time. With fewer than 200 persons give `correlation`.

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> theta = rng.normal(size=(600, 2)) @ np.linalg.cholesky([[1, 0.7], [0.7, 1]]).T
    >>> x = (theta.repeat(6, axis=1) - np.tile(np.linspace(-1, 1, 6), 2) + rng.logistic(size=(600, 12)) > 0).astype(float)
    >>> model = CorrelatedBlocks(blocks=["plan"] * 6 + ["people"] * 6).fit(x)
    >>> bool(0.55 < model.correlation_[0, 1] < 0.85), model.dimensions_
    (True, ('plan', 'people'))

    References: Minka 2001 (expectation propagation); Adams, Wilson & Wang 1997 (between-item multidimensional models).
    """

    saved_types: ClassVar[tuple[type, ...]] = ()

    dimensions_: tuple[str, ...]
    block_of_: IntArray
    slope_: FloatArray
    intercept_: FloatArray
    guessing_: FloatArray
    n_categories_: IntArray
    categories_: tuple[tuple[float, ...], ...]
    item_names_: tuple[str, ...]
    types_: tuple[str, ...]
    correlation_: FloatArray
    correlation_se_: FloatArray
    sd_: FloatArray
    log_likelihood_: float
    n_parameters_: int
    n_: int
    cycles_: int
    converged_: bool
    parameters_: Table

    def __init__(
        self, *, blocks: Sequence[str] = (), types: str | Sequence[str] = "2pl",
        correlation: Literal["learn"] | ArrayLike = "learn", names: Sequence[str] | None = None,
        standard_errors: bool = True, slope_prior: Normal = None, intercept_prior: Normal = None,
        guessing_prior: Normal = (5.0, 17.0), tolerance: float = 1e-4, max_cycles: int = 500,
    ) -> None:  # fmt: skip
        self.blocks = blocks
        self.types = types
        self.correlation = correlation
        self.names = names
        self.standard_errors = standard_errors
        self.slope_prior = slope_prior
        self.intercept_prior = intercept_prior
        self.guessing_prior = guessing_prior
        self.tolerance = tolerance
        self.max_cycles = max_cycles

    # ------------------------------------------------------------------------------------------------ fitting

    def fit(self, answers: ArrayLike, *, progress: Progress | None = None) -> Self:
        """Calibrate from persons × items; NaN = not presented."""
        coded = code_for_fit(answers, self.names)
        n, items = coded.codes.shape
        types = self._types(items, coded)
        if len(self.blocks) != items:
            raise ValueError(
                f"blocks names {len(self.blocks)} items, the answers have {items}; give each item the name of its block."
            )
        self.dimensions_ = tuple(dict.fromkeys(str(b) for b in self.blocks))
        place = {name: d for d, name in enumerate(self.dimensions_)}
        self.block_of_ = np.array([place[str(b)] for b in self.blocks], dtype=np.intp)
        self.item_names_, self.categories_, self.n_categories_ = coded.names, coded.categories, coded.counts
        self.types_, self.n_ = types, n
        dims = len(self.dimensions_)
        dimensions = tuple(
            _dimension(coded.codes, coded.counts, types, self.block_of_ == d) for d in range(dims)
        )
        for d, dimension in enumerate(dimensions):
            if not dimension.blocks:
                raise ValueError(f'block "{self.dimensions_[d]}" has no item with two different answers.')
        given = None if isinstance(self.correlation, str) else _checked(self.correlation, dims)
        if isinstance(self.correlation, str) and self.correlation != "learn":
            raise ValueError(f"correlation is {self.correlation!r}; it is 'learn' or a matrix.")
        covariance = np.full((dims, dims), ASSUMED_CORRELATION) if given is None else given.copy()
        np.fill_diagonal(covariance, 1.0)
        sharp = np.array([any(bool(b.free[0]) for b in d.blocks) for d in dimensions])
        prior = Prior(self.slope_prior, self.intercept_prior, self.guessing_prior)
        dimensions, covariance, sites, sums = self._search(
            dimensions, covariance, given, sharp, prior, n, progress
        )
        self._keep(dimensions, covariance, items)
        self.log_likelihood_ = sums.log_likelihood
        maps = [_free(d) for d in dimensions]
        learnt = dims * (dims - 1) // 2 if given is None else 0
        self.n_parameters_ = sum(m.shape[1] for m in maps) + learnt + int((~sharp).sum())
        errors = self._errors(dimensions, covariance, sites, maps, learnt, n)
        self.parameters_ = self._table(dimensions, errors, maps, learnt)
        self.flags_ = coded.flags + tuple(self._flags(n, given is None))
        return self

    def _types(self, items: int, coded: Coded) -> tuple[str, ...]:
        types = (self.types,) * items if isinstance(self.types, str) else tuple(self.types)
        if len(types) != items:
            raise ValueError(f"types names {len(types)} items, the answers have {items}.")
        unknown = sorted(set(types) - set(TYPES))
        if unknown:
            raise ValueError(f"types holds {', '.join(unknown)}; known are {', '.join(TYPES)}.")
        for j, kind in enumerate(types):
            if kind in {"rasch", "2pl", "3pl"} and coded.counts[j] > 2:
                raise ValueError(
                    f'item "{coded.names[j]}" has {coded.counts[j]} different answers; {kind} takes two. '
                    "Use a graded or partial-credit type for it."
                )
        return types

    def _search(
        self, dimensions: tuple[Dimension, ...], covariance: FloatArray, given: FloatArray | None,
        sharp: NDArray[np.bool_], prior: Prior, n: int, progress: Progress | None,
    ) -> tuple[tuple[Dimension, ...], FloatArray, Sites, Sums]:  # fmt: skip
        """EM whose E-step starts from the last sites; spreads are moved into free slopes (parameter expansion)."""
        dims = len(dimensions)
        mean, sites = np.zeros(dims), Sites(np.zeros((n, dims)), np.zeros((n, dims)))
        self.converged_, cycle = False, 0
        sums = expectation(dimensions, mean, covariance, sites, sweeps=6)
        for cycle in range(1, self.max_cycles + 1):
            before = np.concatenate(
                [*(b.xi.ravel() for d in dimensions for b in d.blocks), covariance.ravel()]
            )
            dimensions = tuple(improved(d, e, prior) for d, e in zip(dimensions, sums.expected, strict=True))
            spread = np.sqrt(np.diag(sums.moment))
            moved = sums.moment / np.outer(spread, spread)
            if given is None:
                keep = np.where(sharp, 1.0, spread)
                covariance = _proper(moved * np.outer(keep, keep))
                dimensions = tuple(
                    _stretched(d, spread[k]) if sharp[k] else d for k, d in enumerate(dimensions)
                )
            elif not sharp.all():
                keep = np.where(sharp, 1.0, spread)
                covariance = given * np.outer(keep, keep)
            sums = expectation(dimensions, mean, covariance, sites, sweeps=3)
            after = np.concatenate(
                [*(b.xi.ravel() for d in dimensions for b in d.blocks), covariance.ravel()]
            )
            change = float(np.abs(after - before).max())
            if progress is not None:
                progress(cycle, sums.log_likelihood, change)
            if change < self.tolerance:
                self.converged_ = True
                break
        self.cycles_ = cycle
        return dimensions, covariance, sites, expectation(dimensions, mean, covariance, sites, sweeps=20)

    def _keep(self, dimensions: tuple[Dimension, ...], covariance: FloatArray, items: int) -> None:
        width = int(max(self.n_categories_.max() - 1, 1))
        self.slope_, self.guessing_ = np.full(items, np.nan), np.zeros(items)
        self.intercept_ = np.full((items, width), np.nan)
        for dimension in dimensions:
            for block in dimension.blocks:
                at = dimension.items[block.items]
                self.slope_[at] = block.xi[:, 0]
                if block.family == "guessing":
                    self.intercept_[at, 0] = block.xi[:, 1]
                    self.guessing_[at] = 1 / (1 + np.exp(-block.xi[:, 2]))
                else:
                    self.intercept_[at[:, None], np.arange(block.xi.shape[1] - 1)] = block.xi[:, 1:]
        self.sd_ = np.sqrt(np.diag(covariance))
        self.correlation_ = covariance / np.outer(self.sd_, self.sd_)

    def _errors(
        self, dimensions: tuple[Dimension, ...], covariance: FloatArray, sites: Sites, maps: list[FloatArray],
        learnt: int, n: int,
    ) -> FloatArray:  # fmt: skip
        """Inverse of Σ s sᵀ over persons; free parameters of the blocks in order, then correlations (upper triangle)."""
        size = sum(m.shape[1] for m in maps) + learnt
        if not self.standard_errors or n < size + 10:
            return np.full((size, size), np.nan)
        information = np.zeros((size, size))
        inverse = np.linalg.inv(covariance)
        upper = np.triu_indices(len(dimensions), 1)
        for low in range(0, n, CHUNK):
            rows = slice(low, min(low + CHUNK, n))
            found = self._posterior(dimensions, covariance, sites, rows)
            scores = [
                _scores(dimension, rows, found.marginals[d]) @ maps[d]
                for d, dimension in enumerate(dimensions)
            ]
            if learnt:
                moment = found.covariance + found.mean[:, :, None] * found.mean[:, None, :]
                gradient = inverse @ (moment - covariance) @ inverse
                scale = np.outer(self.sd_, self.sd_)[upper]
                scores.append(gradient[:, upper[0], upper[1]] * scale)
            s = np.hstack(scores)
            information += s.T @ s
        try:
            return np.linalg.inv(information)
        except np.linalg.LinAlgError:
            return np.full((size, size), np.nan)

    @staticmethod
    def _posterior(
        dimensions: tuple[Dimension, ...], covariance: FloatArray, sites: Sites, rows: slice, sweeps: int = 30
    ) -> Posterior:
        curves = np.stack([d.log_likelihood(rows) for d in dimensions])
        return propagate(curves, np.zeros(len(covariance)), covariance, sites, rows, sweeps=sweeps)

    def _table(
        self, dimensions: tuple[Dimension, ...], errors: FloatArray, maps: list[FloatArray], learnt: int
    ) -> Table:
        rows: dict[int, list[tuple[str, str, float, float]]] = {}
        start = 0
        for dimension, chosen in zip(dimensions, maps, strict=True):
            own = slice(start, start + chosen.shape[1])
            variance = np.einsum("ij,jk,ik->i", chosen, errors[own, own], chosen)
            at = 0
            for block in dimension.blocks:
                m = block.xi.shape[1]
                for k, item in enumerate(block.items):
                    j = int(dimension.items[item])
                    words = ["slope", *(f"intercept{i}" for i in range(1, m))]
                    if block.family == "guessing":
                        words[2] = "logit_guessing"
                    se = np.sqrt(np.maximum(variance[at + k * m : at + (k + 1) * m], 0))
                    rows[j] = [
                        (self.item_names_[j], word, float(x), float(e))
                        for word, x, e in zip(words, block.xi[k], se, strict=True)
                    ]
                at += block.xi.size
            start += chosen.shape[1]
        listed = [row for j in sorted(rows) for row in rows[j]]
        upper = np.triu_indices(len(dimensions), 1)
        pairs = np.sqrt(np.maximum(np.diag(errors)[start:], 0)) if learnt else np.full(len(upper[0]), np.nan)
        self.correlation_se_ = np.full(self.correlation_.shape, np.nan)
        for a, b, e in zip(*upper, pairs, strict=True):
            self.correlation_se_[a, b] = self.correlation_se_[b, a] = e
            pair = f"{self.dimensions_[a]} and {self.dimensions_[b]}"
            listed.append((pair, "correlation", float(self.correlation_[a, b]), float(e)))
        for d, name in enumerate(self.dimensions_):
            listed.append((name, "sd", float(self.sd_[d]), float("nan")))
        columns = list(zip(*listed, strict=True))
        return Table(
            dict(zip(("item", "parameter", "value", "se"), (np.array(c) for c in columns), strict=True))
        )

    def _flags(self, n: int, learnt: bool) -> list[Flag]:
        out = []
        if not self.converged_:
            out.append(Flag("not_converged", "", f"after {self.cycles_} cycles; raise max_cycles"))
        need = max(ENOUGH[t] for t in self.types_)
        if n < need:
            out.append(
                Flag("too_few_persons", "", f"{n} persons; item parameters of this model need about {need}")
            )
        if learnt and n < ENOUGH_FOR_CORRELATIONS:
            out.append(
                Flag(
                    "too_few_persons",
                    "correlation",
                    f"{n} persons; correlations need {ENOUGH_FOR_CORRELATIONS}, or give them",
                )
            )
        if self.standard_errors and n < self.n_parameters_ + 10:
            out.append(
                Flag(
                    "no_standard_errors",
                    "",
                    f"{n} persons cannot bear errors of {self.n_parameters_} parameters",
                )
            )
        for j, name in enumerate(self.item_names_):
            if self.slope_[j] < 0:
                out.append(Flag("negative_slope", name, f"slope {self.slope_[j]:.3g}: is the key right?"))
            if abs(self.slope_[j]) > RUNAWAY_SLOPE:
                out.append(
                    Flag("diverging", name, f"slope {self.slope_[j]:.3g}; the likelihood hardly bounds it")
                )
        for d, name in enumerate(self.dimensions_):
            if int((self.block_of_ == d).sum()) < 3:
                out.append(
                    Flag("short_block", name, "fewer than 3 items: the block says mostly what the others say")
                )
            for e in range(d):
                if abs(self.correlation_[d, e]) > 0.98:
                    out.append(Flag("not_separable", f"{self.dimensions_[e]} and {name}", f"correlation {self.correlation_[d, e]:.3f}"))  # fmt: skip
        return out

    # ----------------------------------------------------------------------------------------- using a fitted model

    @property
    def covariance_of_persons(self) -> FloatArray:
        """(D, D) covariance of abilities in the population."""
        self.require_fitted()
        out: FloatArray = self.correlation_ * np.outer(self.sd_, self.sd_)
        return out

    def _dimensions(self, answers: ArrayLike) -> tuple[tuple[Dimension, ...], NDArray[np.int16]]:
        self.require_fitted()
        codes = code_for_model(answers, self.categories_, self.item_names_)
        made = []
        for d in range(len(self.dimensions_)):
            dimension = _dimension(codes, self.n_categories_, self.types_, self.block_of_ == d, shares=False)
            blocks = []
            for block in dimension.blocks:
                at = dimension.items[block.items]
                if block.family == "guessing":
                    g = self.guessing_[at]
                    xi = np.column_stack((self.slope_[at], self.intercept_[at, 0], np.log(g / (1 - g))))
                else:
                    xi = np.column_stack((self.slope_[at], self.intercept_[at][:, : block.xi.shape[1] - 1]))
                blocks.append(replace(block, xi=xi))
            made.append(replace(dimension, blocks=tuple(blocks)))
        return tuple(made), codes

    def estimate(self, answers: ArrayLike, method: Literal["eap", "map"] = "eap") -> Estimates:
        """Abilities (N, D) with errors, borrowing between blocks; flags name persons without an answer in a block."""
        if method not in {"eap", "map"}:
            raise ValueError(f"method is {method!r}; it is 'eap' or 'map'.")
        value, covariance, codes = self._solved(answers, method)
        se = np.sqrt(np.einsum("nii->ni", covariance))
        seen = (codes != MISSING) & (self.n_categories_ > 1)
        flags = []
        for i in range(len(codes)):
            empty = [
                name for d, name in enumerate(self.dimensions_) if not seen[i, self.block_of_ == d].any()
            ]
            whole = ("no_answers",) if len(empty) == len(self.dimensions_) else ()
            flags.append(whole or tuple(f"no_answers:{name}" for name in empty))
        none = np.array([f == ("no_answers",) for f in flags], dtype=bool)[:, None]
        value, se = np.where(none, np.nan, value), np.where(none, np.nan, se)
        return Estimates(value, se, seen.sum(axis=1).astype(np.intp), tuple(flags), self.dimensions_)

    def posterior_covariance(self, answers: ArrayLike, method: Literal["eap", "map"] = "eap") -> FloatArray:
        """(N, D, D) covariances of the errors of `estimate`."""
        return self._solved(answers, method)[1]

    def _solved(self, answers: ArrayLike, method: str) -> tuple[FloatArray, FloatArray, NDArray[np.int16]]:
        dimensions, codes = self._dimensions(answers)
        population = self.covariance_of_persons
        dims = len(dimensions)
        if method == "map":
            value, spread = modes(dimensions, codes, np.zeros(dims), population)
            return value, spread, codes
        value, spread = np.empty((len(codes), dims)), np.empty((len(codes), dims, dims))
        sites = Sites(np.zeros((len(codes), dims)), np.zeros((len(codes), dims)))
        for low in range(0, len(codes), CHUNK):
            rows = slice(low, min(low + CHUNK, len(codes)))
            found = self._posterior(dimensions, population, sites, rows, sweeps=60)
            value[rows], spread[rows] = found.mean, found.covariance
        return value, spread, codes

    def expected_scores(self, theta: ArrayLike) -> FloatArray:
        """(T, D) expected sum of the items of each block at abilities (T, D): the block's characteristic curve."""
        self.require_fitted()
        at = np.atleast_2d(np.asarray(theta, dtype=np.float64))
        blank = np.full((1, len(self.item_names_)), np.nan)
        dimensions, _ = self._dimensions(blank)
        out = np.zeros(at.shape)
        for d, dimension in enumerate(dimensions):
            for block in dimension.blocks:
                p = block.kind.probabilities(block.xi, at[:, d])
                for k, item in enumerate(block.items):
                    out[:, d] += p[k] @ np.array(self.categories_[int(dimension.items[item])])
        return out


def _dimension(
    codes: NDArray[np.int16],
    counts: IntArray,
    types: tuple[str, ...],
    mine: NDArray[np.bool_],
    *,
    shares: bool = True,
) -> Dimension:
    items = np.flatnonzero(mine)
    own = codes[:, items]
    kinds = np.array([types[j] for j in items])
    if shares:
        blocks = _blocks(own, counts[items], kinds)
    else:  # curves come from a fitted model; the answers need not hold every category
        blank = np.zeros((1, len(items)), dtype=np.int16)
        blocks = _blocks(blank, counts[items], kinds)
    data = Indicators(own, counts[items], np.zeros(len(own), dtype=np.intp), np.ones(len(own)))
    return Dimension(items, blocks, data)


def _stretched(dimension: Dimension, by: float) -> Dimension:
    """The same curves on abilities that are `by` times smaller."""
    blocks = []
    for block in dimension.blocks:
        xi = block.xi.copy()
        if block.free[0]:
            xi[:, 0] *= by
        blocks.append(replace(block, xi=xi))
    return replace(dimension, blocks=tuple(blocks))


def _free(dimension: Dimension) -> FloatArray:
    pieces = []
    for block in dimension.blocks:
        design = block.design
        pieces.append(
            np.eye(block.xi.size)[:, np.tile(block.free, len(block.xi))] if design is None else design
        )
    rows, columns = sum(p.shape[0] for p in pieces), sum(p.shape[1] for p in pieces)
    out, r, c = np.zeros((rows, columns)), 0, 0
    for piece in pieces:
        out[r : r + piece.shape[0], c : c + piece.shape[1]] = piece
        r, c = r + piece.shape[0], c + piece.shape[1]
    return out


def _scores(dimension: Dimension, rows: slice, marginal: FloatArray) -> FloatArray:
    """(n, natural parameters) each person's expected score, by Fisher's identity."""
    codes = dimension.data.codes[rows]
    out = np.zeros((len(codes), sum(b.xi.size for b in dimension.blocks)))
    at = 0
    for block in dimension.blocks:
        curves = block.kind.curves(block.xi, NODES)
        m = block.xi.shape[1]
        for k, item in enumerate(block.items):
            ratio = curves.by_parameter[k] / curves.p[k][..., None]  # (Q, K, m)
            for category in range(ratio.shape[1]):
                those = codes[:, item] == category
                if those.any():
                    out[those, at + k * m : at + (k + 1) * m] = marginal[those] @ ratio[:, category]
        at += block.xi.size
    return out


def _proper(covariance: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    if values[0] >= LEAST_EIGENVALUE:
        return covariance
    lifted = (vectors * np.maximum(values, LEAST_EIGENVALUE)) @ vectors.T
    scale = np.sqrt(np.diag(covariance) / np.diag(lifted))
    out: FloatArray = lifted * np.outer(scale, scale)
    return out


def _checked(correlation: ArrayLike, dims: int) -> FloatArray:
    matrix = np.asarray(correlation, dtype=np.float64)
    if (
        matrix.shape != (dims, dims)
        or not np.allclose(matrix, matrix.T)
        or not np.allclose(np.diag(matrix), 1.0)
    ):
        raise ValueError(
            f"correlation must be a symmetric {dims} × {dims} matrix with ones on its diagonal, got shape {matrix.shape}."
        )
    if np.linalg.eigvalsh(matrix)[0] < LEAST_EIGENVALUE:
        raise ValueError("correlation is not positive definite; some blocks would be sums of others.")
    return matrix
