"""Items as a candidate's page shows them, and what its form fields say, with or without scripts.

Only `candidate_view` of an item goes in: an allow-list, so no key, weight, competency or rationale can come out.
Items are called by their number on the page, never by their code.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import QueryDict

from kamerton.apps.delivery import rules
from kamerton.apps.delivery.models import Answer, Sitting
from kamerton.apps.delivery.queries import AnswerValue
from kamerton.apps.instruments.documents import Item, Stimulus, Table
from kamerton.apps.instruments.rules import MAX_NUMBER_LENGTH, MAX_TEXT_LENGTH, candidate_view
from kamerton.apps.records.errors import InvalidInput
from kamerton.values.texts import LangText, in_language
from kamerton.web.wording import tie

WIDEST_ON_PHONE = 3
"""Columns that 360 pixels hold; a wider table becomes a list of terms there: a column scrolled out of sight is a trap."""


class PartlyAnswered(InvalidInput):
    """What a form without scripts can send and an answer cannot be: a place taken twice, one option as both ends."""

    code = "partly_answered"


def words_in(text: LangText, language: str) -> str:
    """A text in the reader's language, Russian short words tied to the next."""
    return tie(in_language(text, language), language)


def stimulus_view(stimulus: Stimulus, language: str) -> dict[str, Any]:
    table = stimulus.table
    right = _figure_columns(table, language) if table else []
    return {
        "title": words_in(stimulus.title, language),
        "mail_from": words_in(stimulus.mail_from, language),
        "mail_subject": words_in(stimulus.mail_subject, language),
        "paragraphs": [words_in(paragraph, language) for paragraph in stimulus.paragraphs],
        "table": {
            "caption": words_in(table.caption, language),
            "head": [words_in(cell, language) for cell in table.head],
            "columns": [
                {"text": words_in(cell, language), "is_number": right[place]}
                for place, cell in enumerate(table.head)
            ],
            "is_wide": len(table.head) > WIDEST_ON_PHONE,
            "rows": [
                {
                    "code": table.row_codes[place] if place < len(table.row_codes) else "",
                    "head": words_in(row[0], language),
                    "cells": [
                        {
                            "text": words_in(cell, language),
                            "label": words_in(label, language),
                            "is_number": is_number,
                        }
                        for cell, label, is_number in zip(row[1:], table.head[1:], right[1:], strict=False)
                    ],
                }
                for place, row in enumerate(table.rows)
                if row
            ],
        }
        if table
        else None,
    }


def _figure_columns(table: Table, language: str) -> list[bool]:
    """Columns of figures stand right with their heads, columns of words left: most cells decide."""

    def is_figure(text: str) -> bool:
        return any(sign.isdigit() for sign in text) and not any(sign.isalpha() for sign in text)

    cells = [[in_language(cell, language) for cell in row] for row in table.rows]
    return [
        place > 0 and 2 * sum(is_figure(row[place]) for row in cells if place < len(row)) > len(cells)
        for place in range(len(table.head))
    ]


def item_view(
    item: Item,
    *,
    number: int,
    sitting_id: UUID,
    language: str,
    value: AnswerValue | None,
    shown: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """One item ready to draw: options in this candidate's order, marked as `shown` (or as stored) says."""
    view = candidate_view(item, language)
    response = shown if shown is not None else (value.response if value and value.response else {})
    by_code = {option["code"]: option for option in view["options"]}
    options = [by_code[code] for code in rules.option_order(sitting_id, item)]
    pairs = response.get("pairs") or response.get("places") or {}
    order = list(response.get("order") or [])
    if item.type == "order" and order:
        options = [by_code[code] for code in order if code in by_code]
    for option in options:
        code = option["code"]
        option["is_chosen"] = code == response.get("choice") or code in (response.get("choices") or [])
        option["text"] = tie(option["text"], language)
        option["is_best"] = code == response.get("best")
        option["is_worst"] = code == response.get("worst")
        option["is_step"] = code == response.get("step")
        option["place"] = order.index(code) + 1 if code in order else 0
    return {
        "number": number,
        "name": f"i{number}",
        "type": view["type"],
        "prompt": tie(view["prompt"], language),
        "hint": tie(view["hint"], language),
        "unit": view["unit"],
        "options": options,
        "places": list(range(1, len(options) + 1)),
        "left": [
            left | {"text": tie(left["text"], language), "right": pairs.get(left["code"], "")}
            for left in view["left"]
        ],
        "number_text": response.get("number", ""),
        "low": response.get("low", ""),
        "high": response.get("high", ""),
        "map": [
            {
                "code": left["code"],
                "text": tie(left["text"], language),
                "power": pairs.get(left["code"], ":").partition(":")[0],
                "stance": pairs.get(left["code"], ":").partition(":")[2],
            }
            for left in view["left"]
        ]
        if view["type"] == "map"
        else [],
        "text": response.get("text", ""),
        "max_number": MAX_NUMBER_LENGTH,
        "max_text": MAX_TEXT_LENGTH,
        "chosen": response.get("choice", ""),
        "answer_epoch": value.epoch if value else 0,
        "answer_seq": value.seq if value else 0,
        "saved_at": value.at if value else None,
    }


def response_from_form(item: Item, number: int, data: QueryDict) -> dict[str, Any]:
    """The raw response of one item in a posted form, in the shape `clean_response` reads."""
    name = f"i{number}"
    match item.type:
        case "single" | "table_row":
            return {"choice": data.get(f"{name}-choice", "")}
        case "multiple":
            return {"choices": data.getlist(f"{name}-choices")}
        case "numeric":
            return {"number": data.get(f"{name}-number", "")}
        case "likert":
            return {"step": data.get(f"{name}-step", "")}
        case "short_text":
            return {"text": data.get(f"{name}-text", "")}
        case "match":
            return {"pairs": {left.code: data.get(f"{name}-pair-{left.code}", "") for left in item.left}}
        case "best_worst":
            return _ends(number, data.get(f"{name}-best", ""), data.get(f"{name}-worst", ""))
        case "range":
            return {end: data.get(f"{name}-{end}", "") for end in ("low", "high")}
        case "map":
            return {"places": _places(number, item, data)}
        case "order":
            places = {option.code: data.get(f"{name}-place-{option.code}", "") for option in item.options}
            return _order(number, places)


def _places(number: int, item: Item, data: QueryDict) -> dict[str, str]:
    places: dict[str, str] = {}
    for person in item.left:
        power, stance = (data.get(f"i{number}-{axis}-{person.code}", "") for axis in ("power", "stance"))
        if bool(power) != bool(stance):
            raise PartlyAnswered(
                what={
                    "ru": f"Задание {number} не сохранено: у каждого человека нужны и влияние, и позиция.",
                    "en": f"Item {number} is not saved: each person needs both a power and a stance.",
                }
            )
        if power:
            places[person.code] = f"{power}:{stance}"
    return places


def _ends(number: int, best: str, worst: str) -> dict[str, Any]:
    if best and best == worst:
        raise PartlyAnswered(
            what={
                "ru": f"Задание {number} не сохранено: один и тот же ответ отмечен и лучшим, и худшим. Выберите разные.",
                "en": f"Item {number} is not saved: the same answer is marked both best and worst. Choose two.",
            }
        )
    return {"best": best, "worst": worst}


def _order(number: int, places: Mapping[str, str]) -> dict[str, Any]:
    given = [place for place in places.values() if place]
    if not given:
        return {"order": []}
    if len(given) < len(places) or len(set(given)) < len(given):
        raise PartlyAnswered(
            what={
                "ru": f"Задание {number} не сохранено: у каждой строки должно быть своё место, от 1 до {len(places)}.",
                "en": f"Item {number} is not saved: each line needs a place of its own, from 1 to {len(places)}.",
            }
        )
    return {"order": sorted(places, key=lambda code: int(places[code]) if places[code].isdigit() else 0)}


def player_data(sitting: Sitting, clock: rules.Clock, now: datetime) -> dict[str, Any]:
    """What the script starts from: whose queue, which epoch, how much time by the server's clock."""
    last = Answer.objects.filter(sitting=sitting).order_by("-seq").values_list("seq", flat=True).first()
    return {
        "sitting": str(sitting.id),
        "epoch": sitting.epoch,
        "seq": last or 0,
        "remaining": clock.remaining_seconds(now),
        "now": now.isoformat(),
        "remaining_text": "{}:{:02d}".format(*divmod(clock.remaining_seconds(now), 60)),
    }
