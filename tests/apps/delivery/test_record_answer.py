from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from kamerton.apps.delivery.actions import (
    ConsentMissing,
    SittingOver,
    UuidReused,
    finish_sitting,
    grant_time,
    record_answer,
    start_sitting,
    take_over,
    withdraw_consent,
)
from kamerton.apps.delivery.actions.record_answer import AnswerRecorded
from kamerton.apps.delivery.models import Answer, Consent, FreeText
from kamerton.apps.delivery.queries import answers_for_scoring, current_answers
from kamerton.apps.instruments.rules import MalformedResponse
from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.errors import NotPermitted
from kamerton.values.canonical import digest_of
from tests.cast import NOW, Cast
from tests.fixtures.delivery import GOOD, World, start

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def save(world: World, sitting, code: str, response=None, **more) -> AnswerRecorded:
    values = {
        "actor": world.candidate, "sitting": sitting, "item": world.part(code),
        "response": GOOD[code] if response is None else response, "uuid": uuid4(), "seq": 1, "epoch": sitting.epoch,
        "at": NOW + MINUTE,
    } | more  # fmt: skip
    return record_answer(**values)


def test_a_stranger_cannot_answer_for_a_candidate(world: World, cast: Cast) -> None:
    sitting = start(world)
    for actor in (cast.stranger, cast.office, cast.leader):
        with pytest.raises(NotPermitted):
            save(world, sitting, "T01", actor=actor)
    assert Answer.objects.count() == 0


@pytest.mark.parametrize("code", GOOD)
def test_every_type_of_item_is_stored_and_read_back(world: World, code: str) -> None:
    sitting = start(world)
    saved = save(world, sitting, code)
    assert saved.is_new and saved.counts and saved.is_answered and not saved.is_late
    value = current_answers(sitting).items[code]
    assert value is not None and value.response == GOOD[code]


def test_the_same_uuid_twice_gives_one_row_and_the_same_reply(world: World) -> None:
    sitting = start(world)
    uuid = uuid4()
    first = save(world, sitting, "T01", uuid=uuid)
    again = save(world, sitting, "T01", uuid=uuid, at=NOW + 2 * MINUTE)
    assert (again.is_new, again.answer.pk, again.answer.at) == (False, first.answer.pk, first.answer.at)
    assert Answer.objects.count() == 1


def test_a_text_sent_twice_leaves_one_row_of_words(world: World) -> None:
    sitting = start(world)
    uuid = uuid4()
    save(world, sitting, "T09", uuid=uuid)
    save(world, sitting, "T09", uuid=uuid)
    assert (Answer.objects.count(), FreeText.objects.count()) == (1, 1)


def test_a_uuid_cannot_carry_another_answer(world: World) -> None:
    sitting = start(world)
    uuid = uuid4()
    save(world, sitting, "T01", uuid=uuid)
    with pytest.raises(UuidReused):
        save(world, sitting, "T01", {"choice": "a"}, uuid=uuid)


def test_the_newest_by_epoch_then_seq_counts(world: World) -> None:
    sitting = start(world)
    save(world, sitting, "T01", {"choice": "a"}, seq=5)
    late_arrival = save(world, sitting, "T01", {"choice": "b"}, seq=3)
    assert not late_arrival.counts
    assert current_answers(sitting).items["T01"].response == {"choice": "a"}


def test_an_old_tab_keeps_its_answer_in_the_log_but_not_over_a_newer_one(world: World) -> None:
    sitting = start(world)
    old = sitting.epoch
    new = take_over(actor=world.candidate, sitting=sitting, at=NOW)
    save(world, sitting, "T01", {"choice": "a"}, epoch=new, seq=1)
    stale = save(world, sitting, "T01", {"choice": "b"}, epoch=old, seq=99)
    alone = save(world, sitting, "T02", epoch=old, seq=100)
    assert (stale.counts, stale.epoch, alone.counts) == (False, new, True)
    assert current_answers(sitting).items["T01"].response == {"choice": "a"}


def test_words_live_in_an_erasable_row_and_the_answer_keeps_a_salted_digest(world: World) -> None:
    sitting = start(world)
    saved = save(world, sitting, "T09")
    text = FreeText.objects.get()
    assert saved.answer.value == {"digest": digest_of(text.salt + text.text)}
    assert GOOD["T09"]["text"] not in str(saved.answer.value)


def test_an_answer_taken_back_is_a_state_of_its_own(world: World) -> None:
    sitting = start(world)
    save(world, sitting, "T01", seq=1)
    save(world, sitting, "T01", {}, seq=2)
    value = current_answers(sitting).items["T01"]
    assert value is not None and value.response == {} and not value.is_answered


def test_refuses_a_code_the_item_does_not_have(world: World) -> None:
    sitting = start(world)
    with pytest.raises(MalformedResponse):
        save(world, sitting, "T01", {"choice": "zzz"})
    assert Answer.objects.count() == 0


def test_refuses_to_start_and_to_answer_without_consent(world: World) -> None:
    with pytest.raises(ConsentMissing):
        start_sitting(
            actor=world.candidate, participation=world.participation, form=world.form, language="ru", at=NOW
        )
    sitting = start(world)
    withdraw_consent(actor=world.candidate, consent=Consent.objects.get(), at=NOW)
    with pytest.raises(ConsentMissing):
        save(world, sitting, "T01")


def test_refuses_an_answer_after_the_sitting_is_finished_but_repeats_an_old_reply(world: World) -> None:
    sitting = start(world)
    uuid = uuid4()
    save(world, sitting, "T01", uuid=uuid)
    finish_sitting(actor=world.candidate, sitting=sitting, confirm_missing=True, at=NOW + 2 * MINUTE)
    with pytest.raises(SittingOver):
        save(world, sitting, "T02", at=NOW + 3 * MINUTE)
    assert not save(world, sitting, "T01", uuid=uuid, at=NOW + 3 * MINUTE).is_new


@pytest.mark.parametrize(
    ("arrives", "stamped", "is_late"),
    [
        (timedelta(minutes=30), None, False),
        (timedelta(minutes=30, seconds=29), timedelta(minutes=29, seconds=59), False),
        (timedelta(minutes=30, seconds=30), timedelta(minutes=30), False),
        (timedelta(minutes=30, seconds=29), timedelta(minutes=30, seconds=1), True),
        (timedelta(minutes=30, seconds=1), None, True),
        (timedelta(minutes=30, seconds=31), timedelta(minutes=29), True),
        (timedelta(hours=5), timedelta(minutes=1), True),
    ],
)
def test_an_answer_around_the_end(
    world: World, arrives: timedelta, stamped: timedelta | None, is_late: bool
) -> None:
    sitting = start(world)
    saved = save(world, sitting, "T01", at=NOW + arrives, client_at=NOW + stamped if stamped else None)
    assert saved.is_late is is_late
    counted = current_answers(sitting)
    assert (counted.items["T01"] is None) is is_late
    assert counted.late == ({"T01"} if is_late else set())


def test_after_the_clock_ended_the_sitting_a_queued_answer_is_kept_as_late(world: World) -> None:
    sitting = start(world)
    finish_sitting(actor=world.candidate, sitting=sitting, reason="time", at=NOW + 31 * MINUTE)
    assert save(world, sitting, "T01", at=NOW + 32 * MINUTE, client_at=NOW + MINUTE).is_late


def test_extra_time_after_the_end_opens_the_sitting_again(world: World) -> None:
    sitting = start(world)
    finish_sitting(actor=world.candidate, sitting=sitting, reason="time", at=NOW + 31 * MINUTE)
    grant_time(actor=OPERATOR, sitting=sitting, seconds=600, reason="пожарная тревога", at=NOW + 32 * MINUTE)
    sitting.refresh_from_db()
    assert sitting.finished_at is None
    assert not save(world, sitting, "T01", at=NOW + 33 * MINUTE).is_late


def test_scoring_reads_every_item_and_leaves_withdrawn_people_out(world: World) -> None:
    sitting = start(world)
    save(world, sitting, "T01")
    save(world, sitting, "T03", {"best": "a"})
    (answers,) = answers_for_scoring([world.campaign.id])
    assert answers.person_id == world.person.id and list(answers.items) == list(GOOD)
    assert answers.answered == {"T01"}
    assert answers.missing.omitted == () and answers.missing.not_reached == tuple(GOOD)[1:]
    withdraw_consent(actor=world.candidate, consent=Consent.objects.get(), at=NOW)
    assert answers_for_scoring([world.campaign.id]) == []
