"""A server that can be killed, on SQLite or PostgreSQL, with candidates who have come through its doors."""

from __future__ import annotations

import json
import re
import urllib.request
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.browser import LiveServer


class Place(LiveServer):
    def __init__(self, home: Path, database_url: str | None) -> None:
        super().__init__(home)
        self.database_url = database_url
        if database_url:
            self.environment["KAMERTON_DATABASE_URL"] = database_url

    def sql(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        if self.database_url is None:
            return super().sql(query, *values)
        import psycopg

        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query.replace("?", "%s"), values).fetchall()  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Sitter:
    """Somebody who has opened the link, agreed and begun."""

    cookie: str
    csrf: str
    sitting: str


def sit_down(place: Place, token: str) -> Sitter:
    """Through the pages, as a person would come."""
    jar = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def get(path: str, data: dict[str, str] | None = None) -> str:
        body = urlencode(data | {"csrfmiddlewaretoken": csrf}).encode() if data is not None else None
        with opener.open(place.url + path, body, timeout=30) as reply:
            return str(reply.read().decode())

    csrf = ""
    csrf = _found(r'csrfmiddlewaretoken" value="(\w+)"', get(f"/c/{token}/"))
    digest = _found(r'name="digest" value="(\w+)"', get(f"/c/{token}/", {}))
    get("/sitting/consent/", {"purpose": "selection", "digest": digest, "answer": "agree"})
    form = _found(r'name="form" value="([\w-]+)"', get("/sitting/"))
    sitting = _found(r'data-sitting="([\w-]+)"', get("/sitting/start/", {"form": form}))
    cookies = {cookie.name: str(cookie.value) for cookie in jar}
    return Sitter(cookies["kamerton_candidate"], cookies["csrftoken"], sitting)


def _found(pattern: str, page: str) -> str:
    match = re.search(pattern, page)
    if match is None:
        raise AssertionError(f"{pattern} is not on the page:\n{page[:2000]}")
    return match[1]


def invite_many(place: Place, count: int) -> list[str]:
    """Links of `count` people of one campaign."""
    tokens: list[str] = json.loads(place.run("-m", "tests.faults.seed", str(count)))
    return tokens
