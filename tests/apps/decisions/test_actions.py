from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from kamerton.apps.decisions import queries
from kamerton.apps.decisions.actions import (
    AgainstProposalNeedsReason,
    ConcernsYourself,
    NewerRunExists,
    NotForSelection,
    record_decision,
    set_seat_plan,
)
from kamerton.apps.decisions.models import Decision, FitResult, SeatPlan
from kamerton.apps.delivery.models import ConsentWithdrawal
from kamerton.apps.people.models import Conflict
from kamerton.apps.procedures.documents import SeatNeed
from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import InvalidInput, NotPermitted
from kamerton.apps.records.models import Audit
from tests.apps.reporting.world import ROLE, World, add_results, add_run, make_world
from tests.cast import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world(rich=False)


def decide(
    world: World, *, actor: Actor | None = None, fit: FitResult | None = None, **values: object
) -> Decision:
    given = {"outcome": "appoint", "key": uuid.uuid4(), "at": NOW} | values
    return record_decision(actor=actor or world.cast.leader, fit=fit or world.fits[0], **given)  # type: ignore[arg-type]


def test_a_stranger_may_not_decide(world: World) -> None:
    with pytest.raises(NotPermitted):
        decide(world, actor=world.cast.stranger)
    with pytest.raises(NotPermitted):
        decide(world, actor=world.cast.psychometrician)
    assert not Decision.objects.exists()


def test_records_a_decision_as_proposed_and_audits_it(world: World) -> None:
    decision = decide(world)
    assert (decision.outcome, decision.proposed, decision.reason) == ("appoint", "appoint", "")
    row = Audit.objects.get(verb="record_decision")
    assert row.persons == [str(world.people[0].id)]


def test_against_the_proposal_needs_a_written_reason(world: World) -> None:
    with pytest.raises(AgainstProposalNeedsReason) as refused:
        decide(world, outcome="not_now", reason="   ")
    assert "назначить на роль" in refused.value.message("ru")
    assert "appoint to the role" in refused.value.message("en")
    assert (
        decide(
            world, outcome="not_now", reason="Уходит в декрет, просит вернуться к вопросу через год"
        ).proposed
        == "appoint"
    )


def test_the_database_refuses_a_decision_against_the_proposal_without_reason(world: World) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        Decision.objects.create(
            fit=world.fits[0],
            outcome="not_now",
            proposed="appoint",
            reason="",
            key=uuid.uuid4(),
            actor_id="x",
            actor_name="x",
            at=NOW,
        )


def test_a_second_click_is_the_same_decision(world: World) -> None:
    key = uuid.uuid4()
    first = decide(world, key=key)
    assert decide(world, key=key).id == first.id
    assert Decision.objects.count() == 1
    with pytest.raises(InvalidInput):
        decide(world, key=key, fit=world.fits[1])


def test_the_newest_decision_counts_and_none_is_changed(world: World) -> None:
    decide(world)
    decide(world, outcome="not_now", reason="Передумали", at=NOW + timedelta(hours=1))
    history = queries.decisions_about(world.people[0].id, ROLE)
    assert [row.outcome for row in history] == ["not_now", "appoint"]
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE decisions_decision SET outcome = 'develop'")


def test_refuses_to_decide_on_an_older_run(world: World) -> None:
    add_run(world.project, world.people, number=2)
    with pytest.raises(NewerRunExists) as refused:
        decide(world)
    assert "2" in refused.value.message("ru")


def test_a_decided_case_keeps_its_run_and_says_what_the_newer_one_holds(world: World) -> None:
    decision = decide(world)
    newer = add_run(world.project, world.people, number=2)
    fits = add_results(
        newer,
        world.people,
        [f.participation for f in world.fits],
        world.framework,
        rich=False,
        cast=world.cast,
    )
    assert queries.standing_of(decision, fits[0]).kind == "newer_unchanged"
    assert queries.standing_of(decision, fits[11]).kind == "newer_changes"
    assert queries.newest_decisions(newer, [fits[0].subject_id])[fits[0].subject_id].id == decision.id


def test_refuses_when_consent_to_selection_was_withdrawn(world: World) -> None:
    ConsentWithdrawal.objects.create(consent=world.fits[0].participation.consents.get(), at=NOW)
    with pytest.raises(NotForSelection):
        decide(world)


def test_nobody_decides_about_oneself_or_kin(world: World) -> None:
    leader = world.cast.leader
    me = Actor(leader.kind, leader.id, leader.name, leader.project_id, leader.roles, world.people[0].id)
    with pytest.raises(ConcernsYourself):
        decide(world, actor=me)
    Conflict.objects.create(
        project=world.project,
        person=world.cast.people["leader"],
        other=world.people[1],
        kind=Conflict.Kind.KIN,
    )
    with pytest.raises(ConcernsYourself):
        decide(world, fit=world.fits[1])


def test_another_role_must_be_named(world: World) -> None:
    with pytest.raises(InvalidInput):
        decide(world, outcome="other_role", reason="Сильнее как эксперт")
    assert decide(world, outcome="other_role", role="R6", reason="Сильнее как эксперт").role == "R6"


def test_refuses_an_outcome_that_is_not_there(world: World) -> None:
    with pytest.raises(InvalidInput):
        decide(world, outcome="promote")


def need(seats: int, per_seat: float = 2.0) -> SeatNeed:
    return SeatNeed(
        segment={"ru": "A", "en": "A"}, accounts=6, accounts_per_seat=per_seat, seats=seats, profile={}
    )


def test_a_stranger_plans_no_seats(world: World) -> None:
    with pytest.raises(NotPermitted):
        set_seat_plan(actor=world.cast.stranger, project=world.project, role=ROLE, rows=[need(1)], at=NOW)


def test_a_seat_plan_replaces_the_one_before(world: World) -> None:
    set_seat_plan(actor=world.cast.leader, project=world.project, role=ROLE, rows=[need(2), need(3)], at=NOW)
    assert [row.seats for row in queries.seat_plan(world.project.id, ROLE)] == [2, 3]
    assert Audit.objects.filter(verb="set_seat_plan").latest("id").details == {
        "period": "2027",
        "seats_before": 9,
        "seats": 5,
    }


def test_refuses_seats_without_accounts_per_seat_and_keeps_the_old_plan(world: World) -> None:
    before = SeatPlan.objects.count()
    with pytest.raises(InvalidInput) as refused:
        set_seat_plan(
            actor=world.cast.leader, project=world.project, role=ROLE, rows=[need(2), need(1, 0.0)], at=NOW
        )
    assert "строка 2" in refused.value.message("ru")
    assert SeatPlan.objects.count() == before
