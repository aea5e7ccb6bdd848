"""The KAM role pack: every text in both languages, the same numbers in each, and the rules of the assessment matrix."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml

from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.functions.documents import FunctionDocument
from kamerton.apps.instruments.documents import ExerciseDocument
from kamerton.apps.procedures.documents import PackDocument, ProcedureDocument
from kamerton.values.documents import read_document

T = TypeVar("T")

PACK = Path(__file__).resolve().parents[2] / "content" / "kam-precious-metals"
PROCEDURES = ("procedure-external.yaml", "procedure-internal.yaml")
EXERCISES = ("e1", "e2", "e3", "e4", "si")
DAY_MINUTES = 480

NUMBER = re.compile(r"\d+(?:[.,\u00a0]\d+)*")
WORD = re.compile(r"[A-Za-zА-Яа-яЁё]+")
MIXED = re.compile(r"[A-Za-z][А-Яа-яЁё]|[А-Яа-яЁё][A-Za-z]")
LONE_LATIN = re.compile(r"(?<![A-Za-zА-Яа-яЁё{])[a-z](?![A-Za-zА-Яа-яЁё}])")
WITHOUT_YO = re.compile(
    r"\b(?:еще|ее|нее|мое|твое|свое|свое|чье|идет|дает|ведет|найдет|придет|начнет|берет|счет\w*|отчет\w*|расчет\w*|"
    r"учет\w*|зачет\w*|прием\w*|трех|четырех|причем|надежн\w*|тверд\w*|объем\w*|партнер\w*|актер\w*|емк\w*|"
    r"определенн\w*|включен|учтен|назван[оы]е ее|живет|зовет|растет|несет|заберет|будет ее)\b",
    re.IGNORECASE,
)
BANNED_RU = (
    "(а)",
    "(ась)",
    "ассессор",
    "асессор",
    "дашборд",
    "скоринг",
    "данный",
    "осуществля",
    " - ",
    "“",
    "”",
    '"',
)
# Mid-sentence only: a capital after a full stop or a quotation mark is just the start of a sentence.
CAPITAL_YOU = re.compile(r"(?<=[а-яё,] )(?:Вы|Вас|Вам|Вами|Ваш\w*)\b")
BANNED_EN = ("«", "»", "behavior", "organization", "color ", "please", "Please", "(s)", '"')


@cache
def load(name: str) -> Any:
    return yaml.safe_load((PACK / name).read_text(encoding="utf-8"))


def document(kind: type[T], name: str) -> T:
    return read_document(kind, load(name), what=name)


def framework() -> FrameworkDocument:
    return document(FrameworkDocument, "framework.yaml")


def exercise(code: str) -> ExerciseDocument:
    return document(ExerciseDocument, f"exercises/{code}.yaml")


def documents() -> dict[str, Any]:
    found: dict[str, Any] = {
        "pack.yaml": document(PackDocument, "pack.yaml"),
        "function.yaml": document(FunctionDocument, "function.yaml"),
        "framework.yaml": framework(),
    }
    found |= {name: document(ProcedureDocument, name) for name in PROCEDURES}
    found |= {f"exercises/{code}.yaml": exercise(code) for code in EXERCISES}
    return found


def texts_in(value: Any, place: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each map of languages below `value`; an empty map stands for a text that is not wanted."""
    if is_dataclass(value) and not isinstance(value, type):
        for part in fields(value):
            yield from texts_in(getattr(value, part.name), f"{place}.{part.name}")
    elif isinstance(value, list):
        for index, row in enumerate(value):
            yield from texts_in(row, f"{place}[{index}]")
    elif isinstance(value, dict) and ({"ru", "en"} & value.keys()):
        yield place, value


TEXTS = [row for name, body in documents().items() for row in texts_in(body, name)]


def numbers(text: str, language: str) -> Counter[str]:
    """Numbers of a text in one notation: "1 296 000" and "1,296,000" are one number, so are "0,30" and "0.30"."""
    found = []
    for match in NUMBER.findall(text):
        plain = match.replace("\u00a0", "").replace(",", "." if language == "ru" else "")
        found.append(plain)
    return Counter(found)


def test_the_pack_has_texts_to_check() -> None:
    assert len(TEXTS) > 600


def test_both_languages_are_there() -> None:
    assert not [place for place, text in TEXTS if set(text) != {"ru", "en"}]
    assert not [place for place, text in TEXTS if not all(one.strip() for one in text.values())]


def test_the_same_numbers_in_both_languages() -> None:
    assert not [
        (place, text) for place, text in TEXTS if numbers(text["ru"], "ru") != numbers(text["en"], "en")
    ]


def russian_faults(text: str) -> list[str]:
    rules = {
        "a Latin letter inside a Cyrillic word": MIXED.search(text),
        "a lone Latin letter": LONE_LATIN.search(text),
        "ё wanted": WITHOUT_YO.search(text),
        "a word or mark we do not use": any(word in text for word in BANNED_RU),
        "quotes do not pair": text.count("«") != text.count("»"),
        "two spaces": "  " in text,
        "«вы» is written in lower case": CAPITAL_YOU.search(text),
        "no space before %": re.search(r"\d%", text),
        "thousands need a no-break space": re.search(r"\d \d{3}(?!\d)", text),
    }
    return [name for name, broken in rules.items() if broken]


def english_faults(text: str) -> list[str]:
    rules = {
        "Cyrillic": re.search("[А-Яа-яЁё]", text),
        "a word or mark we do not use": any(word in text for word in BANNED_EN),
        "quotes do not pair": text.count("“") != text.count("”"),
        "two spaces": "  " in text,
        "a space before %": re.search(r"\d %", text),
    }
    return [name for name, broken in rules.items() if broken]


def test_letters_words_and_marks() -> None:
    assert not [(place, faults) for place, text in TEXTS if (faults := russian_faults(text["ru"]))]
    assert not [(place, faults) for place, text in TEXTS if (faults := english_faults(text["en"]))]


@pytest.mark.parametrize(
    "text",
    [
        "Kлиент ждёт",
        "Клиент c планом",
        "Есть еще шаг",
        "Скажите Вам ли",
        "до 15% маржи",
        "стоит 86 400 ₽",
        "слово “так”",
    ],
)
def test_the_eye_for_russian_sees(text: str) -> None:
    assert russian_faults(text)


@pytest.mark.parametrize("text", ["the КAM", "behavior", "15 % off", "he said «so»"])
def test_the_eye_for_english_sees(text: str) -> None:
    assert english_faults(text)


def test_exactly_one_answers_for_each_process() -> None:
    function = document(FunctionDocument, "function.yaml")
    roles = [role.code for role in function.roles]
    assert roles == [f"R{number}" for number in range(1, 10)]
    assert [process.code for process in function.processes] == [f"P{number}" for number in range(1, 11)]
    for process in function.processes:
        assert list(process.raci) == roles, process.code
        letters = [letter for cell in process.raci.values() for letter in cell.split("/")]
        assert letters.count("A") == 1, process.code
        assert "R" in letters, process.code
        assert set(process.raci.values()) <= {"A", "R", "A/R", "C", "I"}
        assert 3 <= len(process.steps) <= 5, process.code
    assert all(len(name) <= 14 for role in function.roles for name in role.short.values())


def matrix(name: str) -> dict[tuple[str, str], int]:
    procedure = document(ProcedureDocument, name)
    cells = {(cell.competency, cell.instrument): cell.weight for cell in procedure.matrix}
    assert len(cells) == len(procedure.matrix), "a cell stands twice"
    return cells


@pytest.mark.parametrize("name", PROCEDURES)
def test_matrix_rules(name: str) -> None:
    procedure = document(ProcedureDocument, name)
    cells = matrix(name)
    simulations = {one.code for one in procedure.instruments if one.is_simulation}
    assert {instrument for _, instrument in cells} == {one.code for one in procedure.instruments}
    for competency in (one.code for one in framework().competencies):
        by = {instrument for row, instrument in cells if row == competency}
        assert len(by) >= 2, competency
        assert by & simulations, competency
        assert max(weight for (row, _), weight in cells.items() if row == competency) == 2, competency
    for one in procedure.instruments:
        if one.kind == "exercise":
            assert len([1 for _, instrument in cells if instrument == one.code]) <= 5, one.code
    assert sum(one.minutes for one in procedure.instruments) <= DAY_MINUTES
    assert procedure.assessors_per_exercise >= 2


def test_both_lanes_share_the_matrix_and_the_rule() -> None:
    assert matrix(PROCEDURES[0]) == matrix(PROCEDURES[1])
    external, internal = (document(ProcedureDocument, name) for name in PROCEDURES)
    assert external.fit_rule == internal.fit_rule
    assert external.fit_rule.role == "R3"
    assert [consent.purpose for consent in external.consents] == external.purposes == ["selection"]
    assert (
        [consent.purpose for consent in internal.consents]
        == internal.purposes
        == ["selection", "development"]
    )


@pytest.mark.parametrize("name", PROCEDURES)
def test_exercises_rate_what_the_matrix_says(name: str) -> None:
    cells = matrix(name)
    for one in document(ProcedureDocument, name).instruments:
        if one.kind == "exercise":
            body = exercise(one.code.lower())
            assert body.code == one.slug
            assert body.is_simulation == one.is_simulation
            assert [row.competency for row in body.rated] == sorted(
                row for row, code in cells if code == one.code
            )


@pytest.mark.parametrize("name", PROCEDURES)
def test_minutes_agree_with_the_exercises(name: str) -> None:
    minutes = {one.code: one.minutes for one in document(ProcedureDocument, name).instruments}
    alone, group = exercise("e4").phases
    assert minutes["HT"] == load("form-short.yaml")["time_limit_minutes"]
    assert minutes["E1"] == exercise("e1").minutes
    assert minutes["E2"] == exercise("e2").minutes + 10  # ten minutes to prepare
    assert minutes["E3"] == exercise("e3").minutes
    assert minutes["SI"] == exercise("si").minutes
    assert minutes["E4"] == alone.minutes + (group.minutes if "internal" in name else 0)
    hours, rest = divmod(sum(minutes.values()), 60)
    said = document(ProcedureDocument, name).texts.how_long["en"]
    assert f"{hours} hours {rest} minutes" in said


@pytest.mark.parametrize("name", PROCEDURES)
def test_candidates_read_no_codes_and_every_blank_is_there(name: str) -> None:
    texts = document(ProcedureDocument, name).texts
    for language in ("ru", "en"):
        for blank in ("{name}", "{link}", "{until}"):
            assert texts.invitation_body[language].count(blank) == 1
    seen = [row for _, row in texts_in(texts, name)]
    seen += [row for code in EXERCISES for _, row in texts_in(exercise(code).candidate_brief, code)]
    for row in seen:
        assert not re.search(r"\b(?:[CСEЕ]\d|HT|SI|BARS)\b", " ".join(row.values())), row


@pytest.mark.parametrize("name", PROCEDURES)
def test_periods_in_words_are_those_of_the_rule(name: str) -> None:
    procedure = document(ProcedureDocument, name)
    assert f"{procedure.retention_months} months" in procedure.texts.retention["en"]
    assert f"{procedure.appeal_days} working days" in procedure.texts.appeal["en"]
    staged = [code for stage in procedure.stages for code in stage.instruments]
    assert sorted(staged) == sorted(one.code for one in procedure.instruments)


@pytest.mark.parametrize("code", EXERCISES)
def test_an_exercise_holds_together(code: str) -> None:
    body = exercise(code)
    known = {indicator.code for one in framework().competencies for indicator in one.indicators}
    assert body.framework == framework().code
    assert sum(phase.minutes for phase in body.phases) == body.minutes
    assert body.candidate_brief and body.accommodation and body.red_flags
    assert body.is_complete
    for row in body.rated:
        assert len(row.anchors) == 5, row.competency
        assert len({anchor["ru"] for anchor in row.anchors}) == 5
        assert len(row.indicators) >= 3
        assert set(row.indicators) <= known
        assert all(indicator.startswith(f"{row.competency}.") for indicator in row.indicators)
    for brief in body.candidate_brief:
        if brief.table:
            assert {len(row) for row in brief.table.rows} == {len(brief.table.head)}
            assert len(brief.table.row_codes) in (0, len(brief.table.rows))


def test_anchors_belong_to_their_exercise() -> None:
    """No anchor is copied from the framework, none from another exercise."""
    general = {level.anchor["ru"] for one in framework().competencies for level in one.levels}
    specific = [anchor["ru"] for code in EXERCISES for row in exercise(code).rated for anchor in row.anchors]
    assert len(specific) == len(set(specific))
    assert not general & set(specific)


def seconds(at: str) -> int:
    minutes, rest = at.split(":")
    return int(minutes) * 60 + int(rest)


def test_the_role_play_is_complete() -> None:
    play = exercise("e2")
    kinds = Counter(line.kind for line in play.role_player_script)
    assert [phase.minutes for phase in play.phases] == [4, 10, 7, 4]
    assert kinds["trigger"] == 3 and kinds["reveal"] == 2 and kinds["concession"] == 5
    assert len(play.hidden_interests) == 2
    assert play.must_say and play.key_points
    for script in (play.role_player_script, play.administrator_script):
        times = [seconds(line.at) for line in script]
        assert times == sorted(times) and times[-1] <= play.minutes * 60
    for trigger in (line for line in play.role_player_script if line.kind == "trigger"):
        assert 4 * 60 <= seconds(trigger.at) <= 14 * 60, "escalation belongs to the phase of pressure"


def test_every_line_that_must_be_said_is_in_the_script() -> None:
    play = exercise("e2")
    script = {lang: " ".join(line.text[lang] for line in play.role_player_script) for lang in ("ru", "en")}
    for line in play.must_say:
        for language in ("ru", "en"):
            for sentence in re.split(r"(?<=[.?])\s+", line[language]):
                assert sentence.rstrip(".?") in script[language], sentence


def test_the_figures_of_the_role_play_are_right() -> None:
    play = exercise("e2")
    deliveries = next(
        brief.table for brief in play.candidate_brief if brief.table and "b4" in brief.table.row_codes
    )
    rows = {
        code: [cell["ru"].replace("\u00a0", "").replace(",", ".") for cell in row]
        for code, row in zip(deliveries.row_codes, deliveries.rows, strict=True)
    }
    batches = [rows[code] for code in ("b1", "b2", "b3", "b4")]
    for row in rows.values():
        accepted, returned, loss = (int(cell) for cell in row[1:4])
        assert accepted - returned == loss
        assert f"{100 * loss / accepted:.2f}" == row[4]
    assert [sum(int(row[column]) for row in batches) for column in (1, 2, 3, 7)] == [
        int(rows["all"][column]) for column in (1, 2, 3, 7)
    ]
    over = [int(row[3]) - 0.003 * int(row[1]) for row in batches]
    assert [excess > 0 for excess in over] == [False, False, False, True]
    price, fee, cost, year = 3600, 60, 48, 180_000
    excess = round(over[3])
    discount = round(0.12 * fee * year)
    lost = round(0.40 * year * (fee - cost))
    assert discount > lost, "yielding costs more than losing the volume"
    key = " ".join(point["en"] for point in play.key_points)
    for value in (
        f"difference {excess} g, or ₽{excess * price:,}",
        f"₽{72 * price:,}",
        f"₽{discount:,} a year: {100 * 0.12 * fee / (fee - cost):.0f}%",
        f"₽{(fee - cost) * year:,} a year",
        f"costs ₽{lost:,}",
        f"₽{round(0.03 * fee * year):,} a year",
        f"₽{10_000 * price // 1_000_000} million at 4% a year, ₽{round(10_000 * price * 0.04 * 30 / 360):,}",
    ):
        assert value in key, value
    assert excess * price <= 100_000, "the compensation is within mandate"
    assert f"₽{18_000 * price / 1e6:.1f} million" in play.hidden_interests[1]["en"]
    assert f"₽{3 * 2.4:.1f} million" in play.hidden_interests[0]["en"]


def test_seats_follow_from_accounts() -> None:
    seats = document(PackDocument, "pack.yaml").seats
    assert (
        [seat.seats for seat in seats]
        == [round(seat.accounts / seat.accounts_per_seat) for seat in seats]
        == [4, 4, 1]
    )
    assert sum(seat.accounts for seat in seats) == 18


def test_the_pack_names_every_file_it_holds() -> None:
    pack = document(PackDocument, "pack.yaml")
    named = {pack.function, pack.framework, *pack.forms, *pack.exercises, *pack.procedures}
    held = {str(path.relative_to(PACK)) for path in PACK.rglob("*.yaml")}
    assert named <= held
    assert {name for name in held if name.startswith("exercises/")} <= named
