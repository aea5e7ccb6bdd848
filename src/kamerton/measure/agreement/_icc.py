"""Intraclass correlations of a table subjects × raters: all forms, with F-based intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri
from scipy.stats import f as fisher

from .._checks import FloatArray
from .._estimator import Flag, Table, frame_of
from ..classical import Interval
from ._coefficient import FEW_SUBJECTS, Coefficient, check_level, check_matrix, complete_rows

Form = Literal["ICC(1)", "ICC(A,1)", "ICC(C,1)", "ICC(k)", "ICC(A,k)", "ICC(C,k)"]
FORMS: tuple[Form, ...] = ("ICC(1)", "ICC(A,1)", "ICC(C,1)", "ICC(k)", "ICC(A,k)", "ICC(C,k)")
SHROUT_FLEISS: dict[str, Form] = {
    "ICC(1,1)": "ICC(1)",
    "ICC(2,1)": "ICC(A,1)",
    "ICC(3,1)": "ICC(C,1)",
    "ICC(1,k)": "ICC(k)",
    "ICC(2,k)": "ICC(A,k)",
    "ICC(3,k)": "ICC(C,k)",
}
"""Names of Shrout and Fleiss (1979) → names of McGraw and Wong (1996)."""


@dataclass(frozen=True)
class MeanSquares:
    """Two-way table of variance: mean squares and their degrees of freedom.

    subjects (BMS), raters (JMS), within (WMS: all within subjects), error (EMS: subjects × raters).
    """

    subjects: float
    raters: float
    within: float
    error: float
    df_subjects: int
    df_raters: int
    df_within: int
    df_error: int


@dataclass(frozen=True)
class IntraclassCorrelations:
    """All six forms of one table. `forms` in the order of FORMS; `[name]` takes either author's name.

    `mean_squares` is None when the components came from REML; `components`: variances of subjects, raters and error.
    """

    forms: tuple[Coefficient, ...]
    mean_squares: MeanSquares | None
    components: tuple[float, float, float]
    n: int
    raters: float
    flags: tuple[Flag, ...]

    def __getitem__(self, name: str) -> Coefficient:
        wanted = SHROUT_FLEISS.get(name.replace(" ", ""), name.replace(" ", ""))
        for form in self.forms:
            if form.name == wanted:
                return form
        raise KeyError(
            f"{name!r} is not an intraclass correlation; known: {', '.join((*FORMS, *SHROUT_FLEISS))}."
        )

    def __iter__(self) -> Iterator[Coefficient]:
        return iter(self.forms)

    def table(self) -> Table:
        """One row a form: name, value, se, low, high, F, df1, df2 and p."""
        ends = [(f.interval.low, f.interval.high) if f.interval else (math.nan, math.nan) for f in self.forms]
        back = {form: name for name, form in SHROUT_FLEISS.items()}
        return Table(
            {
                "form": np.array([f.name for f in self.forms]),
                "shrout_fleiss": np.array([back[f.name] for f in self.forms]),  # type: ignore[index]
                "value": np.array([f.value for f in self.forms]),
                "se": np.array([f.se for f in self.forms]),
                "low": np.array([e[0] for e in ends]),
                "high": np.array([e[1] for e in ends]),
                "F": np.array([f.statistic for f in self.forms]),
                "p": np.array([f.p_value for f in self.forms]),
            }
        )

    def to_frame(self, library: str = "pandas") -> Any:
        """The table as a frame of pandas or polars, where installed."""
        return frame_of(self.table().columns, library)


def mean_squares(ratings: ArrayLike) -> MeanSquares:
    """Mean squares of a complete table subjects × raters.

    >>> ms = mean_squares([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
    >>> round(ms.subjects, 2), round(ms.raters, 2), round(ms.within, 2), round(ms.error, 2)
    (11.24, 32.49, 6.26, 1.02)
    """
    x, _ = complete_rows(check_matrix(ratings), "refuse", "mean_squares")
    n, k = x.shape
    z = x - x.mean()
    rows, columns = z.mean(axis=1), z.mean(axis=0)
    within = float(((z - rows[:, None]) ** 2).sum())
    error = float(((z - rows[:, None] - columns[None, :]) ** 2).sum())
    return MeanSquares(
        subjects=float(k * (rows**2).sum() / (n - 1)),
        raters=float(n * (columns**2).sum() / (k - 1)),
        within=within / (n * (k - 1)),
        error=error / ((n - 1) * (k - 1)),
        df_subjects=n - 1, df_raters=k - 1, df_within=n * (k - 1), df_error=(n - 1) * (k - 1),
    )  # fmt: skip


def step_up(value: float, k: float) -> float:
    """Spearman–Brown: reliability of a mean of k from that of one; −inf below the pole at −1/(k − 1)."""
    below = 1 + (k - 1) * value
    return k * value / below if below > 0 else -math.inf


def _ratio_interval(f: float, df1: float, df2: float, k: float, level: float) -> Interval:
    """(F − 1)/(F + k − 1) at both ends of the F ratio divided by its quantiles."""
    tail = (1 - level) / 2
    low = f / float(fisher.ppf(1 - tail, df1, df2))
    high = f * float(fisher.ppf(1 - tail, df2, df1))
    return Interval((low - 1) / (low + k - 1), (high - 1) / (high + k - 1), level, "F")


def _agreement_interval(ms: MeanSquares, value: float, n: int, k: int, level: float) -> Interval:
    """McGraw and Wong's interval of ICC(A,1): F with Satterthwaite's degrees of freedom."""
    if value >= 1:
        return Interval(1.0, 1.0, level, "F_satterthwaite")
    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    mixed = a * ms.raters + b * ms.error
    parts = (a * ms.raters) ** 2 / (k - 1) + (b * ms.error) ** 2 / ((n - 1) * (k - 1))
    df = mixed**2 / parts if parts > 0 else math.inf
    tail = (1 - level) / 2
    up = float(fisher.ppf(1 - tail, n - 1, df))
    down = float(fisher.ppf(1 - tail, df, n - 1))
    spread = k * ms.raters + (k * n - k - n) * ms.error
    low = n * (ms.subjects - up * ms.error) / (up * spread + n * ms.subjects)
    high = n * (down * ms.subjects - ms.error) / (spread + n * down * ms.subjects)
    return Interval(low, high, level, "F_satterthwaite")


def _delta_se(gradient: list[float], ms: MeanSquares, kinds: tuple[str, ...]) -> float:
    """Error of a smooth function of independent mean squares, each with variance 2 MS²/df."""
    total = 0.0
    for slope, kind in zip(gradient, kinds, strict=True):
        value, df = float(getattr(ms, kind)), int(getattr(ms, f"df_{kind}"))
        total += slope**2 * 2 * value**2 / df
    return math.sqrt(total)


def _forms(ms: MeanSquares, n: int, k: int, level: float, flags: tuple[Flag, ...]) -> tuple[Coefficient, ...]:
    b, j, w, e = ms.subjects, ms.raters, ms.within, ms.error
    one_f = b / w if w > 0 else math.inf
    two_f = b / e if e > 0 else math.inf
    d1, da, dc = b + (k - 1) * w, b + (k - 1) * e + k * (j - e) / n, b + (k - 1) * e
    dk = b + (j - e) / n
    values = (b - w) / d1, (b - e) / da, (b - e) / dc, (b - w) / b, (b - e) / dk, (b - e) / b
    exact = e <= 1e-14 * b
    if exact:
        flags = (
            *flags,
            Flag("perfect_consistency", "", "raters differ by constants only; intervals are points"),
        )
    first = (
        _ratio_interval(one_f, n - 1, ms.df_within, k, level)
        if math.isfinite(one_f)
        else Interval(1.0, 1.0, level, "F")
    )
    third = (
        _ratio_interval(two_f, n - 1, ms.df_error, k, level)
        if math.isfinite(two_f) and not exact
        else Interval(1.0, 1.0, level, "F")
    )
    second = _agreement_interval(ms, values[1], n, k, level)
    singles = (first, second, third)
    averages = tuple(Interval(step_up(i.low, k), step_up(i.high, k), level, i.method) for i in singles)
    two, three = ("subjects", "within"), ("subjects", "raters", "error")
    pair = ("subjects", "error")
    v1, va, vc = values[:3]
    se = (
        _delta_se([(1 - v1) / d1, -(1 + (k - 1) * v1) / d1], ms, two),
        _delta_se([(1 - va) / da, -va * k / n / da, (-1 - va * (k - 1 - k / n)) / da], ms, three),
        _delta_se([(1 - vc) / dc, -(1 + (k - 1) * vc) / dc], ms, pair),
        _delta_se([w / b**2, -1 / b], ms, two),
        _delta_se([(1 - values[4]) / dk, -values[4] / n / dk, (-1 + values[4] / n) / dk], ms, three),
        _delta_se([e / b**2, -1 / b], ms, pair),
    )
    tests = [(one_f, ms.df_within), (two_f, ms.df_error), (two_f, ms.df_error)] * 2
    out = []
    for place, form in enumerate(FORMS):
        f, df2 = tests[place]
        own = flags
        if values[place] < 0:
            own = (*own, Flag("negative_value", form, "raters differ on a subject more than subjects differ"))
        out.append(
            Coefficient(
                form,
                float(values[place]),
                se[place],
                (*singles, *averages)[place],
                n,
                k,
                statistic=f,
                df=float(df2),
                p_value=float(fisher.sf(f, n - 1, df2)),
                flags=own,
            )
        )
    return tuple(out)


def icc(
    ratings: ArrayLike,
    *,
    missing: Literal["refuse", "complete", "reml"] = "refuse",
    level: float = 0.95,
) -> IntraclassCorrelations:
    """All intraclass correlations of subjects × raters, single and averaged, with intervals.

    | McGraw–Wong | Shrout–Fleiss | raters | formula |
    |---|---|---|---|
    | ICC(1) | ICC(1,1) | different ones for each subject | (BMS − WMS)/(BMS + (k−1)WMS) |
    | ICC(A,1) | ICC(2,1) | the same for all, agreement | (BMS − EMS)/(BMS + (k−1)EMS + k(JMS − EMS)/n) |
    | ICC(C,1) | ICC(3,1) | the same for all, consistency | (BMS − EMS)/(BMS + (k−1)EMS) |
    | ICC(k), ICC(A,k), ICC(C,k) | ICC(1,k), (2,k), (3,k) | mean of the k raters | Spearman–Brown of the above |

    Choose before looking: agreement (A) where a cut or a level is applied to the rating itself, consistency (C) where
    severity will be taken out or only the order counts, (1) where each subject had other raters; the averaged form
    when the mean of the same k raters is used. ICC(C,k) is coefficient alpha of the raters.

    Parameters: `ratings` subjects × raters. `missing`: "refuse" (default) raises and names the first gap; "complete"
    uses complete rows; "reml" estimates the components from all cells (subjects and raters random) with intervals on
    Fisher's z by the delta method, k = harmonic mean of ratings a subject. `level` 0.95 by default.

    `statistic`, `df`, `p_value` test against 0 by F (n − 1 and `df`). `se` is the delta-method error; the interval is
    exact for (1) and (C), by Satterthwaite's degrees of freedom for (A). Flags: `negative_value`, `few_subjects`,
    `rows_dropped`, `perfect_consistency`.

    Assumes normal scores; an ICC depends on how much these subjects differ, so it does not carry over to a more
    homogeneous group. Do not use it for unordered categories.

    >>> r = icc([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
    >>> [round(f.value, 2) for f in r]
    [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]
    >>> round(r["ICC(2,1)"].interval.low, 3), round(r["ICC(A,1)"].interval.high, 3)
    (0.019, 0.761)

    References: Shrout & Fleiss 1979; McGraw & Wong 1996.
    """
    check_level(level)
    matrix = check_matrix(ratings)
    if missing == "reml":
        return _by_reml(matrix, level)
    if missing not in ("refuse", "complete"):
        raise ValueError(f'missing is {missing!r}; it is "refuse", "complete" or "reml".')
    x, flags = complete_rows(matrix, missing, "icc")
    n, k = x.shape
    if n < FEW_SUBJECTS:
        flags = (*flags, Flag("few_subjects", "", f"{n} subjects; expect a wide interval"))
    ms = mean_squares(x)
    if ms.subjects <= 1e-300 and ms.within <= 1e-300:
        raise ValueError(
            "all ratings are equal; an intraclass correlation compares spreads and there is none."
        )
    if ms.subjects <= 1e-14 * ms.within:
        forms = tuple(
            Coefficient(f, math.nan, math.nan, None, n, k, flags=(*flags, Flag("no_variance", "subjects")))
            for f in FORMS
        )
        return IntraclassCorrelations(forms, ms, (math.nan,) * 3, n, float(k), flags)
    parts = (ms.subjects - ms.error) / k, (ms.raters - ms.error) / n, ms.error
    return IntraclassCorrelations(_forms(ms, n, k, level, flags), ms, parts, n, float(k), flags)


def _by_reml(matrix: FloatArray, level: float) -> IntraclassCorrelations:
    from ..generalizability import GeneralizabilityStudy

    row, column = np.nonzero(~np.isnan(matrix))
    values = matrix[row, column]
    two = GeneralizabilityStudy(design="p x r", method="reml").fit(values, {"p": row, "r": column})
    one = GeneralizabilityStudy(design="i:p", object="p", method="reml").fit(
        values, {"p": row, "i": np.arange(len(row))}
    )
    per = np.bincount(row, minlength=len(matrix)).astype(np.float64)
    per = per[per > 0]
    k = float(len(per) / (1 / per).sum())
    n, raters = len(per), matrix.shape[1]
    flags = (
        Flag(
            "reml",
            "",
            f"{int((~np.isnan(matrix)).sum())} of {matrix.size} cells; averages are of {k:.2f} raters",
        ),
        *two.flags_,
    )
    out: list[Coefficient] = []
    for averaged in (False, True):
        times = k if averaged else 1.0
        for form, study, noise in (
            (FORMS[0], one, (0.0, 1.0)),
            (FORMS[1], two, (0.0, 1.0, 1.0)),
            (FORMS[2], two, (0.0, 0.0, 1.0)),
        ):
            s2, cover = np.asarray(study.components_), np.asarray(study.covariance_)
            error = np.array(noise) / times
            top, bottom = float(s2[0]), float(s2[0] + error @ s2)
            value = top / bottom
            gradient = -top / bottom**2 * error
            gradient[0] += error @ s2 / bottom**2
            se = math.sqrt(max(0.0, float(gradient @ cover @ gradient)))
            name = (
                {"ICC(1)": "ICC(k)", "ICC(A,1)": "ICC(A,k)", "ICC(C,1)": "ICC(C,k)"}[form]
                if averaged
                else form
            )
            half = float(ndtri(0.5 + level / 2)) * se / (1 - value**2) if abs(value) < 1 else 0.0
            z = math.atanh(value) if abs(value) < 1 else math.inf
            ends = Interval(math.tanh(z - half), math.tanh(z + half), level, "fisher_z_delta")
            out.append(Coefficient(name, value, se, ends, n, raters, flags=flags))
    s = [float(v) for v in two.components_]
    return IntraclassCorrelations(tuple(out), None, (s[0], s[1], s[2]), n, k, flags)
