"""Form B of the hybrid test: parallel to form A item by item, its keys recomputed, no score to be had without knowledge."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from kamerton.apps.instruments.documents import FormDocument, Item
from kamerton.apps.instruments.guessing import chance_share, guesses
from kamerton.apps.instruments.rules import candidate_view, score_response
from kamerton.values.documents import read_document, write_document

PACK = Path(__file__).resolve().parents[2] / "content" / "kam-precious-metals"
SHARED = {"01", "08", "12", "13", "19", "24", "28", "36", "40", "45"}
CHANCE = 0.181
"""As on form A: both have the same types, options and points."""


@cache
def form(name: str = "form-b.yaml") -> FormDocument:
    loaded: Any = yaml.safe_load((PACK / name).read_text(encoding="utf-8"))
    return read_document(FormDocument, loaded, what=name)


def item(number: int) -> Item:
    return next(one for one in form().items if one.code == f"B{number:02}")


def column(stimulus: str, place: int) -> list[float]:
    """A column of a table as numbers; the two languages must agree."""
    table = next(s for s in form().stimuli if s.code == stimulus).table
    assert table is not None
    found = []
    for row in table.rows:
        ru, en = row[place]["ru"], row[place]["en"]
        value = float(en.replace(",", ""))
        assert float(re.sub(r"\s", "", ru).replace(",", ".")) == value, (stimulus, ru, en)
        found.append(value)
    return found


def best_row(values: list[float]) -> str:
    assert values.count(max(values)) == 1
    return f"r{values.index(max(values)) + 1}"


def test_the_two_forms_are_parallel_item_by_item_and_share_ten() -> None:
    for a, b in zip(form("form-a.yaml").items, form().items, strict=True):
        assert b.code[1:] == a.code[1:] and b.code[0] == "B"
        for name in ("competency", "indicator", "kind", "type", "points", "level"):
            assert getattr(a, name) == getattr(b, name), (b.code, name)
        assert (len(a.options), len(a.left), len(a.rubric)) == (len(b.options), len(b.left), len(b.rubric)), (
            b.code
        )
        ours, theirs = write_document(b), write_document(a)
        ours.pop("code"), theirs.pop("code")
        assert (ours == theirs) is (b.code[1:] in SHARED), b.code
        if b.code[1:] not in SHARED:
            assert b.stimulus is None or b.stimulus != a.stimulus
            asked = [(o.code, o.text["ru"]) for o in (*b.options, *b.left)]
            assert (
                b.stimulus
                or b.prompt != a.prompt
                or asked != [(o.code, o.text["ru"]) for o in (*a.options, *a.left)]
            )
    assert {s.code for s in form().stimuli} == {one.stimulus for one in form().items if one.stimulus}
    assert read_document(FormDocument, write_document(form())) == form()


def test_keys_follow_from_the_tables() -> None:
    need, margin, ours = (column("b-medical", k) for k in (1, 2, 3))
    share = sum(m * o for m, o in zip(margin, ours, strict=True)) / sum(
        m * n for m, n in zip(margin, need, strict=True)
    )
    assert item(4).key["value"] == pytest.approx(100 * share, abs=item(4).key["tolerance"])
    count, loss, caught = (column("b-glass", k) for k in (1, 2, 3))
    lost = [c * u * (1 - k / 100) for c, u, k in zip(count, loss, caught, strict=True)]
    assert best_row(lost) == item(5).key["correct"]
    a_month, months, chance, cost = (column("b-white", k) for k in (1, 2, 3, 4))
    gain = [m * (7 - q) * p / 100 - c for m, q, p, c in zip(a_month, months, chance, cost, strict=True)]
    assert best_row(gain) == item(10).key["correct"] and max(gain) >= 6
    table = next(s for s in form().stimuli if s.code == "b-months").table
    assert table is not None
    errors = [abs(float(r[2]["en"]) - float(r[3]["en"])) / float(r[3]["en"]) for r in table.rows[:3]]
    assert item(14).key["value"] == pytest.approx(100 * sum(errors) / 3, abs=item(14).key["tolerance"])
    assert item(16).key["value"] == pytest.approx((80 - 28 - 0.4 * 60) / 0.4)
    into, passed, norm = (column("b-funnel", k) for k in (1, 2, 3))
    assert into[1:] == passed[:-1], "what passes on enters the next stage"
    assert (
        best_row([n * i / p for i, p, n in zip(into, passed, norm, strict=True)]) == item(17).key["correct"]
    )


def test_keys_of_money_follow_from_the_tables() -> None:
    gain, cost = column("b-refine", 1), column("b-refine", 2)
    allowed = [g - c if c <= 1.8 else -1.0 for g, c in zip(gain, cost, strict=True)]
    assert best_row(allowed) == item(25).key["correct"]
    mass, moisture, assay, back, fee, price = column("b-autocat", 1)
    grams = mass * (1 - moisture / 100) * assay / 1000 * back / 100 - mass * fee / price
    assert item(29).key["value"] == pytest.approx(grams, abs=item(29).key["tolerance"])
    fixing, premium, work, own, discount = column("b-gold", 1)
    full = fixing * (1 + premium / 100) + work
    profit = full - fixing - own
    assert item(31).key["value"] == pytest.approx(100 * full * discount / 100 / profit, abs=0.01)
    margin, service, kept = (column("b-value", k) for k in (1, 2, 3))
    worth = [(m - s) / (1.15 - k / 100) for m, s, k in zip(margin, service, kept, strict=True)]
    assert item(32).options[worth.index(max(worth))].code == item(32).key["correct"]
    margin, visits, urgent, owed = (column("b-serve", k) for k in (1, 2, 3, 4))
    left = [m - 0.2 * v - 0.3 * u - 0.18 * o for m, v, u, o in zip(margin, visits, urgent, owed, strict=True)]
    order = sorted(range(4), key=lambda k: -left[k])
    assert [item(34).options[k].code for k in order] == item(34).key["order"]
    old, new = column("b-anodes", 1), column("b-anodes", 2)
    saved = 3 * (old[0] - new[0]) + old[0] * old[1] - new[0] * new[1] + 5 * (old[2] - new[2])
    right = next(o for o in item(35).options if o.code == item(35).key["correct"])
    assert f"{saved:.1f}" in right.text["en"]
    share, days = column("b-order", 1), column("b-order", 2)
    added = [s / 100 * d for s, d in zip(share, days, strict=True)]
    assert best_row(added) == item(37).key["correct"]
    day = 20 * 0.04
    net = {"a": share[4] / 100 * 8 * day - 0.15, "b": added[0] * day - 0.30, "c": added[2] * day - 0.60, "d": share[1] / 100 * 5 * day - 0.35, "e": added[3] / 2 * day - 0.10}  # fmt: skip
    assert max(net, key=lambda code: net[code]) == item(38).key["correct"]
    kg, price, invoices, limit = column("b-limit", 1)
    assert item(42).key["value"] == pytest.approx(kg * price * 1.15 / 1000 + invoices - limit)
    assert kg * price / 1000 + invoices < limit


def test_numbers_agree_between_the_languages() -> None:
    def numbers(body: str, language: str) -> list[str]:
        body = body.replace("\u00a0", " ")
        if language == "ru":
            body = re.sub(r"(?<=\d) (?=\d{3}(?!\d))", "", body).replace(",", ".")
        else:
            body = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", body)
        return sorted(re.findall(r"\d+(?:\.\d+)?", body))

    for one in form().items:
        texts = [
            one.prompt,
            one.rationale,
            *(o.text for o in one.options),
            *(o.rationale for o in one.options),
        ]
        for text in [*texts, *(level.text for level in one.rubric)]:
            if text:
                assert numbers(text["ru"], "ru") == numbers(text["en"], "en"), (one.code, text)
    for stimulus in form().stimuli:
        for paragraph in stimulus.paragraphs:
            assert numbers(paragraph["ru"], "ru") == numbers(paragraph["en"], "en"), stimulus.code


def test_every_key_earns_its_points_and_stays_with_us() -> None:
    for one in form().items:
        key = one.key
        answer: dict[str, Any] = {
            "single": lambda key=key: {"choice": key["correct"]}, "table_row": lambda key=key: {"choice": key["correct"]},
            "multiple": lambda key=key: {"choices": list(key["correct"])}, "numeric": lambda key=key: {"number": str(key["value"])},
            "order": lambda key=key: {"order": list(key["order"])}, "match": lambda key=key: {"pairs": dict(key["pairs"])},
            "best_worst": lambda key=key: {"best": key["best"], "worst": key["worst"]}, "likert": lambda key=key: {"step": str(key["value"])},
            "short_text": dict,
        }[one.type]()  # fmt: skip
        assert one.type == "short_text" or score_response(one, answer).score == one.points, one.code
        seen = repr(candidate_view(one, "ru")) + repr(candidate_view(one, "en"))
        for option in (*one.options, *one.left):
            if one.type != "likert":
                assert option.rationale["ru"] and option.rationale["ru"] not in seen, (one.code, option.code)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_no_trick_earns_much_more_than_the_lot(language: str) -> None:
    lot, *tricks = guesses(form(), seed=20261124, language=language, times=150)
    assert abs(lot.share - chance_share(form(), language)) < 4 * lot.se
    assert chance_share(form(), language) == pytest.approx(CHANCE, abs=0.005)
    for found in tricks:
        assert found.share < CHANCE + 0.05, (found.strategy, found.share, found.points_by_item)


def test_who_has_learned_the_keys_of_form_a_gains_only_the_shared_items() -> None:
    """Answering form B with the keys of form A: the ten shared items and little else."""
    earned = 0.0
    for a, b in zip(form("form-a.yaml").items, form().items, strict=True):
        if b.code[1:] in SHARED or b.type == "short_text":
            continue
        key = a.key
        answer: dict[str, Any] = (
            {"choice": key.get("correct")} if b.type in ("single", "table_row")
            else {"choices": list(key["correct"])} if b.type == "multiple"
            else {"number": str(key["value"])} if b.type == "numeric"
            else {"order": list(key["order"])} if b.type == "order"
            else {"pairs": dict(key["pairs"])} if b.type == "match"
            else {"best": key["best"], "worst": key["worst"]} if b.type == "best_worst"
            else {"step": str(key["value"])}
        )  # fmt: skip
        earned += score_response(b, answer).score or 0.0
    own = sum(one.points for one in form().items if one.code[1:] not in SHARED)
    assert earned / own < CHANCE + 0.10, earned / own
