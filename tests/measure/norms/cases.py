"""The scales under the battery."""

from __future__ import annotations

from kamerton.measure import norms
from tests.measure.contract_cases import Case


def _case(name: str) -> Case:
    return Case(
        make=getattr(norms, name),
        data=lambda rng: {"values": rng.normal(3, 0.6, 150)},
        measured=lambda model, data: model.transform(data["values"]).value,
        by_person=("values",),
        tolerance=1e-9,
    )


CASES = {f"norms.{name}": _case(name) for name in ("ZScore", "TScore", "Sten", "Stanine", "StandardScale")}
