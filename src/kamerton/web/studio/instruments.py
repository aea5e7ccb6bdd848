"""Forms and exercises in force, with their keys: for those who build and check them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kamerton.apps.instruments.queries import instruments_in_force
from kamerton.web.viewer import Viewer, project_page


@project_page("view_instruments")
def instruments(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Every released instrument of the project."""
    context = {"stage": "build", "instruments": instruments_in_force(viewer.project.id)}
    return render(request, "studio/instruments.html", context)
