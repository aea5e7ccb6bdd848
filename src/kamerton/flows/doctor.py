"""What `kamerton doctor` looks at: tables, guards, digests, report files, the worker, the disk, the key."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection

from kamerton.apps.records import freezing
from kamerton.apps.records.models import Project, Release, WorkerBeat
from kamerton.apps.reporting.models import ReportIssue
from kamerton.values.canonical import digest_of


def has_tables() -> bool:
    """Whether this home was ever prepared."""
    return Project._meta.db_table in connection.introspection.table_names()


@dataclass(frozen=True, slots=True)
class Finding:
    ok: bool
    texts: dict[str, str]


def examine(*, at: datetime) -> list[Finding]:
    """What `doctor` prints: guards, digests of releases, report files, the worker, disk, the secret."""
    findings: list[Finding] = []

    def note(ok: bool, ru: str, en: str) -> None:
        findings.append(Finding(ok, {"ru": ru, "en": en}))

    if not has_tables():
        note(
            False,
            f"в доме {settings.HOME} ещё ничего нет: ./run demo или ./run kamerton project",
            f"the home {settings.HOME} is still empty: ./run demo or ./run kamerton project",
        )
        return findings
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
