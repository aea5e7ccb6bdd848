from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from kamerton.apps.delivery import rules
from kamerton.apps.delivery.models import Answer, Sitting
from kamerton.apps.delivery.queries import clock_of, has_consent, response_of
from kamerton.apps.instruments.documents import FormDocument, Item
from kamerton.apps.instruments.rules import clean_response, is_answered
from kamerton.apps.people.rules import require
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, NotFound, Refused
from kamerton.apps.records.models import Part
from kamerton.apps.records.queries import document_of
from kamerton.apps.records.turns import write_turn

from .keep_text import keep_text
from .permission import require_participant


class ConsentMissing(Refused):
    code = "consent_missing"
    status = 403
    texts = {
        "ru": "Отвечать можно после согласия. Вернитесь на страницу согласия и прочитайте его.",
        "en": "You can answer after giving consent. Go back to the consent page and read it.",
    }


class SittingOver(Refused):
    code = "sitting_over"
    texts = {
        "ru": "Тест уже завершён, ответы больше не меняются. Всё, что было сохранено до завершения, цело.",
        "en": "The test is finished and answers no longer change. Everything saved before the end is still there.",
    }


class ItemElsewhere(NotFound):
    code = "item_elsewhere"


class UuidReused(Refused):
    code = "uuid_reused"
    texts = {
        "ru": "Этот номер отправки уже занят другим ответом. Обновите страницу: она покажет, что сохранено.",
        "en": "This submission number belongs to another answer. Reload the page: it shows what is saved.",
    }


@dataclass(frozen=True, slots=True)
class AnswerRecorded:
    """What the page may show as saved: the row, its server time, and whether it is the one that counts."""

    answer: Answer
    is_new: bool
    counts: bool
    is_late: bool
    is_answered: bool
    epoch: int
    """The epoch that holds the sitting now; a page with an older one has been taken over."""
    clock: rules.Clock
    """The server's clock of the sitting, for the time that is left."""


def record_answer(
    *,
    actor: Actor,
    sitting: Sitting,
    item: Part,
    response: Mapping[str, Any],
    uuid: UUID,
    seq: int,
    epoch: int,
    client_at: datetime | None = None,
    at: datetime,
) -> AnswerRecorded:
    """Append one state of one item; the same `uuid` again gives the same reply and no row.

    The row is its own evidence (who: the sitting; when: `at`), so no audit row is written beside it.
    An answer from an older epoch is kept but never counts over one given in a newer epoch.
    """
    if sitting.on_paper:
        require(actor, sitting.participation.campaign.project_id, "manage_campaigns")
    else:
        require_participant(actor, sitting.participation)
    document = _item_of(sitting, item)
    cleaned = clean_response(document, response)
    # What no other tab can change is read before the lock, so that others wait as briefly as can be.
    agreed = has_consent(sitting.participation)
    clock = clock_of(sitting)
    with write_turn(), transaction.atomic():
        # Lock first, then re-read: finish and take-over from another tab must be seen.
        held = Sitting.objects.select_for_update().get(id=sitting.id)
        log = list(Answer.objects.filter(Q(item=item) | Q(uuid=uuid), sitting=held).select_related("text"))
        earlier = next((row for row in log if row.uuid == uuid), None)
        if earlier is not None:
            if earlier.item_id != item.id or response_of(earlier) not in (None, cleaned):
                raise UuidReused
            return _reply(held, document, earlier, log, clock, is_new=False)
        if not agreed:
            raise ConsentMissing
        # After the clock has run out a queued answer is kept, marked late; after a finish by hand it is refused.
        if held.finished_at is not None and held.finish_reason != "time":
            raise SittingOver
        if not 1 <= epoch <= held.epoch or seq < 0:
            raise InvalidInput(
                what={
                    "ru": f"Номер вкладки {epoch}: ожидается от 1 до {held.epoch}. Обновите страницу.",
                    "en": f"Tab number {epoch}: 1 to {held.epoch} is expected. Reload the page.",
                }
            )
        is_late = clock.is_late(at, client_at) or (held.finished_at is not None and clock.is_over(at))
        text = (
            keep_text(project_id=sitting.participation.campaign.project_id, text=cleaned["text"])
            if "text" in cleaned
            else None
        )
        answer = Answer.objects.create(
            sitting=held, item=item, uuid=uuid, epoch=epoch, seq=seq,
            value={"digest": text.digest} if text else cleaned, text=text, is_late=is_late, at=at,
        )  # fmt: skip
    return _reply(held, document, answer, [*log, answer], clock, is_new=True)


def _item_of(sitting: Sitting, item: Part) -> Item:
    form = document_of(sitting.form, FormDocument)
    found = next((i for i in form.items if i.code == item.code), None)
    if found is None or item.release_id != sitting.form_id or item.kind != "item":
        raise ItemElsewhere(what={"ru": "задание этого теста", "en": "item of this test"})
    return found


def _reply(
    held: Sitting, document: Item, answer: Answer, log: list[Answer], clock: rules.Clock, *, is_new: bool
) -> AnswerRecorded:
    newest = rules.current_ids(
        rules.LoggedAnswer(row.pk, document.code, row.epoch, row.seq, row.is_late) for row in log
    )
    response = response_of(answer)
    return AnswerRecorded(
        answer=answer,
        is_new=is_new,
        counts=newest.get(document.code) == answer.pk,
        is_late=answer.is_late,
        is_answered=response is None or is_answered(document, response),
        epoch=held.epoch,
        clock=clock,
    )
