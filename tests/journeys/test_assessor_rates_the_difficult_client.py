"""An assessor with a tablet watches the difficult client: the network fails in the middle, nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import LiveServer, axe, browser, en_desktop, new_context, playwright_, server  # noqa: F401

pytestmark = pytest.mark.browser


def tablet(browser: Browser, **options: Any) -> BrowserContext:  # noqa: F811
    values: dict[str, Any] = {
        "viewport": {"width": 820, "height": 1180}, "has_touch": True, "locale": "ru-RU",
        "timezone_id": "Europe/Moscow",
    }  # fmt: skip
    return new_context(browser, **(values | options))


def enter(page: Page, server: LiveServer, seeded: dict[str, Any], who: int = 0) -> None:  # noqa: F811
    page.goto(f"{server.url}/sign-in/")
    page.fill("[name=login]", seeded["logins"][who])
    page.fill("[name=password]", seeded["password"])
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)


def sheet_address(server: LiveServer, seeded: dict[str, Any], which: int = 0) -> str:  # noqa: F811
    return f"{server.url}/p/{seeded['project']}/assess/{seeded['appointments'][which]}/"


def rows(server: LiveServer, seeded: dict[str, Any], table: str) -> int:  # noqa: F811
    appointment = seeded["appointments"][0].replace("-", "")
    found = server.sql(f"SELECT count(*) FROM observation_{table} WHERE appointment_id = ?", appointment)
    return int(found[0][0])


def check(page: Page, what: str) -> None:
    assert axe(page) == [], what
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{what} scrolls sideways"


def rate(page: Page, code: str, level: str) -> None:
    page.locator(f'[data-tab="{code}"]').tap()
    page.locator(f'#rate-{code} label.anchor:has(input[value="{level}"])').tap()


def test_an_assessor_rates_on_a_tablet_through_an_offline_spell(
    server: LiveServer,  # noqa: F811
    browser: Browser,  # noqa: F811
) -> None:
    seeded = server.seed("assessor", "tablet-ru")
    context = tablet(browser)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    enter(page, server, seeded)
    page.goto(f"{server.url}/p/{seeded['project']}/assess/")
    check(page, "today")
    page.get_by_role("link", name="Неудобный клиент").tap()
    page.wait_for_url("**/assess/*-*/")
    check(page, "before the start")
    page.get_by_role("button", name="Пустить часы").tap()
    saved = page.locator("#saved-words")

    # With the network: a quote and a tap, "saved" comes from the server.
    page.fill("#note-text", "«Что для вас важнее: срок или цена?»")
    page.locator('button[value="C5.2+"]').tap()
    expect(saved).to_contain_text("Заметок на сервере: 1")
    expect(page.locator("#note-text")).to_have_value("")
    expect(page.locator("#note-list")).to_contain_text("«Что для вас важнее: срок или цена?»")
    assert rows(server, seeded, "note") == 1

    # Without it: the same taps, and the page says what is not saved.
    context.set_offline(True)
    page.fill("#note-text", "Не спросила, кто ещё решает")
    page.locator('button[value="C4.1-"]').tap()
    page.locator('button[value="C8.2+"]').tap()
    rate(page, "C4", "2")
    rate(page, "C5", "4")
    rate(page, "C5", "3")
    expect(saved).to_contain_text("Не сохранено: 4")
    expect(page.locator("#note-list .pending")).to_have_count(2)
    page.locator("#submit-sheet").tap()
    expect(saved).to_contain_text("Не сохранено: 4")
    assert rows(server, seeded, "note") == 1
    check(page, "offline")
    context.set_offline(False)
    expect(saved).to_contain_text("Заметок на сервере: 3")
    expect(page.locator("#note-list .pending")).to_have_count(0)
    assert rows(server, seeded, "note") == 3
    assert rows(server, seeded, "rating") == 2

    # A half-filled sheet is refused and says what is missing.
    rate(page, "C6", "not_observed")
    expect(page.locator("#rated-words")).to_have_text("Оценено 3 из 4")
    page.locator("#submit-sheet").tap()
    expect(page.locator("#submit-problem")).to_contain_text("C8")
    check(page, "refused")
    page.get_by_role("link", name="Оценить C8").tap()
    expect(page.locator("#rate-C8")).to_be_visible()
    expect(page.locator("#rate-C4")).to_be_hidden()
    rate(page, "C8", "5")
    expect(page.locator("#rated-words")).to_have_text("Оценено 4 из 4")
    page.locator("#submit-sheet").tap()
    expect(page.locator("main")).to_contain_text("Сдано")
    check(page, "submitted")
    values = server.sql(
        "SELECT p.code, r.value, r.reason FROM observation_rating r JOIN records_part p ON p.id = r.competency_id "
        "LEFT JOIN observation_rating n ON n.supersedes_id = r.id WHERE r.appointment_id = ? AND n.id IS NULL "
        "ORDER BY p.code",
        seeded["appointments"][0].replace("-", ""),
    )
    assert values == [("C4", 2, ""), ("C5", 3, ""), ("C6", None, "not_observed"), ("C8", 5, "")]
    assert errors == []
    context.close()


def test_a_note_waits_on_the_device_through_a_reload(server: LiveServer, browser: Browser) -> None:  # noqa: F811
    seeded = server.seed("assessor", "reload-ru", "5")
    context = tablet(browser)
    page = context.new_page()
    enter(page, server, seeded)
    page.goto(sheet_address(server, seeded))
    page.route("**/notes/", lambda route: route.abort())
    page.route("**/ratings/", lambda route: route.abort())
    page.fill("#note-text", "Сказано без сети")
    page.locator('button[value="C6.2+"]').tap()
    rate(page, "C6", "4")
    page.fill("#note-text", "недописанная мысль")
    expect(page.locator("#saved-words")).to_contain_text("Не сохранено: 2")
    page.unroute("**/notes/")
    page.unroute("**/ratings/")
    page.reload()
    expect(page.locator("#saved-words")).to_contain_text("Заметок на сервере: 7")
    expect(page.locator("#note-list")).to_contain_text("Сказано без сети")
    expect(page.locator("#note-text")).to_have_value("недописанная мысль")
    assert rows(server, seeded, "note") == 7
    assert rows(server, seeded, "rating") == 1
    context.close()


def test_a_reply_that_got_lost_leaves_one_note(server: LiveServer, browser: Browser) -> None:  # noqa: F811
    """The server writes, its answer never arrives: the tablet sends again, and the note stands once."""
    seeded = server.seed("assessor", "lost-ru", "5")
    context = tablet(browser)
    page = context.new_page()
    enter(page, server, seeded)
    page.goto(sheet_address(server, seeded))
    lost: list[int] = []

    def lose_the_first(route: Any) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort()

    page.route("**/notes/", lose_the_first)
    page.fill("#note-text", "Один раз")
    page.locator('button[value="C6.2+"]').tap()
    expect(page.locator("#saved-words")).to_contain_text("Заметок на сервере: 7")
    assert lost == [200]
    assert rows(server, seeded, "note") == 7
    context.close()


def test_the_sheet_works_without_scripts(server: LiveServer, browser: Browser) -> None:  # noqa: F811
    seeded = server.seed("assessor", "plain-ru", "5")
    context = tablet(browser, java_script_enabled=False)
    page = context.new_page()
    enter(page, server, seeded)
    page.goto(sheet_address(server, seeded))
    page.fill("#note-text", "Записано формой")
    page.locator('button[value="C5.1+"]').tap()
    page.wait_for_url("**#notes")
    expect(page.locator("#note-list")).to_contain_text("Записано формой")
    for code, level in (("C4", "3"), ("C5", "4"), ("C6", "2"), ("C8", "3")):
        page.locator(f'#rate-{code} input[value="{level}"]').check()
        page.locator(f"#rate-{code} .save-rating button").tap()
        expect(page.locator(f'#rate-{code} input[value="{level}"]')).to_be_checked()
    page.locator("#submit-sheet").tap()
    expect(page.locator("main")).to_contain_text("Сдано")
    assert rows(server, seeded, "rating") == 4
    context.close()


def test_english_by_keyboard_from_the_sheet_to_integration(server: LiveServer, browser: Browser) -> None:  # noqa: F811
    seeded = server.seed("assessor", "keys-en", "5", "1")
    context = en_desktop(browser)
    page = context.new_page()
    enter(page, server, seeded)
    page.goto(sheet_address(server, seeded))
    for code, key in (("C4", "3"), ("C5", "4"), ("C6", "0"), ("C8", "5")):
        page.locator(f'[data-tab="{code}"]').press("Enter")
        expect(page.locator(f"#rate-{code}")).to_be_focused()
        page.keyboard.press(key)
    expect(page.locator("#rated-words")).to_have_text("Rated 4 of 4")
    check(page, "sheet")
    page.locator("#note-text").press("3")
    expect(page.locator("#note-text")).to_have_value("3")
    page.locator("#submit-sheet").press("Enter")
    page.get_by_role("link", name="To integration").press("Enter")
    expect(page.locator(".finding")).to_contain_text("In 1 competency")
    check(page, "integration")
    agree = page.locator("#c-C8")
    agree.locator("summary").press("Enter")
    agree.locator("[name=value]").fill("3.5")
    agree.locator("textarea").fill("Both heard the quote at 04:55")
    agree.locator("form button").press("Enter")
    expect(page.locator("#c-C8")).to_contain_text("Both heard the quote at 04:55")
    page.goto(f"{server.url}/p/{seeded['project']}/integration/")
    check(page, "list")
    page.goto(f"{server.url}/p/{seeded['project']}/assess/texts/")
    check(page, "texts")
    context.close()
