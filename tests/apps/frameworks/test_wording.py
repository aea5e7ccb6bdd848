"""Questions an editor asks: found in what is wrong, silent where nothing is, set aside with a reason until the words change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from django.test import Client

from kamerton.apps.frameworks.actions import dismiss_finding, edit_text
from kamerton.apps.frameworks.documents import FrameworkDocument, Indicator
from kamerton.apps.frameworks.models import Dismissal
from kamerton.apps.frameworks.queries import draft_of
from kamerton.apps.frameworks.wording import WHY, findings, likeness
from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.errors import InvalidInput, NotPermitted
from kamerton.flows.install_pack import install_pack
from kamerton.values.documents import read_document
from tests.cast import NOW, Cast

PACK = Path(__file__).resolve().parents[3] / "content" / "kam-precious-metals"


def kam() -> FrameworkDocument:
    return read_document(
        FrameworkDocument, yaml.safe_load((PACK / "framework.yaml").read_text(encoding="utf-8")), what="x"
    )


def with_indicator(ru: str, en: str) -> FrameworkDocument:
    document = kam()
    first = document.competencies[0]
    changed = replace(
        first,
        indicators=[Indicator("C1.1", {"ru": ru, "en": en}, {"ru": "x", "en": "x"}), *first.indicators[1:]],
    )
    return replace(document, competencies=[changed, *document.competencies[1:]])


def rules_of(ru: str, en: str, **values: object) -> set[str]:
    return {f.rule for f in findings(with_indicator(ru, en), **values) if f.place == "indicator/C1.1"}  # type: ignore[arg-type]


def test_the_pack_itself_raises_no_question() -> None:
    assert findings(kam()) == []


@pytest.mark.parametrize(
    ("ru", "en", "rule"),
    [
        (
            "Собирает данные и составляет план клиента",
            "Collects data and draws up the account plan",
            "two_verbs",
        ),
        ("Ответственно подходит к срокам", "Treats dates responsibly", "adjective"),
        ("Своевременно отвечает клиенту", "Answers the customer", "vague"),
        ("Answers", "Communicates effectively with the customer", "vague"),
        ("Называет три вещи: цену, срок и объём", "Names three things: price and date", "unequal"),
    ],
)
def test_a_fault_is_found(ru: str, en: str, rule: str) -> None:
    assert rule in rules_of(ru, en)


@pytest.mark.parametrize(
    ("ru", "en"),
    [
        ("Спрашивает, кто решает и кто платит", "Asks who decides and who pays"),
        ("Считает цену и срок", "Works out price and date"),
        ("Показывает расчёт и отчёт клиенту", "Shows the calculation and the report to the customer"),
        (
            "Повторяет вслух договорённость: кто, что и когда",
            "Repeats the agreement aloud: who, what and when",
        ),
    ],
)
def test_what_is_right_is_left_alone(ru: str, en: str) -> None:
    assert rules_of(ru, en) == set()


def test_the_company_dictionary_and_missing_sources_are_named() -> None:
    assert "avoid" in rules_of("Собирает лиды клиента", "Collects leads", avoid={"лиды": "обращения"})
    assert "no_source" in rules_of("Считает цену", "Works out the price", carried=frozenset({"C1.2"}))
    assert "no_source" not in rules_of("Считает цену", "Works out the price", carried=frozenset({"C1.1"}))


def test_levels_and_indicators_that_say_the_same_are_found() -> None:
    document = kam()
    first = document.competencies[0]
    levels = [first.levels[0], replace(first.levels[1], anchor=first.levels[0].anchor), *first.levels[2:]]
    twin = Indicator("C1.9", first.indicators[0].text, {"ru": "x", "en": "x"})
    changed = replace(first, levels=levels, indicators=[*first.indicators, twin])
    found = {
        f.rule: f for f in findings(replace(document, competencies=[changed, *document.competencies[1:]]))
    }
    assert set(found) == {"same_level", "similar"}
    assert "C1.1" in found["similar"].texts["en"] and "C1.9" in found["similar"].texts["en"]


def test_likeness_is_a_share() -> None:
    assert likeness("Считает цену сделки", "Считает цену сделки") == 1
    assert likeness("Считает цену сделки", "Называет интерес клиента") == 0
    assert likeness("", "") == 0
    assert likeness("a b", "цена сделки клиента") == likeness("цена сделки клиента", "a b")


def test_every_rule_says_why_in_both_languages() -> None:
    assert all(text["ru"] and text["en"] for text in WHY.values())


@pytest.mark.django_db
def test_a_question_is_set_aside_until_the_words_change(cast: Cast, pack_folder: Path) -> None:
    install_pack(actor=OPERATOR, project=cast.project, root=pack_folder, at=NOW)
    draft = draft_of(cast.project.id, "kam")
    edit_text(
        actor=cast.designer,
        draft=draft,
        path="indicator/C1.1/text/ru",
        value="Своевременно отвечает клиенту",
        at=NOW,
    )
    client = Client(headers={"accept-language": "ru"})
    client.force_login(cast.users["designer"])
    html = client.get("/p/acme/model/C1/").content.decode().replace("\u00a0", " ")
    assert "C1.1: «своевременно»" in html and "каждый измерит по-своему" in html
    mark = html.split('name="mark" value="')[1].split('"')[0]
    fields = {"slug": "kam", "competency": "C1", "mark": mark}
    assert client.post("/p/acme/model/dismiss/", fields | {"reason": "нет"}).status_code == 422
    assert (
        client.post(
            "/p/acme/model/dismiss/", fields | {"reason": "Срок стоит в регламенте, слово понятно"}
        ).status_code
        == 302
    )
    html = client.get("/p/acme/model/C1/").content.decode().replace("\u00a0", " ")
    assert "Срок стоит в регламенте" in html and 'name="mark"' not in html
    edit_text(
        actor=cast.designer,
        draft=draft,
        path="indicator/C1.1/text/ru",
        value="Оперативно отвечает клиенту",
        at=NOW,
    )
    assert 'name="mark"' in client.get("/p/acme/model/C1/").content.decode(), "new words, a new question"
    with pytest.raises(NotPermitted):
        dismiss_finding(
            actor=cast.leader, identity=draft.identity, mark=mark, reason="просто так и всё тут", at=NOW
        )
    with pytest.raises(InvalidInput):
        dismiss_finding(
            actor=cast.designer, identity=draft.identity, mark="x", reason="просто так и всё тут", at=NOW
        )
    assert Dismissal.objects.count() == 1
