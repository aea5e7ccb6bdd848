"""The frame of a sheet: an exercise joined with the framework release its procedure pins."""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

from kamerton.apps.frameworks.documents import Competency, FrameworkDocument, Indicator
from kamerton.apps.instruments.documents import ExerciseDocument
from kamerton.apps.observation.models import Appointment
from kamerton.apps.procedures.documents import ProcedureDocument
from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.models import Part, Release
from kamerton.apps.records.queries import document_of, latest_release, parts_by_code
from kamerton.values.texts import LangText


@dataclass(frozen=True, slots=True)
class RatedFrame:
    """One competency as this exercise can show it."""

    part: Part
    competency: Competency
    indicators: tuple[tuple[Part, Indicator], ...]
    anchors: tuple[LangText, ...]

    @property
    def code(self) -> str:
        return self.competency.code


@dataclass(frozen=True, slots=True)
class Frame:
    exercise: ExerciseDocument
    framework: Release
    rated: tuple[RatedFrame, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(line.code for line in self.rated)

    def line(self, code: str) -> RatedFrame:
        found = next((line for line in self.rated if line.code == code), None)
        if found is None:
            raise NotFound(what=code)
        return found

    def indicator(self, code: str) -> Part:
        """The part of an indicator that this exercise can show."""
        for line in self.rated:
            for part, indicator in line.indicators:
                if indicator.code == code:
                    return part
        raise NotFound(what=code)


def framework_of(*, procedure: Release, project_id: UUID, slug: str) -> Release:
    """The framework release the procedure pins; without a pin, the one in force."""
    pinned = json.loads(procedure.body).get("pins", {}).get("framework")
    release = Release.objects.filter(id=pinned).select_related("identity").first() if pinned else None
    release = release or latest_release(project_id, "framework", slug)
    if release is None:
        raise NotFound(what={"ru": f"модель компетенций «{slug}»", "en": f'competency framework "{slug}"'})
    return release


def frame_of(*, exercise: Release, procedure: Release, project_id: UUID) -> Frame:
    document = document_of(exercise, ExerciseDocument)
    framework = framework_of(procedure=procedure, project_id=project_id, slug=document.framework)
    model = document_of(framework, FrameworkDocument)
    competencies = {competency.code: competency for competency in model.competencies}
    indicators = {i.code: i for competency in model.competencies for i in competency.indicators}
    parts = parts_by_code(framework, "competency")
    indicator_parts = parts_by_code(framework, "indicator")
    return Frame(
        document,
        framework,
        tuple(
            RatedFrame(
                parts[rated.competency],
                competencies[rated.competency],
                tuple((indicator_parts[code], indicators[code]) for code in rated.indicators),
                tuple(rated.anchors),
            )
            for rated in document.rated
        ),
    )


def frame_for(appointment: Appointment) -> Frame:
    campaign = appointment.participation.campaign
    return frame_of(
        exercise=appointment.exercise, procedure=campaign.procedure, project_id=campaign.project_id
    )


def pinned_exercise(*, procedure: Release, instrument: str) -> str | None:
    """The id of the exercise release the procedure pins as `instrument`; None if it is no exercise of it.

    A procedure without pins (a draft being tried) answers with an empty text: any release of the exercise will do.
    """
    document = document_of(procedure, ProcedureDocument)
    if not any(i.code == instrument and i.kind == "exercise" for i in document.instruments):
        return None
    return document.pins.get(instrument, "")


@dataclass(frozen=True, slots=True)
class PinnedExercise:
    """An exercise of a procedure with the release that the procedure is bound to."""

    instrument: str
    release: Release
    document: ExerciseDocument


def exercises_of(*, procedure: Release, project_id: UUID) -> list[PinnedExercise]:
    """Exercises of a procedure, in its order; without a pin, the release in force."""
    document = document_of(procedure, ProcedureDocument)
    found: list[PinnedExercise] = []
    for instrument in document.instruments:
        if instrument.kind != "exercise":
            continue
        pinned = document.pins.get(instrument.code)
        release = (
            Release.objects.filter(id=pinned, identity__project_id=project_id)
            .select_related("identity")
            .first()
            if pinned
            else latest_release(project_id, "exercise", instrument.slug)
        )
        if release is not None:
            found.append(PinnedExercise(instrument.code, release, document_of(release, ExerciseDocument)))
    return found
