"""The candidate's own report: what was measured, in which band, by which behaviour; who else sees it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from kamerton.apps.records.actions import write_audit
from kamerton.apps.reporting.readmodels.own_report import own_report
from kamerton.web.candidate.access import Candidate, candidate_page
from kamerton.web.candidate.items import words_in


@candidate_page
@require_GET
def report(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    language = request.LANGUAGE_CODE  # type: ignore[attr-defined]
    found = own_report(candidate.participation, language)
    if found is None:
        return redirect("candidate-thanks")
    write_audit(
        actor=candidate.actor, project_id=candidate.project.id, verb="view_own_report", object_kind="participation",
        object_id=candidate.participation.id, persons=[candidate.participation.person_id], details={"run": found.run},
        at=timezone.now(),
    )  # fmt: skip
    texts = candidate.procedure.texts
    context = {
        "report": found,
        "measured": words_in(texts.what_is_measured, language),
        "who_sees": words_in(texts.who_sees, language),
        "appeal": words_in(texts.appeal, language),
        "is_trial": candidate.is_trial,
    }
    return render(request, "candidate/report.html", context)
