"""Two to four people side by side."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from kamerton.apps.records.errors import NotFound
from kamerton.apps.reporting.actions import note_view
from kamerton.apps.reporting.readmodels import compare_page
from kamerton.web.charts import CompositeStrip, composite_strip
from kamerton.web.viewer import Viewer, project_page

from .roles import reader


def _chosen(request: HttpRequest) -> list[UUID]:
    try:
        return [UUID(text) for text in request.GET.getlist("p")]
    except ValueError as fault:
        raise NotFound(what={"ru": "один из выбранных людей", "en": "one of the people chosen"}) from fault


@require_safe
@project_page("view_results")
def compare(request: HttpRequest, viewer: Viewer, role: str) -> HttpResponse:
    language = reader()
    page = compare_page(viewer.project, role, _chosen(request), language)
    note_view(
        actor=viewer.actor,
        project=viewer.project,
        persons=page.persons,
        what="compare",
        details={"role": role},
        at=timezone.now(),
    )
    strips = [
        composite_strip(
            CompositeStrip(person.composite, person.composite_se, page.composite_cut),
            language=language,
            width=180,
            decorative=True,
        )
        if person.composite is not None
        else ""
        for person in page.people
    ]
    context = {"stage": "decide", "page": page, "people": list(zip(page.people, strips, strict=True))}
    return render(request, "leader/compare.html", context)
