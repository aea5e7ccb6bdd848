"""Rules of a function: exactly one A a process, somebody does the work, texts in both languages. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kamerton.apps.functions.documents import FunctionDocument
from kamerton.values.texts import LangText

LANGUAGES = ("ru", "en")


@dataclass(frozen=True, slots=True)
class RuleBreach:
    """One broken rule: a code with parameters, where it stands, and the words in both languages."""

    code: str
    where: str
    texts: dict[str, str]


def accountable(letters: str) -> bool:
    return "A" in letters.split("/")


def does_the_work(letters: str) -> bool:
    return "R" in letters.split("/")


def loads(document: FunctionDocument) -> dict[str, tuple[int, int]]:
    """Role → (processes it answers for, processes it does work in)."""
    counts = {role.code: [0, 0] for role in document.roles}
    for process in document.processes:
        for role, letters in process.raci.items():
            counts[role][0] += accountable(letters)
            counts[role][1] += does_the_work(letters)
    return {role: (a, r) for role, (a, r) in counts.items()}


def breaches(document: FunctionDocument) -> list[RuleBreach]:
    """Everything that stands in the way of publishing, process by process."""
    found: list[RuleBreach] = []
    for process in document.processes:
        a = [role for role, letters in process.raci.items() if accountable(letters)]
        if len(a) != 1:
            listed = ", ".join(a)
            found.append(
                RuleBreach(
                    "not_exactly_one_a",
                    process.code,
                    {
                        "ru": f"{process.code}: за результат (A) "
                        + (
                            f"отвечают {listed}; должен быть ровно один"
                            if a
                            else "не отвечает никто; должен быть ровно один"
                        ),
                        "en": f"{process.code}: "
                        + (
                            f"{listed} answer for the result (A); exactly one must"
                            if a
                            else "nobody answers for the result (A); exactly one must"
                        ),
                    },
                )
            )
        if not any(does_the_work(letters) for letters in process.raci.values()):
            found.append(
                RuleBreach(
                    "nobody_works", process.code,
                    {"ru": f"{process.code}: работу (R) не выполняет никто", "en": f"{process.code}: nobody does the work (R)"},
                )
            )  # fmt: skip
    for where, text in _texts(document):
        lacking = [language for language in LANGUAGES if not text.get(language)]
        if lacking:
            words = {"ru": "русского", "en": "английского"}
            found.append(
                RuleBreach(
                    "not_translated", where,
                    {
                        "ru": f"{where}: нет {' и '.join(words[x] for x in lacking)} текста",
                        "en": f"{where}: the text is missing in {' and '.join('Russian' if x == 'ru' else 'English' for x in lacking)}",
                    },
                )
            )  # fmt: skip
    return found


def _texts(document: FunctionDocument) -> list[tuple[str, dict[str, str]]]:
    rows: list[tuple[str, dict[str, str]]] = [("name", document.name), ("purpose", document.purpose)]
    rows += [(role.code, role.name) for role in document.roles]
    for process in document.processes:
        rows += [
            (process.code, process.name),
            (process.code, process.purpose),
            (process.code, process.output),
        ]
    return rows


@dataclass(frozen=True, slots=True)
class Change:
    """One difference of two documents, in words."""

    path: str
    kind: str
    """wording, number or structure"""
    texts: dict[str, str]


def differences(old: FunctionDocument, new: FunctionDocument) -> list[Change]:
    """What changed from `old` to `new`, in words of both languages."""
    found: list[Change] = []
    for name in ("name", "purpose", "before", "after"):
        if getattr(old, name) != getattr(new, name):
            found.append(
                Change(
                    name,
                    "wording",
                    {
                        "ru": f"Функция: переписано поле «{_FIELDS[name]['ru']}»",
                        "en": f"Function: {_FIELDS[name]['en']} reworded",
                    },
                )
            )
    old_roles, new_roles = {r.code: r for r in old.roles}, {r.code: r for r in new.roles}
    found += _added_removed(old_roles, new_roles, {"ru": "роль", "en": "role"})
    for code, role in new_roles.items():
        before = old_roles.get(code)
        if before is not None and before != role:
            found.append(
                Change(
                    f"role/{code}",
                    "wording",
                    {"ru": f"Роль {code}: тексты изменены", "en": f"Role {code}: texts changed"},
                )
            )
    old_p, new_p = {p.code: p for p in old.processes}, {p.code: p for p in new.processes}
    found += _added_removed(old_p, new_p, {"ru": "процесс", "en": "process"})
    for code, process in new_p.items():
        before_p = old_p.get(code)
        if before_p is None:
            continue
        for name in ("name", "purpose", "input", "output", "measure", "cadence", "steps"):
            if getattr(before_p, name) != getattr(process, name):
                found.append(
                    Change(f"process/{code}/{name}", "wording",
                           {"ru": f"{code}: переписано поле «{_FIELDS[name]['ru']}»", "en": f"{code}: {_FIELDS[name]['en']} reworded"})
                )  # fmt: skip
        for role in sorted(set(before_p.raci) | set(process.raci)):
            was, now = before_p.raci.get(role, "—"), process.raci.get(role, "—")
            if was != now:
                found.append(
                    Change(f"process/{code}/raci/{role}", "structure",
                           {"ru": f"{code}, {role}: было {was}, стало {now}", "en": f"{code}, {role}: was {was}, now {now}"})
                )  # fmt: skip
    return found


_FIELDS: dict[str, dict[str, str]] = {
    "name": {"ru": "название", "en": "the name"}, "purpose": {"ru": "назначение", "en": "the purpose"},
    "before": {"ru": "было", "en": "the picture before"}, "after": {"ru": "стало", "en": "the picture after"},
    "input": {"ru": "вход", "en": "the input"}, "output": {"ru": "выход", "en": "the output"},
    "measure": {"ru": "мера", "en": "the measure"}, "cadence": {"ru": "ритм", "en": "the cadence"},
    "steps": {"ru": "шаги", "en": "the steps"},
}  # fmt: skip


def advised_kind(changes: list[Change]) -> str:
    """A function scores nobody: moved responsibility is at most *equivalent*, the rest is *wording*."""
    return "equivalent" if any(change.kind == "structure" for change in changes) else "wording"


def place_words(path: str) -> dict[str, str]:
    """An edit's path in words: "process/P5/purpose/ru" → "P5, назначение (ru)"."""
    steps = path.split("/")
    if steps[0] == "raci":
        return dict.fromkeys(LANGUAGES, f"{steps[1]}, {steps[2]}")
    field, tag = _FIELDS.get(steps[-2], {"ru": "краткое название", "en": "the short name"}), steps[-1].upper()
    if len(steps) == 2:
        return {"ru": f"Функция, {field['ru']} ({tag})", "en": f"Function, {field['en']} ({tag})"}
    return {language: f"{steps[1]}, {field[language]} ({tag})" for language in LANGUAGES}


def _added_removed(old: dict[str, Any], new: dict[str, Any], word: dict[str, str]) -> list[Change]:
    found = [
        Change(
            code, "structure", {"ru": f"Добавлено: {word['ru']} {code}", "en": f"Added: {word['en']} {code}"}
        )
        for code in new
        if code not in old
    ]
    found += [
        Change(
            code, "structure", {"ru": f"Убрано: {word['ru']} {code}", "en": f"Removed: {word['en']} {code}"}
        )
        for code in old
        if code not in new
    ]
    return found


def text_at(document: FunctionDocument, path: str) -> LangText | None:
    """The text a `Change` speaks of, or None where it is about letters or structure."""
    steps = path.split("/")
    if len(steps) == 1:
        text = getattr(document, path, None)
        return text if isinstance(text, dict) else None
    process = next((p for p in document.processes if steps[0] == "process" and p.code == steps[1]), None)
    text = getattr(process, steps[2], None) if process and len(steps) == 3 else None
    return text if isinstance(text, dict) else None
