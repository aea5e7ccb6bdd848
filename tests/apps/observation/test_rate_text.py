"""Short texts are scored on their rubric, blind to the person."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from kamerton.apps.delivery.actions import finish_sitting, record_answer
from kamerton.apps.delivery.models import Answer
from kamerton.apps.observation import queries
from kamerton.apps.observation.actions import (
    AlreadyScored,
    ConflictOfInterest,
    RaterUnknown,
    TextScore,
    load_text_scores,
    rate_text,
)
from kamerton.apps.observation.models import TextRating
from kamerton.apps.observation.queries.texts import agreement_of
from kamerton.apps.observation.rules import is_scored_twice
from kamerton.apps.people.actions import declare_conflict
from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.errors import InvalidInput, NotFound, NotPermitted
from tests import cast as casting
from tests.cast import NOW, Cast
from tests.fixtures import delivery


@pytest.fixture
def testing(cast: Cast) -> delivery.World:
    return delivery.make_world(cast.project)


@pytest.fixture
def answer(testing: delivery.World) -> Answer:
    return written(testing)


def written(testing: delivery.World, finish: bool = True) -> Answer:
    sitting = delivery.start(testing)
    for seq, text in enumerate(("Черновик", "Прошу вернуть пресс к сроку.")):
        recorded = record_answer(
            actor=testing.candidate, sitting=sitting, item=testing.part("T09"), response={"text": text}, uuid=uuid4(),
            seq=seq, epoch=1, at=NOW + timedelta(minutes=seq),
        )  # fmt: skip
    if finish:
        finish_sitting(
            actor=testing.candidate, sitting=sitting, at=NOW + timedelta(minutes=5), confirm_missing=True
        )
    return queries.text_answer_in(testing.project.id, recorded.answer.id)


def test_a_stranger_scores_no_text(cast: Cast, answer: Answer) -> None:
    with pytest.raises(NotPermitted):
        rate_text(actor=cast.stranger, answer=answer, score=2, at=NOW)
    with pytest.raises(NotPermitted):
        queries.text_queue(cast.leader, cast.project.id)


def test_the_queue_shows_the_newest_answer_and_nothing_of_the_person(
    cast: Cast, testing: delivery.World, answer: Answer
) -> None:
    tasks = queries.text_queue(cast.assessor, cast.project.id)
    assert [task.text for task in tasks] == ["Прошу вернуть пресс к сроку."]
    shown = repr(tasks[0])
    for secret in (testing.person.id, testing.participation.id, answer.sitting_id, "Соколова", "anna@"):
        assert str(secret) not in shown
    assert [level.score for level in tasks[0].item.rubric] == [0, 2]


def test_a_running_sitting_is_not_in_the_queue(cast: Cast, testing: delivery.World) -> None:
    answer = written(testing, finish=False)
    assert queries.text_queue(cast.assessor, cast.project.id) == []
    with pytest.raises(InvalidInput):
        rate_text(actor=cast.assessor, answer=answer, score=2, at=NOW)


def test_a_score_leaves_the_own_queue_and_is_kept_once(cast: Cast, answer: Answer) -> None:
    first = rate_text(actor=cast.assessor, answer=answer, score=2, at=NOW)
    assert rate_text(actor=cast.assessor, answer=answer, score=2, at=NOW).id == first.id
    with pytest.raises(AlreadyScored):
        rate_text(actor=cast.assessor, answer=answer, score=0, at=NOW)
    assert queries.text_queue(cast.assessor, cast.project.id) == []
    assert queries.text_scores([answer.id, 999]) == {answer.id: [2.0]}


def test_a_score_outside_the_rubric_is_refused(cast: Cast, answer: Answer) -> None:
    with pytest.raises(InvalidInput) as refusal:
        rate_text(actor=cast.assessor, answer=answer, score=1, at=NOW)
    assert "0, 2" in refusal.value.message("ru")


def test_kin_neither_see_nor_score_the_text(cast: Cast, testing: delivery.World, answer: Answer) -> None:
    declare_conflict(
        actor=cast.office, person=cast.people["assessor"], other=testing.person, kind="kin", at=NOW
    )
    assert queries.text_queue(cast.assessor, cast.project.id) == []
    with pytest.raises(ConflictOfInterest):
        rate_text(actor=cast.assessor, answer=answer, score=2, at=NOW)


def test_an_account_without_a_person_gives_no_score(answer: Answer) -> None:
    with pytest.raises(RaterUnknown):
        rate_text(actor=OPERATOR, answer=answer, score=2, at=NOW)


def test_the_wall_hides_answers_of_another_project(cast: Cast, answer: Answer) -> None:
    assert cast.stranger.project_id is not None
    with pytest.raises(NotFound):
        queries.text_answer_in(cast.stranger.project_id, answer.id)


def test_two_raters_empty_the_queue_and_both_scores_go_to_scoring(cast: Cast, answer: Answer) -> None:
    raters = [casting.make_person(cast.project, f"Проверяющий-{k}") for k in range(2)]
    rows = [TextScore(answer.id, rater.id, score) for rater, score in zip(raters, (0, 2), strict=True)]
    assert load_text_scores(actor=cast.office, project_id=cast.project.id, rows=rows, at=NOW) == 2
    assert load_text_scores(actor=cast.office, project_id=cast.project.id, rows=rows, at=NOW) == 0
    assert queries.text_scores([answer.id]) == {answer.id: [0.0, 2.0]}
    assert queries.text_queue(cast.assessor, cast.project.id) == []
    assert TextRating.objects.count() == 2
    with pytest.raises(NotPermitted):
        load_text_scores(actor=cast.assessor, project_id=cast.project.id, rows=rows, at=NOW)


def test_agreement_is_silent_below_ten_texts(cast: Cast, answer: Answer) -> None:
    found = queries.text_agreement(cast.assessor, cast.project.id)
    assert (found.texts, found.equal, found.kappa) == (0, None, None)
    with pytest.raises(NotPermitted):
        queries.text_agreement(cast.leader, cast.project.id)
    assert agreement_of([(2, 2)] * 9).equal is None


def test_agreement_does_not_ask_who_was_first() -> None:
    pairs = [(0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (2, 2), (1, 1), (0, 0), (2, 0), (1, 1), (2, 1), (0, 0)]
    found, turned = agreement_of(pairs), agreement_of([(b, a) for a, b in pairs])
    assert found == turned and found.kappa is not None and found.low is not None and found.high is not None
    assert found.equal == pytest.approx(8 / 12) and found.within_one == pytest.approx(11 / 12)
    # Pairs without an order: one minus the mean squared difference over twice the variance of all scores.
    scores = [score for pair in pairs for score in pair]
    mean = sum(scores) / len(scores)
    variance = sum((score - mean) ** 2 for score in scores) / len(scores)
    apart = sum((a - b) ** 2 for a, b in pairs) / len(pairs)
    assert found.kappa == pytest.approx(1 - apart / (2 * variance))
    assert -1 <= found.low < found.kappa < found.high <= 1


def test_perfect_agreement_is_one_and_no_spread_is_no_kappa() -> None:
    assert agreement_of([(0, 0), (2, 2)] * 6).kappa == pytest.approx(1.0)
    assert agreement_of([(2, 2)] * 12).kappa is None


def test_a_share_of_texts_is_scored_twice_by_lot() -> None:
    lots = [uuid4() for _ in range(4000)]
    assert all(is_scored_twice(lot=lot, share=0.2, earlier=29) for lot in lots), "the first thirty always"
    share = sum(is_scored_twice(lot=lot, share=0.4, earlier=30) for lot in lots) / len(lots)
    assert abs(share - 0.4) < 0.04
    least = sum(is_scored_twice(lot=lot, share=0.0, earlier=30) for lot in lots) / len(lots)
    assert abs(least - 0.2) < 0.04, "never less than every fifth"
    assert all(is_scored_twice(lot=lot, share=1.0, earlier=10**6) for lot in lots)
    assert is_scored_twice(lot=lots[0], share=0.5, earlier=40) == is_scored_twice(
        lot=lots[0], share=0.5, earlier=99
    )
