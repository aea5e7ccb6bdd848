"""Items against the model at each total score: S-X², which needs no estimate of a person's ability."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from .._checks import FloatArray
from .._estimator import Table
from ..irt._answers import MISSING

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..irt._models import _Model

LEAST_EXPECTED = 1.0
"""Answers expected in a cell below which its score group is joined with a neighbour."""
FEW_PERSONS = 100


def summed_score_likelihood(curves: list[FloatArray]) -> FloatArray:
    """(scores, Q) probability of each total score at each node, by Lord & Wingersky's recursion (1984).

    `curves`: for each item its (Q, K) category probabilities, categories worth 0 … K − 1.
    """
    out = np.ones((1, len(curves[0])))
    for p in curves:
        grown = np.zeros((len(out) + p.shape[1] - 1, out.shape[1]))
        for k in range(p.shape[1]):
            grown[k : k + len(out)] += out * p[:, k]
        out = grown
    return out


def score_group_fit(model: _Model, answers: ArrayLike, *, least: float = LEAST_EXPECTED) -> Table:
    """S-X² of each item: answers seen against answers expected among persons with the same total score.

    S-X² = Σ_s Σ_k (O_sk − E_sk)²/E_sk with E_sk = N_s·Σ_q P_k(q) S*_{s−k}(q) w_q / Σ_q S_s(q) w_q, where S and S* are the probabilities of
    total scores with and without the item (Orlando & Thissen 2000; Kang & Chen 2008 for ordered answers). Persons are grouped
    by what was seen, not by an estimate, so the statistic keeps its distribution in short tests. Score groups with a cell below `least`
    expected answers are joined with the smaller neighbour; for ordered answers cells of one group are joined instead. Columns:
    item, n, statistic, df, p, rmsea; NaN where joining left no degrees of freedom. Complete answers only.

    Do not use it with missing by design (few complete persons) or read one small p among many items as a fault: at
    .05 one item of twenty is below by chance.

    >>> import numpy as np
    >>> from kamerton.measure.irt import TwoParameter
    >>> rng = np.random.default_rng(1)
    >>> x = (rng.normal(size=(900, 1)) - np.linspace(-1, 1, 8) + rng.logistic(size=(900, 8)) > 0).astype(float)
    >>> table = score_group_fit(TwoParameter().fit(x), x)
    >>> bool(np.all(table["p"] > 0.001)), int(table["df"][0])
    (True, 5)
    """
    model.require_fitted()
    data = model._data(answers, None)
    used = [int(j) for j in data.used]
    complete = np.all(data.codes[:, used] != MISSING, axis=1)
    codes = data.codes[complete].astype(np.intp)
    names = np.array(model.item_names_)
    rows = {key: np.full(len(names), np.nan) for key in ("statistic", "df", "p", "rmsea")}
    if len(codes) >= 2 and len(used) >= 3 and len(model.group_names_) == 1:
        state = model._state()
        weights = np.exp(state.latent.log_weights(state.nodes))[0]
        p_all = model.probabilities(state.nodes)
        curves = {j: p_all[:, j, : int(data.counts[j])] for j in used}
        totals = codes[:, used].sum(axis=1)
        whole = summed_score_likelihood(list(curves.values())) @ weights
        for j in used:
            rest = summed_score_likelihood([curves[i] for i in used if i != j])
            seen, expected = _tables(codes[:, j], totals, rest, curves[j], whole, weights)
            free = _free_parameters(model, j)
            for key, value in _test(seen, expected, free, least, len(codes)).items():
                rows[key][j] = value
    n = np.full(len(names), len(codes))
    return Table({"item": names, "n": n, **rows})


def _tables(
    code: NDArray[np.intp], totals: NDArray[np.intp], rest: FloatArray, curve: FloatArray, whole: FloatArray,
    weights: FloatArray,
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """(scores, K) seen and expected numbers, without the lowest and the highest total, which leave no choice."""
    categories = curve.shape[1]
    top = len(whole) - 1
    seen = np.zeros((top + 1, categories))
    np.add.at(seen, (totals, code), 1.0)
    share = np.zeros_like(seen)
    for k in range(categories):
        share[k : k + len(rest), k] = (rest * (curve[:, k] * weights)).sum(axis=1)
    expected = share / whole[:, None] * seen.sum(axis=1, keepdims=True)
    # A total too low for the upper categories (too high for the lower) is no test of them; it joins the first that is.
    low, high = categories - 1, top - categories + 1
    if low < high:
        for table in (seen, expected):
            table[low] += table[1:low].sum(axis=0)
            table[high] += table[high + 1 : top].sum(axis=0)
        return seen[low : high + 1], expected[low : high + 1]
    return seen[1:top], expected[1:top]


def _free_parameters(model: _Model, item: int) -> int:
    """Parameters learnt for the item; a spread of persons that was learnt with fixed slopes stands for its slope."""
    own = int(model.n_categories_[item]) - 1 + 1
    return own + (1 if model.types_[item] == "3pl" else 0)


def _joined(seen: FloatArray, expected: FloatArray, least: float) -> tuple[FloatArray, FloatArray]:
    kept = seen.sum(axis=1) > 0
    o, e = list(seen[kept]), list(expected[kept])

    def merge(a: int, into: int) -> None:
        o[into] = o[into] + o[a]
        e[into] = e[into] + e[a]
        del o[a], e[a]

    i = 0
    while i < len(o) - 1:
        if o[i].sum() == 1:
            merge(i, i + 1)
        else:
            i += 1
    if len(o) > 1 and o[-1].sum() == 1:
        merge(len(o) - 1, len(o) - 2)
    return np.array(o), np.array(e)


def _test(seen: FloatArray, expected: FloatArray, free: int, least: float, n: int) -> dict[str, float]:
    o, e = _joined(seen, expected, least)
    if seen.shape[1] == 2:
        o, e = _rows_joined(o, e, least)
        cells = np.ones_like(e, dtype=bool)
    else:
        o, e, cells = _cells_joined(o, e, least)
    df = int(cells.sum()) - len(e) - free
    if df < 1:
        return {"statistic": float("nan"), "df": 0.0, "p": float("nan"), "rmsea": float("nan")}
    statistic = float(((o - e)[cells] ** 2 / e[cells]).sum())
    rmsea = float(np.sqrt(max(statistic - df, 0.0) / (df * (n - 1))))
    return {"statistic": statistic, "df": float(df), "p": float(stats.chi2.sf(statistic, df)), "rmsea": rmsea}


def _rows_joined(o: FloatArray, e: FloatArray, least: float) -> tuple[FloatArray, FloatArray]:
    while len(e) > 1 and (e < least).any():
        at = int(np.flatnonzero((e < least).any(axis=1))[0])
        if at == 0:
            into = 1
        elif at == len(e) - 1:
            into = at - 1
        else:
            into = at - 1 if o[at - 1].sum() <= o[at + 1].sum() else at + 1
        o[into] += o[at]
        e[into] += e[at]
        o, e = np.delete(o, at, axis=0), np.delete(e, at, axis=0)
    return o, e


def _cells_joined(
    o: FloatArray, e: FloatArray, least: float
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """The smallest cell of a score group joins its smaller neighbour while one is below `least` and three are left.

    What is left is moved to the left; a group whose two cells are still too small joins the next group.
    """
    cells_o, cells_e = np.zeros_like(o), np.zeros_like(e)
    for row in range(len(e)):
        own_e, own_o = list(e[row]), list(o[row])
        while len(own_e) > 2 and min(own_e) < least:
            at = max(i for i, x in enumerate(own_e) if x == min(own_e))
            if at == 0:
                into = 1
            elif at == len(own_e) - 1:
                into = at - 1
            else:
                into = at - 1 if own_e[at - 1] <= own_e[at + 1] else at + 1
            own_e[into] += own_e[at]
            own_o[into] += own_o[at]
            del own_e[at], own_o[at]
        cells_e[row, : len(own_e)], cells_o[row, : len(own_o)] = own_e, own_o
    while len(cells_e) > 1:
        small = ((cells_e > 0) & (cells_e < least)).any(axis=1)
        if not small.any():
            break
        at = int(np.flatnonzero(small)[0])
        if at == 0:
            into = 1
        elif at == len(cells_e) - 1:
            into = at - 1
        else:
            into = at - 1 if cells_o[at - 1].sum() <= cells_o[at + 1].sum() else at + 1
        cells_o[into] += cells_o[at]
        cells_e[into] += cells_e[at]
        cells_o, cells_e = np.delete(cells_o, at, axis=0), np.delete(cells_e, at, axis=0)
    return cells_o, cells_e, cells_e > 0
