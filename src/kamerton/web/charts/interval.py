"""A value with its interval on any scale; last time's value as a tick."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import override

from kamerton.web.wording import decimal

from .drawing import Axis, picture, point


@dataclass(frozen=True, slots=True)
class Interval:
    """`low`…`high` are the interval's ends; `axis_low`…`axis_high` bound the picture; `reference` is drawn as a line."""

    value: float
    low: float
    high: float
    axis_low: float
    axis_high: float
    places: int = 2
    reference: float | None = None
    before: float | None = None
    level: float = 0.95


def interval(
    row: Interval, *, language: str, width: int = 240, height: int = 24, decorative: bool = False
) -> SafeString:
    """Dot and line; ends outside the picture are held at its edge."""
    if not row.low <= row.value <= row.high:
        raise ValueError(f"the value {row.value} lies outside its interval {row.low} to {row.high}")
    if row.axis_low >= row.axis_high:
        raise ValueError(f"the axis runs from {row.axis_low} to {row.axis_high}; it must rise")
    axis = Axis(row.axis_low, row.axis_high, 8, width - 8)
    middle = height / 2
    parts = [f'<path class="grid" d="M8 {point(middle)}H{width - 8}"/>']
    if row.reference is not None:
        parts.append(f'<path class="wall" d="M{point(axis.at(row.reference))} 2V{height - 2}"/>')
    if row.before is not None:
        parts.append(
            f'<path class="before" d="M{point(axis.at(row.before))} {point(middle - 6)}V{point(middle + 6)}"/>'
        )
    parts.append(
        f'<path class="band" d="M{point(axis.at(row.low))} {point(middle)}H{point(axis.at(row.high))}"/>'
    )
    parts.append(f'<circle class="estimate" cx="{point(axis.at(row.value))}" cy="{point(middle)}" r="5"/>')
    with override(language):
        sentence = _("%(value)s, %(level)s interval from %(low)s to %(high)s") % {
            "value": decimal(row.value, row.places, language),
            "level": f"{row.level * 100:.0f} %" if language.startswith("ru") else f"{row.level * 100:.0f}%",
            "low": decimal(row.low, row.places, language),
            "high": decimal(row.high, row.places, language),
        }
        if row.before is not None:
            sentence += "; " + _("before %(value)s") % {"value": decimal(row.before, row.places, language)}
    return picture(
        "".join(parts), width=width, height=height, sentence=sentence, css="interval", decorative=decorative
    )
