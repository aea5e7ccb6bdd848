"""Autosaves of 32 concurrent candidates against an empty view, the role page, reports: one server, one run."""

from __future__ import annotations

import http.client
import json
import os
import random
import tempfile
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from tests.browser import LiveServer

CANDIDATES = 32


def _percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _hammer(port: int, requests: Any, seconds: float) -> dict[str, float]:
    """Each of the 32 callers keeps one connection and sends the next request as soon as the reply is there."""
    spent: list[float] = []
    wrong: list[int] = []
    lock = threading.Lock()
    until = time.monotonic() + seconds

    def caller(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        mine: list[float] = []
        bad: list[int] = []
        make = requests(number)
        while time.monotonic() < until:
            method, path, body, headers = make()
            start = time.perf_counter()
            connection.request(method, path, body, headers)
            reply = connection.getresponse()
            reply.read()
            mine.append((time.perf_counter() - start) * 1000)
            if reply.status != 200:
                bad.append(reply.status)
        connection.close()
        with lock:
            spent.extend(mine)
            wrong.extend(bad)

    threads = [threading.Thread(target=caller, args=(number,)) for number in range(CANDIDATES)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.monotonic() - start
    return {
        "per_second": len(spent) / elapsed, "p50": _percentile(spent, 0.50), "p95": _percentile(spent, 0.95),
        "p99": _percentile(spent, 0.99), "requests": len(spent), "errors": len(wrong),
    }  # fmt: skip


def _saves(port: int, rows: list[dict[str, Any]]) -> Any:
    def for_caller(number: int) -> Any:
        row = rows[number]
        rng = random.Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request(
            "GET", "/sitting/item/1/", headers={"Cookie": f"kamerton_candidate={row['secret']}"}
        )
        reply = connection.getresponse()
        text = reply.read().decode()
        csrf = next(
            (
                c.split(";")[0].split("=", 1)[1]
                for c in reply.headers.get_all("Set-Cookie") or []
                if c.startswith("csrftoken=")
            ),
            "",
        )
        connection.close()
        assert csrf, f"the item page gave no token: {reply.status} {text[:300]}"
        headers = {
            "Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": csrf,
            "Cookie": f"kamerton_candidate={row['secret']}; csrftoken={csrf}",
        }  # fmt: skip
        seq = 0

        def make() -> tuple[str, str, str, dict[str, str]]:
            nonlocal seq
            seq += 1
            item = rng.choice(row["items"])
            body = {
                "sitting": row["sitting"], "n": item["n"], "uuid": str(uuid.uuid4()), "seq": seq, "epoch": 1,
                "response": {"choice": rng.choice(item["choices"])},
            }  # fmt: skip
            return "POST", "/sitting/answer/", json.dumps(body), headers

        return make

    return for_caller


def measure(*, quick: bool) -> dict[str, Any]:
    """All figures; every ratio compares two things of this very run."""
    seconds = 4.0 if quick else 12.0
    with tempfile.TemporaryDirectory(prefix="kamerton-bench-") as folder:
        server = LiveServer(Path(folder) / "home")
        server.environment["DJANGO_SETTINGS_MODULE"] = "bench.settings"
        server.environment["KAMERTON_LOG_LEVEL"] = "ERROR"
        server.migrate()
        server.run("-m", "kamerton.cli.main", "sample")
        rows = json.loads(server.run("-m", "bench.seed", str(CANDIDATES)))
        server.start()
        try:
            empty = _hammer(server.port, lambda _: lambda: ("GET", "/bench/empty/", None, {}), seconds)
            save = _hammer(server.port, _saves(server.port, rows), seconds)
            again = _hammer(server.port, lambda _: lambda: ("GET", "/bench/empty/", None, {}), seconds)
            stored = server.sql(
                "select count(*) from delivery_answer where sitting_id in (select id from delivery_sitting where finished_at is null)"
            )[0][0]
        finally:
            server.stop()
        pages = json.loads(server.run("-m", "bench.pages", *(["--quick"] if quick else [])))
    empty["per_second"] = (empty["per_second"] + again["per_second"]) / 2
    return {
        "cores": os.cpu_count(), "candidates": CANDIDATES, "empty": empty, "save": save, "stored": stored,
        "ratio": save["per_second"] / empty["per_second"], **pages,
    }  # fmt: skip


def table(figures: dict[str, Any]) -> list[str]:
    save, empty = figures["save"], figures["empty"]
    small, large, reports = figures["role_page_34"], figures["role_page_5000"], figures["reports"]
    return [
        f"{figures['candidates']} candidates at once, {figures['cores']} cores, SQLite with synchronous=FULL",
        f"empty view      {empty['per_second']:7.0f} /s   p50 {empty['p50']:6.1f}  p95 {empty['p95']:6.1f}  p99 {empty['p99']:6.1f} ms",
        f"autosave        {save['per_second']:7.0f} /s   p50 {save['p50']:6.1f}  p95 {save['p95']:6.1f}  p99 {save['p99']:6.1f} ms   errors {save['errors']}",
        f"ratio           {figures['ratio']:7.2f}      answers stored {figures['stored']} of {save['requests']} acknowledged",
        f"role page, {small['people']:5d} people  {small['ms']:7.1f} ms  {small['queries']:3d} queries  {small['rows']} rows",
        f"role page, {large['people']:5d} people  {large['ms']:7.1f} ms  {large['queries']:3d} queries  {large['rows']} rows  ({large['ms'] / small['ms']:.1f} times the small one)",
        f"reports         {reports['per_second']:7.1f} /s (issued, set and stored, one process)",
    ]
