"""What the candidates gave and were told, and whether the database agrees."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from .place import Place

ITEMS = 9


@dataclass
class Account:
    """One sitting as the candidate knows it. `given` is every entry that reached a device, by uuid."""

    sitting: str
    given: dict[str, dict[str, Any]] = field(default_factory=dict)
    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    perished: set[str] = field(default_factory=set)
    """Given, not acknowledged, and on a device that died: shown as not saved; may have arrived or not."""
    refused: list[dict[str, Any]] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    is_finished: bool = False

    def gave(self, entry: dict[str, Any]) -> None:
        known = self.given.setdefault(entry["uuid"], entry)
        known["epoch"] = entry["epoch"]  # a tab may learn its epoch after the first answer

    def told(self, entry: dict[str, Any]) -> None:
        self.acknowledged[entry["uuid"]] = entry
        self.gave(entry)

    @property
    def last(self) -> dict[int, str]:
        """Item → uuid of what the candidate gave last, by the time it was given; an older tab never covers a newer one."""
        found: dict[int, str] = {}
        for key, entry in self.given.items():
            n = int(entry["n"])
            if n not in found or entry["epoch"] >= self.given[found[n]]["epoch"]:
                found[n] = key
        return found


@dataclass
class Verdict:
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    answers: int = 0
    acknowledged: int = 0
    perished: int = 0

    @property
    def is_kept(self) -> bool:
        return not (self.lost or self.doubled or self.wrong)


def judge(place: Place, accounts: list[Account]) -> Verdict:
    """Zero of each is the promise: acknowledged and lost, counted twice, wrong in the end."""
    verdict = Verdict()
    rows: dict[str, list[dict[str, Any]]] = {account.sitting: [] for account in accounts}
    for sitting, key, code, value, text, epoch, seq, late, pk in place.sql(
        "select a.sitting_id, a.uuid, p.code, a.value, t.text, a.epoch, a.seq, a.is_late, a.id from delivery_answer a "
        "join records_part p on p.id = a.item_id left join delivery_freetext t on t.id = a.text_id order by a.id"
    ):
        response = (
            {"text": text} if text is not None else json.loads(value) if isinstance(value, str) else value
        )
        rows[str(UUID(str(sitting)))].append(
            {"uuid": str(UUID(str(key))), "n": int(code[1:]), "response": response, "order": (epoch, seq, pk), "late": late}
        )  # fmt: skip
    sittings = {
        str(UUID(str(key))): (ended, reason, participation)
        for key, ended, reason, participation in place.sql("select id, finished_at, finish_reason, participation_id from delivery_sitting")
    }  # fmt: skip
    if len({row[2] for row in sittings.values()}) != len(sittings):
        verdict.doubled.append("a participation has two sittings")
    for account in accounts:
        _judge_one(account, rows[account.sitting], verdict)
        ended, reason, _ = sittings[account.sitting]
        if account.is_finished and (ended is None or reason != "candidate"):
            verdict.wrong.append(f"{account.sitting}: finished by the candidate, the server says {reason!r}")
        if not account.is_finished:
            verdict.wrong.append(f"{account.sitting}: could not be finished")
    return verdict


def _judge_one(account: Account, rows: list[dict[str, Any]], verdict: Verdict) -> None:
    stored = {row["uuid"]: row for row in rows}
    verdict.answers += len(rows)
    verdict.acknowledged += len(account.acknowledged)
    verdict.perished += len(account.perished)
    where = account.sitting
    if len(stored) != len(rows):
        verdict.doubled.append(f"{where}: {len(rows)} rows of {len(stored)} answers")
    for key in stored.keys() - account.given.keys():
        verdict.wrong.append(f"{where}: row {key} was given by nobody")
    for key, entry in account.acknowledged.items():
        if key not in stored:
            verdict.lost.append(f"{where}: {key} of item {entry['n']} was acknowledged and is not there")
        elif stored[key]["n"] != entry["n"] or not same(stored[key]["response"], entry["response"]):
            verdict.wrong.append(
                f"{where}: {key} is there as {stored[key]['response']}, given {entry['response']}"
            )
    for row in rows:
        if row["late"]:
            verdict.wrong.append(f"{where}: {row['uuid']} was in time and is marked late")
    counting: dict[int, dict[str, Any]] = {}
    for row in rows:
        if row["n"] not in counting or row["order"] > counting[row["n"]]["order"]:
            counting[row["n"]] = row
    for n, key in account.last.items():
        if key in account.perished and key not in stored:
            continue  # it was never shown as saved, and its device is gone
        if n not in counting or counting[n]["uuid"] != key:
            verdict.wrong.append(
                f"{where}: item {n} counts {counting.get(n)}, given last {account.given[key]}"
            )
    for entry in account.refused:
        verdict.wrong.append(f"{where}: refused {entry}")


def same(stored: Any, given: Any) -> bool:
    """Numbers are stored as read, a choice of several without its order, an end not chosen yet not at all."""
    if isinstance(stored, dict) and "number" in stored:
        return str(stored["number"]).replace(",", ".") == str(given.get("number", "")).replace(",", ".")
    if isinstance(stored, dict) and "choices" in stored:
        return bool(sorted(stored["choices"]) == sorted(given["choices"]))
    if isinstance(stored, dict) and "pairs" in stored:
        return bool(stored["pairs"] == {left: right for left, right in given["pairs"].items() if right})
    return bool(stored == {name: value for name, value in given.items() if value not in ("", [])})
