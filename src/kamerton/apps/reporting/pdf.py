"""A report document → PDF bytes (tagged, PDF/UA-1). Data go in as JSON; no source is built from anybody's words."""

from __future__ import annotations

import json
import unicodedata
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst

HERE = Path(__file__).resolve().parent
FONTS = HERE / "fonts"
TEMPLATE = HERE / "typst" / "individual.typ"
TEMPLATE_VERSION = "individual/1"

REPLACEMENTS = {
    "\u2011": "-", "\u202f": "\u00a0", "\u2009": "\u00a0", "→": "–", "←": "–", "≥": "не менее ", "≤": "не более ", "≈": "~",
    "✓": "+", "●": "•", "\t": " ",
}  # fmt: skip
"""Marks that the font lacks and people type."""
MISSING = "[?]"


@lru_cache(maxsize=1)
def covered() -> frozenset[str]:
    """Every character that all four cuts of the font can show."""
    found: set[str] = set()
    for line in (FONTS / "coverage.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            first, last = (int(part, 16) for part in line.split())
            found.update(chr(code) for code in range(first, last + 1))
    return frozenset(found | {"\n"})


def printable(text: str) -> str:
    """The text with nothing the font cannot show: a near letter where there is one, else a visible mark."""
    if all(char in covered() for char in text):
        return text
    out: list[str] = []
    for char in unicodedata.normalize("NFC", text):
        if char in covered():
            out.append(char)
            continue
        if char in REPLACEMENTS:
            out.append(REPLACEMENTS[char])
            continue
        if unicodedata.category(char) in {"Mn", "Cf", "Cc"}:
            continue
        base = unicodedata.normalize("NFKD", char)[0]
        out.append(base if base in covered() else MISSING)
    return "".join(out)


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _printable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_printable(inner) for inner in value]
    return value


BOOK = HERE / "typst" / "model_book.typ"


def render(document: dict[str, Any], *, at: datetime, template: Path = TEMPLATE) -> bytes:
    """The PDF of a filled document; the same document and moment give the same bytes with the same libraries."""
    pdf = typst.compile(
        str(template),
        root=str(HERE),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"data": json.dumps(_printable(document), ensure_ascii=False, sort_keys=True)},
        pdf_standards=["ua-1"],
        timestamp=int(at.timestamp()),
    )
    if not isinstance(pdf, bytes):
        raise TypeError(f"the typesetter gave {type(pdf).__name__} instead of one PDF")
    return pdf
