"""The proctor's page: progress and clock of everybody at the test; a pause as the candidate meets it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kamerton.apps.delivery.models import Event, Pause, Sitting
from kamerton.apps.delivery.queries import live_of
from tests.cast import Cast, make_person
from tests.fixtures.delivery import World, agree, make_world, new_cookie, start

pytestmark = pytest.mark.django_db
LIVE = "/p/acme/campaigns/autumn/live/"


@pytest.fixture
def world(cast: Cast) -> World:
    return make_world(cast.project, at=timezone.now())


@pytest.fixture
def office(cast: Cast, world: World) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="ru")
    client.force_login(cast.users["office"])
    return client


@pytest.fixture
def candidate(world: World) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="ru")
    client.cookies["kamerton_candidate"] = new_cookie(world, timezone.now())
    return client


def text(client: Client, path: str = LIVE) -> str:
    return str(client.get(path).content.decode())


def test_only_the_office_watches(cast: Cast, world: World) -> None:
    for role, status in (("stranger", 404), ("leader", 403), ("assessor", 403), ("office", 200)):
        client = Client()
        client.force_login(cast.users[role])
        assert client.get(LIVE).status_code == status, role


def test_nobody_then_somebody_then_quiet(office: Client, world: World) -> None:
    assert "Сейчас на тесте никого нет" in text(office)
    sitting = start(world, timezone.now())
    page = text(office)
    assert "Соколова" in page and "отвечает" in page and "У всех всё идёт" in page and "0 / 9" in page
    Sitting.objects.filter(id=sitting.id).update(started_at=timezone.now() - timedelta(minutes=6))
    page = text(office)
    assert "тишина: 5 минут без ответов" in page and "Помощь может быть нужна 1 человеку" in page
    Sitting.objects.filter(id=sitting.id).update(started_at=timezone.now() - timedelta(minutes=31))
    assert "время вышло, тест не закрыт" in text(office)


def test_a_pause_hides_the_items_and_the_candidate_goes_on_after_it(office: Client, candidate: Client, world: World) -> None:  # fmt: skip
    sitting = start(world, timezone.now())
    assert candidate.get("/sitting/item/1/").status_code == 200
    data = {"sitting": str(sitting.id), "do": "pause"}
    refused = office.post(LIVE, data)
    assert refused.status_code == 422 and "Напишите, почему сделана пауза" in refused.content.decode()
    assert "checked" in refused.content.decode(), "the tick stays"
    assert office.post(LIVE, data | {"reason": "Пожарная тревога"}).status_code == 302
    assert "на паузе" in text(office) and "Пожарная тревога" in text(office)
    page = text(candidate, "/sitting/item/1/")
    assert "Тест на паузе" in page and "Пожарная тревога" in page and "закупку сплава" not in page
    state = candidate.get(f"/sitting/state/?sitting={sitting.id}").json()
    assert state["paused"] is True
    body = {
        "sitting": str(sitting.id),
        "n": 1,
        "uuid": str(sitting.id),
        "seq": 1,
        "epoch": 1,
        "response": {"choice": "c"},
    }
    saved = candidate.post("/sitting/answer/", json.dumps(body), content_type="application/json").json()
    assert saved["counts"] and saved["paused"], "an answer on its way is kept"
    assert office.post(LIVE, {"sitting": str(sitting.id), "do": "resume"}).status_code == 302
    assert "закупку сплава" in text(candidate, "/sitting/item/1/")
    log = text(office, f"/p/acme/campaigns/autumn/people/{world.participation.id}/")
    assert (
        "пауза по решению организатора" in log and "часы снова идут" in log and "отмечен сетевой адрес" in log
    )


def test_minutes_for_several_at_once_and_for_nobody(office: Client, world: World) -> None:
    sitting = start(world, timezone.now())
    assert "Отметьте людей" in office.post(LIVE, {"do": "pause", "reason": "x"}).content.decode()
    wrong = office.post(
        LIVE, {"do": "grant", "sitting": str(sitting.id), "minutes": "много", "reason": "сбой связи"}
    )
    assert (
        wrong.status_code == 422
        and "«много»" in wrong.content.decode()
        and "сбой связи" in wrong.content.decode()
    )
    office.post(LIVE, {"do": "grant", "sitting": str(sitting.id), "minutes": "7", "reason": "сбой связи"})
    assert sitting.time_grants.get().seconds == 420


def test_what_the_page_told_stands_in_the_log(office: Client, candidate: Client, world: World) -> None:
    sitting = start(world, timezone.now())
    tell = {"sitting": str(sitting.id), "kind": "paste", "n": 9}
    assert candidate.post("/sitting/event/", json.dumps(tell), content_type="application/json").json() == {
        "kept": True
    }
    odd = candidate.post(
        "/sitting/event/", json.dumps(tell | {"kind": "screen"}), content_type="application/json"
    )
    assert odd.status_code == 400 or odd.status_code == 422
    assert "вставлен текст в задании 9" in text(
        office, f"/p/acme/campaigns/autumn/people/{world.participation.id}/"
    )
    assert Event.objects.filter(sitting=sitting, kind="paste").count() == 1


def test_a_hall_costs_as_many_queries_as_one_person(world: World) -> None:
    from dataclasses import replace

    from kamerton.apps.delivery.actions import add_participant
    from kamerton.apps.records.actors import OPERATOR

    now = timezone.now()
    start(world, now)
    with CaptureQueriesContext(connection) as few:
        live_of(world.campaign, now)
    for n in range(12):
        person = make_person(world.project, f"Зал{n}")
        added = add_participant(actor=OPERATOR, campaign=world.campaign, person=person, at=now)
        start(replace(world, person=person, participation=added), now)
    with CaptureQueriesContext(connection) as many:
        assert len(live_of(world.campaign, now).rows) == 13
    assert len(many) == len(few)


def test_a_break_from_the_page_and_back(cast: Cast) -> None:
    from dataclasses import replace

    from kamerton.apps.records.actions import create_project
    from kamerton.apps.records.actors import OPERATOR
    from tests.fixtures.delivery import FORM

    now = timezone.now()
    project = create_project(actor=OPERATOR, slug="rest", name={"ru": "Отдых"}, at=now)
    document = replace(
        FORM,
        break_minutes=10,
        calculator=True,
        formulas=[{"ru": "Сумма = масса × цена", "en": "Sum = mass × price"}],
    )
    world = make_world(project, at=now, document=document)
    candidate = Client(HTTP_ACCEPT_LANGUAGE="ru")
    candidate.cookies["kamerton_candidate"] = new_cookie(world, now)
    agree(world, now)
    before = text(candidate, "/sitting/")
    assert "один перерыв на 10 минут" in before and "калькулятор" in before and "лист формул" in before
    candidate.post("/sitting/start/", {"form": str(world.form.id)})
    sitting = Sitting.objects.get(participation=world.participation)
    page = text(candidate, "/sitting/item/1/")
    assert (
        "Сделать перерыв: 10 минут" in page and "Сумма = масса × цена" in page and "data-calculator" in page
    )
    candidate.post("/sitting/break/", {"sitting": str(sitting.id), "number": "3"})
    assert "Вернуться" not in text(candidate, "/sitting/item/3/") and "Тест продолжится сам в" in text(
        candidate, "/sitting/item/3/"
    )
    candidate.post("/sitting/break/", {"sitting": str(sitting.id), "number": "3", "do": "end"})
    page = text(candidate, "/sitting/item/3/")
    assert "Скидка" in page and "Сделать перерыв" not in page
    assert Pause.objects.get().ended_at is not None


def test_the_controls_can_be_tried_before_the_clock_starts(candidate: Client, world: World) -> None:
    assert candidate.get("/sitting/practice/").status_code == 302, "the consent comes first"
    agree(world, timezone.now())
    page = text(candidate, "/sitting/practice/")
    assert "Какой день идёт сразу после вторника?" in page and "не засчитывается" in page
    part = candidate.post("/sitting/practice/", {"i1-here": "1", "i1-choice": "b"}).content.decode()
    assert "Прочитано: 1 из 3" in part
    both = {"i1-choice": "b", "i2-best": "a", "i2-worst": "b", "i3-number": "18"}
    assert "Можно начинать" in candidate.post("/sitting/practice/", both).content.decode()
    odd = candidate.post("/sitting/practice/", both | {"i2-worst": "a"})
    assert odd.status_code == 422
    assert not Sitting.objects.exists(), "nothing is kept and no clock runs"
