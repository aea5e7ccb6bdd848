from __future__ import annotations

import re
from datetime import datetime

from django.db import transaction

from kamerton.apps.delivery.models import Campaign
from kamerton.apps.people.rules import require
from kamerton.apps.procedures.documents import ProcedureDocument
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, NotFound, Refused
from kamerton.apps.records.models import Project, Release
from kamerton.apps.records.queries import document_of
from kamerton.values.texts import LangText

PURPOSE_WORDS = {
    "selection": {"ru": "отбор", "en": "selection"},
    "development": {"ru": "развитие", "en": "development"},
    "self": {"ru": "для себя", "en": "self"},
}


class CampaignExists(Refused):
    code = "campaign_exists"
    texts = {
        "ru": "Кампания с адресом «{slug}» в проекте уже есть. Выберите другой адрес.",
        "en": 'There is a campaign with the address "{slug}" in this project. Choose another address.',
    }


class ProcedureRetired(Refused):
    code = "procedure_retired"
    texts = {
        "ru": "Редакция {number} процедуры «{name}» снята. Выберите действующую редакцию.",
        "en": 'Release {number} of the procedure "{name}" is retired. Choose one in force.',
    }


@transaction.atomic
def open_campaign(
    *,
    actor: Actor,
    project: Project,
    procedure: Release,
    slug: str,
    name: LangText,
    purpose: str,
    opens_at: datetime,
    closes_at: datetime,
    at: datetime,
) -> Campaign:
    """One run of a procedure release, for one purpose, within a window."""
    require(actor, project.id, "manage_campaigns")
    if procedure.identity.project_id != project.id or procedure.identity.kind != "procedure":
        raise NotFound(what={"ru": "процедура этого проекта", "en": "procedure of this project"})
    document = document_of(procedure, ProcedureDocument)
    if hasattr(procedure, "retirement"):
        raise ProcedureRetired(number=procedure.number, name=document.name)
    _check(document, slug, name, purpose, opens_at, closes_at)
    if Campaign.objects.filter(project=project, slug=slug).exists():
        raise CampaignExists(slug=slug)
    campaign = Campaign.objects.create(
        project=project, procedure=procedure, slug=slug, name=name, purpose=purpose, opens_at=opens_at,
        closes_at=closes_at, created_at=at,
    )  # fmt: skip
    write_audit(
        actor=actor, project_id=project.id, verb="open_campaign", object_kind="campaign", object_id=campaign.id,
        details={"slug": slug, "purpose": purpose, "procedure": str(procedure.id)}, at=at,
    )  # fmt: skip
    return campaign


def _check(
    document: ProcedureDocument,
    slug: str,
    name: LangText,
    purpose: str,
    opens_at: datetime,
    closes_at: datetime,
) -> None:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,58}", slug):
        raise InvalidInput(
            what={
                "ru": f"Адрес кампании «{slug}»: нужны латинские строчные буквы, цифры и дефис, от 2 до 59 знаков.",
                "en": f'The campaign address "{slug}" needs lower-case Latin letters, digits and hyphens, 2 to 59 of them.',
            }
        )
    if not any(text.strip() for text in name.values()):
        raise InvalidInput(what={"ru": "Назовите кампанию.", "en": "Give the campaign a name."})
    if purpose not in document.purposes:
        allowed = {tag: ", ".join(PURPOSE_WORDS[p][tag] for p in document.purposes) for tag in ("ru", "en")}
        got = PURPOSE_WORDS.get(purpose, {"ru": purpose, "en": purpose})
        raise InvalidInput(
            what={
                "ru": f"Цель «{got['ru']}» эта процедура не предусматривает. Можно: {allowed['ru']}.",
                "en": f'This procedure does not serve the purpose "{got["en"]}". Allowed: {allowed["en"]}.',
            }
        )
    if closes_at <= opens_at:
        raise InvalidInput(
            what={
                "ru": f"Кампания закрывается ({closes_at:%d.%m.%Y %H:%M}) раньше, чем открывается ({opens_at:%d.%m.%Y %H:%M}).",
                "en": f"The campaign closes ({closes_at:%d %b %Y %H:%M}) before it opens ({opens_at:%d %b %Y %H:%M}).",
            }
        )
