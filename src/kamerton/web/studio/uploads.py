"""A file between its preview and its keeping: an hour in the home, readable by the server alone."""

from __future__ import annotations

import re
import secrets
import time
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest

from kamerton.apps.records.errors import InvalidInput, NotFound
from kamerton.web.viewer import Viewer

MAX_BYTES = 8 * 1024 * 1024
KEEP_SECONDS = 3600


def _folder() -> Path:
    folder = Path(settings.HOME) / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in folder.iterdir():
        if time.time() - old.stat().st_mtime > KEEP_SECONDS:
            old.unlink(missing_ok=True)
    return folder


def received(request: HttpRequest, viewer: Viewer, kind: str) -> Path:
    """The file of the form, kept under a random name."""
    file = request.FILES.get("file")
    if file is None or (file.size or 0) > MAX_BYTES:
        raise InvalidInput(
            what={
                "ru": "Выберите файл XLSX или CSV до 8 МБ.",
                "en": "Choose an XLSX or CSV file of up to 8 MB.",
            }
        )
    suffix = re.sub(r"[^a-z0-9]", "", Path(file.name or "").suffix.lower())[:5] or "bin"
    path = _folder() / f"{kind}-{viewer.project.id}-{secrets.token_hex(16)}.{suffix}"
    path.touch(mode=0o600)
    path.write_bytes(file.read())
    return path


def kept(viewer: Viewer, kind: str, token: str) -> Path:
    found = (
        next(iter(_folder().glob(f"{kind}-{viewer.project.id}-{token}.*")), None) if token.isalnum() else None
    )
    if found is None:
        raise NotFound(
            what={
                "ru": "загруженный файл (он хранится час); загрузите его снова",
                "en": "the uploaded file (kept for an hour); upload it again",
            }
        )
    return found


def token_of(path: Path) -> str:
    return path.stem.rsplit("-", 1)[1]
