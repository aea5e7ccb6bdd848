"""The printed book of a model: every text of it, in both languages, tagged, from the release and not from the draft."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client
from pypdf import PdfReader

from kamerton.apps.frameworks.actions import edit_text
from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.frameworks.queries import draft_of
from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.queries import document_of, latest_release
from kamerton.flows.install_pack import install_pack
from tests.cast import NOW, Cast


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_book_holds_the_whole_model(cast: Cast, pack_folder: Path, language: str) -> None:
    install_pack(actor=OPERATOR, project=cast.project, root=pack_folder, at=NOW)
    edit_text(
        actor=cast.designer,
        draft=draft_of(cast.project.id, "kam"),
        path="competency/C1/name/ru",
        value="Черновое имя",
        at=NOW,
    )
    client = Client(headers={"accept-language": language})
    client.force_login(cast.users["leader"])
    reply = client.get("/p/acme/model/book.pdf")
    assert reply.status_code == 200 and reply["Content-Type"] == "application/pdf"
    reader = PdfReader(BytesIO(reply.content))
    text = re.sub(r"\s+", "", "".join(page.extract_text() for page in reader.pages))
    release = latest_release(cast.project.id, "framework", "kam")
    assert release is not None
    model = document_of(release, FrameworkDocument)
    assert "Черновоеимя" not in text, "the release, not the draft"
    for competency in model.competencies:
        for one in [
            competency.definition,
            *(i.text for i in competency.indicators),
            *(level.anchor for level in competency.levels),
        ]:
            for words in one.values():
                assert re.sub(r"\s+", "", words.replace("\u00a0", " ")) in text, words
    assert "[?]" not in text, "the font shows every letter"
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"], "tagged for a screen reader"
    assert 10 <= len(reader.pages) <= 24
    assert client.get("/p/acme/model/book.pdf?model=none").status_code == 404
