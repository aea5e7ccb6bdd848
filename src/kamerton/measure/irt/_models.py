"""Public item response models. One engine fits them; they differ in which curve an item has and what is free."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import FloatArray, IntArray
from .._estimator import Estimates, Estimator, Flag, Progress, Table
from ..executor import Executor
from ._answers import code_for_fit, code_for_model
from ._engine import Block, Expected, Fitted, Indicators, Latent, Prior, State, exact_expectation, fit_em
from ._errors import covariance, free_map
from ._persons import expected, flagged, posteriors, solved

TYPES: dict[str, tuple[str, bool, bool]] = {
    # type: family of curves, slope estimated, steps shared
    "rasch": ("graded", False, False),
    "2pl": ("graded", True, False),
    "3pl": ("guessing", True, False),
    "graded": ("graded", True, False),
    "gpcm": ("adjacent", True, False),
    "pcm": ("adjacent", False, False),
    "rsm": ("adjacent", False, True),
}
ENOUGH = {"rasch": 100, "pcm": 200, "rsm": 100, "2pl": 200, "graded": 250, "gpcm": 250, "3pl": 1000}
"""Persons below which item parameters move too much to be kept: about the n at which the standard error of a
middling difficulty is .15 for a Rasch item, and of a slope .25; guessing needs far more, because few persons are so
low that they guess."""
FEW_ITEMS = 5
RUNAWAY_SLOPE, RUNAWAY_INTERCEPT = 8.0, 20.0
"""Beyond these a curve is a step or lies outside everybody: the value is kept as found and flagged, never cut off."""
MOST_NODES = 481
CHUNK = 50_000
"""Persons a chunk that an executor places; about 20 MB of answers at 50 items."""


class _Model(Estimator):
    """Shared settings and work of the models."""

    quadrature: int | Literal["auto"]
    names: Sequence[str] | None
    standard_errors: bool
    slope_prior: tuple[float, float] | None
    intercept_prior: tuple[float, float] | None
    tolerance: float
    max_cycles: int

    slope_: FloatArray
    intercept_: FloatArray
    guessing_: FloatArray
    n_categories_: IntArray
    categories_: tuple[tuple[float, ...], ...]
    item_names_: tuple[str, ...]
    types_: tuple[str, ...]
    latent_mean_: FloatArray
    latent_sd_: FloatArray
    group_names_: tuple[str, ...]
    covariance_: FloatArray
    nodes_: FloatArray
    weights_: FloatArray
    log_likelihood_: float
    n_parameters_: int
    n_: int
    cycles_: int
    converged_: bool
    parameters_: Table

    kind: ClassVar[str] = "2pl"

    def _types(self, count: int) -> tuple[str, ...]:
        return (self.kind,) * count

    @property
    def _prior(self) -> Prior:
        return Prior(self.slope_prior, self.intercept_prior, getattr(self, "guessing_prior", None))

    # ------------------------------------------------------------------------------------------------ fitting

    def fit(
        self,
        answers: ArrayLike,
        groups: Sequence[object] | NDArray[np.generic] | None = None,
        *,
        progress: Progress | None = None,
        executor: Executor | None = None,
        chunk: int = CHUNK,
    ) -> Self:
        """Calibrate from persons × items (NaN = not presented); `groups` one label a person, the first is reference.

        `executor` sums over chunks of `chunk` persons wherever it likes, in double precision throughout: the result does
        not depend on the chunks beyond 1e-9. Without one the sums are made here, in single precision until the last cycles.
        """
        self._check_settings()
        coded = code_for_fit(answers, self.names)
        n, items = coded.codes.shape
        types = self._types(items)
        for j in range(items):
            if types[j] in {"rasch", "2pl", "3pl"} and coded.counts[j] > 2:
                raise ValueError(
                    f'item "{coded.names[j]}" has the answers {", ".join(f"{v:g}" for v in coded.categories[j])}; '
                    f"{types[j]} takes two. Use a graded or partial-credit model, or score it 0/1."
                )
        labels, group = _grouped(groups, n)
        kinds = np.array(types)
        blocks = _blocks(coded.codes, coded.counts, kinds)
        fixed = not any(bool(b.free[0]) for b in blocks)
        g: int = len(labels)
        later = np.arange(g) > 0
        latent = Latent(np.zeros(g), np.ones(g), later, later | fixed)
        data = Indicators(coded.codes, coded.counts, group, np.ones(n))
        expect = None if executor is None else _spread(executor, data, chunk)
        fitted = self._solve(State(blocks, latent, self._grid(6.0, 61)), data, progress, expect)
        state = fitted.state
        self.item_names_, self.categories_, self.n_categories_ = coded.names, coded.categories, coded.counts
        self.types_, self.group_names_, self.n_ = types, labels, n
        self._keep_state(state, items)
        self.nodes_, self.weights_ = state.nodes, np.exp(state.latent.log_weights(state.nodes))[0]
        self.log_likelihood_, self.cycles_, self.converged_ = (
            fitted.log_likelihood,
            fitted.cycles,
            fitted.converged,
        )
        self.n_parameters_ = free_map(state).shape[1]
        total = state.vector().size
        self.covariance_ = (
            covariance(state, data, self._prior) if self.standard_errors else np.full((total, total), np.nan)
        )
        self.parameters_ = self._parameter_table(state)
        self.flags_ = coded.flags + tuple(self._flags(state, fitted, n, group))
        return self

    def _check_settings(self) -> None:
        if self.quadrature != "auto" and not (isinstance(self.quadrature, int) and self.quadrature >= 11):
            raise ValueError(
                f"quadrature is {self.quadrature!r}; it is 'auto' or a whole number of nodes from 11."
            )
        if self.tolerance <= 0 or self.max_cycles < 1:
            raise ValueError(
                f"tolerance {self.tolerance} must be above 0 and max_cycles {self.max_cycles} at least 1."
            )

    def _grid(self, reach: float, count: int) -> FloatArray:
        if self.quadrature != "auto":
            return np.linspace(-6.0, 6.0, self.quadrature)
        return np.linspace(-reach, reach, count)

    def _solve(
        self,
        state: State,
        data: Indicators,
        progress: Progress | None,
        expect: Callable[[State, bool], Expected] | None = None,
    ) -> Fitted:
        """Fit, then widen and refine the grid until the narrowest posterior spans at least one spacing of nodes."""
        cycles = 0
        while True:
            fitted = fit_em(
                state,
                data,
                self._prior,
                tolerance=self.tolerance,
                max_cycles=self.max_cycles,
                progress=progress,
                expect=expect,
            )
            cycles += fitted.cycles
            state = fitted.state
            if self.quadrature != "auto":
                return fitted
            _, sd = expected(state, data)
            widest = float(np.max(np.abs(state.latent.mean) + 6 * state.latent.sd))
            reach = max(6.0, widest)
            spacing = float(np.clip(np.quantile(sd, 0.001), 0.01, 0.2 * reach / 6))
            wanted = min(int(np.ceil(2 * reach / spacing)) | 1, MOST_NODES)
            if reach <= state.nodes[-1] * 1.02 and wanted <= len(state.nodes) * 1.05:
                return replace(fitted, cycles=cycles)
            state = replace(state, nodes=self._grid(reach, max(wanted, 61)))

    def _keep_state(self, state: State, items: int) -> None:
        width = int(max(self.n_categories_.max() - 1, 1))
        self.slope_ = np.full(items, np.nan)
        self.intercept_ = np.full((items, width), np.nan)
        self.guessing_ = np.zeros(items)
        for block in state.blocks:
            self.slope_[block.items] = block.xi[:, 0]
            if block.family == "guessing":
                self.intercept_[block.items, 0] = block.xi[:, 1]
                self.guessing_[block.items] = 1 / (1 + np.exp(-block.xi[:, 2]))
            else:
                self.intercept_[block.items[:, None], np.arange(block.xi.shape[1] - 1)] = block.xi[:, 1:]
        self.latent_mean_, self.latent_sd_ = state.latent.mean, state.latent.sd

    def _state(self) -> State:
        """The engine's view of the stored parameters."""
        self.require_fitted()
        blocks = []
        for kind, count in sorted(
            {(t, int(k)) for t, k in zip(self.types_, self.n_categories_, strict=True) if k > 1}
        ):
            family, free, shared = TYPES[kind]
            items = np.array(
                [j for j, t in enumerate(self.types_) if t == kind and self.n_categories_[j] == count],
                dtype=np.intp,
            )
            if family == "guessing":
                g = self.guessing_[items]
                xi = np.column_stack((self.slope_[items], self.intercept_[items, 0], np.log(g / (1 - g))))
            else:
                xi = np.column_stack((self.slope_[items], self.intercept_[items][:, : count - 1]))
            mask = np.ones(xi.shape[1], bool)
            mask[0] = free
            blocks.append(Block(family, items, xi, mask, shared))
        later = np.arange(len(self.latent_mean_)) > 0
        fixed = not any(bool(b.free[0]) for b in blocks)
        return State(
            tuple(blocks), Latent(self.latent_mean_, self.latent_sd_, later, later | fixed), self.nodes_
        )

    def _flags(self, state: State, fitted: Fitted, n: int, group: IntArray) -> list[Flag]:
        out: list[Flag] = []
        if not fitted.converged:
            out.append(
                Flag(
                    "not_converged", "", f"after {fitted.cycles} cycles a parameter still moved by {fitted.change:.2g}; "
                    f"raise max_cycles above {self.max_cycles} or look for an item without information",
                )
            )  # fmt: skip
        need = max(ENOUGH[t] for t in self.types_)
        if n < need:
            out.append(
                Flag("too_few_persons", "", f"{n} persons; item parameters of this model need about {need}")
            )
        for j, name in enumerate(self.item_names_):
            if self.slope_[j] < 0:
                out.append(Flag("negative_slope", name, f"slope {self.slope_[j]:.3g}: is the key right?"))
            if abs(self.slope_[j]) > RUNAWAY_SLOPE:
                out.append(
                    Flag("diverging", name, f"slope {self.slope_[j]:.3g}; the likelihood hardly bounds it")
                )
            worst = np.nanmax(np.abs(self.intercept_[j])) if self.n_categories_[j] > 1 else 0.0
            if worst > RUNAWAY_INTERCEPT:
                out.append(
                    Flag(
                        "diverging", name, f"intercept {worst:.3g}; almost nobody is on the other side of it"
                    )
                )
        for k, label in enumerate(self.group_names_):
            if len(self.group_names_) > 1 and int((group == k).sum()) < 50:
                out.append(
                    Flag(
                        "small_group", label, f"{int((group == k).sum())} persons; its mean and sd are rough"
                    )
                )
        if self.standard_errors and not np.isfinite(self.covariance_).all():
            out.append(
                Flag(
                    "not_identified",
                    "",
                    "the information matrix is not positive; standard errors are missing",
                )
            )
        return out

    def _parameter_table(self, state: State) -> Table:
        rows: list[tuple[str, str, float, float]] = []
        variance = self.covariance_
        at = 0

        def se(weights: dict[int, float]) -> float:
            w = np.array(list(weights.values()))
            i = np.array(list(weights))
            found = float(w @ variance[np.ix_(i, i)] @ w)
            return float(np.sqrt(found)) if found > 0 else (0.0 if found == 0 else float("nan"))

        by_item: dict[int, list[tuple[str, str, float, float]]] = {}
        for block in state.blocks:
            m = block.xi.shape[1]
            for n, item in enumerate(block.items):
                name, xi, base = self.item_names_[item], block.xi[n], at + n * m
                own = [(name, "slope", float(xi[0]), se({base: 1.0}))]
                steps = 1 if block.family == "guessing" else m - 1
                for k in range(1, steps + 1):
                    own.append((name, f"intercept{k}", float(xi[k]), se({base + k: 1.0})))
                for k in range(1, steps + 1):
                    before = xi[k - 1] if block.family == "adjacent" and k > 1 else 0.0
                    b = -(xi[k] - before) / xi[0]
                    weights = {base: -b / xi[0], base + k: -1 / xi[0]}
                    if block.family == "adjacent" and k > 1:
                        weights[base + k - 1] = 1 / xi[0]
                    own.append((name, f"difficulty{k}", float(b), se(weights)))
                if block.family == "guessing":
                    g = 1 / (1 + np.exp(-xi[2]))
                    own.append((name, "guessing", float(g), se({base + 2: g * (1 - g)})))
                by_item[int(item)] = own
            at += block.xi.size
        for item in sorted(by_item):
            rows += by_item[item]
        many = len(self.group_names_)
        for k, label in enumerate(self.group_names_):
            where = f"group {label}" if many > 1 else "persons"
            rows.append((where, "mean", float(self.latent_mean_[k]), se({at + k: 1.0})))
            rows.append(
                (where, "sd", float(self.latent_sd_[k]), se({at + many + k: float(self.latent_sd_[k])}))
            )
        columns = list(zip(*rows, strict=True))
        return Table(
            dict(zip(("item", "parameter", "value", "se"), (np.array(c) for c in columns), strict=True))
        )

    # ----------------------------------------------------------------------------------------- using a fitted model

    def _data(self, answers: ArrayLike, groups: Sequence[object] | None) -> Indicators:
        self.require_fitted()
        codes = code_for_model(answers, self.categories_, self.item_names_)
        group = np.zeros(len(codes), dtype=np.intp)
        if groups is not None:
            known = {label: k for k, label in enumerate(self.group_names_)}
            unknown = sorted({str(g) for g in groups} - set(known))
            if unknown:
                raise ValueError(f"The model knows the groups {', '.join(known)}; got {', '.join(unknown)}.")
            group = np.array([known[str(g)] for g in groups], dtype=np.intp)
        return Indicators(codes, self.n_categories_, group, np.ones(len(codes)))

    def estimate(
        self,
        answers: ArrayLike,
        method: Literal["eap", "map", "wle"] = "eap",
        groups: Sequence[object] | None = None,
    ) -> Estimates:
        """Abilities on the metric of the reference group: value, se, number of answers, flags.

        `eap` and `map` use the group's normal distribution as prior; `wle` (Warm 1989) uses none, so it is nearly
        unbiased for each person and finite for perfect scores, with a wider error.
        """
        if method not in {"eap", "map", "wle"}:
            raise ValueError(f"method is {method!r}; it is 'eap', 'map' or 'wle'.")
        data = self._data(answers, groups)
        state = self._state()
        value, se = expected(state, data) if method == "eap" else solved(state, data, method)
        return flagged(value, se, data, FEW_ITEMS)

    def posterior(self, answers: ArrayLike, groups: Sequence[object] | None = None) -> FloatArray:
        """(persons, nodes) posterior weights at `nodes_`."""
        return posteriors(self._state(), self._data(answers, groups))

    def probabilities(self, theta: ArrayLike) -> FloatArray:
        """(T, items, categories) probability of each category; zero beyond an item's own categories."""
        at = np.atleast_1d(np.asarray(theta, dtype=np.float64))
        self.require_fitted()
        out = np.zeros((len(at), len(self.item_names_), int(self.n_categories_.max())))
        out[:, self.n_categories_ <= 1, 0] = 1.0
        for block in self._state().blocks:
            p = block.kind.probabilities(block.xi, at)
            out[:, block.items, : p.shape[2]] = p.transpose(1, 0, 2)
        return out

    def information(self, theta: ArrayLike) -> FloatArray:
        """(T, items) Fisher information Σ_k P′²/P; the sum over items is the information of the test."""
        at = np.atleast_1d(np.asarray(theta, dtype=np.float64))
        self.require_fitted()
        out = np.zeros((len(at), len(self.item_names_)))
        for block in self._state().blocks:
            s = block.kind.slopes(block.xi, at)
            out[:, block.items] = (s.first**2 / s.p).sum(axis=2).T
        return out


def _spread(executor: Executor, data: Indicators, chunk: int) -> Callable[[State, bool], Expected]:
    """An E-step over chunks that lie where the executor put them."""
    if chunk < 1:
        raise ValueError(f"chunk is {chunk}; it is a number of persons from 1.")
    n = len(data.codes)
    placed = executor.place(data.part(low, min(low + chunk, n)) for low in range(0, n, chunk))
    return lambda state, exact: executor.total(exact_expectation, state, placed)


def _grouped(
    groups: Sequence[object] | NDArray[np.generic] | None, n: int
) -> tuple[tuple[str, ...], IntArray]:
    if groups is None:
        return ("all",), np.zeros(n, dtype=np.intp)
    labels = [str(g) for g in groups]
    if len(labels) != n:
        raise ValueError(f"groups has {len(labels)} labels for {n} persons.")
    names = tuple(dict.fromkeys(labels))
    place = {name: k for k, name in enumerate(names)}
    return names, np.array([place[label] for label in labels], dtype=np.intp)


def _blocks(codes: NDArray[np.int16], counts: IntArray, kinds: NDArray[np.str_]) -> tuple[Block, ...]:
    out = []
    for kind, count in sorted({(str(t), int(k)) for t, k in zip(kinds, counts, strict=True) if k > 1}):
        family, free, shared = TYPES[kind]
        items = np.flatnonzero((kinds == kind) & (counts == count))
        shares = np.stack(
            [
                np.bincount(codes[codes[:, j] >= 0, j], minlength=count) / max((codes[:, j] >= 0).sum(), 1)
                for j in items
            ]
        )
        block = Block(family, items, np.empty((0, 0)), np.empty(0, bool), shared)
        xi = block.kind.start(shares)
        mask = np.ones(xi.shape[1], bool)
        mask[0] = free
        if shared:
            design = replace(block, xi=xi, free=mask).design
            assert design is not None
            flat = xi.copy()
            flat[:, 0] = 0
            xi = (design @ np.linalg.lstsq(design, flat.ravel(), rcond=None)[0]).reshape(xi.shape)
            xi[:, 0] = 1.0
        out.append(replace(block, xi=xi, free=mask))
    return tuple(out)
