"""Campaigns: who is invited to which procedure, when, and how far everybody has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from kamerton.apps.delivery import queries
from kamerton.apps.delivery.actions import (
    add_participant,
    grant_time,
    invite,
    open_campaign,
    open_written_part,
    revoke,
    set_accommodation,
)
from kamerton.apps.delivery.actions.invite import mail_to
from kamerton.apps.delivery.models import Campaign, Participation
from kamerton.apps.delivery.rules import LINK_MARK, NEEDS
from kamerton.apps.people.queries import full_name, person_in, search_people, unit_and_title
from kamerton.apps.procedures.documents import ProcedureDocument
from kamerton.apps.records.errors import InvalidInput, NotFound, Refused
from kamerton.apps.records.models import Project
from kamerton.apps.records.queries import document_of, releases_in_force
from kamerton.formats.tables import write_csv, write_xlsx
from kamerton.values.texts import in_language
from kamerton.web.office.wording import event_words
from kamerton.web.viewer import Viewer, project_page
from kamerton.web.wording import need_word

FOUND_AT_ONCE = 30
"""People shown for one search: more than a person reads; a longer list asks for another word."""


def state_words(state: str) -> str:
    return {
        "withdrawn": pgettext("participation", "withdrawn"),
        "finished": pgettext("participation", "finished"),
        "started": pgettext("participation", "answering"),
        "consented": pgettext("participation", "gave consent"),
        "seen": pgettext("participation", "opened the link"),
        "invited": pgettext("participation", "invited"),
        "added": pgettext("participation", "not invited yet"),
    }[state]


def purpose_words(purpose: str) -> str:
    return {
        "selection": pgettext("purpose", "selection"),
        "development": pgettext("purpose", "development"),
        "self": pgettext("purpose", "for oneself"),
    }[purpose]


def finish_words(reason: str) -> str:
    return {
        "candidate": pgettext("finish", "by the person"),
        "time": pgettext("finish", "by the clock"),
        "office": pgettext("finish", "by the office"),
        "paper": pgettext("finish", "from paper"),
    }.get(reason, reason)


def language_of(request: HttpRequest) -> str:
    return str(request.LANGUAGE_CODE)  # type: ignore[attr-defined]


def moment_typed(raw: str, project: Project, label: str) -> datetime:
    """A moment typed in the project's zone."""
    value = parse_datetime(raw) if raw else None
    if value is None:
        raise InvalidInput(
            what={
                "ru": f"{label}: получено «{raw}», нужны дата и время, например 2026-11-24T18:00.",
                "en": f'{label}: got "{raw}"; a date and time are needed, for example 2026-11-24T18:00.',
            }
        )
    return value if value.tzinfo else value.replace(tzinfo=ZoneInfo(project.zone))


def _typed(moment: datetime, project: Project) -> str:
    return moment.astimezone(ZoneInfo(project.zone)).strftime("%Y-%m-%dT%H:%M")


@require_GET
@project_page("manage_campaigns")
def campaign_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    rows = [
        {"line": line, "purpose": purpose_words(line.campaign.purpose), "name": line.campaign.name}
        for line in queries.campaign_lines(viewer.project.id)
    ]
    has_procedure = bool(releases_in_force(viewer.project.id, "procedure"))
    context = {"stage": "assess", "rows": rows, "has_procedure": has_procedure, "now": timezone.now()}
    return render(request, "office/campaigns.html", context)


@require_http_methods(["GET", "POST"])
@project_page("manage_campaigns")
def new(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    procedures = [
        {"release": release, "document": document_of(release, ProcedureDocument)}
        for release in releases_in_force(viewer.project.id, "procedure")
    ]
    now = timezone.now()
    typed = {
        "opens_at": _typed(now, viewer.project),
        "closes_at": _typed(now + timedelta(days=14), viewer.project),
        "purpose": "selection",
    }
    problem = ""
    if request.method == "POST":
        typed = request.POST.dict()
        try:
            made = _open(viewer, procedures, typed, now)
        except Refused as refusal:
            problem = refusal.message(language_of(request))
        else:
            return redirect("campaign-add", project=viewer.project.slug, slug=made.slug)
    context = {
        "stage": "assess",
        "procedures": procedures,
        "purposes": [(code, purpose_words(code)) for code in ("selection", "development", "self")],
        "typed": typed,
        "problem": problem,
    }
    return render(request, "office/campaign_new.html", context, status=422 if problem else 200)


def _open(viewer: Viewer, procedures: list[dict[str, Any]], typed: dict[str, str], now: datetime) -> Campaign:
    chosen = next(
        (row["release"] for row in procedures if str(row["release"].id) == typed.get("procedure")), None
    )
    if chosen is None:
        raise InvalidInput(what={"ru": "Выберите процедуру.", "en": "Choose a procedure."})
    name = {tag: typed.get(f"name_{tag}", "").strip() for tag in ("ru", "en")}
    return open_campaign(
        actor=viewer.actor, project=viewer.project, procedure=chosen, slug=typed.get("slug", "").strip(),
        name={tag: text for tag, text in name.items() if text}, purpose=typed.get("purpose", ""),
        opens_at=moment_typed(typed.get("opens_at", ""), viewer.project, "Открывается / Opens"),
        closes_at=moment_typed(typed.get("closes_at", ""), viewer.project, "Закрывается / Closes"), at=now,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A line of the campaign's list."""

    progress: queries.PersonProgress
    name: str
    state: str
    state_words: str
    code: str
    link_until: datetime | None
    has_mail: bool


def _person_row(progress: queries.PersonProgress, language: str) -> PersonRow:
    participation = progress.participation
    identity = getattr(participation.person, "identity", None)
    return PersonRow(
        progress=progress,
        name=full_name(participation.person, language),
        state=progress.state,
        state_words=state_words(progress.state),
        code=queries.paper_code(participation.id),
        link_until=progress.invitation.expires_at if progress.invitation else None,
        has_mail=bool(identity and identity.email),
    )


@require_GET
@project_page("manage_campaigns")
def campaign(request: HttpRequest, viewer: Viewer, slug: str) -> HttpResponse:
    found = queries.campaign_by_slug(viewer.project.id, slug)
    progress = queries.progress_of(found)
    now = timezone.now()
    rows = [_person_row(person, language_of(request)) for person in progress.people]
    context = {
        "stage": "assess",
        "campaign": found,
        "procedure": queries.procedure_of(found),
        "purpose": purpose_words(found.purpose),
        "progress": progress,
        "steps": [
            (_("added"), progress.added - progress.withdrawn),
            (pgettext("participation", "invited"), progress.invited),
            (pgettext("participation", "opened the link"), progress.seen),
            (pgettext("participation", "gave consent"), progress.consented),
            (pgettext("participation", "started"), progress.started),
            (pgettext("participation", "finished"), progress.finished),
        ],
        "rows": rows,
        "expires_at": _typed(
            min(now + timedelta(days=14), max(found.closes_at, now + timedelta(days=1))), viewer.project
        ),
        "is_open": found.opens_at <= now <= found.closes_at,
        "is_past": now > found.closes_at,
        "has_forms": bool(queries.forms_of(found)),
        "has_exercises": any(i.kind == "exercise" for i in queries.procedure_of(found).instruments),
    }
    return render(request, "office/campaign.html", context)


@require_http_methods(["GET", "POST"])
@project_page("manage_campaigns")
def add(request: HttpRequest, viewer: Viewer, slug: str) -> HttpResponse:
    found = queries.campaign_by_slug(viewer.project.id, slug)
    language = language_of(request)
    problem, added = "", 0
    if request.method == "POST":
        try:
            for raw in request.POST.getlist("person"):
                add_participant(
                    actor=viewer.actor, campaign=found, person=person_in(viewer.project.id, _uuid(raw)),
                    time_factor=request.POST.get("time_factor") or 1, at=timezone.now(),
                )  # fmt: skip
                added += 1
        except Refused as refusal:
            problem = refusal.message(language)
        else:
            if added:
                return redirect("campaign", project=viewer.project.slug, slug=slug)
            problem = _("Tick the people to add.")
    text = (request.POST.get("q") or request.GET.get("q", "")).strip()[:100]
    present = set(Participation.objects.filter(campaign=found).values_list("person_id", flat=True))
    people = list(search_people(viewer.project.id, text)[: FOUND_AT_ONCE + 1])
    rows = []
    for person in people[:FOUND_AT_ONCE]:
        unit, title = unit_and_title(person, language)
        rows.append(
            {"person": person, "name": full_name(person, language), "where": ", ".join(x for x in (title, unit) if x),
             "is_present": person.id in present}
        )  # fmt: skip
    context = {
        "stage": "assess", "campaign": found, "rows": rows, "q": text, "has_more": len(people) > FOUND_AT_ONCE,
        "problem": problem, "limit": FOUND_AT_ONCE,
    }  # fmt: skip
    return render(request, "office/campaign_add.html", context, status=422 if problem else 200)


def _uuid(raw: str) -> UUID:
    try:
        return UUID(raw)
    except ValueError as fault:
        raise NotFound(what=raw[:40]) from fault


@require_http_methods(["POST"])
@project_page("manage_campaigns")
def invitations(request: HttpRequest, viewer: Viewer, slug: str) -> HttpResponse:
    """First the mail as it will read, then the links, shown this once."""
    found = queries.campaign_by_slug(viewer.project.id, slug)
    language = language_of(request)
    is_reminder = request.POST.get("kind") == "remind"
    chosen = [queries.participation_in(found, _uuid(raw)) for raw in request.POST.getlist("participation")]
    if is_reminder and not chosen:
        # Nobody ticked: everybody who was invited and has not come to the end.
        waiting = [
            p
            for p in queries.progress_of(found).people
            if p.state in ("invited", "seen", "consented", "started")
        ]
        chosen = [person.participation for person in waiting]
    mail_language = request.POST.get("language") or (viewer.project.languages or ["ru"])[0]
    if not chosen:
        raise InvalidInput(
            what={
                "ru": "Отметьте, кого пригласить, и нажмите ещё раз.",
                "en": "Tick whom to invite, then press again.",
            }
        )
    expires_at = moment_typed(
        request.POST.get("expires_at", ""), viewer.project, "Срок ссылки / Link works until"
    )
    context: dict[str, Any] = {
        "stage": "assess", "campaign": found, "expires_at": expires_at, "expires_typed": request.POST.get("expires_at", ""),
        "mail_language": mail_language, "is_reminder": is_reminder, "project_languages": viewer.project.languages or ["ru"],
    }  # fmt: skip
    if request.POST.get("step") == "send":
        now = timezone.now()
        context["rows"] = [
            {
                "name": full_name(participation.person, language),
                "invited": invite(
                    actor=viewer.actor, participation=participation, expires_at=expires_at, language=mail_language,
                    send=request.POST.get("mail") == "1", is_reminder=is_reminder, at=now,
                ),
            }
            for participation in chosen
        ]  # fmt: skip
        return render(request, "office/campaign_links.html", context)
    first = chosen[0]
    context |= {
        "chosen": [
            {"id": p.id, "name": full_name(p.person, language), "address": getattr(getattr(p.person, "identity", None), "email", "")}
            for p in chosen
        ],
        "preview": mail_to(
            campaign=found, person=first.person, link=in_language(LINK_MARK, mail_language), expires_at=expires_at,
            language=mail_language, is_reminder=is_reminder,
        ),
        "again": sum(1 for p in chosen if any(i.revoked_at is None for i in p.invitations.all())),
    }  # fmt: skip
    return render(request, "office/campaign_invite.html", context)


@require_http_methods(["GET", "POST"])
@project_page("manage_campaigns")
def person(request: HttpRequest, viewer: Viewer, slug: str, participation: UUID) -> HttpResponse:
    """One participant: the link, the sitting with its clock, extra time."""
    found = queries.campaign_by_slug(viewer.project.id, slug)
    one = queries.participation_in(found, participation)
    now = timezone.now()
    problem = ""
    if request.method == "POST":
        try:
            _change(request, viewer, one, now)
        except Refused as refusal:
            problem = refusal.message(language_of(request))
        else:
            return redirect("campaign-person", project=viewer.project.slug, slug=slug, participation=one.id)
    written = {part.release.id: part for part in queries.written_parts_of(found)}
    opened = queries.opened_forms(one)
    sittings = []
    for sitting in one.sittings.all():
        clock = queries.clock_of(sitting)
        answers = queries.current_answers(sitting)
        sittings.append(
            {
                "sitting": sitting,
                "part": written[sitting.form_id].document.name if sitting.form_id in written else None,
                "deadline": None if sitting.on_paper else clock.deadline(now),
                "minutes_left": clock.remaining_seconds(now) // 60,
                "is_over": clock.is_over(now),
                "finish": finish_words(sitting.finish_reason) if sitting.finished_at else "",
                "may_grant": not sitting.on_paper
                and (sitting.finished_at is None or sitting.finish_reason == "time"),
                "answered": len(answers.answered),
                "total": len(answers.items),
                "late": len(answers.late),
                "grants": list(sitting.time_grants.order_by("at")),
                "pauses": list(sitting.pauses.order_by("started_at")),
                "events": [
                    {"at": event.at, "words": event_words(event.kind, event.details)}
                    for event in queries.events_of(sitting)
                ],
            }
        )
    progress = next(p for p in queries.progress_of(found).people if p.participation.id == one.id)
    context = {
        "stage": "assess", "campaign": found, "row": _person_row(progress, language_of(request)), "sittings": sittings,
        "invitations": list(one.invitations.all()), "mails": queries.mails_of(found).filter(participation=one),
        "problem": problem, "now": now,
        **_conditions(viewer, one),
        "to_open": [part for part in written.values() if part.release.id not in opened],
        "waiting_parts": [p for p in written.values() if p.release.id in opened and p.release.id not in {s.form_id for s in one.sittings.all()}],
    }  # fmt: skip
    return render(request, "office/campaign_person.html", context, status=422 if problem else 200)


def _conditions(viewer: Viewer, one: Participation) -> dict[str, Any]:
    """What has been agreed for the person, with the reason: this page is the office's own."""
    agreed = queries.accommodation_of(one)
    needs = agreed.needs if agreed else ()
    return {
        "needs": [{"code": code, "word": need_word(code), "is_on": code in needs} for code in NEEDS],
        "conditions": agreed,
        "conditions_reason": queries.accommodation_reason(viewer.actor, one),
        "factor": f"{one.time_factor.normalize():f}",
    }


def _change(request: HttpRequest, viewer: Viewer, one: Participation, now: datetime) -> None:
    if request.POST.get("do") == "conditions":
        set_accommodation(
            actor=viewer.actor, participation=one, needs=request.POST.getlist("need"), details=request.POST.get("details", ""),
            reason=request.POST.get("reason", ""), time_factor=request.POST.get("time_factor") or 1, at=now,
        )  # fmt: skip
        return
    if request.POST.get("do") == "open":
        open_written_part(
            actor=viewer.actor, participations=[one], instrument=request.POST.get("instrument", ""), at=now
        )
        return
    if request.POST.get("do") == "revoke":
        invitation = next(
            (i for i in one.invitations.all() if str(i.id) == request.POST.get("invitation")), None
        )
        if invitation is None:
            raise NotFound(what={"ru": "ссылка", "en": "link"})
        revoke(actor=viewer.actor, invitation=invitation, at=now)
        return
    sitting = next((s for s in one.sittings.all() if str(s.id) == request.POST.get("sitting")), None)
    if sitting is None:
        raise NotFound(what={"ru": "сеанс", "en": "sitting"})
    minutes = request.POST.get("minutes", "")
    if not minutes.isdigit():
        raise InvalidInput(
            what={
                "ru": f"Минуты: получено «{minutes}», нужно целое число.",
                "en": f'Minutes: got "{minutes}"; a whole number is needed.',
            }
        )
    grant_time(
        actor=viewer.actor,
        sitting=sitting,
        seconds=60 * int(minutes),
        reason=request.POST.get("reason", ""),
        at=now,
    )


@require_GET
@project_page("manage_campaigns")
def mails(request: HttpRequest, viewer: Viewer, slug: str) -> HttpResponse:
    found = queries.campaign_by_slug(viewer.project.id, slug)
    context = {"stage": "assess", "campaign": found, "mails": queries.mails_of(found)[:200]}
    return render(request, "office/campaign_mails.html", context)


@require_GET
@project_page("manage_campaigns")
def export(request: HttpRequest, viewer: Viewer, slug: str, form: str) -> HttpResponse:
    """Who has come how far; no answer and no score."""
    found = queries.campaign_by_slug(viewer.project.id, slug)
    zone = ZoneInfo(viewer.project.zone)

    def local(moment: datetime | None) -> str:
        return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else ""

    head = [
        _("Code"), _("Person"), _("E-mail"), _("State"), _("Invited"), _("Opened"), _("Consent"), _("Started"),
        _("Finished"), _("Items answered"), _("Items in all"), _("Time factor"),
    ]  # fmt: skip
    rows = []
    for progress in queries.progress_of(found).people:
        row = _person_row(progress, language_of(request))
        identity = getattr(progress.participation.person, "identity", None)
        rows.append(
            [
                row.code, row.name, identity.email if identity else "", row.state_words, local(progress.invited_at),
                local(progress.seen_at), local(progress.consented_at), local(progress.started_at),
                local(progress.finished_at), progress.answered, progress.items,
                float(progress.participation.time_factor),
            ]
        )  # fmt: skip
    if form == "xlsx":
        data, kind = (
            write_xlsx(head, rows),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )
    elif form == "csv":
        data, kind = write_csv(head, rows), "text/csv; charset=utf-8"
    else:
        raise NotFound(what=form)
    response = HttpResponse(data, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{slug}-progress.{form}"'
    return response
