"""What the matrix of a procedure must hold, each rule seen broken."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kamerton.apps.frameworks.documents import RoleProfile, Target
from kamerton.apps.procedures import rules
from kamerton.apps.procedures.documents import (
    ItemJudgement,
    MatrixCell,
    ProcedureDocument,
    ProcedureInstrument,
)
from kamerton.flows.install_pack import read_pack


@pytest.fixture(scope="module")
def document(pack_folder) -> ProcedureDocument:
    return read_pack(pack_folder).procedures[0]


CODES = [f"C{number}" for number in range(1, 9)]


def states(document: ProcedureDocument, codes=CODES, **more) -> dict[str, str]:
    return {check.code: check.state for check in rules.procedure_checks(document, codes, **more)}


def test_the_pack_holds_every_rule(document: ProcedureDocument) -> None:
    assert set(states(document).values()) == {"ok"}


def test_a_competency_of_one_instrument_is_named(document: ProcedureDocument) -> None:
    cells = [cell for cell in document.matrix if cell.competency != "C7" or cell.instrument == "E4"]
    check = next(
        c for c in rules.matrix_checks(replace(document, matrix=cells), CODES) if c.code == "two_instruments"
    )
    assert check.state == "bad" and check.where == ("C7 (1)",)
    assert check.texts["ru"].endswith(": C7 (1)") and check.texts["en"].endswith(": C7 (1)")


def test_a_competency_without_simulation_is_named(document: ProcedureDocument) -> None:
    cells = [cell for cell in document.matrix if cell.competency != "C8" or cell.instrument in {"HT", "SI"}]
    assert states(replace(document, matrix=cells))["one_simulation"] == "bad"


def test_an_exercise_of_six_competencies_is_too_much(document: ProcedureDocument) -> None:
    have = {cell.competency for cell in document.matrix if cell.instrument == "E1"}
    more = [MatrixCell(code, "E1", 1) for code in CODES if code not in have]
    assert states(replace(document, matrix=[*document.matrix, *more]))["load_of_exercise"] == "bad"


def test_a_test_form_may_cover_every_competency(document: ProcedureDocument) -> None:
    assert sum(cell.instrument == "HT" for cell in document.matrix) > rules.MAX_COMPETENCIES
    assert states(document)["load_of_exercise"] == "ok"


def test_a_green_rule_gives_its_figures(document: ProcedureDocument) -> None:
    texts = {check.code: check.texts for check in rules.procedure_checks(document, CODES)}
    assert texts["two_instruments"]["en"] == "instruments per competency: 3–4, at least 2 needed"
    assert texts["main_instrument"]["ru"] == "компетенций с основным инструментом: 8 из 8"
    assert "285" in texts["minutes"]["ru"] and "480" in texts["minutes"]["ru"]
    assert texts["judges"]["en"] == "judges on the panel: 8, at least 8 needed"


def test_no_rule_speaks_one_language_only_or_leaves_a_gap_in_its_words(document: ProcedureDocument) -> None:
    broken = replace(document, matrix=[], consents=[], cuts=[], appeal_days=0, assessors_per_exercise=1)
    for check in [*rules.procedure_checks(document, CODES), *rules.procedure_checks(broken, CODES)]:
        assert check.texts["ru"] and check.texts["en"] and "{" not in check.texts["ru"] + check.texts["en"]


def test_all_minutes_of_a_person_are_added_up(document: ProcedureDocument) -> None:
    """HT 30 + E1 75 + E2 35 + E3 60 + E4 40 + SI 45 = 285; 480 is the bound, 481 is over it."""
    assert rules.total_minutes(document) == 285
    for extra, state in ((195, "ok"), (196, "bad")):
        longer = [
            replace(i, minutes=i.minutes + extra) if i.code == "SI" else i for i in document.instruments
        ]
        assert states(replace(document, instruments=longer))["minutes"] == state


def test_the_longest_stage_is_the_centre(document: ProcedureDocument) -> None:
    assert rules.busiest_stage_minutes(document) == 75 + 35 + 60 + 40


def test_without_a_model_the_matrix_does_not_pass_by_being_empty(document: ProcedureDocument) -> None:
    assert states(document, [])["competencies"] == "bad"


def test_a_mark_without_items_or_scale_is_found(document: ProcedureDocument) -> None:
    measured = {"E2": ["C4", "C5", "C6"]}
    check = next(c for c in rules.matrix_checks(document, CODES, measured) if c.code == "evidence")
    assert check.state == "bad" and check.where == ("C8 × E2",)


def test_what_is_measured_and_not_in_the_matrix_is_a_doubt(document: ProcedureDocument) -> None:
    measured = {"E2": ["C4", "C5", "C6", "C8", "C1"]}
    check = next(c for c in rules.matrix_checks(document, CODES, measured) if c.code == "evidence")
    assert check.state == "unsure" and check.where == ("C1 × E2",)


def test_a_cell_that_points_nowhere_is_found(document: ProcedureDocument) -> None:
    assert (
        states(replace(document, matrix=[*document.matrix, MatrixCell("C99", "HT", 1)]))["unknown_cell"]
        == "bad"
    )


def test_an_idle_instrument_is_found(document: ProcedureDocument) -> None:
    idle = ProcedureInstrument("E9", "exercise", "kam-e9", 10, True)
    found = states(replace(document, instruments=[*document.instruments, idle]), missing=["E9"])
    assert found["every_instrument_used"] == found["staged"] == found["released"] == "bad"


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("consents", {"consents": []}),
        ("cuts", {"cuts": []}),
        ("assessors", {"assessors_per_exercise": 1}),
        ("terms", {"appeal_days": 0}),
        ("terms", {"retention_months": 0}),
    ],
)
def test_the_check_list_sees_what_is_missing(
    document: ProcedureDocument, code: str, changes: dict[str, object]
) -> None:
    assert states(replace(document, **changes))[code] == "bad"


def test_seven_judges_are_too_few_to_be_sure(document: ProcedureDocument) -> None:
    cuts = [replace(cut, judges=7) for cut in document.cuts]
    assert states(replace(document, cuts=cuts))["judges"] == "unsure"


def test_knots_of_a_block_are_the_sums_of_its_items(document: ProcedureDocument, pack_folder) -> None:
    """T01 + T02 from cuts.yaml: .34 + .48, .55 + .86, .76 + 1.31, .91 + 1.71; link √(.28²/8 + .10²) = .141."""
    form = read_pack(pack_folder).forms[0]
    block = rules.block_knots(document.cuts[0], form.items)[0]
    assert (block.competency, block.items, block.points) == ("C1", 2, 3.0)
    assert block.knots == pytest.approx((0.82, 1.41, 2.07, 2.62), abs=1e-9)
    assert block.link_se == pytest.approx(0.1407, abs=1e-4) and block.close_levels == ()


def test_knots_that_do_not_rise_give_no_link_and_close_ones_name_the_level(
    document: ProcedureDocument, pack_folder
) -> None:
    items = read_pack(pack_folder).forms[0].items[:2]
    cut = document.cuts[0]
    falling = replace(cut, items=[ItemJudgement(i.code, [0.9, 0.8, 1.0, 1.1]) for i in items])
    assert rules.block_knots(falling, items)[0].link_se is None
    close = replace(cut, items=[ItemJudgement(i.code, [0.3, 0.5, 0.9, 1.3]) for i in items])
    assert rules.block_knots(close, items)[0].close_levels == (2,)


def test_an_item_the_panel_did_not_judge_stays_out_of_the_block(
    document: ProcedureDocument, pack_folder
) -> None:
    cut = document.cuts[0]
    fewer = replace(cut, items=[row for row in cut.items if row.item != "T02"])
    assert rules.block_knots(fewer, read_pack(pack_folder).forms[0].items)[0].items == 1


def test_the_composite_cut_is_the_profile_s_own_or_half_a_level_below_the_weighted_target() -> None:
    targets = [Target("C1", 4, 3, 3.0), Target("C2", 2, 1, 1.0)]
    profile = RoleProfile("R1", {}, {}, targets)
    assert rules.composite_cut(profile) == pytest.approx(3.5 - 0.5)
    assert rules.composite_cut(replace(profile, composite_cut=3.4)) == 3.4


def test_untranslated_texts_and_incomplete_materials_are_told_apart(document: ProcedureDocument) -> None:
    texts = replace(document.texts, thanks={"ru": "Спасибо"})
    assert states(replace(document, texts=texts))["translated"] == "bad"
    assert states(document, incomplete=["E1"])["complete"] == "unsure"
