"""Pairs of raters: how far each two agree, and which category of one is which of the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._checks import FloatArray, IntArray
from .._estimator import Flag, Table, frame_of
from ._categories import Weights, code_ratings
from ._coefficient import Coefficient, rater_names
from ._kappa import cohen_kappa


@dataclass(frozen=True)
class PairwiseAgreement:
    """All pairs of raters.

    `pairs`: one row a pair: first, second, n, exact, adjacent (shares), kappa, kappa_se, weighted_kappa,
    correlation, mean_difference (first − second), sd_difference. `raters`: one row a rater: the means of the same
    over the rater's pairs and the mean difference to the others: who stands apart, and how.
    """

    pairs: Table
    raters: Table
    flags: tuple[Flag, ...]

    def to_frame(self, library: str = "pandas") -> Any:
        """The pairs as a frame of pandas or polars, where installed."""
        return frame_of(self.pairs.columns, library)


def pairwise_agreement(
    ratings: Any,
    *,
    raters: Sequence[str] | None = None,
    categories: Sequence[Any] | None = None,
    weights: Weights = "quadratic",
    adjacent: float = 1.0,
    least: int = 2,
) -> PairwiseAgreement:
    """Agreement of each pair of raters on the subjects both rated, for the report of an assessor calibration.

    Parameters: `ratings` subjects × raters, NaN = not rated; `raters` names; `categories` of the scale in order;
    `weights` of the weighted kappa (default quadratic); `adjacent` points that still count as adjacent (default 1);
    `least` common subjects for a pair to be compared (default 2; below 20 a pair's kappa is noise, and its flag
    `few_in_common` says so).

    Differences of a pair mix severity with which subjects they shared; for severity use the facets model.

    >>> p = pairwise_agreement([[1, 1, 2], [3, 3, 4], [2, 3, 3], [5, 4, 5]], raters=["Ann", "Bob", "Cid"])
    >>> [(r["first"], r["second"], r["exact"], r["mean_difference"]) for r in p.pairs.rows()][0]
    ('Ann', 'Bob', 0.5, 0.0)
    """
    coded = code_ratings(ratings, categories)
    n_raters = coded.codes.shape[1]
    names = rater_names(raters, n_raters)
    rows: list[dict[str, Any]] = []
    flags: list[Flag] = []
    for i in range(n_raters):
        for j in range(i + 1, n_raters):
            both = np.all(coded.codes[:, [i, j]] >= 0, axis=1)
            n = int(both.sum())
            where = f"{names[i]}–{names[j]}"
            if n < max(least, 2):
                flags.append(Flag("too_few_in_common", where, f"{n} subjects"))
                continue
            if n < 20:
                flags.append(Flag("few_in_common", where, f"{n} subjects"))
            pair = coded.codes[both][:, [i, j]]
            rows.append({"first": names[i], "second": names[j], "i": i, "j": j, "n": n}
                        | _of_pair(pair, coded.values, weights, adjacent))  # fmt: skip
    keys = ("first", "second", "n", "exact", "adjacent", "kappa", "kappa_se", "weighted_kappa", "correlation",
            "mean_difference", "sd_difference")  # fmt: skip
    pairs = Table({key: np.array([row[key] for row in rows]) for key in keys})
    return PairwiseAgreement(pairs, _of_raters(rows, names), tuple(flags))


def _of_pair(pair: IntArray, values: FloatArray, weights: Weights, adjacent: float) -> dict[str, float]:
    a, b = values[pair[:, 0]], values[pair[:, 1]]
    apart = a - b
    labels = list(range(len(values)))
    plain: Coefficient = cohen_kappa(pair, categories=labels)
    weighted = cohen_kappa(pair, categories=labels, weights=weights, scores=values)
    varies = np.ptp(a) > 0 and np.ptp(b) > 0
    return {
        "exact": float((apart == 0).mean()),
        "adjacent": float((np.abs(apart) <= adjacent + 1e-12).mean()),
        "kappa": plain.value,
        "kappa_se": plain.se,
        "weighted_kappa": weighted.value,
        "correlation": float(np.corrcoef(a, b)[0, 1]) if varies else math.nan,
        "mean_difference": float(apart.mean()),
        "sd_difference": float(apart.std(ddof=1)),
    }


def _of_raters(rows: list[dict[str, Any]], names: tuple[str, ...]) -> Table:
    columns: dict[str, list[Any]] = {
        key: []
        for key in (
            "rater",
            "pairs",
            "exact",
            "adjacent",
            "kappa",
            "weighted_kappa",
            "correlation",
            "difference",
        )
    }
    for place, name in enumerate(names):
        mine = [row for row in rows if place in (row["i"], row["j"])]
        columns["rater"].append(name)
        columns["pairs"].append(len(mine))
        for key in ("exact", "adjacent", "kappa", "weighted_kappa", "correlation"):
            seen = [row[key] for row in mine if not math.isnan(row[key])]
            columns[key].append(float(np.mean(seen)) if seen else math.nan)
        n = sum(row["n"] for row in mine)
        signed = sum(row["n"] * row["mean_difference"] * (1 if row["i"] == place else -1) for row in mine)
        columns["difference"].append(signed / n if n else math.nan)
    return Table({key: np.array(values) for key, values in columns.items()})


@dataclass(frozen=True)
class RaterConfusion:
    """Two raters' categories crossed.

    `counts` (q, q): rows the first rater's category, columns the second's; `shares` each row summing to 1 (NaN where
    the first never used it); `most_confused`: (category, category, count) of the largest cells off the diagonal.
    """

    first: str
    second: str
    categories: tuple[Any, ...]
    counts: IntArray
    shares: FloatArray
    most_confused: tuple[tuple[Any, Any, int], ...]
    n: int
    flags: tuple[Flag, ...]


def rater_confusion(
    ratings: Any,
    first: int | str,
    second: int | str,
    *,
    raters: Sequence[str] | None = None,
    categories: Sequence[Any] | None = None,
) -> RaterConfusion:
    """Confusion matrix of two raters (or of a rater and the key): what one calls this, the other calls what?

    Parameters: `ratings` subjects × raters; `first`, `second` column numbers or names in `raters`. Flags
    `unused_category`, `few_in_common` (below 20 subjects).

    >>> c = rater_confusion([[1, 1], [2, 3], [3, 3], [2, 2], [2, 3]], 0, 1)
    >>> c.counts.tolist(), c.most_confused
    ([[1, 0, 0], [0, 1, 2], [0, 0, 1]], ((2, 3, 2),))
    """
    coded = code_ratings(ratings, categories)
    names = rater_names(raters, coded.codes.shape[1])
    place = []
    for rater in (first, second):
        at = names.index(rater) if isinstance(rater, str) and rater in names else rater
        if not isinstance(at, (int, np.integer)) or not 0 <= at < len(names):
            raise ValueError(f"rater {rater!r} is not there; raters are {list(names)}.")
        place.append(int(at))
    a, b = coded.codes[:, place[0]], coded.codes[:, place[1]]
    both = (a >= 0) & (b >= 0)
    q, n = len(coded.categories), int(both.sum())
    counts = np.bincount(a[both] * q + b[both], minlength=q * q).reshape(q, q).astype(np.intp)
    below = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, below, out=np.full((q, q), np.nan), where=below > 0)
    off = [(int(counts[i, j]), i, j) for i in range(q) for j in range(q) if i != j and counts[i, j]]
    off.sort(key=lambda cell: (-cell[0], cell[1], cell[2]))
    label = coded.categories
    flags = [Flag("few_in_common", "", f"{n} subjects")] if n < 20 else []
    unused = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1) == 0)
    flags += [Flag("unused_category", str(label[k])) for k in unused]
    return RaterConfusion(
        names[place[0]], names[place[1]], label, counts, shares,
        tuple((label[i], label[j], count) for count, i, j in off[:5]), n, tuple(flags),
    )  # fmt: skip
