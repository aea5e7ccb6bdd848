"""The stage Build: instruments with keys, the matrix with its rules, the procedures; in both languages."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client
from openpyxl import load_workbook

from kamerton.apps.instruments.documents import EXERCISE_SCHEMA, FormDocument, Item
from kamerton.apps.instruments.queries import instrument_by_slug
from kamerton.apps.procedures.documents import SCHEMA, MatrixCell, ProcedureDocument
from kamerton.apps.procedures.queries import procedure_by_slug
from kamerton.apps.records.actions import publish_release
from kamerton.apps.records.actors import OPERATOR
from kamerton.flows.install_pack import install_pack, read_pack
from kamerton.values.documents import write_document
from kamerton.web.studio.item_keys import key_rows, table_view
from tests.cast import NOW, Cast

pytestmark = pytest.mark.django_db

PAGES = (
    "instruments/", "instruments/kam-hybrid-short/", "instruments/kam-e2/", "instruments/kam-e1/", "matrix/",
    "procedures/", "procedures/kam-external/", "procedures/kam-internal/",
)  # fmt: skip
FILES = (
    "instruments/table.xlsx",
    "instruments/table.csv",
    "matrix/kam-external.xlsx",
    "matrix/kam-external.csv",
)
WITH_KEYS = (
    "instruments/", "instruments/kam-hybrid-short/", "instruments/kam-e2/", "instruments/table.xlsx",
    "instruments/table.csv",
)  # fmt: skip
MIXED = re.compile(r"[а-яё]", re.IGNORECASE)


@pytest.fixture
def installed(cast: Cast, pack_folder: Path) -> Cast:
    install_pack(actor=OPERATOR, project=cast.project, root=pack_folder, at=NOW)
    return cast


@pytest.fixture(scope="module")
def form(pack_folder: Path) -> FormDocument:
    return read_pack(pack_folder).forms[0]


def signed_in(cast: Cast, role: str, language: str = "ru") -> Client:
    client = Client(headers={"Accept-Language": language})
    client.force_login(cast.users[role])
    return client


def page(cast: Cast, path: str, role: str = "designer", language: str = "ru") -> str:
    response = signed_in(cast, role, language).get(f"/p/acme/{path}")
    assert response.status_code == 200, (path, response.status_code)
    return response.content.decode()


def publish(cast: Cast, document: ProcedureDocument) -> None:
    publish_release(
        actor=OPERATOR, project=cast.project, kind="procedure", slug=document.code, body=write_document(document),
        body_schema=SCHEMA, parts=[], change_kind="scoring", summary={"ru": "Правка", "en": "Correction"}, at=NOW,
    )  # fmt: skip


def test_a_stranger_finds_nothing(installed: Cast) -> None:
    client = signed_in(installed, "stranger")
    for path in (*PAGES, *FILES):
        response = client.get(f"/p/acme/{path}")
        assert response.status_code == 404, path
        assert "Гибридный" not in response.content.decode()


def test_a_visitor_is_sent_to_sign_in(installed: Cast) -> None:
    for path in (*PAGES, *FILES):
        assert Client().get(f"/p/acme/{path}").headers["Location"] == f"/sign-in/?next=/p/acme/{path}"


@pytest.mark.parametrize("role", ["leader", "assessor", "office", "auditor", "expert", "administrator"])
def test_keys_are_refused_to_everyone_without_the_permission(installed: Cast, role: str) -> None:
    client = signed_in(installed, role)
    for path in WITH_KEYS:
        response = client.get(f"/p/acme/{path}")
        assert response.status_code == 403, path
        assert "смотреть инструменты с\u00a0ключами" in response.content.decode()


@pytest.mark.parametrize("role", ["leader", "assessor", "office", "auditor"])
def test_procedures_are_open_without_a_way_to_the_keys(
    installed: Cast, form: FormDocument, role: str
) -> None:
    for path in ("matrix/", "procedures/", "procedures/kam-external/"):
        html = page(installed, path, role)
        assert "/instruments/" not in html
        for item in form.items:
            assert item.prompt["ru"] not in html
            assert not any(option.rationale["ru"] in html for option in item.options)


@pytest.mark.parametrize("role", ["expert", "administrator"])
def test_procedures_are_refused_to_those_who_have_no_business_there(installed: Cast, role: str) -> None:
    for path in ("matrix/", "procedures/", "procedures/kam-external/", "matrix/kam-external.csv"):
        assert signed_in(installed, role).get(f"/p/acme/{path}").status_code == 403


@pytest.mark.parametrize("path", PAGES)
def test_an_english_page_has_no_russian_word_of_ours(installed: Cast, path: str) -> None:
    html = page(installed, path, language="en")
    main = html[html.index("<main") : html.index("</main>")]
    found = {line.strip() for line in re.sub(r"<[^>]+>", "\n", main).split("\n") if MIXED.search(line)}
    assert not found


@pytest.mark.parametrize("path", PAGES)
def test_a_russian_page_is_translated_throughout(installed: Cast, path: str) -> None:
    html = page(installed, path)
    main = html[html.index("<main") : html.index("</main>")]
    attributes = re.findall(r'(?:aria-label|data-label|title|placeholder)="([^"]*)"', main)
    lines = [line.strip() for line in re.sub(r"<[^>]+>", "\n", main).split("\n")]
    english = {
        text for text in [*lines, *attributes]
        if re.search(r"\b[a-z]{3,}\b", text) and not MIXED.search(text) and text != "operator"
    }  # fmt: skip
    assert not english


def test_no_page_carries_style_or_script(installed: Cast) -> None:
    for path in PAGES:
        html = page(installed, path)
        assert " style=" not in html and "<script" not in html


def test_an_address_of_no_instrument_is_not_there(installed: Cast) -> None:
    client = signed_in(installed, "designer")
    for path in (
        "instruments/nothing/",
        "procedures/nothing/",
        "matrix/nothing.xlsx",
        "matrix/kam-external.ods",
    ):
        assert client.get(f"/p/acme/{path}").status_code == 404


def test_an_empty_project_says_what_will_be_here_and_the_next_step(cast: Cast) -> None:
    for path, words in (
        ("instruments/", "Инструменты ещё не опубликованы"),
        ("matrix/", "Процедуры ещё не опубликованы"),
        ("procedures/", "Процедуры ещё не опубликованы"),
    ):
        html = page(cast, path)
        assert words in html and "На начальную страницу" in html


def test_the_list_tells_complete_from_later(installed: Cast) -> None:
    html = page(installed, "instruments/", language="en")
    assert "All instruments are complete." in html and "come later</span>" not in html
    assert "16 items, 26 points, 30 minutes" in html and "Written part of an exercise" in html
    publish_without_materials(installed)
    html = page(installed, "instruments/", language="en")
    assert "The materials of 1 exercise come later" in html
    assert html.count("come later</span>") == 1


def test_every_item_stands_beside_its_key_and_all_reasons(installed: Cast, form: FormDocument) -> None:
    html = page(installed, "instruments/kam-hybrid-short/", language="en")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html).replace("&#x27;", "'").replace("&quot;", '"'))
    for item in form.items:
        assert f'id="{item.code}"' in html
        assert re.sub(r"\s+", " ", item.prompt["en"]) in text
        for part in [*item.options, *item.left]:
            assert re.sub(r"\s+", " ", part.rationale["en"]) in text, (item.code, part.code)
        for level in item.rubric:
            assert re.sub(r"\s+", " ", level.text["en"]) in text
    assert "64.7 ± 0.05 RUB m" in text
    assert "30.824 ± 0.03" in text


def test_the_key_is_marked_by_a_word_not_by_colour_alone(installed: Cast) -> None:
    html = page(installed, "instruments/kam-hybrid-short/?competency=C1&type=single", language="en")
    keyed = re.findall(r'<tr class="keyed">.*?</tr>', html, re.S)
    assert len(keyed) == 1 and "<b>right</b>" in keyed[0] and "tick" in keyed[0]


def test_filters_narrow_the_items_and_strange_values_are_passed_over(installed: Cast) -> None:
    def shown(query: str) -> list[str]:
        html = page(installed, f"instruments/kam-hybrid-short/?{query}")
        return re.findall(r'<article class="item" id="(\w+)"', html)

    assert shown("competency=C5") == ["T09", "T10"]
    assert shown("type=best_worst") == ["T08", "T10"]
    assert shown("competency=C5&type=best_worst") == ["T10"]
    assert len(shown("competency=C99&type=<script>")) == 16
    empty = page(installed, "instruments/kam-hybrid-short/?competency=C1&type=likert")
    assert "не подходит ни одно задание" in empty and "Показать все задания" in empty


def test_a_stimulus_is_shown_in_full_once_and_folded_after(installed: Cast) -> None:
    html = page(installed, "instruments/kam-hybrid-short/", language="en")
    second = html[html.index('id="T10"') : html.index('id="T11"')]
    assert "as in T09" in second and "<details" in second
    alone = page(installed, "instruments/kam-hybrid-short/?competency=C5&type=best_worst", language="en")
    assert "as in T09" not in alone


def by_code(form: FormDocument, code: str) -> Item:
    return next(item for item in form.items if item.code == code)


def test_an_order_key_stands_in_the_keyed_order(form: FormDocument) -> None:
    rows = key_rows(by_code(form, "T12"))
    assert [row.mark for row in rows] == ["1", "2", "3", "4"]
    assert rows[0].text["en"] == "Metal lease" and rows[-1].text["en"] == "Purchase on a loan"


def test_a_match_key_shows_each_pair_and_what_is_left_over(form: FormDocument) -> None:
    item = by_code(form, "T03")
    rows = key_rows(item)
    assert len(rows) == 5 and [row.is_keyed for row in rows] == [True] * 4 + [False]
    assert rows[-1].text["en"] == "Integrated"


def test_an_effectiveness_key_shows_the_half_beside_it(form: FormDocument) -> None:
    rows = key_rows(by_code(form, "T09"))
    assert [row.is_keyed for row in rows] == [False, False, False, True, False]
    assert [bool(row.mark) for row in rows] == [False, False, True, True, True]


def test_a_column_of_words_stands_left_and_one_of_figures_right(form: FormDocument) -> None:
    table = table_view(next(s for s in form.stimuli if s.code == "s-pipeline").table)
    assert table is not None
    assert [is_right for _, is_right in table.head] == [False, False, True, True, False]
    assert table_view(None) is None


def test_an_exercise_shows_briefs_script_sheet_scales_and_flags(installed: Cast, pack_folder: Path) -> None:
    html = page(installed, "instruments/kam-e2/", language="en").replace("&#x27;", "'")
    exercise = next(e for e in read_pack(pack_folder).exercises if e.code == "kam-e2")
    for line in [*exercise.role_player_script, *exercise.administrator_script]:
        assert line.text["en"] in html and line.at in html
    for text in [*exercise.hidden_interests, *exercise.must_say, *exercise.key_points, *exercise.red_flags]:
        assert text["en"] in html
    for rated in exercise.rated:
        assert all(code in html for code in rated.indicators)
        assert all(anchor["en"] in html for anchor in rated.anchors)
    assert "04:10" in html and ">trigger<" in html


def publish_without_materials(cast: Cast) -> None:
    found = instrument_by_slug(cast.project.id, "kam-e1").exercise
    assert found is not None
    publish_release(
        actor=OPERATOR, project=cast.project, kind="exercise", slug=found.code,
        body=write_document(replace(found, is_complete=False)), body_schema=EXERCISE_SCHEMA, parts=[],
        change_kind="scoring", summary={"ru": "Правка", "en": "Correction"}, at=NOW,
    )  # fmt: skip


def test_an_exercise_without_materials_says_so(installed: Cast) -> None:
    assert "остальное будет позже" not in page(installed, "instruments/kam-e1/")
    publish_without_materials(installed)
    assert "остальное будет позже" in page(installed, "instruments/kam-e1/")


def test_a_written_exercise_leads_to_its_items_and_keys(installed: Cast) -> None:
    html = page(installed, "instruments/kam-e3/", language="en")
    assert "/instruments/kam-e3-written/" in html and "Parallel version" in html
    written = page(installed, "instruments/kam-e3-written/", language="en")
    assert "power 3, stance 0" in written and "a map of people" in written
    assert "43.1 inside, width from 16 to 50" in page(installed, "instruments/kam-e1-written/", language="en")


def test_an_interview_shows_every_question_with_probes_and_anchors(
    installed: Cast, pack_folder: Path
) -> None:
    html = page(installed, "instruments/kam-si/", language="en").replace("&#x27;", "'")
    interview = next(e for e in read_pack(pack_folder).exercises if e.code == "kam-si")
    for question in interview.questions:
        for text in [question.text, *question.probes, *question.anchors]:
            assert text["en"] in html


def test_group_cards_are_printed_with_the_exercise(installed: Cast) -> None:
    assert "Group card: metal desk" in page(installed, "instruments/kam-e4/", language="en")


def test_the_matrix_says_its_marks_in_words_and_its_figures(installed: Cast) -> None:
    html = page(installed, "matrix/", language="en")
    assert "All rules of the matrix hold." in html
    slugs = ("kam-external", "kam-internal")
    cells = [cell for slug in slugs for cell in procedure_by_slug(installed.project.id, slug).document.matrix]
    for weight, start, word in (
        (2, '<span class="mark main">2', "main"),
        (1, '<span class="mark">1', "second"),
    ):
        marked = html.count(f'{start}<span class="hidden-text">, {word}')
        assert marked == sum(cell.weight == weight for cell in cells) > 0
    assert "minutes of a person: 285, at most 480 allowed" in html
    assert "minutes of a person: 330, at most 480 allowed" in html


def test_a_broken_rule_stands_first_and_names_the_place(installed: Cast) -> None:
    document = procedure_by_slug(installed.project.id, "kam-external").document
    cells = [cell for cell in document.matrix if cell.competency != "C7" or cell.instrument == "HT"]
    publish(installed, replace(document, matrix=[*cells, MatrixCell("C7", "E2", 1)]))
    html = page(installed, "matrix/", language="en")
    assert "of the matrix" in html and "broken." in html
    checks = re.findall(r'<li class="(\w+)"><span class="hidden-text">(\S+) </span>([^<]*)', html)
    assert checks[0][0] == "bad" and checks[0][1] == "broken:" and "C7 × E2" in checks[0][2]
    assert "C7 × E2" in page(installed, "procedures/kam-external/")
    assert "point of the check lists blocks a procedure" in page(installed, "procedures/", language="en")


def test_both_lanes_stand_with_stages_days_and_minutes(installed: Cast) -> None:
    html = page(installed, "procedures/", language="en").replace("\u00a0", " ")
    assert html.index("external candidates") < html.index("internal candidates")
    assert "285 minutes of the person" in html and "330 minutes of the person" in html
    assert "E4 · 40 min" in html and "E4 · 85 min" in html
    assert "All check lists are green." in html


def test_a_procedure_shows_rule_cuts_texts_consents_and_invitation(installed: Cast) -> None:
    html = page(installed, "procedures/kam-internal/", language="en").replace("&#x27;", "'")
    document = procedure_by_slug(installed.project.id, "kam-internal").document
    for words in (
        "80% and more", "from 50% to 80%", "from 20% to 50%", "below 20%", "composite cut of 3.25", "by 0.30 at most",
        "at least 10 percentage points", "8 judges", "2 rounds", "2\u00a0Oct\u00a02026", "The panel of this sample is simulated",
        "0.82", "2.62", "±\u00a00.14",
    ):  # fmt: skip
        assert words in html, words
    for text in [document.texts.who_sees, document.texts.appeal, *document.texts.rights]:
        assert text["en"] in html
    for consent in document.consents:
        assert consent.agree["en"] in html
    assert "Name of the person" in html and "{name}" not in html and "{until}" not in html


def test_a_brace_in_an_invitation_does_not_break_the_page(installed: Cast) -> None:
    document = procedure_by_slug(installed.project.id, "kam-external").document
    body = {"ru": "Здравствуйте, {name}! {оплата} {0}", "en": "Dear {name}, {pay} {0}"}
    publish(installed, replace(document, texts=replace(document.texts, invitation_body=body)))
    assert "{pay} {0}" in page(installed, "procedures/kam-external/", language="en")


def test_the_matrix_file_holds_the_weights(installed: Cast) -> None:
    response = signed_in(installed, "designer", "en").get("/p/acme/matrix/kam-external.xlsx")
    rows = list(load_workbook(BytesIO(response.content)).active.values)
    assert rows[0] == ("Code", "Competency", "HT", "E1", "E2", "E3", "E4", "SI")
    assert rows[1] == ("C1", "Customer and market insight", 2, 1, None, 2, None, 1)
    assert rows[-1][1:] == ("Minutes", 30, 75, 35, 60, 40, 45)


def test_the_file_of_instruments_holds_no_key(installed: Cast, form: FormDocument) -> None:
    response = signed_in(installed, "designer").get("/p/acme/instruments/table.csv")
    text = response.content.decode("utf-8-sig")
    assert text.splitlines()[0].startswith("Инструмент,Вид,Компетенции")
    assert len(text.splitlines()) == 12  # a head, three tests, three written parts, five exercises
    assert not any(item.prompt["ru"] in text for item in form.items)


def test_a_page_is_only_read(installed: Cast) -> None:
    client = signed_in(installed, "designer")
    for path in (*PAGES, *FILES):
        assert client.post(f"/p/acme/{path}").status_code == 405


def test_a_page_asks_the_database_a_bounded_number_of_times(
    installed: Cast, django_assert_max_num_queries
) -> None:
    client = signed_in(installed, "designer")
    for path in PAGES:
        with django_assert_max_num_queries(20):
            client.get(f"/p/acme/{path}")
