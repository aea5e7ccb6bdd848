"""The life of a background job: enqueue, claim, beat, finish, fail, sweep."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from kamerton.apps.records.models import Job, Schedule, WorkerBeat
from kamerton.values.texts import LangText, in_language

STALE_AFTER = timedelta(seconds=60)
"""A running job whose worker has not beaten for so long is taken for dead and tried again."""


def enqueue_job(
    *, key: str, kind: str, payload: dict[str, Any], project_id: UUID | None = None, at: datetime
) -> Job:
    """One job a key: asking again while it waits or runs changes nothing; a finished one starts anew."""
    with transaction.atomic():
        job, created = Job.objects.get_or_create(
            key=key, defaults={"kind": kind, "payload": payload, "project_id": project_id, "created_at": at}
        )
        if not created and job.state in {Job.State.DONE, Job.State.FAILED}:
            Job.objects.filter(pk=job.pk).update(
                state=Job.State.WAITING,
                payload=payload,
                attempts=0,
                progress=0,
                total=0,
                error="",
                result={},
                finished_at=None,
                heartbeat_at=None,
                not_before=None,
                created_at=at,
            )
            job.refresh_from_db()
    return job


def claim_job(*, at: datetime) -> Job | None:
    """The oldest waiting job, now running; None if nothing waits."""
    with transaction.atomic():
        job = (
            Job.objects.select_for_update()
            .filter(state=Job.State.WAITING)
            .filter(Q(not_before__isnull=True) | Q(not_before__lte=at))
            .order_by("created_at")
            .first()
        )
        if job is None:
            return None
        Job.objects.filter(pk=job.pk).update(
            state=Job.State.RUNNING, attempts=F("attempts") + 1, heartbeat_at=at
        )
        job.refresh_from_db()
        return job


def beat_job(*, job: Job, progress: int, total: int, at: datetime) -> None:
    Job.objects.filter(pk=job.pk).update(progress=progress, total=total, heartbeat_at=at)


def keep_alive(*, job: Job, at: datetime) -> None:
    """A sign of life of a job that has no progress to tell."""
    Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(heartbeat_at=at)


def finish_job(*, job: Job, result: dict[str, Any], at: datetime) -> None:
    Job.objects.filter(pk=job.pk).update(state=Job.State.DONE, result=result, finished_at=at, error="")


def fail_job(*, job: Job, error: LangText, final: bool, at: datetime) -> None:
    """Wait longer before each next attempt; after the last one the job is failed and says why, in both languages."""
    kept = {"error": in_language(error, "en")[:4000], "result": {"error": error}}
    if final or job.attempts >= job.max_attempts:
        Job.objects.filter(pk=job.pk).update(state=Job.State.FAILED, finished_at=at, **kept)
    else:
        Job.objects.filter(pk=job.pk).update(
            state=Job.State.WAITING, not_before=at + timedelta(seconds=5 * 3**job.attempts), **kept
        )


DIED: LangText = {
    "ru": "обработчик прерывался при каждой попытке; смотрите журнал сервера",
    "en": "the worker died at every attempt; see the server's log",
}


def sweep_jobs(*, at: datetime) -> int:
    """Give jobs of a killed worker back; returns how many."""
    stale = Job.objects.filter(state=Job.State.RUNNING, heartbeat_at__lt=at - STALE_AFTER)
    swept = stale.filter(attempts__lt=F("max_attempts")).update(state=Job.State.WAITING, not_before=None)
    stale.update(state=Job.State.FAILED, error=DIED["en"], result={"error": DIED}, finished_at=at)
    return swept


def due_schedules(*, at: datetime) -> list[str]:
    """Kinds of scheduled jobs whose time has come; each is moved on to its next time."""
    due: list[str] = []
    with transaction.atomic():
        for row in Schedule.objects.select_for_update().filter(next_at__lte=at).order_by("job_kind"):
            due.append(row.job_kind)
            Schedule.objects.filter(pk=row.pk).update(next_at=at + timedelta(seconds=row.every_seconds))
    return due


def beat_worker(*, name: str, at: datetime) -> None:
    WorkerBeat.objects.update_or_create(name=name, defaults={"at": at})
