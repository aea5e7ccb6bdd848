"""What is published or derived never changes: the database itself refuses, whoever asks."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from kamerton.apps.records.actions import PartSpec, destroy_project, publish_release
from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.errors import NotPermitted
from kamerton.apps.records.freezing import FROZEN_TABLES, missing
from kamerton.apps.records.models import Part, Project, Release
from kamerton.apps.records.queries import latest_release
from tests.cast import NOW

pytestmark = pytest.mark.django_db


def _publish(cast, body, change_kind="wording"):
    return publish_release(
        actor=OPERATOR, project=cast.project, kind="framework", slug="kam", body=body, body_schema="framework/1",
        parts=[PartSpec("competency", "C1")], change_kind=change_kind, summary={"ru": "т", "en": "t"}, at=NOW,
    )  # fmt: skip


def test_every_frozen_table_is_guarded_after_all_migrations():
    assert missing("default") == []
    assert len(FROZEN_TABLES) > 15


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE records_release SET number = 9",
        "DELETE FROM records_part",
        "UPDATE records_audit SET verb = 'x'",
    ],
)
def test_raw_sql_against_a_frozen_row_is_refused(cast, sql):
    _publish(cast, {"a": 1})
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_part_cannot_join_a_published_release(cast):
    release = _publish(cast, {"a": 1})
    with pytest.raises(DatabaseError, match="sealed"), transaction.atomic():
        Part.objects.create(
            release=release, key="competency:C9", stable_id=release.id, kind="competency", code="C9"
        )


def test_releases_count_up_and_keep_stable_ids(cast):
    first = _publish(cast, {"a": 1})
    second = _publish(cast, {"a": 2})
    assert (first.number, second.number) == (1, 2)
    assert first.change_kind == "first"
    assert first.parts.get().stable_id == second.parts.get().stable_id
    assert latest_release(cast.project.id, "framework", "kam") == second


def test_destroying_a_project_removes_it_and_nothing_else(cast):
    other = Project.objects.exclude(id=cast.project.id).get()
    _publish(cast, {"a": 1})
    publish_release(
        actor=OPERATOR, project=other, kind="framework", slug="kam", body={"b": 1}, body_schema="framework/1", parts=[],
        change_kind="first", summary={}, at=NOW,
    )  # fmt: skip
    with pytest.raises(NotPermitted):
        destroy_project(actor=cast.administrator, project=cast.project, at=NOW)
    destroy_project(actor=OPERATOR, project=cast.project, at=NOW)
    assert list(Project.objects.values_list("id", flat=True)) == [other.id]
    assert Release.objects.get().identity.project_id == other.id
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM records_release")
