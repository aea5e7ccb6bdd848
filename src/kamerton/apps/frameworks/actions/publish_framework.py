from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kamerton.apps.frameworks import rules
from kamerton.apps.frameworks.documents import SCHEMA
from kamerton.apps.frameworks.queries import draft_document, draft_of
from kamerton.apps.people.rules import may, require
from kamerton.apps.records.actions import PartSpec, publish_release
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import Refused
from kamerton.apps.records.models import Project, Release
from kamerton.values.documents import write_document


class RulesBroken(Refused):
    code = "rules_broken"
    status = 422
    texts = {"ru": "Публикации мешает: {what}.", "en": "In the way of publishing: {what}."}

    def __init__(self, found: list[rules.RuleBreach]) -> None:
        self.found = found
        super().__init__(what={lang: "; ".join(b.texts[lang] for b in found[:5]) for lang in ("ru", "en")})


@transaction.atomic
def publish_framework(
    *, actor: Actor, project: Project, slug: str, change_kind: str, summary: dict[str, str], at: datetime
) -> Release:
    """Freeze the draft as the next release, if every rule holds."""
    if not may(actor, project.id, "install_pack"):
        require(actor, project.id, "edit_model")
    document = draft_document(draft_of(project.id, slug).identity)
    found = rules.breaches(document)
    if found:
        raise RulesBroken(found)
    parts = [PartSpec("competency", c.code) for c in document.competencies]
    parts += [PartSpec("indicator", i.code) for c in document.competencies for i in c.indicators]
    parts += [PartSpec("cluster", cluster.code) for cluster in document.clusters]
    parts += [PartSpec("profile", profile.role) for profile in document.profiles]
    return publish_release(
        actor=actor, project=project, kind="framework", slug=slug, body=write_document(document), body_schema=SCHEMA,
        parts=parts, change_kind=change_kind, summary=summary, at=at,
    )  # fmt: skip
