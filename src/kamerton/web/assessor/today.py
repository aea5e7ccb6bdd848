"""Today: the assessor's own appointments by time."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from kamerton.apps.observation import queries
from kamerton.web.assessor.wording import kind_word, person_name, role_word, state_word
from kamerton.web.viewer import Viewer, project_page


@require_GET
@project_page("observe")
def today(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    now = timezone.now()
    zone = ZoneInfo(viewer.project.zone)
    lines = queries.appointments_of(viewer.actor.person_id, viewer.project.id, now)
    days: dict[date | None, list[dict[str, object]]] = defaultdict(list)
    for line in lines:
        appointment = line.appointment
        days[appointment.at.astimezone(zone).date() if appointment.at else None].append(
            {
                "line": line,
                "appointment": appointment,
                "person": person_name(appointment.participation.person, request),
                "role": role_word(appointment.role),
                "kind": kind_word(line.exercise.kind),
                "state": state_word(line.state, appointment.role),
            }
        )
    day = now.astimezone(zone).date()
    # What is still to be done stands above what has been handed in; a day without a date stands last.
    open_days = [
        {"date": d, "is_today": d == day, "rows": [r for r in rows if r["line"].state != "submitted"]}  # type: ignore[attr-defined]
        for d, rows in days.items()
    ]
    done = [r for rows in days.values() for r in rows if r["line"].state == "submitted"]  # type: ignore[attr-defined]
    done.reverse()
    context = {
        "stage": "assess",
        "open_days": [entry for entry in open_days if entry["rows"]],
        "done": done,
        "total": len(lines),
        "has_person": viewer.actor.person_id is not None,
        "texts": len(queries.text_queue(viewer.actor, viewer.project.id)) if viewer.may("rate_texts") else 0,
        "may_integrate": viewer.may("integrate"),
    }
    return render(request, "assessor/today.html", context)
