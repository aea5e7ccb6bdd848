"""The specification's figures beside those of the simulation study, as tables of a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kamerton.measure.simulation import SCENARIOS, Figure, Study, plan_precision

BOTH = ("moderate", "hard")
Told = float | tuple[float, float] | None
"""What was printed: a figure, a range, or nothing."""


@dataclass(frozen=True)
class Line:
    """A row of a table: words, names of figures, what the specification printed for the moderate and the hard truth."""

    words: str
    figures: tuple[str, ...]
    moderate: tuple[Told, ...]
    hard: tuple[Told, ...]


PIPELINE = ("rmse", "cover80", "cover95", "composite_rmse", "composite_cover80", "four", "gate_fn", "gate_fp")


def _pipe(words: str, name: str, moderate: tuple[Told, ...], hard: tuple[Told, ...]) -> Line:
    return Line(words, tuple(f"{name}.{x}" for x in PIPELINE), moderate, hard)


B1 = (
    Line("block, classical: RMSE", ("block.rmse",), (0.66,), (0.66,)),
    Line("block, classical: reliability", ("block.reliability",), (0.61,), (0.62,)),
    Line("test total: reliability", ("test.reliability",), (0.88,), (0.91,)),
    Line("ratings, raw: RMSE", ("ratings.none.rmse",), (0.455,), (0.525,)),
    Line("ratings, severity removed: RMSE", ("ratings.mean.rmse",), (0.445,), (0.515,)),
    Line("ratings, true severities: RMSE", ("ratings.true.rmse",), (0.444,), (0.514,)),
    Line("severity: RMSE", ("severity_rmse",), ((0.07, 0.08),), ((0.07, 0.08),)),
    Line("lenient rater found", ("lenient_found",), ((0.98, 1.0),), ((0.98, 1.0),)),
    Line("central rater found", ("central_found",), ((0.97, 1.0),), ((0.97, 1.0),)),
    Line("an ordinary rater flagged as severe or lenient", ("false_severity",), (0.06,), (0.06,)),
    Line("conflict flagged without cause", ("conflict",), (0.011,), (0.011,)),
    Line("the same without method variance", ("conflict_without_method",), ((0.17, 0.28),), ((0.17, 0.28),)),
)
LARGE = (
    Line("block, classical: RMSE", ("large.block.rmse",), (0.65,), (0.65,)),
    Line("block, borrowing from the others: RMSE", ("large.borrowed.rmse",), (0.46,), (0.42,)),
    Line("block, classical: reliability", ("large.block.reliability",), (0.63,), (0.64,)),
    Line("block, borrowing: reliability", ("large.borrowed.reliability",), (0.71,), (0.78,)),
    Line("block, borrowing: 80 % holds", ("large.borrowed.cover80",), (0.80,), (0.81,)),
    Line("block, borrowing: 95 % holds", ("large.borrowed.cover95",), (0.95,), (0.95,)),
    Line("competency: RMSE", ("large.rmse",), (0.38,), (0.42,)),
    Line("competency: 80 % holds", ("large.cover80",), (0.81,), (0.81,)),
    Line("competency: 95 % holds", ("large.cover95",), (0.95,), (0.95,)),
    Line("composite: RMSE", ("large.composite_rmse",), (0.21,), (0.25,)),
    Line("composite: 80 % holds", ("large.composite_cover80",), (0.82,), (0.81,)),
    Line("four categories as in truth", ("large.four",), (0.68,), (0.67,)),
    Line("competency: reliability", ("large.reliability",), (0.74,), (0.69,)),
    Line("composite: reliability", ("large.composite_reliability",), (0.84,), (0.83,)),
)
B2 = (
    _pipe("raw, no method variance", "raw", (0.40, 0.61, 0.81, 0.23, 0.40, 0.64, 0.07, 0.30), (0.45, 0.56, 0.76, 0.28, 0.36, 0.63, None, None)),
    _pipe("and severity", "severity", (0.39, 0.62, 0.82, 0.23, 0.42, 0.65, 0.07, 0.30), (0.44, 0.57, 0.77, 0.27, 0.36, 0.64, None, None)),
    _pipe("and method variance, defaults", "method", (0.39, 0.80, 0.95, 0.23, 0.78, 0.65, 0.07, 0.30), (0.44, 0.74, 0.92, 0.27, 0.69, 0.64, None, None)),
    _pipe("and blended components", "blended", (0.39, 0.79, 0.95, 0.23, 0.78, 0.65, 0.07, 0.30), (0.44, 0.76, 0.93, 0.27, 0.73, 0.64, None, None)),
    _pipe("precision weights", "precision", (0.39, 0.77, 0.94, 0.23, 0.76, 0.66, 0.06, 0.29), (0.44, 0.74, 0.92, 0.27, 0.73, 0.65, None, None)),
    _pipe("shrunk to the common prior", "shrunken", (0.37, 0.74, 0.91, 0.23, 0.72, 0.65, 0.03, 0.42), (0.38, 0.72, 0.90, 0.28, 0.67, 0.63, None, None)),
    _pipe("**as specified** (median zero, cautious components)", "specified", (None, 0.83, 0.97, None, 0.84, None, None, None), (None, 0.80, 0.95, None, 0.79, None, None, None)),
)  # fmt: skip
RULE = ("fn", "fp", "ppv", "agree")


def _rule(words: str, name: str, moderate: tuple[Told, ...], hard: tuple[Told, ...]) -> Line:
    return Line(words, tuple(f"{name}.{x}" for x in RULE), moderate, hard)


B3 = (
    _rule("point gate at each of 8 and composite", "blended.point gates", (0.24, 0.11, 0.76, 0.85), (0.20, 0.12, 0.79, 0.85)),
    _rule("within 1 SE is no fail", "blended.within 1 SE", (0.14, 0.15, 0.71, 0.85), (0.15, 0.15, 0.77, 0.85)),
    _rule("composite only", "blended.composite only", (0.12, 0.17, 0.70, 0.845), (0.14, 0.15, 0.77, 0.85)),
    _rule("P(A) from .50", "blended.P(A) >= .50", (0.18, 0.13, 0.74, 0.85), (0.18, 0.13, 0.79, 0.85)),
    _rule("8 minimums alone", "blended.minimums alone", (0.24, 0.13, None, None), (0.23, 0.11, None, None)),
    _rule("**P(A) from .50, as specified**", "specified.P(A) >= .50", (0.24, 0.08, None, 0.87), (0.20, 0.07, None, 0.87)),
)  # fmt: skip
ZONES = tuple(
    Line(f"P(A) {words}", (f"specified.zone{k}.share", f"specified.zone{k}.true"), m, h)
    for k, (words, m, h) in enumerate(
        (
            ("below .20", (0.58, 0.03), (0.55, 0.03)),
            (".20 to .50", (0.14, 0.33), (0.12, 0.31)),
            (".50 to .80", (0.12, 0.64), (0.12, 0.69)),
            ("from .80", (0.16, 0.94), (0.21, 0.94)),
        )
    )
)
GATE = tuple(
    Line(f"printed near {near}", (f"specified.prior{k}.true", f"specified.flat{k}.true"), (a, b), (None, None))
    for k, near, a, b in ((1, ".30", 0.27, 0.42), (2, ".50", 0.47, 0.61), (3, ".71", 0.66, 0.78), (4, ".89", 0.85, 0.92), (5, ".99", 0.99, 0.99))
)  # fmt: skip
REST = (
    Line(
        "category again the same with new items, exercises and raters", ("again.category",), (0.58,), (None,)
    ),
    Line("the same, as promised by the square sum", ("promised",), ((0.58, 0.61),), ((0.58, 0.61),)),
    Line("A or not again the same", ("again.a",), (0.83,), (None,)),
    Line("A kept as A", ("kept.A",), (0.81,), (None,)),
    Line("B kept as B", ("kept.B",), (0.43,), (None,)),
    Line("C kept as C", ("kept.C",), (0.65,), (None,)),
    Line("D kept as D", ("kept.D",), (0.66,), (None,)),
    Line("seats: 80 % interval holds, shared shift", ("seats.a",), ((0.88, 0.97),), ((0.88, 0.97),)),
    Line(
        "seats: 80 % interval holds, errors taken as independent",
        ("seats.independent",),
        ((0.75, 0.87),),
        ((0.75, 0.87),),
    ),
    Line("seats among 1,000: 80 % interval holds", ("many.a",), (1.0,), (1.0,)),
    Line("true mean of the five highest", ("seats.top5",), (3.72,), (None,)),
    Line("true mean of the five truly highest", ("seats.top5_oracle",), (3.79,), (None,)),
    Line("open cases measured twice: agreement", ("open_twice.agree",), (0.90,), (0.91,)),
    Line("open cases measured twice: missed", ("open_twice.fn",), (0.16,), (0.14,)),
)
PLANS: tuple[tuple[str, dict[str, Any], tuple[float | None, ...], tuple[float | None, ...]], ...] = (
    ("as designed", {}, (0.40, 0.75, 0.226), (0.47, 0.69, 0.276)),
    ("without E4", {"without": ("E4",)}, (0.43, 0.73, 0.237), (0.49, 0.67, 0.290)),
    ("items × 2", {"items": 2.0}, (0.38, 0.77, None), (0.44, 0.71, None)),
    ("items × 3", {"items": 3.0}, (0.37, 0.78, None), (0.44, 0.72, None)),
    ("third assessor", {"raters": 3}, (0.38, 0.77, None), (0.45, 0.71, None)),
    ("one assessor", {"raters": 1}, (0.46, 0.70, None), (0.51, 0.65, None)),
    ("one more simulation for C2 C3 C5 C7 C8", {"more": dict.fromkeys(("C2", "C3", "C5", "C7", "C8"), 2.0)}, (0.37, 0.78, 0.210), (0.43, 0.72, 0.258)),
    ("link .10", {"link_se": 0.10}, (0.40, None, None), (0.46, None, None)),
    ("test only", {"only": ("HT",)}, (0.85, 0.40, None), (0.87, 0.39, None)),
)  # fmt: skip
SPECIFICATION_ERROR = 0.02
"""What the specification states as the error of its own figures at 34 people, and the rounding of its print."""


def beside(found: Figure, told: Told) -> tuple[str, bool]:
    """ "ours ± error (specified)" and whether the difference is beyond chance."""
    known = found.se == found.se
    shown = f"{found.value:.3f}" + (f" ± {found.se:.3f}" if known else "")
    if told is None:
        return shown, False
    low, high = told if isinstance(told, tuple) else (told, told)
    reach = 2 * ((found.se if known else 0.0) ** 2 + SPECIFICATION_ERROR**2) ** 0.5
    off = found.value < low - reach or found.value > high + reach
    printed = f"{low:g}–{high:g}" if isinstance(told, tuple) else f"{told:g}"
    return f"{shown} ({printed}){' ▸' if off else ''}", off


def rows(study: Study, lines: tuple[Line, ...]) -> Iterator[tuple[str, list[str], list[str], int]]:
    """Words, cells of the moderate and of the hard truth, and how many differ beyond chance."""
    for line in lines:
        cells: dict[str, list[str]] = {}
        apart = 0
        for scenario, told in zip(BOTH, (line.moderate, line.hard), strict=True):
            cells[scenario] = []
            for name, figure in zip(line.figures, told, strict=True):
                text, off = beside(study.figures[scenario][name], figure)
                cells[scenario].append(text)
                apart += off
        yield line.words, cells["moderate"], cells["hard"], apart


def plans() -> Iterator[tuple[str, list[str]]]:
    """Table B4: designs not yet run; SE and reliability of a competency, SE of the composite."""
    for words, changes, *told in PLANS:
        cells = []
        for scenario, figures in zip(BOTH, told, strict=True):
            found = plan_precision(scenario=SCENARIOS[scenario], **changes)
            for value, figure in zip((found.se, found.reliability, found.composite_se), figures, strict=True):
                cells.append(f"{value:.2f}" if figure is None else f"{value:.3f} ({figure:g})")
        yield words, cells


def others(study: Study) -> Iterator[tuple[str, Mapping[str, Figure]]]:
    """Truths that the rules were not chosen on."""
    for name, figures in study.figures.items():
        if name not in BOTH:
            yield name, figures
