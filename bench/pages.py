"""Role page and report figures, measured in one process on the database it is given; prints JSON."""

from __future__ import annotations

import json
import sys
import time
from statistics import median
from typing import Any

import django


def timed(call: Any, runs: int) -> float:
    """Median milliseconds of `runs` calls after one warm-up."""
    call()
    spent = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        spent.append((time.perf_counter() - start) * 1000)
    return median(spent)


def main(quick: bool) -> None:
    django.setup()
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from kamerton.apps.decisions.models import FitResult
    from kamerton.apps.records.actors import OPERATOR
    from kamerton.apps.records.models import Project
    from kamerton.apps.reporting.actions import issue_report
    from kamerton.apps.reporting.readmodels.role_page import RoleFilters, role_page
    from tests.apps.reporting.world import make_world

    runs = 5 if quick else 15
    figures: dict[str, Any] = {}
    sample = Project.objects.get(slug="norvetal")
    crowd = make_world(slug="crowd", size=1000 if quick else 5000, rich=False)
    for name, project in (("34", sample), ("5000", crowd.project)):
        filters = RoleFilters(order="composite", who="employees")

        def page(project: Project = project, filters: RoleFilters = filters) -> Any:
            return role_page(project, "R3", filters, "ru")

        with CaptureQueriesContext(
            connection,
        ) as queries:
            found = page()
        figures[f"role_page_{name}"] = {
            "people": found.found, "rows": len(found.rows), "queries": len(queries), "ms": timed(page, runs)
        }  # fmt: skip
    fits = list(
        FitResult.objects.filter(run__project=sample).select_related("run__project")[: 6 if quick else 16]
    )
    start = time.perf_counter()
    for fit in fits:
        issue_report(actor=OPERATOR, fit=fit, language="ru", at=timezone.now())
    spent = time.perf_counter() - start
    figures["reports"] = {"count": len(fits), "per_second": len(fits) / spent}
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    main("--quick" in sys.argv)
