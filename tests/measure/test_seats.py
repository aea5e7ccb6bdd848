"""Seats (SCORING A5.1)."""

from __future__ import annotations

import numpy as np
import pytest

from kamerton.measure.fit import RoleFit, RoleRule, default_prior
from kamerton.measure.seats import count_seats, permutation

NAMES = ("C1", "C2")
RULE = RoleRule(
    cuts=np.array([2.5, 2.5]), targets=np.array([3.5, 3.5]), weights=np.ones(2), composite_cut=3.0
)
FIT = RoleFit({"KAM": RULE}, "KAM", default_prior(2), competencies=NAMES)


def people(y):
    y = np.asarray(y, dtype=float)
    return FIT.evaluate(y, np.repeat(0.1 * np.eye(2)[None], len(y), axis=0)), [f"p{i}" for i in range(len(y))]


def test_certain_people_are_counted_as_they_are() -> None:
    verdicts, ids = people([[4.9, 4.9]] * 3 + [[1.0, 1.0]] * 4)
    s = count_seats(FIT, verdicts, ids, needed=5, share=0.5)
    assert s.ready == pytest.approx(3, abs=0.05) and s.hire == pytest.approx(2, abs=0.1)
    assert s.ready_interval == (3.0, 3.0)


def test_hire_is_never_negative_and_uses_the_stated_share() -> None:
    verdicts, ids = people([[3.2, 3.2], [2.6, 3.4], [4.5, 4.5]])
    s = count_seats(FIT, verdicts, ids, needed=1, share=1.0)
    assert s.draws_hire.min() >= 0
    np.testing.assert_allclose(s.draws_hire, np.maximum(0, 1 - s.draws_a - s.draws_b))


def test_expected_count_is_near_the_sum_of_probabilities() -> None:
    verdicts, ids = people(np.random.default_rng(0).uniform(2, 4.5, (30, 2)))
    s = count_seats(FIT, verdicts, ids, needed=10)
    assert s.ready == pytest.approx(verdicts.p_a.sum(), abs=0.6)


def test_a_shared_shift_widens_what_independent_errors_promise() -> None:
    verdicts, ids = people(np.random.default_rng(0).uniform(2.4, 4.0, (200, 2)))
    s = count_seats(FIT, verdicts, ids, needed=10)
    independent = np.sqrt((verdicts.p_a * (1 - verdicts.p_a)).sum())
    assert s.draws_a.std() > 1.5 * independent


def test_persons_have_their_own_order_of_draws_whatever_the_company() -> None:
    assert np.array_equal(permutation(1, "p7", 50), permutation(1, "p7", 50))
    assert not np.array_equal(permutation(1, "p7", 50), permutation(1, "p8", 50))
    assert not np.array_equal(permutation(1, "p7", 50), permutation(2, "p7", 50))
    assert sorted(permutation(1, "p7", 50)) == list(range(50))
    verdicts, ids = people([[3.0, 3.3], [2.6, 3.4], [3.5, 3.5]])
    back, _ = people([[3.5, 3.5], [2.6, 3.4], [3.0, 3.3]])
    a = count_seats(FIT, verdicts, ids, needed=2)
    b = count_seats(FIT, back, ids[::-1], needed=2)
    assert np.array_equal(a.draws_a, b.draws_a)


def test_people_without_a_verdict_are_left_out_by_name() -> None:
    y = np.array([[3.0, np.nan], [4.0, 4.0]])
    v = np.repeat(0.1 * np.eye(2)[None], 2, axis=0)
    s = count_seats(FIT, FIT.evaluate(y, v), ["a", "b"], needed=2)
    assert s.excluded == ("a",) and s.n == 1


def test_refuses_a_share_outside_zero_to_one() -> None:
    verdicts, ids = people([[3.0, 3.0]])
    with pytest.raises(ValueError, match=r"share must lie in 0…1"):
        count_seats(FIT, verdicts, ids, needed=1, share=1.5)
