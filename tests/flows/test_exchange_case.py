"""A framework leaves as CASE and comes back as a draft; what is there is never written over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.frameworks.models import Framework
from kamerton.apps.frameworks.queries import draft_document, draft_of
from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.errors import NotFound, NotPermitted
from kamerton.apps.records.queries import document_of, latest_release
from kamerton.flows.exchange_case import CaseImportRefused, export_case, import_case
from kamerton.flows.install_pack import install_pack
from kamerton.values.documents import write_document
from tests.cast import NOW, Cast

pytestmark = pytest.mark.django_db


def test_a_model_travels_to_another_project_unchanged(cast: Cast, pack_folder: Path) -> None:
    from tests.cast import make_cast

    install_pack(actor=OPERATOR, project=cast.project, root=pack_folder, at=NOW)
    package = export_case(actor=cast.leader, project=cast.project, slug="kam", base="https://x", at=NOW)
    other = make_cast("beta")
    done = import_case(
        actor=other.designer,
        project=other.project,
        data=json.dumps(package).encode(),
        name="kam.json",
        at=NOW,
    )
    assert (done.slug, done.competencies, done.indicators, done.is_own, done.problems) == (
        "kam",
        8,
        40,
        True,
        (),
    )
    release = latest_release(cast.project.id, "framework", "kam")
    assert release is not None
    there = draft_document(draft_of(other.project.id, "kam").identity)
    assert write_document(there) == write_document(document_of(release, FrameworkDocument))
    # Nobody's model is written over.
    with pytest.raises(CaseImportRefused):
        import_case(
            actor=other.designer,
            project=other.project,
            data=json.dumps(package).encode(),
            name="kam.json",
            at=NOW,
        )
    again = import_case(
        actor=other.designer,
        project=other.project,
        data=json.dumps(package).encode(),
        name="kam.json",
        slug="kam-2",
        at=NOW,
    )
    assert again.slug == "kam-2" and Framework.objects.filter(identity__project=other.project).count() == 2


def test_refusals_leave_nothing(cast: Cast) -> None:
    for data in (b"{}", b"nothing", b'{"CFDocument": {"identifier": "x", "title": "Empty"}}'):
        with pytest.raises(CaseImportRefused) as refusal:
            import_case(actor=cast.designer, project=cast.project, data=data, name="x.json", at=NOW)
        assert "Ничего не загружено" in refusal.value.message("ru")
    assert not Framework.objects.exists()
    with pytest.raises(NotPermitted):
        import_case(actor=cast.leader, project=cast.project, data=b"{}", name="x.json", at=NOW)
    with pytest.raises(NotPermitted):
        export_case(actor=cast.stranger, project=cast.project, slug="kam", base="https://x", at=NOW)
    with pytest.raises(NotFound):
        export_case(actor=cast.designer, project=cast.project, slug="kam", base="https://x", at=NOW)
