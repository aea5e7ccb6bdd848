"""Publishing a draft with its differences in words, and comparing releases; for functions and models alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from kamerton.apps.frameworks import queries as frameworks
from kamerton.apps.frameworks import rules as framework_rules
from kamerton.apps.frameworks.actions import publish_framework
from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.frameworks.queries import framework_slugs
from kamerton.apps.functions import queries as functions
from kamerton.apps.functions import rules as function_rules
from kamerton.apps.functions.actions import publish_function
from kamerton.apps.functions.documents import FunctionDocument
from kamerton.apps.procedures.queries import Use, uses_of_competency
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, NotFound, Refused
from kamerton.apps.records.models import Project, Release
from kamerton.apps.records.queries import document_of, latest_release
from kamerton.apps.reporting.model_book import book_of
from kamerton.apps.reporting.pdf import BOOK
from kamerton.apps.reporting.pdf import render as render_pdf
from kamerton.apps.sources.queries import support_counts
from kamerton.flows.exchange_case import export_case
from kamerton.web import queries
from kamerton.web.studio import drafts
from kamerton.web.viewer import Viewer, project_page

MAX_SUMMARY = 600


class Publish(Protocol):
    def __call__(
        self,
        *,
        actor: Actor,
        project: Project,
        slug: str,
        change_kind: str,
        summary: dict[str, str],
        at: datetime,
    ) -> Release: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between a function and a model; the pages are the same."""

    kind: str
    page: str
    document: type[Any]
    slugs: Callable[[UUID], list[str]]
    draft_if_any: Callable[[UUID, str], Any]
    draft_document: Callable[[Any], Any]
    rules: Any
    publish: Publish


KINDS = {
    "function": Kind(
        "function", "function", FunctionDocument, functions.function_slugs, functions.draft_if_any,
        functions.draft_document, function_rules, publish_function,
    ),
    "model": Kind(
        "framework", "model", FrameworkDocument, frameworks.framework_slugs, frameworks.draft_if_any,
        frameworks.draft_document, framework_rules, publish_framework,
    ),
}  # fmt: skip


def _slug(request: HttpRequest, viewer: Viewer, kind: Kind) -> str:
    wanted = request.GET.get("slug", "") or request.POST.get("slug", "")
    known = kind.slugs(viewer.project.id)
    if not known or (wanted and wanted not in known):
        raise NotFound(what=wanted or {"ru": "черновик", "en": "draft"})
    return wanted or known[0]


def _touched(viewer: Viewer, kind: Kind, document: Any, changes: list[Any]) -> list[tuple[str, list[Use]]]:
    """Competency → instruments that measure it, for each competency a change is about."""
    if kind.kind != "framework":
        return []
    codes = [c.code for c in document.competencies]
    about = [
        code for code in codes if any(f"/{code}" in f"/{change.path}".replace(".", "/") for change in changes)
    ]
    return [(code, uses_of_competency(viewer.project.id, document.code, code)) for code in about]


@require_http_methods(["GET", "HEAD", "POST"])
@project_page("edit_model")
def publish(request: HttpRequest, viewer: Viewer, page: str) -> HttpResponse:
    """What the next release would change, what stands in its way, what kind of change it is; then the act itself."""
    language = request.LANGUAGE_CODE  # type: ignore[attr-defined]
    kind = KINDS[page]
    slug = _slug(request, viewer, kind)
    draft = kind.draft_if_any(viewer.project.id, slug)
    if draft is None:
        raise NotFound(what={"ru": "черновик", "en": "draft"})
    document = kind.draft_document(draft.identity)
    releases = queries.releases_of(viewer.project.id, kind.kind, slug)
    last = releases[0] if releases else None
    old = document_of(last, kind.document) if last else None
    changes = kind.rules.differences(old, document) if old else []
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            return _publish(request, viewer, kind, slug, last)
        except NotFound:
            raise
        except Refused as refused:
            refusal = refused
    advised = kind.rules.advised_kind(changes)
    context = {
        "stage": "describe",
        "page": page,
        "slug": slug,
        "document": document,
        "last": last,
        "next_number": (last.number if last else 0) + 1,
        "rows": drafts.change_rows(changes, old, document, kind.rules.text_at) if old else [],
        "breaches": kind.rules.breaches(document),
        "advised": advised,
        "chosen": request.POST.get("change_kind", advised),
        "touched": _touched(viewer, kind, document, changes),
        "summary_ru": request.POST.get("summary_ru", ". ".join(change.texts["ru"] for change in changes[:4])),
        "summary_en": request.POST.get("summary_en", ". ".join(change.texts["en"] for change in changes[:4])),
        "message": drafts.message_of(refusal, language),
    }
    return render(request, "studio/publish.html", context, status=refusal.status if refusal else 200)


def _publish(
    request: HttpRequest, viewer: Viewer, kind: Kind, slug: str, last: Release | None
) -> HttpResponse:
    chosen = request.POST.get("change_kind", "")
    if last is None:
        chosen = Release.ChangeKind.FIRST
    elif chosen not in {"wording", "equivalent", "scoring"}:
        raise InvalidInput(
            what={"ru": "Выберите вид изменения: от него зависит, что будет со старыми баллами.",
                  "en": "Choose the kind of change: it decides what becomes of earlier scores."}
        )  # fmt: skip
    summary = {
        tag: " ".join(request.POST.get(f"summary_{tag}", "").split())[:MAX_SUMMARY] for tag in ("ru", "en")
    }
    if last is not None and not all(summary.values()):
        raise InvalidInput(
            what={"ru": "Напишите на обоих языках, что изменилось: это прочтут в списке редакций.",
                  "en": "Say in both languages what changed: it is read in the list of releases."}
        )  # fmt: skip
    kind.publish(
        actor=viewer.actor,
        project=viewer.project,
        slug=slug,
        change_kind=str(chosen),
        summary=summary,
        at=timezone.now(),
    )
    return redirect(f"/p/{viewer.project.slug}/{kind.page}/")


@require_safe
@project_page("view_model")
def compare(request: HttpRequest, viewer: Viewer, page: str) -> HttpResponse:
    """Two releases, or a release and the draft, and what differs, in words."""
    kind = KINDS[page]
    slug = _slug(request, viewer, kind)
    releases = queries.releases_of(viewer.project.id, kind.kind, slug)
    draft = kind.draft_if_any(viewer.project.id, slug) if viewer.may("edit_model") else None
    documents: dict[str, Any] = {str(release.number): release for release in releases}
    choices = [*(["draft"] if draft else []), *documents]
    if not choices:
        raise NotFound(what=slug)
    new = request.GET.get("new", choices[0])
    old = request.GET.get("old", choices[min(1, len(choices) - 1)])
    if old not in choices or new not in choices:
        raise NotFound(what=f"{old}, {new}"[:60])

    def read(choice: str) -> Any:
        if choice == "draft" and draft:
            return kind.draft_document(draft.identity)
        return document_of(documents[choice], kind.document)

    before, after = read(old), read(new)
    changes = kind.rules.differences(before, after)
    context = {
        "stage": "describe",
        "page": page,
        "document": after,
        "choices": choices,
        "old": old,
        "new": new,
        "rows": drafts.change_rows(changes, before, after, kind.rules.text_at),
        "advised": kind.rules.advised_kind(changes),
    }
    return render(request, "studio/compare.html", context)


@require_safe
@project_page("view_model")
def case_file(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The framework in force as a CASE 1.1 package."""
    slug = request.GET.get("model", "") or next(iter(framework_slugs(viewer.project.id)), "")
    package = export_case(
        actor=viewer.actor, project=viewer.project, slug=slug, base=request.build_absolute_uri("/"),
        language=str(getattr(request, "LANGUAGE_CODE", "ru")), at=timezone.now(),
    )  # fmt: skip
    response = HttpResponse(
        json.dumps(package, ensure_ascii=False), content_type="application/json; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{slug}-case.json"'
    return response


@require_safe
@project_page("view_model")
def book_file(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The book of the framework in force, as PDF."""
    slug = request.GET.get("model", "") or next(iter(framework_slugs(viewer.project.id)), "")
    release = latest_release(viewer.project.id, "framework", slug)
    if release is None:
        raise NotFound(what={"ru": "опубликованная модель", "en": "published framework"})
    language = "ru" if getattr(request, "LANGUAGE_CODE", "ru") == "ru" else "en"
    book = book_of(
        document_of(release, FrameworkDocument), release, support_counts(viewer.project.id, slug), language
    )
    response = HttpResponse(
        render_pdf(book, at=release.published_at, template=BOOK), content_type="application/pdf"
    )
    response["Content-Disposition"] = f'inline; filename="{slug}-{release.number}-{language}.pdf"'
    return response
