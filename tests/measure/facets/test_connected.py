"""Disjoint subsets, and the fewest ratings that would join them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kamerton.measure.facets import ManyFacetRasch, connectedness
from kamerton.measure.facets._connect import _probed, group_rows, null_space
from tests.measure.facets.simulated import pairs


def _with(table: dict[str, np.ndarray], pairing: Any) -> dict[str, np.ndarray]:
    row = {pairing.add: pairing.level, **dict(pairing.of), "value": 1}
    return {name: np.append(column, row[name]) for name, column in table.items()}


def two_islands() -> dict[str, np.ndarray]:
    return {
        "person": np.array([1, 1, 2, 2, 3, 3, 4, 4]),
        "rater": np.array(["a", "b", "a", "b", "c", "d", "c", "d"]),
        "value": np.array([1, 2, 2, 3, 1, 1, 2, 3]),
    }


def raters_nested_in_exercises() -> dict[str, np.ndarray]:
    """Everybody meets everybody in the graph, yet raters and exercises cannot be told apart."""
    p, e, s = (a.ravel() for a in np.meshgrid(np.arange(6), np.arange(3), np.arange(2), indexing="ij"))
    return {"person": p, "exercise": e, "rater": e * 2 + s, "value": (p + e + s) % 4}


def test_a_crossed_design_is_connected() -> None:
    found = connectedness(pairs(n_persons=40).ratings, ("person", "item", "rater"))
    assert found.connected
    assert found.missing_links == 0
    assert found.pairings_that_connect == ()


def test_islands_are_listed_and_one_pairing_joins_two() -> None:
    table = two_islands()
    found = connectedness(table, ("person", "rater"))
    assert not found.connected
    assert found.subsets_of("rater") == (("a", "b"), ("c", "d"))
    assert found.subsets_of("person") == ((1, 2), (3, 4))
    assert len(found.pairings_that_connect) == 1
    assert connectedness(_with(table, found.pairings_that_connect[0]), ("person", "rater")).connected


def test_nesting_is_seen_where_the_graph_looks_connected() -> None:
    table = raters_nested_in_exercises()
    found = connectedness(table, ("person", "exercise", "rater"))
    assert found.missing_links == 2
    assert found.subsets_of("person") == ()
    assert {frozenset(s) for s in found.subsets_of("rater")} == {
        frozenset(s) for s in ((0, 1), (2, 3), (4, 5))
    }
    for pairing in found.pairings_that_connect:
        assert pairing.add == "rater"
        table = _with(table, pairing)
    assert connectedness(table, ("person", "exercise", "rater")).connected


@pytest.mark.parametrize("seed", range(6))
def test_pairings_are_as_few_as_the_missing_links_and_suffice(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = rng.integers(0, 14, size=22)
    table = {
        "person": p,
        "item": rng.integers(0, 3, size=22),
        "rater": rng.integers(0, 8, size=22),
        "value": p % 3,
    }
    found = connectedness(table, ("person", "item", "rater"))
    assert len(found.pairings_that_connect) == found.missing_links
    for pairing in found.pairings_that_connect:
        table = _with(table, pairing)
    assert connectedness(table, ("person", "item", "rater")).connected


def test_random_probes_find_the_same_groups_as_the_whole_decomposition() -> None:
    table = raters_nested_in_exercises()
    rows = np.stack([table["person"], table["exercise"], table["rater"]])
    sizes = [6, 3, 6]
    from scipy.sparse import csr_matrix

    offset = np.array([0, 6, 9])
    x = csr_matrix(
        (np.ones(rows.size), (np.tile(np.arange(rows.shape[1]), 3), (rows + offset[:, None]).ravel()))
    )
    whole, probed = null_space(rows, sizes)[0], _probed(x, 15, 3)[0]
    a, b = group_rows(whole[9:]), group_rows(probed[9:])
    assert np.array_equal(a[:, None] == a[None, :], b[:, None] == b[None, :])


def test_the_model_says_that_subsets_are_compared_by_assumption() -> None:
    one, two = pairs(n_persons=40, seed=1).ratings, pairs(n_persons=40, seed=2).ratings
    both = {
        name: np.concatenate((one[name], two[name] + (100 if name in {"person", "rater"} else 0)))
        for name in one
    }
    model = ManyFacetRasch(facets=("person", "item", "rater")).fit(both)
    assert "not_connected" in {flag.code for flag in model.flags_}
    assert len(model.connectedness_.subsets_of("rater")) == 2


def test_what_the_ratings_leave_open_is_named() -> None:
    rng = np.random.default_rng(3)
    table = raters_nested_in_exercises()
    table = {name: np.tile(column, 10) for name, column in table.items()}
    table["person"] = table["person"] + 6 * np.repeat(np.arange(10), 36)
    table["value"] = rng.integers(0, 4, size=360)
    for method in ("marginal", "joint"):
        model = ManyFacetRasch(facets=("person", "exercise", "rater"), method=method).fit(table)
        flags = {flag.code: flag for flag in model.flags_}
        assert "not_identified" in flags
        assert "exercise" in flags["not_identified"].where
        assert np.isnan(model.severity_se_["exercise"]).all()
