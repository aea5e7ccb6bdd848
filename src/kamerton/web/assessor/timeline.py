"""The course of an exercise as a bar: phases, triggers, where the clock stands. Positions are percent of the width."""

from __future__ import annotations

from dataclasses import dataclass

from kamerton.apps.instruments.documents import ExerciseDocument, ScriptLine
from kamerton.apps.observation.rules import Clock, mark_of, seconds_of
from kamerton.values.texts import LangText

NARROW = 0.12
"""Share of the bar below which the words of a phase would run into the next one."""


@dataclass(frozen=True, slots=True)
class PhaseBar:
    name: LangText
    minutes: int
    start: int
    end: int
    left: str
    width: str
    is_on: bool
    is_narrow: bool
    """Too short on the bar for its words: they stand in the list for a screen reader and on the phone."""


@dataclass(frozen=True, slots=True)
class TriggerMark:
    mark: str
    second: int
    left: str
    is_past: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    phases: tuple[PhaseBar, ...]
    triggers: tuple[TriggerMark, ...]
    now: str
    """Empty before the start."""
    current: PhaseBar | None
    next_trigger: TriggerMark | None


def _percent(second: float, total: int) -> str:
    return f"{100 * min(max(second / total, 0), 1):.2f}%"


def script_of(document: ExerciseDocument) -> list[ScriptLine]:
    """The role-player's lines; an interview shows its questions, an exercise without a player the administrator's."""
    lines = document.role_player_script or _questions(document) or document.administrator_script
    return sorted(lines, key=lambda line: seconds_of(line.at))


def _questions(document: ExerciseDocument) -> list[ScriptLine]:
    """Questions at their minutes, each followed by its probes; the first phase is the opening."""
    if not document.questions:
        return []
    second = document.phases[0].minutes * 60 if document.phases else 0
    lines = [line for line in document.administrator_script if seconds_of(line.at) < second]
    for question in document.questions:
        at = mark_of(second)
        lines.append(ScriptLine(at, {tag: f"{question.code}. {text}" for tag, text in question.text.items()}))
        lines += [ScriptLine(at, probe, "reveal") for probe in question.probes]
        second += question.minutes * 60
    return lines + [line for line in document.administrator_script if seconds_of(line.at) >= second]


def timeline(document: ExerciseDocument, clock: Clock | None) -> Timeline:
    total = max(document.minutes * 60, sum(phase.minutes for phase in document.phases) * 60, 1)
    elapsed = clock.elapsed if clock else -1
    phases, start = [], 0
    for phase in document.phases:
        end = start + phase.minutes * 60
        phases.append(
            PhaseBar(
                phase.name,
                phase.minutes,
                start,
                end,
                _percent(start, total),
                _percent(end - start, total),
                start <= elapsed < end,
                end - start < NARROW * total,
            )
        )
        start = end
    triggers = tuple(
        TriggerMark(
            line.at, seconds_of(line.at), _percent(seconds_of(line.at), total), seconds_of(line.at) <= elapsed
        )
        for line in script_of(document)
        if line.kind == "trigger"
    )
    return Timeline(
        tuple(phases),
        triggers,
        _percent(elapsed, total) if clock else "",
        next((phase for phase in phases if phase.is_on), None),
        next((trigger for trigger in triggers if not trigger.is_past), None),
    )
