"""Links and sittings in every state: a page in plain words in both languages, and nothing lost."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from kamerton.apps.delivery.actions import (
    finish_sitting,
    invite,
    revoke,
    start_sitting,
    withdraw_consent,
)
from kamerton.apps.delivery.models import Answer, Campaign, Consent, Invitation, Participation, Sitting
from kamerton.apps.delivery.queries import answers_for_scoring
from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.models import Retirement
from tests.cast import Cast
from tests.fixtures.delivery import World, agree, candidate_of, make_world, new_cookie, new_link

pytestmark = pytest.mark.django_db


def both_languages(client: Client, path: str, status: int, russian: str, english: str) -> None:
    page = client.get(path)
    text = page.content.decode()
    assert page.status_code == status
    assert russian in text and english in text
    assert text.index(russian) < text.index(english), "the reader's language first"


def test_an_unknown_link(world: World) -> None:
    both_languages(
        Client(HTTP_ACCEPT_LANGUAGE="ru"), "/c/abc/", 410, "Такой ссылки нет", "There is no such link"
    )


def test_an_expired_link_leaves_everything_saved(world: World) -> None:
    long_ago = timezone.now() - timedelta(days=30)
    token = new_link(world, long_ago, days=7)
    client = Client(HTTP_ACCEPT_LANGUAGE="ru")
    both_languages(client, f"/c/{token}/", 410, "Срок этой ссылки прошёл", "This link has expired")
    assert client.post(f"/c/{token}/").status_code == 410


def test_a_new_invitation_replaces_the_former_link(world: World) -> None:
    now = timezone.now()
    old, new = new_link(world, now), new_link(world, now)
    client = Client(HTTP_ACCEPT_LANGUAGE="ru")
    both_languages(client, f"/c/{old}/", 410, "Эта ссылка больше не действует", "This link no longer works")
    assert client.get(f"/c/{new}/").status_code == 200


def test_a_revoked_link(world: World) -> None:
    token = new_link(world, timezone.now())
    revoke(actor=OPERATOR, invitation=Invitation.objects.get(), at=timezone.now())
    assert Client().get(f"/c/{token}/").status_code == 410


def test_looking_at_a_link_changes_nothing_and_the_page_itself_says_when_it_was_seen(world: World) -> None:
    token = new_link(world, timezone.now())
    client = Client()
    for _ in range(3):
        client.get(f"/c/{token}/")
        client.head(f"/c/{token}/")
    invitation = Invitation.objects.get()
    assert (invitation.first_seen_at, invitation.consumed_at) == (None, None)
    client.post(f"/c/{token}/seen/")
    invitation.refresh_from_db()
    assert invitation.first_seen_at is not None and invitation.consumed_at is None


def test_only_the_hash_of_a_link_and_of_a_cookie_is_stored(world: World) -> None:
    token = new_link(world, timezone.now())
    cookie = new_cookie(world, timezone.now())
    from django.core import serializers

    text = serializers.serialize("json", [*Invitation.objects.all(), *world.participation.sessions.all()])
    assert token not in text and cookie not in text and len(token) >= 32


def test_a_retired_procedure_is_said_in_plain_words(world: World) -> None:
    token = new_link(world, timezone.now())
    Retirement.objects.create(release=world.procedure, at=timezone.now(), actor_name="x")
    both_languages(
        Client(HTTP_ACCEPT_LANGUAGE="en"),
        f"/c/{token}/",
        410,
        "This assessment is no longer offered",
        "Эта процедура оценки больше не проводится",
    )


def test_without_a_cookie_the_way_back_is_named(world: World) -> None:
    both_languages(
        Client(HTTP_ACCEPT_LANGUAGE="ru"),
        "/sitting/",
        401,
        "откройте ещё раз ссылку из письма",
        "open the link from the mail again",
    )
    reply = Client().post(
        "/sitting/answer/", "{}", content_type="application/json", HTTP_ACCEPT="application/json"
    )
    assert (reply.status_code, reply.json()["refused"]) == (401, "session_needed")


def test_a_withdrawn_person_meets_a_calm_page(world: World, candidate: Client) -> None:
    token = new_link(world, timezone.now())
    agree(world, timezone.now())
    consent = Consent.objects.get()
    page = candidate.post("/sitting/withdraw/", {"consent": str(consent.id), "sure": "1"})
    assert "Вы отозвали участие" in page.content.decode()
    both_languages(
        Client(HTTP_ACCEPT_LANGUAGE="ru"), f"/c/{token}/", 410, "Вы отозвали участие", "You have withdrawn"
    )
    assert candidate.get("/sitting/").status_code == 401


def test_a_voluntary_consent_taken_back_ends_nothing_else(world: World, candidate: Client) -> None:
    agree(world, timezone.now())
    agree(world, timezone.now(), purpose="development")
    withdraw_consent(
        actor=world.candidate, consent=Consent.objects.get(purpose="development"), at=timezone.now()
    )
    assert candidate.get("/sitting/").status_code == 200
    assert Participation.objects.get(id=world.participation.id).withdrawn_at is None


def test_a_finished_sitting_opened_again_ends_at_the_thanks(world: World, candidate: Client) -> None:
    agree(world, timezone.now())
    candidate.post("/sitting/start/", {"form": str(world.form.id)})
    for _ in range(2):
        assert candidate.post("/sitting/finish/", {"confirm": "1"})["Location"] in (
            "/sitting/thanks/",
            "/sitting/",
        )
    assert candidate.get("/sitting/item/1/")["Location"] == "/sitting/"
    assert candidate.get("/sitting/")["Location"] == "/sitting/thanks/"
    assert candidate.post("/sitting/start/", {"form": str(world.form.id)})["Location"] == "/sitting/thanks/"
    assert Sitting.objects.count() == 1


def test_finishing_with_gaps_is_refused_until_confirmed(world: World, candidate: Client) -> None:
    agree(world, timezone.now())
    candidate.post("/sitting/start/", {"form": str(world.form.id)})
    refused = candidate.post("/sitting/finish/")
    assert refused.status_code == 409 and "Без ответа осталось заданий: 9" in refused.content.decode()


def test_one_candidate_cannot_write_into_the_sitting_of_another(
    cast: Cast, world: World, candidate: Client
) -> None:
    from kamerton.apps.delivery.actions import add_participant, give_consent
    from kamerton.apps.delivery.queries import consent_texts
    from kamerton.apps.delivery.rules import consent_digest
    from tests.cast import make_person

    now = timezone.now()
    other = add_participant(
        actor=OPERATOR, campaign=world.campaign, person=make_person(world.project, "Другова"), at=now
    )
    give_consent(
        actor=candidate_of(other), participation=other, purpose="selection", language="ru",
        text_digest=consent_digest(consent_texts(world.campaign)[0]), at=now,
    )  # fmt: skip
    theirs = start_sitting(
        actor=candidate_of(other), participation=other, form=world.form, language="ru", at=now
    ).sitting
    body = {
        "sitting": str(theirs.id),
        "n": 1,
        "uuid": str(uuid.uuid4()),
        "seq": 1,
        "epoch": 1,
        "response": {"choice": "a"},
    }
    reply = candidate.post(
        "/sitting/answer/", json.dumps(body), content_type="application/json", HTTP_ACCEPT="application/json"
    )
    assert reply.status_code == 404 and not Answer.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"n": 0},
        {"n": 10},
        {"n": "1"},
        {"uuid": "x"},
        {"seq": -1},
        {"seq": True},
        {"epoch": 99},
        {"response": []},
        {"sitting": "x"},
    ],
)
def test_a_malformed_submission_is_named_and_stores_nothing(
    world: World, candidate: Client, change: dict[str, object]
) -> None:
    agree(world, timezone.now())
    candidate.post("/sitting/start/", {"form": str(world.form.id)})
    good = {
        "sitting": str(Sitting.objects.get().id), "n": 1, "uuid": str(uuid.uuid4()), "seq": 1, "epoch": 1,
        "response": {"choice": "a"},
    }  # fmt: skip
    reply = candidate.post(
        "/sitting/answer/",
        json.dumps(good | change),
        content_type="application/json",
        HTTP_ACCEPT="application/json",
    )
    assert reply.status_code in (404, 422) and reply.json()["message"]
    assert not Answer.objects.exists()


def test_the_trial_of_a_sample_enters_no_result(cast: Cast) -> None:
    from tests.cast import make_cast

    sample = make_cast("norvetal-test", kind="sample")
    world = make_world(sample.project, at=timezone.now())
    client = Client(HTTP_ACCEPT_LANGUAGE="ru")
    path = "/p/norvetal-test/try/"
    assert client.get(path).status_code == 404, "outside demo mode a stranger has no business here"
    with override_settings(DEMO=True):
        assert "Кто просит" in client.get(path).content.decode()
        assert not Campaign.objects.filter(slug="try").exists(), "looking makes nothing"
        client.post(path)
        again = client.post(path)
    assert again["Location"] == "/sitting/"
    trial = Participation.objects.get(campaign__slug="try")
    page = client.get("/sitting/consent/").content.decode()
    assert "Проба: ответы отсюда ни в чьи результаты не попадут." in page
    text = {
        "purpose": "selection",
        "digest": page.split('name="digest" value="')[1].split('"')[0],
        "answer": "agree",
    }
    client.post("/sitting/consent/", text)
    client.post("/sitting/start/", {"form": str(world.form.id)})
    sitting = Sitting.objects.get(participation=trial)
    assert answers_for_scoring([trial.campaign_id]) == []
    finish_sitting(actor=candidate_of(trial), sitting=sitting, confirm_missing=True, at=timezone.now())
    with override_settings(DEMO=True):
        client.post(path)
    assert Participation.objects.filter(campaign__slug="try").count() == 2, (
        "a finished trial is followed by a fresh one"
    )


def test_a_company_project_has_no_trial(world: World, candidate: Client) -> None:
    with override_settings(DEMO=True):
        assert candidate.get("/p/acme/try/").status_code == 404


def test_before_the_window_the_start_says_when(cast: Cast) -> None:
    now = timezone.now()
    world = make_world(cast.project, at=now)
    Campaign.objects.update(opens_at=now + timedelta(days=1))
    client = Client(HTTP_ACCEPT_LANGUAGE="ru")
    client.cookies["kamerton_candidate"] = new_cookie(world, now)
    agree(world, now)
    page = client.post("/sitting/start/", {"form": str(world.form.id)})
    assert page.status_code == 409 and "Начать можно с" in page.content.decode()
    invite(
        actor=OPERATOR,
        participation=world.participation,
        expires_at=now + timedelta(days=2),
        send=False,
        at=now,
    )
