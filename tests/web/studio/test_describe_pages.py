"""The pages of Describe in both languages: who may see, edit, undo, compare, publish; lost updates; empty states."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from kamerton.apps.frameworks import queries as frameworks
from kamerton.apps.functions import queries as functions
from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.models import Release
from kamerton.flows.install_pack import install_pack
from kamerton.formats.tables import read_table
from tests.cast import NOW, Cast

pytestmark = pytest.mark.django_db
PAGES = (
    "function/",
    "function/?process=P5",
    "function/compare/",
    "model/",
    "model/C3/",
    "model/compare/",
)
DESIGNER_PAGES = (
    "function/?process=P5&edit=1",
    "function/publish/",
    "model/C3/?edit=1",
    "model/?profile=R3&edit=1",
    "model/publish/",
)


@pytest.fixture
def installed(cast: Cast, pack_folder: Path) -> Cast:
    install_pack(actor=OPERATOR, project=cast.project, root=pack_folder, at=NOW)
    return cast


def client_of(cast: Cast, role: str, language: str = "ru") -> Client:
    client = Client(headers={"Accept-Language": language})
    client.force_login(cast.users[role])
    return client


@pytest.mark.parametrize(
    "page", ["function/", "model/", "model/C3/", "function/table.xlsx", "model/compare/"]
)
def test_a_stranger_and_an_auditor_see_nothing_of_it(installed: Cast, page: str) -> None:
    assert client_of(installed, "stranger").get(f"/p/acme/{page}").status_code == 404
    assert client_of(installed, "auditor").get(f"/p/acme/{page}").status_code == 403


@pytest.mark.parametrize("page", ["function/publish/", "model/publish/"])
def test_only_a_designer_may_publish(installed: Cast, page: str) -> None:
    for role in ("leader", "assessor", "office", "administrator"):
        assert client_of(installed, role).get(f"/p/acme/{page}").status_code == 403
        assert (
            client_of(installed, role).post(f"/p/acme/{page}", {"change_kind": "wording"}).status_code == 403
        )


@pytest.mark.parametrize("page", ["function/edit/", "model/edit/", "function/undo/", "model/undo/"])
def test_only_a_designer_may_edit_and_only_by_post(installed: Cast, page: str) -> None:
    assert client_of(installed, "leader").post(f"/p/acme/{page}", {"slug": "kam"}).status_code == 403
    assert client_of(installed, "designer").get(f"/p/acme/{page}").status_code == 405


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_page_opens_in_both_languages_without_inline_code(installed: Cast, language: str) -> None:
    for role, pages in (("leader", PAGES), ("designer", PAGES + DESIGNER_PAGES)):
        client = client_of(installed, role, language)
        for page in pages:
            response = client.get(f"/p/acme/{page}")
            text = response.content.decode()
            assert response.status_code == 200, (role, page)
            assert " style=" not in text and "<script>" not in text
            assert not re.search(r"[≥≤≈→←✓▲●]", text), page
            assert 'aria-current="page">' + ("Описать" if language == "ru" else "Describe") in text


def test_an_empty_project_says_what_will_appear_and_the_next_step(cast: Cast) -> None:
    for page in ("function/", "model/"):
        offered = client_of(cast, "designer").get(f"/p/acme/{page}").content.decode()
        assert "Выбрать пакет роли" in offered
        assert "Выбрать пакет роли" not in client_of(cast, "leader").get(f"/p/acme/{page}").content.decode()


def test_what_is_not_there_is_not_found(installed: Cast) -> None:
    client = client_of(installed, "designer")
    for page in (
        "model/C99/",
        "function/?process=P99",
        "model/?profile=R99",
        "model/compare/?old=7&new=draft",
        "function/publish/?slug=x",
    ):
        assert client.get(f"/p/acme/{page}").status_code == 404, page


def test_a_leader_sees_the_release_and_no_draft(installed: Cast) -> None:
    draft = functions.draft_of(installed.project.id, "kam")
    post_process(
        client_of(installed, "designer"), draft, {"text:process/P5/purpose/ru": "Только в черновике"}
    )
    assert (
        "Только в черновике"
        in client_of(installed, "designer").get("/p/acme/function/?process=P5").content.decode()
    )
    page = client_of(installed, "leader").get("/p/acme/function/?process=P5").content.decode()
    assert "Только в черновике" not in page and "Править" not in page and "Черновик" not in page
    assert client_of(installed, "leader").get("/p/acme/function/compare/?old=draft&new=1").status_code == 404


def post_process(client: Client, draft, changed: dict[str, str], before: dict[str, str] | None = None):
    document = functions.draft_document(draft.identity)
    process = next(p for p in document.processes if p.code == "P5")
    data = {"slug": "kam", "process": "P5"}
    for field in ("name", "purpose"):
        for language in ("ru", "en"):
            name = f"text:process/P5/{field}/{language}"
            data[name] = data[f"before:{name}"] = getattr(process, field)[language]
    for role in document.roles:
        name = f"cell:P5/{role.code}"
        data[name] = data[f"before:{name}"] = process.raci.get(role.code, "")
    return client.post("/p/acme/function/edit/", data | changed | (before or {}))


def test_a_broken_matrix_is_shown_and_stops_publishing(installed: Cast) -> None:
    client = client_of(installed, "designer")
    draft = functions.draft_of(installed.project.id, "kam")
    assert post_process(client, draft, {"cell:P5/R3": "A/R"}).status_code == 302
    page = client.get("/p/acme/function/").content.decode()
    assert "Публикации мешает 1 нарушение." in page and "отвечают R2, R3" in page
    assert 'href="/p/acme/function/publish/"' not in page
    refused = client.post(
        "/p/acme/function/publish/",
        {"slug": "kam", "change_kind": "wording", "summary_ru": "x", "summary_en": "x"},
    )
    assert refused.status_code == 422
    assert Release.objects.filter(identity__kind="function").count() == 1


def test_a_lost_update_brings_the_form_back_as_typed_with_both_texts(installed: Cast) -> None:
    client = client_of(installed, "designer")
    draft = functions.draft_of(installed.project.id, "kam")
    name = "text:process/P5/purpose/ru"
    seen = functions.draft_document(draft.identity).processes[4].purpose["ru"]
    post_process(client, draft, {name: "Написал первый"})
    answer = post_process(client, draft, {name: "Написал второй"}, before={f"before:{name}": seen})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Там сейчас: «Написал первый»" in text and ">Написал второй</textarea>" in text
    assert functions.draft_document(draft.identity).processes[4].purpose["ru"] == "Написал первый"


def test_undo_puts_a_change_back(installed: Cast) -> None:
    client = client_of(installed, "designer")
    draft = functions.draft_of(installed.project.id, "kam")
    before = functions.draft_document(draft.identity)
    post_process(client, draft, {"cell:P5/R3": "C"})
    change = functions.history_of(draft.identity)[0]
    assert client.post("/p/acme/function/undo/", {"slug": "kam", "change": change.pk}).status_code == 302
    assert functions.draft_document(draft.identity) == before
    assert client.post("/p/acme/function/undo/", {"slug": "kam", "change": "x"}).status_code == 404


def test_the_matrix_is_exported_in_the_readers_language(installed: Cast) -> None:
    table = read_table(
        client_of(installed, "leader", "en").get("/p/acme/function/table.xlsx").content, name="x.xlsx"
    )
    assert list(table.head[:3]) == ["Code", "Process", "Cadence"] and len(table.rows) == 10


PROFILE = "number:profile/R3/target/C6/"


def post_profile(client: Client, **values: str):
    seen = {"target": ("3", "3,0"), "minimum": ("3", "3,0"), "weight": ("0.1", "0,10")}
    data = {"slug": "kam", "profile": "R3"}
    for name, (before, shown) in seen.items():
        data[f"before:{PROFILE}{name}"] = before
        data[PROFILE + name] = values.get(name, shown)
    return client.post("/p/acme/model/edit/", data)


def test_numbers_are_read_with_a_comma_and_published_with_the_advice(installed: Cast) -> None:
    client = client_of(installed, "designer")
    assert post_profile(client, target="4,5", minimum="3,5").status_code == 302
    target = frameworks.draft_document(frameworks.draft_of(installed.project.id, "kam").identity).profiles[0]
    page = client.get("/p/acme/model/publish/").content.decode()
    assert "Цель C6 для роли «КАМ»: было 3, стало 4,5" in page and target.role == "R3"
    assert re.search(r'value="scoring" checked', page)
    english = client_of(installed, "designer", "en").get("/p/acme/model/publish/").content.decode()
    assert "Target of C6 for KAM: was 3, now 4.5" in english and "What this touches" in english
    unsaid = client.post(
        "/p/acme/model/publish/",
        {"slug": "kam", "change_kind": "scoring", "summary_ru": "Цель", "summary_en": ""},
    )
    assert unsaid.status_code == 422 and "обоих языках" in unsaid.content.decode()
    done = client.post(
        "/p/acme/model/publish/",
        {"slug": "kam", "change_kind": "scoring", "summary_ru": "Цель", "summary_en": "Target"},
    )
    assert done.status_code == 302
    release = Release.objects.get(identity__kind="framework", number=2)
    assert release.change_kind == "scoring" and release.summary == {"ru": "Цель", "en": "Target"}
    again = client.get("/p/acme/model/publish/").content.decode()
    assert "Публиковать нечего" in again
    compared = client.get("/p/acme/model/compare/?old=1&new=2").content.decode()
    assert "было 3, стало 4,5" in compared
    assert "Отличий нет" in client.get("/p/acme/model/compare/?old=2&new=draft").content.decode()


@pytest.mark.parametrize(
    ("typed", "words"), [("шесть", "не число"), ("6,4", "от 1 до 5"), ("2", "минимум 3 выше цели 2")]
)
def test_a_wrong_number_comes_back_with_what_where_and_an_example(
    installed: Cast, typed: str, words: str
) -> None:
    answer = post_profile(client_of(installed, "designer"), target=typed)
    text = answer.content.decode()
    assert answer.status_code == 422 and words in text.replace("\u00a0", " ")
    assert f'value="{typed}"' in text
    draft = frameworks.draft_of(installed.project.id, "kam")
    assert frameworks.history_of(draft.identity) == []


def test_a_model_page_tells_where_a_competency_is_used(installed: Cast) -> None:
    designer = client_of(installed, "designer").get("/p/acme/model/C3/").content.decode()
    assert "/p/acme/instruments/kam-hybrid-short/" in designer and "2 задания" in designer
    leader = client_of(installed, "leader").get("/p/acme/model/C3/").content.decode()
    assert "/p/acme/instruments/kam-hybrid-short/" not in leader and "2 задания" in leader
