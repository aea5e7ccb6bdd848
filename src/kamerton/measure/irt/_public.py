"""The models by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from ._models import TYPES, _Model

Quadrature = int | Literal["auto"]
Normal = tuple[float, float] | None


class Rasch(_Model):
    """Estimates difficulties of 0/1 items and the spread of persons, all items equally sharp (Rasch 1960).

    P(1) = logistic(θ + d), θ ~ N(0, σ²) with σ estimated; difficulty is −d in logits.

    Parameters: `quadrature` "auto" (default: 61 nodes or as many as the narrowest posterior needs) or a number of nodes on
    [−6, 6]; `names` of items; `standard_errors` default True; `intercept_prior` (mean, sd) of a normal prior on d,
    default none; `tolerance` largest change of a parameter at which a fit ends, default 1e-5 (about a thousandth of a
    standard error at n = 10,000); `max_cycles` 500.

    After `fit`: `parameters_` Table, `slope_` (J,), `intercept_` (J, K − 1), `latent_mean_`, `latent_sd_` (G,),
    `covariance_` of all natural parameters, `log_likelihood_`, `n_parameters_`, `nodes_`, `weights_` (Q,), `flags_`.

    Assumes one dimension, no guessing, equal slopes, answers independent given θ. Do not use it when slopes differ
    plainly (compare with TwoParameter) or below about 100 persons.

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> x = (rng.normal(size=(400, 1)) - np.linspace(-1, 1, 8) + rng.logistic(size=(400, 8)) > 0).astype(float)
    >>> model = Rasch().fit(x)
    >>> bool(model.intercept_[0, 0] > model.intercept_[-1, 0])
    True
    """

    kind: ClassVar[str] = "rasch"

    def __init__(
        self, *, quadrature: Quadrature = "auto", names: Sequence[str] | None = None, standard_errors: bool = True,
        intercept_prior: Normal = None, tolerance: float = 1e-5, max_cycles: int = 500,
    ) -> None:  # fmt: skip
        self.quadrature = quadrature
        self.names = names
        self.standard_errors = standard_errors
        self.intercept_prior = intercept_prior
        self.tolerance = tolerance
        self.max_cycles = max_cycles

    slope_prior = None


class PartialCredit(Rasch):
    """Estimates step difficulties of graded answers, all items equally sharp (Masters 1982).

    log P(X = k) = kθ + c_k + const, θ ~ N(0, σ²); the k-th step difficulty is −(c_k − c_{k−1}), where categories k − 1
    and k are equally likely. Parameters and attributes as `Rasch`. Steps may be disordered; that is a fact about the
    use of categories, not a fault of the fit. Do not use it when items differ plainly in sharpness.

    >>> import numpy as np
    >>> rng = np.random.default_rng(2)
    >>> x = np.clip(np.round(rng.normal(size=(300, 1)) + rng.normal(size=(300, 6)) + 1.5), 0, 3)
    >>> PartialCredit().fit(x).n_categories_.tolist()
    [4, 4, 4, 4, 4, 4]
    """

    kind: ClassVar[str] = "pcm"


class RatingScale(Rasch):
    """Estimates one difficulty an item and one set of steps for all items with the same number of categories (Andrich 1978).

    log P(X = k) = kθ + kβ_j + t_k + const with the last t = 0. Parameters and attributes as `Rasch`. Use it for a common
    answer scale; with few persons it needs far fewer parameters than partial credit. Do not use it when items have
    scales of their own.

    >>> import numpy as np
    >>> rng = np.random.default_rng(3)
    >>> x = np.clip(np.round(rng.normal(size=(300, 1)) + rng.normal(size=(300, 6)) + 1.5), 0, 3)
    >>> RatingScale().fit(x).n_parameters_
    9
    """

    kind: ClassVar[str] = "rsm"


class TwoParameter(_Model):
    """Estimates slope and difficulty of 0/1 items (Birnbaum 1968).

    P(1) = logistic(a θ + d), θ ~ N(0, 1) in the reference group; difficulty b = −d / a. Parameters as `Rasch` and
    `slope_prior` (mean, sd) of a normal prior on log a, default none (with under 200 persons (0, 0.5) is a mild help).
    No parameter is bounded: what runs away is flagged `diverging` with its value.

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> x = (rng.normal(size=(500, 1)) - np.linspace(-1, 1, 8) + rng.logistic(size=(500, 8)) > 0).astype(float)
    >>> model = TwoParameter().fit(x)
    >>> model.estimate(x[:3]).value.shape
    (3,)
    """

    kind: ClassVar[str] = "2pl"

    def __init__(
        self, *, quadrature: Quadrature = "auto", names: Sequence[str] | None = None, standard_errors: bool = True,
        slope_prior: Normal = None, intercept_prior: Normal = None, tolerance: float = 1e-5, max_cycles: int = 500,
    ) -> None:  # fmt: skip
        self.quadrature = quadrature
        self.names = names
        self.standard_errors = standard_errors
        self.slope_prior = slope_prior
        self.intercept_prior = intercept_prior
        self.tolerance = tolerance
        self.max_cycles = max_cycles


class GradedResponse(TwoParameter):
    """Estimates slope and thresholds of ordered answers (Samejima 1969).

    P(X ≥ k) = logistic(a θ + d_k), θ ~ N(0, 1) in the reference group; threshold b_k = −d_k / a. Parameters and
    attributes as `TwoParameter`. Categories that nobody used are joined with a neighbour and flagged.

    >>> import numpy as np
    >>> rng = np.random.default_rng(4)
    >>> x = np.clip(np.round(rng.normal(size=(300, 1)) + rng.normal(size=(300, 6)) + 2), 0, 4)
    >>> model = GradedResponse().fit(x)
    >>> bool(np.all(np.diff(model.intercept_, axis=1) < 0))
    True
    """

    kind: ClassVar[str] = "graded"


class GeneralizedPartialCredit(TwoParameter):
    """Estimates slope and step difficulties of ordered answers (Muraki 1992).

    log P(X = k) = k a θ + c_k + const, θ ~ N(0, 1) in the reference group; step difficulty −(c_k − c_{k−1}) / a.
    Parameters and attributes as `TwoParameter`.

    >>> import numpy as np
    >>> rng = np.random.default_rng(5)
    >>> x = np.clip(np.round(rng.normal(size=(300, 1)) + rng.normal(size=(300, 6)) + 1), 0, 2)
    >>> GeneralizedPartialCredit().fit(x).slope_.shape
    (6,)
    """

    kind: ClassVar[str] = "gpcm"


class ThreeParameter(_Model):
    """Estimates slope, difficulty and the chance of guessing right of 0/1 items (Birnbaum 1968).

    P(1) = g + (1 − g) logistic(a θ + d). Guessing is nearly unidentified without a prior; `guessing_prior` (α, β) of a
    beta distribution, default (5, 17), mean .23, the weight of 20 answers. Below 1,000 persons `too_few_persons` is
    flagged: what is learnt of g is then mostly the prior. The weighted-likelihood estimate may not be unique here.
    Other parameters and attributes as `TwoParameter`, and `guessing_` (J,).

    >>> import numpy as np
    >>> rng = np.random.default_rng(6)
    >>> theta = rng.normal(size=(600, 1))
    >>> p = 0.2 + 0.8 / (1 + np.exp(-1.5 * (theta - np.linspace(-1, 1, 8))))
    >>> x = (rng.random((600, 8)) < p).astype(float)
    >>> model = ThreeParameter().fit(x)
    >>> bool(np.all((model.guessing_ > 0.05) & (model.guessing_ < 0.5)))
    True
    """

    kind: ClassVar[str] = "3pl"

    def __init__(
        self, *, quadrature: Quadrature = "auto", names: Sequence[str] | None = None, standard_errors: bool = True,
        slope_prior: Normal = None, intercept_prior: Normal = None, guessing_prior: Normal = (5.0, 17.0),
        tolerance: float = 1e-5, max_cycles: int = 500,
    ) -> None:  # fmt: skip
        self.quadrature = quadrature
        self.names = names
        self.standard_errors = standard_errors
        self.slope_prior = slope_prior
        self.intercept_prior = intercept_prior
        self.guessing_prior = guessing_prior
        self.tolerance = tolerance
        self.max_cycles = max_cycles


class Mixed(ThreeParameter):
    """Estimates items of several types in one form on one ability.

    `types`: one of "rasch", "2pl", "3pl", "graded", "gpcm", "pcm", "rsm" for each item. θ ~ N(0, 1) in the reference
    group as soon as one slope is free; otherwise its spread is estimated. Other parameters as `ThreeParameter`.

    >>> import numpy as np
    >>> rng = np.random.default_rng(7)
    >>> theta = rng.normal(size=(400, 1))
    >>> right = (theta + rng.logistic(size=(400, 4)) > 0).astype(float)
    >>> rated = np.clip(np.round(theta + rng.normal(size=(400, 2)) + 1), 0, 2)
    >>> Mixed(types=("2pl",) * 4 + ("gpcm",) * 2).fit(np.hstack((right, rated))).types_[-1]
    'gpcm'
    """

    def __init__(
        self, *, types: Sequence[str] = (), quadrature: Quadrature = "auto", names: Sequence[str] | None = None,
        standard_errors: bool = True, slope_prior: Normal = None, intercept_prior: Normal = None,
        guessing_prior: Normal = (5.0, 17.0), tolerance: float = 1e-5, max_cycles: int = 500,
    ) -> None:  # fmt: skip
        super().__init__(
            quadrature=quadrature, names=names, standard_errors=standard_errors, slope_prior=slope_prior,
            intercept_prior=intercept_prior, guessing_prior=guessing_prior, tolerance=tolerance, max_cycles=max_cycles,
        )  # fmt: skip
        self.types = types

    def _types(self, count: int) -> tuple[str, ...]:
        if len(self.types) != count:
            raise ValueError(f"types names {len(self.types)} items, the answers have {count}.")
        unknown = sorted(set(self.types) - set(TYPES))
        if unknown:
            raise ValueError(f"types holds {', '.join(unknown)}; known are {', '.join(TYPES)}.")
        return tuple(self.types)
