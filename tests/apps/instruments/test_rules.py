"""Scoring rules of test items, what may be stored of an answer, what a candidate may see."""

from __future__ import annotations

import subprocess
import sys
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamerton.apps.instruments.documents import Item, Option, RubricLevel
from kamerton.apps.instruments.rules import (
    MAX_NUMBER_LENGTH,
    MAX_TEXT_LENGTH,
    REASON_TEXTS,
    ItemVerdict,
    MalformedResponse,
    candidate_view,
    clean_response,
    is_answered,
    parse_number,
    score_response,
)

ORDER = ["c", "a", "d", "b"]


def options(codes: str | list[str]) -> list[Option]:
    return [
        Option(
            code=code,
            text={"ru": f"вариант {code}", "en": f"option {code}"},
            rationale={"ru": f"тайна {code}", "en": f"secret {code}"},
        )
        for code in codes
    ]


def make(type_: str, key: dict[str, Any], codes: str | list[str] = "", points: int = 2, **more: Any) -> Item:
    return Item(
        code="X1",
        competency="C6",
        kind="case",
        type=type_,  # type: ignore[arg-type]
        points=points,
        prompt={"ru": "Вопрос", "en": "Question"},
        key=key,
        options=options(codes),
        **more,
    )


SINGLE = make("single", {"correct": "b"}, "abcd")
ROW = make("table_row", {"correct": "r2"}, ["r1", "r2", "r3"])
MULTIPLE = make("multiple", {"correct": ["b", "e"]}, "abcdef")
NUMERIC = make("numeric", {"value": 12.5, "tolerance": 0.05}, unit={"ru": "млн ₽", "en": "RUB m"})
ORDERED = make("order", {"order": ORDER}, "abcd")
MATCH = make(
    "match",
    {"pairs": {"l1": "e", "l2": "d", "l3": "a", "l4": "b"}},
    "abcde",
    left=options(["l1", "l2", "l3", "l4"]),
)
ENDS = make("best_worst", {"best": "d", "worst": "b"}, "abcd")
LIKERT = make("likert", {"value": 4, "near": 1}, "12345")
TEXT = make("short_text", {}, rubric=[RubricLevel(score=0, text={"ru": "пусто", "en": "empty"})])
ALL = [SINGLE, ROW, MULTIPLE, NUMERIC, ORDERED, MATCH, ENDS, LIKERT, TEXT]

FULL_ANSWERS: dict[str, dict[str, Any]] = {
    "single": {"choice": "b"},
    "table_row": {"choice": "r2"},
    "multiple": {"choices": ["e", "b"]},
    "numeric": {"number": "12,5"},
    "order": {"order": ORDER},
    "match": {"pairs": {"l1": "e", "l2": "d", "l3": "a", "l4": "b"}},
    "best_worst": {"best": "d", "worst": "b"},
    "likert": {"step": "4"},
}


def score(item: Item, response: dict[str, Any] | None) -> float:
    verdict = score_response(item, response)
    assert verdict.score is not None
    return verdict.score


@pytest.mark.parametrize(
    "item", [item for item in ALL if item.type != "short_text"], ids=lambda item: item.type
)
def test_the_key_earns_every_point(item: Item) -> None:
    assert score_response(item, FULL_ANSWERS[item.type]) == ItemVerdict(float(item.points), None)
    assert is_answered(item, FULL_ANSWERS[item.type])


@pytest.mark.parametrize("item", ALL, ids=lambda item: item.type)
@pytest.mark.parametrize("nothing", [None, {}])
def test_no_answer_is_zero_with_its_reason(item: Item, nothing: dict[str, Any] | None) -> None:
    assert score_response(item, nothing) == ItemVerdict(0.0, "omitted")
    assert not is_answered(item, nothing)


@pytest.mark.parametrize(
    ("item", "blank"),
    [
        (SINGLE, {"choice": None}),
        (MULTIPLE, {"choices": []}),
        (NUMERIC, {"number": " \u00a0\u202f "}),
        (ORDERED, {"order": []}),
        (MATCH, {"pairs": {"l1": None, "l2": ""}}),
        (ENDS, {"best": None, "worst": None}),
        (LIKERT, {"step": ""}),
        (TEXT, {"text": "\n \u200b "}),
    ],
    ids=lambda value: value.type if isinstance(value, Item) else "",
)
def test_a_blank_answer_counts_as_none(item: Item, blank: dict[str, Any]) -> None:
    assert clean_response(item, blank) == {}
    assert score_response(item, blank).reason == "omitted"


def test_single_choice_is_all_or_nothing() -> None:
    assert score(SINGLE, {"choice": "a"}) == 0
    assert score(ROW, {"choice": "r3"}) == 0


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        (["b"], 1.0),
        (["b", "a"], 0.0),
        (["b", "e", "a"], 1.0),
        (["a", "c"], 0.0),
        (["a", "b", "c", "d", "e", "f"], 0.0),
    ],
)
def test_a_wrong_mark_takes_off_what_a_right_one_earns(marks: list[str], expected: float) -> None:
    assert score(MULTIPLE, {"choices": marks}) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (["a", "c", "d", "b"], 2 * 4 / 6),
        (["a", "b", "c", "d"], 0.0),
        (list(reversed(ORDER)), 0.0),
    ],
)
def test_order_earns_by_pairs_in_place(order: list[str], expected: float) -> None:
    assert score(ORDERED, {"order": order}) == pytest.approx(expected)


def test_an_order_drawn_by_lot_earns_under_a_fifth() -> None:
    # Kendall's tau over 4! orders: (1 × 1 + 3 × 2/3 + 5 × 1/3) / 24 after the cut at 0.
    shares = [score(ORDERED, {"order": list(order)}) / 2 for order in permutations("abcd")]
    assert sum(shares) / 24 == pytest.approx((1 + 3 * 2 / 3 + 5 / 3) / 24)


def test_a_part_of_a_match_is_scored_as_it_stands() -> None:
    answer = {"pairs": {"l1": "e", "l2": "a"}}
    assert score_response(MATCH, answer) == ItemVerdict(0.5, "incomplete")
    assert not is_answered(MATCH, answer)


def test_best_and_worst_earn_half_each() -> None:
    assert score_response(ENDS, {"best": "d", "worst": "a"}) == ItemVerdict(1.0, None)
    assert score_response(ENDS, {"best": "a", "worst": "b"}) == ItemVerdict(1.0, None)
    assert score_response(ENDS, {"best": "b", "worst": "d"}) == ItemVerdict(0.0, None)
    assert score_response(ENDS, {"worst": "b"}) == ItemVerdict(1.0, "incomplete")


@pytest.mark.parametrize(("step", "expected"), [("1", 0), ("2", 0), ("3", 1), ("4", 2), ("5", 1)])
def test_likert_earns_half_one_step_from_the_experts(step: str, expected: float) -> None:
    assert score(LIKERT, {"step": step}) == expected


def test_a_short_text_waits_for_a_rater() -> None:
    assert score_response(TEXT, {"text": "Прошу решить до 6 ноября."}) == ItemVerdict(None, "awaits_rater")
    assert is_answered(TEXT, {"text": "да"})


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("12,5", "12.5"),
        ("12.5", "12.5"),
        (" 12,5\u00a0млн ₽ ", "12.5"),
        ("12,5 млн. руб.", "12.5"),
        ("≈ 12,5", "12.5"),
        ("RUB 12.5m", "12.5"),
        ("12,5.", "12.5"),
        ("1\u00a0244,14", "1244.14"),
        ("1 244 140", "1244140"),
        ("1,244.14", "1244.14"),
        ("1.244,14", "1244.14"),
        ("1,244,140", "1244140"),
        ("12,345", "12.345"),
        (",5", "0.5"),
        ("\u221212,5", "-12.5"),
        ("+7", "7"),
    ],
)
def test_reads_a_number_as_people_type_it(typed: str, expected: str) -> None:
    assert str(parse_number(typed, NUMERIC)) == expected


@pytest.mark.parametrize(
    "typed",
    [
        "много",
        "12-13",
        "12 5",
        "1 24,5",
        "12,5 тыс. ₽",
        "12,5 кг",
        "1e3",
        "0x10",
        "nan",
        "inf",
        "--5",
        "12,5,1",
        "1,24.5",
        "½",
        "١٢",
        "млн",
        ".",
        "-",
        "12 млн 500",
    ],
)
def test_nonsense_is_zero_and_keeps_the_reason(typed: str) -> None:
    assert parse_number(typed, NUMERIC) is None
    assert score_response(NUMERIC, {"number": typed}) == ItemVerdict(0.0, "not_a_number")
    assert is_answered(NUMERIC, {"number": typed})


@pytest.mark.parametrize(
    ("typed", "expected"), [("12,45", 2), ("12,55", 2), ("12,449", 0), ("12,551", 0), ("12500000 ₽", 0)]
)
def test_a_number_counts_within_the_tolerance_bounds_included(typed: str, expected: float) -> None:
    assert score(NUMERIC, {"number": typed}) == expected


@pytest.mark.parametrize(
    ("item", "raw", "where"),
    [
        (SINGLE, "b", "answer"),
        (SINGLE, ["b"], "answer"),
        (SINGLE, {"choice": "z"}, "choice"),
        (SINGLE, {"choice": ["b"]}, "choice"),
        (SINGLE, {"choice": "b", "score": 2}, "score"),
        (SINGLE, {"number": "1"}, "number"),
        (MULTIPLE, {"choices": "b"}, "choices"),
        (MULTIPLE, {"choices": ["b", "b"]}, "choices"),
        (MULTIPLE, {"choices": ["b", {}]}, "choices"),
        (ORDERED, {"order": ["a", "b"]}, "order"),
        (ORDERED, {"order": ["a", "b", "c", "c"]}, "order"),
        (MATCH, {"pairs": ["l1"]}, "pairs"),
        (MATCH, {"pairs": {"l9": "a"}}, "pairs.l9"),
        (MATCH, {"pairs": {"l1": "z"}}, "pairs.l1"),
        (ENDS, {"best": "a", "worst": "a"}, "worst"),
        (LIKERT, {"step": 4}, "step"),
        (LIKERT, {"step": "6"}, "step"),
        (NUMERIC, {"number": 12.5}, "number"),
        (NUMERIC, {"number": "1" * (MAX_NUMBER_LENGTH + 1)}, "number"),
        (TEXT, {"text": "a" * (MAX_TEXT_LENGTH + 1)}, "text"),
        (TEXT, {"text": "нуль\x00"}, "text"),
        (TEXT, {"text": "\ud800"}, "text"),
    ],
)
def test_refuses_what_no_page_sends_and_says_where(item: Item, raw: object, where: str) -> None:
    with pytest.raises(MalformedResponse) as caught:
        clean_response(item, raw)
    assert caught.value.where == where
    assert caught.value.status == 422
    for language in ("ru", "en"):
        message = caught.value.message(language)
        assert "X1" in message and where in message and len(message) < 400


def test_scoring_refuses_a_malformed_answer_as_storing_does() -> None:
    with pytest.raises(MalformedResponse):
        score_response(SINGLE, {"choice": "z"})


def test_stores_marks_in_the_order_of_the_options_and_line_ends_as_one_sign() -> None:
    assert clean_response(MULTIPLE, {"choices": ["e", "b"]}) == {"choices": ["b", "e"]}
    assert clean_response(TEXT, {"text": " a\r\nb\rc "}) == {"text": "a\nb\nc"}


def test_every_reason_has_words_in_both_languages() -> None:
    assert all(words["ru"] and words["en"] for words in REASON_TEXTS.values())


@pytest.mark.parametrize("item", ALL, ids=lambda item: item.type)
def test_a_candidate_sees_an_allow_list_and_no_more(item: Item) -> None:
    view = candidate_view(item, "en")
    assert set(view) == {"type", "prompt", "hint", "unit", "stimulus", "options", "left"}
    assert all(set(option) == {"code", "text"} for option in view["options"] + view["left"])
    assert "secret" not in repr(view) and "C6" not in repr(view)


def test_a_candidate_sees_one_language() -> None:
    assert candidate_view(SINGLE, "ru")["options"][0] == {"code": "a", "text": "вариант a"}
    assert candidate_view(NUMERIC, "en-GB")["unit"] == "RUB m"


def test_the_rules_load_without_django() -> None:
    probe = "import sys, kamerton.apps.instruments.rules; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0


# --------------------------------------------------------------------------------------------- properties

CODES = st.sampled_from("abcdef")
ANSWERS = {
    "single": st.fixed_dictionaries({"choice": st.sampled_from("abcd")}),
    "table_row": st.fixed_dictionaries({"choice": st.sampled_from(["r1", "r2", "r3"])}),
    "multiple": st.fixed_dictionaries({"choices": st.lists(CODES, unique=True)}),
    "numeric": st.fixed_dictionaries({"number": st.text(alphabet="0123456789 ,.-+млн₽\u00a0", max_size=20)}),
    "order": st.fixed_dictionaries({"order": st.permutations("abcd")}),
    "match": st.fixed_dictionaries(
        {"pairs": st.dictionaries(st.sampled_from(["l1", "l2", "l3", "l4"]), st.sampled_from("abcde"))}
    ),
    "best_worst": st.permutations("abcd").map(lambda codes: {"best": codes[0], "worst": codes[1]}),
    "likert": st.fixed_dictionaries({"step": st.sampled_from("12345")}),
    "short_text": st.fixed_dictionaries(
        {"text": st.text(alphabet="abв г\r\n\t\u00a0\u200b,.", max_size=200)}
    ),
}
ITEM_AND_ANSWER = st.sampled_from(ALL).flatmap(lambda item: st.tuples(st.just(item), ANSWERS[item.type]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | CODES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.sampled_from(["choice", "choices", "number", "order", "pairs", "best", "worst", "step", "text"])


@given(ITEM_AND_ANSWER)
def test_a_score_lies_between_nothing_and_the_points(pair: tuple[Item, dict[str, Any]]) -> None:
    item, answer = pair
    verdict = score_response(item, answer)
    if verdict.score is None:
        assert verdict.reason == "awaits_rater"
    else:
        assert 0 <= verdict.score <= item.points
    assert verdict.reason is None or verdict.reason in REASON_TEXTS


@given(ITEM_AND_ANSWER)
def test_cleaning_twice_is_cleaning_once_and_keeps_the_score(pair: tuple[Item, dict[str, Any]]) -> None:
    item, answer = pair
    clean = clean_response(item, answer)
    assert clean_response(item, clean) == clean
    assert score_response(item, clean) == score_response(item, answer)


@given(st.sampled_from(ALL), JSON | st.dictionaries(FIELDS, JSON, max_size=2))
def test_any_payload_is_cleaned_or_refused(item: Item, raw: object) -> None:
    try:
        clean = clean_response(item, raw)
    except MalformedResponse:
        return
    assert len(repr(clean)) < 5 * MAX_TEXT_LENGTH
    score_response(item, clean)


@given(st.text(max_size=60))
def test_any_text_is_a_finite_number_or_none(typed: str) -> None:
    number = parse_number(typed, NUMERIC)
    assert number is None or number.is_finite()


@given(st.lists(CODES, unique=True), CODES)
def test_adding_a_right_mark_never_costs_and_a_wrong_one_never_earns(marks: list[str], extra: str) -> None:
    if extra in marks:
        return
    before = score(MULTIPLE, {"choices": marks})
    after = score(MULTIPLE, {"choices": [*marks, extra]})
    assert after >= before if extra in ("b", "e") else after <= before


@given(st.permutations("abcd"), st.integers(min_value=0, max_value=2))
def test_swapping_two_neighbours_into_place_never_costs(order: list[str], at: int) -> None:
    first, second = order[at], order[at + 1]
    if ORDER.index(first) < ORDER.index(second):
        return
    better = [*order[:at], second, first, *order[at + 2 :]]
    assert score(ORDERED, {"order": better}) >= score(ORDERED, {"order": order})
