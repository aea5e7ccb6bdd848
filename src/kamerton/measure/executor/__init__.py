"""Sums over chunks of persons, in this process or spread over others: the same sums whatever the chunking."""

from ._executors import Dask, Executor, InProcess

__all__ = ["Dask", "Executor", "InProcess"]
