"""From appointment to submitted sheet: who may, what is refused, what is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from kamerton.apps.observation import queries
from kamerton.apps.observation.actions import (
    AlreadyAppointed,
    ConflictOfInterest,
    NotInProcedure,
    NotStarted,
    OtherProject,
    PlayerDoesNotRate,
    SheetIncomplete,
    SheetSubmitted,
    appoint_assessor,
    rate_competency,
    record_note,
    reopen_sheet,
    start_exercise,
    submit_ratings,
)
from kamerton.apps.observation.models import Appointment, Note, Rating
from kamerton.apps.people.actions import declare_conflict
from kamerton.apps.people.models import Employment, Person, Position
from kamerton.apps.records.actors import OPERATOR, Actor
from kamerton.apps.records.errors import InvalidInput, NotFound, NotPermitted
from kamerton.apps.records.models import Audit
from kamerton.apps.records.queries import latest_release
from tests.apps.observation.world import World, fill, make_assessor, note, rate
from tests.cast import NOW, make_person


def appoint(world: World, actor: Actor, assessor: Person, **more: object) -> Appointment:
    values = {"participation": world.participation, "exercise": world.exercise, "instrument": "E2"} | more
    return appoint_assessor(actor=actor, assessor=assessor, at=NOW, **values)  # type: ignore[arg-type]


# --- appointing


def test_a_stranger_appoints_nobody(world: World) -> None:
    with pytest.raises(NotPermitted):
        appoint(world, world.cast.stranger, make_person(world.cast.project, "Новый"))


def test_an_assessor_appoints_nobody(world: World) -> None:
    with pytest.raises(NotPermitted):
        appoint(world, world.assessors[0], make_person(world.cast.project, "Новый"))


def test_nobody_observes_himself(world: World) -> None:
    with pytest.raises(ConflictOfInterest) as refusal:
        appoint(world, world.cast.office, world.participation.person)
    assert "одно лицо" in refusal.value.message("ru")
    assert "same person" in refusal.value.message("en")


def test_a_manager_does_not_observe_a_direct_report(world: World) -> None:
    boss = make_person(world.cast.project, "Старший")
    position = Position.objects.create(project=world.cast.project, title={"ru": "продавец"})
    Employment.objects.create(person=world.participation.person, position=position, manager=boss)
    with pytest.raises(ConflictOfInterest) as refusal:
        appoint(world, world.cast.office, boss)
    assert "подчиняется" in refusal.value.message("ru")


@pytest.mark.parametrize(("kind", "word"), [("kin", "родственники"), ("interest", "личный интерес")])
def test_kin_and_declared_interest_are_refused_either_way_round(world: World, kind: str, word: str) -> None:
    other = make_person(world.cast.project, "Близкий")
    declare_conflict(
        actor=world.cast.office, person=world.participation.person, other=other, kind=kind, at=NOW
    )
    with pytest.raises(ConflictOfInterest) as refusal:
        appoint(world, world.cast.office, other)
    assert word in refusal.value.message("ru")


def test_an_assessor_of_another_project_is_refused(world: World) -> None:
    from kamerton.apps.records.models import Project

    elsewhere = Project.objects.get(id=world.cast.stranger.project_id)
    with pytest.raises(OtherProject):
        appoint(world, world.cast.office, make_person(elsewhere, "Чужой"))


def test_an_exercise_outside_the_procedure_is_refused(world: World) -> None:
    person = make_person(world.cast.project, "Новый")
    with pytest.raises(NotInProcedure):
        appoint(world, world.cast.office, person, instrument="E9")
    other = latest_release(world.cast.project.id, "exercise", "kam-e3")
    with pytest.raises(NotInProcedure):
        appoint(world, world.cast.office, person, exercise=other)


def test_the_same_appointment_twice_is_refused(world: World) -> None:
    with pytest.raises(AlreadyAppointed):
        appoint(world, world.cast.office, world.people[0])


def test_an_appointment_leaves_an_audit_row_with_both_persons(world: World) -> None:
    row = Audit.objects.filter(verb="appoint_assessor").latest("id")
    assert set(row.persons) == {str(world.participation.person_id), str(world.people[1].id)}


# --- starting


def test_a_stranger_starts_no_clock(world: World) -> None:
    with pytest.raises(NotPermitted):
        start_exercise(actor=world.cast.stranger, appointment=world.appointments[0], at=NOW)


def test_the_clock_is_one_for_all_observers_and_starts_once(world: World) -> None:
    start_exercise(actor=world.assessors[0], appointment=world.appointments[0], at=NOW)
    later = start_exercise(
        actor=world.assessors[1], appointment=world.appointments[1], at=NOW + timedelta(minutes=2)
    )
    assert later.started_at == NOW
    late = appoint(world, world.cast.office, make_assessor(world.cast, "Поздний")[1])
    assert late.started_at == NOW


# --- notes


def test_a_stranger_writes_no_note(world: World) -> None:
    stranger = replace(world.cast.stranger, person_id=world.people[0].id)
    with pytest.raises(NotPermitted):
        record_note(
            actor=stranger, appointment=world.appointments[0], uuid=uuid4(), indicator=None, sign="", text="x",
            second=1, at=NOW,
        )  # fmt: skip


def test_another_assessor_does_not_write_on_my_sheet(world: World) -> None:
    with pytest.raises(NotFound):
        record_note(
            actor=world.assessors[1], appointment=world.appointments[0], uuid=uuid4(), indicator=None, sign="",
            text="x", second=1, at=NOW,
        )  # fmt: skip


def test_the_same_note_sent_twice_is_kept_once(world: World) -> None:
    uuid = uuid4()
    indicator = queries.frame_for(world.appointments[0]).indicator("C5.1")
    sent = [
        record_note(
            actor=world.assessors[0], appointment=world.appointments[0], uuid=uuid, indicator=indicator, sign="+",
            text="«Пересказала претензию»", second=300, at=NOW + timedelta(seconds=k),
        )
        for k in range(3)
    ]  # fmt: skip
    assert len({row.id for row in sent}) == 1
    assert Note.objects.count() == 1
    assert sent[0].text.text == "«Пересказала претензию»"
    assert len(sent[0].text.digest) == 64
    assert sent[0].text.salt


def test_an_empty_note_is_refused_but_a_tapped_indicator_is_not(world: World) -> None:
    with pytest.raises(InvalidInput):
        note(world, 0, "", text="  ")
    assert note(world, 0, "C5.1", text="").sign == "+"


def test_an_indicator_of_another_exercise_is_refused(world: World) -> None:
    foreign = queries.frame_for(world.appointments[0]).framework.parts.get(key="indicator:C1.1")
    with pytest.raises(InvalidInput, match="invalid_input") as refusal:
        record_note(
            actor=world.assessors[0], appointment=world.appointments[0], uuid=uuid4(), indicator=foreign, sign="+",
            text="x", second=1, at=NOW,
        )  # fmt: skip
    assert "C1.1" in refusal.value.message("en")


@pytest.mark.parametrize("second", [-1, 86_401])
def test_a_note_outside_the_exercise_is_refused(world: World, second: int) -> None:
    with pytest.raises(InvalidInput):
        record_note(
            actor=world.assessors[0], appointment=world.appointments[0], uuid=uuid4(), indicator=None, sign="",
            text="x", second=second, at=NOW,
        )  # fmt: skip


def test_a_role_player_neither_notes_nor_rates_nor_submits(world: World) -> None:
    actor, person, _user = make_assessor(world.cast, "Игрок")
    appointment = appoint(world, world.cast.office, person, role="role_player")
    part = queries.frame_for(appointment).line("C5").part
    with pytest.raises(PlayerDoesNotRate):
        rate_competency(actor=actor, appointment=appointment, competency=part, value=3, at=NOW)
    with pytest.raises(PlayerDoesNotRate):
        submit_ratings(actor=actor, appointment=appointment, at=NOW)


# --- ratings


def test_a_changed_rating_supersedes_and_keeps_the_old_one(world: World) -> None:
    rate(world, 0, "C5", 3)
    rate(world, 0, "C5", 4)
    rows = list(Rating.objects.order_by("id"))
    assert [row.value for row in rows] == [3, 4]
    assert rows[1].supersedes_id == rows[0].id
    current = queries.current_ratings([world.appointments[0].id])[world.appointments[0].id]
    assert current["C5"].value == 4


def test_the_same_rating_again_adds_no_row(world: World) -> None:
    rate(world, 0, "C5", 3)
    rate(world, 0, "C5", 3)
    assert Rating.objects.count() == 1


@pytest.mark.parametrize(
    ("value", "reason"), [(0, ""), (6, ""), (None, ""), (3, "not_observed"), (None, "tired")]
)
def test_a_rating_is_a_level_of_the_scale_or_a_reason(world: World, value: int | None, reason: str) -> None:
    with pytest.raises(InvalidInput):
        rate(world, 0, "C5", value, reason)
    assert not Rating.objects.exists()


def test_a_competency_the_exercise_cannot_show_is_not_rated(world: World) -> None:
    foreign = queries.frame_for(world.appointments[0]).framework.parts.get(key="competency:C1")
    with pytest.raises(InvalidInput):
        rate_competency(
            actor=world.assessors[0], appointment=world.appointments[0], competency=foreign, value=3, at=NOW
        )


def test_the_database_refuses_to_change_a_rating(world: World) -> None:
    rate(world, 0, "C5", 3)
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        Rating.objects.update(value=5)


# --- submitting


def test_a_half_filled_sheet_is_refused_and_the_missing_are_named(world: World) -> None:
    start_exercise(actor=world.assessors[0], appointment=world.appointments[0], at=NOW)
    rate(world, 0, "C4", 3)
    rate(world, 0, "C6", None, "not_observed")
    with pytest.raises(SheetIncomplete) as refusal:
        submit_ratings(actor=world.assessors[0], appointment=world.appointments[0], at=NOW)
    said = refusal.value.message("ru")
    assert "C5 Переговоры" in said
    assert "C8" in said
    assert "C4" not in said
    assert "C6" not in said
    world.appointments[0].refresh_from_db()
    assert world.appointments[0].submitted_at is None


def test_not_observed_is_enough_to_submit_and_is_no_number(world: World) -> None:
    start_exercise(actor=world.assessors[0], appointment=world.appointments[0], at=NOW)
    for code in ("C4", "C5", "C6"):
        rate(world, 0, code, 3)
    rate(world, 0, "C8", None, "not_observed")
    submit_ratings(actor=world.assessors[0], appointment=world.appointments[0], at=NOW)
    rows = {row.competency_code: row for row in queries.ratings_for_scoring([world.participation.id])}
    assert (rows["C8"].value, rows["C8"].reason) == (None, "not_observed")
    assert rows["C4"].value == 3


def test_an_exercise_that_never_started_is_not_submitted(world: World) -> None:
    with pytest.raises(NotStarted):
        submit_ratings(actor=world.assessors[0], appointment=world.appointments[0], at=NOW)


def test_submitting_warns_of_an_end_of_the_scale_without_a_quote(world: World) -> None:
    start_exercise(actor=world.assessors[0], appointment=world.appointments[0], at=NOW)
    note(world, 0, "C5.1")
    for code, value in {"C4": 1, "C5": 5, "C6": 3, "C8": 5}.items():
        rate(world, 0, code, value)
    done = submit_ratings(actor=world.assessors[0], appointment=world.appointments[0], at=NOW)
    assert done.unsupported == ("C4", "C8")
    assert done.appointment.submitted_at == NOW


def test_a_submitted_sheet_takes_neither_note_nor_rating(world: World) -> None:
    fill(world, 0)
    with pytest.raises(SheetSubmitted):
        rate(world, 0, "C5", 2)
    with pytest.raises(SheetSubmitted):
        note(world, 0, "C5.1")


def test_a_sheet_is_reopened_for_a_stated_reason_and_counts_no_more(world: World) -> None:
    fill(world, 0)
    with pytest.raises(InvalidInput):
        reopen_sheet(actor=world.assessors[0], appointment=world.appointments[0], reason=" ", at=NOW)
    reopen_sheet(
        actor=world.assessors[0], appointment=world.appointments[0], reason="Перепутаны C5 и C6", at=NOW
    )
    assert queries.ratings_for_scoring([world.participation.id]) == []
    assert Audit.objects.get(verb="reopen_sheet").details["reason"] == "Перепутаны C5 и C6"
    rate(world, 0, "C5", 2)
    submit_ratings(actor=world.assessors[0], appointment=world.appointments[0], at=NOW)
    rows = {row.competency_code: row.value for row in queries.ratings_for_scoring([world.participation.id])}
    assert rows == {"C4": 3, "C5": 2, "C6": 2, "C8": 3}


# --- reading


def test_the_sheet_joins_exercise_and_framework(world: World) -> None:
    note(world, 0, "C5.1", text="«Повторю, что услышала»")
    rate(world, 0, "C5", 4)
    sheet = queries.sheet(world.appointments[0])
    assert [line.frame.code for line in sheet.lines] == ["C4", "C5", "C6", "C8"]
    line = sheet.lines[1]
    assert len(line.frame.anchors) == 5
    assert [i.code for _part, i in line.frame.indicators] == ["C5.1", "C5.2", "C5.3", "C5.4", "C5.5"]
    assert (line.value, [n.text for n in line.notes]) == (4, ["«Повторю, что услышала»"])
    assert sheet.notes[0].mark == "01:05"
    assert (sheet.rated_count, sheet.verdict.missing) == (1, ("C4", "C6", "C8"))


def test_today_shows_my_own_appointments_alone(world: World) -> None:
    mine = queries.appointments_of(world.people[0].id, world.cast.project.id, NOW)
    assert [line.appointment.id for line in mine] == [world.appointments[0].id]
    assert (mine[0].state, mine[0].to_rate) == ("waiting", 4)
    assert queries.appointments_of(None, world.cast.project.id, NOW) == []


def test_an_appointment_of_another_assessor_is_not_there(world: World) -> None:
    with pytest.raises(NotFound):
        queries.own_appointment(world.assessors[1], world.cast.project.id, world.appointments[0].id)
    with pytest.raises(NotFound):
        queries.own_appointment(OPERATOR, world.cast.project.id, world.appointments[0].id)


def test_the_others_ratings_stay_hidden_until_mine_are_submitted(world: World) -> None:
    fill(world, 1)
    start_exercise(actor=world.assessors[0], appointment=world.appointments[0], at=NOW)
    assert queries.other_sheets(world.appointments[0]) == []
    fill(world, 0, {"C4": 2, "C5": 2, "C6": 2, "C8": 2})
    world.appointments[0].refresh_from_db()
    others = queries.other_sheets(world.appointments[0])
    assert [line.value for line in others[0].lines] == [3, 4, 2, 3]
