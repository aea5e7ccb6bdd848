from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid5

from django.db import transaction

from kamerton.apps.delivery.models import Answer, Sitting
from kamerton.apps.delivery.queries import current_answers
from kamerton.apps.instruments.documents import FormDocument
from kamerton.apps.instruments.rules import clean_response
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import Refused
from kamerton.apps.records.queries import document_of, parts_by_code
from kamerton.values.canonical import canonical_json

from .finish_sitting import finish_sitting
from .record_answer import SittingOver, record_answer


class NotOnPaper(Refused):
    code = "not_on_paper"
    texts = {
        "ru": "Этот человек отвечает в браузере. Бумажный лист поверх его ответов не записывается.",
        "en": "This person answers in the browser. A paper sheet is not written over those answers.",
    }


@dataclass(frozen=True, slots=True)
class PaperRecorded:
    written: int
    unchanged: int
    is_finished: bool


@transaction.atomic
def record_paper_answers(
    *,
    actor: Actor,
    sitting: Sitting,
    responses: Mapping[str, Mapping[str, Any]],
    finish: bool = True,
    at: datetime,
) -> PaperRecorded:
    """The answers of one sheet, by item code, through the same door as the browser's; the same sheet twice adds nothing.

    A corrected sheet appends the corrections while the sitting is open to the office, that is, also after the sheet
    was closed: paper has no clock, and the log keeps both states.
    """
    require(actor, sitting.participation.campaign.project_id, "manage_campaigns")
    if not sitting.on_paper:
        raise NotOnPaper
    held = (
        Sitting.objects.select_for_update(of=("self",))
        .select_related("form", "participation__campaign")
        .get(id=sitting.id)
    )
    if held.finished_at is not None and held.finish_reason != "paper":
        raise SittingOver
    form = document_of(held.form, FormDocument)
    items = {item.code: item for item in form.items}
    parts = parts_by_code(held.form, "item")
    now = current_answers(held).items
    cleaned = {code: clean_response(items[code], response) for code, response in responses.items()}
    changed = {
        code: response
        for code, response in cleaned.items()
        if response != ((value.response or {}) if (value := now[code]) else {})
    }
    if changed and held.finished_at is not None:
        Sitting.objects.filter(id=held.id).update(finished_at=None, finish_reason="")
    seq = Answer.objects.filter(sitting=held).count()
    for code, response in changed.items():
        seq += 1
        # Named by place in the log and content: a retry of the whole sheet meets its own rows.
        record_answer(
            actor=actor, sitting=held, item=parts[code], response=response,
            uuid=uuid5(held.id, f"paper/{seq}/{code}/{canonical_json(response)}"), seq=seq, epoch=held.epoch, at=at,
        )  # fmt: skip
    if finish:
        finish_sitting(actor=actor, sitting=held, reason="paper", confirm_missing=True, at=at)
    if changed:
        write_audit(
            actor=actor, project_id=held.participation.campaign.project_id, verb="record_paper", object_kind="sitting",
            object_id=held.id, persons=[held.participation.person_id], details={"items": len(changed)}, at=at,
        )  # fmt: skip
    return PaperRecorded(len(changed), len(cleaned) - len(changed), finish)
