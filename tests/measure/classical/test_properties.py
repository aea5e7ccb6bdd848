"""What must hold whatever the data."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kamerton.measure.classical import (
    ClassicalTest,
    alpha,
    distractor_analysis,
    item_analysis,
    lambda2,
    omega_total,
    split_half,
)

binary = hnp.arrays(
    np.float64, st.tuples(st.integers(30, 60), st.integers(3, 8)), elements=st.sampled_from([0.0, 1.0])
)
graded = hnp.arrays(
    np.float64,
    st.tuples(st.integers(30, 60), st.integers(3, 6)),
    elements=st.sampled_from([0.0, 1.0, 2.0, 3.0, math.nan]),
)
few = settings(max_examples=40, deadline=None)


@few
@given(binary)
def test_lambda2_is_never_below_alpha(scores):
    a, b = alpha(scores), lambda2(scores)
    assume(a.is_reported)
    assert b.value >= a.value - 1e-12


@few
@given(binary, st.floats(0.1, 10), st.floats(-5, 5))
def test_reliabilities_do_not_depend_on_unit_and_zero(scores, unit, zero):
    for statistic in (alpha, lambda2, split_half):
        one, two = statistic(scores), statistic(scores * unit + zero)
        assume(one.is_reported and two.is_reported)
        assert two.value == pytest.approx(one.value, abs=1e-8)


@few
@given(binary, st.randoms(use_true_random=False))
def test_the_order_of_persons_changes_nothing(scores, random):
    order = list(range(len(scores)))
    random.shuffle(order)
    one, two = ClassicalTest().fit(scores), ClassicalTest().fit(scores[order])
    for a, b in zip((one.alpha_, one.sem_), (two.alpha_, two.sem_), strict=True):
        assert (math.isnan(a.value) and math.isnan(b.value)) or a.value == pytest.approx(b.value, abs=1e-10)
    assert [i.flags for i in one.items_] == [i.flags for i in two.items_]


@few
@given(graded)
def test_every_statistic_survives_missing_cells(scores):
    assume(not np.isnan(scores).all(axis=0).any())
    fitted = ClassicalTest(minimum=0, maximum=3).fit(scores)
    for item in fitted.items_:
        assert item.n + item.n_not_presented == len(scores)
        if item.r_rest.is_reported:
            assert -1 <= item.r_rest.value <= 1
    for person, row in zip(fitted.estimate(scores), scores, strict=True):
        if np.isnan(row).all():
            assert person.flags == ("not_presented",)
            continue
        assert person.se > 0 and person.interval.low <= person.value <= person.interval.high
        assert person.minimum <= person.value <= person.maximum


@few
@given(binary)
def test_options_shares_sum_to_one_with_the_omitted(scores):
    letters = [
        [("A" if v else None) if j == 0 else ("A" if v else "B") for j, v in enumerate(row)] for row in scores
    ]
    for item in distractor_analysis(letters, [{"A"}] * scores.shape[1], scores):
        assert sum(o.n_chosen for o in item.options) + item.n_omitted == item.n
        for option in item.options:
            if option.r_rest.is_reported:
                assert option.r_rest.interval.low <= option.r_rest.value <= option.r_rest.interval.high


def test_scores_at_the_ends_carry_an_error_and_a_flag():
    scores = rasch_like(100, items=10)
    top, bottom = ClassicalTest().fit(scores).estimate([[1.0] * 10, [0.0] * 10])
    assert top.flags == ("all_correct",) and top.se > 0 and top.interval.high == 10
    assert bottom.flags == ("none_correct",) and bottom.se > 0 and bottom.interval.low == 0


def rasch_like(n, items=8, seed=6):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, 1)) + rng.normal(size=(n, items)) > 0).astype(float)


def test_mean_squared_error_of_persons_is_the_square_of_sem():
    scores = rasch_like(800)
    fitted = ClassicalTest().fit(scores)
    # Persons at the ends keep a floor instead of zero; leave their floor out of the identity.
    squares = [p.se**2 if not p.flags else 0.0 for p in fitted.estimate(scores)]
    assert np.mean(squares) == pytest.approx(fitted.sem_.value**2, rel=1e-9)


def test_the_conditional_error_of_binary_items_is_lords_with_keats_correction():
    scores = rasch_like(500, items=12)
    fitted = ClassicalTest().fit(scores)
    k, total = 12, scores.sum(axis=1)
    kr21 = k / (k - 1) * (1 - total.mean() * (k - total.mean()) / (k * total.var(ddof=0)))
    # Keats: Lord's x(k − x)/(k − 1) times (1 − alpha)/(1 − KR-21), here with the variance over n − 1 in both.
    lord = total * (k - total) / (k - 1)
    expected = np.sqrt(lord * fitted.sem_.value**2 / lord.mean())
    inner = (total > 0) & (total < k)
    found = np.array([p.se for p in fitted.estimate(scores)])
    assert found[inner] == pytest.approx(expected[inner], rel=1e-9)
    classic = np.sqrt(lord * (1 - fitted.alpha_.value) / (1 - kr21))
    assert found[inner] == pytest.approx(classic[inner], rel=0.005)


@pytest.mark.parametrize(
    ("n", "shown", "dropped"), ((29, False, False), (30, True, False), (99, True, False), (100, True, True))
)
def test_small_samples_say_less(n, shown, dropped):
    item = item_analysis(rasch_like(n))[0]
    assert item.difficulty.is_reported is shown and item.r_rest.is_reported is shown
    assert item.alpha_if_dropped.is_reported is dropped
    assert ("too_few_persons" in item.flags) is not shown
    assert ClassicalTest().fit(rasch_like(n)).alpha_.is_reported is shown


def test_complete_uses_only_persons_presented_every_item():
    scores = rasch_like(120)
    scores[:20, 0] = np.nan
    assert alpha(scores, missing="complete").value == pytest.approx(alpha(scores[20:]).value, abs=1e-12)
    assert alpha(scores, missing="complete").n == alpha(scores).n == 100
    item = item_analysis(scores)[1]
    assert item.n == 120 and item_analysis(scores, missing="complete")[1].n == 100


def test_too_much_not_presented_is_flagged():
    scores = rasch_like(100, items=10)
    person = (
        ClassicalTest().fit(scores).estimate([[1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, np.nan, np.nan, np.nan]])[0]
    )
    assert person.flags == ("insufficient",) and person.maximum == 7 and person.n_items == 7


def test_omitted_and_not_presented_are_counted_apart():
    scores = rasch_like(100)
    scores[:7, 2] = np.nan
    omitted = np.zeros_like(scores, dtype=bool)
    omitted[5:15, 2] = True
    item = item_analysis(scores, omitted=omitted)[2]
    assert (item.n, item.n_omitted, item.n_not_presented) == (93, 8, 7)


def test_a_constant_item_is_flagged_and_not_correlated():
    scores = rasch_like(100)
    scores[:, 3] = 1
    fitted = ClassicalTest().fit(scores)
    assert "constant" in fitted.items_[3].flags and not fitted.items_[3].r_rest.is_reported
    assert fitted.omega_.flags == ("constant_item",) and fitted.alpha_.is_reported


def test_the_constructor_stores_what_it_was_given_and_fit_returns_self():
    maximum = [1] * 8
    test = ClassicalTest(maximum=maximum, level=0.8)
    assert test.maximum is maximum and test.level == 0.8 and test.minimum is None
    assert test.fit(rasch_like(50)) is test


@pytest.mark.parametrize(
    ("call", "words"),
    (
        (lambda: alpha([1, 2, 3]), "dimension"),
        (lambda: alpha([[1], [2]]), "at least 2"),
        (lambda: alpha([[1, "x"], [2, 3]]), "numbers"),
        (lambda: alpha([[1, math.inf], [2, 3]]), "infinite"),
        (lambda: alpha([[1, 2], [2, 3]], level=95), "confidence"),
        (lambda: alpha([[1, 2], [2, 3]], missing="mean"), "pairwise"),
        (lambda: item_analysis([[1, 2], [2, 3]], names=["a", "a"]), "twice"),
        (lambda: item_analysis([[0, 2], [1, 3]], maximum=1), "outside"),
        (lambda: split_half([[1, 2], [2, 3]], first_half=[0, 1]), "not all"),
        (lambda: ClassicalTest().estimate([[1, 2]]), "fit"),
        (lambda: omega_total([[1, 2, 3], [2, 3, 1]], metric="z"), "standardised"),
    ),
)
def test_refusals_say_what_was_got(call, words):
    with pytest.raises((ValueError, RuntimeError), match=words):
        call()
