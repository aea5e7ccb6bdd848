"""The pages of the pack that ships: every item opens and saves in both languages, and nothing of its key shows."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from kamerton.apps.delivery.actions import add_participant, begin_session, give_consent, invite, open_campaign
from kamerton.apps.delivery.models import Sitting
from kamerton.apps.delivery.queries import consent_texts, forms_of, paper_code
from kamerton.apps.delivery.rules import consent_digest, pages_of
from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.instruments.documents import FormDocument
from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.queries import document_of, latest_release
from kamerton.flows.install_pack import install_pack
from kamerton.web.office.paper import render_sheets, sheet_document
from tests.cast import Cast, make_person
from tests.fixtures.delivery import candidate_of

pytestmark = pytest.mark.django_db


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(text).replace("\u00a0", " "))


def secrets_of(form: FormDocument, framework: FrameworkDocument) -> set[str]:
    """Rationales, rubrics and names of competencies, in all languages."""
    found: set[str] = set()
    for item in form.items:
        texts = [item.rationale, *(level.text for level in item.rubric)]
        texts += [option.rationale for option in [*item.options, *item.left]]
        found |= {plain(text) for one in texts for text in one.values() if len(text) > 12}
    for competency in framework.competencies:
        found |= {plain(text) for text in competency.name.values()}
    return found


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_short_form_opens_item_by_item_and_tells_no_secret(
    cast: Cast, pack_folder: Path, language: str
) -> None:
    now = timezone.now()
    install_pack(actor=OPERATOR, project=cast.project, root=pack_folder, at=now)
    procedure = latest_release(cast.project.id, "procedure", "kam-external")
    assert procedure is not None
    campaign = open_campaign(
        actor=OPERATOR, project=cast.project, procedure=procedure, slug="autumn", name={"ru": "Осень"},
        purpose="selection", opens_at=now - timedelta(hours=1), closes_at=now + timedelta(days=1), at=now,
    )  # fmt: skip
    participation = add_participant(
        actor=OPERATOR, campaign=campaign, person=make_person(cast.project, "Зимин"), at=now
    )
    token = invite(
        actor=OPERATOR, participation=participation, expires_at=now + timedelta(days=1), send=False, at=now
    ).token
    client = Client(HTTP_ACCEPT_LANGUAGE=language)
    pages = [client.get(f"/c/{token}/").content.decode()]
    client.cookies["kamerton_candidate"] = begin_session(token=token, at=now).secret
    text = consent_texts(campaign)[0]
    give_consent(
        actor=candidate_of(participation), participation=participation, purpose="selection",
        text_digest=consent_digest(text), language=language, at=now,
    )  # fmt: skip
    form = forms_of(campaign)[0]
    for path in ("/sitting/consent/", "/sitting/"):
        pages.append(client.get(path).content.decode())
    client.post("/sitting/start/", {"form": str(form.release.id)})
    for page in pages_of(form.document.items):
        response = client.get(f"/sitting/item/{page.first}/")
        assert response.status_code == 200 and len(response.content) < 50_000
        pages.append(response.content.decode())
        moved = client.post(f"/sitting/item/{page.first}/", {"epoch": "1", "go": "next"})
        assert moved.status_code == 302
    for path in ("/sitting/finish/", "/sitting/thanks/"):
        pages.append(client.get(path).content.decode())
    assert Sitting.objects.get().language == language

    framework = latest_release(cast.project.id, "framework", form.document.framework)
    assert framework is not None
    hidden = secrets_of(form.document, document_of(framework, FrameworkDocument))
    assert len(hidden) > 60
    for page_text in map(plain, pages):
        page_text = re.sub(r'csrfmiddlewaretoken" value="\w+"', "", page_text)
        told = {secret for secret in hidden if len(secret) > 30 and secret in page_text}
        assert told == set()
        assert re.search(r"\bC[1-8]\b|\bT(0\d|1[0-6])\b|\bs-[a-z]+\b", page_text) is None

    sheet = sheet_document(
        campaign, form, language, [{"code": paper_code(participation.id), "name": "Зимин"}]
    )
    assert render_sheets(sheet, at=now).startswith(b"%PDF")
    assert {secret for secret in hidden if len(secret) > 30 and secret in plain(str(sheet))} == set()
