"""`kamerton why`: the way from a report's number back to the answers and the quotes, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from kamerton.apps.decisions.models import Decision, FitResult
from kamerton.apps.decisions.rules import OUTCOME_WORDS
from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.observation.models import Note
from kamerton.apps.people.models import Person
from kamerton.apps.people.queries import short_name
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.errors import NotFound, Refused
from kamerton.apps.records.queries import document_of
from kamerton.apps.reporting.models import ReportIssue
from kamerton.apps.results.models import ItemScore, Score
from kamerton.values.texts import in_language

WORDS: dict[str, dict[str, str]] = {
    "report": {
        "ru": "Отчёт {number} от {at:%d.%m.%Y}, язык {language}, отпечаток документа {digest}",
        "en": "Report {number} of {at:%d %b %Y}, language {language}, document digest {digest}",
    },
    "decision": {
        "ru": "Решение: {outcome}; предложено: {proposed}; решение записано: {actor}, {at:%d.%m.%Y %H:%M}. Основание: {reason}",
        "en": "Decision: {outcome}; proposed: {proposed}; recorded by {actor}, {at:%d %b %Y %H:%M}. Reason: {reason}",
    },
    "no_decision": {"ru": "Решения ещё нет.", "en": "There is no decision yet."},
    "fit": {
        "ru": "Соответствие: {category}, P(A) = {p}; общий балл {composite} ± {se}, порог {cut}; отпечаток {digest}",
        "en": "Fit: {category}, P(A) = {p}; composite {composite} ± {se}, cut {cut}; digest {digest}",
    },
    "run": {
        "ru": "Расчёт № {number} от {at:%d.%m.%Y %H:%M}: {algorithms}; код {code}; входы {inputs}; выходы {outputs}; начальное число {seed}",
        "en": "Run No. {number} of {at:%d %b %Y %H:%M}: {algorithms}; code {code}; inputs {inputs}; outputs {outputs}; seed {seed}",
    },
    "competency": {
        "ru": "{code} {name}: {value} ± {se}, наблюдений {n}{flags}",
        "en": "{code} {name}: {value} ± {se}, observations {n}{flags}",
    },
    "none": {"ru": "не измерено", "en": "not measured"},
    "test": {
        "ru": "  {source}: {value} ± {se}, доля {share}; баллов {points} из {maximum}",
        "en": "  {source}: {value} ± {se}, share {share}; points {points} of {maximum}",
    },
    "exercise": {
        "ru": "  {source}: {value} ± {se}, доля {share}; среднее без поправки {raw}, поправка на строгость {correction}",
        "en": "  {source}: {value} ± {se}, share {share}; raw mean {raw}, correction for severity {correction}",
    },
    "item": {
        "ru": "    задание {code}: {value} из {maximum}{reason} (ответ № {answer})",
        "en": "    item {code}: {value} of {maximum}{reason} (answer No. {answer})",
    },
    "no_answer": {"ru": "нет", "en": "none"},
    "rating": {
        "ru": "    {assessor} ставит {raw}, строгость {severity} (оценка № {id})",
        "en": "    {assessor} gave {raw}, severity {severity} (rating No. {id})",
    },
    "quote": {
        "ru": "      {mark} [{sign}] {indicator} «{text}»",
        "en": "      {mark} [{sign}] {indicator} “{text}”",
    },
    "not_observed": {"ru": "не наблюдалось", "en": "not observed"},
    "erased": {"ru": "текст стёрт", "en": "text erased"},
}


class NumberNotUnique(Refused):
    code = "number_not_unique"
    texts = {
        "ru": "Отчёт {number} есть в нескольких проектах. Назовите нужный: {choices}.",
        "en": "Report {number} exists in several projects. Name the one you mean: {choices}.",
    }


def find_report(reference: str) -> ReportIssue:
    """By number; where several projects have the same one, by project/number."""
    slug, _, number = reference.strip().rpartition("/")
    reports = ReportIssue.objects.filter(number=number)
    if slug:
        reports = reports.filter(project__slug=slug)
    found = list(
        reports.select_related("fit__run__project", "fit__subject__person__identity", "decision", "project")
        .order_by("project__slug")[:5]
    )  # fmt: skip
    if not found:
        raise NotFound(what={"ru": f"отчёт «{reference}»", "en": f'report "{reference}"'})
    if len(found) > 1:
        raise NumberNotUnique(
            number=number, choices=", ".join(f"{report.project.slug}/{report.number}" for report in found)
        )
    return found[0]


def explain_report(*, number: str, language: str, at: datetime) -> Iterator[str]:
    """Lines in `language`. Looking at a person's results leaves an audit row."""
    report = find_report(number)

    def word(key: str, **params: Any) -> str:
        return WORDS[key][language].format(**params)

    def level(value: float | None) -> str:
        if value is None:
            return WORDS["none"][language]
        text = f"{value:.2f}".replace("-", "−")
        return text.replace(".", ",") if language == "ru" else text

    fit: FitResult = report.fit
    run = fit.run
    write_audit(
        actor=OPERATOR,
        project_id=report.project_id,
        verb="why",
        object_kind="report",
        object_id=report.number,
        persons=[fit.subject.person_id],
        at=at,
    )
    yield word(
        "report",
        number=report.number,
        at=report.at,
        language=report.language,
        digest=report.document_digest[:12],
    )
    decision: Decision | None = report.decision
    if decision is None:
        yield word("no_decision")
    else:
        yield word(
            "decision",
            outcome=in_language(OUTCOME_WORDS[decision.outcome], language),
            proposed=in_language(OUTCOME_WORDS[decision.proposed], language),
            actor=decision.actor_name,
            at=decision.at,
            reason=decision.reason or "—",
        )
    yield word(
        "fit",
        category=fit.category,
        p=level(fit.probability_a),
        composite=level(fit.composite),
        se=level(fit.composite_se),
        cut=level(fit.details["composite_cut"]),
        digest=fit.digest[:12],
    )
    algorithms = ", ".join(run.algorithms[key] for key in sorted(run.algorithms))
    yield word(
        "run",
        number=run.number,
        at=run.at,
        algorithms=algorithms,
        code=run.code_version,
        inputs=run.inputs_digest[:12],
        outputs=run.outputs_digest[:12],
        seed=run.seed,
    )
    scores = list(Score.objects.filter(run=run, subject=fit.subject).select_related("framework"))
    if not scores:
        return
    framework = document_of(scores[0].framework, FrameworkDocument)
    items = {
        row.item.code: row
        for row in ItemScore.objects.filter(run=run, sitting__participation=fit.participation).select_related(
            "item"
        )
    }
    names = {
        str(person.id): short_name(person, language)
        for person in Person.objects.filter(project=report.project).select_related("identity")
    }
    for competency in framework.competencies:
        mine = {score.source: score for score in scores if score.code == competency.code}
        total = mine.get("combined")
        if total is None:
            continue
        flags = f" [{', '.join(total.flags)}]" if total.flags else ""
        yield word(
            "competency",
            code=competency.code,
            name=in_language(competency.name, language),
            value=level(total.value),
            se=level(total.se),
            n=total.n,
            flags=flags,
        )
        for part in total.parts.get("instruments", []):
            score = mine[part["code"]]
            share = f"{part['share']:.0%}"
            if "items" in score.parts:
                yield word(
                    "test",
                    source=score.source,
                    value=level(score.value),
                    se=level(score.se),
                    share=share,
                    points=level(score.parts["points"]),
                    maximum=level(score.parts["maximum"]),
                )
                for code in score.parts["items"]:
                    row = items.get(code)
                    if row is not None:
                        reason = f" [{row.reason}]" if row.reason else ""
                        yield word(
                            "item",
                            code=code,
                            value=level(row.value),
                            maximum=level(row.maximum),
                            reason=reason,
                            answer=row.answer_id or WORDS["no_answer"][language],
                        )
            else:
                yield word(
                    "exercise",
                    source=score.source,
                    value=level(score.value),
                    se=level(score.se),
                    share=share,
                    raw=level(score.parts["raw_mean"]),
                    correction=level(score.parts["correction"]),
                )
                for rating in score.parts["ratings"]:
                    raw = rating["raw"] if rating["raw"] is not None else WORDS["not_observed"][language]
                    yield word(
                        "rating",
                        assessor=names.get(rating["assessor"], "—"),
                        raw=raw,
                        severity=level(rating["severity"]),
                        id=rating["rating"],
                    )
                    yield from _quotes(fit, score.source, competency.code, rating["assessor"], word, language)


def _quotes(
    fit: FitResult, instrument: str, competency: str, assessor: str, word: Any, language: str
) -> Iterator[str]:
    notes = (
        Note.objects.filter(
            appointment__participation=fit.participation,
            appointment__instrument=instrument,
            appointment__assessor_id=assessor,
            indicator__code__startswith=f"{competency}.",
        )
        .select_related("indicator", "text")
        .order_by("second", "id")
    )
    for note in notes:
        text = WORDS["erased"][language] if note.text.erased_at else note.text.text.strip("«»“”")
        assert note.indicator is not None
        yield word(
            "quote",
            mark=f"{note.second // 60:02d}:{note.second % 60:02d}",
            sign=note.sign or "·",
            indicator=note.indicator.code,
            text=text,
        )
