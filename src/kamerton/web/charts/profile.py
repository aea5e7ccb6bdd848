"""The profile row: one competency on the 1–5 scale against what the role asks."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import override

from kamerton.web.wording import decimal

from .drawing import Axis, picture, point

Z95 = 1.96
"""Two-sided 95 % of the normal distribution."""
MARGIN = 8


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """`cut` is where the wall of the minimum stands: minimum − 0.5 on the level scale. Without an estimate only the
    role is drawn. `before` is an earlier estimate, drawn as a thin tick."""

    estimate: float | None
    se: float | None
    target: float | None = None
    minimum: float | None = None
    cut: float | None = None
    before: float | None = None
    name: str = ""


def _axis(width: int) -> Axis:
    return Axis(1, 5, MARGIN, width - MARGIN)


def _grid(axis: Axis, height: int) -> str:
    lines = "".join(f"M{point(axis.at(v))} 0V{height}" for v in range(1, 6))
    return f'<path class="grid" d="{lines}"/>'


def profile_row(
    row: ProfileRow, *, language: str, width: int = 424, height: int = 34, decorative: bool = False
) -> SafeString:
    """Dot = estimate, thick band = ±1 SE, thin line = 95 %, T = target, grey field ending in a wall = minimum."""
    axis = _axis(width)
    middle = height / 2
    parts: list[str] = []
    if row.cut is not None:
        wall = axis.at(row.cut)
        parts.append(
            f'<rect class="wall-field" x="{point(axis.left)}" y="4" width="{point(max(wall - axis.left, 0))}" height="{height - 8}"/>'
        )
    parts.append(_grid(axis, height))
    if row.cut is not None:
        parts.append(f'<path class="wall" d="M{point(axis.at(row.cut))} 4V{height - 4}"/>')
    if row.before is not None:
        parts.append(
            f'<path class="before" d="M{point(axis.at(row.before))} {point(middle - 6)}V{point(middle + 6)}"/>'
        )
    if row.target is not None:
        x = axis.at(row.target)
        parts.append(f'<path class="target" d="M{point(x - 4)} 6H{point(x + 4)}M{point(x)} 6V{height - 6}"/>')
    is_short = row.estimate is not None and row.cut is not None and row.estimate < row.cut
    if row.estimate is not None:
        marks = ""
        if row.se is not None:
            for css, reach in (("line95", Z95 * row.se), ("band", row.se)):
                left, right = axis.at(row.estimate - reach), axis.at(row.estimate + reach)
                marks += f'<path class="{css}" d="M{point(left)} {point(middle)}H{point(right)}"/>'
        marks += f'<circle class="estimate" cx="{point(axis.at(row.estimate))}" cy="{point(middle)}" r="5"/>'
        parts.append(f'<g class="short">{marks}</g>' if is_short else marks)
    return picture(
        "".join(parts), width=width, height=height, sentence=_sentence(row, language, is_short), css="profile-row",
        decorative=decorative,
    )  # fmt: skip


def _sentence(row: ProfileRow, language: str, is_short: bool) -> str:
    with override(language):
        words: list[str] = []
        if row.estimate is None:
            words.append(_("not observed"))
        elif row.se is None:
            words.append(_("estimate %(value)s") % {"value": decimal(row.estimate, 1, language)})
        else:
            words.append(
                _("estimate %(value)s ± %(error)s")
                % {"value": decimal(row.estimate, 1, language), "error": decimal(row.se, 2, language)}
            )
        if row.target is not None:
            words.append(_("target %(value)s") % {"value": decimal(row.target, 1, language)})
        if row.minimum is not None:
            words.append(_("minimum %(value)s") % {"value": decimal(row.minimum, 1, language)})
        if row.cut is not None:
            words.append(_("its threshold %(value)s") % {"value": decimal(row.cut, 1, language)})
        if row.before is not None:
            words.append(_("before %(value)s") % {"value": decimal(row.before, 1, language)})
        if is_short:
            words.append(_("below the minimum"))
    text = "; ".join(words)
    return f"{row.name}: {text}" if row.name else text[:1].upper() + text[1:]


def profile_axis(*, language: str, width: int = 424, height: int = 18) -> SafeString:
    """The numbers 1 to 5 over a column of profile rows."""
    axis = _axis(width)
    body = "".join(
        f'<text x="{point(axis.at(v))}" y="13" text-anchor="middle">{v}</text>' for v in range(1, 6)
    )
    with override(language):
        return picture(body, width=width, height=height, sentence=_("Scale from 1 to 5"), css="profile-axis")
