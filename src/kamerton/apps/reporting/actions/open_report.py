from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from kamerton.apps.people.rules import may, require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.models import Project
from kamerton.apps.reporting.models import ReportIssue
from kamerton.apps.reporting.pdf import render
from kamerton.apps.reporting.report_document import fill_document

from .issue_report import issued_text, keep_file, report_path


@dataclass(frozen=True, slots=True)
class ReportFile:
    pdf: bytes
    is_original: bool
    """False if the file was gone and setting it anew gave other bytes (other libraries, or a name since erased)."""


def pdf_of(issue: ReportIssue) -> ReportFile:
    """The stored file; where it is gone or damaged, the stored document set again."""
    path = report_path(issue.pdf_digest)
    if path.exists():
        pdf = path.read_bytes()
        if hashlib.sha256(pdf).hexdigest() == issue.pdf_digest:
            return ReportFile(pdf, is_original=True)
    issued = issued_text(issue.at, issue.project, issue.language)
    pdf = render(fill_document(issue.document, number=issue.number, issued=issued), at=issue.at)
    if hashlib.sha256(pdf).hexdigest() == issue.pdf_digest:
        keep_file(pdf)
        return ReportFile(pdf, is_original=True)
    return ReportFile(pdf, is_original=False)


def open_report(*, actor: Actor, project: Project, number: str, at: datetime) -> ReportFile:
    """Hand out an issued report; who took it is written down."""
    if not may(actor, project.id, "issue_report"):
        require(actor, project.id, "view_results")
    issue = (
        ReportIssue.objects.filter(project=project, number=number)
        .select_related("fit__subject", "project")
        .first()
    )
    if issue is None:
        raise NotFound(what=number)
    found = pdf_of(issue)
    write_audit(
        actor=actor, project_id=project.id, verb="open_report", object_kind="report", object_id=issue.id,
        persons=[issue.fit.subject.person_id], details={"number": number, "is_original": found.is_original}, at=at,
    )  # fmt: skip
    return found
