"""A worker that is really killed in the middle: the next one takes the job over and finishes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.fixtures.shell import ROOT, new_home

SLOW = """
import sys, time
import django
django.setup()
from kamerton.flows import worker
def slow(payload, progress):
    progress(1, 2)
    sys.stdout.write("working\\n")
    sys.stdout.flush()
    time.sleep(float(payload["seconds"]))
    progress(2, 2)
    return {"ok": True}
worker.handlers = lambda: {"slow": slow}
worker.run_worker(once=True)
"""
ASK = """
import django
django.setup()
from django.utils import timezone
from kamerton.apps.records.actions.keep_job import enqueue_job
from kamerton.apps.records.models import Job
job = enqueue_job(key="slow", kind="slow", payload={"seconds": SECONDS}, at=timezone.now())
Job.objects.filter(heartbeat_at__isnull=False).update(heartbeat_at="2026-01-01T00:00:00Z", payload={"seconds": 0})
job.refresh_from_db()
print(job.state, job.attempts, job.progress)
"""
TOLD = """
import django
django.setup()
from kamerton.apps.records.models import Job
job = Job.objects.get(key="slow")
print(job.state, job.attempts)
"""


def test_killing_the_worker_loses_nothing(tmp_path: Path) -> None:
    with new_home(tmp_path / "home") as home:
        assert home.kamerton("worker", "--once").returncode == 0
        asked = home.python("-c", ASK.replace("SECONDS", "60"))
        assert asked.stdout.split() == ["waiting", "0", "0"], asked.stderr
        victim = subprocess.Popen(
            [sys.executable, "-c", SLOW], env=home.environment(), cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert victim.stdout is not None and victim.stdout.readline() == "working\n"
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait(timeout=10)
        # A minute later, as far as the database can tell.
        assert home.python("-c", ASK.replace("SECONDS", "0")).stdout.split() == ["running", "1", "1"]
        started = time.monotonic()
        assert home.python("-c", SLOW).returncode == 0
        assert time.monotonic() - started < 30
        told = home.python("-c", TOLD)
        assert told.stdout.split() == ["done", "2"], told.stderr
