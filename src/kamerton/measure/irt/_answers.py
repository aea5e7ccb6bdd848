"""Answers as category numbers, with names, unused categories and what cannot be used said by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import FloatArray, IntArray
from .._estimator import Flag

MISSING = -1
ROWS = 4096
"""Persons coded at a time: what is looked at twice stays in the cache."""


@dataclass(frozen=True)
class Coded:
    """Answers of N persons to J items as places in each item's list of categories; −1 = not presented."""

    codes: NDArray[np.int16]  # (N, J)
    categories: tuple[tuple[float, ...], ...]  # J lists of the values seen, rising
    names: tuple[str, ...]
    flags: tuple[Flag, ...]

    @property
    def counts(self) -> IntArray:
        return np.array([len(c) for c in self.categories], dtype=np.intp)


def as_answers(answers: ArrayLike, what: str = "answers") -> FloatArray:
    """Persons × items as float64; raises ValueError on another shape or on infinite values."""
    table = np.asarray(answers, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] == 0:
        raise ValueError(
            f"{what} must be a table of persons × items, got shape {table.shape}. One person is a row: answers[None, :]."
        )
    if np.isinf(table).any():
        row, column = (int(x[0]) for x in np.nonzero(np.isinf(table)))
        raise ValueError(
            f"{what} holds an infinite value at person {row}, item {column}. Use NaN for 'not presented'."
        )
    return table


def item_names(names: Sequence[str] | None, count: int) -> tuple[str, ...]:
    if names is None:
        return tuple(f"item{j + 1}" for j in range(count))
    if len(names) != count or len(set(names)) != count:
        raise ValueError(
            f"names has {len(names)} entries, {len(set(names))} of them different; {count} items need {count} names."
        )
    return tuple(str(n) for n in names)


def code_for_fit(answers: ArrayLike, names: Sequence[str] | None) -> Coded:
    """Learn each item's categories from the answers; gaps between them are closed and flagged."""
    table = as_answers(answers)
    labels = item_names(names, table.shape[1])
    if len(table) < 2:
        raise ValueError(
            f"{len(table)} person cannot calibrate items; at least 2 are needed, 200 or more to trust the result."
        )
    codes = np.full(table.shape, MISSING, dtype=np.int16)
    categories: list[tuple[float, ...]] = []
    flags: list[Flag] = []
    for j in range(table.shape[1]):
        column = table[:, j]
        seen = ~np.isnan(column)
        values, places = np.unique(column[seen], return_inverse=True)
        if np.any(values != np.round(values)):
            odd = float(values[values != np.round(values)][0])
            raise ValueError(
                f'item "{labels[j]}" holds {odd}; answers are whole category numbers, 0 for wrong, NaN for not presented.'
            )
        codes[seen, j] = places
        categories.append(tuple(float(v) for v in values))
        if len(values) == 0:
            flags.append(
                Flag("no_answers", labels[j], "nobody was presented this item; it has no parameters")
            )
        elif len(values) == 1:
            flags.append(
                Flag(
                    "constant_item",
                    labels[j],
                    f"all {int(seen.sum())} answers are {values[0]:g}; it has no parameters",
                )
            )
        elif values[-1] - values[0] > len(values) - 1:
            gaps = sorted(set(range(int(values[0]), int(values[-1]))) - {int(v) for v in values})
            flags.append(
                Flag(
                    "unused_category",
                    labels[j],
                    f"nobody chose {', '.join(map(str, gaps))}; its neighbours were joined",
                )
            )
    if not any(len(c) > 1 for c in categories):
        raise ValueError("No item has two different answers; nothing can be calibrated.")
    return Coded(codes, tuple(categories), labels, tuple(flags))


def _coded(table: FloatArray, codes: NDArray[np.int16], top: IntArray) -> bool:
    """Categories 0 … top written into `codes` for a chunk of persons; False where a value is something else."""
    with np.errstate(invalid="ignore"):
        codes[:] = table
    same = codes == table
    if not same.all():
        gap = np.isnan(table)
        if not bool((same | gap).all()):
            return False
        codes[gap] = MISSING
        return bool(np.all((codes <= top) & ((codes >= 0) | gap)))
    return bool(codes.size == 0 or (codes.min() >= 0 and np.all(codes.max(axis=0) <= top)))


def code_for_model(
    answers: ArrayLike, categories: tuple[tuple[float, ...], ...], names: tuple[str, ...]
) -> NDArray[np.int16]:
    """Answers of new persons in the categories that the model knows; raises ValueError on one it does not."""
    table = as_answers(answers)
    if table.shape[1] != len(categories):
        raise ValueError(f"The model has {len(categories)} items, the answers have {table.shape[1]} columns.")
    if all(known == tuple(range(len(known))) and len(known) > 1 for known in categories):
        top = np.array([len(known) - 1 for known in categories])
        codes = np.empty(table.shape, dtype=np.int16)
        if all(
            _coded(table[low : low + ROWS], codes[low : low + ROWS], top)
            for low in range(0, len(table), ROWS)
        ):
            return codes
    codes = np.full(table.shape, MISSING, dtype=np.int16)
    for j, known in enumerate(categories):
        column = table[:, j]
        seen = ~np.isnan(column)
        if not len(known):
            continue
        values = np.asarray(known)
        places = np.clip(np.searchsorted(values, column[seen]), 0, len(values) - 1)
        wrong = values[places] != column[seen]
        if wrong.any() and len(known) > 1:
            row = int(np.flatnonzero(seen)[wrong][0])
            raise ValueError(
                f'item "{names[j]}": person {row} has {column[row]:g}; the model knows {", ".join(f"{v:g}" for v in known)}. '
                "Join the category with a neighbour or calibrate again."
            )
        codes[seen, j] = places
    return codes
