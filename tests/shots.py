"""`./run shots [name …]`: screenshots of every screen, both languages, 360 / 820 / 1280 px, into shots/ (ignored)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests import sitemap
from tests.browser import CHROMIUM, FLAGS, LiveServer, new_context

WIDTHS = (360, 820, 1280)
OUT = Path(__file__).resolve().parent.parent / "shots"


def view_as(page: Page, url: str, role: str, slug: str = "norvetal") -> None:
    """Set the switch of the sample to a role, as its form does."""
    page.goto(f"{url}/p/{slug}/")
    token = next(c["value"] for c in page.context.cookies() if c["name"] == "csrftoken")
    page.request.post(
        f"{url}/p/{slug}/view-as/",
        form={"role": role, "csrfmiddlewaretoken": token},
        headers={"Referer": url},
    )


def candidate_screens(page: Page, url: str, save) -> None:
    """The candidate's way, from the invitation to the thanks, in the trial of the sample."""
    page.goto(f"{url}/p/norvetal/try/")
    save("candidate-01-arrival")
    for step in range(2, 30):
        onward = page.locator("main .button.main:visible, footer .button.main:visible").last
        boxes = page.locator("main input[type=checkbox]:visible")
        if "consent" in page.url and boxes.count():
            boxes.first.check()
        if not onward.count():
            break
        with page.expect_navigation():
            onward.click()
        save(f"candidate-{step:02d}")


def shoot(browser: Browser, server: LiveServer, wanted: list[str]) -> int:
    rows = sitemap.load(server.run("-m", "tests.sitemap"))
    count = 0
    for language in ("ru", "en"):
        for width in WIDTHS:
            context = new_context(
                browser,
                viewport={"width": width, "height": 900},
                locale="ru-RU" if language == "ru" else "en-GB",
            )
            context.add_cookies([{"name": "kamerton_language", "value": language, "url": server.url}])
            page = context.new_page()
            folder = OUT / language / str(width)
            folder.mkdir(parents=True, exist_ok=True)

            def save(name: str, page: Page = page, folder: Path = folder) -> None:
                nonlocal count
                page.screenshot(path=str(folder / f"{name}.png"), full_page=True)
                count += 1

            role = None
            for screen in rows:
                if wanted and not any(screen.name.startswith(w) for w in wanted):
                    continue
                if screen.role and screen.role != role:
                    view_as(page, server.url, screen.role)
                    role = screen.role
                reply = page.goto(server.url + screen.path)
                if reply is not None and reply.status != screen.status:
                    sys.stderr.write(f"{screen.name}: {reply.status}, {screen.status} was expected\n")
                save(screen.name)
            if not wanted or any(w.startswith("candidate") for w in wanted):
                candidate_screens(page, server.url, save)
            context.close()
    return count


def main() -> int:
    if CHROMIUM is None:
        sys.stderr.write("no Chromium found; install it or name it with KAMERTON_CHROMIUM\n")
        return 1
    with tempfile.TemporaryDirectory(prefix="kamerton-shots-") as folder, sync_playwright() as running:
        server = LiveServer(Path(folder) / "home")
        server.migrate()
        server.run("-m", "kamerton.cli.main", "sample")
        server.start()
        try:
            browser = running.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
            count = shoot(browser, server, sys.argv[1:])
            browser.close()
        finally:
            server.stop()
    sys.stdout.write(f"{count} screenshots in {OUT.name}/\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
