"""The measurement library beside other packages and the hardware: calibration, facets, adaptive steps, fit."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import platform
import sys
import time
from datetime import UTC, datetime
from typing import Any

from bench.home import ROOT

PARTS = ("irt", "facets", "adaptive", "fit")
RESULTS = ROOT / "bench-results" / "measure.json"


def measure(*, quick: bool) -> int:
    """Run every part that is there; print a line a figure with its goal; keep all figures."""
    found: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "quick": quick,
    }
    for part in PARTS:
        name = f"bench.measure_{part}"
        if importlib.util.find_spec(name) is None:
            sys.stdout.write(f"{part}: not measured yet\n")
            continue
        module = importlib.import_module(name)
        begin = time.monotonic()
        found[part] = module.figures(quick)
        sys.stdout.write(
            "\n".join(module.lines(found[part])) + f"\n({part}: {time.monotonic() - begin:.0f} s)\n\n"
        )
        sys.stdout.flush()
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False, default=float), encoding="utf-8")
    sys.stdout.write(f"figures in {RESULTS.relative_to(ROOT)}\n")
    return 0
