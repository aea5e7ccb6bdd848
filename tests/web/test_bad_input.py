"""What people and machines do wrong at the two places where hours are given: clear words, nothing lost."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kamerton.apps.delivery.models import Answer
from kamerton.apps.observation.actions import AlreadyAgreed, agree_at_integration, reopen_sheet
from kamerton.apps.observation.models import Note, Rating
from tests.apps.observation.world import World, fill, make_world
from tests.cast import NOW
from tests.fixtures import delivery

MEGABYTE = "Ы" * 500_000


@pytest.fixture
def world(db: None, pack_folder: object) -> World:
    return make_world(pack_folder)  # type: ignore[arg-type]


@pytest.fixture
def sitting(cast: object) -> delivery.World:
    return delivery.make_world(cast.project, at=timezone.now())  # type: ignore[attr-defined]


def reader(user: object, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user)  # type: ignore[arg-type]
    return client


def candidate(sitting: delivery.World) -> tuple[Client, object]:
    now = timezone.now()
    begun = delivery.start(sitting, now)
    client = Client(HTTP_ACCEPT_LANGUAGE="ru")
    client.cookies["kamerton_candidate"] = delivery.new_cookie(sitting, now)
    return client, begun


def answer(client: Client, begun: object, n: int, response: dict[str, str], **more: object):
    body = {
        "sitting": str(begun.id),
        "n": n,
        "uuid": str(uuid4()),
        "seq": 1,
        "epoch": 1,
        "response": response,
    }  # type: ignore[attr-defined]
    return client.post(
        "/sitting/answer/",
        json.dumps(body | more),
        content_type="application/json",
        headers={"accept": "application/json"},
    )


def test_a_pasted_megabyte_is_refused_in_words_and_the_earlier_text_stays(sitting: delivery.World) -> None:
    client, begun = candidate(sitting)
    assert answer(client, begun, 9, {"text": "Коротко."}).status_code == 200
    reply = answer(client, begun, 9, {"text": MEGABYTE}, seq=2)
    assert reply.status_code == 422 and reply.json()["refused"] == "malformed_response"
    assert "не длиннее предела" in reply.json()["message"] and len(reply.content) < 2000
    assert Answer.objects.filter(sitting=begun).count() == 1
    far = client.post(
        "/sitting/answer/",
        "x" * (5 * 1024 * 1024),
        content_type="application/json",
        headers={"accept": "application/json"},
    )
    assert far.status_code in (400, 413)


@pytest.mark.parametrize("hours", [-1, 1, 24 * 365])
def test_a_clock_an_hour_off_changes_nothing(sitting: delivery.World, hours: int) -> None:
    client, begun = candidate(sitting)
    stamp = (timezone.now() + timedelta(hours=hours)).isoformat()
    reply = answer(client, begun, 1, {"choice": "a"}, client_at=stamp)
    assert reply.status_code == 200
    assert reply.json()["counts"] and not reply.json()["late"]
    saved = Answer.objects.get(sitting=begun)
    assert abs(saved.at - timezone.now()) < timedelta(minutes=1), "the server's clock"


def test_a_megabyte_in_a_note_is_refused_and_kept_in_the_field(world: World) -> None:
    fill(world, 0, submit=False)
    before = Note.objects.count()
    post = reverse("assess-note", args=["acme", world.appointments[0].id])
    fields = {"uuid": str(uuid4()), "mark": "C5.1+", "text": "x" * 5000, "second": "10"}
    reply = reader(world.users[0]).post(post, fields, headers={"accept": "application/json"})
    assert reply.status_code == 422 and "4000" in reply.json()["message"].replace("\u00a0", "").replace(
        ",", ""
    )
    plain = reader(world.users[0]).post(post, fields)
    assert plain.status_code == 422 and "x" * 5000 in plain.content.decode(), "what was typed is not lost"
    assert Note.objects.count() == before


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("sheet.pdf", b"%PDF-1.7 not a table"),
        ("sheet.xlsx", b"PK\x03\x04 half a zip"),
        ("sheet.csv", b"\x00\x01\x02\xff\xfe"),
        ("sheet.exe", b"MZ"),
        ("empty.xlsx", b""),
    ],
)
def test_an_upload_of_the_wrong_kind_says_what_is_wanted(world: World, name: str, data: bytes) -> None:
    client = reader(world.cast.users["office"])
    for address in ("/p/acme/campaigns/autumn/paper/", "/p/acme/people/import/"):
        reply = client.post(address, {"file": SimpleUploadedFile(name, data)})
        html = reply.content.decode()
        assert reply.status_code in (200, 422), (address, reply.status_code)
        assert 'role="alert"' in html or "error-text" in html, address
        assert "Traceback" not in html


def test_two_assessors_never_write_on_one_sheet(world: World) -> None:
    fill(world, 0, submit=False)
    rows = (Note.objects.count(), Rating.objects.count())
    other = reader(world.users[1])
    for name, fields in (
        ("assess-note", {"uuid": str(uuid4()), "mark": "C5.1+", "text": "чужое", "second": "5"}),
        ("assess-rating", {"competency": "C5", "level": "1"}),
        ("assess-submit", {}),
        ("assess-reopen", {"reason": "чужое"}),
    ):
        assert (
            other.post(reverse(name, args=["acme", world.appointments[0].id]), fields).status_code == 404
        ), name
    assert (Note.objects.count(), Rating.objects.count()) == rows
    # Two tabs of one assessor are the same sheet: the same level twice is one row, a second submission is refused.
    own = reader(world.users[0])
    rating = reverse("assess-rating", args=["acme", world.appointments[0].id])
    for _ in range(2):
        own.post(rating, {"competency": "C5", "level": "2"})
    assert Rating.objects.count() == rows[1] + 1
    submit = reverse("assess-submit", args=["acme", world.appointments[0].id])
    assert own.post(submit).status_code == 302
    assert own.post(submit).status_code == 409
    assert (
        own.post(
            rating, {"competency": "C5", "level": "5"}, headers={"accept": "application/json"}
        ).status_code
        == 409
    )


def test_a_rating_after_the_agreement_is_refused_in_words(world: World) -> None:
    """What has been agreed on, and reported, is not changed behind its back: the sheet stays closed."""
    for which in (0, 1):
        fill(world, which)
    part = Rating.objects.filter(competency__code="C5").first()
    assert part is not None
    lead = world.assessors[0]
    agree_at_integration(
        actor=lead,
        participation=world.participation,
        competency=part.competency,
        value=3.5,
        reason="обсудили записи",
        at=NOW,
    )
    with pytest.raises(AlreadyAgreed) as refusal:
        reopen_sheet(actor=world.assessors[1], appointment=world.appointments[1], reason="передумал", at=NOW)
    assert refusal.value.message("ru") and refusal.value.message("en")
    rating = reverse("assess-rating", args=["acme", world.appointments[1].id])
    before = Rating.objects.count()
    assert (
        reader(world.users[1])
        .post(rating, {"competency": "C5", "level": "5"}, headers={"accept": "application/json"})
        .status_code
        == 409
    )
    assert Rating.objects.count() == before
