from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from pypdf import PdfReader

from kamerton.apps.decisions.actions import record_decision
from kamerton.apps.delivery.models import ConsentWithdrawal, FreeText
from kamerton.apps.observation.models import Appointment
from kamerton.apps.records.errors import NotFound, NotPermitted
from kamerton.apps.records.models import Audit, Part
from kamerton.apps.reporting.actions import LanguageUnknown, issue_report, note_view, open_report
from kamerton.apps.reporting.actions.issue_report import report_path
from kamerton.apps.reporting.models import ReportIssue
from kamerton.apps.reporting.pdf import MISSING, covered, printable
from kamerton.apps.reporting.report_labels import LABELS, METHOD
from tests.apps.reporting.world import World, add_quote, make_world
from tests.cast import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(settings, tmp_path: Path) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def world() -> World:
    return make_world(kind="sample")


def text_of(pdf: bytes) -> list[str]:
    return [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages]


def test_a_stranger_gets_no_report(world: World) -> None:
    with pytest.raises(NotPermitted):
        issue_report(actor=world.cast.stranger, fit=world.fits[3], language="ru", at=NOW)
    with pytest.raises(NotPermitted):
        issue_report(actor=world.cast.assessor, fit=world.fits[3], language="ru", at=NOW)
    issue_report(actor=world.cast.leader, fit=world.fits[3], language="ru", at=NOW)
    with pytest.raises(NotPermitted):
        open_report(actor=world.cast.stranger, project=world.project, number="KM-2026-0001-ru", at=NOW)


@pytest.mark.parametrize(
    ("language", "name", "simulated", "words"),
    [
        (
            "ru",
            "Воронцова Мария Андреевна",
            "данные смоделированы",
            ["Профиль и роль", "Как получено каждое число", "3,28"],
        ),
        (
            "en",
            "Maria Vorontsova",
            "simulated data",
            ["Profile and role", "How each number came about", "3.28"],
        ),
    ],
)
def test_the_report_says_what_it_must_on_every_page(
    world: World, language: str, name: str, simulated: str, words: list[str]
) -> None:
    issued = issue_report(actor=world.cast.leader, fit=world.fits[3], language=language, at=NOW)
    assert issued.issue.number == f"KM-2026-0001-{language}"
    pages = text_of(issued.pdf)
    assert len(pages) >= 3
    for page in pages:
        assert issued.issue.number in page
        assert simulated in page
    whole = " ".join(pages)
    assert name in pages[0]
    for word in [*words, world.run.outputs_digest, f"kamerton why {issued.issue.number}"]:
        assert word in whole, word
    assert "\ufffd" not in whole
    assert MISSING not in whole


def test_the_report_is_tagged_for_those_who_do_not_see_it(world: World) -> None:
    reader = PdfReader(
        io.BytesIO(issue_report(actor=world.cast.leader, fit=world.fits[3], language="ru", at=NOW).pdf)
    )
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "ru"
    assert "/StructTreeRoot" in root
    assert reader.metadata is not None
    assert "Воронцова" in str(reader.metadata.title)
    assert b"pdfuaid" in reader.trailer["/Root"]["/Metadata"].get_data()


def test_only_its_own_fonts_are_in_the_report(world: World) -> None:
    reader = PdfReader(
        io.BytesIO(issue_report(actor=world.cast.leader, fit=world.fits[3], language="ru", at=NOW).pdf)
    )
    names = {
        str(font.get_object()["/BaseFont"])
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert names
    assert all("GolosText" in name for name in names), names


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_participant_reads_bands_and_words_never_probability_or_score(
    world: World, language: str
) -> None:
    issued = issue_report(
        actor=world.cast.leader, fit=world.fits[3], language=language, audience="candidate", at=NOW
    )
    whole = " ".join(text_of(issued.pdf))
    for word in ("35", "3,28", "3.28", "Вероятность", "Probability", "Общий балл", "Composite", "C1"):
        assert word not in whole, word
    assert ("уровн" if language == "ru" else "levels") in whole


def test_issuing_again_without_news_spends_no_number(world: World) -> None:
    first = issue_report(actor=world.cast.leader, fit=world.fits[3], language="ru", at=NOW)
    again = issue_report(actor=world.cast.leader, fit=world.fits[3], language="ru", at=NOW)
    assert (again.is_new, again.issue.id, again.pdf) == (False, first.issue.id, first.pdf)
    other = issue_report(actor=world.cast.leader, fit=world.fits[3], language="en", at=NOW)
    assert other.issue.number == "KM-2026-0002-en"


def test_a_decision_is_news(world: World) -> None:
    import uuid

    issue_report(actor=world.cast.leader, fit=world.fits[3], language="ru", at=NOW)
    record_decision(
        actor=world.cast.leader, fit=world.fits[3], outcome="more_evidence", key=uuid.uuid4(), at=NOW
    )
    later = issue_report(actor=world.cast.leader, fit=world.fits[3], language="ru", at=NOW)
    assert later.issue.number == "KM-2026-0002-ru"
    assert later.issue.decision is not None
    assert "собрать ещё данные" in " ".join(text_of(later.pdf))


def test_a_lost_file_is_set_again_with_the_same_bytes(world: World) -> None:
    issued = issue_report(actor=world.cast.leader, fit=world.fits[3], language="ru", at=NOW)
    path = report_path(issued.issue.pdf_digest)
    assert path.read_bytes() == issued.pdf
    path.unlink()
    found = open_report(actor=world.cast.leader, project=world.project, number=issued.issue.number, at=NOW)
    assert (found.is_original, found.pdf) == (True, issued.pdf)
    assert path.exists()
    assert Audit.objects.filter(verb="open_report").get().persons == [str(world.people[3].id)]


def test_the_stored_document_holds_neither_name_nor_quote(world: World) -> None:
    issued = issue_report(actor=world.cast.leader, fit=world.fits[3], language="ru", at=NOW)
    stored = json.dumps(issued.issue.document, ensure_ascii=False)
    assert "Воронцова" not in stored
    assert "пока числа нет" not in stored
    assert "пока числа нет" in " ".join(text_of(issued.pdf))


def test_an_erased_quote_does_not_come_back(world: World) -> None:
    issued = issue_report(actor=world.cast.leader, fit=world.fits[3], language="ru", at=NOW)
    report_path(issued.issue.pdf_digest).unlink()
    FreeText.objects.filter(text__contains="пока числа нет").update(text="", erased_at=NOW)
    found = open_report(actor=world.cast.leader, project=world.project, number=issued.issue.number, at=NOW)
    assert not found.is_original
    whole = " ".join(text_of(found.pdf))
    assert "[текст стёрт]" in whole


def test_strange_letters_in_a_quote_do_not_break_the_report(world: World) -> None:
    appointment = Appointment.objects.filter(
        participation=world.fits[3].participation, instrument="E1"
    ).first()
    indicator = Part.objects.filter(release=world.framework, kind="indicator", code="C2.2").get()
    assert appointment is not None
    add_quote(appointment, indicator, "Рост ≥ 5 → 漢字 🙂 ≈ да #emph[x] $1$ \\ *")
    whole = " ".join(
        text_of(issue_report(actor=world.cast.leader, fit=world.fits[3], language="ru", at=NOW).pdf)
    )
    assert "#emph[x] $1$ \\ *" in whole
    assert MISSING in whole


def test_refuses_a_language_or_audience_that_is_not_there(world: World) -> None:
    with pytest.raises(LanguageUnknown):
        issue_report(actor=world.cast.leader, fit=world.fits[3], language="de", at=NOW)
    with pytest.raises(LanguageUnknown):
        issue_report(actor=world.cast.leader, fit=world.fits[3], language="ru", audience="press", at=NOW)
    assert not ReportIssue.objects.exists()


def test_no_report_for_selection_after_consent_was_withdrawn(world: World) -> None:
    ConsentWithdrawal.objects.create(consent=world.fits[3].participation.consents.get(), at=NOW)
    with pytest.raises(NotFound):
        issue_report(actor=world.cast.leader, fit=world.fits[3], language="ru", at=NOW)


def test_a_look_is_written_down_with_the_list_of_people(world: World) -> None:
    with pytest.raises(NotPermitted):
        note_view(actor=world.cast.stranger, project=world.project, persons=[], what="role_page", at=NOW)
    ids = [person.id for person in world.people[:2]]
    row = note_view(actor=world.cast.leader, project=world.project, persons=ids, what="role_page", at=NOW)
    assert row.persons == [str(person) for person in ids]


def test_every_label_and_paragraph_is_there_in_both_languages_and_can_be_printed() -> None:
    for text in [*LABELS.values(), *METHOD]:
        assert set(text) == {"ru", "en"}
        for words in text.values():
            assert printable(words) == words
    assert {"−", "×", "±", "«", "№", "Ё", "Ә", "\u00a0"} <= covered()
