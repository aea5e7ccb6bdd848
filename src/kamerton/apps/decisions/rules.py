"""From estimates to words and from a category to a proposal. Pure: no database, no clock, no chance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from kamerton.values.texts import LangText

CATEGORIES = (
    "ready", "probably_ready", "open", "developing", "other_role", "not_now", "not_a", "insufficient",
)  # fmt: skip
"""In the order in which a page shows them."""

OUTCOMES = ("appoint", "develop", "other_role", "more_evidence", "not_now")

PROPOSALS: dict[str, str] = {
    "ready": "appoint",
    "probably_ready": "appoint",
    "open": "more_evidence",
    "insufficient": "more_evidence",
    "not_a": "more_evidence",
    "developing": "develop",
    "other_role": "other_role",
    "not_now": "not_now",
}
"""Category → outcome that the system proposes. "not_a" says no to this role but nothing about the next one,
so what is proposed is evidence, not a refusal (SCORING A4.5)."""

GROUP_HEADINGS: dict[str, LangText] = {
    "ready": {"ru": "Готовы сейчас", "en": "Ready now"},
    "probably_ready": {"ru": "Вероятно, готовы", "en": "Probably ready"},
    "open": {"ru": "На границе: нужны ещё данные", "en": "Open: more evidence needed"},
    "developing": {"ru": "Готовы с развитием за 6–12 месяцев", "en": "Ready with development in 6–12 months"},
    "other_role": {"ru": "Лучше подходит другая роль", "en": "Another role fits better"},
    "not_now": {"ru": "Не сейчас", "en": "Not now"},
    "not_a": {"ru": "Пока не эта роль, следующая не определена", "en": "Not this role yet, next role open"},
    "insufficient": {"ru": "Данных недостаточно", "en": "Not enough evidence"},
}
"""Heads of groups of people."""

CATEGORY_WORDS: dict[str, LangText] = {
    "ready": {"ru": "Соответствует роли сейчас", "en": "Ready now"},
    "probably_ready": {"ru": "Вероятно, соответствует роли", "en": "Probably ready"},
    "open": {"ru": "На границе: нужны ещё данные", "en": "Open: more evidence needed"},
    "developing": {
        "ru": "Роль по силам с развитием за 6–12 месяцев",
        "en": "Ready with development in 6–12 months",
    },
    "other_role": {"ru": "Лучше подходит другая роль", "en": "Another role fits better"},
    "not_now": {"ru": "Не сейчас", "en": "Not now"},
    "not_a": {"ru": "Пока не эта роль, следующая не определена", "en": "Not this role yet, next role open"},
    "insufficient": {"ru": "Данных недостаточно", "en": "Not enough evidence"},
}
"""About one person, in words that need no gender."""

OUTCOME_WORDS: dict[str, LangText] = {
    "appoint": {"ru": "назначить на роль", "en": "appoint to the role"},
    "develop": {"ru": "развивать 6–12 месяцев", "en": "develop for 6–12 months"},
    "other_role": {"ru": "предложить другую роль", "en": "offer another role"},
    "more_evidence": {"ru": "собрать ещё данные", "en": "gather more evidence"},
    "not_now": {"ru": "не сейчас", "en": "not now"},
}


def proposed_outcome(category: str) -> str:
    """What the system proposes for a category; an unknown category is a bug and raises KeyError."""
    return PROPOSALS[category]


def probability_words(p: float) -> LangText:
    """The words of SCORING A6 for a probability."""
    for bound, ru, en in (
        (0.95, "практически наверняка", "almost certainly"),
        (0.80, "скорее всего", "very likely"),
        (0.50, "вероятнее да, чем нет", "more likely than not"),
        (0.20, "данных мало, нужны ещё свидетельства", "open, more evidence needed"),
    ):
        if p >= bound:
            return {"ru": ru, "en": en}
    return {"ru": "маловероятно", "en": "unlikely"}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a decision stands to the newest run: "current", "newer_unchanged" or "newer_changes"."""

    kind: Literal["current", "newer_unchanged", "newer_changes"]
    run_number: int
    category: str

    @property
    def text(self) -> LangText:
        if self.kind == "current":
            return {
                "ru": "Решение опирается на последний расчёт.",
                "en": "The decision rests on the newest run.",
            }
        if self.kind == "newer_unchanged":
            return {
                "ru": f"Есть расчёт новее (№ {self.run_number}): категория не изменилась.",
                "en": f"There is a newer run (No. {self.run_number}): the category is unchanged.",
            }
        ru, en = CATEGORY_WORDS[self.category]["ru"], CATEGORY_WORDS[self.category]["en"]
        return {
            "ru": f"Есть расчёт новее (№ {self.run_number}): по нему категория была бы другой: «{ru}».",
            "en": f"There is a newer run (No. {self.run_number}): the category would change to “{en}”.",
        }


def standing(*, decided_run: int, decided_category: str, newest_run: int, newest_category: str) -> Standing:
    """A decided case keeps its run; this says what the newest run would say."""
    if decided_run == newest_run:
        return Standing("current", newest_run, newest_category)
    same = decided_category == newest_category
    return Standing("newer_unchanged" if same else "newer_changes", newest_run, newest_category)


# --- one competency ---------------------------------------------------------------------------------------

HeatStep = Literal["n3", "n2", "n1", "z", "p1", "p2"]
Mark = Literal["", "crosses", "below"]
Shown = Literal["number", "band", "too_little", "not_observed"]


def heat_step(value: float, target: float) -> HeatStep:
    """The colour step of estimate − target; a bound belongs to the step farther from zero."""
    d = value - target
    if d <= -1.75:
        return "n3"
    if d <= -1.00:
        return "n2"
    if d <= -0.25:
        return "n1"
    if d < 0.25:
        return "z"
    return "p1" if d < 0.75 else "p2"


def mark_of(value: float, se: float, cut: float) -> Mark:
    """ "below": the whole interval of ±1 SE lies under the cut; "crosses": the cut lies inside it."""
    if value + se < cut:
        return "below"
    return "crosses" if value - se < cut else ""


def level_of(value: float) -> int:
    """The level whose band [k − 0.5, k + 0.5) holds the value, kept on the scale 1–5."""
    return max(1, min(5, math.floor(value + 0.5)))


def how_to_show(value: float | None, reliability: float | None, flags: Sequence[str]) -> Shown:
    """SCORING A6: a number from .70, a band from .50, below that nothing. Without a reliability (n < 30) the
    error is assumed and the number stands with it."""
    if value is None or "not_measured" in flags:
        return "not_observed"
    if "insufficient" in flags or (reliability is not None and reliability < 0.50):
        return "too_little"
    return "band" if reliability is not None and reliability < 0.70 else "number"


def band_of(value: float, se: float) -> tuple[int, int]:
    """The levels that ±1 SE touches."""
    return level_of(value - se), level_of(value + se)


@dataclass(frozen=True, slots=True)
class Differences:
    """Competencies of one person that can be told apart from at least one other (SCORING A4.10)."""

    strengths: tuple[str, ...]
    gaps: tuple[str, ...]
    threshold: float
    """The median difference two competencies need here, in levels."""


def differences(
    y: Mapping[str, float], codes: Sequence[str], v: Sequence[Sequence[float | None]]
) -> Differences:
    """Strengths and gaps relative to the person's other competencies: named only if two differ by at least
    1.96·√(V_cc + V_dd − 2V_cd). A competency that is both above one and below another is neither."""
    above: set[str] = set()
    under: set[str] = set()
    thresholds: list[float] = []
    for i, c in enumerate(codes):
        for j in range(i):
            d = codes[j]
            if c not in y or d not in y:
                continue
            own, other, shared = v[i][i], v[j][j], v[i][j]
            if own is None or other is None or shared is None:
                continue
            need = 1.96 * math.sqrt(max(0.0, own + other - 2 * shared))
            thresholds.append(need)
            if abs(y[c] - y[d]) >= need:
                high, low = (c, d) if y[c] > y[d] else (d, c)
                above.add(high)
                under.add(low)
    middle = sorted(thresholds)[len(thresholds) // 2] if thresholds else math.nan
    strengths = sorted(above - under, key=lambda code: (-y[code], code))
    gaps = sorted(under - above, key=lambda code: (y[code], code))
    return Differences(tuple(strengths), tuple(gaps), middle)


DISTINGUISHABLE = 0.80
"""Below this probability two people are "not distinguishable" (SCORING A4.10)."""


def probability_higher(a: float, a_se: float, b: float, b_se: float) -> float:
    """P(composite of a > composite of b), normal. The link error common to both is counted twice: cautious."""
    spread = math.sqrt(a_se**2 + b_se**2)
    if spread == 0.0:
        return 0.5 if a == b else float(a > b)
    return 0.5 * (1.0 + math.erf((a - b) / spread / math.sqrt(2.0)))


# --- seats ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SeatSplit:
    seats: int
    ready: int
    growing: int
    hire: int


def split_seats(seats: Sequence[int], ready: float, developing: float, share: float) -> list[SeatSplit]:
    """Expected people in whole seats, from the first segment down: the ready first, then the stated share of
    those who develop, the rest is hired. Each row adds up: seats − ready − growing = hire."""
    ready_left = math.floor(ready + 0.5)
    growing_left = math.floor(share * developing + 0.5)
    rows: list[SeatSplit] = []
    for count in seats:
        took = min(count, ready_left)
        grew = min(count - took, growing_left)
        ready_left -= took
        growing_left -= grew
        rows.append(SeatSplit(count, took, grew, count - took - grew))
    return rows
