"""What a home holds, as one JSON object: rows of every table by digest, guards, the role page. Also run by itself."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import asdict
from typing import Any


def census(slug: str) -> dict[str, Any]:
    from kamerton.apps.records import freezing
    from kamerton.apps.records.models import Project, Release
    from kamerton.apps.reporting.readmodels import RoleFilters, role_page
    from kamerton.flows.vault import stored_tables
    from kamerton.values.canonical import digest_of

    tables = {}
    for model in stored_tables():
        names = [field.attname for field in model._meta.concrete_fields]
        rows = [
            repr(tuple(_same(value) for value in row)) for row in model._default_manager.values_list(*names)
        ]
        digest = hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()
        tables[model._meta.db_table] = [len(rows), digest]
    project = Project.objects.get(slug=slug)
    page = asdict(role_page(project, "R3", RoleFilters(), "ru"))
    return {
        "tables": tables,
        "missing": freezing.missing("default"),
        "releases": all(digest_of(release.body) == release.digest for release in Release.objects.all()),
        "page": hashlib.sha256(json.dumps(page, default=str, sort_keys=True).encode()).hexdigest(),
    }  # fmt: skip


def _same(value: object) -> object:
    """JSON columns come back with their keys in the order of the database."""
    return (
        json.dumps(value, sort_keys=True, ensure_ascii=False)
        if isinstance(value, dict | list)
        else str(value)
    )


if __name__ == "__main__":
    import django

    django.setup()
    sys.stdout.write(json.dumps(census(sys.argv[1])))
