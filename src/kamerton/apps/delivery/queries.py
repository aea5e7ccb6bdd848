"""Reading campaigns, participations, sittings and answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Prefetch, Q, QuerySet, Sum

from kamerton.apps.delivery import rules
from kamerton.apps.delivery.models import (
    Accommodation,
    Answer,
    Campaign,
    CandidateSession,
    Consent,
    Event,
    Invitation,
    Opening,
    OutgoingMail,
    Participation,
    Pause,
    Sitting,
    TimeGrant,
)
from kamerton.apps.instruments.documents import FormDocument, Item
from kamerton.apps.instruments.rules import is_answered
from kamerton.apps.people.rules import require
from kamerton.apps.procedures.documents import ConsentText, ProcedureDocument, ProcedureInstrument
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.models import Part, Release
from kamerton.apps.records.queries import document_of, latest_release
from kamerton.values.canonical import digest_of
from kamerton.values.documents import write_document

TRIAL_SLUG = "try"
"""The campaign of a sample project in which visitors look through a candidate's eyes; never evaluated."""


# ---------------------------------------------------------------------------------------------- campaigns


def campaigns_of(project_id: UUID) -> QuerySet[Campaign]:
    """Campaigns not archived, the newest first, without the trial one."""
    return (
        Campaign.objects.filter(project_id=project_id, archived_at__isnull=True)
        .exclude(slug=TRIAL_SLUG)
        .select_related("procedure__identity", "project")
        .order_by("-opens_at", "slug")
    )


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """A campaign in a list: how many people, how many have come through."""

    campaign: Campaign
    procedure: ProcedureDocument
    added: int
    invited: int
    started: int
    finished: int


def campaign_lines(project_id: UUID) -> list[CampaignLine]:
    present = Q(participations__withdrawn_at__isnull=True)
    rows = campaigns_of(project_id).annotate(
        added=Count("participations", filter=present, distinct=True),
        invited=Count(
            "participations", filter=present & Q(participations__invitations__isnull=False), distinct=True
        ),
        started=Count(
            "participations", filter=present & Q(participations__sittings__isnull=False), distinct=True
        ),
        finished=Count(
            "participations",
            filter=present & Q(participations__sittings__finished_at__isnull=False),
            distinct=True,
        ),
    )
    return [CampaignLine(c, procedure_of(c), c.added, c.invited, c.started, c.finished) for c in rows]


def campaign_by_slug(project_id: UUID, slug: str) -> Campaign:
    campaign = (
        Campaign.objects.filter(project_id=project_id, slug=slug)
        .select_related("procedure__identity", "project")
        .first()
    )
    if campaign is None:
        raise NotFound(what={"ru": f"кампания {slug}", "en": f"campaign {slug}"})
    return campaign


def procedure_of(campaign: Campaign) -> ProcedureDocument:
    return document_of(campaign.procedure, ProcedureDocument)


@dataclass(frozen=True, slots=True)
class PinnedForm:
    """A form of the procedure with the release that the procedure is bound to."""

    instrument: ProcedureInstrument
    release: Release
    document: FormDocument


def forms_of(campaign: Campaign) -> tuple[PinnedForm, ...]:
    """The forms a candidate of this campaign answers, in the procedure's order."""
    procedure = procedure_of(campaign)
    found: list[PinnedForm] = []
    for instrument in procedure.instruments:
        if instrument.kind != "form":
            continue
        pinned = procedure.pins.get(instrument.code)
        release = (
            Release.objects.filter(id=pinned, identity__project_id=campaign.project_id).first()
            if pinned
            else latest_release(campaign.project_id, "form", instrument.slug)
        )
        if release is not None:
            found.append(PinnedForm(instrument, release, document_of(release, FormDocument)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class WrittenPart:
    """The written part of an exercise, as this campaign's procedure pins it."""

    instrument: ProcedureInstrument
    release: Release
    document: FormDocument


WRITTEN_PIN = "{code}:written"
"""Name of the pin that ties an exercise of a procedure to the release of its written part."""


def written_parts_of(campaign: Campaign) -> tuple[WrittenPart, ...]:
    """Written parts in the procedure's order; none where the procedure was published before they were there."""
    procedure = procedure_of(campaign)
    pins = {
        i.code: procedure.pins[WRITTEN_PIN.format(code=i.code)]
        for i in procedure.instruments
        if WRITTEN_PIN.format(code=i.code) in procedure.pins
    }
    if not pins:
        return ()
    releases = {
        str(release.id): release
        for release in Release.objects.filter(id__in=pins.values(), identity__project_id=campaign.project_id)
    }
    return tuple(
        WrittenPart(i, releases[pins[i.code]], document_of(releases[pins[i.code]], FormDocument))
        for i in procedure.instruments
        if pins.get(i.code) in releases
    )


@dataclass(frozen=True, slots=True)
class Agreed:
    """What to do for a person; why is not here."""

    needs: tuple[str, ...]
    details: str
    factor: Decimal


def accommodation_of(participation: Participation) -> Agreed | None:
    """The conditions in force; None where none were agreed."""
    newest = Accommodation.objects.filter(participation=participation).order_by("-id").first()
    if newest is None:
        return (
            Agreed(("extra_time",), "", participation.time_factor) if participation.time_factor > 1 else None
        )
    if not newest.needs and not newest.details:
        return None
    return Agreed(tuple(newest.needs), newest.details, participation.time_factor)


def accommodation_reason(actor: Actor, participation: Participation) -> str:
    """Why, for the office alone."""
    require(actor, participation.campaign.project_id, "manage_campaigns")
    newest = (
        Accommodation.objects.filter(participation=participation)
        .select_related("reason")
        .order_by("-id")
        .first()
    )
    return newest.reason.text if newest and newest.reason else ""


def shown_counts(project_id: UUID) -> Counter[str]:
    """Item → sittings that were begun on a form holding it: how widely it is known. An item is its texts and its key,
    whatever form it stands in; the trial does not count."""
    begun = (
        Sitting.objects.filter(participation__campaign__project_id=project_id)
        .exclude(participation__campaign__slug=TRIAL_SLUG)
        .values_list("form_id")
        .annotate(n=Count("id"))
        .order_by()
    )
    counts: Counter[str] = Counter()
    times = dict(begun)
    for release in Release.objects.filter(id__in=times):
        for item in document_of(release, FormDocument).items:
            counts[item_mark(item)] += times[release.id]
    return counts


def item_mark(item: Item) -> str:
    """What makes two items of two forms the same item."""
    return digest_of(write_document(replace(item, code="")))


def opened_forms(participation: Participation) -> frozenset[UUID]:
    """Releases of the written parts that this person may begin."""
    return frozenset(Opening.objects.filter(participation=participation).values_list("form_id", flat=True))


def consent_texts(campaign: Campaign) -> tuple[ConsentText, ...]:
    """Texts to agree to: the one the campaign cannot do without first, the voluntary ones after it."""
    texts = procedure_of(campaign).consents
    return tuple(sorted(texts, key=lambda text: text.purpose != campaign.purpose))


# ---------------------------------------------------------------------------------------- people in a campaign


def participations_of(campaign: Campaign) -> QuerySet[Participation]:
    return (
        Participation.objects.filter(campaign=campaign)
        .select_related("person__identity", "campaign__project")
        .prefetch_related(
            Prefetch("invitations", Invitation.objects.order_by("created_at")),
            Prefetch("consents", Consent.objects.select_related("withdrawal").order_by("given_at")),
            Prefetch(
                "sittings",
                Sitting.objects.select_related("form").order_by("started_at").prefetch_related("time_grants"),
            ),
        )
        .order_by("person__sort_key", "occasion", "id")
    )


def participation_in(campaign: Campaign, participation_id: UUID) -> Participation:
    found = participations_of(campaign).filter(id=participation_id).first()
    if found is None:
        raise NotFound(what={"ru": "участник кампании", "en": "participant of the campaign"})
    return found


def paper_code(participation_id: UUID) -> str:
    """The short id printed on an answer sheet: eight characters tell thousands of people apart."""
    return str(participation_id)[:8].upper()


@dataclass(frozen=True, slots=True)
class PersonProgress:
    """How far one participant has come."""

    participation: Participation
    invitation: Invitation | None
    invited_at: datetime | None
    seen_at: datetime | None
    consented_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    sittings: tuple[Sitting, ...]
    answered: int
    items: int

    @property
    def state(self) -> str:
        """The farthest step, as a code: withdrawn, finished, started, consented, seen, invited, added."""
        if self.participation.withdrawn_at:
            return "withdrawn"
        for code in ("finished", "started", "consented", "seen", "invited"):
            if getattr(self, f"{code}_at"):
                return code
        return "added"


@dataclass(frozen=True, slots=True)
class CampaignProgress:
    """Counts of people that reached a step, each step holding those of the later ones."""

    added: int
    invited: int
    seen: int
    consented: int
    started: int
    finished: int
    withdrawn: int
    people: tuple[PersonProgress, ...]


def given_consent(consents: Iterable[Consent], purpose: str) -> Consent | None:
    """The consent in force for a purpose."""
    return next((c for c in consents if c.purpose == purpose and not hasattr(c, "withdrawal")), None)


def _person_progress(
    campaign: Campaign,
    participation: Participation,
    forms: tuple[PinnedForm, ...],
    answered: Mapping[UUID, int],
) -> PersonProgress:
    invitations = list(participation.invitations.all())
    sittings = tuple(participation.sittings.all())
    consent = given_consent(participation.consents.all(), campaign.purpose)
    started = min((s.started_at for s in sittings), default=None)
    finished = [s.finished_at for s in sittings if s.finished_at]
    needed = {form.release.id for form in forms}
    done = {s.form_id for s in sittings if s.finished_at}
    seen = [i.first_seen_at for i in invitations if i.first_seen_at]
    return PersonProgress(
        participation=participation,
        invitation=next((i for i in reversed(invitations) if i.revoked_at is None), None),
        invited_at=invitations[0].created_at if invitations else None,
        seen_at=min(seen, default=consent.given_at if consent else started),
        consented_at=consent.given_at if consent else None,
        started_at=started,
        finished_at=max(finished) if needed and needed <= done else None,
        sittings=sittings,
        answered=sum(answered.get(s.id, 0) for s in sittings),
        items=sum(len(form.document.items) for form in forms),
    )


def progress_of(campaign: Campaign) -> CampaignProgress:
    """Who has come how far. Counts answered items, never what was answered."""
    forms = forms_of(campaign)
    participations = list(participations_of(campaign))
    answered = {
        sitting.id: len(answers.answered)
        for sitting, answers in _answers_of([s for p in participations for s in p.sittings.all()]).items()
    }
    people = tuple(_person_progress(campaign, p, forms, answered) for p in participations)
    active = [p for p in people if p.state != "withdrawn"]

    def reached(name: str) -> int:
        return sum(1 for p in active if getattr(p, f"{name}_at") is not None)

    return CampaignProgress(
        added=len(people),
        invited=reached("invited"),
        seen=reached("seen"),
        consented=reached("consented"),
        started=reached("started"),
        finished=reached("finished"),
        withdrawn=len(people) - len(active),
        people=people,
    )


def mails_of(campaign: Campaign) -> QuerySet[OutgoingMail]:
    return (
        OutgoingMail.objects.filter(participation__campaign=campaign)
        .select_related("participation__person__identity")
        .order_by("-created_at", "id")
    )


# -------------------------------------------------------------------------------------- the candidate's way in


def invitation_by_token(token: str) -> Invitation | None:
    return (
        Invitation.objects.filter(token_hash=rules.token_hash(token))
        .select_related(
            "participation__campaign__procedure__identity",
            "participation__campaign__project",
            "participation__person__identity",
        )
        .first()
    )


def link_state(invitation: Invitation, at: datetime) -> rules.LinkState:
    participation = invitation.participation
    campaign = participation.campaign
    return rules.link_state(
        at=at,
        expires_at=invitation.expires_at,
        is_revoked=invitation.revoked_at is not None,
        is_withdrawn=participation.withdrawn_at is not None,
        closes_at=campaign.closes_at,
        is_retired=hasattr(campaign.procedure, "retirement"),
        has_started=participation.sittings.exists(),
    )


def session_by_secret(secret: str, at: datetime) -> CandidateSession | None:
    """The live session behind a cookie."""
    return (
        CandidateSession.objects.filter(
            secret_hash=rules.token_hash(secret), ended_at__isnull=True, expires_at__gt=at
        )
        .select_related(
            "participation__campaign__procedure__identity",
            "participation__campaign__project",
            "participation__person__identity",
        )
        .defer("participation__campaign__procedure__body")  # read once and kept by its digest
        .order_by()
        .first()
    )


def consents_of(participation: Participation) -> list[Consent]:
    return list(
        Consent.objects.filter(participation=participation).select_related("withdrawal").order_by("given_at")
    )


def has_consent(participation: Participation) -> bool:
    """Whether the consent without which nothing may be answered is in force."""
    return given_consent(consents_of(participation), participation.campaign.purpose) is not None


# ------------------------------------------------------------------------------------------ sittings and answers


def sittings_of(campaign: Campaign) -> QuerySet[Sitting]:
    return (
        Sitting.objects.filter(participation__campaign=campaign)
        .select_related("participation__person", "form__identity", "respondent")
        .order_by("participation__person__sort_key", "started_at", "id")
    )


def sitting_of(participation: Participation, form: Release) -> Sitting | None:
    return (
        Sitting.objects.filter(participation=participation, form=form, relation="self")
        .select_related("form")
        .first()
    )


def clock_of(sitting: Sitting) -> rules.Clock:
    granted = TimeGrant.objects.filter(sitting=sitting).aggregate(total=Sum("seconds"))["total"] or 0
    stops = tuple(_stop(pause) for pause in Pause.objects.filter(sitting=sitting))
    return rules.Clock(
        sitting.started_at, sitting.limit_seconds, sitting.factor, granted, sitting.on_paper, stops
    )


def _stop(pause: Pause) -> rules.Stop:
    return rules.Stop(pause.started_at, pause.ended_at, pause.limit_seconds)


def running_pause(sitting: Sitting, at: datetime) -> Pause | None:
    """What the clock stands still for; the office's pause before a break."""
    open_ones = Pause.objects.filter(sitting=sitting, ended_at__isnull=True).order_by("-kind", "started_at")
    return next((pause for pause in open_ones if _stop(pause).is_running(at)), None)


@dataclass(frozen=True, slots=True)
class LiveRow:
    """One person at the test, as the proctor sees it: progress and clock, never an answer."""

    sitting: Sitting
    answered: int
    items: int
    last_at: datetime
    """The last answer saved, else the start."""
    seconds_left: int
    state: str
    """finished, over (time is up, not closed), paused, break, quiet (nothing saved for `rules.QUIET`), answering."""
    late: int
    pause_reason: str = ""


@dataclass(frozen=True, slots=True)
class Live:
    rows: tuple[LiveRow, ...]
    waiting: int
    """Invited and not begun."""
    finished: int


def live_of(campaign: Campaign, at: datetime) -> Live:
    """Who is at the test now, the ones that need a person first. A few queries, however many people."""
    present = Participation.objects.filter(campaign=campaign, withdrawn_at__isnull=True)
    sittings = list(
        Sitting.objects.filter(participation__in=present, on_paper=False, finished_at__isnull=True)
        .select_related("participation__person__identity", "form")
        .defer("form__body")
        .prefetch_related("time_grants", "pauses")
        .order_by("participation__person__sort_key", "id")
    )
    counted = {
        row["sitting"]: row
        for row in Answer.objects.filter(sitting__in=sittings)
        .values("sitting")
        .annotate(items=Count("item", distinct=True, filter=Q(is_late=False)), late=Count("id", filter=Q(is_late=True)), last=Max("at"))
        .order_by()
    }  # fmt: skip
    rows = [_live_row(sitting, counted.get(sitting.id, {}), at) for sitting in sittings]
    rows.sort(key=lambda row: LIVE_ORDER.index(row.state))
    began = Sitting.objects.filter(participation__in=present)
    return Live(
        rows=tuple(rows),
        waiting=present.filter(invitations__isnull=False)
        .exclude(id__in=began.values("participation"))
        .distinct()
        .count(),
        finished=began.filter(finished_at__isnull=False).count(),
    )


LIVE_ORDER = ("over", "quiet", "paused", "break", "answering")


def _live_row(sitting: Sitting, counted: Mapping[str, Any], at: datetime) -> LiveRow:
    pauses = list(sitting.pauses.all())
    granted = sum(grant.seconds for grant in sitting.time_grants.all())
    stops = tuple(_stop(pause) for pause in pauses)
    clock = rules.Clock(
        sitting.started_at, sitting.limit_seconds, sitting.factor, granted, sitting.on_paper, stops
    )
    running = [pause for pause in pauses if _stop(pause).is_running(at)]
    last_at = counted.get("last") or sitting.started_at
    resumed = max((pause.ended_at for pause in pauses if pause.ended_at), default=last_at)
    if clock.is_over(at):
        state = "over"
    elif running:
        state = "paused" if any(pause.kind == Pause.Kind.OFFICE for pause in running) else "break"
    else:
        state = "quiet" if at - max(last_at, resumed) >= rules.QUIET else "answering"
    return LiveRow(
        sitting=sitting,
        answered=counted.get("items", 0),
        items=len(document_of(sitting.form, FormDocument).items),
        last_at=last_at,
        seconds_left=clock.remaining_seconds(at),
        state=state,
        late=counted.get("late", 0),
        pause_reason=next((pause.reason for pause in running if pause.reason), ""),
    )


def events_of(sitting: Sitting) -> list[Event]:
    """The log of a sitting for a person to read; marks of flags left out."""
    return list(Event.objects.filter(sitting=sitting).exclude(kind="flag").order_by("id"))


@dataclass(frozen=True, slots=True)
class AnswerValue:
    """The state of one item that counts."""

    answer_id: int
    response: dict[str, Any] | None
    """As `instruments.rules.clean_response` gave it; {} where the person took the answer back; None if erased."""
    text_id: UUID | None
    is_answered: bool
    at: datetime
    epoch: int = 1
    seq: int = 0


@dataclass(frozen=True, slots=True)
class SittingAnswers:
    """All items of a sitting by code; None where nothing was saved. Late answers are told apart, not counted."""

    sitting: Sitting
    participation_id: UUID
    person_id: UUID
    items: dict[str, AnswerValue | None]
    late: frozenset[str] = field(default_factory=frozenset)

    @property
    def answered(self) -> frozenset[str]:
        return frozenset(
            code for code, value in self.items.items() if value is not None and value.is_answered
        )

    @property
    def missing(self) -> rules.Missing:
        return rules.missing_items(tuple(self.items), self.answered)


def response_of(answer: Answer) -> dict[str, Any] | None:
    """The stored response with its words; None when the words were erased."""
    if answer.text_id is None:
        return answer.value
    if answer.text is None or answer.text.erased_at is not None:
        return None
    return {"text": answer.text.text}


def _value(item: Item, answer: Answer) -> AnswerValue:
    response = response_of(answer)
    answered = response is None or is_answered(item, response)
    return AnswerValue(
        answer.pk, response, answer.text_id, answered, answer.at, epoch=answer.epoch, seq=answer.seq
    )


def _answers_of(sittings: Iterable[Sitting]) -> dict[Sitting, SittingAnswers]:
    sittings = list(sittings)
    logs: dict[UUID, list[Answer]] = {sitting.id: [] for sitting in sittings}
    rows = Answer.objects.filter(sitting__in=sittings).select_related("text", "item").order_by("id")
    for row in rows:
        logs[row.sitting_id].append(row)
    result: dict[Sitting, SittingAnswers] = {}
    for sitting in sittings:
        document = document_of(sitting.form, FormDocument)
        log = logs[sitting.id]
        by_id = {row.pk: row for row in log}
        counting = rules.current_ids(
            rules.LoggedAnswer(row.pk, row.item.code, row.epoch, row.seq, row.is_late) for row in log
        )
        items: dict[str, AnswerValue | None] = {
            item.code: _value(item, by_id[counting[item.code]]) if item.code in counting else None
            for item in document.items
        }
        late = frozenset(row.item.code for row in log if row.is_late)
        result[sitting] = SittingAnswers(
            sitting, sitting.participation_id, sitting.participation.person_id, items, late
        )
    return result


def current_answers(sitting: Sitting) -> SittingAnswers:
    """What counts of one sitting, item by item."""
    return _answers_of([sitting])[sitting]


def answers_for_scoring(campaign_ids: Iterable[UUID]) -> list[SittingAnswers]:
    """Every sitting of the campaigns with the answers that count; the trial campaign and withdrawn people never."""
    sittings = (
        Sitting.objects.filter(
            participation__campaign_id__in=list(campaign_ids), participation__withdrawn_at__isnull=True
        )
        .exclude(participation__campaign__slug=TRIAL_SLUG)
        .select_related("participation__person", "form")
        .order_by("participation__person_id", "started_at", "id")
    )
    return list(_answers_of(sittings).values())


def flagged_items(sitting: Sitting) -> frozenset[str]:
    """Codes of items the candidate marked to come back to: the newest word on each counts."""
    state: dict[str, bool] = {}
    for event in Event.objects.filter(sitting=sitting, kind="flag").order_by("id"):
        state[str(event.details["item"])] = bool(event.details["on"])
    return frozenset(code for code, on in state.items() if on)


def item_part(sitting: Sitting, code: str) -> Part:
    return _item_part(sitting.form_id, code)


@lru_cache(maxsize=2048)
def _item_part(form_id: UUID, code: str) -> Part:
    """Parts of a release never change, and every answer asks for one."""
    return Part.objects.get(release_id=form_id, kind="item", code=code)
