from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from kamerton.apps.people.rules import may, require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.models import Audit, Project


def note_view(
    *,
    actor: Actor,
    project: Project,
    persons: Iterable[object],
    what: str,
    details: dict[str, Any] | None = None,
    at: datetime,
) -> Audit:
    """One audit row for one look at people's results, with the list of those people. Who may not look is refused."""
    if not may(actor, project.id, "view_assessors"):
        require(actor, project.id, "view_results")
    return write_audit(
        actor=actor, project_id=project.id, verb="view_results", object_kind=what, object_id=what, persons=persons,
        details=details, at=at,
    )  # fmt: skip
