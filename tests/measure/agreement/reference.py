"""The folder of known answers, and a skip that says where it was looked for."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

REFERENCE = Path(os.environ.get("KAMERTON_REFERENCE") or Path(__file__).parents[4] / "shared" / "reference")


def _file(*parts: str) -> Path:
    file = REFERENCE.joinpath(*parts)
    if not file.exists():
        pytest.skip(
            f"reference data {file.name} is not here; set KAMERTON_REFERENCE to the folder that holds it"
        )
    return file


def cases(name: str) -> dict[str, dict[str, Any]]:
    """The worked examples of one method by id."""
    listed = json.loads(_file("methods", f"{name}.json").read_text(encoding="utf-8"))["cases"]
    return {case["id"]: case for case in listed}


def answers(name: str) -> dict[str, Any]:
    """The answers R gave for one data set."""
    return json.loads(_file("psychometrics", f"{name}.json").read_text(encoding="utf-8"))


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one data set as texts."""
    with _file("psychometrics", f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def matrix(name: str) -> np.ndarray:
    """A data set as numbers, blank cells as NaN."""
    return np.array([[float(v) if v else np.nan for v in row.values()] for row in rows(name)])
