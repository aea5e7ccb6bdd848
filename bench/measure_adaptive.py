"""One step of an adaptive test beside one matrix–vector product over the same cached bank, and beside a peer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from kamerton.measure.adaptive import AdaptiveTest, Bank, Length
from kamerton.measure.irt import GradedResponse, TwoParameter


def _bank(items: int, categories: int) -> Bank:
    rng = np.random.default_rng(items)
    x = rng.integers(0, categories, size=(60, items)).astype(float)
    x[:categories] = np.arange(categories)[:, None]
    kind = TwoParameter if categories == 2 else GradedResponse
    model = kind(quadrature=21, standard_errors=False, max_cycles=1).fit(x)
    model.slope_ = rng.lognormal(0, 0.3, items)
    model.intercept_ = -np.sort(rng.normal(size=(items, categories - 1)), axis=1)
    return Bank.of(model)


def _median(run: Callable[[], Any], times: int) -> float:
    spent = []
    for _ in range(times):
        begin = time.perf_counter()
        run()
        spent.append(time.perf_counter() - begin)
    return float(np.median(spent)) * 1e6


def figures(quick: bool = False) -> dict[str, Any]:
    """Microseconds a step after ten answers and its ratio to the product; replay of every bank."""
    times = 100 if quick else 600
    out: dict[str, Any] = {}
    for items, categories in ((500, 2), (5000, 2), (500, 5)):
        bank = _bank(items, categories)
        table = np.array(bank.information_table)
        row: dict[str, Any] = {}
        for select in ("max_info", "posterior_weighted"):
            test = AdaptiveTest(bank, select=select, stop=Length(30))
            so_far: list[tuple[int | str, float]] = []
            for n in range(10):
                step = test.next(so_far)
                assert step.item is not None
                so_far.append((step.item, float(n % categories)))
            weights = test.posterior(so_far)
            product = _median(lambda table=table, weights=weights: table @ weights, times)
            row[select] = _median(lambda test=test, so_far=so_far: test.next(so_far), times)
            row["product"] = product
            row[f"{select}_ratio"] = row[select] / product
            again = AdaptiveTest(bank, select=select, stop=Length(30))
            row["replayed"] = all(again.next(so_far[:n]).item == item for n, (item, _) in enumerate(so_far))
        out[f"{items} items, {categories} categories"] = row
    return out


def lines(found: dict[str, Any]) -> list[str]:
    return [
        f"CAT step, {name}: {row['max_info']:.0f} us at the estimate ({row['max_info_ratio']:.1f} products of {row['product']:.0f} us; goal 3), "
        f"{row['posterior_weighted']:.0f} us expected ({row['posterior_weighted_ratio']:.1f}); replay {'identical' if row['replayed'] else 'DIFFERS'}"
        for name, row in found.items()
    ]
