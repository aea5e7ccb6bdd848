"""Reading released instruments: forms of test items and exercises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from kamerton.apps.instruments.documents import ExerciseDocument, FormDocument
from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.models import Release
from kamerton.apps.records.queries import document_of, latest_release, releases_in_force


@dataclass(frozen=True, slots=True)
class Instrument:
    """A released instrument; exactly one of `form` and `exercise` is there."""

    kind: Literal["form", "exercise"]
    slug: str
    release: Release
    form: FormDocument | None = None
    exercise: ExerciseDocument | None = None

    @property
    def document(self) -> FormDocument | ExerciseDocument:
        found = self.form or self.exercise
        assert found is not None  # the constructor functions below set one
        return found

    @property
    def competencies(self) -> tuple[str, ...]:
        """Codes of the competencies it gives evidence of, in order of first appearance."""
        if self.form:
            return tuple(dict.fromkeys(item.competency for item in self.form.items))
        return tuple(rated.competency for rated in self.exercise.rated) if self.exercise else ()

    @property
    def is_complete(self) -> bool:
        """False for a rating sheet whose materials come later."""
        return self.exercise is None or self.exercise.is_complete

    @property
    def minutes(self) -> int:
        """Time limit of a form, length of an exercise."""
        if self.form:
            return self.form.time_limit_minutes
        return self.exercise.minutes if self.exercise else 0

    @property
    def points(self) -> int:
        """Points of a form; an exercise is rated, not counted."""
        return sum(item.points for item in self.form.items) if self.form else 0


def instrument_of(release: Release) -> Instrument:
    """A release of kind "form" or "exercise" as the instrument it is."""
    slug = release.identity.slug
    if release.identity.kind == "form":
        return Instrument("form", slug, release, form=document_of(release, FormDocument))
    if release.identity.kind == "exercise":
        return Instrument("exercise", slug, release, exercise=document_of(release, ExerciseDocument))
    raise ValueError(f"{release} is a {release.identity.kind!r}; an instrument is a 'form' or an 'exercise'")


def instruments_in_force(project_id: UUID) -> list[Instrument]:
    """Tests first, then exercises, then the written parts of exercises, each by slug."""
    forms = [instrument_of(release) for release in releases_in_force(project_id, "form")]
    exercises = [instrument_of(release) for release in releases_in_force(project_id, "exercise")]
    parts = [found for found in forms if found.form and found.form.exercise]
    return [found for found in forms if found not in parts] + exercises + parts


def instrument_by_slug(project_id: UUID, slug: str) -> Instrument:
    for kind in ("form", "exercise"):
        if release := latest_release(project_id, kind, slug):
            return instrument_of(release)
    raise NotFound(what=slug)
