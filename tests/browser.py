"""A real Chromium and a real server for the journeys.

`tests/journeys/conftest.py` offers the fixtures to all journeys; another folder imports them the same way.
`axe(page)` returns the violations of a page; a strict CSP forbids injected scripts, so it goes in through the
debugging protocol.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import lru_cache
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
WAIT = 45_000  # longer than any step takes on a busy machine; no test measures time by it
"""Milliseconds: two shared cores are slow at times; a fault shows as a time-out, not as a flake."""


@lru_cache(maxsize=1)
def _running() -> Playwright:
    """One for the process: several folders offer the fixture, and a second driver would refuse to start."""
    running = sync_playwright().start()
    atexit.register(running.stop)
    return running


@pytest.fixture(scope="session")
def playwright_() -> Playwright:
    return _running()


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
        "viewport": {"width": 1280, "height": 900},
        "locale": "en-GB",
        "timezone_id": "Europe/London",
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


def axe(
    page: Page, tags: tuple[str, ...] = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
) -> list[str]:
    """Violations of the page as "rule: target" lines; an empty list is what a test wants."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
    options = json.dumps({"runOnly": {"type": "tag", "values": list(tags)}})
    expression = f"axe.run(document, {options}).then(r => JSON.stringify(r.violations))"
    reply = session.send(
        "Runtime.evaluate", {"expression": expression, "awaitPromise": True, "returnByValue": True}
    )
    session.detach()
    if "exceptionDetails" in reply:
        raise AssertionError(f"axe did not run on {page.url}: {reply['exceptionDetails']}")
    violations = json.loads(reply["result"]["value"])
    return [
        f"{v['id']}: {' '.join(str(t) for t in node['target'])}" for v in violations for node in v["nodes"]
    ]


# ---------------------------------------------------------------------------------------------- a real server

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class LiveServer:
    """gunicorn as `./run serve` starts it, on a free loopback port, with a home of its own."""

    def __init__(self, home: Path, workers: int = 2) -> None:
        self.home = home
        self.port = free_port()
        self.workers = workers
        self.process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("KAMERTON_", "DJANGO_"))
        } | {
            "KAMERTON_HOME": str(home), "KAMERTON_PORT": str(self.port), "KAMERTON_DEMO": "1",
            "KAMERTON_CONTENT": str(ROOT / "content"), "DJANGO_SETTINGS_MODULE": "kamerton.config.settings",
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip

    def run(self, *command: str) -> str:
        """A Python command in the server's environment; its output, or its errors as the failure."""
        done = subprocess.run(
            [sys.executable, *command],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
        )
        if done.returncode:
            raise AssertionError(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
        return done.stdout

    def migrate(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.run("-m", "django", "migrate", "--verbosity", "0")

    def seed(self, name: str, *arguments: str) -> dict[str, Any]:
        """Run `tests/fixtures/seed_NAME.py`, which prints one JSON object."""
        result: dict[str, Any] = json.loads(self.run("-m", f"tests.fixtures.seed_{name}", *arguments))
        return result

    def sql(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database file says, read from outside."""
        connection = sqlite3.connect(self.home / "kamerton.sqlite3", timeout=20)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def write(self, query: str, *values: object) -> None:
        """Change the database from outside: for what a person cannot do, such as letting time pass."""
        connection = sqlite3.connect(self.home / "kamerton.sqlite3", timeout=20)
        try:
            with connection:
                connection.execute(query, values)
        finally:
            connection.close()

    def start(self) -> None:
        log = (self.home / "server.log").open("ab")
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "gunicorn", "kamerton.config.wsgi:application", "--bind", f"127.0.0.1:{self.port}",
                "--worker-class", "gthread", "--workers", str(self.workers), "--threads", "4", "--preload",
                "--log-level", "warning",
            ],
            env=self.environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        self.wait()

    def wait(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/static/candidate.css", timeout=2) as reply:
                    if reply.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise AssertionError(
            f"the server did not answer within {seconds} s:\n{(self.home / 'server.log').read_text()[-3000:]}"
        )

    def kill(self) -> None:
        """`kill -9` of the master and all workers at once: nobody can finish anything."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=20)
            self.process = None

    stop = kill


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server for all journeys of a session; each test seeds a project of its own."""
    live = LiveServer(tmp_path_factory.mktemp("home"))
    live.migrate()
    live.start()
    yield live
    live.stop()
