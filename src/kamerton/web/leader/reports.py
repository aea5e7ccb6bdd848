"""Issue a report, hand it out again."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from kamerton.apps.decisions.queries import current_run, fit_of
from kamerton.apps.records.errors import NotFound
from kamerton.apps.reporting.actions import issue_report, open_report
from kamerton.web.viewer import Viewer, project_page


@require_POST
@project_page("issue_report")
def issue(request: HttpRequest, viewer: Viewer, role: str, person: UUID) -> HttpResponse:
    run = current_run(viewer.project.id, role)
    if run is None:
        raise NotFound(what={"ru": f"расчёт по роли {role}", "en": f"a run for the role {role}"})
    issued = issue_report(
        actor=viewer.actor, fit=fit_of(run, person), language=request.POST.get("language", ""),
        audience=request.POST.get("audience", "leader"), at=timezone.now(),
    )  # fmt: skip
    return redirect("report-file", project=viewer.project.slug, number=issued.issue.number)


@require_safe
@project_page("view_results")
def download(request: HttpRequest, viewer: Viewer, number: str) -> HttpResponse:
    found = open_report(actor=viewer.actor, project=viewer.project, number=number, at=timezone.now())
    response = HttpResponse(found.pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{number}.pdf"'
    return response
