"""Does the assessment say what is true?"""

from __future__ import annotations

from typing import Any

import yaml
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from kamerton.apps.reporting.actions import note_view
from kamerton.apps.reporting.readmodels import proof_page
from kamerton.apps.reporting.readmodels.proof import Measure
from kamerton.flows.sample import pack_root
from kamerton.flows.sample_truth import truth_of
from kamerton.web.viewer import Viewer, project_page

from .figures import band_row
from .roles import reader


def _expected() -> dict[str, Any] | None:
    """The bands on record for the sample's design; None where the pack holds none."""
    path = pack_root() / "expected.yaml"
    if not path.is_file():
        return None
    data: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return data


@require_safe
@project_page("view_results")
def proof(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    language = reader()
    truth = truth_of(viewer.project)
    page = proof_page(viewer.project, truth, _expected() if truth else None, language)
    note_view(
        actor=viewer.actor, project=viewer.project, persons=page.persons, what="proof", at=timezone.now()
    )
    rows: list[tuple[Measure, str]] = []
    for measure in page.measures:
        chart = band_row(measure.value, measure.low, measure.high) if measure.low is not None else ""
        rows.append((measure, chart))
    return render(request, "leader/proof.html", {"stage": "prove", "page": page, "rows": rows})
