"""Reading sources, what carries each indicator, and what came of sorting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet

from kamerton.apps.people.rules import require
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import NotFound
from kamerton.apps.sources import rules
from kamerton.apps.sources.documents import IncidentDocument, SourceDocument, SourcesDocument
from kamerton.apps.sources.models import Incident, Judge, Placement, SortRound, Source, Support
from kamerton.measure.content import BackSort, back_sort


def sources_of(actor: Actor, project_id: UUID, framework: str) -> QuerySet[Source]:
    """Sources by code, with counts of incidents, of effective ones and of links."""
    require(actor, project_id, "view_sources")
    return (
        Source.objects.filter(project_id=project_id, framework=framework)
        .annotate(
            told=Count("incidents", distinct=True),
            effective=Count("incidents", distinct=True, filter=Q(incidents__effective=True)),
            links=Count("incidents__supports", distinct=True),
        )
        .order_by("kind", "held", "code")
    )


def has_sources(project_id: UUID, framework: str) -> bool:
    return Source.objects.filter(project_id=project_id, framework=framework).exists()


def source_in(actor: Actor, project_id: UUID, framework: str, code: str) -> Source:
    require(actor, project_id, "view_sources")
    found = (
        Source.objects.filter(project_id=project_id, framework=framework, code=code)
        .prefetch_related(
            Prefetch("incidents", Incident.objects.order_by("ordinal").prefetch_related("supports"))
        )
        .first()
    )
    if found is None:
        raise NotFound(what={"ru": f"источник {code}", "en": f"source {code}"})
    return found


def incident_in(actor: Actor, project_id: UUID, incident_id: UUID) -> Incident:
    require(actor, project_id, "view_sources")
    found = (
        Incident.objects.filter(id=incident_id, source__project_id=project_id)
        .select_related("source")
        .first()
    )
    if found is None:
        raise NotFound(what={"ru": "случай", "en": "incident"})
    return found


def carried(actor: Actor, project_id: UUID, framework: str, indicator: str) -> list[Incident]:
    """Incidents that carry an indicator, effective ones first."""
    require(actor, project_id, "view_sources")
    return list(
        Incident.objects.filter(
            source__project_id=project_id, source__framework=framework, supports__indicator=indicator
        )
        .select_related("source")
        .order_by("-effective", "source__held", "source__code", "ordinal")
    )


@dataclass(frozen=True, slots=True)
class Carried:
    """How well an indicator is carried."""

    incidents: int
    sources: int


def support_counts(project_id: UUID, framework: str) -> dict[str, Carried]:
    """Indicator → how many incidents of how many sources carry it. A count, no words: whoever sees the model may see it."""
    rows = (
        Support.objects.filter(incident__source__project_id=project_id, incident__source__framework=framework)
        .values("indicator")
        .annotate(
            incidents=Count("incident", distinct=True), sources=Count("incident__source", distinct=True)
        )
        .order_by()
    )
    return {row["indicator"]: Carried(row["incidents"], row["sources"]) for row in rows}


# ------------------------------------------------------------------------------------------------ sorting


def rounds_of(actor: Actor, project_id: UUID, framework: str) -> QuerySet[SortRound]:
    require(actor, project_id, "view_sources")
    return (
        SortRound.objects.filter(project_id=project_id, framework=framework)
        .annotate(n=Count("judges"), done=Count("judges", filter=Q(judges__finished_at__isnull=False)))
        .order_by("-opened_at")
    )


def round_in(actor: Actor, project_id: UUID, round_id: UUID) -> SortRound:
    require(actor, project_id, "view_sources")
    found = SortRound.objects.filter(id=round_id, project_id=project_id).prefetch_related("judges").first()
    if found is None:
        raise NotFound(what={"ru": "раунд сортировки", "en": "round of sorting"})
    return found


def judge_by_token(token: str) -> Judge:
    found = Judge.objects.filter(token_hash=rules.token_hash(token)).select_related("round__project").first()
    if found is None:
        raise NotFound(what={"ru": "ссылка на сортировку", "en": "link to the sorting"})
    return found


@dataclass(frozen=True, slots=True)
class Card:
    code: str
    text: dict[str, str]
    target: str | None
    """None: not placed yet; "": fits none."""


def cards_for(judge: Judge) -> list[Card]:
    """The judge's cards in an order of their own, with where each lies now. Where it came from is not told."""
    by_code: dict[str, dict[str, Any]] = {card["code"]: card for card in judge.round.cards}
    placed = newest_placements(judge)
    return [
        Card(code, by_code[code]["text"], placed.get(code))
        for code in rules.card_order(judge.id, list(by_code))
    ]


def newest_placements(judge: Judge) -> dict[str, str]:
    return dict(Placement.objects.filter(judge=judge).order_by("id").values_list("card", "target"))


@dataclass(frozen=True, slots=True)
class RoundResult:
    """What came of the judges who have handed in."""

    judges: int
    back: BackSort | None
    """None before the first judge has handed in, or when no card has a home."""


def result_of(round_: SortRound) -> RoundResult:
    """Agreement of the judges with where each card belongs by its author; cards without a home are left out."""
    homes = {card["code"]: card["home"] for card in round_.cards if card["home"]}
    judges = list(Judge.objects.filter(round=round_, finished_at__isnull=False))
    if not judges or not homes:
        return RoundResult(len(judges), None)
    placed = [newest_placements(judge) for judge in judges]
    # "Fits none" is an answer: it counts against the home, and no competency is called its rival.
    table = [[("–" if row.get(code) == "" else row.get(code)) for code in homes] for row in placed]
    return RoundResult(
        len(judges), back_sort(table, list(homes.values()), names=list(homes), least=round_.least)
    )


def sources_document(project_id: UUID, framework: str) -> SourcesDocument:
    """Everything that was told, as a pack carries it."""
    rows = Source.objects.filter(project_id=project_id, framework=framework).order_by(
        "created_at", "held", "code"
    )
    told = rows.prefetch_related(
        Prefetch(
            "incidents",
            Incident.objects.order_by("ordinal").prefetch_related(
                Prefetch("supports", Support.objects.order_by("id"))
            ),
        )
    )
    return SourcesDocument(
        framework,
        [
            SourceDocument(
                source.code,
                source.kind,
                source.held,
                source.respondent,  # type: ignore[arg-type]
                [
                    IncidentDocument(
                        i.code,
                        i.situation,
                        i.behaviour,
                        i.result,
                        i.effective,
                        [s.indicator for s in i.supports.all()],
                    )
                    for i in source.incidents.all()
                ],
            )
            for source in told
        ],
    )
