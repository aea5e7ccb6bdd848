"""Answers on paper: how a sheet numbers its options, and how a cell of the returned table is read.

Options carry numbers, not letters: А and A, В and B look alike and are different keys. The order on paper is one for
the whole campaign and follows from its id, so that neither the sheet nor its order has to be stored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from kamerton.apps.delivery import queries, rules
from kamerton.apps.delivery.models import Campaign, Participation
from kamerton.apps.instruments.documents import Item
from kamerton.apps.instruments.rules import MalformedResponse, clean_response
from kamerton.formats.tables import Table, TableRefused

HINT_MARK = "#"
"""First cell of the row that explains the columns; the reader passes it over."""
CODE_HEADS = ("Код", "Code")
CONSENT_HEADS = ("Согласие подписано", "Consent signed")
NAME_HEADS = ("Человек", "Person")
YES = frozenset({"да", "yes", "д", "y", "1", "+", "true"})


class CellProblem(Exception):
    """A cell that says something an answer cannot be; the message names what was expected."""


def paper_options(campaign_id: UUID, item: Item) -> list[str]:
    """Option codes in printed order: number 1 is the first of them."""
    return list(rules.option_order(campaign_id, item))


def cell_hint(item: Item) -> str:
    """What to type, under the head of the column."""
    k, left = len(item.options), len(item.left)
    match item.type:
        case "single" | "table_row" | "likert":
            return _("one number, 1 to %(k)s") % {"k": k}
        case "multiple":
            return _("numbers of all ticked, e.g. 1 3")
        case "numeric":
            return _("the number as written")
        case "order":
            return _("all %(k)s numbers, first to last, e.g. 2 1 3") % {"k": k}
        case "match":
            return _("for each of the %(n)s lines its number, 0 if empty") % {"n": left}
        case "best_worst":
            return _("best and worst, e.g. 2 3; 0 if empty")
        case "short_text":
            return _("the text as written")
        case "range":
            return _("the lower and the upper bound, e.g. 90; 120")
        case "map":
            return _("for each of the %(n)s people power and stance, e.g. 3:-1; 0 if empty") % {"n": left}


def read_cell(item: Item, options: Sequence[str], text: str) -> dict[str, Any]:
    """The response in a cell; {} for an empty one."""
    text = text.strip()
    if not text:
        return {}
    if item.type == "numeric":
        return {"number": text}
    if item.type == "short_text":
        return {"text": text}
    if item.type == "range":
        ends = [part.strip() for part in text.split(";")]
        if len(ends) != 2:
            raise CellProblem(_("two bounds with a semicolon between them are expected"))
        return {end: number for end, number in zip(("low", "high"), ends, strict=True) if number}
    if item.type == "map":
        places = text.split()
        if len(places) != len(item.left):
            raise CellProblem(
                _("numbers expected: %(k)s, got: %(n)s") % {"k": len(item.left), "n": len(places)}
            )
        return {"places": {o.code: p for o, p in zip(item.left, places, strict=True) if p != "0"}}
    numbers = _numbers(text)
    match item.type:
        case "single" | "table_row" | "likert":
            field_name = "step" if item.type == "likert" else "choice"
            return {field_name: _code(options, _exactly(numbers, 1)[0])}
        case "multiple":
            if len(set(numbers)) != len(numbers):
                raise CellProblem(_("a number stands twice"))
            return {"choices": [_code(options, n) for n in numbers]}
        case "order":
            if sorted(_exactly(numbers, len(options))) != list(range(1, len(options) + 1)):
                raise CellProblem(_("each number from 1 to %(k)s once") % {"k": len(options)})
            return {"order": [_code(options, n) for n in numbers]}
        case "match":
            pairs = zip(item.left, _exactly(numbers, len(item.left)), strict=True)
            return {"pairs": {left.code: _code(options, n) for left, n in pairs if n}}
        case "best_worst":
            best, worst = _exactly(numbers, 2)
            if best and best == worst:
                raise CellProblem(_("best and worst must differ"))
            chosen = {"best": best, "worst": worst}
            return {end: _code(options, n) for end, n in chosen.items() if n}


def write_cell(item: Item, options: Sequence[str], response: dict[str, Any] | None) -> str:
    """A stored response as the table shows it: the reverse of `read_cell`."""
    if not response:
        return ""
    number = {code: str(place) for place, code in enumerate(options, 1)}
    match item.type:
        case "numeric":
            return str(response["number"])
        case "short_text":
            return str(response["text"])
        case "single" | "table_row":
            return number[response["choice"]]
        case "likert":
            return number[response["step"]]
        case "multiple":
            return " ".join(sorted((number[code] for code in response["choices"]), key=int))
        case "order":
            return " ".join(number[code] for code in response["order"])
        case "match":
            return " ".join(number.get(response["pairs"].get(left.code, ""), "0") for left in item.left)
        case "best_worst":
            return " ".join(number.get(response.get(end, ""), "0") for end in ("best", "worst"))
        case "range":
            return "; ".join(str(response.get(end, "")) for end in ("low", "high"))
        case "map":
            return " ".join(response["places"].get(o.code, "0") for o in item.left)


def _numbers(text: str) -> list[int]:
    parts = [part for part in re.split(r"[\s,;]+", text) if part]
    # A spreadsheet turns "3" into 3 and sometimes shows it as 3.0.
    plain = [re.sub(r"\.0+$", "", part) for part in parts]
    if not all(part.isdecimal() and len(part) < 4 for part in plain):
        raise CellProblem(_("numbers are expected"))
    return [int(part) for part in plain]


def _exactly(numbers: list[int], count: int) -> list[int]:
    if len(numbers) != count:
        raise CellProblem(_("numbers expected: %(k)s, got: %(n)s") % {"k": count, "n": len(numbers)})
    return numbers


def _code(options: Sequence[str], number: int) -> str:
    if not 1 <= number <= len(options):
        raise CellProblem(_("a number from 1 to %(k)s is expected") % {"k": len(options)})
    return options[number - 1]


@dataclass(slots=True)
class PaperRow:
    """One row of the returned table, read: what it would do, or what is wrong with it, in words."""

    number: int
    code: str
    name: str = ""
    participation: Participation | None = None
    responses: dict[str, dict[str, Any]] = field(default_factory=dict)
    consent_signed: bool = False
    problems: list[str] = field(default_factory=list)
    is_blank: bool = False
    """No sheet came back for this person: the row stands in the table as it was handed out, and nothing follows."""
    new: int = 0
    same: int = 0

    @property
    def given(self) -> int:
        return sum(1 for response in self.responses.values() if response)


def read_paper_table(
    table: Table, *, campaign: Campaign, form: queries.PinnedForm, names: dict[UUID, str]
) -> list[PaperRow]:
    """Every row in words; nothing is written. Raises TableRefused when a column is missing."""
    code_column = _column(table, CODE_HEADS)
    consent_column = _column(table, CONSENT_HEADS)
    columns = [table.column(str(n)) for n in range(1, len(form.document.items) + 1)]
    people = {queries.paper_code(p.id): p for p in queries.participations_of(campaign)}
    rows: list[PaperRow] = []
    seen: set[str] = set()
    for line in table.rows:
        code = line.cells[code_column].strip().upper()
        if code.startswith(HINT_MARK):
            continue
        row = PaperRow(line.number, code)
        rows.append(row)
        row.participation = people.get(code)
        row.consent_signed = line.cells[consent_column].strip().casefold() in YES
        if row.participation is None:
            row.problems.append(
                _(
                    "Cell %(cell)s: nobody in this campaign has the code “%(code)s”. Take it from the sheet, 8 characters."
                )
                % {"cell": table.place(line, code_column), "code": code}
            )
            continue
        row.name = names.get(row.participation.id, "")
        if code in seen:
            row.problems.append(_("The code %(code)s stands in an earlier row already.") % {"code": code})
        seen.add(code)
        _read_answers(row, table, line.cells, line.number, columns, campaign, form)
        _judge(row, form, campaign)
    return rows


def _column(table: Table, heads: tuple[str, ...]) -> int:
    for head in heads:
        try:
            return table.column(head)
        except TableRefused:
            continue
    return table.column(heads[0])


def _read_answers(
    row: PaperRow, table: Table, cells: Sequence[str], number: int, columns: list[int], campaign: Campaign,
    form: queries.PinnedForm,
) -> None:  # fmt: skip
    for place, (item, column) in enumerate(zip(form.document.items, columns, strict=True), 1):
        text = cells[column]
        try:
            raw = read_cell(item, paper_options(campaign.id, item), text)
            row.responses[item.code] = clean_response(item, raw)
        except (CellProblem, MalformedResponse) as fault:
            what = str(fault) if isinstance(fault, CellProblem) else _("too long or with control characters")
            row.problems.append(
                _("Cell %(cell)s, item %(n)s: got “%(got)s”; %(what)s.")
                % {"cell": table.place(next(r for r in table.rows if r.number == number), column), "n": place,
                   "got": text[:40], "what": what}
            )  # fmt: skip


def _judge(row: PaperRow, form: queries.PinnedForm, campaign: Campaign) -> None:
    participation = row.participation
    assert participation is not None
    if participation.withdrawn_at:
        row.problems.append(_("This person has withdrawn; the sheet is not taken."))
        return
    sitting = next((s for s in participation.sittings.all() if s.form_id == form.release.id), None)
    has_consent = queries.given_consent(participation.consents.all(), campaign.purpose) is not None
    if not row.given and not row.problems:
        is_elsewhere = sitting is not None and not sitting.on_paper
        row.is_blank = is_elsewhere or (sitting is None and (has_consent or not row.consent_signed))
        if row.is_blank:
            return
    if not row.consent_signed and not has_consent:
        row.problems.append(
            _("No signed consent is noted. Write “yes” in the column if the sheet is signed.")
        )
    if sitting is not None and not sitting.on_paper:
        row.problems.append(
            _("This person answers in the browser; a sheet is not written over those answers.")
        )
        return
    now = queries.current_answers(sitting).items if sitting is not None else {}
    for code, response in row.responses.items():
        value = now.get(code)
        if response == ((value.response or {}) if value else {}):
            row.same += bool(response)
        else:
            row.new += 1
