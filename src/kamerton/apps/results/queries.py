"""Reading runs and scores."""

from __future__ import annotations

from uuid import UUID

from kamerton.apps.results.models import Score, ScoreRun


def current_run(project_id: UUID, group: str) -> ScoreRun | None:
    """The newest run of a group; it is the one pages show."""
    return ScoreRun.objects.filter(project_id=project_id, campaign_group=group).order_by("-number").first()


def runs_of(project_id: UUID) -> list[ScoreRun]:
    return list(ScoreRun.objects.filter(project_id=project_id).order_by("-number"))


def scores_of(run: ScoreRun, subject_id: UUID) -> list[Score]:
    """All scores of one subject in a run, by code and source."""
    return list(Score.objects.filter(run=run, subject_id=subject_id).order_by("code", "source"))
