"""The decision form of a person's page."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from kamerton.apps.decisions.actions import AgainstProposalNeedsReason, record_decision
from kamerton.apps.decisions.models import FitResult
from kamerton.apps.records.errors import InvalidInput, NotFound
from kamerton.apps.reporting.readmodels import person_page
from kamerton.web.viewer import Viewer, project_page

from .people import DecisionForm, person_response
from .roles import reader


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@require_POST
@project_page("decide")
def decide(request: HttpRequest, viewer: Viewer, role: str, person: UUID) -> HttpResponse:
    """The decision is about the fit that was on the page; a fault keeps what was typed."""
    post = request.POST
    fit_id, key = _uuid(post.get("fit", "")), _uuid(post.get("key", ""))
    fit = (
        FitResult.objects.filter(id=fit_id, run__project=viewer.project, subject__person_id=person)
        .select_related("run__project", "subject")
        .first()
    )
    if fit is None or key is None:
        raise NotFound(what={"ru": "расчёт, по которому решают", "en": "the run that is decided on"})
    form = DecisionForm(
        key=str(key),
        outcome=post.get("outcome", ""),
        role=post.get("other", "")[:20],
        reason=post.get("reason", "")[:4000],
    )
    if not form.outcome:
        return _again(
            request,
            viewer,
            role,
            person,
            form,
            {"ru": "Выберите решение.", "en": "Choose a decision."},
            "outcome",
        )
    try:
        record_decision(
            actor=viewer.actor,
            fit=fit,
            outcome=form.outcome,
            role=form.role,
            reason=form.reason,
            key=key,
            at=timezone.now(),
        )
    except AgainstProposalNeedsReason as refused:
        return _again(
            request,
            viewer,
            role,
            person,
            form,
            {"ru": refused.message("ru"), "en": refused.message("en")},
            "reason",
        )
    except InvalidInput as refused:
        return _again(
            request,
            viewer,
            role,
            person,
            form,
            {"ru": refused.message("ru"), "en": refused.message("en")},
            "outcome",
        )
    target = reverse("role-person", kwargs={"project": viewer.project.slug, "role": role, "person": person})
    return redirect(f"{target}#decision")


def _again(
    request: HttpRequest,
    viewer: Viewer,
    role: str,
    person: UUID,
    form: DecisionForm,
    text: dict[str, str],
    field: str,
) -> HttpResponse:
    language = reader()
    shown = DecisionForm(
        key=form.key or str(uuid4()),
        outcome=form.outcome,
        role=form.role,
        reason=form.reason,
        error=text[language],
        error_field=field,
    )
    return person_response(
        request, viewer, person_page(viewer.project, role, person, language), shown, status=422
    )
