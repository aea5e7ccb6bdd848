from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from kamerton.apps.delivery.models import Event, Participation, Sitting
from kamerton.apps.delivery.queries import forms_of, has_consent, opened_forms, written_parts_of
from kamerton.apps.people.actions import ensure_subject
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import NotFound, Refused
from kamerton.apps.records.models import Release

from .begin_session import LinkUnusable
from .open_written_part import NotOpenedYet
from .permission import require_participant
from .record_answer import ConsentMissing


class CampaignNotOpen(Refused):
    code = "campaign_not_open"
    texts = {
        "ru": "Начать можно с {opens}. Ссылка будет работать и тогда.",
        "en": "You can start from {opens}. The same link will work then.",
    }


class CampaignClosed(Refused):
    code = "campaign_closed"
    texts = LinkUnusable.reasons["closed"]


@dataclass(frozen=True, slots=True)
class SittingStarted:
    sitting: Sitting
    is_new: bool


@transaction.atomic
def start_sitting(
    *,
    actor: Actor,
    participation: Participation,
    form: Release,
    language: str,
    on_paper: bool = False,
    at: datetime,
) -> SittingStarted:
    """Start the one attempt at a form; the clock runs from `at`. Starting again returns the same sitting.

    The written part of an exercise may be begun once somebody has opened it (`open_written_part`).
    """
    campaign = participation.campaign
    if on_paper:
        require(actor, campaign.project_id, "manage_campaigns")
    else:
        require_participant(actor, participation)
    tests = {f.release.id: f.document for f in forms_of(campaign)}
    written = {w.release.id: w.document for w in written_parts_of(campaign)}
    pinned = tests.get(form.id) or written.get(form.id)
    if pinned is None:
        raise NotFound(what={"ru": "тест этой процедуры", "en": "test of this procedure"})
    if participation.withdrawn_at:
        raise LinkUnusable("withdrawn")
    # The row of the participation is the lock: two tabs that start at once make one sitting.
    Participation.objects.select_for_update().get(id=participation.id)
    existing = Sitting.objects.filter(participation=participation, form=form, relation="self").first()
    if existing is not None:
        return SittingStarted(existing, is_new=False)
    if not has_consent(participation):
        raise ConsentMissing
    if form.id in written:
        if form.id not in opened_forms(participation):
            raise NotOpenedYet
    elif not on_paper:
        _check_window(participation, at)
    sitting = Sitting.objects.create(
        participation=participation, form=form, respondent=participation.person,
        about=ensure_subject(person=participation.person), language=language, started_at=at,
        limit_seconds=pinned.time_limit_minutes * 60, factor=participation.time_factor, on_paper=on_paper,
    )  # fmt: skip
    Event.objects.create(
        sitting=sitting, kind="started", details={"language": language, "paper": on_paper}, at=at
    )
    write_audit(
        actor=actor, project_id=campaign.project_id, verb="start_sitting", object_kind="sitting",
        object_id=sitting.id, persons=[participation.person_id], at=at,
    )  # fmt: skip
    return SittingStarted(sitting, is_new=True)


def _check_window(participation: Participation, at: datetime) -> None:
    from .invite import until_text

    campaign = participation.campaign
    if at < campaign.opens_at:
        raise CampaignNotOpen(
            opens={tag: until_text(campaign.project, campaign.opens_at, tag) for tag in ("ru", "en")}
        )
    if at > campaign.closes_at:
        raise CampaignClosed
    if hasattr(campaign.procedure, "retirement"):
        raise LinkUnusable("retired")
