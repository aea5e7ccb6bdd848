"""The five exercises of the KAM pack: complete, in both languages, with keys that follow from their own tables."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from math import sqrt

import pytest

from kamerton.apps.instruments.documents import ExerciseDocument, FormDocument, Item
from kamerton.apps.instruments.rules import count_faults, rank_correlation, score_response
from kamerton.apps.observation.rules import seconds_of
from kamerton.web.assessor.timeline import script_of
from tests.content.test_pack_texts import (
    EXERCISES,
    document,
    english_faults,
    exercise,
    framework,
    numbers,
    russian_faults,
    texts_in,
)

WRITTEN = ("e1", "e3", "e4")


@cache
def written(code: str) -> FormDocument:
    return document(FormDocument, f"exercises/{code}-written.yaml")


def item(code: str, number: str) -> Item:
    return next(one for one in written(code).items if one.code == number)


def table(code: str, stimulus: str) -> list[list[str]]:
    found = next(one for one in written(code).stimuli if one.code == stimulus)
    assert found.table is not None
    return [[cell["en"] for cell in row] for row in found.table.rows]


@pytest.mark.parametrize("code", EXERCISES)
def test_an_exercise_ships_whole(code: str) -> None:
    whole = exercise(code)
    assert whole.is_complete
    assert whole.candidate_brief and whole.administrator_script and whole.key_points
    assert whole.accommodation and whole.red_flags
    assert all(len(rated.anchors) == 5 and rated.indicators for rated in whole.rated)
    assert sum(phase.minutes for phase in whole.phases) == whole.minutes
    if whole.kind in {"role_play", "presentation"}:
        assert whole.role_player_script and whole.must_say and whole.hidden_interests
    if whole.kind == "interview":
        assert whole.questions
    if whole.written:
        assert written(code).code == whole.written
        assert written(code).exercise == whole.code


@pytest.mark.parametrize("code", EXERCISES)
def test_scripts_run_forward_and_end_in_time(code: str) -> None:
    whole = exercise(code)
    for lines in (whole.role_player_script, whole.administrator_script):
        times = [seconds_of(line.at) for line in lines]
        assert times == sorted(times)
        assert all(time <= whole.minutes * 60 for time in times)


@pytest.mark.parametrize("code", WRITTEN)
def test_texts_of_written_parts(code: str) -> None:
    texts = list(texts_in(written(code), code))
    assert len(texts) > 80
    for place, text in texts:
        assert set(text) == {"ru", "en"}, place
        assert numbers(text["ru"], "ru") == numbers(text["en"], "en"), (place, text)
        assert not russian_faults(text["ru"]), (place, text["ru"], russian_faults(text["ru"]))
        assert not english_faults(text["en"]), (place, text["en"], english_faults(text["en"]))


@pytest.mark.parametrize("code", WRITTEN)
def test_the_written_part_fits_its_exercise(code: str) -> None:
    form, whole = written(code), exercise(code)
    assert {one.competency for one in form.items} <= {rated.competency for rated in whole.rated}
    assert form.time_limit_minutes <= whole.minutes
    assert {one.code for one in framework().competencies} >= {one.competency for one in form.items}


def full(one: Item) -> dict[str, object]:
    return {
        "match": {"pairs": one.key.get("pairs")},
        "numeric": {"number": str(one.key.get("value"))},
        "order": {"order": one.key.get("order")},
        "single": {"choice": one.key.get("correct")},
        "table_row": {"choice": one.key.get("correct")},
        "map": {"places": {c: f"{p}:{s}" for c, (p, s) in one.key.get("places", {}).items()}},
        "range": {"low": "30", "high": "60"},
    }[one.type]


@pytest.mark.parametrize("code", WRITTEN)
def test_the_key_earns_everything(code: str) -> None:
    for one in written(code).items:
        if one.type != "short_text":
            assert score_response(one, full(one)).score == pytest.approx(one.points), one.code


# ------------------------------------------------------------------------------------------------ E1

STAGES = {"qualification": 0.10, "proposal": 0.30, "negotiation": 0.60, "contract": 0.90}


def cleaned() -> dict[str, tuple[float, float]]:
    """Account → sum and last year's share closed, after the faults of the key are mended."""
    rows: dict[str, tuple[float, float]] = {}
    for row in table("e1", "funnel"):
        fault = item("e1", "W1").key["pairs"][row[0].lower()]
        if fault in {"lost", "hold", "double"}:
            continue
        amount = float(row[2]) / (1000 if fault == "unit" else 1)
        rows[row[0]] = (amount, STAGES["proposal" if fault == "stage" else row[3]])
    return rows


def test_e1_has_fourteen_accounts_eight_faults_twelve_messages() -> None:
    assert len(table("e1", "funnel")) == 14
    assert count_faults(item("e1", "W1"), full(item("e1", "W1"))).planted == 8
    assert sum(re.fullmatch(r"m\d+", one.code) is not None for one in written("e1").stimuli) == 12


def test_e1_forecast_follows_from_last_year() -> None:
    expected = sum(amount * share for amount, share in cleaned().values())
    assert expected == pytest.approx(43.14)
    assert item("e1", "W2").key["value"] == pytest.approx(expected, abs=0.05)
    naive = sum(float(row[2]) * float(row[4]) / 100 for row in table("e1", "funnel"))
    assert naive == pytest.approx(625.7)
    assert "625.7" in exercise("e1").key_points[1]["en"]


def test_e1_bounds_of_the_range_are_half_and_one_and_a_half_of_the_honest_width() -> None:
    spread = sqrt(sum(amount**2 * share * (1 - share) for amount, share in cleaned().values()))
    honest = 2 * 1.2816 * spread
    assert honest == pytest.approx(33, abs=0.5)
    low, high = item("e1", "W3").key["width"]
    assert low == pytest.approx(honest / 2, abs=1) and high == pytest.approx(1.5 * honest, abs=1)
    assert score_response(item("e1", "W3"), {"low": "43", "high": "44"}).score == 0
    assert score_response(item("e1", "W3"), {"low": "0", "high": "100"}).score == 0
    assert score_response(item("e1", "W3"), {"low": "60", "high": "30"}).score == 0


def test_e1_faults_are_counted_apart_from_false_alarms() -> None:
    pairs = {**item("e1", "W1").key["pairs"], "azolit": "stage", "dortex": "double", "norstek": "ok"}
    found = count_faults(item("e1", "W1"), {"pairs": pairs})
    assert (found.planted, found.found, found.noticed, found.false_alarms) == (8, 6, 7, 1)
    assert count_faults(item("e1", "W1"), None).found == 0


def test_rank_correlation_is_spearmans() -> None:
    """Known values: the same order 1, the reverse -1, one swap of neighbours among six 1 - 6·2/210."""
    key = item("e1", "W5").key["order"]
    assert rank_correlation(key, key) == 1
    assert rank_correlation(key, key[::-1]) == pytest.approx(-1)
    assert rank_correlation(key, [key[1], key[0], *key[2:]]) == pytest.approx(1 - 12 / 210)


# ------------------------------------------------------------------------------------------------ E3


def test_e3_map_tells_power_from_title() -> None:
    places = item("e3", "S1").key["places"]
    assert len(places) == 9
    decide = {code for code, (power, _) in places.items() if power == 3}
    assert decide == {"demin", "lavrova"}
    assert places["pakhomov"] == [1, 2], "the friend without power"
    by_title = {code: "3:1" if code == "gordeev" else "1:0" for code in places}
    assert (score_response(item("e3", "S1"), {"places": by_title}).score or 0) < 0.6 * item("e3", "S1").points


def test_e3_missing_contact_is_the_one_never_met() -> None:
    met = {row[1]: int(row[3]) for row in table("e3", "chart")}
    assert [post for post, count in met.items() if count == 0] == ["finance director"]
    assert item("e3", "S2").key["correct"] == "finance"
    assert pytest.approx(16.4) == 410 * 0.04
    assert pytest.approx(0.24, abs=0.005) == 26 / 21 - 1


# ------------------------------------------------------------------------------------------------ E4


def test_e4_lead_time_waiting_and_money() -> None:
    steps = table("e4", "steps")
    waits, works = (sum(int(row[column]) for row in steps) for column in (1, 2))
    assert (waits, works) == (22, 12)
    assert max(steps, key=lambda row: int(row[1]))[0] == "Confirmation of metal"
    assert round(100 * waits / (waits + works)) == item("e4", "P2").key["value"]
    day = 3000 * 3600 / 1e6
    assert day == item("e4", "P3").key["value"]
    assert day * 0.12 == pytest.approx(1.296)
    assert 9 * day == pytest.approx(97.2) and 9 * day * 0.12 == pytest.approx(11.664)


def test_e4_what_slips_into_the_next_quarter() -> None:
    months = {"Nov": 11, "Dec": 12}
    orders = [
        (date(2026, months[row[1].split()[1]], int(row[1].split()[0])), float(row[2]))
        for row in table("e4", "orders")
    ]

    def kept(days: int) -> float:
        return sum(amount for start, amount in orders if start + timedelta(days) <= date(2026, 12, 31))

    total = sum(amount for _, amount in orders)
    assert total - kept(34) == item("e4", "P4").key["value"]
    assert (kept(34), kept(25), kept(21)) == (15, 18, 20)


# ------------------------------------------------------------------------------------------------ SI


def test_si_asks_six_of_the_past_and_three_situations_within_its_time() -> None:
    whole: ExerciseDocument = exercise("si")
    kinds = [question.kind for question in whole.questions]
    assert kinds == ["behaviour"] * 6 + ["situation"] * 3
    assert sum(q.minutes for q in whole.questions if q.kind == "behaviour") == whole.phases[1].minutes
    assert sum(q.minutes for q in whole.questions if q.kind == "situation") == whole.phases[2].minutes
    assert {q.competency for q in whole.questions} == {rated.competency for rated in whole.rated}
    for question in whole.questions:
        assert len(question.anchors) == 5
        assert len(question.probes) == 2


def test_si_questions_stand_in_the_script_at_their_minutes() -> None:
    lines = script_of(exercise("si"))
    asked = [line for line in lines if re.match(r"Q\d\. ", line.text["en"])]
    assert [line.at for line in asked] == ["03:00", "08:00", "12:00", "16:00", "21:00", "25:00", "29:00", "33:00", "37:00"]  # fmt: skip
    assert all(seconds_of(a.at) <= seconds_of(b.at) for a, b in pairwise(lines))
