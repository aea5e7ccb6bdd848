"""What lies under a number: instruments, items answered, ratings with severity, quotes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kamerton.apps.decisions import rules
from kamerton.apps.decisions.reasons import decimal
from kamerton.apps.delivery.models import Participation
from kamerton.apps.instruments.documents import ExerciseDocument, FormDocument
from kamerton.apps.observation.models import Appointment, Note, Rating
from kamerton.apps.procedures.documents import ProcedureDocument
from kamerton.apps.records.models import Project, Release
from kamerton.apps.records.queries import document_of
from kamerton.apps.reporting import report_texts as texts
from kamerton.apps.results.models import ItemScore, Score, ScoreRun
from kamerton.values.texts import in_language

from .cells import Head, block_text, cell_of

ERASED = {"ru": "[текст стёрт]", "en": "[text erased]"}


@dataclass(frozen=True, slots=True)
class InstrumentPart:
    """One instrument in a combined score."""

    code: str
    name: str
    y: str
    se: str
    weight: str
    share: str
    n: str
    """ "7 заданий" or "2 оценки"."""


@dataclass(frozen=True, slots=True)
class RatingLine:
    instrument: str
    assessor: str
    """A number, not a name: severity by name is for those who train assessors."""
    raw: int
    correction: str
    day: str


@dataclass(frozen=True, slots=True)
class ItemLine:
    code: str
    points: str
    reason: str


@dataclass(frozen=True, slots=True)
class Quote:
    text_id: UUID
    text: str
    instrument: str
    at: str
    """Minutes and seconds from the start of the exercise."""
    sign: str
    indicator: str


@dataclass(frozen=True, slots=True)
class Chain:
    """Why a competency has the value it has."""

    code: str
    name: str
    summary: str
    instruments: list[InstrumentPart]
    corrections: list[RatingLine]
    items: list[ItemLine]
    quotes: list[Quote]
    flags: list[str]
    conflict: str


@dataclass(frozen=True, slots=True)
class EvidenceCell:
    text: str
    step: str
    is_main: bool
    spoken: str


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    code: str
    name: str
    who: str
    cells: list[EvidenceCell | None]


@dataclass(frozen=True, slots=True)
class Evidence:
    chains: dict[str, Chain]
    rows: list[EvidenceRow]


def instrument_names(procedure: ProcedureDocument, language: str) -> dict[str, str]:
    """Matrix column → name of the pinned release; the code where nothing is pinned."""
    names = {instrument.code: instrument.code for instrument in procedure.instruments}
    pinned = {pin: code for code, pin in procedure.pins.items() if code in names}
    kinds = {instrument.code: instrument.kind for instrument in procedure.instruments}
    for release in Release.objects.filter(id__in=list(pinned)):
        code = pinned[str(release.id)]
        document: FormDocument | ExerciseDocument = (
            document_of(release, FormDocument)
            if kinds[code] == "form"
            else document_of(release, ExerciseDocument)
        )
        names[code] = in_language(document.name, language)
    return names


def evidence_of(
    *,
    project: Project,
    run: ScoreRun,
    participation: Participation,
    procedure: ProcedureDocument,
    scores: Iterable[Score],
    heads: list[Head],
    language: str,
) -> Evidence:
    by_place = {(score.code, score.source): score for score in scores}
    names = instrument_names(procedure, language)
    appointments = list(Appointment.objects.filter(participation=participation).order_by("at", "id"))
    quotes = _quotes(participation, names, language)
    ratings = _ratings(by_place.values())
    items = _items(run, participation, language)
    numbers = _assessor_numbers(run)
    chains = {
        head.code: _chain(
            head, by_place, names, numbers, ratings, items, quotes.get(head.code, []), project, language
        )
        for head in heads
    }
    return Evidence(chains, _table(procedure, by_place, heads, names, appointments, items, project, language))


def _assessor_numbers(run: ScoreRun) -> dict[str, int]:
    """Each assessor's number in the calibration of the run: stable, and no name."""
    severities = ((run.frozen or {}).get("calibration") or {}).get("severities") or []
    return {str(row["assessor"]): place for place, row in enumerate(severities, start=1)}


def _quotes(participation: Participation, names: dict[str, str], language: str) -> dict[str, list[Quote]]:
    """Notes by competency; the indicator's code "C3.2" says whose evidence a note is."""
    found: dict[str, list[Quote]] = defaultdict(list)
    notes = (
        Note.objects.filter(appointment__participation=participation, indicator__isnull=False)
        .select_related("text", "appointment", "indicator")
        .order_by("appointment__instrument", "second", "id")
    )
    for note in notes:
        if note.indicator is None:
            continue
        code = note.appointment.instrument
        found[note.indicator.code.split(".")[0]].append(
            Quote(
                text_id=note.text_id,
                text=in_language(ERASED, language) if note.text.erased_at else unquoted(note.text.text),
                instrument=names.get(code, code),
                at=f"{note.second // 60:02d}:{note.second % 60:02d}",
                sign="−" if note.sign == "-" else note.sign,
                indicator=note.indicator.code,
            )
        )
    return found


def unquoted(text: str) -> str:
    """Without the quotation marks an assessor typed around the whole: the page sets its own."""
    bare = text.strip()
    for left, right in (("«", "»"), ("“", "”"), ('"', '"')):
        inner = bare[1:-1]
        if (
            len(bare) > 2
            and bare.startswith(left)
            and bare.endswith(right)
            and left not in inner
            and right not in inner
        ):
            return inner
    return bare


def _ratings(scores: Iterable[Score]) -> dict[int, Rating]:
    ids = [
        int(row["rating"])
        for score in scores
        for row in (score.parts or {}).get("ratings", [])
        if row.get("rating")
    ]
    return {r.id: r for r in Rating.objects.filter(id__in=ids).select_related("appointment")}


def _items(run: ScoreRun, participation: Participation, language: str) -> dict[str, ItemLine]:
    rows = (
        ItemScore.objects.filter(run=run, sitting__participation=participation)
        .select_related("item")
        .order_by("item__code")
    )
    words = {
        "not_presented": ("не предъявлялось", "not presented"),
        "not_reached": ("не дошли", "not reached"),
        "omitted": ("пропущено", "omitted"),
        "withdrawn": ("снято", "withdrawn"),
        "not_scored": ("не оценено", "not scored"),
    }
    lines: dict[str, ItemLine] = {}
    for row in rows:
        reason = texts.say(language, *words.get(row.reason, (row.reason, row.reason))) if row.reason else ""
        maximum = decimal(row.maximum, 0 if row.maximum == int(row.maximum) else 1, language)
        if row.value is None:
            points = "–"
        else:
            points = decimal(row.value, 0 if row.value == int(row.value) else 1, language)
        lines[row.item.code] = ItemLine(row.item.code, f"{points}/{maximum}", reason)
    return lines


def _counted_n(kind: str, n: int, language: str) -> str:
    if kind == "form":
        return texts.counted(n, language, ("задание", "задания", "заданий"), ("item", "items"))
    return texts.counted(n, language, ("оценка", "оценки", "оценок"), ("rating", "ratings"))


def _part(
    row: dict[str, Any],
    names: dict[str, str],
    by_place: dict[tuple[str, str], Score],
    code: str,
    language: str,
) -> InstrumentPart:
    instrument = str(row["code"])
    own = by_place.get((code, instrument))
    is_form = bool(own and "ratings" not in (own.parts or {}))
    share = row.get("share")
    return InstrumentPart(
        code=instrument,
        name=names.get(instrument, instrument),
        y=block_text(float(row["y"]), float(row["se"]), own.reliability if own else None, language)
        if is_form
        else texts.level(float(row["y"]), language),
        se="" if is_form else texts.error(float(row["se"]), language),
        weight=decimal(float(row["weight"]), 0, language),
        share=f"{round(float(share) * 100)}{texts.say(language, texts.NBSP, '')}%"
        if share is not None
        else "",
        n=_counted_n("form" if is_form else "exercise", int(row.get("n") or 0), language),
    )


def _chain(
    head: Head,
    by_place: dict[tuple[str, str], Score],
    names: dict[str, str],
    numbers: dict[str, int],
    ratings: dict[int, Rating],
    items: dict[str, ItemLine],
    quotes: list[Quote],
    project: Project,
    language: str,
) -> Chain:
    combined = by_place.get((head.code, "combined"))
    parts = (combined.parts or {}) if combined else {}
    instruments = [_part(row, names, by_place, head.code, language) for row in parts.get("instruments", [])]
    corrections: list[RatingLine] = []
    answered: list[ItemLine] = []
    flags = list(combined.flags if combined else ["not_measured"])
    for (code, source), score in by_place.items():
        if code != head.code or source == "combined":
            continue
        flags += score.flags
        answered += [items[item] for item in (score.parts or {}).get("items", []) if item in items]
        for row in (score.parts or {}).get("ratings", []):
            if row.get("raw") is None:
                continue
            corrections.append(_rating_line(row, source, names, numbers, ratings, project, language))
    return Chain(
        code=head.code,
        name=head.name,
        summary=_summary(head, combined, len(instruments), language),
        instruments=instruments,
        corrections=sorted(corrections, key=lambda line: (line.instrument, line.assessor)),
        items=answered,
        quotes=quotes,
        flags=[texts.flag_text(flag, language) for flag in dict.fromkeys(flags)],
        conflict=_conflict(parts.get("conflict") or {}, language),
    )


def _summary(head: Head, combined: Score | None, count: int, language: str) -> str:
    if combined is None or combined.value is None or combined.se is None:
        return texts.flag_text("not_measured", language)
    cell = cell_of(head, combined, language)
    shown = f"{cell.text} {texts.error(combined.se, language)}" if cell.shown == "number" else cell.text
    n = texts.counted(
        combined.n, language, ("наблюдение", "наблюдения", "наблюдений"), ("observation", "observations")
    )
    if count < 2:
        return texts.say(language, f"{shown}: один инструмент, {n}", f"{shown}: one instrument, {n}")
    ru = texts.plural(count, ("инструмента", "инструментов", "инструментов"))
    return texts.say(
        language,
        f"{shown}: взвешенное среднее {count}{texts.NBSP}{ru}, {n}",
        f"{shown}: weighted mean of {count} instruments, {n}",
    )


def _rating_line(
    row: dict[str, Any],
    source: str,
    names: dict[str, str],
    numbers: dict[str, int],
    ratings: dict[int, Rating],
    project: Project,
    language: str,
) -> RatingLine:
    number = numbers.get(str(row.get("assessor")))
    severity = float(row.get("severity") or 0.0)
    rating = ratings.get(int(row.get("rating") or 0))
    shift = decimal(-severity, 1, language)
    return RatingLine(
        instrument=names.get(source, source),
        assessor=texts.say(
            language, f"наблюдатель №{texts.NBSP}{number}", f"assessor No.{texts.NBSP}{number}"
        )
        if number
        else texts.say(language, "наблюдатель", "assessor"),
        raw=int(row["raw"]),
        correction="" if shift in {"0,0", "0.0"} else shift if shift.startswith("−") else f"+{shift}",
        day=texts.moment(rating.at, project.zone, language) if rating else "",
    )


def _conflict(conflict: dict[str, Any], language: str) -> str:
    if not conflict.get("flag"):
        return ""
    q, df, p = float(conflict["q"]), int(conflict["df"]), float(conflict["p"])
    shown_p = texts.say(language, "меньше 0,01", "below .01") if p < 0.01 else decimal(p, 2, language)
    return texts.say(
        language,
        f"Инструменты расходятся сильнее, чем объясняет ошибка: Q{texts.NBSP}={texts.NBSP}{decimal(q, 1, language)}, "
        f"степеней свободы {df}, p {shown_p}. Посмотрите свидетельства; число это не меняет.",
        f"The instruments differ by more than their error explains: Q{texts.NBSP}={texts.NBSP}{decimal(q, 1, language)}, "
        f"df = {df}, p {shown_p}. Look at the evidence; the number stays as it is.",
    )


def _table(
    procedure: ProcedureDocument,
    by_place: dict[tuple[str, str], Score],
    heads: list[Head],
    names: dict[str, str],
    appointments: list[Appointment],
    items: dict[str, ItemLine],
    project: Project,
    language: str,
) -> list[EvidenceRow]:
    weights = {(cell.competency, cell.instrument): cell.weight for cell in procedure.matrix}
    rows: list[EvidenceRow] = []
    for instrument in procedure.instruments:
        measured = [by_place.get((head.code, instrument.code)) for head in heads]
        if not any(score and score.value is not None for score in measured):
            continue
        rows.append(
            EvidenceRow(
                code=instrument.code,
                name=names[instrument.code],
                who=_who(instrument.code, instrument.kind, appointments, items, project, language),
                cells=[
                    _evidence_cell(score, head, weights.get((head.code, instrument.code), 0), language)
                    for score, head in zip(measured, heads, strict=True)
                ],
            )
        )
    return rows


def _evidence_cell(score: Score | None, head: Head, weight: int, language: str) -> EvidenceCell | None:
    if score is None or score.value is None:
        return None
    se = score.se or 0.0
    if "ratings" not in (score.parts or {}):
        text = block_text(score.value, se, score.reliability, language)
        spoken = texts.say(language, f"уровни {text}", f"levels {text}")
    else:
        text = texts.level(score.value, language)
        spoken = f"{text} {texts.error(se, language)}, {texts.to_target(score.value, head.target, language)}"
    return EvidenceCell(text, rules.heat_step(score.value, head.target), weight == 2, spoken)


def _who(
    code: str,
    kind: str,
    appointments: list[Appointment],
    items: dict[str, ItemLine],
    project: Project,
    language: str,
) -> str:
    if kind == "form":
        if not items:
            return ""
        return texts.counted(len(items), language, ("задание", "задания", "заданий"), ("item", "items"))
    seen = [a for a in appointments if a.instrument == code and a.role != Appointment.Role.ROLE_PLAYER]
    count = texts.counted(
        len({a.assessor_id for a in seen}),
        language,
        ("наблюдатель", "наблюдателя", "наблюдателей"),
        ("assessor", "assessors"),
    )
    days = sorted({a.submitted_at or a.at for a in seen if a.submitted_at or a.at})  # type: ignore[type-var]
    return f"{count} · {texts.moment(days[0], project.zone, language).split(',')[0]}" if days else count  # type: ignore[arg-type]
