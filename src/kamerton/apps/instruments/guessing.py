"""What somebody earns on a form without knowing anything: by lot, and by the tricks of the test-wise.

Each strategy answers every item it has a trick for and guesses the rest by lot. A form is sound when no trick earns much more than
guessing; a trick that pays names the content to be changed, not a person.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any, Final

from kamerton.apps.instruments.documents import FormDocument, Item, Stimulus
from kamerton.apps.instruments.rules import score_response
from kamerton.values.texts import in_language

ABSOLUTE: Final = re.compile(
    r"\b(все|всегда|никогда|только|любой|каждый|always|never|only|all|every|any)\b", re.IGNORECASE
)
WORD: Final = re.compile(r"\w{4,}")
NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)?")


@dataclass(frozen=True, slots=True)
class Guess:
    """The share of a form's points a strategy earns: mean over `times` seeded sittings and the standard error of the mean."""

    strategy: str
    share: float
    se: float
    times: int


Choose = Callable[[Item, list[str], str, random.Random, Stimulus | None], str]


def _by_lot(
    item: Item, codes: list[str], language: str, rng: random.Random, stimulus: Stimulus | None
) -> str:
    return rng.choice(codes)


def _text(item: Item, code: str, language: str) -> str:
    return next(in_language(o.text, language) for o in item.options if o.code == code)


def _longest(
    item: Item, codes: list[str], language: str, rng: random.Random, stimulus: Stimulus | None
) -> str:
    return max(codes, key=lambda code: len(_text(item, code, language)))


def _shortest(
    item: Item, codes: list[str], language: str, rng: random.Random, stimulus: Stimulus | None
) -> str:
    return min(codes, key=lambda code: len(_text(item, code, language)))


def _middle(
    item: Item, codes: list[str], language: str, rng: random.Random, stimulus: Stimulus | None
) -> str:
    return codes[len(codes) // 2]


def _echo(item: Item, codes: list[str], language: str, rng: random.Random, stimulus: Stimulus | None) -> str:
    """The option that shares most words with the question."""
    asked = {w.lower()[:6] for w in WORD.findall(in_language(item.prompt, language))}
    return max(
        codes,
        key=lambda code: len(asked & {w.lower()[:6] for w in WORD.findall(_text(item, code, language))}),
    )


def _mild(item: Item, codes: list[str], language: str, rng: random.Random, stimulus: Stimulus | None) -> str:
    """Avoids absolute words; by lot among the rest."""
    rest = [code for code in codes if not ABSOLUTE.search(_text(item, code, language))]
    return rng.choice(rest or codes)


def _biggest_row(
    item: Item, codes: list[str], language: str, rng: random.Random, stimulus: Stimulus | None
) -> str:
    """In a table the row with the largest number in it; elsewhere by lot."""
    if stimulus is None or stimulus.table is None or not stimulus.table.row_codes:
        return rng.choice(codes)
    sizes = {
        code: max((float(n.replace(",", ".")) for cell in row[1:] for n in NUMBER.findall(in_language(cell, "en").replace(",", ""))), default=0.0)
        for code, row in zip(stimulus.table.row_codes, stimulus.table.rows, strict=True)
    }  # fmt: skip
    return max(codes, key=lambda code: sizes.get(code, -1.0))


STRATEGIES: Final[Mapping[str, Choose]] = {
    "lot": _by_lot,
    "longest": _longest,
    "shortest": _shortest,
    "middle": _middle,
    "echo": _echo,
    "mild": _mild,
    "largest_row": _biggest_row,
}


def guess(
    form: FormDocument, strategy: str, *, language: str = "ru", times: int = 200, seed: int = 1
) -> Guess:
    """What `strategy` earns on `form`; the order of options is drawn anew each time, as a candidate sees it."""
    choose = STRATEGIES[strategy]
    rng = random.Random(seed)
    stimuli = {s.code: s for s in form.stimuli}
    total = sum(item.points for item in form.items)
    shares = []
    for _ in range(times):
        earned = 0.0
        for item in form.items:
            verdict = score_response(
                item, _answer(item, choose, language, rng, stimuli.get(item.stimulus or ""))
            )
            earned += verdict.score or 0.0
        shares.append(earned / total)
    return Guess(strategy, mean(shares), stdev(shares) / times**0.5, times)


def _answer(
    item: Item, choose: Choose, language: str, rng: random.Random, stimulus: Stimulus | None
) -> dict[str, Any]:
    codes = [option.code for option in item.options]
    rng.shuffle(codes)
    match item.type:
        case "single" | "table_row":
            return {"choice": choose(item, codes, language, rng, stimulus)}
        case "multiple":
            picked = [choose(item, codes, language, rng, stimulus)]
            rest = [code for code in codes if code not in picked]
            picked += rng.sample(rest, max(round(len(codes) / 2) - 1, 0))
            return {"choices": picked}
        case "order":
            return {"order": codes}
        case "match":
            rights = rng.sample(codes, min(len(codes), len(item.left)))
            return {"pairs": {left.code: right for left, right in zip(item.left, rights, strict=False)}}
        case "best_worst":
            best = choose(item, codes, language, rng, stimulus)
            return {"best": best, "worst": rng.choice([code for code in codes if code != best])}
        case "likert":
            return {"step": "3"}
        case "numeric":
            seen = NUMBER.findall(in_language(item.prompt, language) + _numbers(stimulus, language))
            return {"number": rng.choice(seen)} if seen else {}
        case _:
            return {}


def _numbers(stimulus: Stimulus | None, language: str) -> str:
    if stimulus is None or stimulus.table is None:
        return ""
    return " " + " ".join(in_language(cell, language) for row in stimulus.table.rows for cell in row[1:])
