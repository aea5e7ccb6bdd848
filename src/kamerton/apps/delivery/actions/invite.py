from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from kamerton.apps.delivery import rules
from kamerton.apps.delivery.models import Campaign, Invitation, OutgoingMail, Participation
from kamerton.apps.delivery.queries import procedure_of
from kamerton.apps.people.models import Person
from kamerton.apps.people.queries import full_name
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, Refused
from kamerton.apps.records.models import Project
from kamerton.values.texts import in_language


class ParticipantWithdrawn(Refused):
    code = "participant_withdrawn"
    texts = {
        "ru": "Человек отозвал участие. Приглашать его в эту кампанию больше нельзя.",
        "en": "This person has withdrawn and can no longer be invited to this campaign.",
    }


@dataclass(frozen=True, slots=True)
class Invited:
    """The only moment at which token and link are known; afterwards only the hash is."""

    invitation: Invitation
    token: str
    link: str
    mail: OutgoingMail | None


def link_of(token: str) -> str:
    return f"{settings.BASE_URL.rstrip('/')}/c/{token}/"


def mail_to(
    *,
    campaign: Campaign,
    person: Person,
    link: str,
    expires_at: datetime,
    language: str,
    is_reminder: bool = False,
) -> rules.MailText:
    """The invitation as it will be sent; the preview calls it with a mark instead of the link."""
    return rules.compose_invitation(
        procedure_of(campaign).texts,
        name=_address(person, language),
        link=link,
        until=until_text(campaign.project, expires_at, language),
        language=language,
        is_reminder=is_reminder,
    )


def until_text(project: Project, moment: datetime, language: str) -> str:
    """A moment in the project's zone, with the zone's name: a deadline without one is a guess."""
    locale = "ru" if language.startswith("ru") else "en_GB"
    return format_datetime(moment, "d MMMM y, HH:mm (VVV)", tzinfo=ZoneInfo(project.zone), locale=locale)


def _address(person: Person, language: str) -> str:
    """Given and middle name in Russian, given name in English; without them whatever names the person."""
    identity = getattr(person, "identity", None)
    if identity is None:
        return full_name(person, language)
    given, middle = in_language(identity.given_name, language), in_language(identity.middle_name, language)
    parts = [given, middle] if language.startswith("ru") else [given]
    return " ".join(part for part in parts if part) or full_name(person, language)


def invite(
    *,
    actor: Actor,
    participation: Participation,
    expires_at: datetime,
    token: str | None = None,
    language: str | None = None,
    send: bool = True,
    is_reminder: bool = False,
    at: datetime,
) -> Invited:
    """A new personal link; the former ones of this participation stop working. Mails it when there is an address.

    The mail leaves after the rows are committed: a link that was sent is always one that exists.
    """
    campaign = participation.campaign
    require(actor, campaign.project_id, "manage_campaigns")
    if participation.withdrawn_at:
        raise ParticipantWithdrawn
    if expires_at <= at:
        raise InvalidInput(
            what={
                "ru": "Срок ссылки уже прошёл. Укажите время в будущем.",
                "en": "The link would have expired already. Give a time in the future.",
            }
        )
    token = token or secrets.token_urlsafe(24)
    link = link_of(token)
    tag = language or (campaign.project.languages or ["ru"])[0]
    with transaction.atomic():
        Invitation.objects.filter(participation=participation, revoked_at__isnull=True).update(revoked_at=at)
        invitation = Invitation.objects.create(
            participation=participation,
            token_hash=rules.token_hash(token),
            created_at=at,
            expires_at=expires_at,
        )
        text, mail = (
            _stored_mail(participation, link, expires_at, tag, at, is_reminder) if send else (None, None)
        )
        write_audit(
            actor=actor, project_id=campaign.project_id, verb="invite", object_kind="invitation",
            object_id=invitation.id, persons=[participation.person_id], details={"mailed": mail is not None, "reminder": is_reminder}, at=at,
        )  # fmt: skip
    if text is not None and mail is not None:
        _send(mail, text, at)
    return Invited(invitation, token, link, mail)


def _stored_mail(
    participation: Participation,
    link: str,
    expires_at: datetime,
    language: str,
    at: datetime,
    is_reminder: bool,
) -> tuple[rules.MailText | None, OutgoingMail | None]:
    identity = getattr(participation.person, "identity", None)
    if identity is None or not identity.email:
        return None, None
    campaign = participation.campaign
    text = mail_to(
        campaign=campaign,
        person=participation.person,
        link=link,
        expires_at=expires_at,
        language=language,
        is_reminder=is_reminder,
    )
    mail = OutgoingMail.objects.create(
        project_id=campaign.project_id, participation=participation, to=identity.email, subject=text.subject[:300],
        body=text.body.replace(link, in_language(rules.LINK_MARK, language)), created_at=at,
    )  # fmt: skip
    return text, mail


def _send(mail: OutgoingMail, text: rules.MailText, at: datetime) -> None:
    """A mail that cannot be sent leaves its reason on the row; the link is shown to the office either way."""
    try:
        EmailMessage(text.subject, text.body, settings.DEFAULT_FROM_EMAIL, [mail.to]).send()
    except OSError as fault:
        mail.error = f"{type(fault).__name__}: {fault}"[:500]
    else:
        mail.sent_at = at
    mail.save(update_fields=["error", "sent_at"])


@transaction.atomic
def revoke(*, actor: Actor, invitation: Invitation, at: datetime) -> Invitation:
    """The link stops working. Doing it twice changes nothing."""
    campaign = invitation.participation.campaign
    require(actor, campaign.project_id, "manage_campaigns")
    if invitation.revoked_at is None:
        invitation.revoked_at = at
        invitation.save(update_fields=["revoked_at"])
        write_audit(
            actor=actor, project_id=campaign.project_id, verb="revoke", object_kind="invitation",
            object_id=invitation.id, persons=[invitation.participation.person_id], at=at,
        )  # fmt: skip
    return invitation
