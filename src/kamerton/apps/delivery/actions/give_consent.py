from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kamerton.apps.delivery import rules
from kamerton.apps.delivery.models import (
    Campaign,
    CandidateSession,
    Consent,
    ConsentWithdrawal,
    Participation,
)
from kamerton.apps.delivery.queries import consent_texts
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import Refused

from .begin_session import LinkUnusable
from .permission import require_participant_or_office


class ConsentTextUnknown(Refused):
    code = "consent_text_unknown"
    texts = {
        "ru": "Согласия для такой цели процедура не предусматривает.",
        "en": "The procedure has no consent for this purpose.",
    }


class ConsentTextChanged(Refused):
    code = "consent_text_changed"
    texts = {
        "ru": "Текст согласия успел измениться. Откройте страницу ещё раз и прочитайте новый текст.",
        "en": "The text of the consent has changed meanwhile. Open the page again and read the new text.",
    }


class ConsentWithdrawn(Refused):
    code = "consent_withdrawn"
    texts = {
        "ru": "Это согласие вы отозвали. Дать его снова можно только по новому приглашению.",
        "en": "You have withdrawn this consent. It can be given again only with a new invitation.",
    }


@transaction.atomic
def give_consent(
    *, actor: Actor, participation: Participation, purpose: str, text_digest: str, language: str, at: datetime
) -> Consent:
    """Agreement to one text for one purpose. Giving it twice leaves one row.

    The office records the consent of a person who signed it on paper.
    """
    require_participant_or_office(actor, participation)
    if participation.withdrawn_at:
        raise LinkUnusable("withdrawn")
    campaign = participation.campaign
    text = next((text for text in consent_texts(campaign) if text.purpose == purpose), None)
    if text is None:
        raise ConsentTextUnknown
    if rules.consent_digest(text) != text_digest:
        raise ConsentTextChanged
    consent, is_new = Consent.objects.get_or_create(
        participation=participation,
        purpose=purpose,
        text_digest=text_digest,
        defaults={"procedure": campaign.procedure, "language": language, "given_at": at},
    )
    if not is_new and hasattr(consent, "withdrawal"):
        raise ConsentWithdrawn
    if is_new:
        write_audit(
            actor=actor, project_id=campaign.project_id, verb="give_consent", object_kind="consent",
            object_id=consent.id, persons=[participation.person_id], details={"purpose": purpose}, at=at,
        )  # fmt: skip
    return consent


@transaction.atomic
def withdraw_consent(*, actor: Actor, consent: Consent, at: datetime) -> ConsentWithdrawal:
    """Take an agreement back, at any time. Without the one the campaign rests on, the participation ends.

    What was measured stays in the log and is no longer used: `answers_for_scoring` leaves withdrawn people out.
    """
    participation = consent.participation
    require_participant_or_office(actor, participation)
    withdrawal, is_new = ConsentWithdrawal.objects.get_or_create(consent=consent, defaults={"at": at})
    if not is_new:
        return withdrawal
    campaign: Campaign = participation.campaign
    if consent.purpose == campaign.purpose and participation.withdrawn_at is None:
        Participation.objects.filter(id=participation.id).update(withdrawn_at=at)
        CandidateSession.objects.filter(participation=participation, ended_at__isnull=True).update(
            ended_at=at
        )
        participation.withdrawn_at = at
    write_audit(
        actor=actor, project_id=campaign.project_id, verb="withdraw_consent", object_kind="consent",
        object_id=consent.id, persons=[participation.person_id], details={"purpose": consent.purpose}, at=at,
    )  # fmt: skip
    return withdrawal
