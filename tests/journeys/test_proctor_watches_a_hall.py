"""A proctor sees who is at the test, stops the clock of one person and lets it run; the person's page follows by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import LiveServer, axe, en_desktop, ru_phone
from tests.fixtures.candidate_walk import begin, fill_item, is_saved

pytestmark = pytest.mark.browser


def test_a_pause_reaches_the_candidate_and_ends(server: LiveServer, browser: Browser) -> None:
    seeded = server.seed("candidate", "hall")
    phone, desk = ru_phone(browser), en_desktop(browser)
    page, proctor = phone.new_page(), desk.new_page()
    begin(page, server, seeded["token"])
    password = "correct horse proctor"
    server.run(
        "-m",
        "kamerton.cli.main",
        "user",
        "hall@acme.example",
        "--name",
        "Proctor",
        "--project",
        "hall",
        "--role",
        "office",
        "--password",
        password,
    )
    proctor.goto(f"{server.url}/sign-in/?next=/p/hall/campaigns/autumn/live/")
    proctor.fill("input[name=login]", "hall@acme.example")
    proctor.fill("input[name=password]", password)
    proctor.locator("main form button").first.click()
    expect(proctor.locator("tbody tr")).to_have_count(1)
    expect(proctor.locator("tbody")).to_contain_text("answering")
    assert axe(proctor) == []
    fill_item(page, 1)
    is_saved(page)
    # The table renews itself; what is ticked and typed stays.
    proctor.locator("tbody input").check()
    proctor.locator("#reason").fill("Fire alarm")
    expect(proctor.locator("tbody")).to_contain_text("1 / 9", timeout=25_000)
    expect(proctor.locator("tbody input")).to_be_checked()
    proctor.locator("button[value=pause]").click()
    expect(proctor.locator("tbody")).to_contain_text("paused")
    # The next answer brings the news; it is saved all the same, then the items are out of sight.
    page.locator("input[name=i1-choice][value=a]").check()
    expect(page.locator("h1")).to_have_text("Тест на паузе")
    expect(page.locator("main")).to_contain_text("Fire alarm")
    assert axe(page) == []
    proctor.locator("tbody input").check()
    proctor.locator("button[value=resume]").click()
    expect(page.locator("input[name=i1-choice][value=a]")).to_be_checked(timeout=20_000)
    proctor.set_viewport_size({"width": 360, "height": 740})
    assert proctor.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
        "no sideways scrolling on a phone"
    )
    proctor.locator("tbody td a").first.click()
    proctor.locator(".campaign-log summary").click()
    expect(proctor.locator(".campaign-log")).to_contain_text("paused by the office")
    assert axe(proctor) == []
    for context in (phone, desk):
        context.close()


def test_the_calculator_reads_sums_as_people_write_them(server: LiveServer, browser: Browser) -> None:
    context = en_desktop(browser)
    page = context.new_page()
    page.goto(f"{server.url}/sign-in/")
    found = page.evaluate(
        """async () => {
            const { value } = await import("/static/calculator.js");
            return ["1,2 × (3 + 4)", "10 − 2*3", "200 × 15%", "1 200 / 4", "-(2+3)", "7 ÷ 2", "2 +", "alert(1)", "", "1/0"].map(value);
        }"""
    )
    assert found == [8.4, 4, 30, 300, -5, 3.5, None, None, None, None]
    context.close()
