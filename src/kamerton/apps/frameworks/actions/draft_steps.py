"""What every change of a draft shares: the lock, the conflict of two writers, the trace."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kamerton.apps.frameworks.models import Framework
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import Refused
from kamerton.apps.records.models import DraftChange

MAX_TEXT = 4000


class EditConflict(Refused):
    code = "edit_conflict"
    texts = {
        "ru": "Пока вы писали, это место изменил другой человек. Там сейчас: «{theirs}». Ваше: «{mine}». "
        "Откройте страницу заново и решите, что оставить.",
        "en": "While you were writing, somebody else changed this place. It now says: “{theirs}”. Yours: “{mine}”. "
        "Open the page again and decide what to keep.",
    }


def locked(draft: Framework) -> Framework:
    return Framework.objects.select_for_update().select_related("identity").get(pk=draft.pk)


def touch(draft: Framework, path: str, before: Any, after: Any, actor: Actor, at: datetime) -> None:
    DraftChange.objects.create(
        identity=draft.identity,
        path=path,
        before=before,
        after=after,
        actor_id=actor.id,
        actor_name=actor.name,
        at=at,
    )
    draft.version += 1
    draft.changed_at = at
    draft.save(update_fields=["version", "changed_at"])
    write_audit(
        actor=actor, project_id=draft.identity.project_id, verb="edit_draft", object_kind="framework",
        object_id=draft.identity_id, details={"path": path}, at=at,
    )  # fmt: skip
