from __future__ import annotations

import io
import time
import zipfile
from datetime import date

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kamerton.apps.people.models import Employment, Person, PersonIdentity, Position, Unit
from kamerton.apps.people.queries import full_name, people_of, search_people, unit_and_title
from kamerton.apps.records.errors import NotPermitted
from kamerton.apps.records.models import Audit, Project
from kamerton.flows.import_people import FileRefused, already_known, import_people, read_people
from tests.cast import NOW, Cast, make_person
from tests.fixtures.people.lists import (
    EXPECTED,
    bare_list,
    long_list,
    merged_name_column,
    messy_workbook,
    saved,
)

pytestmark = pytest.mark.django_db


def load(cast: Cast, data: bytes, name: str = "people.xlsx", **more: object):
    draft = read_people(data, name=name, sheet=None, at=NOW)
    return import_people(actor=cast.office, project=cast.project, draft=draft, at=NOW, **more)  # type: ignore[arg-type]


def persons(project: Project) -> int:
    return Person.objects.filter(project=project).count()


def test_a_stranger_imports_nobody(cast):
    draft = read_people(messy_workbook(), name="people.xlsx", sheet=None, at=NOW)
    before = persons(cast.project)
    for actor in (cast.stranger, cast.leader, cast.designer, cast.assessor):
        with pytest.raises(NotPermitted):
            import_people(actor=actor, project=cast.project, draft=draft, at=NOW)
    assert persons(cast.project) == before


def test_the_dry_run_writes_nothing(cast):
    before = persons(cast.project), Audit.objects.count()
    draft = read_people(messy_workbook(), name="people.xlsx", sheet=None, at=NOW)
    assert already_known(cast.project, draft) == 0
    assert {row.number: row.status for row in draft.rows} == {n: s for n, (s, _) in EXPECTED.items()}
    assert (persons(cast.project), Audit.objects.count()) == before


def test_the_readable_rows_are_written_once(cast):
    before = persons(cast.project)
    done = load(cast, messy_workbook())
    assert (done.created, done.updated, done.unchanged, done.refused) == (7, 0, 0, 2)
    assert persons(cast.project) == before + 7
    audit = Audit.objects.filter(verb="import_people").get()
    assert audit.details == {"created": 7, "updated": 0, "unchanged": 0, "refused": 2}
    again = load(cast, messy_workbook())
    assert (again.created, again.updated, again.unchanged, again.refused) == (0, 0, 7, 2)
    assert persons(cast.project) == before + 7
    draft = read_people(messy_workbook(), name="people.xlsx", sheet=None, at=NOW)
    assert already_known(cast.project, draft) == 7


def test_unit_position_and_date_of_hire_are_kept(cast):
    load(cast, messy_workbook())
    person = Person.objects.get(identity__employee_number="1001")
    assert unit_and_title(person, "ru")[0] == "Отдел продаж"
    assert Employment.objects.get(person=person).from_date == date(2021, 3, 1)
    assert Unit.objects.filter(project=cast.project, name__ru="Отдел продаж").count() == 1


def test_search_folds_case_and_yo_and_the_order_is_russian(cast):
    load(cast, messy_workbook())
    found = [full_name(p, "ru") for p in search_people(cast.project.id, "петр")]
    assert "Ёлкин Пётр Ильич" in found and "Петров-Водкин Кузьма Сергеевич" in found
    assert [full_name(p, "ru") for p in search_people(cast.project.id, "ПЁТР елкин")] == ["Ёлкин Пётр Ильич"]
    order = [full_name(p, "ru").split()[0] for p in people_of(cast.project.id)]
    mine = [name for name in order if name in {"Еремеев", "Ёлкин", "Жуков"}]
    assert mine == ["Еремеев", "Ёлкин", "Жуков"]
    assert (
        order.index("Петров") < order.index("Петров-Водкин") < order.index("Щукина") < order.index("Юсупова")
    )


def test_people_without_any_number_are_not_doubled(cast):
    data = bare_list([["Салтыкова Анна", "Аффинаж"], ["Уварова Нина", "Аффинаж"]], ["ФИО", "Отдел"])
    assert load(cast, data, "list.csv").created == 2
    again = load(cast, data, "list.csv")
    assert (again.created, again.unchanged) == (0, 2)


def test_a_shared_telephone_does_not_make_one_person_of_two(cast):
    head = ["ФИО", "Таб. №", "Телефон"]
    load(cast, bare_list([["Салтыкова Анна", "1", "8 495 123-45-67"]], head), "a.csv")
    done = load(cast, bare_list([["Уварова Нина", "2", "8 495 123-45-67"]], head), "b.csv")
    assert done.created == 1
    names = {i.family_name["ru"] for i in PersonIdentity.objects.filter(phone="+74951234567")}
    assert names == {"Салтыкова", "Уварова"}


def test_a_shared_mailbox_does_not_make_one_person_of_two(cast):
    head = ["ФИО", "Таб. №", "Почта"]
    load(cast, bare_list([["Салтыкова Анна", "1", "shop@acme.example"]], head), "a.csv")
    done = load(cast, bare_list([["Уварова Нина", "2", "shop@acme.example"]], head), "b.csv")
    assert done.created == 1
    assert PersonIdentity.objects.get(employee_number="1").family_name == {"ru": "Салтыкова"}


def test_a_person_with_a_new_number_is_found_by_mail_and_name(cast):
    head = ["ФИО", "Таб. №", "Почта"]
    load(cast, bare_list([["Салтыкова Анна", "1", "anna@acme.example"]], head), "a.csv")
    done = load(cast, bare_list([["Салтыкова Анна", "901", "anna@acme.example"]], head), "b.csv")
    assert (done.created, done.updated) == (0, 1)


def test_a_married_name_is_an_update_under_the_same_number(cast):
    head = ["ФИО", "Таб. №"]
    load(cast, bare_list([["Салтыкова Анна", "1"]], head), "a.csv")
    done = load(cast, bare_list([["Уварова Анна", "1"]], head), "b.csv")
    assert done.updated == 1
    assert [full_name(p, "ru") for p in search_people(cast.project.id, "уварова")] == ["Уварова Анна"]
    assert not search_people(cast.project.id, "салтыкова")


def test_an_english_list_adds_names_and_takes_none_away(cast):
    load(cast, bare_list([["Ёлкин Пётр", "1", "p@acme.example"]], ["ФИО", "Таб. №", "Почта"]), "a.csv")
    load(cast, bare_list([["Peter Elkin", "1"]], ["Full name", "Employee ID"]), "b.csv")
    person = Person.objects.get(identity__employee_number="1")
    assert full_name(person, "ru") == "Ёлкин Пётр" and full_name(person, "en") == "Peter Elkin"
    for text in ("elkin", "елкин", "p@acme.example"):
        assert [p.id for p in search_people(cast.project.id, text)] == [person.id]


def test_a_list_without_a_column_takes_nothing_away(cast):
    head = ["ФИО", "Таб. №", "Отдел", "Должность", "Дата приёма", "Телефон"]
    load(
        cast,
        bare_list([["Ёлкин Пётр", "1", "Аффинаж", "Мастер", "01.03.2021", "8 912 345-67-89"]], head),
        "a.csv",
    )
    done = load(cast, bare_list([["Ёлкин Пётр", "1", "Аффинаж"]], ["ФИО", "Таб. №", "Отдел"]), "b.csv")
    assert done.unchanged == 1
    person = Person.objects.get(identity__employee_number="1")
    assert unit_and_title(person, "ru") == ("Аффинаж", "Мастер")
    moved = load(cast, bare_list([["Ёлкин Пётр", "1", "Литьё"]], ["ФИО", "Таб. №", "Отдел"]), "c.csv")
    assert moved.updated == 1
    assert unit_and_title(Person.objects.get(id=person.id), "ru") == ("Литьё", "Мастер")
    assert Employment.objects.get(person=person).from_date == date(2021, 3, 1)
    assert person.identity.phone == "+79123456789"


def test_long_names_of_units_stay_apart(cast):
    start = "Управление по работе с промышленными потребителями драгоценных металлов"
    rows = [["Ёлкин Пётр", "1", f"{start}, север"], ["Жуков Иван", "2", f"{start}, юг"]]
    load(cast, bare_list(rows, ["ФИО", "Таб. №", "Отдел"]), "a.csv")
    assert Unit.objects.filter(project=cast.project).count() == 2


def test_one_wall_two_projects_one_list(cast):
    other = Project.objects.exclude(id=cast.project.id).get()
    from kamerton.apps.records.actors import OPERATOR

    draft = read_people(messy_workbook(), name="people.xlsx", sheet=None, at=NOW)
    load(cast, messy_workbook())
    assert import_people(actor=OPERATOR, project=other, draft=draft, at=NOW).created == 7


def test_candidates_from_outside_are_marked(cast):
    load(cast, merged_name_column(), is_outside=True)
    assert Person.objects.get(identity__employee_number="2").is_outside


def test_four_hundred_people_are_quick(cast):
    data = long_list(400)
    started = time.perf_counter()
    first = load(cast, data, "people.csv")
    assert first.created == 400
    assert time.perf_counter() - started < 20
    draft = read_people(data, name="people.csv", sheet=None, at=NOW)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert already_known(cast.project, draft) == 400
    assert len(queries) <= 6, "the review page asks for each row by itself"
    with CaptureQueriesContext(connection) as queries:
        again = import_people(actor=cast.office, project=cast.project, draft=draft, at=NOW)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 400)
    assert len(queries) < 400 * 5


def test_an_import_is_written_whole_or_not_at_all(cast, monkeypatch):
    from kamerton.flows import import_people as flow

    before = persons(cast.project)
    real, calls = flow.save_person, []

    def failing(**values: object):
        calls.append(1)
        if len(calls) == 4:
            raise RuntimeError("power cut")
        return real(**values)

    # The database is the outer edge here: it goes away in the middle of a file.
    monkeypatch.setattr(flow, "save_person", failing)
    with pytest.raises(RuntimeError):
        load(cast, messy_workbook())
    assert persons(cast.project) == before and not Position.objects.exists()


# ---- files that cannot be read -------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1251", "utf-8", "utf-16"])
def test_text_in_any_usual_encoding_is_read(cast, encoding):
    data = bare_list(
        [["Ёлкин Пётр", "1", "Отдел продаж"], ["Щукина Анна", "2", "Аффинаж"]],
        ["ФИО", "Таб. №", "Отдел"],
        encoding,
    )
    assert load(cast, data, "people.csv").created == 2
    assert Person.objects.get(identity__employee_number="1").identity.given_name == {"ru": "Пётр"}


@pytest.mark.parametrize(
    "name, data, ru, en",
    [
        ("half.xlsx", messy_workbook()[:3000], "повреждён", "damaged"),
        ("list.xlsx", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "документ PDF", "a PDF document"),
        ("list.csv", b"", "пуст", "empty"),
        ("list.csv", b"\xef\xbb\xbf", "пуст", "empty"),
        ("list.xls", b"<html><table><tr><td>1</td></tr></table></html>", "веб-страница", "web page"),
        ("prices.csv", "Артикул;Цена\n1;2\n".encode("cp1251"), "столбец с именами", "column of names"),
        ("heads.csv", "ФИО;Таб. №\n".encode(), "нет строк", "no rows"),
    ],
    ids=["half a ZIP", "a PDF", "empty", "a mark of order alone", "a web page", "other headings", "headings alone"],
)  # fmt: skip
def test_a_file_that_is_no_list_is_refused_in_words(cast, name, data, ru, en):
    with pytest.raises(FileRefused) as caught:
        load(cast, data, name)
    assert ru in caught.value.message("ru") and en in caught.value.message("en")


def test_a_zip_of_something_else_is_refused(cast):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(FileRefused, match="ZIP"):
        load(cast, out.getvalue(), "people.xlsx")


def test_formulas_with_a_result_are_read_and_texts_like_formulas_are_refused(cast):
    book = openpyxl.Workbook()
    page = book.active
    page.append(["ФИО", "Таб. №"])
    page.append(["Ёлкин Пётр", "1"])
    page["A3"], page["B3"] = '=HYPERLINK("http://evil.example","Жуков Иван")', "2"
    page["A3"].data_type = "s"
    draft = read_people(saved(book), name="people.xlsx", sheet=None, at=NOW)
    assert [row.status for row in draft.rows] == ["ok", "refused"]


def test_a_namesake_in_the_other_project_is_left_alone(cast):
    other = Project.objects.exclude(id=cast.project.id).get()
    theirs = make_person(other, "Ёлкин", employee_number="1001")
    load(cast, messy_workbook())
    assert Person.objects.get(id=theirs.id).identity.given_name == {"ru": "Анна"}
