"""Everything into one file and back: the same archive restores on SQLite and on PostgreSQL."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddConstraint, AddField, AddIndex, CreateModel
from django.db.migrations.recorder import MigrationRecorder

from kamerton import __version__
from kamerton.apps.records.errors import Refused

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


def stored_tables() -> list[type[models.Model]]:
    found = [m for m in apps.get_models() if m.__module__.startswith("kamerton.")]
    return [m for m in found if m._meta.db_table not in SKIPPED]


def _rows(model: type[models.Model]) -> Iterator[dict[str, Any]]:
    names = [field.attname for field in model._meta.concrete_fields]
    yield from model._default_manager.order_by("pk").values(*names).iterator(chunk_size=2000)


def _plain(value: object) -> str:
    """Moments to the microsecond: Django's own encoder cuts them to milliseconds, and the order of answers with them."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    raise TypeError(f"a backup cannot hold a {type(value).__name__}")


def _migrations() -> list[str]:
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("kamerton.")}
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied if app in ours)


@contextmanager
def private_archive(file: Path) -> Iterator[zipfile.ZipFile]:
    """A ZIP that appears under its name when it is whole, readable by its owner alone; else nothing is left."""
    part = file.with_name(file.name + ".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.is_dir():
            raise IsADirectoryError(21, "is a folder", str(file))
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            yield archive
        part.replace(file)
    except OSError as fault:
        raise BackupRefused(
            what={
                "ru": f"Файл {file} не записывается: {fault.strerror or fault}. Задайте другое имя или папку.",
                "en": f"The file {file} cannot be written: {fault.strerror or fault}. Give another name or folder.",
            }
        ) from fault
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def save_backup(*, file: Path, at: datetime) -> Saved:
    """Every row and every report file as they stood at one moment."""
    with private_archive(file) as archive, _one_moment():
        digests: dict[str, str] = {}
        rows = files = 0
        for model in stored_tables():
            name = f"tables/{model._meta.db_table}.jsonl"
            lines = [json.dumps(row, default=_plain, ensure_ascii=False) + "\n" for row in _rows(model)]
            data = "".join(lines).encode()
            rows += len(lines)
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
    return Saved(file, rows, files)


@contextmanager
def _one_moment() -> Iterator[None]:
    """All tables as of one moment, although others go on writing: a parent never lacks its child."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def read_manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        manifest = json.loads(archive.read("manifest.json"))
        if not isinstance(manifest, dict):
            raise ValueError("manifest.json holds no object")
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
    filled = next((model for model in stored_tables() if model._default_manager.exists()), None)
    if filled is not None:
        raise BackupRefused(
            what={
                "ru": f"Дом {settings.HOME} не пуст. Восстановление идёт только в пустой: задайте другой KAMERTON_HOME.",
                "en": f"The home {settings.HOME} is not empty. Restore goes into an empty one only: set another KAMERTON_HOME.",
            }
        )
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = read_manifest(archive)
            _check_whole(archive, manifest)
            reports = _reports(archive)
            rows = 0
            with transaction.atomic():
                for model in stored_tables():
                    name = f"tables/{model._meta.db_table}.jsonl"
                    rows += _load(model, archive.read(name), manifest) if name in manifest["digests"] else 0
                _reset_sequences()
            folder = settings.HOME / "reports"
            folder.mkdir(parents=True, exist_ok=True)
            for name, data in reports.items():
                (folder / name).write_bytes(data)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError) as fault:
        raise BackupRefused(
            what={
                "ru": f"Файл {file} не читается как архив: он повреждён или неполон. Ничего не восстановлено.",
                "en": f"The file {file} is not readable as an archive: it is damaged or incomplete. Nothing was restored.",
            }
        ) from fault
    return Saved(file, rows, len(reports))


def _check_whole(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    """Same tables as here but for those that have only been added since, each with the digest the manifest states."""
    theirs = manifest.get("migrations")
    digests = manifest.get("digests")
    if not isinstance(theirs, list) or not isinstance(digests, dict):
        raise _other_version(manifest)
    added = _tables_added_since(theirs)
    wanted = {
        f"tables/{model._meta.db_table}.jsonl"
        for model in stored_tables()
        if added is not None and model._meta.db_table not in added
    }
    if added is None or set(digests) != wanted:
        raise _other_version(manifest)
    names = set(archive.namelist())
    for name in wanted:
        if name in names and archive.getinfo(name).file_size > MAX_MEMBER_BYTES:
            raise BackupRefused(what={"ru": f"{name}: слишком велик.", "en": f"{name}: too large."})
        data = archive.read(name) if name in names else b""
        if name not in names or hashlib.sha256(data).hexdigest() != digests[name]:
            raise _damaged(name)


def _tables_added_since(theirs: list[str]) -> set[str] | None:
    """Tables that an older backup cannot hold. None where more than new tables lies between, or it is a newer one."""
    ours = _migrations()
    if not set(theirs) <= set(ours):
        return None
    loader = MigrationLoader(connection)
    labels = [tuple(label.split(".", 1)) for label in set(ours) - set(theirs)]
    steps = [(app, step) for app, name in labels for step in loader.disk_migrations[app, name].operations]
    new = {(app, step.name_lower) for app, step in steps if isinstance(step, CreateModel)}
    for app, step in steps:
        # What is added to a table that is itself new touches no row of the backup.
        if not isinstance(step, CreateModel) and (
            not isinstance(step, AddConstraint | AddField | AddIndex)
            or (app, step.model_name.lower()) not in new
        ):
            return None
    return {apps.get_model(app, name)._meta.db_table for app, name in new}


def _other_version(manifest: dict[str, Any]) -> BackupRefused:
    version = manifest.get("version")
    return BackupRefused(
        what={
            "ru": f"Копия сделана версией {version}, её таблицы другие, чем у этой ({__version__}). Восстановите её той "
            "версией, затем обновите. Ничего не восстановлено.",
            "en": f"The backup was made by version {version}, whose tables differ from those of this one ({__version__}). "
            "Restore it with that version, then upgrade. Nothing was restored.",
        }
    )


def _damaged(name: str) -> BackupRefused:
    return BackupRefused(
        what={
            "ru": f"{name}: отпечаток не сходится, копия повреждена. Ничего не восстановлено.",
            "en": f"{name}: the digest differs, the backup is damaged. Nothing was restored.",
        }
    )


def _reports(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Report files by name; a report's name is its digest, so each proves itself."""
    found: dict[str, bytes] = {}
    for name in archive.namelist():
        path = PurePosixPath(name)
        if len(path.parts) == 2 and path.parts[0] == "reports" and path.suffix == ".pdf":
            data = archive.read(name)
            if hashlib.sha256(data).hexdigest() != path.stem:
                raise _damaged(name)
            found[path.name] = data
    return found


def _load(model: type[models.Model], data: bytes, manifest: dict[str, Any]) -> int:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    batch: list[models.Model] = []
    count = 0
    for line in io.BytesIO(data):
        row = json.loads(line)
        if row.keys() != fields.keys():
            raise _other_version(manifest)
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

    statements = connection.ops.sequence_reset_sql(no_style(), stored_tables())
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
