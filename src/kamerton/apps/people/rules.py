"""Who may do what, and who may not rate whom. Pure: no database, no clock."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kamerton.apps.records.actors import Actor
from kamerton.apps.records.errors import NotPermitted

PERMISSIONS: dict[str, frozenset[str]] = {
    "view_model": frozenset(
        {
            "designer",
            "expert",
            "assessor",
            "leader",
            "line_manager",
            "office",
            "administrator",
            "psychometrician",
            "key_account_manager",
        }
    ),
    "edit_model": frozenset({"designer"}),
    "view_sources": frozenset({"designer", "psychometrician", "leader", "expert"}),
    "edit_sources": frozenset({"designer"}),
    "view_instruments": frozenset({"designer", "psychometrician"}),
    "view_procedures": frozenset({"designer", "assessor", "leader", "office", "psychometrician", "auditor"}),
    "view_people": frozenset({"office", "administrator", "leader", "designer"}),
    "manage_people": frozenset({"office", "administrator"}),
    "manage_campaigns": frozenset({"office"}),
    "observe": frozenset({"assessor"}),
    "integrate": frozenset({"assessor", "designer"}),
    "rate_texts": frozenset({"assessor"}),
    "view_results": frozenset({"leader", "psychometrician"}),
    "evaluate": frozenset({"leader", "psychometrician", "office"}),
    "decide": frozenset({"leader"}),
    "issue_report": frozenset({"leader"}),
    "plan_seats": frozenset({"leader"}),
    "view_assessors": frozenset({"designer", "psychometrician"}),
    "view_audit": frozenset({"auditor", "administrator"}),
    "manage_project": frozenset({"administrator"}),
    "install_pack": frozenset({"designer", "administrator"}),
}
"""Permission → roles that hold it. An operator (command line on the host) and the system hold all."""

PERMISSION_WORDS: dict[str, dict[str, str]] = {
    "view_model": {"ru": "смотреть модель", "en": "view the model"},
    "edit_model": {"ru": "менять модель", "en": "edit the model"},
    "view_sources": {"ru": "смотреть источники модели", "en": "view the sources of the model"},
    "edit_sources": {"ru": "вести источники модели", "en": "keep the sources of the model"},
    "view_instruments": {"ru": "смотреть инструменты с ключами", "en": "view instruments with their keys"},
    "view_procedures": {"ru": "смотреть процедуры", "en": "view procedures"},
    "view_people": {"ru": "смотреть список людей", "en": "view the list of people"},
    "manage_people": {"ru": "вести список людей", "en": "manage people"},
    "manage_campaigns": {"ru": "вести кампании", "en": "manage campaigns"},
    "observe": {"ru": "наблюдать и оценивать", "en": "observe and rate"},
    "integrate": {"ru": "сводить оценки", "en": "integrate ratings"},
    "rate_texts": {"ru": "оценивать письменные ответы", "en": "score written answers"},
    "view_results": {"ru": "смотреть результаты", "en": "view results"},
    "evaluate": {"ru": "запускать расчёт", "en": "run the evaluation"},
    "decide": {"ru": "принимать решения", "en": "decide"},
    "issue_report": {"ru": "выпускать отчёты", "en": "issue reports"},
    "plan_seats": {"ru": "планировать места", "en": "plan seats"},
    "view_assessors": {"ru": "смотреть строгость наблюдателей", "en": "view assessors' severity"},
    "view_audit": {"ru": "смотреть журнал", "en": "view the audit log"},
    "manage_project": {"ru": "управлять проектом", "en": "manage the project"},
    "install_pack": {"ru": "ставить пакет роли", "en": "install a role pack"},
}


def may(actor: Actor, project_id: UUID, permission: str) -> bool:
    """Whether `actor` holds `permission` in the project. An unknown permission is a bug and raises KeyError."""
    holders = PERMISSIONS[permission]
    if actor.kind in {"operator", "system"}:
        return True
    return actor.kind == "user" and actor.project_id == project_id and bool(actor.roles & holders)


def require(actor: Actor, project_id: UUID, permission: str) -> None:
    """Raise NotPermitted unless `may`."""
    if not may(actor, project_id, permission):
        raise NotPermitted(permission=PERMISSION_WORDS[permission])


@dataclass(frozen=True, slots=True)
class RatingConflict:
    """Why an assessor may not rate a person: "self", "direct_report", "kin" or "interest"."""

    code: str


def rating_conflict(
    *,
    assessor_id: UUID,
    person_id: UUID,
    managers_of_person: frozenset[UUID],
    declared: frozenset[tuple[UUID, UUID, str]],
) -> RatingConflict | None:
    """Conflicts of interest, the gravest first; `declared` holds (person, other, kind) either way round."""
    if assessor_id == person_id:
        return RatingConflict("self")
    if assessor_id in managers_of_person:
        return RatingConflict("direct_report")
    for first, second, kind in sorted(declared, key=lambda row: row[2] != "kin"):
        if {first, second} == {assessor_id, person_id}:
            return RatingConflict(kind)
    return None


def search_key(*parts: str) -> str:
    """What a search compares: casefolded, ё→е, single spaces. SQLite folds no Cyrillic, so it is stored."""
    text = (
        unicodedata.normalize("NFKC", " ".join(part for part in parts if part)).casefold().replace("ё", "е")
    )
    return re.sub(r"\s+", " ", text).strip()


def sort_key(*parts: str) -> str:
    """Orders as a Russian reader expects: ё right after е, case ignored, spaces before letters."""
    text = unicodedata.normalize("NFKC", " ".join(part for part in parts if part)).casefold()
    # U+0435 U+FFFF sorts after every "е" + letter and before "ж" in code-point order.
    return re.sub(r"\s+", " ", text.replace("ё", "е\uffee")).strip()


def is_in_force(from_date: date | None, to_date: date | None, today: date) -> bool:
    return (from_date is None or from_date <= today) and (to_date is None or today <= to_date)
