"""A project's function, model, instruments and procedures as a role pack: what `install_pack` reads, `export_pack` writes."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from kamerton.apps.decisions.queries import seat_plan
from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.functions.documents import FunctionDocument
from kamerton.apps.instruments.documents import ExerciseDocument, FormDocument
from kamerton.apps.people.rules import require
from kamerton.apps.procedures.documents import PackDocument, ProcedureDocument, SeatNeed
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import NotFound, Refused
from kamerton.apps.records.models import Project
from kamerton.apps.records.queries import document_of, releases_in_force
from kamerton.apps.sources.queries import sources_document
from kamerton.flows.install_pack import read_pack
from kamerton.values.documents import write_document


class FolderTaken(Refused):
    code = "folder_taken"
    texts = {
        "ru": "Папка {folder} не пуста. Назовите новую: пакет не пишется поверх чужих файлов.",
        "en": "The folder {folder} is not empty. Name a new one: a pack is not written over other files.",
    }


@dataclass(frozen=True, slots=True)
class PackExported:
    files: int
    forms: int
    exercises: int
    procedures: int


def export_pack(*, actor: Actor, project: Project, folder: Path, at: datetime) -> PackExported:
    """Everything in force as a pack in a new folder; the pack is read back before it is put in place, so none is half-written."""
    require(actor, project.id, "install_pack")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderTaken(folder=str(folder))
    procedures = [document_of(r, ProcedureDocument) for r in releases_in_force(project.id, "procedure")]
    functions = [document_of(r, FunctionDocument) for r in releases_in_force(project.id, "function")]
    frameworks = [document_of(r, FrameworkDocument) for r in releases_in_force(project.id, "framework")]
    if not procedures or not functions or not frameworks:
        raise NotFound(
            what={
                "ru": "в проекте опубликованные функция, модель и хотя бы одна процедура",
                "en": "a published function, framework and at least one procedure in the project",
            }
        )
    function = next(f for f in functions if f.code == procedures[0].function)
    framework = next(f for f in frameworks if f.code == procedures[0].framework)
    own = [p for p in procedures if p.framework == framework.code and p.function == function.code]
    forms = [document_of(r, FormDocument) for r in releases_in_force(project.id, "form")]
    exercises = [document_of(r, ExerciseDocument) for r in releases_in_force(project.id, "exercise")]
    files: dict[str, Any] = {"function.yaml": function, "framework.yaml": framework}
    files |= {f"form-{f.code}.yaml": f for f in forms if f.framework == framework.code}
    files |= {f"exercise-{e.code}.yaml": e for e in exercises if e.framework == framework.code}
    files |= {f"procedure-{p.code}.yaml": replace(p, pins={}) for p in own}
    told = sources_document(project.id, framework.code)
    if told.sources:
        files["sources.yaml"] = told
    names = {
        kind: [name for name in files if name.startswith(f"{kind}-")]
        for kind in ("form", "exercise", "procedure")
    }
    pack = PackDocument(
        code=project.slug, name=project.name, version="1", summary=project.name, languages=["ru", "en"], function="function.yaml",
        framework="framework.yaml", forms=names["form"], exercises=names["exercise"], procedures=names["procedure"],
        seats=[
            SeatNeed(row.segment, row.accounts, row.accounts_per_seat, row.seats, row.profile)
            for row in seat_plan(project.id, own[0].fit_rule.role)
        ],
        sources="sources.yaml" if "sources.yaml" in files else "",
    )  # fmt: skip
    _write(files | {"pack.yaml": pack}, folder)
    write_audit(
        actor=actor, project_id=project.id, verb="export_pack", object_kind="project", object_id=project.id,
        details={"files": len(files) + 1}, at=at,
    )  # fmt: skip
    return PackExported(len(files) + 1, len(names["form"]), len(names["exercise"]), len(own))


def _write(files: dict[str, Any], folder: Path) -> None:
    """All files beside the place, read back, then moved in at once."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".pack-", dir=folder.parent))
    try:
        for name, document in files.items():
            text = yaml.safe_dump(write_document(document), allow_unicode=True, sort_keys=False, width=120)
            (scratch / name).write_text(text, encoding="utf-8")
        read_pack(scratch)
        if folder.exists():
            folder.rmdir()
        scratch.chmod(0o755)
        scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
