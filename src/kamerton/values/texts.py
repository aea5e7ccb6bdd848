"""Texts as a map of language tags.

A text is stored as ``{"ru": "…", "en": "…"}``, never as a column per language, so that a third language is data.
"""

from __future__ import annotations

from collections.abc import Mapping

LangText = dict[str, str]
"""Language tag (BCP 47, lower case) → text."""

FALLBACK_ORDER = ("ru", "en")


def in_language(text: Mapping[str, str] | str | None, language: str) -> str:
    """The text in `language`; else in the first language of `FALLBACK_ORDER` it has; else any; else empty."""
    if not text:
        return ""
    if isinstance(text, str):
        return text
    short = language.split("-")[0].lower()
    for tag in (short, *FALLBACK_ORDER):
        if text.get(tag):
            return text[tag]
    return next(iter(text.values()), "")
