"""400, 403, 404, 429 and 500 in both languages."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from kamerton.apps.records.models import Project
from kamerton.web.viewer import viewer_of


def _page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    return render(request, "error.html", {"title": title, "text": text, "status": status}, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(
        request,
        400,
        _("The request could not be read"),
        _("Go back, reload the page and try again. Nothing was changed."),
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(
        request,
        403,
        _("You may not see this page"),
        _("Ask the project's administrator for the role you need."),
    )


def _stand_in_project(request: HttpRequest) -> None:
    """Show the project's header on a page that is not there, to those who may be in the project."""
    found = re.match(r"/p/([a-z0-9-]+)/", request.path)
    project = Project.objects.filter(slug=found.group(1), archived_at__isnull=True).first() if found else None
    if project is not None and not hasattr(request, "viewer"):
        request.viewer = viewer_of(request, project)  # type: ignore[attr-defined]


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    _stand_in_project(request)
    return _page(
        request,
        404,
        _("There is no such page"),
        _("Check the address, or start from the project's first page."),
    )


def too_many(request: HttpRequest) -> HttpResponse:
    return _page(
        request,
        429,
        _("Too many requests in a row"),
        _("Wait a minute and try again. What was saved stays saved."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(
        request,
        500,
        _("Something broke on our side"),
        _("What was saved stays saved. Tell the administrator the number of this request."),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(
        request,
        403,
        _("This form is too old"),
        _("Go back, reload the page and send it again. What you typed is still in the form."),
    )
