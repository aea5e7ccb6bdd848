"""Severity and spread of the assessors."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from kamerton.apps.reporting.actions import note_view
from kamerton.apps.reporting.readmodels import assessors_page
from kamerton.web.viewer import Viewer, project_page

from .figures import severity_row
from .roles import reader


@require_safe
@project_page("view_assessors")
def assessors(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    language = reader()
    page = assessors_page(viewer.project, language)
    note_view(
        actor=viewer.actor, project=viewer.project, persons=page.persons, what="assessors", at=timezone.now()
    )
    rows = [(row, severity_row(row.severity, row.se, language=language)) for row in page.rows]
    return render(request, "leader/assessors.html", {"stage": "handover", "page": page, "rows": rows})
