"""The assessor's pages answer the right people, keep what was typed and say what is missing."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from kamerton.apps.observation.actions import appoint_assessor, start_exercise
from kamerton.apps.observation.models import Agreement, Appointment, Note, Rating
from kamerton.apps.records.models import Audit
from tests.apps.observation.world import World, fill, make_assessor, note, rate
from tests.cast import NOW

SignIn = Callable[..., Client]


def address(world: World, name: str, *args: object) -> str:
    return reverse(name, args=[world.cast.project.slug, *args])


def exercise(world: World, which: int = 0, step: str = "exercise") -> str:
    return address(world, f"assess-{step}", world.appointments[which].id)


def plain(reply: HttpResponse) -> str:
    """The page with its no-break spaces as plain ones."""
    return reply.content.decode().replace("\u00a0", " ")


def started(world: World) -> World:
    for which in (0, 1):
        start_exercise(actor=world.assessors[which], appointment=world.appointments[which], at=NOW)
    return world


# --- strangers first


def test_a_stranger_is_told_that_there_is_nothing(world: World, signed_in: SignIn) -> None:
    client = signed_in(world.cast.users["stranger"])
    pages = [
        address(world, "assess-today"), address(world, "assess-texts"), address(world, "integration"), exercise(world),
        address(world, "integration-person", world.participation.id),
    ]  # fmt: skip
    assert [client.get(page).status_code for page in pages] == [404] * 5


def test_without_signing_in_every_page_asks_to(world: World) -> None:
    assert Client().get(exercise(world)).status_code == 302


@pytest.mark.parametrize("role", ["leader", "office", "auditor"])
def test_roles_without_the_permission_are_refused(world: World, signed_in: SignIn, role: str) -> None:
    client = signed_in(world.cast.users[role])
    assert client.get(address(world, "assess-today")).status_code == 403
    assert client.get(address(world, "integration")).status_code == 403


def test_the_sheet_of_another_assessor_is_not_there(world: World, signed_in: SignIn) -> None:
    client = signed_in(world.users[1])
    assert client.get(exercise(world, 0)).status_code == 404
    reply = client.post(exercise(world, 0, "note"), {"uuid": uuid4(), "text": "чужое"})
    assert reply.status_code == 404
    assert not Note.objects.exists()


# --- today


@pytest.mark.parametrize(("language", "words"), [("ru", "Неудобный клиент"), ("en", "The difficult client")])
def test_today_lists_my_appointments(world: World, signed_in: SignIn, language: str, words: str) -> None:
    text = plain(signed_in(world.users[0], language).get(address(world, "assess-today")))
    assert words in text
    assert str(world.appointments[0].id) in text
    assert str(world.appointments[1].id) not in text


def test_today_without_appointments_says_what_will_be_here(world: World, signed_in: SignIn) -> None:
    _actor, _person, user = make_assessor(world.cast, "Новичок")
    assert "Назначений пока нет" in plain(signed_in(user).get(address(world, "assess-today")))


# --- the exercise by plain forms


def test_the_clock_starts_by_a_plain_post(world: World, signed_in: SignIn) -> None:
    client = signed_in(world.users[0])
    assert "Заметки откроются" in plain(client.get(exercise(world)))
    client.post(exercise(world, 0, "start"))
    world.appointments[0].refresh_from_db()
    assert world.appointments[0].started_at is not None
    assert 'name="mark" value="C5.2+"' in plain(client.get(exercise(world)))


def test_a_note_goes_in_by_a_plain_post_and_stands_on_the_page(world: World, signed_in: SignIn) -> None:
    client = signed_in(started(world).users[0])
    reply = client.post(
        exercise(world, 0, "note"), {"uuid": uuid4(), "text": "«Что важнее: срок?»", "mark": "C5.2+"}
    )
    assert reply.status_code == 302
    saved = Note.objects.select_related("text", "indicator").get()
    assert (saved.sign, saved.indicator.code, saved.text.text) == ("+", "C5.2", "«Что важнее: срок?»")  # type: ignore[union-attr]
    assert "«Что важнее: срок?»" in plain(client.get(exercise(world)))


def test_the_same_note_by_the_queue_twice_is_one(world: World, signed_in: SignIn) -> None:
    client = signed_in(started(world).users[0])
    data = {"uuid": str(uuid4()), "text": "раз", "mark": "C5.1-", "second": "312"}
    replies = [
        client.post(exercise(world, 0, "note"), data, headers={"accept": "application/json"})
        for _ in range(2)
    ]
    assert [reply.json()["notes"] for reply in replies] == [1, 1]
    assert Note.objects.get().second == 312


def test_an_empty_note_is_refused_in_place(world: World, signed_in: SignIn) -> None:
    client = signed_in(started(world).users[0])
    reply = client.post(exercise(world, 0, "note"), {"uuid": "not-a-number", "text": "Что было сказано"})
    assert reply.status_code == 422
    assert "Что было сказано</textarea>" in plain(reply)
    reply = client.post(exercise(world, 0, "note"), {"uuid": uuid4(), "text": " "})
    assert "Заметка пуста" in plain(reply)


def test_a_rating_goes_in_by_a_plain_post(world: World, signed_in: SignIn) -> None:
    client = signed_in(started(world).users[0])
    reply = client.post(exercise(world, 0, "rating"), {"competency": "C5", "level": "4"})
    assert reply.headers["Location"].endswith("#rate-C6")
    client.post(exercise(world, 0, "rating"), {"competency": "C6", "level": "not_observed"})
    rows = {
        row.competency.code: (row.value, row.reason) for row in Rating.objects.select_related("competency")
    }
    assert rows == {"C5": (4, ""), "C6": (None, "not_observed")}


@pytest.mark.parametrize("level", ["", "0", "6", "9999999999999999999999", "четыре", "-1"])
def test_a_level_that_is_none_is_refused_with_the_bounds(world: World, signed_in: SignIn, level: str) -> None:
    client = signed_in(started(world).users[0])
    reply = client.post(exercise(world, 0, "rating"), {"competency": "C5", "level": level})
    assert reply.status_code == 422
    assert "от 1 до 5" in plain(reply)
    assert not Rating.objects.exists()


def test_a_half_filled_sheet_is_refused_with_links_to_what_is_missing(
    world: World, signed_in: SignIn
) -> None:
    rate(started(world), 0, "C5", 4)
    reply = signed_in(world.users[0]).post(exercise(world, 0, "submit"))
    text = plain(reply)
    assert reply.status_code == 422
    for code in ("C4", "C6", "C8"):
        assert f'<a href="#rate-{code}">' in text
    assert '<a href="#rate-C5">' not in text


def test_the_others_ratings_are_on_no_page_before_mine_are_submitted(world: World, signed_in: SignIn) -> None:
    fill(started(world), 1, {"C4": 5, "C5": 5, "C6": 5, "C8": 5})
    client = signed_in(world.users[0])
    before = plain(client.get(exercise(world)))
    assert "Громов" not in before
    assert "checked" not in before
    assert "Кто ещё решает" not in before
    fill(world, 0)
    after = plain(client.get(exercise(world)))
    assert "Громов" in after
    assert Audit.objects.filter(verb="view_other_ratings").count() == 1


def test_a_submitted_sheet_is_reopened_with_a_reason(world: World, signed_in: SignIn) -> None:
    fill(started(world), 0)
    client = signed_in(world.users[0])
    assert "Причина не названа" in plain(client.post(exercise(world, 0, "reopen"), {"reason": " "}))
    client.post(exercise(world, 0, "reopen"), {"reason": "Перепутаны C5 и C6"})
    world.appointments[0].refresh_from_db()
    assert world.appointments[0].submitted_at is None


def test_a_role_player_sees_the_script_and_no_scale(world: World, signed_in: SignIn) -> None:
    _actor, person, user = make_assessor(world.cast, "Игрок")
    appointment = appoint_assessor(
        actor=world.cast.office, participation=world.participation, exercise=world.exercise, instrument="E2",
        assessor=person, role=Appointment.Role.ROLE_PLAYER, at=NOW,
    )  # fmt: skip
    text = plain(signed_in(user).get(address(world, "assess-exercise", appointment.id)))
    assert "Говорить в каждой игре" in text
    assert "все 72 грамма" in text
    assert 'name="level"' not in text
    assert 'name="mark"' not in text
    assert "24 г, или 86" not in text


# --- integration


def test_integration_names_the_missing_and_shows_no_rating(world: World, signed_in: SignIn) -> None:
    fill(started(world), 0)
    text = plain(signed_in(world.users[0]).get(address(world, "integration-person", world.participation.id)))
    assert "Сданы не все листы" in text
    assert "Громов" in text
    assert "Среднее оценок" not in text


def test_integration_shows_differences_first_and_logs_the_look(world: World, signed_in: SignIn) -> None:
    fill(started(world), 0, {"C4": 3, "C5": 4, "C6": 2, "C8": 5})
    fill(world, 1, {"C4": 3, "C5": 3, "C6": 2, "C8": 2})
    text = plain(signed_in(world.users[0]).get(address(world, "integration-person", world.participation.id)))
    order = [text.index(f'id="c-{code}"') for code in ("C8", "C5", "C4", "C6")]
    assert order == sorted(order)
    assert "3,50" in text
    assert Audit.objects.get(verb="view_integration").persons == [str(world.participation.person_id)]


def test_an_agreed_level_is_recorded_with_its_reason_and_wrong_input_stays_in_the_form(
    world: World, signed_in: SignIn
) -> None:
    fill(started(world), 0)
    fill(world, 1)
    client = signed_in(world.users[0])
    page = address(world, "integration-person", world.participation.id)
    reply = client.post(page, {"competency": "C5", "value": "6,4", "reason": "По цитате 12:31"})
    assert reply.status_code == 422
    text = plain(reply)
    assert "6,4" in text
    assert "По цитате 12:31</textarea>" in text
    client.post(page, {"competency": "C5", "value": "3,5", "reason": "По цитате 12:31"})
    assert Agreement.objects.get().value == 3.5
    assert "По цитате 12:31" in plain(client.get(page))


def test_ratings_of_a_person_are_exported(world: World, signed_in: SignIn) -> None:
    fill(started(world), 0)
    note_text = "=cmd()"
    world.appointments[1].refresh_from_db()
    note(world, 1, "C5.1", text=note_text)
    fill(world, 1)
    client = signed_in(world.users[0])
    reply = client.get(address(world, "integration-export", world.participation.id, "csv"))
    text = reply.content.decode("utf-8-sig")
    assert len([line for line in text.splitlines() if ",E2," in line]) == 8
    assert (
        client.get(address(world, "integration-export", world.participation.id, "xlsx")).content[:2] == b"PK"
    )
    assert client.get(address(world, "integration-export", world.participation.id, "pdf")).status_code == 404


def test_an_empty_list_says_what_comes(world: World, signed_in: SignIn) -> None:
    _actor, _person, user = make_assessor(world.cast, "Новичок")
    assert "Сводить пока некого" in plain(signed_in(user).get(address(world, "integration")))


def test_the_list_is_searched_by_name_whatever_the_case(world: World, signed_in: SignIn) -> None:
    client = signed_in(world.users[0])
    assert "Воронцова Мария" in plain(client.get(address(world, "integration"), {"q": "воронц МАРИ"}))
    nobody = plain(client.get(address(world, "integration"), {"q": "Петров"}))
    assert "нет «Петров»" in nobody
    assert "Воронцова" not in nobody


# --- written answers


def test_an_empty_queue_of_texts_says_when_they_come(world: World, signed_in: SignIn) -> None:
    text = plain(signed_in(world.users[0]).get(address(world, "assess-texts")))
    assert "Оценивать нечего" in text
