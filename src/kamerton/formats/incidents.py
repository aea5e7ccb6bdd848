"""A table of critical incidents, as interviewers keep it → interviews with their cases, or words on what is wrong. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from kamerton.formats.tables import Table, fold
from kamerton.values.texts import LangText

HEADINGS: dict[str, tuple[str, ...]] = {
    "source": ("источник", "интервью", "код интервью", "source", "interview", "interview code"),
    "kind": ("вид", "kind", "type"),
    "held": ("дата", "когда", "date", "held"),
    "respondent": ("кто рассказал", "респондент", "роль респондента", "respondent", "who told"),
    "code": ("случай", "код случая", "номер случая", "incident", "incident code"),
    "situation": ("ситуация", "обстоятельства", "situation"),
    "behaviour": ("поведение", "что сделал", "действия", "behaviour", "behavior", "action"),
    "result": ("результат", "чем кончилось", "result", "outcome"),
    "effective": ("удачно", "успешно", "эффективно", "effective"),
    "indicators": ("индикаторы", "индикатор", "indicators", "indicator"),
}
"""Field → headings that mean it; case, ё, spaces and a final full stop do not count."""

NEEDED = ("source", "behaviour", "effective")
YES = frozenset({"да", "+", "1", "yes", "y", "true", "удачно", "успешно", "effective"})
NO = frozenset({"нет", "-", "−", "0", "no", "n", "false", "неудачно", "неуспешно", "ineffective"})
FOCUS = frozenset({"фокус-группа", "фокус группа", "focus group", "focus_group"})


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One case of the table, checked."""

    number: int
    source: str
    kind: str
    held: date
    respondent: str
    code: str
    situation: str
    behaviour: str
    result: str
    effective: bool
    indicators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IncidentsDraft:
    rows: tuple[IncidentRow, ...]
    problems: tuple[LangText, ...]
    """What is wrong, row by row; nothing is written while there is one."""
    ignored: tuple[str, ...]
    """Columns that mean nothing here."""


def read_incidents(table: Table, *, known: frozenset[str], today: date) -> IncidentsDraft:
    """Rows of the table. `known`: codes of the model's indicators. A date left out is today's."""
    columns: dict[str, int] = {}
    for place, title in enumerate(table.head):
        name = next((n for n, words in HEADINGS.items() if fold(title) in {fold(w) for w in words}), None)
        if name is not None and name not in columns:
            columns[name] = place
    ignored = tuple(t for p, t in enumerate(table.head) if t and p not in columns.values())
    absent = [name for name in NEEDED if name not in columns]
    if absent:
        wanted = ", ".join(f"«{HEADINGS[name][0]}»" for name in absent)
        english = ", ".join(f'"{HEADINGS[name][-1]}"' for name in absent)
        problem = {
            "ru": f"Нет столбцов: {wanted}. Прочитаны: {', '.join(t for t in table.head if t)[:300]}.",
            "en": f"Columns are missing: {english}. Read: {', '.join(t for t in table.head if t)[:300]}.",
        }
        return IncidentsDraft((), (problem,), ignored)
    rows: list[IncidentRow] = []
    problems: list[LangText] = []
    seen: dict[tuple[str, str], int] = {}
    told: dict[str, int] = {}
    for row in table.rows:
        cell = {
            name: row.cells[place].strip() if place < len(row.cells) else ""
            for name, place in columns.items()
        }
        told[cell["source"]] = told.get(cell["source"], 0) + 1
        found, wrong = _row(row.number, cell, told[cell["source"]], known, today)
        problems += wrong
        if found is None:
            continue
        key = (found.source, found.code)
        if key in seen:
            problems.append(
                _say(row.number, f"случай {found.code} уже есть в строке {seen[key]}", f"incident {found.code} stands in row {seen[key]} already")
            )  # fmt: skip
        seen.setdefault(key, row.number)
        rows.append(found)
    if not rows and not problems:
        problems.append({"ru": "В таблице нет случаев.", "en": "The table holds no incidents."})
    return IncidentsDraft(tuple(rows), tuple(problems), ignored)


def _say(number: int, ru: str, en: str) -> LangText:
    return {"ru": f"Строка {number}: {ru}.", "en": f"Row {number}: {en}."}


def _row(
    number: int, cell: dict[str, str], ordinal: int, known: frozenset[str], today: date
) -> tuple[IncidentRow | None, list[LangText]]:
    wrong: list[LangText] = []
    if not cell["source"] or len(cell["source"]) > 20:
        wrong.append(
            _say(
                number,
                "нет кода интервью или он длиннее 20 знаков",
                "no code of the interview, or it is longer than 20 characters",
            )
        )
    if not cell["behaviour"]:
        wrong.append(_say(number, "нет поведения", "no behaviour"))
    sign = fold(cell["effective"])
    if sign not in YES | NO:
        wrong.append(
            _say(number, f"«{cell['effective']}» не читается как да или нет", f'"{cell["effective"]}" cannot be read as yes or no')
        )  # fmt: skip
    held = _date(cell.get("held", ""), today)
    if held is None:
        wrong.append(
            _say(number, f"дата «{cell['held']}» не читается", f'the date "{cell["held"]}" cannot be read')
        )
    codes = tuple(
        dict.fromkeys(c.strip() for c in cell.get("indicators", "").replace(";", ",").split(",") if c.strip())
    )
    unknown = [code for code in codes if code not in known]
    if unknown:
        wrong.append(
            _say(number, f"индикатора {', '.join(unknown)} в модели нет", f"the model has no indicator {', '.join(unknown)}")
        )  # fmt: skip
    if wrong or held is None:
        return None, wrong
    return IncidentRow(
        number, cell["source"], "focus_group" if fold(cell.get("kind", "")) in FOCUS else "interview", held,
        cell.get("respondent", ""), cell.get("code") or f"{cell['source']}.{ordinal}", cell.get("situation", ""),
        cell["behaviour"], cell.get("result", ""), sign in YES, codes,
    ), []  # fmt: skip


def _date(text: str, today: date) -> date | None:
    if not text:
        return today
    for pattern in ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y"):
        try:
            found = datetime.strptime(text.split(" ")[0].split("T")[0], pattern).date()
        except ValueError:
            continue
        return found if date(1990, 1, 1) <= found <= today else None
    return None
