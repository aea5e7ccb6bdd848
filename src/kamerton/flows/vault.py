"""Everything into one file and back: the same archive restores on SQLite and on PostgreSQL."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder

from kamerton import __version__
from kamerton.apps.records import freezing
from kamerton.apps.records.errors import Refused
from kamerton.apps.records.models import Project, Release
from kamerton.values.canonical import digest_of

FORMAT = "kamerton-backup/1"
SKIPPED = {"records_job", "records_workerbeat", "records_demolition"}
BATCH = 500
MAX_MEMBER_BYTES = 4_000_000_000


class BackupRefused(Refused):
    code = "backup_refused"
    texts = {"ru": "{what}", "en": "{what}"}


@dataclass(frozen=True, slots=True)
class Saved:
    file: Path
    rows: int
    files: int


def _tables() -> list[type[models.Model]]:
    found = [m for m in apps.get_models() if m.__module__.startswith("kamerton.")]
    return [m for m in found if m._meta.db_table not in SKIPPED]


def _rows(model: type[models.Model]) -> Iterator[dict[str, Any]]:
    names = [field.attname for field in model._meta.concrete_fields]
    yield from model._default_manager.order_by("pk").values(*names).iterator(chunk_size=2000)


def _migrations() -> list[str]:
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


@transaction.atomic
def save_backup(*, file: Path, at: datetime) -> Saved:
    """Write the archive beside its name first, then move it into place: a half-written file is never left."""
    part = file.with_suffix(file.suffix + ".part")
    file.parent.mkdir(parents=True, exist_ok=True)
    digests: dict[str, str] = {}
    rows = files = 0
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for model in _tables():
            name = f"tables/{model._meta.db_table}.jsonl"
            buffer = io.StringIO()
            for row in _rows(model):
                buffer.write(json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False) + "\n")
                rows += 1
            data = buffer.getvalue().encode()
            digests[name] = hashlib.sha256(data).hexdigest()
            archive.writestr(name, data)
        for path in sorted((settings.HOME / "reports").glob("*.pdf")):
            archive.write(path, f"reports/{path.name}")
            files += 1
        manifest = {
            "format": FORMAT,
            "version": __version__,
            "at": at.isoformat(),
            "migrations": _migrations(),
            "rows": rows,
            "digests": digests,
        }
        archive.writestr("manifest.json", json.dumps(manifest, indent=1))
    part.replace(file)
    return Saved(file, rows, files)


def read_manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
    except (KeyError, ValueError) as fault:
        raise BackupRefused(
            what={
                "ru": "Это не резервная копия Камертона: в файле нет manifest.json.",
                "en": "This is no Kamerton backup: the file has no manifest.json.",
            }
        ) from fault
    if manifest.get("format") != FORMAT:
        raise BackupRefused(
            what={
                "ru": f"Формат копии {manifest.get('format')}, читается только {FORMAT}.",
                "en": f"The backup's format is {manifest.get('format')}, only {FORMAT} can be read.",
            }
        )
    return manifest


def restore_backup(*, file: Path) -> Saved:
    """Fill an empty, migrated database and home from the archive; all or nothing."""
    if Project.objects.exists():
        raise BackupRefused(
            what={
                "ru": f"Дом {settings.HOME} не пуст. Восстановление идёт только в пустой: задайте другой KAMERTON_HOME.",
                "en": f"The home {settings.HOME} is not empty. Restore goes into an empty one only: set another KAMERTON_HOME.",
            }
        )
    try:
        archive = zipfile.ZipFile(file)
    except (OSError, zipfile.BadZipFile) as fault:
        raise BackupRefused(
            what={
                "ru": f"Файл {file} не читается как архив: он повреждён или неполон.",
                "en": f"The file {file} is not readable as an archive: it is damaged or incomplete.",
            }
        ) from fault
    with archive:
        manifest = read_manifest(archive)
        names = set(archive.namelist())
        rows = 0
        with transaction.atomic():
            for model in _tables():
                name = f"tables/{model._meta.db_table}.jsonl"
                if name not in names:
                    continue
                if archive.getinfo(name).file_size > MAX_MEMBER_BYTES:
                    raise BackupRefused(what={"ru": f"{name}: слишком велик.", "en": f"{name}: too large."})
                data = archive.read(name)
                if hashlib.sha256(data).hexdigest() != manifest["digests"].get(name):
                    raise BackupRefused(
                        what={
                            "ru": f"{name}: отпечаток не сходится, копия повреждена. Ничего не восстановлено.",
                            "en": f"{name}: the digest differs, the backup is damaged. Nothing was restored.",
                        }
                    )
                rows += _load(model, data)
            _reset_sequences()
        reports = settings.HOME / "reports"
        reports.mkdir(parents=True, exist_ok=True)
        files = 0
        for name in names:
            path = Path(name)
            if path.parts[0] == "reports" and len(path.parts) == 2 and path.suffix == ".pdf":
                with archive.open(name) as source, (reports / path.name).open("wb") as target:
                    shutil.copyfileobj(source, target)
                files += 1
    return Saved(file, rows, files)


def _load(model: type[models.Model], data: bytes) -> int:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    batch: list[models.Model] = []
    count = 0
    for line in io.BytesIO(data):
        row = json.loads(line)
        values = {}
        for name, value in row.items():
            field = fields[name]
            target = field.target_field if isinstance(field, models.ForeignKey) else field
            values[name] = (
                value if value is None or isinstance(field, models.JSONField) else target.to_python(value)
            )
        batch.append(model(**values))
        count += 1
        if len(batch) >= BATCH:
            model._default_manager.bulk_create(batch)
            batch = []
    if batch:
        model._default_manager.bulk_create(batch)
    return count


def _reset_sequences() -> None:
    if connection.vendor != "postgresql":
        return
    from django.core.management.color import no_style

    statements = connection.ops.sequence_reset_sql(no_style(), _tables())
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@dataclass(frozen=True, slots=True)
class Finding:
    ok: bool
    texts: dict[str, str]


def examine(*, at: datetime) -> list[Finding]:
    """What `doctor` prints: guards, digests of releases, report files, the worker, disk, the secret."""
    from kamerton.apps.records.models import WorkerBeat
    from kamerton.apps.reporting.models import ReportIssue

    findings: list[Finding] = []

    def note(ok: bool, ru: str, en: str) -> None:
        findings.append(Finding(ok, {"ru": ru, "en": en}))

    missing = freezing.missing("default")
    note(
        not missing,
        f"защита неизменяемых таблиц: {'на месте' if not missing else 'нет у ' + ', '.join(missing)}",
        f"guards of frozen tables: {'in place' if not missing else 'missing for ' + ', '.join(missing)}",
    )
    broken = [r.id for r in Release.objects.iterator() if digest_of(r.body) != r.digest]
    note(
        not broken,
        f"отпечатки редакций: проверено {Release.objects.count()}, не сходится {len(broken)}",
        f"digests of releases: {Release.objects.count()} checked, {len(broken)} differ",
    )
    lost = 0
    for digest in ReportIssue.objects.values_list("pdf_digest", flat=True):
        path = settings.HOME / "reports" / f"{digest}.pdf"
        if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            lost += 1
    note(not lost, f"файлы отчётов: изменённых {lost}", f"report files: {lost} altered")
    beat = WorkerBeat.objects.order_by("-at").first()
    alive = beat is not None and (at - beat.at).total_seconds() < 60
    note(
        alive,
        "фоновый обработчик работает" if alive else "фоновый обработчик не запущен: ./run worker",
        "the background worker runs" if alive else "the background worker is not running: ./run worker",
    )
    free = shutil.disk_usage(settings.HOME).free
    note(
        free > 500_000_000,
        f"свободно на диске: {free // 1_000_000} МБ",
        f"free disk space: {free // 1_000_000} MB",
    )
    key = settings.HOME / "secret.key"
    private = not key.exists() or (key.stat().st_mode & 0o077) == 0
    note(
        private,
        "ключ установки закрыт от посторонних" if private else f"файл {key} читают посторонние: chmod 600",
        "the installation's key is private"
        if private
        else f"the file {key} is readable by others: chmod 600",
    )
    return findings


def export_project(*, project: Project, file: Path) -> int:
    """All rows of one project as CSV tables and releases as JSON, in a ZIP for people who leave; returns rows."""
    import csv

    from kamerton.apps.records.actions.destroy_project import _path_to_project

    rows = 0
    part = file.with_suffix(file.suffix + ".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for model in _tables():
            path = "id" if model is Project else _path_to_project(model)
            if path is None:
                continue
            names = [field.attname for field in model._meta.concrete_fields]
            buffer = io.StringIO()
            writer = csv.writer(buffer)
            writer.writerow(names)
            for row in (
                model._default_manager.filter(**{path: project.id})
                .order_by("pk")
                .values_list(*names)
                .iterator()
            ):
                writer.writerow(
                    [json.dumps(v, ensure_ascii=False) if isinstance(v, dict | list) else v for v in row]
                )
                rows += 1
            archive.writestr(f"{model._meta.db_table}.csv", "\ufeff" + buffer.getvalue())
        for release in Release.objects.filter(identity__project=project).select_related("identity"):
            archive.writestr(
                f"releases/{release.identity.kind}-{release.identity.slug}-{release.number}.json",
                release.body,
            )
    part.replace(file)
    return rows
