"""Paper instead of a screen: sheets to print, a table to fill in, its import with a dry run."""

from __future__ import annotations

import json
import re
import secrets
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import typst
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from kamerton.apps.delivery import queries
from kamerton.apps.delivery.actions import PaperSheet, import_paper_sheets
from kamerton.apps.delivery.models import Campaign
from kamerton.apps.people.queries import full_name
from kamerton.apps.records.errors import NotFound, Refused
from kamerton.apps.reporting.pdf import FONTS, printable
from kamerton.formats.tables import TableRefused, read_table, write_xlsx
from kamerton.values.texts import in_language
from kamerton.web.candidate.items import stimulus_view
from kamerton.web.office.campaigns import language_of
from kamerton.web.office.paper_table import (
    HINT_MARK,
    cell_hint,
    paper_options,
    read_paper_table,
    write_cell,
)
from kamerton.web.viewer import Viewer, project_page

SHEET = Path(__file__).resolve().parent / "answer_sheet.typ"
KEEP_SECONDS = 3600
MAX_BYTES = 8_000_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _form(campaign: Campaign, request: HttpRequest) -> tuple[queries.PinnedForm, int]:
    forms = queries.forms_of(campaign)
    raw = request.GET.get("form", "1")
    place = int(raw) if raw.isdigit() else 0
    if not 1 <= place <= len(forms):
        raise NotFound(what={"ru": "тест этой процедуры", "en": "test of this procedure"})
    return forms[place - 1], place


@require_http_methods(["GET", "POST"])
@project_page("manage_campaigns")
def paper(request: HttpRequest, viewer: Viewer, slug: str) -> HttpResponse:
    """What to print and how the answers come back; POST takes the filled table and keeps it for an hour."""
    campaign = queries.campaign_by_slug(viewer.project.id, slug)
    form, place = _form(campaign, request)
    problem = ""
    if request.method == "POST":
        file = request.FILES.get("file")
        if file is None:
            problem = _("Choose the filled table: XLSX, XLS or CSV.")
        elif (file.size or 0) > MAX_BYTES:
            problem = _("The file is larger than 8 MB. Send only the table with answers.")
        else:
            data = file.read()
            try:
                rows = read_paper_table(
                    read_table(data, name=file.name), campaign=campaign, form=form, names={}
                )
            except TableRefused as refusal:
                problem = refusal.message(language_of(request))
            else:
                if rows:
                    token = secrets.token_hex(16)
                    suffix = re.sub(r"[^a-z0-9]", "", Path(file.name or "").suffix.lower())[:5] or "bin"
                    (_uploads() / f"paper-{campaign.id}-{token}.{suffix}").write_bytes(data)
                    url = redirect(
                        "campaign-paper-review", project=viewer.project.slug, slug=slug, token=token
                    )
                    url["Location"] += f"?form={place}"
                    return url
                problem = _("The table has no rows with answers below its head.")
    context = {
        "stage": "assess",
        "campaign": campaign,
        "form": form.document,
        "place": place,
        "people": campaign.participations.filter(withdrawn_at__isnull=True).count(),
        "problem": problem,
        "languages_of_project": viewer.project.languages or ["ru"],
        "example": [(n, cell_hint(item)) for n, item in enumerate(form.document.items, 1)],
    }
    return render(request, "office/campaign_paper.html", context, status=422 if problem else 200)


def _uploads() -> Path:
    folder: Path = settings.HOME / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in folder.glob("paper-*"):
        if time.time() - old.stat().st_mtime > KEEP_SECONDS:
            old.unlink(missing_ok=True)
    return folder


@require_http_methods(["GET", "POST"])
@project_page("manage_campaigns")
def review(request: HttpRequest, viewer: Viewer, slug: str, token: str) -> HttpResponse:
    """What each row would become; then write, all or nothing."""
    campaign = queries.campaign_by_slug(viewer.project.id, slug)
    form, place = _form(campaign, request)
    path = next(iter(_uploads().glob(f"paper-{campaign.id}-{token}.*")), None) if token.isalnum() else None
    if path is None:
        raise NotFound(
            what={
                "ru": "загруженная таблица (она хранится час); загрузите её снова",
                "en": "the uploaded table (kept for an hour); upload it again",
            }
        )
    language = language_of(request)
    names = {p.id: full_name(p.person, language) for p in queries.participations_of(campaign)}
    table = read_table(path.read_bytes(), name=path.name)
    rows = read_paper_table(table, campaign=campaign, form=form, names=names)
    problem, done = "", None
    if request.method == "POST" and not any(row.problems for row in rows):
        try:
            done = import_paper_sheets(
                actor=viewer.actor, campaign=campaign, form=form, language=request.POST.get("language", "ru"),
                sheets=[
                    PaperSheet(row.participation, row.responses, row.consent_signed)
                    for row in rows
                    if row.participation and not row.is_blank
                ],
                at=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            problem = refusal.message(language)
    context = {
        "stage": "assess", "campaign": campaign, "form": form.document, "place": place, "rows": rows, "done": done,
        "problem": problem, "wrong": sum(1 for row in rows if row.problems), "new": sum(row.new for row in rows),
        "languages_of_project": viewer.project.languages or ["ru"],
    }  # fmt: skip
    return render(request, "office/campaign_paper_review.html", context, status=422 if problem else 200)


@require_GET
@project_page("manage_campaigns")
def template(request: HttpRequest, viewer: Viewer, slug: str) -> HttpResponse:
    """The table to fill in: a row a person, a column an item, a row of hints; what came back already stands in it.

    Who answers in the browser is left out: no sheet will come from them.
    """
    campaign = queries.campaign_by_slug(viewer.project.id, slug)
    form, _place = _form(campaign, request)
    language = language_of(request)
    items = form.document.items
    head = [_("Code"), _("Person"), _("Consent signed"), *(str(n) for n in range(1, len(items) + 1))]
    hints = [
        HINT_MARK,
        _("hint: this row is not read"),
        _("yes, if the sheet is signed"),
        *map(cell_hint, items),
    ]
    rows: list[list[str]] = [hints]
    for participation in queries.participations_of(campaign).filter(withdrawn_at__isnull=True):
        sitting = next(
            (s for s in participation.sittings.all() if s.form_id == form.release.id and s.on_paper), None
        )
        answers = queries.current_answers(sitting).items if sitting else {}
        cells = [
            write_cell(
                item,
                paper_options(campaign.id, item),
                value.response if (value := answers.get(item.code)) else None,
            )
            for item in items
        ]
        has_signed = queries.given_consent(participation.consents.all(), campaign.purpose) is not None
        rows.append(
            [
                queries.paper_code(participation.id), full_name(participation.person, language),
                _("yes") if has_signed else "", *cells,
            ]
        )  # fmt: skip
    response = HttpResponse(write_xlsx(head, rows, sheet=_("Answers")), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{slug}-answers.xlsx"'
    return response


@require_GET
@project_page("manage_campaigns")
def sheets(request: HttpRequest, viewer: Viewer, slug: str) -> HttpResponse:
    """Answer sheets as PDF: one a person, or a blank one."""
    campaign = queries.campaign_by_slug(viewer.project.id, slug)
    form, _place = _form(campaign, request)
    language = request.GET.get("language", "")
    if language not in (viewer.project.languages or ["ru"]):
        language = (viewer.project.languages or ["ru"])[0]
    if request.GET.get("blank"):
        people = [{"code": "", "name": ""}]
    else:
        people = [
            {"code": queries.paper_code(p.id), "name": full_name(p.person, language)}
            for p in queries.participations_of(campaign).filter(withdrawn_at__isnull=True)
        ]
    with translation.override(language):
        document = sheet_document(campaign, form, language, people)
    response = HttpResponse(render_sheets(document, at=timezone.now()), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{slug}-sheets.pdf"'
    return response


def sheet_document(
    campaign: Campaign, form: queries.PinnedForm, language: str, people: list[dict[str, str]]
) -> dict[str, Any]:
    """All that is printed, as data. The consent stands on the sheet, to be signed."""
    stimuli = {stimulus.code: stimulus_view(stimulus, language) for stimulus in form.document.stimuli}
    consent = next((t for t in queries.consent_texts(campaign) if t.purpose == campaign.purpose), None)
    items, shown = [], None
    for number, item in enumerate(form.document.items, 1):
        options = {option.code: option for option in item.options}
        items.append(
            {
                "number": number,
                "type": item.type,
                "prompt": in_language(item.prompt, language),
                "hint": in_language(item.hint, language),
                "unit": in_language(item.unit, language),
                "stimulus": stimuli.get(item.stimulus) if item.stimulus and item.stimulus != shown else None,
                "options": [
                    in_language(options[code].text, language) for code in paper_options(campaign.id, item)
                ],
                "left": [in_language(left.text, language) for left in item.left],
            }
        )
        shown = item.stimulus
    return {
        "language": language,
        "title": in_language(form.document.name, language),
        "campaign": in_language(campaign.name, language),
        "instructions": in_language(form.document.instructions, language),
        "consent": {
            "title": in_language(consent.title, language),
            "paragraphs": [in_language(paragraph, language) for paragraph in consent.paragraphs],
            "agree": in_language(consent.agree, language),
        }
        if consent
        else None,
        "items": items,
        "people": people,
        "words": {
            "code": _("Code"), "person": _("Person"), "signature": _("Signature"), "date": _("Date"),
            "from": _("From"), "subject": _("Subject"), "best": _("best"), "worst": _("worst"), "place": _("place"),
            "answer": _("Answer"), "page": _("page"),
            "sheet": _("Write only on this sheet. Correct by crossing out and writing beside it."),
        },
    }  # fmt: skip


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _printable(inner) for key, inner in value.items()}
    return [_printable(inner) for inner in value] if isinstance(value, list) else value


def render_sheets(document: dict[str, Any], *, at: datetime) -> bytes:
    """The PDF; texts go in as data, never as source."""
    pdf = typst.compile(
        str(SHEET), root=str(SHEET.parent), font_paths=[str(FONTS)], ignore_system_fonts=True, format="pdf",
        sys_inputs={"data": json.dumps(_printable(document), ensure_ascii=False)}, timestamp=int(at.timestamp()),
    )  # fmt: skip
    assert isinstance(pdf, bytes)
    return pdf
