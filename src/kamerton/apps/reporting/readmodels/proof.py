"""Does the assessment say what is true? In a sample the truth is known; in a company the claim waits for outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kamerton.apps.decisions import queries
from kamerton.apps.people import queries as people
from kamerton.apps.records.models import Project
from kamerton.apps.reporting import report_texts as texts

from .runs import RunFacts, run_facts

LETTERS = "ABCD"


@dataclass(frozen=True, slots=True)
class Measure:
    """One share beside the band of many simulated samples of the same design (5 to 95 %)."""

    code: str
    name: str
    value: float
    n: int
    text: str
    low: float | None
    high: float | None
    band: str
    is_inside: bool | None


@dataclass(frozen=True, slots=True)
class MissRow:
    person_id: UUID
    name: str
    category_word: str
    truth_word: str
    probability: float


@dataclass(frozen=True, slots=True)
class ProofPage:
    role: str
    run: RunFacts | None
    n: int
    assessed: int
    has_truth: bool
    measures: list[Measure]
    table: list[tuple[str, list[int]]]
    """Most probable category → counts by true category, A to D."""
    misses: list[MissRow]
    """Decided cases (probability outside 20–80 %) that the truth contradicts."""
    replications: int

    @property
    def persons(self) -> list[UUID]:
        return [row.person_id for row in self.misses]


def proof_page(
    project: Project,
    truth: Mapping[str, Mapping[str, Any]],
    expected: Mapping[str, Any] | None,
    language: str,
) -> ProofPage:
    """`truth` by person id (empty in a company); `expected` the bands on record for this design."""
    runs = queries.current_runs(project.id)
    if not runs:
        return ProofPage("", None, 0, 0, bool(truth), [], [], [], 0)
    role, run = max(runs.items(), key=lambda pair: pair[1].number)
    fits = list(queries.selection_fits(run).select_related("subject__person__identity").order_by("id"))
    known = [
        (fit, str(truth[str(fit.subject.person_id)]["category"]))
        for fit in fits
        if str(fit.subject.person_id) in truth
        and fit.probability_a is not None
        and fit.details.get("category")
    ]
    p_true = [(float(fit.probability_a or 0.0), letter == "A") for fit, letter in known]
    decided = [(p, is_a) for p, is_a in p_true if not 0.20 <= p < 0.80]
    shares = {
        "four": ([fit.details["category"] == letter for fit, letter in known]),
        "ready": [(p >= 0.5) == is_a for p, is_a in p_true],
        "decided": [not 0.20 <= p < 0.80 for p, _ in p_true],
        "decided_right": [(p >= 0.8) == is_a for p, is_a in decided],
    }
    names = {
        "four": texts.say(
            language, "Категория из четырёх совпадает с истинной", "Category of four equals the true one"
        ),
        "ready": texts.say(
            language, "Готовность к роли (P не ниже 50 %) верна", "Ready or not (P of 50% or more) is right"
        ),
        "decided": texts.say(language, "Решено: P вне 20–80 %", "Decided: P outside 20–80%"),
        "decided_right": texts.say(language, "Среди решённых верно", "Right among the decided"),
    }
    table = [
        (
            fit_letter,
            [
                sum(1 for fit, true in known if fit.details["category"] == fit_letter and true == t)
                for t in LETTERS
            ],
        )
        for fit_letter in LETTERS
    ]
    misses = [
        MissRow(
            fit.subject.person_id or UUID(int=0),
            people.short_name(fit.subject.person, language) if fit.subject.person else "",
            texts.category_word(fit.category, language),
            texts.category_word(
                {"A": "ready", "B": "developing", "C": "other_role", "D": "not_now"}[letter], language
            ),
            float(fit.probability_a or 0.0),
        )
        for fit, letter in known
        if not 0.20 <= float(fit.probability_a or 0.0) < 0.80
        and (float(fit.probability_a or 0.0) >= 0.8) != (letter == "A")
    ]
    return ProofPage(
        role=role,
        run=run_facts(run, project, language),
        n=len(known),
        assessed=len(fits),
        has_truth=bool(truth),
        measures=[
            _measure(code, names[code], rows, (expected or {}).get(code), language)
            for code, rows in shares.items()
            if rows
        ],
        table=table,
        misses=misses,
        replications=int((expected or {}).get("replications") or 0),
    )


def _measure(
    code: str, name: str, rows: list[bool], band: Mapping[str, Any] | None, language: str
) -> Measure:
    right, n = sum(rows), len(rows)
    value = right / n
    text = texts.say(language, f"{right} из{texts.NBSP}{n}", f"{right} of {n}")
    if not band:
        return Measure(code, name, value, n, text, None, None, "", None)
    low, high = float(band["low"]), float(band["high"])
    gap = texts.say(language, texts.NBSP, "")
    shown = f"{round(low * 100)}–{round(high * 100)}{gap}%"
    # The band's ends are shares of the same n: half a person of slack keeps an end inside.
    inside = low - 0.5 / n <= value <= high + 0.5 / n
    return Measure(code, name, value, n, f"{text}, {round(value * 100)}{gap}%", low, high, shown, inside)
