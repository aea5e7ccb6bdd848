"""The generator and what the chain recovers of it (SCORING B); bands, not points."""

from __future__ import annotations

import json

import numpy as np
import pytest

from kamerton.measure.linking import BlockLink
from kamerton.measure.simulation import (
    HARD,
    MODERATE,
    Design,
    kam_design,
    replicate,
    simulate,
    true_categories,
)
from kamerton.measure.simulation.__main__ import main

DESIGN = kam_design()
# A short form of sixteen items with few, wide points: two items a competency, texts of two points.
SHORT = {
    "competencies": [f"C{k}" for k in range(1, 9)],
    "instruments": list(DESIGN.instruments),
    "weights": DESIGN.weights.tolist(),
    "is_simulation": DESIGN.is_simulation.tolist(),
    "items": [{"competency": f"C{k}", "max": m} for k in range(1, 9) for m in (1, 2)],
    "roles": {
        n: {
            "cuts": r.cuts.tolist(),
            "targets": r.targets.tolist(),
            "weights": r.weights.tolist(),
            "composite_cut": r.cut,
        }
        for n, r in DESIGN.rules.items()
    },
    "role": "KAM",
    "clusters": {"client": ["C1", "C2", "C3"], "people": ["C4", "C5"], "delivery": ["C6", "C7", "C8"]},
}


def test_the_same_seed_makes_the_same_world() -> None:
    a, b, c = simulate(DESIGN, 34, 5), simulate(DESIGN, 34, 5), simulate(DESIGN, 34, 6)
    assert np.array_equal(a.data.rating, b.data.rating) and np.array_equal(
        a.data.item_scores, b.data.item_scores
    )
    assert not np.array_equal(a.true_levels, c.true_levels)


@pytest.mark.parametrize("level", [1.5, 2.5, 3.5, 4.5])
def test_expected_block_scores_lie_on_the_link_curve(level: float) -> None:
    from kamerton.measure.simulation._world import _items

    ability = np.full((20_000, 8), level)
    x = _items(DESIGN, ability, np.random.default_rng(0))
    for c in range(8):
        mine = DESIGN.item_block == c
        top = DESIGN.item_max[mine].sum()
        want = float(BlockLink(DESIGN.knots[c], top).to_score(level))
        assert x[:, mine].sum(axis=1).mean() == pytest.approx(want, abs=0.06)


@pytest.mark.parametrize(("scenario", "share"), [(MODERATE, 0.31), (HARD, 0.37)], ids=["moderate", "hard"])
def test_the_world_holds_the_share_of_ready_people_of_the_trial(scenario, share: float) -> None:
    w = simulate(DESIGN, 20_000, 1, scenario)
    assert (true_categories(DESIGN, w.true_levels) == 0).mean() == pytest.approx(share, abs=0.015)


@pytest.mark.parametrize("scenario", [MODERATE, HARD], ids=["moderate", "hard"])
def test_recovers_the_figures_of_the_trial_at_34_persons(scenario) -> None:
    """B2–B3 (cautious set, median zero): RMSE .39/.44, composite .23/.28, 80 % intervals 83/80, categories .67/.68,
    A or not .87/.89. Forty worlds, so bands of about ±.03 on shares."""
    b = replicate(DESIGN, replications=40, scenario=scenario, seed=900)
    hard = scenario is HARD
    assert b["rmse"].mean == pytest.approx(0.44 if hard else 0.39, abs=0.02)
    assert b["composite_rmse"].mean == pytest.approx(0.27 if hard else 0.22, abs=0.03)
    assert b["cover80"].mean == pytest.approx(0.80 if hard else 0.83, abs=0.03)
    assert b["cover95"].mean == pytest.approx(0.95 if hard else 0.97, abs=0.02)
    assert b["four"].mean == pytest.approx(0.67, abs=0.05)
    assert b["ready"].mean == pytest.approx(0.88, abs=0.04)
    assert b["decided_right"].mean > 0.92
    assert b["promised"].mean == pytest.approx(0.59, abs=0.04)
    assert b["conflict"].mean < 0.03


def test_at_many_persons_the_error_does_not_vanish_but_stays_covered() -> None:
    from dataclasses import replace

    b = replicate(replace(DESIGN, raters=30, without={"E4": 100}), replications=1, n_persons=600, seed=3)
    assert b["rmse"].mean == pytest.approx(0.38, abs=0.03)
    assert b["cover80"].mean == pytest.approx(0.81, abs=0.03)
    assert b["severity_rmse"].mean < 0.06


def test_a_design_of_plain_values_is_simulated(tmp_path, capsys) -> None:
    path = tmp_path / "short.json"
    path.write_text(json.dumps(SHORT), encoding="utf-8")
    assert main(["--replications", "3", "--design", str(path), "--json"]) == 0
    out = json.loads(capsys.readouterr().out)
    assert set(out) == {"moderate", "hard"}
    assert 0.3 < out["moderate"]["four"]["mean"] < 1
    assert main(["--replications", "2", "--scenario", "hard", "--design", str(path)]) == 0
    assert "four categories = truth" in capsys.readouterr().out


def test_a_design_that_lacks_a_part_says_which() -> None:
    with pytest.raises(ValueError, match=r"lacks \['items'\]"):
        Design.from_dict({k: v for k, v in SHORT.items() if k != "items"})


def test_agreement_needs_the_rules() -> None:
    from kamerton.measure.chain import evaluate
    from kamerton.measure.simulation import category_agreement

    w = simulate(DESIGN, 34, 1)
    r = evaluate(DESIGN.spec(seed=1, draws=200), w.data)
    with pytest.raises(ValueError, match="pass rules"):
        category_agreement(r, w.true_levels)
    assert category_agreement(r, w) == category_agreement(r, w.true_levels, rules=DESIGN)
