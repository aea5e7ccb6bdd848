"""The released body of a procedure: lane, stages, consent, matrix, weights, cuts, fit rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from kamerton.values.texts import LangText

SCHEMA = "procedure/1"
STRICT = {"extra": "forbid"}

Purpose = Literal["selection", "development", "self"]


@dataclass(frozen=True, slots=True)
class Stage:
    code: str
    name: LangText
    what: LangText
    who: LangText
    instruments: list[str] = field(default_factory=list)
    days: int | None = None
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class ConsentText:
    purpose: Purpose
    title: LangText
    paragraphs: list[LangText]
    agree: LangText
    """The sentence beside the tick box."""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class CandidateTexts:
    who_asks: LangText
    what_for: LangText
    what_is_measured: LangText
    how_long: LangText
    who_sees: LangText
    rights: list[LangText]
    appeal: LangText
    retention: LangText
    thanks: LangText
    invitation_subject: LangText
    invitation_body: LangText
    """Plain text with {name}, {link}, {until}."""
    reminder_subject: LangText = field(default_factory=dict)
    reminder_body: LangText = field(default_factory=dict)
    """As the invitation; without them a reminder speaks in words of its own (`delivery.rules.REMINDER`)."""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class ProcedureInstrument:
    code: str
    """Column of the matrix: HT, E1, …"""
    kind: Literal["form", "exercise"]
    slug: str
    """Slug of the instrument's identity; at installation the release in force is pinned."""
    minutes: int
    is_simulation: bool
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class MatrixCell:
    competency: str
    instrument: str
    weight: Literal[1, 2]
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class FitRule:
    role: str
    likely: float = 0.80
    even: float = 0.50
    open: float = 0.20
    development_margin: float = 0.30
    max_gaps: int = 2
    max_gap: float = 1.0
    other_role_min: float = 0.50
    other_role_lead: float = 0.10
    share_developing: float = 0.5
    draws: int = 2000
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class ItemJudgement:
    item: str
    means: list[float]
    """Mean expected score of a person just at 1.5, 2.5, 3.5, 4.5 after the second round."""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class CutRecord:
    """The panel that ties the test to the level scale (modified Angoff, four knots; SCORING A1.2)."""

    instrument: str
    judges: int
    rounds: int
    held: str
    """ISO date."""
    note: LangText
    items: list[ItemJudgement]
    knot_sd: float
    """SD over judges of a block's knots, in levels."""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class SeatNeed:
    segment: LangText
    accounts: int
    accounts_per_seat: float
    seats: int
    profile: LangText
    """Whom to look for outside if this seat stays empty."""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class ProcedureDocument:
    code: str
    name: LangText
    lane: Literal["external", "internal"]
    function: str
    framework: str
    purposes: list[Purpose]
    stages: list[Stage]
    texts: CandidateTexts
    consents: list[ConsentText]
    instruments: list[ProcedureInstrument]
    matrix: list[MatrixCell]
    fit_rule: FitRule
    cuts: list[CutRecord]
    assessors_per_exercise: int = 2
    retention_months: int = 12
    appeal_days: int = 10
    double_share: float = 1.0
    """Share of short texts that two raters score, 0 to 1; which ones is settled by lot. The first
    `observation.rules.FIRST_TWICE` of each item are always scored twice: agreement is known before work is saved."""
    own_report: bool = False
    """Whether a candidate may read bands and behaviour about themselves once they are computed."""
    pins: dict[str, str] = field(default_factory=dict)
    """Filled when the procedure is published: "framework", "function" and each instrument code → release id."""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class PackDocument:
    """`pack.yaml`: what a role pack holds."""

    code: str
    name: LangText
    version: str
    summary: LangText
    languages: list[str]
    function: str
    """File names inside the pack."""
    framework: str
    forms: list[str]
    exercises: list[str]
    procedures: list[str]
    seats: list[SeatNeed]
    sources: str = ""
    """File of the interviews the model came from; a pack may come without."""
    licence: str = "Apache-2.0"
    __pydantic_config__ = STRICT
