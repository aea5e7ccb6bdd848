"""Who computed what, when, with which algorithms: the line under every page of results."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kamerton.apps.records.models import Project
from kamerton.apps.reporting import report_texts as texts
from kamerton.apps.results.models import ScoreRun


@dataclass(frozen=True, slots=True)
class RunFacts:
    id: UUID
    number: int
    at: str
    actor: str
    algorithms: list[tuple[str, str]]
    code_version: str
    inputs_digest: str
    outputs_digest: str
    seed: int
    draws: int
    persons: int
    ratings: int
    answers: int
    exclusions: list[tuple[str, str]]
    is_error_assumed: bool
    is_severity_removed: bool
    is_connected: bool
    prior: str

    @property
    def digest(self) -> str:
        return self.outputs_digest[:8]

    @property
    def fit_algorithm(self) -> str:
        return next((name for step, name in self.algorithms if step == "fit"), "")


def run_facts(run: ScoreRun, project: Project, language: str) -> RunFacts:
    frozen = run.frozen or {}
    calibration = frozen.get("calibration") or {}
    inputs = run.inputs or {}
    prior = frozen.get("prior") or {}
    is_estimated = prior.get("source") == "estimated"
    exclusions = [
        (str(row.get("what", "")), str(row.get("reason", "")))
        for row in inputs.get("exclusions") or []
        if isinstance(row, dict)
    ]
    return RunFacts(
        id=run.id,
        number=run.number,
        at=texts.moment(run.at, project.zone, language),
        actor=run.actor_name,
        algorithms=sorted((str(step), str(name)) for step, name in (run.algorithms or {}).items()),
        code_version=run.code_version,
        inputs_digest=run.inputs_digest,
        outputs_digest=run.outputs_digest,
        seed=run.seed,
        draws=int(frozen.get("draws") or 0),
        persons=int(inputs.get("persons") or 0),
        ratings=int(inputs.get("ratings") or 0),
        answers=int(inputs.get("answers") or 0),
        exclusions=exclusions,
        is_error_assumed=bool(frozen.get("assumed_errors")),
        is_severity_removed=bool(calibration.get("severity_removed", True)),
        is_connected=bool(calibration.get("connected", True)),
        prior=texts.say(
            language,
            f"общее априорное распределение, оценено по{texts.NBSP}{prior.get('n')} людям"
            if is_estimated
            else "общее априорное распределение, принято",
            f"common prior, estimated from {prior.get('n')} people"
            if is_estimated
            else "common prior, assumed",
        ),
    )
