from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from kamerton.apps.people.models import Person
from kamerton.apps.records.models import Audit
from kamerton.formats.tables import read_table
from tests.cast import Cast, make_person
from tests.fixtures.people.lists import bare_list, long_list, messy_workbook

pytestmark = pytest.mark.django_db


def browser(cast: Cast, role: str, language: str = "ru") -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(cast.users[role])
    return client


@pytest.fixture
def office(cast: Cast) -> Client:
    return browser(cast, "office")


def upload(client: Client, data: bytes, name: str = "people.xlsx"):
    return client.post("/p/acme/people/import/", {"file": SimpleUploadedFile(name, data)})


def test_a_stranger_finds_no_list_and_no_import(cast):
    client = browser(cast, "stranger")
    for address in (
        "people/",
        "people/export.csv",
        "people/export.xlsx",
        "people/import/",
        "audit/",
        "jobs/",
    ):
        assert client.get(f"/p/acme/{address}").status_code == 404
    assert upload(client, messy_workbook()).status_code == 404


def test_who_may_see_people_may_not_therefore_import_them(cast):
    leader = browser(cast, "leader")
    assert leader.get("/p/acme/people/").status_code == 200
    assert leader.get("/p/acme/people/import/").status_code == 403
    assert upload(leader, messy_workbook()).status_code == 403
    assert "people/import/" not in leader.get("/p/acme/people/").content.decode()


@pytest.mark.parametrize("language", ["ru", "en"])
def test_from_a_messy_workbook_to_people_in_three_steps(cast, language):
    client = browser(cast, "office", language)
    before = Person.objects.count()
    reply = upload(client, messy_workbook())
    assert reply.status_code == 302 and Person.objects.count() == before
    review = client.get(reply["Location"])
    page = review.content.decode().replace("\u00a0", " ")
    assert review.status_code == 200 and Person.objects.count() == before
    expected = {
        "ru": ("тот же человек, что в строке 6", "дата «31.02.2021»", "строка итогов"),
        "en": ("the same person as in row 6", "the date &quot;31.02.2021&quot;", "a totals row"),
    }[language]
    for words in expected:
        assert words in page
    done = client.post(reply["Location"])
    assert done.status_code == 200 and Person.objects.count() == before + 7
    again = client.post(reply["Location"]).content.decode().replace("\u00a0", " ")
    assert Person.objects.count() == before + 7
    assert re.search(r"(Unchanged|Без изменений): 7", again), again


def test_the_review_says_how_many_are_known(cast, office):
    reply = upload(office, messy_workbook())
    office.post(reply["Location"])
    page = office.get(reply["Location"]).content.decode()
    assert re.search(r"\b7\b", page)


def test_an_upload_belongs_to_its_project_and_ends(cast, office):
    reply = upload(office, messy_workbook())
    token = reply["Location"].rstrip("/").rsplit("/", 1)[1]
    other = Client()
    other.force_login(cast.users["stranger"])
    assert other.get(f"/p/acme-other/people/import/{token}/").status_code in {403, 404}
    assert office.get("/p/acme/people/import/0123456789abcdef/").status_code == 404
    for path in (settings.HOME / "uploads").glob(f"{cast.project.id}-*"):
        assert path.stat().st_mode & 0o077 == 0, "others on the host read the list"


@pytest.mark.parametrize(
    "name, data, ru, en",
    [
        ("half.xlsx", messy_workbook()[:2500], "повреждён", "damaged"),
        ("a.xlsx", b"%PDF-1.7\n%\xe2\xe3", "документ PDF", "PDF document"),
        ("a.csv", b"", "пуст", "empty"),
        ("a.csv", "Артикул;Цена\n1;2\n".encode("cp1251"), "столбец с именами", "column of names"),
    ],
)
def test_a_file_that_cannot_be_read_gets_words_and_the_form_again(cast, name, data, ru, en):
    for language, words in (("ru", ru), ("en", en)):
        reply = upload(browser(cast, "office", language), data, name)
        page = reply.content.decode()
        assert reply.status_code == 422 and words in page and 'type="file"' in page
        assert 'aria-describedby="problem"' in page


def test_no_file_at_all_is_asked_for(office):
    reply = office.post("/p/acme/people/import/", {})
    assert reply.status_code == 422 and 'id="problem"' in reply.content.decode()


def test_cp1251_with_semicolons_is_read_through_the_page(cast, office):
    data = bare_list([["Ёлкин Пётр", "1", "Аффинаж"]], ["ФИО", "Таб. №", "Отдел"], "cp1251")
    office.post(upload(office, data, "список сотрудников.csv")["Location"])
    assert Person.objects.get(identity__employee_number="1").identity.given_name == {"ru": "Пётр"}


def test_four_hundred_rows_are_reviewed_on_one_page(office):
    reply = upload(office, long_list(400), "people.csv")
    page = office.get(reply["Location"]).content.decode()
    assert page.count("<tr>") == 401


def test_the_list_is_found_by_any_spelling_and_paged(cast, office):
    make_person(cast.project, "Ёлкин", given_name={"ru": "Пётр"})
    for text in ("петр", "ПЁТР", "елкин петр"):
        page = office.get("/p/acme/people/", {"q": text}).content.decode()
        assert "Ёлкин" in page and "Ролев" not in page
    nobody = office.get("/p/acme/people/", {"q": "<script>"})
    assert nobody.status_code == 200 and "<script>" not in nobody.content.decode()
    office.post(upload(office, long_list(120), "people.csv")["Location"])
    assert office.get("/p/acme/people/", {"page": "3"}).status_code == 200
    assert office.get("/p/acme/people/", {"page": "many"}).status_code == 200


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_the_list_goes_out_and_comes_back_unchanged(cast, office, form):
    office.post(upload(office, messy_workbook())["Location"])
    reply = office.get(f"/p/acme/people/export.{form}")
    assert reply.status_code == 200 and reply["Content-Disposition"].endswith(f'people.{form}"')
    table = read_table(reply.content, name=f"people.{form}")
    assert len(table.rows) == Person.objects.filter(project=cast.project).count()
    again = office.post(upload(office, reply.content, f"people.{form}")["Location"]).content.decode()
    assert re.search(r"Изменено: 0\b", again.replace("\u00a0", " ")), again
    assert Person.objects.filter(project=cast.project).count() == len(table.rows)


def test_an_export_defuses_formulas_and_leaves_a_row_in_the_log(cast, office):
    make_person(cast.project, "=CMD()", email="evil@acme.example")
    text = office.get("/p/acme/people/export.csv").content.decode("utf-8-sig")
    assert "'=CMD()" in text and "\n=CMD()" not in text
    row = Audit.objects.get(verb="export_people")
    assert len(row.persons) == Person.objects.filter(project=cast.project).count()


def test_an_unknown_form_of_export_is_not_there(office):
    assert office.get("/p/acme/people/export.pdf").status_code == 404


def test_a_person_without_an_identity_does_not_break_the_list(cast, office):
    person = make_person(cast.project, "Стёртый")
    person.identity.delete()
    for address in ("people/", "people/export.csv", "people/export.xlsx"):
        assert office.get(f"/p/acme/{address}").status_code == 200


def test_the_log_and_the_jobs_are_shown_to_those_who_may(cast, office):
    from kamerton.apps.records.actions.keep_job import enqueue_job, fail_job
    from tests.cast import NOW

    job = enqueue_job(key="k", kind="evaluate_role", payload={}, project_id=cast.project.id, at=NOW)
    fail_job(job=job, error={"ru": "бум", "en": "boom"}, final=True, at=NOW)
    assert browser(cast, "auditor").get("/p/acme/audit/").status_code == 200
    assert (
        browser(cast, "auditor").get("/p/acme/audit/", {"verb": "person_created", "page": "99"}).status_code
        == 200
    )
    assert office.get("/p/acme/audit/").status_code == 403
    page = office.get("/p/acme/jobs/").content.decode()
    assert "бум" in page and "./run worker" in page
