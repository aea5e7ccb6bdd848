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


def _form(release: Release) -> Instrument:
    return Instrument("form", release.identity.slug, release, form=document_of(release, FormDocument))


def _exercise(release: Release) -> Instrument:
    return Instrument(
        "exercise", release.identity.slug, release, exercise=document_of(release, ExerciseDocument)
    )


def instruments_in_force(project_id: UUID) -> list[Instrument]:
    """Forms first, then exercises, each by slug."""
    forms = [_form(release) for release in releases_in_force(project_id, "form")]
    return forms + [_exercise(release) for release in releases_in_force(project_id, "exercise")]


def instrument_by_slug(project_id: UUID, slug: str) -> Instrument:
    if release := latest_release(project_id, "form", slug):
        return _form(release)
    if release := latest_release(project_id, "exercise", slug):
        return _exercise(release)
    raise NotFound(what=slug)
