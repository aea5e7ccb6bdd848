"""Probabilities of the categories as one bar, the largest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import override

from kamerton.web.wording import probability

from .drawing import picture, point

GAP = 2


@dataclass(frozen=True, slots=True)
class ProbabilityPart:
    """`word` names the category to the reader; `share` is its probability, 0 to 1."""

    code: str
    word: str
    share: float


def ordered(parts: Sequence[ProbabilityPart]) -> list[ProbabilityPart]:
    """Largest first; equal ones keep the order in which they came."""
    return sorted(parts, key=lambda part: -part.share)


def probability_strip(
    parts: Sequence[ProbabilityPart], *, language: str, width: int = 348, height: int = 12
) -> SafeString:
    """A stacked bar. Shares must add up to 1 within rounding; raises ValueError otherwise."""
    total = sum(part.share for part in parts)
    if parts and abs(total - 1) > 0.02:
        raise ValueError(f"probabilities add up to {total:.3f}; they must add up to 1")
    rows = [part for part in ordered(parts) if part.share > 0]
    room = width - GAP * (len(rows) - 1) if rows else width
    x = 0.0
    body = ""
    for index, part in enumerate(rows):
        wide = room * part.share / total
        body += f'<rect class="share-{min(index + 1, 6)}" x="{point(x)}" y="0" width="{wide:.2f}" height="{height}"/>'
        x += wide + GAP
    with override(language):
        told = "; ".join(f"{part.word}: {probability(part.share, language)}" for part in rows)
        sentence = _("Probabilities: %(parts)s") % {"parts": told} if told else _("No probability is known")
    return picture(body, width=width, height=height, sentence=sentence, css="probability-strip")
