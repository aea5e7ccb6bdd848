"""The chain itself: answers and ratings → blocks and cells → combined → probabilities → proposal, seats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._checks import BoolArray, FloatArray, IntArray, floats, frozen
from ..combination import ALGORITHM as COMBINE
from ..combination import Combined, Linear, combine, linear, reliability
from ..facets import ALGORITHM as FACETS
from ..facets import (
    Anchors,
    AssessmentCentre,
    CellTable,
    ComponentEstimate,
    VarianceComponents,
    blend,
    cell_scores,
    fair_average,
    test_method_moment,
)
from ..facets._components import MIN_PERSONS
from ..fit import ALGORITHM as FIT
from ..fit import FitVerdicts, Prior, RoleFit, default_prior, distinguishable_competencies, estimate_prior
from ..linking import ALGORITHM as LINK
from ..linking import BlockTable, score_blocks
from ..seats import ALGORITHM as SEATS
from ..seats import SeatCount, count_seats
from ._second import ALGORITHM as SECOND
from ._second import borrowed_blocks
from ._spec import Calibration, ChainData, ChainSpec

TYPICAL_RATERS = 2  # on an exercise a person has not done yet (SCORING A2.2)


@dataclass(frozen=True)
class ChainResult:
    """Everything between answers and verdicts; rows in the order of `persons`, levels throughout.

    blocks: BlockTable (P, C). cells: CellTable (P, I, C). fair_average (P, I, C): second opinion.
    borrowed, borrowed_se (P, C): second opinion on the blocks, each leaning on the others; NaN below 100 persons.
    combined: y, V and parts. composite, clusters: Linear. reliability (P, C). prior, calibration: frozen, reusable.
    fit: verdicts. differences (P, C, C): competencies that may be told apart. seats: if asked.
    flags: of the run (error_assumed, severity_not_linked, severity_not_removed, not_converged, …).
    cell_flags, competency_flags: per person tuples of (index, code). algorithms: id per step.
    """

    persons: tuple[str, ...]
    competencies: tuple[str, ...]
    instruments: tuple[str, ...]
    blocks: BlockTable
    cells: CellTable
    fair_average: FloatArray
    borrowed: FloatArray
    borrowed_se: FloatArray
    combined: Combined
    composite: Linear
    clusters: Mapping[str, Linear]
    reliability: FloatArray
    calibration: Calibration
    prior: Prior
    fit: FitVerdicts
    differences: BoolArray
    new_evidence: FloatArray
    seats: SeatCount | None
    flags: tuple[str, ...]
    competency_flags: tuple[tuple[tuple[str, ...], ...], ...]
    algorithms: Mapping[str, str]
    seed: int
    draws: int

    @property
    def y(self) -> FloatArray:
        """Combined unshrunken scores, (P, C)."""
        return self.combined.value

    @property
    def V(self) -> FloatArray:
        """Their error covariances, (P, C, C)."""
        return self.combined.covariance


def evaluate(
    spec: ChainSpec,
    data: ChainData,
    *,
    calibration: Calibration | Mapping[str, Any] | None = None,
    prior: Prior | Mapping[str, Any] | None = None,
    anchors: Anchors | None = None,
    red_flags: BoolArray | None = None,
    normals: FloatArray | None = None,
    seats_needed: float | None = None,
    seats_share: float = 0.5,
    second_opinions: bool = True,
) -> ChainResult:
    """Score and judge all persons of `data` under `spec`.

    calibration, prior: frozen numbers (objects or their dictionaries); left out, they are learnt from these persons.
    anchors: certification performances, raters by id. red_flags (P,). normals (n, C): an explicit set of draws.
    seats_needed, seats_share: ask for the seats arithmetic. second_opinions=False leaves fair averages out (NaN).
    Persons, raters and ratings are put in the order of their ids first: the order given changes no number.
    """
    back, ordered = _canonical(spec, data)
    flagged = None if red_flags is None else np.asarray(red_flags, dtype=bool)[np.argsort(back)]
    links = spec.links()
    blocks = score_blocks(
        ordered.item_scores,
        item_block=spec.item_block,
        item_max=spec.item_max,
        item_partial=spec.item_partial,
        item_text=spec.item_text,
        links=links,
        text_raters=ordered.text_raters,
    )
    if isinstance(calibration, Mapping):
        calibration = Calibration.from_dict(calibration)
    if isinstance(prior, Mapping):
        prior = Prior.from_dict(prior)
    if calibration is None:
        calibration = _calibrate(spec, ordered, blocks, anchors)
    severity, severity_se, linked = _severities(calibration, ordered.raters)
    shape = (len(ordered.persons), len(spec.instruments), len(spec.competencies))
    used = calibration.components.used
    cells = cell_scores(
        ordered.person,
        ordered.exercise,
        ordered.competency,
        ordered.rater,
        ordered.rating,
        shape=shape,
        severity=severity,
        severity_se=severity_se,
        linked=linked,
        components=used,
    )
    second = np.full(shape, np.nan)
    if second_opinions and len(ordered.rating):
        second = fair_average(
            ordered.person,
            ordered.exercise,
            ordered.competency,
            ordered.rater,
            ordered.rating,
            shape=shape,
            severity=severity / calibration.level_per_unit,
            steps=calibration.steps,
            slope=calibration.slope,
        )
    borrowed, borrowed_se, has_borrowed = (
        borrowed_blocks(spec, ordered.item_scores)
        if second_opinions
        else (np.full(blocks.value.shape, np.nan), np.full(blocks.value.shape, np.nan), False)
    )
    combined, fresh = _combine(spec, blocks, cells, used)
    if prior is None:
        sound = ~(combined.not_measured | combined.insufficient).any(axis=1)
        if int(sound.sum()) < MIN_PERSONS:
            prior = default_prior(shape[2])
        else:
            prior = estimate_prior(combined.value[sound], combined.covariance[sound])
    usable = ~(combined.not_measured | combined.insufficient)
    rule = spec.rules[spec.role]
    composite = linear(combined.value, combined.covariance, rule.weights, usable, prior.covariance)
    clusters = {}
    for name, members in spec.clusters.items():
        weight = np.zeros(shape[2])
        weight[list(members)] = 1.0
        clusters[name] = linear(combined.value, combined.covariance, weight, usable, prior.covariance)
    role_fit = RoleFit(
        spec.rules,
        spec.role,
        prior,
        competencies=spec.competencies,
        instruments=spec.instruments,
        draws=spec.draws,
        seed=spec.seed,
        normals=normals,
    )
    verdicts = role_fit.evaluate(
        combined.value,
        combined.covariance,
        insufficient=combined.insufficient,
        new_evidence=fresh,
        red_flags=flagged,
    )
    seats = None
    if seats_needed is not None:
        seats = count_seats(role_fit, verdicts, ordered.persons, needed=seats_needed, share=seats_share)
    flags = set(calibration.flags)
    if calibration.components.source == "defaults":
        flags.add("error_assumed")
    if prior.source == "default":
        flags.add("prior_default")
    flags.update(prior.flags)
    if (cells.observed & cells.not_linked).any():
        flags.add("severity_not_linked" if not calibration.connected else "severity_not_removed")
    result = ChainResult(
        persons=ordered.persons,
        competencies=spec.competencies,
        instruments=spec.instruments,
        blocks=blocks,
        cells=cells,
        fair_average=second,
        borrowed=frozen(borrowed),
        borrowed_se=frozen(borrowed_se),
        combined=combined,
        composite=composite,
        clusters=clusters,
        reliability=frozen(reliability(np.diag(prior.covariance)[None], combined.se)),
        calibration=calibration,
        prior=prior,
        fit=verdicts,
        differences=frozen(distinguishable_competencies(combined.value, combined.covariance)),
        new_evidence=frozen(fresh),
        seats=seats,
        flags=tuple(sorted(flags)),
        competency_flags=_competency_flags(spec, blocks, cells, combined, calibration),
        algorithms={
            "link": LINK,
            "facets": calibration.algorithm,
            "combine": COMBINE,
            "fit": FIT,
            "seats": SEATS,
        }
        | ({"second": SECOND} if has_borrowed else {}),
        seed=spec.seed,
        draws=role_fit.draw_set().shape[0],
    )
    return _in_order(result, back)


# -- order ---------------------------------------------------------------------------------------------------------


def _canonical(spec: ChainSpec, data: ChainData) -> tuple[IntArray, ChainData]:
    """Data with persons, raters and ratings sorted by id; `back`[i] = sorted row of the i-th person given."""
    n_i, n_c = len(spec.instruments), len(spec.competencies)
    if data.item_scores.shape[1] != len(spec.item_max):
        raise ValueError(
            f"item_scores has {data.item_scores.shape[1]} items, the spec has {len(spec.item_max)}. Use one form."
        )
    for name, index, limit in (("exercise", data.exercise, n_i), ("competency", data.competency, n_c)):
        if len(index) and index.max() >= limit:
            raise ValueError(f"{name} index {index.max()} is beyond the {limit} of the spec.")
    seen = ~np.isnan(data.rating)
    if spec.test_index is not None and np.any(data.exercise[seen] == spec.test_index):
        raise ValueError(
            f"ratings are filed under the test {spec.test_instrument!r}; file them under an exercise."
        )
    stray = seen & (spec.weights[data.competency, data.exercise] <= 0)
    if stray.any():
        k = int(np.flatnonzero(stray)[0])
        raise ValueError(
            f"rating {k} is of {spec.competencies[data.competency[k]]!r} on {spec.instruments[data.exercise[k]]!r}, "
            "which the matrix leaves empty. Give the cell a weight or drop the rating."
        )
    by_person, by_rater = np.argsort(np.array(data.persons)), np.argsort(np.array(data.raters))
    back, rank = np.argsort(by_person), np.argsort(by_rater)
    person, rater = back[data.person], rank[data.rater] if len(data.raters) else data.rater
    order = np.lexsort((rater, data.competency, data.exercise, person))
    return back, ChainData(
        persons=tuple(data.persons[i] for i in by_person),
        item_scores=data.item_scores[by_person],
        person=person[order],
        exercise=data.exercise[order],
        competency=data.competency[order],
        rater=rater[order],
        rating=data.rating[order],
        raters=tuple(data.raters[i] for i in by_rater),
        text_raters=None if data.text_raters is None else np.asarray(data.text_raters)[by_person],
    )


def _rows(value: Any, back: IntArray, n: int) -> Any:
    """Arrays and tuples whose first axis is persons, in the order given."""
    if isinstance(value, np.ndarray) and value.ndim >= 1 and value.shape[0] == n:
        return frozen(value[back])
    if isinstance(value, tuple) and len(value) == n:
        return tuple(value[i] for i in back)
    return value


_FIXED = {
    "weights_stated",
    "link_se",
    "weights",
    "roles",
    "competencies",
    "instruments",
    "levels_not_separated",
    "flags",
}


def _reordered(table: Any, back: IntArray) -> Any:
    n = len(back)
    return replace(
        table,
        **{k: _rows(getattr(table, k), back, n) for k in table.__dataclass_fields__ if k not in _FIXED},
    )


def _in_order(result: ChainResult, back: IntArray) -> ChainResult:
    n = len(back)
    return replace(
        result,
        persons=tuple(result.persons[i] for i in back),
        blocks=_reordered(result.blocks, back),
        cells=_reordered(result.cells, back),
        fair_average=frozen(result.fair_average[back]),
        borrowed=frozen(result.borrowed[back]),
        borrowed_se=frozen(result.borrowed_se[back]),
        combined=_reordered(result.combined, back),
        composite=_reordered(result.composite, back),
        clusters={k: _reordered(v, back) for k, v in result.clusters.items()},
        reliability=frozen(result.reliability[back]),
        fit=_reordered(result.fit, back),
        differences=frozen(result.differences[back]),
        new_evidence=frozen(result.new_evidence[back]),
        competency_flags=_rows(result.competency_flags, back, n),
    )


# -- steps ---------------------------------------------------------------------------------------------------------


def _calibrate(spec: ChainSpec, data: ChainData, blocks: BlockTable, anchors: Anchors | None) -> Calibration:
    seen = ~np.isnan(data.rating)
    shape = (len(spec.instruments), len(spec.competencies))
    n_persons = len(data.persons)
    nan = float("nan")
    raw = VarianceComponents(nan, nan, nan, nan, nan, nan)
    if not seen.any():
        used = blend(raw, 0, spec.defaults)
        empty = Calibration.given(
            severity={}, severity_se={}, components=used.used, difficulty_shape=shape, zero="none"
        )
        return replace(empty, components=used, flags=("error_assumed",), algorithm=FACETS)
    centre = AssessmentCentre(
        slope=spec.slope,
        severity_prior_sd=spec.severity_prior_sd,
        defaults=spec.defaults,
        min_persons=spec.min_persons,
    )
    names = np.array(data.raters)
    centre.fit(data.person, data.exercise, data.competency, names[data.rater], data.rating, anchors)
    found = centre.components_.raw
    across = np.full((shape[1], shape[1]), np.nan)
    across[np.ix_(centre.competencies_, centre.competencies_)] = centre.across_
    method = test_method_moment(blocks.value, across)
    both = np.unique(data.person[seen])
    n = int(min(len(both), (~np.isnan(blocks.value)).any(axis=1).sum())) if np.isfinite(method) else len(both)
    components = blend(replace(found, test_method=method), centre.components_.n, spec.defaults)
    if np.isfinite(method) and n < MIN_PERSONS <= centre.components_.n:
        default = spec.defaults.components.test_method
        components = ComponentEstimate(
            components.raw, replace(components.used, test_method=default), components.n, components.source
        )
    difficulty = np.full(shape, np.nan)
    difficulty[np.ix_(centre.exercises_, centre.competencies_)] = centre.difficulty_
    made = Calibration.from_centre(centre, components, difficulty, FACETS)
    return replace(made, n_persons=n_persons)


def _severities(
    calibration: Calibration, raters: tuple[str, ...]
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Per rater of the data; a rater unknown to the calibration has 0 ± the prior SD and is not linked."""
    at = {r: k for k, r in enumerate(calibration.raters)}
    value, se = np.zeros(len(raters)), np.full(len(raters), calibration.severity_prior_sd)
    linked = np.zeros(len(raters), dtype=bool)
    for i, r in enumerate(raters):
        k = at.get(r)
        if k is not None:
            value[i], se[i], linked[i] = (
                calibration.severity[k],
                calibration.severity_se[k],
                calibration.linked[k],
            )
    return value, se, linked


def _combine(
    spec: ChainSpec, blocks: BlockTable, cells: CellTable, used: VarianceComponents
) -> tuple[Combined, FloatArray]:
    """Combined scores, and the error variance of one more measurement by each instrument (P, C, I)."""
    n_p, n_i, n_c = cells.value.shape
    value = np.swapaxes(cells.value, 1, 2).copy()
    raters = np.swapaxes(cells.n_raters, 1, 2).astype(np.float64)
    unique = np.swapaxes(cells.unique, 1, 2).copy()
    clean = unique - used.cell
    method, halo = np.full(n_i, used.method), np.full(n_i, used.halo)
    link = np.zeros((n_c, n_i))
    t = spec.test_index
    if t is not None:
        value[:, :, t] = blocks.value
        raters[:, :, t] = 1.0
        unique[:, :, t] = used.test_specific + blocks.variance_test
        clean[:, :, t] = blocks.variance_test
        method[t], halo[t] = used.test_method, 0.0
        link[:, t] = np.nan_to_num(blocks.link_se)
    combined = combine(
        weights=spec.weights,
        is_simulation=spec.is_simulation,
        value=value,
        method=method,
        halo=halo,
        raters=raters,
        unique=unique,
        noise=clean,
        link_se=link,
    )
    known = combined.parts_shared + combined.parts_unique
    typical = np.full((n_c, n_i), used.method + used.cell + (used.halo + used.residual) / TYPICAL_RATERS)
    if t is not None:
        seen = ~np.isnan(blocks.variance_test)
        count = seen.sum(axis=0)
        total = np.where(seen, blocks.variance_test, 0.0).sum(axis=0)
        mean = np.divide(total, count, out=np.full(n_c, np.nan), where=count > 0)
        typical[:, t] = used.test_method + used.test_specific + mean
    fresh = np.where(np.isnan(known), typical[None], known)
    fresh = np.where((spec.weights > 0)[None], fresh, np.nan)
    return combined, floats(fresh, "new evidence", (n_p, n_c, n_i))


def _competency_flags(
    spec: ChainSpec, blocks: BlockTable, cells: CellTable, combined: Combined, calibration: Calibration
) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Per person and competency: codes a page prints beside the number."""
    not_linked = "severity_not_removed" if calibration.connected else "severity_not_linked"
    has_block = np.array([link is not None for link in spec.links()])
    tables: list[tuple[str, BoolArray]] = [
        ("not_measured", combined.not_measured),
        ("insufficient", combined.insufficient),
        ("at_limit", blocks.at_limit),
        ("error_floor", blocks.error_floor),
        ("block_insufficient", blocks.insufficient & has_block[None]),
        (
            "levels_not_separated",
            np.broadcast_to([bool(x) for x in blocks.levels_not_separated], blocks.value.shape),
        ),
        ("single_rater", np.asarray(np.any(cells.single_rater, axis=1))),
        ("clipped", np.asarray(np.any(cells.clipped, axis=1))),
        (not_linked, np.asarray(np.any(cells.not_linked, axis=1))),
        ("conflict", combined.conflict),
    ]
    stack = np.stack([t for _, t in tables])
    names = [n for n, _ in tables]
    return tuple(
        tuple(tuple(names[k] for k in np.flatnonzero(stack[:, p, c])) for c in range(stack.shape[2]))
        for p in range(stack.shape[1])
    )
