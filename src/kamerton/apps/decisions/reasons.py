"""Sentences for the reason codes of a fit, in both languages, without gender. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from kamerton.values.texts import LangText, in_language

REASON_TEXTS: dict[str, LangText] = {
    "p_a": {
        "ru": "Все минимумы и порог общего балла вместе выполнены с вероятностью {p}",
        "en": "All minimums and the composite cut hold together with probability {p}",
    },
    "gate_below": {
        "ru": "{competency}: уровень скорее ниже минимума, вероятность минимума {p}",
        "en": "{competency}: more likely below the minimum, probability of the minimum {p}",
    },
    "gate_unsure": {
        "ru": "{competency}: минимум под вопросом, вероятность {p}",
        "en": "{competency}: the minimum is uncertain, probability {p}",
    },
    "composite_below": {
        "ru": "Общий балл скорее ниже порога, вероятность порога {p}",
        "en": "The composite is more likely below the cut, probability of the cut {p}",
    },
    "composite_unsure": {
        "ru": "Общий балл у порога, вероятность порога {p}",
        "en": "The composite is near the cut, probability of the cut {p}",
    },
    "settle": {
        "ru": "Больше всего прояснит новое измерение: {competency}, {instrument}",
        "en": "A further measurement would settle most: {competency}, {instrument}",
    },
    "next_category": {
        "ru": "Из остальных категорий вероятнее «{category}», {p}",
        "en": "Of the other categories the likeliest is “{category}”, {p}",
    },
    "other_role": {
        "ru": "Роль «{role}» подходит с вероятностью {p}",
        "en": "The role “{role}” fits with probability {p}",
    },
    "insufficient": {
        "ru": "{competency}: свидетельств недостаточно для вывода",
        "en": "{competency}: not enough evidence for a conclusion",
    },
    "not_measured": {"ru": "{competency}: не наблюдалось", "en": "{competency}: not observed"},
    "red_flag_unresolved": {
        "ru": "Есть событие «красный флаг»: до письменного разбора предложить роль нельзя",
        "en": "There is a red-flag event: the role cannot be proposed until a person resolves it in writing",
    },
}
"""The codes of `measure.fit`; a test compares the two."""

CATEGORY_NAMES: dict[str, LangText] = {
    "A": {"ru": "соответствует сейчас", "en": "ready now"},
    "B": {"ru": "с развитием за 6–12 месяцев", "en": "with development in 6–12 months"},
    "C": {"ru": "другая роль", "en": "another role"},
    "D": {"ru": "не сейчас", "en": "not now"},
}

UNKNOWN: LangText = {
    "ru": "В расчёте есть ещё одно основание (код {code})",
    "en": "The run holds one more reason (code {code})",
}


def decimal(value: float, places: int, language: str) -> str:
    """1,25 or 1.25, with a true minus; half away from zero, never "−0,0"."""
    scaled = math.floor(abs(value) * 10**places + 0.5 + 1e-9) / 10**places
    text = f"{scaled:.{places}f}"
    if language.startswith("ru"):
        text = text.replace(".", ",")
    return f"−{text}" if value < 0 and scaled > 0 else text


def probability(p: float, language: str) -> str:
    """Rounded to 5 %; "< 5 %" and "> 95 %" at the ends."""
    gap = "\u00a0" if language.startswith("ru") else ""
    if p < 0.05:
        return f"<\u00a05{gap}%"
    if p > 0.95:
        return f">\u00a095{gap}%"
    return f"{5 * math.floor(p * 20 + 0.5)}{gap}%"


def reason_sentence(reason: Mapping[str, Any], language: str, names: Mapping[str, str]) -> str:
    """One reason as a sentence. `names` words competencies, instruments and roles; a missing one stays a code."""
    code, params = str(reason.get("code", "")), reason.get("params") or {}
    text = REASON_TEXTS.get(code)
    if text is None:
        return in_language(UNKNOWN, language).format(code=code)
    words: dict[str, str] = {}
    for key, value in params.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            words[key] = probability(value, language) if key == "p" else decimal(value, 1, language)
        elif key == "category" and str(value) in CATEGORY_NAMES:
            words[key] = in_language(CATEGORY_NAMES[str(value)], language)
        elif isinstance(value, str):
            words[key] = names.get(value, value)
    try:
        return in_language(text, language).format(**words)
    except KeyError:
        # The run was written with other parameters than this text expects: say so, hide nothing.
        return in_language(UNKNOWN, language).format(code=code)
