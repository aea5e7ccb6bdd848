"""The assessment matrix of each procedure, with its rules checked."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kamerton.apps.procedures.queries import procedures_in_force
from kamerton.web.viewer import Viewer, project_page


@project_page("view_procedures")
def matrix(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Competency × instrument of every procedure in force."""
    context = {"stage": "build", "procedures": procedures_in_force(viewer.project.id)}
    return render(request, "studio/matrix.html", context)
