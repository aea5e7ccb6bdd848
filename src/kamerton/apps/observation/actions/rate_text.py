from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from kamerton.apps.observation import rules
from kamerton.apps.observation.models import TextRating
from kamerton.apps.observation.queries import item_of, text_answer_in
from kamerton.apps.people.models import Person
from kamerton.apps.people.queries import conflict_of, person_in
from kamerton.apps.people.rules import require
from kamerton.apps.records.actions import write_audit
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, Refused

from .appoint_assessor import ConflictOfInterest, names_of

if TYPE_CHECKING:
    from kamerton.apps.delivery.models import Answer


class AlreadyScored(Refused):
    code = "text_already_scored"
    texts = {
        "ru": "Вы уже поставили этому ответу {score}. Балл письменного ответа не меняют.",
        "en": "You have scored this answer {score} already. The score of a written answer is not changed.",
    }


class RaterUnknown(Refused):
    code = "rater_unknown"
    texts = {
        "ru": "Учётная запись не связана с человеком: балл ставит наблюдатель под своим именем.",
        "en": "This account is not tied to a person: a score is given by an assessor by name.",
    }


@dataclass(frozen=True, slots=True)
class TextScore:
    """One row for `load_text_scores`."""

    answer_id: int
    assessor_id: UUID
    score: int


def check_score(*, answer: Answer, assessor_id: UUID, score: int) -> None:
    """Every precondition of a text score: rubric, state of the sitting, conflicts of interest."""
    item = item_of(answer)
    if item is None or item.type != "short_text":
        raise InvalidInput(
            what={
                "ru": f"Ответ {answer.id} не письменный: балл за него считает ключ.",
                "en": f"Answer {answer.id} is not a written one: its score comes from the key.",
            }
        )
    allowed = sorted(level.score for level in item.rubric) or list(range(item.points + 1))
    if score not in allowed:
        listed = ", ".join(str(level) for level in allowed)
        raise InvalidInput(
            what={
                "ru": f"Балла {score} нет в шкале этого задания. Есть: {listed}.",
                "en": f"There is no score {score} in this item's rubric. There are: {listed}.",
            }
        )
    if answer.sitting.finished_at is None:
        raise InvalidInput(
            what={
                "ru": "Сеанс ещё идёт: ответ может измениться. Оцените его после завершения.",
                "en": "The sitting is still running: the answer may change. Score it when it is finished.",
            }
        )
    respondent = answer.sitting.respondent_id
    conflict = conflict_of(assessor_id, respondent) if respondent else None
    if conflict is not None:
        raise ConflictOfInterest(
            who=names_of(Person.objects.select_related("identity").get(id=assessor_id)),
            reason=rules.CONFLICT_WORDS[conflict.code],
        )


@transaction.atomic
def rate_text(*, actor: Actor, answer: Answer, score: int, at: datetime) -> TextRating:
    """Score a short text on its rubric. The same score again changes nothing; another one is refused."""
    project_id = answer.sitting.participation.campaign.project_id
    require(actor, project_id, "rate_texts")
    if actor.person_id is None:
        raise RaterUnknown()
    check_score(answer=answer, assessor_id=actor.person_id, score=score)
    known = TextRating.objects.filter(answer=answer, assessor_id=actor.person_id).first()
    if known is not None:
        if known.score != score:
            raise AlreadyScored(score=known.score)
        return known
    rating = TextRating.objects.create(answer=answer, assessor_id=actor.person_id, score=score, at=at)
    write_audit(
        actor=actor,
        project_id=project_id,
        verb="rate_text",
        object_kind="text_rating",
        object_id=rating.id,
        at=at,
    )
    return rating


@transaction.atomic
def load_text_scores(*, actor: Actor, project_id: UUID, rows: Sequence[TextScore], at: datetime) -> int:
    """Scores of many texts at once (paper, a migration, a sample), through the same checks; returns rows added."""
    require(actor, project_id, "manage_campaigns")
    known = {
        (answer, assessor): score
        for answer, assessor, score in TextRating.objects.filter(
            answer_id__in=[row.answer_id for row in rows]
        ).values_list("answer_id", "assessor_id", "score")
    }
    fresh: list[TextRating] = []
    for row in rows:
        person_in(project_id, row.assessor_id)
        check_score(
            answer=text_answer_in(project_id, row.answer_id), assessor_id=row.assessor_id, score=row.score
        )
        before = known.get((row.answer_id, row.assessor_id))
        if before is not None and before != row.score:
            raise AlreadyScored(score=before)
        if before is None:
            known[(row.answer_id, row.assessor_id)] = row.score
            fresh.append(
                TextRating(answer_id=row.answer_id, assessor_id=row.assessor_id, score=row.score, at=at)
            )
    TextRating.objects.bulk_create(fresh, batch_size=500)
    write_audit(
        actor=actor,
        project_id=project_id,
        verb="load_text_scores",
        object_kind="project",
        object_id=project_id,
        details={"rows": len(fresh)},
        at=at,
    )
    return len(fresh)
