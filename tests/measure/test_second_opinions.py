"""The second opinion on the blocks of a test: there from a hundred persons on, nearer to the truth, never in the score of record."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kamerton.measure.chain import evaluate
from kamerton.measure.simulation import MODERATE, kam_design, simulate


def test_says_nothing_below_a_hundred_persons() -> None:
    design = kam_design()
    result = evaluate(design.spec(seed=1, draws=200), simulate(design, 34, 1, MODERATE).data)
    assert np.isnan(result.borrowed).all() and "second" not in result.algorithms


@pytest.mark.parametrize("n", [120, 400])
def test_borrowing_blocks_are_nearer_to_the_truth_and_change_no_score(n: int) -> None:
    design = replace(
        kam_design(), without={k: round(v * n / 34) for k, v in kam_design().without.items()}, raters=12
    )
    world = simulate(design, n, 2, MODERATE)
    spec = design.spec(seed=1, draws=200)
    result, plain = evaluate(spec, world.data), evaluate(spec, world.data, second_opinions=False)
    assert result.algorithms["second"] == "irt.correlated-blocks/1"
    assert np.array_equal(result.y, plain.y) and np.array_equal(result.fit.p_a, plain.fit.p_a)
    gap, classical = result.borrowed - world.block_truth, result.blocks.value - world.block_truth
    assert np.sqrt(np.nanmean(gap**2)) < 0.85 * np.sqrt(np.nanmean(classical**2))
    inside = np.abs(gap) < 1.2816 * result.borrowed_se
    assert 0.70 < float(inside[~np.isnan(gap)].mean()) < 0.92
