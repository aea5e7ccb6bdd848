"""The list of roles, the page of a role, and the button that computes it anew."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from kamerton.apps.reporting.actions import note_view
from kamerton.apps.reporting.readmodels import ORDERS, WHO, RoleFilters, evaluated_roles, role_page
from kamerton.apps.reporting.readmodels.role_page import PersonRow, RolePage
from kamerton.flows.evaluate_role import evaluate_role
from kamerton.web.charts import CompositeStrip, composite_strip
from kamerton.web.viewer import Viewer, project_page

from .figures import composite_axis, person_profile, seat_squares


@dataclass(frozen=True, slots=True)
class RowView:
    """A row with its pictures."""

    row: PersonRow
    strip: SafeString | str
    profile: SafeString


def reader() -> str:
    return (get_language() or "ru").split("-")[0]


def filters_of(request: HttpRequest) -> RoleFilters:
    """Unknown values fall back to the whole list; a page that is no number is the first."""
    get = request.GET
    page = get.get("page", "")
    return RoleFilters(
        who=get.get("who", "") if get.get("who") in WHO else "all",
        unit=get.get("unit", "")[:60],
        category=get.get("category", "")[:20],
        text=get.get("q", "").strip()[:100],
        order=get.get("order", "") if get.get("order") in ORDERS else "category",
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
    )


def address(filters: RoleFilters, **changes: object) -> str:
    """The query string of the filters with some of them changed; empty ones are left out."""
    values: dict[str, object] = {
        "who": filters.who, "unit": filters.unit, "category": filters.category, "q": filters.text,
        "order": filters.order, "page": filters.page,
    } | changes  # fmt: skip
    plain = {"who": "all", "order": "category", "page": 1}
    kept = {key: value for key, value in values.items() if value and plain.get(key) != value}
    return f"?{urlencode(kept)}" if kept else "?"


@require_safe
@project_page("view_results")
def role_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Roles with a profile. Exactly one of them evaluated: that one is what the reader came for."""
    roles = evaluated_roles(viewer.project, reader())
    evaluated = [code for code, _, run in roles if run is not None]
    if len(evaluated) == 1 and "all" not in request.GET:
        return redirect("role", project=viewer.project.slug, role=evaluated[0])
    return render(
        request,
        "leader/roles.html",
        {"stage": "decide", "roles": roles, "may_evaluate": viewer.may("evaluate")},
    )


def _scale(page: RolePage) -> tuple[float, float]:
    """Whole levels that hold every composite and the cut."""
    values = [row.composite for row in page.rows if row.composite is not None] + [page.composite_cut]
    return max(1.0, float(int(min(values) - 0.5))), min(5.0, float(int(max(values) + 1.5)))


@require_safe
@project_page("view_results")
def role(request: HttpRequest, viewer: Viewer, role: str) -> HttpResponse:
    filters = filters_of(request)
    language = reader()
    page = role_page(viewer.project, role, filters, language)
    note_view(
        actor=viewer.actor, project=viewer.project, persons=page.persons, what="role_page",
        details={"role": role, "run": page.run.number if page.run else None}, at=timezone.now(),
    )  # fmt: skip
    low, high = _scale(page)

    def view(row: PersonRow) -> RowView:
        strip: SafeString | str = ""
        if row.composite is not None:
            mark = CompositeStrip(row.composite, row.composite_se, page.composite_cut, low, high)
            strip = composite_strip(mark, language=language, width=112, decorative=True)
        return RowView(row, strip, person_profile(row.cells, language=language))

    filters = page.filters
    context = {
        "stage": "decide",
        "page": page,
        "filters": filters,
        "groups": [(group, [view(row) for row in group.rows]) for group in page.groups],
        "axis": composite_axis(low, high, width=112),
        "segments": [(who, page.counts.get(who, 0), address(filters, who=who, page=1)) for who in WHO],
        "squares": [seat_squares(row.split) for row in page.seats.rows] if page.seats else [],
        "orders": ORDERS,
        "previous": address(filters, page=filters.page - 1) if filters.page > 1 else "",
        "next": address(filters, page=filters.page + 1) if filters.page < page.pages else "",
        "export": address(filters, page=1),
        "is_filtered": bool(filters.unit or filters.category or filters.text or filters.who != "all"),
        "last": filters.page == page.pages,
        "may_evaluate": viewer.may("evaluate"),
        "columns": len(page.heads) + 5,
    }
    return render(request, "leader/role.html", context)


@require_POST
@project_page("evaluate")
def evaluate(request: HttpRequest, viewer: Viewer, role: str) -> HttpResponse:
    evaluate_role(actor=viewer.actor, project=viewer.project, role=role, at=timezone.now())
    return redirect("role", project=viewer.project.slug, role=role)
