"""The ten elements of an assessment centre, checked on one person's evidence before the word may be used.

Source: International Taskforce on Assessment Center Guidelines, Guidelines and Ethical Considerations for Assessment
Center Operations, 6th edition, Journal of Management 41 (2015) 1244-1273: ten essential elements, all of them needed.
What the system cannot see is not met: it is no proof to have no record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kamerton.apps.instruments.documents import ExerciseDocument
from kamerton.apps.records.queries import releases_in_force
from kamerton.values.texts import LangText

from .evidence import Integration
from .frames import frame_for
from .training import licensed, trainings_of

FEWEST: Final = 2
"""Exercises, assessors and observations of a competency: one of them is not a centre."""


@dataclass(frozen=True, slots=True)
class Element:
    code: str
    name: LangText
    is_met: bool
    why: LangText
    """What was found, or what is missing and where."""


@dataclass(frozen=True, slots=True)
class Centre:
    elements: tuple[Element, ...]

    @property
    def met(self) -> int:
        return sum(element.is_met for element in self.elements)

    @property
    def may_be_called_so(self) -> bool:
        return self.met == len(self.elements)


def centre_of(evidence: Integration) -> Centre:
    """Ten elements for one person; the evidence is read as `integration` gives it."""
    project_id = evidence.participation.campaign.project_id
    frames = {appointment.instrument: frame_for(appointment) for appointment in evidence.appointments}
    exercises = {code: frame.exercise for code, frame in frames.items()}
    rows = evidence.competencies
    thin = [row.competency.code for row in rows if len(row.cells) < FEWEST]
    unclassified = sorted(
        {
            line.code
            for frame in frames.values()
            for line in frame.rated
            if len(line.anchors) != 5 or not line.indicators
        }
    )
    bare = sum(
        1 for row in rows for cell in row.cells for rater in cell.raters if rater.value and not rater.notes
    )
    apart = [row.competency.code for row in rows if row.is_apart and row.agreed is None]
    loose = sorted(code for code, exercise in exercises.items() if not _is_standard(exercise))
    simulations = sorted(code for code, exercise in exercises.items() if exercise.is_simulation)
    assessors = len({appointment.assessor_id for appointment in evidence.appointments})
    trainings = trainings_of(project_id)
    untrained = len(
        {
            one.assessor_id
            for one in evidence.appointments
            if not licensed(
                trainings.get(one.assessor_id, []),
                (one.started_at or one.at or evidence.participation.campaign.opens_at).date(),
            )
        }
    )
    has_function = bool(releases_in_force(project_id, "function"))
    waiting = len(evidence.missing)
    return Centre(
        (
            Element(
                "job_analysis", {"ru": "Анализ работы", "en": "Job analysis"}, has_function,
                {"ru": "Функция описана и опубликована.", "en": "The function is described and published."} if has_function
                else {"ru": "Опубликованного описания функции нет.", "en": "There is no published description of the function."},
            ),
            Element(
                "classification", {"ru": "Классификация поведения", "en": "Behavioural classification"},
                bool(frames) and not unclassified,
                _listed(unclassified, "У каждой компетенции есть индикаторы и пять якорей.", "Each competency has indicators and five anchors.",
                        "Нет индикаторов или якорей", "Indicators or anchors are missing"),
            ),
            Element(
                "components", {"ru": "Несколько составляющих", "en": "Multiple components"}, len(exercises) >= FEWEST,
                {"ru": f"Упражнений: {len(exercises)}.", "en": f"Exercises: {len(exercises)}."},
            ),
            Element(
                "linkage", {"ru": "Связь компетенций с упражнениями", "en": "Linkage of competencies and components"},
                bool(rows) and not thin,
                _listed(thin, "Каждая компетенция видна хотя бы в двух упражнениях.", "Each competency is seen in two exercises at least.",
                        "Видны лишь в одном упражнении", "Seen in one exercise alone") if rows
                else {"ru": "Оценок ещё нет.", "en": "There are no ratings yet."},
            ),
            Element(
                "simulations", {"ru": "Моделирующие упражнения", "en": "Simulation exercises"}, bool(simulations),
                {"ru": f"Моделируют работу: {', '.join(simulations) or 'ни одно'}.", "en": f"Simulations: {', '.join(simulations) or 'none'}."},
            ),
            Element(
                "assessors", {"ru": "Несколько наблюдателей", "en": "Several assessors"}, assessors >= FEWEST,
                {"ru": f"Наблюдателей: {assessors}.", "en": f"Assessors: {assessors}."},
            ),
            Element(
                "training", {"ru": "Обучение наблюдателей", "en": "Assessor training"}, bool(assessors) and not untrained,
                {"ru": f"Без действующего обучения на день упражнения: {untrained} из {assessors}.", "en": f"Without a training that held on the day of the exercise: {untrained} of {assessors}."} if untrained
                else {"ru": "У каждого наблюдателя есть обучение не старше двух лет.", "en": "Each assessor has a training not older than two years."},
            ),
            Element(
                "recording", {"ru": "Запись и оценка поведения", "en": "Recording and scoring"}, bool(rows) and not bare,
                {"ru": f"Оценок без единой заметки: {bare}.", "en": f"Ratings without a single note: {bare}."} if rows
                else {"ru": "Оценок ещё нет.", "en": "There are no ratings yet."},
            ),
            Element(
                "integration", {"ru": "Сведение данных", "en": "Data integration"}, bool(rows) and not waiting and not apart,
                {"ru": f"Не сдано листов: {waiting}.", "en": f"Sheets not submitted: {waiting}."} if waiting
                else _listed(apart, "Листы сданы, расхождения разобраны.", "Sheets are in, differences are talked through.",
                             "Расхождение не разобрано", "A difference is not talked through"),
            ),
            Element(
                "standardisation", {"ru": "Единый порядок", "en": "Standardisation"}, bool(exercises) and not loose,
                _listed(loose, "У каждого упражнения есть задание и сценарий проведения.", "Each exercise has a brief and an administrator’s script.",
                        "Нет задания или сценария проведения", "A brief or an administrator’s script is missing"),
            ),
        )
    )  # fmt: skip


def _is_standard(exercise: ExerciseDocument) -> bool:
    return exercise.is_complete and bool(exercise.candidate_brief) and bool(exercise.administrator_script)


def _listed(codes: list[str], good_ru: str, good_en: str, bad_ru: str, bad_en: str) -> LangText:
    if not codes:
        return {"ru": good_ru, "en": good_en}
    return {"ru": f"{bad_ru}: {', '.join(codes)}.", "en": f"{bad_en}: {', '.join(codes)}."}
