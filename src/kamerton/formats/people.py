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

from kamerton.formats.tables import fold

HEADINGS: dict[str, tuple[str, ...]] = {
    "full_name": (
        "фио", "ф.и.о", "ф. и. о", "фио сотрудника", "фио работника", "ф.и.о. сотрудника", "ф.и.о. работника", "фио полностью",
        "сотрудник", "работник", "фамилия имя отчество", "фамилия, имя, отчество", "full name", "name", "employee", "employee name",
    ),
    "family_name": ("фамилия", "family name", "last name", "surname"),
    "given_name": ("имя", "given name", "first name"),
    "middle_name": ("отчество", "middle name", "patronymic"),
    "employee_number": (
        "таб. №", "таб №", "таб.№", "таб. n", "табельный номер", "табельный №", "таб. номер", "таб.номер", "табельный",
        "номер сотрудника", "employee number", "employee id", "employee no", "personnel number",
    ),
    "email": (
        "e-mail", "email", "эл. почта", "эл.почта", "электронная почта", "почта", "адрес эл. почты", "адрес электронной почты",
        "корпоративная почта", "e-mail address", "email address",
    ),
    "phone": (
        "телефон", "тел", "мобильный", "мобильный телефон", "моб. телефон", "моб.телефон", "моб. тел", "сотовый телефон",
        "номер телефона", "phone", "mobile", "phone number", "mobile phone",
    ),
    "unit": ("подразделение", "отдел", "дивизион", "департамент", "структурное подразделение", "unit", "department", "division"),
    "title": ("должность", "позиция", "position", "job title", "title"),
    "hired_date": (
        "дата приема", "принят", "дата приема на работу", "дата найма", "hire date", "hired", "start date", "date of hire",
    ),
}  # fmt: skip
"""Field → headings that mean it; case, ё, spaces and a final full stop do not count."""

KNOWN = {name: frozenset(fold(word) for word in words) for name, words in HEADINGS.items()}

PLACEHOLDERS = frozenset({"-", "–", "—", "−", "н/д", "n/a"})
"""What people write into a cell that has nothing to say."""

LONGEST = {
    "family_name": 100,
    "given_name": 100,
    "middle_name": 100,
    "employee_number": 60,
    "email": 254,
    "unit": 200,
    "title": 200,
}
"""Characters a field may have; a longer one is a slip of columns, not a name."""

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


def match_columns(head: Sequence[str]) -> dict[str, int]:
    """Field → column index, by heading; the first column that fits wins. "ФИО / Имя" is a head of two rows."""
    found: dict[str, int] = {}
    for index, heading in enumerate(head):
        whole = fold(heading)
        for text in (whole, fold(heading.rsplit(" / ", 1)[-1])):
            name = next((name for name, words in KNOWN.items() if name not in found and text in words), None)
            if name is not None:
                found[name] = index
                break
    if "family_name" in found and "full_name" in found and "given_name" not in found:
        # "Name" beside "Surname" is the given name.
        found["given_name"] = found.pop("full_name")
    return found


def read_phone(text: str, region: str = "RU") -> tuple[str, dict[str, str] | None]:
    """E.164 and no remark, or an empty text and the remark why."""
    if not text.strip():
        return "", None
    # "8 912 … , 8 495 …": the first of several.
    for part in (text, re.split(r"[,;/]", text)[0]):
        try:
            number = phonenumbers.parse(part, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), None
    return "", {
        "ru": f"телефон «{text}» не читается и пропущен; пример: +7 912 345-67-89",
        "en": f'the phone "{text}" is not readable and was left out; example: +7 912 345-67-89',
    }


def read_date(text: str, today: date) -> tuple[date | None, dict[str, str] | None]:
    """A date from text or a spreadsheet's serial number; an impossible one gives a remark."""
    raw = text.strip()
    if not raw:
        return None, None
    plain = re.sub(r"\s*(г\.?|года)$", "", raw)
    value: date | None = None
    for form in ("%d.%m.%Y", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y", "%d.%m.%y"):
        try:
            value = datetime.strptime(plain, form).date()
            break
        except ValueError:
            continue
    if value is None and re.fullmatch(r"\d{5}(\.0)?", plain):
        value = EXCEL_EPOCH + timedelta(days=int(float(plain)))
    if value is None or not EARLIEST <= value <= today + timedelta(days=LATEST_AHEAD_DAYS):
        return None, {
            "ru": f"дата «{raw}» не существует или вне разумных пределов и пропущена; пример: 01.03.2021",
            "en": f'the date "{raw}" does not exist or is out of reason and was left out; example: 01.03.2021',
        }
    return value, None


def _names(cells: dict[str, str], *, given_first: bool) -> tuple[str, str, str]:
    """Family, given and middle name; `given_first` when a whole name stands under an English heading."""
    family, given = cells.get("family_name", ""), cells.get("given_name", "")
    if family and given:
        return family, given, cells.get("middle_name", "")
    whole = family or cells.get("full_name", "")
    words = [w for w in re.split(r"[\s,]+", whole) if w]
    if len(words) < 2:
        return whole.strip(" ,"), given, cells.get("middle_name", "")
    if given_first and "," not in whole and whole.isascii():
        return words[-1], words[0], " ".join(words[1:-1])
    return words[0], words[1], " ".join(words[2:])


def _tidy(name: str) -> str:
    is_shouted = len(name) > 1 and name.isupper() and all(c.isalpha() or c in " -'" for c in name)
    return name.title() if is_shouted else name


def _is_name(text: str) -> bool:
    return (
        any(letter.isalpha() for letter in text)
        and text[0] not in "=+@"
        and not any(c.isdigit() for c in text)
    )


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
    given_first = "full_name" in columns and fold(head[columns["full_name"]]).isascii()
    verdicts: list[RowVerdict] = []
    seen_keys: dict[tuple[str, str], int] = {}
    for number, cells in rows:
        plain = [re.sub(r"\s+", " ", str(cell)).strip() for cell in cells]
        plain = ["" if cell.casefold() in PLACEHOLDERS else cell for cell in plain]
        filled = next((cell for cell in plain if cell), "")
        values = {name: plain[i] if i < len(plain) else "" for name, i in columns.items()}
        if not filled:
            verdict = RowVerdict(number, None, "skipped", ({"ru": "пустая строка", "en": "an empty row"},))
        elif TOTALS.match(filled):
            verdict = RowVerdict(
                number, None, "skipped", ({"ru": "строка итогов", "en": "a totals row"},), filled
            )
        else:
            verdict = _verdict(number, values, seen_keys, today, given_first=given_first)
        verdicts.append(verdict)
    counts: dict[str, int] = {}
    for verdict in verdicts:
        counts[verdict.status] = counts.get(verdict.status, 0) + 1
    return PeopleDraft(named, ignored, tuple(verdicts), counts=counts)


def _verdict(
    number: int, values: dict[str, str], seen: dict[tuple[str, str], int], today: date, *, given_first: bool
) -> RowVerdict:
    family, given, middle = (_tidy(x) for x in _names(values, given_first=given_first))
    label = " ".join(x for x in (family, given, middle) if x) or next((v for v in values.values() if v), "")
    label = label if len(label) <= 80 else label[:79] + "…"
    fault = _fault(values, family, given, middle)
    if fault is not None:
        return RowVerdict(number, None, "refused", (fault,), label)
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
        keys.append(("name", f"{fold(' '.join((family, given, middle)))}|{phone}"))
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
                "ru": "нет ни табельного номера, ни почты: при повторной загрузке человек найдётся только по имени",
                "en": "neither employee number nor e-mail: a second import can find the person by the name alone",
            }
        )
    person = PersonRow(
        family, given, middle, email, phone, employee, values.get("unit", ""), values.get("title", ""), hired
    )
    return RowVerdict(number, person, "warning" if remarks else "ok", tuple(remarks), label)


def _fault(values: dict[str, str], family: str, given: str, middle: str) -> dict[str, str] | None:
    """Why nothing can be written from this row, if so."""
    if not family or not given:
        return {"ru": "нужны фамилия и имя", "en": "a family name and a given name are needed"}
    for text in (family, given, middle):
        if text and not _is_name(text):
            return {
                "ru": f"«{text[:60]}» не похоже на имя; проверьте столбцы",
                "en": f'"{text[:60]}" does not look like a name; check the columns',
            }
    lengths = values | {"family_name": family, "given_name": given, "middle_name": middle}
    for name, longest in LONGEST.items():
        if len(lengths.get(name, "")) > longest:
            heading = FIELD_WORDS[name]
            return {
                "ru": f"{heading['ru']}: знаков {len(lengths[name])}, предел {longest}; проверьте столбцы",
                "en": f"{heading['en']}: {len(lengths[name])} characters, the limit is {longest}; check the columns",
            }
    return None


FIELD_WORDS: dict[str, dict[str, str]] = {
    "family_name": {"ru": "фамилия", "en": "family name"},
    "given_name": {"ru": "имя", "en": "given name"},
    "middle_name": {"ru": "отчество", "en": "middle name"},
    "employee_number": {"ru": "табельный номер", "en": "employee number"},
    "email": {"ru": "почта", "en": "e-mail"},
    "unit": {"ru": "подразделение", "en": "unit"},
    "title": {"ru": "должность", "en": "position"},
}
