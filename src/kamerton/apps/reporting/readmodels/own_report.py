"""What a candidate reads about themselves: bands and behaviour, no category, no comparison with others, no fit."""

from __future__ import annotations

from dataclasses import dataclass

from kamerton.apps.decisions import rules
from kamerton.apps.delivery.models import Participation
from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.procedures.documents import ProcedureDocument
from kamerton.apps.records.queries import document_of
from kamerton.apps.reporting import report_texts as texts
from kamerton.apps.results.models import Score
from kamerton.values.texts import in_language

from .cells import competency_of


@dataclass(frozen=True, slots=True)
class OwnRow:
    code: str
    name: str
    definition: str
    band: str
    """ "2–3": the levels the error reaches; empty where too little is known."""
    low: int
    high: int
    now: str
    """Behaviour at the lower level of the band: what is certain rather than what is possible."""
    ahead: str
    development: str
    n: int


@dataclass(frozen=True, slots=True)
class OwnReport:
    rows: tuple[OwnRow, ...]
    at: str
    run: int


def is_offered(participation: Participation) -> bool:
    return document_of(participation.campaign.procedure, ProcedureDocument).own_report


def own_report(participation: Participation, language: str) -> OwnReport | None:
    """From the newest run that scored this person; None while there is none, or where the procedure offers none."""
    if not is_offered(participation) or participation.withdrawn_at is not None:
        return None
    found = Score.objects.filter(
        subject__person_id=participation.person_id,
        run__project_id=participation.campaign.project_id,
        run__kind="cohort",
        run__at__gte=participation.added_at,
        source="combined",
        competency_stable_id__isnull=False,
    ).select_related("run", "framework")
    newest = found.order_by("-run__number").first()
    if newest is None:
        return None
    framework = document_of(newest.framework, FrameworkDocument)
    scores = {score.code: score for score in found.filter(run=newest.run)}
    rows = tuple(
        _row(framework, scores[competency.code], language)
        for competency in framework.competencies
        if competency.code in scores
    )
    zone = participation.campaign.project.zone
    return OwnReport(rows, texts.moment(newest.run.at, zone, language), newest.run.number)


def _row(framework: FrameworkDocument, score: Score, language: str) -> OwnRow:
    competency = competency_of(framework, score.code)
    shown = rules.how_to_show(score.value, score.reliability, score.flags)
    low = high = 0
    if shown in {"number", "band"} and score.value is not None and score.se is not None:
        low, high = rules.band_of(score.value, score.se)
    anchors = {level.value: in_language(level.anchor, language) for level in competency.levels}
    return OwnRow(
        code=competency.code,
        name=in_language(competency.name, language),
        definition=in_language(competency.definition, language),
        band=texts.band(low, high) if low else "",
        low=low,
        high=high,
        now=anchors.get(low, ""),
        ahead=anchors.get(low + 1, "") if low else "",
        development=in_language(competency.development, language) if low and low < 5 else "",
        n=score.n,
    )
