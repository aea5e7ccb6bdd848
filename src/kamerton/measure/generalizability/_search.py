"""How many raters and exercises? The cheapest of all designs within limits that reach a target."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np

from .._checks import FloatArray
from .._estimator import Flag, Table
from ._decision import DecisionStudy, component_vector, effect_weights, study_from
from ._design import Design, parse_design

CoefficientName = Literal["g", "phi"]
MOST_DESIGNS = 2_000_000
"""Combinations a search walks through before it asks for smaller limits."""


@dataclass(frozen=True)
class DesignSearch:
    """Designs that reach a target, cheapest first.

    `table`: one row a design: the facets' sizes, cost, g, phi, sem_relative, sem_absolute and `holds`, the lower end
    of the coefficient's interval (NaN without errors of the components). `best` is the first, None when none reaches
    the target within the limits; then the flag `target_not_reached` names the highest coefficient that is reached.
    """

    target: float
    coefficient: CoefficientName
    best: DecisionStudy | None
    table: Table
    considered: int
    flags: tuple[Flag, ...]


def _cost_of(
    costs: Mapping[str, float] | Callable[[Mapping[str, int]], float] | None, facets: Sequence[str]
) -> Callable[[Mapping[str, int]], float]:
    if callable(costs):
        return costs
    terms = {"*".join(facets): 1.0} if costs is None else dict(costs)
    split = {key: [part.strip() for part in key.split("*")] for key in terms}
    for key, parts in split.items():
        strange = [part for part in parts if part not in facets]
        if strange or not terms[key] >= 0:
            raise ValueError(
                f"costs[{key!r}] = {terms[key]}: keys are facets of {list(facets)} or products of them such as "
                f"{'*'.join(facets)!r}, values 0 or more."
            )

    def cost(sizes: Mapping[str, int]) -> float:
        return sum(price * math.prod(sizes[f] for f in split[key]) for key, price in terms.items())

    return cost


def search_designs(
    decide: Callable[[Mapping[str, float]], DecisionStudy],
    quick: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
    facets: Sequence[str],
    *,
    target: float,
    coefficient: CoefficientName,
    limits: Mapping[str, int | Iterable[int]],
    costs: Mapping[str, float] | Callable[[Mapping[str, int]], float] | None,
    top: int,
) -> DesignSearch:
    """Walk through all sizes within the limits; `quick` gives g and phi of many at once, `decide` the details."""
    if not 0 < target < 1:
        raise ValueError(f"target is {target}; a coefficient to reach lies between 0 and 1, e.g. 0.80.")
    if coefficient not in ("g", "phi"):
        raise ValueError(f'coefficient is {coefficient!r}; it is "g" (order) or "phi" (level).')
    if set(limits) != set(facets):
        raise ValueError(
            f"limits must name {list(facets)}, got {list(limits)}: the most levels, or those allowed."
        )
    allowed = []
    for facet in facets:
        limit = limits[facet]
        values = range(1, limit + 1) if isinstance(limit, int) else sorted({int(v) for v in limit})
        if not values or min(values) < 1:
            raise ValueError(f"limits[{facet!r}] is {limit!r}; give at least 1 level.")
        allowed.append(list(values))
    considered = math.prod(len(a) for a in allowed)
    if considered > MOST_DESIGNS:
        raise ValueError(f"{considered} designs within the limits; at most {MOST_DESIGNS}. Lower the limits.")
    grid = np.array(list(product(*allowed)), dtype=np.float64)
    g, phi = quick(grid)
    reached = g if coefficient == "g" else phi
    cost = _cost_of(costs, facets)
    price = np.array([cost({f: int(v) for f, v in zip(facets, row, strict=True)}) for row in grid])
    good = np.flatnonzero(reached >= target - 1e-12)
    flags: list[Flag] = []
    if not len(good):
        highest = int(np.nanargmax(reached))
        sizes = {f: int(v) for f, v in zip(facets, grid[highest], strict=True)}
        flags.append(
            Flag(
                "target_not_reached",
                coefficient,
                f"highest is {reached[highest]:.3f} with {sizes}; target {target}",
            )
        )
    order = good[np.lexsort((-reached[good], price[good]))][:top]
    studies = [decide({f: float(v) for f, v in zip(facets, grid[i], strict=True)}) for i in order]
    held = [s.g if coefficient == "g" else s.phi for s in studies]
    columns: dict[str, Any] = {f: grid[order, j].astype(np.intp) for j, f in enumerate(facets)}
    columns |= {
        "cost": price[order],
        "g": np.array([s.g.value for s in studies]),
        "phi": np.array([s.phi.value for s in studies]),
        "sem_relative": np.array([s.sem_relative.value for s in studies]),
        "sem_absolute": np.array([s.sem_absolute.value for s in studies]),
        "holds": np.array([q.interval.low if q.interval else math.nan for q in held]),
    }
    if studies and held[0].interval is not None and held[0].interval.low < target:
        flags.append(
            Flag(
                "target_not_sure",
                coefficient,
                f"the interval of the cheapest design begins at {held[0].interval.low:.2f}",
            )
        )
    return DesignSearch(
        target, coefficient, studies[0] if studies else None, Table(columns), considered, tuple(flags)
    )


def quick_coefficients(
    source: Design, components: FloatArray, obj: str, design: str | None, fixed: Sequence[str], within: bool
) -> tuple[tuple[str, ...], Callable[[FloatArray], tuple[FloatArray, FloatArray]]]:
    """Facets other than the object, and g and phi of many rows of sizes at once."""
    target = source if design is None else parse_design(design)
    facets = tuple(f for f in target.facets if f != obj)
    unit = effect_weights(source, target, obj, dict.fromkeys(facets, 1.0), fixed, within)
    variance = unit.per_effect @ components

    def quick(grid: FloatArray) -> tuple[FloatArray, FloatArray]:
        parts = {
            "universe": np.zeros(len(grid)),
            "relative": np.zeros(len(grid)),
            "absolute": np.zeros(len(grid)),
        }
        for effect, role, s2 in zip(target.effects, unit.role, variance, strict=True):
            below = [facets.index(f) for f in effect.indices if f != obj]
            share = s2 / grid[:, below].prod(axis=1)
            if role == "universe":
                parts["universe"] += share
            elif role.startswith("relative"):
                parts["relative"] += share
                parts["absolute"] += share
            elif role == "absolute error":
                parts["absolute"] += share
        u = parts["universe"]
        with np.errstate(invalid="ignore", divide="ignore"):
            return u / (u + parts["relative"]), u / (u + parts["absolute"])

    return facets, quick


def cheapest_designs(
    components: Mapping[str, float],
    *,
    design: str,
    limits: Mapping[str, int | Iterable[int]],
    target: float = 0.80,
    coefficient: CoefficientName = "phi",
    costs: Mapping[str, float] | Callable[[Mapping[str, int]], float] | None = None,
    object: str | None = None,
    planned: str | None = None,
    fixed: Sequence[str] = (),
    top: int = 10,
) -> DesignSearch:
    """How many raters and exercises for .80? The cheapest designs that reach a target, from stated components.

    Parameters: `limits` per facet, the most levels (1 … limit) or those allowed; `target` .80 (the level at which a
    number may carry a decision); `coefficient` "phi" (default: a level or a cut is applied) or "g" (only the order of
    people counts); `costs` prices of facets and of their products, {"e": 60, "e*r": 45} = 60 for each exercise and 45
    for each rater in it, or a function of the sizes; default one for each observation of a person; others as
    `decision_study`. All designs within the limits are tried.

    >>> found = cheapest_designs({"p": 0.5, "r": 0.1, "pr": 0.4}, design="p x r", limits={"r": 10})
    >>> dict(found.best.sizes), round(found.best.phi.value, 3)
    ({'r': 4.0}, 0.8)
    """
    source = parse_design(design)
    values, within = component_vector(source, components)
    obj = object or source.facets[0]
    facets, quick = quick_coefficients(source, values, obj, planned, fixed, within)
    return search_designs(
        lambda sizes: study_from(
            source, values, obj=obj, sizes=sizes, design=planned, fixed=fixed, within=within
        ),
        quick, facets, target=target, coefficient=coefficient, limits=limits, costs=costs, top=top,
    )  # fmt: skip
