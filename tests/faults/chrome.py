"""Candidates in a real Chromium, each device a process of its own that can be killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Error, Page, Playwright, Request

from tests.browser import CHROMIUM, FLAGS, free_port

from .ledger import Account
from .place import Sitter
from .wire import Wire

WATCH = """
(() => {
  const put = Storage.prototype.setItem;
  Storage.prototype.setItem = function (key, value) {
    put.call(this, key, value);
    if (this === localStorage && key.startsWith("kamerton.queue.")) harness("gave", value);
  };
  const real = Date.now, RealDate = Date, move = Number(sessionStorage.getItem("moved") ?? 0);
  if (move) {
    globalThis.Date = class extends RealDate {
      constructor(...a) { if (a.length) super(...a); else super(real() + move); }
      static now() { return real() + move; }
    };
  }
})();
"""
PATIENCE = 60_000


class Device:
    """A Chromium with a profile of its own."""

    def __init__(self, playwright: Playwright, wire: Wire, sitter: Sitter, hear: Callable[[str, str], None]) -> None:  # fmt: skip
        self.playwright, self.wire, self.sitter, self.hear = playwright, wire, sitter, hear
        self.profile = Path(tempfile.mkdtemp(prefix="kamerton-faults-"))
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        port = free_port()
        self.process = subprocess.Popen(
            [str(CHROMIUM), *FLAGS, "--headless", f"--user-data-dir={self.profile}", f"--remote-debugging-port={port}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        for _ in range(200):
            try:
                self.browser: Browser = await self.playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")  # fmt: skip
                break
            except Error:
                await asyncio.sleep(0.1)
        self.context: BrowserContext = self.browser.contexts[0]
        self.context.set_default_timeout(PATIENCE)
        await self.context.expose_binding("harness", lambda _, kind, value: self.hear(kind, value))
        await self.context.add_init_script(WATCH)
        # The person opens the link of the mail again; a killed browser may have forgotten its cookie.
        address = f"http://127.0.0.1:{self.wire.port}"
        cookies = [{"name": "kamerton_candidate", "value": self.sitter.cookie, "url": address}]
        await self.context.add_cookies(cookies)  # type: ignore[arg-type]
        self.context.on("requestfinished", lambda request: asyncio.ensure_future(self._finished(request)))

    async def _finished(self, request: Request) -> None:
        if request.method != "POST" or not request.url.endswith("/sitting/answer/"):
            return
        with contextlib.suppress(Error):
            reply = await request.response()
            if reply is not None and reply.status == 200:
                self.hear("told", str(request.post_data))

    async def kill(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=20)
            self.process = None
            with contextlib.suppress(Error):
                await self.browser.close()

    async def scrap(self) -> None:
        await self.kill()
        shutil.rmtree(self.profile, ignore_errors=True)


class ChromeCandidate:
    """A person at one or more real browsers; the last page is in front of them."""

    def __init__(self, playwright: Playwright, sitter: Sitter, account: Account, wire: Callable[[], Any], chance: random.Random) -> None:  # fmt: skip
        self.playwright, self.sitter, self.account, self.new_wire, self.chance = (
            playwright, sitter, account, wire, chance,
        )  # fmt: skip
        self.devices: list[Device] = []
        self.pages: list[tuple[Page, Device]] = []

    def _hear(self, kind: str, value: str) -> None:
        entry = json.loads(value)
        if kind == "gave":
            self.account.gave(entry)
        else:
            self.account.told(entry)

    async def _new_device(self) -> Device:
        device = Device(self.playwright, await self.new_wire(), self.sitter, self._hear)
        await device.start()
        self.devices.append(device)
        return device

    async def begin(self) -> None:
        await self._open(await self._new_device())

    async def _open(self, device: Device) -> None:
        page = await device.context.new_page()
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
        await self._go(page, device, self.chance.randint(1, 9))
        self.pages.append((page, device))

    async def _go(self, page: Page, device: Device, n: int) -> None:
        """To item `n`, again and again while the server is down."""
        for _ in range(200):
            try:
                reply = await page.goto(f"http://127.0.0.1:{device.wire.port}/sitting/item/{n}/")
                if reply is not None and reply.ok:
                    await page.wait_for_function("sessionStorage.length > 0 || !document.querySelector('[data-takeover]').hidden")  # fmt: skip
                    return
            except Error:
                pass
            await asyncio.sleep(0.2)
        raise AssertionError("the page could not be opened")

    async def _is_saved(self, page: Page) -> bool:
        """No entry of this browser waits, and the page does not say that one does."""
        return bool(
            await page.evaluate(
                "!Object.keys(localStorage).some((key) => key.startsWith('kamerton.queue.')) && document.querySelector('[data-unsaved]').hidden"
            )
        )

    async def give(self, page: Page | None = None) -> bool:
        """Answer one item of the page in front by its own controls; whether the page let us."""
        page = page or self.pages[-1][0]
        if await page.locator("[data-takeover]").is_visible():
            return False
        boxes = await page.locator("[data-item]").evaluate_all(
            "(all) => all.map((b) => [b.dataset.item, b.dataset.type])"
        )
        n, kind = self.chance.choice(boxes)
        before = len(self.account.given)
        box = page.locator(f'[data-item="{n}"]')
        try:
            await self._fill(box, kind, f"i{n}")
        except Error:
            return False  # taken over while we were about it
        for _ in range(100):
            if len(self.account.given) > before:
                return True
            await asyncio.sleep(0.02)
        return False  # the same answer as before is no new answer

    async def _fill(self, box: Any, kind: str, name: str) -> None:
        pick = self.chance.choice
        quick = {"timeout": 3000}
        if kind in ("single", "table_row", "likert"):
            radios = box.locator("input[type=radio]:not(:checked)")
            await radios.nth(self.chance.randrange(await radios.count())).check(**quick)
        elif kind == "multiple":
            ticks = box.locator("input[type=checkbox]")
            await ticks.nth(self.chance.randrange(await ticks.count())).click(**quick)
        elif kind == "best_worst":
            radios = box.locator(f"input[name={name}-{pick(['best', 'worst'])}]:not(:checked)")
            await radios.nth(self.chance.randrange(await radios.count())).check(**quick)
        elif kind == "numeric":
            field = box.locator("input[type=text]")
            await field.fill(f"{self.chance.randint(1, 999)},{self.chance.randint(1, 9)}", **quick)
            await field.blur()
        elif kind == "short_text":
            field = box.locator("textarea")
            await field.fill(f"Прошу вернуть пресс к {self.chance.randint(1, 10**6)} числу.", **quick)
            await field.blur()
        elif kind == "match":
            selects = box.locator("select")
            select = selects.nth(self.chance.randrange(await selects.count()))
            now = await select.input_value()
            await select.select_option(pick([c for c in "pqz" if c != now]), **quick)
        elif kind == "order":
            as_is = box.locator("[data-as-is]")
            if await as_is.is_visible():
                await as_is.click(**quick)
            else:
                await box.locator("[data-down]").first.click(**quick)

    async def suffer(self, fault: str) -> bool:
        page, device = self.pages[-1]
        wire = device.wire
        if self.chance.random() < 0.5:
            await self.settle()
            await self._go(page, device, self.chance.randint(1, 9))
        match fault:
            case "offline":
                is_told = self.chance.random() < 0.5  # the browser knows, or the wire is dead without a word
                if is_told:
                    await device.context.set_offline(True)
                wire.cut()
                for _ in range(self.chance.randint(1, 3)):
                    await self.give()
                wire.mend()
                if is_told:
                    await device.context.set_offline(False)
            case "dropped reply":
                before, wire.drops = wire.dropped, 1
                is_given = await self.give()
                is_hit = is_given and await self._until(lambda: wire.dropped > before)
                wire.drops = 0
                return bool(is_hit)
            case "slow reply":
                before = wire.slowed
                wire.slow.append(
                    self.chance.choice([0.3, 1.0, 9.0] if self.chance.random() < 0.2 else [0.2, 0.5])
                )
                is_given = await self.give()
                is_hit = is_given and await self._until(lambda: wire.slowed > before)
                wire.slow.clear()
                return bool(is_hit)
            case "reload":
                await self.give()
                await self._go(page, device, int(page.url.rstrip("/").rsplit("/", 1)[1]))
            case "browser killed":
                wire.drops = self.chance.randint(0, 1)
                await self.give()
                await device.kill()
                wire.mend()
                self._perish(device)
                self.pages = [pair for pair in self.pages if pair[1] is not device]
                await device.start()
                await self._open(device)
            case "second tab":
                await self.give()
                await self._open(device)
                await self._stale(page)
            case "second device":
                wire.cut()
                await self.give()
                await self._open(await self._new_device())
                await self.give()
                wire.mend()
                await self._stale(page)
            case "clock moved":
                await page.evaluate(
                    f"sessionStorage.setItem('moved', '{self.chance.choice([-90000000, -3600000, 3600000])}')"
                )
                await self._go(page, device, int(page.url.rstrip("/").rsplit("/", 1)[1]))
                await self.give()
        return True

    def _perish(self, device: Device) -> None:
        """What this process had not been told of may be on its disk or not: it was shown as not saved."""
        for key in self.account.given:
            if key not in self.account.acknowledged:
                self.account.perished.add(key)

    async def _stale(self, page: Page) -> None:
        for _ in range(self.chance.randint(0, 1)):
            await self.give(page)
        if self.chance.random() < 0.7:
            await self.settle(page)
            await page.close()
            self.pages = [pair for pair in self.pages if pair[0] is not page]

    async def _until(self, is_so: Callable[[], bool]) -> bool:
        for _ in range(150):
            if is_so():
                return True
            await asyncio.sleep(0.02)
        return False

    async def settle(self, page: Page | None = None) -> None:
        page = page or self.pages[-1][0]
        for turn in range(600):
            if await self._is_saved(page):
                return
            if turn % 20 == 10:
                await page.evaluate("dispatchEvent(new Event('online'))")
            await asyncio.sleep(0.1)
        raise AssertionError(
            f"the queue does not empty: {await page.evaluate('JSON.stringify(localStorage)')}"
        )

    async def finish(self) -> None:
        for device in self.devices:
            device.wire.mend()
        for page, _ in self.pages:
            await self.settle(page)
        page, device = self.pages[-1]
        for n in (1, 2, 3, 5, 6, 7, 8, 9):
            await self._go(page, device, n)
            for _ in range(40):
                boxes = await page.locator("[data-item]").evaluate_all(
                    "(all) => all.map((b) => Number(b.dataset.item))"
                )
                if all(k in self.account.last for k in boxes):
                    break
                await self.give(page)
            await self.settle(page)
        for _ in range(60):
            with contextlib.suppress(Error):
                await page.goto(f"http://127.0.0.1:{device.wire.port}/sitting/finish/")
                if "/thanks/" not in page.url:
                    await page.locator("#finish button").last.click(timeout=5000)
                    await page.wait_for_url("**/thanks/", timeout=15_000)
                self.account.is_finished = True
                return
            await asyncio.sleep(0.3)

    async def close(self) -> None:
        for device in self.devices:
            await device.scrap()
            await device.wire.stop()
