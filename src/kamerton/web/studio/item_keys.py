"""A test item as the candidate reads it, beside its key: for the pages of those who build and check tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from kamerton.apps.delivery.queries import item_mark
from kamerton.apps.frameworks.documents import Competency, FrameworkDocument, Indicator
from kamerton.apps.instruments.documents import FormDocument, Item, Option, Stimulus, Table
from kamerton.values.texts import LangText, in_language
from kamerton.web.wording import decimal


@dataclass(frozen=True, slots=True)
class TableView:
    """A table of a brief or a stimulus; a column of figures stands right, a column of words left."""

    caption: LangText
    head: list[tuple[LangText, bool]]
    rows: list[list[tuple[LangText, bool]]]


def table_view(table: Table | None) -> TableView | None:
    if table is None:
        return None
    width = max([len(table.head), *(len(row) for row in table.rows)], default=0)
    columns = [[row[place] for row in table.rows if place < len(row)] for place in range(width)]
    right = [place > 0 and all(_is_figure(cell) for cell in column) for place, column in enumerate(columns)]
    return TableView(
        table.caption,
        list(zip(table.head, right, strict=False)),
        [list(zip(row, right, strict=False)) for row in table.rows],
    )


MAX_FIGURE = 12
"""Longer than "1 900 тыс. ₽": words with a number in them, not a figure."""


def _is_figure(cell: LangText) -> bool:
    text = in_language(cell, get_language() or "ru")
    return len(text) <= MAX_FIGURE and not any(sign.isalpha() for sign in text)


def type_word(item_type: str) -> str:
    words = {
        "single": _("one answer"),
        "multiple": _("several answers"),
        "numeric": _("a number"),
        "order": _("put in order"),
        "match": _("pairs"),
        "table_row": _("a row of the table"),
        "best_worst": _("best and worst"),
        "likert": _("judge a behaviour"),
        "short_text": _("a short text"),
        "range": _("an interval"),
        "map": _("a map of people"),
    }
    return words[item_type]


def scoring_sentence(item: Item) -> str:
    """How an answer becomes points; the rules themselves are `instruments.rules`."""
    sentences = {
        "single": _("All points for the keyed answer, otherwise none."),
        "table_row": _("All points for the keyed row, otherwise none."),
        "numeric": _("All points within the tolerance, bounds included, otherwise none."),
        "multiple": _("Right marks less wrong marks, over the number of keyed ones; never below zero."),
        "order": _("Pairs in the right order less pairs in the wrong one, over all pairs; never below zero."),
        "match": _("The share of pairs made rightly."),
        "best_worst": _("Half of the points for the best, half for the worst."),
        "likert": _("All points at the experts' value, half beside it."),
        "short_text": _("Assessors score it on the rubric; their mean counts."),
        "range": _(
            "All points when the true value lies inside and the interval is neither too narrow nor too wide."
        ),
        "map": _("For each person half for the power and half for the side taken."),
    }
    return sentences[item.type]


def level_word(level: str) -> str:
    words = {
        "know": pgettext("item level", "to know"),
        "apply": pgettext("item level", "to apply"),
        "analyse": pgettext("item level", "to analyse"),
    }
    return words[level]


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One option as the candidate reads it, what the key says of it, and why."""

    text: LangText
    mark: str
    is_keyed: bool
    rationales: tuple[LangText, ...]


def key_rows(item: Item) -> list[KeyRow]:
    """Options in the order of the form; of an order item in the keyed order; of a match item by its left side."""
    key = item.key
    if item.type == "match":
        return _match_rows(item)
    if item.type == "map":
        return [KeyRow(o.text, _place_words(*key["places"][o.code]), True, (o.rationale,)) for o in item.left]
    if item.type == "order":
        place = {code: number for number, code in enumerate(key["order"], start=1)}
        ordered = sorted(item.options, key=lambda option: place[option.code])
        return [KeyRow(o.text, str(place[o.code]), True, (o.rationale,)) for o in ordered]
    marks: dict[str, str] = {}
    halves: dict[str, str] = {}
    if item.type in {"single", "table_row"}:
        marks = {key["correct"]: pgettext("item key", "right")}
    elif item.type == "multiple":
        marks = dict.fromkeys(key["correct"], pgettext("item key", "right"))
    elif item.type == "best_worst":
        marks = {key["best"]: pgettext("item key", "best"), key["worst"]: pgettext("item key", "worst")}
    elif item.type == "likert":
        value, near = int(key["value"]), int(key.get("near", 0))
        marks = {str(value): pgettext("item key", "the experts' value")}
        halves = {
            str(v): pgettext("item key", "half") for v in range(value - near, value + near + 1) if v != value
        }
    return [
        KeyRow(o.text, marks.get(o.code) or halves.get(o.code, ""), o.code in marks, (o.rationale,))
        for o in item.options
    ]


def _place_words(power: int, stance: int) -> str:
    sign = f"{stance:+d}".replace("-", "\u2212") if stance else "0"
    return _("power %(power)s, stance %(stance)s") % {"power": power, "stance": sign}


def _match_rows(item: Item) -> list[KeyRow]:
    right: dict[str, Option] = {option.code: option for option in item.options}
    pairs: dict[str, str] = item.key["pairs"]
    language = get_language() or "ru"
    rows = [
        KeyRow(
            left.text,
            in_language(right[pairs[left.code]].text, language),
            True,
            (left.rationale, right[pairs[left.code]].rationale),
        )
        for left in item.left
    ]
    spare = [option for option in item.options if option.code not in pairs.values()]
    return rows + [KeyRow(o.text, pgettext("item key", "no pair"), False, (o.rationale,)) for o in spare]


@dataclass(frozen=True, slots=True)
class ItemView:
    item: Item
    competency: Competency | None
    indicator: Indicator | None
    stimulus: Stimulus | None
    table: TableView | None
    shown_with: str
    """Code of the item above that shows the same stimulus; empty for the first."""
    type_word: str
    level_word: str
    scoring: str
    rows: list[KeyRow]
    number: str
    """The key of a numeric item: value and tolerance."""
    shown: int
    """Sittings in which it has been given out."""


def item_views(
    form: FormDocument, items: Iterable[Item], framework: FrameworkDocument | None, shown: Mapping[str, int]
) -> list[ItemView]:
    competencies = {c.code: c for c in framework.competencies} if framework else {}
    indicators = {i.code: i for c in competencies.values() for i in c.indicators}
    stimuli = {stimulus.code: stimulus for stimulus in form.stimuli}
    first: dict[str, str] = {}
    views: list[ItemView] = []
    for item in items:
        code = item.stimulus or ""
        stimulus = stimuli.get(code)
        views.append(
            ItemView(
                item, competencies.get(item.competency), indicators.get(item.indicator or ""), stimulus,
                table_view(stimulus.table) if stimulus else None, first.get(code, ""), type_word(item.type), level_word(item.level), scoring_sentence(item), key_rows(item),
                _number_key(item), shown.get(item_mark(item), 0),
            )
        )  # fmt: skip
        if code:
            first.setdefault(code, item.code)
    return views


def _number_key(item: Item) -> str:
    language = get_language() or "ru"
    if item.type == "range":
        value, narrow, wide = (_shortest(float(x), language) for x in (item.key["value"], *item.key["width"]))
        return _("%(value)s inside, width from %(narrow)s to %(wide)s") % {
            "value": value, "narrow": narrow, "wide": wide
        }  # fmt: skip
    if item.type != "numeric":
        return ""
    value, tolerance = (_shortest(float(item.key[name]), language) for name in ("value", "tolerance"))
    unit = in_language(item.unit, language)
    return f"{value}\u00a0±\u00a0{tolerance}" + (f"\u00a0{unit}" if unit else "")


def _shortest(value: float, language: str) -> str:
    """As many places as the key was written with."""
    return decimal(value, len(repr(value).split(".")[1]) if value != int(value) else 0, language)
