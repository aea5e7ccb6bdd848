"""Integration: all evidence of one person on one page, the mechanical result beside what the assessors agree."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from kamerton.apps.delivery.models import Participation
from kamerton.apps.delivery.queries import procedure_of
from kamerton.apps.observation import queries
from kamerton.apps.observation.actions import agree_at_integration, open_integration
from kamerton.apps.records.errors import InvalidInput, NotFound
from kamerton.apps.results import queries as results
from kamerton.formats.tables import write_csv, write_xlsx
from kamerton.values.texts import in_language
from kamerton.web.assessor.wording import language_of, person_full_name, person_name, role_word
from kamerton.web.viewer import Viewer, project_page


@dataclass(frozen=True, slots=True)
class Mechanical:
    """What the newest run made of the same evidence."""

    value: float
    se: float
    n: int
    run: int


def mechanical_results(participation: Participation) -> dict[str, Mechanical]:
    """Competency code → combined score of the newest run of the procedure's role; empty before the first run."""
    subject = getattr(participation.person, "subject", None)
    campaign = participation.campaign
    run = results.current_run(campaign.project_id, f"role:{procedure_of(campaign).fit_rule.role}")
    if run is None or subject is None:
        return {}
    return {
        score.code: Mechanical(score.value, score.se, score.n, run.number)
        for score in results.scores_of(run, subject.id)
        if score.source == "combined" and score.value is not None and score.se is not None
    }


@require_GET
@project_page("integrate")
def people(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:100]
    rows = [
        {"line": line, "name": person_full_name(line.participation.person, request)}
        for line in queries.integrations(viewer.actor, viewer.project.id, text)
    ]
    return render(request, "assessor/integration.html", {"stage": "assess", "rows": rows, "q": text})


@require_http_methods(["GET", "POST"])
@project_page("integrate")
def person(request: HttpRequest, viewer: Viewer, participation: UUID) -> HttpResponse:
    found = queries.participation_in(viewer.project.id, participation)
    if request.method == "POST":
        code = request.POST.get("competency", "")
        try:
            _agree(request, viewer, found, code)
        except InvalidInput as refusal:
            typed = {"value": request.POST.get("value", ""), "reason": request.POST.get("reason", "")}
            problem = {"code": code, "text": refusal.message(language_of(request)), **typed}
            return _person_page(request, viewer, found, problem)
        return redirect(f"{reverse('integration-person', args=[viewer.project.slug, found.id])}#c-{code}")
    return _person_page(request, viewer, found, None)


def _agree(request: HttpRequest, viewer: Viewer, found: Participation, code: str) -> None:
    evidence = queries.integration(viewer.actor, found)
    row = next((row for row in evidence.competencies if row.competency.code == code), None)
    if row is None:
        raise NotFound(what=code)
    given = request.POST.get("value", "").strip().replace(",", ".")
    try:
        value = float(given)
    except ValueError as fault:
        raise InvalidInput(
            what={
                "ru": f"{code}: «{given}» не число. Введите число от 1 до 5, например 3,5.",
                "en": f'{code}: "{given}" is not a number. Enter a number from 1 to 5, such as 3.5.',
            }
        ) from fault
    agree_at_integration(
        actor=viewer.actor,
        participation=found,
        competency=row.part,
        value=value,
        reason=request.POST.get("reason", ""),
        at=timezone.now(),
    )


def _person_page(
    request: HttpRequest, viewer: Viewer, found: Participation, problem: dict[str, str] | None
) -> HttpResponse:
    evidence = open_integration(actor=viewer.actor, participation=found, at=timezone.now())
    mechanical = mechanical_results(found) if evidence.competencies else {}
    names = {a.assessor_id: person_name(a.assessor, request) for a in evidence.appointments}
    context = {
        "stage": "assess",
        "evidence": evidence,
        "participation": found,
        "name": person_full_name(found.person, request),
        "names": names,
        "rows": [
            {
                "row": row,
                "mechanical": mechanical.get(row.competency.code),
                "problem": problem if problem and problem["code"] == row.competency.code else None,
            }
            for row in evidence.competencies
        ],
        "apart": sum(row.is_apart for row in evidence.competencies),
        "cells": sum(len(row.cells) for row in evidence.competencies),
        "instruments": len({a.instrument for a in evidence.appointments}),
        "centre": queries.centre_of(evidence) if evidence.appointments else None,
        "missing": [
            {"appointment": a, "name": names[a.assessor_id], "role": role_word(a.role)}
            for a in evidence.missing
        ],
    }
    return render(request, "assessor/integration_person.html", context, status=422 if problem else 200)


@require_GET
@project_page("integrate")
def export(request: HttpRequest, viewer: Viewer, participation: UUID, form: str) -> HttpResponse:
    """The raw ratings of one person, a row for each, with the notes behind them."""
    if form not in {"csv", "xlsx"}:
        raise NotFound(what=form)
    found = queries.participation_in(viewer.project.id, participation)
    evidence = open_integration(actor=viewer.actor, participation=found, at=timezone.now())
    language = language_of(request)
    head = [
        _("Competency"),
        _("Competency name"),
        _("Exercise"),
        _("Assessor"),
        _("Level"),
        _("Reason"),
        pgettext("assessor", "Notes"),
    ]
    rows: list[list[str | int | None]] = []
    for row in evidence.competencies:
        for cell in row.cells:
            for rater in cell.raters:
                notes = "\n".join(f"{n.mark} {n.sign} {n.text}" for n in rater.notes)
                rows.append(
                    [
                        row.competency.code,
                        in_language(row.competency.name, language),
                        cell.instrument,
                        person_name(rater.appointment.assessor, request),
                        rater.value,
                        _("not observed") if rater.reason == "not_observed" else rater.reason,
                        notes,
                    ]
                )
    if form == "xlsx":
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        response = HttpResponse(
            write_xlsx(head, rows, sheet=pgettext("assessor", "Ratings")), content_type=kind
        )
    else:
        response = HttpResponse(write_csv(head, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="ratings.{form}"'
    return response
