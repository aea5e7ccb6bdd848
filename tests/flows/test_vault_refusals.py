"""Spoilt archives: each is refused in words and leaves an empty home empty."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction

from kamerton.apps.people.models import Person
from kamerton.flows.vault import BackupRefused, restore_backup, save_backup, stored_tables
from tests.cast import NOW, make_cast

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 a report"
REPORT = f"{hashlib.sha256(PDF).hexdigest()}.pdf"


@pytest.fixture
def archive(db: None, tmp_path: Path, settings) -> Path:
    """A copy of a small home that is empty again afterwards; its folder is this test's own."""
    settings.HOME = tmp_path / "home"
    path = settings.HOME / "reports" / REPORT
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(PDF)
    with transaction.atomic():
        make_cast()
        saved = save_backup(file=tmp_path / "kamerton.zip", at=NOW)
        transaction.set_rollback(True)
    path.unlink()
    assert is_empty() and saved.rows > 50
    return saved.file


def is_empty() -> bool:
    return not any(model._default_manager.exists() for model in stored_tables())


def rewritten(archive: Path, target: Path, change) -> Path:
    """The same archive with members changed by `change(name, data)`; None drops a member."""
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for name in source.namelist():
            data = change(name, source.read(name))
            if data is not None:
                out.writestr(name, data)
    return target


@pytest.fixture
def refused(archive: Path):
    """Restoring a spoilt archive; the words in both languages, and nothing left behind."""

    def check(spoilt: Path, ru: str, en: str) -> None:
        with pytest.raises(BackupRefused) as caught:
            restore_backup(file=spoilt)
        assert ru in caught.value.message("ru") and en in caught.value.message("en")
        assert is_empty() and not (settings.HOME / "reports" / REPORT).exists()

    return check


def test_a_whole_archive_is_restored_with_its_reports(archive):
    restored = restore_backup(file=archive)
    path = settings.HOME / "reports" / REPORT
    assert path.read_bytes() == PDF and restored.files == 1
    path.unlink()
    assert Person.objects.filter(search_key__contains="ролев").count() == 8
    assert restored.rows == sum(model._default_manager.count() for model in stored_tables())


def test_new_rows_take_free_numbers_after_a_restore(archive):
    restore_backup(file=archive)
    (settings.HOME / "reports" / REPORT).unlink()
    make_cast(slug="second")


def test_half_an_archive_is_refused(refused, archive, tmp_path):
    half = tmp_path / "half.zip"
    half.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    refused(half, "повреждён или неполон", "damaged or incomplete")


def test_a_flipped_byte_is_refused(refused, archive, tmp_path):
    data = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as file:
        largest = max(file.infolist(), key=lambda member: member.compress_size)
    data[largest.header_offset + 30 + len(largest.filename) + largest.compress_size // 2] ^= 0xFF
    flipped = tmp_path / "flipped.zip"
    flipped.write_bytes(bytes(data))
    refused(flipped, "Ничего не восстановлено", "Nothing was restored")


def test_a_changed_number_is_refused_by_the_digest(refused, archive, tmp_path):
    def forge(name: str, data: bytes) -> bytes:
        return data.replace(b"leader", b"office") if "rolegrant" in name else data

    refused(rewritten(archive, tmp_path / "forged.zip", forge), "отпечаток не сходится", "digest differs")


def test_a_missing_table_is_refused(refused, archive, tmp_path):
    def drop(name: str, data: bytes) -> bytes | None:
        return None if name == "tables/people_person.jsonl" else data

    refused(rewritten(archive, tmp_path / "less.zip", drop), "people_person", "people_person")


def test_a_copy_of_another_version_is_refused_with_the_way_out(refused, archive, tmp_path):
    def older(name: str, data: bytes) -> bytes:
        if name != "manifest.json":
            return data
        manifest = json.loads(data)
        manifest["version"], manifest["migrations"] = "0.0.1", manifest["migrations"][:-1]
        return json.dumps(manifest).encode()

    refused(rewritten(archive, tmp_path / "old.zip", older), "версией 0.0.1", "version 0.0.1")


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 but no more"])
def test_something_else_is_refused(refused, tmp_path, content):
    other = tmp_path / "other.zip"
    other.write_bytes(content)
    refused(other, "повреждён или неполон", "damaged or incomplete")


def test_a_zip_without_a_manifest_and_a_file_that_is_not_there_are_refused(refused, tmp_path):
    plain = tmp_path / "plain.zip"
    with zipfile.ZipFile(plain, "w") as file:
        file.writestr("readme.txt", "hello")
    refused(plain, "нет manifest.json", "no manifest.json")
    refused(tmp_path / "nowhere.zip", "nowhere.zip", "nowhere.zip")


def test_a_changed_report_is_refused(refused, archive, tmp_path):
    def add(name: str, data: bytes) -> bytes:
        return data + b"!" if name == f"reports/{REPORT}" else data

    refused(rewritten(archive, tmp_path / "forged.zip", add), "отпечаток не сходится", "digest differs")


def test_a_report_with_a_path_in_its_name_goes_nowhere(archive, tmp_path):
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("reports/../../evil.pdf", b"x")
        file.writestr("../evil.pdf", b"x")
    restore_backup(file=archive)
    (settings.HOME / "reports" / REPORT).unlink()
    assert not list(settings.HOME.parent.glob("evil.pdf")) and not list(settings.HOME.glob("**/evil.pdf"))
