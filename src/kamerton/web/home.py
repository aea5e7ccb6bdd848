"""Pages outside any one project: the list of projects, the language switch, the health of the installation."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kamerton.web import queries
from kamerton.web.errors import bad_request
from kamerton.web.sign_in import safe_next

YEAR_SECONDS = 365 * 24 * 3600


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The visitor's projects; in demo mode straight to the only sample."""
    samples = queries.samples() if settings.DEMO else []
    if request.user.is_authenticated:
        mine = queries.projects_of_user(request.user.id, timezone.now().date())
        shown = {row.project.id for row in mine}
        return render(
            request, "home.html", {"mine": mine, "samples": [s for s in samples if s.id not in shown]}
        )
    if len(samples) == 1:
        return redirect(f"/p/{samples[0].slug}/roles/")
    if settings.DEMO:
        return render(request, "home.html", {"mine": [], "samples": samples})
    return redirect("/sign-in/")


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remember the reader's language and go back to the same page."""
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        return bad_request(request)
    response = redirect(safe_next(request, request.POST.get("next")))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=YEAR_SECONDS,
        samesite="Lax",
        secure=settings.BEHIND_TLS,
        httponly=True,
    )
    return response


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """For a supervisor: 200 while the database answers and its guards stand, else 503. Tells nothing about anybody."""
    state = queries.health(timezone.now())
    body = {
        "ok": state.is_ok,
        "database": state.is_database_ok,
        "guards_missing": list(state.missing_guards),
        "worker_beat_seconds": None
        if state.worker_beat_seconds is None
        else round(state.worker_beat_seconds, 1),
    }
    return JsonResponse(body, status=200 if state.is_ok else 503)
