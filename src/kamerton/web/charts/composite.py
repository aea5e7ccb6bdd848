"""The composite of one person on a narrow strip, for rows of the heatmap."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import override

from kamerton.web.wording import decimal

from .drawing import Axis, picture, point


@dataclass(frozen=True, slots=True)
class CompositeStrip:
    """`low` and `high` bound the strip; all rows of a table share them."""

    value: float
    se: float | None
    cut: float | None
    low: float = 2.0
    high: float = 5.0


def composite_strip(
    strip: CompositeStrip, *, language: str, width: int = 148, height: int = 20, decorative: bool = False
) -> SafeString:
    """A hairline, the cut as an upright tick, ±1 SE as a band, the estimate as a dot."""
    axis = Axis(strip.low, strip.high, 4, width - 4)
    middle = height / 2
    parts = [f'<path class="grid" d="M4 {point(middle)}H{width - 4}"/>']
    if strip.cut is not None:
        parts.append(f'<path class="target" d="M{point(axis.at(strip.cut))} 3V{height - 3}"/>')
    marks = ""
    if strip.se is not None:
        left, right = axis.at(strip.value - strip.se), axis.at(strip.value + strip.se)
        marks += f'<path class="band" d="M{point(left)} {point(middle)}H{point(right)}"/>'
    marks += f'<circle class="estimate" cx="{point(axis.at(strip.value))}" cy="{point(middle)}" r="4"/>'
    parts.append(marks)
    with override(language):
        sentence = _("composite %(value)s") % {"value": decimal(strip.value, 2, language)}
        if strip.se is not None:
            sentence += f" ± {decimal(strip.se, 2, language)}"
        if strip.cut is not None:
            sentence += ", " + _("cut score %(value)s") % {"value": decimal(strip.cut, 2, language)}
    return picture(
        "".join(parts),
        width=width,
        height=height,
        sentence=sentence,
        css="composite-strip",
        decorative=decorative,
    )
