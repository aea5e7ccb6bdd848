"""What a participant wrote, ready to read: answers in words, marks beside them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from kamerton.apps.instruments.documents import Item
from kamerton.apps.instruments.rules import REASON_TEXTS, place_of
from kamerton.apps.observation.queries import Written, WrittenItem
from kamerton.values.texts import in_language
from kamerton.web.wording import decimal


def written_view(written: Written) -> dict[str, Any]:
    language = get_language() or "ru"
    return {
        "document": written.document,
        "sitting": written.sitting,
        "is_running": False,
        "items": [_row(one, language) for one in written.items],
    }


def _row(one: WrittenItem, language: str) -> dict[str, Any]:
    marks: list[str] = []
    if one.faults is not None:
        marks.append(
            _("planted faults named rightly: %(found)d of %(planted)d, noticed: %(noticed)d, false alarms: %(false)d")
            % {"found": one.faults.found, "planted": one.faults.planted, "noticed": one.faults.noticed,
               "false": one.faults.false_alarms}
        )  # fmt: skip
    elif one.correlation is not None:
        marks.append(
            _("rank correlation with the experts: %(r)s") % {"r": decimal(one.correlation, 2, language)}
        )
    elif (
        one.item.type in {"single", "table_row", "numeric"} and one.verdict.score is not None and one.response
    ):
        marks.append(_("as in the key") if one.verdict.score >= one.item.points else _("not as in the key"))
    elif one.item.type == "range" and one.response:
        marks.append(
            _("the key lies inside, the width is honest") if one.verdict.score else _("misses the key, or is too narrow or too wide")
        )  # fmt: skip
    elif one.verdict.score is not None and one.response:
        marks.append(
            _("points: %(score)s of %(points)s")
            % {"score": decimal(one.verdict.score, 1, language), "points": one.item.points}
        )
    if one.verdict.reason and one.verdict.reason != "awaits_rater":
        marks.append(in_language(REASON_TEXTS[one.verdict.reason], language))
    return {
        "number": one.number,
        "prompt": in_language(one.item.prompt, language),
        "text": (one.response or {}).get("text", ""),
        "lines": _lines(one.item, one.response or {}, language),
        "is_empty": one.response is None and not one.is_erased,
        "is_erased": one.is_erased,
        "marks": marks,
        "rubric": [(level.score, in_language(level.text, language)) for level in one.item.rubric],
        "rationale": in_language(one.item.rationale, language),
        "competency": one.item.competency,
    }


STANCE_SIGNS = {-2: "−−", -1: "−", 0: "0", 1: "+", 2: "++"}


def _lines(item: Item, response: dict[str, Any], language: str) -> list[dict[str, str]]:
    """The answer line by line: what, what was answered, what the key says where it differs."""
    options = {option.code: in_language(option.text, language) for option in item.options}
    unit = in_language(item.unit, language)

    def line(what: str, given: str, key: str = "") -> dict[str, str]:
        return {"what": what, "given": given, "key": key if key != given else ""}

    match item.type:
        case "single" | "table_row" if "choice" in response:
            return [line("", options[response["choice"]], options.get(item.key["correct"], ""))]
        case "multiple" if "choices" in response:
            return [line("", options[code]) for code in response["choices"]]
        case "numeric" if "number" in response:
            return [line("", f"{response['number']} {unit}".strip())]
        case "range" if response:
            return [line("", f"{response.get('low', '?')} – {response.get('high', '?')} {unit}".strip())]
        case "order" if "order" in response:
            place = {code: n for n, code in enumerate(item.key["order"], 1)}
            return [
                line(options[code], str(n), str(place[code])) for n, code in enumerate(response["order"], 1)
            ]
        case "match" if "pairs" in response:
            return [
                line(in_language(left.text, language), options.get(response["pairs"].get(left.code, ""), "–"), options[item.key["pairs"][left.code]])
                for left in item.left
            ]  # fmt: skip
        case "map" if "places" in response:
            return [
                line(in_language(left.text, language), _place(response["places"].get(left.code)), _place("{}:{}".format(*item.key["places"][left.code])))
                for left in item.left
            ]  # fmt: skip
    return []


def _place(text: str | None) -> str:
    if not text:
        return "–"
    power, stance = place_of(text)
    return pgettext("map", "power %(power)d, stance %(stance)s") % {
        "power": power,
        "stance": STANCE_SIGNS[stance],
    }
