"""Triggers that refuse to change what is frozen, on SQLite and PostgreSQL, from one registry."""

from __future__ import annotations

from django.db import connections

FROZEN_TABLES: tuple[str, ...] = (
    "records_release",
    "records_part",
    "records_seal",
    "records_retirement",
    "records_draftchange",
    "records_audit",
    "frameworks_dismissal",
    "delivery_answer",
    "delivery_consent",
    "delivery_consentwithdrawal",
    "delivery_timegrant",
    "delivery_event",
    "delivery_opening",
    "delivery_accommodation",
    "observation_note",
    "observation_rating",
    "observation_textrating",
    "observation_answerlevel",
    "observation_training",
    "observation_agreement",
    "results_scorerun",
    "results_itemscore",
    "results_score",
    "decisions_fitresult",
    "decisions_decision",
    "reporting_reportissue",
)
"""Tables whose rows are never updated, and deleted only while their whole project is destroyed."""

MESSAGE = "frozen: rows of {table} are never changed; append a new row or publish a new release"


def _sqlite(table: str) -> list[str]:
    message = MESSAGE.format(table=table)
    statements = [
        f"DROP TRIGGER IF EXISTS frozen_update_{table}",
        f"CREATE TRIGGER frozen_update_{table} BEFORE UPDATE ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END",
        f"DROP TRIGGER IF EXISTS frozen_delete_{table}",
        f"CREATE TRIGGER frozen_delete_{table} BEFORE DELETE ON {table} "  # noqa: S608 - names from the registry
        f"WHEN NOT EXISTS (SELECT 1 FROM records_demolition) "
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END",
    ]
    if table == "records_part":
        statements += [
            "DROP TRIGGER IF EXISTS sealed_part",
            "CREATE TRIGGER sealed_part BEFORE INSERT ON records_part "
            "WHEN EXISTS (SELECT 1 FROM records_seal WHERE release_id = NEW.release_id) "
            "BEGIN SELECT RAISE(ABORT, 'sealed: this release is published, no part can join it'); END",
        ]
    return statements


def _postgresql(table: str) -> list[str]:
    statements = [
        f"DROP TRIGGER IF EXISTS frozen_{table} ON {table}",
        f"CREATE TRIGGER frozen_{table} BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION kamerton_refuse_change()",
    ]
    if table == "records_part":
        statements += [
            "DROP TRIGGER IF EXISTS sealed_part ON records_part",
            "CREATE TRIGGER sealed_part BEFORE INSERT ON records_part "
            "FOR EACH ROW EXECUTE FUNCTION kamerton_refuse_late_part()",
        ]
    return statements


_POSTGRESQL_FUNCTIONS = (
    """CREATE OR REPLACE FUNCTION kamerton_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM records_demolition) THEN RETURN OLD; END IF;
      RAISE EXCEPTION 'frozen: rows of % are never changed; append a new row or publish a new release', TG_TABLE_NAME;
    END $$""",
    """CREATE OR REPLACE FUNCTION kamerton_refuse_late_part() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (SELECT 1 FROM records_seal WHERE release_id = NEW.release_id) THEN
        RAISE EXCEPTION 'sealed: this release is published, no part can join it';
      END IF;
      RETURN NEW;
    END $$""",
)


def install(using: str) -> None:
    """(Re)install every guard whose table is there; called after each migrate."""
    connection = connections[using]
    present = set(connection.introspection.table_names())
    if not {"records_seal", "records_demolition"} <= present:
        return
    postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if postgresql:
            for statement in _POSTGRESQL_FUNCTIONS:
                cursor.execute(statement)
        for table in FROZEN_TABLES:
            if table in present:
                for statement in _postgresql(table) if postgresql else _sqlite(table):
                    cursor.execute(statement)


def missing(using: str) -> list[str]:
    """Tables of the registry whose guard is not installed; `doctor` asks."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE 'frozen_%'"
            )
            guarded = {row[0] for row in cursor.fetchall()}
        else:
            cursor.execute(
                "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'frozen_update_%'"
            )
            guarded = {row[0] for row in cursor.fetchall()}
    return [table for table in FROZEN_TABLES if table not in guarded]
