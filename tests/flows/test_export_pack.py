"""A pack is what install reads and export writes: out and in again, nothing has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.errors import NotFound, NotPermitted
from kamerton.apps.records.models import Release
from kamerton.flows.export_pack import FolderTaken, export_pack
from kamerton.flows.install_pack import install_pack, read_pack
from kamerton.values.documents import write_document
from tests.cast import NOW, Cast, make_cast

pytestmark = pytest.mark.django_db


def bodies(contents: object) -> dict[str, object]:
    """Everything in a pack but its card, by code."""
    one = {name: write_document(getattr(contents, name)) for name in ("function", "framework", "sources")}
    many = {
        f"{kind}:{document.code}": write_document(document)
        for kind in ("forms", "exercises", "procedures")
        for document in getattr(contents, kind)
    }
    return one | many


def test_the_sample_pack_goes_out_and_in_unchanged(cast: Cast, pack_folder: Path, tmp_path: Path) -> None:
    install_pack(actor=OPERATOR, project=cast.project, root=pack_folder, at=NOW)
    first = tmp_path / "first"
    done = export_pack(actor=cast.designer, project=cast.project, folder=first, at=NOW)
    assert (done.forms, done.exercises, done.procedures) == (6, 5, 2)
    original, written = read_pack(pack_folder), read_pack(first)
    assert bodies(written) == bodies(original)
    assert [write_document(row) for row in written.pack.seats] == [
        write_document(row) for row in original.pack.seats
    ]
    # Installed elsewhere and written again: the same bytes, file by file, but for the card with the project's name.
    other = make_cast("beta")
    installed = install_pack(actor=OPERATOR, project=other.project, root=first, at=NOW)
    assert installed.unchanged == () and installed.kept == ()
    second = tmp_path / "second"
    export_pack(actor=other.designer, project=other.project, folder=second, at=NOW)
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(path.name for path in second.iterdir())
    for name in names:
        if name != "pack.yaml":
            assert (first / name).read_bytes() == (second / name).read_bytes(), name
    # The same releases came of it.
    digests = {
        project.slug: set(
            Release.objects.filter(identity__project=project)
            .exclude(identity__kind="procedure")  # these pin the project's own releases
            .values_list("digest", flat=True)
        )
        for project in (cast.project, other.project)
    }
    assert digests["acme"] == digests["beta"]


def test_nothing_is_written_over_or_half_written(cast: Cast, pack_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        export_pack(actor=cast.designer, project=cast.project, folder=tmp_path / "new", at=NOW)
    install_pack(actor=OPERATOR, project=cast.project, root=pack_folder, at=NOW)
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FolderTaken):
        export_pack(actor=cast.designer, project=cast.project, folder=taken, at=NOW)
    with pytest.raises(NotPermitted):
        export_pack(actor=cast.leader, project=cast.project, folder=tmp_path / "new", at=NOW)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["taken"] and len(list(taken.iterdir())) == 1
