"""Severity and spread of the assessors in the newest run, in words what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kamerton.apps.decisions import queries
from kamerton.apps.decisions.reasons import decimal
from kamerton.apps.people import queries as people
from kamerton.apps.people.models import Person
from kamerton.apps.records.models import Project
from kamerton.apps.reporting import report_texts as texts

from .runs import RunFacts, run_facts

SEVERITY_FLAG = 0.30
"""|severity| above this is flagged (SCORING A2.7)."""
SPREAD_FLAG = 0.80
"""A spread below this share of the pool's is flagged (SCORING A2.6)."""


@dataclass(frozen=True, slots=True)
class AssessorRow:
    person_id: UUID | None
    number: int
    name: str
    severity: float
    se: float
    severity_text: str
    error: str
    spread: str
    n: int
    is_flagged: bool
    flags: list[str]
    words: str


@dataclass(frozen=True, slots=True)
class AssessorsPage:
    run: RunFacts | None
    role: str
    rows: list[AssessorRow]
    finding: str
    zero: str
    is_connected: bool
    is_severity_removed: bool

    @property
    def persons(self) -> list[UUID]:
        return [row.person_id for row in self.rows if row.person_id]


def assessors_page(project: Project, language: str) -> AssessorsPage:
    """From the newest run of whichever role was evaluated last."""
    runs = queries.current_runs(project.id)
    if not runs:
        return AssessorsPage(None, "", [], "", "", True, True)
    role, run = max(runs.items(), key=lambda pair: pair[1].number)
    calibration = (run.frozen or {}).get("calibration") or {}
    severities = calibration.get("severities") or []
    known = {
        str(person.id): person
        for person in Person.objects.filter(
            project=project, id__in=[row["assessor"] for row in severities]
        ).select_related("identity")
    }
    rows = [_row(place, row, known, language) for place, row in enumerate(severities, start=1)]
    flagged = sum(row.is_flagged for row in rows)
    count = texts.counted(
        len(rows), language, ("наблюдатель", "наблюдателя", "наблюдателей"), ("assessor", "assessors")
    )
    n = texts.counted(
        sum(row.n for row in rows), language, ("оценка", "оценки", "оценок"), ("rating", "ratings")
    )
    finding = texts.say(
        language,
        f"{count}, {n}; внимания просят {flagged}" if flagged else f"{count}, {n}; пометок нет",
        f"{count}, {n}; {flagged} to look at" if flagged else f"{count}, {n}; no flags",
    )
    zero = {
        "median": texts.say(language, "ноль: медиана пула", "zero: the median of the pool"),
        "anchors": texts.say(
            language,
            "ноль: сертификационные записи с экспертными уровнями",
            "zero: certification performances with expert levels",
        ),
    }.get(str(calibration.get("zero")), str(calibration.get("zero") or ""))
    return AssessorsPage(
        run=run_facts(run, project, language),
        role=role,
        rows=sorted(rows, key=lambda row: (not row.is_flagged, -abs(row.severity))),
        finding=finding,
        zero=zero,
        is_connected=bool(calibration.get("connected", True)),
        is_severity_removed=bool(calibration.get("severity_removed", True)),
    )


def _row(place: int, row: dict[str, object], known: dict[str, Person], language: str) -> AssessorRow:
    """`severity` is the lenience of SCORING A2.1: positive = rates higher than the zero."""
    severity, se = float(row["severity"]), float(row["se"])  # type: ignore[arg-type]
    ratio = row.get("spread_ratio")
    spread = float(ratio) if isinstance(ratio, int | float) else None
    own = [str(flag) for flag in row.get("flags") or []]  # type: ignore[attr-defined]
    lenient = severity > SEVERITY_FLAG or bool({"lenient", "lenient_rater"} & set(own))
    severe = severity < -SEVERITY_FLAG or bool({"severe", "severe_rater"} & set(own))
    central = (spread is not None and spread < SPREAD_FLAG) or bool({"central", "central_rater"} & set(own))
    person = known.get(str(row["assessor"]))
    shown = decimal(severity, 2, language)
    return AssessorRow(
        person_id=person.id if person else None,
        number=place,
        name=people.short_name(person, language) if person else f"№{texts.NBSP}{place}",
        severity=severity,
        se=se,
        severity_text=f"+{shown}" if severity > 0 and shown.strip("0,.") != "" else shown,
        error=texts.error(se, language, 2),
        spread=f"{round(spread * 100)}{texts.say(language, texts.NBSP, '')}%" if spread is not None else "–",
        n=int(row.get("n") or 0),  # type: ignore[call-overload]
        is_flagged=lenient or severe or central,
        flags=[
            texts.say(language, *word)
            for is_on, word in (
                (lenient, ("мягче других", "lenient")),
                (severe, ("строже других", "severe")),
                (central, ("держится середины", "central")),
            )
            if is_on
        ],
        words=texts.severity_words(severity, se, lenient, severe, central, language),
    )
