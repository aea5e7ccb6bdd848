"""`./run bench web | measure | study | delivery`: measurements as ratios within one run, and the simulation study; see docs/reference/benchmarks.md."""

from __future__ import annotations

import argparse
import sys


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("what", choices=["web", "measure", "study", "delivery"], help="what to measure")
    parser.add_argument("--quick", action="store_true", help="shorter phases and smaller numbers, for a look")
    parser.add_argument("--seed", type=int, default=1, help="of the simulation study")
    parser.add_argument("--replications", type=int, help="worlds of the simulation study, 300 unless told")
    options = parser.parse_args()
    if options.what == "study":
        from bench.study import study

        return study(quick=options.quick, seed=options.seed, replications=options.replications)
    if options.what == "measure":
        from bench.measure import measure

        return measure(quick=options.quick)
    if options.what == "delivery":
        from bench.delivery import measure_delivery

        return measure_delivery(quick=options.quick)
    from bench.web import measure_web

    return measure_web(quick=options.quick)


if __name__ == "__main__":
    sys.exit(main())
