from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from kamerton.apps.delivery import rules
from kamerton.apps.delivery.models import CandidateSession, Event, Invitation, Participation, Sitting
from kamerton.apps.delivery.queries import invitation_by_token, link_state
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import Refused

SESSION_LIFE = timedelta(hours=24)
"""Longer than any sitting with its accommodations; afterwards the link opens a new session."""


class LinkUnusable(Refused):
    """Why the link opens nothing; `reason` is a `rules.LinkState` or "unknown"."""

    code = "link_unusable"
    status = 410
    texts = {"ru": "{what}", "en": "{what}"}
    reasons = {
        "unknown": {
            "ru": "Такой ссылки нет. Проверьте, что адрес скопирован из письма целиком, или попросите новую ссылку.",
            "en": "There is no such link. Check that the address was copied whole from the mail, or ask for a new link.",
        },
        "expired": {
            "ru": "Срок этой ссылки прошёл. Всё, что сохранено, цело. Попросите новую ссылку у того, кто вас пригласил.",
            "en": "This link has expired. Everything saved is still there. Ask the person who invited you for a new link.",
        },
        "revoked": {
            "ru": "Эта ссылка больше не действует: вам отправлена другая, или приглашение отозвано. Всё, что сохранено, цело.",
            "en": "This link no longer works: another one was sent to you, or the invitation was taken back. Everything saved is still there.",
        },
        "withdrawn": {
            "ru": "Вы отозвали участие, и страницы теста закрыты. Если это ошибка, напишите тому, кто вас пригласил.",
            "en": "You have withdrawn, and the pages of the test are closed. If this is a mistake, write to the person who invited you.",
        },
        "closed": {
            "ru": "Приём ответов закончился. Если вам нужно больше времени, напишите тому, кто вас пригласил.",
            "en": "The period for answering is over. If you need more time, write to the person who invited you.",
        },
        "retired": {
            "ru": "Эта процедура оценки больше не проводится. Тот, кто вас пригласил, может прислать новое приглашение.",
            "en": "This assessment is no longer offered. The person who invited you can send a new invitation.",
        },
    }

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(what=self.reasons[reason])


@dataclass(frozen=True, slots=True)
class SessionBegun:
    """`secret` goes into the cookie; only its hash is stored."""

    participation: Participation
    session: CandidateSession
    secret: str


def usable_invitation(token: str, at: datetime) -> Invitation:
    """The invitation behind a link that may be used now; raises LinkUnusable with the reason."""
    invitation = invitation_by_token(token)
    if invitation is None:
        raise LinkUnusable("unknown")
    state = link_state(invitation, at)
    if state != "open":
        raise LinkUnusable(state)
    return invitation


@transaction.atomic
def note_link_seen(*, actor: Actor, token: str, at: datetime) -> None:
    """A person (not a mail scanner: those send no POST) has the page open. The first time counts."""
    if actor.kind not in {"candidate", "operator", "system"}:
        raise LinkUnusable("unknown")
    invitation = usable_invitation(token, at)
    if invitation.first_seen_at is None:
        Invitation.objects.filter(id=invitation.id, first_seen_at__isnull=True).update(first_seen_at=at)


@transaction.atomic
def begin_session(*, token: str, at: datetime) -> SessionBegun:
    """Consume the link by a POST: the token is the proof of who acts, so there is no actor before it.

    The same link opens a further session (another device, a lost cookie) until it expires; an open sitting is then
    handed to the new device, and the older one becomes read-only.
    """
    invitation = usable_invitation(token, at)
    participation = invitation.participation
    secret = secrets.token_urlsafe(32)
    session = CandidateSession.objects.create(
        participation=participation,
        secret_hash=rules.token_hash(secret),
        created_at=at,
        expires_at=at + SESSION_LIFE,
    )
    is_resumed = invitation.consumed_at is not None
    Invitation.objects.filter(id=invitation.id).update(
        first_seen_at=invitation.first_seen_at or at, consumed_at=invitation.consumed_at or at
    )
    for sitting in Sitting.objects.select_for_update().filter(
        participation=participation, finished_at__isnull=True
    ):
        Sitting.objects.filter(id=sitting.id).update(epoch=sitting.epoch + 1)
        Event.objects.create(sitting=sitting, kind="resumed", details={"epoch": sitting.epoch + 1}, at=at)
    actor = Actor(
        "candidate", str(participation.id), "candidate", participation.campaign.project_id,
        person_id=participation.person_id,
    )  # fmt: skip
    write_audit(
        actor=actor, project_id=participation.campaign.project_id,
        verb="resume_by_link" if is_resumed else "begin_by_link", object_kind="participation",
        object_id=participation.id, persons=[participation.person_id], at=at,
    )  # fmt: skip
    return SessionBegun(participation, session, secret)
