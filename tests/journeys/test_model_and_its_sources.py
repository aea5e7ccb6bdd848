"""A designer imports interviews and opens a round; two judges sort, one by finger on a tablet, one by keyboard; a director follows
an indicator back to a sentence in three clicks and takes the book of the model along."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook
from playwright.sync_api import Browser, Page, expect

from tests.browser import LiveServer, axe, new_context

pytestmark = pytest.mark.browser


def signed_in(server: LiveServer, browser: Browser, role: str, **options: object) -> Page:
    page = new_context(
        browser, **({"locale": "ru-RU", "viewport": {"width": 1280, "height": 800}} | options)
    ).new_page()  # type: ignore[arg-type]
    page.goto(f"{server.url}/sign-in/")
    page.fill("[name=login]", f"{role}@sources-journey.example")
    page.fill("[name=password]", f"correct horse {role}")
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)
    return page


def check(page: Page, what: str) -> None:
    assert axe(page) == [], what
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), f"{what} scrolls sideways"


def test_from_interviews_to_a_sorted_model(server: LiveServer, browser: Browser, tmp_path: Path) -> None:
    server.seed("centre", "sources-journey")
    address = f"{server.url}/p/sources-journey"
    designer = signed_in(server, browser, "designer")

    # An interview from a table: first with a wrong row, then mended, with a name masked.
    book = Workbook()
    book.active.append(("Интервью", "Кто рассказал", "Поведение", "Удачно", "Индикаторы"))  # type: ignore[union-attr]
    book.active.append(("Z1", "КАМ, 2 года", "Петров И. С. спросил, чего боится клиент", "да", "C5.2"))  # type: ignore[union-attr]
    book.active.append(("Z1", "КАМ, 2 года", "Промолчал", "кажется", ""))  # type: ignore[union-attr]
    book.save(tmp_path / "bad.xlsx")
    book.active["D3"] = "нет"  # type: ignore[index]
    book.save(tmp_path / "good.xlsx")
    designer.goto(f"{address}/sources/")
    check(designer, "sources")
    designer.get_by_role("link", name="Загрузить случаи").click()
    designer.set_input_files("#file", tmp_path / "bad.xlsx")
    designer.get_by_role("button", name="Прочитать таблицу").click()
    expect(designer.get_by_role("alert").first).to_contain_text("Строка 3")
    check(designer, "refused import")
    designer.set_input_files("#file", tmp_path / "good.xlsx")
    designer.get_by_role("button", name="Прочитать таблицу").click()
    expect(designer.locator(".note.doubtful")).to_contain_text("Петров И. С.")
    designer.fill("#masks", "Петров И. С.")
    check(designer, "preview")
    designer.get_by_role("button", name="Записать 2 случая").click()
    expect(designer.locator("table").first).to_contain_text("Z1")

    # A round of sorting for two judges; the links are shown once.
    designer.get_by_role("link", name="Открыть раунд").click()
    check(designer, "new round")
    designer.fill("#judges", "эксперт 1\nэксперт 2")
    designer.get_by_role("button", name="Открыть раунд и создать ссылки").click()
    links = designer.locator("td.code").all_inner_texts()
    assert len(links) == 2
    check(designer, "links")
    tablet = new_context(
        browser, locale="ru-RU", viewport={"width": 820, "height": 1180}, has_touch=True
    ).new_page()
    keys = new_context(browser, locale="ru-RU", viewport={"width": 360, "height": 740}).new_page()
    tablet.goto(links[0])
    check(tablet, "card on a tablet")
    keys.goto(links[1])
    check(keys, "card on a phone")
    for number in range(40):
        before = tablet.url
        tablet.locator(".sort-targets .target").nth(number % 8).tap()
        tablet.wait_for_url(lambda url, before=before: url != before)
        before = keys.url
        keys.keyboard.press("3")
        keys.wait_for_url(lambda url, before=before: url != before)
    for page in (tablet, keys):
        expect(page.locator("h1")).to_have_text("Все карточки разложены")
        page.get_by_role("button", name="Сдать раскладку").press("Enter")
        expect(page.locator("h1")).to_contain_text("раскладка сдана")
        check(page, "sorted")
    designer.get_by_role("link", name="К раунду").click()
    expect(designer.locator(".finding")).to_be_visible()
    expect(designer.locator("main")).to_contain_text("Экспертов меньше восьми")
    check(designer, "results")

    # A director: model, indicator, sentence.
    director = signed_in(server, browser, "leader", viewport={"width": 360, "height": 740})
    director.goto(f"{address}/model/C5/")
    check(director, "model on a phone")
    director.locator("table.indicators tr", has_text="C5.2").locator("a").click()
    check(director, "indicator")
    expect(director.locator("main")).to_contain_text("[…] спросил, чего боится клиент")
    director.locator("figcaption a", has_text="Z1.1").click()
    expect(director.locator("h1")).to_contain_text("Z1")
    check(director, "interview")
    assert "Петров" not in director.content()
    book_pdf = director.request.get(f"{address}/model/book.pdf")
    assert book_pdf.status == 200 and book_pdf.body()[:5] == b"%PDF-"
    # The designer takes the table out, changes nothing, and is told so.
    designer.goto(f"{address}/model/table/")
    check(designer, "table import")
    (tmp_path / "model.xlsx").write_bytes(designer.request.get(f"{address}/model/table.xlsx").body())
    designer.set_input_files("#file", tmp_path / "model.xlsx")
    designer.get_by_role("button", name="Прочитать таблицу").click()
    expect(designer.locator("main")).to_contain_text("ничего не изменится")
