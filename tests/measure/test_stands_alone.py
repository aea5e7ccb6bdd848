"""The library is used in a notebook: no Django, no pydantic, no pandas."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
PROGRAM = """
import importlib, pkgutil, sys

class Barred:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"django", "pydantic", "pandas", "polars"} or name.startswith("kamerton.values"):
            raise ImportError("barred: " + name)

sys.meta_path.insert(0, Barred())
import kamerton.measure as km
for module in pkgutil.walk_packages(km.__path__, "kamerton.measure."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
w = km.simulation.simulate(km.simulation.kam_design(), 34, 1)
r = km.chain.evaluate(km.simulation.kam_design().spec(seed=1, draws=200), w.data)
print(len(r.fit.proposal))
"""


def test_the_whole_library_is_imported_and_used_without_a_framework() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(SOURCE)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "34"


def test_examples_in_docstrings_run() -> None:
    import doctest
    import importlib
    import pkgutil

    import kamerton.measure as km

    tried = 0
    for package in km._ROOMS:
        home = importlib.import_module(f"kamerton.measure.{package}")
        for module in pkgutil.walk_packages(home.__path__, f"{home.__name__}."):
            if not module.name.endswith("__main__"):
                found = doctest.testmod(importlib.import_module(module.name))
                assert found.failed == 0, module.name
                tried += found.attempted
    assert tried > 0 and km.__all__
