"""Who acts: a user with roles in one project, a candidate, an operator at the shell, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """Built by the interface from the session or the shell; actions take it as their first argument."""

    kind: Literal["user", "candidate", "expert", "operator", "system"]
    id: str
    name: str
    project_id: UUID | None = None
    roles: frozenset[str] = field(default_factory=frozenset)
    person_id: UUID | None = None


OPERATOR = Actor(kind="operator", id="operator", name="operator")
"""A person with access to the host: the command line."""

SYSTEM = Actor(kind="system", id="system", name="Kamerton")
