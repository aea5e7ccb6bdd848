"""The bad network: a port of loopback in front of the server that can be cut, slowed, and lose replies."""

from __future__ import annotations

import asyncio
import contextlib
import random

ANSWER = b"POST /sitting/answer/"


class Wire:
    """One device's way to the server. `drop` and `slow` wait for the next answer sent through it."""

    def __init__(self, target: int, chance: random.Random) -> None:
        self.target = target
        self.chance = chance
        self.is_down = False
        self.drops = 0
        self.slow: list[float] = []
        self.dropped = 0
        self.slowed = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self.port

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self._cut()

    def cut(self) -> None:
        self.is_down = True
        self._cut()

    def mend(self) -> None:
        self.is_down = False
        self.drops = 0
        self.slow.clear()

    def _cut(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_down:
            writer.transport.abort()
            return
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, up_writer}
        fate: dict[str, float | bool] = {"drop": False, "slow": 0.0}

        async def out() -> None:
            while chunk := await reader.read(65536):
                if chunk.startswith(ANSWER):
                    if self.drops:
                        self.drops -= 1
                        fate["drop"] = True
                    elif self.slow:
                        fate["slow"] = self.slow.pop()
                up_writer.write(chunk)
                await up_writer.drain()

        async def back() -> None:
            while chunk := await up_reader.read(65536):
                if fate["drop"]:
                    # The server has written; what it said of it is lost, whole or after its first bytes.
                    self.dropped += 1
                    if self.chance.random() < 0.3:
                        writer.write(chunk[: self.chance.randrange(1, len(chunk))])
                        await writer.drain()
                    return
                if fate["slow"]:
                    self.slowed += 1
                    await asyncio.sleep(float(fate["slow"]))
                    fate["slow"] = 0.0
                writer.write(chunk)
                await writer.drain()

        tasks = [asyncio.ensure_future(out()), asyncio.ensure_future(back())]
        try:
            with contextlib.suppress(asyncio.CancelledError):  # the end of the run; there is nobody to tell
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for one in (writer, up_writer):
                one.transport.abort()
                self._open.discard(one)
