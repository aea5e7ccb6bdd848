"""What somebody earns on a form without knowing anything: by lot, and by the tricks of the test-wise.

Each trick likes some options more than others; an item it has nothing to say about is answered by lot. A form is sound
when no trick earns much more than the lot. Where one does, `Guess.points_by_item` names the items to be rewritten:
the content is at fault, not the bound.

What is presumed of a sitting: single, multiple, best/worst, order and match items show their options in an order of the
candidate's own, a table keeps its rows and a scale its steps (delivery shuffles so); of a multiple item half the options
are marked; a number is taken from the table or the text above the item; a short text, which a rater scores, earns
nothing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from statistics import fmean, median, stdev
from typing import Any, Final

from kamerton.apps.instruments.documents import FormDocument, Item, Stimulus
from kamerton.apps.instruments.rules import score_response
from kamerton.values.texts import in_language

ABSOLUTE: Final = re.compile(
    r"\b(все|всё|всех|всегда|никогда|только|лишь|люб\w{2,3}|кажд\w{2,3}|ни один|обязательно|полностью"
    r"|always|never|only|all|every|any|none|must|entirely|completely)\b",
    re.IGNORECASE,
)
WORD: Final = re.compile(r"[^\W\d_]{4,}")
STEM_LENGTH: Final = 5
"""Letters by which words count as the same: enough to join the cases of a Russian noun, too few to join strangers."""
NUMBER: Final = {
    "ru": re.compile(r"\d+(?:[ \u00a0]\d{3})*(?:,\d+)?"),
    "en": re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?"),
}


@dataclass(frozen=True, slots=True)
class Guess:
    strategy: str
    share: float
    """Of the form's points: the mean over `times` simulated sittings."""
    se: float
    """Standard error of that mean: how far more sittings could still move it."""
    sd: float
    """Spread of one sitting; by lot it is the yardstick for what a single guesser may gain by luck."""
    times: int
    points_by_item: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Shown:
    """An item as it stands before a candidate: codes in the order shown, texts in one language."""

    item: Item
    codes: Sequence[str]
    texts: Mapping[str, str]
    stimulus: Stimulus | None
    language: str


Liking = Callable[[_Shown], Mapping[str, float]]
"""How much a trick likes each option; equal liking is settled by lot. Empty where it has nothing to say."""


def guess(form: FormDocument, strategy: str, *, seed: int, language: str = "ru", times: int = 200) -> Guess:
    """What `strategy` earns on `form`, by `times` simulated sittings."""
    rng = random.Random(seed)
    stimuli = {stimulus.code: stimulus for stimulus in form.stimuli}
    sittings = [
        [_points(item, strategy, stimuli.get(item.stimulus or ""), language, rng) for item in form.items]
        for _ in range(times)
    ]
    total = sum(item.points for item in form.items)
    shares = [sum(points) / total for points in sittings]
    sd = stdev(shares)
    by_item = {
        item.code: fmean(column) for item, column in zip(form.items, zip(*sittings, strict=True), strict=True)
    }
    return Guess(strategy, fmean(shares), sd / times**0.5, sd, times, by_item)


def guesses(form: FormDocument, *, seed: int, language: str = "ru", times: int = 200) -> tuple[Guess, ...]:
    """Every strategy on `form`, the lot first."""
    return tuple(guess(form, name, seed=seed, language=language, times=times) for name in STRATEGIES)


def chance_share(form: FormDocument, language: str = "ru") -> float:
    """The share of points that the lot earns in the long run, from the scoring rules and not from sittings."""
    stimuli = {stimulus.code: stimulus for stimulus in form.stimuli}
    expected = (
        _chance(item, stimuli.get(item.stimulus or ""), language) * item.points for item in form.items
    )
    return sum(expected) / sum(item.points for item in form.items)


def _chance(item: Item, stimulus: Stimulus | None, language: str) -> float:
    size = len(item.options)
    match item.type:
        case "single" | "table_row" | "best_worst":
            return 1 / size
        case "match":
            return min(size, len(item.left)) / len(item.left) / size
        case "multiple":
            keys, marks = len(item.key["correct"]), _marks(size)
            ways = (comb(keys, hits) * comb(size - keys, marks - hits) * max(0, 2 * hits - marks) for hits in range(min(keys, marks) + 1))  # fmt: skip
            return sum(ways) / comb(size, marks) / keys
        case "order":
            pairs = comb(size, 2)
            ways_by_inversions = _inversions(size)
            return sum(ways * max(0.0, 1 - 2 * wrong / pairs) for wrong, ways in enumerate(ways_by_inversions)) / sum(ways_by_inversions)  # fmt: skip
        case "likert":
            return fmean((score_response(item, {"step": option.code}).score or 0.0) / item.points for option in item.options)  # fmt: skip
        case "numeric":
            seen = _numbers_above(item, stimulus, language)
            return fmean((score_response(item, {"number": repr(number)}).score or 0.0) / item.points for number in seen) if seen else 0.0  # fmt: skip
        case _:
            return 0.0


def _inversions(size: int) -> list[int]:
    """How many orders of `size` lines have 0, 1, 2… pairs the wrong way round (Mahonian numbers)."""
    counts = [1]
    for lines in range(2, size + 1):
        longer = [0] * (len(counts) + lines - 1)
        for wrong, ways in enumerate(counts):
            for more in range(lines):
                longer[wrong + more] += ways
        counts = longer
    return counts


def _marks(size: int) -> int:
    return max(1, size // 2)


# ------------------------------------------------------------------------------------------------ one answer

_KEPT_IN_ORDER: Final = frozenset({"table_row", "likert"})


def _points(item: Item, strategy: str, stimulus: Stimulus | None, language: str, rng: random.Random) -> float:
    codes = [option.code for option in item.options]
    if item.type not in _KEPT_IN_ORDER:
        rng.shuffle(codes)
    texts = {option.code: in_language(option.text, language) for option in item.options}
    shown = _Shown(item, codes, texts, stimulus, language)
    return score_response(item, _answer(shown, strategy, rng)).score or 0.0


def _answer(shown: _Shown, strategy: str, rng: random.Random) -> dict[str, Any]:
    if shown.item.type == "numeric":
        return _typed(shown, strategy, rng)
    liking = STRATEGIES[strategy](shown)
    liked = sorted(shown.codes, key=lambda code: (-liking.get(code, 0.0), rng.random()))
    match shown.item.type:
        case "single" | "table_row":
            return {"choice": liked[0]}
        case "multiple":
            return {"choices": liked[: _marks(len(liked))]}
        case "best_worst":
            return {"best": liked[0], "worst": liked[-1]}
        case "likert":
            return {"step": liked[0]}
        case "order":
            return {"order": rng.sample(liked, len(liked))}
        case "match":
            return {"pairs": _pairs(shown, strategy, rng)}
        case _:
            return {}


def _typed(shown: _Shown, strategy: str, rng: random.Random) -> dict[str, Any]:
    seen = _numbers_above(shown.item, shown.stimulus, shown.language)
    if not seen:
        return {}
    trick = {"middle_number": median, "largest_number": max}.get(strategy, rng.choice)
    return {"number": repr(float(trick(seen)))}


def _pairs(shown: _Shown, strategy: str, rng: random.Random) -> dict[str, str]:
    """By lot; by echo and several tricks at once, each line takes the free option that shares most words with it."""
    lefts = rng.sample(shown.item.left, len(shown.item.left))
    free = rng.sample(list(shown.codes), len(shown.codes))
    pairs: dict[str, str] = {}
    for left in lefts[: len(free)]:
        asked = _stems(in_language(left.text, shown.language))
        by_words = strategy in ("echo", "together")
        pairs[left.code] = max(free, key=lambda code: len(asked & _stems(shown.texts[code]))) if by_words else free[0]  # fmt: skip
        free.remove(pairs[left.code])
    return pairs


# ------------------------------------------------------------------------------------------------ tricks


def _lot(shown: _Shown) -> Mapping[str, float]:
    return {}


def _longest(shown: _Shown) -> Mapping[str, float]:
    return {code: float(len(text)) for code, text in shown.texts.items()} if _is_worded(shown) else {}


def _shortest(shown: _Shown) -> Mapping[str, float]:
    return {code: -length for code, length in _longest(shown).items()}


def _middle_length(shown: _Shown) -> Mapping[str, float]:
    """Authors who take care that no key is the longest leave it in the middle."""
    lengths = _longest(shown)
    return {code: -abs(length - median(lengths.values())) for code, length in lengths.items()}


def _middle_place(shown: _Shown) -> Mapping[str, float]:
    middle = (len(shown.codes) - 1) / 2
    return {code: -abs(place - middle) for place, code in enumerate(shown.codes)}


def _echo(shown: _Shown) -> Mapping[str, float]:
    asked = _stems(in_language(shown.item.prompt, shown.language))
    return {code: float(len(asked & _stems(text))) for code, text in shown.texts.items()} if _is_worded(shown) else {}  # fmt: skip


def _kinship(shown: _Shown) -> Mapping[str, float]:
    """Distractors are often made by changing the key, so the option with most words in common with the others."""
    if not _is_worded(shown):
        return {}
    stems = {code: _stems(text) for code, text in shown.texts.items()}
    return {
        code: float(sum(len(own & other) for twin, other in stems.items() if twin != code))
        for code, own in stems.items()
    }


def _mild(shown: _Shown) -> Mapping[str, float]:
    return {code: -float(bool(ABSOLUTE.search(text))) for code, text in shown.texts.items()}


def _largest_number(shown: _Shown) -> Mapping[str, float]:
    return _numbers_of_options(shown)


def _middle_number(shown: _Shown) -> Mapping[str, float]:
    if shown.item.type == "likert":
        return _middle_place(shown)
    numbers = _numbers_of_options(shown)
    if not numbers:
        return {}
    middle = median(numbers.values())
    return {code: -abs(number - middle) for code, number in numbers.items()}


def _together(shown: _Shown) -> Mapping[str, float]:
    """The sum of ranks that the likelier tricks give."""
    score = dict.fromkeys(shown.codes, 0.0)
    for trick in (_longest, _echo, _kinship, _mild, _middle_number):
        liking = trick(shown)
        for code in liking:
            score[code] += sum(liking[code] > other for other in liking.values())
    return score


STRATEGIES: Final[Mapping[str, Liking]] = {
    "lot": _lot,
    "longest": _longest,
    "shortest": _shortest,
    "middle_length": _middle_length,
    "middle_place": _middle_place,
    "echo": _echo,
    "kinship": _kinship,
    "mild": _mild,
    "middle_number": _middle_number,
    "largest_number": _largest_number,
    "together": _together,
}


# ------------------------------------------------------------------------------------------------ words, numbers


def _is_worded(shown: _Shown) -> bool:
    """Whether options are phrases of the author's: rows of a table and steps of a scale have the length they have."""
    return shown.item.type in ("single", "multiple", "best_worst")


def _stems(text: str) -> frozenset[str]:
    return frozenset(word.lower()[:STEM_LENGTH] for word in WORD.findall(text))


def _numbers(text: str, language: str) -> list[float]:
    found = NUMBER[language].findall(text)
    if language == "ru":
        return [float(re.sub(r"\s", "", one).replace(",", ".")) for one in found]
    return [float(one.replace(",", "")) for one in found]


def _numbers_above(item: Item, stimulus: Stimulus | None, language: str) -> list[float]:
    """Numbers a guesser may copy: from the table's cells, else from the mail or note, else from the question."""
    if stimulus is None:
        return _numbers(in_language(item.prompt, language), language)
    if stimulus.table is None:
        return [n for text in stimulus.paragraphs for n in _numbers(in_language(text, language), language)]
    return [
        number
        for row in stimulus.table.rows
        for cell in row[1:]
        for number in _numbers(in_language(cell, language), language)
    ]


def _numbers_of_options(shown: _Shown) -> Mapping[str, float]:
    """The first number of each option, or of the first column of its row; empty unless each option has one."""
    texts = dict(shown.texts)
    table = shown.stimulus.table if shown.stimulus else None
    if shown.item.type == "table_row" and table is not None:
        texts = {code: in_language(row[1], shown.language) for code, row in zip(table.row_codes, table.rows, strict=True)}  # fmt: skip
    found = {code: _numbers(text, shown.language) for code, text in texts.items()}
    return {code: numbers[0] for code, numbers in found.items()} if all(found.values()) else {}
