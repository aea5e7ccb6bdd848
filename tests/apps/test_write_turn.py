"""The queue of writers on SQLite: one at a time over processes, and it ends with the process that held it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from kamerton.apps.records import turns

HOLD = """
import sys, time
from pathlib import Path
from kamerton.apps.records.turns import _queue
with _queue(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def _holder(database: Path, seconds: float) -> subprocess.Popen[str]:
    source = str(Path(turns.__file__).parents[3])
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(database), str(seconds)],
        stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": source},
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline().strip() == "held"
    return process


@pytest.mark.skipif(turns.fcntl is None, reason="this system has no file locks")
@pytest.mark.parametrize("killed", [False, True], ids=["ends", "is killed"])
def test_another_process_waits_until_the_holder(tmp_path: Path, killed: bool) -> None:
    database = tmp_path / "home.sqlite3"
    process = _holder(database, 0.5 if not killed else 600)
    if killed:
        process.kill()
    with turns._queue(database):
        ended = process.poll() is not None or process.wait(timeout=5) is not None
    assert ended


@pytest.mark.django_db
def test_inside_a_transaction_it_does_nothing(tmp_path: Path) -> None:
    began = time.monotonic()
    with turns.write_turn(), turns.write_turn():  # a lock taken twice would never return
        pass
    assert time.monotonic() - began < 5
