from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from kamerton.apps.functions.models import Function, RaciCell
from kamerton.apps.functions.rules import place_words
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, NotFound, Refused
from kamerton.apps.records.models import DraftChange

TEXT_FIELDS = ("name", "purpose", "before", "after")
PROCESS_FIELDS = ("name", "purpose", "input", "output", "measure", "cadence")
ROLE_FIELDS = ("name", "short", "purpose")
LETTERS = ("A", "R", "A/R", "C", "I", "")
MAX_TEXT = 4000


class EditConflict(Refused):
    code = "edit_conflict"
    texts = {
        "ru": "Пока вы писали, это место изменил другой человек. Там сейчас: «{theirs}». Ваш текст: «{mine}». "
        "Откройте страницу заново и решите, что оставить.",
        "en": "While you were writing, somebody else changed this place. It now says: “{theirs}”. Your text: “{mine}”. "
        "Open the page again and decide what to keep.",
    }


def _locate(draft: Function, path: str) -> tuple[Any, str, str]:
    """(row, field, language) of a text path such as "process/P5/purpose/ru"."""
    steps = path.split("/")
    if steps[-1] not in {"ru", "en"}:
        raise NotFound(what=path)
    if len(steps) == 2 and steps[0] in TEXT_FIELDS:
        return draft, steps[0], steps[1]
    if len(steps) == 4 and steps[0] == "process" and steps[2] in PROCESS_FIELDS:
        row = draft.processes.filter(code=steps[1]).first()
    elif len(steps) == 4 and steps[0] == "role" and steps[2] in ROLE_FIELDS:
        row = draft.roles.filter(code=steps[1]).first()
    else:
        raise NotFound(what=path)
    if row is None:
        raise NotFound(what=path)
    return row, steps[2], steps[3]


def _touch(draft: Function, path: str, before: Any, after: Any, actor: Actor, at: datetime) -> None:
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
        actor=actor, project_id=draft.identity.project_id, verb="edit_draft", object_kind="function",
        object_id=draft.identity_id, details={"path": path}, at=at,
    )  # fmt: skip


@transaction.atomic
def edit_text(
    *, actor: Actor, draft: Function, path: str, value: str, before: str | None = None, at: datetime
) -> bool:
    """Change one text of the draft; `before` is what the writer saw. Returns whether anything changed."""
    require(actor, draft.identity.project_id, "edit_model")
    draft = Function.objects.select_for_update().select_related("identity").get(pk=draft.pk)
    row, field, language = _locate(draft, path)
    text = " ".join(value.split())
    if not text or len(text) > MAX_TEXT:
        where = place_words(path)
        raise InvalidInput(
            what={
                "ru": f"{where['ru']}: текст пуст или длиннее {MAX_TEXT} знаков (сейчас {len(text)}).",
                "en": f"{where['en']}: the text is empty or longer than {MAX_TEXT} characters (now {len(text)}).",
            }
        )
    current = dict(getattr(row, field))
    if before is not None and current.get(language, "") not in {before, text}:
        raise EditConflict(theirs=current.get(language, ""), mine=text)
    if current.get(language) == text:
        return False
    was = current.get(language)
    current[language] = text
    setattr(row, field, current)
    row.save(update_fields=[field])
    _touch(draft, path, was, text, actor, at)
    return True


@transaction.atomic
def edit_cell(
    *,
    actor: Actor,
    draft: Function,
    process: str,
    role: str,
    letters: str,
    before: str | None = None,
    at: datetime,
) -> bool:
    """Change who answers (A), works (R), is asked (C) or told (I); empty letters clear the cell."""
    require(actor, draft.identity.project_id, "edit_model")
    draft = Function.objects.select_for_update().select_related("identity").get(pk=draft.pk)
    if letters not in LETTERS:
        raise InvalidInput(
            what={
                "ru": f"«{letters}»: бывает A, R, A/R, C, I или пусто.",
                "en": f"“{letters}”: A, R, A/R, C, I or empty.",
            }
        )
    row = draft.processes.filter(code=process).first()
    role_row = draft.roles.filter(code=role).first()
    if row is None or role_row is None:
        raise NotFound(what=f"{process}/{role}")
    cell = RaciCell.objects.filter(process=row, role=role_row).first()
    was = cell.letters if cell else ""
    if before is not None and was not in {before, letters}:
        raise EditConflict(theirs=was, mine=letters)
    if was == letters:
        return False
    if not letters and cell:
        cell.delete()
    elif cell:
        cell.letters = letters
        cell.save(update_fields=["letters"])
    else:
        RaciCell.objects.create(process=row, role=role_row, letters=letters)
    _touch(draft, f"raci/{process}/{role}", was, letters, actor, at)
    return True


@dataclass(frozen=True, slots=True)
class TextEdit:
    """A text as its writer saw it and as it shall be."""

    path: str
    before: str
    value: str


@dataclass(frozen=True, slots=True)
class CellEdit:
    process: str
    role: str
    before: str
    letters: str


@transaction.atomic
def apply_edits(
    *, actor: Actor, draft: Function, texts: Sequence[TextEdit], cells: Sequence[CellEdit] = (), at: datetime
) -> int:
    """Everything one form changed, or nothing of it; returns how many places changed."""
    require(actor, draft.identity.project_id, "edit_model")
    changed = 0
    for text in texts:
        if " ".join(text.value.split()) != text.before:
            changed += edit_text(
                actor=actor, draft=draft, path=text.path, value=text.value, before=text.before, at=at
            )
    for cell in cells:
        if cell.letters != cell.before:
            changed += edit_cell(
                actor=actor,
                draft=draft,
                process=cell.process,
                role=cell.role,
                letters=cell.letters,
                before=cell.before,
                at=at,
            )
    return changed


@transaction.atomic
def undo_change(*, actor: Actor, draft: Function, change: DraftChange, at: datetime) -> bool:
    """Put back what a change replaced; the undoing is itself a change."""
    require(actor, draft.identity.project_id, "edit_model")
    if change.identity_id != draft.identity_id:
        raise NotFound(what=str(change.pk))
    steps = change.path.split("/")
    if steps[0] == "raci":
        return edit_cell(
            actor=actor, draft=draft, process=steps[1], role=steps[2], letters=change.before or "", at=at
        )
    return edit_text(actor=actor, draft=draft, path=change.path, value=change.before or "", at=at)
