"""Every role on every page of a project: the permissions decide, nothing breaks, a stranger finds nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from kamerton.apps.decisions.models import FitResult
from kamerton.apps.decisions.queries import current_run
from kamerton.apps.delivery.actions import add_participant, give_consent, open_campaign
from kamerton.apps.delivery.models import Answer, Campaign, Participation
from kamerton.apps.delivery.queries import consent_texts
from kamerton.apps.delivery.rules import consent_digest
from kamerton.apps.observation.actions import LoadedNote, LoadedRating, LoadedSheet, load_ratings
from kamerton.apps.observation.models import Appointment
from kamerton.apps.people.actions import create_user, grant_role
from kamerton.apps.people.models import RoleGrant
from kamerton.apps.people.rules import PERMISSIONS
from kamerton.apps.records.actions import create_project
from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.models import Project
from kamerton.apps.records.queries import latest_release, parts_by_code
from kamerton.apps.reporting.actions.issue_report import issue_report
from kamerton.apps.sources.actions import open_round
from tests.cast import NOW
from tests.fixtures.sample import sample

__all__ = ["sample"]

pytestmark = pytest.mark.django_db

ROLES = tuple(RoleGrant.Role.values)
OPEN_TO_ALL = {"project", "view-as", "search"}
"""Pages of a project that ask for no permission: whoever belongs to the project may see them."""
OWN_SHEET = {"assess-exercise", "assess-start", "assess-notes", "assess-rating"}
"""An assessor opens the sheets they were appointed to and no other."""
CANARY = "КАНАРЕЙКА-7f3a91"


@dataclass(frozen=True)
class Page:
    name: str
    permission: str | None
    kwargs: tuple[str, ...]
    form: str


def project_pages() -> list[Page]:
    """All addresses below /p/<project>/ that belong to people with a role (candidates have their own)."""

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, URLPattern]]:
        for pattern in patterns:
            path = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, path)
            else:
                yield path, pattern

    found: dict[str, Page] = {}
    for path, pattern in walk(get_resolver().url_patterns, ""):
        if not path.startswith("p/<slug:project>/"):
            continue
        assert hasattr(pattern.callback, "required_permission"), f"{path}: a page without project_page"
        names = tuple(
            sorted((set(pattern.pattern.converters) | set(pattern.pattern.regex.groupindex)) - {"project"})
        )
        found[pattern.name] = Page(pattern.name, pattern.callback.required_permission, names, path)
    return list(found.values())


PAGES = project_pages()


def reverse(page: Page, project: str, values: dict[str, str]) -> str:
    from django.urls import reverse as django_reverse

    return django_reverse(
        page.name, kwargs={"project": project, **{name: values[name] for name in page.kwargs}}
    )


@pytest.fixture(scope="module")
def company(sample: Project, django_db_blocker: pytest.FixtureRequest) -> Project:
    """The sample's data in a project of a company: real grants and no switch "view as"."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        Project.objects.filter(id=sample.id).update(kind="company")
        for role in ROLES:
            user = create_user(actor=OPERATOR, login=f"{role}@wall.example", name=role, password=None, at=NOW)
            grant_role(actor=OPERATOR, project=sample, user=user, role=role, at=NOW)
        other = create_project(actor=OPERATOR, slug="elsewhere", name={"ru": "Другие"}, at=NOW)
        stranger = create_user(
            actor=OPERATOR, login="stranger@wall.example", name="stranger", password=None, at=NOW
        )
        for role in ROLES:
            grant_role(actor=OPERATOR, project=other, user=stranger, role=role, at=NOW)
        run = current_run(sample.id, "R3")
        assert run is not None
        fit = FitResult.objects.filter(run=run).order_by("-composite").first()
        assert fit is not None
        issue_report(actor=OPERATOR, fit=fit, language="ru", at=NOW)
    return sample


@pytest.fixture
def values(company: Project) -> dict[str, dict[str, str]]:
    """What an address of each page is filled with; "" holds the general ones."""
    run = current_run(company.id, "R3")
    assert run is not None
    fit = (
        FitResult.objects.filter(run=run)
        .select_related("subject", "participation")
        .order_by("-composite")
        .first()
    )
    assert fit is not None
    report = company.reports.order_by("number").first()
    appointment = Appointment.objects.filter(participation__campaign__project=company).order_by("id").first()
    answer = Answer.objects.filter(text__isnull=False).order_by("id").first()
    assert report and appointment and answer
    general = {
        "role": "R3", "person": str(fit.subject.person_id), "form": "xlsx", "number": report.number, "token": "0" * 32,
        "participation": str(fit.participation_id), "appointment": str(appointment.id), "answer": str(answer.id), "code": "C1",
        "slug": "internal-2026", "process": "P1",
    }  # fmt: skip
    opened = open_round(
        actor=OPERATOR, project=company, framework="kam", kind="indicators", least=0.7, judges=["1"], at=NOW,
        cards=[{"code": "C1.1", "text": {"ru": "а", "en": "a"}, "home": "C1"}],
        targets=[{"code": c, "name": {"ru": c, "en": c}, "definition": {"ru": c, "en": c}} for c in ("C1", "C2")],
    )  # fmt: skip
    return {
        "": general,
        "instrument": general | {"slug": "kam-hybrid-short"},
        "instrument-table": general | {"slug": "kam-hybrid-short"},
        "procedure": general | {"slug": "kam-internal"},
        "source": general | {"code": "I1"},
        "source-indicator": general | {"code": "C5.2"},
        "sort-round": general | {"round_id": str(opened.round.id)},
        "matrix-table": general | {"slug": "kam-internal"},
    }


def address(page: Page, project: str, values: dict[str, dict[str, str]]) -> str:
    chosen = values.get(page.name, values[""])
    unknown = set(page.kwargs) - set(chosen)
    assert not unknown, f"{page.name} ({page.form}): say in `values` what {', '.join(unknown)} is filled with"
    return reverse(page, project, chosen)


def signed_in(role: str, language: str = "ru") -> Client:
    from kamerton.apps.people.models import User

    client = Client(HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(User.objects.get(login=f"{role}@wall.example"))
    return client


def test_only_three_pages_of_a_project_ask_for_no_permission():
    assert {page.name for page in PAGES if page.permission is None} <= OPEN_TO_ALL
    assert {page.permission for page in PAGES if page.permission} <= set(PERMISSIONS)
    assert len(PAGES) > 40


@pytest.mark.parametrize("role", ROLES)
def test_a_page_opens_to_whom_the_permissions_say(company, values, role):
    client = signed_in(role, "en" if role in {"designer", "auditor"} else "ru")
    wrong: list[str] = []
    opened: Counter[int] = Counter()
    for page in PAGES:
        reply = client.get(address(page, company.slug, values))
        status = reply.status_code
        opened[status] += 1
        may = page.permission is None or role in PERMISSIONS[page.permission]
        # 422: a page that asks for more than its address says (whom to compare) says so in words.
        allowed = {200, 302, 404, 405, 422} if may else {403, 405}
        if may and page.name in OWN_SHEET:
            allowed |= {403}
        if status not in allowed:
            wrong.append(f"{page.name}: {status}, needs {page.permission}")
        if status == 200 and "html" in reply.get("Content-Type", ""):
            assert re.search(r'<html[^>]* lang="(ru|en)"', reply.content.decode()), page.name
        if status == 403:
            text = reply.content.decode()
            assert "<h1" in text and "Traceback" not in text, page.name
    assert not wrong, "\n".join(wrong)
    assert opened[200] + opened[302] >= 2, "not even the first page opens"


def test_nothing_is_ever_broken_by_an_address_that_leads_nowhere(company, values):
    nowhere = {
        "role": "R99", "person": str(uuid4()), "form": "docx", "number": "KM-1", "token": "f" * 32, "participation": str(uuid4()),
        "appointment": str(uuid4()), "answer": "999999999", "code": "C99", "round_id": str(uuid4()), "slug": "nothing-here", "process": "P99",
    }  # fmt: skip
    clients = {role: signed_in(role) for role in ROLES}
    wrong = []
    for page in PAGES:
        if set(page.kwargs) <= {"form"}:
            continue
        try:
            path = reverse(page, company.slug, nowhere)
        except Exception:
            path = reverse(page, company.slug, nowhere | {"form": "xlsx"})
        holders = PERMISSIONS[page.permission] if page.permission else set(ROLES)
        status = clients[sorted(holders)[0]].get(path).status_code
        if status not in {302, 403, 404, 405, 422}:
            wrong.append(f"{page.name} {path}: {status}")
    assert not wrong, "\n".join(wrong)


def test_odd_questions_to_lists_are_answered(company, values):
    odd = {"page": "-1", "q": "'; DROP TABLE x; --", "p": "not-a-uuid", "sort": "nonsense", "category": "x", "unit": "?" * 300,
           "release": "99", "from": "x", "to": "y", "verb": "x" * 500, "process": "P99", "who": "zz", "order": "zz"}  # fmt: skip
    clients = {role: signed_in(role) for role in ROLES}
    for page in PAGES:
        holders = PERMISSIONS[page.permission] if page.permission else set(ROLES)
        client = clients["office" if "office" in holders else sorted(holders)[0]]
        status = client.get(address(page, company.slug, values), odd).status_code
        assert status < 500, (page.name, status)


def test_a_stranger_finds_nothing_behind_the_wall(company, values):
    client = signed_in("stranger")
    statuses = {page.name: client.get(address(page, company.slug, values)).status_code for page in PAGES}
    # 405: an address that only takes a form says so to anybody; it tells nothing about the project.
    assert set(statuses.values()) <= {404, 405}, statuses
    for page in PAGES:
        missing = client.get(address(page, "no-such-project", values))
        assert missing.status_code == statuses[page.name], "the wall tells which projects exist"


def test_who_is_not_signed_in_is_asked_to(company, values):
    for page in PAGES:
        reply = Client().get(address(page, company.slug, values))
        assert reply.status_code == 405 or reply["Location"].startswith("/sign-in/?next=/p/"), page.name


def test_a_form_sent_by_who_may_not_is_refused(company, values):
    before = Project.objects.count(), Campaign.objects.count(), FitResult.objects.count()
    wrong = []
    for role in (*ROLES, "stranger"):
        client = signed_in(role)
        for page in PAGES:
            if page.permission is None or (role != "stranger" and role in PERMISSIONS[page.permission]):
                continue
            status = client.post(address(page, company.slug, values)).status_code
            if status not in ({404, 405} if role == "stranger" else {403, 405}):
                wrong.append(f"{role} → {page.name}: {status}")
    assert not wrong, "\n".join(wrong)
    assert (Project.objects.count(), Campaign.objects.count(), FitResult.objects.count()) == before


def test_what_was_said_for_development_reaches_no_page_of_selection(company, values):
    at = timezone.now()
    seen = (
        Participation.objects.filter(campaign__project=company)
        .select_related("person", "campaign__procedure")
        .first()
    )
    assert seen is not None
    campaign = open_campaign(
        actor=OPERATOR, project=company, procedure=latest_release(company.id, "procedure", "kam-internal"), slug="growth",
        name={"ru": "Развитие", "en": "Growth"}, purpose="development", opens_at=at - timedelta(days=1),
        closes_at=at + timedelta(days=9), at=at,
    )  # fmt: skip
    added = add_participant(actor=OPERATOR, campaign=campaign, person=seen.person, at=at)
    text = next(t for t in consent_texts(campaign) if t.purpose == "development")
    give_consent(
        actor=OPERATOR, participation=added, purpose="development", text_digest=consent_digest(text), language="ru", at=at
    )  # fmt: skip
    exercise = latest_release(company.id, "exercise", "kam-e2")
    assert exercise is not None
    appointment = (
        Appointment.objects.filter(participation=seen, instrument="E2").select_related("assessor").first()
    )
    assert appointment is not None
    load_ratings(
        actor=OPERATOR, project=company, at=at,
        rows=[
            LoadedSheet(
                participation=added, exercise=exercise, instrument="E2", assessor=appointment.assessor,
                ratings=[LoadedRating(code, 1) for code in parts_by_code(exercise, "rated")],
                notes=[LoadedNote(second=1, text=CANARY, indicator="C5.1", sign="+")], when=at, started_at=at, submitted_at=at,
            )
        ],
    )  # fmt: skip
    person = values[""] | {"person": str(seen.person_id), "participation": str(seen.id)}
    looked = 0
    for role in ROLES:
        client = signed_in(role)
        for page in PAGES:
            if page.name in {"integration-person", "integration-export"} or not page.permission:
                continue
            if page.permission not in {
                "view_results",
                "decide",
                "issue_report",
                "view_people",
                "view_assessors",
            }:
                continue
            reply = client.get(reverse(page, company.slug, values.get(page.name, values[""]) | person))
            if reply.status_code == 200:
                looked += 1
                assert CANARY not in b"".join(reply).decode("utf-8", "replace"), (
                    f"{role} reads it on {page.name}"
                )
        found = client.get(f"/p/{company.slug}/search/", {"q": CANARY})
        assert f">{CANARY}<" not in found.content.decode()
        # The integration of the selection shows what was seen there, not what was seen for development.
        integration = client.get(f"/p/{company.slug}/integration/{seen.id}/")
        assert CANARY not in integration.content.decode(), f"{role} reads it at integration"
    assert looked > 10
    theirs = signed_in("designer").get(f"/p/{company.slug}/integration/{added.id}/")
    assert CANARY in theirs.content.decode(), (
        "the canary never sang: this test would pass whatever the pages show"
    )
