"""`./run bench web | measure`: measurements as ratios within one run; see docs/reference/benchmarks.md."""

from __future__ import annotations

import argparse
import sys


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("what", choices=["web", "measure"], help="what to measure")
    parser.add_argument("--quick", action="store_true", help="shorter phases and smaller numbers, for a look")
    options = parser.parse_args()
    if options.what == "measure":
        from bench.measure import measure

        return measure(quick=options.quick)
    from bench.web import measure_web

    return measure_web(quick=options.quick)


if __name__ == "__main__":
    sys.exit(main())
