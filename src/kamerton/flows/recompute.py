"""Compute a stored run again from its evidence and compare: inputs by digest, outputs within 1e-8."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from kamerton.apps.decisions.models import FitResult
from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.models import Project
from kamerton.apps.results.actions import library_versions
from kamerton.apps.results.models import Score, ScoreRun
from kamerton.flows.evaluate_role import calibration_body, run_chain
from kamerton.flows.explain import find_report
from kamerton.flows.gather_evidence import Evidence, gather_evidence

TOLERANCE = 1e-8


@dataclass(frozen=True, slots=True)
class Recomputed:
    """`agrees` when the same inputs give the same outputs; `lines` say what was compared, in both languages."""

    agrees: bool
    same_inputs: bool
    largest_difference: float
    lines: dict[str, list[str]]


def run_of(reference: str) -> ScoreRun:
    """A report's number, or "run:project/number"."""
    if reference.startswith("run:"):
        slug, _, number = reference[4:].partition("/")
        project = Project.objects.filter(slug=slug).first()
        run = (
            ScoreRun.objects.filter(project=project, number=int(number)).first()
            if project and number.isdigit()
            else None
        )
        if run is None:
            raise NotFound(what={"ru": f"расчёт «{reference}»", "en": f'run "{reference}"'})
        return run
    return find_report(reference).fit.run


def _difference(run: ScoreRun, evidence: Evidence) -> float:
    """The largest difference of any combined score, its error, or any probability."""
    assert run.calibration is not None
    result = run_chain(evidence, calibration_body(run.calibration))
    place = {person: index for index, person in enumerate(result.persons)}
    column = {code: index for index, code in enumerate(result.competencies)}
    worst = 0.0
    rows = Score.objects.filter(run=run, source="combined", code__in=list(column)).select_related("subject")
    for row in rows:
        p, c = place[str(row.subject.person_id)], column[row.code]
        if row.value is not None and row.se is not None:
            worst = max(worst, abs(row.value - result.y[p, c]), abs(row.se - result.combined.se[p, c]))
    for fit in FitResult.objects.filter(run=run).select_related("subject"):
        p = place[str(fit.subject.person_id)]
        for k, letter in enumerate("ABCD"):
            stored, fresh = fit.probabilities[letter], result.fit.p_category[p, k]
            if stored is not None and np.isfinite(fresh):
                worst = max(worst, abs(stored - fresh))
    return float(worst)


def recompute_report(*, reference: str, at: datetime) -> Recomputed:
    """Gather the evidence as it stands and run the chain under the stored calibration.

    Evidence that has changed since (a new rating, a withdrawn consent) is told apart from numbers that do not come out.
    """
    run = run_of(reference)
    evidence = gather_evidence(project=run.project, role=run.campaign_group.removeprefix("role:"), at=at)
    same = evidence.digest == run.inputs_digest
    ru = [f"Расчёт № {run.number}: {', '.join(run.algorithms[k] for k in sorted(run.algorithms))}"]
    en = [f"Run No. {run.number}: {', '.join(run.algorithms[k] for k in sorted(run.algorithms))}"]
    now = library_versions()
    if now != run.libraries:
        ru.append(f"Библиотеки другие: было {run.libraries}, сейчас {now}")
        en.append(f"Libraries differ: then {run.libraries}, now {now}")
    if not same:
        ru.append(
            f"Входы изменились: было {run.inputs_digest[:12]}, сейчас {evidence.digest[:12]}. Сравнить числа нельзя: появились новые ответы, оценки или отзывы согласия. Выпустите новый расчёт."
        )
        en.append(
            f"The inputs changed: then {run.inputs_digest[:12]}, now {evidence.digest[:12]}. Numbers cannot be compared: there are new answers, ratings or withdrawn consents. Run a new evaluation."
        )
        return Recomputed(False, False, float("nan"), {"ru": ru, "en": en})
    worst = _difference(run, evidence)
    agrees = worst <= TOLERANCE
    ru.append(
        f"Входы те же ({run.inputs_digest[:12]}); наибольшая разница чисел {worst:.1e}, допуск {TOLERANCE:.0e}: {'сходится' if agrees else 'НЕ СХОДИТСЯ'}"
    )
    en.append(
        f"Same inputs ({run.inputs_digest[:12]}); largest difference {worst:.1e}, tolerance {TOLERANCE:.0e}: {'agrees' if agrees else 'DOES NOT AGREE'}"
    )
    return Recomputed(agrees, True, worst, {"ru": ru, "en": en})
