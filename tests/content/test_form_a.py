"""Form A of the hybrid test: its blueprint, its keys recomputed from tables and texts, no score to be had without knowledge."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.instruments.documents import FormDocument, Item
from kamerton.apps.instruments.guessing import chance_share, guesses
from kamerton.apps.instruments.rules import candidate_view, score_response
from kamerton.values.documents import read_document, write_document

PACK = Path(__file__).resolve().parents[2] / "content" / "kam-precious-metals"
BLUEPRINT = {"C1": (4, 3, 10), "C2": (2, 2, 6), "C3": (4, 3, 10), "C4": (1, 3, 7), "C5": (1, 4, 9), "C6": (6, 2, 12), "C7": (1, 3, 7), "C8": (5, 2, 9)}  # fmt: skip
SHARED = {"A01": "T01", "A08": "T03", "A12": "T05", "A13": "T06", "A19": "T07", "A24": "T10", "A28": "T11", "A36": "T13", "A40": "T15", "A45": "T16"}  # fmt: skip
CHANCE = 0.181
"""The share of points that guessing by lot earns on this form; texts for a marker and sums give nothing."""


@cache
def form(name: str = "form-a.yaml") -> FormDocument:
    loaded: Any = yaml.safe_load((PACK / name).read_text(encoding="utf-8"))
    return read_document(FormDocument, loaded, what=name)


def item(code: str) -> Item:
    return next(one for one in form().items if one.code == code)


def cell(stimulus: str, row: int, column: int) -> float:
    table = next(s for s in form().stimuli if s.code == stimulus).table
    assert table is not None
    values = {float(table.rows[row][column][language].replace(" ", "").replace("\u00a0", "").replace(",", "." if language == "ru" else "")) for language in ("ru", "en")}  # fmt: skip
    assert len(values) == 1, f"{stimulus}: row {row}, column {column} differs between the languages"
    return values.pop()


def test_the_form_survives_reading_and_writing_and_keeps_its_blueprint() -> None:
    assert read_document(FormDocument, write_document(form())) == form()
    assert [one.code for one in form().items] == [f"A{k:02}" for k in range(1, 47)]
    assert sum(one.points for one in form().items) == 70 and form().time_limit_minutes == 75
    for code, (classic, case, points) in BLUEPRINT.items():
        own = [one for one in form().items if one.competency == code]
        kinds = Counter(one.kind for one in own)
        assert (kinds["classic"], kinds["case"], sum(one.points for one in own)) == (classic, case, points), (
            code
        )
    shares = Counter(one.level for one in form().items)
    for level, target in {"know": 0.30, "apply": 0.45, "analyse": 0.25}.items():
        assert abs(shares[level] / 46 - target) <= 0.09, (level, shares)


def test_items_measure_indicators_of_their_own_competency_and_use_every_stimulus() -> None:
    framework = read_document(FrameworkDocument, yaml.safe_load((PACK / "framework.yaml").read_text(encoding="utf-8")), what="framework")  # fmt: skip
    known = {indicator.code: one.code for one in framework.competencies for indicator in one.indicators}
    for one in form().items:
        assert one.indicator is None or known[one.indicator] == one.competency, one.code
    assert {s.code for s in form().stimuli} == {one.stimulus for one in form().items if one.stimulus}


def test_shared_items_are_those_of_the_short_form_word_for_word() -> None:
    short = {one.code: one for one in form("form-short.yaml").items}
    for own, other in SHARED.items():
        a, b = write_document(item(own)), write_document(short[other])
        a.pop("code"), b.pop("code")
        assert a == b, own


def test_the_key_earns_every_point_and_every_option_says_why() -> None:
    for one in form().items:
        for option in (*one.options, *one.left):
            if one.type != "likert":
                assert all(option.rationale.get(language) for language in ("ru", "en")), (
                    one.code,
                    option.code,
                )
        answer: dict[str, Any] = {}
        match one.type:
            case "single" | "table_row":
                answer = {"choice": one.key["correct"]}
            case "multiple":
                answer = {"choices": list(one.key["correct"])}
            case "numeric":
                answer = {"number": str(one.key["value"])}
            case "order":
                answer = {"order": list(one.key["order"])}
            case "match":
                answer = {"pairs": dict(one.key["pairs"])}
            case "best_worst":
                answer = {"best": one.key["best"], "worst": one.key["worst"]}
            case "likert":
                answer = {"step": str(one.key["value"])}
            case _:
                assert [level.score for level in one.rubric] == [0, 1, 2]
                continue
        assert score_response(one, answer).score == one.points, one.code


def test_the_mean_delay_and_the_best_measure_follow_from_the_table() -> None:
    """A37 and A38."""
    delay = {f"r{k + 1}": cell("s-account", k, 1) / 100 * cell("s-account", k, 2) for k in range(5)}
    assert max(delay, key=lambda row: delay[row]) == item("A37").key["correct"]
    day = 10 * 0.03
    net = {
        "a": delay["r1"] * day - 0.09,
        "b": cell("s-account", 1, 1) / 100 * (cell("s-account", 1, 2) - 3) * day - 0.05,
        "c": delay["r3"] * day - 0.70,
        "d": delay["r4"] / 2 * day - 0.06,
        "e": cell("s-account", 4, 1) / 100 * (cell("s-account", 4, 2) - 2) * day - 0.03,
    }
    assert max(net, key=lambda code: net[code]) == item("A38").key["correct"]


def test_the_limit_follows_from_the_table() -> None:
    """A42."""
    kg, price, invoices, limit = (cell("s-limit", row, 1) for row in range(4))
    assert item("A42").key["value"] == pytest.approx(kg * price * 1.1 / 1000 + invoices - limit)
    assert kg * price / 1000 + invoices < limit


def test_numbers_agree_between_the_languages() -> None:
    def numbers(text: dict[str, str], language: str) -> list[str]:
        body = text[language].replace("\u00a0", " ")
        body = (
            re.sub(r"(?<=\d) (?=\d{3}(?!\d))", "", body)
            if language == "ru"
            else re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", body)
        )
        return sorted(re.findall(r"\d+(?:\.\d+)?", body.replace(",", ".") if language == "ru" else body))

    for one in form().items:
        for text in (
            one.prompt,
            one.rationale,
            *(o.text for o in one.options),
            *(o.rationale for o in one.options),
        ):
            if text:
                assert numbers(text, "ru") == numbers(text, "en"), (one.code, text)


def test_nothing_of_the_key_reaches_a_candidate() -> None:
    for one in form().items:
        seen = repr(candidate_view(one, "ru")) + repr(candidate_view(one, "en"))
        assert "rationale" not in seen and "'key'" not in seen
        for option in one.options:
            if option.rationale.get("ru"):
                assert option.rationale["ru"] not in seen, (one.code, option.code)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_no_trick_earns_much_more_than_the_lot(language: str) -> None:
    lot, *tricks = guesses(form(), seed=20261124, language=language, times=150)
    assert abs(lot.share - chance_share(form(), language)) < 4 * lot.se
    assert chance_share(form(), language) == pytest.approx(CHANCE, abs=0.005)
    for found in tricks:
        assert found.share < CHANCE + 0.05, (found.strategy, found.share, found.points_by_item)
