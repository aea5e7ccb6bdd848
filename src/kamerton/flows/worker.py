"""The background worker: sweeps what a killed one left, claims jobs, runs them, ticks the schedule."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from django.db import OperationalError, close_old_connections, connection
from django.utils import timezone

from kamerton.apps.records.actions.keep_job import (
    beat_job,
    beat_worker,
    claim_job,
    due_schedules,
    enqueue_job,
    fail_job,
    finish_job,
    keep_alive,
    sweep_jobs,
)
from kamerton.apps.records.errors import Refused
from kamerton.apps.records.models import Job

log = logging.getLogger("kamerton.worker")

Progress = Callable[[int, int], None]
JobHandler = Callable[[dict[str, Any], Progress], dict[str, Any]]


def handlers() -> dict[str, JobHandler]:
    """Kind of job → what does it. A new kind of background work is a line here."""
    from kamerton.flows.evaluate_role import evaluate_role_job

    return {"evaluate_role": evaluate_role_job}


BEAT_SECONDS = 15.0
"""Signs of life of a long job; four may be missed before the job is taken for dead."""


@contextmanager
def _beating(job: Job) -> Iterator[None]:
    """Beat beside the work, so that another worker does not take a long computation for a dead one."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(BEAT_SECONDS):
            try:
                keep_alive(job=job, at=timezone.now())
            except OperationalError:
                # The work itself holds the one write lock of SQLite; nobody else can sweep meanwhile either.
                continue
            finally:
                connection.close()

    thread = threading.Thread(target=beat, name=f"beat-{job.kind}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def run_one(job: Job) -> None:
    """Run one claimed job to its end and record how it ended."""

    def progress(done: int, total: int) -> None:
        beat_job(job=job, progress=done, total=total, at=timezone.now())

    handler = handlers().get(job.kind)
    if handler is None:
        unknown = {"ru": f"работы вида «{job.kind}» нет", "en": f'there is no work of the kind "{job.kind}"'}
        fail_job(job=job, error=unknown, final=True, at=timezone.now())
        return
    try:
        with _beating(job):
            result = handler(job.payload, progress)
    except Refused as refusal:
        words = {language: refusal.message(language) for language in ("ru", "en")}
        fail_job(job=job, error=words, final=True, at=timezone.now())
    except Exception as fault:
        log.exception("job %s failed", job.kind)
        name = type(fault).__name__
        words = {
            "ru": f"сбой программы ({name}); подробности в журнале сервера",
            "en": f"a fault of the program ({name}); details in the server's log",
        }
        fail_job(job=job, error=words, final=False, at=timezone.now())
    else:
        finish_job(job=job, result=result, at=timezone.now())


def run_worker(*, once: bool = False) -> int:
    """Loop until SIGTERM or SIGINT; with `once`, until nothing waits."""
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    sweep_jobs(at=timezone.now())
    beaten = 0.0
    while not stopping:
        now = timezone.now()
        if time.monotonic() - beaten > 5:
            beaten = time.monotonic()
            beat_worker(name="worker", at=now)
            sweep_jobs(at=now)
            for kind in due_schedules(at=now):
                enqueue_job(key=f"schedule:{kind}", kind=kind, payload={}, at=now)
        job = claim_job(at=now)
        if job is not None:
            run_one(job)
        elif once:
            return 0
        else:
            time.sleep(0.5)
        close_old_connections()
    return 0
