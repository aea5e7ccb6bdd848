"""Seats of a role against the people there are, from the frozen numbers of a run."""

from __future__ import annotations

from dataclasses import dataclass

from kamerton.apps.decisions import queries, rules
from kamerton.apps.records.models import Project
from kamerton.apps.reporting import report_texts as texts
from kamerton.apps.results.models import ScoreRun
from kamerton.values.texts import in_language


@dataclass(frozen=True, slots=True)
class SeatRow:
    segment: str
    accounts: int
    accounts_per_seat: str
    split: rules.SeatSplit
    profile: str


@dataclass(frozen=True, slots=True)
class Seats:
    rows: list[SeatRow]
    accounts: int
    total: rules.SeatSplit
    finding: str
    seek: list[tuple[str, str, str]]
    """Segment, how many seats, whom to look for."""
    share: str


def seats_of(project: Project, role: str, run: ScoreRun, language: str) -> Seats | None:
    plan = queries.seat_plan(project.id, role)
    frozen = run.frozen.get("seats")
    if not plan or not frozen:
        return None
    share = float(frozen.get("share_developing", 0.5))
    split = rules.split_seats(
        [row.seats for row in plan],
        float(frozen["ready"]["expected"]),
        float(frozen["developing"]["expected"]),
        share,
    )
    rows = [
        SeatRow(
            segment=in_language(row.segment, language),
            accounts=row.accounts,
            accounts_per_seat=texts.level(row.accounts_per_seat, language),
            split=part,
            profile=in_language(row.profile, language),
        )
        for row, part in zip(plan, split, strict=True)
    ]
    total = rules.SeatSplit(
        seats=sum(p.seats for p in split),
        ready=sum(p.ready for p in split),
        growing=sum(p.growing for p in split),
        hire=sum(p.hire for p in split),
    )
    finding = texts.seats_finding(
        needed=total.seats,
        ready=total.ready,
        growing=total.growing,
        hire=total.hire,
        low=float(frozen["hire"]["low"]),
        high=float(frozen["hire"]["high"]),
        interval=float(frozen.get("interval", 0.8)),
        language=language,
    )
    seek = [
        (
            row.segment,
            texts.counted(row.split.hire, language, ("место", "места", "мест"), ("seat", "seats")),
            row.profile,
        )
        for row in rows
        if row.split.hire
    ]
    share_text = f"{round(share * 100)}{texts.say(language, texts.NBSP, '')}%"
    return Seats(rows, sum(row.accounts for row in plan), total, finding, seek, share_text)
