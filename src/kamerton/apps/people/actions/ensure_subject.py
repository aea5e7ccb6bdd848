from __future__ import annotations

from kamerton.apps.people.models import Person, Subject


def ensure_subject(*, person: Person) -> Subject:
    """The subject that scores about this person belong to; made at first need."""
    subject, _ = Subject.objects.get_or_create(
        person=person, defaults={"project_id": person.project_id, "kind": "person"}
    )
    return subject
