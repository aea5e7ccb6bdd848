"""The shell: sign-in, home, language, health, start page, the sample's switch, search, refusals; in both languages."""

from __future__ import annotations

import json
import re

import pytest
from django.core.cache import cache
from django.test import Client

from kamerton.apps.people.actions import create_user, grant_role
from kamerton.apps.records.actors import OPERATOR
from kamerton.flows.install_pack import install_pack
from tests.cast import NOW, Cast, make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_limiter() -> None:
    cache.clear()


@pytest.fixture
def russian() -> Client:
    return Client(headers={"Accept-Language": "ru"})


def signed_in(cast: Cast, role: str, language: str = "ru") -> Client:
    client = Client(headers={"Accept-Language": language})
    client.force_login(cast.users[role])
    return client


def test_a_stranger_is_sent_to_sign_in_and_comes_back(cast: Cast, russian: Client) -> None:
    response = russian.get("/p/acme/")
    assert response.headers["Location"] == "/sign-in/?next=/p/acme/"
    answer = russian.post(
        "/sign-in/", {"login": "LEADER@acme.example ", "password": "correct horse leader", "next": "/p/acme/"}
    )
    assert answer.headers["Location"] == "/p/acme/"


def test_the_wall_answers_a_stranger_as_if_nothing_were_there(cast: Cast) -> None:
    client = signed_in(cast, "stranger")
    walled, absent = client.get("/p/acme/"), client.get("/p/no-such/")
    assert walled.status_code == absent.status_code == 404
    assert "Акме" not in walled.content.decode()


def test_signing_in_never_leads_to_another_host(cast: Cast, russian: Client) -> None:
    answer = russian.post(
        "/sign-in/",
        {"login": "leader@acme.example", "password": "correct horse leader", "next": "https://evil.example/"},
    )
    assert answer.headers["Location"] == "/"


def test_a_wrong_password_keeps_the_login_and_says_what_to_do(cast: Cast, russian: Client) -> None:
    answer = russian.post("/sign-in/", {"login": "leader@acme.example", "password": "no"})
    assert answer.status_code == 403
    assert 'value="leader@acme.example"' in answer.content.decode()
    assert "раскладку" in answer.content.decode()


def test_guessing_is_stopped_for_one_login_but_not_for_the_office(cast: Cast, russian: Client) -> None:
    for _ in range(8):
        russian.post("/sign-in/", {"login": "leader@acme.example", "password": "no"})
    assert (
        russian.post(
            "/sign-in/", {"login": "leader@acme.example", "password": "correct horse leader"}
        ).status_code
        == 429
    )
    neighbour = russian.post(
        "/sign-in/", {"login": "office@acme.example", "password": "correct horse office"}
    )
    assert neighbour.status_code == 302
    elsewhere = Client(REMOTE_ADDR="203.0.113.9")
    assert (
        elsewhere.post(
            "/sign-in/", {"login": "leader@acme.example", "password": "correct horse leader"}
        ).status_code
        == 302
    )


def test_signing_out_needs_a_post(cast: Cast) -> None:
    client = signed_in(cast, "leader")
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/").headers["Location"] == "/"
    assert client.get("/").headers["Location"] == "/sign-in/"


def test_home_lists_only_projects_of_the_visitor(cast: Cast) -> None:
    page = signed_in(cast, "leader").get("/").content.decode()
    assert "Акме" in page and "Чужие" not in page


def test_somebody_without_a_project_reads_what_to_do(cast: Cast) -> None:
    user = create_user(
        actor=OPERATOR, login="new@acme.example", name="New", password="correct horse new", at=NOW
    )
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    assert "You have no project yet" in client.get("/").content.decode()


def test_the_demo_opens_the_role_page_of_its_only_sample(settings, db: None, russian: Client) -> None:
    settings.DEMO = True
    make_cast("norvetal", kind="sample")
    assert russian.get("/").headers["Location"] == "/p/norvetal/roles/"


def test_the_language_switch_is_remembered_and_comes_back(cast: Cast) -> None:
    client = signed_in(cast, "leader", "ru")
    answer = client.post("/language/", {"language": "en", "next": "/p/acme/search/?q=a"})
    assert answer.headers["Location"] == "/p/acme/search/?q=a"
    page = client.get("/p/acme/")
    assert page.headers["Content-Language"] == "en" and "Describe" in page.content.decode()
    assert client.post("/language/", {"language": "tlh"}).status_code == 400
    assert client.post("/language/", {"language": "ru", "next": "//evil.example"}).headers["Location"] == "/"


def test_health_names_database_guards_and_worker(cast: Cast, russian: Client) -> None:
    state = json.loads(russian.get("/healthz").content)
    assert state == {"ok": True, "database": True, "guards_missing": [], "worker_beat_seconds": None}


def test_an_empty_project_offers_a_pack_to_those_who_may(cast: Cast, settings, pack_folder) -> None:
    settings.CONTENT = pack_folder.parent
    offered = signed_in(cast, "designer").get("/p/acme/").content.decode()
    assert "Установить пакет роли" in offered and "драгоценных металлов" in offered
    shown = signed_in(cast, "leader").get("/p/acme/").content.decode()
    assert "Проект пуст" in shown and "Установить пакет роли" not in shown


def test_a_pack_is_installed_by_a_post_of_somebody_who_may(cast: Cast, settings, pack_folder) -> None:
    settings.CONTENT = pack_folder.parent
    assert (
        signed_in(cast, "leader").post("/p/acme/install-pack/", {"pack": pack_folder.name}).status_code == 403
    )
    designer = signed_in(cast, "designer")
    assert designer.post("/p/acme/install-pack/", {"pack": "../etc"}).status_code == 404
    assert (
        designer.post("/p/acme/install-pack/", {"pack": pack_folder.name}).headers["Location"]
        == "/p/acme/function/"
    )
    page = designer.get("/p/acme/").content.decode()
    assert "1 функция" in page and "2 процедуры" in page and "Проект пуст" not in page


def stages(page: str) -> list[str]:
    nav = re.search(r'<nav class="stages".*?</nav>', page, re.S)
    return re.findall(r'href="/p/acme/([^"]*)"', nav.group(0)) if nav else []


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("leader", ["function/", "procedures/", "roles/", "proof/"]),
        ("designer", ["function/", "instruments/", "assessors/"]),
        ("assessor", ["function/", "procedures/", "assess/"]),
        ("office", ["function/", "procedures/", "campaigns/"]),
        ("auditor", ["procedures/"]),
    ],
)
def test_the_loop_shows_only_pages_the_viewer_may_open(cast: Cast, role: str, expected: list[str]) -> None:
    assert stages(signed_in(cast, role).get("/p/acme/").content.decode()) == expected


def test_the_sample_switch_changes_whom_one_looks_as(settings, db: None, russian: Client) -> None:
    settings.DEMO = True
    make_cast("norvetal", kind="sample")
    page = russian.get("/p/norvetal/").content.decode()
    assert "данные смоделированы" in page and "Смотреть пример глазами роли" in page
    assert (
        russian.post("/p/norvetal/view-as/", {"role": "designer"}).headers["Location"]
        == "/p/norvetal/function/"
    )
    assert ">Методолог</button>" in russian.get("/p/norvetal/").content.decode()
    assert (
        russian.post("/p/norvetal/view-as/", {"role": "candidate"}).headers["Location"] == "/p/norvetal/try/"
    )
    assert russian.post("/p/norvetal/view-as/", {"role": "administrator"}).status_code == 404


def test_a_company_project_has_no_switch(cast: Cast) -> None:
    client = signed_in(cast, "leader")
    assert "Смотреть пример" not in client.get("/p/acme/").content.decode()
    assert client.post("/p/acme/view-as/", {"role": "designer"}).status_code == 404


def test_search_finds_people_whatever_the_case_and_yo(cast: Cast) -> None:
    from tests.cast import make_person

    make_person(cast.project, "Королёв", "Пётр")
    assert "Королёв Пётр" in signed_in(cast, "leader").get("/p/acme/search/?q=петр КОРОЛЕВ").content.decode()
    assert "Королёв Пётр" not in signed_in(cast, "assessor").get("/p/acme/search/?q=петр").content.decode()
    assert (
        "Ничего не найдено"
        in signed_in(cast, "leader").get("/p/acme/search/?q=%3Cscript%3E").content.decode()
    )


def test_search_finds_content_by_word_and_items_only_for_those_who_see_keys(cast: Cast, pack_folder) -> None:
    install_pack(actor=OPERATOR, project=cast.project, root=pack_folder, at=NOW)
    found = signed_in(cast, "leader", "en").get("/p/acme/search/?q=воронкой").content.decode()
    assert "/p/acme/model/C3/" in found and "/p/acme/instruments/" not in found.replace(
        'href="/p/acme/instruments/">', ""
    )
    process = signed_in(cast, "designer").get("/p/acme/search/?q=Рекламац").content.decode()
    assert "/p/acme/function/?process=P8" in process


@pytest.mark.parametrize("language", ["ru", "en"])
def test_no_page_of_the_shell_carries_inline_style_or_script(cast: Cast, language: str) -> None:
    client = signed_in(cast, "designer", language)
    for address in ("/", "/p/acme/", "/p/acme/search/?q=x", "/no-such-page/"):
        page = client.get(address).content.decode()
        assert " style=" not in page and "<script>" not in page and f'<html lang="{language}">' in page


def test_a_grant_from_tomorrow_opens_nothing_today(cast: Cast) -> None:
    from datetime import timedelta

    from django.utils import timezone

    user = create_user(
        actor=OPERATOR, login="later@acme.example", name="Later", password="correct horse later", at=NOW
    )
    grant = grant_role(actor=OPERATOR, project=cast.project, user=user, role="leader", at=NOW)
    grant.from_date = timezone.now().date() + timedelta(days=1)
    grant.save(update_fields=["from_date"])
    client = Client()
    client.force_login(user)
    assert client.get("/p/acme/").status_code == 404
    assert "Акме" not in client.get("/").content.decode()


def test_scripts_and_styles_travel_compressed_and_pages_do_not() -> None:
    import gzip

    client = Client(headers={"accept-encoding": "gzip"})
    ours = 0
    for path in ("/static/player.js", "/static/queue.js"):
        reply = client.get(path)
        body = b"".join(reply.streaming_content) if reply.streaming else reply.content
        assert reply["Content-Encoding"] == "gzip" and b"Promise" in gzip.decompress(body)
        ours += len(body)
    assert ours < 15_000, "our script on the candidate's page"
    assert "Content-Encoding" not in client.get("/static/player.js", headers={"accept-encoding": "identity"})
    assert "Content-Encoding" not in client.get("/sign-in/")
