"""Reading runs, fits, decisions and seats for selection. Nobody without consent to selection gets through here."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Case, Exists, IntegerField, OuterRef, QuerySet, Value, When

from kamerton.apps.decisions import rules
from kamerton.apps.decisions.models import Decision, FitResult, SeatPlan
from kamerton.apps.delivery.models import Campaign, Consent, Participation
from kamerton.apps.delivery.queries import TRIAL_SLUG
from kamerton.apps.procedures.documents import ProcedureDocument
from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.queries import document_of
from kamerton.apps.results.models import ScoreRun

GROUP_PREFIX = "role:"


def role_of(run: ScoreRun) -> str:
    """The role that a run evaluated: "role:R3" → "R3"."""
    return run.campaign_group.removeprefix(GROUP_PREFIX)


def current_run(project_id: UUID, role: str) -> ScoreRun | None:
    """The newest run of a role; it is the one that pages show."""
    runs = ScoreRun.objects.filter(
        project_id=project_id, campaign_group=f"{GROUP_PREFIX}{role}", kind="cohort"
    )
    return runs.order_by("-number").first()


def current_runs(project_id: UUID) -> dict[str, ScoreRun]:
    """The newest run of every evaluated role, by role."""
    runs = ScoreRun.objects.filter(
        project_id=project_id, campaign_group__startswith=GROUP_PREFIX, kind="cohort"
    )
    return {role_of(run): run for run in runs.order_by("number")}


def seat_plan(project_id: UUID, role: str, period: str | None = None) -> list[SeatPlan]:
    """The rows of the plan in their order; without a period the newest one there is."""
    rows = list(SeatPlan.objects.filter(project_id=project_id, role=role).order_by("period", "ordinal"))
    wanted = period or (rows[-1].period if rows else "")
    return [row for row in rows if row.period == wanted]


def _consent(purpose: str, prefix: str) -> Exists:
    given = Consent.objects.filter(
        participation_id=OuterRef(prefix), purpose=purpose, withdrawal__isnull=True
    )
    return Exists(given)


def selection_fits(run: ScoreRun) -> QuerySet[FitResult]:
    """Fits of a run whose people agreed to selection and have not withdrawn."""
    return FitResult.objects.filter(
        Exists(
            Consent.objects.filter(
                participation_id=OuterRef("participation_id"), purpose="selection", withdrawal__isnull=True
            )
        ),
        run=run,
        participation__campaign__purpose=Campaign.Purpose.SELECTION,
        participation__withdrawn_at__isnull=True,
    )


def is_for_selection(fit: FitResult) -> bool:
    return selection_fits(fit.run).filter(id=fit.id).exists()


def category_rank() -> Case:
    """Where a category stands on the page, for ORDER BY."""
    whens = [When(category=category, then=Value(rank)) for rank, category in enumerate(rules.CATEGORIES)]
    return Case(*whens, default=Value(len(rules.CATEGORIES)), output_field=IntegerField())


def fit_of(run: ScoreRun, person_id: UUID) -> FitResult:
    """The fit of one person in a run, if it may be shown for selection."""
    fit = (
        selection_fits(run)
        .filter(subject__person_id=person_id)
        .select_related(
            "run__project",
            "subject__person__identity",
            "participation__campaign",
            "procedure__identity",
            "profile__release",
        )
        .first()
    )
    if fit is None:
        raise NotFound(
            what={"ru": "результаты этого человека для отбора", "en": "results of this person for selection"}
        )
    return fit


def campaigns_of_role(project_id: UUID, role: str) -> list[Campaign]:
    """Campaigns for selection whose procedure decides about the role, by address."""
    campaigns = (
        Campaign.objects.filter(
            project_id=project_id, purpose=Campaign.Purpose.SELECTION, archived_at__isnull=True
        )
        .exclude(slug=TRIAL_SLUG)
        .select_related("procedure")
        .order_by("slug")
    )
    return [c for c in campaigns if document_of(c.procedure, ProcedureDocument).fit_rule.role == role]


def not_assessed(run: ScoreRun | None, campaigns: Iterable[Campaign]) -> QuerySet[Participation]:
    """Who takes part for selection but has no fit in the run yet."""
    waiting = Participation.objects.filter(campaign__in=list(campaigns), withdrawn_at__isnull=True).exclude(
        consents__withdrawal__isnull=False
    )
    if run is not None:
        # A list that the database hashes once: a correlated EXISTS took minutes for thousands of people on
        # a PostgreSQL that had not gathered statistics since an import.
        waiting = waiting.exclude(
            person_id__in=FitResult.objects.filter(run=run, subject__person__isnull=False).values(
                "subject__person_id"
            )
        )
    return waiting


def decisions_about(person_id: UUID, role: str) -> list[Decision]:
    """The history of decisions about a person in a role, newest first; the first one counts."""
    return list(
        Decision.objects.filter(
            fit__subject__person_id=person_id, fit__run__campaign_group=f"{GROUP_PREFIX}{role}"
        )
        .select_related("fit__run")
        .order_by("-at", "-id")
    )


def newest_decisions(run: ScoreRun, subject_ids: Iterable[UUID]) -> dict[UUID, Decision]:
    """Subject → the decision that counts, from whichever run of the same role."""
    rows = (
        Decision.objects.filter(
            fit__subject_id__in=list(subject_ids),
            fit__run__project_id=run.project_id,
            fit__run__campaign_group=run.campaign_group,
        )
        .select_related("fit__run")
        .order_by("at", "id")
    )
    return {decision.fit.subject_id: decision for decision in rows}


def standing_of(decision: Decision, newest: FitResult) -> rules.Standing:
    """Whether the newest run would put a decided case into another category."""
    return rules.standing(
        decided_run=decision.fit.run.number,
        decided_category=decision.fit.category,
        newest_run=newest.run.number,
        newest_category=newest.category,
    )
