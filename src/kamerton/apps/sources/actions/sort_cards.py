from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, NotFound, NotPermitted, Refused
from kamerton.apps.records.models import Project
from kamerton.apps.sources import rules
from kamerton.apps.sources.models import Judge, Placement, SortRound

MOST_JUDGES = 60


class RoundClosed(Refused):
    code = "round_closed"
    texts = {
        "ru": "Раунд сортировки закрыт, спасибо. Изменить раскладку уже нельзя.",
        "en": "The round of sorting is closed, thank you. Cards cannot be moved any more.",
    }


class CardsMissing(Refused):
    code = "cards_missing"
    status = 422
    texts = {"ru": "Не разложено карточек: {n}.", "en": "Cards not placed yet: {n}."}


@dataclass(frozen=True, slots=True)
class RoundOpened:
    round: SortRound
    links: tuple[tuple[str, str], ...]
    """(label, token): the only moment at which tokens are known."""


@transaction.atomic
def open_round(
    *,
    actor: Actor,
    project: Project,
    framework: str,
    kind: str,
    cards: Sequence[dict[str, object]],
    targets: Sequence[dict[str, object]],
    least: float,
    judges: Sequence[str],
    at: datetime,
) -> RoundOpened:
    """Open a round with its rule. Nothing of it changes afterwards."""
    require(actor, project.id, "edit_sources")
    labels = [label.strip()[:100] for label in judges if label.strip()]
    if kind not in SortRound.Kind.values or not cards or len(targets) < 2:
        raise InvalidInput(
            what={
                "ru": "Нужны карточки и хотя бы две компетенции.",
                "en": "Cards and at least two competencies are needed.",
            }
        )
    if not 0.5 <= least <= 1:
        raise InvalidInput(
            what={
                "ru": f"Доля {least:g}: нужна от 0,5 до 1, обычно 0,7.",
                "en": f"Share {least:g}: from 0.5 to 1 is needed, 0.7 as a rule.",
            }
        )
    if not 1 <= len(labels) <= MOST_JUDGES or len(set(labels)) < len(labels):
        raise InvalidInput(
            what={
                "ru": f"Экспертов: {len(labels)}. Нужно от 1 до {MOST_JUDGES}, имена не повторяются.",
                "en": f"Judges: {len(labels)}. From 1 to {MOST_JUDGES} are needed, no label twice.",
            }
        )
    opened = SortRound.objects.create(
        project=project,
        framework=framework,
        kind=kind,
        cards=list(cards),
        targets=list(targets),
        least=least,
        opened_at=at,
    )
    links = [(label, secrets.token_urlsafe(24)) for label in labels]
    Judge.objects.bulk_create(
        Judge(round=opened, label=label, token_hash=rules.token_hash(token), created_at=at)
        for label, token in links
    )
    write_audit(
        actor=actor, project_id=project.id, verb="open_sort_round", object_kind="sort_round", object_id=opened.id,
        details={"cards": len(cards), "judges": len(links), "least": least}, at=at,
    )  # fmt: skip
    return RoundOpened(opened, tuple(links))


def _require_judge(actor: Actor, judge: Judge) -> None:
    """The judge behind the link; nobody sorts for somebody else."""
    if actor.kind not in {"operator", "system"} and (actor.kind != "expert" or actor.id != str(judge.id)):
        raise NotPermitted(permission={"ru": "сортировать за этого эксперта", "en": "sort for this judge"})


@transaction.atomic
def place_card(*, actor: Actor, judge: Judge, card: str, target: str, at: datetime) -> Placement:
    """Put a card to a competency, or to none (""). The same again adds nothing."""
    _require_judge(actor, judge)
    round_ = SortRound.objects.get(id=judge.round_id)
    if round_.closed_at is not None or judge.finished_at is not None:
        raise RoundClosed
    if card not in {one["code"] for one in round_.cards}:
        raise NotFound(what={"ru": "карточка", "en": "card"})
    if target and target not in {one["code"] for one in round_.targets}:
        raise NotFound(what={"ru": "компетенция", "en": "competency"})
    newest = Placement.objects.filter(judge=judge, card=card).order_by("-id").first()
    if newest is not None and newest.target == target:
        return newest
    return Placement.objects.create(judge=judge, card=card, target=target, at=at)


@transaction.atomic
def finish_sorting(*, actor: Actor, judge: Judge, at: datetime) -> Judge:
    """Hand the sorting in; it cannot be changed afterwards. Cards that fit none must be said to fit none."""
    _require_judge(actor, judge)
    held = Judge.objects.select_for_update().get(id=judge.id)
    if held.finished_at is not None:
        return held
    if held.round.closed_at is not None:
        raise RoundClosed
    placed = set(Placement.objects.filter(judge=held).values_list("card", flat=True))
    missing = len({one["code"] for one in held.round.cards} - placed)
    if missing:
        raise CardsMissing(n=missing)
    held.finished_at = at
    held.save(update_fields=["finished_at"])
    return held


def close_round(*, actor: Actor, round_: SortRound, at: datetime) -> SortRound:
    """No more cards are moved; what was handed in is what counts."""
    require(actor, round_.project_id, "edit_sources")
    if round_.closed_at is None:
        SortRound.objects.filter(id=round_.id, closed_at__isnull=True).update(closed_at=at)
        round_.closed_at = at
        write_audit(
            actor=actor, project_id=round_.project_id, verb="close_sort_round", object_kind="sort_round",
            object_id=round_.id, at=at,
        )  # fmt: skip
    return round_
