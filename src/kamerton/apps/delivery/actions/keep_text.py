"""Words that a person wrote, kept in an erasable row. Called by actions that have checked the permission."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from uuid import UUID

from kamerton.apps.delivery.models import FreeText
from kamerton.values.canonical import digest_of


def keep_text(*, project_id: UUID, text: str) -> FreeText:
    """One text with its salted digest; the row that cites it outlives the words."""
    return keep_texts(project_id=project_id, texts=[text])[0]


def keep_texts(*, project_id: UUID, texts: Sequence[str]) -> list[FreeText]:
    """Many texts at once, in the order given."""
    rows = []
    for text in texts:
        salt = secrets.token_hex(16)
        rows.append(FreeText(project_id=project_id, text=text, salt=salt, digest=digest_of(salt + text)))
    return FreeText.objects.bulk_create(rows, batch_size=100)
