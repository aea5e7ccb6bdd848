from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from kamerton.apps.records.actions.keep_job import (
    STALE_AFTER,
    beat_job,
    claim_job,
    due_schedules,
    enqueue_job,
    fail_job,
    finish_job,
    keep_alive,
    sweep_jobs,
)
from kamerton.apps.records.models import Job, Schedule, WorkerBeat
from kamerton.apps.results.models import ScoreRun
from kamerton.flows import worker
from kamerton.flows.worker import run_one, run_worker
from tests.cast import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The worker takes over the signals of its process and drops old connections; the tests want theirs back."""
    monkeypatch.setattr(worker, "close_old_connections", lambda: None)
    kept = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)}
    yield
    for name, handler in kept.items():
        signal.signal(name, handler)


def job(key: str = "evaluate:1", kind: str = "evaluate_role", **payload: Any) -> Job:
    return enqueue_job(key=key, kind=kind, payload=payload, at=NOW)


def fresh(one: Job) -> Job:
    return Job.objects.get(pk=one.pk)


# ---- the life of a job ---------------------------------------------------------------------------------------


def test_asking_again_while_it_waits_or_runs_changes_nothing():
    first = job(role="R3")
    again = enqueue_job(key="evaluate:1", kind="evaluate_role", payload={"role": "R4"}, at=NOW)
    assert again.pk == first.pk and again.payload == {"role": "R3"} and Job.objects.count() == 1
    claimed = claim_job(at=NOW)
    assert claimed is not None and claimed.attempts == 1
    running = enqueue_job(key="evaluate:1", kind="evaluate_role", payload={"role": "R4"}, at=NOW)
    assert running.state == Job.State.RUNNING and running.attempts == 1


def test_a_finished_job_starts_anew_when_it_is_asked_for_again():
    one = job(role="R3")
    claim_job(at=NOW)
    finish_job(job=one, result={"run": 1}, at=NOW)
    again = enqueue_job(key="evaluate:1", kind="evaluate_role", payload={"role": "R4"}, at=NOW)
    assert (again.state, again.attempts, again.result, again.payload) == (
        Job.State.WAITING,
        0,
        {},
        {"role": "R4"},
    )


def test_the_oldest_waits_least_and_nothing_is_claimed_twice():
    enqueue_job(key="young", kind="x", payload={}, at=NOW)
    enqueue_job(key="old", kind="x", payload={}, at=NOW - timedelta(hours=1))
    claimed = [claim_job(at=NOW) for _ in range(3)]
    assert [one.key if one else None for one in claimed] == ["old", "young", None]


def test_a_job_of_a_killed_worker_is_swept_and_tried_again():
    one = job()
    claim_job(at=NOW)
    assert sweep_jobs(at=NOW + STALE_AFTER) == 0, "a job that has just beaten is alive"
    assert sweep_jobs(at=NOW + STALE_AFTER + timedelta(seconds=1)) == 1
    again = claim_job(at=NOW + timedelta(minutes=2))
    assert again is not None and again.pk == one.pk and again.attempts == 2


def test_a_job_that_gives_signs_of_life_is_left_alone():
    one = job()
    claim_job(at=NOW)
    keep_alive(job=one, at=NOW + timedelta(minutes=2))
    assert sweep_jobs(at=NOW + timedelta(minutes=2, seconds=30)) == 0
    beat_job(job=one, progress=3, total=10, at=NOW + timedelta(minutes=4))
    assert sweep_jobs(at=NOW + timedelta(minutes=4, seconds=30)) == 0
    assert (fresh(one).progress, fresh(one).total) == (3, 10)


def test_a_job_whose_worker_dies_every_time_is_given_up_with_words():
    one = job()
    for attempt in range(1, 4):
        at = NOW + timedelta(hours=attempt)
        claimed = claim_job(at=at)
        assert claimed is not None and claimed.attempts == attempt
        sweep_jobs(at=at + timedelta(minutes=2))
    last = fresh(one)
    assert last.state == Job.State.FAILED and last.finished_at is not None
    assert set(last.result["error"]) == {"ru", "en"}
    assert claim_job(at=NOW + timedelta(days=1)) is None


def test_a_failing_job_waits_longer_each_time_and_then_fails_with_words():
    one = job()
    at, waits = NOW, []
    for _ in range(3):
        claimed = claim_job(at=at)
        assert claimed is not None
        assert claim_job(at=at) is None
        fail_job(job=claimed, error={"ru": "сбой", "en": "fault"}, final=False, at=at)
        after = fresh(one)
        if after.state == Job.State.WAITING:
            assert after.not_before is not None and claim_job(at=at) is None
            waits.append(after.not_before - at)
            at = after.not_before
    assert len(waits) == 2 and waits[1] > waits[0] > timedelta(0)
    last = fresh(one)
    assert last.state == Job.State.FAILED and last.attempts == 3 and last.result["error"]["ru"] == "сбой"


def test_a_schedule_ticks_once_a_period():
    Schedule.objects.create(job_kind="tidy", every_seconds=3600, next_at=NOW)
    assert due_schedules(at=NOW - timedelta(seconds=1)) == []
    assert due_schedules(at=NOW) == ["tidy"]
    assert due_schedules(at=NOW) == []
    assert due_schedules(at=NOW + timedelta(hours=1)) == ["tidy"]
    # A worker that was off for a week catches up once, not a hundred times.
    assert (
        due_schedules(at=NOW + timedelta(days=7)) == ["tidy"]
        and due_schedules(at=NOW + timedelta(days=7)) == []
    )


# ---- running -------------------------------------------------------------------------------------------------


def test_a_refusal_is_final_and_speaks_both_languages(cast):
    one = job(project=str(cast.project.id), role="R3")
    claimed = claim_job(at=NOW)
    assert claimed is not None
    run_one(claimed)
    last = fresh(one)
    assert last.state == Job.State.FAILED and last.attempts == 1
    assert "Рассчитывать пока нечего" in last.result["error"]["ru"]
    assert "nothing to evaluate" in last.result["error"]["en"]


def test_a_fault_of_the_program_is_tried_again_and_tells_no_secrets():
    one = job(project="11111111-1111-1111-1111-111111111111", role="R3")
    claimed = claim_job(at=timezone.now())
    assert claimed is not None
    run_one(claimed)
    last = fresh(one)
    assert last.state == Job.State.WAITING and last.not_before is not None
    assert "DoesNotExist" in last.error and "1111" not in last.error


def test_an_unknown_kind_fails_at_once():
    one = job(kind="sing")
    claimed = claim_job(at=NOW)
    assert claimed is not None
    run_one(claimed)
    assert fresh(one).state == Job.State.FAILED and "sing" in fresh(one).error


def test_the_worker_does_what_waits_beats_and_leaves(sample):
    runs = ScoreRun.objects.filter(project=sample).count()
    one = job(project=str(sample.id), role="R3")
    Schedule.objects.create(job_kind="tidy", every_seconds=3600, next_at=NOW)
    assert run_worker(once=True) == 0
    done = fresh(one)
    assert (
        done.state == Job.State.DONE
        and done.result == {"run": runs + 1}
        and (done.progress, done.total) == (1, 1)
    )
    assert ScoreRun.objects.filter(project=sample).count() == runs + 1
    assert WorkerBeat.objects.get(name="worker").at <= timezone.now()
    assert Job.objects.get(key="schedule:tidy").state == Job.State.FAILED, "nobody does this kind of work"


def test_the_worker_takes_over_from_a_killed_one(sample):
    one = job(project=str(sample.id), role="R3")
    claim_job(at=timezone.now() - timedelta(minutes=5))
    run_worker(once=True)
    assert fresh(one).state == Job.State.DONE and fresh(one).attempts == 2


def test_a_stopped_worker_leaves_the_rest_waiting(monkeypatch):
    import os

    done: list[str] = []

    def stopping(payload: dict[str, Any], progress: worker.Progress) -> dict[str, Any]:
        done.append(payload["n"])
        os.kill(os.getpid(), signal.SIGTERM)
        return {}

    # The handlers are the table a new kind of work is written into.
    monkeypatch.setattr(worker, "handlers", lambda: {"stop": stopping})
    for n in range(3):
        enqueue_job(key=f"stop:{n}", kind="stop", payload={"n": n}, at=NOW + timedelta(seconds=n))
    assert run_worker() == 0
    assert done == [0] and Job.objects.filter(state=Job.State.WAITING).count() == 2
    assert Job.objects.get(key="stop:0").state == Job.State.DONE
