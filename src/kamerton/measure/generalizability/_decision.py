"""D-studies: error and coefficients of a planned procedure, and the cheapest one that reaches a target."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from .._checks import FloatArray
from .._estimator import Flag, Table, frame_of
from ..classical import Interval
from ._design import Design, Effect, parse_design


@dataclass(frozen=True)
class Quantity:
    """A number of a D-study with its error; `se` NaN and no interval when the components come without errors."""

    value: float
    se: float = math.nan
    interval: Interval | None = None


@dataclass(frozen=True)
class DecisionStudy:
    """What a procedure with these numbers of raters, exercises, items … would give.

    `universe`: variance between the objects that is to be generalised to; `relative_error`, `absolute_error`:
    variances of the error of a comparison and of a level; `g` = universe/(universe + relative error), `phi` with the
    absolute error; `sem_relative`, `sem_absolute` their roots in points; `phi_lambda`: dependability of a decision at
    the cut, None without one. `parts`: one row an effect, with its variance in the mean and where it counts.
    """

    design: str
    sizes: Mapping[str, float]
    fixed: tuple[str, ...]
    universe: Quantity
    relative_error: Quantity
    absolute_error: Quantity
    g: Quantity
    phi: Quantity
    sem_relative: Quantity
    sem_absolute: Quantity
    phi_lambda: Quantity | None
    parts: Table
    n: int | None
    flags: tuple[Flag, ...]

    def to_frame(self, library: str = "pandas") -> Any:
        """`parts` as a frame of pandas or polars, where installed."""
        return frame_of(self.parts.columns, library)


@dataclass(frozen=True)
class _Weights:
    """Linear forms of the G-study's components: universe, relative and absolute error."""

    universe: FloatArray
    relative: FloatArray
    absolute: FloatArray
    names: tuple[str, ...]
    per_effect: FloatArray  # (D effects, G effects)
    role: tuple[str, ...]


def _spread(design: Design, effect: Effect, source: Sequence[Effect]) -> FloatArray:
    """Which G-study effects are held by one effect of the D-study: those between its primary facets and its indices."""
    held = [effect.primary <= g.indices <= effect.indices for g in source]
    if not any(held):
        raise ValueError(
            f"the D-study effect {effect.name!r} of {design.text!r} has no component in the data: a facet that was "
            "nested there cannot be crossed here. Collect crossed data, or keep it nested."
        )
    return np.array(held, dtype=np.float64)


def effect_weights(
    source: Design, target: Design, obj: str, sizes: Mapping[str, float], fixed: Sequence[str], within: bool
) -> _Weights:
    """Linear forms of a D-study; refuses sizes, fixed facets or an object that the design does not have."""
    others = [f for f in target.facets if f != obj]
    if obj not in target.facets:
        raise ValueError(
            f"object {obj!r} is not a facet of {target.text!r}; facets are {list(target.facets)}."
        )
    if target.nested_in[obj]:
        inside = sorted(target.nested_in[obj])
        raise ValueError(f"object {obj!r} is nested in {inside}; analyse each {inside[0]!r} on its own.")
    missing = [f for f in others if f not in sizes]
    unknown = [f for f in sizes if f not in others]
    if missing or unknown:
        raise ValueError(f"sizes must name {others}; missing {missing}, unknown {unknown}.")
    for facet in others:
        if not sizes[facet] >= 1:
            raise ValueError(f"sizes[{facet!r}] is {sizes[facet]}; a facet has at least 1 level.")
    if set(fixed) - set(others) or (others and set(fixed) >= set(others)):
        raise ValueError(
            f"fixed is {tuple(fixed)}; it names some of {others} and leaves one to generalise over."
        )
    rows, roles = [], []
    columns = len(source.effects) + int(within)
    universe, relative, absolute = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    for effect in target.effects:
        held = np.zeros(columns)
        held[: len(source.effects)] = _spread(target, effect, source.effects)
        if within and effect is target.effects[-1]:
            held[-1] = 1.0
        row = held / math.prod(sizes[f] for f in effect.indices if f != obj)
        random = [f for f in effect.indices if f != obj and f not in fixed]
        if obj in effect.indices and not random:
            universe += row
            role = "universe"
        elif obj in effect.indices:
            relative += row
            absolute += row
            role = "relative and absolute error"
        elif random:
            absolute += row
            role = "absolute error"
        else:
            role = "constant"
        rows.append(row)
        roles.append(role)
    names = tuple(e.name for e in target.effects)
    return _Weights(universe, relative, absolute, names, np.array(rows), tuple(roles))


def _quantity(
    of: Callable[[FloatArray], float],
    s2: FloatArray,
    covariance: FloatArray | None,
    draws: FloatArray | None,
    level: float,
    high: float = math.inf,
) -> Quantity:
    value = of(s2)
    if draws is not None:
        many = np.array([of(d) for d in draws])
        many = many[np.isfinite(many)]
        if len(many) < 2:
            return Quantity(value)
        low, up = np.quantile(many, [(1 - level) / 2, (1 + level) / 2])
        return Quantity(
            value, float(many.std(ddof=1)), Interval(float(low), float(up), level, "parametric_bootstrap")
        )
    if covariance is None or math.isnan(value):
        return Quantity(value)
    step = 1e-5 * max(float(s2.sum()), 1e-12)
    gradient = np.array(
        [(of(s2 + step * unit) - of(s2 + step * -0.5 * unit)) / (1.5 * step) for unit in np.eye(len(s2))]
    )
    se = math.sqrt(max(0.0, float(gradient @ covariance @ gradient)))
    half = float(ndtri(0.5 + level / 2)) * se
    if high == 1.0 and value < 1:  # a coefficient: on ln(1 − value), so that it stays below 1
        wide = half / (1 - value)
        ends = 1 - (1 - value) * math.exp(wide), 1 - (1 - value) * math.exp(-wide)
        return Quantity(value, se, Interval(max(0.0, ends[0]), ends[1], level, "log_complement"))
    return Quantity(value, se, Interval(max(0.0, value - half), value + half, level, "delta"))


def _share(top: FloatArray, bottom: FloatArray) -> Callable[[FloatArray], float]:
    def of(s: FloatArray) -> float:
        up, down = float(top @ s), float(top @ s + bottom @ s)
        return up / down if down > 0 else math.nan

    return of


def study_from(
    source: Design,
    components: FloatArray,
    *,
    obj: str,
    sizes: Mapping[str, float],
    design: str | None,
    fixed: Sequence[str],
    within: bool,
    cut: float | None = None,
    mean: float | None = None,
    mean_weights: FloatArray | None = None,
    covariance: FloatArray | None = None,
    draws: FloatArray | None = None,
    level: float = 0.95,
    n: int | None = None,
    flags: tuple[Flag, ...] = (),
) -> DecisionStudy:
    """The D-study of known components; `components` in the order of the source's effects, `within` last."""
    target = source if design is None else parse_design(design)
    if set(target.facets) != set(source.facets):
        raise ValueError(f"design {target.text!r} has other facets than {source.text!r}: give the same ones.")
    w = effect_weights(source, target, obj, sizes, fixed, within)

    def make(of: Callable[[FloatArray], float], high: float = math.inf) -> Quantity:
        return _quantity(of, components, covariance, draws, level, high)

    universe = float(w.universe @ components)
    found = list(flags)
    if universe <= 0:
        found.append(
            Flag("no_universe_variance", obj, "the objects do not differ beyond error; coefficients are 0")
        )
    phi_lambda = None
    if cut is not None:
        if mean is None:
            raise ValueError("phi_lambda needs the mean of the scale: give `mean` with `cut`.")
        apart = (mean - cut) ** 2

        def at_cut(s: FloatArray) -> float:
            known = max(0.0, apart - (float(mean_weights @ s) if mean_weights is not None else 0.0))
            top = float(w.universe @ s) + known
            down = top + float(w.absolute @ s)
            return top / down if down > 0 else math.nan

        phi_lambda = make(at_cut, 1.0)
    in_mean = w.per_effect @ components
    parts = Table({"effect": np.array(w.names), "variance": in_mean, "role": np.array(w.role)})
    return DecisionStudy(
        design=target.text, sizes=dict(sizes), fixed=tuple(fixed),
        universe=make(lambda s: float(w.universe @ s)),
        relative_error=make(lambda s: float(w.relative @ s)),
        absolute_error=make(lambda s: float(w.absolute @ s)),
        g=make(_share(w.universe, w.relative), 1.0),
        phi=make(_share(w.universe, w.absolute), 1.0),
        sem_relative=make(lambda s: math.sqrt(max(0.0, float(w.relative @ s)))),
        sem_absolute=make(lambda s: math.sqrt(max(0.0, float(w.absolute @ s)))),
        phi_lambda=phi_lambda, parts=parts, n=n, flags=tuple(found),
    )  # fmt: skip


def component_vector(design: Design, components: Mapping[str, float]) -> tuple[FloatArray, bool]:
    """Components by name → in the order of the effects; "within" may stand for replications."""
    names = [e.name for e in design.effects]
    missing = [name for name in names if name not in components]
    unknown = [name for name in components if name not in (*names, "within")]
    if missing or unknown:
        raise ValueError(
            f"design {design.text!r} has effects {names}; missing {missing}, unknown {unknown}. "
            "A source that is not known to vary has variance 0."
        )
    within = "within" in components
    values = np.array([float(components[name]) for name in (*names, *(["within"] if within else []))])
    if (values < 0).any() or not np.isfinite(values).all():
        raise ValueError(f"variances are finite and not negative, got {dict(components)}.")
    return values, within


def decision_study(
    components: Mapping[str, float],
    *,
    design: str,
    sizes: Mapping[str, float],
    object: str | None = None,
    planned: str | None = None,
    fixed: Sequence[str] = (),
    cut: float | None = None,
    mean: float | None = None,
) -> DecisionStudy:
    """Error and coefficients of a planned procedure from stated variance components (no errors of their own).

    Formula: each effect's variance is divided by the numbers of levels it is averaged over. Effects with the object
    and a random facet are relative error; those without the object but with a random facet add to the absolute error;
    the object's own, and its effects with fixed facets alone, are what is generalised to.

    Parameters: `components` by effect name as `parse_design(design).effects` (0 where a source does not vary);
    `design` they belong to; `sizes` levels of every other facet in the procedure, within one cell of what it is
    nested in; `object` of measurement, default the first facet; `planned` another design of the same facets (what was
    crossed may be nested, not the reverse); `fixed` facets the same exercises, items … for ever; `cut` with `mean`
    for phi-lambda.

    From data use `GeneralizabilityStudy.decide`, which carries the errors of the components.

    >>> two = decision_study({"p": 0.5, "r": 0.1, "pr": 0.4}, design="p x r", sizes={"r": 2})
    >>> round(two.g.value, 3), round(two.phi.value, 3), round(two.sem_absolute.value, 2)
    (0.714, 0.667, 0.5)

    References: Cronbach et al. 1972; Brennan 2001.
    """
    source = parse_design(design)
    values, within = component_vector(source, components)
    return study_from(
        source, values, obj=object or source.facets[0], sizes=sizes, design=planned, fixed=fixed, within=within,
        cut=cut, mean=mean,
    )  # fmt: skip
