"""A Russian candidate with a phone goes the whole way by touch; every page is accessible in both languages."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import LiveServer, axe, en_desktop, ru_phone
from tests.fixtures.candidate_walk import PAGES, answer_rest, begin, enter, fill_item, go_next, is_saved

pytestmark = pytest.mark.browser


def check(page: Page, what: str) -> None:
    """Accessible, no sideways scrolling, nothing smaller than a finger."""
    assert axe(page) == [], what
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{what} scrolls sideways"
    hidden = page.evaluate(
        "() => [...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert hidden == 0, f"{what}: a column is scrolled out of sight"
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, a.button, label, select, textarea, summary, input[type=text]')]
        .filter(e => e.offsetParent && !e.closest('.vh') && !e.matches('.vh, .skip, label.field'))
        .map(e => [e.getBoundingClientRect(), e.outerHTML.slice(0, 80)])
        .filter(([box]) => box.height < 43.5 || box.width < 43.5).map(([, html]) => html)"""
    )
    assert small == [], what


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_whole_way_is_accessible(server: LiveServer, browser: Browser, language: str) -> None:
    seeded = server.seed("candidate", f"way-{language}")
    context = ru_phone(browser, locale="ru-RU" if language == "ru" else "en-GB")
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{server.url}/c/{seeded['token']}/")
    check(page, "invitation")
    page.locator("main form button").tap()
    page.wait_for_url("**/sitting/consent/")
    check(page, "consent")
    page.locator("section.consent").first.locator("button[value=decline]").tap()
    page.wait_for_url("**/sitting/consent/?declined=1")
    check(page, "declined")
    page.locator("section.consent").first.locator("label").tap()
    page.locator("section.consent").first.locator("button[value=agree]").tap()
    page.locator("section.consent .done").wait_for()
    check(page, "consent given")
    page.locator("a.button.main").tap()
    page.wait_for_url("**/sitting/")
    check(page, "what awaits")
    page.locator("form[action='/sitting/start/'] button").tap()
    page.wait_for_url("**/sitting/item/1/")
    for numbers in PAGES:
        check(page, f"items {numbers}, empty")
        for number in numbers:
            fill_item(page, number)
        is_saved(page)
        page.locator("details summary").tap()
        check(page, f"items {numbers}, answered, list open")
        go_next(page)
    check(page, "finish")
    page.locator("#finish button").tap()
    page.wait_for_url("**/sitting/thanks/")
    check(page, "thanks")
    page.goto(f"{server.url}/sitting/item/3/")
    assert page.url.endswith("/sitting/thanks/"), "a finished sitting opened again ends at the thanks"
    page.goto(f"{server.url}/sitting/withdraw/")
    check(page, "withdraw")
    page.goto(f"{server.url}/c/no-such-link-at-all/")
    check(page, "unknown link")
    expect(page.locator("main p[lang=ru]")).to_be_visible()
    expect(page.locator("main p[lang=en]")).to_be_visible()
    rows = server.sql(
        "select count(*) from delivery_answer a join delivery_sitting s on s.id = a.sitting_id "
        "where s.participation_id = ? and s.finish_reason = 'candidate'",
        seeded["participation"],
    )
    # Two boxes of one item and two ends of another are two states each; the journal keeps both.
    assert rows[0][0] >= 9
    assert [e for e in errors if "404" not in e and "410" not in e] == []
    context.close()


def test_the_finish_names_what_is_missing_and_flagged(server: LiveServer, page_ru_phone: Page) -> None:
    page = page_ru_phone
    begin(page, server, server.seed("candidate", "missing")["token"])
    fill_item(page, 1)
    is_saved(page)
    page.locator(".bar button[value=flag]").tap()
    expect(page.locator(".bar button[value=flag]")).to_have_attribute("aria-pressed", "true")
    page.locator("details summary").tap()
    page.locator("details button[value=finish]").tap()
    page.wait_for_url("**/sitting/finish/")
    expect(page.locator("h1")).to_have_text("Ответы есть не везде")
    assert page.locator(".chips").first.locator("a").count() == 8
    expect(page.locator(".chips").last.locator("a")).to_have_text(["Задание\u00a01"])
    page.locator(".chips").first.locator("a").first.tap()
    page.wait_for_url("**/sitting/item/2/")
    page.go_back()
    page.locator("#finish button").tap()
    page.wait_for_url("**/sitting/thanks/")


def test_the_clock_is_the_servers_and_extra_time_is_counted(server: LiveServer, browser: Browser) -> None:
    seeded = server.seed("candidate", "clock", "30", "1.5")
    context = ru_phone(browser)
    page = context.new_page()
    page.clock.set_fixed_time("2031-01-01T00:00:00")
    enter(page, server, seeded["token"])
    expect(page.locator(".measure")).to_contain_text("45\u00a0минут")
    page.locator("form[action='/sitting/start/'] button").click()
    page.wait_for_url("**/sitting/item/1/")
    minutes = int(page.locator("[data-clock]").inner_text().split(":")[0])
    assert 43 <= minutes <= 45
    context.close()


def test_keyboard_alone_answers_every_type(server: LiveServer, browser: Browser) -> None:
    """Tab, arrows, space, enter: no pointer from the first item to the thanks."""
    seeded = server.seed("candidate", "keyboard")
    context = en_desktop(browser)
    page = context.new_page()
    begin(page, server, seeded["token"])

    def tab_to(selector: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"{selector} is not reached by Tab")

    def next_page() -> None:
        before = page.url
        is_saved(page)
        tab_to(".bar button[value=next]")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: url != before)

    tab_to("input[name=i1-choice]")
    page.keyboard.press("Space")
    next_page()
    tab_to("input[name=i2-choices]")
    page.keyboard.press("Space")
    next_page()
    tab_to("input[name=i3-best]")
    page.keyboard.press("Space")
    tab_to("input[name=i3-worst]")
    page.keyboard.press("ArrowDown")
    tab_to("input[name=i4-step]")
    page.keyboard.press("Space")
    next_page()
    tab_to("input[name=i5-number]")
    page.keyboard.type("12.5")
    next_page()
    tab_to("[data-down]")
    page.keyboard.press("Enter")
    next_page()
    for left in ("x", "y"):
        tab_to(f"select[name=i7-pair-{left}]")
        page.keyboard.press("ArrowDown")
    next_page()
    tab_to("input[name=i8-choice]")
    page.keyboard.press("Space")
    next_page()
    tab_to("textarea")
    page.keyboard.type("Please give the press back in time.")
    next_page()
    expect(page.locator("h1")).to_have_text("Everything is answered")
    tab_to("#finish button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sitting/thanks/")
    context.close()


def test_without_scripts_the_form_saves_on_next_and_back(server: LiveServer, browser: Browser) -> None:
    seeded = server.seed("candidate", "no-script")
    context = ru_phone(browser, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.url}/c/{seeded['token']}/")
    page.locator("main form button").click()
    section = page.locator("section.consent").first
    section.locator("input[type=checkbox]").check()
    section.locator("button[value=agree]").click()
    page.locator("a.button.main").click()
    page.locator("form[action='/sitting/start/'] button").click()
    page.locator("input[name=i1-choice][value=c]").check()
    page.locator(".bar button[value=next]").click()
    page.locator("input[name=i2-choices][value=b]").check()
    page.locator(".bar button[value=back]").click()
    expect(page.locator("input[name=i1-choice][value=c]")).to_be_checked()
    expect(page.locator("[data-saved]")).to_contain_text("Сохранено на сервере в")
    page.locator(".bar button[value=next]").click()
    expect(page.locator("input[name=i2-choices][value=b]")).to_be_checked()
    page.locator(".bar button[value=next]").click()
    page.locator("input[name=i3-best][value=a]").check()
    page.locator("input[name=i3-worst][value=a]").check()
    page.locator(".bar button[value=next]").click()
    expect(page.locator("[role=alert]").first).to_contain_text("Задание 3 не сохранено")
    expect(page.locator("input[name=i3-best][value=a]")).to_be_checked()
    context.close()


def test_a_link_opened_on_another_device_goes_on_from_the_same_place(
    server: LiveServer, browser: Browser
) -> None:
    seeded = server.seed("candidate", "resume")
    phone = ru_phone(browser)
    page = phone.new_page()
    begin(page, server, seeded["token"])
    fill_item(page, 1)
    is_saved(page)
    phone.close()
    other = en_desktop(browser, locale="ru-RU")
    page = other.new_page()
    page.goto(f"{server.url}/c/{seeded['token']}/")
    expect(page.locator("main form button")).to_have_text("Продолжить")
    page.locator("main form button").click()
    page.wait_for_url("**/sitting/")
    page.locator("a.button.main").click()
    page.wait_for_url("**/sitting/item/2/")
    answer_rest(page, start=1)
    expect(page.locator("h1")).to_have_text("Ответы есть на все задания")
    other.close()
