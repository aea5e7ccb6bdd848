"""The page behind a personal link: who asks, what for, what happens to the answers; then one button."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from kamerton.apps.delivery.actions import begin_session, note_link_seen, start_trial
from kamerton.apps.delivery.actions.begin_session import SESSION_LIFE, SessionBegun, usable_invitation
from kamerton.apps.delivery.actions.invite import until_text
from kamerton.apps.delivery.actions.start_trial import trial_procedure
from kamerton.apps.delivery.queries import TRIAL_SLUG, procedure_of
from kamerton.apps.procedures.documents import ProcedureDocument
from kamerton.apps.records.actors import SYSTEM
from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.models import Project
from kamerton.apps.records.queries import document_of, project_by_slug
from kamerton.web.candidate.access import COOKIE, SessionNeeded, candidate_of, open_page, secret_page
from kamerton.web.candidate.items import words_in
from kamerton.web.viewer import viewer_of


@secret_page
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """GET changes nothing, so a mail scanner may open it; POST consumes the link."""
    now = timezone.now()
    if request.method == "POST":
        return _enter(begin_session(token=token, at=now))
    invitation = usable_invitation(token, now)
    participation = invitation.participation
    project = participation.campaign.project
    language = request.LANGUAGE_CODE  # type: ignore[attr-defined]
    context = _texts(project, procedure_of(participation.campaign), language) | {
        "is_resumed": participation.sittings.exists(),
        "until": until_text(project, invitation.expires_at, language),
        "seen_url": reverse("candidate-seen", args=[token]) if invitation.first_seen_at is None else "",
    }
    return render(request, "candidate/invitation.html", context)


@secret_page
@require_POST
def seen(request: HttpRequest, token: str) -> HttpResponse:
    """Sent by the page itself once a person has it open."""
    note_link_seen(actor=SYSTEM, token=token, at=timezone.now())
    return HttpResponse(status=204)


@open_page
@require_http_methods(["GET", "HEAD", "POST"])
def trial(request: HttpRequest, slug: str) -> HttpResponse:
    """The candidate's view of a sample project: a trial person whose answers enter no result."""
    project = project_by_slug(slug)
    if project.kind != Project.Kind.SAMPLE or not (settings.DEMO or viewer_of(request, project)):
        raise NotFound(what={"ru": "проба теста", "en": "a trial of the test"})
    if request.method == "POST":
        return _resumed_trial(request, project) or _enter(start_trial(project=project, at=timezone.now()))
    language = request.LANGUAGE_CODE  # type: ignore[attr-defined]
    procedure = document_of(trial_procedure(project), ProcedureDocument)
    return render(
        request, "candidate/invitation.html", _texts(project, procedure, language) | {"is_trial": True}
    )


def _resumed_trial(request: HttpRequest, project: Project) -> HttpResponse | None:
    try:
        candidate = candidate_of(request)
    except SessionNeeded:
        return None
    sittings = list(candidate.participation.sittings.all())
    is_done = bool(sittings) and all(sitting.finished_at for sitting in sittings)
    if candidate.project.id != project.id or candidate.campaign.slug != TRIAL_SLUG or is_done:
        return None
    return redirect("candidate-overview")


def _enter(begun: SessionBegun) -> HttpResponse:
    """On to the consent; the token leaves the address, the cookie stays with the browser."""
    response = redirect("candidate-overview")
    response.set_cookie(
        COOKIE, begun.secret, max_age=int(SESSION_LIFE.total_seconds()), httponly=True, samesite="Lax",
        secure=settings.BEHIND_TLS,
    )  # fmt: skip
    return response


def _texts(project: Project, procedure: ProcedureDocument, language: str) -> dict[str, object]:
    texts = procedure.texts
    return {
        "organisation": words_in(project.name, language),
        "name": words_in(procedure.name, language),
        "who_asks": words_in(texts.who_asks, language),
        "what_for": words_in(texts.what_for, language),
        "what_is_measured": words_in(texts.what_is_measured, language),
        "how_long": words_in(texts.how_long, language),
        "who_sees": words_in(texts.who_sees, language),
        "retention": words_in(texts.retention, language),
        "appeal": words_in(texts.appeal, language),
        "rights": [words_in(right, language) for right in texts.rights],
        "is_sample": project.kind == Project.Kind.SAMPLE,
    }


@open_page
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remember the language and go back to where the reader was."""
    chosen = request.POST.get("language", "")
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        target = reverse("candidate-overview")
    response = redirect(target)
    if chosen in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=365 * 24 * 3600,
            samesite="Lax",
            secure=settings.BEHIND_TLS,
        )
    return response
