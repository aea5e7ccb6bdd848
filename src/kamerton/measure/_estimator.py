"""What every estimator of the library keeps: settings as given, learnt state in names that end in `_`, plain dictionaries."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ._checks import FloatArray, IntArray, frozen

FORMAT = "kamerton.measure/1"
"""Written into every saved model; a later format reads this one."""


class NotFittedError(ValueError, AttributeError):
    """An estimator was asked for what only `fit` can give."""


class NotConverged(UserWarning):
    """A fit stopped at its limit of cycles; the model carries the flag `not_converged` as well."""


@dataclass(frozen=True, slots=True)
class Flag:
    """Something a reader must know before using the numbers: a code, where, and the values in words.

    `code` is one of the words of the method's page (`at_bound`, `not_identified`, `unused_category`,
    `perfect_score`, `too_few_persons`, `not_converged` …); `where` names the item, person, rater or parameter.
    """

    code: str
    where: str = ""
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.code}{f' ({self.where})' if self.where else ''}{f': {self.detail}' if self.detail else ''}"


class Progress(Protocol):
    """Called after each cycle: number of the cycle, log-likelihood (or objective), largest change of a parameter."""

    def __call__(self, cycle: int, objective: float, change: float) -> None: ...


@dataclass(frozen=True)
class Table:
    """Named columns of one length: the parameters of a model, a rater table, an item table."""

    columns: Mapping[str, NDArray[Any]]

    def __post_init__(self) -> None:
        held = {name: frozen(np.asarray(column)) for name, column in self.columns.items()}
        lengths = {name: len(column) for name, column in held.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"The columns of a table have different lengths: {lengths}.")
        object.__setattr__(self, "columns", held)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def rows(self) -> Iterator[dict[str, Any]]:
        """One dictionary a row, with Python's own numbers."""
        listed = {name: column.tolist() for name, column in self.columns.items()}
        for i in range(len(self)):
            yield {name: column[i] for name, column in listed.items()}

    def to_frame(self, library: str = "pandas") -> Any:
        """A data frame of `pandas` or `polars`, where that library is installed."""
        return frame_of(self.columns, library)


@dataclass(frozen=True)
class Estimates:
    """Persons (or raters, exercises): value, standard error, number of observations, flags; one entry each.

    `value` and `se` are NaN where nothing can be said; `flags` then say why.
    """

    value: FloatArray  # (N,) or (N, D)
    se: FloatArray  # as `value`
    n: IntArray  # (N,) observations behind the value
    flags: tuple[tuple[str, ...], ...]  # N tuples of codes
    names: tuple[str, ...] | None = None  # D names of dimensions, or None

    def __post_init__(self) -> None:
        for name in ("value", "se", "n"):
            object.__setattr__(self, name, frozen(np.asarray(getattr(self, name))))
        if (
            self.value.shape != self.se.shape
            or len(self.value) != len(self.n)
            or len(self.n) != len(self.flags)
        ):
            raise ValueError(
                f"value {self.value.shape}, se {self.se.shape}, n {self.n.shape} and {len(self.flags)} flags do not belong together."
            )

    def __len__(self) -> int:
        return len(self.n)

    def to_frame(self, library: str = "pandas") -> Any:
        """A data frame of `pandas` or `polars`, where that library is installed."""
        columns: dict[str, Any] = {}
        if self.value.ndim == 1:
            columns |= {"value": self.value, "se": self.se}
        else:
            names = self.names or tuple(f"d{d + 1}" for d in range(self.value.shape[1]))
            for d, name in enumerate(names):
                columns |= {name: self.value[:, d], f"{name}_se": self.se[:, d]}
        return frame_of(columns | {"n": self.n, "flags": [" ".join(f) for f in self.flags]}, library)


def frame_of(columns: Mapping[str, Any], library: str = "pandas") -> Any:
    """Columns as a frame of the named library; it is imported here and nowhere else."""
    if library not in {"pandas", "polars"}:
        raise ValueError(f"library is {library!r}; it is 'pandas' or 'polars'.")
    try:
        module = __import__(library)
    except ImportError:
        raise ImportError(f"to_frame(library={library!r}) needs {library}, which is not installed.") from None
    return module.DataFrame({name: np.asarray(column).tolist() for name, column in columns.items()})


class Estimator:
    """Base of every public estimator: settings stored unchanged, checked in `fit`, saved as plain values.

    A subclass takes keyword settings in its constructor and stores each under its own name; what it learns it
    stores under names that end in `_`. `to_dict` and `load` then work by themselves, bit for bit, for numbers,
    texts, booleans, None, tuples, lists, dictionaries with text keys, arrays, `Flag`, `Table` and the frozen
    dataclasses named in `saved_types`.
    """

    registry: ClassVar[dict[str, type[Estimator]]] = {}
    """Name → class of every public estimator; the contract battery walks through it."""
    saved_types: ClassVar[tuple[type, ...]] = ()

    flags_: tuple[Flag, ...]

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        if cls.__name__.startswith("_"):
            return
        name = f"{cls.__module__.split('.')[2]}.{cls.__name__}"
        Estimator.registry[name] = cls

    @classmethod
    def public_name(cls) -> str:
        """`irt.GradedResponse`: the room and the class."""
        return f"{cls.__module__.split('.')[2]}.{cls.__name__}"

    def settings(self) -> dict[str, Any]:
        """The arguments of the constructor, as given."""
        names = [name for name in inspect.signature(type(self).__init__).parameters if name != "self"]
        return {name: getattr(self, name) for name in names}

    def learnt(self) -> dict[str, Any]:
        """What `fit` found: every attribute whose name ends in a single underscore."""
        return {
            name: value
            for name, value in sorted(vars(self).items())
            if name.endswith("_") and not name.startswith("_")
        }

    @property
    def is_fitted(self) -> bool:
        return bool(self.learnt())

    def require_fitted(self) -> None:
        """Raises `NotFittedError` before `fit`."""
        if not self.is_fitted:
            raise NotFittedError(
                f"{type(self).__name__} has not been fitted. Call fit(data) first, or load a saved model."
            )

    def __getattr__(self, name: str) -> Any:
        if name.endswith("_") and not name.startswith("_"):
            raise NotFittedError(
                f"{type(self).__name__} has no {name} yet. Call fit(data) first, or load a saved model."
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def to_dict(self) -> dict[str, Any]:
        """The model as plain values (JSON takes it); `load` gives back a model with the same bits."""
        return {
            "format": FORMAT,
            "estimator": self.public_name(),
            "settings": {name: _plain(value) for name, value in self.settings().items()},
            "learnt": {name: _plain(value) for name, value in self.learnt().items()},
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """The reverse of `to_dict` for a known class; see `load` for any."""
        types = {t.__name__: t for t in (Flag, Table, Estimates, *cls.saved_types)}
        model = cls(**{name: _restored(value, types) for name, value in saved["settings"].items()})
        for name, value in saved["learnt"].items():
            setattr(model, name, _restored(value, types))
        return model

    def __repr__(self) -> str:
        given = inspect.signature(type(self).__init__).parameters
        changed = [
            f"{name}={value!r}"
            for name, value in self.settings().items()
            if not _same(value, given[name].default)
        ]
        return f"{type(self).__name__}({', '.join(changed)})"


def load(saved: Mapping[str, Any]) -> Estimator:
    """A fitted model from what `to_dict` gave, whatever its class; raises ValueError for another format."""
    if saved.get("format") != FORMAT:
        raise ValueError(
            f"The saved model has format {saved.get('format')!r}; this version reads {FORMAT!r}."
        )
    name = str(saved.get("estimator"))
    room = name.partition(".")[0]
    if room.isidentifier() and find_spec(f"kamerton.measure.{room}") is not None:
        import_module(
            f"kamerton.measure.{room}"
        )  # rooms are imported when first needed; theirs may be the class
    if name not in Estimator.registry:
        raise ValueError(f"Nothing here is called {name!r}. Known: {', '.join(sorted(Estimator.registry))}.")
    return Estimator.registry[name].from_dict(saved)


def _same(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return a is b
    return bool(a == b)


def _number(x: float) -> float | str:
    return x if math.isfinite(x) else str(x)  # JSON has no NaN and no infinity


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"number": str(value)}
    if isinstance(value, np.generic):
        return {"scalar": str(value.dtype), "value": _plain(value.item())}
    if isinstance(value, np.ndarray):
        flat = value.ravel().tolist()
        kept = [_number(x) if isinstance(x, float) else x for x in flat]
        return {"array": kept, "dtype": str(value.dtype), "shape": list(value.shape)}
    if isinstance(value, Estimator):
        return {"model": value.to_dict()}
    if is_dataclass(value) and not isinstance(value, type):
        return {
            "type": type(value).__name__,
            "fields": {field.name: _plain(getattr(value, field.name)) for field in fields(value)},
        }
    if isinstance(value, tuple):
        return {"tuple": [_plain(v) for v in value]}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {"map": [[_plain(k), _plain(v)] for k, v in value.items()]}
    raise TypeError(
        f"A {type(value).__name__} cannot be saved as plain values; keep numbers, texts and arrays."
    )


def _restored(value: Any, types: Mapping[str, Callable[..., Any]]) -> Any:
    if isinstance(value, list):
        return [_restored(v, types) for v in value]
    if not isinstance(value, dict):
        return value
    if "number" in value:
        return float(value["number"])
    if "scalar" in value:
        return np.dtype(value["scalar"]).type(_restored(value["value"], types))
    if "array" in value:
        return np.array(value["array"], dtype=value["dtype"]).reshape(value["shape"])
    if "model" in value:
        return load(value["model"])
    if "type" in value:
        return types[value["type"]](**{name: _restored(v, types) for name, v in value["fields"].items()})
    if "tuple" in value:
        return tuple(_restored(v, types) for v in value["tuple"])
    return {_restored(k, types): _restored(v, types) for k, v in value["map"]}
