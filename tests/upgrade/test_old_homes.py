"""Homes that were saved once still open: each `home-*.zip` is a backup of an invented company.

A dump is the backup that tests/journeys/test_new_company_reaches_a_decision.py makes on its way; with
KAMERTON_KEEP_BACKUP=FILE the journey leaves it there. A released version keeps the dump it was released with.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from kamerton.apps.delivery.models import FreeText
from kamerton.apps.people.models import RoleGrant
from kamerton.apps.people.queries import short_name
from kamerton.apps.records.models import Project, Release
from kamerton.apps.reporting.models import ReportIssue
from kamerton.flows.recompute import recompute_report
from kamerton.flows.vault import restore_backup
from kamerton.values.canonical import digest_of
from tests.cast import NOW

pytestmark = pytest.mark.django_db

DUMPS = sorted(Path(__file__).parent.glob("home-*.zip"))


def test_there_is_a_dump_and_dumps_are_small() -> None:
    assert DUMPS
    assert all(dump.stat().st_size < 400_000 for dump in DUMPS)


@pytest.fixture(params=DUMPS, ids=lambda dump: dump.stem)
def home(request: pytest.FixtureRequest, tmp_path: Path, settings) -> Path:
    """The dump restored into the empty database of the test and a home of its own."""
    settings.HOME = tmp_path
    saved = restore_backup(file=request.param)
    assert saved.rows > 500 and saved.files > 0
    return tmp_path


def test_every_digest_of_an_old_home_still_holds(home: Path) -> None:
    releases = list(Release.objects.all())
    texts = list(FreeText.objects.all())
    reports = list(ReportIssue.objects.all())
    assert releases and texts and reports
    assert [r.id for r in releases if digest_of(r.body) != r.digest] == []
    assert [t.id for t in texts if digest_of(t.salt + t.text) != t.digest] == []
    for report in reports:
        assert digest_of(report.document) == report.document_digest
        pdf = settings.HOME / "reports" / f"{report.pdf_digest}.pdf"
        assert hashlib.sha256(pdf.read_bytes()).hexdigest() == report.pdf_digest


def test_an_old_run_computes_the_same_numbers_today(home: Path) -> None:
    for report in ReportIssue.objects.all():
        outcome = recompute_report(reference=report.number, at=NOW)
        assert outcome.agrees, outcome.lines["en"]


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_role_page_of_an_old_home_opens(home: Path, language: str) -> None:
    project = Project.objects.get()
    leader = RoleGrant.objects.get(project=project, role="leader").user
    client = Client(HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(leader)
    role = client.get(f"/p/{project.slug}/roles/R3/")
    assert role.status_code == 200
    report = ReportIssue.objects.select_related("fit__subject__person__identity").first()
    assert report is not None
    person = report.fit.subject.person
    assert short_name(person, "ru").split("\u00a0")[0] in role.content.decode()
    page = client.get(f"/p/{project.slug}/roles/R3/people/{person.id}/")
    assert page.status_code == 200 and report.number in page.content.decode()
    pdf = client.get(f"/p/{project.slug}/reports/{report.number}.pdf")
    assert pdf.status_code == 200 and pdf.content.startswith(b"%PDF")
