"""`kamerton score`: a file of responses → item statistics, reliability and scores with their errors. Needs no database."""

from __future__ import annotations

import argparse
import os
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from kamerton.cli import words as command_words
from kamerton.cli.score_page import Analysis, items_count, look_at, number, page, people, share, words
from kamerton.formats.tables import Table, TableRefused, Value, fold, read_table, write_csv
from kamerton.measure.classical import ITEM_STATISTICS_FROM, ClassicalTest, Estimate, distractor_analysis

MESSAGES: dict[str, dict[str, str]] = {
    "one_mode": {
        "ru": "Укажите, как считать баллы: --key ФАЙЛ (ключ к заданиям с выбором) или --graded (в файле уже баллы).",
        "en": "Say how to score: --key FILE (a key to choice items) or --graded (the file already holds points).",
    },
    "both_modes": {
        "ru": "--key и --graded вместе не работают: первый переводит ответы в баллы, второй берёт баллы как есть. Оставьте одно.",
        "en": "--key and --graded exclude each other: one turns answers into points, the other takes points as they are. Keep one.",
    },
    "key_columns": {
        "ru": "В файле ключа {file} нужны столбцы item и key (можно «задание» и «ключ»). Прочитаны: {have}. {hint}",
        "en": "The key file {file} needs the columns item and key. Read: {have}. {hint}",
    },
    "key_twice": {
        "ru": "Задание «{item}» стоит в ключе дважды: строки {first} и {second} файла {file}. Оставьте одну.",
        "en": 'The item "{item}" stands in the key twice: rows {first} and {second} of {file}. Keep one.',
    },
    "key_blank": {
        "ru": "В строке {row} файла {file} нет ключа к заданию «{item}». Впишите верный ответ.",
        "en": 'Row {row} of {file} has no key for the item "{item}". Write the right answer.',
    },
    "points": {
        "ru": "Баллы «{got}» за задание «{item}» (строка {row} файла {file}) не число больше нуля. Впишите, например, 1.",
        "en": 'The points "{got}" of the item "{item}" (row {row} of {file}) are not a number above zero. Write 1, for example.',
    },
    "unknown_item": {
        "ru": "Задания из ключа {key}, которых нет в ответах {file}: {items}. Столбцы ответов: {have}. Исправьте названия или уберите строки ключа.",
        "en": "Items of the key {key} that are not in the responses {file}: {items}. Columns of the responses: {have}. Correct the names or remove the rows of the key.",
    },
    "no_key": {
        "ru": "Столбцы ответов {file} без ключа: {items}. Добавьте их в {key}, назовите столбец с кодом человека (--id СТОЛБЕЦ) или пропустите лишние (--ignore СТОЛБЕЦ).",
        "en": "Columns of the responses {file} without a key: {items}. Add them to {key}, name the column of person ids (--id COLUMN) or leave columns out (--ignore COLUMN).",
    },
    "column_twice": {
        "ru": "Столбец «{item}» стоит в {file} {times} раза. Названия заданий должны различаться. Если в файле нет строки заголовков, добавьте её.",
        "en": 'The column "{item}" stands in {file} {times} times. Names of items must differ. If the file has no row of headings, add one.',
    },
    "no_head": {
        "ru": "Первая строка {file} похожа на данные, а не на заголовки: {have}. Добавьте строку с названиями заданий.",
        "en": "The first row of {file} looks like data, not headings: {have}. Add a row with the names of the items.",
    },
    "blank_head": {
        "ru": "У столбца {column} в {file} нет заголовка (строка {row}), а данные под ним есть. Назовите его или удалите.",
        "en": "Column {column} of {file} has no heading (row {row}) but has data below. Name it or delete it.",
    },
    "not_number": {
        "ru": "«{got}» вместо числа: файл {file}, строка {row}, столбец «{item}» ({place}). С --graded нужны баллы цифрами; если это варианты ответа, дайте ключ: --key ФАЙЛ. Столбец не с заданием пропускает --ignore «{item}».",
        "en": '"{got}" where a number is expected: file {file}, row {row}, column "{item}" ({place}). --graded needs points in figures; if these are answer options, give a key: --key FILE. A column that is no item is left out by --ignore "{item}".',
    },
    "outside_scale": {
        "ru": "{got} вне шкалы {low}–{high}: файл {file}, строка {row}, столбец «{item}» ({place}). Исправьте ячейку или --scale.",
        "en": '{got} is outside the scale {low}–{high}: file {file}, row {row}, column "{item}" ({place}). Correct the cell or --scale.',
    },
    "bad_scale": {
        "ru": "Шкала «{got}» не читается. Напишите низший и высший балл задания через дефис, например --scale 0-5.",
        "en": 'The scale "{got}" is not readable. Write the lowest and highest score of an item with a hyphen, e.g. --scale 0-5.',
    },
    "id_twice": {
        "ru": "Код «{id}» стоит у двух человек: строки {first} и {second} файла {file}. Оставьте одну строку или исправьте код.",
        "en": 'The id "{id}" belongs to two persons: rows {first} and {second} of {file}. Keep one row or correct the id.',
    },
    "id_blank": {
        "ru": "В строке {row} файла {file} нет кода человека (столбец «{column}»). Впишите его или удалите строку.",
        "en": 'Row {row} of {file} has no person id (column "{column}"). Write it or delete the row.',
    },
    "ragged": {
        "ru": "В строке {row} файла {file} ячеек больше, чем заголовков: {got} против {want}. Разделитель «{delimiter}» может стоять внутри ответа: возьмите ответ в кавычки.",
        "en": 'Row {row} of {file} has more cells than there are headings: {got} against {want}. The delimiter "{delimiter}" may stand inside an answer: put the answer in quotation marks.',
    },
    "one_column": {
        "ru": "В {file} прочитан всего один столбец: «{have}». Разделяйте ячейки точкой с запятой, запятой или табуляцией, одним знаком во всём файле.",
        "en": 'Only one column was read from {file}: "{have}". Separate cells by semicolon, comma or tab, one of them in the whole file.',
    },
    "few_items": {
        "ru": "В {file} осталось заданий: {got}. Нужно хотя бы два. Проверьте --id и --ignore.",
        "en": "{file} leaves {got} item(s). At least two are needed. Check --id and --ignore.",
    },
    "few_persons": {
        "ru": "В {file} строк с ответами: {got}. Нужно хотя бы две.",
        "en": "{file} holds {got} row(s) of responses. At least two are needed.",
    },
    "all_missing": {
        "ru": "В столбце «{item}» файла {file} нет ни одного ответа. Пропустите его: --ignore «{item}».",
        "en": 'The column "{item}" of {file} holds no answer at all. Leave it out: --ignore "{item}".',
    },
    "cannot_write": {
        "ru": "{file} не записывается: {reason}. Укажите другую папку.",
        "en": "{file} cannot be written: {reason}. Name another folder.",
    },
}
"""Code of a refusal → its text in each language."""


class ScoreRefused(Exception):
    """Input that cannot be scored: `code` (a key of MESSAGES), `params`, and the words in both languages."""

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(self.message("en"))

    def message(self, language: str) -> str:
        params = {
            name: value[language] if isinstance(value, dict) else value for name, value in self.params.items()
        }
        return MESSAGES[self.code][language].format(**params)


# --- reading -----------------------------------------------------------------------------------------------------

ID_HEADINGS = frozenset(
    {
        "id",
        "ид",
        "код",
        "person",
        "person id",
        "person_id",
        "personid",
        "candidate",
        "candidate id",
        "candidate_id",
        "student",
    }
    | {
        "student id",
        "student_id",
        "respondent",
        "participant",
        "name",
        "фио",
        "ф.и.о",
        "участник",
        "кандидат",
        "человек",
    }
    | {"сотрудник", "код участника", "табельный номер", "таб. №", "таб. номер", "номер", "№", "no", "nr"}
)
KEY_HEADINGS = {
    "item": ("item", "задание", "вопрос", "пункт", "question"),
    "key": ("key", "ключ", "верный ответ", "правильный ответ", "answer", "correct"),
    "points": ("points", "баллы", "балл", "score", "weight"),
    "options": ("options", "варианты", "варианты ответа", "варианты ответов"),
}
TOTALS = re.compile(r"^(итого|всего|среднее|total|mean|average)\b", re.IGNORECASE)
NOT_PRESENTED = frozenset({"NA", "N/A", "NAN", "NP", "#N/A", "НП", "Н/П", "."})
"""Written in a cell when the item was not given to the person."""
OMITTED = frozenset({"", "-", "–", "—", "−", "?"})
"""Given, but left without an answer."""
LOOK_ALIKE = dict(zip("АВЕКМНОРСТУХ", "ABEKMHOPCTYX", strict=True))
"""Cyrillic capitals that look like Latin ones: typed on whichever keyboard was on."""


@dataclass(frozen=True)
class Scored:
    """Responses turned into points."""

    source: str
    persons: tuple[str, ...]
    items: tuple[str, ...]
    points: np.ndarray
    omitted: np.ndarray
    minimum: np.ndarray
    maximum: np.ndarray
    choices: tuple[tuple[str | None, ...], ...]
    keys: tuple[tuple[str, ...], ...]
    options: tuple[tuple[str, ...], ...]
    notes: tuple[dict[str, str], ...]


@dataclass(frozen=True)
class _Key:
    item: str
    keys: tuple[str, ...]
    points: float
    options: tuple[str, ...]


@dataclass(frozen=True)
class _Sheet:
    """Responses before scoring: items, ids, and the rows they came from."""

    table: Table
    items: tuple[tuple[int, str], ...]
    persons: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    notes: tuple[dict[str, str], ...]


def _listed(names: Iterable[str], most: int = 10) -> str:
    have = [n for n in names if n]
    return ", ".join(have[:most]) + (f" … (+{len(have) - most})" if len(have) > most else "") if have else "—"


def _plain_answer(text: str) -> str:
    """An answer for comparison: "a)" and "A", "2.0" and "2" are the same."""
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    if re.fullmatch(r".+[).]", plain) and len(plain) <= 3:
        plain = plain[:-1].strip()
    whole = re.fullmatch(r"(\d+)[.,]0+", plain)
    return whole.group(1) if whole else plain


def read_key(source: str) -> tuple[_Key, ...]:
    """The key file: columns item and key, optionally points and options; several right answers are parted by |."""
    table = read_table(source)
    columns: dict[str, int] = {}
    for index, title in enumerate(table.head):
        for name, headings in KEY_HEADINGS.items():
            if name not in columns and fold(title) in headings:
                columns[name] = index
    if not {"item", "key"} <= set(columns):
        one = sum(1 for h in table.head if h) == 1
        hint = {
            "ru": "Похоже, ячейки не разделены запятой, точкой с запятой или табуляцией.",
            "en": "The cells seem not to be separated by comma, semicolon or tab.",
        }
        raise ScoreRefused("key_columns", file=table.name, have=_listed(table.head), hint=hint if one else "")
    rows: dict[str, int] = {}
    found = []
    for row in table.rows:
        cells = {name: row.cells[index] for name, index in columns.items()}
        item = cells["item"]
        if not item:
            continue
        if fold(item) in rows:
            raise ScoreRefused(
                "key_twice", item=item, first=rows[fold(item)], second=row.number, file=table.name
            )
        rows[fold(item)] = row.number
        keys = tuple(_plain_answer(k) for k in cells["key"].split("|") if k.strip())
        if not keys:
            raise ScoreRefused("key_blank", item=item, row=row.number, file=table.name)
        points = _to_number(cells.get("points") or "1")
        if points is None or not points > 0:
            raise ScoreRefused("points", got=cells["points"], item=item, row=row.number, file=table.name)
        found.append(_Key(item, keys, points, _options(cells.get("options", ""), keys)))
    if not found:
        raise TableRefused("no_rows", file=table.name, row=table.head_row)
    return tuple(found)


def _options(text: str, keys: Sequence[str]) -> tuple[str, ...]:
    """Options written as A|B|C|D, A;B;C, A B C, ABCD or just their number."""
    parts = [_plain_answer(p) for p in re.split(r"[|;,/\s]+", text.strip()) if p]
    if len(parts) == 1 and parts[0].isdigit() and 2 <= int(parts[0]) <= 20:
        count, first = int(parts[0]), keys[0]
        if first.isdigit():
            return tuple(str(i + 1) for i in range(count))
        alphabet = "АБВГДЕЖЗИКЛМНОПРСТУФ" if re.match(r"[А-ЯЁ]", first) else "ABCDEFGHIJKLMNOPQRST"
        return tuple(alphabet[:count])
    if len(parts) == 1 and len(parts[0]) > 1 and parts[0].isalpha() and len(set(parts[0])) == len(parts[0]):
        return tuple(parts[0])
    return tuple(dict.fromkeys(parts))


def _to_number(text: str) -> float | None:
    plain = text.strip().replace("\u2212", "-").replace("\u00a0", "")
    if not re.fullmatch(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?", plain):
        return None
    return float(plain.replace(",", "."))


def _sheet(source: str, id_column: str | None, ignore: Sequence[str], known: set[str] | None) -> _Sheet:
    """The responses with ids set apart. `known` are the folded items of the key, if there is one."""
    table = read_table(source)
    for index, title in enumerate(table.head):
        if not title and any(row.cells[index] for row in table.rows):
            over = next(row for row in table.rows if row.cells[index])
            if over.number in table.extra:
                delimiter = {"\t": "Tab", None: "—"}.get(table.delimiter, table.delimiter)
                got, want = sum(1 for c in over.cells if c), sum(1 for h in table.head if h)
                raise ScoreRefused(
                    "ragged", row=over.number, file=table.name, got=got, want=want, delimiter=delimiter
                )
    left_out = {table.column(name) for name in ignore}
    named = None if id_column is None else table.column(id_column)
    if named is None:
        named = next(
            (
                i
                for i, h in enumerate(table.head)
                if fold(h) in ID_HEADINGS and fold(h) not in (known or set())
            ),
            None,
        )
    if named is None and not table.head[0] and (known is not None or _counts_up(table)):
        named = 0
    items = [
        (i, h)
        for i, h in enumerate(table.head)
        if i not in left_out and i != named and (h or any(r.cells[i] for r in table.rows))
    ]
    if len(items) < 2 and len(table.head) == 1:
        raise ScoreRefused("one_column", file=table.name, have=table.head[0])
    if (
        known is None
        and items
        and all(_to_number(h) is not None for _, h in items if h)
        and len({h for _, h in items}) < len(items)
    ):
        raise ScoreRefused("no_head", file=table.name, have=_listed(table.head))
    for name, times in Counter(fold(h) for _, h in items if h).items():
        if times > 1:
            raise ScoreRefused(
                "column_twice",
                item=next(h for _, h in items if fold(h) == name),
                file=table.name,
                times=times,
            )
    for index, title in items:
        if not title:
            column = table.place(table.rows[0], index).rstrip("0123456789")
            raise ScoreRefused("blank_head", column=column, file=table.name, row=table.head_row)
    persons, rows, notes = _people(table, named, {i for i, _ in items})
    if len(rows) < 2:
        raise ScoreRefused("few_persons", file=table.name, got=len(rows))
    return _Sheet(table, tuple(items), tuple(persons), tuple(rows), tuple(notes))


def _counts_up(table: Table) -> bool:
    """A nameless first column of 0, 1, 2 … or 1, 2, 3 …: the index a data program writes."""
    first = [row.cells[0] for row in table.rows]
    return any(first == [str(i + start) for i in range(len(first))] for start in (0, 1))


def _people(
    table: Table, named: int | None, items: set[int]
) -> tuple[list[str], list[tuple[int, tuple[str, ...]]], list[dict[str, str]]]:
    persons: list[str] = []
    rows: list[tuple[int, tuple[str, ...]]] = []
    notes: list[dict[str, str]] = []
    seen: dict[str, int] = {}
    for row in table.rows:
        if not any(row.cells[i] for i in items):
            answer = row.cells[named] if named is not None else ""
            if not answer:
                continue
        name = str(len(persons) + 1) if named is None else row.cells[named]
        if named is not None and not name:
            raise ScoreRefused("id_blank", row=row.number, file=table.name, column=table.head[named] or "A")
        if named is not None and TOTALS.match(name):
            notes.append(
                {
                    "ru": f"Строка {row.number} («{name}») принята за итоги и пропущена.",
                    "en": f'Row {row.number} ("{name}") was taken for totals and left out.',
                }
            )
            continue
        if name in seen:
            raise ScoreRefused("id_twice", id=name, first=seen[name], second=row.number, file=table.name)
        seen[name] = row.number
        persons.append(name)
        rows.append((row.number, row.cells))
    return persons, rows, notes


def read_choices(
    responses: str, key: str, *, id_column: str | None, ignore: Sequence[str], blank: str | None
) -> Scored:
    """Answers to choice items, scored by a key: right = its points, wrong or omitted = 0, not presented = missing."""
    known = {fold(k.item): k for k in read_key(key)}
    sheet = _sheet(responses, id_column, ignore, set(known))
    columns = {fold(h): i for i, h in sheet.items}
    missing = [k.item for name, k in known.items() if name not in columns]
    if missing:
        have = _listed(h for _, h in sheet.items)
        raise ScoreRefused(
            "unknown_item", key=Path(key).name, file=sheet.table.name, items=_listed(missing), have=have
        )
    spare = [h for _, h in sheet.items if fold(h) not in known]
    if spare:
        raise ScoreRefused("no_key", file=sheet.table.name, key=Path(key).name, items=_listed(spare))
    if len(sheet.items) < 2:
        raise ScoreRefused("few_items", file=sheet.table.name, got=len(sheet.items))
    keyed = [known[fold(h)] for _, h in sheet.items]
    cells = [[_plain_answer(row[i]) for i, _ in sheet.items] for _, row in sheet.rows]
    cells, keyed, notes = _one_alphabet(cells, keyed)
    shape = (len(cells), len(keyed))
    points, omitted = np.zeros(shape), np.zeros(shape, dtype=bool)
    choices: list[tuple[str | None, ...]] = []
    strange: Counter[str] = Counter()
    for p, line in enumerate(cells):
        chosen: list[str | None] = []
        for j, answer in enumerate(line):
            absent = answer in NOT_PRESENTED or (answer == "" and blank == "missing")
            answered = not absent and answer not in OMITTED
            chosen.append(answer if answered else None)
            if absent:
                points[p, j] = np.nan
            elif not answered:
                omitted[p, j] = True
            elif answer in keyed[j].keys:
                points[p, j] = keyed[j].points
            elif keyed[j].options and answer not in keyed[j].options:
                strange[answer] += 1
        choices.append(tuple(chosen))
    if strange:
        shown = ", ".join(f"{a} ({n})" for a, n in strange.most_common(5))
        notes.append(
            {
                "ru": f"Ответы, которых нет среди вариантов, засчитаны как неверные: {shown}.",
                "en": f"Answers that are not among the options were scored as wrong: {shown}.",
            }
        )
    if omitted.any():
        notes.append(
            {
                "ru": f"Пропущенных ответов: {int(omitted.sum())}; за них 0 баллов. Если пустая ячейка значит «не предъявлено», добавьте --blank missing.",
                "en": f"Omitted answers: {int(omitted.sum())}; they score 0. If a blank cell means “not presented”, add --blank missing.",
            }
        )
    _none_empty(points, sheet)
    return Scored(
        sheet.table.name,
        sheet.persons,
        tuple(h for _, h in sheet.items),
        points,
        omitted,
        np.zeros(len(keyed)),
        np.array([k.points for k in keyed]),
        tuple(choices),
        tuple(k.keys for k in keyed),
        tuple(k.options for k in keyed),
        (*sheet.notes, *notes),
    )


def _one_alphabet(
    cells: list[list[str]], keyed: list[_Key]
) -> tuple[list[list[str]], list[_Key], list[dict[str, str]]]:
    """Cyrillic А and Latin A are one answer if the file is otherwise written in one alphabet."""
    letters = {a for line in cells for a in line if len(a) == 1} | {
        a for k in keyed for a in (*k.keys, *k.options) if len(a) == 1
    }
    cyrillic = {a for a in letters if re.match(r"[А-ЯЁ]", a)}
    latin = {a for a in letters if re.match(r"[A-Z]", a)}
    if not cyrillic or not latin:
        return cells, keyed, []
    to_latin = LOOK_ALIKE if cyrillic <= set(LOOK_ALIKE) else None
    back = {v: k for k, v in LOOK_ALIKE.items()}
    fold_map = to_latin or (back if latin <= set(back) else None)
    if fold_map is None:
        return (
            cells,
            keyed,
            [
                {
                    "ru": "В ответах смешаны кириллица и латиница: одинаковые на вид буквы считаются разными.",
                    "en": "The answers mix Cyrillic and Latin letters: letters that look alike count as different.",
                }
            ],
        )
    count = sum(a in fold_map for line in cells for a in line) + sum(
        a in fold_map for k in keyed for a in k.keys
    )
    turned = [[fold_map.get(a, a) for a in line] for line in cells]
    keyed = [
        _Key(
            k.item,
            tuple(fold_map.get(a, a) for a in k.keys),
            k.points,
            tuple(fold_map.get(a, a) for a in k.options),
        )
        for k in keyed
    ]
    ru, en = ("латинские", "Latin") if to_latin else ("русские", "Cyrillic")
    return (
        turned,
        keyed,
        [
            {
                "ru": f"Буквы другого алфавита, одинаковые на вид ({count}), прочитаны как {ru}.",
                "en": f"Letters of the other alphabet that look alike ({count}) were read as {en}.",
            }
        ],
    )


def _none_empty(points: np.ndarray, sheet: _Sheet) -> None:
    for j, (_, title) in enumerate(sheet.items):
        if np.isnan(points[:, j]).all():
            raise ScoreRefused("all_missing", item=title, file=sheet.table.name)


def read_graded(
    responses: str, *, id_column: str | None, ignore: Sequence[str], blank: str | None, scale: str | None
) -> Scored:
    """Points or ratings as they stand; a blank cell is not presented unless blank="omitted", then it scores lowest."""
    sheet = _sheet(responses, id_column, ignore, None)
    table = sheet.table
    if len(sheet.items) < 2:
        raise ScoreRefused("few_items", file=table.name, got=len(sheet.items))
    bounds = _scale(scale)
    shape = (len(sheet.rows), len(sheet.items))
    points, omitted = np.full(shape, np.nan), np.zeros(shape, dtype=bool)
    for p, (number_of_row, row) in enumerate(sheet.rows):
        for j, (index, title) in enumerate(sheet.items):
            text = row[index]
            where = {
                "file": table.name,
                "row": number_of_row,
                "item": title,
                "place": table.place(table.rows[0], index).rstrip("0123456789") + str(number_of_row),
            }
            if text.upper() in NOT_PRESENTED:
                continue
            if text in OMITTED:
                omitted[p, j] = blank == "omitted"
                continue
            value = _to_number(text)
            if value is None:
                raise ScoreRefused("not_number", got=text[:40], **where)
            if bounds and not bounds[0] <= value <= bounds[1]:
                raise ScoreRefused(
                    "outside_scale", got=text, low=f"{bounds[0]:g}", high=f"{bounds[1]:g}", **where
                )
            points[p, j] = value
    _none_empty(points, sheet)
    low, high, note = _range(points, bounds)
    points[omitted] = np.broadcast_to(low, shape)[omitted]
    notes = [*sheet.notes, *note]
    absent = int(np.isnan(points).sum())
    if absent:
        notes.append(
            {
                "ru": f"Пустых ячеек: {absent}; они считаются не предъявленными и в балл не входят. Если это пропущенные ответы, добавьте --blank omitted.",
                "en": f"Blank cells: {absent}; they count as not presented and enter no score. If they are omitted answers, add --blank omitted.",
            }
        )
    return Scored(
        table.name,
        sheet.persons,
        tuple(h for _, h in sheet.items),
        points,
        omitted,
        low,
        high,
        (),
        (),
        (),
        tuple(notes),
    )


def _scale(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    parts = re.fullmatch(r"\s*(-?[\d.,]+)\s*(?:-|–|—|\.\.|:)\s*(-?[\d.,]+)\s*", text)
    ends = [_to_number(p) for p in parts.groups()] if parts else [None, None]
    if ends[0] is None or ends[1] is None or ends[0] >= ends[1]:
        raise ScoreRefused("bad_scale", got=text)
    return ends[0], ends[1]


def _range(
    points: np.ndarray, bounds: tuple[float, float] | None
) -> tuple[np.ndarray, np.ndarray, list[dict[str, str]]]:
    """Lowest and highest score of each item. One scale for all if most items reach the same top, else each its own."""
    k = points.shape[1]
    if bounds:
        return np.full(k, bounds[0]), np.full(k, bounds[1]), []
    lowest, tops = float(np.nanmin(points)), np.nanmax(points, axis=0)
    top = float(tops.max())
    if lowest > 0 and top <= 1:
        lowest = 0.0
    high = np.full(k, top) if float(np.median(tops)) == top else np.where(tops > lowest, tops, lowest + 1)
    high = np.where(high > lowest, high, lowest + 1)
    if lowest == 0 and bool((high == 1).all()):
        return np.full(k, lowest), high, []
    ru = f"{lowest:g}–{top:g}".replace(".", ",")
    return (
        np.full(k, lowest),
        high,
        [
            {
                "ru": f"Шкала заданий взята из данных: {ru}. Если она другая, укажите --scale НИЗ-ВЕРХ.",
                "en": f"The scale of the items was taken from the data: {lowest:g}–{top:g}. If it is another, give --scale LOW-HIGH.",
            }
        ],
    )


def analyse(scored: Scored) -> Analysis:
    """The classical statistics of scored responses."""
    test = ClassicalTest(minimum=scored.minimum, maximum=scored.maximum, names=scored.items).fit(
        scored.points, omitted=scored.omitted
    )
    distractors = (
        distractor_analysis(
            scored.choices, scored.keys, scored.points, options=scored.options, names=scored.items
        )
        if scored.choices
        else ()
    )
    return Analysis(
        scored.source, scored.persons, test, test.estimate(scored.points), distractors, scored.notes
    )


# --- writing -----------------------------------------------------------------------------------------------------


def _ends(estimate: Estimate) -> list[Value]:
    return [estimate.interval.low, estimate.interval.high] if estimate.interval else [None, None]


def tables(a: Analysis) -> dict[str, bytes]:
    """File name → CSV, numbers with dots and full precision, an empty cell where nothing is reported."""
    items: list[list[Value]] = [
        [
            i.name,
            i.n,
            i.n_omitted,
            i.n_not_presented,
            i.minimum,
            i.maximum,
            i.mean,
            i.sd,
            i.difficulty.value,
            i.difficulty.se,
            *_ends(i.difficulty),
            i.r_rest.value,
            *_ends(i.r_rest),
            i.r_total.value,
            i.alpha_if_dropped.value,
            " ".join(i.flags),
        ]
        for i in a.test.items_
    ]
    persons: list[list[Value]] = [
        [
            name,
            s.value,
            s.se,
            *([s.interval.low, s.interval.high] if s.interval else [None, None]),
            s.share,
            s.share_se,
            s.n_items,
            s.minimum,
            s.maximum,
            " ".join(s.flags),
        ]
        for name, s in zip(a.persons, a.scores, strict=True)
    ]
    options: list[list[Value]] = [
        [
            d.name,
            o.option,
            int(o.is_key),
            d.n,
            d.n_omitted,
            o.n_chosen,
            o.share,
            o.mean_rest,
            o.r_rest.value,
            *_ends(o.r_rest),
            o.lower_share,
            o.upper_share,
            " ".join((*d.flags, *o.flags)),
        ]
        for d in a.distractors
        for o in d.options
    ]
    t = a.test
    named = {
        "alpha": t.alpha_,
        "lambda2": t.lambda2_,
        "omega_total": t.omega_,
        "omega_total_standardised": t.omega_standardised_,
        "split_half": t.split_half_,
        "sem": t.sem_,
    }
    whole: list[list[Value]] = [
        [name, e.value, e.se, *_ends(e), e.n, e.interval.method if e.interval else "", " ".join(e.flags)]
        for name, e in named.items()
    ]
    found = {
        "items.csv": write_csv(
            [
                "item",
                "n",
                "n_omitted",
                "n_not_presented",
                "minimum",
                "maximum",
                "mean",
                "sd",
                "p",
                "p_se",
                "p_low",
                "p_high",
                "r_rest",
                "r_rest_low",
                "r_rest_high",
                "r_total",
                "alpha_if_dropped",
                "flags",
            ],
            items,
        ),
        "persons.csv": write_csv(
            [
                "id",
                "score",
                "se",
                "low",
                "high",
                "share",
                "share_se",
                "n_items",
                "minimum",
                "maximum",
                "flags",
            ],
            persons,
        ),
        "reliability.csv": write_csv(
            ["statistic", "value", "se", "low", "high", "n", "interval", "flags"], whole
        ),
    }
    if a.distractors:
        found["distractors.csv"] = write_csv(
            [
                "item",
                "option",
                "is_key",
                "n",
                "n_omitted",
                "n_chosen",
                "share",
                "mean_rest",
                "r_rest",
                "r_rest_low",
                "r_rest_high",
                "lower_share",
                "upper_share",
                "flags",
            ],
            options,
        )
    return found


def _columns(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> list[str]:
    widths = [max(len(line[i]) for line in (heads, *rows)) for i in range(len(heads))]
    made = []
    for line in (heads, *rows):
        cells = [
            cell.rjust(widths[i]) if i in right else cell.ljust(widths[i]) for i, cell in enumerate(line)
        ]
        made.append("  ".join(cells).rstrip())
    return made


def alpha_line(alpha: Estimate) -> str:
    """`alpha 0.8794 [0.87, 0.89]`: the same in every language, for programs that read it."""
    if not alpha.is_reported or alpha.interval is None:
        return "alpha -"
    return f"alpha {alpha.value:.4f} [{alpha.interval.low:.2f}, {alpha.interval.high:.2f}]"


PERSONS_ON_SCREEN = 10


def screen(a: Analysis, language: str, *, has_out: bool) -> str:
    """What is printed: reliability, items, options worth a look, the first people."""
    ru, t = language == "ru", a.test

    def figure(value: float, digits: int = 2) -> str:
        return number(value, digits, language).replace("н/о", "·").replace("n/r", "·")

    lines = [
        f"{a.source}: {people(len(a.persons), language)}, {items_count(len(t.items_), language)}",
        "",
        alpha_line(t.alpha_),
    ]
    if t.alpha_.is_reported:
        lines.append(
            f"n = {t.alpha_.n}, интервал Фельдта 95 %; среднее {figure(t.mean_)}, SD {figure(t.sd_)}, SEM {figure(t.sem_.value)}"
            if ru
            else f"n = {t.alpha_.n}, Feldt's 95% interval; mean {figure(t.mean_)}, SD {figure(t.sd_)}, SEM {figure(t.sem_.value)}"
        )
        more = [
            ("lambda-2", t.lambda2_),
            ("omega total", t.omega_),
            ("omega std", t.omega_standardised_),
            ("split-half", t.split_half_),
        ]
        lines.append(
            "; ".join(
                f"{name} {figure(e.value)}"
                + (
                    f" [{figure(e.interval.low)}; {figure(e.interval.high)}]"
                    if ru
                    else f" [{figure(e.interval.low)}, {figure(e.interval.high)}]"
                )
                if e.interval
                else f"{name} {figure(e.value)}"
                for name, e in more
            )
        )
    else:
        why = words(t.alpha_.flags, language)
        if "too_few_persons" in t.alpha_.flags:
            why = (
                f"{people(t.alpha_.n, language)}, нужно не меньше {ITEM_STATISTICS_FROM}; погрешность баллов принята, а не измерена"
                if ru
                else f"{people(t.alpha_.n, language)}, at least {ITEM_STATISTICS_FROM} are needed; the error of scores is assumed, not measured"
            )
        lines.append(("надёжность не сообщается: " if ru else "no reliability is reported: ") + why)
    heads = (
        [
            "задание",
            "n",
            "p",
            "среднее",
            "SD",
            "r_it",
            "r_it 95 %",
            "r_сумма",
            "альфа без",
            "проп.",
            "не предъявл.",
            "",
        ]
        if ru
        else [
            "item",
            "n",
            "p",
            "mean",
            "SD",
            "r_it",
            "r_it 95%",
            "r_total",
            "alpha w/o",
            "omitted",
            "not pres.",
            "",
        ]
    )
    rows = [
        [
            i.name,
            str(i.n),
            figure(i.difficulty.value),
            figure(i.mean),
            figure(i.sd),
            figure(i.r_rest.value),
            f"{figure(i.r_rest.interval.low)} … {figure(i.r_rest.interval.high)}"
            if i.r_rest.interval
            else "",
            figure(i.r_total.value),
            figure(i.alpha_if_dropped.value, 3),
            str(i.n_omitted),
            str(i.n_not_presented),
            words(i.flags, language),
        ]
        for i in t.items_
    ]
    lines += ["", *_columns(heads, rows, range(1, 11))]
    if a.distractors:
        lines += ["", *_options_on_screen(a, language)]
    heads = (
        ["человек", "балл", "SE", "95 %", "доля", ""] if ru else ["person", "score", "SE", "95%", "share", ""]
    )
    digits = 0 if all(s.n_items == 0 or float(s.value).is_integer() for s in a.scores) else 2
    rows = [
        [
            name,
            figure(s.value, digits),
            figure(s.se),
            f"{figure(s.interval.low, 1)} … {figure(s.interval.high, 1)}" if s.interval else "",
            share(s.share, language),
            words(s.flags, language),
        ]
        for name, s in list(zip(a.persons, a.scores, strict=True))[:PERSONS_ON_SCREEN]
    ]
    lines += ["", *_columns(heads, rows, range(1, 5))]
    rest = len(a.persons) - PERSONS_ON_SCREEN
    if rest > 0:
        where = (
            ("в persons.csv" if ru else "in persons.csv")
            if has_out
            else ("запишет --out ПАПКА" if ru else "are written by --out FOLDER")
        )
        lines.append(f"… ещё {rest}: {where}" if ru else f"… {rest} more: {where}")
    lines += ["", *(note[language] for note in a.notes)] if a.notes else []
    return "\n".join(lines)


def _options_on_screen(a: Analysis, language: str) -> list[str]:
    ru = language == "ru"
    if all("too_few_persons" in d.flags for d in a.distractors):
        return ["варианты ответа: мало людей" if ru else "answer options: too few people"]
    shown = look_at(a.distractors)
    if not shown:
        return ["варианты ответа: замечаний нет" if ru else "answer options: nothing to remark"]
    lines = ["варианты ответа, на которые стоит посмотреть" if ru else "answer options that need a look"]
    for item in shown:
        for flag in item.flags:
            lines.append(f"  {item.name}: {words([flag], language)}")
        for o in item.options:
            if o.flags:
                r = f", r {number(o.r_rest.value, 2, language)}" if o.r_rest.is_reported else ""
                key = (" (ключ)" if ru else " (key)") if o.is_key else ""
                chose = "" if "never_chosen" in o.flags else f", {share(o.share, language)}{r}"
                lines.append(
                    f"  {item.name}, {'вариант' if ru else 'option'} {o.option}{key}: {words(o.flags, language)}{chose}"
                )
    return lines


# --- the command -------------------------------------------------------------------------------------------------


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `kamerton score`."""
    say = command_words.say
    parser.add_argument(
        "--responses",
        required=True,
        metavar="FILE",
        help=say(
            "ответы: строка на человека, столбец на задание (CSV, XLSX)",
            "responses: a row a person, a column an item (CSV, XLSX)",
        ),
    )
    parser.add_argument(
        "--key",
        metavar="FILE",
        help=say(
            "ключ: столбцы item, key и, если нужно, points, options",
            "key: columns item, key and, if wanted, points, options",
        ),
    )
    parser.add_argument(
        "--graded",
        action="store_true",
        help=say(
            "в файле уже баллы или оценки по шкале; ключ не нужен",
            "the file holds points or ratings; no key needed",
        ),
    )
    parser.add_argument(
        "--id",
        metavar="COLUMN",
        help=say("столбец с кодом человека; обычно узнаётся сам", "column of person ids; usually recognised"),
    )
    parser.add_argument(
        "--ignore",
        metavar="COLUMN",
        action="append",
        default=[],
        help=say("пропустить столбец; можно несколько раз", "leave a column out; may be repeated"),
    )
    parser.add_argument(
        "--scale",
        metavar="LOW-HIGH",
        help=say(
            "низший и высший балл задания с --graded, например 1-5",
            "lowest and highest score of an item with --graded, e.g. 1-5",
        ),
    )
    parser.add_argument(
        "--blank",
        choices=["omitted", "missing"],
        help=say(
            "пустая ячейка: пропущено (0 баллов; обычно с --key) или не предъявлено (обычно с --graded)",
            "a blank cell: omitted (scores 0; usual with --key) or not presented (usual with --graded)",
        ),
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        help=say(
            "папка для items.csv, persons.csv, distractors.csv, reliability.csv",
            "folder for items.csv, persons.csv, distractors.csv, reliability.csv",
        ),
    )
    parser.add_argument(
        "--html", metavar="FILE", help=say("отчёт с графиками одним файлом", "report with charts as one file")
    )
    # SUPPRESS: a default here would wipe out `kamerton --language ru score`.
    parser.add_argument(
        "--language",
        choices=["ru", "en"],
        default=argparse.SUPPRESS,
        help=say("язык сообщений и отчёта", "language of messages and report"),
    )


def run(args: argparse.Namespace) -> int:
    """Score as `args` say: 0 done, 2 refused with a sentence on the error stream."""
    language = getattr(args, "language", None) or command_words.language()
    try:
        a = analyse(_read(args))
        _write(a, args, language)
    except (ScoreRefused, TableRefused) as refused:
        print(refused.message(language), file=sys.stderr)
        return 2
    try:
        print(screen(a, language, has_out=bool(args.out)))
    except BrokenPipeError:
        # The reader of a pipe (`| head`) left; the files are written, nothing is lost.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _read(args: argparse.Namespace) -> Scored:
    if args.key and args.graded:
        raise ScoreRefused("both_modes")
    if args.key:
        return read_choices(args.responses, args.key, id_column=args.id, ignore=args.ignore, blank=args.blank)
    if args.graded:
        return read_graded(
            args.responses, id_column=args.id, ignore=args.ignore, blank=args.blank, scale=args.scale
        )
    raise ScoreRefused("one_mode")


def _write(a: Analysis, args: argparse.Namespace, language: str) -> None:
    files: dict[Path, bytes] = {}
    if args.out:
        files.update({Path(args.out) / name: data for name, data in tables(a).items()})
    if args.html:
        files[Path(args.html)] = page(a, language=language, at=datetime.now().astimezone()).encode("utf-8")
    for path, data in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        except OSError as fault:
            raise ScoreRefused("cannot_write", file=str(path), reason=fault.strerror or str(fault)) from fault


def main() -> int:
    parser = argparse.ArgumentParser(prog="kamerton score")
    add_arguments(parser)
    return run(parser.parse_args())


if __name__ == "__main__":
    raise SystemExit(main())
