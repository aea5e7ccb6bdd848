from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction

from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, NotPermitted, Refused
from kamerton.apps.records.models import Project
from kamerton.values.texts import LangText

from .write_audit import write_audit


class SlugTaken(Refused):
    code = "slug_taken"
    texts = {
        "ru": "Проект с адресом {slug} уже есть. Выберите другой.",
        "en": "There is a project with the address {slug} already. Choose another.",
    }


@transaction.atomic
def create_project(
    *,
    actor: Actor,
    slug: str,
    name: LangText,
    kind: str = "company",
    zone: str = "Europe/Moscow",
    languages: Sequence[str] = ("ru", "en"),
    at: datetime,
) -> Project:
    """An empty project behind its own wall. Only an operator of the installation may."""
    if actor.kind not in {"operator", "system"}:
        raise NotPermitted(permission={"ru": "создавать проекты", "en": "create projects"})
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,58}", slug):
        raise InvalidInput(
            what={
                "ru": f"Адрес проекта «{slug}»: нужны латинские строчные буквы, цифры и дефис, от 2 до 59 знаков.",
                "en": f'The project address "{slug}" needs lower-case Latin letters, digits and hyphens, 2 to 59 of them.',
            }
        )
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as fault:
        raise InvalidInput(
            what={
                "ru": f"Часового пояса «{zone}» нет. Пример: Europe/Moscow.",
                "en": f'There is no time zone "{zone}". Example: Europe/Moscow.',
            }
        ) from fault
    if Project.objects.filter(slug=slug).exists():
        raise SlugTaken(slug=slug)
    project = Project.objects.create(
        slug=slug, name=name, kind=kind, zone=zone, languages=list(languages), created_at=at
    )
    write_audit(
        actor=actor,
        project_id=project.id,
        verb="create_project",
        object_kind="project",
        object_id=project.id,
        details={"slug": slug, "kind": kind},
        at=at,
    )
    return project
