"""The competency model: tree, one competency in both languages, profiles of roles, versions, checks, where it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kamerton.apps.frameworks import queries as frameworks
from kamerton.apps.frameworks import rules, wording
from kamerton.apps.frameworks.actions import NumberEdit, TextEdit, apply_edits, dismiss_finding, undo_change
from kamerton.apps.frameworks.documents import Cluster, Competency, FrameworkDocument, RoleProfile, Target
from kamerton.apps.frameworks.models import Framework
from kamerton.apps.procedures.queries import uses_of_competency
from kamerton.apps.records.errors import NotFound, Refused
from kamerton.apps.records.models import Release
from kamerton.apps.records.queries import document_of, latest_release
from kamerton.apps.sources.queries import support_counts
from kamerton.web.studio import drafts
from kamerton.web.viewer import Viewer, project_page


@dataclass(frozen=True, slots=True)
class Shown:
    slug: str
    document: FrameworkDocument
    release: Release | None
    draft: Framework | None

    @property
    def is_draft(self) -> bool:
        return self.draft is not None


def shown_model(viewer: Viewer, slug: str = "") -> Shown | None:
    """A designer sees the draft, others the release in force; None if there is nothing to see."""
    for found in [slug] if slug else frameworks.framework_slugs(viewer.project.id):
        release = latest_release(viewer.project.id, "framework", found)
        draft = frameworks.draft_if_any(viewer.project.id, found) if viewer.may("edit_model") else None
        if draft is not None:
            return Shown(found, frameworks.draft_document(draft.identity), release, draft)
        if release is not None:
            return Shown(found, document_of(release, FrameworkDocument), release, None)
    return None


def _tree(document: FrameworkDocument) -> list[tuple[Cluster | None, list[Competency]]]:
    by_code = {c.code: c for c in document.competencies}
    groups: list[tuple[Cluster | None, list[Competency]]] = [
        (cluster, [by_code[code] for code in cluster.competencies if code in by_code])
        for cluster in document.clusters
    ]
    grouped = {c.code for _cluster, members in groups for c in members}
    rest = [c for c in document.competencies if c.code not in grouped]
    return [*groups, (None, rest)] if rest else groups


@dataclass(frozen=True, slots=True)
class ProfileRow:
    profile: RoleProfile
    targets: tuple[Target | None, ...]


def _profiles(document: FrameworkDocument) -> list[ProfileRow]:
    rows: list[ProfileRow] = []
    for profile in document.profiles:
        by_code = {target.competency: target for target in profile.targets}
        rows.append(ProfileRow(profile, tuple(by_code.get(c.code) for c in document.competencies)))
    return rows


def _competency_form(
    competency: Competency, document: FrameworkDocument, typed: Mapping[str, str]
) -> dict[str, object]:
    base = f"competency/{competency.code}"
    words = {level.value: level.word for level in document.scale}
    labels = {
        "name": _("Name of the competency"), "short": _("Short name"), "definition": _("Definition"), "knowledge": _("Knowledge"),
        "development": _("Development step"),
    }  # fmt: skip
    return {
        "texts": [
            drafts.text_fields(f"{base}/{name}", label, getattr(competency, name), typed)
            for name, label in labels.items()
        ],
        "levels": [
            {
                "value": level.value,
                "word": words.get(level.value, {}),
                "fields": drafts.text_fields(
                    f"{base}/level/{level.value}", _("Level %(n)d") % {"n": level.value}, level.anchor, typed
                ),
            }
            for level in competency.levels
        ],
        "indicators": [
            {"code": i.code, "fields": drafts.text_fields(f"indicator/{i.code}/text", i.code, i.text, typed)}
            for i in competency.indicators
        ],
    }


def _profile_form(
    profile: RoleProfile, document: FrameworkDocument, language: str, typed: Mapping[str, str]
) -> list[dict[str, object]]:
    names = {c.code: c.name for c in document.competencies}
    labels = {"target": _("Target"), "minimum": _("Minimum"), "weight": _("Weight")}
    return [
        {
            "code": target.competency,
            "name": names.get(target.competency, {}),
            "fields": [
                drafts.number_field(
                    f"profile/{profile.role}/target/{target.competency}/{name}", f"{target.competency}, {label}",
                    getattr(target, name), language, typed,
                )
                for name, label in labels.items()
            ],
        }
        for target in profile.targets
    ]  # fmt: skip


def _questions(shown: Shown, carried: frozenset[str], code: str, language: str) -> dict[str, object]:
    """What an editor would ask about the draft: open questions, and those set aside with their reasons."""
    if shown.draft is None:
        return {"questions": [], "set_aside": []}
    found = wording.findings(shown.document, carried=carried or None)
    mine = [f for f in found if not code or f.code == code or f.code.startswith(f"{code}.")]
    dismissed = frameworks.dismissals_of(shown.draft.identity)
    rows = [{"finding": f, "why": wording.WHY[f.rule], "dismissal": dismissed.get(f.mark)} for f in mine]
    return {
        "questions": [row for row in rows if row["dismissal"] is None],
        "set_aside": [row for row in rows if row["dismissal"] is not None],
    }


def _page(
    request: HttpRequest,
    viewer: Viewer,
    *,
    code: str = "",
    role: str = "",
    is_editing: bool = False,
    refusal: Refused | None = None,
) -> HttpResponse:
    language = request.LANGUAGE_CODE  # type: ignore[attr-defined]
    shown = shown_model(viewer, request.GET.get("model", ""))
    if shown is None:
        return render(
            request,
            "studio/model_empty.html",
            {"stage": "describe", "may_install": viewer.may("install_pack")},
        )
    document = shown.document
    competency = next((c for c in document.competencies if c.code == code), None)
    profile = next((p for p in document.profiles if p.role == role), None)
    if (code and competency is None) or (role and profile is None):
        raise NotFound(what=code or role)
    typed = drafts.typed_values(request.POST) if request.method == "POST" else {}
    may_edit = shown.is_draft
    support = support_counts(viewer.project.id, shown.slug)
    context = {
        "stage": "describe",
        "shown": shown,
        "document": document,
        "tree": _tree(document),
        "competency": competency,
        "words": {level.value: level.word for level in document.scale},
        "profiles": _profiles(document),
        "profile": profile,
        "indicator_count": sum(len(c.indicators) for c in document.competencies),
        "breaches": rules.breaches(document),
        "changes": rules.differences(document_of(shown.release, FrameworkDocument), document)
        if shown.is_draft and shown.release
        else [],
        "history": [
            drafts.HistoryRow(change, rules.place_words(change.path))
            for change in frameworks.history_of(shown.draft.identity, 8)
        ]
        if shown.draft
        else [],
        "versions": drafts.versions(viewer, "framework", shown.slug),
        "uses": uses_of_competency(viewer.project.id, document.code, code) if code else [],
        "may_see_instruments": viewer.may("view_instruments"),
        "support": support,
        **_questions(shown, frozenset(support), code, language),
        "is_editing": is_editing and may_edit,
        "form": _competency_form(competency, document, typed)
        if competency and is_editing and may_edit
        else None,
        "profile_form": _profile_form(profile, document, language, typed) if profile and may_edit else None,
        "message": drafts.message_of(refusal, language),
    }
    return render(request, "studio/model.html", context, status=refusal.status if refusal else 200)


@require_safe
@project_page("view_model")
def model(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    return _page(
        request, viewer, role=request.GET.get("profile", ""), is_editing=request.GET.get("edit") == "1"
    )


@require_safe
@project_page("view_model")
def competency(request: HttpRequest, viewer: Viewer, code: str) -> HttpResponse:
    return _page(request, viewer, code=code, is_editing=request.GET.get("edit") == "1")


@require_POST
@project_page("edit_model")
def edit(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Write what the form of a competency or of a profile changed; a refused form comes back as typed."""
    draft = frameworks.draft_of(viewer.project.id, request.POST.get("slug", ""))
    code, role = request.POST.get("competency", ""), request.POST.get("profile", "")
    try:
        texts = [
            TextEdit(path, before, value) for path, before, value in drafts.posted(request.POST, drafts.TEXT)
        ]
        numbers = [
            NumberEdit(path, drafts.read_number(before), drafts.read_number(value))
            for path, before, value in drafts.posted(request.POST, drafts.NUMBER)
        ]
        apply_edits(actor=viewer.actor, draft=draft, texts=texts, numbers=numbers, at=timezone.now())
    except NotFound:
        raise
    except Refused as refusal:
        return _page(request, viewer, code=code, role=role, is_editing=True, refusal=refusal)
    base = f"/p/{viewer.project.slug}/model/"
    return redirect(f"{base}{code}/" if code else f"{base}#profiles")


@require_POST
@project_page("edit_model")
def undo(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    draft = frameworks.draft_of(viewer.project.id, request.POST.get("slug", ""))
    number = request.POST.get("change", "")
    change = frameworks.change_of(draft.identity, int(number) if number.isdigit() else 0)
    undo_change(actor=viewer.actor, draft=draft, change=change, at=timezone.now())
    return redirect(f"/p/{viewer.project.slug}/model/#history")


@require_POST
@project_page("edit_model")
def dismiss(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Set a question to the wording aside, with the reason."""
    draft = frameworks.draft_of(viewer.project.id, request.POST.get("slug", ""))
    code = request.POST.get("competency", "")
    try:
        dismiss_finding(
            actor=viewer.actor, identity=draft.identity, mark=request.POST.get("mark", ""),
            reason=request.POST.get("reason", ""), at=timezone.now(),
        )  # fmt: skip
    except Refused as refusal:
        return _page(request, viewer, code=code, refusal=refusal)
    base = f"/p/{viewer.project.slug}/model/"
    return redirect(f"{base}{code}/#questions" if code else f"{base}#questions")
