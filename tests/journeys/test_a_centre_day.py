"""A whole day of an assessment centre: six candidates, four assessors, five exercises; the network fails in the middle of
one, for a candidate and for an assessor, and at the end every sheet is in and every word is on the server."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import LiveServer, axe, new_context

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

TO_RATE = {"E1": 5, "E2": 4, "E3": 5, "E4": 4, "SI": 14}
FAULTS = {"azolit": "stale", "vilaron": "nobody", "geliakt": "stage", "kalaris": "lost", "meridon": "hold", "norstek": "double"}  # fmt: skip


class Day:
    def __init__(self, server: LiveServer, browser: Browser) -> None:
        self.server = server
        self.seeded = server.seed("centre", "centre-day")
        self.errors: list[str] = []
        self.desks = [self._candidate(browser, one) for one in self.seeded["candidates"]]
        self.tablets = [self._assessor(browser, login) for login in self.seeded["logins"]]

    def _watch(self, context: BrowserContext) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def _candidate(self, browser: Browser, one: dict[str, Any]) -> Page:
        context = new_context(browser, locale="ru-RU", viewport={"width": 1280, "height": 800})
        context.add_cookies([{"name": "kamerton_candidate", "value": one["cookie"], "url": self.server.url}])
        return self._watch(context)

    def _assessor(self, browser: Browser, login: str) -> Page:
        context = new_context(
            browser, locale="ru-RU", viewport={"width": 820, "height": 1180}, has_touch=True
        )
        page = self._watch(context)
        page.goto(f"{self.server.url}/sign-in/")
        page.fill("[name=login]", login)
        page.fill("[name=password]", self.seeded["password"])
        page.press("[name=password]", "Enter")
        page.wait_for_url(lambda url: "sign-in" not in url)
        return page

    def sheets(self, code: str, candidate: int) -> list[tuple[Page, str]]:
        return [
            (self.tablets[who], f"{self.server.url}/p/{self.seeded['project']}/assess/{appointment}/")
            for who, appointment in self.seeded["appointments"][code][candidate]
        ]

    def start(self, code: str, candidate: int) -> None:
        page, address = self.sheets(code, candidate)[0]
        page.goto(address)
        page.get_by_role("button", name="Пустить часы").tap()
        expect(page.locator("#note-text")).to_be_visible()

    def rate(self, code: str, candidate: int) -> None:
        """Both assessors: a quote, every level by the page's own controls, the sheet handed in."""
        for turn, (page, address) in enumerate(self.sheets(code, candidate)):
            page.goto(address)
            page.fill("#note-text", f"Сказано участником {candidate + 1}")
            page.locator(".chip button").first.tap()
            expect(page.locator("#saved-words")).to_contain_text("Заметок на сервере: 1")
            page.evaluate(
                "level => document.querySelectorAll('.rate').forEach(s => s.querySelector(`input[value=\"${level}\"]`).click())",
                str(2 + (candidate + turn) % 3),
            )
            expect(page.locator("#rated-words")).to_have_text(f"Оценено {TO_RATE[code]} из {TO_RATE[code]}")
            page.locator("#submit-sheet").tap()
            expect(page.locator("main")).to_contain_text("Сдано")

    def begin(self, candidate: int) -> Page:
        page = self.desks[candidate]
        page.goto(f"{self.server.url}/sitting/")
        page.locator("form[action='/sitting/start/']").last.locator("button").click()
        page.wait_for_url("**/sitting/item/1/")
        return page

    def count(self, query: str) -> int:
        return int(self.server.sql(query)[0][0])


def step_on(page: Page) -> None:
    before = page.url
    page.locator(".bar button[value=next]").click()
    page.wait_for_url(lambda url: url != before)


def finish(page: Page) -> None:
    before = page.url
    page.goto(page.url.split("/sitting/")[0] + "/sitting/finish/")
    assert before != page.url
    page.locator("#finish button").last.click()
    page.wait_for_url(lambda url: "finish" not in url)


def saved(page: Page) -> None:
    expect(page.locator("[data-saved]")).to_be_visible()


def test_six_candidates_and_four_assessors_through_a_whole_day(server: LiveServer, browser: Browser) -> None:
    day = Day(server, browser)
    # E1. The first candidate waits on the page; it opens by itself when the assessor starts the clock.
    waiting = day.desks[0]
    waiting.goto(f"{server.url}/sitting/")
    expect(waiting.locator("#later-head")).to_be_visible()
    assert axe(waiting) == []
    for candidate in range(6):
        day.start("E1", candidate)
    expect(waiting.locator("main")).to_contain_text("письменная часть", timeout=20_000)
    for candidate in range(6):
        page = day.begin(candidate)
        for account, fault in FAULTS.items():
            page.locator(f"select[data-left={account}]").select_option(fault)
        saved(page)
        if candidate == 0:
            page.locator(".desk summary").nth(5).click()
            assert axe(page) == []
        if candidate == 2:  # the network fails in the middle of the exercise
            page.context.set_offline(True)
            page.locator("select[data-left=isolux]").select_option("unit")
            page.locator("select[data-left=pyroterm]").select_option("chance")
            expect(page.locator("[data-banner]")).to_be_visible(timeout=20_000)
            page.context.set_offline(False)
            saved(page)
        step_on(page)
        page.locator("input[name=i2-number]").fill(f"4{candidate},0")
        step_on(page)
        page.locator("input[name=i3-low]").fill("30")
        page.locator("input[name=i3-high]").fill("58")
        saved(page)
        step_on(page)
        page.locator("textarea").fill(f"Исправил шесть строк. Участник {candidate + 1}.")
        saved(page)
        finish(page)
    for candidate in range(6):
        day.rate("E1", candidate)

    # E2. One assessor's tablet loses the network while the participant talks; nothing is lost.
    for candidate in range(6):
        day.start("E2", candidate)
    page, address = day.sheets("E2", 0)[0]
    page.goto(address)
    page.context.set_offline(True)
    page.fill("#note-text", "«Что для вас важнее: срок или цена?»")
    page.locator('button[value="C5.2+"]').tap()
    page.locator('button[value="C8.2+"]').tap()
    expect(page.locator("#saved-words")).to_contain_text("Не сохранено: 2")
    page.context.set_offline(False)
    expect(page.locator("#saved-words")).to_contain_text("Заметок на сервере: 2")
    page.evaluate(
        "document.querySelectorAll('.rate').forEach(s => s.querySelector('input[value=\"4\"]').click())"
    )
    expect(page.locator("#rated-words")).to_have_text("Оценено 4 из 4")
    page.locator("#submit-sheet").tap()
    expect(page.locator("main")).to_contain_text("Сдано")
    other = day.sheets("E2", 0)[1]
    day.seeded["appointments"]["E2"][0] = day.seeded["appointments"]["E2"][0][1:]
    assert other[0] is not page
    for candidate in range(6):
        day.rate("E2", candidate)

    # E3 and E4: a map and a calculation, written; then the assessors read them and rate.
    for candidate in range(6):
        day.start("E3", candidate)
        page = day.begin(candidate)
        for person, power, stance in (("lavrova", "3", "0"), ("demin", "3", "0"), ("pakhomov", "1", "2")):
            row = page.locator(f"[data-place={person}]")
            row.locator("[data-axis=power]").select_option(power)
            row.locator("[data-axis=stance]").select_option(stance)
        saved(page)
        expect(page.locator(".people-map .dot")).to_have_count(3)
        if candidate == 0:
            assert axe(page) == []
        finish(page)
    for candidate in range(6):
        day.start("E4", candidate)
        page = day.begin(candidate)
        page.locator("input[name=i1-choice][value=desk]").check()
        saved(page)
        finish(page)
    page, address = day.sheets("E3", 0)[0]
    page.goto(address)
    expect(page.locator("#written")).to_contain_text("Карта")
    assert axe(page) == []
    for code in ("E3", "E4"):
        for candidate in range(6):
            day.rate(code, candidate)

    # The interview: nine answers, then the competencies.
    for candidate in range(6):
        day.start("SI", candidate)
        if candidate == 0:
            assert axe(day.sheets("SI", 0)[0][0]) == []
        day.rate("SI", candidate)

    # Evening: every sheet is in, the first person is ready for integration, and the counts are what was done.
    assert day.count("SELECT count(*) FROM observation_appointment WHERE submitted_at IS NULL") == 0
    assert day.count("SELECT count(*) FROM observation_appointment") == 60
    assert day.count("SELECT count(*) FROM observation_rating") == 12 * (5 + 4 + 5 + 4 + 5)
    assert day.count("SELECT count(*) FROM observation_answerlevel") == 12 * 9
    assert day.count("SELECT count(*) FROM delivery_sitting WHERE finished_at IS NOT NULL") == 18
    assert day.count("SELECT count(*) FROM observation_note") == 60 + 1
    ranges = server.sql(
        "SELECT a.value FROM delivery_answer a JOIN records_part p ON p.id = a.item_id WHERE p.code = 'W3'"
    )
    assert len(ranges) >= 6
    lead = day.tablets[0]
    lead.goto(
        f"{server.url}/p/{day.seeded['project']}/integration/{day.seeded['candidates'][0]['participation']}/"
    )
    expect(lead.locator(".finding").first).to_be_visible()
    assert day.errors == []
