from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from kamerton.apps.records.actors import Actor
from kamerton.apps.records.models import Audit


def write_audit(
    *,
    actor: Actor,
    project_id: UUID | None,
    verb: str,
    object_kind: str,
    object_id: object,
    persons: Iterable[object] = (),
    details: dict[str, Any] | None = None,
    at: datetime,
) -> Audit:
    """Append one audit row. `persons` are ids of people whose data were shown or changed; details carry no names."""
    return Audit.objects.create(
        project_id=project_id,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        verb=verb,
        object_kind=object_kind,
        object_id=str(object_id),
        persons=[str(person) for person in persons],
        details=details or {},
        at=at,
    )
