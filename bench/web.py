"""Autosave under load, the role page with few and with many people, PDF reports: each beside something to compare with."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.home import ROOT, enter, server, sitters
from bench.load import Load, answer_request, drive, empty_request

CLIENTS = 32
WORKERS, THREADS = 2, 4
"""What `./run serve` starts by default."""
RESULTS = ROOT / "bench-results" / "web.json"


def measure_web(*, quick: bool) -> int:
    """Run the three measurements in a temporary home; print a table; keep the figures."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kamerton-bench-") as folder:
        enter(Path(folder))
        figures: dict[str, Any] = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "database": "SQLite"},
            "quick": quick,
        }
        figures["autosave"] = _autosave(seconds=3.0 if quick else 15.0)
        sample = _sample()
        figures["role_page"] = _role_pages(sample, many=500 if quick else 5000, repeats=3 if quick else 7)
        figures["reports"] = _reports(sample, count=4 if quick else 20)
    figures["seconds"] = round(time.monotonic() - started, 1)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(figures, indent=1, ensure_ascii=False), encoding="utf-8")
    _print(figures)
    return 1 if figures["autosave"]["failures"] else 0


def _sample() -> Any:
    from kamerton.flows.sample import ensure_sample

    return ensure_sample(say=lambda ru, en: None)


def _phase(load: Load) -> dict[str, float]:
    return {name: round(value, 2) for name, value in asdict(load).items()} | {
        "per_second": round(load.per_second, 1)
    }


def _autosave(*, seconds: float) -> dict[str, Any]:
    from kamerton.apps.delivery.models import Answer

    everybody = sitters(CLIENTS)
    with server(WORKERS, THREADS) as port:
        # Before and after, so that a machine that grows warm or busy shows.
        first = drive(port, everybody, empty_request, seconds=seconds / 3)
        saved = drive(port, everybody, answer_request, seconds=seconds)
        second = drive(port, everybody, empty_request, seconds=seconds / 3)
    stored = Answer.objects.filter(sitting_id__in=[one.sitting for one in everybody]).count()
    if stored < saved.requests - saved.failures:
        raise RuntimeError(
            f"{saved.requests} answers were shown as saved, {stored} are there: answers were lost"
        )
    empty = (first.per_second + second.per_second) / 2
    return {
        "empty_before": _phase(first), "saved": _phase(saved), "empty_after": _phase(second), "stored": stored,
        "failures": first.failures + saved.failures + second.failures,
        "cost_of_a_save_in_empty_pages": round(empty / saved.per_second, 2),
        "p95_against_empty": round(saved.p95 / ((first.p95 + second.p95) / 2), 2),
    }  # fmt: skip


def _role_pages(sample: Any, *, many: int, repeats: int) -> dict[str, Any]:
    from bench.crowd import crowded_project

    few, crowd = (
        _role_page(*crowded_project(sample, slug, n), n, repeats) for slug, n in (("few", 34), ("many", many))
    )
    return {
        "few": few,
        "many": crowd,
        "milliseconds_ratio": round(crowd["milliseconds"] / few["milliseconds"], 2),
    }


def _role_page(project: Any, leader: Any, people: int, repeats: int) -> dict[str, Any]:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(HTTP_ACCEPT_LANGUAGE="ru")
    client.force_login(leader)
    path = f"/p/{project.slug}/roles/R3/"
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        page = client.get(path)
        asked = len(queries)  # a later request empties the log
    if page.status_code != 200:
        raise RuntimeError(f"{path} answered {page.status_code}")
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        client.get(path)
        times.append(1000 * (time.perf_counter() - begin))
    return {
        "people": people, "queries": asked, "milliseconds": round(statistics.median(times), 1),
        "kilobytes": round(len(page.content) / 1000),
    }  # fmt: skip


def _reports(sample: Any, *, count: int) -> dict[str, Any]:
    from django.utils import timezone

    from kamerton.apps.decisions.models import FitResult
    from kamerton.apps.records.actors import OPERATOR
    from kamerton.apps.reporting.actions.issue_report import issue_report

    fits = list(FitResult.objects.filter(run__project=sample).order_by("-composite")[: count + 1])
    # The first sets up fonts and templates.
    issue_report(actor=OPERATOR, fit=fits[0], language="ru", at=timezone.now())
    begin = time.perf_counter()
    sizes = [
        len(issue_report(actor=OPERATOR, fit=fit, language="ru", at=timezone.now()).pdf) for fit in fits[1:]
    ]
    seconds = time.perf_counter() - begin
    return {
        "issued": len(sizes), "per_second": round(len(sizes) / seconds, 2), "milliseconds": round(1000 * seconds / len(sizes)),
        "kilobytes": round(statistics.mean(sizes) / 1000),
    }  # fmt: skip


def _print(figures: dict[str, Any]) -> None:
    auto, page, report = figures["autosave"], figures["role_page"], figures["reports"]
    out = sys.stdout.write
    out(
        f"{CLIENTS} candidates at once, {WORKERS} processes x {THREADS} threads, {figures['machine']['cores']} cores, SQLite\n"
    )
    out(f"{'':26}{'per second':>12}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}{'failed':>8}\n")
    for name, key in (
        ("empty page, before", "empty_before"),
        ("an answer saved", "saved"),
        ("empty page, after", "empty_after"),
    ):
        row = auto[key]
        out(
            f"{name:26}{row['per_second']:>12}{row['p50']:>10}{row['p95']:>10}{row['p99']:>10}{row['failures']:>8}\n"
        )
    out(
        f"a save costs as much as {auto['cost_of_a_save_in_empty_pages']} empty pages; every answer shown as saved is there: {auto['stored']}\n\n"
    )
    out(f"{'role page':26}{'people':>12}{'queries':>10}{'ms':>10}{'KB':>10}\n")
    for name, key in (("few", "few"), ("many", "many")):
        row = page[key]
        out(
            f"{name:26}{row['people']:>12}{row['queries']:>10}{row['milliseconds']:>10}{row['kilobytes']:>10}\n"
        )
    out(f"many against few: {page['milliseconds_ratio']} times the time\n\n")
    out(
        f"PDF reports: {report['per_second']} a second in one process, {report['milliseconds']} ms each, {report['kilobytes']} KB\n"
    )
    out(f"took {figures['seconds']} s; figures in {RESULTS.relative_to(ROOT)}\n")
