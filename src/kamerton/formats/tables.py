"""Tables as people send them: CSV, TSV, XLSX, XLS, XLSB, ODS → rows of text; rows → CSV and XLSX with formulas defused.

The reader is tolerant of what offices produce (`;`, cp1251, a byte order mark, a title above the head, merged head
cells, empty rows) and strict about what would lie: a broken or protected file, a web page named .xls, a table past
the limits are refused, in words, with the place. It interprets nothing: totals rows and meanings belong to callers.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import python_calamine
from charset_normalizer import from_bytes
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

Value = str | int | float | bool | dt.date | dt.datetime | None


@dataclass(frozen=True)
class Limits:
    """What is too much to read at once."""

    size: int = 20 * 1024 * 1024
    """Bytes of the file; an export of 100,000 people takes about 15 MB."""
    unpacked: int = 300 * 1024 * 1024
    """Bytes of a spreadsheet once unzipped: stops archives made to fill the memory."""
    rows: int = 200_000
    columns: int = 2_000
    cells: int = 20_000_000


@dataclass(frozen=True)
class Row:
    """One row: `number` as the spreadsheet shows it (first row 1), `cells` as many as the head has."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table read from a file.

    `head` holds the names of the columns, those of several rows joined by " / "; a column without a name is "".
    `rows` leave out empty rows. `extra` names the rows that had more filled cells than the head.
    """

    name: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    head_row: int
    sheet: str | None
    sheets: tuple[str, ...]
    encoding: str | None
    delimiter: str | None
    extra: tuple[int, ...] = ()

    @property
    def duplicates(self) -> tuple[str, ...]:
        """Names that stand over more than one column."""
        return tuple(name for name, count in Counter(self.head).items() if name and count > 1)

    def column(self, name: str) -> int:
        """Index of the column with this name, whatever the case and spaces; refuses an unknown one."""
        wanted = fold(name)
        for index, title in enumerate(self.head):
            if fold(title) == wanted:
                return index
        raise TableRefused("no_column", file=self.name, column=name, have=_listed(self.head))

    def place(self, row: Row, column: int) -> str:
        """The address of a cell as a spreadsheet shows it, e.g. C12."""
        return f"{get_column_letter(column + 1)}{row.number}"


def fold(text: str) -> str:
    """A heading for comparison: case, ё, spaces of any kind and a final full stop or colon do not count."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return re.sub(r"\s+", " ", plain).strip(" .:*")


MESSAGES: dict[str, dict[str, str]] = {
    "not_found": {
        "ru": "Файл {file} не найден. Проверьте имя и папку.",
        "en": "The file {file} was not found. Check its name and folder.",
    },
    "unreadable": {
        "ru": "Файл {file} не открывается: {reason}. Проверьте права на него.",
        "en": "The file {file} cannot be opened: {reason}. Check its permissions.",
    },
    "empty": {
        "ru": "Файл {file} пуст: в нём нет ни одной заполненной ячейки. Нужна таблица с заголовками в первой строке.",
        "en": "The file {file} is empty: it has no filled cell. Give a table with headings in its first row.",
    },
    "empty_sheet": {
        "ru": "На листе «{sheet}» файла {file} нет ни одной заполненной ячейки. Выберите другой лист: {have}.",
        "en": "The sheet “{sheet}” of {file} has no filled cell. Choose another sheet: {have}.",
    },
    "no_rows": {
        "ru": "В таблице {file} есть заголовки (строка {row}), но нет строк под ними. Добавьте данные.",
        "en": "The table {file} has headings (row {row}) but no rows below them. Add the data.",
    },
    "too_big": {
        "ru": "Файл {file} занимает {got} МБ, предел {limit} МБ. Разделите его на части.",
        "en": "The file {file} takes {got} MB, the limit is {limit} MB. Split it into parts.",
    },
    "unpacks_too_big": {
        "ru": "Файл {file} после распаковки занял бы {got} МБ, предел {limit} МБ. Удалите лишние листы и рисунки.",
        "en": "The file {file} would unpack to {got} MB, the limit is {limit} MB. Remove spare sheets and pictures.",
    },
    "too_many_rows": {
        "ru": "В файле {file} строк: {got}, предел {limit}. Разделите его на части.",
        "en": "The file {file} has {got} rows, the limit is {limit}. Split it into parts.",
    },
    "too_many_columns": {
        "ru": "В файле {file} столбцов: {got}, предел {limit}. Удалите лишние столбцы.",
        "en": "The file {file} has {got} columns, the limit is {limit}. Remove spare columns.",
    },
    "broken": {
        "ru": "Файл {file} повреждён: он назван таблицей ({kind}), но не читается. "
        "Откройте его в редакторе таблиц и сохраните заново как XLSX или CSV.",
        "en": "The file {file} is damaged: it is named a spreadsheet ({kind}) but cannot be read. "
        "Open it in a spreadsheet program and save it again as XLSX or CSV.",
    },
    "protected": {
        "ru": "Файл {file} закрыт паролем. Снимите пароль и сохраните его заново.",
        "en": "The file {file} is protected by a password. Remove the password and save it again.",
    },
    "not_a_table": {
        "ru": "Файл {file} не таблица, а {kind_ru}. Сохраните данные как XLSX или CSV.",
        "en": "The file {file} is not a table but {kind_en}. Save the data as XLSX or CSV.",
    },
    "no_sheet": {
        "ru": "В файле {file} нет листа «{sheet}». Есть листы: {have}.",
        "en": "The file {file} has no sheet “{sheet}”. Its sheets: {have}.",
    },
    "not_text": {
        "ru": "Файл {file} не похож на текст: в строке {row} есть нулевые байты. Сохраните его как CSV или XLSX.",
        "en": "The file {file} does not look like text: row {row} holds zero bytes. Save it as CSV or XLSX.",
    },
    "bad_encoding": {
        "ru": "Кодировка файла {file} не распознана. Сохраните его как CSV в UTF-8.",
        "en": "The encoding of {file} was not recognised. Save it as CSV in UTF-8.",
    },
    "field_too_long": {
        "ru": "В файле {file} около строки {row} есть ячейка длиннее {limit} знаков: похоже, кавычка открыта и не закрыта.",
        "en": "The file {file} has a cell longer than {limit} characters near row {row}: a quotation mark seems to be left open.",
    },
    "no_column": {
        "ru": "В таблице {file} нет столбца «{column}». Есть столбцы: {have}.",
        "en": "The table {file} has no column “{column}”. Its columns: {have}.",
    },
    "no_head_row": {
        "ru": "В файле {file} нет строки {row}, указанной как строка заголовков: всего строк {got}.",
        "en": "The file {file} has no row {row}, which was named as the row of headings: it has {got} rows.",
    },
}
"""Code of a refusal → its text in each language."""


class TableRefused(Exception):
    """A table that cannot be read: `code` (a key of MESSAGES), `params`, and the words in both languages."""

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params: Mapping[str, object] = params
        super().__init__(self.message("en"))

    def message(self, language: str) -> str:
        return MESSAGES[self.code]["ru" if language.lower().startswith("ru") else "en"].format(**self.params)


def _listed(names: Iterable[str]) -> str:
    shown = [name for name in names if name]
    more = len(shown) - 12
    return ", ".join(shown[:12]) + (f" … (+{more})" if more > 0 else "") if shown else "—"


# --- reading -----------------------------------------------------------------------------------------------------


@dataclass
class _Grid:
    """Rows of text as they stand in the file, `first` the number of the first of them."""

    rows: list[list[str]]
    first: int = 1
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    """Merged ranges as top, left, bottom, right, counted from 0 inside `rows`."""


def read_table(
    source: str | Path | bytes,
    *,
    name: str | None = None,
    sheet: str | None = None,
    head_row: int | None = None,
    limits: Limits | None = None,
) -> Table:
    """Read one table.

    `source` is a path or the bytes of an upload; `name` is what refusals call it (default: the file's name);
    `sheet` a sheet by name (default: the first with anything on it); `head_row` the number of the row of headings,
    when it should not be guessed. The kind of file is told from its content, never from its name alone.
    """
    bounds = limits or Limits()
    called = name or (Path(source).name if not isinstance(source, bytes) else "table")
    grid = _grid(_bytes(source, called, bounds), called, sheet, bounds)
    return _table(grid, called, head_row, bounds)


def sheet_names(
    source: str | Path | bytes, *, name: str | None = None, limits: Limits | None = None
) -> tuple[str, ...]:
    """Names of the sheets of a spreadsheet; empty for CSV."""
    called = name or (Path(source).name if not isinstance(source, bytes) else "table")
    data = _bytes(source, called, limits or Limits())
    kind = _kind(data, called)
    return () if kind == "text" else tuple(_workbook(data, called, kind, limits or Limits()).sheet_names)


def _bytes(source: str | Path | bytes, name: str, limits: Limits) -> bytes:
    if isinstance(source, bytes):
        data = source
    else:
        path = Path(source)
        try:
            if path.stat().st_size > limits.size:
                raise _too_big("too_big", name, path.stat().st_size, limits.size)
            data = path.read_bytes()
        except FileNotFoundError:
            raise TableRefused("not_found", file=str(source)) from None
        except OSError as fault:
            raise TableRefused("unreadable", file=str(source), reason=fault.strerror or str(fault)) from fault
    if len(data) > limits.size:
        raise _too_big("too_big", name, len(data), limits.size)
    if not data.strip(b"\x00\t\r\n ;,\xef\xbb\xbf\xff\xfe"):
        raise TableRefused("empty", file=name)
    return data


def _too_big(code: str, name: str, got: int, limit: int) -> TableRefused:
    mega = 1024 * 1024
    return TableRefused(code, file=name, got=f"{got / mega:.1f}", limit=f"{limit / mega:g}")


SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "документ PDF", "a PDF document"),
    (b"\x89PNG", "рисунок", "a picture"),
    (b"\xff\xd8\xff", "рисунок", "a picture"),
    (b"GIF8", "рисунок", "a picture"),
    (b"Rar!", "архив RAR", "a RAR archive"),
    (b"7z\xbc\xaf", "архив 7z", "a 7z archive"),
    (b"\x1f\x8b", "архив gzip", "a gzip archive"),
    (b"{\\rtf", "текстовый документ RTF", "an RTF document"),
)
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _kind(data: bytes, name: str) -> str:
    for signature, ru, en in SIGNATURES:
        if data.startswith(signature):
            raise TableRefused("not_a_table", file=name, kind_ru=ru, kind_en=en)
    if data.startswith(COMPOUND):
        return "XLS"
    if data.startswith(b"PK"):
        return "XLSX"
    start = data[:600].decode("latin-1").lower().lstrip("ï»¿\x00 \r\n\t")
    if start.startswith(("<!doctype html", "<html", "<table", "<meta", "<head")):
        raise TableRefused(
            "not_a_table",
            file=name,
            kind_ru="веб-страница под именем таблицы",
            kind_en="a web page named like a table",
        )
    if start.startswith("<?xml"):
        raise TableRefused("not_a_table", file=name, kind_ru="документ XML", kind_en="an XML document")
    # A spreadsheet whose first bytes are gone would otherwise be read as a text of one column.
    if name.lower().endswith((".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")) and b"\x00" in data[:4096]:
        raise TableRefused("broken", file=name, kind=name.rsplit(".", 1)[-1].upper())
    return "text"


def _grid(data: bytes, name: str, sheet: str | None, limits: Limits) -> _Grid:
    kind = _kind(data, name)
    return _text_grid(data, name, limits) if kind == "text" else _sheet_grid(data, name, sheet, kind, limits)


def _workbook(data: bytes, name: str, kind: str, limits: Limits) -> python_calamine.CalamineWorkbook:
    if kind == "XLSX":
        _check_archive(data, name, limits)
    try:
        return python_calamine.load_workbook(io.BytesIO(data))
    except python_calamine.PasswordError:
        raise TableRefused("protected", file=name) from None
    except python_calamine.CalamineError as fault:
        # An encrypted XLSX is a compound file with this stream inside.
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise TableRefused("protected", file=name) from fault
        raise TableRefused("broken", file=name, kind=kind) from fault


def _check_archive(data: bytes, name: str, limits: Limits) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as fault:
        raise TableRefused("broken", file=name, kind="XLSX") from fault
    inside = {entry.filename for entry in entries}
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.unpacked:
        raise _too_big("unpacks_too_big", name, unpacked, limits.unpacked)
    if any(entry.startswith("word/") for entry in inside):
        raise TableRefused("not_a_table", file=name, kind_ru="документ Word", kind_en="a Word document")
    if any(entry.startswith("ppt/") for entry in inside):
        raise TableRefused("not_a_table", file=name, kind_ru="презентация", kind_en="a presentation")
    if not any(entry.startswith("xl/") or entry in {"content.xml", "mimetype"} for entry in inside):
        raise TableRefused("not_a_table", file=name, kind_ru="архив ZIP", kind_en="a ZIP archive")


def _sheet_grid(data: bytes, name: str, sheet: str | None, kind: str, limits: Limits) -> _Grid:
    book = _workbook(data, name, kind, limits)
    names = tuple(book.sheet_names)
    if sheet is not None:
        chosen = next((have for have in names if fold(have) == fold(sheet)), None)
        if chosen is None:
            raise TableRefused("no_sheet", file=name, sheet=sheet, have=_listed(names))
        wanted = [chosen]
    else:
        visible = [
            m.name for m in book.sheets_metadata if m.visible == python_calamine.SheetVisibleEnum.Visible
        ]
        wanted = visible + [have for have in names if have not in visible]
    for one in wanted:
        try:
            page = book.get_sheet_by_name(one)
            _check_shape(page.total_height, page.total_width, name, limits)
            # From the first cell of the sheet, so that numbers of rows and letters of columns stay those on screen.
            rows = [[_text(value) for value in row] for row in page.to_python(skip_empty_area=False)]
            merged = page.merged_cell_ranges or []
        except python_calamine.CalamineError as fault:
            if wanted[-1] == one:
                raise TableRefused("broken", file=name, kind=kind) from fault
            continue
        if any(any(row) for row in rows):
            ranges = [(top, left, bottom, right) for (top, left), (bottom, right) in merged]
            return _Grid(rows, 1, one, names, None, None, ranges)
    if sheet is not None:
        raise TableRefused("empty_sheet", file=name, sheet=sheet, have=_listed(names))
    raise TableRefused("empty", file=name)


def _check_shape(rows: int, columns: int, name: str, limits: Limits) -> None:
    if rows > limits.rows:
        raise TableRefused("too_many_rows", file=name, got=rows, limit=limits.rows)
    if columns > limits.columns:
        raise TableRefused("too_many_columns", file=name, got=columns, limit=limits.columns)
    if rows * columns > limits.cells:
        raise TableRefused("too_many_rows", file=name, got=rows, limit=limits.cells // max(columns, 1))


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return _unguard(str(value).replace("\u00a0", " ").replace("\ufeff", "").strip()).strip()


MAX_FIELD = 131_072
DELIMITERS = (";", ",", "\t", "|")


def _text_grid(data: bytes, name: str, limits: Limits) -> _Grid:
    text, encoding = _decode(data, name)
    if "\x00" in text:
        raise TableRefused("not_text", file=name, row=text[: text.index("\x00")].count("\n") + 1)
    first = 1
    stated = re.match(r"sep=(.)\r?\n", text, re.IGNORECASE)
    if stated:
        text, first = text[stated.end() :], 2
    delimiter = stated.group(1) if stated else _sniff(text)
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for record in reader:
            rows.append([_text(cell) for cell in record])
            if len(rows) > limits.rows:
                raise TableRefused("too_many_rows", file=name, got=text.count("\n") + 1, limit=limits.rows)
            if len(record) > limits.columns:
                raise TableRefused("too_many_columns", file=name, got=len(record), limit=limits.columns)
    except csv.Error as fault:
        raise TableRefused("field_too_long", file=name, row=len(rows) + 1, limit=MAX_FIELD) from fault
    if not any(any(row) for row in rows):
        raise TableRefused("empty", file=name)
    return _Grid(rows, first, None, (), encoding, delimiter)


def _decode(data: bytes, name: str) -> tuple[str, str]:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            try:
                return data.decode(encoding), encoding
            except UnicodeDecodeError:
                raise TableRefused("bad_encoding", file=name) from None
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    candidates = ["cp1251", "cp866", "koi8_r", "mac_cyrillic", "cp1252"]
    readable = {}
    for encoding in candidates:
        try:
            readable[encoding] = data.decode(encoding)
        except UnicodeDecodeError:
            continue
    if not readable:
        raise TableRefused("bad_encoding", file=name)
    # Short Cyrillic texts mislead statistical detectors: ask first whether one reading makes plainly Russian words.
    scores = {encoding: _russian(text) for encoding, text in readable.items()}
    best = max(scores, key=lambda encoding: scores[encoding])
    rest = [score for encoding, score in scores.items() if encoding not in (best, "mac_cyrillic")]
    if scores[best] > 0.6 and scores[best] >= max(rest, default=0) + 0.1:
        # cp1251 and mac_cyrillic share the small letters; offices write cp1251.
        chosen = "cp1251" if best == "mac_cyrillic" and scores.get("cp1251", 0) > 0.5 else best
        return readable[chosen], chosen
    guess = from_bytes(data, cp_isolation=list(readable)).best()
    encoding = guess.encoding if guess is not None and guess.encoding in readable else next(iter(readable))
    return readable[encoding], encoding


FREQUENT = frozenset("оеаинтсрвлкмдпуя")
"""The sixteen most frequent Russian letters: 82 % of a Russian text."""


def _russian(text: str) -> float:
    """How Russian a reading looks: frequent letters in words of one case, among all that is not ASCII."""
    strange = sum(1 for c in text if ord(c) > 127)
    if not strange:
        return 0.0
    whole = 0.0
    for word in re.findall(r"[^\x00-\x7f]+", text):
        if re.fullmatch(r"[А-Яа-яЁё]+", word) and (word[1:].islower() or word.isupper() or len(word) == 1):
            whole += sum(1 if c in FREQUENT else 0.6 for c in word.lower())
        elif word in {"№", "«", "»", "—", "–"}:
            whole += len(word)
    return whole / strange


def _sniff(text: str) -> str:
    """The delimiter that cuts most rows into the same number of cells, more than one."""
    sample = "".join(text[:200_000].splitlines(keepends=True)[:200])
    best, most = ",", 0.0
    for delimiter in DELIMITERS:
        try:
            widths = [
                len(row)
                for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
                if any(row)
            ]
        except csv.Error:
            continue
        if not widths:
            continue
        width, count = Counter(widths).most_common(1)[0]
        # Agreement first; the number of cells breaks ties, since "0,5;0,7" is cut evenly by both marks.
        score = count / len(widths) * (1 + min(width, 50) / 1000) if width > 1 else 0.0
        if delimiter == "," and ";" in sample.split("\n", 1)[0]:
            score *= 0.9
        if score > most:
            best, most = delimiter, score
    return best


# --- finding the head --------------------------------------------------------------------------------------------

HEAD_WITHIN = 30
"""A head lower than this row is not a head: forms put a title, a date and a department above it, not a page."""


def _table(grid: _Grid, name: str, head_row: int | None, limits: Limits) -> Table:
    rows = grid.rows
    width = max((_last(row) for row in rows), default=0)
    _check_shape(len(rows), width, name, limits)
    rows = [row[:width] + [""] * (width - len(row)) for row in rows]
    if head_row is not None:
        top = head_row - grid.first
        if not 0 <= top < len(rows):
            raise TableRefused("no_head_row", file=name, row=head_row, got=len(rows))
    else:
        top = _head_index(rows, grid.merged)
    bottom = _head_bottom(rows, top, grid.merged)
    head = _head(rows, top, bottom, grid.merged, width)
    _fill_down(rows, grid.merged, bottom)
    used = max((i + 1 for i, title in enumerate(head) if title), default=0)
    kept: list[Row] = []
    extra: list[int] = []
    for index in range(bottom + 1, len(rows)):
        cells = rows[index]
        if not any(cells):
            continue
        if _last(cells) > used:
            extra.append(index + grid.first)
        kept.append(Row(index + grid.first, tuple(cells)))
    if not kept:
        raise TableRefused("no_rows", file=name, row=top + grid.first)
    return Table(
        name,
        tuple(head),
        tuple(kept),
        top + grid.first,
        grid.sheet,
        grid.sheets,
        grid.encoding,
        grid.delimiter,
        tuple(extra),
    )


def _last(row: Sequence[str]) -> int:
    return max((i + 1 for i, cell in enumerate(row) if cell), default=0)


def _head_index(rows: list[list[str]], merged: list[tuple[int, int, int, int]]) -> int:
    filled = [sum(1 for cell in row if cell) for row in rows]
    usual = sorted(count for count in filled[:300] if count)
    typical = usual[len(usual) // 2]
    first = next(i for i, count in enumerate(filled) if count)
    for i in range(first, min(len(rows), first + HEAD_WITHIN)):
        covered = {
            (c) for top, left, bottom, right in merged if top <= i <= bottom for c in range(left, right + 1)
        }
        titles = {c for c, cell in enumerate(rows[i]) if cell}
        # A title merged over the page is one text; a head has several.
        if len(titles) >= 2 and len(titles | covered) >= 0.6 * typical:
            return i
        if typical == 1 and titles:
            return i
    return first


def _head_bottom(rows: list[list[str]], top: int, merged: list[tuple[int, int, int, int]]) -> int:
    """Last row of the head: a cell merged sideways has its parts one row below, one merged downwards reaches there."""
    bottom = top
    for up, left, down, right in merged:
        if up == top and down > top and down - top <= 3:
            bottom = max(bottom, down)
        elif up == top and right > left and down + 1 < len(rows):
            below = rows[down + 1][left : right + 1]
            if sum(1 for cell in below if cell and not PLAIN_NUMBER.fullmatch(cell)) >= 2:
                bottom = max(bottom, down + 1)
    return min(bottom, len(rows) - 1)


def _head(
    rows: list[list[str]], top: int, bottom: int, merged: list[tuple[int, int, int, int]], width: int
) -> list[str]:
    area = [list(rows[i]) for i in range(top, bottom + 1)]
    for up, left, down, right in merged:
        if top <= up <= bottom and left < width:
            for i in range(up, min(down, bottom) + 1):
                for c in range(left, min(right, width - 1) + 1):
                    area[i - top][c] = rows[up][left]
    names = []
    for c in range(width):
        parts = list(dict.fromkeys(re.sub(r"\s+", " ", line[c]) for line in area if line[c]))
        names.append(" / ".join(parts))
    return names


def _fill_down(rows: list[list[str]], merged: list[tuple[int, int, int, int]], bottom: int) -> None:
    """A value merged over several rows of the body (a department over its people) stands in each of them."""
    for up, left, down, _ in merged:
        if up > bottom and left < len(rows[0]) and up < len(rows):
            for i in range(up, min(down, len(rows) - 1) + 1):
                rows[i][left] = rows[up][left]


# --- writing -----------------------------------------------------------------------------------------------------

PLAIN_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?([eE][-+]?\d+)?")
TRIGGERS = "=+-@\t\r\n＝＋－＠"


def defused(text: str) -> str:
    """The text with an apostrophe in front if a spreadsheet would take it for a formula; plain numbers stay.

    >>> defused("=1+1"), defused("-5,2"), defused("Anna")
    ("'=1+1", '-5,2', 'Anna')
    """
    start = text.lstrip(" \u00a0")
    if start[:1] and start[0] in TRIGGERS and not PLAIN_NUMBER.fullmatch(text):
        return "'" + text
    return text


def _unguard(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:] and defused(text[1:]) == text else text


def write_csv(
    head: Sequence[str],
    rows: Iterable[Sequence[Value]],
    *,
    delimiter: str = ",",
    byte_order_mark: bool = True,
) -> bytes:
    """Rows as CSV in UTF-8, numbers with dots, formulas defused.

    The byte order mark is on by default, because without it Excel reads Cyrillic as cp1251.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([defused(title) for title in head])
    for row in rows:
        writer.writerow([_plain(value) for value in row])
    return out.getvalue().encode("utf-8-sig" if byte_order_mark else "utf-8")


def _plain(value: Value) -> str:
    if isinstance(value, str):
        return defused(value)
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return ""
    return _text(value)


ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def write_xlsx(head: Sequence[str], rows: Iterable[Sequence[Value]], *, sheet: str = "Table") -> bytes:
    """Rows as one sheet of XLSX: head in bold and frozen, numbers and dates as such, formulas defused."""
    return write_workbook({sheet: (head, rows)})


def write_workbook(sheets: Mapping[str, tuple[Sequence[str], Iterable[Sequence[Value]]]]) -> bytes:
    """Several sheets of XLSX, in order."""
    book = Workbook(write_only=True)
    taken: set[str] = set()
    for title, (head, rows) in sheets.items():
        page = book.create_sheet(_sheet_title(title, taken))
        page.freeze_panes = "A2"
        body = [list(row) for row in rows]
        for index, name in enumerate(head):
            longest = max([len(name), *(len(_text(row[index])) for row in body[:200] if index < len(row))])
            page.column_dimensions[get_column_letter(index + 1)].width = min(60, max(8, longest + 2))
        page.append([_cell(page, name, bold=True) for name in head])
        for row in body:
            page.append([_cell(page, value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet_title(title: str, taken: set[str]) -> str:
    plain = re.sub(r"[\[\]:*?/\\]", " ", title).strip("' ")[:31] or "Sheet"
    name, number = plain, 2
    while name.casefold() in taken:
        name, number = f"{plain[:28]} {number}", number + 1
    taken.add(name.casefold())
    return name


def _cell(page: Any, value: Value, *, bold: bool = False) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        value = None
    if isinstance(value, str):
        # 32,767 is the most a cell of XLSX holds.
        value = ILLEGAL.sub("", defused(value))[:32_767]
    cell = WriteOnlyCell(page, value=value)
    if isinstance(value, str):
        cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell
