"""The printed book of a competency model: what one hands to a board. Both languages stand side by side."""

from __future__ import annotations

from typing import Any

from django.utils.formats import date_format

from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.records.models import Release
from kamerton.apps.sources.queries import Carried
from kamerton.values.texts import LangText, in_language

LABELS: dict[str, dict[str, str]] = {
    "ru": {
        "contents": "Компетенции", "scale": "Шкала", "level": "Уровень", "knowledge": "Знания", "indicators": "Индикаторы", "code": "Код",
        "said": "Говорили", "levels": "Уровни", "development": "Первый шаг развития", "profiles": "Профили ролей", "competency": "Компетенция",
        "target": "Цель", "minimum": "Минимум", "weight": "Вес",
        "profile_note": "Минимум уровня k означает порог k − 0,5 на шкале. Веса профиля в сумме дают 1.",
    },
    "en": {
        "contents": "Competencies", "scale": "Scale", "level": "Level", "knowledge": "Knowledge", "indicators": "Indicators", "code": "Code",
        "said": "Said by", "levels": "Levels", "development": "First step of development", "profiles": "Role profiles", "competency": "Competency",
        "target": "Target", "minimum": "Minimum", "weight": "Weight",
        "profile_note": "A minimum of level k is a threshold at k − 0.5 on the scale. The weights of a profile add up to 1.",
    },
}  # fmt: skip
ABOUT: LangText = {
    "ru": "Компетенция здесь это поведение, которое можно увидеть, и знание, на которое оно опирается. Индикатор называет одно действие. Уровень "
    "описан якорем, по нему и оценивают. «Говорили» считает случаи и источники, на которые индикатор опирается.",
    "en": "A competency here is behaviour that can be seen and the knowledge it rests on. An indicator names one act. A level is described by an "
    "anchor, and ratings go by it. “Said by” counts the incidents and the sources that carry an indicator.",
}


def _pair(text: LangText) -> dict[str, str]:
    return {"ru": text.get("ru", ""), "en": text.get("en", "")}


def _number(value: float, language: str, places: int = 0) -> str:
    text = f"{value:.{places}f}" if places else f"{value:g}"
    return text.replace(".", ",") if language == "ru" else text


def _shade(target: float) -> int:
    return min(max(round(target), 1), 5) - 1


def book_of(
    document: FrameworkDocument, release: Release, support: dict[str, Carried], language: str
) -> dict[str, Any]:
    """The data of the book in the reader's language; texts of the model in both."""
    words = {level.value: in_language(level.word, language) for level in document.scale}
    home = {
        code: in_language(cluster.name, language)
        for cluster in document.clusters
        for code in cluster.competencies
    }
    names = {c.code: in_language(c.name, language) for c in document.competencies}
    day = date_format(release.published_at, "d.m.Y")
    indicators = sum(len(c.indicators) for c in document.competencies)

    def said(code: str) -> str:
        count = support.get(code)
        if count is None:
            return "–"
        return (
            f"{count.incidents} в {count.sources}"
            if language == "ru"
            else f"{count.incidents} in {count.sources}"
        )

    return {
        "language": language,
        "labels": LABELS[language],
        "title": in_language(document.name, language),
        "subtitle": in_language(document.name, "en" if language == "ru" else "ru"),
        "release": f"Редакция {release.number} от {day}" if language == "ru" else f"Release {release.number} of {day}",
        "digest": release.digest[:16],
        "counts": f"Компетенций: {len(names)}, индикаторов: {indicators}, профилей: {len(document.profiles)}"
        if language == "ru"
        else f"Competencies: {len(names)}, indicators: {indicators}, profiles: {len(document.profiles)}",
        "about": in_language(ABOUT, language),
        "scale": [{"value": level.value, "word": _pair(level.word)} for level in document.scale],
        "competencies": [
            {
                "code": c.code, "name": _pair(c.name), "cluster": home.get(c.code, ""), "definition": _pair(c.definition),
                "knowledge": _pair(c.knowledge), "development": _pair(c.development),
                "indicators": [{"code": i.code, "text": _pair(i.text), "said": said(i.code)} for i in c.indicators],
                "levels": [{"value": level.value, "word": words.get(level.value, ""), "anchor": _pair(level.anchor)} for level in c.levels],
            }
            for c in document.competencies
        ],
        "profiles": [
            {
                "name": _pair(p.name),
                "targets": [
                    {
                        "code": t.competency, "name": names.get(t.competency, ""), "target": _number(t.target, language),
                        "minimum": _number(t.minimum, language), "weight": _number(t.weight, language, 2), "shade": _shade(t.target),
                    }
                    for t in p.targets
                ],
            }
            for p in document.profiles
        ],
    }  # fmt: skip
