"""The model as a workbook: out, changed, seen, back; whatever cannot be placed is said, and nothing is half-written."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook, load_workbook

from kamerton.apps.frameworks.actions import edit_text
from kamerton.apps.frameworks.queries import draft_document, draft_of
from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.models import DraftChange
from kamerton.flows.install_pack import install_pack
from kamerton.values.documents import write_document
from tests.cast import NOW, Cast

ADDRESS = "/p/acme/model/table/"


@pytest.fixture
def installed(cast: Cast, pack_folder: Path) -> Cast:
    install_pack(actor=OPERATOR, project=cast.project, root=pack_folder, at=NOW)
    return cast


def client(cast: Cast, role: str = "designer", language: str = "ru") -> Client:
    found = Client(headers={"accept-language": language})
    found.force_login(cast.users[role])
    return found


def book(cast: Cast, language: str = "ru") -> Workbook:
    return load_workbook(BytesIO(client(cast, language=language).get("/p/acme/model/table.xlsx").content))


def sent(cast: Cast, workbook: Workbook, language: str = "ru", **fields: str) -> Any:
    data = BytesIO()
    workbook.save(data)
    return client(cast, language=language).post(
        ADDRESS, {"file": SimpleUploadedFile("model.xlsx", data.getvalue()), **fields}
    )


def cell(sheet: Any, code: str, field: str, column: int) -> Any:
    return next(row[column] for row in sheet.iter_rows() if row[0].value == code and row[1].value == field)


def keep(cast: Cast, reply: Any) -> Any:
    html = reply.content.decode()
    fields = {name: html.split(f'name="{name}" value="')[1].split('"')[0] for name in ("token", "version")}
    return client(cast).post(ADDRESS, fields | {"do": "keep"})


def whole(cast: Cast) -> dict[str, Any]:
    return write_document(draft_document(draft_of(cast.project.id, "kam").identity))


@pytest.mark.parametrize("language", ["ru", "en"])
def test_what_went_out_comes_back_and_changes_nothing(installed: Cast, language: str) -> None:
    workbook = book(installed, language)
    assert workbook.sheetnames == (["Модель", "Профили"] if language == "ru" else ["Model", "Profiles"])
    assert workbook.worksheets[0].max_row == 1 + 8 * (5 + 5) + 40 * 2
    reply = sent(installed, workbook, language)
    assert reply.status_code == 200 and 'name="do"' not in reply.content.decode()


def test_a_changed_cell_is_shown_and_becomes_a_change_of_the_draft(installed: Cast) -> None:
    workbook = book(installed)
    model, profiles = workbook.worksheets
    cell(model, "C5", "уровень 3", 2).value = "Снижает накал и узнаёт интерес; договорённость записывает"
    cell(model, "C1.2", "индикатор", 3).value = "Links the customer's task to its metal"
    row = next(r for r in profiles.iter_rows() if r[0].value == "R3" and r[1].value == "C6")
    row[2].value, row[3].value = 4, "3,5"
    model.move_range(f"A2:D{model.max_row}", rows=3)  # empty rows on top: order and place do not count
    before = whole(installed)
    reply = sent(installed, workbook)
    html = reply.content.decode().replace("\u00a0", " ")
    assert reply.status_code == 200 and "4 места" in html and "узнаёт интерес" in html
    assert whole(installed) == before, "a look changes nothing"
    assert keep(installed, reply).status_code == 302
    after = whole(installed)
    assert after["competencies"][4]["levels"][2]["anchor"]["ru"].startswith("Снижает накал и узнаёт")
    profile = next(p for p in after["profiles"] if p["role"] == "R3")
    assert [(t["target"], t["minimum"]) for t in profile["targets"] if t["competency"] == "C6"] == [(4, 3.5)]
    assert DraftChange.objects.count() == 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m, p: m.append(["C99", "название", "а", "b"]), "«C99, название» в модели нет"),
        (lambda m, p: m.append(["C1", "название", "а", "b"]), "уже есть в строке 2"),
        (lambda m, p: setattr(cell(m, "C1", "определение", 2), "value", None), "текст (RU) пуст"),
        (lambda m, p: m.append(["C1", "уровень 6", "а", "b"]), "«C1, уровень 6» в модели нет"),
        (lambda m, p: setattr(p["C2"], "value", "много"), "«много» не число"),
        (lambda m, p: p.append(["R99", "C1", 3, 2, 0.1]), "профиля R99"),
        (lambda m, p: setattr(m["C1"], "value", "Что-то"), "нет столбцов «Русский»"),
    ],
)
def test_a_wrong_row_is_said_and_nothing_is_written(installed: Cast, change: Any, words: str) -> None:
    workbook = book(installed)
    change(*workbook.worksheets)
    cell(workbook.worksheets[0], "C8", "название", 2).value = "Риски и правила"
    before = whole(installed)
    reply = sent(installed, workbook)
    assert reply.status_code == 422 and words in reply.content.decode().replace("\u00a0", " ").replace(
        "&#x27;", "'"
    )
    token = reply.content.decode()
    if 'name="token"' in token:
        keep(installed, reply)
    assert whole(installed) == before


def test_numbers_out_of_order_leave_the_texts_alone_too(installed: Cast) -> None:
    workbook = book(installed)
    model, profiles = workbook.worksheets
    cell(model, "C8", "название", 2).value = "Риски и правила"
    profiles["D2"].value = 5  # a minimum above its target
    before = whole(installed)
    reply = sent(installed, workbook)
    assert keep(installed, reply).status_code == 422
    assert whole(installed) == before


def test_a_missing_sheet_merged_cells_and_no_workbook_at_all(installed: Cast) -> None:
    workbook = book(installed)
    workbook.worksheets[0].title, workbook.worksheets[1].title = "Лист1", "Лист2"
    reply = sent(installed, workbook)
    assert (
        reply.status_code == 422
        and "Нет листов «Модель» и «Профили». Есть: Лист1, Лист2"
        in reply.content.decode().replace("\u00a0", " ")
    )
    workbook = book(installed)
    workbook.worksheets[0].merge_cells("A2:A3")
    assert sent(installed, workbook).status_code in (200, 422)
    for data in (b"", b"PK\x03\x04 half", b"%PDF-1.7"):
        broken = client(installed).post(ADDRESS, {"file": SimpleUploadedFile("model.xlsx", data)})
        assert broken.status_code == 422 and 'role="alert"' in broken.content.decode()


def test_somebody_else_changed_the_place_meanwhile(installed: Cast) -> None:
    workbook = book(installed)
    cell(workbook.worksheets[0], "C5", "название", 2).value = "Переговоры"
    reply = sent(installed, workbook)
    edit_text(
        actor=installed.designer,
        draft=draft_of(installed.project.id, "kam"),
        path="competency/C5/name/ru",
        value="Спор",
        at=NOW,
    )
    refused = keep(installed, reply)
    assert refused.status_code == 422
    html = refused.content.decode().replace("\u00a0", " ")
    assert "черновик изменил другой человек" in html and "Спор" in html, (
        "the other's words stand as those of now"
    )
    assert whole(installed)["competencies"][4]["name"]["ru"] == "Спор"
    assert keep(installed, refused).status_code == 302
    changes = list(DraftChange.objects.order_by("id").values_list("before", "after"))
    assert changes[-1] == ("Спор", "Переговоры"), (
        "nobody's work is lost: both changes stand in the history, each can be undone"
    )


def test_only_a_designer_brings_it_back(installed: Cast) -> None:
    assert client(installed, "leader").get("/p/acme/model/table.xlsx").status_code == 200
    for role in ("leader", "assessor"):
        assert client(installed, role).get(ADDRESS).status_code == 403
