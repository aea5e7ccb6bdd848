"""Whose turn it is to write on SQLite: a queue instead of trying again and again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from django.db import connection

try:
    import fcntl
except ImportError:  # a system without file locks: SQLite's own waiting remains
    fcntl = None  # type: ignore[assignment]

_one_of_this_process = threading.Lock()


@contextmanager
def _queue(database: Path) -> Iterator[None]:
    with _one_of_this_process, database.with_suffix(".turn").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released when the file closes, also by a killed process
        yield


def write_turn() -> AbstractContextManager[None]:
    """Held around a short transaction that many people start at once, such as the saving of an answer.

    SQLite lets one transaction write; the others sleep and try again, up to a tenth of a second each time, and an
    unlucky one waits ten turns. Under 32 candidates this made the slowest twentieth wait sixteen times the median.
    The queue only orders: correctness stays with the transaction. Inside a transaction it does nothing, because
    the turn to write is already held there; on PostgreSQL it does nothing either.
    """
    if fcntl is None or connection.vendor != "sqlite" or connection.in_atomic_block:
        return nullcontext()
    name = str(connection.settings_dict["NAME"])
    if not name or ":memory:" in name or "mode=memory" in name:
        return nullcontext()
    return _queue(Path(name))
