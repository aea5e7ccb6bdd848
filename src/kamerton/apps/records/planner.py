"""What the database must know of its tables to choose a plan after much has been written at once."""

from __future__ import annotations

from django.db import connection

MUCH = 500
"""Rows from which a wrong plan is felt; below, gathering statistics costs more than it saves."""


def note_growth(rows: int) -> None:
    """Refresh the planner's statistics after an import or a run has written `rows` rows.

    PostgreSQL gathers them by itself a minute or so later; until then it takes the tables for nearly empty, and a
    page that joins them for thousands of people may take minutes. SQLite needs nothing.
    """
    if rows < MUCH or connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
