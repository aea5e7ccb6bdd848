"""The office's side of a campaign: open, add, invite, watch, give time, paper. The stranger first."""

from __future__ import annotations

import io
import re

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook
from pypdf import PdfReader

from kamerton.apps.delivery.models import Answer, Campaign, Invitation, OutgoingMail, Participation, Sitting
from kamerton.apps.delivery.queries import current_answers, paper_code
from tests.cast import Cast, make_person
from tests.fixtures.delivery import GOOD, World, start

pytestmark = pytest.mark.django_db
CAMPAIGN = "/p/acme/campaigns/autumn/"


@pytest.fixture
def office(cast: Cast, world: World) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="ru")
    client.force_login(cast.users["office"])
    return client


@pytest.mark.parametrize(
    "path",
    ["", "new/", "autumn/", "autumn/add/", "autumn/mails/", "autumn/progress.xlsx", "autumn/paper/", "autumn/paper/sheets.pdf",
     "autumn/paper/answers.xlsx"],
)  # fmt: skip
def test_only_the_office_comes_in(cast: Cast, world: World, path: str) -> None:
    for role, status in (("stranger", 404), ("leader", 403), ("designer", 403), ("office", 200)):
        client = Client()
        client.force_login(cast.users[role])
        assert client.get(f"/p/acme/campaigns/{path}").status_code == status, role


def test_opens_a_campaign_and_says_what_is_wrong_with_one(office: Client, world: World) -> None:
    data = {
        "procedure": str(world.procedure.id), "purpose": "selection", "name_ru": "Зима", "slug": "winter",
        "opens_at": "2026-12-01T09:00", "closes_at": "2026-12-15T18:00",
    }  # fmt: skip
    wrong = office.post("/p/acme/campaigns/new/", data | {"closes_at": "2026-11-01T09:00"})
    assert wrong.status_code == 422 and "раньше, чем открывается" in wrong.content.decode()
    assert 'value="Зима"' in wrong.content.decode(), "what was typed is kept"
    wrong = office.post("/p/acme/campaigns/new/", data | {"purpose": "self"})
    assert "Цель «для себя» эта процедура не предусматривает" in wrong.content.decode()
    assert office.post("/p/acme/campaigns/new/", data)["Location"] == "/p/acme/campaigns/winter/add/"
    made = Campaign.objects.get(slug="winter")
    assert made.opens_at.hour == 6, "typed in the zone of the project, three hours ahead of UTC"


def test_adds_people_found_by_name(office: Client, world: World) -> None:
    person = make_person(world.project, "Орлёв", "Лев")
    page = office.get(f"{CAMPAIGN}add/", {"q": "орлев"}).content.decode()
    assert str(person.id) in page and str(world.person.id) not in page
    wrong = office.post(f"{CAMPAIGN}add/", {"person": str(person.id), "time_factor": "9"})
    assert wrong.status_code == 422 and "от 1 до 4" in wrong.content.decode()
    office.post(f"{CAMPAIGN}add/", {"person": str(person.id), "time_factor": "1,5"})
    assert str(Participation.objects.get(person=person).time_factor) == "1.50"


def test_previews_then_sends_and_shows_the_link_once(office: Client, world: World) -> None:
    form = {"participation": str(world.participation.id), "expires_at": "2027-01-10T18:00"}
    preview = office.post(f"{CAMPAIGN}invite/", form).content.decode()
    assert (
        "Здравствуйте, Анна Петровна!" in preview
        and "[личная ссылка]" in preview
        and "10 января 2027" in preview
    )
    assert not Invitation.objects.exists() and mail.outbox == []
    page = office.post(
        f"{CAMPAIGN}invite/", form | {"step": "send", "mail": "1", "language": "ru"}
    ).content.decode()
    (sent,) = mail.outbox
    link = re.search(r"http://\S+/c/\S+/", str(sent.body))
    assert link is not None and link[0] in page and sent.to == ["anna@candidate.example"]
    token = link[0].split("/c/")[1].strip("/")
    stored = OutgoingMail.objects.get()
    assert token not in stored.body and "[личная ссылка]" in stored.body and stored.sent_at
    for path in ("", "mails/", f"people/{world.participation.id}/"):
        assert token not in office.get(f"{CAMPAIGN}{path}").content.decode()


def test_gives_time_with_a_reason_and_revokes_the_link(office: Client, world: World) -> None:
    sitting = start(world, timezone.now())
    path = f"{CAMPAIGN}people/{world.participation.id}/"
    wrong = office.post(path, {"do": "grant", "sitting": str(sitting.id), "minutes": "ten", "reason": "x"})
    assert wrong.status_code == 422 and "нужно целое число" in wrong.content.decode()
    office.post(path, {"do": "grant", "sitting": str(sitting.id), "minutes": "10", "reason": "сбой света"})
    assert "сбой света" in office.get(path).content.decode()
    office.post(
        f"{CAMPAIGN}invite/",
        {"participation": str(world.participation.id), "expires_at": "2027-01-10T18:00", "step": "send"},
    )
    invitation = Invitation.objects.get()
    office.post(path, {"do": "revoke", "invitation": str(invitation.id)})
    invitation.refresh_from_db()
    assert invitation.revoked_at is not None


def test_progress_counts_people_by_step(office: Client, world: World) -> None:
    start(world, timezone.now())
    page = office.get(CAMPAIGN).content.decode()
    assert "Завершили: 0\u00a0из\u00a01" in page and "отвечает" in page
    table = load_workbook(io.BytesIO(office.get(f"{CAMPAIGN}progress.xlsx").content)).active
    row = [cell.value for cell in table[2]]
    assert row[0] == paper_code(world.participation.id) and row[3] == "отвечает" and row[10] == 9


def _filled(office: Client, world: World, **cells: str) -> bytes:
    """The template as the office gets it, with a row filled in."""
    book = load_workbook(io.BytesIO(office.get(f"{CAMPAIGN}paper/answers.xlsx").content))
    table = book.active
    head = [cell.value for cell in table[1]]
    assert head[:3] == ["Код", "Человек", "Согласие подписано"] and table.cell(2, 1).value == "#"
    for column, text in cells.items():
        table.cell(
            3, head.index({"consent": "Согласие подписано"}.get(column, column.lstrip("n"))) + 1
        ).value = text
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _upload(office: Client, data: bytes) -> str:
    file = io.BytesIO(data)
    file.name = "answers.xlsx"
    response = office.post(f"{CAMPAIGN}paper/", {"file": file})
    assert response.status_code == 302, response.content.decode()
    return str(response["Location"])


def _cells(world: World) -> dict[str, str]:
    """A paper sheet on which everything is right, in printed numbers."""
    from kamerton.apps.delivery.queries import forms_of
    from kamerton.web.office.paper_table import paper_options, write_cell

    items = forms_of(world.campaign)[0].document.items
    return {
        f"n{n}": write_cell(item, paper_options(world.campaign.id, item), GOOD[item.code])
        for n, item in enumerate(items, 1)
    }


def test_a_paper_table_is_checked_row_by_row_before_anything_is_written(office: Client, world: World) -> None:
    where = _upload(office, _filled(office, world, n1="9", n4="3", n6="1 1 2"))
    page = office.get(where).content.decode()
    assert "Ячейка D3, задание 1: получено «9»; нужен номер от 1 до 3." in page
    assert "Ячейка I3, задание 6" in page and "Подписанное согласие не отмечено" in page
    office.post(where, {"language": "ru"})
    assert not Answer.objects.exists() and not Sitting.objects.exists()


def test_paper_answers_go_through_the_same_door_and_twice_adds_nothing(office: Client, world: World) -> None:
    where = _upload(office, _filled(office, world, consent="да", **_cells(world)))
    assert "Будет записано ответов: 9" in office.get(where).content.decode()
    assert "Записано ответов: 9" in office.post(where, {"language": "ru"}).content.decode()
    sitting = Sitting.objects.get()
    assert (sitting.on_paper, sitting.finish_reason) == (True, "paper")
    values = current_answers(sitting).items
    assert {code: value.response for code, value in values.items() if value} == GOOD
    again = _upload(office, _filled(office, world))
    assert "Все ответы этой таблицы уже записаны." in office.get(again).content.decode(), (
        "the template brings back what is there"
    )
    office.post(again, {"language": "ru"})
    assert Answer.objects.count() == 9
    corrected = _upload(office, _filled(office, world, n5="13"))
    office.post(corrected, {"language": "ru"})
    assert Answer.objects.count() == 10
    value = current_answers(Sitting.objects.get()).items["T05"]
    assert value is not None and value.response == {"number": "13"}


def test_paper_never_goes_over_answers_of_a_browser(office: Client, world: World) -> None:
    start(world, timezone.now())
    where = _upload(office, _filled(office, world, consent="да", n1="1"))
    assert "Этот человек отвечает в браузере" in office.get(where).content.decode()


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_sheet_carries_code_consent_and_every_item_and_no_key(
    office: Client, world: World, language: str
) -> None:
    data = office.get(f"{CAMPAIGN}paper/sheets.pdf", {"language": language}).content
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    text = re.sub(r"\s+", " ", text)
    assert paper_code(world.participation.id) in text
    words = {
        "ru": ("Согласие на обработку ответов", "Напишите директору", "Соколова Анна Петровна"),
        "en": ("I agree to the processing", "Write to the production director", "Sokolova|Соколова"),
    }[language]
    for word in words:
        assert re.search(word, text), word
    # The code of a sheet is drawn by chance and may hold these two signs; a word of its own they may not be.
    assert "тайна-ключа" not in text and "secret-of-the-key" not in text and not re.search(r"\bC3\b", text)


def test_a_reminder_goes_to_those_who_have_not_finished_with_a_link_of_its_own(
    office: Client, world: World
) -> None:
    from tests.fixtures.delivery import new_link

    until = {"expires_at": "2031-01-01T18:00"}
    nobody = office.post(f"{CAMPAIGN}invite/", until | {"kind": "remind"})
    assert "Отметьте, кого пригласить" in nobody.content.decode(), "nobody has been invited yet"
    old = new_link(world, timezone.now())
    page = office.post(f"{CAMPAIGN}invite/", until | {"kind": "remind"}).content.decode()
    assert (
        "Напомнить 1 человеку" in page
        and "Напоминание." in page
        and "[личная ссылка]" in page
        and not mail.outbox
    )
    chosen = {"participation": str(world.participation.id), "kind": "remind", "step": "send", "mail": "1"}
    office.post(f"{CAMPAIGN}invite/", until | chosen)
    sent = mail.outbox[0]
    assert sent.subject.startswith("Напоминание.") and "пока не завершён" in sent.body
    link = re.search(r"/c/([\w-]+)/", sent.body)
    assert link and link[1] != old
    assert Client().get(f"/c/{old}/").status_code == 410 and Client().get(f"/c/{link[1]}/").status_code == 200
