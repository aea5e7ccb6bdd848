"""The short form of the hybrid test: keys recomputed from its tables, no key to be had by form, words in good order."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from statistics import mean, median
from typing import Any

import pytest
import yaml

from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.instruments.documents import FormDocument, Item, Option, Stimulus, Table
from kamerton.apps.instruments.rules import candidate_view, parse_number, score_response
from kamerton.apps.procedures.documents import CutRecord
from kamerton.values.documents import read_document, write_document

PACK = Path(__file__).resolve().parents[2] / "content" / "kam-precious-metals"
LANGUAGES = ("ru", "en")
COMPETENCIES = [f"C{number}" for number in range(1, 9)]
TYPES = {"single", "multiple", "numeric", "order", "match", "table_row", "best_worst", "likert", "short_text"}
TWO_POINT_CLASSIC = "T11"
"""The blueprint gives two points to a calculation of C6."""


def load(name: str) -> Any:
    return yaml.safe_load((PACK / name).read_text(encoding="utf-8"))


@cache
def form() -> FormDocument:
    return read_document(FormDocument, load("form-short.yaml"), what="form-short.yaml")


@cache
def cuts() -> CutRecord:
    return read_document(CutRecord, load("cuts.yaml"), what="cuts.yaml")


def item(code: str) -> Item:
    return next(item for item in form().items if item.code == code)


def stimulus(code: str) -> Stimulus:
    return next(stimulus for stimulus in form().stimuli if stimulus.code == code)


def table(code: str) -> Table:
    found = stimulus(code).table
    assert found is not None
    return found


def number(text: str) -> float:
    """The first number of a text, in the form of either language."""
    body = text.replace("\u00a0", "").replace("\u2212", "-")
    body = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", body).replace(",", ".")
    found = re.search(r"-?\d+(?:\.\d+)?", body)
    assert found, text
    return float(found[0])


def numbers(code: str, language: str, row: int) -> list[float]:
    return [number(cell[language]) for cell in table(code).rows[row][1:] if re.search(r"\d", cell[language])]


def named(code: str, language: str) -> dict[str, list[dict[str, str]]]:
    return {row[0][language]: row for row in table(code).rows}


# ------------------------------------------------------------------------------------------------ blueprint


def test_the_form_survives_reading_and_writing() -> None:
    assert read_document(FormDocument, write_document(form())) == form()
    assert (form().code, form().framework, form().time_limit_minutes) == ("kam-hybrid-short", "kam", 30)


def test_sixteen_items_two_a_competency_every_type_used() -> None:
    assert [item.code for item in form().items] == [f"T{number:02}" for number in range(1, 17)]
    assert Counter(item.competency for item in form().items) == dict.fromkeys(COMPETENCIES, 2)
    assert {item.type for item in form().items} == TYPES


def test_points_follow_the_blueprint() -> None:
    for one in form().items:
        assert one.points == (1 if one.kind == "classic" and one.code != TWO_POINT_CLASSIC else 2), one.code
    blocks = Counter[str]()
    for one in form().items:
        blocks[one.competency] += one.points
    assert set(blocks.values()) <= {3, 4} and sum(blocks.values()) == 26
    kinds = {code: {one.kind for one in form().items if one.competency == code} for code in COMPETENCIES}
    # Negotiation is shown in cases alone: one mail, two items.
    assert all(kinds[code] == ({"case"} if code == "C5" else {"classic", "case"}) for code in COMPETENCIES)


def test_levels_lie_near_the_blueprint_shares() -> None:
    shares = Counter(one.level for one in form().items)
    for level, target in {"know": 0.30, "apply": 0.45, "analyse": 0.25}.items():
        assert abs(shares[level] / 16 - target) <= 0.07, level


def test_items_measure_indicators_of_their_own_competency() -> None:
    framework = read_document(FrameworkDocument, load("framework.yaml"), what="framework.yaml")
    known = {indicator.code: one.code for one in framework.competencies for indicator in one.indicators}
    for one in form().items:
        assert one.indicator is None or known[one.indicator] == one.competency, one.code


def test_every_stimulus_is_used_and_a_case_shares_one() -> None:
    used = Counter(one.stimulus for one in form().items if one.stimulus)
    assert set(used) == {one.code for one in form().stimuli}
    shared = [code for code, count in used.items() if count == 2]
    assert any(all(one.kind == "case" for one in form().items if one.stimulus == code) for code in shared)


def test_keys_name_existing_codes() -> None:
    for one in form().items:
        codes = [option.code for option in one.options]
        match one.type:
            case "single" | "table_row":
                assert one.key["correct"] in codes
            case "multiple":
                assert set(one.key["correct"]) < set(codes)
            case "order":
                assert sorted(one.key["order"]) == sorted(codes)
            case "match":
                assert list(one.key["pairs"]) == [option.code for option in one.left]
                assert set(one.key["pairs"].values()) < set(codes), "one option is left over"
            case "best_worst":
                assert {one.key["best"], one.key["worst"]} < set(codes) and one.key["best"] != one.key[
                    "worst"
                ]
            case "likert":
                assert codes == list("12345") and one.key == {"value": 4, "near": 1}
            case "short_text":
                assert [level.score for level in one.rubric] == [0, 1, 2] and one.points == 2
            case "numeric":
                assert one.unit and one.hint
        if one.type == "table_row":
            assert one.stimulus is not None
            assert codes == table(one.stimulus).row_codes and len(codes) == len(table(one.stimulus).rows)


def test_tables_have_a_cell_for_every_head() -> None:
    for one in form().stimuli:
        if one.table:
            assert {len(row) for row in one.table.rows} == {len(one.table.head)}, one.code


# ------------------------------------------------------------------------------------------------ recomputed keys


@pytest.mark.parametrize("language", LANGUAGES)
def test_t02_the_open_wallet_is_largest_in_the_keyed_row(language: str) -> None:
    open_wallet = {}
    for code, row in zip(table("s-wallet").row_codes, range(5), strict=True):
        need, mark_up, share = numbers("s-wallet", language, row)
        open_wallet[code] = need * (1 - share / 100) * mark_up / 1000
    assert open_wallet == pytest.approx({"r1": 14.04, "r2": 21.4225, "r3": 10.26, "r4": 5.88, "r5": 6.688})
    assert max(open_wallet, key=open_wallet.__getitem__) == item("T02").key["correct"]
    first, second = sorted(open_wallet.values(), reverse=True)[:2]
    assert first > 1.3 * second, "no rounding may turn the answer"


@pytest.mark.parametrize("language", LANGUAGES)
def test_t04_the_keyed_set_is_the_best_that_fits_the_hours(language: str) -> None:
    gain, hours = {}, {}
    for index, name in enumerate("PSLT"):  # paste, scrap, lease, targets
        first, second, third, cost, effort = numbers("s-plan", language, index)
        gain[name], hours[name] = first + second + third - cost, effort
    assert gain == {"P": 21, "S": 15, "L": 8, "T": 22}
    limit = number(re.search(r"1[\u00a0,]?100", stimulus("s-plan").paragraphs[0][language])[0])  # type: ignore[index]
    sets = [set(chosen) for size in (1, 2, 3, 4) for chosen in combinations("PSLT", size)]
    feasible = [chosen for chosen in sets if sum(hours[name] for name in chosen) <= limit]
    feasible.sort(key=lambda chosen: -sum(gain[name] for name in chosen))
    offered = {"a": set("LT"), "b": set("PT"), "c": set("SL"), "d": set("PS"), "e": set("PSL")}
    assert feasible[0] == offered[item("T04").key["correct"]]
    assert sum(gain[name] for name in feasible[0]) > sum(gain[name] for name in feasible[1])
    assert offered["b"] not in feasible and offered["e"] not in feasible


@pytest.mark.parametrize("language", LANGUAGES)
def test_t05_the_weighted_pipeline(language: str) -> None:
    rows = table("s-pipeline").rows
    weighted = sum(number(row[2][language]) / 100 * number(row[3][language]) for row in rows)
    key = item("T05").key
    assert weighted == pytest.approx(64.7) == key["value"]
    plain = sum(number(row[3][language]) for row in rows)
    by_mean = plain * mean(number(row[2][language]) for row in rows) / 100
    assert abs(plain - key["value"]) > key["tolerance"] and abs(by_mean - key["value"]) > key["tolerance"]
    # The worked solution also states the sum with both inflated stages put right.
    assert weighted - 36 * 0.2 - 20 * 0.3 == pytest.approx(51.5)


@pytest.mark.parametrize("language", LANGUAGES)
def test_t06_options_are_the_deals_of_the_table(language: str) -> None:
    assert {option.text[language] for option in item("T06").options} == set(named("s-pipeline", language))


def test_t06_the_keyed_deals_break_the_stage_rules() -> None:
    """The rules applied to what the table says is known, in words of the English cells."""
    allowed = {}
    for name, row in named("s-pipeline", "en").items():
        known = row[4]["en"]
        letter = "letter" in known or "Report signed" in known
        report, budget = "Report signed" in known, "budget approved" in known and "signs" in known
        reached = 3 if report and budget else 2 if report else 1 if letter else 0
        stated = ["Qualification", "Trials", "Proposal", "Contract"].index(row[1]["en"])
        allowed[name] = stated <= reached
    inflated = {option.code for option in item("T06").options if not allowed[option.text["en"]]}
    assert inflated == set(item("T06").key["correct"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_t10_the_excess_loss_is_what_the_mail_claims(language: str) -> None:
    (received,), (returned,), (norm,) = (numbers("s-claim", language, row) for row in range(3))
    lost = (received - returned) * 1000
    assert lost / received / 10 == pytest.approx(0.50)
    excess = lost - received * 1000 * norm / 100
    assert excess == pytest.approx(84) and excess <= 100
    for text in (
        stimulus("s-claim").mail_subject,
        stimulus("s-claim").paragraphs[0],
        item("T10").options[2].text,
    ):
        assert "84\u00a0" in text[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_t11_the_price_of_the_order(language: str) -> None:
    (mass,), (fixing,), (rate,), (premium,), (fee,) = (numbers("s-price", language, row) for row in range(5))
    ounce = number(re.search(r"31[.,]1035", stimulus("s-price").paragraphs[0][language])[0])  # type: ignore[index]

    def total(*, ounce: float = ounce, premium: float = premium, premium_on_fee: bool = False) -> float:
        metal = fixing / ounce * rate
        surcharge = premium / 100 * (metal + (fee if premium_on_fee else 0))
        return (metal + surcharge + fee) * mass * 1000 / 1e6

    key = item("T11").key
    assert total() == pytest.approx(30.824, abs=1e-6) and key["value"] == pytest.approx(total(), abs=1e-6)
    mistakes = [total(premium_on_fee=True), total(premium=0), total(ounce=28.35)]
    assert mistakes == pytest.approx([30.8588, 29.96, 33.7051], abs=1e-3)
    assert all(abs(mistake - key["value"]) > key["tolerance"] for mistake in mistakes)
    assert score_response(item("T11"), {"number": "30,82\u00a0млн ₽"}).score == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_t12_the_keyed_order_is_the_order_of_full_cost(language: str) -> None:
    price = number(re.search(r"3[\u00a0,]600", stimulus("s-schemes").paragraphs[0][language])[0])  # type: ignore[index]
    metal = 10 * 1000 * price / 1e6
    cost = {}
    for index, (name, _) in enumerate(named("s-schemes", language).items()):
        once, fee, rate, months = numbers("s-schemes", language, index)
        cost[name] = metal * (once + rate * months / 12) / 100 + 10 * 1000 * fee / 1e6
    by_code = {option.code: cost[option.text[language]] for option in item("T12").options}
    assert by_code == pytest.approx({"a": 4.914, "b": 6.84, "c": 3.06, "d": 6.12})
    assert sorted(by_code, key=by_code.__getitem__) == item("T12").key["order"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_t14_the_rubric_states_the_cost_of_the_planned_delay(language: str) -> None:
    bushings, sheet = table("s-slot").rows
    working_days = [10, 11, 12, 13, 16, 17, 18, 19, 20]  # November 2026, the 10th is a Tuesday
    bushing_days, sheet_days = int(number(bushings[2][language])), int(number(sheet[2][language]))
    needed = 17
    assert working_days[sheet_days - 1] == 17 and working_days[sheet_days + bushing_days - 1] == 20
    cost = (20 - needed) * number(bushings[4][language])
    assert cost == pytest.approx(1.8)
    assert ("1,8\u00a0млн" if language == "ru" else "RUB\u00a01.8\u00a0m") in item("T14").rubric[2].text[
        language
    ]
    # The way out: ten of thirty kilograms take a third of the press time, then the bushings.
    part = sheet_days * 10 // int(number(sheet[1][language]))
    assert working_days[part + bushing_days - 1] == 16 <= needed
    assert working_days[part - 1] <= 20 and working_days[sheet_days + bushing_days - 1] == 20


@pytest.mark.parametrize("language", LANGUAGES)
def test_t16_one_seller_delivers_more_than_passes_through_its_hands(language: str) -> None:
    ratio = {}
    for index, code in enumerate(table("s-scrap").row_codes):
        october, _, turnover = (number(cell[language]) for cell in table("s-scrap").rows[index][1:4])
        ratio[code] = october / turnover
    assert [code for code in ratio if ratio[code] > 1] == [item("T16").key["correct"]]
    assert ratio == pytest.approx({"r1": 0.711, "r2": 0.55, "r3": 0.686, "r4": 12.4, "r5": 0.8}, abs=1e-3)


# ------------------------------------------------------------------------------------------------ no key by form


def worded_choices(language: str) -> Iterator[tuple[str, list[int], list[int]]]:
    """Item, lengths of keyed options, lengths of the others, where an option is a phrase and not a row of a table."""
    for one in form().items:
        if one.type not in ("single", "multiple", "best_worst"):
            continue
        keyed = one.key.get("correct", one.key.get("best"))
        keyed = {keyed} if isinstance(keyed, str) else set(keyed)
        lengths = {option.code: len(option.text[language]) for option in one.options}
        yield (
            one.code,
            [size for code, size in lengths.items() if code in keyed],
            [size for code, size in lengths.items() if code not in keyed],
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_key_is_no_longer_and_no_shorter_than_the_distractors(language: str) -> None:
    for code, keyed, others in worded_choices(language):
        assert min(others) <= mean(keyed) <= max(others), code
        assert max(keyed) <= max(others), code


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_length_of_keys_tells_nothing_over_the_form(language: str) -> None:
    """Rank of the key's length as a share of the way from shortest (0) to longest (1): near the middle on average."""
    ranks, longest, chance = [], 0, 0.0
    for _, keyed, others in worded_choices(language):
        size = mean(keyed)
        below = sum(other < size for other in others) + 0.5 * sum(other == size for other in others)
        ranks.append(below / len(others))
        longest += size > max(others)
        chance += 1 / (1 + len(others))
    assert longest <= chance
    assert 0.3 <= mean(ranks) <= 0.7, ranks


ABSOLUTE = re.compile(
    r"\b(всегда|никогда|только|лишь|все|всё|всех|любой|любые|каждый раз|обязательно|ни один|полностью"
    r"|always|never|only|all|any|every|must|none|entirely|completely)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_option_gives_itself_away_by_an_absolute_word(language: str) -> None:
    for one in form().items:
        for option in one.options:
            assert not ABSOLUTE.search(option.text[language]), (
                f"{one.code}.{option.code}: {option.text[language]}"
            )


def test_correct_places_are_spread() -> None:
    places: list[float] = []
    for one in form().items:
        codes = [option.code for option in one.options]
        if one.type in ("single", "table_row"):
            places.append(codes.index(one.key["correct"]))
        elif one.type == "best_worst":
            places += [codes.index(one.key["best"]), codes.index(one.key["worst"])]
    counts = Counter(places)
    assert set(counts) >= {0, 1, 2, 3} and max(counts.values()) <= len(places) / 3


def test_lines_left_in_place_are_no_answer() -> None:
    for one in form().items:
        codes = [option.code for option in one.options]
        if one.type == "order":
            assert score_response(one, {"order": codes}).score == 0, one.code
            assert score_response(one, {"order": codes[::-1]}).score <= 0.25 * one.points, one.code  # type: ignore[operator]
        if one.type == "match":
            straight = dict(zip([left.code for left in one.left], codes, strict=False))
            assert score_response(one, {"pairs": straight}).score <= one.points / 4, one.code  # type: ignore[operator]


# ------------------------------------------------------------------------------------------------ guessers

Chooser = Callable[[Item, list[Option], random.Random], Option]


def by_lot(_: Item, options: list[Option], chance: random.Random) -> Option:
    return chance.choice(options)


def longest(_: Item, options: list[Option], __: random.Random) -> Option:
    return max(options, key=lambda option: len(option.text["ru"]))


def shortest(_: Item, options: list[Option], __: random.Random) -> Option:
    return min(options, key=lambda option: len(option.text["ru"]))


def second_longest(_: Item, options: list[Option], __: random.Random) -> Option:
    return sorted(options, key=lambda option: -len(option.text["ru"]))[min(1, len(options) - 1)]


def first(_: Item, options: list[Option], __: random.Random) -> Option:
    return options[0]


def middle_number(one: Item, options: list[Option], chance: random.Random) -> Option:
    """The row with the middle number of the first column, the option with the middle number, else the middle one."""
    if one.type == "table_row":
        assert one.stimulus is not None
        values = [number(row[1]["ru"]) for row in table(one.stimulus).rows]
        return options[values.index(median(values))]
    return options[len(options) // 2]


def guess(one: Item, choose: Chooser, chance: random.Random) -> dict[str, Any] | None:
    options = list(one.options)
    match one.type:
        case "single" | "table_row":
            return {"choice": choose(one, options, chance).code}
        case "multiple":
            marks = []
            for _ in one.key["correct"]:  # knows even how many to mark
                marks.append(choose(one, options, chance))
                options.remove(marks[-1])
            return {"choices": [mark.code for mark in marks]}
        case "order":
            order = []
            while options:
                order.append(choose(one, options, chance))
                options.remove(order[-1])
            return {"order": [option.code for option in order]}
        case "match":
            pairs = {}
            for left in one.left:
                pairs[left.code] = choose(one, options, chance)
                options.remove(pairs[left.code])
            return {"pairs": {left: right.code for left, right in pairs.items()}}
        case "best_worst":
            best = choose(one, options, chance)
            options.remove(best)
            return {"best": best.code, "worst": choose(one, options, chance).code}
        case "likert":
            return {"step": choose(one, options, chance).code}
        case "numeric":
            assert one.stimulus is not None
            found = [
                number(cell["ru"])
                for row in table(one.stimulus).rows
                for cell in row[1:]
                if re.search(r"\d", cell["ru"])
            ]
            return {"number": str(median(found))}
        case _:
            return None


def share(choose: Chooser, seed: int = 0, without: frozenset[str] = frozenset()) -> float:
    """Share of the points that need no rater."""
    chance = random.Random(seed)
    machine = [one for one in form().items if one.type != "short_text" and one.type not in without]
    earned = [score_response(one, guess(one, choose, chance)).score or 0.0 for one in machine]
    return sum(earned) / sum(one.points for one in machine)


def test_guessing_by_lot_earns_about_a_fifth() -> None:
    # Weighted by points over 24: choices 1/4 or 1/5, two numbers 0, orders under .2, ends 1/4, likert .4.
    assert 0.17 <= mean(share(by_lot, seed) for seed in range(400)) <= 0.25


@pytest.mark.parametrize(
    "choose", [longest, second_longest, shortest, first, middle_number], ids=lambda choose: choose.__name__
)
def test_a_fixed_trick_earns_no_more_than_guessing(choose: Chooser) -> None:
    """One try over 14 items: within one and a half standard deviations of guessing by lot."""
    lots = [share(by_lot, seed) for seed in range(400)]
    centre = mean(lots)
    spread = (mean((lot - centre) ** 2 for lot in lots)) ** 0.5
    assert share(choose) <= centre + 1.5 * spread, (share(choose), centre, spread)


def test_a_person_who_knows_the_keys_earns_everything() -> None:
    for one in form().items:
        match one.type:
            case "single" | "table_row":
                answer: dict[str, Any] = {"choice": one.key["correct"]}
            case "multiple":
                answer = {"choices": one.key["correct"]}
            case "numeric":
                answer = {"number": str(one.key["value"]).replace(".", ",")}
            case "likert":
                answer = {"step": str(one.key["value"])}
            case "short_text":
                continue
            case _:
                answer = one.key
        assert score_response(one, answer).score == one.points, one.code


# ------------------------------------------------------------------------------------------------ words


def texts(data: Any, path: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    if isinstance(data, dict):
        if set(data) == {"ru", "en"}:
            yield path, data
            return
        for key, value in data.items():
            yield from texts(value, f"{path}.{key}")
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from texts(value, f"{path}[{index}]")


def all_texts() -> list[tuple[str, dict[str, str]]]:
    return [*texts(load("form-short.yaml")), *texts(load("cuts.yaml"))]


def test_every_text_stands_in_both_languages() -> None:
    assert len(all_texts()) > 250
    for path, text in all_texts():
        assert all(text[language].strip() for language in LANGUAGES), path


def test_every_option_and_item_explains_itself() -> None:
    for one in form().items:
        assert set(one.rationale) == set(LANGUAGES), one.code
        for option in (*one.options, *one.left):
            assert set(option.rationale) == set(LANGUAGES), f"{one.code}.{option.code}"


def test_numbers_are_equal_in_both_languages() -> None:
    for path, text in all_texts():
        found = []
        for language in LANGUAGES:
            thousands = "\u00a0" if language == "ru" else ","
            body = re.sub(rf"(?<=\d){thousands}(?=\d{{3}}(?!\d))", "", text[language])
            found.append(
                sorted(float(value.replace(",", ".")) for value in re.findall(r"\d+(?:[.,]\d+)?", body))
            )
        assert found[0] == found[1], f"{path}: {found}"


def test_a_number_never_parts_from_its_unit() -> None:
    units = r"(?:кг|г|ч|млн|тыс|₽|%|\$|дн|дня|дней|час|часа|часов|минут|задани|месяц|ноября|сентября|kg|g|h|m|RUB)"
    for path, text in all_texts():
        for language in LANGUAGES:
            assert not re.search(rf"\d {units}", text[language]), f"{path}: {text[language]}"
            assert not re.search(r"(№|No\.|RUB) \d|(млн|тыс\.?) ₽", text[language]), (
                f"{path}: {text[language]}"
            )


def test_marks_of_each_language() -> None:
    for path, text in all_texts():
        assert not re.search(r"[\"“”„']|(?<!Добрый день)!", text["ru"]), path
        assert not re.search(r"[\"«»'!]|[а-яё]", text["en"], re.IGNORECASE), path
        assert not re.search(r"\d\.\d", text["ru"]), f"decimal point in Russian, {path}"
        assert not re.search(r"\d,\d(?!\d\d)", text["en"]), f"decimal comma in English, {path}"
        assert not re.search(r"(?<![.!?:»] )(?<!^)\bВ(ы|ас|ам|аш)\b", text["ru"]), f"вы in capitals, {path}"
        # Words that lose their meaning or look careless without ё.
        assert not re.search(
            r"\b(еще|ее|счет|дает|берет|прием|идет|ждет|пойдет|все еще|расчет\w*|объем\w*|зачет\w*)\b",
            text["ru"],
        ), path


def test_the_candidate_is_told_no_codes_and_no_names_of_competencies() -> None:
    for one in form().items:
        for language in LANGUAGES:
            view = repr(candidate_view(one, language))
            assert one.competency not in view
            for option in (*one.options, *one.left):
                assert option.rationale[language] not in view


def test_numeric_keys_can_be_typed_as_the_hint_says() -> None:
    for code, typed in {"T05": "64,7", "T11": "30,82"}.items():
        assert parse_number(typed, item(code)) is not None
        assert score_response(item(code), {"number": typed}).score == item(code).points


# ------------------------------------------------------------------------------------------------ panel record


def test_the_panel_judged_every_item_in_a_rising_line() -> None:
    assert (cuts().instrument, cuts().judges, cuts().rounds, cuts().held) == ("HT", 8, 2, "2026-10-02")
    assert [one.item for one in cuts().items] == [one.code for one in form().items]
    for judged in cuts().items:
        assert len(judged.means) == 4 and judged.means == sorted(set(judged.means)), judged.item
        assert judged.means[0] > 0 and judged.means[-1] < item(judged.item).points, judged.item
    assert "смоделирована" in cuts().note["ru"] and "simulated" in cuts().note["en"]


def test_levels_of_every_block_are_half_a_point_apart() -> None:
    means = {judged.item: judged.means for judged in cuts().items}
    for code in COMPETENCIES:
        block = [one for one in form().items if one.competency == code]
        knots = [sum(means[one.code][level] for one in block) for level in range(4)]
        gaps = [round(upper - lower, 6) for lower, upper in pairwise(knots)]
        assert min(gaps) >= 0.5, (code, knots)
        assert knots[-1] < sum(one.points for one in block)


def test_a_person_at_the_lowest_knot_does_no_worse_than_guessing() -> None:
    means = {judged.item: judged.means for judged in cuts().items}
    for one in form().items:
        if one.type == "short_text":
            continue
        lots = mean(
            score_response(one, guess(one, by_lot, random.Random(seed))).score or 0.0 for seed in range(600)
        )
        assert means[one.code][0] >= lots - 0.08, (one.code, lots)
