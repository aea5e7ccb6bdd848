from __future__ import annotations

import csv
import io
import json
import os
import stat
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from kamerton.apps.people.models import User
from kamerton.apps.records import freezing
from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.errors import NotPermitted
from kamerton.apps.records.models import Audit, Project, Release
from kamerton.apps.reporting.models import ReportIssue
from kamerton.flows.doctor import examine
from kamerton.flows.leave import demolish, export_project
from kamerton.flows.sample import remove_sample
from kamerton.flows.vault import BackupRefused, restore_backup, save_backup, stored_tables
from tests.cast import NOW, make_cast, make_person
from tests.fixtures.shell import new_home
from tests.flows.census import census

pytestmark = pytest.mark.django_db
VENDORS = ["sqlite", "postgresql"] if os.environ.get("KAMERTON_DATABASE_URL") else ["sqlite"]


@pytest.fixture
def archive(sample: Project, tmp_path: Path) -> Path:
    return save_backup(file=tmp_path / "kamerton.zip", at=NOW).file


# ---- there and back ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_restored_home_is_the_same_home(sample, archive, tmp_path, vendor):
    before = census(sample.slug)
    with new_home(tmp_path / "other", vendor) as home:
        restored = home.kamerton("restore", str(archive))
        assert restored.returncode == 0, restored.stderr
        counted = home.python("-m", "tests.flows.census", sample.slug)
        assert counted.returncode == 0, counted.stderr
        after = json.loads(counted.stdout)
        assert after == json.loads(json.dumps(before))
        assert after["missing"] == [] and after["releases"]
        again = home.kamerton("restore", str(archive), language="ru")
        assert again.returncode == 1 and "не пуст" in again.stderr and "KAMERTON_HOME" in again.stderr
        recomputed = home.kamerton("recompute", f"run:{sample.slug}/1")
        assert recomputed.returncode == 0, recomputed.stdout + recomputed.stderr
        guarded = home.python(
            "-c",
            "import django; django.setup()\n"
            "from django.db import connection\n"
            "connection.cursor().execute('UPDATE records_release SET number = 9')",
        )
        assert guarded.returncode != 0 and "frozen" in guarded.stderr


def test_moments_keep_their_microseconds(sample, archive):
    with zipfile.ZipFile(archive) as file:
        rows = [json.loads(line) for line in file.read("tables/records_release.jsonl").splitlines()]
    row = Release.objects.get(id=rows[0]["id"])
    assert rows[0]["published_at"] == row.published_at.isoformat()
    make_cast(slug="micro")
    at = NOW.replace(microsecond=123456)
    person = make_person(Project.objects.get(slug="micro"), "Микросекунда")
    type(person).objects.filter(id=person.id).update(archived_at=at)
    again = save_backup(file=archive, at=NOW).file
    with zipfile.ZipFile(again) as file:
        assert "2026-11-21T09:00:00.123456+00:00" in file.read("tables/people_person.jsonl").decode()


def test_an_archive_is_private_and_leaves_no_half_file(sample, archive, tmp_path):
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert [path.name for path in archive.parent.glob("*.part")] == []
    (tmp_path / "taken").mkdir()
    with pytest.raises(BackupRefused) as caught:
        save_backup(file=tmp_path / "taken", at=NOW)
    assert "taken" in caught.value.message("ru") and "taken" in caught.value.message("en")
    assert not list(tmp_path.glob("*.part"))


def test_every_table_is_in_the_archive_or_named_as_left_out(archive):
    with zipfile.ZipFile(archive) as file:
        held = {Path(name).stem for name in file.namelist() if name.startswith("tables/")}
    ours = {
        t for t in connection.introspection.table_names() if not t.startswith(("django_", "auth_", "sqlite_"))
    }
    assert ours - held == {"records_job", "records_workerbeat", "records_demolition"}


def test_a_home_with_anything_in_it_is_refused(sample, archive):
    before = census(sample.slug)
    with pytest.raises(BackupRefused, match="не пуст"):
        restore_backup(file=archive)
    assert census(sample.slug) == before


# ---- doctor --------------------------------------------------------------------------------------------------


def findings() -> dict[str, bool]:
    return {finding.texts["en"]: finding.ok for finding in examine(at=NOW)}


def test_doctor_finds_a_healthy_home_healthy_but_for_the_worker(sample):
    found = findings()
    assert [text for text, ok in found.items() if not ok] == [
        "the background worker is not running: ./run worker"
    ]
    for finding in examine(at=NOW):
        assert set(finding.texts) == {"ru", "en"} and all(finding.texts.values())


def test_doctor_names_a_missing_guard_and_a_release_that_was_changed(sample):
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DROP TRIGGER frozen_records_release ON records_release")
        else:
            cursor.execute("DROP TRIGGER frozen_update_records_release")
        cursor.execute("UPDATE records_release SET body = body || ' ' WHERE number = 1")
    try:
        bad = [text for text, ok in findings().items() if not ok]
        assert any("records_release" in text for text in bad)
        assert any("digests" in text and "0 differ" not in text for text in bad)
    finally:
        freezing.install("default")


def test_doctor_sees_a_report_that_was_altered(sample):
    fit = sample.score_runs.first().fit_results.first()
    ReportIssue.objects.create(
        project=sample, number="KM-1", fit=fit, language="ru", document={}, document_digest="0" * 64, pdf_digest="f" * 64,
        template_version="1", actor_id="x", actor_name="x", at=NOW,
    )  # fmt: skip
    path = settings.HOME / "reports" / ("f" * 64 + ".pdf")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"altered")
    try:
        assert findings()["report files: 1 altered"] is False
    finally:
        path.unlink()


# ---- leaving -------------------------------------------------------------------------------------------------


def test_an_export_holds_every_row_of_the_project_and_no_formula(sample, tmp_path):
    other = make_cast(slug="acme")
    make_person(other.project, "=1+1")
    file = tmp_path / "out" / "acme.zip"
    rows = export_project(project=other.project, file=file)
    with zipfile.ZipFile(file) as archive:
        tables = {
            name: list(csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig"))))
            for name in archive.namelist()
            if name.endswith(".csv")
        }
    assert rows == sum(len(table) - 1 for table in tables.values())
    assert [row[1] for row in tables["records_project.csv"][1:]] == ["acme"]
    text = json.dumps(tables, ensure_ascii=False)
    assert "norvetal" not in text.lower() and "Лозинск" not in text
    people = tables["people_personidentity.csv"]
    assert len(people) - 1 == other.project.people.count()
    assert not any(cell.startswith(("=", "@")) for table in tables.values() for row in table for cell in row)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_export_carries_releases_as_they_were_published(sample, tmp_path):
    export_project(project=sample, file=tmp_path / "sample.zip")
    with zipfile.ZipFile(tmp_path / "sample.zip") as archive:
        names = [name for name in archive.namelist() if name.startswith("releases/")]
        assert len(names) == Release.objects.filter(identity__project=sample).count()
        framework = Release.objects.get(identity__project=sample, identity__kind="framework")
        assert archive.read("releases/framework-kam-1.json").decode() == framework.body


def test_removing_the_sample_leaves_a_real_project_as_it_was(sample):
    real = make_cast(slug="acme")
    untouched = {
        model: list(model._default_manager.filter(**{path: real.project.id}).order_by("pk").values())
        for model, path in scoped()
    }
    users = set(User.objects.filter(grants__project=real.project).values_list("login", flat=True))
    remove_sample(at=NOW)
    assert not Project.objects.filter(slug=sample.slug).exists()
    for model, path in scoped():
        assert (
            list(model._default_manager.filter(**{path: real.project.id}).order_by("pk").values())
            == untouched[model]
        )
        assert not model._default_manager.filter(**{path: sample.id}).exists(), model
    assert users <= set(User.objects.values_list("login", flat=True))
    assert not User.objects.filter(login__endswith="@norvetal.example").exists()
    assert Audit.objects.get(verb="destroy_project").project_id is None
    connection.check_constraints()


def scoped():
    from kamerton.apps.records.actions.destroy_project import path_to_project

    found = [(model, path_to_project(model)) for model in stored_tables() if model is not Project]
    return [(model, path) for model, path in found if path]


def test_destroying_takes_the_report_files_and_uploads_along(sample):
    fit = sample.score_runs.first().fit_results.first()
    ReportIssue.objects.create(
        project=sample, number="KM-1", fit=fit, language="ru", document={}, document_digest="0" * 64, pdf_digest="e" * 64,
        template_version="1", actor_id="x", actor_name="x", at=NOW,
    )  # fmt: skip
    report = settings.HOME / "reports" / ("e" * 64 + ".pdf")
    upload = settings.HOME / "uploads" / f"{sample.id}-0123.csv"
    foreign = settings.HOME / "uploads" / "0000-0123.csv"
    for path in (report, upload, foreign):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    try:
        demolish(actor=OPERATOR, project=sample, at=NOW)
        assert not report.exists() and not upload.exists() and foreign.exists()
    finally:
        for path in (report, upload, foreign):
            path.unlink(missing_ok=True)


def test_only_an_operator_destroys(cast):
    for actor in (cast.administrator, cast.designer, cast.stranger):
        with pytest.raises(NotPermitted):
            demolish(actor=actor, project=cast.project, at=NOW)
    assert Project.objects.filter(id=cast.project.id).exists()
