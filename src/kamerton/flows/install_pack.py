"""Install a role pack into a project: function, framework, instruments, procedures, seats, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from django.db import transaction

from kamerton.apps.decisions.actions import set_seat_plan
from kamerton.apps.decisions.queries import seat_plan
from kamerton.apps.delivery.queries import WRITTEN_PIN
from kamerton.apps.frameworks.actions import install_framework_draft, publish_framework
from kamerton.apps.frameworks.actions.publish_framework import RulesBroken as FrameworkRulesBroken
from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.functions.actions import install_function_draft, publish_function
from kamerton.apps.functions.actions.publish_function import RulesBroken as FunctionRulesBroken
from kamerton.apps.functions.documents import FunctionDocument
from kamerton.apps.instruments.documents import EXERCISE_SCHEMA, FORM_SCHEMA, ExerciseDocument, FormDocument
from kamerton.apps.people.rules import require
from kamerton.apps.procedures.documents import SCHEMA as PROCEDURE_SCHEMA
from kamerton.apps.procedures.documents import CutRecord, PackDocument, ProcedureDocument
from kamerton.apps.records.actions import NothingChanged, PartSpec, publish_release, write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import Refused
from kamerton.apps.records.models import Project, Release
from kamerton.apps.records.queries import document_of, latest_release
from kamerton.apps.sources.actions import record_sources
from kamerton.apps.sources.documents import SourcesDocument
from kamerton.apps.sources.queries import has_sources
from kamerton.flows.check_pack import pack_problems
from kamerton.formats.packs import PackError, PackFiles, open_pack
from kamerton.values.canonical import canonical_json, digest_of
from kamerton.values.documents import DocumentError, read_document, write_document

T = TypeVar("T")

FIRST_SUMMARY = {"ru": "Установлено из пакета роли", "en": "Installed from a role pack"}


class PackRefused(Refused):
    code = "pack_refused"
    status = 422
    texts = {
        "ru": "Пакет не установлен, ничего не изменено. Файл {where}: {what}.",
        "en": "The pack was not installed and nothing was changed. File {where}: {what}.",
    }


@dataclass(frozen=True, slots=True)
class PackInstalled:
    """What became of the pack. `kept`: a function or a model that differs here from the pack; the one here stays."""

    code: str
    releases: tuple[Release, ...]
    unchanged: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PackContents:
    """A pack as documents, read and checked, nothing installed."""

    pack: PackDocument
    function: FunctionDocument
    framework: FrameworkDocument
    forms: tuple[FormDocument, ...]
    exercises: tuple[ExerciseDocument, ...]
    procedures: tuple[ProcedureDocument, ...]
    sources: SourcesDocument | None = None


def _read(files: PackFiles, name: str, kind: type[T]) -> T:
    return read_document(kind, files.data(name), what=name)


def read_pack(root: Path) -> PackContents:
    """Every document of the pack; raises PackRefused naming file and place."""
    try:
        files = open_pack(root)
        pack = _read(files, "pack.yaml", PackDocument)
        cuts: list[CutRecord] = []
        if (root / "cuts.yaml").is_file():
            data = files.data("cuts.yaml")
            rows: list[Any] = data["cuts"] if isinstance(data, dict) and "cuts" in data else data
            rows = rows if isinstance(rows, list) else [rows]
            cuts = [read_document(CutRecord, row, what="cuts.yaml") for row in rows]
        procedures = [_read(files, name, ProcedureDocument) for name in pack.procedures]
        contents = PackContents(
            pack=pack,
            function=_read(files, pack.function, FunctionDocument),
            framework=_read(files, pack.framework, FrameworkDocument),
            forms=tuple(_read(files, name, FormDocument) for name in pack.forms),
            exercises=tuple(_read(files, name, ExerciseDocument) for name in pack.exercises),
            # The panel's record is one file for both lanes: the same cut rules hold for everybody.
            procedures=tuple(p if p.cuts else replace(p, cuts=cuts) for p in procedures),
            sources=_read(files, pack.sources, SourcesDocument) if pack.sources else None,
        )
    except PackError as fault:
        raise PackRefused(where=fault.where, what=fault.texts) from fault
    except DocumentError as fault:
        raise PackRefused(where=fault.what, what="; ".join(fault.problems[:5])) from fault
    found = pack_problems(pack, contents.framework, contents.forms, contents.exercises, contents.procedures)
    if found:
        file = found[0].file
        here = [problem.texts for problem in found if problem.file == file][:5]
        raise PackRefused(
            where=file, what={tag: "; ".join(text[tag] for text in here) for tag in ("ru", "en")}
        )
    return contents


@transaction.atomic
def install_pack(*, actor: Actor, project: Project, root: Path, at: datetime) -> PackInstalled:
    """Publish everything the pack holds; a second installation of the same pack changes nothing."""
    require(actor, project.id, "install_pack")
    contents = read_pack(root)
    releases: list[Release] = []
    unchanged: list[str] = []

    kept: list[str] = []
    _install_function(actor, project, contents, at, releases, unchanged, kept)
    _install_framework(actor, project, contents, at, releases, unchanged, kept)
    _install_sources(actor, project, contents, at)
    for form in contents.forms:
        parts = [PartSpec("item", item.code) for item in form.items]
        _publish(actor, project, "form", form.code, form, FORM_SCHEMA, parts, at, releases, unchanged)
    for exercise in contents.exercises:
        parts = [PartSpec("rated", rated.competency) for rated in exercise.rated]
        _publish(
            actor,
            project,
            "exercise",
            exercise.code,
            exercise,
            EXERCISE_SCHEMA,
            parts,
            at,
            releases,
            unchanged,
        )
    for procedure in contents.procedures:
        procedure = replace(procedure, pins=_pins(project, procedure))
        parts = [PartSpec("instrument", instrument.code) for instrument in procedure.instruments]
        _publish(
            actor,
            project,
            "procedure",
            procedure.code,
            procedure,
            PROCEDURE_SCHEMA,
            parts,
            at,
            releases,
            unchanged,
        )

    role = contents.procedures[0].fit_rule.role
    if not seat_plan(project.id, role):
        set_seat_plan(actor=actor, project=project, role=role, rows=contents.pack.seats, at=at)
    write_audit(
        actor=actor,
        project_id=project.id,
        verb="install_pack",
        object_kind="pack",
        object_id=contents.pack.code,
        details={"version": contents.pack.version, "releases": [str(release.id) for release in releases]},
        at=at,
    )
    return PackInstalled(contents.pack.code, tuple(releases), tuple(unchanged), tuple(kept))


def _install_function(
    actor: Actor,
    project: Project,
    contents: PackContents,
    at: datetime,
    releases: list[Release],
    unchanged: list[str],
    kept: list[str],
) -> None:
    """Publish the function at first; later it belongs to the project, and a pack does not write over it."""
    slug = contents.function.code
    existing = latest_release(project.id, "function", slug)
    if existing is not None:
        _note_existing(existing, contents.function, unchanged, kept)
        return
    install_function_draft(actor=actor, project=project, document=contents.function, at=at)
    try:
        release = publish_function(
            actor=actor, project=project, slug=slug, change_kind="first", summary=FIRST_SUMMARY, at=at
        )
    except FunctionRulesBroken as fault:
        raise PackRefused(where=contents.pack.function, what=fault.params["what"]) from fault
    releases.append(release)


def _install_framework(
    actor: Actor,
    project: Project,
    contents: PackContents,
    at: datetime,
    releases: list[Release],
    unchanged: list[str],
    kept: list[str],
) -> None:
    """The same for the competency model."""
    slug = contents.framework.code
    existing = latest_release(project.id, "framework", slug)
    if existing is not None:
        _note_existing(existing, contents.framework, unchanged, kept)
        return
    install_framework_draft(actor=actor, project=project, document=contents.framework, at=at)
    try:
        release = publish_framework(
            actor=actor, project=project, slug=slug, change_kind="first", summary=FIRST_SUMMARY, at=at
        )
    except FrameworkRulesBroken as fault:
        raise PackRefused(where=contents.pack.framework, what=fault.params["what"]) from fault
    releases.append(release)


def _install_sources(actor: Actor, project: Project, contents: PackContents, at: datetime) -> None:
    """Interviews of the pack, where the project has none for this model: what a company has heard itself is not added to."""
    found = contents.sources
    if found is None or has_sources(project.id, found.framework):
        return
    known = [i.code for c in contents.framework.competencies for i in c.indicators]
    record_sources(
        actor=actor,
        project=project,
        framework=found.framework,
        sources=found.sources,
        known=known,
        is_checked=True,
        recorded_by=f"role pack {contents.pack.code}",
        at=at,
    )


def _note_existing(existing: Release, document: object, unchanged: list[str], kept: list[str]) -> None:
    is_same = existing.digest == digest_of(canonical_json(write_document(document)))
    (unchanged if is_same else kept).append(f"{existing.identity.kind}:{existing.identity.slug}")


def _pins(project: Project, procedure: ProcedureDocument) -> dict[str, str]:
    """The releases in force that this procedure is bound to from now on."""
    wanted = {"framework": ("framework", procedure.framework), "function": ("function", procedure.function)}
    wanted |= {instrument.code: (instrument.kind, instrument.slug) for instrument in procedure.instruments}
    pins: dict[str, str] = {}
    for name, (kind, slug) in wanted.items():
        release = latest_release(project.id, kind, slug)
        if release is None:
            raise PackRefused(
                where=procedure.code,
                what={
                    "ru": f"нет опубликованного: {kind} «{slug}»",
                    "en": f'nothing published as {kind} "{slug}"',
                },
            )
        pins[name] = str(release.id)
        written = document_of(release, ExerciseDocument).written if kind == "exercise" else ""
        if written:
            part = latest_release(project.id, "form", written)
            if part is None:
                raise PackRefused(
                    where=procedure.code,
                    what={
                        "ru": f"письменной части «{written}» упражнения {name} нет среди опубликованных",
                        "en": f'the written part "{written}" of exercise {name} is not published',
                    },
                )
            pins[WRITTEN_PIN.format(code=name)] = str(part.id)
    return pins


def _publish(
    actor: Actor,
    project: Project,
    kind: str,
    slug: str,
    document: object,
    schema: str,
    parts: list[PartSpec],
    at: datetime,
    releases: list[Release],
    unchanged: list[str],
) -> None:
    try:
        releases.append(
            publish_release(
                actor=actor,
                project=project,
                kind=kind,
                slug=slug,
                body=write_document(document),
                body_schema=schema,
                parts=parts,
                change_kind="scoring",
                summary=FIRST_SUMMARY,
                at=at,
            )
        )
    except NothingChanged:
        unchanged.append(f"{kind}:{slug}")
