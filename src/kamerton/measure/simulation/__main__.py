"""`python -m kamerton.measure.simulation --replications 1000 [--design form.json]`: mean and 5–95 % bands."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ._design import Design, kam_design
from ._replicate import replicate
from ._world import SCENARIOS

HEADLINE = {
    "four": "four categories = truth",
    "ready": "A / not A = truth (P(A) >= .50)",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the replications and print one line per measure, the two agreements first."""
    parser = argparse.ArgumentParser(prog="python -m kamerton.measure.simulation", description=main.__doc__)
    parser.add_argument("--replications", type=int, default=1000)
    parser.add_argument("--persons", type=int, default=34)
    parser.add_argument("--scenario", choices=[*SCENARIOS, "both"], default="both")
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--design", type=Path, help="JSON of a design; default: the 46-item form of the specification"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    given = parser.parse_args(argv)
    if given.design is None:
        design = kam_design()
    else:
        design = Design.from_dict(json.loads(given.design.read_text(encoding="utf-8")))
    names = list(SCENARIOS) if given.scenario == "both" else [given.scenario]
    out = sys.stdout
    collected = {}
    for name in names:
        bands = replicate(
            design,
            replications=given.replications,
            n_persons=given.persons,
            scenario=SCENARIOS[name],
            seed=given.seed,
            draws=given.draws,
        )
        collected[name] = {k: asdict(b) for k, b in bands.items()}
        if given.json:
            continue
        out.write(
            f"{name}: {given.replications} replications of {given.persons} persons, {len(design.item_max)} items\n"
        )
        order = [*HEADLINE, *(k for k in bands if k not in HEADLINE)]
        for key in order:
            b = bands[key]
            out.write(f"  {HEADLINE.get(key, key):34s} {b.mean:7.3f}   5-95 % {b.low:6.3f} … {b.high:6.3f}\n")
    if given.json:
        out.write(json.dumps(collected, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
