"""What a rating sheet needs, how far two ratings are apart, what the clock says. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

LOWEST, HIGHEST = 1, 5
"""The proficiency scale of every framework (SCORING A0)."""

APART = 2
"""Two ratings of one cell that differ by this many levels are marked and talked through first: adjacent levels
are within the error of a single rating (residual SD .58, SCORING B), two levels are not."""

LONGEST_EXERCISE = timedelta(hours=24)
"""A note's second beyond this is a broken clock, not a long exercise."""

LONGEST_NOTE = 4000

FIRST_TWICE = 30
"""So many answers to an item are scored twice whatever the share: about as many as an agreement needs to be told."""


LEAST_TWICE = 0.20
"""Fewer than every fifth text scored twice says nothing of the raters (SCORING A1)."""


def is_scored_twice(*, lot: UUID, share: float, earlier: int) -> bool:
    """Whether a short text needs a second rater. `lot` is the answer's own random id, so nobody chooses which texts
    are checked and a rater cannot tell; `earlier` counts answers to the same item before it."""
    return earlier < FIRST_TWICE or lot.int < max(share, LEAST_TWICE) * 2**128


TRAINING_HOLDS = timedelta(days=730)
"""A passed training licenses its assessor for two years; then it is refreshed."""


CONFLICT_WORDS: dict[str, dict[str, str]] = {
    "self": {
        "ru": "участник и наблюдатель одно лицо",
        "en": "the participant and the assessor are the same person",
    },
    "direct_report": {
        "ru": "участник подчиняется этому наблюдателю",
        "en": "the participant reports to this assessor",
    },
    "kin": {
        "ru": "участник и наблюдатель родственники",
        "en": "the participant and the assessor are kin",
    },
    "interest": {
        "ru": "между участником и наблюдателем заявлен личный интерес",
        "en": "a personal interest between the participant and the assessor has been declared",
    },
}
"""Why somebody may not rate somebody, by the code of `people.rules.rating_conflict`."""


@dataclass(frozen=True, slots=True)
class CurrentRating:
    """The newest rating of a competency on one sheet."""

    competency: str
    value: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class SheetVerdict:
    """Whether a sheet may be submitted. `missing` forbids it; `unsupported` is a warning."""

    missing: tuple[str, ...]
    """Codes of competencies with neither a level nor "not observed"."""
    unsupported: tuple[str, ...]
    """Codes of competencies rated 1 or 5 without a single note on them."""

    @property
    def is_complete(self) -> bool:
        return not self.missing


def judge_sheet(
    *, competencies: Sequence[str], ratings: Iterable[CurrentRating], noted: frozenset[str]
) -> SheetVerdict:
    """`noted` holds the codes of competencies that at least one note speaks of.

    An end of the scale without a quote is a warning, not a refusal: a sheet finished on a bad day is worth more
    than one kept back, and a forced quote would be invented. The page shows the warning before submitting.
    """
    rated = {rating.competency: rating for rating in ratings if rating.value is not None or rating.reason}
    missing = tuple(code for code in competencies if code not in rated)
    unsupported = tuple(
        code
        for code in competencies
        if code in rated and rated[code].value in (LOWEST, HIGHEST) and code not in noted
    )
    return SheetVerdict(missing, unsupported)


def is_level(value: object) -> bool:
    """Whether `value` is a whole level of the scale."""
    return isinstance(value, int) and not isinstance(value, bool) and LOWEST <= value <= HIGHEST


def difference(values: Iterable[int | None]) -> int | None:
    """Largest minus smallest rating of a cell; None with fewer than two levels."""
    levels = [value for value in values if value is not None]
    return max(levels) - min(levels) if len(levels) > 1 else None


def is_apart(gap: int | None) -> bool:
    return gap is not None and gap >= APART


def raw_mean(values: Iterable[int | None]) -> float | None:
    """The plain mean of the levels given; None without any. Severity is not removed from it."""
    levels = [value for value in values if value is not None]
    return sum(levels) / len(levels) if levels else None


@dataclass(frozen=True, slots=True)
class Clock:
    """An exercise on the server's clock, in seconds."""

    elapsed: int
    limit: int

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.elapsed)

    @property
    def over(self) -> int:
        """Seconds past the end."""
        return max(0, self.elapsed - self.limit)


def clock(*, started_at: datetime | None, minutes: int, now: datetime) -> Clock | None:
    """None before the start."""
    if started_at is None:
        return None
    return Clock(max(0, int((now - started_at).total_seconds())), minutes * 60)


def seconds_of(mark: str) -> int:
    """ "mm:ss" as seconds: "13:30" → 810."""
    minutes, _, seconds = mark.partition(":")
    return int(minutes) * 60 + int(seconds or 0)


def mark_of(second: int) -> str:
    """Seconds as "mm:ss": 751 → "12:31"; minutes may pass 59."""
    return f"{second // 60:02d}:{second % 60:02d}"
