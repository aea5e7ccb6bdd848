"""The function map: processes and roles, who answers for what, the card of a process, its form for a designer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kamerton.apps.functions import queries as functions
from kamerton.apps.functions import rules
from kamerton.apps.functions.actions import CellEdit, TextEdit, apply_edits, undo_change
from kamerton.apps.functions.documents import FunctionDocument, FunctionRole, Process
from kamerton.apps.functions.models import Function
from kamerton.apps.records.errors import NotFound, Refused
from kamerton.apps.records.models import Release
from kamerton.apps.records.queries import document_of, latest_release
from kamerton.formats.tables import write_xlsx
from kamerton.values.texts import in_language
from kamerton.web.studio import drafts
from kamerton.web.viewer import Viewer, project_page

LETTERS = ("", "A", "R", "A/R", "C", "I")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows: a designer the draft, others the release in force."""

    slug: str
    document: FunctionDocument
    release: Release | None
    draft: Function | None

    @property
    def is_draft(self) -> bool:
        return self.draft is not None


def shown_function(viewer: Viewer, slug: str = "") -> Shown | None:
    """The function of the address, else the first of the project; None if there is nothing this viewer may see."""
    for found in [slug] if slug else functions.function_slugs(viewer.project.id):
        release = latest_release(viewer.project.id, "function", found)
        draft = functions.draft_if_any(viewer.project.id, found) if viewer.may("edit_model") else None
        if draft is not None:
            return Shown(found, functions.draft_document(draft.identity), release, draft)
        if release is not None:
            return Shown(found, document_of(release, FunctionDocument), release, None)
    return None


@dataclass(frozen=True, slots=True)
class Cell:
    role: FunctionRole
    letters: str
    is_bad: bool

    @property
    def kind(self) -> str:
        return "a" if "A" in self.letters else self.letters.lower()


@dataclass(frozen=True, slots=True)
class Row:
    process: Process
    cells: tuple[Cell, ...]
    breaches: tuple[rules.RuleBreach, ...]
    by_letter: tuple[tuple[str, tuple[FunctionRole, ...]], ...]
    """For narrow screens: who answers, works, is asked, is told."""


def _row(document: FunctionDocument, process: Process, breaches: list[rules.RuleBreach]) -> Row:
    own = tuple(b for b in breaches if b.where == process.code)
    has_wrong_a = any(b.code == "not_exactly_one_a" for b in own)
    cells = tuple(
        Cell(role, letters, has_wrong_a and rules.accountable(letters))
        for role in document.roles
        for letters in [process.raci.get(role.code, "")]
    )
    by_letter = tuple(
        (letter, found)
        for letter in ("A", "R", "C", "I")
        if (found := tuple(cell.role for cell in cells if letter in cell.letters.split("/")))
    )
    return Row(process, cells, own, by_letter)


def _process_fields(process: Process, typed: Mapping[str, str]) -> list[list[drafts.Field]]:
    labels = {
        "name": _("Name of the process"), "purpose": _("Purpose"), "input": _("Input"), "output": _("Output"), "measure": _("Measure"),
        "cadence": _("Cadence"),
    }  # fmt: skip
    return [
        drafts.text_fields(f"process/{process.code}/{name}", label, getattr(process, name), typed)
        for name, label in labels.items()
    ]


def _page(
    request: HttpRequest,
    viewer: Viewer,
    *,
    code: str,
    is_editing: bool,
    refusal: Refused | None = None,
) -> HttpResponse:
    language = request.LANGUAGE_CODE  # type: ignore[attr-defined]
    shown = shown_function(viewer, request.GET.get("function", ""))
    if shown is None:
        return render(
            request,
            "studio/function_empty.html",
            {"stage": "describe", "may_install": viewer.may("install_pack")},
        )
    document = shown.document
    process = next((p for p in document.processes if p.code == code), None)
    if code and process is None:
        raise NotFound(what=code)
    process = process or (document.processes[0] if document.processes else None)
    breaches = rules.breaches(document)
    loads = rules.loads(document)
    busiest = max(document.roles, key=lambda role: loads[role.code], default=None)
    typed = drafts.typed_values(request.POST) if request.method == "POST" else {}
    is_editing = is_editing and shown.is_draft and process is not None
    changes = (
        rules.differences(document_of(shown.release, FunctionDocument), document)
        if shown.is_draft and shown.release
        else []
    )
    letters = [
        {"role": role, "name": f"{drafts.CELL}{process.code}/{role.code}", "before": now, "now": typed.get(f"{drafts.CELL}{process.code}/{role.code}", now)}
        for role in document.roles
        for now in [process.raci.get(role.code, "")]
    ] if process and is_editing else []  # fmt: skip
    context = {
        "stage": "describe",
        "shown": shown,
        "document": document,
        "rows": [_row(document, p, breaches) for p in document.processes],
        "loads": [loads[role.code] for role in document.roles],
        "busiest": busiest,
        "busiest_load": loads[busiest.code] if busiest else None,
        "process": process,
        "breaches": breaches,
        "first_breach": breaches[0].texts[language] if breaches else "",
        "is_editing": is_editing,
        "fields": _process_fields(process, typed) if process and is_editing else [],
        "letters": letters,
        "letter_choices": LETTERS,
        "message": drafts.message_of(refusal, language),
        "changes": changes,
        "history": [
            drafts.HistoryRow(change, rules.place_words(change.path))
            for change in functions.history_of(shown.draft.identity, 8)
        ]
        if shown.draft
        else [],
        "versions": drafts.versions(viewer, "function", shown.slug),
    }
    return render(request, "studio/function.html", context, status=refusal.status if refusal else 200)


@require_safe
@project_page("view_model")
def function_map(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    return _page(
        request, viewer, code=request.GET.get("process", ""), is_editing=request.GET.get("edit") == "1"
    )


@require_POST
@project_page("edit_model")
def edit(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Write what the form of a process changed; a refused form comes back as typed."""
    draft = functions.draft_of(viewer.project.id, request.POST.get("slug", ""))
    code = request.POST.get("process", "")
    texts = [
        TextEdit(path, before, value) for path, before, value in drafts.posted(request.POST, drafts.TEXT)
    ]
    cells = [
        CellEdit(*path.split("/", 1), before=before, letters=value)
        for path, before, value in drafts.posted(request.POST, drafts.CELL)
        if "/" in path
    ]
    try:
        apply_edits(actor=viewer.actor, draft=draft, texts=texts, cells=cells, at=timezone.now())
    except NotFound:
        raise
    except Refused as refusal:
        return _page(request, viewer, code=code, is_editing=True, refusal=refusal)
    return redirect(f"/p/{viewer.project.slug}/function/?process={code}#process")


@require_POST
@project_page("edit_model")
def undo(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    draft = functions.draft_of(viewer.project.id, request.POST.get("slug", ""))
    number = request.POST.get("change", "")
    change = functions.change_of(draft.identity, int(number) if number.isdigit() else 0)
    undo_change(actor=viewer.actor, draft=draft, change=change, at=timezone.now())
    return redirect(f"/p/{viewer.project.slug}/function/#history")


@require_safe
@project_page("view_model")
def table(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The responsibility matrix as a workbook."""
    language = request.LANGUAGE_CODE  # type: ignore[attr-defined]
    shown = shown_function(viewer, request.GET.get("function", ""))
    if shown is None:
        raise NotFound(what={"ru": "функция", "en": "function"})
    head = [
        _("Code"),
        _("Process"),
        _("Cadence"),
        *[f"{r.code} {in_language(r.short, language)}" for r in shown.document.roles],
    ]
    rows = [
        [
            p.code,
            in_language(p.name, language),
            in_language(p.cadence, language),
            *[p.raci.get(r.code, "") for r in shown.document.roles],
        ]
        for p in shown.document.processes
    ]
    response = HttpResponse(write_xlsx(head, rows, sheet=_("Responsibilities")), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{shown.slug}-responsibilities.xlsx"'
    return response
