"""axe finds nothing on any screen, in Russian on a phone and in English on a desktop; nothing runs off the page."""

from __future__ import annotations

import pytest

from tests import sitemap
from tests.browser import axe, en_desktop, ru_phone
from tests.shots import view_as

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_screen_opens_and_axe_finds_nothing(browser, sample_server, language):
    context = ru_phone(browser) if language == "ru" else en_desktop(browser)
    context.add_cookies([{"name": "kamerton_language", "value": language, "url": sample_server.url}])
    page = context.new_page()
    messages: list[str] = []
    page.on("console", lambda m: messages.append(f"{page.url}: {m.text}") if m.type == "error" else None)
    found: list[str] = []
    role = None
    for screen in sitemap.load(sample_server.run("-m", "tests.sitemap")):
        if screen.role and screen.role != role:
            view_as(page, sample_server.url, screen.role)
            role = screen.role
        reply = page.goto(sample_server.url + screen.path)
        assert reply is not None
        if reply.status != screen.status:
            found.append(f"{screen.name}: status {reply.status}, {screen.status} expected")
            continue
        found += [f"{screen.name}: {line}" for line in axe(page)]
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"):
            found.append(f"{screen.name}: the page scrolls sideways")
        if page.locator("html").get_attribute("lang") != language:
            found.append(f"{screen.name}: the page does not say that it is in {language}")
        if (
            screen.role
            and "norvetal" in screen.path
            and not page.locator(".simulated, .sim, [data-simulated]").count()
        ):
            words = "смоделированы" if language == "ru" else "simulated"
            if words not in page.content():
                found.append(f"{screen.name}: does not say that the data are simulated")
    context.close()
    csp = [m for m in messages if "Content Security Policy" in m or "Refused to" in m]
    assert found == []
    assert csp == []
