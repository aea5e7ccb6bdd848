from __future__ import annotations

import ast
from pathlib import Path

import pytest

import kamerton.measure.fit as fit
from kamerton.apps.decisions.reasons import (
    CATEGORY_NAMES,
    REASON_TEXTS,
    decimal,
    probability,
    reason_sentence,
)

NAMES = {"C2": "План развития", "E1": "Воронка", "R6": "Технический эксперт"}


def codes_of_the_library() -> set[str]:
    """Every code that `measure.fit` can give: the literals inside its calls of Reason."""
    found: set[str] = set()
    for path in Path(fit.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        names: dict[str, list[str]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                words = [
                    n.value
                    for n in ast.walk(node.value)
                    if isinstance(n, ast.Constant) and isinstance(n.value, str)
                ]
                names.setdefault(node.targets[0].id, []).extend(words)
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "Reason"
                and node.args
            ):
                first = node.args[0]
                if isinstance(first, ast.Name):
                    found.update(value for value in names.get(first.id, []) if value.startswith("composite"))
                else:
                    found.update(
                        n.value
                        for n in ast.walk(first)
                        if isinstance(n, ast.Constant) and isinstance(n.value, str)
                    )
    return found


def test_every_code_of_the_library_has_texts_in_both_languages() -> None:
    codes = codes_of_the_library()
    assert {"gate_below", "settle", "p_a", "composite_below"} <= codes
    missing = codes - set(REASON_TEXTS)
    assert not missing, f"measure.fit gives codes without texts: {sorted(missing)}"
    assert all(set(text) == {"ru", "en"} for text in REASON_TEXTS.values())
    assert set(CATEGORY_NAMES) == set(fit.CATEGORIES)


def test_words_a_gate_with_its_probability() -> None:
    reason = {"code": "gate_below", "params": {"competency": "C2", "p": 0.31, "cut": 2.5, "y": 2.4}}
    assert (
        reason_sentence(reason, "ru", NAMES)
        == "План развития: уровень скорее ниже минимума, вероятность минимума 30\u00a0%"
    )
    assert "30%" in reason_sentence(reason, "en", NAMES)


@pytest.mark.parametrize(
    "reason", [{"code": "brand_new", "params": {"x": 1}}, {"code": "gate_below", "params": {}}]
)
def test_an_unknown_code_or_shape_becomes_a_neutral_sentence(reason: dict[str, object]) -> None:
    assert str(reason["code"]) in reason_sentence(reason, "ru", NAMES)
    assert "{" not in reason_sentence(reason, "en", NAMES)


def test_names_the_category_that_comes_next() -> None:
    reason = {"code": "next_category", "params": {"category": "B", "p": 0.55}}
    assert (
        reason_sentence(reason, "en", {})
        == "Of the other categories the likeliest is “with development in 6–12 months”, 55%"
    )


@pytest.mark.parametrize(
    ("value", "places", "ru", "en"),
    [
        (2.25, 1, "2,3", "2.3"),
        (-0.6, 1, "−0,6", "−0.6"),
        (-0.04, 1, "0,0", "0.0"),
        (3.325, 2, "3,33", "3.33"),
    ],
)
def test_figures_in_the_form_of_the_language(value: float, places: int, ru: str, en: str) -> None:
    assert (decimal(value, places, "ru"), decimal(value, places, "en")) == (ru, en)


@pytest.mark.parametrize(
    ("p", "shown"),
    [
        (0.0, "<\u00a05%"),
        (0.049, "<\u00a05%"),
        (0.05, "5%"),
        (0.125, "15%"),
        (0.62, "60%"),
        (0.95, "95%"),
        (0.951, ">\u00a095%"),
    ],
)
def test_probabilities_in_steps_of_five(p: float, shown: str) -> None:
    assert probability(p, "en") == shown
