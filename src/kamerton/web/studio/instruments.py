"""Forms and exercises in force, with their keys: for those who build and check them."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import localdate
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kamerton.apps.delivery.queries import shown_counts
from kamerton.apps.frameworks.documents import Competency, FrameworkDocument, Indicator
from kamerton.apps.instruments.documents import FormDocument, Item
from kamerton.apps.instruments.queries import Instrument, instrument_by_slug, instruments_in_force
from kamerton.apps.records.queries import document_of, latest_release
from kamerton.formats.tables import Value
from kamerton.values.texts import LangText, in_language
from kamerton.web.viewer import Viewer, project_page

from .item_keys import TableView, item_views, table_view, type_word
from .matrix import table_file


def kind_word(instrument: Instrument) -> str:
    words = {
        "form": pgettext("instrument kind", "Test"),
        "written": pgettext("instrument kind", "Written part of an exercise"),
        "in_tray": pgettext("instrument kind", "In-tray"),
        "role_play": pgettext("instrument kind", "Role-play"),
        "presentation": pgettext("instrument kind", "Preparation and meeting"),
        "group_case": pgettext("instrument kind", "Case, alone and in a group"),
        "interview": pgettext("instrument kind", "Structured interview"),
    }
    if instrument.exercise:
        return words[instrument.exercise.kind]
    return words["written" if instrument.form and instrument.form.exercise else "form"]


@dataclass(frozen=True, slots=True)
class BlueprintRow:
    code: str
    competency: Competency | None
    classic: list[Item]
    case: list[Item]
    points: int
    share: float


def blueprint(form: FormDocument, framework: FrameworkDocument | None) -> list[BlueprintRow]:
    """Block × kind of item, in the framework's order."""
    competencies = {c.code: c for c in framework.competencies} if framework else {}
    codes = [code for code in competencies if any(item.competency == code for item in form.items)]
    codes += [c for c in dict.fromkeys(item.competency for item in form.items) if c not in competencies]
    total = sum(item.points for item in form.items)
    rows: list[BlueprintRow] = []
    for code in codes:
        mine = [item for item in form.items if item.competency == code]
        points = sum(item.points for item in mine)
        classic, case = ([item for item in mine if item.kind == kind] for kind in ("classic", "case"))
        rows.append(BlueprintRow(code, competencies.get(code), classic, case, points, points / total))
    return rows


def framework_of(viewer: Viewer, slug: str) -> FrameworkDocument | None:
    release = latest_release(viewer.project.id, "framework", slug)
    return document_of(release, FrameworkDocument) if release else None


@dataclass(frozen=True, slots=True)
class InstrumentRow:
    instrument: Instrument
    kind: str
    size: str


def _size(instrument: Instrument) -> str:
    minutes = ngettext("%(n)d minute", "%(n)d minutes", instrument.minutes) % {"n": instrument.minutes}
    if instrument.form is None:
        return minutes
    count = len(instrument.form.items)
    items = ngettext("%(n)d item", "%(n)d items", count) % {"n": count}
    points = ngettext("%(n)d point", "%(n)d points", instrument.points) % {"n": instrument.points}
    return f"{items}, {points}, {minutes}"


@require_safe
@project_page("view_instruments")
def instrument_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Every released instrument of the project."""
    found = instruments_in_force(viewer.project.id)
    models = [framework_of(viewer, slug) for slug in dict.fromkeys(i.document.framework for i in found)]
    competencies = [c for model in models if model for c in model.competencies]
    context = {
        "stage": "build",
        "rows": [InstrumentRow(i, kind_word(i), _size(i)) for i in found],
        "forms": sum(i.kind == "form" for i in found),
        "exercises": sum(i.kind == "exercise" for i in found),
        "later": [i for i in found if not i.is_complete],
        "competencies": competencies,
    }
    return render(request, "studio/instruments.html", context)


@require_safe
@project_page("view_instruments")
def instrument_table(request: HttpRequest, viewer: Viewer, form: str) -> HttpResponse:
    """The list as a file; keys stay on the page of each instrument."""
    language = get_language() or "ru"
    head = [
        _("Instrument"), pgettext("studio", "Kind"), _("Competencies"), pgettext("studio", "Items"),
        pgettext("studio", "Points"), pgettext("studio", "Minutes"), pgettext("studio", "Release"), _("Published"),
        pgettext("studio", "Materials"),
    ]  # fmt: skip
    rows: list[list[Value]] = [
        [
            in_language(i.document.name, language), kind_word(i), ", ".join(i.competencies),
            len(i.form.items) if i.form else None, i.points if i.form else None, i.minutes, i.release.number,
            localdate(i.release.published_at, ZoneInfo(viewer.project.zone)), pgettext("studio", "complete") if i.is_complete else _("come later"),
        ]
        for i in instruments_in_force(viewer.project.id)
    ]  # fmt: skip
    return table_file("instruments", form, head, rows, _("Instruments"))


@require_safe
@project_page("view_instruments")
def instrument(request: HttpRequest, viewer: Viewer, slug: str) -> HttpResponse:
    """One instrument in full: what a person sees beside the key, or the whole material of an exercise."""
    found = instrument_by_slug(viewer.project.id, slug)
    if found.form is not None:
        return _form_page(request, viewer, found, found.form)
    return _exercise_page(request, viewer, found)


def _form_page(request: HttpRequest, viewer: Viewer, found: Instrument, form: FormDocument) -> HttpResponse:
    framework = framework_of(viewer, form.framework)
    rows = blueprint(form, framework)
    types = list(dict.fromkeys(item.type for item in form.items))
    competency, item_type = request.GET.get("competency", ""), request.GET.get("type", "")
    competency = competency if any(row.code == competency for row in rows) else ""
    item_type = item_type if item_type in types else ""
    items = [
        item
        for item in form.items
        if competency in ("", item.competency) and item_type in ("", item.type)
    ]  # fmt: skip
    context = {
        "stage": "build",
        "instrument": found,
        "form": form,
        "rows": rows,
        "types": [(code, type_word(code)) for code in types],
        "competency": competency,
        "item_type": item_type,
        "items": item_views(form, items, framework, shown_counts(viewer.project.id)),
        "classic_points": sum(item.points for item in form.items if item.kind == "classic"),
        "case_points": sum(item.points for item in form.items if item.kind == "case"),
        "blocks": len(rows),
        "is_filtered": bool(competency or item_type),
    }
    return render(request, "studio/instrument_form.html", context)


@dataclass(frozen=True, slots=True)
class PhaseView:
    name: LangText
    minutes: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class BriefView:
    title: LangText
    paragraphs: list[LangText]
    table: TableView | None


@dataclass(frozen=True, slots=True)
class RatedView:
    """A competency on the observation sheet: indicators it can show here, and the five anchors with level words."""

    code: str
    competency: Competency | None
    indicators: list[Indicator]
    anchors: list[tuple[int, LangText, LangText]]


def line_word(kind: str) -> str:
    words = {
        "line": pgettext("script", "line"),
        "trigger": pgettext("script", "trigger"),
        "reveal": pgettext("script", "reveal if asked"),
        "concession": pgettext("script", "concession"),
        "step": pgettext("script", "step"),
    }
    return words[kind]


def _exercise_page(request: HttpRequest, viewer: Viewer, found: Instrument) -> HttpResponse:
    exercise = found.exercise
    assert exercise is not None  # the caller has told it from a form
    framework = framework_of(viewer, exercise.framework)
    competencies = {c.code: c for c in framework.competencies} if framework else {}
    indicators = {i.code: i for c in competencies.values() for i in c.indicators}
    words = {level.value: level.word for level in framework.scale} if framework else {}
    phases: list[PhaseView] = []
    for phase in exercise.phases:
        start = phases[-1].end if phases else 0
        phases.append(PhaseView(phase.name, phase.minutes, start, start + phase.minutes))
    context = {
        "stage": "build",
        "instrument": found,
        "exercise": exercise,
        "kind": kind_word(found),
        "phases": phases,
        "briefs": [BriefView(b.title, b.paragraphs, table_view(b.table)) for b in exercise.candidate_brief],
        "script": [(line, line_word(line.kind)) for line in exercise.role_player_script],
        "admin_script": exercise.administrator_script,
        "materials": [(s, table_view(s.table)) for s in exercise.materials],
        "written": latest_release(viewer.project.id, "form", exercise.written) if exercise.written else None,
        "questions": [
            (q, [(level, words.get(level, {}), text) for level, text in enumerate(q.anchors, start=1)])
            for q in exercise.questions
        ],
        "rated": [
            RatedView(
                row.competency,
                competencies.get(row.competency),
                [indicators[code] for code in row.indicators if code in indicators],
                [(level, words.get(level, {}), text) for level, text in enumerate(row.anchors, start=1)],
            )
            for row in exercise.rated
        ],
    }
    return render(request, "studio/instrument_exercise.html", context)
