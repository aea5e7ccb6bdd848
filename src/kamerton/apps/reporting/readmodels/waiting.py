"""People of a role's campaigns who have no result yet, and the filters a role page shares with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from kamerton.apps.decisions import queries
from kamerton.apps.delivery.models import Campaign, Participation
from kamerton.apps.people import queries as people
from kamerton.apps.people.models import Employment
from kamerton.apps.people.rules import search_key
from kamerton.apps.results.models import ScoreRun

MOST_WAITING = 50


@dataclass(frozen=True, slots=True)
class RoleFilters:
    who: str = "all"
    unit: str = ""
    category: str = ""
    text: str = ""
    order: str = "category"
    page: int = 1


@dataclass(frozen=True, slots=True)
class Waiting:
    person_id: UUID
    name: str
    unit: str
    is_outside: bool


def jobs_of(prefix: str) -> Prefetch:
    return Prefetch(f"{prefix}employments", Employment.objects.select_related("position__unit"))


def waiting_of(
    run: ScoreRun | None, campaigns: Sequence[Campaign], filters: RoleFilters, language: str
) -> tuple[list[Waiting], int]:
    """People of the campaigns without a result, under the same filters."""
    rows: QuerySet[Participation] = queries.not_assessed(run, campaigns)
    if filters.who in {"employees", "candidates"}:
        rows = rows.filter(person__is_outside=filters.who == "candidates")
    if filters.unit:
        rows = rows.filter(
            Exists(
                Employment.objects.filter(
                    person_id=OuterRef("person_id"), to_date__isnull=True, position__unit__code=filters.unit
                )
            )
        )
    for word in search_key(filters.text).split():
        rows = rows.filter(person__search_key__contains=word)
    count = rows.values("person_id").distinct().count()
    if filters.category not in {"", "not_assessed"}:
        return [], count
    seen: dict[UUID, Waiting] = {}
    for row in (
        rows.select_related("person__identity")
        .prefetch_related(jobs_of("person__"))
        .order_by("person__sort_key")[:MOST_WAITING]
    ):
        seen[row.person_id] = Waiting(
            row.person_id,
            people.short_name(row.person, language),
            people.unit_and_title(row.person, language)[0],
            row.person.is_outside,
        )
    return list(seen.values()), count
