"""Chance-corrected agreement of any number of raters, with errors by linearisation over subjects."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.special import ndtr

from .._checks import BoolArray, FloatArray, IntArray
from .._estimator import Flag
from ._categories import CodedRatings, agreement_weights, category_values, code_ratings
from ._coefficient import FEW_SUBJECTS, Coefficient, check_level, symmetric_interval, undefined

Divisor = Literal["n", "n-1"]


@dataclass(frozen=True)
class Linear:
    """A mean over subjects: its value and each subject's influence (mean zero)."""

    value: float
    influence: FloatArray


def observed_agreement(counts: FloatArray, weights: FloatArray) -> Linear:
    """Mean over subjects with at least two ratings of the share of agreeing pairs (weighted)."""
    n = len(counts)
    rated = counts.sum(axis=1)
    two = rated >= 2
    partial = counts @ weights
    pairs = (counts * (partial - 1)).sum(axis=1)
    share = np.divide(pairs, rated * (rated - 1), out=np.zeros(n), where=two)
    value = float(share[two].mean()) if two.any() else math.nan
    influence = np.where(two, (share - value) * n / max(int(two.sum()), 1), 0.0)
    return Linear(value, influence)


def shares(counts: FloatArray) -> FloatArray:
    """(n, q) each subject's shares of the categories among its raters."""
    rated = counts.sum(axis=1, keepdims=True)
    out: FloatArray = np.divide(counts, rated, out=np.zeros_like(counts), where=rated > 0)
    return out


def pooled_chance(counts: FloatArray, weights: FloatArray) -> Linear:
    """Two raters drawing from the pooled shares (Scott, Fleiss)."""
    own = shares(counts)
    pi = own.mean(axis=0)
    value = float(pi @ weights @ pi)
    return Linear(value, 2 * (own @ weights @ pi - value))


def own_chance(codes: IntArray, weights: FloatArray) -> Linear:
    """Two different raters, each drawing from the own shares (Cohen for two, Conger for more)."""
    n, r = codes.shape
    q = len(weights)
    rated = codes >= 0
    per_rater = rated.sum(axis=0)
    hit = (codes[:, :, None] == np.arange(q)).astype(np.float64)  # (n, r, q)
    p = hit.sum(axis=0) / np.maximum(per_rater, 1)[:, None]  # (r, q)
    total = p.sum(axis=0)
    together = float(total @ weights @ total - np.einsum("gk,kl,gl->", p, weights, p))
    value = together / (r * (r - 1))
    # d value / d p_g = 2 W (total − p_g) / (r (r − 1)); p_g moves by n/n_g (hit − rated · p_g)
    slope = 2 * (total[None, :] - p) @ weights / (r * (r - 1))  # (r, q)
    moved = (hit - rated[:, :, None] * p[None]) * (n / np.maximum(per_rater, 1))[None, :, None]
    return Linear(value, np.einsum("igk,gk->i", moved, slope))


def even_chance(counts: FloatArray, weights: FloatArray) -> Linear:
    """All categories equally likely (Bennett, Brennan–Prediger, PABAK)."""
    q = len(weights)
    return Linear(float(weights.sum()) / q**2, np.zeros(len(counts)))


def gwet_chance(counts: FloatArray, weights: FloatArray) -> Linear:
    """Gwet's chance of agreement: only what is rated at random agrees by chance."""
    q = len(weights)
    if q < 2:
        return Linear(0.0, np.zeros(len(counts)))
    own = shares(counts)
    pi = own.mean(axis=0)
    scale = float(weights.sum()) / (q * (q - 1))
    value = scale * float((pi * (1 - pi)).sum())
    return Linear(value, scale * (own - pi) @ (1 - 2 * pi))


def corrected(
    name: str,
    agreed: Linear,
    chance: Linear,
    *,
    n: int,
    raters: int,
    level: float,
    divisor: Divisor,
    flags: Sequence[Flag] = (),
) -> Coefficient:
    """(observed − expected)/(1 − expected), its error from the subjects' influences."""
    if math.isnan(agreed.value):
        return undefined(name, n, raters, *flags, Flag("no_pairs", "", "no subject was rated twice"))
    room = 1 - chance.value
    if room < 1e-12:
        return undefined(
            name, n, raters, *flags,
            Flag("no_variance", "", "all ratings lie in one category, so agreement by chance is 1"),
            observed=agreed.value,
        )  # fmt: skip
    value = (agreed.value - chance.value) / room
    influence = (agreed.influence - (1 - value) * chance.influence) / room
    below = n * n if divisor == "n" else n * (n - 1)
    se = math.sqrt(float((influence**2).sum()) / below) if below > 0 else math.nan
    found = list(flags)
    if n < FEW_SUBJECTS:
        found.append(Flag("few_subjects", "", f"{n} subjects; the interval is rough below {FEW_SUBJECTS}"))
    if se < 1e-12:
        found.append(
            Flag("zero_error", "", "every subject says the same, so the error is not seen in the data")
        )
    z = value / se if se >= 1e-12 else math.nan
    return Coefficient(
        name, value, se, symmetric_interval(value, se, level, df=n - 1 if divisor == "n-1" else None), n, raters,
        observed=agreed.value, expected=chance.value, statistic=z,
        p_value=2 * float(ndtr(-abs(z))) if not math.isnan(z) else math.nan, flags=tuple(found),
    )  # fmt: skip


def prepared(
    ratings: Any, weights: Any, categories: Sequence[Any] | None, scores: Any
) -> tuple[CodedRatings, FloatArray, list[Flag]]:
    """Coded ratings of subjects with at least one rating, the weights and the flags of unused categories."""
    coded = code_ratings(ratings, categories)
    kept: BoolArray = np.any(coded.codes >= 0, axis=1)
    flags = []
    if not kept.all():
        flags.append(Flag("rows_dropped", "", f"{int((~kept).sum())} of {len(kept)} subjects were not rated"))
    coded = CodedRatings(coded.codes[kept], coded.categories, coded.values)
    used = np.bincount(coded.codes[coded.codes >= 0], minlength=len(coded.categories))
    flags += [Flag("unused_category", str(coded.categories[k])) for k in np.flatnonzero(used == 0)]
    return coded, agreement_weights(weights, category_values(scores, coded.values)), flags


def many_raters(
    name: str,
    chance: Callable[[FloatArray, FloatArray], Linear],
    ratings: Any,
    weights: Any,
    categories: Sequence[Any] | None,
    scores: Any,
    level: float,
) -> Coefficient:
    """A coefficient whose chance needs the counts alone."""
    check_level(level)
    coded, w, flags = prepared(ratings, weights, categories, scores)
    counts = coded.counts
    return corrected(
        name, observed_agreement(counts, w), chance(counts, w), n=len(counts), raters=coded.codes.shape[1],
        level=level, divisor="n-1", flags=flags,
    )  # fmt: skip
