"""Written parts, the assessor's sheet and the candidate's pages for everybody: at 200 % zoom, in forced colours, without
motion, by keyboard alone, at 360 pixels with targets for a finger."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import LiveServer, axe, new_context
from tests.fixtures.candidate_walk import begin, fill_item, go_next, is_saved

pytestmark = pytest.mark.browser

SMALL = """() => [...document.querySelectorAll('main a, main button, main select, main summary, main input, .bar button')]
  .filter(e => e.offsetParent && !e.closest('p, li, dd') && !e.classList.contains('vh'))
  .map(e => { const t = e.closest('label') ?? e; const b = t.getBoundingClientRect(); return [e.outerHTML.slice(0, 80), b.width, b.height]; })
  .filter(([, w, h]) => w > 0 && (h < 43.5 || w < 43.5))"""
SIDEWAYS = "document.documentElement.scrollWidth <= innerWidth + 1"


def opened(server: LiveServer, browser: Browser, slug: str, **options: Any) -> Page:
    seeded = server.seed("candidate", slug)
    page = new_context(browser, locale="ru-RU", **options).new_page()
    begin(page, server, seeded["token"])
    return page


@pytest.mark.parametrize(
    ("name", "options"),
    [
        # 200 % zoom of 1280 × 1024 is a window of 640 × 512 with two device pixels to one.
        ("zoom", {"viewport": {"width": 640, "height": 512}, "device_scale_factor": 2}),
        ("forced", {"viewport": {"width": 1280, "height": 800}, "forced_colors": "active"}),
        ("still", {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}),
        ("finger", {"viewport": {"width": 360, "height": 740}, "has_touch": True}),
    ],
)
def test_every_kind_of_item_in_every_condition(
    server: LiveServer, browser: Browser, name: str, options: dict[str, Any]
) -> None:
    page = opened(server, browser, f"every-{name}", **options)
    for numbers in ([1], [2], [3, 4], [5], [6], [7], [8], [9]):
        assert axe(page) == [], (name, numbers)
        assert page.evaluate(SIDEWAYS), (name, numbers, "scrolls sideways")
        if name == "finger":
            assert page.evaluate(SMALL) == [], numbers
        if name == "still":
            moving = page.evaluate(
                "() => document.getAnimations().filter(a => a.effect.getTiming().duration > 1).length"
            )
            assert moving == 0
        if name == "forced":
            # What is chosen shows without colour: a native control is drawn by the system.
            assert page.evaluate("matchMedia('(forced-colors: active)').matches")
        for number in numbers:
            fill_item(page, number)
        is_saved(page)
        if numbers != [9]:
            go_next(page)
    page.context.close()


def test_the_bar_leaves_the_focused_field_in_sight_at_double_size(
    server: LiveServer, browser: Browser
) -> None:
    page = opened(
        server, browser, "zoom-focus", viewport={"width": 640, "height": 512}, device_scale_factor=2
    )
    go_next(page)
    for _ in range(12):
        page.keyboard.press("Tab")
        hidden = page.evaluate(
            """() => { const e = document.activeElement; if (!e || e === document.body) return false;
            const b = (e.closest('label') ?? e).getBoundingClientRect(); const bar = document.querySelector('.bar').getBoundingClientRect();
            return !e.closest('.bar') && b.top > bar.top; }"""
        )
        assert not hidden, page.evaluate("document.activeElement.outerHTML")
    page.context.close()


def test_the_map_by_keyboard_alone_says_what_it_holds(server: LiveServer, browser: Browser) -> None:
    seeded = server.seed("centre", "keys-map")
    context = new_context(
        browser, locale="en-GB", viewport={"width": 640, "height": 512}, device_scale_factor=2
    )
    context.add_cookies(
        [{"name": "kamerton_candidate", "value": seeded["candidates"][0]["cookie"], "url": server.url}]
    )
    assessor = new_context(browser, locale="en-GB", viewport={"width": 820, "height": 1180}).new_page()
    assessor.goto(f"{server.url}/sign-in/")
    who, appointment = seeded["appointments"]["E3"][0][0]
    assessor.fill("[name=login]", seeded["logins"][who])
    assessor.fill("[name=password]", seeded["password"])
    assessor.press("[name=password]", "Enter")
    assessor.wait_for_url(lambda url: "sign-in" not in url)
    assessor.goto(f"{server.url}/p/keys-map/assess/{appointment}/")
    assessor.get_by_role("button", name="Start the clock").press("Enter")
    page = context.new_page()
    page.goto(f"{server.url}/sitting/")
    page.locator("form[action='/sitting/start/'] button").last.press("Enter")
    page.wait_for_url("**/sitting/item/1/")
    page.locator(".desk summary").first.press("Enter")
    expect(page.locator(".desk table").first).to_be_visible()
    power = page.get_by_role("combobox", name="Power").first
    power.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.axis") == "stance"
    # A half-placed person is not an answer yet, and the page says so.
    expect(page.locator("[data-partial]")).to_be_visible()
    page.keyboard.press("ArrowDown")
    is_saved(page)
    expect(page.locator("[data-partial]")).to_be_hidden()
    expect(page.locator(".people-map .dot")).to_have_count(1)
    # A screen reader hears whose power it is; the picture is hidden from it.
    described = page.locator("[data-axis=power]").first.get_attribute("aria-describedby")
    assert page.locator(f"#{described}").inner_text().startswith("Gordeev")
    assert page.locator(".people-map").get_attribute("aria-hidden") == "true"
    assert axe(page) == [] and page.evaluate(SIDEWAYS)
    context.close()
    assessor.context.close()
