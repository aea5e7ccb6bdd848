"""The sign of a category. It never stands without its word, so it is silent to a screen reader."""

from __future__ import annotations

from django.utils.safestring import SafeString

from .drawing import picture

_CIRCLE = '<circle class="{}" cx="7" cy="7" r="5.5"{}/>'
_SHAPES: dict[str, str] = {
    "ready": _CIRCLE.format("glyph-full", ""),
    "probably_ready": _CIRCLE.format("glyph-line", "") + '<circle class="glyph-half" cx="7" cy="7" r="3"/>',
    "developing": _CIRCLE.format("glyph-line", "")
    + '<path class="glyph-half" d="M7 1.5a5.5 5.5 0 0 0 0 11z"/>',
    "open": _CIRCLE.format("glyph-open", ' stroke-dasharray="3 2.2"'),
    "other_role": '<path d="M1.5 7h10M8 3l4 4-4 4"/>',
    "not_now": _CIRCLE.format("glyph-empty", ""),
    "not_a": _CIRCLE.format("glyph-empty", "") + '<path class="glyph-empty" d="M4 7h6"/>',
    "insufficient": '<rect class="glyph-empty" x="1.5" y="1.5" width="11" height="11" stroke-dasharray="2 2"/>',
}
CATEGORY_CODES = tuple(_SHAPES)


def category_glyph(code: str, *, size: int = 14) -> SafeString:
    """Full, ring with a core, half, dashed, arrow, empty, struck, dotted square. An unknown code raises KeyError."""
    svg = picture(_SHAPES[code], width=14, height=14, sentence="", css="glyph", decorative=True)
    return (
        svg
        if size == 14
        else SafeString(svg.replace('width="14" height="14"', f'width="{size}" height="{size}"', 1))
    )
