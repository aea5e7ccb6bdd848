"""kill -9 of a real server in mid-test: every acknowledged answer is there, none twice."""

from __future__ import annotations

import json
import random
import re
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import LiveServer, ru_phone
from tests.fixtures.candidate_walk import begin, fill_item, go_next, is_saved

pytestmark = pytest.mark.browser

KILLS = 4
ANSWERS = 80


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server of its own: nobody else's journey should meet the axe."""
    live = LiveServer(tmp_path_factory.mktemp("victim"))
    live.migrate()
    live.start()
    yield live
    live.stop()


class Caller:
    """A candidate by plain requests, quick enough to be caught in the act of saving."""

    def __init__(self, server: LiveServer, token: str) -> None:
        self.server = server
        self.jar = CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        page = self.get(f"/c/{token}/")
        self.csrf = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page)[1]  # type: ignore[index]
        page = self.form(f"/c/{token}/", {})
        digest = re.search(r'name="digest" value="(\w+)"', page)[1]  # type: ignore[index]
        self.form("/sitting/consent/", {"purpose": "selection", "digest": digest, "answer": "agree"})
        form = re.search(r'name="form" value="([\w-]+)"', self.get("/sitting/"))[1]  # type: ignore[index]
        page = self.form("/sitting/start/", {"form": form})
        self.sitting = re.search(r'data-sitting="([\w-]+)"', page)[1]  # type: ignore[index]

    def get(self, path: str) -> str:
        with self.opener.open(self.server.url + path, timeout=20) as reply:
            return str(reply.read().decode())

    def form(self, path: str, data: dict[str, str]) -> str:
        body = urlencode(data | {"csrfmiddlewaretoken": self.csrf}).encode()
        with self.opener.open(self.server.url + path, body, timeout=20) as reply:
            return str(reply.read().decode())

    def save(self, body: dict[str, object]) -> bool:
        """Whether the server acknowledged; a broken connection is no acknowledgement."""
        request = urllib.request.Request(
            self.server.url + "/sitting/answer/",
            json.dumps(body | {"sitting": self.sitting}).encode(),
            {"Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": self.csrf},
        )
        try:
            with self.opener.open(request, timeout=8) as reply:
                return reply.status == 200 and json.load(reply)["uuid"] == body["uuid"]
        except (urllib.error.URLError, OSError, ValueError):
            return False


def test_no_acknowledged_answer_is_lost_and_none_is_doubled(victim: LiveServer) -> None:
    seeded = victim.seed("candidate", "axe-man")
    caller = Caller(victim, seeded["token"])
    chance = random.Random(20261121)
    kill_before = sorted(chance.sample(range(5, ANSWERS - 5), KILLS))
    acknowledged: dict[str, str] = {}
    attempts = 0
    for number in range(ANSWERS):
        body: dict[str, object] = {
            "n": 1, "uuid": str(uuid.UUID(int=chance.getrandbits(128))), "seq": number + 1, "epoch": 1,
            "response": {"choice": chance.choice("abc")},
        }  # fmt: skip
        axe_man = None
        if kill_before and number == kill_before[0]:
            kill_before.pop(0)
            # The blow falls somewhere inside the request, at a moment of chance.
            axe_man = threading.Timer(chance.uniform(0, 0.03), victim.kill)
            axe_man.start()
        while not caller.save(body):
            attempts += 1
            if axe_man is not None:
                axe_man.join()
                axe_man = None
                victim.start()
            else:
                time.sleep(0.05)
            assert attempts < 50
        acknowledged[str(body["uuid"])] = str(body["response"]["choice"])  # type: ignore[index]
        if axe_man is not None:
            axe_man.join()
            victim.start()
    rows = victim.sql(
        "select a.uuid, a.value from delivery_answer a join delivery_sitting s on s.id = a.sitting_id where s.participation_id = ?",
        seeded["participation"],
    )
    stored = {str(uuid.UUID(row[0])): json.loads(row[1])["choice"] for row in rows}
    assert len(rows) == len(stored) == ANSWERS, "none twice"
    assert stored == acknowledged, "every acknowledged answer is there, as it was given"
    assert victim.sql("pragma integrity_check") == [("ok",)]


def test_a_candidate_in_the_browser_sees_what_is_not_saved_and_goes_on(
    victim: LiveServer, browser: Browser
) -> None:
    seeded = victim.seed("candidate", "survivor")
    context = ru_phone(browser)
    page = context.new_page()
    begin(page, victim, seeded["token"])
    fill_item(page, 1)
    is_saved(page)
    go_next(page)
    victim.kill()
    fill_item(page, 2)
    expect(page.locator("[data-unsaved]")).to_contain_text("Не сохранено: ")
    expect(page.locator("[data-saved]")).to_be_hidden()
    victim.start()
    expect(page.locator("[data-saved]")).to_be_visible(timeout=40_000)
    go_next(page)
    rows = victim.sql(
        "select p.code, a.value from delivery_answer a join delivery_sitting s on s.id = a.sitting_id "
        "join records_part p on p.id = a.item_id where s.participation_id = ? order by a.seq desc",
        seeded["participation"],
    )
    assert json.loads(rows[0][1]) == {"choices": ["a", "b"]} and rows[0][0] == "T02"
    assert rows[-1][0] == "T01"
    context.close()


def test_the_home_of_the_server_is_its_own(victim: LiveServer) -> None:
    """The journeys write to a database under a temporary folder, never to an installation."""
    assert Path(victim.home, "kamerton.sqlite3").exists() and "pytest" in str(victim.home)
