"""Calibration and estimation beside a compiled peer, beside the matrix products they consist of, and in memory."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from kamerton.measure.irt import GradedResponse, TwoParameter
from kamerton.measure.irt._engine import Block, Indicators, Latent, State, category_table, expectation

NODES = 61


def two_parameter(n: int, items: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    a, b = rng.lognormal(0, 0.3, items), rng.normal(size=items)
    out = np.empty((n, items))
    for low in range(0, n, 50_000):
        theta = rng.normal(size=(min(50_000, n - low), 1))
        out[low : low + 50_000] = rng.random((len(theta), items)) < 1 / (1 + np.exp(-a * (theta - b)))
    return out


def graded(n: int, items: int, seed: int = 2, steps: int = 4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    a, b = rng.lognormal(0, 0.3, items), np.sort(rng.normal(size=(items, steps)), axis=1)
    theta = rng.normal(size=(n, 1, 1))
    return (rng.random((n, items, 1)) < 1 / (1 + np.exp(-a[:, None] * (theta - b)))).sum(axis=2).astype(float)


def _best(run: Callable[[], Any], times: int) -> tuple[float, Any]:
    """The quickest of several runs: on a shared machine the least disturbed one."""
    spent, found = np.inf, None
    for _ in range(times):
        begin = time.perf_counter()
        found = run()
        spent = min(spent, time.perf_counter() - begin)
    return spent, found


def figures(quick: bool) -> dict[str, Any]:
    """Seconds, ratios and log-likelihoods; `peer` is None where the package is not installed."""
    persons = 2_000 if quick else 10_000
    many = 20_000 if quick else 100_000
    out: dict[str, Any] = {"persons": persons, "many": many, "nodes": NODES, "models": {}}
    for name, make, kind, peer in (
        ("2PL", two_parameter, TwoParameter, "2PL"),
        ("GRM", graded, GradedResponse, "GRM"),
    ):
        x = make(persons, 50)
        fit, model = _best(lambda x=x, kind=kind: kind(quadrature=NODES, standard_errors=False).fit(x), 5)
        both, _ = _best(lambda x=x, kind=kind: kind(quadrature=NODES).fit(x), 5)
        out["models"][name] = {
            "fit": fit,
            "fit_with_errors": both,
            "errors_ratio": both / fit,
            "log_likelihood": model.log_likelihood_,
            "peer": _peer(x, peer, model.log_likelihood_),
        }
        if (other := out["models"][name]["peer"]) is not None:
            other["times_slower"] = other["seconds"] / fit
            other["times_slower_accelerated"] = other["seconds_accelerated"] / fit
    out["e_step"] = _e_step(many)
    out["estimate"] = _estimate(many, out["e_step"]["seconds"])
    out["memory"] = _memory(100_000 if quick else 1_000_000)
    return out


def _peer(x: np.ndarray, model: str, own: float) -> dict[str, float] | None:
    try:
        import mirt
    except ImportError:
        return None
    y = x.astype(int)
    spent: dict[str, float] = {}
    values = []
    for speed in ("none", "squarem"):

        def fit(speed: str = speed) -> Any:
            return mirt.fit_mirt(
                y, model=model, n_quadpts=NODES, compute_standard_errors=False, accelerate=speed
            )

        spent[speed], found = _best(fit, 3)
        values.append(_at_own_nodes(x, found.model.parameters))
    return {
        "seconds": spent["none"],
        "seconds_accelerated": spent["squarem"],
        "log_likelihood": max(values),
        "own_minus_peer": own - max(values),
    }


def _at_own_nodes(x: np.ndarray, parameters: dict[str, np.ndarray]) -> float:
    """The log-likelihood of the peer's parameters on our grid: its own nodes integrate with an error of their own."""
    a = np.asarray(parameters["discrimination"], dtype=float)
    b = np.asarray(parameters.get("thresholds", parameters.get("difficulty")), dtype=float).reshape(
        len(a), -1
    )
    xi = np.column_stack((a, -a[:, None] * b))
    latent = Latent(np.zeros(1), np.ones(1), np.array([False]), np.array([False]))
    block = Block("graded", np.arange(len(a)), xi, np.ones(xi.shape[1], bool))
    state = State((block,), latent, np.linspace(-6, 6, NODES))
    counts = np.full(len(a), xi.shape[1], dtype=np.intp)
    data = Indicators(x.astype(np.int16), counts, np.zeros(len(x), dtype=np.intp), np.ones(len(x)))
    return expectation(state, data, exact=True).log_likelihood


def _e_step(n: int) -> dict[str, float]:
    """One E-step of a 2PL against its two products and one exponential of the same size, in the same process."""
    x = two_parameter(n, 50)
    model = TwoParameter(quadrature=NODES, standard_errors=False, max_cycles=3).fit(x[:2000])
    state = model._state()
    data = Indicators(x.astype(np.int16), model.n_categories_, np.zeros(n, dtype=np.intp), np.ones(n))
    expectation(state, data, exact=False)
    step, _ = _best(lambda: expectation(state, data, exact=False), 5)
    table, _ = category_table(state, data)
    a, t = np.ascontiguousarray(x, dtype=np.float32), table.astype(np.float32)

    def products() -> None:
        p = a @ t
        np.exp(p * np.float32(-1e-3), out=p)
        _ = a.T @ p

    bare, _ = _best(products, 5)
    return {"persons": n, "seconds": step, "products_and_exp": bare, "ratio": step / bare}


def _estimate(n: int, e_step: float) -> dict[str, float]:
    x = two_parameter(n, 50)
    model = TwoParameter(quadrature=NODES, standard_errors=False).fit(x[:5000])
    seconds, _ = _best(lambda: model.estimate(x), 3)
    return {"persons": n, "seconds": seconds, "e_steps": seconds / e_step}


MEMORY = """
import resource, sys
import numpy as np
sys.path.insert(0, sys.argv[2])
from bench.measure_irt import two_parameter
from kamerton.measure.irt import TwoParameter
n = int(sys.argv[1])
x = two_parameter(n, 50)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
TwoParameter(quadrature=61, standard_errors=False, max_cycles=3).fit(x)
print(before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def _memory(n: int) -> dict[str, float]:
    from bench.home import ROOT

    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(n), str(ROOT)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    before, after = (int(v) / 1024**2 for v in done.stdout.split()[-2:])
    return {"persons": n, "gib": after - before, "gib_with_answers": after}


def lines(found: dict[str, Any]) -> list[str]:
    out = []
    for name, row in found["models"].items():
        peer = row["peer"]
        beside = (
            f"peer {peer['seconds']:.2f} s: {peer['times_slower']:.1f} times (goal 5), with its accelerator {peer['times_slower_accelerated']:.1f} times; log-likelihood {peer['own_minus_peer']:+.3f} beside the peer's on the same nodes (goal not below -0.01)"
            if peer
            else "no peer installed"
        )
        out.append(f"{name} {found['persons']:,} x 50, {NODES} nodes: {row['fit']:.2f} s; {beside}")
        out.append(f"{name} fit with standard errors: {row['errors_ratio']:.2f} times the fit (goal 2)")
    step, person, memory = found["e_step"], found["estimate"], found["memory"]
    out.append(
        f"one E-step, {step['persons']:,} x 50 x {NODES}: {step['ratio']:.2f} times its products and one exp (goal 2)"
    )
    out.append(
        f"EAP of {person['persons']:,} x 50: {person['seconds']:.2f} s, {person['e_steps']:.2f} E-steps (goal 2)"
    )
    out.append(
        f"memory of a fit at {memory['persons']:,} x 50: {memory['gib']:.2f} GiB beside the answers (goal 1.5)"
    )
    return out
