"""Candidates that drive the browser's queue code in Node: one process for all of them."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import shutil
from collections.abc import Callable
from typing import Any

from tests.browser import ROOT

from .ledger import Account
from .place import Sitter
from .wire import Wire

QUEUE = ROOT / "src" / "kamerton" / "web" / "static" / "queue.js"


def node_binary() -> str | None:
    """Node of the machine, else the one that comes with the driver of the browser."""
    found = shutil.which("node")
    if found is None:
        from playwright._impl._driver import compute_driver_executable

        found = str(compute_driver_executable()[0])
    return found if os.path.exists(found) else None


class Node:
    def __init__(self) -> None:
        self.calls: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.numbers = itertools.count()
        self.accounts: dict[str, Account] = {}

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            str(node_binary()), str(ROOT / "tests" / "faults" / "client.mjs"), str(QUEUE),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**24,
        )  # fmt: skip
        self.reader = asyncio.ensure_future(self._read())

    async def stop(self) -> None:
        self.process.kill()
        await self.process.wait()
        self.reader.cancel()

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            said = json.loads(line)
            if said.get("event") == "ack":
                self.accounts[said["sitting"]].told(said["entry"])
            elif said.get("event") == "refused":
                self.accounts[said["sitting"]].refused.append(said)
            else:
                self.calls.pop(said["id"]).set_result(said)

    async def ask(self, do: str, **data: object) -> dict[str, Any]:
        number = next(self.numbers)
        self.calls[number] = asyncio.get_running_loop().create_future()
        assert self.process.stdin is not None
        self.process.stdin.write((json.dumps({"id": number, "do": do, **data}) + "\n").encode())
        reply = await asyncio.wait_for(self.calls[number], 60)
        if "fault" in reply:
            raise AssertionError(reply["fault"])
        return reply


class NodeCandidate:
    """One person with a device, later perhaps two; `tab` is the one in front of them."""

    def __init__(self, node: Node, sitter: Sitter, account: Account, wire: Callable[[], Any], chance: random.Random) -> None:  # fmt: skip
        self.node, self.sitter, self.account, self.new_wire, self.chance = node, sitter, account, wire, chance
        self.tabs: list[tuple[str, str]] = []  # (tab, device), open ones; the last is in front
        self.wires: dict[str, Wire] = {}
        self.count = 0
        node.accounts[sitter.sitting] = account

    @property
    def wire(self) -> Wire:
        return self.wires[self.tabs[-1][1]]

    async def open(self, device: str, again: str | None = None) -> None:
        if device not in self.wires:
            self.wires[device] = await self.new_wire()
        self.count += 1
        tab = again or f"{self.sitter.sitting}/{self.count}"
        for _ in range(400):
            reply = await self.node.ask(
                "open", tab=tab, device=f"{self.sitter.sitting}/{device}", port=self.wires[device].port, cookie=self.sitter.cookie,
                csrf=self.sitter.csrf, sitting=self.sitter.sitting, session=again is not None,
            )  # fmt: skip
            if reply["ok"]:
                break
            await asyncio.sleep(0.1)
        else:
            raise AssertionError("the page could not be opened")
        if again is None:
            self.tabs.append((tab, device))

    async def begin(self) -> None:
        await self.open("A")

    async def give(self, tab: str | None = None, n: int | None = None) -> None:
        tab = tab or self.tabs[-1][0]
        n = n or self.chance.randint(1, 9)
        reply = await self.node.ask("give", tab=tab, n=n, response=response_for(n, self.chance))
        if reply["entry"]:
            self.account.gave(reply["entry"])

    async def suffer(self, fault: str) -> bool:
        """One fault of the device or of its wire; whether it happened."""
        tab, device = self.tabs[-1]
        wire = self.wire
        match fault:
            case "offline":
                wire.cut()
                for _ in range(self.chance.randint(1, 4)):
                    await self.give()
                    await asyncio.sleep(self.chance.uniform(0, 0.05))
                wire.mend()
                await self.node.ask("kick", tab=tab)
            case "dropped reply":
                before, wire.drops = wire.dropped, 1
                await self.give()
                return await self._until(lambda: wire.dropped > before)
            case "slow reply":
                before = wire.slowed
                wire.slow.append(self.chance.choice([0.05, 0.2, 0.4, 1.2]))
                await self.give()
                await self.give()
                return await self._until(lambda: wire.slowed > before)
            case "reload":
                await self.give()
                await self.node.ask("close", tab=tab)
                await self.open(device, again=tab)
            case "browser killed":
                await self.give()
                await self.node.ask("close", tab=tab)
                self.tabs.pop()
                await self.open(device)
            case "second tab":
                await self.give()
                await self.open(device)
                await self._stale(tab)
            case "second device":
                wire.cut()
                await self.give()  # stays on the first device, which has lost its network
                await self.open(f"D{self.count}")
                await self.give()
                wire.mend()
                await self._stale(tab)
            case "clock moved":
                await self.node.ask("clock", hours=self.chance.choice([-25, -1, 1, 25]))
                await self.give()
        return True

    async def _stale(self, tab: str) -> None:
        """The older tab may not know yet that it is the older one."""
        for _ in range(self.chance.randint(0, 2)):
            await self.give(tab)
        await self.node.ask("sync", tab=tab, sitting=self.sitter.sitting)
        if self.chance.random() < 0.5:
            await self.settle(tab)
            await self.node.ask("close", tab=tab)
            self.tabs = [pair for pair in self.tabs if pair[0] != tab]

    async def _until(self, is_so: Callable[[], bool]) -> bool:
        for _ in range(200):
            if is_so():
                return True
            await asyncio.sleep(0.02)
        return False

    async def settle(self, tab: str | None = None) -> None:
        tab = tab or self.tabs[-1][0]
        for turn in range(600):
            if not (await self.node.ask("state", tab=tab))["waiting"]:
                return
            if turn % 20 == 19:
                await self.node.ask("kick", tab=tab)
            await asyncio.sleep(0.05)
        raise AssertionError("the queue does not empty")

    async def finish(self) -> None:
        for wire in self.wires.values():
            wire.mend()
        for tab, _ in self.tabs:
            await self.settle(tab)
        for n in range(1, 10):
            if n not in self.account.last:
                await self.give(n=n)
        if self.chance.random() < 0.3:
            await self.node.ask("sync", tab=self.tabs[-1][0], sitting=self.sitter.sitting)
        for _ in range(100):
            await self.settle()
            if (await self.node.ask("finish", tab=self.tabs[-1][0]))["ok"]:
                self.account.is_finished = True
                break
            await asyncio.sleep(0.1)

    async def close(self) -> None:
        for tab, _ in self.tabs:
            await self.node.ask("close", tab=tab)
        for wire in self.wires.values():
            await wire.stop()


def response_for(n: int, chance: random.Random) -> dict[str, Any]:
    """A whole answer to item `n` of the small form."""
    match n:
        case 1:
            return {"choice": chance.choice("abc")}
        case 2:
            return {"choices": sorted(chance.sample("abc", chance.randint(1, 3)))}
        case 3:
            best, worst = chance.sample("abc", 2)
            return {"best": best, "worst": worst}
        case 4:
            return {"step": chance.choice("12345")}
        case 5:
            return {"number": f"{chance.randint(1, 99)}.{chance.randint(1, 9)}"}
        case 6:
            return {"order": chance.sample("abc", 3)}
        case 7:
            return {"pairs": dict(zip("xy", chance.sample("pqz", 2), strict=True))}
        case 8:
            return {"choice": chance.choice(["r1", "r2", "r3"])}
        case _:
            return {"text": f"Прошу вернуть пресс к {chance.randint(1, 28)} числу."}
