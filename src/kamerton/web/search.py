"""Search in a project: people by name, competencies, indicators, processes, items, as far as the viewer may see them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kamerton.apps.people import queries as people
from kamerton.web import queries
from kamerton.web.viewer import Viewer, project_page

MAX_PEOPLE = 50


@require_safe
@project_page(None)
def search(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:100]
    language = request.LANGUAGE_CODE  # type: ignore[attr-defined]
    rows: list[dict[str, str]] = []
    total = 0
    if text and viewer.may("view_people"):
        found = people.search_people(viewer.project.id, text)
        total = found.count()
        shown = list(found[:MAX_PEOPLE])
        roles = (
            queries.evaluated_roles(viewer.project.id, [p.id for p in shown])
            if viewer.may("view_results")
            else {}
        )
        for person in shown:
            unit, title = people.unit_and_title(person, language)
            rows.append(
                {
                    "id": str(person.id),
                    "role": roles.get(person.id, ""),
                    "name": people.full_name(person, language),
                    "unit": unit,
                    "title": title,
                }
            )
    hits = (
        queries.search_content(viewer.project, text, with_items=viewer.may("view_instruments"))
        if text and viewer.may("view_model")
        else []
    )
    groups = [
        (kind, [hit for hit in hits if hit.kind == kind])
        for kind in ("competency", "indicator", "process", "item")
    ]
    context = {
        "q": text,
        "people": rows,
        "people_total": total,
        "groups": [(kind, found_here) for kind, found_here in groups if found_here],
        "is_nothing": bool(text) and not rows and not hits,
    }
    return render(request, "search.html", context)
