"""Rules of a procedure: what its matrix must hold, and the check list before it may be used. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from kamerton.apps.procedures.documents import ProcedureDocument
from kamerton.values.texts import LangText

MIN_INSTRUMENTS = 2
"""A competency seen by one instrument alone cannot be told from that instrument."""
MIN_SIMULATIONS = 1
"""At least one view of the competency must show behaviour, not talk about it."""
MAX_COMPETENCIES = 5
"""More scales than this at one exercise and assessors rate an overall impression."""
MAX_DAY_MINUTES = 480
"""A working day; longer, and fatigue is measured."""
MIN_ASSESSORS = 2
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
    code: str, failing: list[str], ok: tuple[str, str], bad: tuple[str, str], *, state: State = "bad"
) -> Check:
    if not failing:
        return Check(code, "ok", {"ru": ok[0], "en": ok[1]})
    listed = ", ".join(failing)
    return Check(code, state, {"ru": f"{bad[0]}: {listed}", "en": f"{bad[1]}: {listed}"}, tuple(failing))


def matrix_checks(document: ProcedureDocument, competencies: Collection[str]) -> list[Check]:
    """The live rules of the assessment matrix."""
    by_competency: dict[str, list[str]] = {code: [] for code in competencies}
    by_instrument: dict[str, list[str]] = {instrument.code: [] for instrument in document.instruments}
    strange: list[str] = []
    for cell in document.matrix:
        if cell.competency not in by_competency or cell.instrument not in by_instrument:
            strange.append(f"{cell.competency} × {cell.instrument}")
            continue
        by_competency[cell.competency].append(cell.instrument)
        by_instrument[cell.instrument].append(cell.competency)
    simulations = {instrument.code for instrument in document.instruments if instrument.is_simulation}
    exercises = {instrument.code for instrument in document.instruments if instrument.kind == "exercise"}
    mains = {cell.competency for cell in document.matrix if cell.weight == 2}
    checks = [
        _check(
            "two_instruments", [c for c, seen in by_competency.items() if len(set(seen)) < MIN_INSTRUMENTS],
            ("каждую компетенцию измеряют не меньше двух инструментов", "at least two instruments measure each competency"),
            ("меньше двух инструментов", "fewer than two instruments"),
        ),
        _check(
            "one_simulation", [c for c, seen in by_competency.items() if len(simulations & set(seen)) < MIN_SIMULATIONS],
            ("каждую компетенцию видно хотя бы в одной симуляции", "each competency is seen in at least one simulation"),
            ("нет ни одной симуляции", "no simulation"),
        ),
        _check(
            "load_of_exercise", [f"{code} ({len(by_instrument[code])})" for code in by_instrument if code in exercises and len(by_instrument[code]) > MAX_COMPETENCIES],
            ("в упражнении оценивают не больше пяти компетенций", "no exercise is rated on more than five competencies"),
            ("больше пяти компетенций в упражнении", "more than five competencies in an exercise"),
        ),
        _check(
            "every_instrument_used", [code for code, seen in by_instrument.items() if not seen],
            ("каждый инструмент что-то измеряет", "every instrument measures something"),
            ("инструмент ничего не измеряет", "the instrument measures nothing"),
        ),
        _check(
            "main_instrument", [c for c in by_competency if c not in mains],
            ("у каждой компетенции есть основной инструмент", "each competency has a main instrument"),
            ("нет основного инструмента", "no main instrument"), state="unsure",
        ),
    ]  # fmt: skip
    if strange:
        checks.append(
            _check(
                "unknown_cell",
                strange,
                ("", ""),
                ("клетка ссылается на то, чего нет", "a cell points at what is not there"),
            )
        )
    return [*checks, _day_check(document)]


def busiest_stage_minutes(document: ProcedureDocument) -> int:
    """Minutes of the stage that asks most of a person; stages fall on different days."""
    minutes = {instrument.code: instrument.minutes for instrument in document.instruments}
    return max(
        (sum(minutes.get(code, 0) for code in stage.instruments) for stage in document.stages), default=0
    )


def _day_check(document: ProcedureDocument) -> Check:
    busiest = busiest_stage_minutes(document)
    state: State = "ok" if busiest <= MAX_DAY_MINUTES else "bad"
    return Check(
        "day",
        state,
        {
            "ru": f"самый длинный день: {busiest} мин из {MAX_DAY_MINUTES} допустимых, без перерывов",
            "en": f"the longest day: {busiest} min of {MAX_DAY_MINUTES} allowed, breaks not counted",
        },
    )


def procedure_checks(
    document: ProcedureDocument,
    competencies: Collection[str],
    *,
    incomplete: Collection[str] = (),
    missing: Collection[str] = (),
) -> list[Check]:
    """The check list of a procedure. `incomplete`: instruments whose materials come later; `missing`: not released."""
    consented = {consent.purpose for consent in document.consents}
    staged = {code for stage in document.stages for code in stage.instruments}
    judged = {cut.instrument for cut in document.cuts}
    forms = [instrument.code for instrument in document.instruments if instrument.kind == "form"]
    untranslated = [name for name, text in _texts(document) if any(not text.get(tag) for tag in LANGUAGES)]
    return [
        *matrix_checks(document, competencies),
        _check("consents", [p for p in document.purposes if p not in consented],
               ("у каждой цели свой текст согласия", "each purpose has its own consent text"),
               ("нет текста согласия для цели", "no consent text for the purpose")),
        _check("translated", untranslated,
               ("тексты для человека есть на двух языках", "texts for the person are there in both languages"),
               ("нет текста на одном из языков", "a text is missing in one language")),
        _check("staged", [i.code for i in document.instruments if i.code not in staged],
               ("каждый инструмент стоит на своём этапе", "each instrument belongs to a stage"),
               ("инструмент не стоит ни на одном этапе", "the instrument belongs to no stage")),
        _check("released", list(missing),
               ("все инструменты опубликованы", "all instruments are published"),
               ("инструмент не опубликован", "the instrument is not published")),
        _check("complete", list(incomplete),
               ("материалы всех упражнений готовы", "the materials of all exercises are ready"),
               ("есть только лист оценки, материалы позже", "only the rating sheet is there, materials come later"), state="unsure"),
        _check("cuts", [code for code in forms if code not in judged],
               ("пороговые баллы теста поставлены комиссией судей", "a panel has set the cut scores of the test"),
               ("нет записи комиссии судей о порогах", "no panel record of cut scores")),
        _check("assessors", [] if document.assessors_per_exercise >= MIN_ASSESSORS else [str(document.assessors_per_exercise)],
               ("на упражнении не меньше двух наблюдателей", "at least two assessors at each exercise"),
               ("наблюдателей на упражнении меньше двух", "fewer than two assessors at an exercise")),
        _check("appeal", [] if document.appeal_days > 0 and document.retention_months > 0 else [document.code],
               ("названы срок пересмотра и срок хранения", "the time to appeal and the retention are named"),
               ("не назван срок пересмотра или хранения", "the time to appeal or the retention is not named")),
    ]  # fmt: skip


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
