from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamerton.formats.people import draft_people, match_columns, read_date, read_phone
from kamerton.formats.tables import read_table
from tests.fixtures.people.lists import EXPECTED, PHONES, merged_name_column, messy_workbook

TODAY = date(2026, 11, 21)


def draft(data: bytes, name: str = "people.xlsx"):
    table = read_table(data, name=name)
    return draft_people(table.head, [(row.number, row.cells) for row in table.rows], today=TODAY)


def one(head, cells):
    return draft_people(head, [(2, cells)], today=TODAY).rows[0]


def words(verdict) -> str:
    return " ".join(text for remark in verdict.remarks for text in remark.values())


def test_a_messy_workbook_is_read_row_by_row():
    found = draft(messy_workbook())
    assert found.problem is None
    assert {
        row.number: (row.status, row.person.family_name if row.person else None) for row in found.rows
    } == EXPECTED
    assert found.counts == {"ok": 5, "warning": 2, "refused": 2, "skipped": 1}


def test_every_remark_has_words_in_both_languages():
    for row in draft(messy_workbook()).rows:
        assert all(set(remark) == {"ru", "en"} and all(remark.values()) for remark in row.remarks)
        assert row.status == "ok" or row.remarks


def test_a_phone_in_any_habit_is_one_number():
    found = draft(messy_workbook())
    assert {r.person.family_name: r.person.phone for r in found.rows if r.person and r.person.phone} == PHONES


@pytest.mark.parametrize(
    "text", ["+7 912 345-67-89", "8(912)3456789", "8 912 345 67 89, 8 495 123-45-67", "тел. 8-912-345-67-89"]
)
def test_more_habits_of_phones(text):
    assert read_phone(text) == ("+79123456789", None)


@pytest.mark.parametrize("text", ["12", "нет", "+7 912"])
def test_a_phone_that_cannot_be_read_is_left_out_with_a_remark(text):
    number, remark = read_phone(text)
    assert number == "" and remark is not None and text in remark["ru"] and text in remark["en"]


@pytest.mark.parametrize(
    "text",
    ["01.03.2021", "2021-03-01", "2021-03-01 00:00:00", "44256", "01/03/2021", "1.3.21", "01.03.2021 г."],
)
def test_a_date_in_any_form_is_one_date(text):
    assert read_date(text, TODAY) == (date(2021, 3, 1), None)


@pytest.mark.parametrize("text", ["31.02.2021", "01.03.1821", "2099-01-01", "99999", "вчера", "2021"])
def test_an_impossible_date_is_left_out_and_named(text):
    value, remark = read_date(text, TODAY)
    assert value is None and remark is not None and text in remark["ru"] and text in remark["en"]


def test_a_duplicate_names_the_row_it_repeats():
    row = next(row for row in draft(messy_workbook()).rows if row.number == 12)
    assert "строке 6" in words(row) and "row 6" in words(row)


def test_numbers_of_employees_stay_as_they_are_written():
    found = draft(messy_workbook())
    numbers = {r.person.family_name: r.person.employee_number for r in found.rows if r.person}
    assert numbers["Ёлкин"] == "1001" and numbers["Петров-Водкин"] == "007" and numbers["Петров"] == "А-17"


def test_a_name_in_one_merged_cell_is_taken_apart():
    found = draft(merged_name_column())
    names = [
        (r.person.family_name, r.person.given_name, r.person.middle_name) for r in found.rows if r.person
    ]
    assert names[0] == ("Ёлкин", "Пётр", "Ильич") and names[1] == ("Салтыкова", "Анна", "")
    assert len(names) == 3


def test_capitals_become_a_name():
    row = one(["Фамилия", "Имя", "Таб. №"], ["ПЕТРОВ-ВОДКИН", "КУЗЬМА", "1"])
    assert row.person and (row.person.family_name, row.person.given_name) == ("Петров-Водкин", "Кузьма")


@pytest.mark.parametrize(
    "head",
    [
        ["ФИО", "Табельный №"],
        ["Ф. И. О.:", "Табельный номер"],
        ["Full name", "Employee ID"],
        ["ФИО сотрудника", "Таб.№"],
        ["фио", "ТАБЕЛЬНЫЙ\nНОМЕР"],
    ],
)
def test_headings_are_known_in_both_languages_and_many_habits(head):
    assert set(match_columns(head)) == {"full_name", "employee_number"}


def test_a_head_of_two_rows_gives_the_lower_word():
    assert match_columns(["ФИО / Фамилия", "ФИО / Имя", "ФИО / Отчество", "Контакты / Телефон"]) == {
        "family_name": 0,
        "given_name": 1,
        "middle_name": 2,
        "phone": 3,
    }


def test_a_table_without_names_says_which_headings_it_has():
    found = draft_people(["Артикул", "Цена"], [(2, ["1", "2"])], today=TODAY)
    assert found.problem and "Артикул" in found.problem["ru"] and "Full name" in found.problem["en"]
    assert found.rows == ()


def test_columns_that_are_not_used_are_named():
    found = draft_people(["ФИО", "Таб. №", "Оклад"], [(2, ["Ёлкин Пётр", "1", "90 000"])], today=TODAY)
    assert found.ignored == ("Оклад",)


@pytest.mark.parametrize("family", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "12345", "---"])
def test_what_is_no_name_is_refused(family):
    row = one(["Фамилия", "Имя", "Таб. №"], [family, "Пётр", "1"])
    assert row.status == "refused" and row.person is None and family in words(row)


def test_a_dash_is_an_empty_cell():
    row = one(["ФИО", "Таб. №", "Телефон", "Почта", "Дата приёма"], ["Ёлкин Пётр", "1", "—", "-", "н/д"])
    assert row.status == "ok" and row.person and row.person.phone == "" and row.person.email == ""


def test_an_english_full_name_begins_with_the_given_name():
    head = ["Full name", "Employee ID"]
    for text in ("Anna Maria Smith", "Smith, Anna Maria"):
        row = one(head, [text, "1"])
        assert row.person and (row.person.family_name, row.person.given_name) == ("Smith", "Anna")
        assert row.person.middle_name == "Maria"
    row = one(["ФИО", "Таб. №"], ["Smith Anna", "1"])
    assert row.person and row.person.family_name == "Smith"


def test_name_beside_surname_is_the_given_name():
    row = one(["Name", "Surname", "Employee ID"], ["Anna", "Smith", "1"])
    assert row.person and (row.person.family_name, row.person.given_name) == ("Smith", "Anna")


def test_totals_are_skipped_wherever_the_word_stands():
    head = ["№", "ФИО", "Таб. №"]
    assert one(head, ["Итого", "", "12"]).status == "skipped"
    assert one(head, ["", "Всего: 12 человек", ""]).status == "skipped"
    assert one(head, ["1", "Всеволодов Пётр", "12"]).status == "ok"


def test_a_row_without_number_and_mail_is_matched_by_name_and_says_so():
    row = one(["ФИО"], ["Ёлкин Пётр"])
    assert row.status == "warning" and row.person is not None and "имени" in words(row)


def test_namesakes_with_different_numbers_are_two_people():
    found = draft_people(["ФИО", "Таб. №"], [(2, ["Ёлкин Пётр", "1"]), (3, ["Ёлкин Пётр", "2"])], today=TODAY)
    assert [row.status for row in found.rows] == ["ok", "ok"]


def test_a_long_cell_is_refused_by_name_and_not_cut():
    row = one(["Фамилия", "Имя", "Таб. №"], ["Ё" * 400, "Пётр", "1"])
    assert row.status == "refused"
    row = one(["Фамилия", "Имя", "Таб. №"], ["Ёлкин", "Пётр", "1" * 100])
    assert row.status == "refused" and "60" in words(row)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.lists(st.text(max_size=20), min_size=4, max_size=4),
        max_size=6,
    )
)
def test_any_text_in_the_cells_ends_in_a_verdict(rows):
    found = draft_people(
        ["ФИО", "Телефон", "Дата приема", "Почта"],
        [(n, cells) for n, cells in enumerate(rows, 2)],
        today=TODAY,
    )
    assert len(found.rows) == len(rows)
    for row in found.rows:
        assert row.status in {"ok", "warning", "skipped", "refused"}
        assert (row.person is None) == (row.status in {"skipped", "refused"})
