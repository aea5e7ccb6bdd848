"""Rules of a procedure: what its matrix must hold, and the check list before it may be used. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from kamerton.apps.frameworks.documents import RoleProfile
from kamerton.apps.instruments.documents import Item
from kamerton.apps.procedures.documents import CutRecord, ProcedureDocument
from kamerton.measure.linking import BlockLink, knots_from_judges
from kamerton.values.texts import LangText

MIN_INSTRUMENTS = 2
"""A competency seen by one instrument alone cannot be told from that instrument."""
MIN_SIMULATIONS = 1
"""At least one view of the competency must show behaviour, not talk about it."""
MAX_COMPETENCIES = 5
"""More scales than this at one exercise and assessors rate an overall impression."""
MAX_MINUTES = 480
"""A working day in all; longer, and fatigue is measured."""
MIN_ASSESSORS = 2
"""With one assessor, severity cannot be told from the person."""
MIN_JUDGES = 8
"""Fewer judges, and the link of a block is a private opinion (SCORING A1.2)."""
COMPOSITE_BELOW_TARGET = 0.5
"""Where a profile names no composite cut, it is the weighted target less half a level (SCORING A4.3)."""
LANGUAGES = ("ru", "en")

State = Literal["ok", "unsure", "bad"]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a check list: whether it holds, where it does not, and the words in both languages."""

    code: str
    state: State
    texts: LangText
    where: tuple[str, ...] = ()


def _check(
    code: str,
    failing: Sequence[str],
    ok: tuple[str, str],
    bad: tuple[str, str],
    *,
    state: State = "bad",
    figures: tuple[str, str] = ("", ""),
) -> Check:
    """Russian, then English. `figures` stand at {} in the words of a rule that holds; what fails ends those of one broken."""
    if not failing:
        return Check(code, "ok", {"ru": ok[0].format(figures[0]), "en": ok[1].format(figures[1])})
    listed = ", ".join(failing)
    return Check(code, state, {"ru": f"{bad[0]}: {listed}", "en": f"{bad[1]}: {listed}"}, tuple(failing))


def _span(counts: Collection[int]) -> tuple[str, str]:
    low, high = min(counts, default=0), max(counts, default=0)
    text = str(low) if low == high else f"{low}–{high}"
    return text, text


def _all(count: int) -> tuple[str, str]:
    return f"{count} из {count}", f"{count} of {count}"


@dataclass(frozen=True, slots=True)
class Coverage:
    """The matrix read both ways; cells that point at what is not there stand apart."""

    by_competency: dict[str, tuple[str, ...]]
    by_instrument: dict[str, tuple[str, ...]]
    simulations: dict[str, int]
    """Competency → how many of its instruments are simulations."""
    strange: tuple[str, ...]


def coverage(document: ProcedureDocument, competencies: Collection[str]) -> Coverage:
    by_competency: dict[str, list[str]] = {code: [] for code in competencies}
    by_instrument: dict[str, list[str]] = {instrument.code: [] for instrument in document.instruments}
    strange: list[str] = []
    for cell in document.matrix:
        if cell.competency not in by_competency or cell.instrument not in by_instrument:
            strange.append(f"{cell.competency} × {cell.instrument}")
        elif cell.instrument not in by_competency[cell.competency]:
            by_competency[cell.competency].append(cell.instrument)
            by_instrument[cell.instrument].append(cell.competency)
    simulations = {instrument.code for instrument in document.instruments if instrument.is_simulation}
    return Coverage(
        {code: tuple(seen) for code, seen in by_competency.items()},
        {code: tuple(seen) for code, seen in by_instrument.items()},
        {code: len(simulations.intersection(seen)) for code, seen in by_competency.items()},
        tuple(strange),
    )


def matrix_checks(
    document: ProcedureDocument,
    competencies: Collection[str],
    measured: Mapping[str, Collection[str]] | None = None,
) -> list[Check]:
    """The live rules of the assessment matrix.

    `measured`: instrument of the matrix → competencies its released body really holds; left out where unknown.
    """
    seen = coverage(document, competencies)
    exercises = [i.code for i in document.instruments if i.kind == "exercise"]
    mains = {cell.competency for cell in document.matrix if cell.weight == 2}
    load = {code: len(seen.by_instrument[code]) for code in exercises}
    idle = [code for code, found in seen.by_instrument.items() if not found]
    checks = [
        Check("competencies", "bad", {
            "ru": "компетенции неизвестны: модель не опубликована", "en": "no competencies: the model is not published",
        }) if not seen.by_competency else
        _check("two_instruments", [f"{c} ({len(found)})" for c, found in seen.by_competency.items() if len(found) < MIN_INSTRUMENTS],
               (f"инструментов на компетенцию: {{}}, нужно не меньше {MIN_INSTRUMENTS}", f"instruments per competency: {{}}, at least {MIN_INSTRUMENTS} needed"),
               ("меньше двух инструментов на компетенцию", "fewer than two instruments for a competency"),
               figures=_span([len(found) for found in seen.by_competency.values()])),
        _check("one_simulation", [c for c, n in seen.simulations.items() if n < MIN_SIMULATIONS],
               (f"симуляций на компетенцию: {{}}, нужно не меньше {MIN_SIMULATIONS}", f"simulations per competency: {{}}, at least {MIN_SIMULATIONS} needed"),
               ("компетенцию не видно ни в одной симуляции", "no simulation shows the competency"),
               figures=_span(seen.simulations.values())),
        _check("main_instrument", [c for c in seen.by_competency if c not in mains],
               ("компетенций с основным инструментом: {}", "competencies with a main instrument: {}"),
               ("нет основного инструмента", "no main instrument"), state="unsure",
               figures=_all(len(seen.by_competency))),
        _check("load_of_exercise", [f"{code} ({n})" for code, n in load.items() if n > MAX_COMPETENCIES],
               (f"компетенций на упражнение: {{}}, можно не больше {MAX_COMPETENCIES}", f"competencies per exercise: {{}}, at most {MAX_COMPETENCIES} allowed"),
               ("больше пяти компетенций на упражнение", "more than five competencies in an exercise"),
               figures=_span(load.values())),
        _check("every_instrument_used", idle,
               ("инструментов, которые что-то измеряют: {}", "instruments that measure something: {}"),
               ("инструмент ничего не измеряет", "the instrument measures nothing"),
               figures=_all(len(seen.by_instrument))),
        _assessor_check(document, len(exercises)),
        _minutes_check(document),
    ]  # fmt: skip
    if seen.strange:
        bad = ("клетка ссылается на то, чего нет", "a cell points at what is not there")
        checks.append(_check("unknown_cell", seen.strange, ("", ""), bad))
    if measured is not None:
        checks.append(_evidence_check(document, measured))
    return checks


def _evidence_check(document: ProcedureDocument, measured: Mapping[str, Collection[str]]) -> Check:
    """A mark in the matrix promises items or a rating scale; the released instrument must keep the promise."""
    cells = {(cell.competency, cell.instrument) for cell in document.matrix if cell.instrument in measured}
    held = {(competency, code) for code, found in measured.items() for competency in found}
    empty = [f"{c} × {i}" for c, i in sorted(cells - held)]
    unused = [f"{c} × {i}" for c, i in sorted(held - cells)]
    if empty:
        bad = ("за отметкой нет ни заданий, ни шкалы", "a mark with no items and no scale behind it")
        return _check("evidence", empty, ("", ""), bad)
    return _check(
        "evidence",
        unused,
        ("отметок, за которыми стоят задания или шкала: {}", "marks with items or a scale behind them: {}"),
        (
            "инструмент измеряет, но в матрице этого нет",
            "measured by the instrument, yet absent from the matrix",
        ),
        state="unsure",
        figures=_all(len(cells)),
    )


def _assessor_check(document: ProcedureDocument, exercises: int) -> Check:
    each = document.assessors_per_exercise
    seats = each * exercises
    return _check(
        "assessors",
        [] if each >= MIN_ASSESSORS else [str(each)],
        (
            f"разных наблюдателей на упражнение: {each}, нужно не меньше {MIN_ASSESSORS}; упражнений: {exercises}, "
            f"листов оценки на человека: {seats}",
            f"different assessors at an exercise: {each}, at least {MIN_ASSESSORS} needed; exercises: {exercises}, "
            f"rating sheets a person: {seats}",
        ),
        ("на упражнении меньше двух наблюдателей", "fewer than two assessors at an exercise"),
    )


def total_minutes(document: ProcedureDocument) -> int:
    """What the procedure asks of a person in all."""
    return sum(instrument.minutes for instrument in document.instruments)


def busiest_stage_minutes(document: ProcedureDocument) -> int:
    """Minutes of the stage that asks most of a person; stages fall on different days."""
    minutes = {instrument.code: instrument.minutes for instrument in document.instruments}
    return max(
        (sum(minutes.get(code, 0) for code in stage.instruments) for stage in document.stages), default=0
    )


def _minutes_check(document: ProcedureDocument) -> Check:
    total, busiest = total_minutes(document), busiest_stage_minutes(document)
    return Check(
        "minutes",
        "ok" if total <= MAX_MINUTES else "bad",
        {
            "ru": f"минут у человека: {total}, можно не больше {MAX_MINUTES}; на самом долгом этапе {busiest}",
            "en": f"minutes of a person: {total}, at most {MAX_MINUTES} allowed; {busiest} in the longest stage",
        },
    )


def procedure_checks(
    document: ProcedureDocument,
    competencies: Collection[str],
    *,
    incomplete: Collection[str] = (),
    missing: Collection[str] = (),
    measured: Mapping[str, Collection[str]] | None = None,
) -> list[Check]:
    """The check list of a procedure. `incomplete`: instruments whose materials come later; `missing`: not released."""
    consented = {consent.purpose for consent in document.consents}
    staged = {code for stage in document.stages for code in stage.instruments}
    judged = {cut.instrument for cut in document.cuts}
    forms = [instrument.code for instrument in document.instruments if instrument.kind == "form"]
    texts = list(_texts(document))
    untranslated = [name for name, text in texts if any(not text.get(tag) for tag in LANGUAGES)]
    few = [f"{cut.instrument} ({cut.judges})" for cut in document.cuts if cut.judges < MIN_JUDGES]
    count = len(document.instruments)
    return [
        *matrix_checks(document, competencies, measured),
        _check("consents", [p for p in document.purposes if p not in consented],
               ("целей со своим текстом согласия: {}", "purposes with a consent text of their own: {}"),
               ("нет текста согласия для цели", "no consent text for the purpose"),
               figures=_all(len(document.purposes))),
        _check("translated", untranslated,
               ("текстов для человека на двух языках: {}", "texts for the person in both languages: {}"),
               ("нет текста на одном из языков", "a text is missing in one language"), figures=_all(len(texts))),
        _check("staged", [i.code for i in document.instruments if i.code not in staged],
               ("инструментов на своём этапе: {}", "instruments that belong to a stage: {}"),
               ("инструмент не стоит ни на одном этапе", "the instrument belongs to no stage"), figures=_all(count)),
        _check("released", list(missing),
               ("инструментов опубликовано: {}", "instruments published: {}"),
               ("инструмент не опубликован", "the instrument is not published"), figures=_all(count)),
        _check("complete", list(incomplete),
               ("инструментов с готовыми материалами: {}", "instruments with their materials ready: {}"),
               ("листы оценки готовы, материалы ещё не все", "rating sheets are ready, materials not all of them yet"),
               state="unsure", figures=_all(count)),
        _check("cuts", [code for code in forms if code not in judged],
               ("тестов с порогами от комиссии судей: {}", "tests with cut scores from a panel: {}"),
               ("нет записи комиссии судей о порогах", "no panel record of cut scores"), figures=_all(len(forms))),
        *([_check("judges", few,
                  (f"судей в комиссии: {{}}, нужно не меньше {MIN_JUDGES}", f"judges on the panel: {{}}, at least {MIN_JUDGES} needed"),
                  ("в комиссии мало судей", "too few judges on the panel"), state="unsure",
                  figures=_span([cut.judges for cut in document.cuts]))] if document.cuts else []),
        _terms_check(document),
    ]  # fmt: skip


def _terms_check(document: ProcedureDocument) -> Check:
    appeal, months = document.appeal_days, document.retention_months
    return _check(
        "terms",
        [] if appeal > 0 and months > 0 else [document.code],
        (
            f"сроки названы: пересмотр {appeal} рабочих дней, хранение {months} мес.",
            f"terms are named: appeal {appeal} working days, retention {months} months",
        ),
        ("не назван срок пересмотра или хранения", "the time to appeal or the retention is not named"),
    )


def _texts(document: ProcedureDocument) -> list[tuple[str, LangText]]:
    texts = document.texts
    names = (
        "who_asks", "what_for", "what_is_measured", "how_long", "who_sees", "appeal", "retention", "thanks",
        "invitation_subject", "invitation_body",
    )  # fmt: skip
    rows: list[tuple[str, LangText]] = [(name, getattr(texts, name)) for name in names]
    rows += [(f"rights {number}", text) for number, text in enumerate(texts.rights, start=1)]
    for stage in document.stages:
        rows += [(stage.code, stage.name), (stage.code, stage.what), (stage.code, stage.who)]
    for consent in document.consents:
        rows += [(consent.purpose, consent.title), (consent.purpose, consent.agree)]
        rows += [(consent.purpose, paragraph) for paragraph in consent.paragraphs]
    return rows


@dataclass(frozen=True, slots=True)
class BlockKnots:
    """What the panel expects of a block: points of a person just at 1.5, 2.5, 3.5 and 4.5, summed over its items."""

    competency: str
    items: int
    points: float
    knots: tuple[float, float, float, float]
    close_levels: tuple[int, ...]
    """Levels whose knots lie closer than half a point: a person is told the merged band alone."""
    link_se: float | None
    """Error of the link in levels; None where the knots do not rise and the block goes back to the panel."""


def block_knots(cut: CutRecord, items: Collection[Item]) -> list[BlockKnots]:
    """Knots of each block of the form, in order of first appearance; items the panel did not judge are left out."""
    judged = {row.item: row.means for row in cut.items}
    blocks: dict[str, list[Item]] = {}
    for item in items:
        if item.code in judged:
            blocks.setdefault(item.competency, []).append(item)
    rows: list[BlockKnots] = []
    for competency, mine in blocks.items():
        points = float(sum(item.points for item in mine))
        sums, was_forced = knots_from_judges([[judged[item.code] for item in mine]])
        a, b, c, d = (float(value) for value in sums)
        link = None
        if not was_forced and a > 0 and d < points:
            link = BlockLink(sums, points, cut.knot_sd, cut.judges)
        rows.append(
            BlockKnots(
                competency, len(mine), points, (a, b, c, d),
                link.levels_not_separated if link else (), link.se if link else None,
            )
        )  # fmt: skip
    return rows


def composite_cut(profile: RoleProfile) -> float:
    """The composite's cut on the level scale: the profile's own, else weighted target − 0.5."""
    if profile.composite_cut is not None:
        return profile.composite_cut
    total = sum(target.weight for target in profile.targets)
    return sum(target.weight * target.target for target in profile.targets) / total - COMPOSITE_BELOW_TARGET
