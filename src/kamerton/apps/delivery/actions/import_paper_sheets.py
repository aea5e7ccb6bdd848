from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from kamerton.apps.delivery import rules
from kamerton.apps.delivery.models import Campaign, Participation
from kamerton.apps.delivery.queries import PinnedForm, consent_texts, has_consent
from kamerton.apps.people.rules import require
from kamerton.apps.records.actors import Actor

from .give_consent import give_consent
from .record_answer import ConsentMissing
from .record_paper_answers import record_paper_answers
from .start_sitting import start_sitting


@dataclass(frozen=True, slots=True)
class PaperSheet:
    """One returned sheet, read and checked."""

    participation: Participation
    responses: Mapping[str, Mapping[str, Any]]
    consent_signed: bool


@dataclass(frozen=True, slots=True)
class PaperImported:
    people: int
    written: int
    unchanged: int


@transaction.atomic
def import_paper_sheets(
    *,
    actor: Actor,
    campaign: Campaign,
    form: PinnedForm,
    sheets: Sequence[PaperSheet],
    language: str,
    at: datetime,
) -> PaperImported:
    """Every sheet through the door the browser uses, all or nothing; the same sheets twice add no row.

    A sheet stands for its consent: signed on paper, recorded here. Without the signature it is refused.
    """
    require(actor, campaign.project_id, "manage_campaigns")
    written = unchanged = 0
    for sheet in sheets:
        if not has_consent(sheet.participation):
            if not sheet.consent_signed:
                raise ConsentMissing
            text = next(text for text in consent_texts(campaign) if text.purpose == campaign.purpose)
            give_consent(
                actor=actor, participation=sheet.participation, purpose=campaign.purpose,
                text_digest=rules.consent_digest(text), language=language, at=at,
            )  # fmt: skip
        started = start_sitting(
            actor=actor,
            participation=sheet.participation,
            form=form.release,
            language=language,
            on_paper=True,
            at=at,
        )
        recorded = record_paper_answers(
            actor=actor, sitting=started.sitting, responses=sheet.responses, at=at
        )
        written += recorded.written
        unchanged += recorded.unchanged
    return PaperImported(len(sheets), written, unchanged)
