"""Reading released documents: plain JSON or YAML data → frozen dataclasses, with errors that name the place."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


class DocumentError(ValueError):
    """A document does not fit its schema. `problems` holds one line a place: "items.3.key: …"."""

    def __init__(self, what: str, problems: list[str]) -> None:
        self.what = what
        self.problems = problems
        super().__init__(f"{what}: " + "; ".join(problems[:5]) + (" …" if len(problems) > 5 else ""))


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """Building an adapter is costly, so each kind gets one for life."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def read_document(kind: type[T], data: Any, what: str = "document") -> T:
    """`data` as an instance of the frozen dataclass `kind`; unknown and missing fields raise `DocumentError`."""
    try:
        result: T = _adapter(kind).validate_python(data)
    except ValidationError as fault:
        problems = [
            f"{'.'.join(str(step) for step in error['loc'])}: {error['msg']}" for error in fault.errors()
        ]
        raise DocumentError(what, problems) from fault
    return result


def write_document(document: Any) -> dict[str, Any]:
    """The dataclass as plain data, ready for `canonical_json`."""
    if not dataclasses.is_dataclass(document) or isinstance(document, type):
        raise TypeError(f"expected an instance of a dataclass, got {type(document).__name__}")
    data: dict[str, Any] = _adapter(type(document)).dump_python(document, mode="json")
    return data
