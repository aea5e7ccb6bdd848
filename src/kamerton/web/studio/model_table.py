"""The model as a workbook: taken out, changed by HR, brought back as edits of the draft after a look."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from kamerton.apps.frameworks import rules
from kamerton.apps.frameworks.actions import NumberEdit, TextEdit, apply_edits
from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.records.errors import NotFound, Refused
from kamerton.formats import model_sheet
from kamerton.formats.tables import TableRefused, read_table, sheet_names, write_workbook
from kamerton.values.texts import LangText
from kamerton.web.studio import uploads
from kamerton.web.studio.model import shown_model
from kamerton.web.viewer import Viewer, project_page

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
@project_page("view_model")
def model_file(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """One sheet for the model, one for the profiles."""
    shown = shown_model(viewer, request.GET.get("model", ""))
    if shown is None:
        raise NotFound(what={"ru": "модель компетенций", "en": "competency model"})
    language = "ru" if getattr(request, "LANGUAGE_CODE", "ru") == "ru" else "en"
    book = write_workbook(
        {
            model_sheet.MODEL_SHEET[language]: (
                model_sheet.model_head(language),
                model_sheet.model_rows(shown.document, language),
            ),
            model_sheet.PROFILE_SHEET[language]: (
                model_sheet.profile_head(language),
                model_sheet.profile_rows(shown.document),
            ),
        }  # type: ignore[dict-item]
    )
    response = HttpResponse(book, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{shown.slug}-model.xlsx"'
    return response


class DraftMoved(Refused):
    """The draft has been changed since the look; nothing is kept before another one."""

    code = "draft_moved"
    texts = {
        "ru": "Пока вы смотрели, черновик изменил другой человек. Ниже правки к нынешнему черновику: проверьте их и запишите.",
        "en": "While you were looking, somebody else changed the draft. Below are the changes to the draft of now: check and keep them.",
    }


@dataclass(frozen=True, slots=True)
class Read:
    changes: tuple[model_sheet.Change, ...]
    problems: tuple[LangText, ...]
    rows: int


def _read(path: Path, document: FrameworkDocument) -> Read:
    """Both sheets of a workbook; a missing one is said, and one of them alone is enough."""
    data = path.read_bytes()
    name = f"table{path.suffix}"
    sheets = sheet_names(data, name=name)
    parts: list[model_sheet.SheetRead] = []
    for words, reader in (
        (model_sheet.MODEL_SHEET, model_sheet.read_model),
        (model_sheet.PROFILE_SHEET, model_sheet.read_profiles),
    ):
        sheet = next((s for s in sheets if s.strip().lower() in {w.lower() for w in words.values()}), None)
        if sheet is not None:
            parts.append(reader(read_table(data, name=name, sheet=sheet), document))
    if not parts:
        have = ", ".join(sheets) or "–"
        return Read((), ({"ru": f"Нет листов «Модель» и «Профили». Есть: {have}.", "en": f"There are no sheets Model and Profiles. There are: {have}."},), 0)  # fmt: skip
    return Read(
        tuple(c for part in parts for c in part.changes),
        tuple(p for part in parts for p in part.problems),
        sum(part.rows for part in parts),
    )


@require_http_methods(["GET", "POST"])
@project_page("edit_model")
def model_import(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """A changed workbook: read, shown as changes of the draft, then kept whole or not at all."""
    language = str(getattr(request, "LANGUAGE_CODE", "ru"))
    shown = shown_model(viewer, request.GET.get("model", ""))
    if shown is None or shown.draft is None:
        raise NotFound(what={"ru": "черновик модели", "en": "draft of the model"})
    problem, token, read = "", request.POST.get("token", ""), None
    if request.method == "POST":
        try:
            path = (
                uploads.kept(viewer, "model", token) if token else uploads.received(request, viewer, "model")
            )
            token = uploads.token_of(path)
            read = _read(path, shown.document)
            is_looked_at = request.POST.get("version") == str(shown.draft.version)
            if request.POST.get("do") == "keep" and not is_looked_at:
                raise DraftMoved
            if request.POST.get("do") == "keep" and not read.problems:
                apply_edits(
                    actor=viewer.actor, draft=shown.draft, at=timezone.now(),
                    texts=[TextEdit(c.path, c.before, c.value) for c in read.changes if not c.is_number],
                    numbers=[NumberEdit(c.path, float(c.before), float(c.value)) for c in read.changes if c.is_number],
                )  # fmt: skip
                path.unlink(missing_ok=True)
                return redirect(reverse("model", args=[viewer.project.slug]) + "#history")
        except TableRefused as refusal:
            problem = refusal.message(language)
        except Refused as refusal:
            problem = refusal.message(language)
    context = {
        "stage": "describe", "shown": shown, "problem": problem, "token": token, "read": read,
        "changes": [{"change": c, "place": rules.place_words(c.path)} for c in read.changes] if read else [],
    }  # fmt: skip
    return render(
        request,
        "studio/model_import.html",
        context,
        status=422 if problem or (read and read.problems) else 200,
    )
