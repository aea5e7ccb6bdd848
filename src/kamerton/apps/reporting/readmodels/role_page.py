"""The page of a role: seats, whom to hire, the people with their competencies; a constant number of queries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, When

from kamerton.apps.decisions import queries, rules
from kamerton.apps.decisions.models import FitResult
from kamerton.apps.decisions.reasons import probability
from kamerton.apps.delivery.models import Campaign
from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.people import queries as people
from kamerton.apps.people.models import Employment, Person, Unit
from kamerton.apps.people.rules import search_key
from kamerton.apps.procedures.documents import ProcedureDocument
from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.models import Project, Release
from kamerton.apps.records.queries import document_of, releases_in_force
from kamerton.apps.reporting import report_texts as texts
from kamerton.apps.results.models import Score, ScoreRun
from kamerton.values.texts import in_language

from .cells import Cell, Head, cell_of, composite_cut_of, cuts_of, heads_of, profile_of
from .runs import RunFacts, run_facts
from .seats import Seats, seats_of
from .waiting import RoleFilters, Waiting, jobs_of, waiting_of

PAGE = 50
ORDERS = ("category", "probability", "composite", "name")
WHO = ("all", "employees", "candidates")


@dataclass(frozen=True, slots=True)
class PersonRow:
    person_id: UUID
    name: str
    is_outside: bool
    unit: str
    category: str
    category_word: str
    probability: str
    composite: float | None
    composite_se: float | None
    composite_text: str
    composite_error: str
    cells: list[Cell]
    next_step: str
    is_decided: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A run of rows under one head; the counts are of all people in the category, not of this page alone."""

    category: str
    heading: str
    employees: int
    candidates: int
    rows: list[PersonRow]


@dataclass(frozen=True, slots=True)
class RolePage:
    role: str
    name: str
    framework_number: int
    procedures: list[str]
    composite_cut: float
    composite_cut_text: str
    run: RunFacts | None
    heads: list[Head]
    filters: RoleFilters
    units: list[tuple[str, str]]
    counts: dict[str, int] = field(default_factory=dict)
    """Who → how many, before any other filter."""
    categories: list[tuple[str, str, int]] = field(default_factory=list)
    finding: str = ""
    seats: Seats | None = None
    outside_note: str = ""
    gaps_note: str = ""
    groups: list[Group] = field(default_factory=list)
    found: int = 0
    pages: int = 1
    waiting: list[Waiting] = field(default_factory=list)
    waiting_count: int = 0

    @property
    def rows(self) -> list[PersonRow]:
        return [row for group in self.groups for row in group.rows]

    @property
    def persons(self) -> list[UUID]:
        """Everybody whose data this page shows, for the audit row."""
        return [row.person_id for row in self.rows] + [person.person_id for person in self.waiting]


def evaluated_roles(project: Project, language: str) -> list[tuple[str, str, RunFacts | None]]:
    """Roles with a profile in the frameworks in force: code, name, the newest run."""
    runs = queries.current_runs(project.id)
    found: dict[str, str] = {}
    for release in releases_in_force(project.id, "framework"):
        for profile in document_of(release, FrameworkDocument).profiles:
            found.setdefault(profile.role, in_language(profile.name, language))
    return [
        (role, name, run_facts(runs[role], project, language) if role in runs else None)
        for role, name in found.items()
    ]


def role_page(project: Project, role: str, filters: RoleFilters, language: str) -> RolePage:
    run = queries.current_run(project.id, role)
    sample = (
        FitResult.objects.filter(run=run).select_related("profile__release").order_by("id").first()
        if run
        else None
    )
    framework, number = _framework(project, role, sample)
    profile = profile_of(framework, role)
    heads = heads_of(framework, profile, cuts_of(sample), language)
    cut = (
        float(sample.details.get("composite_cut") or composite_cut_of(profile))
        if sample
        else composite_cut_of(profile)
    )
    campaigns = queries.campaigns_of_role(project.id, role)
    empty = RolePage(
        role=role,
        name=in_language(profile.name, language),
        framework_number=number,
        procedures=_procedure_names(campaigns, language),
        composite_cut=cut,
        composite_cut_text=texts.composite(cut, language),
        run=run_facts(run, project, language) if run else None,
        heads=heads,
        filters=filters,
        units=[],
    )
    waiting, waiting_count = waiting_of(run, campaigns, filters, language)
    if run is None:
        return replace(empty, waiting=waiting, waiting_count=waiting_count)
    short = {p.role: in_language(p.short, language) for p in framework.profiles}
    return _filled(empty, run, heads, short, project, waiting, waiting_count, language)


def role_rows(
    project: Project, role: str, filters: RoleFilters, language: str
) -> tuple[list[Head], list[PersonRow]]:
    """Every row under the filters, for an export; scores are read 500 people at a time."""
    run = queries.current_run(project.id, role)
    if run is None:
        raise NotFound(what={"ru": f"расчёт по роли {role}", "en": f"a run for the role {role}"})
    sample = FitResult.objects.filter(run=run).select_related("profile__release").order_by("id").first()
    framework, _ = _framework(project, role, sample)
    heads = heads_of(framework, profile_of(framework, role), cuts_of(sample), language)
    short = {p.role: in_language(p.short, language) for p in framework.profiles}
    chosen = _filtered(queries.selection_fits(run), filters)
    if filters.category in rules.CATEGORIES:
        chosen = chosen.filter(category=filters.category)
    fits = list(_ordered(chosen, filters.order))
    rows: list[PersonRow] = []
    for start in range(0, len(fits), 500):
        rows += _rows(fits[start : start + 500], run, heads, short, language)
    return heads, rows


def _framework(project: Project, role: str, sample: FitResult | None) -> tuple[FrameworkDocument, int]:
    """The release that the run was measured with; before the first run the newest that knows the role."""
    if sample is not None:
        release: Release = sample.profile.release
        return document_of(release, FrameworkDocument), release.number
    for release in releases_in_force(project.id, "framework"):
        document = document_of(release, FrameworkDocument)
        if any(profile.role == role for profile in document.profiles):
            return document, release.number
    raise NotFound(what={"ru": f"роль {role}", "en": f"role {role}"})


def _procedure_names(campaigns: Sequence[Campaign], language: str) -> list[str]:
    names = [
        f"{in_language(document_of(c.procedure, ProcedureDocument).name, language)}, "
        f"{texts.say(language, 'редакция', 'release')} {c.procedure.number}"
        for c in campaigns
    ]
    return list(dict.fromkeys(names))


def _filled(
    page: RolePage,
    run: ScoreRun,
    heads: list[Head],
    roles: dict[str, str],
    project: Project,
    waiting: list[Waiting],
    waiting_count: int,
    language: str,
) -> RolePage:
    everybody = queries.selection_fits(run)
    all_counts = _counts(everybody)
    filters = page.filters
    chosen = _filtered(everybody, filters)
    counts = _counts(chosen)
    if filters.category in rules.CATEGORIES:
        chosen = chosen.filter(category=filters.category)
    found = sum(
        n for (c, _), n in counts.items() if filters.category not in rules.CATEGORIES or c == filters.category
    )
    pages = max(1, math.ceil(found / PAGE))
    at_page = min(max(filters.page, 1), pages)
    fits = list(_ordered(chosen, filters.order)[(at_page - 1) * PAGE : at_page * PAGE])
    rows = _rows(fits, run, heads, roles, language)
    outside = {c: n for (c, is_outside), n in all_counts.items() if is_outside}
    totals: dict[str, int] = {}
    for (category, _), n in all_counts.items():
        totals[category] = totals.get(category, 0) + n
    seats = seats_of(project, page.role, run, language)
    assessed = sum(totals.values())
    return replace(
        page,
        units=_units(run, language),
        counts={
            "all": assessed,
            "employees": assessed - sum(outside.values()),
            "candidates": sum(outside.values()),
        },
        categories=[
            (c, in_language(rules.GROUP_HEADINGS[c], language), totals[c])
            for c in rules.CATEGORIES
            if totals.get(c)
        ],
        finding=seats.finding if seats else texts.people_finding(totals, assessed, language),
        seats=seats,
        outside_note=texts.outside_note(outside, language),
        gaps_note=_gaps_note(run, heads, language),
        groups=_groups(rows, counts, filters.order, language),
        found=found,
        pages=pages,
        waiting=waiting,
        waiting_count=waiting_count,
        filters=RoleFilters(
            filters.who, filters.unit, filters.category, filters.text, filters.order, at_page
        ),
    )


def _counts(fits: QuerySet[FitResult]) -> dict[tuple[str, bool], int]:
    rows = fits.values_list("category", "subject__person__is_outside").annotate(n=Count("id")).order_by()
    return {(category, bool(is_outside)): n for category, is_outside, n in rows}


def _filtered(fits: QuerySet[FitResult], filters: RoleFilters) -> QuerySet[FitResult]:
    if filters.who in {"employees", "candidates"}:
        fits = fits.filter(subject__person__is_outside=filters.who == "candidates")
    if filters.unit:
        job = Employment.objects.filter(
            person_id=OuterRef("subject__person_id"), to_date__isnull=True, position__unit__code=filters.unit
        )
        fits = fits.filter(Exists(job))
    for word in search_key(filters.text).split():
        fits = fits.filter(subject__person__search_key__contains=word)
    return fits


def _ordered(fits: QuerySet[FitResult], order: str) -> QuerySet[FitResult]:
    by: tuple[Any, ...] = {
        "probability": (F("probability_a").desc(nulls_last=True), F("composite").desc(nulls_last=True)),
        "composite": (F("composite").desc(nulls_last=True),),
        "name": (F("subject__person__sort_key"),),
    }.get(order, (queries.category_rank(), F("composite").desc(nulls_last=True)))
    return (
        fits.order_by(*by, "subject__person__sort_key", "id")
        .select_related("subject__person__identity")
        .prefetch_related(jobs_of("subject__person__"))
        .defer("probabilities", "reasons")
    )


def _rows(
    fits: list[FitResult], run: ScoreRun, heads: list[Head], roles: dict[str, str], language: str
) -> list[PersonRow]:
    subjects = [fit.subject_id for fit in fits]
    scores: dict[tuple[UUID, str], Score] = {}
    for score in Score.objects.filter(run=run, subject_id__in=subjects, source="combined").defer("parts"):
        scores[score.subject_id, score.code] = score
    decided = queries.newest_decisions(run, subjects)
    rows: list[PersonRow] = []
    for fit in fits:
        person: Person = fit.subject.person  # type: ignore[assignment]
        settle = next(iter(fit.details.get("settle") or []), None)
        decision = decided.get(fit.subject_id)
        rows.append(
            PersonRow(
                person_id=person.id,
                name=people.short_name(person, language),
                is_outside=person.is_outside,
                unit=people.unit_and_title(person, language)[0],
                category=fit.category,
                category_word=texts.category_word(fit.category, language),
                probability=probability(fit.probability_a, language)
                if fit.probability_a is not None
                else "–",
                composite=fit.composite,
                composite_se=fit.composite_se,
                composite_text=texts.composite(fit.composite, language) if fit.composite is not None else "–",
                composite_error=texts.error(fit.composite_se, language, 2)
                if fit.composite_se is not None
                else "",
                cells=[cell_of(head, scores.get((fit.subject_id, head.code)), language) for head in heads],
                next_step=texts.next_step(
                    category=fit.category,
                    is_outside=person.is_outside,
                    settle=f"{settle['competency']}, {settle['instrument']}" if settle else "",
                    role=roles.get(fit.suggested_role, fit.suggested_role),
                    decided=decision.outcome if decision else "",
                    language=language,
                ),
                is_decided=decision is not None,
            )
        )
    return rows


def _groups(
    rows: list[PersonRow], counts: dict[tuple[str, bool], int], order: str, language: str
) -> list[Group]:
    """By category where the order is by category; otherwise one group without a head."""
    if order in {"probability", "composite", "name"}:
        return [Group("", "", 0, 0, rows)] if rows else []
    groups: list[Group] = []
    for category in rules.CATEGORIES:
        mine = [row for row in rows if row.category == category]
        if mine:
            heading = in_language(rules.GROUP_HEADINGS[category], language)
            groups.append(
                Group(
                    category, heading, counts.get((category, False), 0), counts.get((category, True), 0), mine
                )
            )
    return groups


def _units(run: ScoreRun, language: str) -> list[tuple[str, str]]:
    """Units of the people in the run, in the reader's order."""
    units = Unit.objects.filter(
        Exists(
            Employment.objects.filter(
                position__unit_id=OuterRef("id"), to_date__isnull=True, person__subject__fit_results__run=run
            )
        )
    )
    return sorted(
        ((unit.code, in_language(unit.name, language)) for unit in units), key=lambda pair: pair[1].casefold()
    )


def _gaps_note(run: ScoreRun, heads: list[Head], language: str) -> str:
    """Where our own people's estimates lie under the minimum most often; only from ten people on."""
    mine = Score.objects.filter(
        run=run,
        source="combined",
        code__in=[head.code for head in heads],
        value__isnull=False,
        subject__person__is_outside=False,
        subject_id__in=queries.selection_fits(run).values("subject_id"),
    )
    below = Case(
        *[When(Q(code=head.code) & Q(value__lt=head.cut), then=1) for head in heads],
        default=0,
        output_field=IntegerField(),
    )
    counted = (
        mine.annotate(is_below=below)
        .values_list("code")
        .annotate(n=Count("id"), under=Count("id", filter=Q(is_below=1)))
    )
    rows = sorted(
        ((under / n, under, n, code) for code, n, under in counted.order_by() if n >= 10), reverse=True
    )
    names = {head.code: head.short for head in heads}
    worst = [
        texts.say(language, f"{names[code]} ({under} из{texts.NBSP}{n})", f"{names[code]} ({under} of {n})")
        for share, under, n, code in rows[:2]
        if share >= 0.25
    ]
    if not worst:
        return ""
    joined = texts.say(language, " и ", " and ").join(worst)
    return texts.say(
        language,
        f"У своих оценка чаще всего ниже минимума: {joined}.",
        f"Our own people are most often below the minimum in: {joined}.",
    )
