from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from kamerton.apps.frameworks.models import Framework, Indicator, Target
from kamerton.apps.frameworks.rules import place_words
from kamerton.apps.people.rules import require
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, NotFound
from kamerton.apps.records.models import DraftChange

from .draft_steps import MAX_TEXT, EditConflict, locked, touch
from .reshape_framework import move_piece, put_piece, set_clusters, set_trainable

COMPETENCY_FIELDS = ("name", "short", "definition", "knowledge", "development")
NUMBER_FIELDS = ("target", "minimum", "weight")


def _text_place(draft: Framework, path: str) -> tuple[Any, str, str]:
    """(row, field, language) of "name/ru", "competency/C3/knowledge/ru", "competency/C3/level/3/ru" or "indicator/C3.1/text/ru"."""
    steps = path.split("/")
    row: Any = None
    field = ""
    if len(steps) == 2 and steps[0] == "name":
        row, field = draft, "name"
    elif len(steps) == 4 and steps[0] == "competency" and steps[2] in COMPETENCY_FIELDS:
        row, field = draft.competencies.filter(code=steps[1]).first(), steps[2]
    elif len(steps) == 5 and steps[0] == "competency" and steps[2] == "level" and steps[3].isdigit():
        competency = draft.competencies.filter(code=steps[1]).first()
        row, field = (competency.levels.filter(value=int(steps[3])).first() if competency else None), "anchor"
    elif len(steps) == 4 and steps[0] == "indicator" and steps[2] in {"text", "short"}:
        row, field = Indicator.objects.filter(competency__framework=draft, code=steps[1]).first(), steps[2]
    if row is None or steps[-1] not in {"ru", "en"}:
        raise NotFound(what=path)
    return row, field, steps[-1]


def _ru(value: float) -> str:
    return f"{value:g}".replace(".", ",")


@transaction.atomic
def edit_text(
    *, actor: Actor, draft: Framework, path: str, value: str, before: str | None = None, at: datetime
) -> bool:
    """Change one text of the draft; `before` is what the writer saw. Returns whether anything changed."""
    require(actor, draft.identity.project_id, "edit_model")
    draft = locked(draft)
    row, field, language = _text_place(draft, path)
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
    was = current.get(language, "")
    if before is not None and was != before and was != text:
        raise EditConflict(theirs=was, mine=text)
    if was == text:
        return False
    current[language] = text
    setattr(row, field, current)
    row.save(update_fields=[field])
    touch(draft, path, was, text, actor, at)
    return True


@transaction.atomic
def edit_number(
    *, actor: Actor, draft: Framework, path: str, value: float, before: float | None = None, at: datetime
) -> bool:
    """Change "profile/R3/target/C3/minimum" (or target, weight). The scale and the order minimum ≤ target are kept."""
    require(actor, draft.identity.project_id, "edit_model")
    draft = locked(draft)
    steps = path.split("/")
    if len(steps) != 5 or steps[0] != "profile" or steps[2] != "target" or steps[4] not in NUMBER_FIELDS:
        raise NotFound(what=path)
    row = Target.objects.filter(
        profile__framework=draft, profile__role=steps[1], competency__code=steps[3]
    ).first()
    if row is None:
        raise NotFound(what=path)
    name = steps[4]
    low, high = (0.0, 1.0) if name == "weight" else (1.0, 5.0)
    if not low <= value <= high:
        where = place_words(path)
        raise InvalidInput(
            what={
                "ru": f"{where['ru']}: {_ru(value)} вне пределов. Введите число от {_ru(low)} до {_ru(high)}.",
                "en": f"{where['en']}: {value:g} is out of range. Enter a number from {low:g} to {high:g}.",
            }
        )
    was = float(getattr(row, name))
    if before is not None and was != before and was != value:
        raise EditConflict(theirs=f"{was:g}", mine=f"{value:g}")
    if was == value:
        return False
    setattr(row, name, value)
    if row.minimum > row.target:
        raise InvalidInput(
            what={
                "ru": f"{steps[1]}, {steps[3]}: минимум {_ru(row.minimum)} выше цели {_ru(row.target)}. Сначала поднимите цель.",
                "en": f"{steps[1]}, {steps[3]}: the minimum {row.minimum:g} is above the target {row.target:g}. Raise the target first.",
            }
        )
    row.save(update_fields=[name])
    touch(draft, path, was, value, actor, at)
    return True


@dataclass(frozen=True, slots=True)
class TextEdit:
    """A text as its writer saw it and as it shall be."""

    path: str
    before: str
    value: str


@dataclass(frozen=True, slots=True)
class NumberEdit:
    path: str
    before: float
    value: float

    @property
    def turn(self) -> int:
        """Targets that rise go first and those that sink last, so that minimum ≤ target holds at each step."""
        if not self.path.endswith("/target"):
            return 1
        return 0 if self.value >= self.before else 2


@transaction.atomic
def apply_edits(
    *,
    actor: Actor,
    draft: Framework,
    texts: Sequence[TextEdit],
    numbers: Sequence[NumberEdit] = (),
    at: datetime,
) -> int:
    """Everything one form changed, or nothing of it; returns how many places changed."""
    require(actor, draft.identity.project_id, "edit_model")
    changed = 0
    for text in texts:
        if " ".join(text.value.split()) != text.before:
            changed += edit_text(
                actor=actor, draft=draft, path=text.path, value=text.value, before=text.before, at=at
            )
    for number in sorted(numbers, key=lambda edit: edit.turn):
        if number.value != number.before:
            changed += edit_number(
                actor=actor, draft=draft, path=number.path, value=number.value, before=number.before, at=at
            )
    return changed


@transaction.atomic
def undo_change(*, actor: Actor, draft: Framework, change: DraftChange, at: datetime) -> bool:
    """Put back what a change replaced; the undoing is itself a change."""
    require(actor, draft.identity.project_id, "edit_model")
    if change.identity_id != draft.identity_id:
        raise NotFound(what=str(change.pk))
    steps = change.path.split("/")
    if change.path == "clusters":
        return set_clusters(actor=actor, draft=draft, clusters=change.before or [], at=at)
    if steps[0] == "order":
        return move_piece(actor=actor, draft=draft, path="/".join(steps[1:]), place=int(change.before), at=at)
    if steps[0] == "trainable":
        return set_trainable(
            actor=actor, draft=draft, competency=steps[1], trainable=bool(change.before), at=at
        )
    if len(steps) == 2 and steps[0] in {"competency", "indicator", "profile"}:
        return put_piece(actor=actor, draft=draft, path=change.path, piece=change.before, at=at)
    if change.path.startswith("profile/"):
        return edit_number(actor=actor, draft=draft, path=change.path, value=float(change.before), at=at)
    return edit_text(actor=actor, draft=draft, path=change.path, value=change.before or "", at=at)
