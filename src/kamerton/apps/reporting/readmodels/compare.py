"""Two to four people side by side; what cannot be told apart is called so."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from uuid import UUID

from kamerton.apps.decisions import queries, rules
from kamerton.apps.decisions.models import FitResult
from kamerton.apps.decisions.reasons import probability
from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.people import queries as people
from kamerton.apps.records.errors import InvalidInput, NotFound
from kamerton.apps.records.models import Project
from kamerton.apps.records.queries import document_of
from kamerton.apps.reporting import report_texts as texts
from kamerton.apps.results.models import Score
from kamerton.values.texts import in_language

from .cells import Cell, Head, cell_of, composite_cut_of, cuts_of, heads_of, profile_of
from .runs import RunFacts, run_facts

MOST = 4


@dataclass(frozen=True, slots=True)
class Compared:
    person_id: UUID
    name: str
    is_outside: bool
    category: str
    category_word: str
    probability: str
    composite: float | None
    composite_se: float | None
    composite_text: str
    composite_error: str


@dataclass(frozen=True, slots=True)
class CompareRow:
    head: Head
    cells: list[Cell]
    remark: str


@dataclass(frozen=True, slots=True)
class ComparePage:
    role: str
    role_name: str
    composite_cut: float
    composite_cut_text: str
    people: list[Compared]
    rows: list[CompareRow]
    pairs: list[str]
    run: RunFacts

    @property
    def persons(self) -> list[UUID]:
        return [person.person_id for person in self.people]


def compare_page(project: Project, role: str, person_ids: list[UUID], language: str) -> ComparePage:
    wanted = list(dict.fromkeys(person_ids))
    if not 2 <= len(wanted) <= MOST:
        raise InvalidInput(
            what={
                "ru": f"Сравнить можно от двух до {MOST} человек, выбрано: {len(wanted)}. Отметьте людей на странице роли.",
                "en": f"Two to {MOST} people can be compared, {len(wanted)} chosen. Tick people on the role page.",
            }
        )
    run = queries.current_run(project.id, role)
    if run is None:
        raise NotFound(what={"ru": f"расчёт по роли {role}", "en": f"a run for the role {role}"})
    fits = {
        fit.subject.person_id: fit
        for fit in queries.selection_fits(run)
        .filter(subject__person_id__in=wanted)
        .select_related("subject__person__identity", "profile__release")
    }
    if len(fits) < len(wanted):
        raise NotFound(
            what={"ru": "результаты одного из выбранных людей", "en": "results of one of the people chosen"}
        )
    ordered = [fits[person_id] for person_id in wanted]
    framework = document_of(ordered[0].profile.release, FrameworkDocument)
    profile = profile_of(framework, role)
    heads = heads_of(framework, profile, cuts_of(ordered[0]), language)
    scores = {
        (score.subject_id, score.code): score
        for score in Score.objects.filter(
            run=run, subject_id__in=[fit.subject_id for fit in ordered], source="combined"
        ).defer("parts")
    }
    compared = [_compared(fit, language) for fit in ordered]
    rows = [_row(head, ordered, scores, compared, language) for head in heads]
    cut = float(ordered[0].details.get("composite_cut") or composite_cut_of(profile))
    return ComparePage(
        role=role,
        role_name=in_language(profile.name, language),
        composite_cut=cut,
        composite_cut_text=texts.composite(cut, language),
        people=compared,
        rows=rows,
        pairs=[_pair(a, b, language) for a, b in combinations(compared, 2)],
        run=run_facts(run, project, language),
    )


def _compared(fit: FitResult, language: str) -> Compared:
    person = fit.subject.person
    assert person is not None, "a fit is about a person"
    return Compared(
        person_id=person.id,
        name=people.short_name(person, language),
        is_outside=person.is_outside,
        category=fit.category,
        category_word=texts.category_word(fit.category, language),
        probability=probability(fit.probability_a, language) if fit.probability_a is not None else "–",
        composite=fit.composite,
        composite_se=fit.composite_se,
        composite_text=texts.composite(fit.composite, language) if fit.composite is not None else "–",
        composite_error=texts.error(fit.composite_se, language, 2) if fit.composite_se is not None else "",
    )


def _row(
    head: Head,
    fits: list[FitResult],
    scores: dict[tuple[UUID, str], Score],
    compared: list[Compared],
    language: str,
) -> CompareRow:
    cells = [cell_of(head, scores.get((fit.subject_id, head.code)), language) for fit in fits]
    known = [(cell, person) for cell, person in zip(cells, compared, strict=True) if cell.value is not None]
    if len(known) < 2:
        return CompareRow(head, cells, "")
    high = max(known, key=lambda pair: pair[0].value or 0)
    low = min(known, key=lambda pair: pair[0].value or 0)
    p = rules.probability_higher(high[0].value or 0, high[0].se or 0, low[0].value or 0, low[0].se or 0)
    if p < rules.DISTINGUISHABLE:
        return CompareRow(head, cells, texts.say(language, "не различить", "not distinguishable"))
    return CompareRow(
        head,
        cells,
        texts.say(
            language, f"{high[1].name} выше, {low[1].name} ниже", f"{high[1].name} above {low[1].name}"
        ),
    )


def _pair(a: Compared, b: Compared, language: str) -> str:
    if a.composite is None or b.composite is None:
        return texts.say(
            language,
            f"{a.name} и {b.name}: данных недостаточно",
            f"{a.name} and {b.name}: not enough evidence",
        )
    if b.composite > a.composite:
        a, b = b, a
    p = rules.probability_higher(a.composite or 0, a.composite_se or 0, b.composite or 0, b.composite_se or 0)
    if p < rules.DISTINGUISHABLE:
        return texts.say(
            language,
            f"{a.name} и {b.name}: по общему баллу не различить (вероятность такого порядка {probability(p, language)})",
            f"{a.name} and {b.name}: not distinguishable by composite (probability of this order {probability(p, language)})",
        )
    return texts.say(
        language,
        f"Общий балл: {a.name} выше, {b.name} ниже; вероятность такого порядка {probability(p, language)}",
        f"Composite: {a.name} above {b.name}; probability of this order {probability(p, language)}",
    )
