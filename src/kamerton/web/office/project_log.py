"""The audit log and the background jobs of a project."""

from __future__ import annotations

from datetime import timedelta

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from kamerton.apps.records.models import Audit, Job, WorkerBeat
from kamerton.web.viewer import Viewer, project_page


@require_GET
@project_page("view_audit")
def audit_log(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    rows = Audit.objects.filter(project=viewer.project).order_by("-at", "-id")
    verb = request.GET.get("verb", "")[:60]
    if verb:
        rows = rows.filter(verb=verb)
    page = Paginator(rows, 100).get_page(request.GET.get("page"))
    verbs = (
        Audit.objects.filter(project=viewer.project)
        .order_by("verb")
        .values_list("verb", flat=True)
        .distinct()
    )
    return render(request, "office/audit.html", {"page": page, "verbs": verbs, "verb": verb})


@require_GET
@project_page("evaluate")
def jobs(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    beat = WorkerBeat.objects.order_by("-at").first()
    alive = beat is not None and timezone.now() - beat.at < timedelta(seconds=60)
    rows = Job.objects.filter(project=viewer.project).order_by("-created_at")[:50]
    return render(request, "office/jobs.html", {"rows": rows, "worker_alive": alive})
