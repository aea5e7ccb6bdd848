"""What the shell reads across rooms: projects of a visitor, what stands in a project, health, search hits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import DatabaseError, connection

from kamerton.apps.decisions.models import Decision, FitResult
from kamerton.apps.delivery.models import Campaign, Participation
from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.functions.documents import FunctionDocument
from kamerton.apps.instruments.documents import FormDocument
from kamerton.apps.observation.models import Appointment
from kamerton.apps.people.models import RoleGrant
from kamerton.apps.people.rules import is_in_force, search_key
from kamerton.apps.records import freezing
from kamerton.apps.records.models import Project, Release, WorkerBeat
from kamerton.apps.records.queries import document_of, releases_in_force
from kamerton.values.texts import LangText


@dataclass(frozen=True, slots=True)
class ProjectOfVisitor:
    project: Project
    roles: tuple[str, ...]


def projects_of_user(user_id: UUID, today: date) -> list[ProjectOfVisitor]:
    """Living projects in which the user holds a role today, by address."""
    grants = RoleGrant.objects.filter(user_id=user_id, project__archived_at__isnull=True).select_related(
        "project"
    )
    found: dict[str, tuple[Project, list[str]]] = {}
    for grant in grants.order_by("project__slug", "role"):
        if is_in_force(grant.from_date, grant.to_date, today):
            found.setdefault(grant.project.slug, (grant.project, []))[1].append(grant.role)
    return [ProjectOfVisitor(project, tuple(roles)) for project, roles in found.values()]


def samples() -> list[Project]:
    return list(Project.objects.filter(kind=Project.Kind.SAMPLE, archived_at__isnull=True).order_by("slug"))


@dataclass(frozen=True, slots=True)
class Standing:
    """How many of each thing a project holds; the start page says what is there and what comes next."""

    functions: int
    frameworks: int
    forms: int
    exercises: int
    procedures: int
    campaigns: int
    invited: int
    finished: int
    appointments: int
    submitted: int
    evaluated: int
    decided: int

    @property
    def is_empty(self) -> bool:
        return not (self.functions or self.frameworks or self.forms or self.exercises or self.procedures)


def standing(project_id: UUID) -> Standing:
    count = {
        kind: len(releases_in_force(project_id, kind))
        for kind in ("function", "framework", "form", "exercise", "procedure")
    }
    people = Participation.objects.filter(campaign__project_id=project_id)
    tasks = Appointment.objects.filter(participation__campaign__project_id=project_id)
    return Standing(
        functions=count["function"], frameworks=count["framework"], forms=count["form"], exercises=count["exercise"],
        procedures=count["procedure"], campaigns=Campaign.objects.filter(project_id=project_id).count(),
        invited=people.count(), finished=people.filter(sittings__finished_at__isnull=False).distinct().count(),
        appointments=tasks.count(), submitted=tasks.filter(submitted_at__isnull=False).count(),
        evaluated=FitResult.objects.filter(subject__project_id=project_id).values("subject_id").distinct().count(),
        decided=Decision.objects.filter(fit__subject__project_id=project_id).values("fit__subject_id").distinct().count(),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Health:
    is_database_ok: bool
    missing_guards: tuple[str, ...]
    worker_beat_seconds: float | None

    @property
    def is_ok(self) -> bool:
        return self.is_database_ok and not self.missing_guards


def health(now: datetime) -> Health:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        missing = tuple(freezing.missing(connection.alias))
        beat = WorkerBeat.objects.order_by("-at").first()
    except DatabaseError:
        return Health(False, (), None)
    return Health(True, missing, (now - beat.at).total_seconds() if beat else None)


@dataclass(frozen=True, slots=True)
class Hit:
    """One place of the content that holds the words looked for."""

    kind: str
    code: str
    text: LangText
    address: str


def _places(project: Project, with_items: bool) -> Iterator[Hit]:
    base = f"/p/{project.slug}/"
    for release in releases_in_force(project.id, "framework"):
        model = document_of(release, FrameworkDocument)
        for c in model.competencies:
            yield Hit("competency", c.code, c.name, f"{base}model/{c.code}/")
            for i in c.indicators:
                yield Hit("indicator", i.code, i.text, f"{base}model/{c.code}/#indicators")
    for release in releases_in_force(project.id, "function"):
        for p in document_of(release, FunctionDocument).processes:
            yield Hit("process", p.code, p.name, f"{base}function/?process={p.code}")
    if with_items:
        for release in releases_in_force(project.id, "form"):
            form = document_of(release, FormDocument)
            for item in form.items:
                yield Hit("item", item.code, item.prompt, f"{base}instruments/{form.code}/#{item.code}")


def search_content(project: Project, text: str, *, with_items: bool, limit: int = 50) -> list[Hit]:
    """Places whose text in any language, or whose code, holds every word of `text`."""
    words = search_key(text).split()
    if not words:
        return []
    hits: list[Hit] = []
    for place in _places(project, with_items):
        key = search_key(place.code, *place.text.values())
        if all(word in key for word in words):
            hits.append(place)
            if len(hits) >= limit:
                break
    return hits


def releases_of(project_id: UUID, kind: str, slug: str) -> list[Release]:
    """All releases of an identity, retired ones too, the newest first."""
    return list(
        Release.objects.filter(identity__project_id=project_id, identity__kind=kind, identity__slug=slug)
        .select_related("identity", "retirement")
        .order_by("-number")
    )


def evaluated_roles(project_id: UUID, persons: Iterable[UUID]) -> dict[UUID, str]:
    """Person → code of the role their latest fit result is about; people without a result are left out."""
    rows = (
        FitResult.objects.filter(subject__project_id=project_id, subject__person_id__in=list(persons))
        .order_by("run__number")
        .values_list("subject__person_id", "profile__code")
    )
    return dict(rows)
