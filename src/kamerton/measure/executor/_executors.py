"""Where chunks are worked on: here, one after another, or on the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import add
from typing import Any, Protocol, TypeVar, runtime_checkable

Part = TypeVar("Part")
Sums = TypeVar("Sums")


@runtime_checkable
class Executor(Protocol):
    """Adds up what a function finds in each part of the data.

    `place` hands over the parts once and gives back handles; `total` applies `work(setting, part)` to each and adds the results in the
    order of the parts, whichever was ready first, so that the same parts give the same bits.
    """

    def place(self, parts: Iterable[Any]) -> Sequence[Any]: ...

    def total(self, work: Callable[[Any, Any], Sums], setting: Any, placed: Sequence[Any]) -> Sums: ...


class InProcess:
    """Works through the parts one after another in this process; the default.

    >>> InProcess().total(lambda power, part: sum(x**power for x in part), 2, [[1, 2], [3]])
    14
    """

    def place(self, parts: Iterable[Any]) -> Sequence[Any]:
        """The parts themselves."""
        return list(parts)

    def total(self, work: Callable[[Any, Any], Sums], setting: Any, placed: Sequence[Any]) -> Sums:
        """Σ work(setting, part); raises ValueError without parts."""
        return _added([work(setting, part) for part in placed])


class Dask:
    """Works on a Dask cluster: the parts travel to the workers once, then only settings go out and sums come back.

    `client`: a `distributed.Client`; None takes the current one. Needs the extra `kamerton[dask]`. A worker that dies loses
    nothing: Dask places its parts again. Worth its messages from about 100,000 persons; below, `InProcess` is quicker.
    """

    def __init__(self, client: Any = None) -> None:
        if client is None:
            try:
                from distributed import get_client
            except ImportError:
                raise ImportError("Dask executors need the packages of the extra kamerton[dask].") from None
            client = get_client()
        self.client = client

    def place(self, parts: Iterable[Any]) -> Sequence[Any]:
        """Futures of the parts, spread over the workers."""
        return [self.client.scatter(part, hash=False) for part in parts]

    def total(self, work: Callable[[Any, Any], Sums], setting: Any, placed: Sequence[Any]) -> Sums:
        """Σ work(setting, part), each where its part lies; added here in the order of the parts."""
        shared = self.client.scatter(setting, broadcast=True, hash=False)
        futures = [self.client.submit(work, shared, part, pure=False) for part in placed]
        found: list[Sums] = self.client.gather(futures)
        return _added(found)


def _added(found: Sequence[Sums]) -> Sums:
    if not found:
        raise ValueError("There is no part to work on; give at least one chunk of persons.")
    return reduce(add, found)
