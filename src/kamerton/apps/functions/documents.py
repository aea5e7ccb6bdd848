"""The released body of a function: processes, roles and who answers for what (RACI)."""

from __future__ import annotations

from dataclasses import dataclass, field

from kamerton.values.texts import LangText

SCHEMA = "function/1"
STRICT = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class FunctionRole:
    code: str
    name: LangText
    short: LangText
    purpose: LangText
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class ProcessStep:
    text: LangText
    when: LangText = field(default_factory=dict)
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class Process:
    code: str
    name: LangText
    purpose: LangText
    input: LangText
    output: LangText
    measure: LangText
    cadence: LangText
    steps: list[ProcessStep]
    raci: dict[str, str]
    """Role code → letters: "A", "R", "A/R", "C" or "I"."""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class FunctionDocument:
    code: str
    name: LangText
    purpose: LangText
    before: LangText
    after: LangText
    roles: list[FunctionRole]
    processes: list[Process]
    __pydantic_config__ = STRICT
