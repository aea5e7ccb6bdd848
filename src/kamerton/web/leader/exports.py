"""The table of a role as XLSX or CSV; formulas in names are defused by the writer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kamerton.apps.records.errors import NotFound
from kamerton.apps.reporting.actions import note_view
from kamerton.apps.reporting.readmodels import role_rows
from kamerton.formats.tables import write_csv, write_xlsx
from kamerton.web.viewer import Viewer, project_page

from .roles import filters_of, reader

KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


@require_safe
@project_page("view_results")
def role_table(request: HttpRequest, viewer: Viewer, role: str, form: str) -> HttpResponse:
    """The rows under the page's filters, rounded as the page shows them: a finer figure would be pretence."""
    if form not in KINDS:
        raise NotFound(what=f"table.{form}")
    heads, rows = role_rows(viewer.project, role, filters_of(request), reader())
    note_view(
        actor=viewer.actor, project=viewer.project, persons=[row.person_id for row in rows], what="role_table",
        details={"role": role, "form": form}, at=timezone.now(),
    )  # fmt: skip
    titles = [
        _("Person"),
        _("Unit"),
        _("Candidate"),
        _("Category"),
        _("Probability"),
        _("Composite"),
        _("SE of the composite"),
    ]
    for head in heads:
        titles += [f"{head.code} {head.short}", f"{head.code} SE"]
    titles.append(_("What next"))
    table: list[list[str | float | None]] = []
    for row in rows:
        line: list[str | float | None] = [
            row.name.replace("\u00a0", " "),
            row.unit,
            _("yes") if row.is_outside else _("no"),
            row.category_word,
            row.probability,
            round(row.composite, 2) if row.composite is not None else None,
            round(row.composite_se, 2) if row.composite_se is not None else None,
        ]
        for cell in row.cells:
            is_number = cell.shown == "number" and cell.value is not None and cell.se is not None
            line += (
                [round(cell.value or 0, 1), max(0.1, round(cell.se or 0, 1))]
                if is_number
                else [cell.text, None]
            )
        table.append([*line, row.next_step])
    data = write_xlsx(titles, table, sheet=_("Role")) if form == "xlsx" else write_csv(titles, table)
    response = HttpResponse(data, content_type=KINDS[form])
    response["Content-Disposition"] = f'attachment; filename="role-{role}.{form}"'
    return response
