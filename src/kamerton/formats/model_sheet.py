"""A competency model as the workbook HR people keep, out and back: one sheet for the model, one for the profiles. Pure.

A row is one text: the code it belongs to, what it is, both languages. Reading gives edits of a draft, path by path, never a new
model: rows may stand in any order, rows left out change nothing, and whatever cannot be placed is said with its row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from kamerton.formats.tables import Table, fold
from kamerton.values.texts import LangText

MODEL_SHEET = {"ru": "Модель", "en": "Model"}
PROFILE_SHEET = {"ru": "Профили", "en": "Profiles"}
FIELDS: dict[str, LangText] = {
    "name": {"ru": "название", "en": "name"},
    "short": {"ru": "краткое название", "en": "short name"},
    "definition": {"ru": "определение", "en": "definition"},
    "knowledge": {"ru": "знания", "en": "knowledge"},
    "development": {"ru": "шаг развития", "en": "development step"},
    **{f"level/{n}": {"ru": f"уровень {n}", "en": f"level {n}"} for n in range(1, 6)},
    "text": {"ru": "индикатор", "en": "indicator"},
    "label": {"ru": "кратко", "en": "in short"},
}
NUMBERS: dict[str, LangText] = {
    "target": {"ru": "цель", "en": "target"},
    "minimum": {"ru": "минимум", "en": "minimum"},
    "weight": {"ru": "вес", "en": "weight"},
}
_HEADS: dict[str, LangText] = {
    "code": {"ru": "Код", "en": "Code"},
    "field": {"ru": "Что это", "en": "What it is"},
    "ru": {"ru": "Русский", "en": "Russian"},
    "en": {"ru": "Английский", "en": "English"},
    "role": {"ru": "Роль", "en": "Role"},
    "competency": {"ru": "Компетенция", "en": "Competency"},
}


def model_head(language: str) -> list[str]:
    return [_HEADS[name][language] for name in ("code", "field", "ru", "en")]


def profile_head(language: str) -> list[str]:
    return [
        _HEADS["role"][language],
        _HEADS["competency"][language],
        *(text[language].capitalize() for text in NUMBERS.values()),
    ]


def model_rows(framework: Any, language: str) -> Iterator[list[str]]:
    def row(code: str, field: str, text: LangText) -> list[str]:
        return [code, FIELDS[field][language], text.get("ru", ""), text.get("en", "")]

    for competency in framework.competencies:
        for field in ("name", "short", "definition", "knowledge", "development"):
            yield row(competency.code, field, getattr(competency, field))
        for level in competency.levels:
            yield row(competency.code, f"level/{level.value}", level.anchor)
        for indicator in competency.indicators:
            yield row(indicator.code, "text", indicator.text)
            yield row(indicator.code, "label", indicator.short)


def profile_rows(framework: Any) -> Iterator[list[object]]:
    for profile in framework.profiles:
        for target in profile.targets:
            yield [profile.role, target.competency, target.target, target.minimum, target.weight]


@dataclass(frozen=True, slots=True)
class Change:
    """One place of the draft that the table words otherwise."""

    path: str
    before: str
    value: str
    row: int
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class SheetRead:
    changes: tuple[Change, ...]
    problems: tuple[LangText, ...]
    rows: int


def _say(sheet: LangText, row: int, ru: str, en: str) -> LangText:
    return {
        "ru": f"Лист «{sheet['ru']}», строка {row}: {ru}.",
        "en": f"Sheet {sheet['en']}, row {row}: {en}.",
    }


def _columns(
    table: Table, sheet: LangText, names: Iterable[str], heads: dict[str, LangText]
) -> tuple[dict[str, int], list[LangText]]:
    found: dict[str, int] = {}
    for name in names:
        words = {fold(word) for word in heads[name].values()}
        place = next((n for n, title in enumerate(table.head) if fold(title) in words), None)
        if place is not None:
            found[name] = place
    absent = [name for name in names if name not in found]
    if not absent:
        return found, []
    return found, [
        {
            "ru": f"Лист «{sheet['ru']}»: нет столбцов {', '.join('«' + heads[n]['ru'] + '»' for n in absent)}. Прочитаны: {', '.join(t for t in table.head if t)[:200]}.",
            "en": f"Sheet {sheet['en']}: columns are missing: {', '.join(heads[n]['en'] for n in absent)}. Read: {', '.join(t for t in table.head if t)[:200]}.",
        }
    ]


def _cells(table: Table, columns: dict[str, int]) -> Iterator[tuple[int, dict[str, str]]]:
    for row in table.rows:
        yield row.number, {n: row.cells[p].strip() if p < len(row.cells) else "" for n, p in columns.items()}


def read_model(table: Table, framework: Any) -> SheetRead:
    """Edits of texts. A cell that was emptied is a problem, not an erasure."""
    columns, problems = _columns(table, MODEL_SHEET, ("code", "field", "ru", "en"), _HEADS)
    if problems:
        return SheetRead((), tuple(problems), 0)
    now = _texts(framework)
    by_word = {fold(word): field for field, text in FIELDS.items() for word in text.values()}
    changes: list[Change] = []
    seen: dict[tuple[str, str], int] = {}
    rows = 0
    for number, cell in _cells(table, columns):
        rows += 1
        code, field = cell["code"], by_word.get(fold(cell["field"]), "")
        base = _path(code, field)
        if not field or f"{base}/ru" not in now:
            problems.append(_say(MODEL_SHEET, number, f"«{code}, {cell['field']}» в модели нет", f'the model has no "{code}, {cell["field"]}"'))  # fmt: skip
            continue
        if (code, field) in seen:
            problems.append(_say(MODEL_SHEET, number, f"«{code}, {cell['field']}» уже есть в строке {seen[(code, field)]}", f'"{code}, {cell["field"]}" stands in row {seen[(code, field)]} already'))  # fmt: skip
            continue
        seen[(code, field)] = number
        for tag in ("ru", "en"):
            value, before = " ".join(cell[tag].split()), now[f"{base}/{tag}"]
            if not value and before:
                problems.append(_say(MODEL_SHEET, number, f"текст ({tag.upper()}) пуст; из таблицы ничего не стирают", f"the text ({tag.upper()}) is empty; nothing is erased by a table"))  # fmt: skip
            elif value and value != " ".join(before.split()):
                changes.append(Change(f"{base}/{tag}", before, value, number))
    return SheetRead(tuple(changes), tuple(problems), rows)


def _path(code: str, field: str) -> str:
    if field in {"text", "label"}:
        return f"indicator/{code}/{'short' if field == 'label' else 'text'}"
    return f"competency/{code}/{field}"


def _texts(framework: Any) -> dict[str, str]:
    found: dict[str, str] = {}

    def put(base: str, text: LangText) -> None:
        found.update({f"{base}/{tag}": text.get(tag, "") for tag in ("ru", "en")})

    for competency in framework.competencies:
        for field in ("name", "short", "definition", "knowledge", "development"):
            put(f"competency/{competency.code}/{field}", getattr(competency, field))
        for level in competency.levels:
            put(f"competency/{competency.code}/level/{level.value}", level.anchor)
        for indicator in competency.indicators:
            put(f"indicator/{indicator.code}/text", indicator.text)
            put(f"indicator/{indicator.code}/short", indicator.short)
    return found


def read_profiles(table: Table, framework: Any) -> SheetRead:
    """Edits of numbers."""
    heads = _HEADS | NUMBERS
    columns, problems = _columns(table, PROFILE_SHEET, ("role", "competency", *NUMBERS), heads)
    if problems:
        return SheetRead((), tuple(problems), 0)
    now = {(p.role, t.competency): t for p in framework.profiles for t in p.targets}
    changes: list[Change] = []
    seen: dict[tuple[str, str], int] = {}
    rows = 0
    for number, cell in _cells(table, columns):
        rows += 1
        key = (cell["role"], cell["competency"])
        if key not in now:
            problems.append(_say(PROFILE_SHEET, number, f"профиля {key[0]} с компетенцией {key[1]} в модели нет", f"the model has no profile {key[0]} with competency {key[1]}"))  # fmt: skip
            continue
        if key in seen:
            problems.append(_say(PROFILE_SHEET, number, f"{key[0]}, {key[1]} уже есть в строке {seen[key]}", f"{key[0]}, {key[1]} stands in row {seen[key]} already"))  # fmt: skip
            continue
        seen[key] = number
        for name in NUMBERS:
            text = cell[name].replace(",", ".").replace("\u00a0", "")
            if not re.fullmatch(r"\d(?:\.\d{1,6})?", text):
                problems.append(_say(PROFILE_SHEET, number, f"«{cell[name][:20]}» не число ({NUMBERS[name]['ru']})", f'"{cell[name][:20]}" is no number ({NUMBERS[name]["en"]})'))  # fmt: skip
            elif float(text) != float(getattr(now[key], name)):
                changes.append(Change(f"profile/{key[0]}/target/{key[1]}/{name}", f"{getattr(now[key], name):g}", f"{float(text):g}", number, is_number=True))  # fmt: skip
    return SheetRead(tuple(changes), tuple(problems), rows)
