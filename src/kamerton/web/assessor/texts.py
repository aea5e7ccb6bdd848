"""Short texts awaiting a rater: one at a time, without a name."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from kamerton.apps.observation import queries
from kamerton.apps.observation.actions import rate_text
from kamerton.apps.records.errors import InvalidInput
from kamerton.web.assessor.wording import language_of
from kamerton.web.viewer import Viewer, project_page


@require_GET
@project_page("rate_texts")
def queue(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    return _page(request, viewer)


@require_POST
@project_page("rate_texts")
def score(request: HttpRequest, viewer: Viewer, answer: int) -> HttpResponse:
    found = queries.text_answer_in(viewer.project.id, answer)
    given = request.POST.get("score", "")
    if not given.isdecimal() or len(given) > 3:
        return _page(request, viewer, _("No score is chosen. Choose one line of the rubric."))
    try:
        rate_text(actor=viewer.actor, answer=found, score=int(given), at=timezone.now())
    except InvalidInput as refusal:
        return _page(request, viewer, refusal.message(language_of(request)))
    return redirect("assess-texts", viewer.project.slug)


def _page(request: HttpRequest, viewer: Viewer, problem: str = "") -> HttpResponse:
    tasks = queries.text_queue(viewer.actor, viewer.project.id)
    context = {
        "stage": "assess",
        "task": tasks[0] if tasks else None,
        "waiting": len(tasks),
        "agreement": queries.text_agreement(viewer.actor, viewer.project.id),
        "problem": problem,
        "has_person": viewer.actor.person_id is not None,
    }
    return render(request, "assessor/texts.html", context, status=422 if problem else 200)
