"""What the matrix of a procedure must hold, each rule seen broken."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kamerton.apps.procedures import rules
from kamerton.apps.procedures.documents import MatrixCell, ProcedureDocument, ProcedureInstrument
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
    assert check.state == "bad" and check.where == ("C7",) and check.texts["ru"].endswith(": C7")


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


def test_a_day_over_eight_hours_is_refused_and_days_are_not_added_up(document: ProcedureDocument) -> None:
    longer = [
        replace(i, minutes=130) if i.code in {"E1", "E2", "E3", "E4"} else i for i in document.instruments
    ]
    assert states(replace(document, instruments=longer))["day"] == "bad"
    assert rules.busiest_stage_minutes(document) < sum(i.minutes for i in document.instruments)


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
        ("appeal", {"appeal_days": 0}),
    ],
)
def test_the_check_list_sees_what_is_missing(
    document: ProcedureDocument, code: str, changes: dict[str, object]
) -> None:
    assert states(replace(document, **changes))[code] == "bad"


def test_untranslated_texts_and_incomplete_materials_are_told_apart(document: ProcedureDocument) -> None:
    texts = replace(document.texts, thanks={"ru": "Спасибо"})
    assert states(replace(document, texts=texts))["translated"] == "bad"
    assert states(document, incomplete=["E1"])["complete"] == "unsure"
