"""The released body of a competency framework: competencies, indicators, anchored levels, role profiles."""

from __future__ import annotations

from dataclasses import dataclass, field

from kamerton.values.texts import LangText

SCHEMA = "framework/1"
STRICT = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class ScaleLevel:
    value: int
    word: LangText
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class Cluster:
    code: str
    name: LangText
    competencies: list[str]
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class Indicator:
    code: str
    """Within the framework, e.g. "C3.2"."""
    text: LangText
    short: LangText
    """Two to four words, for the assessor's quick-note buttons."""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class AnchoredLevel:
    value: int
    anchor: LangText
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class Competency:
    code: str
    name: LangText
    short: LangText
    """Up to about 18 characters, for the head of a heatmap column."""
    definition: LangText
    knowledge: LangText
    trainable: bool
    indicators: list[Indicator]
    levels: list[AnchoredLevel]
    development: LangText = field(default_factory=dict)
    """One concrete thing to do on the job, one level up (for reports)."""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class Target:
    competency: str
    target: float
    minimum: float
    weight: float
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class RoleProfile:
    role: str
    """Code of the role in the function, e.g. "R3"."""
    name: LangText
    short: LangText
    targets: list[Target]
    composite_cut: float | None = None
    """Level scale; None means the default: weighted target − 0.5."""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class FrameworkDocument:
    code: str
    name: LangText
    scale: list[ScaleLevel]
    clusters: list[Cluster]
    competencies: list[Competency]
    profiles: list[RoleProfile]
    __pydantic_config__ = STRICT
