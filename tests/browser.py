"""A real Chromium and a real server for the journeys.

Import the fixtures where they are needed: `from tests.browser import *  # noqa: F403` in a test file's conftest.
`axe(page)` returns the violations of a page; a strict CSP forbids injected scripts, so it goes in through the
debugging protocol.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

CHROMIUM = os.environ.get("KAMERTON_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
WAIT = 15_000
"""Milliseconds: two shared cores are slow at times; a fault shows as a time-out, not as a flake."""


@pytest.fixture(scope="session")
def playwright_() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright_: Playwright) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium found; name it with KAMERTON_CHROMIUM")
    found = playwright_.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
    yield found
    found.close()


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    context = browser.new_context(**options)
    context.set_default_timeout(WAIT)
    return context


def ru_phone(browser: Browser, **options: Any) -> BrowserContext:
    """A Russian candidate's phone: 360 × 740, touch."""
    values: dict[str, Any] = {
        "viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True,
        "locale": "ru-RU", "timezone_id": "Europe/Moscow",
    }  # fmt: skip
    return new_context(browser, **(values | options))


def en_desktop(browser: Browser, **options: Any) -> BrowserContext:
    values: dict[str, Any] = {
        "viewport": {"width": 1280, "height": 900}, "locale": "en-GB", "timezone_id": "Europe/London"
    }
    return new_context(browser, **(values | options))


@pytest.fixture
def page_ru_phone(browser: Browser) -> Iterator[Page]:
    context = ru_phone(browser)
    yield context.new_page()
    context.close()


@pytest.fixture
def page_en_desktop(browser: Browser) -> Iterator[Page]:
    context = en_desktop(browser)
    yield context.new_page()
    context.close()


def axe(page: Page, tags: tuple[str, ...] = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")) -> list[str]:
    """Violations of the page as "rule: target" lines; an empty list is what a test wants."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
    options = json.dumps({"runOnly": {"type": "tag", "values": list(tags)}})
    expression = f"axe.run(document, {options}).then(r => JSON.stringify(r.violations))"
    reply = session.send("Runtime.evaluate", {"expression": expression, "awaitPromise": True, "returnByValue": True})
    session.detach()
    if "exceptionDetails" in reply:
        raise AssertionError(f"axe did not run on {page.url}: {reply['exceptionDetails']}")
    violations = json.loads(reply["result"]["value"])
    return [f"{v['id']}: {' '.join(str(t) for t in node['target'])}" for v in violations for node in v["nodes"]]
