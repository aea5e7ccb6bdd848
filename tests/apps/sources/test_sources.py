"""Interviews, what carries an indicator, and sorting: personal data stays out, rules are stated first, nothing half-kept."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from kamerton.apps.records.actors import OPERATOR, Actor
from kamerton.apps.records.errors import InvalidInput, NotFound, NotPermitted
from kamerton.apps.records.models import Audit
from kamerton.apps.sources import queries, rules
from kamerton.apps.sources.actions import (
    CardsMissing,
    PersonalData,
    RoundClosed,
    RoundOpened,
    SourceExists,
    add_incident,
    close_round,
    finish_sorting,
    link_indicators,
    open_round,
    place_card,
    record_sources,
    remove_source,
)
from kamerton.apps.sources.documents import IncidentDocument, SourceDocument
from kamerton.apps.sources.models import Incident, Placement, Source, Support
from kamerton.flows.install_pack import install_pack
from tests.cast import NOW, Cast

KNOWN = [f"C{c}.{i}" for c in range(1, 9) for i in range(1, 6)]


def told(
    code: str = "I1.1", *indicators: str, behaviour: str = "Показал расчёт по каждой партии"
) -> IncidentDocument:
    return IncidentDocument(
        code,
        {"ru": "Клиент спорил о потерях"},
        {"ru": behaviour},
        {"ru": "Спор закрыли"},
        True,
        list(indicators),
    )


def source(code: str = "I1", *incidents: IncidentDocument) -> SourceDocument:
    return SourceDocument(
        code, "interview", date(2026, 9, 1), {"ru": "КАМ, 6 лет"}, list(incidents) or [told()]
    )


def record(cast: Cast, *sources: SourceDocument, **values: object):
    given_ = {"sources": list(sources) or [source()], "known": KNOWN} | values
    return record_sources(actor=cast.designer, project=cast.project, framework="kam", at=NOW, **given_)  # type: ignore[arg-type]


# ---- personal data


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Звонил Петров И. С. и кричал", ("Петров И. С.",)),
        ("Тогда Мария Андреевна решила", ("Мария Андреевна",)),
        ("пишите на ivan.petrov@plant.example или +7 (912) 345-67-89", ("ivan.petrov@plant.example", "+7 (912) 345-67-89")),
        ("Then Mr Brown refused", ("Mr Brown",)),
        ("Партия 4, 16 000 г, 0,45 % потерь", ()),
        ("Директор по закупкам завода", ()),
    ],
)  # fmt: skip
def test_what_looks_like_a_person_is_found(text: str, found: tuple[str, ...]) -> None:
    assert rules.suspects(text) == found


def test_a_mask_takes_whole_words_and_leaves_no_trace() -> None:
    assert rules.mask("Петров и Петровск: петров ушёл", ["Петров"]) == "[…] и Петровск: […] ушёл"
    assert rules.mask("ООО «Рога»", []) == "ООО «Рога»"


@given(st.text(max_size=200), st.lists(st.text(min_size=1, max_size=10), max_size=5))
def test_masking_twice_is_masking_once(text: str, words: list[str]) -> None:
    once = rules.mask(text, words)
    assert rules.mask(once, words) == once


@pytest.mark.django_db
def test_a_name_is_refused_masked_or_confirmed(cast: Cast) -> None:
    named = source("I1", told(behaviour="Позвонил Петров И. С. сам"))
    with pytest.raises(PersonalData) as refusal:
        record(cast, named)
    assert "Петров И. С." in refusal.value.message("ru")
    assert not Source.objects.exists()
    record(cast, named, masks=["Петров И. С."])
    assert Incident.objects.get().behaviour == {"ru": "Позвонил […] сам"}
    record(cast, source("I2", told("I2.1", behaviour="Звонил Иванов А. Б.")), is_checked=True)
    assert Source.objects.count() == 2


# ---- keeping


@pytest.mark.django_db
def test_sources_are_kept_whole_or_not_at_all(cast: Cast) -> None:
    with pytest.raises(InvalidInput, match=r"C9\.9"):
        record(cast, source("I1"), source("I2", told("I2.1", "C9.9")))
    with pytest.raises(InvalidInput):
        record(cast, source("I1", told("I1.1"), told("I1.1")))
    with pytest.raises(InvalidInput):
        record(cast, source("I1", told(behaviour="  ")))
    assert not Source.objects.exists() and not Incident.objects.exists()
    done = record(cast, source("I1", told("I1.1", "C1.1", "C6.2"), told("I1.2", "C1.1")))
    assert (done.sources, done.incidents, done.supports) == (1, 2, 3)
    with pytest.raises(SourceExists):
        record(cast, source("I1"))
    assert queries.support_counts(cast.project.id, "kam")["C1.1"] == queries.Carried(2, 1)


@pytest.mark.django_db
def test_only_a_designer_keeps_and_only_those_who_may_look_look(cast: Cast) -> None:
    for role in ("assessor", "office", "leader", "auditor"):
        with pytest.raises(NotPermitted):
            record_sources(
                actor=cast.actors[role], project=cast.project, framework="kam", sources=[source()], at=NOW
            )
    record(cast)
    for role in ("assessor", "office", "auditor"):
        with pytest.raises(NotPermitted):
            queries.sources_of(cast.actors[role], cast.project.id, "kam")
    assert queries.sources_of(cast.leader, cast.project.id, "kam").count() == 1
    with pytest.raises(NotPermitted):
        queries.sources_of(cast.stranger, cast.project.id, "kam")


@pytest.mark.django_db
def test_links_are_changed_as_a_whole_and_written_down(cast: Cast) -> None:
    record(cast, source("I1", told("I1.1", "C1.1")))
    incident = Incident.objects.get()
    assert (
        link_indicators(
            actor=cast.designer, incident=incident, indicators=["C2.1", "C3.3"], known=KNOWN, at=NOW
        )
        == 3
    )
    assert set(Support.objects.values_list("indicator", flat=True)) == {"C2.1", "C3.3"}
    audit = Audit.objects.get(verb="link_indicators")
    assert audit.details == {"before": ["C1.1"], "after": ["C2.1", "C3.3"]}
    assert (
        link_indicators(
            actor=cast.designer, incident=incident, indicators=["C2.1", "C3.3"], known=KNOWN, at=NOW
        )
        == 0
    )
    with pytest.raises(NotFound):
        link_indicators(actor=cast.designer, incident=incident, indicators=["C9.1"], known=KNOWN, at=NOW)
    added = add_incident(
        actor=cast.designer, source=incident.source, incident=told("I1.2", "C2.1"), known=KNOWN, at=NOW
    )
    assert [i.code for i in queries.carried(cast.designer, cast.project.id, "kam", "C2.1")] == [
        "I1.1",
        added.code,
    ]
    with pytest.raises(InvalidInput):
        add_incident(actor=cast.designer, source=incident.source, incident=told("I1.2"), known=KNOWN, at=NOW)


# ---- sorting

TARGETS = [
    {"code": c, "name": {"ru": c, "en": c}, "definition": {"ru": c, "en": c}} for c in ("C1", "C2", "C3")
]
CARDS = [
    {"code": f"C{c}.{i}", "text": {"ru": f"карта {c}{i}", "en": f"card {c}{i}"}, "home": f"C{c}"}
    for c in (1, 2, 3)
    for i in (1, 2)
]


def opened(cast: Cast, judges: int = 4, **values: object) -> RoundOpened:
    given_ = {
        "cards": CARDS,
        "targets": TARGETS,
        "least": 0.7,
        "judges": [f"эксперт {n}" for n in range(judges)],
        "kind": "indicators",
    }
    return open_round(actor=cast.designer, project=cast.project, framework="kam", at=NOW, **(given_ | values))  # type: ignore[arg-type]


def acting(judge: object) -> Actor:
    return Actor("expert", str(judge.id), judge.label, judge.round.project_id)  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_judges_sort_alone_and_the_rule_judges_each_card(cast: Cast) -> None:
    made = opened(cast)
    for n, (_, token) in enumerate(made.links):
        judge = queries.judge_by_token(token)
        for card in CARDS:
            # Everybody puts cards home, but C3.2 goes to C1 by three of four.
            target = "C1" if card["code"] == "C3.2" and n else str(card["home"])
            place_card(actor=acting(judge), judge=judge, card=str(card["code"]), target=target, at=NOW)
        finish_sorting(actor=acting(judge), judge=judge, at=NOW + timedelta(minutes=n))
    result = queries.result_of(made.round)
    assert result.judges == 4 and result.back is not None
    rows = {str(i): (int(a), bool(c), str(r)) for i, a, c, r in zip(result.back.items["item"], result.back.items["agreed"], result.back.items["clear"], result.back.items["rival"], strict=True)}  # fmt: skip
    assert rows["C1.1"] == (4, True, "") and rows["C3.2"] == (1, False, "C1")
    assert result.back.agreement == pytest.approx(21 / 24)
    assert result.back.dimensions["C3"] == pytest.approx(5 / 8)
    assert any("few_judges" in flag for flag in result.back.flags), "four judges are said to be few"


@pytest.mark.django_db
def test_a_judge_changes_a_card_until_handing_in_and_sees_no_home(cast: Cast) -> None:
    made = opened(cast, judges=2)
    judge = queries.judge_by_token(made.links[0][1])
    other = queries.judge_by_token(made.links[1][1])
    assert not any(hasattr(card, "home") for card in queries.cards_for(judge))
    assert {c.code for c in queries.cards_for(judge)} == {c["code"] for c in CARDS}
    me = acting(judge)
    for target in ("C1", "C1", "C2", ""):
        place_card(actor=me, judge=judge, card="C1.1", target=target, at=NOW)
    assert Placement.objects.filter(judge=judge).count() == 3, (
        "the same again adds nothing, each change is kept"
    )
    assert next(c for c in queries.cards_for(judge) if c.code == "C1.1").target == ""
    with pytest.raises(CardsMissing):
        finish_sorting(actor=me, judge=judge, at=NOW)
    for wrong in ({"card": "X", "target": "C1"}, {"card": "C1.1", "target": "X"}):
        with pytest.raises(NotFound):
            place_card(actor=me, judge=judge, at=NOW, **wrong)
    with pytest.raises(NotPermitted):
        place_card(actor=me, judge=other, card="C1.1", target="C1", at=NOW)
    for card in CARDS:
        place_card(actor=me, judge=judge, card=str(card["code"]), target="C1", at=NOW)
    finish_sorting(actor=me, judge=judge, at=NOW)
    judge.refresh_from_db()
    with pytest.raises(RoundClosed):
        place_card(actor=me, judge=judge, card="C1.1", target="C2", at=NOW)
    close_round(actor=cast.designer, round_=made.round, at=NOW)
    with pytest.raises(RoundClosed):
        place_card(actor=acting(other), judge=other, card="C1.1", target="C2", at=NOW)
    assert queries.result_of(made.round).judges == 1, "what was not handed in does not count"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong", [{"least": 0.2}, {"least": 1.5}, {"judges": 0}, {"cards": []}, {"kind": "people"}]
)
def test_a_round_without_sense_is_refused(cast: Cast, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        opened(cast, **wrong)  # type: ignore[arg-type]


# ---- pages


@pytest.fixture
def installed(cast: Cast, pack_folder: Path) -> Cast:
    install_pack(actor=OPERATOR, project=cast.project, root=pack_folder, at=NOW)
    Support.objects.all().delete()
    Incident.objects.all().delete()
    Source.objects.all().delete()
    return cast


def client(cast: Cast, role: str = "designer", language: str = "ru") -> Client:
    found = Client(headers={"accept-language": language})
    found.force_login(cast.users[role])
    return found


def workbook(*rows: tuple[object, ...]) -> SimpleUploadedFile:
    book = Workbook()
    for row in (
        ("Интервью", "Кто рассказал", "Дата", "Ситуация", "Поведение", "Результат", "Удачно", "Индикаторы"),
        *rows,
    ):
        book.active.append(row)  # type: ignore[union-attr]
    data = BytesIO()
    book.save(data)
    return SimpleUploadedFile("cases.xlsx", data.getvalue())


GOOD = (
    (
        "I1",
        "КАМ, 6 лет",
        "01.09.2026",
        "Спор о потерях",
        "Посчитал каждую партию",
        "Клиент согласился",
        "да",
        "C6.2, C5.1",
    ),
    ("I1", "КАМ, 6 лет", "01.09.2026", "Срочная скидка", "Отдал сразу", "Маржа пропала", "нет", "C6.3"),
    ("I2", "хантер", "02.09.2026", "", "Спросил, кто ещё решает", "", "+", "C4.3"),
)


def test_a_table_is_shown_then_kept_and_an_indicator_leads_to_the_sentence(installed: Cast) -> None:
    designer = client(installed)
    shown = designer.post("/p/acme/sources/import/", {"file": workbook(*GOOD)})
    html = shown.content.decode()
    assert shown.status_code == 200 and "Посчитал каждую партию" in html and not Source.objects.exists()
    token = html.split('name="token" value="')[1].split('"')[0]
    assert designer.post("/p/acme/sources/import/", {"token": token, "do": "keep"}).status_code == 302
    assert Source.objects.count() == 2 and Incident.objects.count() == 3
    # A director: model, indicator, sentence.
    director = client(installed, "leader")
    model = director.get("/p/acme/model/C6/").content.decode()
    assert "/p/acme/sources/indicator/C6.2/" in model
    quote = director.get("/p/acme/sources/indicator/C6.2/").content.decode()
    assert "Посчитал каждую партию" in quote and "/p/acme/sources/at/I1/#I1.1" in quote
    assert "КАМ, 6 лет" in director.get("/p/acme/sources/at/I1/").content.decode().replace("\u00a0", " ")
    # An assessor sees the count and no way in.
    assert "/p/acme/sources/" not in client(installed, "assessor").get("/p/acme/model/C6/").content.decode()
    assert client(installed, "assessor").get("/p/acme/sources/").status_code == 403


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("I1", "", "", "", "Сделал", "", "может быть", ""), "не читается как да или нет"),
        (("I1", "", "31.02.2026", "", "Сделал", "", "да", ""), "дата «31.02.2026» не читается"),
        (("I1", "", "", "", "", "", "да", ""), "нет поведения"),
        (("I1", "", "", "", "Сделал", "", "да", "C99.1"), "индикатора C99.1 в модели нет"),
        (("", "", "", "", "Сделал", "", "да", ""), "нет кода интервью"),
    ],
)
def test_one_wrong_row_and_nothing_is_kept(installed: Cast, row: tuple[str, ...], words: str) -> None:
    designer = client(installed)
    reply = designer.post("/p/acme/sources/import/", {"file": workbook(*GOOD, row)})
    html = reply.content.decode().replace("\u00a0", " ")
    assert reply.status_code == 422 and words in html and "Строка 5" in html
    token = html.split('name="token" value="')[1].split('"')[0] if 'name="token"' in html else ""
    designer.post("/p/acme/sources/import/", {"token": token, "do": "keep"})
    assert not Source.objects.exists()


def test_a_table_without_the_columns_says_which(installed: Cast) -> None:
    reply = client(installed).post(
        "/p/acme/sources/import/", {"file": SimpleUploadedFile("x.csv", "имя;возраст\nа;1\n".encode())}
    )
    assert reply.status_code == 422 and "Нет столбцов" in reply.content.decode()


def test_an_interview_is_typed_linked_and_masked(installed: Cast) -> None:
    designer = client(installed)
    fields = {"code": "I7", "kind": "interview", "held": "2026-09-10", "respondent": "Директор Петров И. С."}
    assert designer.post("/p/acme/sources/new/", fields).status_code == 422
    assert designer.post("/p/acme/sources/new/", fields | {"masks": "Петров И. С."}).status_code == 302
    page = "/p/acme/sources/at/I7/"
    kept = {
        "behaviour": "Спросила, чего боится финансовый директор",
        "effective": "1",
        "situation": "",
        "result": "",
    }
    assert designer.post(page, kept).status_code == 302
    incident = Incident.objects.get()
    assert incident.code == "I7.1" and Source.objects.get().respondent == {"ru": "Директор […]"}
    designer.post(page, {"do": "link", "incident": str(incident.id), "indicator": ["C4.1", "C1.3"]})
    assert set(incident.supports.values_list("indicator", flat=True)) == {"C4.1", "C1.3"}
    assert client(installed, "leader").post(page, kept).status_code == 403


def test_a_round_from_links_to_results(installed: Cast) -> None:
    designer = client(installed, language="en")
    shown = designer.post(
        "/p/acme/sources/sort/", {"kind": "indicators", "least": "0,7", "judges": "judge 1\njudge 2"}
    )
    html = shown.content.decode()
    links = [part.split("<")[0] for part in html.split("http://testserver")[1:]]
    assert shown.status_code == 200 and len(links) == 2 and "shown once" in html
    judge = Client(HTTP_ACCEPT_LANGUAGE="en")
    page = judge.get(links[0]).content.decode()
    assert "Card" in page and "It fits none of them" in page
    for code in ("C1.1", "C5.2"):
        assert code not in page, "neither code nor home of a card"
    for _ in range(40):
        reply = judge.post(links[0], {"card": judge_number(judge, links[0]), "target": "C1"})
        assert reply.status_code == 302
    assert "Every card has its place" in judge.get(links[0] + "?end=1").content.decode()
    assert "handed in" in judge.post(links[0], {"do": "finish"}).content.decode()
    assert judge.post(links[0], {"card": "1", "target": "C2"}).status_code == 200
    assert Placement.objects.filter(target="C2").count() == 0
    round_page = (
        designer.get("/p/acme/sources/").content.decode().split("/p/acme/sources/sort/")[-1].split("/")[0]
    )
    result = designer.get(f"/p/acme/sources/sort/{round_page}/").content.decode()
    assert "Fewer than eight judges" in result and "reword or drop" in result
    assert judge.get("/s/no-such-token/").status_code == 404
    assert Client().get(links[1])["Referrer-Policy"] == "no-referrer"


def judge_number(judge: Client, link: str) -> str:
    html = judge.get(link).content.decode()
    return html.split('name="card" value="')[1].split('"')[0]


def test_a_source_is_taken_out_with_a_reason(installed: Cast) -> None:
    record(installed, source("I1", told("I1.1", "C1.1")), source("I2", told("I2.1", "C1.1")))
    page = "/p/acme/sources/at/I1/"
    designer = client(installed)
    assert designer.post(page, {"do": "remove", "reason": " "}).status_code == 422
    assert (
        designer.post(page, {"do": "remove", "reason": "пример из пакета, у нас не говорили"}).status_code
        == 302
    )
    assert list(Source.objects.values_list("code", flat=True)) == ["I2"] and Incident.objects.count() == 1
    audit = Audit.objects.get(verb="remove_source")
    assert audit.details["incidents"] == 1 and "из пакета" in audit.details["reason"]
    assert (
        client(installed, "leader")
        .post("/p/acme/sources/at/I2/", {"do": "remove", "reason": "просто так"})
        .status_code
        == 403
    )
    with pytest.raises(NotPermitted):
        remove_source(actor=installed.leader, source=Source.objects.get(), reason="просто так", at=NOW)
