"""Request ids, the reader's language, refusals as pages in plain words."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.utils import translation

from kamerton.apps.records.errors import Refused

Handler = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger("kamerton.web")


class RequestId:
    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.id = uuid.uuid4().hex[:12]  # type: ignore[attr-defined]
        # No text of ours holds a NUL, and PostgreSQL refuses to be asked for one.
        request.META["QUERY_STRING"] = request.META.get("QUERY_STRING", "").replace("%00", "")
        response = self.get_response(request)
        response["X-Request-Id"] = request.id  # type: ignore[attr-defined]
        return response


class Language:
    """Cookie first (the switch in the header), then the browser's wish, then Russian."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        known = dict(settings.LANGUAGES)
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if chosen not in known:
            wishes = request.headers.get("Accept-Language", "").lower()
            first = [part.split(";")[0].strip()[:2] for part in wishes.split(",")]
            chosen = next((tag for tag in first if tag in known), settings.LANGUAGE_CODE)
        translation.activate(chosen)
        request.LANGUAGE_CODE = chosen  # type: ignore[attr-defined]
        try:
            response = self.get_response(request)
        finally:
            translation.deactivate()
        response.setdefault("Content-Language", chosen)
        return response


class Refusals:
    """An expected refusal becomes a page (or JSON for the player) that says what, why and what to do."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused):
            return None
        language = getattr(request, "LANGUAGE_CODE", "ru")
        message = exception.message(language)
        log.info("refused %s", exception.code)
        if "application/json" in request.headers.get("Accept", ""):
            return JsonResponse({"refused": exception.code, "message": message}, status=exception.status)
        return render(
            request,
            "refused.html",
            {"message": message, "code": exception.code, "back": request.headers.get("Referer", "")},
            status=exception.status,
        )


def static_headers(headers: dict[str, str], path: str, url: str) -> None:
    """Static files may be kept; they carry nothing about anybody."""
    headers["Cross-Origin-Resource-Policy"] = "same-origin"


class CompressStatic(GZipMiddleware):
    """Scripts, styles and drawings travel compressed: no secret is in them, so their length tells nothing.

    Pages are left as they are: a page mixes secrets with what a stranger may have typed, and its compressed length
    could give them away.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_text = request.path.endswith((".js", ".css", ".svg"))
        if response.status_code != 200 or not is_text or not request.path.startswith(settings.STATIC_URL):
            return response
        return super().process_response(request, response)  # type: ignore[no-any-return]
