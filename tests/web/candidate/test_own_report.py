"""The candidate's own report: bands and behaviour about oneself, for nobody else, and only where the procedure offers it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from kamerton.apps.decisions.queries import current_run
from kamerton.apps.delivery.actions import begin_session, invite
from kamerton.apps.delivery.models import Participation
from kamerton.apps.procedures.documents import ProcedureDocument
from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.models import Audit, Project
from kamerton.apps.records.queries import document_of
from kamerton.apps.reporting.readmodels import own_report as room
from tests.fixtures.sample import sample

__all__ = ["sample"]
pytestmark = pytest.mark.django_db


def someone(sample: Project) -> Participation:
    run = current_run(sample.id, "R3")
    assert run is not None
    subject = run.scores.filter(source="combined").order_by("subject__person__sort_key").first().subject
    found = Participation.objects.filter(
        person_id=subject.person_id, sittings__finished_at__isnull=False
    ).first()
    assert found is not None
    return found


def browser(participation: Participation, language: str = "ru") -> Client:
    now = timezone.now()
    invited = invite(
        actor=OPERATOR, participation=participation, expires_at=now + timedelta(days=1), send=False, at=now
    )
    client = Client(HTTP_ACCEPT_LANGUAGE=language)
    client.cookies["kamerton_candidate"] = begin_session(token=invited.token, at=now).secret
    return client


@pytest.mark.parametrize(("language", "title"), [("ru", "Ваш отчёт"), ("en", "Your report")])
def test_bands_and_behaviour_and_who_sees_them(sample: Project, language: str, title: str) -> None:
    participation = someone(sample)
    client = browser(participation, language)
    assert "/sitting/report/" in client.get("/sitting/thanks/").content.decode()
    text = unescape(client.get("/sitting/report/").content.decode())
    assert title in text and len(re.findall(r'id="own-C\d"', text)) == 8
    report = room.own_report(participation, language)
    assert report is not None and any(row.band for row in report.rows)
    for row in report.rows:
        assert not row.band or (1 <= row.low <= row.high <= 5 and row.now and row.now in text)
    for word in ("Готов", "Ready", "вероятност", "probability", "fit_result", "Не сейчас"):
        assert word not in text, "no category and no fit"
    look = Audit.objects.filter(verb="view_own_report").latest("at")
    assert str(participation.person_id) in str(look.persons)


def test_nothing_where_the_procedure_offers_none_or_nothing_is_computed(sample: Project, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    participation = someone(sample)
    shut = replace(document_of(participation.campaign.procedure, ProcedureDocument), own_report=False)
    with monkeypatch.context() as patch:
        patch.setattr(
            room,
            "document_of",
            lambda release, kind: shut if kind is ProcedureDocument else document_of(release, kind),
        )
        assert room.own_report(participation, "ru") is None
        client = browser(participation)
        assert client.get("/sitting/report/")["Location"] == "/sitting/thanks/"
        assert "/sitting/report/" not in client.get("/sitting/thanks/").content.decode()
    later = Participation(
        person_id=participation.person_id,
        campaign=participation.campaign,
        added_at=timezone.now() + timedelta(days=9),
    )
    assert room.own_report(later, "ru") is None, "an older run says nothing of a new participation"
    assert Client().get("/sitting/report/").status_code == 401
