"""Who looks at a page, in which project, with which roles; the only place that turns a request into an Actor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from kamerton.apps.people import queries as people
from kamerton.apps.people.rules import may, require
from kamerton.apps.records import queries as records
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.models import Project

VIEW_AS_ROLES = ("leader", "designer", "assessor", "office", "psychometrician", "auditor")
"""Roles one may look through in a sample project; the candidate has pages of their own."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The reader of a page: an actor in a project, and whether the roles come from the sample's switch."""

    actor: Actor
    project: Project
    role: str
    """The role whose menu is shown."""
    is_view_as: bool

    def may(self, permission: str) -> bool:
        return may(self.actor, self.project.id, permission)

    def require(self, permission: str) -> None:
        require(self.actor, self.project.id, permission)


def viewer_of(request: HttpRequest, project: Project) -> Viewer | None:
    """None when the visitor has no business in the project (not signed in, or no grant)."""
    user = request.user if request.user.is_authenticated else None
    grants = people.grants_in_force(user.id, project.id, timezone.now().date()) if user else []
    if project.kind == Project.Kind.SAMPLE and (settings.DEMO or grants):
        role = request.session.get(f"view-as:{project.slug}", "leader")
        persona = people.sample_persona(project.id, role)
        if persona is not None:
            actor = Actor(
                "user", str(persona.user_id), persona.name, project.id, frozenset({role}), persona.person_id
            )
            return Viewer(actor, project, role, is_view_as=True)
    if not user or not grants:
        return None
    roles = frozenset(grant.role for grant in grants)
    person_id: UUID | None = next((grant.person_id for grant in grants if grant.person_id), None)
    order = [*VIEW_AS_ROLES, *sorted(roles)]
    role = min(roles, key=order.index)
    return Viewer(
        Actor("user", str(user.id), user.name, project.id, roles, person_id), project, role, is_view_as=False
    )


def project_page(
    permission: str | None,
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Decorator of every page in a project: wall first, permission first. The view gets (request, viewer, …)."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def page(request: HttpRequest, project: str, **kwargs: Any) -> HttpResponse:
            found = records.project_by_slug(project)
            viewer = viewer_of(request, found)
            if viewer is None:
                if not request.user.is_authenticated:
                    return redirect(f"/sign-in/?next={request.path}")
                # The same answer as for a project that is not there: the wall does not tell who is behind it.
                raise NotFound(what=project)
            # Before the permission, so that a refusal still stands in its project.
            request.viewer = viewer  # type: ignore[attr-defined]
            if permission:
                viewer.require(permission)
            response = view(request, viewer, **kwargs)
            if not response.has_header("Cache-Control"):
                response["Cache-Control"] = "no-store"
            return response

        page.required_permission = permission  # type: ignore[attr-defined]
        return page

    return decorate
