"""A procedure is read with the releases it pins, inside its project."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kamerton.apps.frameworks.documents import SCHEMA as FRAMEWORK_SCHEMA
from kamerton.apps.instruments.documents import EXERCISE_SCHEMA
from kamerton.apps.instruments.queries import instrument_by_slug, instrument_of, instruments_in_force
from kamerton.apps.procedures.queries import procedure_by_slug, procedures_in_force, uses_of_competency
from kamerton.apps.records.actions import publish_release
from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.models import Project, Release
from kamerton.apps.records.queries import latest_release
from kamerton.flows.install_pack import install_pack
from kamerton.values.documents import write_document
from tests.cast import NOW, Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def installed(cast: Cast, pack_folder: Path) -> Cast:
    install_pack(actor=OPERATOR, project=cast.project, root=pack_folder, at=NOW)
    return cast


def publish(project: Project, kind: str, slug: str, document: object, schema: str) -> Release:
    return publish_release(
        actor=OPERATOR, project=project, kind=kind, slug=slug, body=write_document(document), body_schema=schema,
        parts=[], change_kind="wording", summary={"ru": "Правка", "en": "Correction"}, at=NOW,
    )  # fmt: skip


def test_instruments_of_another_project_are_not_there(installed: Cast) -> None:
    other = Project.objects.get(slug="acme-other")
    assert instruments_in_force(other.id) == [] and procedures_in_force(other.id) == []
    with pytest.raises(NotFound):
        instrument_by_slug(other.id, "kam-e2")
    with pytest.raises(NotFound):
        procedure_by_slug(other.id, "kam-external")


def test_forms_stand_before_exercises_and_say_what_they_measure(installed: Cast) -> None:
    found = instruments_in_force(installed.project.id)
    assert [i.kind for i in found] == ["form"] * 3 + ["exercise"] * 5 + ["form"] * 3
    *whole, form = found[:3]
    assert [(one.points, one.minutes, len(one.competencies)) for one in whole] == [(70, 75, 8)] * 2
    e2 = instrument_by_slug(installed.project.id, "kam-e2")
    assert (form.points, form.minutes, len(form.competencies)) == (26, 30, 8)
    assert e2.competencies == ("C4", "C5", "C6", "C8") and e2.is_complete and e2.points == 0


def test_a_release_of_another_kind_is_no_instrument(installed: Cast) -> None:
    framework = latest_release(installed.project.id, "framework", "kam")
    assert framework is not None
    with pytest.raises(ValueError, match="framework"):
        instrument_of(framework)


def test_the_external_lane_stands_first_and_breaks_nothing(installed: Cast) -> None:
    views = procedures_in_force(installed.project.id)
    assert [view.document.lane for view in views] == ["external", "internal"]
    assert not [check for view in views for check in view.checks if check.state == "bad"]
    assert [len(view.panels[0].blocks) for view in views] == [8, 8]


def test_a_later_release_of_an_instrument_is_named_but_not_used(installed: Cast) -> None:
    before = instrument_by_slug(installed.project.id, "kam-e2")
    assert before.exercise is not None
    publish(
        installed.project, "exercise", "kam-e2", replace(before.exercise, is_complete=False), EXERCISE_SCHEMA
    )
    view = procedure_by_slug(installed.project.id, "kam-external")
    column = next(c for c in view.instruments if c.column.code == "E2")
    assert column.instrument is not None and column.instrument.release == before.release
    assert column.newer == 2
    assert "E2" not in next(check for check in view.checks if check.code == "complete").where


def test_a_later_framework_changes_nothing_in_a_published_procedure(installed: Cast) -> None:
    view = procedure_by_slug(installed.project.id, "kam-external")
    assert view.framework is not None and view.framework_release is not None
    fewer = replace(view.framework, competencies=view.framework.competencies[:3])
    publish(installed.project, "framework", "kam", fewer, FRAMEWORK_SCHEMA)
    again = procedure_by_slug(installed.project.id, "kam-external")
    assert again.framework_release == view.framework_release and len(again.competencies) == 8


def test_a_competency_names_the_instruments_that_measure_it(installed: Cast) -> None:
    uses = uses_of_competency(installed.project.id, "kam", "C7")
    assert [(use.instrument.slug, use.items) for use in uses] == [
        ("kam-hybrid-a", 4), ("kam-hybrid-b", 4), ("kam-hybrid-short", 2), ("kam-e3", 0), ("kam-e4", 0),
    ]  # fmt: skip
    assert uses_of_competency(installed.project.id, "another", "C7") == []
