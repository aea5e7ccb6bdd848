"""The assessment matrix of each procedure, with its rules checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kamerton.apps.frameworks.documents import Competency
from kamerton.apps.procedures.queries import (
    InstrumentOfProcedure,
    ProcedureView,
    procedure_by_slug,
    procedures_in_force,
)
from kamerton.apps.procedures.rules import Check
from kamerton.formats.tables import Value, write_csv, write_xlsx
from kamerton.values.texts import in_language
from kamerton.web.viewer import Viewer, project_page

MATRIX_CODES = frozenset(
    {
        "competencies", "two_instruments", "one_simulation", "main_instrument", "load_of_exercise",
        "every_instrument_used", "assessors", "minutes", "unknown_cell", "evidence",
    }
)  # fmt: skip
"""Checks that speak of the matrix; the rest of the list belongs to the page of the procedure."""


@dataclass(frozen=True, slots=True)
class MatrixRow:
    competency: Competency
    weights: tuple[int | None, ...]
    """By column: 2 main, 1 second, None no mark."""
    instruments: int
    simulations: int


@dataclass(frozen=True, slots=True)
class MatrixColumn:
    of: InstrumentOfProcedure
    competencies: int


@dataclass(frozen=True, slots=True)
class MatrixView:
    """A matrix as rows and columns of a table, with the checks that are about it."""

    procedure: ProcedureView
    columns: tuple[MatrixColumn, ...]
    rows: tuple[MatrixRow, ...]
    checks: tuple[Check, ...]

    @property
    def broken(self) -> int:
        return sum(check.state == "bad" for check in self.checks)

    @property
    def doubtful(self) -> int:
        return sum(check.state == "unsure" for check in self.checks)

    @property
    def marks(self) -> int:
        return sum(row.instruments for row in self.rows)


def matrix_view(procedure: ProcedureView) -> MatrixView:
    seen, weights = procedure.coverage, procedure.weights
    codes = [column.column.code for column in procedure.instruments]
    rows = [
        MatrixRow(
            c, tuple(weights.get(c.code, {}).get(code) for code in codes),
            len(seen.by_competency[c.code]), seen.simulations[c.code],
        )
        for c in procedure.competencies
    ]  # fmt: skip
    columns = [MatrixColumn(of, len(seen.by_instrument[of.column.code])) for of in procedure.instruments]
    checks = [check for check in procedure.checks if check.code in MATRIX_CODES]
    return MatrixView(procedure, tuple(columns), tuple(rows), tuple(worst_first(checks)))


def worst_first(checks: Sequence[Check]) -> list[Check]:
    """What breaks stands above what is doubtful, and both above what holds."""
    return sorted(checks, key=lambda check: ("bad", "unsure", "ok").index(check.state))


@require_safe
@project_page("view_procedures")
def matrix(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Competency × instrument of every procedure in force."""
    views = [matrix_view(procedure) for procedure in procedures_in_force(viewer.project.id)]
    context = {
        "stage": "build",
        "matrices": views,
        "broken": sum(view.broken for view in views),
        "columns": list({c.of.column.code: c.of for view in views for c in view.columns}.values()),
        "doubtful": sum(view.doubtful for view in views),
        "may_open": viewer.may("view_instruments"),
    }
    return render(request, "studio/matrix.html", context)


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def table_file(name: str, form: str, head: list[str], rows: list[list[Value]], sheet: str) -> HttpResponse:
    """A list as the file that was asked for."""
    if form == "xlsx":
        response = HttpResponse(write_xlsx(head, rows, sheet=sheet), content_type=XLSX)
    else:
        response = HttpResponse(write_csv(head, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


@require_safe
@project_page("view_procedures")
def matrix_table(request: HttpRequest, viewer: Viewer, slug: str, form: str) -> HttpResponse:
    """The matrix of one procedure: weights 2 and 1, an empty cell where nothing is measured."""
    view = matrix_view(procedure_by_slug(viewer.project.id, slug))
    language = get_language() or "ru"
    head = [_("Code"), _("Competency"), *[column.of.column.code for column in view.columns]]
    rows: list[list[Value]] = [
        [row.competency.code, in_language(row.competency.name, language), *row.weights] for row in view.rows
    ]
    minutes = [column.of.column.minutes for column in view.columns]
    rows.append(["", pgettext("studio", "Minutes"), *minutes])
    return table_file(f"{slug}-matrix", form, head, rows, _("Assessment matrix"))
