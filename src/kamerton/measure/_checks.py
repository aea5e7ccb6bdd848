"""Checks shared by the library: each says what is wrong, where, what was got and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """A read-only copy, so that a result cannot be changed by the page that shows it."""
    out = np.array(array, copy=True)
    out.setflags(write=False)
    return out


def floats(value: object, name: str, shape: tuple[int | None, ...]) -> FloatArray:
    """`value` as float64 of the given shape (None = any length); raises ValueError with both shapes."""
    array: FloatArray = np.asarray(value, dtype=np.float64)
    if array.ndim != len(shape) or any(
        w is not None and w != g for w, g in zip(shape, array.shape, strict=True)
    ):
        wanted = "(" + ", ".join("any" if w is None else str(w) for w in shape) + ")"
        raise ValueError(f"{name} must have shape {wanted}, got {array.shape}.")
    return array


def digest_free(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping as plain Python values: arrays become nested lists, tuples lists, numpy scalars numbers."""

    def plain(x: Any) -> Any:
        if isinstance(x, np.ndarray):
            return plain(x.tolist())
        if isinstance(x, np.generic):
            return plain(x.item())
        if isinstance(x, Mapping):
            return {str(k): plain(v) for k, v in x.items()}
        if isinstance(x, (tuple, list)):
            return [plain(v) for v in x]
        if isinstance(x, float) and np.isnan(x):
            return None
        return x

    return {str(k): plain(v) for k, v in payload.items()}
