"""Many-facet Rasch: 72,000 ratings against another engine, and 36,000 texts seen by 11,000 raters.

Both engines fit the same model (rating scale, persons normal) to the same ratings within one run; read the ratios.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

THRESHOLDS = np.array([-1.5, -0.5, 0.5, 1.5])
TEXTS, RATERS = 36_000, 11_000


@dataclass(frozen=True)
class Sample:
    """Simulated ratings and the severities behind them."""

    ratings: dict[str, NDArray[Any]]
    severity: NDArray[np.float64]


def _values(location: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.intp]:
    log = np.concatenate(
        (np.zeros((len(location), 1)), np.cumsum(location[:, None] - THRESHOLDS, axis=1)), axis=1
    )
    p = np.exp(log - log.max(axis=1, keepdims=True))
    cumulative = np.cumsum(p / p.sum(axis=1, keepdims=True), axis=1)
    return (rng.random(len(location))[:, None] > cumulative[:, :-1]).sum(axis=1).astype(np.intp)


def centre_sample(n_persons: int, n_raters: int, seed: int) -> Sample:
    """Persons × 6 exercises × 8 competencies × 3 raters; with more than three raters, three of them for each
    performance, drawn anew."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=n_persons)
    exercise = rng.normal(scale=0.3, size=6)
    competency = rng.normal(scale=0.4, size=8)
    severity = rng.normal(scale=0.5, size=n_raters)
    severity -= severity.mean()
    seats = np.argsort(rng.random((n_persons, 6, n_raters)), axis=2)[:, :, :3]
    p, e, c, s = (
        a.ravel()
        for a in np.meshgrid(np.arange(n_persons), np.arange(6), np.arange(8), np.arange(3), indexing="ij")
    )
    r = seats[p, e, s]
    value = _values(ability[p] - exercise[e] - competency[c] - severity[r], rng)
    return Sample({"person": p, "exercise": e, "competency": c, "rater": r, "value": value}, severity)


def sparse_sample(n_texts: int, n_raters: int, seed: int) -> Sample:
    """Two or three raters a text, drawn at random."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(scale=1.5, size=n_texts)
    severity = rng.normal(scale=0.7, size=n_raters)
    text = np.repeat(np.arange(n_texts), rng.integers(2, 4, size=n_texts))
    rater = rng.integers(0, n_raters, size=len(text))
    return Sample(
        {"text": text, "rater": rater, "value": _values(ability[text] - severity[rater], rng)}, severity
    )


def _ours(sample: Sample) -> dict[str, float]:
    from kamerton.measure.facets import ManyFacetRasch

    begin = time.perf_counter()
    model = ManyFacetRasch().fit(sample.ratings)
    seconds = time.perf_counter() - begin
    found = model.table("rater")["severity"]
    return {
        "seconds": seconds,
        "deviance": -2 * model.log_likelihood_,
        "nodes": model.n_nodes_,
        "halving": model.quadrature_change_,
        "severity_error": float(np.abs(found - sample.severity).max()),
    }


def _peer(sample: Sample) -> dict[str, float] | None:
    """The same model by the Python package `mirt`, where it is installed; its own choice of grid."""
    try:
        from mirt.estimation import fit_mfrm
        from mirt.models import Facet, PolytomousMFRM
    except ImportError:
        return None
    r = sample.ratings
    n, width = int(r["person"].max()) + 1, 6 * 8 * 3
    shape = (n, width)
    begin = time.perf_counter()
    model = PolytomousMFRM(8, 5, [Facet("rater", len(sample.severity)), Facet("exercise", 6)])
    result = fit_mfrm(
        model,
        r["value"].reshape(shape),
        {"rater": r["rater"].reshape(shape), "exercise": r["exercise"].reshape(shape)},
        item_indices=r["competency"].reshape(shape),
    )
    seconds = time.perf_counter() - begin
    found = np.asarray(result.facet_parameters["rater"])
    return {
        "seconds": seconds,
        "deviance": -2 * float(result.log_likelihood),
        "nodes": int(result.n_quadpts),
        "severity_error": float(np.abs(found - found.mean() - sample.severity).max()),
    }


def _sparse_here(n_texts: int, n_raters: int) -> dict[str, float]:
    """Run in a process of its own, so that its peak of memory is its own."""
    import resource

    from kamerton.measure.facets import ManyFacetRasch

    sample = sparse_sample(n_texts, n_raters, seed=7)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    model = ManyFacetRasch(facets=("text", "rater")).fit(sample.ratings)
    seconds = time.perf_counter() - begin
    table = model.table("rater")
    ok = np.isfinite(table["severity"])
    truth = sample.severity[table["level"]] - sample.severity.mean()
    usable = ok & (table["flags"] == "")
    error = (table["severity"] - truth)[usable] / table["se"][usable]
    return {
        "seconds": seconds,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "megabytes_before": before / 1024,
        "ratings": len(sample.ratings["value"]),
        "raters": len(table),
        "cycles": model.cycles_,
        "nodes": model.n_nodes_,
        "halving": model.quadrature_change_,
        "converged": float(model.converged_),
        "exact_errors": float("approximate_errors" not in {flag.code for flag in model.flags_}),
        "correlation": float(np.corrcoef(table["severity"][usable], truth[usable])[0, 1]),
        "error_over_se": float(np.std(error)),
    }


def figures(quick: bool = False) -> dict[str, Any]:
    """Designs A and B with the peer beside, and the sparse case."""
    n = 100 if quick else 500
    repeats = 1 if quick else 3
    out: dict[str, Any] = {}
    for name, raters in (("A", 3), ("B", 12)):
        sample = centre_sample(n, raters, seed=11)
        _ours(centre_sample(20, raters, seed=1))  # first calls load code
        ours = [_ours(sample) for _ in range(repeats)]
        peers = [p for p in (_peer(sample) for _ in range(repeats)) if p is not None]
        out[name] = {
            "ratings": len(sample.ratings["value"]),
            "raters": raters,
            "ours": min(ours, key=lambda x: x["seconds"]),
            "peer": min(peers, key=lambda x: x["seconds"]) if peers else None,
        }
    texts, raters = (3_600, 1_100) if quick else (TEXTS, RATERS)
    done = subprocess.run(
        [sys.executable, "-m", "bench.measure_facets", str(texts), str(raters)],
        check=True,
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    out["sparse"] = {"texts": texts, **json.loads(done.stdout)}
    return out


def lines(figures: dict[str, Any]) -> list[str]:
    """The figures in sentences."""
    out = []
    for name in ("A", "B"):
        f = figures[name]
        ours, peer = f["ours"], f["peer"]
        text = (
            f"Design {name}, {f['ratings']:,} ratings, {f['raters']} raters: {ours['seconds']:.2f} s with errors and tables, "
            f"deviance {ours['deviance']:.2f} on {ours['nodes']} nodes (halving moves the log-likelihood by {abs(ours['halving']):.1e}), "
            f"largest error of a severity {ours['severity_error']:.3f}"
        )
        if peer is None:
            text += "; Python mirt is not installed"
        else:
            text += (
                f"; Python mirt {peer['seconds']:.2f} s ({peer['seconds'] / ours['seconds']:.1f} times ours), "
                f"deviance {peer['deviance'] - ours['deviance']:+.3f} against ours on {peer['nodes']} nodes, "
                f"largest error {peer['severity_error']:.3f}"
            )
        out.append(text + ".")
    s = figures["sparse"]
    out.append(
        f"Sparse: {s['texts']:,} texts, {s['raters']:,} raters, {s['ratings']:,} ratings: {s['seconds']:.1f} s, "
        f"peak memory {s['megabytes']:,.0f} MB, {s['cycles']} cycles, "
        f"{'all errors from the whole information' if s['exact_errors'] else 'errors approximate'}, "
        f"severities correlate {s['correlation']:.2f} with the truth, errors over their SE have SD {s['error_over_se']:.2f}."
    )
    return out


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_sparse_here(int(sys.argv[1]), int(sys.argv[2]))))
