"""No key, weight, rationale, indicator, competency or code of an item in any byte sent to a candidate."""

from __future__ import annotations

import json
import re
import uuid

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from kamerton.apps.delivery import rules
from kamerton.apps.delivery.models import Sitting
from tests.fixtures.delivery import FORM, GOOD, SECRET, SECRET_EN, World, agree, new_link

pytestmark = pytest.mark.django_db

FORBIDDEN = [
    re.compile(re.escape(SECRET)),
    re.compile(re.escape(SECRET_EN)),
    re.compile(r"\bC\d(\.\d)?\b"),
    re.compile(r"\bT0\d\b"),
    re.compile(r"s-letter|s-sellers"),
    re.compile(r"rationale|rubric|competency|indicator|correct|tolerance|points", re.IGNORECASE),
]


def bytes_of(response: HttpResponse) -> str:
    """Headers and body; the anti-forgery tokens are chance and could spell anything."""
    text = b"".join(response).decode() if response.streaming else response.content.decode()
    if "json" in response.get("Content-Type", ""):
        text = json.dumps(json.loads(text), ensure_ascii=False)  # Cyrillic is escaped on the wire
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)
    return text + " ".join(f"{name}: {value}" for name, value in response.items())


class Listener:
    """A client that keeps every byte it was sent."""

    def __init__(self, language: str) -> None:
        self.client = Client(HTTP_ACCEPT_LANGUAGE=language)
        self.heard: list[tuple[str, str]] = []

    def __call__(self, method: str, path: str, *args: object, **more: object) -> HttpResponse:
        response = getattr(self.client, method)(path, *args, **more)
        self.heard.append((f"{method} {path}", bytes_of(response)))
        return response


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_byte_of_every_candidate_response(world: World, language: str) -> None:
    hear = Listener(language)
    token = new_link(world, timezone.now())
    hear("get", f"/c/{token}/")
    hear("post", f"/c/{token}/")
    hear("get", "/sitting/consent/")
    agree(world, timezone.now())
    hear("get", "/sitting/")
    hear("post", "/sitting/start/", {"form": str(world.form.id)})
    sitting = Sitting.objects.get()
    for number, item in enumerate(FORM.items, 1):
        hear("get", f"/sitting/item/{number}/")
        for response in (GOOD[item.code], {"nonsense": "x"}, {"choice": "zzz"}):
            body = {
                "sitting": str(sitting.id), "n": number, "uuid": str(uuid.uuid4()), "seq": number, "epoch": 1,
                "response": response,
            }  # fmt: skip
            hear(
                "post",
                "/sitting/answer/",
                json.dumps(body),
                content_type="application/json",
                HTTP_ACCEPT="application/json",
            )
        hear("post", f"/sitting/item/{number}/", {"epoch": "1", "go": "flag"})
        hear("get", f"/sitting/item/{number}/")
    hear("get", "/sitting/state/", {"sitting": str(sitting.id)})
    hear("get", "/sitting/item/99/")
    hear("get", "/sitting/finish/")
    hear("post", "/sitting/finish/")
    hear("get", "/sitting/thanks/")
    hear("get", "/sitting/withdraw/")
    hear("get", "/c/unknown/")
    assert len(hear.heard) > 50
    for where, text in hear.heard:
        for pattern in FORBIDDEN:
            found = pattern.search(text)
            assert found is None, (
                f"{where}: {found[0]} in …{text[max(0, found.start() - 60) : found.end() + 60]}…"
            )
    names = {where for where, _text in hear.heard}
    assert "get /sitting/item/9/" in names


def test_the_listener_can_hear(world: World) -> None:
    """The search finds what it looks for: a check that cannot fail is none."""
    for pattern, text in zip(
        FORBIDDEN, [SECRET, SECRET_EN, "x C3.1", "T05", "s-letter", "Rationale"], strict=True
    ):
        assert pattern.search(text)


def test_each_candidate_has_an_order_of_options_of_their_own_that_stays() -> None:
    item = next(i for i in FORM.items if i.type == "single")
    ids = [uuid.UUID(int=n) for n in range(60)]
    orders = {rules.option_order(one, item) for one in ids}
    assert len(orders) == 6, "all orders of three options occur among sixty people"
    assert rules.option_order(ids[0], item) == rules.option_order(ids[0], item)
    for kind in ("likert", "table_row"):
        fixed = next(i for i in FORM.items if i.type == kind)
        assert {rules.option_order(one, fixed) for one in ids} == {tuple(o.code for o in fixed.options)}


def test_every_page_of_a_candidate_is_kept_by_no_cache(world: World, candidate: Client) -> None:
    agree(world, timezone.now())
    candidate.post("/sitting/start/", {"form": str(world.form.id)})
    for path in (
        "/sitting/",
        "/sitting/item/1/",
        "/sitting/finish/",
        "/sitting/consent/",
        "/sitting/withdraw/",
    ):
        response = candidate.get(path)
        assert response["Cache-Control"] == "no-store", path
        assert "script-src 'self'" in response["Content-Security-Policy"]
        assert len(response.content) < 50_000
