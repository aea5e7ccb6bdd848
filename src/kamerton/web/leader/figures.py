"""Pictures of the leader's pages that the shared charts do not hold."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import escape
from django.utils.safestring import SafeString

from kamerton.apps.decisions.rules import SeatSplit
from kamerton.apps.reporting.readmodels.cells import Cell
from kamerton.apps.reporting.report_texts import say
from kamerton.web.charts.drawing import Axis, picture, point

ROW = 30
LEFT, RIGHT = 130, 276
"""Names left of the first, the figure right of the second; 320 px in all, the width of a small phone less its margins."""


def person_profile(cells: Sequence[Cell], *, language: str, width: int = 320) -> SafeString:
    """All competencies of one person as profile rows in one picture: the heatmap row of a phone."""
    axis = Axis(1, 5, LEFT, RIGHT)
    height = ROW * len(cells)
    body: list[str] = []
    for place, cell in enumerate(cells):
        top = place * ROW
        middle = top + ROW / 2
        wall, target = axis.at(cell.head.cut), axis.at(cell.head.target)
        body.append(
            f'<text class="phone-name" x="0" y="{point(middle + 4)}">{escape(cell.head.short)}</text>'
            f'<rect class="wall-field" x="{LEFT}" y="{top + 5}" width="{point(max(wall - LEFT, 0))}" height="{ROW - 10}"/>'
            f'<path class="grid" d="M{LEFT} {point(middle)}H{RIGHT}"/>'
            f'<path class="wall" d="M{point(wall)} {top + 5}V{top + ROW - 5}"/>'
            f'<path class="target" d="M{point(target - 4)} {top + 6}H{point(target + 4)}M{point(target)} {top + 6}V{top + ROW - 6}"/>'
        )
        if cell.value is not None and cell.se is not None:
            left, right = axis.at(cell.value - cell.se), axis.at(cell.value + cell.se)
            marks = f'<path class="band" d="M{point(left)} {point(middle)}H{point(right)}"/>'
            if cell.shown == "number":
                marks += (
                    f'<circle class="estimate" cx="{point(axis.at(cell.value))}" cy="{point(middle)}" r="5"/>'
                )
            body.append(f'<g class="short">{marks}</g>' if cell.value < cell.head.cut else marks)
        css = "phone-figure under" if cell.mark == "below" else "phone-figure"
        body.append(
            f'<text class="{css}" x="{width}" y="{point(middle + 4)}" text-anchor="end">{escape(cell.text)}</text>'
        )
    sentence = "; ".join(f"{cell.head.short}: {cell.spoken}" for cell in cells)
    return picture("".join(body), width=width, height=height, sentence=sentence, css="person-profile")


def composite_axis(low: float, high: float, *, width: int) -> SafeString:
    """Whole levels over the column of composite strips."""
    axis = Axis(low, high, 4, width - 4)
    inner = [level for level in range(1, 6) if low < level < high]
    body = "".join(
        f'<text x="{point(axis.at(level))}" y="12" text-anchor="middle">{level}</text>' for level in inner
    )
    return picture(body, width=width, height=16, sentence="", css="composite-axis", decorative=True)


def seat_squares(split: SeatSplit) -> SafeString:
    """One square a seat: full = ready, half = growing, dashed = to hire. More than twelve are not drawn."""
    kinds = ["full"] * split.ready + ["half"] * split.growing + ["empty"] * split.hire
    body: list[str] = []
    for place, kind in enumerate(kinds[:12]):
        x = place * 20 + 1
        if kind == "empty":
            body.append(
                f'<rect class="seat-empty" x="{x + 0.75}" y="1.75" width="14.5" height="14.5" rx="2"/>'
            )
            continue
        body.append(f'<rect class="seat-{kind}" x="{x}" y="1" width="16" height="16" rx="2"/>')
        if kind == "half":
            body.append(f'<path class="seat-full" d="M{x} 3a2 2 0 0 1 2-2h6v16h-6a2 2 0 0 1-2-2z"/>')
    return picture(
        "".join(body),
        width=max(20, min(len(kinds), 12) * 20),
        height=18,
        sentence="",
        css="seats",
        decorative=True,
    )


def severity_row(severity: float, se: float, *, language: str, width: int = 240) -> SafeString:
    """Lenience on −1 … +1 with 95 %; the grey field is ±0.30, inside of which nothing is flagged."""
    axis = Axis(-1, 1, 8, width - 8)
    left, right = axis.at(severity - 1.96 * se), axis.at(severity + 1.96 * se)
    is_far = abs(severity) > 0.30
    marks = (
        f'<path class="line95" d="M{point(left)} 14H{point(right)}"/>'
        f'<circle class="estimate" cx="{point(axis.at(severity))}" cy="14" r="5"/>'
    )
    body = (
        f'<rect class="wall-field" x="{point(axis.at(-0.3))}" y="4" width="{point(axis.at(0.3) - axis.at(-0.3))}" height="20"/>'
        f'<path class="grid" d="M8 14H{width - 8}"/><path class="wall" d="M{point(axis.at(0))} 4V24"/>'
        + (f'<g class="short">{marks}</g>' if is_far else marks)
    )
    return picture(
        body,
        width=width,
        height=28,
        sentence=say(language, "строгость", "severity"),
        css="severity",
        decorative=True,
    )


def band_row(value: float, low: float, high: float | None, *, width: int = 240) -> SafeString:
    """A share on 0 … 1: the band that was expected, and the dot of what was found."""
    axis = Axis(0, 1, 8, width - 8)
    end = axis.at(high if high is not None else low)
    body = (
        f'<path class="grid" d="M8 12H{width - 8}"/>'
        f'<path class="expected" d="M{point(axis.at(low))} 12H{point(end)}"/>'
        f'<circle class="estimate" cx="{point(axis.at(value))}" cy="12" r="5"/>'
    )
    return picture(body, width=width, height=24, sentence="", css="band-row", decorative=True)
