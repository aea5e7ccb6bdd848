"""The whole chain: order, pinning, gaps, small groups."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pytest

from kamerton.measure.chain import Calibration, ChainData, evaluate
from kamerton.measure.fit import Prior
from kamerton.measure.simulation import kam_design, simulate

DESIGN = kam_design()
SPEC = DESIGN.spec(seed=11, draws=2000)
WORLD = simulate(DESIGN, 34, 42)
RESULT = evaluate(SPEC, WORLD.data, seats_needed=12)


def part(data: ChainData, keep: list[int]) -> ChainData:
    """The persons `keep`, in that order, with all raters still named."""
    place = {old: new for new, old in enumerate(keep)}
    mine = np.isin(data.person, keep)
    return replace(
        data,
        persons=tuple(data.persons[i] for i in keep),
        item_scores=data.item_scores[keep],
        person=np.array([place[i] for i in data.person[mine]], dtype=int),
        exercise=data.exercise[mine],
        competency=data.competency[mine],
        rater=data.rater[mine],
        rating=data.rating[mine],
    )


def test_order_of_persons_raters_and_ratings_changes_no_number() -> None:
    rng = np.random.default_rng(3)
    keep = rng.permutation(34).tolist()
    d = part(WORLD.data, keep)
    names = rng.permutation(6)
    mix = rng.permutation(len(d.rating))
    back = np.argsort(names)
    d = replace(
        d,
        raters=tuple(d.raters[i] for i in names),
        rater=back[d.rater][mix],
        person=d.person[mix],
        exercise=d.exercise[mix],
        competency=d.competency[mix],
        rating=d.rating[mix],
    )
    other = evaluate(SPEC, d, seats_needed=12)
    assert other.persons == tuple(WORLD.data.persons[i] for i in keep)
    for name in ("y", "V", "reliability", "fair_average", "new_evidence"):
        assert np.array_equal(getattr(other, name), getattr(RESULT, name)[keep], equal_nan=True), name
    for name in ("p_category", "p_met", "p_roles", "stability", "d2"):
        assert np.array_equal(getattr(other.fit, name), getattr(RESULT.fit, name)[keep], equal_nan=True), name
    assert other.fit.proposal == tuple(RESULT.fit.proposal[i] for i in keep)
    assert other.competency_flags == tuple(RESULT.competency_flags[i] for i in keep)
    assert np.array_equal(other.calibration.severity, RESULT.calibration.severity)
    assert other.seats is not None and RESULT.seats is not None
    assert np.array_equal(other.seats.draws_a, RESULT.seats.draws_a)
    np.testing.assert_array_equal(other.cells.value, RESULT.cells.value[keep])
    np.testing.assert_array_equal(other.combined.conflict_p, RESULT.combined.conflict_p[keep])


@pytest.mark.parametrize("who", [0, 17, 33])
def test_a_person_scored_alone_with_the_calibration_gets_the_same_numbers(who: int) -> None:
    stored = json.loads(json.dumps(RESULT.calibration.to_dict()))
    prior = json.loads(json.dumps(RESULT.prior.to_dict()))
    alone = evaluate(SPEC, part(WORLD.data, [who]), calibration=stored, prior=prior)
    np.testing.assert_allclose(alone.y[0], RESULT.y[who], atol=1e-12)
    np.testing.assert_allclose(alone.V[0], RESULT.V[who], atol=1e-12)
    np.testing.assert_allclose(alone.fit.p_category[0], RESULT.fit.p_category[who], atol=1e-12)
    assert alone.fit.proposal[0] == RESULT.fit.proposal[who]
    assert alone.fit.alternative[0] == RESULT.fit.alternative[who]


def test_calibration_and_prior_survive_the_dictionary() -> None:
    again = Calibration.from_dict(json.loads(json.dumps(RESULT.calibration.to_dict())))
    for f in fields(Calibration):
        a, b = getattr(again, f.name), getattr(RESULT.calibration, f.name)
        if isinstance(b, np.ndarray):
            assert np.array_equal(a, b, equal_nan=b.dtype.kind == "f"), f.name
        elif f.name != "components":
            assert a == b, f.name
    assert again.components.used == RESULT.calibration.components.used
    p = Prior.from_dict(json.loads(json.dumps(RESULT.prior.to_dict())))
    assert np.array_equal(p.covariance, RESULT.prior.covariance)


def test_results_cannot_be_changed() -> None:
    for array in (RESULT.y, RESULT.V, RESULT.fit.p_category, RESULT.calibration.severity, RESULT.cells.value):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_small_groups_keep_raw_means_default_errors_and_say_so() -> None:
    r = evaluate(SPEC, part(WORLD.data, list(range(12))))
    assert {"error_assumed", "severity_not_removed", "prior_default"} <= set(r.flags)
    seen = r.cells.observed
    np.testing.assert_array_equal(r.cells.value[seen], r.cells.raw[seen])
    assert r.calibration.components.used == SPEC.defaults.components
    assert np.array_equal(r.prior.mean, np.full(8, 3.0))
    assert "severity_not_removed" in r.competency_flags[0][0]


def test_externals_without_e4_are_scored_on_what_they_did() -> None:
    e4 = SPEC.instruments.index("E4")
    c7 = 6
    assert np.isnan(RESULT.combined.parts_value[33, c7, e4])
    np.testing.assert_allclose(RESULT.combined.weights_used[33].sum(axis=1), 1)
    assert RESULT.combined.se[33, c7] > RESULT.combined.se[0, c7]
    # C7 = HT 1, E3 1, E4 2: without E4 exactly half of the stated weight is left, which still suffices
    assert not RESULT.combined.insufficient[33, c7]


def test_a_person_who_only_took_the_test_is_insufficient_and_one_without_data_is_not_measured() -> None:
    d = WORLD.data
    mine = (d.person != 3) & (d.person != 4)
    items = d.item_scores.copy()
    items[4] = np.nan
    d = replace(
        d,
        item_scores=items,
        person=d.person[mine],
        exercise=d.exercise[mine],
        competency=d.competency[mine],
        rater=d.rater[mine],
        rating=d.rating[mine],
    )
    r = evaluate(SPEC, d, seats_needed=5)
    assert r.fit.proposal[3] == r.fit.proposal[4] == "insufficient"
    assert r.combined.insufficient[3].all() and r.combined.not_measured[4].all()
    assert np.isnan(r.fit.p_category[3:5]).all() and np.isnan(r.composite.value[3])
    assert r.seats is not None and set(r.seats.excluded) == {d.persons[3], d.persons[4]}
    assert not np.isnan(r.fit.p_category[5:]).any()


def test_not_observed_is_not_a_rating() -> None:
    d = WORLD.data
    x = d.rating.copy()
    x[::9] = np.nan
    r = evaluate(SPEC, replace(d, rating=x))
    assert r.cells.n_raters.sum() == (~np.isnan(x)).sum()
    assert (r.cells.single_rater & (r.cells.n_raters == 1)).sum() == (r.cells.n_raters == 1).sum() > 0


def test_a_new_rater_is_scored_uncorrected_and_flagged() -> None:
    d = part(WORLD.data, [0])
    d = replace(d, raters=("new", *d.raters[1:]))
    r = evaluate(SPEC, d, calibration=RESULT.calibration, prior=RESULT.prior)
    if (d.rater == 0).any():
        assert "severity_not_removed" in r.flags
        assert r.cells.not_linked.any()


def test_refuses_a_rating_where_the_matrix_is_empty() -> None:
    d = WORLD.data
    e = d.exercise.copy()
    e[0], c = SPEC.instruments.index("E2"), d.competency.copy()
    c[0] = 0
    with pytest.raises(ValueError, match="matrix leaves empty"):
        evaluate(SPEC, replace(d, exercise=e, competency=c))


def test_refuses_items_of_another_form() -> None:
    with pytest.raises(ValueError, match="has 45 items, the spec has 46"):
        evaluate(SPEC, replace(WORLD.data, item_scores=WORLD.data.item_scores[:, :45]))


def test_a_procedure_without_a_test_is_scored_by_its_exercises() -> None:
    spec = replace(
        SPEC,
        test_instrument=None,
        item_block=np.zeros(0),
        item_max=np.zeros(0),
        item_partial=np.zeros(0),
        item_text=np.zeros(0),
        weights=np.where(np.arange(6) == 0, 0, SPEC.weights),
    )
    r = evaluate(spec, replace(WORLD.data, item_scores=np.zeros((34, 0))))
    assert np.isfinite(r.y).all() and np.isfinite(r.fit.p_category[:24]).all()
