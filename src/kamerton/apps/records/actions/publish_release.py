from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import Refused
from kamerton.apps.records.models import Identity, Part, Project, Release, Seal
from kamerton.values.canonical import canonical_json, digest_of

from .write_audit import write_audit

STABLE_NAMESPACE = uuid.UUID("5b1c3f0e-8c0a-5a43-9c36-7f8f0f0a6d11")


@dataclass(frozen=True, slots=True)
class PartSpec:
    """A piece to be pointed at. `code` is unique within `kind`; its stable id follows from project, identity and both."""

    kind: str
    code: str


class NothingChanged(Refused):
    code = "nothing_changed"
    texts = {
        "ru": "Черновик не отличается от редакции {number}: публиковать нечего.",
        "en": "The draft does not differ from release {number}: there is nothing to publish.",
    }


def stable_id_of(identity: Identity, part: PartSpec) -> uuid.UUID:
    """The same through all releases of an identity."""
    return uuid.uuid5(STABLE_NAMESPACE, f"{identity.id}/{part.kind}/{part.code}")


@transaction.atomic
def publish_release(
    *,
    actor: Actor,
    project: Project,
    kind: str,
    slug: str,
    body: dict[str, Any],
    body_schema: str,
    parts: Sequence[PartSpec],
    change_kind: str,
    summary: dict[str, str],
    at: datetime,
) -> Release:
    """Freeze `body` as the next release of the identity (kind, slug). The caller has checked the permission.

    Raises NothingChanged if the last release has the same digest.
    """
    identity, _ = Identity.objects.get_or_create(project=project, kind=kind, slug=slug)
    last = Release.objects.select_for_update().filter(identity=identity).order_by("-number").first()
    text = canonical_json(body)
    digest = digest_of(text)
    if last is not None and last.digest == digest:
        raise NothingChanged(number=last.number)
    release = Release.objects.create(
        identity=identity,
        number=last.number + 1 if last else 1,
        body=text,
        body_schema=body_schema,
        digest=digest,
        change_kind=change_kind if last else Release.ChangeKind.FIRST,
        summary=summary,
        published_at=at,
        actor_id=actor.id,
        actor_name=actor.name,
    )
    Part.objects.bulk_create(
        Part(
            release=release,
            key=f"{part.kind}:{part.code}",
            stable_id=stable_id_of(identity, part),
            kind=part.kind,
            code=part.code,
        )
        for part in parts
    )
    Seal.objects.create(release=release, at=at)
    write_audit(
        actor=actor,
        project_id=project.id,
        verb="publish",
        object_kind=kind,
        object_id=release.id,
        details={"slug": slug, "number": release.number, "digest": digest},
        at=at,
    )
    return release
