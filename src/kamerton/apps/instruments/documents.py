"""The released bodies of instruments: a form of test items, and an exercise that assessors rate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from kamerton.values.texts import LangText

FORM_SCHEMA = "form/1"
EXERCISE_SCHEMA = "exercise/1"
STRICT = {"extra": "forbid"}

ItemType = Literal[
    "single", "multiple", "numeric", "order", "match", "table_row", "best_worst", "likert", "short_text",
    "range", "map",
]  # fmt: skip
"""The last two belong to the written parts of exercises."""


@dataclass(frozen=True, slots=True)
class Table:
    head: list[LangText]
    rows: list[list[LangText]]
    """Cells as texts; the first column is the row's head. Numbers already in each language's own form."""
    caption: LangText = field(default_factory=dict)
    row_codes: list[str] = field(default_factory=list)
    """One code a row, needed where an item asks to choose a row ("table_row")."""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class Stimulus:
    """What is shown above an item: a mail, a table, a note. Several items may share one (a case block)."""

    code: str
    title: LangText = field(default_factory=dict)
    mail_from: LangText = field(default_factory=dict)
    mail_subject: LangText = field(default_factory=dict)
    paragraphs: list[LangText] = field(default_factory=list)
    table: Table | None = None
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class Option:
    code: str
    text: LangText
    rationale: LangText
    """Why it is right, or what mistake leads to it. Never sent to a candidate."""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class RubricLevel:
    score: int
    text: LangText
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class Item:
    code: str
    competency: str
    kind: Literal["classic", "case"]
    type: ItemType
    points: int
    prompt: LangText
    """What to do, one or two sentences: the heading of the page."""
    key: dict[str, Any]
    """By type. single, table_row: {"correct": code}. multiple: {"correct": [codes]}.
    numeric: {"value": 12.5, "tolerance": 0.05}. order: {"order": [codes]}. match: {"pairs": {left: right}}.
    best_worst: {"best": code, "worst": code}. likert: {"value": 2, "near": 1} (expert value; `near` steps away
    earn half). short_text: {} (a rater scores it on the rubric). range: {"value": 118.0, "width": [10, 40]}: the true
    value, and how narrow and how wide an honest interval is. map: {"places": {code: [power 1..3, stance -2..2]}}.
    A match may name the option that stands for "nothing wrong" as {"none": code}: planted faults are the other keys."""
    stimulus: str | None = None
    options: list[Option] = field(default_factory=list)
    """Choices; of a match item the right-hand side; of a likert item the five steps, codes "1"…"5"."""
    left: list[Option] = field(default_factory=list)
    """Left-hand side of a match item; the people of a map."""
    unit: LangText = field(default_factory=dict)
    hint: LangText = field(default_factory=dict)
    """Format of the answer, e.g. "one decimal"; shown to the candidate."""
    rubric: list[RubricLevel] = field(default_factory=list)
    rationale: LangText = field(default_factory=dict)
    """The worked solution. Never sent to a candidate."""
    indicator: str | None = None
    level: Literal["know", "apply", "analyse"] = "apply"
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class FormDocument:
    code: str
    name: LangText
    framework: str
    instructions: LangText
    time_limit_minutes: int
    stimuli: list[Stimulus]
    items: list[Item]
    calculator: bool = False
    """Whether the page offers one; without it a candidate may use paper."""
    formulas: list[LangText] = field(default_factory=list)
    """The formula sheet, a line each; beside the item wherever it is needed."""
    break_minutes: int = 0
    """One break of so many minutes, in which the clock stands; 0: none."""
    exercise: str = ""
    """Code of the exercise whose written part this is. Its marks are evidence beside the anchors, never a score."""
    materials: list[str] = field(default_factory=list)
    """Codes of stimuli that lie on the desk: within reach on every page, whatever the item."""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """A line of the role-player's or administrator's script, at a time from the start."""

    at: str
    """"mm:ss" from the start of the exercise."""
    text: LangText
    kind: Literal["line", "trigger", "reveal", "concession", "step"] = "line"
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class Phase:
    name: LangText
    minutes: int
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class Brief:
    title: LangText
    paragraphs: list[LangText]
    table: Table | None = None
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class RatedCompetency:
    competency: str
    indicators: list[str]
    """Codes of framework indicators that this exercise can show; the buttons of the quick notes."""
    anchors: list[LangText]
    """Five anchors as seen in THIS exercise, level 1 to 5."""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class Question:
    """A fixed question of a structured interview; everybody is asked the same, in the same order."""

    code: str
    kind: Literal["behaviour", "situation"]
    competency: str
    minutes: int
    text: LangText
    probes: list[LangText]
    """Follow-up questions, the same for everybody; nothing else may be asked."""
    anchors: list[LangText]
    """Five anchors worded for the answer to THIS question, level 1 to 5."""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class ExerciseDocument:
    code: str
    name: LangText
    kind: Literal["in_tray", "role_play", "presentation", "group_case", "interview"]
    framework: str
    is_simulation: bool
    minutes: int
    summary: LangText
    rated: list[RatedCompetency]
    phases: list[Phase] = field(default_factory=list)
    candidate_brief: list[Brief] = field(default_factory=list)
    materials: list[Stimulus] = field(default_factory=list)
    """What is handed over beside the brief: a table, mails, minutes."""
    written: str = ""
    """Code of the form the participant fills in the browser; the procedure pins its release beside the exercise."""
    questions: list[Question] = field(default_factory=list)
    role_player_script: list[ScriptLine] = field(default_factory=list)
    hidden_interests: list[LangText] = field(default_factory=list)
    must_say: list[LangText] = field(default_factory=list)
    administrator_script: list[ScriptLine] = field(default_factory=list)
    key_points: list[LangText] = field(default_factory=list)
    accommodation: LangText = field(default_factory=dict)
    parallel: LangText = field(default_factory=dict)
    """What to change for a second sitting, so that nobody meets the same exercise twice."""
    red_flags: list[LangText] = field(default_factory=list)
    """Listed behaviours that count as red-flag events (SCORING A4.7)."""
    is_complete: bool = True
    """False for a rating sheet whose materials come later; screens say so."""
    __pydantic_config__ = STRICT
