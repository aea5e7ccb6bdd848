from __future__ import annotations

import io
import uuid
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from kamerton.apps.decisions.models import Decision
from kamerton.apps.people.models import PersonIdentity
from kamerton.apps.records.models import Audit
from tests.apps.reporting.world import ROLE, World, add_stray, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(settings, tmp_path: Path) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def world() -> World:
    return make_world()


def client_of(world: World, role: str, language: str = "ru") -> Client:
    client = Client()
    client.force_login(world.cast.users[role])
    client.cookies["kamerton_language"] = language
    return client


def addresses(world: World) -> list[str]:
    base, person = f"/p/acme/roles/{ROLE}/", world.people[3].id
    return [
        "/p/acme/roles/?all=1", base, f"{base}people/{person}/", f"{base}compare/?p={person}&p={world.people[4].id}",
        f"{base}table.xlsx", f"{base}table.csv", "/p/acme/proof/",
    ]  # fmt: skip


def test_a_stranger_sees_none_of_the_pages(world: World) -> None:
    for address in [*addresses(world), "/p/acme/assessors/"]:
        assert client_of(world, "stranger").get(address).status_code == 404
        assert Client().get(address).status_code == 302


@pytest.mark.parametrize("role", ["designer", "assessor", "office", "auditor", "administrator", "expert"])
def test_who_may_not_see_results_is_refused_everywhere(world: World, role: str) -> None:
    client = client_of(world, role)
    for address in addresses(world):
        assert client.get(address).status_code == 403, address
    assert not Audit.objects.filter(verb="view_results").exists()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ru", ["Нужно", "от 3 до 6", "Готовы сейчас", "Воронцова", "Кого искать снаружи", "кандидат"]),
        (
            "en",
            [
                "9\u00a0seats needed",
                "from 3 to 6",
                "Ready now",
                "Vorontsova",
                "Whom to look for outside",
                "candidate",
            ],
        ),
    ],
)
def test_the_role_page_in_both_languages(world: World, language: str, words: list[str]) -> None:
    page = client_of(world, "leader", language).get(f"/p/acme/roles/{ROLE}/").content.decode()
    for word in words:
        assert word in page, word
    assert " style=" not in page
    assert "<script" not in page.replace('<script src="/static/', "")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "ru",
            [
                "Предложение системы",
                "Почему C2?",
                "наблюдатель №\u00a01",
                "Записать решение",
                "пока числа нет",
            ],
        ),
        ("en", ["The system proposes", "Why C2?", "assessor No.\u00a01", "Record the decision"]),
    ],
)
def test_the_person_page_in_both_languages(world: World, language: str, words: list[str]) -> None:
    page = (
        client_of(world, "leader", language)
        .get(f"/p/acme/roles/{ROLE}/people/{world.people[3].id}/")
        .content.decode()
    )
    for word in words:
        assert word in page, word
    assert " style=" not in page


def test_the_other_pages_open_in_both_languages(world: World) -> None:
    for language in ("ru", "en"):
        for address in addresses(world):
            assert client_of(world, "leader", language).get(address).status_code == 200, address
        assert client_of(world, "designer", language).get("/p/acme/assessors/").status_code == 200


def test_one_evaluated_role_is_shown_at_once(world: World) -> None:
    response = client_of(world, "leader").get("/p/acme/roles/")
    assert response.headers["Location"] == f"/p/acme/roles/{ROLE}/"


def test_each_look_leaves_one_audit_row_with_the_people_on_the_page(world: World) -> None:
    client = client_of(world, "leader")
    client.get(f"/p/acme/roles/{ROLE}/?who=candidates")
    row = Audit.objects.get(verb="view_results")
    assert sorted(row.persons) == sorted(str(person.id) for person in world.people if person.is_outside)
    client.get(f"/p/acme/roles/{ROLE}/people/{world.people[3].id}/")
    assert Audit.objects.filter(verb="view_results").latest("id").persons == [str(world.people[3].id)]


def test_nobody_of_another_purpose_is_on_any_page_or_in_any_export(world: World) -> None:
    stray = add_stray(world, purpose="development", family="Канарейка")
    client = client_of(world, "leader")
    for address in [*addresses(world), f"/p/acme/roles/{ROLE}/?q=канарейка"]:
        response = client.get(address)
        assert "Канарейка".encode() not in response.content.replace("q=канарейка".encode(), b""), address
    for path in (f"people/{stray.id}/", f"compare/?p={stray.id}&p={world.people[0].id}"):
        assert client.get(f"/p/acme/roles/{ROLE}/{path}").status_code == 404


def test_the_role_page_needs_few_queries(world: World) -> None:
    client = client_of(world, "leader")
    client.get(f"/p/acme/roles/{ROLE}/")
    with CaptureQueriesContext(connection) as queries:
        client.get(f"/p/acme/roles/{ROLE}/")
    # Session, user, project and grants: four; the read model: at most fifteen; the audit row: one.
    assert len(queries) <= 20, [query["sql"][:100] for query in queries]


def decide(client: Client, world: World, **values: str) -> object:
    fit = world.fits[3]
    data = {"fit": str(fit.id), "key": str(uuid.uuid4()), "outcome": "", "reason": ""} | values
    return client.post(f"/p/acme/roles/{ROLE}/people/{world.people[3].id}/decide/", data)


def test_only_a_leader_may_send_the_decision(world: World) -> None:
    for role in ("stranger", "psychometrician", "designer"):
        assert decide(client_of(world, role), world, outcome="not_now", reason="x").status_code in {403, 404}
    assert not Decision.objects.exists()


def test_against_the_proposal_the_form_comes_back_with_what_was_typed(world: World) -> None:
    client = client_of(world, "leader")
    response = decide(client, world, outcome="appoint", reason="  ")
    page = response.content.decode()
    assert response.status_code == 422
    assert 'aria-invalid="true"' in page
    assert 'value="appoint" checked' in page
    assert not Decision.objects.exists()


def test_a_decision_is_recorded_and_shown(world: World) -> None:
    client = client_of(world, "leader")
    response = decide(client, world, outcome="appoint", reason="Ведёт двух клиентов уже год")
    assert response.status_code == 302
    page = client.get(response.headers["Location"]).content.decode()
    assert "Ведёт двух клиентов уже год" in page
    assert "против предложения" in page


def test_nothing_chosen_is_said_beside_the_choice(world: World) -> None:
    response = decide(client_of(world, "leader"), world)
    assert response.status_code == 422
    assert "Выберите решение" in response.content.decode()


def test_a_report_is_issued_and_downloaded(world: World) -> None:
    client = client_of(world, "leader")
    address = f"/p/acme/roles/{ROLE}/people/{world.people[3].id}/reports/"
    assert client_of(world, "psychometrician").post(address, {"language": "ru"}).status_code == 403
    response = client.post(address, {"language": "ru", "audience": "leader"}, follow=True)
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF")
    assert client.get("/p/acme/reports/KM-2031-0001-ru.pdf").status_code == 404


def test_the_export_defuses_a_formula_in_a_name(world: World) -> None:
    PersonIdentity.objects.filter(person=world.people[0]).update(
        family_name={"ru": "=HYPERLINK(1)"}, given_name={}, middle_name={}
    )
    client = client_of(world, "leader")
    rows = list(
        load_workbook(io.BytesIO(client.get(f"/p/acme/roles/{ROLE}/table.xlsx").content)).active.iter_rows(
            values_only=True
        )
    )
    assert len(rows) == 13
    assert not any(str(cell).startswith("=") for row in rows for cell in row if cell is not None)
    text = client.get(f"/p/acme/roles/{ROLE}/table.csv?category=ready").content.decode("utf-8-sig")
    assert text.count("\r\n") == 3
    assert "'=HYPERLINK" in text


def test_an_unevaluated_role_says_what_will_stand_here_and_what_to_do(world: World) -> None:
    page = client_of(world, "leader", "en").get("/p/acme/roles/R4/").content.decode()
    assert "Nobody has been evaluated for this role yet" in page
    assert "Evaluate the role" in page


def test_only_who_may_evaluate_presses_the_button(world: World) -> None:
    assert client_of(world, "designer").post(f"/p/acme/roles/{ROLE}/evaluate/").status_code == 403
    assert client_of(world, "leader").get(f"/p/acme/roles/{ROLE}/evaluate/").status_code == 405


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=999999999", "page=x", "who=nobody", "order=;drop", "category=zzz", "unit=%00", "q=%25"],
)
def test_odd_filters_break_nothing(world: World, query: str) -> None:
    assert client_of(world, "leader").get(f"/p/acme/roles/{ROLE}/?{query}").status_code == 200


def test_an_empty_search_offers_the_way_back(world: World) -> None:
    page = client_of(world, "leader").get(f"/p/acme/roles/{ROLE}/?q=никтотакой").content.decode()
    assert "Под эти условия никто не подходит" in page


def test_a_company_without_outcomes_claims_nothing(world: World) -> None:
    page = client_of(world, "leader").get("/p/acme/proof/").content.decode()
    assert "утверждать нечего" in page
