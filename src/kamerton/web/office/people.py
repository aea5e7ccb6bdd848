"""People of a project: list with search, import with a dry run, export."""

from __future__ import annotations

import re
import secrets
import time
from pathlib import Path

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from kamerton.apps.people import queries
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.errors import NotFound
from kamerton.flows.import_people import FileRefused, already_known, import_people, read_people
from kamerton.formats.tables import write_csv, write_xlsx
from kamerton.web.viewer import Viewer, project_page

KEEP_UPLOAD_SECONDS = 3600
MAX_UPLOAD_BYTES = 8_000_000


@require_GET
@project_page("view_people")
def people_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:100]
    found = queries.search_people(viewer.project.id, text) if text else queries.people_of(viewer.project.id)
    page = Paginator(found, 50).get_page(request.GET.get("page"))
    language = request.LANGUAGE_CODE  # type: ignore[attr-defined]
    rows = []
    for person in page.object_list:
        unit, title = queries.unit_and_title(person, language)
        rows.append(
            {"person": person, "name": queries.full_name(person, language), "unit": unit, "title": title}
        )
    total = queries.people_of(viewer.project.id).count()
    context = {
        "stage": "assess",
        "rows": rows,
        "page": page,
        "q": text,
        "total": total,
        "may_manage": viewer.may("manage_people"),
    }
    return render(request, "office/people.html", context)


@require_GET
@project_page("view_people")
def export(request: HttpRequest, viewer: Viewer, form: str) -> HttpResponse:
    language = request.LANGUAGE_CODE  # type: ignore[attr-defined]
    head = [
        _("Family name"),
        _("Given name"),
        _("Middle name"),
        _("Employee number"),
        _("E-mail"),
        _("Phone"),
        _("Unit"),
        _("Position"),
    ]
    if form not in {"xlsx", "csv"}:
        raise NotFound(what=form)
    persons = list(queries.people_of(viewer.project.id))
    rows = [queries.contact_row(person, language) for person in persons]
    write_audit(
        actor=viewer.actor, project_id=viewer.project.id, verb="export_people", object_kind="project",
        object_id=viewer.project.id, persons=[person.id for person in persons], details={"form": form}, at=timezone.now(),
    )  # fmt: skip
    if form == "xlsx":
        response = HttpResponse(
            write_xlsx(head, rows, sheet=_("People")),
            content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )
    else:
        response = HttpResponse(write_csv(head, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="people.{form}"'
    return response


def _uploads() -> Path:
    folder = settings.HOME / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in folder.iterdir():
        if time.time() - old.stat().st_mtime > KEEP_UPLOAD_SECONDS:
            old.unlink(missing_ok=True)
    return folder


@require_http_methods(["GET", "POST"])
@project_page("manage_people")
def import_upload(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Step one: take the file, read it, keep it for an hour."""
    problem = ""
    if request.method == "POST":
        file = request.FILES.get("file")
        language = request.LANGUAGE_CODE  # type: ignore[attr-defined]
        if file is None:
            problem = _("Choose a file: XLSX, XLS or CSV.")
        elif file.size > MAX_UPLOAD_BYTES:
            problem = _("The file is larger than 8 MB. Export only the sheet with people.")
        else:
            data = file.read()
            try:
                read_people(data, name=file.name, sheet=None, at=timezone.now())
            except FileRefused as refusal:
                problem = refusal.message(language)
            else:
                token = secrets.token_hex(16)
                suffix = re.sub(r"[^a-z0-9]", "", Path(file.name).suffix.lower())[:5] or "bin"
                path = _uploads() / f"{viewer.project.id}-{token}.{suffix}"
                path.touch(mode=0o600)
                path.write_bytes(data)
                return redirect("people-import-review", project=viewer.project.slug, token=token)
    status = 422 if problem else 200
    return render(
        request, "office/people_import.html", {"stage": "assess", "problem": problem}, status=status
    )


@require_http_methods(["GET", "POST"])
@project_page("manage_people")
def import_review(request: HttpRequest, viewer: Viewer, token: str) -> HttpResponse:
    """Step two: what each row would become; then write, all or nothing."""
    path = next(iter(_uploads().glob(f"{viewer.project.id}-{token}.*")), None) if token.isalnum() else None
    if path is None:
        raise NotFound(
            what={
                "ru": "загруженный файл (он хранится час); загрузите его снова",
                "en": "the uploaded file (kept for an hour); upload it again",
            }
        )
    draft = read_people(path.read_bytes(), name=path.name, sheet=None, at=timezone.now())
    done = None
    if request.method == "POST":
        is_outside = request.POST.get("outside") == "1"
        done = import_people(
            actor=viewer.actor, project=viewer.project, draft=draft, is_outside=is_outside, at=timezone.now()
        )
    context = {
        "stage": "assess",
        "draft": draft,
        "known": already_known(viewer.project, draft),
        "done": done,
        "token": token,
    }
    return render(request, "office/people_review.html", context)
