"""Procedures in force: both lanes, and one procedure in full."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kamerton.apps.procedures.queries import procedures_in_force
from kamerton.web.viewer import Viewer, project_page


@project_page("view_procedures")
def procedures(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The lanes side by side."""
    context = {"stage": "build", "procedures": procedures_in_force(viewer.project.id)}
    return render(request, "studio/procedures.html", context)
