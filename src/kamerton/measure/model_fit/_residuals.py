"""Where the model does not hold: infit and outfit of items, persons whose answers do not fit, pairs that hang together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from .._checks import FloatArray
from .._estimator import Estimates, Table
from ..irt._answers import MISSING

if TYPE_CHECKING:
    from ..irt._models import _Model

Q3_ABOVE_MEAN = 0.2
"""A pair whose Q3 lies this far above the mean of all pairs hangs together (Christensen, Makransky & Horton 2017); the mean itself
is near −1/(J − 1), because abilities were estimated from the same answers."""


@dataclass(frozen=True)
class LocalDependence:
    """`q3` (J, J) correlations of residuals, NaN on the diagonal; `mean` over pairs; `pairs` those more than 0.2 above it."""

    q3: FloatArray
    mean: float
    pairs: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True)
class _Residuals:
    codes: FloatArray  # (N, J), NaN = not presented
    mean: FloatArray
    variance: FloatArray
    fourth: FloatArray


def _residuals(model: _Model, answers: ArrayLike, theta: FloatArray) -> _Residuals:
    data = model._data(answers, None)
    codes = np.where(data.codes == MISSING, np.nan, data.codes.astype(np.float64))
    codes[:, model.n_categories_ < 2] = np.nan
    p = model.probabilities(theta)
    k = np.arange(p.shape[2])
    mean = p @ k
    away = k - mean[..., None]
    return _Residuals(codes, mean, (p * away**2).sum(axis=2), (p * away**4).sum(axis=2))


def item_fit(model: _Model, answers: ArrayLike, *, method: Literal["eap", "map", "wle"] = "eap") -> Table:
    """Mean squared residuals of items: `infit` weighted by information, `outfit` plain, each near 1 when the model holds.

    Outfit = mean of (x − E)²/V over persons, infit = Σ(x − E)²/ΣV, with E and V at each person's estimated ability; `z_infit`, `z_outfit`
    by Wilson & Hilferty's cube root. Above 1: noise, guessing, a wrong key; below: the item repeats others. The two depend on
    how ability was estimated (`method`): compare like with like. Columns: item, n, infit, z_infit, outfit, z_outfit.

    >>> import numpy as np
    >>> from kamerton.measure.irt import Rasch
    >>> rng = np.random.default_rng(1)
    >>> x = (rng.normal(size=(600, 1)) - np.linspace(-1, 1, 8) + rng.logistic(size=(600, 8)) > 0).astype(float)
    >>> table = item_fit(Rasch().fit(x), x)
    >>> bool(np.all(np.abs(table["infit"] - 1) < 0.2))
    True
    """
    r = _residuals(model, answers, model.estimate(answers, method=method).value)
    seen = ~np.isnan(r.codes)
    square = np.where(seen, (r.codes - r.mean) ** 2, 0.0)
    variance = np.where(seen, r.variance, 0.0)
    n = seen.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        outfit = np.where(seen, square / r.variance, 0.0).sum(axis=0) / n
        infit = square.sum(axis=0) / variance.sum(axis=0)
        q_out = np.sqrt(np.where(seen, r.fourth / r.variance**2 - 1, 0.0).sum(axis=0)) / n
        q_in = np.sqrt(np.where(seen, r.fourth - r.variance**2, 0.0).sum(axis=0)) / variance.sum(axis=0)
        z_out = (np.cbrt(outfit) - 1) * 3 / q_out + q_out / 3
        z_in = (np.cbrt(infit) - 1) * 3 / q_in + q_in / 3
    return Table(
        {
            "item": np.array(model.item_names_),
            "n": n,
            "infit": infit,
            "z_infit": z_in,
            "outfit": outfit,
            "z_outfit": z_out,
        }
    )


def person_fit(model: _Model, answers: ArrayLike, *, method: Literal["eap", "map", "wle"] = "eap") -> Table:
    """How well each person's answers fit: `zh`, the standardised log-likelihood (Drasgow, Levine & Williams 1985), infit, outfit.

    zh = (l − E l)/√Var l at the person's estimated ability. Far below 0: hard items right and easy ones wrong, careless or
    copied answers, a wrong answer sheet; far above: too regular. Its spread is below 1, because the ability was estimated from the
    same answers, so −1.6 is already rare. It is a reason to look at the answers and to ask, never a verdict. Columns: n, zh,
    infit, outfit.

    >>> import numpy as np
    >>> from kamerton.measure.irt import Rasch
    >>> rng = np.random.default_rng(1)
    >>> x = (rng.normal(size=(600, 1)) - np.linspace(-2, 2, 12) + rng.logistic(size=(600, 12)) > 0).astype(float)
    >>> x[0] = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    >>> bool(person_fit(Rasch().fit(x), x)["zh"][0] < -2)
    True
    """
    theta: Estimates = model.estimate(answers, method=method)
    data = model._data(answers, None)
    p = model.probabilities(theta.value)
    logs = np.log(np.maximum(p, 1e-300))
    seen = (data.codes != MISSING) & (model.n_categories_ > 1)
    given = np.take_along_axis(logs, np.maximum(data.codes, 0)[..., None].astype(np.intp), 2)[..., 0]
    expected = (p * logs).sum(axis=2)
    spread = (p * logs**2).sum(axis=2) - expected**2
    with np.errstate(invalid="ignore", divide="ignore"):
        zh = np.where(seen, given - expected, 0).sum(axis=1) / np.sqrt(np.where(seen, spread, 0).sum(axis=1))
        r = _residuals(model, answers, theta.value)
        square = np.where(seen, (r.codes - r.mean) ** 2, 0.0)
        infit = square.sum(axis=1) / np.where(seen, r.variance, 0.0).sum(axis=1)
        outfit = np.where(seen, square / np.where(r.variance > 0, r.variance, np.nan), 0.0).sum(
            axis=1
        ) / seen.sum(axis=1)
    return Table({"n": seen.sum(axis=1), "zh": zh, "infit": infit, "outfit": outfit})


def local_dependence(
    model: _Model, answers: ArrayLike, *, method: Literal["eap", "map", "wle"] = "eap"
) -> LocalDependence:
    """Yen's Q3: correlations of the residuals of pairs of items, which should be small once ability is taken out.

    Pairs more than 0.2 above the mean are named: items that share a text, a table or a wording, and count one skill twice. Missing
    answers are left out pair by pair.

    >>> import numpy as np
    >>> from kamerton.measure.irt import Rasch
    >>> rng = np.random.default_rng(1)
    >>> x = (rng.normal(size=(600, 1)) - np.linspace(-1, 1, 8) + rng.logistic(size=(600, 8)) > 0).astype(float)
    >>> x[:, 7] = np.where(rng.random(600) < 0.8, x[:, 6], x[:, 7])
    >>> local_dependence(Rasch().fit(x), x).pairs[0][:2]
    ('item7', 'item8')
    """
    r = _residuals(model, answers, model.estimate(answers, method=method).value)
    away = r.codes - r.mean
    items = away.shape[1]
    q3 = np.full((items, items), np.nan)
    if not np.isnan(away).any():
        q3[:] = np.corrcoef(away, rowvar=False)
        np.fill_diagonal(q3, np.nan)
    else:
        for a in range(items):
            for b in range(a + 1, items):
                both = ~np.isnan(away[:, a]) & ~np.isnan(away[:, b])
                if both.sum() > 3 and away[both, a].std() > 0 and away[both, b].std() > 0:
                    q3[a, b] = q3[b, a] = np.corrcoef(away[both, a], away[both, b])[0, 1]
    upper = np.triu_indices(items, 1)
    values = q3[upper]
    mean = float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
    found = [
        (model.item_names_[a], model.item_names_[b], float(q3[a, b]))
        for a, b in zip(*upper, strict=True)
        if q3[a, b] - mean > Q3_ABOVE_MEAN
    ]
    return LocalDependence(q3, mean, tuple(sorted(found, key=lambda pair: -pair[2])))
