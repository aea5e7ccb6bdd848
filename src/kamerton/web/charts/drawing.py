"""What all charts share: a linear axis and the outer element."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe


@dataclass(frozen=True, slots=True)
class Axis:
    """Values from `low` to `high` on pixels from `left` to `right`."""

    low: float
    high: float
    left: float
    right: float

    def at(self, value: float) -> float:
        """The place of `value`, held inside the picture."""
        held = min(max(value, self.low), self.high)
        return self.left + (held - self.low) / (self.high - self.low) * (self.right - self.left)


def point(x: float) -> str:
    """A coordinate as short text."""
    return f"{x:.1f}".removesuffix(".0")


def picture(
    body: str, *, width: int, height: int, sentence: str, css: str = "", decorative: bool = False
) -> SafeString:
    """The SVG element. `body` holds only numbers, class names and escaped text."""
    hearing = 'aria-hidden="true"' if decorative else f'role="img" aria-label="{escape(sentence)}"'
    classes = f' class="{css}"' if css else ""
    return mark_safe(  # noqa: S308 - every text in it went through escape
        f'<svg{classes} width="{width}" height="{height}" viewBox="0 0 {width} {height}" {hearing} focusable="false">{body}</svg>'
    )
