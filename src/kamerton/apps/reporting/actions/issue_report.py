from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from kamerton.apps.decisions.models import Decision, FitResult
from kamerton.apps.decisions.queries import decisions_about, is_for_selection, role_of
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import NotFound, Refused
from kamerton.apps.records.models import Project
from kamerton.apps.reporting import report_texts as texts
from kamerton.apps.reporting.models import ReportIssue
from kamerton.apps.reporting.pdf import TEMPLATE_VERSION, render
from kamerton.apps.reporting.readmodels.person_page import page_of_fit
from kamerton.apps.reporting.report_document import fill_document, report_document
from kamerton.values.canonical import digest_of

AUDIENCES = ("leader", "candidate")
LANGUAGES = ("ru", "en")


class LanguageUnknown(Refused):
    code = "report_form_unknown"
    status = 422
    texts = {
        "ru": "Отчёт бывает на русском и английском (ru, en), для руководителя и для участника (leader, candidate). "
        "Получено: {language}, {audience}.",
        "en": "A report is in Russian or English (ru, en), for the leader or the participant (leader, candidate). "
        "Got: {language}, {audience}.",
    }


@dataclass(frozen=True, slots=True)
class IssuedReport:
    issue: ReportIssue
    pdf: bytes
    is_new: bool


def report_path(pdf_digest: str) -> Path:
    return Path(settings.HOME) / "reports" / f"{pdf_digest}.pdf"


def keep_file(pdf: bytes) -> str:
    """Write the file under its digest, whole or not at all; the same bytes twice are one file."""
    digest = hashlib.sha256(pdf).hexdigest()
    path = report_path(digest)
    if path.exists():
        return digest
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pdf)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return digest


def _next_number(project: Project, year: int, language: str) -> str:
    """KM-2026-0001-ru: one row of numbers a project and year, whatever the language."""
    prefix = f"KM-{year}-"
    taken = ReportIssue.objects.filter(project=project, number__startswith=prefix).values_list(
        "number", flat=True
    )
    last = max((int(number.split("-")[2]) for number in taken), default=0)
    return f"{prefix}{last + 1:04d}-{language}"


@transaction.atomic
def issue_report(
    *, actor: Actor, fit: FitResult, language: str, audience: str = "leader", at: datetime
) -> IssuedReport:
    """Issue the report of a fit. If the last issue says the same, that issue is returned and no number is spent."""
    project = fit.run.project
    require(actor, project.id, "issue_report")
    if language not in LANGUAGES or audience not in AUDIENCES:
        raise LanguageUnknown(language=language, audience=audience)
    if not is_for_selection(fit):
        raise NotFound(
            what={"ru": "результаты этого человека для отбора", "en": "results of this person for selection"}
        )
    # Numbers are given one at a time in a project.
    Project.objects.select_for_update().get(id=project.id)
    document = report_document(
        page_of_fit(fit, project, language), project, language=language, audience=audience
    )
    last = (
        ReportIssue.objects.filter(fit=fit, language=language, audience=audience)
        .order_by("-at", "-number")
        .first()
    )
    if last is not None and last.document_digest == digest_of(document):
        from .open_report import pdf_of

        return IssuedReport(last, pdf_of(last).pdf, is_new=False)
    number = _next_number(project, at.astimezone(ZoneInfo(project.zone)).year, language)
    pdf = render(fill_document(document, number=number, issued=issued_text(at, project, language)), at=at)
    issue = ReportIssue.objects.create(
        project=project, number=number, fit=fit, decision=_decision(fit), audience=audience, language=language, document=document,
        document_digest=digest_of(document), pdf_digest=keep_file(pdf), template_version=TEMPLATE_VERSION, actor_id=actor.id,
        actor_name=actor.name, at=at,
    )  # fmt: skip
    write_audit(
        actor=actor, project_id=project.id, verb="issue_report", object_kind="report", object_id=issue.id,
        persons=[fit.subject.person_id], details=_details(issue), at=at,
    )  # fmt: skip
    return IssuedReport(issue, pdf, is_new=True)


def issued_text(at: datetime, project: Project, language: str) -> str:
    return texts.long_date(at.astimezone(ZoneInfo(project.zone)).date(), language)


def _decision(fit: FitResult) -> Decision | None:
    person_id = fit.subject.person_id
    history = decisions_about(person_id, role_of(fit.run)) if person_id else []
    return history[0] if history else None


def _details(issue: ReportIssue) -> dict[str, Any]:
    return {
        "number": issue.number,
        "language": issue.language,
        "audience": issue.audience,
        "pdf": issue.pdf_digest,
    }
