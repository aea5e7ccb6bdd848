"""Short texts awaiting a rater, without a name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q

from kamerton.apps.delivery.models import Answer
from kamerton.apps.delivery.queries import TRIAL_SLUG, procedure_of
from kamerton.apps.instruments.documents import FormDocument, Item, Stimulus
from kamerton.apps.observation.models import TextRating
from kamerton.apps.observation.rules import is_scored_twice
from kamerton.apps.people.queries import conflict_of
from kamerton.apps.people.rules import require
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import NotFound
from kamerton.apps.records.models import Release
from kamerton.apps.records.queries import document_of, parts_by_code
from kamerton.measure.agreement import cohen_kappa

ENOUGH_TEXT_RATERS = 2
"""A short text leaves the queue when two raters have scored it; outside the procedure's `double_share`, when one has."""


@dataclass(frozen=True, slots=True)
class TextTask:
    """A short text to score. Carries no name, no person and no sitting."""

    answer_id: int
    item: Item
    stimulus: Stimulus | None
    text: str
    raters: int
    """How many others have scored it; their scores are not shown."""


def item_of(answer: Answer) -> Item | None:
    """The item as it stands in the form release the answer was given to."""
    form = document_of(answer.item.release, FormDocument)
    return next((item for item in form.items if item.code == answer.item.code), None)


def _text_parts(project_id: UUID) -> list[UUID]:
    parts: list[UUID] = []
    for release in Release.objects.filter(
        identity__project_id=project_id, identity__kind="form"
    ).select_related("identity"):
        form = document_of(release, FormDocument)
        if form.exercise:  # read beside the anchors of its exercise, by that exercise's assessors
            continue
        codes = {item.code for item in form.items if item.type == "short_text"}
        parts += [part.id for code, part in parts_by_code(release, "item").items() if code in codes]
    return parts


def text_queue(actor: Actor, project_id: UUID, limit: int = 200) -> list[TextTask]:
    """Finished answers that still need a rater and that this rater may score: unscored ones first, one item after
    the other (a steady yardstick), inside an item by the answers' random ids, not by person or time."""
    require(actor, project_id, "rate_texts")
    newest: dict[tuple[UUID, UUID], Answer] = {}
    answers = (
        Answer.objects.filter(
            sitting__finished_at__isnull=False,
            item_id__in=_text_parts(project_id),
            sitting__participation__campaign__project_id=project_id,
        )
        .exclude(sitting__participation__campaign__slug=TRIAL_SLUG)
        .select_related("text", "item__release__identity", "sitting__participation__campaign__procedure")
        .annotate(
            raters=Count("text_ratings"),
            mine=Count("text_ratings", filter=Q(text_ratings__assessor_id=actor.person_id)),
        )
        .order_by("epoch", "seq", "id")
    )
    for answer in answers:
        newest[(answer.sitting_id, answer.item_id)] = answer
    enough = _raters_needed(newest.values())
    conflicts: dict[UUID | None, bool] = {}
    waiting: list[Answer] = []
    for answer in sorted(newest.values(), key=lambda a: (a.raters > 0, a.item.code, str(a.uuid))):
        if answer.mine or answer.raters >= enough[answer.pk] or not _is_readable(answer):
            continue
        respondent = answer.sitting.respondent_id
        if respondent not in conflicts:
            conflicts[respondent] = bool(
                actor.person_id and respondent and conflict_of(actor.person_id, respondent)
            )
        if not conflicts[respondent]:
            waiting.append(answer)
    tasks = [_task(answer) for answer in waiting[:limit]]
    return [task for task in tasks if task is not None]


def _raters_needed(answers: Iterable[Answer]) -> dict[int, int]:
    """Answer id → raters it needs, by the share of its procedure and its place among the answers to its item."""
    seen: Counter[UUID] = Counter()
    needed: dict[int, int] = {}
    for answer in sorted(answers, key=lambda one: one.pk):
        share = procedure_of(answer.sitting.participation.campaign).double_share
        twice = is_scored_twice(lot=answer.uuid, share=share, earlier=seen[answer.item_id])
        needed[answer.pk] = ENOUGH_TEXT_RATERS if twice else 1
        seen[answer.item_id] += 1
    return needed


@dataclass(frozen=True, slots=True)
class TextAgreement:
    """How far raters of the same short texts agree: quadratic weighted kappa with its 80 % interval, shares of pairs."""

    texts: int
    """Texts with two scores or more; the first two count."""
    equal: float | None
    within_one: float | None
    kappa: float | None
    low: float | None
    high: float | None


NORMAL_80 = 1.2815515655446004
FEWEST_PAIRS = 10
"""Below ten texts scored twice nothing is said: a figure would point at people and mean nothing."""


def text_agreement(actor: Actor, project_id: UUID) -> TextAgreement:
    """Agreement over all texts of a project scored twice; no rater and no person is named."""
    require(actor, project_id, "rate_texts")
    scores: dict[int, list[int]] = {}
    for answer, score in (
        TextRating.objects.filter(answer__sitting__participation__campaign__project_id=project_id)
        .exclude(answer__sitting__participation__campaign__slug=TRIAL_SLUG)
        .order_by("answer_id", "id")
        .values_list("answer_id", "score")
    ):
        scores.setdefault(answer, []).append(score)
    return agreement_of([(given[0], given[1]) for given in scores.values() if len(given) > 1])


def agreement_of(pairs: list[tuple[int, int]]) -> TextAgreement:
    """Agreement of pairs of scores; who of the two was first does not matter."""
    if len(pairs) < FEWEST_PAIRS:
        return TextAgreement(len(pairs), None, None, None, None, None)
    gaps = [abs(a - b) for a, b in pairs]
    equal, near = sum(g == 0 for g in gaps) / len(pairs), sum(g <= 1 for g in gaps) / len(pairs)
    if len({score for pair in pairs for score in pair}) < 2:
        return TextAgreement(len(pairs), equal, near, None, None, None)
    # Every pair stands twice, in both orders: the value is that of pairs without an order, the error that of half the rows.
    found = cohen_kappa([*pairs, *((b, a) for a, b in pairs)], weights="quadratic", level=0.80)
    value, half = float(found.value), NORMAL_80 * float(found.se) * 2**0.5
    return TextAgreement(len(pairs), equal, near, value, max(value - half, -1.0), min(value + half, 1.0))


def _is_readable(answer: Answer) -> bool:
    return answer.text is not None and answer.text.erased_at is None and bool(answer.text.text.strip())


def _task(answer: Answer) -> TextTask | None:
    item = item_of(answer)
    if item is None or answer.text is None:
        return None
    form = document_of(answer.item.release, FormDocument)
    stimulus = next((s for s in form.stimuli if s.code == item.stimulus), None)
    return TextTask(answer.id, item, stimulus, answer.text.text, answer.raters)


def text_answer_in(project_id: UUID, answer_id: int) -> Answer:
    found = (
        Answer.objects.filter(id=answer_id, sitting__participation__campaign__project_id=project_id)
        .select_related("text", "item__release__identity", "sitting__participation__campaign")
        .first()
    )
    if found is None:
        raise NotFound(what={"ru": "письменный ответ", "en": "written answer"})
    return found
