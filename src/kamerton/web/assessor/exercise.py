"""The exercise on the assessor's tablet: clock, script, notes, ratings, submitting."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from kamerton.apps.delivery.queries import accommodation_of
from kamerton.apps.observation import queries, rules
from kamerton.apps.observation.actions import (
    SheetIncomplete,
    rate_answer,
    rate_competency,
    record_note,
    reopen_sheet,
    start_exercise,
    submit_ratings,
)
from kamerton.apps.observation.models import Appointment
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.errors import InvalidInput
from kamerton.web.assessor.timeline import script_of, timeline
from kamerton.web.assessor.wording import kind_word, language_of, line_kind_word, person_name, role_word
from kamerton.web.assessor.written import written_view
from kamerton.web.viewer import Viewer, project_page
from kamerton.web.wording import need_word

NOT_OBSERVED = "not_observed"


@dataclass(frozen=True, slots=True)
class Problem:
    """What kept a form from being saved, where it was typed, and what was typed."""

    where: str
    text: str
    typed: str = ""


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _server_time(at: datetime, viewer: Viewer) -> str:
    return f"{at.astimezone(ZoneInfo(viewer.project.zone)):%H:%M:%S}"


def _own(viewer: Viewer, appointment: UUID) -> Appointment:
    return queries.own_appointment(viewer.actor, viewer.project.id, appointment)


@require_GET
@project_page("observe")
def sheet(request: HttpRequest, viewer: Viewer, appointment: UUID) -> HttpResponse:
    return _page(request, viewer, _own(viewer, appointment))


@require_POST
@project_page("observe")
def start(request: HttpRequest, viewer: Viewer, appointment: UUID) -> HttpResponse:
    start_exercise(actor=viewer.actor, appointment=_own(viewer, appointment), at=timezone.now())
    return _back(viewer, appointment)


@require_POST
@project_page("observe")
def note(request: HttpRequest, viewer: Viewer, appointment: UUID) -> HttpResponse:
    """One note. `mark` is an indicator's code and a sign ("C5.2+"), as the button under the thumb sends it."""
    found = _own(viewer, appointment)
    at = timezone.now()
    mark, text = request.POST.get("mark", ""), request.POST.get("text", "")
    code, sign = (mark[:-1], mark[-1]) if mark else ("", "")
    frame = queries.frame_for(found)
    try:
        saved = record_note(
            actor=viewer.actor,
            appointment=found,
            uuid=_uuid(request.POST.get("uuid", "")),
            indicator=frame.indicator(code) if code else None,
            sign=sign,
            text=text,
            second=_second(request.POST.get("second", ""), found, at),
            at=at,
        )
    except InvalidInput as refusal:
        if _wants_json(request):
            raise
        return _page(request, viewer, found, Problem("note", refusal.message(language_of(request)), text))
    if _wants_json(request):
        return _saved(viewer, found, saved.at)
    return _back(viewer, appointment, "notes")


@require_POST
@project_page("observe")
def rating(request: HttpRequest, viewer: Viewer, appointment: UUID) -> HttpResponse:
    found = _own(viewer, appointment)
    frame = queries.frame_for(found)
    code = request.POST.get("competency", "")
    level = request.POST.get("level", "")
    asked = [question.code for question in frame.exercise.questions]
    if code in asked:
        return _answer_level(request, viewer, found, code, level, [*asked, *frame.codes])
    line = frame.line(code)
    try:
        saved = rate_competency(
            actor=viewer.actor,
            appointment=found,
            competency=line.part,
            value=int(level) if level.isdecimal() and len(level) < 4 else None,
            reason=NOT_OBSERVED if level == NOT_OBSERVED else "",
            at=timezone.now(),
        )
    except InvalidInput as refusal:
        if _wants_json(request):
            raise
        return _page(request, viewer, found, Problem(code, refusal.message(language_of(request))))
    if _wants_json(request):
        return _saved(viewer, found, saved.at)
    following = next((c for c in frame.codes if frame.codes.index(c) > frame.codes.index(code)), code)
    return _back(viewer, appointment, f"rate-{following}")


def _answer_level(
    request: HttpRequest, viewer: Viewer, found: Appointment, code: str, level: str, order: list[str]
) -> HttpResponse:
    """The level of one answer of an interview; it comes the way of a rating, with the question's code."""
    try:
        if level != NOT_OBSERVED and not (level.isdecimal() and len(level) < 4):
            raise InvalidInput(
                what={"ru": f"{code}: уровень не выбран.", "en": f"{code}: no level has been chosen."}
            )
        saved = rate_answer(
            actor=viewer.actor, appointment=found, question=code,
            value=None if level == NOT_OBSERVED else int(level), at=timezone.now(),
        )  # fmt: skip
    except InvalidInput as refusal:
        if _wants_json(request):
            raise
        return _page(request, viewer, found, Problem(code, refusal.message(language_of(request))))
    if _wants_json(request):
        return _saved(viewer, found, saved.at)
    return _back(viewer, found.id, f"rate-{order[min(order.index(code) + 1, len(order) - 1)]}")


@require_POST
@project_page("observe")
def submit(request: HttpRequest, viewer: Viewer, appointment: UUID) -> HttpResponse:
    found = _own(viewer, appointment)
    try:
        submit_ratings(actor=viewer.actor, appointment=found, at=timezone.now())
    except SheetIncomplete as refusal:
        return _page(request, viewer, found, Problem("submit", refusal.message(language_of(request))))
    return _back(viewer, appointment)


@require_POST
@project_page("observe")
def reopen(request: HttpRequest, viewer: Viewer, appointment: UUID) -> HttpResponse:
    found = _own(viewer, appointment)
    reason = request.POST.get("reason", "")
    try:
        reopen_sheet(actor=viewer.actor, appointment=found, reason=reason, at=timezone.now())
    except InvalidInput as refusal:
        return _page(request, viewer, found, Problem("reopen", refusal.message(language_of(request)), reason))
    return _back(viewer, appointment, "ratings")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as fault:
        raise InvalidInput(
            what={
                "ru": "Номер заметки не читается. Обновите страницу и запишите заметку ещё раз.",
                "en": "The number of the note is not readable. Reload the page and write the note again.",
            }
        ) from fault


def _second(text: str, appointment: Appointment, at: datetime) -> int:
    """The second the page counted; without one, what the server's clock says now."""
    if text.isdecimal() and len(text) < 8:
        return int(text)
    minutes = queries.frame_for(appointment).exercise.minutes
    clock = rules.clock(started_at=appointment.started_at, minutes=minutes, now=at)
    return min(clock.elapsed, int(rules.LONGEST_EXERCISE.total_seconds())) if clock else 0


def _back(viewer: Viewer, appointment: UUID, place: str = "") -> HttpResponse:
    address = reverse("assess-exercise", args=[viewer.project.slug, appointment])
    return redirect(f"{address}#{place}" if place else address)


def _saved(viewer: Viewer, appointment: Appointment, at: datetime) -> JsonResponse:
    """What the page may show as saved: counts and time of the server."""
    state = queries.sheet(appointment)
    clock = rules.clock(started_at=appointment.started_at, minutes=state.exercise.minutes, now=timezone.now())
    return JsonResponse(
        {
            "saved_at": _server_time(at, viewer),
            "notes": len(state.notes),
            "rated": state.steps_done,
            "elapsed": clock.elapsed if clock else None,
        }
    )


def _written(viewer: Viewer, found: Appointment, now: datetime) -> Any:
    """What the participant wrote, looked at by the one who rates it: the look is on record."""
    written = None if found.role == Appointment.Role.ROLE_PLAYER else queries.written_of(found, now)
    if written is not None and written.items:
        write_audit(
            actor=viewer.actor, project_id=viewer.project.id, verb="view_written_part", object_kind="appointment",
            object_id=found.id, persons=[found.participation.person_id], at=now,
        )  # fmt: skip
        return written_view(written)
    return written


def _conditions(found: Appointment) -> str:
    """What has been agreed for the participant, in words; why is never read here."""
    agreed = accommodation_of(found.participation)
    if agreed is None:
        return ""
    words = [
        f"{need_word(code)} × {agreed.factor.normalize():f}" if code == "extra_time" else need_word(code)
        for code in agreed.needs
    ]
    return "; ".join([*words, *([agreed.details] if agreed.details else [])])


def _script(document: Any, elapsed: int) -> list[dict[str, object]]:
    lines: list[dict[str, object]] = []
    found_next = False
    for line in script_of(document):
        second = rules.seconds_of(line.at)
        is_past = second <= elapsed
        is_next = not is_past and not found_next and elapsed >= 0
        found_next = found_next or is_next
        lines.append(
            {
                "mark": line.at,
                "second": second,
                "text": line.text,
                "kind": line.kind,
                "kind_word": line_kind_word(line.kind),
                "is_past": is_past,
                "is_next": is_next,
            }
        )
    return lines


def _page(
    request: HttpRequest, viewer: Viewer, found: Appointment, problem: Problem | None = None
) -> HttpResponse:
    now = timezone.now()
    state = queries.sheet(found)
    document = state.exercise
    clock = rules.clock(started_at=found.started_at, minutes=document.minutes, now=now)
    others = queries.other_sheets(found)
    if others:
        write_audit(
            actor=viewer.actor,
            project_id=viewer.project.id,
            verb="view_other_ratings",
            object_kind="appointment",
            object_id=found.id,
            persons=[found.participation.person_id],
            at=now,
        )
    moments = [n.at for n in state.notes] + [line.rated_at for line in state.lines if line.rated_at]
    moments += [question.rated_at for question in state.questions if question.rated_at]
    context = {
        "stage": "assess",
        "appointment": found,
        "sheet": state,
        "exercise": document,
        "person": person_name(found.participation.person, request),
        "kind": kind_word(document.kind),
        "role": role_word(found.role),
        "is_player": found.role == Appointment.Role.ROLE_PLAYER,
        "clock": clock,
        "clock_mark": rules.mark_of(clock.elapsed) if clock else "00:00",
        "limit_mark": rules.mark_of(document.minutes * 60),
        "timeline": timeline(document, clock),
        "script": _script(document, clock.elapsed if clock else -1),
        "is_players_script": bool(document.role_player_script),
        "note_uuid": uuid.uuid4(),
        "last_saved": _server_time(max(moments), viewer) if moments else "",
        "others": [
            {"sheet": other, "name": person_name(other.appointment.assessor, request)} for other in others
        ],
        "problem": problem,
        "conditions": _conditions(found),
        "written": _written(viewer, found, now),
        "unrated": [*(q.question.code for q in state.questions if not q.is_rated), *state.verdict.missing],
        "parallel": [
            {"appointment": other, "person": person_name(other.participation.person, request)}
            for other in queries.running_beside(found)
        ],
    }
    return render(request, "assessor/exercise.html", context, status=422 if problem else 200)
