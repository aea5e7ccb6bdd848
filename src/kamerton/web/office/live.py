"""The proctor's page: who is at the test now, who may be stuck; pauses and extra time. Progress, never answers."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from kamerton.apps.delivery import queries
from kamerton.apps.delivery.actions import grant_time, pause_sitting, resume_sitting
from kamerton.apps.delivery.models import Campaign
from kamerton.apps.people.queries import full_name
from kamerton.apps.records.errors import InvalidInput, Refused
from kamerton.web.viewer import Viewer, project_page

from .campaigns import language_of
from .wording import live_words


@require_http_methods(["GET", "HEAD", "POST"])
@project_page("manage_campaigns")
def live(request: HttpRequest, viewer: Viewer, slug: str) -> HttpResponse:
    found = queries.campaign_by_slug(viewer.project.id, slug)
    now = timezone.now()
    problem = ""
    ticked = set(request.POST.getlist("sitting"))
    if request.method == "POST":
        try:
            _change(request, viewer, found, ticked, now)
        except Refused as refusal:
            problem = refusal.message(language_of(request))
        else:
            return redirect("campaign-live", project=viewer.project.slug, slug=slug)
    state = queries.live_of(found, now)
    language = language_of(request)
    zone = ZoneInfo(viewer.project.zone)
    rows = [
        {
            "row": row,
            "name": full_name(row.sitting.participation.person, language),
            "code": queries.paper_code(row.sitting.participation_id),
            "state": live_words(row.state),
            "is_calm": row.state == "answering",
            "left": "{}:{:02d}".format(*divmod(row.seconds_left, 60)),
            "ago": int((now - row.last_at).total_seconds()) // 60,
            "is_ticked": str(row.sitting.id) in ticked,
        }
        for row in state.rows
    ]
    context = {
        "stage": "assess", "campaign": found, "rows": rows, "live": state, "problem": problem, "typed": request.POST,
        "at": f"{now.astimezone(zone):%H:%M:%S}", "needs": sum(row.state in ("over", "quiet") for row in state.rows),
    }  # fmt: skip
    return render(request, "office/campaign_live.html", context, status=422 if problem else 200)


def _change(request: HttpRequest, viewer: Viewer, found: Campaign, ticked: set[str], now: datetime) -> None:
    """Pause, go on or give minutes to the ticked people; those who have finished meanwhile are left alone."""
    do = request.POST.get("do", "")
    chosen = [row.sitting for row in queries.live_of(found, now).rows if str(row.sitting.id) in ticked]
    if not chosen:
        raise InvalidInput(what={"ru": "Отметьте людей и нажмите ещё раз.", "en": "Tick the people, then press again."})  # fmt: skip
    reason = request.POST.get("reason", "")
    minutes = request.POST.get("minutes", "")
    if do == "grant" and not (minutes.isdigit() and int(minutes)):
        raise InvalidInput(
            what={
                "ru": f"Минуты: получено «{minutes[:20]}», нужно целое число больше нуля.",
                "en": f'Minutes: got "{minutes[:20]}"; a whole number above zero is needed.',
            }
        )
    for sitting in chosen:
        if do == "pause":
            pause_sitting(actor=viewer.actor, sitting=sitting, reason=reason, at=now)
        elif do == "resume":
            resume_sitting(actor=viewer.actor, sitting=sitting, at=now)
        elif do == "grant":
            grant_time(actor=viewer.actor, sitting=sitting, seconds=60 * int(minutes), reason=reason, at=now)
