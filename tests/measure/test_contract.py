"""One battery over every public estimator: what a reader of any of them may count on.

A new estimator is found by itself and fails here until `tests/measure/<room>/cases.py` says how to make and feed it.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import json
import pkgutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kamerton.measure as km
from kamerton.measure._estimator import Estimator, Flag, NotFittedError
from tests.measure.contract_cases import Case

HERE = Path(__file__).parent


def _cases() -> dict[str, Case]:
    for module in pkgutil.walk_packages(km.__path__, "kamerton.measure."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found: dict[str, Case] = {}
    for file in sorted(HERE.glob("*/cases.py")):
        found |= importlib.import_module(f"tests.measure.{file.parent.name}.cases").CASES
    return found


CASES = _cases()
NAMES = sorted(CASES)


def test_every_estimator_has_a_case_and_every_case_an_estimator() -> None:
    assert set(CASES) == set(Estimator.registry)
    assert len(CASES) >= 8


@pytest.fixture(params=NAMES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def applies(case: Case, check: str) -> None:
    if check in case.not_applicable:
        pytest.skip(case.not_applicable[check])


def made(case: Case, seed: int = 1) -> tuple[Any, dict[str, Any]]:
    data = case.data(np.random.default_rng(seed))
    return case.make().fit(**data), data


def numbers(case: Case, model: Any, data: dict[str, Any]) -> np.ndarray:
    return np.asarray(case.measured(model, data), dtype=float)


def test_the_constructor_keeps_its_settings_and_computes_nothing(case: Case) -> None:
    model = case.make()
    assert set(model.settings()) == {
        n for n in inspect.signature(type(model).__init__).parameters if n != "self"
    }
    assert not model.is_fitted
    assert len(repr(model)) < 300 and repr(model).startswith(type(model).__name__)


def test_fit_returns_itself_and_says_its_flags(case: Case) -> None:
    data = case.data(np.random.default_rng(1))
    model = case.make()
    assert model.fit(**data) is model
    assert isinstance(model.flags_, tuple) and all(isinstance(f, Flag) and f.code for f in model.flags_)


def test_asks_for_a_fit_first(case: Case) -> None:
    with pytest.raises(NotFittedError, match="fit"):
        case.measured(case.make(), case.data(np.random.default_rng(1)))


def test_leaves_its_inputs_alone(case: Case) -> None:
    data = case.data(np.random.default_rng(1))
    before = copy.deepcopy(data)
    model = case.make().fit(**data)
    case.measured(model, data)
    for name, value in before.items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            assert np.array_equal(value, data[name], equal_nan=True), name
        elif isinstance(value, np.ndarray):
            assert np.array_equal(value, data[name]), name


def test_the_same_data_give_the_same_numbers(case: Case) -> None:
    first, second = (numbers(case, *made(case)) for _ in range(2))
    assert np.array_equal(first, second, equal_nan=True)


def test_comes_back_from_json_to_the_last_bit(case: Case) -> None:
    applies(case, "round_trip")
    model, data = made(case)
    again = km.load(json.loads(json.dumps(model.to_dict(), allow_nan=False)))
    assert type(again) is type(model) and again.flags_ == model.flags_
    assert np.array_equal(numbers(case, again, data), numbers(case, model, data), equal_nan=True)


def test_the_order_of_persons_does_not_matter(case: Case) -> None:
    applies(case, "person_order")
    if not case.by_person:
        pytest.skip("persons are not rows here")
    model, data = made(case)
    rows = np.random.default_rng(2).permutation(len(data[case.by_person[0]]))
    other = {k: (np.asarray(v)[rows] if k in case.by_person else v) for k, v in data.items()}
    expected = numbers(case, model, data)
    expected = expected[rows] if case.per_person else expected
    assert np.allclose(
        numbers(case, case.make().fit(**other), other), expected, atol=case.tolerance, equal_nan=True
    )


def test_the_order_of_items_does_not_matter(case: Case) -> None:
    applies(case, "item_order")
    if not case.by_item:
        pytest.skip("columns are not exchangeable here")
    if "types" in case.make().settings():
        pytest.skip("the settings name items by place")
    model, data = made(case)
    columns = np.random.default_rng(3).permutation(np.asarray(data[case.by_item[0]]).shape[1])
    other = {k: (np.asarray(v)[:, columns] if k in case.by_item else v) for k, v in data.items()}
    expected, found = numbers(case, model, data), numbers(case, case.make().fit(**other), other)
    assert np.allclose(found, expected, atol=case.tolerance, equal_nan=True)


def _with(case: Case, change: Any) -> dict[str, Any]:
    data = case.data(np.random.default_rng(1))
    table = np.array(data[case.by_item[0]], dtype=float)
    change(table)
    return data | {case.by_item[0]: table}


def test_an_answer_not_presented_is_no_fault(case: Case) -> None:
    applies(case, "nan")
    if not case.by_item:
        pytest.skip("no table of persons and items")
    data = _with(case, lambda table: table.__setitem__((0, 0), np.nan))
    found = numbers(case, case.make().fit(**data), data)
    assert np.isfinite(found).all()


def test_a_constant_item_is_named(case: Case) -> None:
    applies(case, "constant_item")
    if not case.by_item:
        pytest.skip("no table of persons and items")
    data = _with(case, lambda table: table.__setitem__((slice(None), 0), table[:, 0].max()))
    try:
        model = case.make().fit(**data)
    except ValueError as refusal:
        assert len(str(refusal)) > 30
    else:
        assert any(flag.where for flag in model.flags_), "a constant item passed in silence"


def test_one_person_is_refused_or_flagged(case: Case) -> None:
    applies(case, "one_person")
    if not case.by_person:
        pytest.skip("persons are not rows here")
    data = case.data(np.random.default_rng(1))
    one = {k: (np.asarray(v)[:1] if k in case.by_person else v) for k, v in data.items()}
    try:
        model = case.make().fit(**one)
    except ValueError as refusal:
        assert len(str(refusal)) > 30
    else:
        assert model.flags_


@pytest.mark.parametrize("end", ["highest", "lowest"])
def test_a_perfect_score_has_a_finite_estimate_or_a_flag(case: Case, end: str) -> None:
    applies(case, "perfect_score")
    if not case.by_item or not case.per_person:
        pytest.skip("no table of persons and items")
    data = case.data(np.random.default_rng(1))
    table = np.array(data[case.by_item[0]], dtype=float)
    table[0] = np.nanmax(table, axis=0) if end == "highest" else np.nanmin(table, axis=0)
    data = data | {case.by_item[0]: table}
    found = numbers(case, case.make().fit(**data), data)
    assert np.isfinite(found[0]).all()
