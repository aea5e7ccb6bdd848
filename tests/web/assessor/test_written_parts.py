"""Written parts of exercises and levels of answers: who opens, who writes, who reads, and what stays hidden."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kamerton.apps.delivery.actions import (
    NotOpenedYet,
    begin_session,
    finish_sitting,
    give_consent,
    invite,
    open_written_part,
    start_sitting,
)
from kamerton.apps.delivery.models import Opening, Participation, Sitting
from kamerton.apps.delivery.queries import consent_texts, written_parts_of
from kamerton.apps.delivery.rules import consent_digest
from kamerton.apps.observation.actions import (
    SheetIncomplete,
    SheetSubmitted,
    appoint_assessor,
    rate_answer,
    rate_competency,
    start_exercise,
    submit_ratings,
)
from kamerton.apps.observation.models import AnswerLevel, Appointment
from kamerton.apps.observation.queries import frame_for, sheet, text_queue, written_of
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, NotPermitted
from kamerton.apps.records.models import Audit
from kamerton.apps.records.queries import latest_release
from tests.apps.observation.world import World
from tests.cast import NOW

SignIn = Callable[..., Client]
pytestmark = pytest.mark.django_db


def appointed(world: World, instrument: str, slug: str) -> Appointment:
    exercise = latest_release(world.cast.project.id, "exercise", slug)
    assert exercise is not None
    return appoint_assessor(
        actor=world.cast.office, participation=world.participation, exercise=exercise, instrument=instrument,
        assessor=world.people[0], when=NOW, room="1", at=NOW,
    )  # fmt: skip


def candidate(world: World) -> tuple[Actor, Participation]:
    one = Participation.objects.select_related("campaign__project", "person").get(id=world.participation.id)
    return Actor("candidate", str(one.id), "candidate", world.cast.project.id, person_id=one.person_id), one


def browser_of(world: World) -> Client:
    """A candidate's browser with consent given."""
    actor, one = candidate(world)
    now = timezone.now()
    world.campaign.refresh_from_db()
    invited = invite(actor=world.cast.office, participation=one, expires_at=now + timedelta(days=1), at=now)
    begun = begin_session(token=invited.token, at=now)
    text = consent_texts(one.campaign)[0]
    give_consent(
        actor=actor,
        participation=one,
        purpose=text.purpose,
        text_digest=consent_digest(text),
        language="en",
        at=now,
    )
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.cookies["kamerton_candidate"] = begun.secret
    return client


def open_window(world: World) -> None:
    """The world's clock stands in the past; the pages of this test live now."""
    now = timezone.now()
    type(world.campaign).objects.filter(id=world.campaign.id).update(
        opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=1)
    )


@pytest.fixture
def open_world(world: World) -> World:
    open_window(world)
    return world


def test_a_written_part_waits_until_the_exercise_is_started(open_world: World) -> None:
    client = browser_of(open_world)
    actor, one = candidate(open_world)
    part = next(p for p in written_parts_of(one.campaign) if p.instrument.code == "E1")
    with pytest.raises(NotOpenedYet):
        start_sitting(actor=actor, participation=one, form=part.release, language="en", at=timezone.now())
    html = client.get("/sitting/").content.decode()
    assert "Written parts of the exercises" in html and "Monday funnel" in html
    assert "Azolit" not in html, "nothing of the materials before the start"
    assert client.get("/sitting/parts/").json() == {"open": 0}
    appointment = appointed(open_world, "E1", "kam-e1")
    start_exercise(actor=open_world.assessors[0], appointment=appointment, at=timezone.now())
    assert client.get("/sitting/parts/").json() == {"open": 1}
    assert Audit.objects.filter(verb="open_written_part").count() == 1
    html = client.get("/sitting/").content.decode()
    assert str(part.release.id) in html
    client.post("/sitting/start/", {"form": str(part.release.id)})
    assert Sitting.objects.filter(form=part.release).count() == 1
    html = client.get("/sitting/item/1/").content.decode()
    assert "Azolit" in html and "Message 12" in html.replace("\u00a0", " ")
    for secret in ("stale", "false alarm", "8 faults", "nobody who decides.", "43.1", "RUB 16.9m"):
        assert secret not in html.replace('value="stale"', ""), secret


def test_only_the_office_or_an_assessor_opens(open_world: World) -> None:
    _, one = candidate(open_world)
    for role in ("leader", "auditor", "designer"):
        with pytest.raises(NotPermitted):
            open_written_part(
                actor=open_world.cast.actors[role], participations=[one], instrument="E1", at=NOW
            )
    assert not Opening.objects.exists()
    for _ in range(2):
        open_written_part(actor=open_world.cast.office, participations=[one], instrument="E1", at=NOW)
    assert Opening.objects.count() == 1


def test_the_office_opens_a_part_for_one_person(open_world: World, signed_in: SignIn) -> None:
    client = signed_in(open_world.cast.users["office"], "en")
    address = reverse("campaign-person", args=["acme", "autumn", open_world.participation.id])
    assert "Open the written part" in client.get(address).content.decode()
    assert client.post(address, {"do": "open", "instrument": "E4"}).status_code == 302
    assert "open, not begun" in client.get(address).content.decode()
    assert client.post(address, {"do": "open", "instrument": "E9"}).status_code == 422


def test_a_part_is_answered_without_scripts_and_read_with_its_marks(
    open_world: World, signed_in: SignIn
) -> None:
    client = browser_of(open_world)
    actor, one = candidate(open_world)
    appointment = appointed(open_world, "E3", "kam-e3")
    start_exercise(actor=open_world.assessors[0], appointment=appointment, at=timezone.now())
    part = next(p for p in written_parts_of(one.campaign) if p.instrument.code == "E3")
    client.post("/sitting/start/", {"form": str(part.release.id)})
    key = part.document.items[0].key["places"]
    fields: dict[str, str] = {"epoch": "1", "i1-here": "1", "go": "next"}
    for code, (power, stance) in key.items():
        fields |= {f"i1-power-{code}": str(power), f"i1-stance-{code}": str(stance)}
    half = dict(fields)
    del half["i1-stance-rogov"]
    reply = client.post("/sitting/item/1/", half)
    assert reply.status_code == 422 and "both a power and a stance" in reply.content.decode()
    assert 'value="3" selected' in reply.content.decode(), "what was chosen stays"
    fields["i1-power-pakhomov"] = "3"
    assert client.post("/sitting/item/1/", fields).status_code == 302
    client.post(
        "/sitting/item/3/",
        {"epoch": "1", "i3-here": "1", "i3-text": "Lavrova decides.\nPakhomov only talks.", "go": "next"},
    )
    reader = signed_in(open_world.users[0], "en")
    address = reverse("assess-exercise", args=["acme", appointment.id])
    html = reader.get(address).content.decode()
    assert "still writing" in html and "Lavrova decides" not in html
    sitting = Sitting.objects.get(form=part.release)
    finish_sitting(actor=actor, sitting=sitting, reason="candidate", confirm_missing=True, at=timezone.now())
    html = reader.get(address).content.decode().replace("\u00a0", " ")
    assert "Lavrova decides.<br>Pakhomov only talks." in html
    assert "points: 8.5 of 9" in html
    assert "power 3, stance ++" in html and "power 1, stance ++" in html, (
        "the answer and the key where it differs"
    )
    assert Audit.objects.filter(verb="view_written_part").count() == 1
    # Its texts never reach the blind queue of the hybrid test.
    assert text_queue(open_world.assessors[1], open_world.cast.project.id) == []
    # Another assessor of the project, not appointed here, sees nothing.
    assert signed_in(open_world.users[1], "en").get(address).status_code == 404


def test_a_range_and_faults_are_marked(open_world: World) -> None:
    client = browser_of(open_world)
    actor, one = candidate(open_world)
    appointment = appointed(open_world, "E1", "kam-e1")
    start_exercise(actor=open_world.assessors[0], appointment=appointment, at=timezone.now())
    part = next(p for p in written_parts_of(one.campaign) if p.instrument.code == "E1")
    client.post("/sitting/start/", {"form": str(part.release.id)})
    pairs = {f"i1-pair-{code}": fault for code, fault in part.document.items[0].key["pairs"].items()}
    client.post(
        "/sitting/item/1/", {"epoch": "1", "i1-here": "1", **pairs, "i1-pair-borean": "hold", "go": "next"}
    )
    client.post(
        "/sitting/item/3/", {"epoch": "1", "i3-here": "1", "i3-low": "30,5", "i3-high": "60", "go": "next"}
    )
    sitting = Sitting.objects.get(form=part.release)
    finish_sitting(actor=actor, sitting=sitting, reason="candidate", confirm_missing=True, at=timezone.now())
    found = written_of(Appointment.objects.get(id=appointment.id), timezone.now())
    assert found is not None
    faults = found.items[0].faults
    assert faults is not None and (faults.found, faults.planted, faults.false_alarms) == (8, 8, 1)
    assert found.items[2].verdict.score == 1


def test_an_interview_is_rated_answer_by_answer(world: World, signed_in: SignIn) -> None:
    appointment = appointed(world, "SI", "kam-si")
    rater = world.assessors[0]
    start_exercise(actor=rater, appointment=appointment, at=NOW)
    client = signed_in(world.users[0], "en")
    address = reverse("assess-exercise", args=["acme", appointment.id])
    html = client.get(address).content.decode()
    assert "Q1. " in html and "Which assumption of yours did not hold?" in html
    post = reverse("assess-rating", args=["acme", appointment.id])
    reply = client.post(post, {"competency": "Q1", "level": "4"}, headers={"accept": "application/json"})
    assert reply.json()["rated"] == 1
    client.post(post, {"competency": "Q1", "level": "4"})
    client.post(post, {"competency": "Q1", "level": "3"})
    assert list(AnswerLevel.objects.values_list("value", flat=True).order_by("id")) == [4, 3]
    assert (
        client.post(
            post, {"competency": "Q2", "level": "7"}, headers={"accept": "application/json"}
        ).status_code
        == 422
    )
    assert client.post(post, {"competency": "Q2", "level": ""}).status_code == 422
    with pytest.raises(InvalidInput):
        rate_answer(actor=rater, appointment=appointment, question="Q99", value=3, at=NOW)
    frame = frame_for(appointment)
    for code in frame.codes:
        rate_competency(
            actor=rater, appointment=appointment, competency=frame.line(code).part, value=3, at=NOW
        )
    with pytest.raises(SheetIncomplete) as refusal:
        submit_ratings(actor=rater, appointment=appointment, at=NOW)
    assert "Q2" in refusal.value.message("en") and "Q1," not in refusal.value.message("en")
    for number in range(2, 10):
        rate_answer(
            actor=rater,
            appointment=appointment,
            question=f"Q{number}",
            value=None if number == 9 else 3,
            at=NOW,
        )
    state = sheet(Appointment.objects.get(id=appointment.id))
    assert state.steps == state.steps_done == 14
    submit_ratings(actor=rater, appointment=appointment, at=NOW)
    with pytest.raises(SheetSubmitted):
        rate_answer(actor=rater, appointment=appointment, question="Q1", value=5, at=NOW)
