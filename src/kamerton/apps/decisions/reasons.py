"""Sentences for the reason codes of a fit, in both languages, without gender. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from kamerton.values.texts import LangText, in_language

REASON_TEXTS: dict[str, LangText] = {
    "all_minimums_met": {
        "ru": "Оценки всех компетенций не ниже минимума роли",
        "en": "Every estimate is at or above the role's minimum",
    },
    "gate_below": {
        "ru": "{competency}: оценка ниже минимума на {by}",
        "en": "{competency}: the estimate is {by} below the minimum",
    },
    "gate_open": {
        "ru": "{competency}: уровень не ниже минимума с вероятностью {p}",
        "en": "{competency}: at or above the minimum with probability {p}",
    },
    "composite_above": {"ru": "Общий балл выше порога на {by}", "en": "The composite is {by} above the cut"},
    "composite_below": {"ru": "Общий балл ниже порога на {by}", "en": "The composite is {by} below the cut"},
    "composite_at_line": {"ru": "Общий балл на линии порога", "en": "The composite is at the line"},
    "trainable_gaps": {
        "ru": "Разрывы, которые закрывает практика: {competencies}",
        "en": "Gaps that practice can close: {competencies}",
    },
    "untrainable_gap": {
        "ru": "{competency}: разрыв, который за 6–12 месяцев не закрыть",
        "en": "{competency}: a gap that 6–12 months will not close",
    },
    "other_role": {
        "ru": "Роль «{role}» подходит с вероятностью {p}",
        "en": "The role “{role}” fits with probability {p}",
    },
    "more_evidence": {
        "ru": "Больше всего прояснит новое измерение: {competency}, {instrument}",
        "en": "A further measurement would settle most: {competency}, {instrument}",
    },
    "insufficient": {
        "ru": "Свидетельств недостаточно: {competencies}",
        "en": "Not enough evidence: {competencies}",
    },
    "conflict": {
        "ru": "{competency}: инструменты расходятся сильнее, чем объясняет ошибка; посмотрите свидетельства",
        "en": "{competency}: instruments differ by more than their error explains; look at the evidence",
    },
}

AT_THE_LINE: dict[str, LangText] = {
    "gate_below": {
        "ru": "{competency}: оценка на линии минимума",
        "en": "{competency}: the estimate is at the line",
    },
    "composite_above": REASON_TEXTS["composite_at_line"],
    "composite_below": REASON_TEXTS["composite_at_line"],
}
"""What stands instead when rounding leaves nothing of the difference (SCORING A6)."""

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
        return f"<{gap}5{gap}%"
    if p > 0.95:
        return f">{gap}95{gap}%"
    return f"{5 * math.floor(p * 20 + 0.5)}{gap}%"


def reason_sentence(reason: Mapping[str, Any], language: str, names: Mapping[str, str]) -> str:
    """One reason as a sentence. `names` words competencies, instruments and roles; a missing one stays a code."""
    code, params = str(reason.get("code", "")), reason.get("params") or {}
    text = REASON_TEXTS.get(code)
    if text is None:
        return in_language(UNKNOWN, language).format(code=code)
    words: dict[str, str] = {}
    for key, value in params.items():
        if isinstance(value, bool | type(None)):
            continue
        if isinstance(value, int | float):
            words[key] = probability(value, language) if key == "p" else decimal(abs(value), 1, language)
        elif isinstance(value, list | tuple):
            words[key] = ", ".join(names.get(str(item), str(item)) for item in value)
        else:
            words[key] = names.get(str(value), str(value))
    by = params.get("by")
    if isinstance(by, int | float) and abs(by) < 0.05 and code in AT_THE_LINE:
        text = AT_THE_LINE[code]
    try:
        return in_language(text, language).format(**words)
    except KeyError:
        # The run was written with other parameters than this text expects: say so, hide nothing.
        return in_language(UNKNOWN, language).format(code=code)
