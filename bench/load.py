"""Concurrent clients with kept connections, and what they had to wait."""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from bench.home import Sitter

TOKEN = "b" * 32
Request = tuple[str, str, bytes, dict[str, str]]
"""Method, path, body, headers."""


@dataclass(frozen=True)
class Load:
    """What a phase of load showed: answers per second and waiting times in milliseconds."""

    clients: int
    requests: int
    failures: int
    seconds: float
    p50: float
    p95: float
    p99: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def empty_request(_: Sitter, __: int) -> Request:
    return "POST", "/bench/empty", b"{}", {"Content-Type": "application/json"}


def answer_request(sitter: Sitter, turn: int) -> Request:
    body = {
        "sitting": sitter.sitting, "n": sitter.number, "uuid": str(uuid.uuid4()), "seq": turn + 1, "epoch": sitter.epoch,
        "response": sitter.responses[turn % len(sitter.responses)],
    }  # fmt: skip
    return (
        "POST",
        "/sitting/answer/",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Accept": "application/json"},
    )


def drive(
    port: int, sitters: list[Sitter], make: Callable[[Sitter, int], Request], *, seconds: float
) -> Load:
    """Every candidate sends the next request as soon as the last is answered; the first second does not count."""
    waits: list[list[float]] = [[] for _ in sitters]
    failures = [0] * len(sitters)
    begin = time.perf_counter() + 1.0
    end = begin + seconds

    def run(place: int, sitter: Sitter) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        cookies = f"csrftoken={TOKEN}; kamerton_candidate={sitter.cookie}; kamerton_language=ru"
        turn = 0
        while (now := time.perf_counter()) < end:
            method, path, body, headers = make(sitter, turn)
            try:
                connection.request(method, path, body, headers | {"Cookie": cookies, "X-CSRFToken": TOKEN})
                reply = connection.getresponse()
                reply.read()
                is_good = reply.status == 200
            except (OSError, http.client.HTTPException):
                connection.close()
                is_good = False
            waited = time.perf_counter() - now
            turn += 1
            if now >= begin:
                waits[place].append(waited)
                failures[place] += not is_good

    threads = [threading.Thread(target=run, args=(n, s)) for n, s in enumerate(sitters)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    every = sorted(wait for one in waits for wait in one)
    if not every:
        raise RuntimeError("no request was answered within the phase")

    def percentile(share: float) -> float:
        return 1000 * every[min(len(every) - 1, int(share * len(every)))]

    return Load(
        len(sitters), len(every), sum(failures), seconds, percentile(0.50), percentile(0.95), percentile(0.99)
    )
