"""Clock, order of answers, pages of a form, state of a link. Pure: no database, no clock, no chance.

The deadline is one formula, asked for at each request and never stored:
``started + limit × factor + sum of grants + time stood still``. Extra time given before, during or after the end moves
it alike; a pause that is not over yet moves it with every second.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

from kamerton.apps.instruments.documents import Item
from kamerton.apps.procedures.documents import CandidateTexts, ConsentText
from kamerton.values.canonical import digest_of
from kamerton.values.documents import write_document
from kamerton.values.texts import in_language

GRACE = timedelta(seconds=30)
"""How long after the end a queued answer, stamped before it, still counts: two 8-second tries and a back-off."""

QUIET = timedelta(minutes=5)
"""Without a saved answer for this long a person may be stuck: more than twice what an item takes."""

WARNINGS_AT = (300, 60)
"""Seconds left at which the candidate is told: enough to finish a page, enough to finish a sentence."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A stretch in which the clock stands still; `limit_seconds` ends a break that nobody ended."""

    started_at: datetime
    ended_at: datetime | None = None
    limit_seconds: int | None = None

    def end(self, at: datetime) -> datetime:
        """Where it ends as seen at `at`; never after it, never before the start."""
        ends = [at] + ([self.ended_at] if self.ended_at else [])
        if self.limit_seconds is not None:
            ends.append(self.started_at + timedelta(seconds=self.limit_seconds))
        return max(self.started_at, min(ends))

    def is_running(self, at: datetime) -> bool:
        return self.ended_at is None and self.started_at <= at and self.end(at) == at


@dataclass(frozen=True, slots=True)
class Clock:
    """What the deadline is made of."""

    started_at: datetime
    limit_seconds: int
    factor: Decimal
    granted_seconds: int = 0
    on_paper: bool = False
    stops: tuple[Stop, ...] = ()

    def deadline(self, at: datetime) -> datetime:
        """The end as it stands at `at`; a pause that runs pushes it on."""
        seconds = Decimal(self.limit_seconds) * self.factor + self.granted_seconds
        return self.started_at + timedelta(seconds=float(seconds)) + self.stood_still(at)

    def stood_still(self, at: datetime) -> timedelta:
        """How long the clock has stood by `at`; two stops over each other count once."""
        total, reached = timedelta(0), datetime.min.replace(tzinfo=at.tzinfo)
        for stop in sorted(self.stops, key=lambda one: one.started_at):
            begin, end = max(stop.started_at, reached), stop.end(at)
            if end > begin:
                total += end - begin
                reached = end
        return total

    def is_paused(self, at: datetime) -> bool:
        return any(stop.is_running(at) for stop in self.stops)

    def remaining_seconds(self, at: datetime) -> int:
        """Whole seconds left by the server's clock, never below 0."""
        return max(0, int((self.deadline(at) - at).total_seconds()))

    def is_over(self, at: datetime) -> bool:
        return not self.on_paper and at > self.deadline(at)

    def is_closed(self, at: datetime) -> bool:
        """Over, and the grace for answers on their way has passed too."""
        return not self.on_paper and at > self.deadline(at) + GRACE

    def is_late(self, at: datetime, client_at: datetime | None) -> bool:
        """Whether an answer that arrives now is kept for a person to judge instead of being counted."""
        if not self.is_over(at):
            return False
        stamped_in_time = client_at is not None and client_at <= self.deadline(at)
        return self.is_closed(at) or not stamped_in_time


@dataclass(frozen=True, slots=True)
class LoggedAnswer:
    """One row of the answer log, as far as the order needs it."""

    id: int
    item: str
    epoch: int
    seq: int
    is_late: bool = False

    @property
    def order(self) -> tuple[int, int, int]:
        return (self.epoch, self.seq, self.id)


def current_ids(log: Iterable[LoggedAnswer]) -> dict[str, int]:
    """Item code → id of the row that counts: the newest by (epoch, seq, id); late rows never count."""
    newest: dict[str, LoggedAnswer] = {}
    for row in log:
        if not row.is_late and (row.item not in newest or row.order > newest[row.item].order):
            newest[row.item] = row
    return {item: row.id for item, row in newest.items()}


@dataclass(frozen=True, slots=True)
class Missing:
    """Items without a whole answer: passed over, or never come to."""

    omitted: tuple[str, ...]
    not_reached: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return self.omitted + self.not_reached


def missing_items(codes: Sequence[str], answered: frozenset[str] | set[str]) -> Missing:
    """The last unbroken run without an answer was not reached; every other gap was omitted."""
    last = max((place for place, code in enumerate(codes) if code in answered), default=-1)
    omitted = tuple(code for code in codes[: last + 1] if code not in answered)
    return Missing(omitted, tuple(codes[last + 1 :]))


@dataclass(frozen=True, slots=True)
class Page:
    """Items shown together: one, or the neighbours that share a stimulus. Numbers count items from 1."""

    number: int
    first: int
    items: tuple[Item, ...]

    @property
    def last(self) -> int:
        return self.first + len(self.items) - 1


def pages_of(items: Sequence[Item]) -> tuple[Page, ...]:
    groups: list[list[Item]] = []
    for item in items:
        if groups and item.stimulus and groups[-1][-1].stimulus == item.stimulus:
            groups[-1].append(item)
        else:
            groups.append([item])
    pages: list[Page] = []
    first = 1
    for number, group in enumerate(groups, start=1):
        pages.append(Page(number, first, tuple(group)))
        first += len(group)
    return tuple(pages)


SHUFFLED_TYPES = frozenset({"single", "multiple", "best_worst", "order", "match"})
"""Types whose options stand in the candidate's own order. A table keeps its rows, a scale its steps."""


def option_order(sitting_id: UUID, item: Item) -> tuple[str, ...]:
    """Codes of the options as this candidate sees them: follows from sitting and item, stored nowhere."""
    codes = [option.code for option in item.options]
    if item.type not in SHUFFLED_TYPES:
        return tuple(codes)
    return tuple(
        sorted(
            codes, key=lambda code: hashlib.sha256(f"{sitting_id}/{item.code}/{code}".encode()).hexdigest()
        )
    )


def token_hash(token: str) -> str:
    """What is stored of a link or a cookie. A random 192-bit secret needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


NEEDS = (
    "extra_time",
    "breaks",
    "screen_reader",
    "large_print",
    "paper",
    "interpreter",
    "in_writing",
    "other_room",
)
"""What may be agreed for a person, besides words of its own."""


def consent_digest(consent: ConsentText) -> str:
    """Names the exact text a person agreed to, in all its languages."""
    return digest_of(write_document(consent))


LinkState = Literal["open", "expired", "revoked", "withdrawn", "closed", "retired"]


def link_state(
    *,
    at: datetime,
    expires_at: datetime,
    is_revoked: bool,
    is_withdrawn: bool,
    closes_at: datetime,
    is_retired: bool,
    has_started: bool,
) -> LinkState:
    """Why a link may not be used, the gravest reason first. Who has begun may go on after the window has closed."""
    if is_withdrawn:
        return "withdrawn"
    if is_revoked:
        return "revoked"
    if at > expires_at:
        return "expired"
    if has_started:
        return "open"
    if is_retired:
        return "retired"
    return "closed" if at > closes_at else "open"


LINK_MARK = {"ru": "[личная ссылка]", "en": "[personal link]"}
"""Stands in a stored mail where the link was."""


@dataclass(frozen=True, slots=True)
class MailText:
    subject: str
    body: str


REMINDER_SUBJECT = {"ru": "Напоминание. {subject}", "en": "A reminder. {subject}"}
REMINDER_BODY = {
    "ru": "Здравствуйте, {name}!\n\nВы приглашены пройти тест, он пока не завершён. Ссылка ниже заменяет прежнюю; если вы "
    "уже начали, всё сохранённое цело, и тест продолжится с того же места.\n\n{link}\n\nСсылка действует до {until}. Нужны другие "
    "условия или вы передумали участвовать: ответьте на это письмо.",
    "en": "Hello {name},\n\nYou are invited to a test, and it is not finished yet. The link below replaces the former one; if "
    "you have begun, everything saved is still there and the test goes on from the same place.\n\n{link}\n\nThe link works until "
    "{until}. If you need other conditions or no longer wish to take part, answer this mail.",
}
"""Used where the procedure has no words of its own for a reminder."""


def compose_invitation(
    texts: CandidateTexts, *, name: str, link: str, until: str, language: str, is_reminder: bool = False
) -> MailText:
    """The invitation, or a reminder of it, in `language`. Placeholders are replaced one by one, so a brace in a text
    breaks nothing."""
    subject, body = texts.invitation_subject, texts.invitation_body
    if is_reminder:
        first = in_language(subject, language)
        subject = texts.reminder_subject or {
            tag: text.replace("{subject}", first) for tag, text in REMINDER_SUBJECT.items()
        }
        body = texts.reminder_body or REMINDER_BODY

    def fill(text: Mapping[str, str]) -> str:
        result = in_language(text, language)
        for mark, value in (("{name}", name), ("{link}", link), ("{until}", until)):
            result = result.replace(mark, value)
        return result.strip()

    return MailText(subject=" ".join(fill(subject).split()), body=fill(body))
