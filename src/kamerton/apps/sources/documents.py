"""Interviews and focus groups as a pack carries them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from kamerton.values.texts import LangText

STRICT = {"extra": "forbid"}

SourceKind = Literal["interview", "focus_group"]


@dataclass(frozen=True, slots=True)
class IncidentDocument:
    code: str
    """Within its source, e.g. "I3.2"."""
    situation: LangText
    behaviour: LangText
    result: LangText
    effective: bool
    indicators: list[str] = field(default_factory=list)
    """Codes of the indicators it carries."""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class SourceDocument:
    code: str
    kind: SourceKind
    held: date
    respondent: LangText
    """A role in words: "key account manager, 6 years". Never a name."""
    incidents: list[IncidentDocument]
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class SourcesDocument:
    framework: str
    sources: list[SourceDocument]
    __pydantic_config__ = STRICT
