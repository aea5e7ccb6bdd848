"""What an answer to a test item is worth, which answers may be stored, and what of an item a candidate may see.

Scoring rules by type of item; each gives a share of the item's points.

=============  ===============================================================================================
single         all or nothing
table_row      all or nothing
numeric        all or nothing: within `tolerance` of `value`, bounds included
multiple       (right marks − wrong marks) / number of keys, never below 0: marking everything earns little
order          (pairs in the right order − pairs in the wrong order) / all pairs, never below 0 (Kendall's tau,
               cut at 0): an order drawn by lot earns under a fifth, one swap of neighbours costs little
match          share of the left-hand side paired rightly
best_worst     half for the best, half for the worst
likert         all at the experts' value, half within `near` steps of it
range          all or nothing: the true value lies inside and the width is within the key's bounds
map            per person half for the power, half for the stance on the right side (for, neutral, against)
short_text     no score here: a rater gives it
=============  ===============================================================================================

An answer that was not given is 0 with the reason `omitted`; a number that cannot be read is 0 with `not_a_number`;
a part of an answer is scored as it stands, with `incomplete`. A payload of the wrong shape is `MalformedResponse`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Any, Final

from kamerton.apps.instruments.documents import Item
from kamerton.apps.records.errors import InvalidInput
from kamerton.values.texts import in_language

OMITTED: Final = "omitted"
NOT_A_NUMBER: Final = "not_a_number"
INCOMPLETE: Final = "incomplete"
AWAITS_RATER: Final = "awaits_rater"

REASON_TEXTS: Final[dict[str, dict[str, str]]] = {
    OMITTED: {"ru": "Ответа нет, засчитано 0.", "en": "No answer; counted as 0."},
    NOT_A_NUMBER: {
        "ru": "Ответ не читается как число, засчитано 0.",
        "en": "The answer cannot be read as a number; counted as 0.",
    },
    INCOMPLETE: {
        "ru": "Ответ дан не целиком, засчитано то, что есть.",
        "en": "The answer is incomplete; what is there was counted.",
    },
    AWAITS_RATER: {"ru": "Ждёт балла эксперта.", "en": "Awaits a rater’s score."},
}

MAX_NUMBER_LENGTH: Final = 40
"""Longest typed number kept: room for a sum with its unit, none for an essay."""
MAX_TEXT_LENGTH: Final = 4000
"""Longest short text kept: about two pages; three to five sentences are asked for."""

Response = dict[str, Any]


class MalformedResponse(InvalidInput):
    """A payload that no page of ours sends: unknown field, unknown code, wrong type, too long."""

    code = "malformed_response"
    texts = {
        "ru": "Ответ на задание {item} не принят: поле {where}, получено {got}. {what}",
        "en": "The answer to item {item} was not accepted: field {where}, got {got}. {what}",
    }

    def __init__(self, *, item: str, where: str, got: object, what: dict[str, str]) -> None:
        self.item = item
        self.where = where
        super().__init__(item=item, where=where, got=_short(got), what=what)


@dataclass(frozen=True, slots=True)
class ItemVerdict:
    score: float | None
    """In the item's points, 0 to `points`; None where a rater must give it."""
    reason: str | None = None
    """A code of `REASON_TEXTS`, or None when the answer was scored in full."""


def score_response(item: Item, response: Mapping[str, Any] | None) -> ItemVerdict:
    """The score of one stored answer by the item's key."""
    answer = clean_response(item, response or {})
    if not answer:
        return ItemVerdict(0.0, OMITTED)
    if item.type == "short_text":
        return ItemVerdict(None, AWAITS_RATER)
    if item.type == "numeric" and parse_number(answer["number"], item) is None:
        return ItemVerdict(0.0, NOT_A_NUMBER)
    if item.type == "range" and any(parse_number(number, item) is None for number in answer.values()):
        return ItemVerdict(0.0, NOT_A_NUMBER)
    share = _SHARES[item.type](item, answer)
    return ItemVerdict(share * item.points, None if _is_complete(item, answer) else INCOMPLETE)


def is_answered(item: Item, response: Mapping[str, Any] | None) -> bool:
    """Whether the whole answer was given: both ends of best/worst, every line of a match."""
    answer = clean_response(item, response or {})
    return bool(answer) and _is_complete(item, answer)


def clean_response(item: Item, raw: object) -> Response:
    """`raw` from a browser as the answer to store: known fields and codes, bounded sizes; `{}` for no answer.

    Blanks count as not given. Anything a page of ours would not send raises `MalformedResponse`.
    """
    if not isinstance(raw, Mapping):
        raise _malformed(item, "answer", raw, _EXPECTED_FIELDS)
    fields = _FIELDS[item.type]
    for name in raw:
        if name not in fields:
            raise _malformed(item, name, raw[name], _EXPECTED_FIELDS)
    return _CLEANERS[item.type](item, raw)


def candidate_view(item: Item, language: str) -> dict[str, Any]:
    """What a candidate's page may know of an item. An allow-list: a field added to `Item` stays hidden."""
    return {
        "type": item.type,
        "prompt": in_language(item.prompt, language),
        "hint": in_language(item.hint, language),
        "unit": in_language(item.unit, language),
        "stimulus": item.stimulus,
        "options": [
            {"code": option.code, "text": in_language(option.text, language)} for option in item.options
        ],
        "left": [{"code": option.code, "text": in_language(option.text, language)} for option in item.left],
    }


# ------------------------------------------------------------------------------------------- reading a number

_SPACES = re.compile(r"[\s\u00a0\u2000-\u200b\u202f\u2060\ufeff]+")
_LETTERS = re.compile(r"[^\W\d_]+|[%₽$€]")
_UNIT_SYNONYMS: Final = {
    "₽": frozenset({"₽", "руб", "рублей", "рубля", "рубль", "р", "rub", "roubles", "rubles"}),
    "млн": frozenset({"млн", "миллион", "миллиона", "миллионов", "m", "mln", "million"}),
    "тыс": frozenset({"тыс", "тысяч", "тысячи", "k", "thousand"}),
    "кг": frozenset({"кг", "kg"}),
    "г": frozenset({"г", "гр", "g"}),
    "%": frozenset({"%", "процент", "процента", "процентов", "percent"}),
}
"""Ways people write one unit. Only the item's own unit is accepted, so thousands never pass for millions."""
_GROUPED = re.compile(r"\d{1,3}(?: \d{3})+(?![\d ])")
_PLAIN = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)", re.ASCII)


def parse_number(text: str, item: Item) -> Decimal | None:
    """A typed number: decimal comma or point, spaced thousands, the item's own unit; None for anything else.

    With both marks the last one is decimal: 1.244,14 and 1,244.14. A lone comma or point is decimal (12,345 is twelve
    and a bit), a repeated one groups thousands: 1,244,000. A full stop after the number is forgiven.
    """
    if len(text) > MAX_NUMBER_LENGTH:
        return None
    body = _SPACES.sub(" ", text.replace("\u2212", "-").replace("\u2013", "-")).strip().lower()
    digits = _join_thousands(_without_unit(body, item).rstrip(".,; "))
    if digits is None or not _PLAIN.fullmatch(digits):
        return None
    return Decimal(digits.replace(",", "."))


def _without_unit(body: str, item: Item) -> str:
    allowed = _unit_words(item)
    start, end = 0, len(body)
    while match := re.match(r"(?:[≈~=]|" + _LETTERS.pattern + r")\.? ?", body[start:end]):
        if match[0].rstrip(" .") not in allowed | {"≈", "~", "="}:
            break
        start += match.end()
    while match := re.search(r" ?(?:" + _LETTERS.pattern + r")\.?$", body[start:end]):
        if match[0].strip(" .") not in allowed:
            break
        end -= len(match[0])
    return body[start:end].strip()


def _unit_words(item: Item) -> frozenset[str]:
    words = {word for text in item.unit.values() for word in _LETTERS.findall(text.lower())}
    for synonyms in _UNIT_SYNONYMS.values():
        if words & synonyms:
            words |= synonyms
    return frozenset(words)


def _join_thousands(body: str) -> str | None:
    sign = body[:1] if body[:1] in ("+", "-") else ""
    digits = body[len(sign) :].strip()
    if " " in digits:
        match = _GROUPED.match(digits)
        if match is None:
            return None
        digits = match[0].replace(" ", "") + digits[match.end() :]
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and point >= 0:
        thousands, decimal = (",", ".") if point > comma else (".", ",")
        whole, fraction = digits[: max(comma, point)], digits[max(comma, point) + 1 :]
        if decimal in whole or not _is_grouped(whole, thousands):
            return None
        digits = whole.replace(thousands, "") + "." + fraction
    else:
        for mark in ",.":
            if digits.count(mark) > 1:
                if not _is_grouped(digits, mark):
                    return None
                digits = digits.replace(mark, "")
    return sign + digits


def _is_grouped(digits: str, mark: str) -> bool:
    return re.fullmatch(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+", digits, re.ASCII) is not None


# ------------------------------------------------------------------------------------------- shares by type


def _choice_share(item: Item, answer: Response) -> float:
    return float(answer["choice"] == item.key["correct"])


def _multiple_share(item: Item, answer: Response) -> float:
    keys, marks = set(item.key["correct"]), set(answer["choices"])
    return max(0.0, (len(marks & keys) - len(marks - keys)) / len(keys))


def _numeric_share(item: Item, answer: Response) -> float:
    number = parse_number(answer["number"], item)
    if number is None:
        return 0.0
    distance = abs(number - Decimal(str(item.key["value"])))
    return float(distance <= Decimal(str(item.key["tolerance"])))


def _order_share(item: Item, answer: Response) -> float:
    place = {code: position for position, code in enumerate(answer["order"])}
    pairs = list(combinations(item.key["order"], 2))
    agreement = sum(1 if place[first] < place[second] else -1 for first, second in pairs)
    return max(0.0, agreement / len(pairs))


def _match_share(item: Item, answer: Response) -> float:
    pairs: dict[str, str] = item.key["pairs"]
    right_pairs = [left for left, right in pairs.items() if answer["pairs"].get(left) == right]
    return len(right_pairs) / len(pairs)


def _best_worst_share(item: Item, answer: Response) -> float:
    right_ends = [end for end in ("best", "worst") if answer.get(end) == item.key[end]]
    return len(right_ends) / 2


def _likert_share(item: Item, answer: Response) -> float:
    distance = abs(int(answer["step"]) - int(item.key["value"]))
    if distance == 0:
        return 1.0
    return 0.5 if distance <= int(item.key.get("near", 0)) else 0.0


def _range_share(item: Item, answer: Response) -> float:
    low, high = (parse_number(answer.get(end, ""), item) for end in ("low", "high"))
    if low is None or high is None or low > high:
        return 0.0
    value = Decimal(str(item.key["value"]))
    narrow, wide = (Decimal(str(bound)) for bound in item.key["width"])
    return float(low <= value <= high and narrow <= high - low <= wide)


def place_of(text: str) -> tuple[int, int]:
    """A place on the map, "3:-1", as (power, stance)."""
    power, _, stance = text.partition(":")
    return int(power), int(stance)


def _side(stance: int) -> int:
    return (stance > 0) - (stance < 0)


def _map_share(item: Item, answer: Response) -> float:
    key: dict[str, list[int]] = item.key["places"]
    halves = 0
    for code, (power, stance) in key.items():
        if code in answer["places"]:
            given_power, given_stance = place_of(answer["places"][code])
            halves += (given_power == power) + (_side(given_stance) == _side(stance))
    return halves / (2 * len(key))


@dataclass(frozen=True, slots=True)
class FaultCount:
    """What came of planted faults in a match item whose key names "nothing wrong" (`key["none"]`)."""

    planted: int
    found: int
    """Named with the right kind of fault."""
    noticed: int
    """Found, or marked as a fault of another kind."""
    false_alarms: int
    """Rows in order that were called faulty."""


def count_faults(item: Item, response: Mapping[str, Any] | None) -> FaultCount:
    pairs: dict[str, str] = item.key["pairs"]
    none = item.key["none"]
    given: dict[str, str] = (response or {}).get("pairs") or {}
    faulty = {left for left, right in pairs.items() if right != none}
    called = {left for left, right in given.items() if right != none}
    return FaultCount(
        len(faulty), sum(given.get(left) == pairs[left] for left in faulty), len(faulty & called), len(called - faulty)
    )  # fmt: skip


def rank_correlation(key: list[str], order: list[str]) -> float:
    """Spearman's rank correlation of two orders of the same codes, -1 to 1 (no ties: 1 - 6 Σd² / n(n² - 1))."""
    place = {code: position for position, code in enumerate(order)}
    n = len(key)
    squares = sum((position - place[code]) ** 2 for position, code in enumerate(key))
    return 1 - 6 * squares / (n * (n * n - 1))


_SHARES: Final[dict[str, Callable[[Item, Response], float]]] = {
    "single": _choice_share,
    "table_row": _choice_share,
    "multiple": _multiple_share,
    "numeric": _numeric_share,
    "order": _order_share,
    "match": _match_share,
    "best_worst": _best_worst_share,
    "likert": _likert_share,
    "range": _range_share,
    "map": _map_share,
}


def _is_complete(item: Item, answer: Response) -> bool:
    if item.type == "match":
        return len(answer["pairs"]) == len(item.left)
    if item.type in {"best_worst", "range"}:
        return len(answer) == 2
    if item.type == "map":
        return len(answer["places"]) == len(item.left)
    return True


# ------------------------------------------------------------------------------------------- cleaning by type

_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "single": ("choice",),
    "table_row": ("choice",),
    "multiple": ("choices",),
    "numeric": ("number",),
    "order": ("order",),
    "match": ("pairs",),
    "best_worst": ("best", "worst"),
    "likert": ("step",),
    "short_text": ("text",),
    "range": ("low", "high"),
    "map": ("places",),
}
_EXPECTED_FIELDS: Final = {
    "ru": "Ожидаются поля этого типа задания.",
    "en": "The fields of this type of item are expected.",
}
_EXPECTED_CODE: Final = {
    "ru": "Ожидается код варианта этого задания.",
    "en": "A code of this item is expected.",
}
_EXPECTED_LIST: Final = {
    "ru": "Ожидается список разных кодов этого задания.",
    "en": "A list of distinct codes of this item is expected.",
}
_EXPECTED_ORDER: Final = {
    "ru": "Ожидаются все коды этого задания, каждый один раз.",
    "en": "Every code of this item is expected, each once.",
}
_EXPECTED_PAIRS: Final = {
    "ru": "Ожидаются пары: код слева и код справа.",
    "en": "Pairs are expected: a code on the left and a code on the right.",
}
_EXPECTED_PLACES: Final = {
    "ru": "Ожидаются места: влияние от 1 до 3 и позиция от -2 до 2.",
    "en": "Places are expected: power from 1 to 3 and stance from -2 to 2.",
}
_EXPECTED_TWO: Final = {
    "ru": "Лучший и худший ответ должны быть разными.",
    "en": "The best and the worst answer must differ.",
}
_EXPECTED_TEXT: Final = {
    "ru": "Ожидается текст без служебных знаков, не длиннее предела.",
    "en": "Text without control characters, within the limit, is expected.",
}


def _clean_choice(item: Item, raw: Mapping[str, Any]) -> Response:
    return _clean_code(item, raw, "choice")


def _clean_step(item: Item, raw: Mapping[str, Any]) -> Response:
    return _clean_code(item, raw, "step")


def _clean_code(item: Item, raw: Mapping[str, Any], name: str) -> Response:
    value = raw.get(name)
    if _is_blank(value):
        return {}
    if not isinstance(value, str) or value not in _codes(item):
        raise _malformed(item, name, value, _EXPECTED_CODE)
    return {name: value}


def _clean_choices(item: Item, raw: Mapping[str, Any]) -> Response:
    marks = _code_list(item, raw, "choices")
    return {"choices": [code for code in _codes(item) if code in marks]} if marks else {}


def _clean_order(item: Item, raw: Mapping[str, Any]) -> Response:
    order = _code_list(item, raw, "order")
    if order and len(order) != len(item.options):
        raise _malformed(item, "order", order, _EXPECTED_ORDER)
    return {"order": order} if order else {}


def _code_list(item: Item, raw: Mapping[str, Any], name: str) -> list[str]:
    value = raw.get(name)
    if _is_blank(value):
        return []
    codes = _codes(item)
    if not isinstance(value, list) or not all(isinstance(code, str) and code in codes for code in value):
        raise _malformed(item, name, value, _EXPECTED_LIST)
    if len(set(value)) != len(value):
        raise _malformed(item, name, value, _EXPECTED_LIST)
    return list(value)


def _clean_pairs(item: Item, raw: Mapping[str, Any]) -> Response:
    value = raw.get("pairs")
    if _is_blank(value):
        return {}
    if not isinstance(value, Mapping):
        raise _malformed(item, "pairs", value, _EXPECTED_PAIRS)
    lefts, rights = [option.code for option in item.left], _codes(item)
    for left, right in value.items():
        if left not in lefts or not (_is_blank(right) or (isinstance(right, str) and right in rights)):
            raise _malformed(item, f"pairs.{_short(left)}", right, _EXPECTED_PAIRS)
    pairs = {left: value[left] for left in lefts if not _is_blank(value.get(left))}
    return {"pairs": pairs} if pairs else {}


def _clean_best_worst(item: Item, raw: Mapping[str, Any]) -> Response:
    answer = _clean_code(item, raw, "best") | _clean_code(item, raw, "worst")
    if len(answer) == 2 and answer["best"] == answer["worst"]:
        raise _malformed(item, "worst", answer["worst"], _EXPECTED_TWO)
    return answer


def _clean_number(item: Item, raw: Mapping[str, Any]) -> Response:
    return _clean_text_field(item, raw, "number", MAX_NUMBER_LENGTH)


def _clean_range(item: Item, raw: Mapping[str, Any]) -> Response:
    return _clean_text_field(item, raw, "low", MAX_NUMBER_LENGTH) | _clean_text_field(
        item, raw, "high", MAX_NUMBER_LENGTH
    )


PLACES: Final = tuple(f"{power}:{stance}" for power in (1, 2, 3) for stance in (-2, -1, 0, 1, 2))
"""Every place of a map: power 1 (little) to 3 (decides), stance -2 (against) to 2 (for)."""


def _clean_places(item: Item, raw: Mapping[str, Any]) -> Response:
    value = raw.get("places")
    if _is_blank(value):
        return {}
    if not isinstance(value, Mapping):
        raise _malformed(item, "places", value, _EXPECTED_PLACES)
    people = [option.code for option in item.left]
    for code, place in value.items():
        if code not in people or not (_is_blank(place) or place in PLACES):
            raise _malformed(item, f"places.{_short(code)}", place, _EXPECTED_PLACES)
    places = {code: value[code] for code in people if not _is_blank(value.get(code))}
    return {"places": places} if places else {}


def _clean_text(item: Item, raw: Mapping[str, Any]) -> Response:
    return _clean_text_field(item, raw, "text", MAX_TEXT_LENGTH)


def _clean_text_field(item: Item, raw: Mapping[str, Any], name: str, limit: int) -> Response:
    value = raw.get(name)
    if value is None:
        return {}
    if not isinstance(value, str) or len(value) > 2 * limit:
        raise _malformed(item, name, value, _EXPECTED_TEXT)
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > limit or any(_is_forbidden(sign) for sign in text):
        raise _malformed(item, name, value, _EXPECTED_TEXT)
    return {name: text} if _SPACES.sub("", text) else {}


def _is_forbidden(sign: str) -> bool:
    """Control characters and halves of surrogate pairs: databases refuse them, no keyboard types them."""
    return (sign < " " and sign not in "\n\t") or sign == "\x7f" or "\ud800" <= sign <= "\udfff"


_CLEANERS: Final[dict[str, Callable[[Item, Mapping[str, Any]], Response]]] = {
    "single": _clean_choice,
    "table_row": _clean_choice,
    "multiple": _clean_choices,
    "numeric": _clean_number,
    "order": _clean_order,
    "match": _clean_pairs,
    "best_worst": _clean_best_worst,
    "likert": _clean_step,
    "short_text": _clean_text,
    "range": _clean_range,
    "map": _clean_places,
}


def _codes(item: Item) -> list[str]:
    return [option.code for option in item.options]


def _is_blank(value: object) -> bool:
    return value is None or value == "" or value == [] or value == {}


def _short(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _malformed(item: Item, where: object, got: object, what: dict[str, str]) -> MalformedResponse:
    return MalformedResponse(item=item.code, where=_short(where), got=got, what=what)
