"""What both editors of the studio share: fields of a form, what was typed, history, versions, the reading of a POST."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from kamerton.apps.records.errors import Refused
from kamerton.apps.records.models import DraftChange, Release
from kamerton.values.texts import LangText
from kamerton.web import queries
from kamerton.web.viewer import Viewer
from kamerton.web.wording import decimal

LANGUAGES = ("ru", "en")
TEXT, NUMBER, CELL, BEFORE = "text:", "number:", "cell:", "before:"
"""Prefixes of field names: the value typed, and what its writer saw when the page was made."""


@dataclass(frozen=True, slots=True)
class Field:
    """One box of a form. `before` travels along, so that nobody overwrites what they have not seen."""

    name: str
    label: str
    value: str
    before: str
    language: str = ""

    @property
    def id(self) -> str:
        return self.name.replace(":", "-").replace("/", "-").replace(".", "-")

    @property
    def before_name(self) -> str:
        return BEFORE + self.name


def text_fields(path: str, label: str, text: LangText, typed: Mapping[str, str]) -> list[Field]:
    """The boxes of one text, a language each."""
    fields: list[Field] = []
    for language in LANGUAGES:
        name = f"{TEXT}{path}/{language}"
        now = text.get(language, "")
        fields.append(Field(name, f"{label}, {language.upper()}", typed.get(name, now), now, language))
    return fields


def plain(value: float) -> str:
    """A number as it stands in a hidden field: always with a point."""
    return f"{value:g}"


def number_field(path: str, label: str, value: float, language: str, typed: Mapping[str, str]) -> Field:
    name = NUMBER + path
    places = 2 if path.endswith("/weight") else 1
    shown = decimal(value, places, language)
    return Field(name, label, typed.get(name, shown), plain(value), language)


class NotANumber(Refused):
    code = "not_a_number"
    status = 422
    texts = {
        "ru": "«{got}» не число. Введите, например, 3,5.",
        "en": "“{got}” is not a number. Enter, for example, 3.5.",
    }


def read_number(text: str) -> float:
    """A number typed with a comma or a point."""
    try:
        return float(text.strip().replace("\u00a0", "").replace(",", ".").replace("\u2212", "-"))
    except ValueError:
        raise NotANumber(got=text.strip()[:40]) from None


def posted(data: QueryDict, prefix: str) -> list[tuple[str, str, str]]:
    """(path, before, value) of each field of a kind in the form."""
    rows = []
    for name in data:
        if name.startswith(prefix):
            rows.append(
                (name.removeprefix(prefix), str(data.get(BEFORE + name, "")), str(data.get(name, "")))
            )
    return rows


@dataclass(frozen=True, slots=True)
class HistoryRow:
    change: DraftChange
    place: LangText


@dataclass(frozen=True, slots=True)
class Version:
    """A release in the side column; `is_in_force` marks the newest that is not retired."""

    release: Release
    is_in_force: bool
    is_retired: bool


def versions(viewer: Viewer, kind: str, slug: str) -> list[Version]:
    rows: list[Version] = []
    is_found = False
    for release in queries.releases_of(viewer.project.id, kind, slug):
        is_retired = getattr(release, "retirement", None) is not None
        rows.append(Version(release, not is_found and not is_retired, is_retired))
        is_found = is_found or not is_retired
    return rows


def typed_values(data: QueryDict) -> dict[str, str]:
    """What the person typed, so that a refused form comes back as it was."""
    return {name: str(data.get(name, "")) for name in data}


def message_of(refusal: Refused | None, language: str) -> str:
    return refusal.message(language) if refusal else ""


def change_rows(changes: list[Any], old: Any, new: Any, text_at: Any) -> list[dict[str, Any]]:
    """Differences with the words before and after, where they are about words."""
    return [
        {"change": change, "old": text_at(old, change.path), "new": text_at(new, change.path)}
        for change in changes
    ]
