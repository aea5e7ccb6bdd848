"""Procedures in force: both lanes side by side, and one procedure in full."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kamerton.apps.frameworks.documents import Competency, Target
from kamerton.apps.procedures.documents import ProcedureInstrument, Stage
from kamerton.apps.procedures.queries import ProcedureView, procedure_by_slug, procedures_in_force
from kamerton.apps.procedures.rules import composite_cut
from kamerton.values.texts import in_language
from kamerton.web.viewer import Viewer, project_page
from kamerton.web.wording import day_text

from .matrix import matrix_view, worst_first

INVITATION_DAYS = 14
"""The preview shows a link that works for two weeks; a campaign sets its own term."""


def lane_word(lane: str) -> str:
    words = {
        "external": pgettext("lane", "External candidates"),
        "internal": pgettext("lane", "Employees of the company"),
    }
    return words[lane]


def purpose_word(purpose: str) -> str:
    words = {
        "selection": pgettext("purpose", "selection"),
        "development": pgettext("purpose", "development"),
        "self": pgettext("purpose", "for oneself"),
    }
    return words[purpose]


@dataclass(frozen=True, slots=True)
class StageView:
    stage: Stage
    instruments: tuple[ProcedureInstrument, ...]
    minutes: int


def stage_views(procedure: ProcedureView) -> list[StageView]:
    columns = {i.code: i for i in procedure.document.instruments}
    rows: list[StageView] = []
    for stage in procedure.document.stages:
        mine = tuple(columns[code] for code in stage.instruments if code in columns)
        rows.append(StageView(stage, mine, sum(i.minutes for i in mine)))
    return rows


@dataclass(frozen=True, slots=True)
class LaneView:
    procedure: ProcedureView
    lane: str
    purposes: str
    stages: list[StageView]
    broken: int
    doubtful: int

    @property
    def days(self) -> int:
        """Longest time the stages may take together."""
        return sum(view.stage.days or 0 for view in self.stages)


def lane_view(procedure: ProcedureView) -> LaneView:
    states = [check.state for check in procedure.checks]
    purposes = ", ".join(purpose_word(purpose) for purpose in procedure.document.purposes)
    return LaneView(
        procedure, lane_word(procedure.document.lane), purposes, stage_views(procedure),
        states.count("bad"), states.count("unsure"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gate:
    """What the role asks of a competency. The cut stands half a level below the minimum."""

    competency: Competency
    target: Target
    cut: float


def invitation_preview(procedure: ProcedureView, now: datetime, zone: str) -> tuple[str, list[str]]:
    """Subject and paragraphs as a person would read them, with an invented name and a link that leads nowhere."""
    language = (get_language() or "ru").split("-")[0]
    texts = procedure.document.texts
    until = (now + timedelta(days=INVITATION_DAYS)).astimezone(ZoneInfo(zone)).date()
    body = in_language(texts.invitation_body, language)
    # Not str.format: a brace typed into a text must not bring the page down.
    for mark, value in (
        ("{name}", _("Name of the person")),
        ("{link}", _("[personal link]")),
        ("{until}", day_text(until, language)),
    ):
        body = body.replace(mark, value)
    paragraphs = [line.strip() for line in body.split("\n\n")]
    return in_language(texts.invitation_subject, language), [line for line in paragraphs if line]


@require_safe
@project_page("view_procedures")
def procedure_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The lanes side by side."""
    lanes = [lane_view(procedure) for procedure in procedures_in_force(viewer.project.id)]
    context = {
        "stage": "build",
        "lanes": lanes,
        "broken": sum(lane.broken for lane in lanes),
        "doubtful": sum(lane.doubtful for lane in lanes),
        "may_open": viewer.may("view_instruments"),
    }
    return render(request, "studio/procedures.html", context)


@require_safe
@project_page("view_procedures")
def procedure(request: HttpRequest, viewer: Viewer, slug: str) -> HttpResponse:
    """One procedure: stages, texts, consents, matrix, cuts, fit rule and its check list."""
    found = procedure_by_slug(viewer.project.id, slug)
    profile = found.profile
    targets = {target.competency: target for target in profile.targets} if profile else {}
    subject, paragraphs = invitation_preview(found, timezone.now(), viewer.project.zone)
    context = {
        "stage": "build",
        "procedure": found,
        "document": found.document,
        "lane": lane_view(found),
        "consents": [(consent, purpose_word(consent.purpose)) for consent in found.document.consents],
        "matrix": matrix_view(found),
        "checks": worst_first(found.checks),
        "subject": subject,
        "invitation": paragraphs,
        "profile": profile,
        "gates": [
            Gate(c, targets[c.code], targets[c.code].minimum - 0.5)
            for c in found.competencies
            if c.code in targets
        ],
        "composite_cut": composite_cut(profile) if profile else None,
        "trainable": [c for c in found.competencies if c.trainable],
        "names": {c.code: c for c in found.competencies},
        "lead_points": round(found.document.fit_rule.other_role_lead * 100),
        "may_open": viewer.may("view_instruments"),
    }
    return render(request, "studio/procedure.html", context)
