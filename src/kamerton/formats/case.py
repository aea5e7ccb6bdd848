"""CASE 1.1 (1EdTech, Competencies and Academic Standards Exchange): a competency framework ↔ a CFPackage. Pure.

What a CFPackage has a field for stands in that field, in the package's first language: clusters, competencies and indicators are
CFItems, the tree is CFAssociations of type isChildOf, anchored levels are a CFRubric of each competency, role profiles a CFRubric of
each role whose criteria carry weight, minimum and target. What it has no field for (the second language, short names, numbers of
a profile) stands in `extensions.kamerton`, so that a round trip loses nothing. A package of another system comes without it: its tree
becomes clusters, competencies and indicators as far as it goes, and everything that breaks the standard is said and left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from kamerton.values.documents import write_document
from kamerton.values.texts import LangText

VERSION = "1.1"
LARGEST = 64 * 1024 * 1024
ITEM_TYPES = {
    "Cluster": "A group of competencies.",
    "Competency": "What a person in the role can do, with the knowledge it takes.",
    "Indicator": "A behaviour that can be seen.",
}

Json = dict[str, Any]


class CaseRefused(Exception):
    """A file that is no CFPackage: `texts` in both languages."""

    def __init__(self, ru: str, en: str) -> None:
        self.texts: LangText = {"ru": ru, "en": en}
        super().__init__(en)


@dataclass(frozen=True, slots=True)
class Problem:
    """Where a package breaks the standard, and what became of it."""

    where: str
    texts: LangText


@dataclass(frozen=True, slots=True)
class CasePackage:
    """A package as it was read: sound parts only."""

    document: Json
    items: tuple[Json, ...]
    associations: tuple[Json, ...]
    rubrics: tuple[Json, ...]
    definitions: Json
    problems: tuple[Problem, ...]


# ------------------------------------------------------------------------------------------------ writing


def identifier(*steps: str) -> str:
    """The same thing has the same identifier in every export."""
    return str(uuid5(NAMESPACE_URL, "kamerton/case/" + "/".join(steps)))


@dataclass(frozen=True, slots=True)
class _Writer:
    base: str
    key: str
    stamp: str
    language: str

    def ids(self, kind: str, *steps: str) -> tuple[str, str]:
        found = identifier(self.key, kind, *steps)
        return found, f"{self.base.rstrip('/')}/ims/case/v1p1/{kind}/{found}"

    def head(self, kind: str, *steps: str) -> Json:
        found, uri = self.ids(kind, *steps)
        return {"identifier": found, "uri": uri, "lastChangeDateTime": self.stamp}

    def link(self, kind: str, title: str, *steps: str) -> Json:
        found, uri = self.ids(kind, *steps)
        return {"title": title, "identifier": found, "uri": uri}

    def said(self, text: LangText) -> str:
        return text.get(self.language) or next(iter(text.values()), "")


def export_package(
    framework: Any,
    *,
    key: str,
    base: str,
    creator: str,
    version: str,
    changed: datetime,
    language: str = "en",
) -> Json:
    """A framework document as a CFPackage. `key` makes identifiers its own (project and slug); `base` begins the URIs."""
    stamp = changed.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    to = _Writer(base, key, stamp, language)
    document = to.head("CFDocuments") | {
        "caseVersion": VERSION, "frameworkType": "Competency Framework", "creator": creator, "title": to.said(framework.name),
        "language": language, "version": version, "adoptionStatus": "Adopted",
        "extensions": {"kamerton": _own(framework)},
    }  # fmt: skip
    return {
        "CFDocument": document,
        "CFItems": list(_items(framework, to)),
        "CFAssociations": list(_associations(framework, to)),
        "CFDefinitions": {
            "CFItemTypes": [
                to.head("CFItemTypes", name)
                | {"title": name, "description": what, "hierarchyCode": str(place)}
                for place, (name, what) in enumerate(ITEM_TYPES.items(), 1)
            ]
        },
        "CFRubrics": [*_scales(framework, to), *_profiles(framework, to)],
    }


def _own(framework: Any) -> Json:
    """What the standard has no field for. The items' own texts stand with the items."""
    plain = write_document(framework)
    return {
        "schema": "framework/1",
        **{name: plain[name] for name in ("code", "name", "scale", "clusters", "profiles")},
    }


def _items(framework: Any, to: _Writer) -> Iterator[Json]:
    def one(kind: str, code: str, statement: LangText, label: LangText, own: Json) -> Json:
        return to.head("CFItems", kind, code) | {
            "fullStatement": to.said(statement) or code, "abbreviatedStatement": to.said(label) or code, "humanCodingScheme": code,
            "CFItemType": kind, "CFItemTypeURI": to.link("CFItemTypes", kind, kind), "language": to.language,
            "extensions": {"kamerton": own},
        }  # fmt: skip

    for cluster in framework.clusters:
        yield one("Cluster", cluster.code, cluster.name, cluster.name, {})
    for competency in framework.competencies:
        plain = write_document(competency)
        own = {name: value for name, value in plain.items() if name not in {"indicators", "levels"}}
        item = one("Competency", competency.code, competency.definition, competency.name, own)
        knowledge = to.said(competency.knowledge)
        yield item | ({"notes": knowledge} if knowledge else {})
        for indicator in competency.indicators:
            yield one("Indicator", indicator.code, indicator.text, indicator.short, write_document(indicator))


def _associations(framework: Any, to: _Writer) -> Iterator[Json]:
    title = to.said(framework.name)
    root = to.link("CFDocuments", title)
    home = {code: cluster for cluster in framework.clusters for code in cluster.competencies}

    def child(kind: str, code: str, name: str, parent: Json, place: int) -> Json:
        return to.head("CFAssociations", kind, code) | {
            "associationType": "isChildOf", "sequenceNumber": place, "originNodeURI": to.link("CFItems", name, kind, code),
            "destinationNodeURI": parent,
        }  # fmt: skip

    for place, cluster in enumerate(framework.clusters, 1):
        yield child("Cluster", cluster.code, to.said(cluster.name), root, place)
    for place, competency in enumerate(framework.competencies, 1):
        cluster = home.get(competency.code)
        above = to.link("CFItems", to.said(cluster.name), "Cluster", cluster.code) if cluster else root
        yield child("Competency", competency.code, to.said(competency.name), above, place)
        own = to.link("CFItems", to.said(competency.name), "Competency", competency.code)
        for order, indicator in enumerate(competency.indicators, 1):
            yield child("Indicator", indicator.code, to.said(indicator.short) or indicator.code, own, order)


def _scales(framework: Any, to: _Writer) -> Iterator[Json]:
    words = {level.value: level.word for level in framework.scale}
    for competency in framework.competencies:
        name = to.said(competency.name)
        rubric = to.head("CFRubrics", "scale", competency.code)
        criterion = to.head("CFRubricCriteria", "scale", competency.code)
        yield rubric | {
            "title": f"{competency.code}. {name}",
            "CFRubricCriteria": [
                criterion | {
                    "category": name, "CFItemURI": to.link("CFItems", name, "Competency", competency.code), "position": 1,
                    "rubricId": rubric["identifier"],
                    "CFRubricCriterionLevels": [
                        to.head("CFRubricCriterionLevels", "scale", competency.code, str(level.value)) | {
                            "score": level.value, "quality": to.said(words.get(level.value, {})), "description": to.said(level.anchor),
                            "position": level.value, "rubricCriterionId": criterion["identifier"],
                        }
                        for level in competency.levels
                    ],
                    "extensions": {"kamerton": {"levels": write_document(competency)["levels"]}},
                }
            ],
            "extensions": {"kamerton": {"kind": "scale", "competency": competency.code}},
        }  # fmt: skip


def _profiles(framework: Any, to: _Writer) -> Iterator[Json]:
    names = {competency.code: to.said(competency.name) for competency in framework.competencies}
    for profile in framework.profiles:
        rubric = to.head("CFRubrics", "profile", profile.role)
        criteria: list[Json] = []
        for place, target in enumerate(profile.targets, 1):
            criterion = to.head("CFRubricCriteria", "profile", profile.role, target.competency)
            criteria.append(
                criterion | {
                    "category": names[target.competency], "weight": target.weight, "position": place, "rubricId": rubric["identifier"],
                    "CFItemURI": to.link("CFItems", names[target.competency], "Competency", target.competency),
                    "CFRubricCriterionLevels": [
                        to.head("CFRubricCriterionLevels", "profile", profile.role, target.competency, quality) | {
                            "quality": quality, "score": score, "position": order, "rubricCriterionId": criterion["identifier"],
                        }
                        for order, (quality, score) in enumerate((("minimum", target.minimum), ("target", target.target)), 1)
                    ],
                }
            )  # fmt: skip
        yield rubric | {
            "title": to.said(profile.name), "CFRubricCriteria": criteria,
            "extensions": {"kamerton": {"kind": "profile", "role": profile.role}},
        }  # fmt: skip


# ------------------------------------------------------------------------------------------------ reading

_LISTS = {"CFItems": "item", "CFAssociations": "association", "CFRubrics": "rubric"}
_REQUIRED = {
    "CFDocument": ("identifier", "uri", "creator", "title", "lastChangeDateTime"),
    "CFItems": ("identifier", "uri", "fullStatement", "lastChangeDateTime"),
    "CFAssociations": ("identifier", "uri", "associationType", "originNodeURI", "destinationNodeURI", "lastChangeDateTime"),
    "CFRubrics": ("identifier", "uri", "lastChangeDateTime"),
}  # fmt: skip
_KNOWN = {
    "CFDocument": frozenset(
        [
            "identifier",
            "uri",
            "frameworkType",
            "caseVersion",
            "creator",
            "title",
            "lastChangeDateTime",
            "officialSourceURL",
            "publisher",
            "description",
            "subject",
            "subjectURI",
            "language",
            "version",
            "adoptionStatus",
            "statusStartDate",
            "statusEndDate",
            "licenseURI",
            "notes",
            "extensions",
        ]
    ),
    "CFItems": frozenset(
        [
            "identifier",
            "fullStatement",
            "alternativeLabel",
            "CFItemType",
            "uri",
            "humanCodingScheme",
            "listEnumeration",
            "abbreviatedStatement",
            "conceptKeywords",
            "conceptKeywordsURI",
            "notes",
            "subject",
            "subjectURI",
            "language",
            "educationLevel",
            "CFItemTypeURI",
            "licenseURI",
            "statusStartDate",
            "statusEndDate",
            "lastChangeDateTime",
            "extensions",
        ]
    ),
    "CFAssociations": frozenset(
        [
            "identifier",
            "associationType",
            "sequenceNumber",
            "uri",
            "originNodeURI",
            "destinationNodeURI",
            "CFAssociationGroupingURI",
            "lastChangeDateTime",
            "notes",
            "extensions",
        ]
    ),
    "CFRubrics": frozenset(
        ["identifier", "uri", "title", "description", "lastChangeDateTime", "CFRubricCriteria", "extensions"]
    ),
}
"""Fields of the 1.1 CFPackage schema; another one is an old or foreign habit: said, left out, and no reason to refuse."""


def read_package(data: bytes, *, name: str) -> CasePackage:
    """A CFPackage from a file. What is sound is kept, what breaks the standard is named; refuses what is no package at all."""
    if len(data) > LARGEST:
        raise CaseRefused(f"Файл {name} больше 64 МБ.", f"The file {name} is larger than 64 MB.")
    try:
        raw = json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as fault:
        place = f"{fault.lineno}:{fault.colno}" if isinstance(fault, json.JSONDecodeError) else "?"
        raise CaseRefused(
            f"Файл {name} не читается как JSON (место {place}). Нужен CFPackage из CASE.",
            f"The file {name} cannot be read as JSON (at {place}). A CFPackage of CASE is needed.",
        ) from fault
    if not isinstance(raw, dict) or not isinstance(raw.get("CFDocument"), dict):
        raise CaseRefused(
            f"В файле {name} нет CFDocument: это не пакет CASE.",
            f"The file {name} has no CFDocument: it is no CASE package.",
        )
    problems: list[Problem] = []
    document = _sound("CFDocument", "CFDocument", raw["CFDocument"], problems)
    if document is None or not document.get("title"):
        raise CaseRefused(
            f"В файле {name} у CFDocument нет названия или идентификатора.",
            f"In the file {name} the CFDocument has no title or identifier.",
        )
    lists = {kind: tuple(_list(kind, raw.get(kind), problems)) for kind in _LISTS}
    definitions = raw.get("CFDefinitions")
    return CasePackage(
        document, lists["CFItems"], lists["CFAssociations"], lists["CFRubrics"], definitions if isinstance(definitions, dict) else {},
        tuple(problems),
    )  # fmt: skip


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _list(kind: str, raw: object, problems: list[Problem]) -> Iterator[Json]:
    if raw is None:
        return
    if not isinstance(raw, list):
        problems.append(
            _problem(kind, "ожидается список, часть пропущена", "a list is expected; the part was left out")
        )
        return
    seen: set[str] = set()
    for place, one in enumerate(raw):
        found = _sound(kind, f"{kind}[{place}]", one, problems)
        if found is None:
            continue
        if found["identifier"] in seen:
            problems.append(
                _problem(
                    f"{kind}[{place}]",
                    "идентификатор повторяется, пропущено",
                    "the identifier repeats; left out",
                )
            )
            continue
        seen.add(found["identifier"])
        yield found


def _problem(where: str, ru: str, en: str) -> Problem:
    return Problem(where, {"ru": f"{where}: {ru}", "en": f"{where}: {en}"})


def _sound(kind: str, where: str, raw: object, problems: list[Problem]) -> Json | None:
    """The object with its known fields; None where it cannot be used."""
    if not isinstance(raw, dict):
        problems.append(_problem(where, "ожидается объект, пропущено", "an object is expected; left out"))
        return None
    absent = [field for field in _REQUIRED[kind] if not raw.get(field)]
    needed = [
        field
        for field in absent
        if field in {"identifier", "fullStatement", "originNodeURI", "destinationNodeURI"}
    ]
    if absent:
        what = ", ".join(absent)
        problems.append(
            _problem(where, f"нет обязательных полей: {what}", f"required fields are missing: {what}")
            if not needed
            else _problem(where, f"нет полей {what}, пропущено", f"the fields {what} are missing; left out")
        )
    if needed:
        return None
    unknown = sorted(set(raw) - _KNOWN[kind])
    if unknown:
        what = ", ".join(unknown)[:200]
        problems.append(
            _problem(
                where,
                f"поля, которых в версии 1.1 нет, пропущены: {what}",
                f"fields that 1.1 does not know were left out: {what}",
            )
        )
    try:
        UUID(str(raw["identifier"]))
    except ValueError:
        problems.append(_problem(where, "идентификатор не UUID", "the identifier is no UUID"))
    number = raw.get("sequenceNumber")
    found = {field: value for field, value in raw.items() if field in _KNOWN[kind]}
    if isinstance(number, str) and re.fullmatch(r"\d{1,9}", number):
        problems.append(
            _problem(
                where,
                "sequenceNumber записан текстом, прочитан как число",
                "sequenceNumber is a text; read as a number",
            )
        )
        found["sequenceNumber"] = int(number)
    found["identifier"] = str(raw["identifier"])
    return found


# ------------------------------------------------------------------------------------------------ to a framework


@dataclass(frozen=True, slots=True)
class Imported:
    """A framework as plain data (schema framework/1), and what became of the package."""

    framework: Json
    is_own: bool
    """Written by this system: nothing was guessed."""
    problems: tuple[Problem, ...]


def to_framework(package: CasePackage, *, code: str) -> Imported:
    """The framework in a package: exactly, if it was exported here; otherwise its tree, as far as it goes."""
    own = (package.document.get("extensions") or {}).get("kamerton")
    if isinstance(own, dict) and own.get("schema") == "framework/1":
        return Imported(_exact(package, own), True, package.problems)
    return _foreign(package, code)


def _own_of(item: Json) -> Json:
    found = (item.get("extensions") or {}).get("kamerton")
    return found if isinstance(found, dict) else {}


def _exact(package: CasePackage, own: Json) -> Json:
    levels = {
        (_own_of(rubric).get("competency")): _own_of(rubric["CFRubricCriteria"][0]).get("levels", [])
        for rubric in package.rubrics
        if _own_of(rubric).get("kind") == "scale" and rubric.get("CFRubricCriteria")
    }
    parents = {
        a["originNodeURI"]["identifier"]: a["destinationNodeURI"]["identifier"]
        for a in package.associations
        if a["associationType"] == "isChildOf"
    }
    competencies: dict[str, Json] = {}
    for item in package.items:
        if item.get("CFItemType") == "Competency":
            body = dict(_own_of(item))
            competencies[item["identifier"]] = body | {
                "indicators": [],
                "levels": levels.get(body.get("code"), []),
            }
    for item in package.items:
        home = competencies.get(parents.get(item["identifier"], ""))
        if item.get("CFItemType") == "Indicator" and home is not None:
            home["indicators"].append(_own_of(item))
    return {name: own[name] for name in ("code", "name", "scale", "clusters", "profiles")} | {
        "competencies": list(competencies.values())
    }


def _children(package: CasePackage) -> dict[str, list[str]]:
    """Parent identifier → children in the order of their sequence numbers; a circle is cut where it closes."""
    rows = [
        (
            a.get("sequenceNumber") or 0,
            place,
            a["destinationNodeURI"]["identifier"],
            a["originNodeURI"]["identifier"],
        )
        for place, a in enumerate(package.associations)
        if a["associationType"] == "isChildOf"
        and isinstance(a["originNodeURI"], dict)
        and isinstance(a["destinationNodeURI"], dict)
    ]
    found: dict[str, list[str]] = {}
    for _, _, parent, child in sorted(rows):
        found.setdefault(str(parent), []).append(str(child))
    return found


def _foreign(package: CasePackage, code: str) -> Imported:
    problems = list(package.problems)
    tag = str(package.document.get("language") or "en").split("-")[0].lower()
    language = tag if tag in {"ru", "en"} else "en"
    items = {item["identifier"]: item for item in package.items}
    children = _children(package)
    known = set(items) | {package.document["identifier"]}
    for parent in children:
        if parent not in known:
            problems.append(
                _problem(
                    parent,
                    "родителя в пакете нет, ветвь поднята наверх",
                    "the parent is not in the package; the branch was lifted to the top",
                )
            )
    placed = {child for parent, row in children.items() if parent in known for child in row}
    tops = [i for i in children.get(package.document["identifier"], []) if i in items]
    tops += [i for i in items if i not in placed and i not in tops]
    depth = _depths(tops, children, items)
    circles = [i for i in items if i not in depth]
    for one in circles:
        problems.append(
            _problem(one, "замкнутый круг подчинения, пропущено", "a circle of subordination; left out")
        )

    def said(item: Json, *fields: str) -> LangText:
        text = next((str(item[field]).strip() for field in fields if item.get(field)), "")
        return {language: text} if text else {}

    clusters: list[Json] = []
    competencies: list[Json] = []

    def competency(identifier_: str) -> str:
        item = items[identifier_]
        own = f"C{len(competencies) + 1}"
        below = list(_below(identifier_, children, items, depth))
        competencies.append(
            {
                "code": own, "name": said(item, "abbreviatedStatement", "fullStatement"), "short": said(item, "abbreviatedStatement", "humanCodingScheme"),
                "definition": said(item, "fullStatement"), "knowledge": said(item, "notes"), "trainable": True, "levels": [],
                "indicators": [
                    {"code": f"{own}.{n}", "text": said(items[i], "fullStatement"), "short": said(items[i], "abbreviatedStatement", "humanCodingScheme")}
                    for n, i in enumerate(below, 1)
                ],
            }
        )  # fmt: skip
        return own

    for top in tops:
        below = [i for i in children.get(top, []) if i in items and depth.get(i) == 1]
        if any(children.get(i) for i in below):
            members = [competency(i) for i in below]
            clusters.append({"code": f"G{len(clusters) + 1}", "name": said(items[top], "abbreviatedStatement", "fullStatement"), "competencies": members})  # fmt: skip
        else:
            competency(top)
    grouped = {code for cluster in clusters for code in cluster["competencies"]}
    rest = [c["code"] for c in competencies if c["code"] not in grouped]
    if clusters and rest:
        clusters.append(
            {"code": f"G{len(clusters) + 1}", "name": {"ru": "Прочее", "en": "Other"}, "competencies": rest}
        )
    words = (("не проявляет", "not shown"), ("ниже требований", "below"), ("соответствует", "meets"), ("сильно", "strong"), ("образец", "role model"))  # fmt: skip
    scale = [{"value": n, "word": {"ru": ru, "en": en}} for n, (ru, en) in enumerate(words, 1)]
    framework = {
        "code": code, "name": {language: str(package.document["title"])}, "scale": scale, "clusters": clusters,
        "competencies": competencies, "profiles": [],
    }  # fmt: skip
    return Imported(framework, False, tuple(problems))


def _depths(
    tops: Iterable[str], children: Mapping[str, list[str]], items: Mapping[str, Json]
) -> dict[str, int]:
    depth: dict[str, int] = {}
    waiting = [(top, 0) for top in tops]
    while waiting:
        one, level = waiting.pop(0)
        if one in depth or one not in items:
            continue
        depth[one] = level
        waiting += [(child, level + 1) for child in children.get(one, [])]
    return depth


def _below(
    one: str, children: Mapping[str, list[str]], items: Mapping[str, Json], depth: Mapping[str, int]
) -> Iterator[str]:
    """Every item under this one, in order, each once."""
    seen: set[str] = {one}
    waiting = list(reversed(children.get(one, [])))
    while waiting:
        found = waiting.pop()
        if found in seen or found not in items or depth.get(found, -1) <= depth.get(one, 0):
            continue
        seen.add(found)
        yield found
        waiting += reversed(children.get(found, []))
