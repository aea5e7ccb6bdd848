"""A whole test in a browser that runs no script: every item type, going back, the gaps named, the end."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import LiveServer, new_context
from tests.fixtures.candidate_walk import begin

pytestmark = pytest.mark.browser


def fill(page: Page, number: int) -> None:
    """By native controls alone: an order is given by its places."""
    name = f"i{number}"
    match number:
        case 6:
            for place, select in enumerate(page.locator(f"fieldset[data-item='{number}'] select").all(), 1):
                select.select_option(str(place))
        case 1 | 8:
            page.locator(f"input[name={name}-choice]").first.check()
        case 2:
            page.locator(f"input[name={name}-choices]").first.check()
        case 3:
            page.locator(f"input[name={name}-best][value=a]").check()
            page.locator(f"input[name={name}-worst][value=b]").check()
        case 4:
            page.locator(f"input[name={name}-step][value='4']").check()
        case 5:
            page.locator(f"input[name={name}-number]").fill("12,5")
        case 7:
            page.locator(f"select[name={name}-pair-x]").select_option("p")
            page.locator(f"select[name={name}-pair-y]").select_option("q")
        case 9:
            page.locator(f"textarea[name={name}-text]").fill("Прошу вернуть пресс к сроку.")


def test_a_whole_test_without_javascript(server: LiveServer, browser: Browser) -> None:
    seeded = server.seed("candidate", "no-scripts")
    context = new_context(
        browser, java_script_enabled=False, locale="ru-RU", viewport={"width": 360, "height": 740}
    )
    page = context.new_page()
    begin(page, server, seeded["token"])
    for numbers in ([1], [2], [3, 4], [5], [6], [7], [8]):
        for number in numbers:
            fill(page, number)
        page.locator(".bar button[value=next]").click()
    # An answer is there when the next page is: going back shows it.
    page.locator(".bar button[value=back]").click()
    expect(page.locator("input[name=i8-choice]:checked")).to_have_count(1)
    expect(page.locator("[data-saved-text]")).to_contain_text("Сохранено на сервере")
    page.locator(".bar button[value=next]").click()
    page.locator(".bar button[value=next]").click()
    expect(page.locator("main")).to_contain_text("9")
    page.locator(".chips a").first.click()
    fill(page, 9)
    page.locator(".bar button[value=next]").click()
    expect(page.locator("h1")).to_have_text("Ответы есть на все задания")
    page.locator("#finish button").last.click()
    expect(page.locator("h1")).to_have_text("Тест завершён")
    rows = server.sql(
        "select p.code, a.value from delivery_answer a join delivery_sitting s on s.id = a.sitting_id "
        "join records_part p on p.id = a.item_id where s.participation_id = ? order by a.id",
        seeded["participation"],
    )
    assert [row[0] for row in rows] == [f"T0{n}" for n in range(1, 10)], (
        "one row an item: nothing doubled by going back"
    )
    assert len(set(json.loads(dict(rows)["T06"])["order"])) == 3
    context.close()
