"""A competency framework out as a CASE package and in as a draft."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from kamerton.apps.frameworks.actions import install_framework_draft
from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.frameworks.queries import draft_if_any, framework_slugs
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import NotFound, Refused
from kamerton.apps.records.models import Project
from kamerton.apps.records.queries import document_of, latest_release
from kamerton.formats.case import CaseRefused, Json, Problem, export_package, read_package, to_framework
from kamerton.values.documents import DocumentError, read_document
from kamerton.values.texts import in_language


class CaseImportRefused(Refused):
    code = "case_refused"
    status = 422
    texts = {"ru": "{what} Ничего не загружено.", "en": "{what} Nothing was imported."}


def export_case(
    *, actor: Actor, project: Project, slug: str, base: str, language: str = "en", at: datetime
) -> Json:
    """The release in force of a framework as a CFPackage."""
    require(actor, project.id, "view_model")
    release = latest_release(project.id, "framework", slug)
    if release is None:
        known = ", ".join(framework_slugs(project.id)) or "–"
        raise NotFound(
            what={
                "ru": f"опубликованная модель «{slug}» (есть: {known})",
                "en": f'published framework "{slug}" (there are: {known})',
            }
        )
    write_audit(
        actor=actor,
        project_id=project.id,
        verb="export_case",
        object_kind="framework",
        object_id=release.identity_id,
        at=at,
    )
    return export_package(
        document_of(release, FrameworkDocument), key=f"{project.slug}/{slug}", base=base,
        creator=in_language(project.name, language), version=str(release.number), changed=release.published_at, language=language,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaseImported:
    slug: str
    competencies: int
    indicators: int
    profiles: int
    is_own: bool
    problems: tuple[Problem, ...]


@transaction.atomic
def import_case(
    *, actor: Actor, project: Project, data: bytes, name: str, slug: str = "", at: datetime
) -> CaseImported:
    """A CFPackage as the draft of a new framework; one that is there already is never written over."""
    require(actor, project.id, "install_pack")
    try:
        package = read_package(data, name=name)
    except CaseRefused as refusal:
        raise CaseImportRefused(what=refusal.texts) from refusal
    found = to_framework(package, code=slug or "imported")
    plain = found.framework | ({"code": slug} if slug else {})
    try:
        document = read_document(FrameworkDocument, plain, what=name)
    except DocumentError as fault:
        text = "; ".join(fault.problems[:3])
        raise CaseImportRefused(
            what={
                "ru": f"Пакет не складывается в модель: {text}.",
                "en": f"The package makes no framework: {text}.",
            }
        ) from fault
    if not document.competencies:
        raise CaseImportRefused(
            what={
                "ru": "В пакете нет ни одного пригодного CFItem.",
                "en": "The package holds no usable CFItem.",
            }
        )
    taken = draft_if_any(project.id, document.code) or latest_release(project.id, "framework", document.code)
    if taken is not None:
        raise CaseImportRefused(
            what={
                "ru": f"Модель «{document.code}» в проекте уже есть. Назовите другую: --slug ИМЯ.",
                "en": f'The project has a framework "{document.code}" already. Name another one: --slug NAME.',
            }
        )
    install_framework_draft(actor=actor, project=project, document=document, at=at)
    return CaseImported(
        document.code, len(document.competencies), sum(len(c.indicators) for c in document.competencies), len(document.profiles),
        found.is_own, found.problems,
    )  # fmt: skip
