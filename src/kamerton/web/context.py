"""What every page needs: language, project, viewer, the loop as navigation."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from kamerton.web.viewer import VIEW_AS_ROLES, Viewer


def page(request: HttpRequest) -> dict[str, Any]:
    viewer: Viewer | None = getattr(request, "viewer", None)
    return {
        "language": getattr(request, "LANGUAGE_CODE", "ru"),
        "languages": settings.LANGUAGES,
        "viewer": viewer,
        "project": viewer.project if viewer else None,
        "may_see_sources": bool(viewer and viewer.may("view_sources")),
        "is_sample": bool(viewer and viewer.project.kind == "sample"),
        "view_as_roles": VIEW_AS_ROLES if viewer and viewer.is_view_as else (),
        "is_demo": settings.DEMO,
        "request_id": getattr(request, "id", ""),
    }
