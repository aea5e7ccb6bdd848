"""The first page of a project: the loop with what is there and what comes next; the sample's switch; role packs."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from kamerton.apps.procedures.documents import PackDocument
from kamerton.apps.records.errors import NotFound
from kamerton.flows.install_pack import install_pack
from kamerton.formats.packs import PackError, open_pack
from kamerton.values.documents import DocumentError, read_document
from kamerton.web import queries
from kamerton.web.templatetags.kamerton import stage_links
from kamerton.web.viewer import VIEW_AS_ROLES, Viewer, project_page

FIRST_PAGE = {
    "leader": "roles/",
    "designer": "function/",
    "assessor": "assess/",
    "office": "campaigns/",
    "psychometrician": "assessors/",
    "auditor": "",
    "candidate": "try/",
}
"""Where a role of the sample's switch begins."""


@dataclass(frozen=True, slots=True)
class StageRow:
    word: str
    what: str
    is_there: tuple[str, ...]
    next_step: str
    address: str


@dataclass(frozen=True, slots=True)
class Pack:
    folder: str
    document: PackDocument


def packs() -> list[Pack]:
    """Role packs lying in the content folder; an unreadable one is left out (`kamerton pack check` names the fault)."""
    found: list[Pack] = []
    for path in sorted(settings.CONTENT.glob("*/pack.yaml")):
        try:
            data = open_pack(path.parent).data("pack.yaml")
            found.append(Pack(path.parent.name, read_document(PackDocument, data, what="pack.yaml")))
        except (PackError, DocumentError):
            continue
    return found


def _count(number: int, one: str) -> str:
    return one % {"n": number}


def stage_rows(viewer: Viewer, here: queries.Standing) -> list[StageRow]:
    links = {link.code: link.address for link in stage_links(viewer, "")}
    there: dict[str, list[str]] = {
        code: [] for code in ("describe", "build", "assess", "decide", "handover", "prove")
    }
    step: dict[str, str] = {}
    n = here
    if n.functions:
        there["describe"].append(
            _count(n.functions, ngettext("%(n)d function", "%(n)d functions", n.functions))
        )
    if n.frameworks:
        there["describe"].append(
            _count(n.frameworks, ngettext("%(n)d competency model", "%(n)d competency models", n.frameworks))
        )
    if not (n.functions and n.frameworks):
        step["describe"] = _("Describe the function and word the model, or install a role pack")
    if n.forms:
        there["build"].append(_count(n.forms, ngettext("%(n)d test", "%(n)d tests", n.forms)))
    if n.exercises:
        there["build"].append(
            _count(
                n.exercises,
                ngettext("%(n)d exercise or interview", "%(n)d exercises and interviews", n.exercises),
            )
        )
    if n.procedures:
        there["build"].append(
            _count(n.procedures, ngettext("%(n)d procedure", "%(n)d procedures", n.procedures))
        )
    else:
        step["build"] = _("Publish a procedure: nobody can be invited without one")
    if n.campaigns:
        there["assess"].append(
            _count(n.campaigns, ngettext("%(n)d campaign", "%(n)d campaigns", n.campaigns))
        )
        there["assess"].append(
            _("invited: %(n)d, finished a test: %(m)d") % {"n": n.invited, "m": n.finished}
        )
    elif n.procedures:
        step["assess"] = _("Open a campaign and invite people")
    if n.evaluated:
        there["decide"].append(_("evaluated: %(n)d, decided: %(m)d") % {"n": n.evaluated, "m": n.decided})
        if n.decided < n.evaluated:
            step["decide"] = _("Record decisions about those who have been evaluated")
    elif n.finished or n.submitted:
        step["decide"] = _("Run the evaluation: there are answers and ratings")
    if n.appointments:
        there["handover"].append(
            _("ratings handed in: %(m)d of %(n)d") % {"n": n.appointments, "m": n.submitted}
        )
    if n.decided:
        step["prove"] = _("Compare the decisions with what the accounts brought")
    words = {
        "describe": (_("Describe"), _("Processes, roles, competencies and what each role asks")),
        "build": (_("Build"), _("Tests, exercises, matrix, procedures")),
        "assess": (_("Assess"), _("Campaigns, sittings, observation")),
        "decide": (_("Decide"), _("Who is ready, who can grow, whom to hire")),
        "handover": (_("Hand over"), _("Severity and agreement of assessors")),
        "prove": (_("Prove"), _("Whether the assessment predicted results")),
    }
    return [
        StageRow(word, what, tuple(there[code]), step.get(code, ""), links.get(code, ""))
        for code, (word, what) in words.items()
    ]


@require_safe
@project_page(None)
def start(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    here = queries.standing(viewer.project.id)
    may_install = viewer.may("install_pack")
    context = {
        "here": here,
        "rows": stage_rows(viewer, here),
        "may_install": may_install,
        "packs": packs() if here.is_empty and may_install else [],
    }
    return render(request, "project.html", context)


@require_POST
@project_page("install_pack")
def install(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    folder = request.POST.get("pack", "")
    known = {pack.folder for pack in packs()}
    if folder not in known:
        raise NotFound(what=folder[:80])
    install_pack(
        actor=viewer.actor, project=viewer.project, root=settings.CONTENT / folder, at=timezone.now()
    )
    return redirect(f"/p/{viewer.project.slug}/function/")


@require_POST
@project_page(None)
def view_as(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The sample's switch: look through the eyes of another role."""
    role = request.POST.get("role", "")
    if not viewer.is_view_as or role not in {*VIEW_AS_ROLES, "candidate"}:
        raise NotFound(what=_("this view"))
    if role != "candidate":
        request.session[f"view-as:{viewer.project.slug}"] = role
    return redirect(f"/p/{viewer.project.slug}/{FIRST_PAGE[role]}")
