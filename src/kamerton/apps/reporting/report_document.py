"""A person's page → the document of a report. It names nobody and quotes nobody: names and quotes are erasable, so
they are filled in when the report is set (`fill_document`). Pure but for that."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kamerton.apps.decisions import rules
from kamerton.apps.delivery.models import FreeText
from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.apps.people.models import Person
from kamerton.apps.people.queries import full_name, short_name
from kamerton.apps.procedures.documents import ProcedureDocument
from kamerton.apps.records.models import Project
from kamerton.apps.records.queries import document_of
from kamerton.apps.reporting import report_texts as texts
from kamerton.apps.reporting.pdf import TEMPLATE_VERSION
from kamerton.apps.reporting.readmodels import PersonPage
from kamerton.apps.reporting.readmodels.evidence import ERASED, Chain, Quote, unquoted
from kamerton.apps.reporting.readmodels.headlines import Headline
from kamerton.apps.reporting.readmodels.person_page import ProfileRow, Said
from kamerton.apps.reporting.report_labels import labels, method_paragraphs
from kamerton.values.texts import in_language

SCHEMA = "report/1"


def report_document(page: PersonPage, project: Project, *, language: str, audience: str) -> dict[str, Any]:
    """Everything but number and date of issue, name and quotes."""
    is_candidate = audience == "candidate"
    words = labels(language, audience)
    simulated = words["simulated"] if project.kind == Project.Kind.SAMPLE else ""
    kicker = words["kicker_candidate" if is_candidate else "kicker"].format(role=page.role_name)
    company = in_language(project.name, language)
    return {
        "schema": SCHEMA,
        "template": TEMPLATE_VERSION,
        "language": language,
        "audience": audience,
        "person": str(page.person_id),
        "labels": words,
        "kicker": kicker,
        "head_right": " · ".join(part for part in (company, simulated) if part),
        "head_short": simulated or company,
        "role_short": page.role_short,
        "facts": page.facts[:2] if is_candidate else page.facts,
        "finding": page.profile_sentence
        if is_candidate
        else f"{page.category_word}. {page.profile_sentence}",
        "numbers": [] if is_candidate else _numbers(page, words, language),
        "meaning": _meaning(page, language, is_candidate),
        "strengths": [_said(item, is_candidate) for item in page.strengths[:2]],
        "develop": [_ahead(item, is_candidate, language) for item in page.develop],
        "who_sees": page.who_sees,
        "appeal": page.appeal,
        "retention": page.retention,
        "headlines": [] if is_candidate else [_headline(row, language) for row in page.headlines],
        "rows": [_candidate_row(row, page, language) if is_candidate else _row(row) for row in page.rows],
        "reasons": [] if is_candidate else page.reasons,
        "other_roles": []
        if is_candidate
        else [{"name": r.name, "text": r.text} for r in page.other_roles[:3]],
        "decisions": [] if is_candidate else _decisions(page),
        "first_steps": [
            {"name": item.name, "development": item.development} for item in page.develop if item.development
        ],
        "evidence": {"rows": [], "heads": [], "key": ""} if is_candidate else _evidence(page),
        "corrections": "" if is_candidate else _corrections(page, language),
        "chains": []
        if is_candidate
        else [_chain(c) for c in page.chains if c.quotes or c.flags or c.conflict],
        "method": {"paragraphs": [], "facts": []} if is_candidate else _method(page, words, language),
    }


def fill_document(document: dict[str, Any], *, number: str, issued: str) -> dict[str, Any]:
    """The document as it is set: with number and date, the person's name and the quotes that still exist."""
    language = str(document["language"])
    person = Person.objects.select_related("identity").get(id=UUID(document["person"]))
    ids = [quote["text_id"] for chain in document["chains"] for quote in chain["quotes"]]
    found = {str(row.id): row for row in FreeText.objects.filter(id__in=ids)}

    def words(text_id: str) -> str:
        row = found.get(text_id)
        if row is None or row.erased_at:
            return in_language(ERASED, language)
        bare = unquoted(row.text)
        return texts.say(language, f"«{bare}»", f"“{bare}”")

    chains = [
        {
            **chain,
            "quotes": [
                {"text": words(quote["text_id"]), "source": quote["source"]} for quote in chain["quotes"]
            ],
        }
        for chain in document["chains"]
    ]
    name = full_name(person, language)
    filled: dict[str, Any] = {
        **document,
        "chains": chains,
        "name": name,
        "title": f"{name}: {document['kicker']}",
        "head_left": f"{short_name(person, language)} · {document['role_short']}",
        "number": number,
        "issued": issued,
    }
    tied: dict[str, Any] = _tied(filled) if language == "ru" else filled
    return tied


def _tied(value: Any) -> Any:
    """Every text of a document with its short words tied to the next."""
    if isinstance(value, str):
        return texts.tied(value)
    if isinstance(value, dict):
        return {key: _tied(inner) for key, inner in value.items()}
    return [_tied(inner) for inner in value] if isinstance(value, list) else value


def _numbers(page: PersonPage, words: dict[str, str], language: str) -> list[dict[str, Any]]:
    """What stands between the rules on the cover."""
    fit = page.fit
    found: list[dict[str, Any]] = [
        {"label": words["category"], "value": page.proposed_word, "note": "", "width": 5}
    ]
    if fit.probability_a is not None:
        said = in_language(rules.probability_words(fit.probability_a), language)
        found.append({"label": words["probability"], "value": page.probability, "note": said, "width": 4})
    composite = next((row for row in page.headlines if row.code == "composite"), None)
    if composite is not None and composite.wall is not None:
        found.append(
            {
                "label": words["composite"],
                "value": f"{composite.text} {composite.error}",
                "note": "",
                "width": 4,
            }
        )
        found.append(
            {
                "label": words["cut"],
                "value": texts.composite(composite.wall, language),
                "note": composite.remark,
                "width": 4,
            }
        )
    return found


def _meaning(page: PersonPage, language: str, is_candidate: bool) -> list[str]:
    instruments = sorted({part.name for chain in page.chains for part in chain.instruments})
    middle = page.scale_words.get(3, "")
    count = len(instruments)
    measured = texts.say(
        language,
        f"Компетенций: {len(page.rows)}, инструментов: {count}. Шкала от 1 до 5, где 3 значит «{middle}».",
        f"{len(page.rows)} competencies, {count} instruments. The scale runs from 1 to 5, where 3 means “{middle}”.",
    )
    error = texts.say(
        language,
        "У каждой оценки есть ошибка: при повторной оценке другими упражнениями и наблюдателями число сместилось бы, "
        "скорее всего в пределах показанной полосы.",
        "Each estimate has an error: with other exercises and assessors it would move, most likely within the band shown.",
    )
    if is_candidate:
        return [measured, error]
    return [
        part for part in (f"{measured} {error}", f"{page.composite_sentence} {page.chance}".strip()) if part
    ]


def _said(item: Said, is_candidate: bool) -> dict[str, str]:
    return {"name": item.name, "text": "" if is_candidate else item.text, "anchor": item.anchor}


def _ahead(item: Said, is_candidate: bool, language: str) -> dict[str, str]:
    """What to develop is worded by the level above, not by what is missing."""
    ahead = texts.say(language, f"Дальше: {item.ahead}", f"Next: {item.ahead}") if item.ahead else item.anchor
    return {"name": item.name, "text": "" if is_candidate else item.text, "anchor": ahead}


def _headline(row: Headline, language: str) -> dict[str, Any]:
    target = texts.level(row.target, language)
    alt = texts.say(
        language,
        f"{row.name}: {row.text} {row.error}, цель {target}",
        f"{row.name}: {row.text} {row.error}, target {target}",
    )
    return {
        "name": row.name, "value": row.value, "se": row.se, "band": None, "target": row.target, "wall": row.wall,
        "text": row.text, "error": row.error, "remark": row.remark, "alt": alt,
    }  # fmt: skip


def _row(row: ProfileRow) -> dict[str, Any]:
    cell = row.cell
    is_number = cell.shown == "number"
    band = (
        list(rules.band_of(cell.value, cell.se))
        if cell.shown == "band" and cell.value is not None and cell.se is not None
        else None
    )
    return {
        "name": cell.head.name,
        "value": cell.value if is_number else None,
        "se": cell.se if is_number else None,
        "band": band,
        "target": cell.head.target,
        "wall": cell.head.cut,
        "text": cell.text,
        "error": row.error,
        "n": str(row.n),
        "level": row.level_word,
        "remark": row.remark,
        "is_short": row.is_short,
        "alt": f"{cell.head.name}: {cell.spoken}",
    }


def _candidate_row(row: ProfileRow, page: PersonPage, language: str) -> dict[str, Any]:
    """Levels and words alone: no number, no requirement."""
    cell = row.cell
    band = (
        list(rules.band_of(cell.value, cell.se))
        if cell.has_value and cell.value is not None and cell.se is not None
        else None
    )
    if band is None:
        level = cell.spoken
    else:
        said = [page.scale_words.get(value, "") for value in dict.fromkeys(band)]
        level = f"{texts.band(*band)}: {texts.say(language, ' … ', ' … ').join(said)}"
    return {
        "name": cell.head.name, "value": None, "se": None, "band": band, "target": None, "wall": None, "text": "", "error": "",
        "n": "", "level": level, "remark": "", "is_short": False, "alt": f"{cell.head.name}: {level}",
    }  # fmt: skip


def _decisions(page: PersonPage) -> list[dict[str, Any]]:
    """The one that counts; the page shows the history."""
    return [
        {
            "outcome": row.outcome_word,
            "role": row.role_name,
            "by": row.by,
            "at": row.at,
            "run": row.run_number,
            "reason": row.reason,
        }
        for row in page.decisions[:1]
    ]


def _evidence(page: PersonPage) -> dict[str, Any]:
    return {
        "heads": [head.code for head in page.heads],
        "key": " · ".join(f"{head.code} {head.short}" for head in page.heads),
        "rows": [
            {
                "name": row.name,
                "who": row.who,
                "cells": [{"text": c.text, "main": c.is_main} if c else None for c in row.cells],
            }
            for row in page.evidence
        ],
    }


def _corrections(page: PersonPage, language: str) -> str:
    """What was taken out of the ratings, once for all competencies."""
    moved = sorted(
        {
            f"{line.assessor} {line.correction}"
            for c in page.chains
            for line in c.corrections
            if line.correction
        }
    )
    if not moved:
        return ""
    return texts.say(language, "Поправка на строгость: ", "Severity correction: ") + ", ".join(moved) + "."


def _distinct(chain: Chain) -> list[Quote]:
    """Two quotes a competency are enough on paper, and not the same words twice."""
    seen: dict[str, Quote] = {}
    for quote in chain.quotes:
        seen.setdefault(quote.text, quote)
    return list(seen.values())[:2]


def _chain(chain: Chain) -> dict[str, Any]:
    return {
        "name": chain.name,
        "summary": chain.summary,
        "flags": chain.flags,
        "conflict": chain.conflict,
        "quotes": [
            {
                "text_id": str(quote.text_id),
                "source": " · ".join(part for part in (quote.instrument, quote.at, quote.sign) if part),
            }
            for quote in _distinct(chain)
        ],
    }


def _method(page: PersonPage, words: dict[str, str], language: str) -> dict[str, Any]:
    run, fit = page.run, page.fit
    framework = document_of(fit.profile.release, FrameworkDocument)
    procedure = document_of(fit.procedure, ProcedureDocument)
    release = texts.say(language, "редакция", "release")
    facts = [
        (words["fact_run"], f"№ {run.number}, {run.at}, {run.actor}" if language == "ru" else f"No. {run.number}, {run.at}, {run.actor}"),
        (words["fact_framework"], f"{in_language(framework.name, language)}, {release} {fit.profile.release.number}; "
         f"{in_language(procedure.name, language)}, {release} {fit.procedure.number}"),
        (words["fact_inputs"], f"{run.persons} · {run.ratings} · {run.answers}"),
        (words["fact_algorithms"], ", ".join(name for _, name in run.algorithms)),
        (words["fact_prior"], run.prior),
        (words["fact_code"], f"{run.code_version} · {run.seed} · {run.draws}"),
        (words["fact_stability"], page.stability),
        (words["fact_inputs_digest"], run.inputs_digest),
        (words["fact_outputs_digest"], run.outputs_digest),
        (words["fact_fit_digest"], fit.digest),
    ]  # fmt: skip
    return {
        "paragraphs": method_paragraphs(language, page.difference),
        "facts": [list(fact) for fact in facts if fact[1]],
    }
