"""When an adaptive test ends, and how it keeps from showing the same items to everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class StoppingRule(Protocol):
    def reason(self, n: int, se: float) -> str | None:
        """A code if the test ends after `n` answers with the standard error `se`."""
        ...


@dataclass(frozen=True)
class StandardError:
    """Ends when the standard error is `target` or less, not before `minimum` answers."""

    target: float
    minimum: int = 1

    def reason(self, n: int, se: float) -> str | None:
        return "precise_enough" if n >= self.minimum and se <= self.target else None


@dataclass(frozen=True)
class Length:
    """Ends after `most` answers."""

    most: int

    def reason(self, n: int, se: float) -> str | None:
        return "length_reached" if n >= self.most else None


@dataclass(frozen=True)
class AnyOf:
    """Ends with the first rule that says so: `AnyOf((StandardError(0.3, minimum=8), Length(25)))`."""

    rules: tuple[StoppingRule, ...]

    def reason(self, n: int, se: float) -> str | None:
        return next((found for rule in self.rules if (found := rule.reason(n, se)) is not None), None)


@dataclass(frozen=True)
class Randomesque:
    """Draws among the `best` most informative items (Kingsbury & Zara 1989), so that none is shown to everybody."""

    best: int = 5
