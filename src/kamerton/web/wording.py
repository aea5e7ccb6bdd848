"""Numbers, dates and line breaks in the reader's own form; pages, charts and reports share it."""

from __future__ import annotations

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

NBSP = "\u00a0"
MINUS = "\u2212"

_MONTHS = {
    "ru": ["янв", "фев", "мар", "апр", "май", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"],
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
}
_MONTHS_TEXT = {
    "ru": [
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ],
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
}


def _short(language: str) -> str:
    return "ru" if language.startswith("ru") else "en"


def decimal(value: float, places: int, language: str) -> str:
    """Rounded half up on the decimal form a person sees (2.25 → 2,3), thousands set apart, a true minus."""
    exact = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    text = f"{abs(exact):,.{places}f}"
    if _short(language) == "ru":
        text = text.replace(",", NBSP).replace(".", ",")
    return (MINUS if exact < 0 else "") + text


def signed(value: float, places: int, language: str) -> str:
    text = decimal(value, places, language)
    is_zero = not any(c in "123456789" for c in text)
    return text.lstrip(MINUS) if is_zero else text if text.startswith(MINUS) else f"+{text}"


def percent(value: float, language: str, places: int = 0) -> str:
    return decimal(value * 100, places, language) + (f"{NBSP}%" if _short(language) == "ru" else "%")


def probability(value: float, language: str) -> str:
    if value < 0.05:
        return f"<{NBSP}{percent(0.05, language)}"
    if value > 0.95:
        return f">{NBSP}{percent(0.95, language)}"
    nearest = Decimal(repr(float(value) * 20)).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return percent(float(nearest) / 20, language)


def day(value: date, language: str) -> str:
    if _short(language) == "ru":
        return f"{value:%d.%m.%Y}"
    return f"{value.day}{NBSP}{_MONTHS['en'][value.month - 1]}{NBSP}{value.year}"


def day_month(value: date, language: str) -> str:
    return f"{value.day}{NBSP}{_MONTHS[_short(language)][value.month - 1]}"


def day_text(value: date, language: str) -> str:
    return f"{value.day}{NBSP}{_MONTHS_TEXT[_short(language)][value.month - 1]}{NBSP}{value.year}"


_SHORT_WORD = re.compile(r"(?<![\w\u00a0-])([А-Яа-яЁё]{1,2}|№) (?=\S)")
_NUMBER_AND_NOUN = re.compile(r"(?<!\d)(\d(?:[\d,.]*\d)?) (?=[А-Яа-яЁё%₽])")
_DASH = re.compile(r" (?=[–—] )")


def tie(text: str, language: str) -> str:
    """Russian: no break after a word of one or two letters, nor between a number and its noun, nor before a dash."""
    if _short(language) != "ru" or not text:
        return text
    text = _SHORT_WORD.sub(rf"\1{NBSP}", _SHORT_WORD.sub(rf"\1{NBSP}", text))
    return _DASH.sub(NBSP, _NUMBER_AND_NOUN.sub(rf"\1{NBSP}", text))


_VOWEL = "аеёиоуыэюяaeiouy"
_CONSONANT = "бвгджзклмнпрстфхцчшщbcdfghjklmnpqrstvwxz"
_BREAK = re.compile(
    rf"(?<=\w\w[{_VOWEL}])(?=[{_CONSONANT}][{_VOWEL}]\w)|(?<=\w[{_VOWEL}][{_CONSONANT}])(?=[{_CONSONANT}]{{1,2}}[{_VOWEL}]\w)",
    re.IGNORECASE,
)
LONG_WORD = 9
"""Shorter words fit a narrow head as they are."""


def soften(text: str) -> str:
    """Soft hyphens between syllables of long words, for narrow heads of tables alone."""
    return re.sub(rf"\w{{{LONG_WORD},}}", lambda match: _BREAK.sub("\u00ad", match.group()), text)


def role_word(role: str) -> str:
    words = {
        "designer": _("Designer"),
        "expert": _("Expert"),
        "assessor": _("Assessor"),
        "leader": _("Leader"),
        "line_manager": _("Line manager"),
        "office": _("Office"),
        "administrator": _("Administrator"),
        "psychometrician": _("Psychometrician"),
        "auditor": _("Auditor"),
        "key_account_manager": _("Key account manager"),
        "candidate": _("Candidate"),
    }
    return words.get(role, role)


def need_word(code: str) -> str:
    """A condition agreed for a person (`delivery.rules.NEEDS`), in words."""
    words = {
        "extra_time": pgettext("need", "more time"),
        "breaks": pgettext("need", "breaks on request"),
        "screen_reader": pgettext("need", "a screen reader, texts as files"),
        "large_print": pgettext("need", "large print"),
        "paper": pgettext("need", "paper in place of a screen"),
        "interpreter": pgettext("need", "a sign-language interpreter"),
        "in_writing": pgettext("need", "talks in writing"),
        "other_room": pgettext("need", "a room of their own"),
    }
    return words[code]
