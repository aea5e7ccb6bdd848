from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kamerton.apps.people.models import Person, RoleGrant, User
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput
from kamerton.apps.records.models import Project


@transaction.atomic
def grant_role(
    *, actor: Actor, project: Project, user: User, role: str, person: Person | None = None, at: datetime
) -> RoleGrant:
    """Give a user a role in a project; granting it again changes nothing but the person it is tied to."""
    require(actor, project.id, "manage_project")
    if role not in RoleGrant.Role.values:
        known = ", ".join(RoleGrant.Role.values)
        raise InvalidInput(
            what={
                "ru": f"Роли «{role}» нет. Есть: {known}.",
                "en": f'There is no role "{role}". There are: {known}.',
            }
        )
    if person is not None and person.project_id != project.id:
        raise InvalidInput(
            what={"ru": "Человек из другого проекта.", "en": "The person belongs to another project."}
        )
    grant, created = RoleGrant.objects.get_or_create(
        project=project, user=user, role=role, defaults={"person": person}
    )
    if not created and person is not None and grant.person_id != person.id:
        grant.person = person
        grant.save(update_fields=["person"])
    write_audit(
        actor=actor,
        project_id=project.id,
        verb="grant_role",
        object_kind="user",
        object_id=user.id,
        details={"role": role},
        at=at,
    )
    return grant
