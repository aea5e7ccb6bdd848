"""Who assesses whom in a campaign: appointing assessors to an exercise, and the list with its states."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods

from kamerton.apps.delivery.models import Campaign
from kamerton.apps.delivery.queries import campaign_by_slug, participations_of
from kamerton.apps.observation.actions import appoint_assessors, record_training
from kamerton.apps.observation.models import Appointment, Training
from kamerton.apps.observation.queries import (
    PinnedExercise,
    appointments_in,
    exercises_of,
    licensed,
    state_of,
    trainings_of,
)
from kamerton.apps.people.models import Person
from kamerton.apps.people.queries import full_name, people_with_role
from kamerton.apps.records.errors import InvalidInput, Refused
from kamerton.web.assessor.wording import role_word, state_word
from kamerton.web.office.campaigns import language_of, moment_typed
from kamerton.web.viewer import Viewer, project_page

Role = Appointment.Role
LONGEST_ROOM = 60


@dataclass(frozen=True, slots=True)
class AppointmentRow:
    appointment: Appointment
    exercise: PinnedExercise
    participant: str
    assessor: str
    role: str
    state: str


@dataclass(frozen=True, slots=True)
class Choices:
    """Whom and what the form offers; nothing else is accepted."""

    participants: dict[str, Any]
    exercises: dict[str, PinnedExercise]
    assessors: dict[str, Person]


@require_http_methods(["GET", "POST"])
@project_page("manage_campaigns")
def schedule(request: HttpRequest, viewer: Viewer, slug: str) -> HttpResponse:
    campaign = campaign_by_slug(viewer.project.id, slug)
    language = language_of(request)
    now = timezone.now()
    choices = _choices(viewer, campaign, now)
    typed: dict[str, str] = {"participant": request.GET.get("participant", "")}
    problem = ""
    if request.method == "POST":
        typed = request.POST.dict()
        try:
            if typed.get("do") == "training":
                _record_training(viewer, choices, typed, now)
            else:
                _appoint(viewer, choices, typed, now)
        except Refused as refusal:
            problem = refusal.message(language)
        else:
            return redirect("campaign-schedule", project=viewer.project.slug, slug=slug)
    context = {
        "stage": "assess",
        "campaign": campaign,
        "participants": [(key, full_name(one.person, language)) for key, one in choices.participants.items()],
        "exercises": list(choices.exercises.values()),
        "assessors": [(key, full_name(person, language)) for key, person in choices.assessors.items()],
        "rows": _rows(campaign, choices, language, now),
        "trained": _trained(viewer, choices, language, now),
        "today": now.astimezone(ZoneInfo(viewer.project.zone)).date().isoformat(),
        "typed": typed,
        "problem": problem,
        "longest_room": LONGEST_ROOM,
    }
    return render(request, "office/campaign_schedule.html", context, status=422 if problem else 200)


@dataclass(frozen=True, slots=True)
class TrainedRow:
    name: str
    last: Training | None
    is_licensed: bool


def _trained(viewer: Viewer, choices: Choices, language: str, now: datetime) -> list[TrainedRow]:
    """Every assessor with the newest training; the untrained ones first."""
    known = trainings_of(viewer.project.id)
    rows = [
        TrainedRow(
            full_name(person, language), next(iter(known.get(person.id, [])), None),
            licensed(known.get(person.id, []), now.date()),
        )
        for person in choices.assessors.values()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: row.is_licensed)


def _record_training(viewer: Viewer, choices: Choices, typed: dict[str, str], now: datetime) -> None:
    assessor = choices.assessors.get(typed.get("assessor", ""))
    held = parse_date(typed.get("held", "")) if typed.get("held") else None
    if assessor is None or held is None:
        raise InvalidInput(
            what={
                "ru": "Выберите наблюдателя и день обучения.",
                "en": "Choose the assessor and the day of the training.",
            }
        )
    record_training(
        actor=viewer.actor, assessor=assessor, held=held, hours=typed.get("hours", ""), what=typed.get("what", ""),
        passed=typed.get("passed") == "1", at=now,
    )  # fmt: skip


def _choices(viewer: Viewer, campaign: Campaign, now: datetime) -> Choices:
    participants = participations_of(campaign).filter(withdrawn_at__isnull=True)
    pinned = exercises_of(procedure=campaign.procedure, project_id=viewer.project.id)
    assessors = people_with_role(viewer.project.id, "assessor", now.date())
    return Choices(
        {str(one.id): one for one in participants},
        {exercise.instrument: exercise for exercise in pinned},
        {str(person.id): person for person in assessors},
    )


def _rows(campaign: Campaign, choices: Choices, language: str, now: datetime) -> list[AppointmentRow]:
    found = []
    for one in appointments_in(campaign.id):
        exercise = choices.exercises[one.instrument]
        state = state_of(one, exercise.document.minutes, now)
        found.append(
            AppointmentRow(
                one, exercise, full_name(one.participation.person, language), full_name(one.assessor, language),
                role_word(one.role), state_word(state, one.role),
            )
        )  # fmt: skip
    return found


def _appoint(viewer: Viewer, choices: Choices, typed: dict[str, str], now: datetime) -> None:
    participation = choices.participants.get(typed.get("participant", ""))
    exercise = choices.exercises.get(typed.get("exercise", ""))
    if participation is None:
        raise InvalidInput(what={"ru": "Выберите участника.", "en": "Choose a participant."})
    if exercise is None:
        raise InvalidInput(what={"ru": "Выберите упражнение.", "en": "Choose an exercise."})
    first, second, player = (
        choices.assessors.get(typed.get(name, "")) for name in ("first", "second", "player")
    )
    if first is None:
        raise InvalidInput(what={"ru": "Выберите первого наблюдателя.", "en": "Choose the first assessor."})
    if len({one.id for one in (first, second, player) if one}) < sum(
        1 for one in (first, second, player) if one
    ):
        raise InvalidInput(
            what={
                "ru": "Один человек выбран дважды. Наблюдатели и ролевой игрок должны быть разными людьми.",
                "en": "One person is chosen twice. The assessors and the role-player must be different people.",
            }
        )
    room = typed.get("room", "").strip()
    if len(room) > LONGEST_ROOM:
        raise InvalidInput(
            what={
                "ru": f"Место: {len(room)} знаков, помещается {LONGEST_ROOM}.",
                "en": f"Room: {len(room)} characters, {LONGEST_ROOM} fit.",
            }
        )
    rates = Role.INTERVIEWER if exercise.document.kind == "interview" else Role.OBSERVER
    people: list[tuple[Person, str]] = [(one, rates) for one in (first, second) if one is not None]
    if player is not None:
        people.append((player, Role.ROLE_PLAYER))
    appoint_assessors(
        actor=viewer.actor, participation=participation, exercise=exercise.release, instrument=exercise.instrument,
        assessors=people, room=room, when=_when(viewer, typed), at=now,
    )  # fmt: skip


def _when(viewer: Viewer, typed: dict[str, str]) -> datetime | None:
    """The time may be settled later."""
    raw = typed.get("when", "").strip()
    return moment_typed(raw, viewer.project, "Начало / Starts") if raw else None
