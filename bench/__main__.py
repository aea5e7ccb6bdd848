"""`./run bench web [--quick]`: figures as ratios within one run; a table on screen and bench-results/NAME.json."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from bench import web


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("what", choices=["web"])
    parser.add_argument("--quick", action="store_true", help="shorter runs, wider noise")
    given = parser.parse_args()
    figures = web.measure(quick=given.quick)
    folder = Path("bench-results")
    folder.mkdir(exist_ok=True)
    (folder / f"{given.what}.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
    sys.stdout.write("\n".join(web.table(figures)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
