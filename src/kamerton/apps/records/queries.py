"""Reading projects, releases and parts."""

from __future__ import annotations

import json
from typing import Any, TypeVar
from uuid import UUID

from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.models import Identity, Part, Project, Release
from kamerton.values.documents import read_document

T = TypeVar("T")


def project_by_slug(slug: str) -> Project:
    project = Project.objects.filter(slug=slug, archived_at__isnull=True).first()
    if project is None:
        raise NotFound(what=slug)
    return project


def latest_release(project_id: UUID, kind: str, slug: str) -> Release | None:
    """The newest release in force (not retired) of an identity."""
    return (
        Release.objects.filter(
            identity__project_id=project_id, identity__kind=kind, identity__slug=slug, retirement__isnull=True
        )
        .select_related("identity")
        .order_by("-number")
        .first()
    )


def releases_in_force(project_id: UUID, kind: str) -> list[Release]:
    """The newest release of each identity of a kind, by slug."""
    newest: dict[str, Release] = {}
    rows = (
        Release.objects.filter(identity__project_id=project_id, identity__kind=kind, retirement__isnull=True)
        .select_related("identity")
        .order_by("identity__slug", "number")
    )
    for release in rows:
        newest[release.identity.slug] = release
    return list(newest.values())


def identity_of(project_id: UUID, kind: str, slug: str) -> Identity:
    identity = Identity.objects.filter(project_id=project_id, kind=kind, slug=slug).first()
    if identity is None:
        raise NotFound(what=slug)
    return identity


_READ: dict[tuple[type, str], Any] = {}
_MOST_READ = 256


def document_of(release: Release, kind: type[T]) -> T:
    """The released body as its frozen dataclass; cached by digest, so a known body may be deferred."""
    key = (kind, release.digest)
    if key not in _READ:
        document = read_document(kind, json.loads(release.body), what=f"release {release.digest[:8]}")
        while len(_READ) >= _MOST_READ:
            _READ.pop(next(iter(_READ)), None)
        _READ[key] = document
    found: T = _READ[key]
    return found


def parts_by_code(release: Release, kind: str) -> dict[str, Part]:
    return {part.code: part for part in Part.objects.filter(release=release, kind=kind)}
