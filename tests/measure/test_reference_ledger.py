"""Every table of known answers in scope is compared with somewhere; what is not in scope is named with its reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REFERENCE = Path(os.environ.get("KAMERTON_REFERENCE") or Path(__file__).parents[3] / "shared" / "reference")
LATER = {
    "holzinger_swineford_1939": "factor models",
    "bfi25_complete": "factor models",
    "dif_verbagg_gender": "differential functioning",
    "verbagg_binary_with_covariates": "differential functioning",
    "sound_quality": "paired comparisons",
    "forced_choice": "forced choice",
    "culture_profile": "culture profiles",
    "customer_value": "customer value",
    "org_and_pay": "organisation and pay",
}
"""Tables for methods that are not built yet."""


def test_every_table_in_scope_is_compared_with() -> None:
    if not REFERENCE.is_dir():
        pytest.skip("no reference data; set KAMERTON_REFERENCE")
    here = Path(__file__)
    tests = "\n".join(p.read_text(encoding="utf-8") for p in here.parent.rglob("*.py") if p != here)
    tables = {p.stem for folder in ("psychometrics", "methods") for p in (REFERENCE / folder).glob("*.json")}
    data = {p.stem for p in (REFERENCE / "psychometrics").glob("*.csv")}
    missing = sorted(name for name in (tables | data) - set(LATER) if name not in tests)
    assert not missing, f"no test compares with {', '.join(missing)}"
