"""A table of people as an HR department exports it → rows with verdicts in words. Pure: nothing is written.

Understands Russian and English headings, one column for the whole name or three, phones in any habit of writing,
dates as text or as spreadsheet dates, an empty row, a totals row, the same person twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import phonenumbers

HEADINGS: dict[str, tuple[str, ...]] = {
    "full_name": ("фио", "ф.и.о.", "ф. и. о.", "сотрудник", "работник", "фамилия имя отчество", "фамилия, имя, отчество", "full name", "name", "employee"),
    "family_name": ("фамилия", "family name", "last name", "surname"),
    "given_name": ("имя", "given name", "first name"),
    "middle_name": ("отчество", "middle name", "patronymic"),
    "employee_number": ("таб. №", "таб №", "таб.№", "табельный номер", "табельный №", "таб. номер", "employee number", "employee id", "personnel number"),
    "email": ("e-mail", "email", "эл. почта", "электронная почта", "почта", "адрес эл. почты"),
    "phone": ("телефон", "тел.", "мобильный", "мобильный телефон", "моб. телефон", "phone", "mobile"),
    "unit": ("подразделение", "отдел", "дивизион", "департамент", "unit", "department", "division"),
    "title": ("должность", "позиция", "position", "job title", "title"),
    "hired_date": ("дата приема", "дата приёма", "принят", "дата приема на работу", "дата приёма на работу", "hire date", "hired", "start date"),
}  # fmt: skip

TOTALS = re.compile(r"^(итого|всего|total)\b", re.IGNORECASE)
EXCEL_EPOCH = date(1899, 12, 30)
EARLIEST, LATEST_AHEAD_DAYS = date(1940, 1, 1), 400


@dataclass(frozen=True, slots=True)
class PersonRow:
    family_name: str
    given_name: str
    middle_name: str
    email: str
    phone: str
    employee_number: str
    unit: str
    title: str
    hired_date: date | None


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """What becomes of one row: `person` is None when it is skipped or refused."""

    number: int
    """The row's number as the spreadsheet shows it."""
    person: PersonRow | None
    status: str
    """ok, warning, skipped or refused"""
    remarks: tuple[dict[str, str], ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class PeopleDraft:
    columns: dict[str, str]
    """Field → the heading it was read from."""
    ignored: tuple[str, ...]
    rows: tuple[RowVerdict, ...]
    problem: dict[str, str] | None = None
    """Why the whole table cannot be read, if so."""
    counts: dict[str, int] = field(default_factory=dict)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ").strip().casefold())


def match_columns(head: Sequence[str]) -> dict[str, int]:
    """Field → column index, by heading; the first column that fits wins."""
    found: dict[str, int] = {}
    for index, heading in enumerate(head):
        plain = _plain(heading)
        for name, words in HEADINGS.items():
            if name not in found and plain in words:
                found[name] = index
                break
    return found


def read_phone(text: str, region: str = "RU") -> tuple[str, dict[str, str] | None]:
    """E.164 and no remark, or an empty text and the remark why."""
    if not text.strip():
        return "", None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        return "", {
            "ru": f"телефон «{text}» не читается и пропущен; пример: +7 912 345-67-89",
            "en": f'the phone "{text}" is not readable and was left out; example: +7 912 345-67-89',
        }
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), None


def read_date(text: str, today: date) -> tuple[date | None, dict[str, str] | None]:
    """A date from text or a spreadsheet's serial number; an impossible one gives a remark."""
    raw = text.strip()
    if not raw:
        return None, None
    value: date | None = None
    for form in ("%d.%m.%Y", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y", "%d.%m.%y"):
        try:
            value = datetime.strptime(raw, form).date()
            break
        except ValueError:
            continue
    if value is None and re.fullmatch(r"\d{5}(\.0)?", raw):
        value = EXCEL_EPOCH + timedelta(days=int(float(raw)))
    if value is None or not EARLIEST <= value <= today + timedelta(days=LATEST_AHEAD_DAYS):
        return None, {
            "ru": f"дата «{raw}» не существует или вне разумных пределов и пропущена; пример: 01.03.2021",
            "en": f'the date "{raw}" does not exist or is out of reason and was left out; example: 01.03.2021',
        }
    return value, None


def _names(cells: dict[str, str]) -> tuple[str, str, str]:
    if cells.get("family_name"):
        return cells["family_name"], cells.get("given_name", ""), cells.get("middle_name", "")
    words = [w for w in re.split(r"[\s,]+", cells.get("full_name", "").replace("\u00a0", " ")) if w]
    family = words[0] if words else ""
    given = words[1] if len(words) > 1 else ""
    return family, given, " ".join(words[2:])


def _tidy(name: str) -> str:
    return name.title() if name.isupper() and len(name) > 1 else name


def draft_people(
    head: Sequence[str], rows: Sequence[tuple[int, Sequence[str]]], *, today: date
) -> PeopleDraft:
    """Read a table of people: `head` and (row number, cells). Duplicates inside the table are refused by name."""
    columns = match_columns(head)
    named = {name: head[index] for name, index in columns.items()}
    ignored = tuple(h for i, h in enumerate(head) if h.strip() and i not in columns.values())
    if "full_name" not in columns and "family_name" not in columns:
        seen = ", ".join(f"«{h}»" for h in head if h.strip()) or "—"
        return PeopleDraft(
            named, ignored, (),
            problem={
                "ru": f"Не найден столбец с именами. Нужен «ФИО» или «Фамилия» и «Имя». Прочитаны заголовки: {seen}. "
                "Проверьте лист и строку заголовков.",
                "en": f'No column of names was found. "ФИО", "Full name" or "Family name" and "Given name" is needed. '
                f"Headings read: {seen}. Check the sheet and the heading row.",
            },
        )  # fmt: skip
    verdicts: list[RowVerdict] = []
    seen_keys: dict[tuple[str, str], int] = {}
    for number, cells in rows:
        values = {
            n: str(cells[i]).replace("\u00a0", " ").strip() if i < len(cells) else ""
            for n, i in columns.items()
        }
        verdicts.append(_verdict(number, values, seen_keys, today))
    counts: dict[str, int] = {}
    for verdict in verdicts:
        counts[verdict.status] = counts.get(verdict.status, 0) + 1
    return PeopleDraft(named, ignored, tuple(verdicts), counts=counts)


def _verdict(
    number: int, values: dict[str, str], seen: dict[tuple[str, str], int], today: date
) -> RowVerdict:
    if not any(values.values()):
        return RowVerdict(number, None, "skipped", ({"ru": "пустая строка", "en": "an empty row"},))
    first = next(v for v in values.values() if v)
    if TOTALS.match(first):
        return RowVerdict(number, None, "skipped", ({"ru": "строка итогов", "en": "a totals row"},), first)
    family, given, middle = (_tidy(x) for x in _names(values))
    label = " ".join(x for x in (family, given, middle) if x)
    if not family or not given:
        return RowVerdict(
            number, None, "refused",
            ({"ru": "нужны фамилия и имя", "en": "a family name and a given name are needed"},), label or first,
        )  # fmt: skip
    remarks: list[dict[str, str]] = []
    phone, remark = read_phone(values.get("phone", ""))
    if remark:
        remarks.append(remark)
    hired, remark = read_date(values.get("hired_date", ""), today)
    if remark:
        remarks.append(remark)
    email = values.get("email", "").lower()
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        remarks.append(
            {
                "ru": f"почта «{email}» не похожа на адрес и пропущена",
                "en": f'the e-mail "{email}" is no address and was left out',
            }
        )
        email = ""
    employee = re.sub(r"\.0$", "", values.get("employee_number", ""))
    keys = [("employee_number", employee), ("email", email)]
    if not employee and not email:
        keys.append(("name", f"{_plain(label)}|{phone}"))
    for key in keys:
        if key[1] and key in seen:
            return RowVerdict(
                number, None, "refused",
                ({"ru": f"тот же человек, что в строке {seen[key]}", "en": f"the same person as in row {seen[key]}"},), label,
            )  # fmt: skip
    for key in keys:
        if key[1]:
            seen[key] = number
    if not employee and not email:
        remarks.append(
            {
                "ru": "нет ни табельного номера, ни почты: при повторной загрузке человека не с чем сопоставить",
                "en": "neither employee number nor e-mail: a second import has nothing to match the person by",
            }
        )
    person = PersonRow(
        family, given, middle, email, phone, employee, values.get("unit", ""), values.get("title", ""), hired
    )
    return RowVerdict(number, person, "warning" if remarks else "ok", tuple(remarks), label)
