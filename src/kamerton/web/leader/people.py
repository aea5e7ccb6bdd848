"""The page of a person against a role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from kamerton.apps.decisions.rules import OUTCOME_WORDS, OUTCOMES
from kamerton.apps.reporting.actions import note_view
from kamerton.apps.reporting.readmodels import PersonPage, person_page
from kamerton.apps.reporting.readmodels.headlines import Headline
from kamerton.apps.reporting.readmodels.person_page import ProfileRow
from kamerton.values.texts import in_language
from kamerton.web.charts import (
    ProbabilityPart,
    probability_strip,
    profile_axis,
    profile_row,
)
from kamerton.web.charts import (
    ProfileRow as Chart,
)
from kamerton.web.viewer import Viewer, project_page

from .roles import reader

CHART = 320
"""Fits a phone of 360 px beside its margins: one picture for all widths."""
GLYPHS = {
    "appoint": "ready",
    "develop": "developing",
    "other_role": "other_role",
    "more_evidence": "open",
    "not_now": "not_now",
}


@dataclass(frozen=True, slots=True)
class DecisionForm:
    """What stands in the form: nothing chosen at first; what was typed after a refusal."""

    key: str
    outcome: str = ""
    role: str = ""
    reason: str = ""
    error: str = ""
    error_field: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    code: str
    word: str
    glyph: str
    is_proposed: bool


@require_safe
@project_page("view_results")
def person(request: HttpRequest, viewer: Viewer, role: str, person: UUID) -> HttpResponse:
    page = person_page(viewer.project, role, person, reader())
    note_view(
        actor=viewer.actor, project=viewer.project, persons=[person], what="person_page",
        details={"role": role, "run": page.run.number}, at=timezone.now(),
    )  # fmt: skip
    return person_response(request, viewer, page, DecisionForm(key=str(uuid4())))


def person_response(
    request: HttpRequest, viewer: Viewer, page: PersonPage, form: DecisionForm, status: int = 200
) -> HttpResponse:
    language = reader()
    context: dict[str, Any] = {
        "stage": "decide",
        "page": page,
        "form": form,
        "rows": [(row, _competency_chart(row, language)) for row in page.rows],
        "headlines": [(row, _headline_chart(row, language)) for row in page.headlines],
        "axis": profile_axis(language=language, width=CHART),
        "strip": _strip(page, language),
        "choices": [
            Choice(code, in_language(OUTCOME_WORDS[code], language), GLYPHS[code], code == page.proposed)
            for code in OUTCOMES
        ],
        "may_decide": viewer.may("decide"),
        "may_issue": viewer.may("issue_report"),
        "columns": 5,
    }
    return render(request, "leader/person.html", context, status=status)


def _competency_chart(row: ProfileRow, language: str) -> SafeString:
    cell = row.cell
    chart = Chart(cell.value, cell.se, cell.head.target, cell.head.minimum, cell.head.cut)
    return profile_row(chart, language=language, width=CHART, decorative=True)


def _headline_chart(row: Headline, language: str) -> SafeString:
    chart = Chart(row.value, row.se, row.target, None, row.wall)
    return profile_row(chart, language=language, width=CHART, decorative=True)


def _strip(page: PersonPage, language: str) -> SafeString | str:
    """Only where the four shares are there: a person without enough evidence has none."""
    if len(page.shares) < 4:
        return ""
    parts = [ProbabilityPart(share.code, share.word, share.p) for share in page.shares]
    return probability_strip(parts, language=language, width=320)
