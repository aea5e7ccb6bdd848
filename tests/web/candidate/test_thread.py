"""The whole way of a candidate by plain forms: invitation, consent, answers, finish."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from kamerton.apps.delivery.models import Answer, CandidateSession, Consent, Invitation, Sitting
from kamerton.apps.delivery.queries import consent_texts, current_answers
from kamerton.apps.delivery.rules import consent_digest
from tests.fixtures.delivery import World, agree, new_link

pytestmark = pytest.mark.django_db

FORMS = {
    1: {"i1-choice": "c"},
    2: {"i2-choices": ["a", "b"]},
    3: {"i3-best": "a", "i3-worst": "b", "i4-step": "4"},
    5: {"i5-number": "12,5"},
    6: {"i6-place-a": "1", "i6-place-b": "2", "i6-place-c": "3"},
    7: {"i7-pair-x": "p", "i7-pair-y": "q"},
    8: {"i8-choice": "r2"},
    9: {"i9-text": "Прошу вернуть пресс к сроку."},
}


def here(first: int) -> dict[str, str]:
    return {f"i{n}-here": "1" for n in ([3, 4] if first == 3 else [first])}


def test_from_the_link_to_the_thanks_without_scripts(world: World) -> None:
    client = Client(HTTP_ACCEPT_LANGUAGE="ru")
    token = new_link(world, timezone.now())
    page = client.get(f"/c/{token}/")
    assert "Кто просит: отдел развития Акме." in page.content.decode()
    assert page["Referrer-Policy"] == "no-referrer" and page["Cache-Control"] == "no-store"
    assert Invitation.objects.get().first_seen_at is None and not CandidateSession.objects.exists()

    begun = client.post(f"/c/{token}/")
    assert begun["Location"] == "/sitting/" and token not in begun["Location"]
    cookie = begun.cookies["kamerton_candidate"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
    assert client.get("/sitting/")["Location"] == "/sitting/consent/"

    text = consent_texts(world.campaign)[0]
    assert text.purpose == "selection"
    client.post(
        "/sitting/consent/", {"purpose": text.purpose, "digest": consent_digest(text), "answer": "agree"}
    )
    assert Consent.objects.get().purpose == "selection"

    overview = client.get("/sitting/").content.decode()
    assert "9\u00a0заданий" in overview and "30\u00a0минут" in overview
    where = client.post("/sitting/start/", {"form": str(world.form.id)})["Location"]
    assert where == "/sitting/item/1/"
    for first, data in FORMS.items():
        assert where == f"/sitting/item/{first}/"
        assert client.get(where).status_code == 200
        where = client.post(where, {"epoch": "1", "go": "next", **here(first), **data})["Location"]
    assert where == "/sitting/finish/"
    assert "Ответы есть на все задания" in client.get(where).content.decode()
    assert client.post(where)["Location"] == "/sitting/thanks/"
    thanks = client.get("/sitting/thanks/").content.decode().replace("\u00a0", " ")
    assert "Спасибо. Ответ придёт за 5 дней." in thanks

    sitting = Sitting.objects.get()
    assert (sitting.finish_reason, sitting.language) == ("candidate", "ru")
    assert len(current_answers(sitting).answered) == 9 and Answer.objects.count() == 9


def test_declining_is_calm_and_stores_nothing(world: World, candidate: Client) -> None:
    page = candidate.post("/sitting/consent/", {"purpose": "selection", "answer": "decline"}, follow=True)
    assert "Вы отказались. Это нормально" in page.content.decode()
    assert not Consent.objects.exists()


def test_pressing_next_twice_adds_no_row(world: World, candidate: Client) -> None:
    agree(world, timezone.now())
    candidate.post("/sitting/start/", {"form": str(world.form.id)})
    for _ in range(3):
        candidate.post("/sitting/item/1/", {"epoch": "1", "i1-here": "1", "i1-choice": "a"})
    assert Answer.objects.count() == 1


def test_a_browser_with_the_forms_own_token_gets_in_although_its_origin_is_null(world: World) -> None:
    token = new_link(world, timezone.now())
    client = Client(enforce_csrf_checks=True)
    client.get(f"/c/{token}/")
    form_token = client.cookies["csrftoken"].value
    assert client.post(f"/c/{token}/", HTTP_ORIGIN="null").status_code == 403
    assert (
        client.post(
            f"/c/{token}/", {"csrfmiddlewaretoken": form_token}, HTTP_ORIGIN="https://elsewhere.example"
        ).status_code
        == 403
    )
    assert (
        client.post(f"/c/{token}/", {"csrfmiddlewaretoken": form_token}, HTTP_ORIGIN="null").status_code
        == 302
    )
