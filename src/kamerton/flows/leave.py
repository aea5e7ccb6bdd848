"""Leaving: everything of a project in open formats, and a project destroyed with its files."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from kamerton.apps.records.actions import destroy_project
from kamerton.apps.records.actions.destroy_project import path_to_project
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.models import Project, Release
from kamerton.apps.reporting.actions.issue_report import report_path
from kamerton.apps.reporting.models import ReportIssue
from kamerton.flows.vault import private_archive, stored_tables
from kamerton.formats.tables import defused


def export_project(*, project: Project, file: Path) -> int:
    """All rows of one project as CSV tables, releases as JSON and reports as PDF, in a ZIP; returns rows."""
    rows = 0
    with private_archive(file) as archive:
        for model in stored_tables():
            path = "id" if model is Project else path_to_project(model)
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
                writer.writerow([_cell(value) for value in row])
                rows += 1
            archive.writestr(f"{model._meta.db_table}.csv", "\ufeff" + buffer.getvalue())
        for release in Release.objects.filter(identity__project=project).select_related("identity"):
            archive.writestr(
                f"releases/{release.identity.kind}-{release.identity.slug}-{release.number}.json",
                release.body,
            )
        for digest in sorted(_report_digests(project)):
            path = report_path(digest)
            if path.exists():
                archive.write(path, f"reports/{path.name}")
    return rows


def _cell(value: object) -> object:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return defused(value) if isinstance(value, str) else value


def _report_digests(project: Project) -> set[str]:
    return set(ReportIssue.objects.filter(project=project).values_list("pdf_digest", flat=True))


def demolish(*, actor: Actor, project: Project, at: datetime) -> dict[str, int]:
    """Destroy a project with its rows, its report files and its uploads; nothing of another project is touched."""
    digests = _report_digests(project)
    with transaction.atomic():
        deleted = destroy_project(actor=actor, project=project, at=at)
        kept = set(ReportIssue.objects.filter(pdf_digest__in=digests).values_list("pdf_digest", flat=True))
    for digest in digests - kept:
        report_path(digest).unlink(missing_ok=True)
    for upload in (settings.HOME / "uploads").glob(f"{project.id}-*"):
        upload.unlink(missing_ok=True)
    return deleted
