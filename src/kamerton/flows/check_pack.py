"""What the documents of a role pack say about each other: names that lead nowhere are found before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.instruments.documents import ExerciseDocument, FormDocument
from kamerton.apps.procedures.documents import PackDocument, ProcedureDocument


@dataclass(frozen=True, slots=True)
class PackProblem:
    """A file of the pack, the place in it, and the words."""

    file: str
    texts: dict[str, str]


def pack_problems(
    pack: PackDocument,
    framework: FrameworkDocument,
    forms: tuple[FormDocument, ...],
    exercises: tuple[ExerciseDocument, ...],
    procedures: tuple[ProcedureDocument, ...],
) -> list[PackProblem]:
    """Every reference that leads nowhere, in the order of the files."""
    found: list[PackProblem] = []
    if not procedures:
        found.append(
            PackProblem(
                "pack.yaml",
                {"ru": "procedures: нет ни одной процедуры", "en": "procedures: there is no procedure"},
            )
        )
    known = {competency.code for competency in framework.competencies}
    found += _profiles(pack.framework, framework, known)
    for name, form in zip(pack.forms, forms, strict=True):
        for item in form.items:
            if item.competency not in known:
                found.append(_unknown(name, f"items.{item.code}.competency", item.competency))
        stimuli = {stimulus.code for stimulus in form.stimuli}
        for code in form.materials:
            if code not in stimuli:
                found.append(_unknown(name, "materials", code))
        if form.exercise and form.exercise not in {exercise.code for exercise in exercises}:
            found.append(_unknown(name, "exercise", form.exercise))
    for name, exercise in zip(pack.exercises, exercises, strict=True):
        for rated in exercise.rated:
            if rated.competency not in known:
                found.append(_unknown(name, "rated.competency", rated.competency))
        for question in exercise.questions:
            if question.competency not in {rated.competency for rated in exercise.rated}:
                found.append(_unknown(name, f"questions.{question.code}.competency", question.competency))
        if exercise.written and exercise.written not in {form.code for form in forms}:
            found.append(_unknown(name, "written", exercise.written))
    for name, procedure in zip(pack.procedures, procedures, strict=True):
        found += _procedure(name, procedure, framework, known)
    return found


def _unknown(file: str, place: str, code: str) -> PackProblem:
    return PackProblem(
        file,
        {"ru": f"{place}: «{code}» нигде не описано", "en": f'{place}: "{code}" is described nowhere'},
    )


def _profiles(file: str, framework: FrameworkDocument, known: set[str]) -> Iterator[PackProblem]:
    for profile in framework.profiles:
        named = {target.competency for target in profile.targets}
        for code in sorted(named - known):
            yield _unknown(file, f"profiles.{profile.role}.targets", code)
        for code in sorted(known - named):
            yield PackProblem(
                file,
                {
                    "ru": f"profiles.{profile.role}.targets: нет строки для {code}",
                    "en": f"profiles.{profile.role}.targets: there is no row for {code}",
                },
            )


def _procedure(
    file: str, procedure: ProcedureDocument, framework: FrameworkDocument, known: set[str]
) -> Iterator[PackProblem]:
    if procedure.framework != framework.code:
        yield _unknown(file, "framework", procedure.framework)
        return
    instruments = {instrument.code for instrument in procedure.instruments}
    for number, cell in enumerate(procedure.matrix):
        if cell.competency not in known:
            yield _unknown(file, f"matrix.{number}.competency", cell.competency)
        if cell.instrument not in instruments:
            yield _unknown(file, f"matrix.{number}.instrument", cell.instrument)
    for stage in procedure.stages:
        for code in stage.instruments:
            if code not in instruments:
                yield _unknown(file, f"stages.{stage.code}.instruments", code)
    if procedure.fit_rule.role not in {profile.role for profile in framework.profiles}:
        yield _unknown(file, "fit_rule.role", procedure.fit_rule.role)
    for record in procedure.cuts:
        if record.instrument not in instruments:
            yield _unknown(file, "cuts.instrument", record.instrument)
