"""Where the model comes from: interviews and cases, what carries each indicator, rounds of sorting."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods, require_safe

from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.records.errors import InvalidInput, NotFound, Refused
from kamerton.apps.sources import queries, rules
from kamerton.apps.sources.actions import (
    add_incident,
    close_round,
    link_indicators,
    open_round,
    record_sources,
    remove_source,
)
from kamerton.apps.sources.documents import IncidentDocument, SourceDocument, SourceKind
from kamerton.apps.sources.models import Source
from kamerton.formats.incidents import IncidentRow, IncidentsDraft, read_incidents
from kamerton.formats.tables import TableRefused, read_table
from kamerton.values.texts import LangText, in_language
from kamerton.web.studio import uploads
from kamerton.web.studio.model import Shown, shown_model
from kamerton.web.viewer import Viewer, project_page


def _model(viewer: Viewer) -> Shown:
    found = shown_model(viewer)
    if found is None:
        raise NotFound(what={"ru": "модель компетенций", "en": "competency model"})
    return found


def _indicators(document: FrameworkDocument) -> frozenset[str]:
    return frozenset(i.code for c in document.competencies for i in c.indicators)


def _language(request: HttpRequest) -> str:
    return str(getattr(request, "LANGUAGE_CODE", "ru"))


@require_safe
@project_page("view_sources")
def source_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    model = _model(viewer)
    counts = queries.support_counts(viewer.project.id, model.slug)
    bare = [i for c in model.document.competencies for i in c.indicators if i.code not in counts]
    rows = list(queries.sources_of(viewer.actor, viewer.project.id, model.slug))
    context = {
        "stage": "describe", "model": model, "rows": rows, "bare": bare, "carried": len(_indicators(model.document)) - len(bare),
        "told": sum(row.told for row in rows), "rounds": queries.rounds_of(viewer.actor, viewer.project.id, model.slug),
        "may_edit": viewer.may("edit_sources"),
    }  # fmt: skip
    return render(request, "studio/sources.html", context)


@require_http_methods(["GET", "POST"])
@project_page("edit_sources")
def source_new(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    model = _model(viewer)
    problem = ""
    if request.method == "POST":
        try:
            source = _typed(request)
            record_sources(
                actor=viewer.actor, project=viewer.project, framework=model.slug, sources=[source],
                masks=_masks(request), is_checked=request.POST.get("checked") == "1", at=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            problem = refusal.message(_language(request))
        else:
            return redirect("source", project=viewer.project.slug, code=source.code)
    context = {
        "stage": "describe",
        "typed": request.POST,
        "masks": "",
        "problem": problem,
        "today": timezone.localdate().isoformat(),
    }
    return render(request, "studio/source_new.html", context, status=422 if problem else 200)


def _masks(request: HttpRequest) -> list[str]:
    return [word.strip() for word in request.POST.get("masks", "").split(",") if word.strip()]


def _typed(request: HttpRequest) -> SourceDocument:
    code, held = request.POST.get("code", "").strip(), parse_date(request.POST.get("held", "") or "-")
    respondent = request.POST.get("respondent", "").strip()
    if not re.fullmatch(r"[\w.-]{1,20}", code) or held is None or not respondent:
        raise InvalidInput(
            what={
                "ru": "Нужны код (до 20 букв и цифр), день и кто рассказал, ролью, а не именем.",
                "en": "A code (up to 20 letters and digits), a day and who told, by role and not by name, are needed.",
            }
        )
    kind: SourceKind = "focus_group" if request.POST.get("kind") == "focus_group" else "interview"
    return SourceDocument(code, kind, held, {_language(request): respondent}, [])


@require_http_methods(["GET", "POST"])
@project_page("view_sources")
def source(request: HttpRequest, viewer: Viewer, code: str) -> HttpResponse:
    """One interview: what was told, and which indicator each case carries."""
    model = _model(viewer)
    found = queries.source_in(viewer.actor, viewer.project.id, model.slug, code)
    problem, where = "", ""
    if request.method == "POST":
        viewer.require("edit_sources")
        where = request.POST.get("incident", "new")
        try:
            if request.POST.get("do") == "remove":
                remove_source(
                    actor=viewer.actor, source=found, reason=request.POST.get("reason", ""), at=timezone.now()
                )
                return redirect("sources", project=viewer.project.slug)
            place = _change(request, viewer, model, found)
        except Refused as refusal:
            problem = refusal.message(_language(request))
        else:
            return redirect(reverse("source", args=[viewer.project.slug, code]) + f"#{place}")
    names = {i.code: i.text for c in model.document.competencies for i in c.indicators}
    context = {
        "stage": "describe", "model": model, "source": found, "names": names, "masks": "", "problem": problem, "where": where,
        "typed": request.POST, "may_edit": viewer.may("edit_sources"), "next_code": _next_code(found),
        "incidents": [
            {"incident": incident, "links": [s.indicator for s in incident.supports.all()]} for incident in found.incidents.all()
        ],
    }  # fmt: skip
    return render(request, "studio/source.html", context, status=422 if problem else 200)


def _next_code(source: Source) -> str:
    taken = {incident.code for incident in source.incidents.all()}
    return next(f"{source.code}.{n}" for n in range(1, 1000) if f"{source.code}.{n}" not in taken)


def _change(request: HttpRequest, viewer: Viewer, model: Shown, source: Source) -> str:
    known = _indicators(model.document)
    if request.POST.get("do") == "link":
        incident = queries.incident_in(
            viewer.actor, viewer.project.id, UUID(request.POST.get("incident", ""))
        )
        link_indicators(
            actor=viewer.actor,
            incident=incident,
            indicators=request.POST.getlist("indicator"),
            known=known,
            at=timezone.now(),
        )
        return incident.code
    language = _language(request)
    told = {
        name: {language: request.POST.get(name, "").strip()} for name in ("situation", "behaviour", "result")
    }
    added = add_incident(
        actor=viewer.actor, source=source,
        incident=IncidentDocument(
            request.POST.get("code", "").strip() or _next_code(source), told["situation"], told["behaviour"],
            told["result"], request.POST.get("effective") == "1", request.POST.getlist("indicator"),
        ),
        known=known, masks=_masks(request), is_checked=request.POST.get("checked") == "1", at=timezone.now(),
    )  # fmt: skip
    return added.code


@require_safe
@project_page("view_sources")
def indicator(request: HttpRequest, viewer: Viewer, code: str) -> HttpResponse:
    """From an indicator back to the sentences it came from."""
    model = _model(viewer)
    competency = next((c for c in model.document.competencies for i in c.indicators if i.code == code), None)
    if competency is None:
        raise NotFound(what={"ru": f"индикатор {code}", "en": f"indicator {code}"})
    incidents = queries.carried(viewer.actor, viewer.project.id, model.slug, code)
    context = {
        "stage": "describe", "model": model, "competency": competency,
        "indicator": next(i for i in competency.indicators if i.code == code), "incidents": incidents,
        "sources": len({incident.source_id for incident in incidents}),
    }  # fmt: skip
    return render(request, "studio/source_indicator.html", context)


# ------------------------------------------------------------------------------------------------ import


@require_http_methods(["GET", "POST"])
@project_page("edit_sources")
def source_import(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """A table of cases: read, shown row by row, then kept whole or not at all."""
    model = _model(viewer)
    language = _language(request)
    problem, draft, token, hints = "", None, request.POST.get("token", ""), ()
    if request.method == "POST":
        try:
            path = (
                uploads.kept(viewer, "incidents", token)
                if token
                else uploads.received(request, viewer, "incidents")
            )
            token = uploads.token_of(path)
            draft = _draft(path, model)
            hints = _personal(draft)
            if request.POST.get("do") == "keep" and not draft.problems:
                done = record_sources(
                    actor=viewer.actor, project=viewer.project, framework=model.slug,
                    sources=_documents(draft, language), known=_indicators(model.document), masks=_masks(request),
                    is_checked=request.POST.get("checked") == "1", at=timezone.now(),
                )  # fmt: skip
                path.unlink(missing_ok=True)
                return redirect(reverse("sources", args=[viewer.project.slug]) + f"?kept={done.incidents}")
        except TableRefused as refusal:
            problem = refusal.message(language)
        except Refused as refusal:
            problem = refusal.message(language)
    context = {
        "stage": "describe", "problem": problem, "draft": draft, "token": token, "hints": hints, "masks": request.POST.get("masks", ""), "typed": {},
    }  # fmt: skip
    return render(
        request,
        "studio/source_import.html",
        context,
        status=422 if problem or (draft and draft.problems) else 200,
    )


def _draft(path: Path, model: Shown) -> IncidentsDraft:
    table = read_table(path.read_bytes(), name=f"table{path.suffix}")
    return read_incidents(table, known=_indicators(model.document), today=timezone.localdate())


def _personal(draft: IncidentsDraft) -> tuple[str, ...]:
    texts = [t for row in draft.rows for t in (row.respondent, row.situation, row.behaviour, row.result)]
    return tuple(dict.fromkeys(word for text in texts for word in rules.suspects(text)))


def _documents(draft: IncidentsDraft, language: str) -> list[SourceDocument]:
    """Rows of one source together, in the order of the table."""

    def said(text: str) -> LangText:
        return {language: text} if text else {}

    found: list[SourceDocument] = []
    ordered: dict[str, list[IncidentRow]] = {code: list(rows) for code, rows in _grouped(draft)}
    for code, rows in ordered.items():
        first = rows[0]
        found.append(
            SourceDocument(
                code,
                first.kind,
                first.held,
                said(first.respondent),  # type: ignore[arg-type]
                [
                    IncidentDocument(
                        r.code,
                        said(r.situation),
                        said(r.behaviour),
                        said(r.result),
                        r.effective,
                        list(r.indicators),
                    )
                    for r in rows
                ],
            )
        )
    return found


def _grouped(draft: IncidentsDraft) -> list[tuple[str, list[IncidentRow]]]:
    order = {code: n for n, code in enumerate(dict.fromkeys(row.source for row in draft.rows))}
    rows = sorted(draft.rows, key=lambda row: order[row.source])
    return [(code, list(group)) for code, group in groupby(rows, key=lambda row: row.source)]


# ------------------------------------------------------------------------------------------------ sorting


@require_http_methods(["GET", "POST"])
@project_page("edit_sources")
def round_new(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    model = _model(viewer)
    problem = ""
    if request.method == "POST":
        try:
            least = request.POST.get("least", "").replace(",", ".")
            opened = open_round(
                actor=viewer.actor, project=viewer.project, framework=model.slug, kind=request.POST.get("kind", ""),
                cards=_cards(viewer, model, request.POST.get("kind", "")),
                targets=[{"code": c.code, "name": c.name, "definition": c.definition} for c in model.document.competencies],
                least=float(least) if re.fullmatch(r"\d+(\.\d+)?", least) else 0,
                judges=request.POST.get("judges", "").splitlines(), at=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            problem = refusal.message(_language(request))
        else:
            # The links are shown once: only their hashes are kept.
            links = [
                (label, request.build_absolute_uri(reverse("sort", args=[token])))
                for label, token in opened.links
            ]
            return render(
                request,
                "studio/sort_links.html",
                {"stage": "describe", "round": opened.round, "links": links},
            )
    context = {
        "stage": "describe", "problem": problem, "typed": request.POST, "indicators": len(_indicators(model.document)),
        "incidents": len(_cards(viewer, model, "incidents")),
    }  # fmt: skip
    return render(request, "studio/sort_new.html", context, status=422 if problem else 200)


def _cards(viewer: Viewer, model: Shown, kind: str) -> list[dict[str, Any]]:
    home = {i.code: c.code for c in model.document.competencies for i in c.indicators}
    if kind == "indicators":
        return [
            {"code": i.code, "text": i.text, "home": c.code}
            for c in model.document.competencies
            for i in c.indicators
        ]
    cards: list[dict[str, Any]] = []
    for row in queries.sources_of(viewer.actor, viewer.project.id, model.slug):
        source = queries.source_in(viewer.actor, viewer.project.id, model.slug, row.code)
        for incident in source.incidents.all():
            homes = {home[s.indicator] for s in incident.supports.all() if s.indicator in home}
            # A case that carries indicators of two competencies has no one home: it is sorted and not counted.
            cards.append(
                {
                    "code": incident.code,
                    "text": _told(incident),
                    "home": homes.pop() if len(homes) == 1 else "",
                }
            )
    return cards


def _told(incident: Any) -> LangText:
    tags = [tag for tag in ("ru", "en") if incident.behaviour.get(tag)]
    return {
        tag: " ".join(
            filter(None, (incident.situation.get(tag), incident.behaviour[tag], incident.result.get(tag)))
        )
        for tag in tags
    }


@require_http_methods(["GET", "POST"])
@project_page("view_sources")
def round_page(request: HttpRequest, viewer: Viewer, round_id: UUID) -> HttpResponse:
    found = queries.round_in(viewer.actor, viewer.project.id, round_id)
    if request.method == "POST":
        close_round(actor=viewer.actor, round_=found, at=timezone.now())
        return redirect("sort-round", project=viewer.project.slug, round_id=round_id)
    result = queries.result_of(found)
    language = _language(request)
    texts = {card["code"]: in_language(card["text"], language) for card in found.cards}
    names = {t["code"]: in_language(t["name"], language) for t in found.targets}
    rows = []
    if result.back is not None:
        table = result.back.items
        for n in range(len(table["item"])):
            rows.append(
                {name: table[name][n] for name in ("item", "target", "n", "agreed", "share", "low", "high", "validity", "rival", "clear")}
                | {"text": texts[str(table["item"][n])]}
            )  # fmt: skip
        rows.sort(key=lambda row: float(row["share"]))
    context = {
        "stage": "describe", "round": found, "result": result, "rows": rows, "names": names, "may_edit": viewer.may("edit_sources"),
        "below": sum(not row["clear"] for row in rows),
        "dimensions": [(code, names.get(code, code), share) for code, share in (result.back.dimensions.items() if result.back else ())],
        "homeless": sum(not card["home"] for card in found.cards), "few": bool(result.back and any("few_judges" in f for f in result.back.flags)),
    }  # fmt: skip
    return render(request, "studio/sort_round.html", context)
