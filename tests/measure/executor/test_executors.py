"""Sums over chunks: the same whatever the chunks, in this process and on the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from kamerton.measure.executor import Dask, Executor, InProcess
from kamerton.measure.irt import GradedResponse, TwoParameter


def answers(n: int = 700) -> np.ndarray:
    rng = np.random.default_rng(11)
    x = (rng.normal(size=(n, 1)) - np.linspace(-1, 1, 10) + rng.logistic(size=(n, 10)) > 0).astype(float)
    x[rng.random(x.shape) < 0.05] = np.nan
    return x


def squares(power: int, part: np.ndarray) -> np.ndarray:
    out: np.ndarray = (part**power).sum(axis=0)
    return out


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as here,
        distributed.Client(here) as client,
    ):
        yield client


@pytest.mark.parametrize("chunk", [1, 33, 100, 699, 700, 5000])
def test_a_fit_does_not_depend_on_the_chunks(chunk: int) -> None:
    x = answers()
    whole = TwoParameter(quadrature=31).fit(x, executor=InProcess(), chunk=700)
    parts = TwoParameter(quadrature=31).fit(x, executor=InProcess(), chunk=chunk) if chunk > 1 else whole
    assert parts.log_likelihood_ == pytest.approx(
        whole.log_likelihood_, abs=1e-9 * abs(whole.log_likelihood_)
    )
    assert np.allclose(parts.slope_, whole.slope_, rtol=0, atol=1e-9)
    assert np.allclose(parts.intercept_, whole.intercept_, rtol=0, atol=1e-9)


def test_a_part_without_gaps_keeps_the_columns_of_the_whole() -> None:
    x = answers()
    x[:350] = np.nan_to_num(x[:350])  # only the second chunk has answers missing
    a = TwoParameter(quadrature=31).fit(x, executor=InProcess(), chunk=350)
    b = TwoParameter(quadrature=31).fit(x, executor=InProcess(), chunk=700)
    assert np.allclose(a.slope_, b.slope_, rtol=0, atol=1e-9)


def test_an_executor_changes_the_default_fit_by_less_than_its_tolerance() -> None:
    x = answers()
    assert np.allclose(
        TwoParameter().fit(x).slope_, TwoParameter().fit(x, executor=InProcess()).slope_, atol=2e-4
    )


def test_a_cluster_gives_the_same_sums(cluster: Any) -> None:
    x = answers()
    ordered = x + np.roll(x, 1, axis=1)
    for model, data in ((TwoParameter, x), (GradedResponse, ordered)):
        here = model(quadrature=31).fit(data, executor=InProcess(), chunk=700)
        there = model(quadrature=31).fit(data, executor=Dask(cluster), chunk=150)
        assert there.log_likelihood_ == pytest.approx(
            here.log_likelihood_, abs=1e-9 * abs(here.log_likelihood_)
        )
        assert np.allclose(there.slope_, here.slope_, rtol=0, atol=1e-9)
        assert np.allclose(there.intercept_, here.intercept_, rtol=0, atol=1e-9, equal_nan=True)


def test_sums_are_added_in_the_order_of_the_parts(cluster: Any) -> None:
    parts = [np.random.default_rng(k).normal(size=(50, 3)) for k in range(7)]
    here, there = InProcess(), Dask(cluster)
    assert isinstance(here, Executor) and isinstance(there, Executor)
    first = here.total(squares, 2, here.place(parts))
    second = there.total(squares, 2, there.place(parts))
    assert np.array_equal(first, second)


def test_nothing_to_work_on_is_said() -> None:
    with pytest.raises(ValueError, match="no part"):
        InProcess().total(squares, 2, [])
    with pytest.raises(ValueError, match="chunk is 0"):
        TwoParameter().fit(answers(), executor=InProcess(), chunk=0)
