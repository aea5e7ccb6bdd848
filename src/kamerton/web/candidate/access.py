"""Who stands behind the cookie; refusals as calm pages in both languages (or JSON for the player)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.decorators import decorator_from_middleware
from django.views.decorators.csrf import csrf_exempt

from kamerton.apps.delivery import queries
from kamerton.apps.delivery.models import Campaign, Participation, Sitting
from kamerton.apps.procedures.documents import ProcedureDocument
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, Refused
from kamerton.apps.records.models import Project

COOKIE = "kamerton_candidate"


class SessionNeeded(Refused):
    code = "session_needed"
    status = 401
    texts = {
        "ru": "Чтобы продолжить, откройте ещё раз ссылку из письма и нажмите «Начать» или «Продолжить». "
        "Всё, что сохранено, цело, а неотправленные ответы остаются на этом устройстве и уйдут сами.",
        "en": "To go on, open the link from the mail again and press “Begin” or “Continue”. "
        "Everything saved is still there; answers not yet sent stay on this device and will be sent by themselves.",
    }


@dataclass(frozen=True, slots=True)
class Candidate:
    actor: Actor
    participation: Participation
    campaign: Campaign
    project: Project
    procedure: ProcedureDocument

    @property
    def is_trial(self) -> bool:
        return self.campaign.slug == queries.TRIAL_SLUG


def candidate_of(request: HttpRequest) -> Candidate:
    secret = request.COOKIES.get(COOKIE, "")
    session = queries.session_by_secret(secret, timezone.now()) if secret else None
    if session is None:
        raise SessionNeeded
    participation = session.participation
    campaign = participation.campaign
    actor = Actor(
        "candidate",
        str(participation.id),
        "candidate",
        campaign.project_id,
        person_id=participation.person_id,
    )
    return Candidate(actor, participation, campaign, campaign.project, queries.procedure_of(campaign))


def open_sitting(candidate: Candidate) -> Sitting | None:
    """The sitting not finished yet, the newest first."""
    return (
        Sitting.objects.filter(
            participation=candidate.participation, finished_at__isnull=True, on_paper=False
        )
        .select_related("form", "participation__campaign__project", "participation__person")
        .order_by("-started_at")
        .first()
    )


def speak(request: HttpRequest, language: str) -> None:
    """The rest of this request in `language`: the player keeps the one the test was started in."""
    translation.activate(language)
    request.LANGUAGE_CODE = language  # type: ignore[attr-defined]


def wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def json_body(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except (ValueError, UnicodeDecodeError):
        body = None
    if not isinstance(body, dict):
        raise InvalidInput(
            what={
                "ru": "Отправка не прочитана: ожидается объект JSON.",
                "en": "The submission could not be read: a JSON object is expected.",
            }
        )
    return body


def notice(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """A refusal in plain words, the reader's language first, the other below it."""
    language = getattr(request, "LANGUAGE_CODE", "ru")
    if wants_json(request):
        return JsonResponse(
            {"refused": refusal.code, "message": refusal.message(language)}, status=refusal.status
        )
    order = sorted((tag for tag, _ in settings.LANGUAGES), key=lambda tag: tag != language)
    return render(
        request,
        "candidate/notice.html",
        {"messages": [(tag, refusal.message(tag)) for tag in order], "code": refusal.code},
        status=refusal.status,
    )


View = Callable[..., HttpResponse]


def open_page(view: View) -> View:
    """A page without a session: refusals become notices; nothing is ever kept by a cache."""

    @wraps(view)
    def page(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, **kwargs)
        except Refused as refusal:
            response = notice(request, refusal)
        response["Cache-Control"] = "no-store"
        response["Content-Language"] = getattr(request, "LANGUAGE_CODE", "ru")
        return response

    return page


class _NullOriginCsrf(CsrfViewMiddleware):
    def _origin_verified(self, request: HttpRequest) -> bool:
        return request.META.get("HTTP_ORIGIN") == "null" or super()._origin_verified(request)


_check_token_alone = decorator_from_middleware(_NullOriginCsrf)


def secret_page(view: View) -> View:
    """A page whose address is a secret: it tells no referrer to anybody.

    A browser then sends "Origin: null" with the page's own form, so the origin proves nothing here; the token of the
    form against the SameSite cookie is checked as everywhere.
    """

    @csrf_exempt
    @_check_token_alone
    @wraps(view)
    def page(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        response = open_page(view)(request, **kwargs)
        response["Referrer-Policy"] = "no-referrer"
        return response

    return page


def candidate_page(view: View) -> View:
    """A page behind the cookie: the view gets (request, candidate, …)."""

    @open_page
    @wraps(view)
    def page(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return view(request, candidate_of(request), **kwargs)

    return page
