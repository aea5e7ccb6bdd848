"""The whole run: who sits where, which fault comes next, when the server dies."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from .chrome import ChromeCandidate
from .ledger import Account, Verdict, judge
from .node import Node, NodeCandidate
from .place import Place, Sitter, invite_many, sit_down
from .wire import Wire

WEIGHTS = {
    "offline": 20, "dropped reply": 22, "slow reply": 14, "server killed": 5, "browser killed": 8, "reload": 12,
    "second tab": 9, "second device": 6, "clock moved": 4,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of it. Events are shared among the sittings; the browser's are part of all."""

    sittings: int
    events: int
    browser_sittings: int
    browser_events: int
    seed: int = 20261124
    lanes: int = 6
    browser_lanes: int = 2


@dataclass
class Outcome:
    verdict: Verdict
    events: Counter[str] = field(default_factory=Counter)
    browser_events: Counter[str] = field(default_factory=Counter)
    sittings: int = 0
    seconds: float = 0.0


class Campaign:
    def __init__(self, plan: Plan, place: Place, say: Callable[[str], None]) -> None:
        self.plan, self.place, self.say = plan, place, say
        self.axe = asyncio.Lock()
        self.outcome = Outcome(Verdict())
        self.accounts: list[Account] = []

    async def kill(self, chance: random.Random) -> bool:
        """The blow falls at a moment of chance; whoever is in the middle of a request loses it."""
        if self.axe.locked():
            return False
        async with self.axe:
            await asyncio.sleep(chance.uniform(0, 0.05))
            await asyncio.to_thread(self.place.kill)
            await asyncio.sleep(chance.uniform(0, 0.3))
            await asyncio.to_thread(self.place.start)
        return True

    async def sit(self, candidate: Any, events: int, chance: random.Random, counts: Counter[str]) -> None:
        await candidate.begin()
        done = turns = 0
        while done < events and turns < 3 * events + 10:
            turns += 1
            await candidate.give()
            fault = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            if fault == "server killed":
                killing = asyncio.ensure_future(self.kill(chance))
                await candidate.give()
                is_done = await killing
            else:
                is_done = await candidate.suffer(fault)
            if is_done:
                done += 1
                counts[fault] += 1
                candidate.account.faults[fault] += 1
            if chance.random() < 0.3:
                await candidate.settle()
        await candidate.finish()
        await candidate.close()

    async def lane(self, queue: asyncio.Queue[Any], counts: Counter[str]) -> None:
        while not queue.empty():
            candidate, events, chance = queue.get_nowait()
            await self.sit(candidate, events, chance, counts)
            self.outcome.sittings += 1
            self.say(f"{self.outcome.sittings} sittings, {sum(self.outcome.events.values()) + sum(self.outcome.browser_events.values())} faults")  # fmt: skip

    async def run(self, sitters: list[Sitter]) -> None:
        plan = self.plan
        node = Node()
        await node.start()
        wires = random.Random(plan.seed)

        async def wire() -> Wire:
            made = Wire(self.place.port, wires)
            await made.start()
            return made

        async with AsyncExitStack() as stack:
            playwright = await stack.enter_async_context(async_playwright())
            stack.push_async_callback(node.stop)
            plain: asyncio.Queue[Any] = asyncio.Queue()
            real: asyncio.Queue[Any] = asyncio.Queue()
            in_node = plan.sittings - plan.browser_sittings
            for number, sitter in enumerate(sitters):
                account = Account(sitter.sitting)
                self.accounts.append(account)
                chance = random.Random(plan.seed * 1000 + number)
                if number < plan.browser_sittings:
                    events = _share(plan.browser_events, plan.browser_sittings, number)
                    real.put_nowait(
                        (ChromeCandidate(playwright, sitter, account, wire, chance), events, chance)
                    )
                else:
                    events = _share(
                        plan.events - plan.browser_events, in_node, number - plan.browser_sittings
                    )
                    plain.put_nowait((NodeCandidate(node, sitter, account, wire, chance), events, chance))
            lanes = [self.lane(plain, self.outcome.events) for _ in range(plan.lanes)]
            lanes += [self.lane(real, self.outcome.browser_events) for _ in range(plan.browser_lanes)]
            await asyncio.gather(*lanes)


def _share(total: int, parts: int, number: int) -> int:
    return total // parts + (number < total % parts) if parts else 0


def run_campaign(plan: Plan, home: Path, database_url: str | None, say: Callable[[str], None]) -> Outcome:
    """Everything on one database; the server runs in `home` and is gone afterwards."""
    started = time.monotonic()
    place = Place(home, database_url)
    place.migrate()
    tokens = invite_many(place, plan.sittings)
    place.start()
    try:
        sitters = [sit_down(place, token) for token in tokens]
        say(f"{len(sitters)} people sit down")
        campaign = Campaign(plan, place, say)
        asyncio.run(campaign.run(sitters))
        campaign.outcome.verdict = judge(place, campaign.accounts)
    finally:
        place.stop()
    campaign.outcome.seconds = time.monotonic() - started
    return campaign.outcome
