"""The simulated truth of a sample: people, true levels, answers and ratings, all from the pack's files and one seed.

The same numbers come out every time, so any report of the sample can be checked against the truth behind it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from kamerton.apps.instruments.documents import Item
from kamerton.apps.instruments.rules import score_response
from kamerton.flows.gather_evidence import chain_spec
from kamerton.flows.install_pack import PackContents, read_pack
from kamerton.measure.chain import ChainSpec
from kamerton.measure.simulation import SCENARIOS, Design, World, simulate, true_categories

CATEGORY_LETTERS = "ABCD"


@dataclass(frozen=True)
class SampleFiles:
    """The sample's own files of a pack."""

    root: Path
    sample: dict[str, Any]
    quotes: dict[str, dict[str, list[list[str]]]]
    written: dict[str, dict[int, list[str]]]
    contents: PackContents


@dataclass(frozen=True)
class SampleTruth:
    """True levels by e-mail of the simulated person, and the category that follows from them."""

    levels: dict[str, dict[str, float]]
    category: dict[str, str]


@lru_cache(maxsize=4)
def sample_files(root: Path) -> SampleFiles:
    def read(name: str) -> Any:
        return yaml.safe_load((root / name).read_text(encoding="utf-8"))

    return SampleFiles(
        root, read("sample.yaml"), read("quotes.yaml"), read("written-answers.yaml"), read_pack(root)
    )


def sample_spec(files: SampleFiles) -> ChainSpec:
    return chain_spec(files.contents.procedures[0], files.contents.framework, files.contents.forms[0])


def sample_design(files: SampleFiles) -> Design:
    """The sample's matrix, short form, panel and roles as the generator takes them."""
    spec = sample_spec(files)
    return Design(
        competencies=spec.competencies,
        instruments=spec.instruments,
        weights=spec.weights,
        is_simulation=spec.is_simulation,
        item_block=spec.item_block,
        item_max=spec.item_max,
        item_partial=spec.item_partial,
        item_text=spec.item_text,
        knots=spec.knots,
        rules=spec.rules,
        role=spec.role,
        test_instrument=str(spec.test_instrument),
        knot_sd=float(spec.knot_sd) if isinstance(spec.knot_sd, float) else None,
        judges=int(spec.judges) if isinstance(spec.judges, int) else 0,
        clusters=spec.clusters,
        raters=len(files.sample["assessors"]),
        raters_per_cell=2,
    )


def sample_world(files: SampleFiles, seed: int) -> World:
    """The world behind the sample: persons in the order of `sample.yaml`."""
    return simulate(
        sample_design(files),
        len(files.sample["people"]),
        seed,
        SCENARIOS[files.sample["scenario"]],
        lenient_rater=files.sample["lenient"],
        central_rater=files.sample["central"],
    )


def email_of(row: list[str]) -> str:
    """The simulated person's address, from the Latin name."""
    family, given = (row[4], row[5]) if row[0] in {"e", "c"} else (row[3], row[4])
    return f"{given}.{family}@norvetal.example".lower().replace("'", "")


def truth(files: SampleFiles, seed: int) -> SampleTruth:
    """What is true of each simulated person."""
    world = sample_world(files, seed)
    categories = true_categories(world.design, world.true_levels)
    levels: dict[str, dict[str, float]] = {}
    letters: dict[str, str] = {}
    for p, row in enumerate(files.sample["people"]):
        levels[email_of(row)] = dict(
            zip(world.design.competencies, world.true_levels[p].tolist(), strict=True)
        )
        letters[email_of(row)] = CATEGORY_LETTERS[int(categories[p])]
    return SampleTruth(levels, letters)


def response_for(item: Item, score: float, rng: random.Random) -> dict[str, Any]:
    """A response of the item's type that earns `score` (or the nearest score that can be earned)."""
    best: list[dict[str, Any]] = []
    distance = float("inf")
    for _ in range(120):
        response = _random_response(item, rng)
        got = score_response(item, response).score
        gap = abs((got or 0.0) - score)
        if gap < distance - 1e-9:
            best, distance = [response], gap
        elif gap < distance + 1e-9:
            best.append(response)
    keyed = _keyed_response(item)
    got = score_response(item, keyed).score or 0.0
    if abs(got - score) < distance - 1e-9 or (score >= item.points - 1e-9):
        return keyed
    return rng.choice(best)


def _keyed_response(item: Item) -> dict[str, Any]:
    key = item.key
    match item.type:
        case "single" | "table_row":
            return {"choice": key["correct"]}
        case "multiple":
            return {"choices": list(key["correct"])}
        case "numeric":
            return {"number": f"{key['value']:g}".replace(".", ",")}
        case "order":
            return {"order": list(key["order"])}
        case "match":
            return {"pairs": dict(key["pairs"])}
        case "best_worst":
            return {"best": key["best"], "worst": key["worst"]}
        case "likert":
            return {"step": str(key["value"])}
        case _:
            raise ValueError(f"item {item.code}: a {item.type} item has no keyed response")


def _random_response(item: Item, rng: random.Random) -> dict[str, Any]:
    codes = [option.code for option in item.options]
    match item.type:
        case "single":
            return {"choice": rng.choice(codes)}
        case "table_row":
            rows = list(codes) or ["r1", "r2", "r3", "r4", "r5"]
            return {"choice": rng.choice(rows)}
        case "multiple":
            wanted = len(item.key["correct"])
            size = max(1, min(len(codes), wanted + rng.choice([-1, 0, 0, 1])))
            return {"choices": sorted(rng.sample(codes, size))}
        case "numeric":
            wrong = float(item.key["value"]) * rng.choice([0.5, 0.8, 0.9, 1.1, 1.25, 2.0])
            return {"number": f"{wrong:.1f}".replace(".", ",")}
        case "order":
            return {"order": rng.sample(codes, len(codes))}
        case "match":
            right = dict(item.key["pairs"])
            shuffled = rng.sample(codes, len(right))
            keep = {left: right[left] for left in right if rng.random() < 0.5}
            free = [code for code in shuffled if code not in keep.values()]
            pairs = dict(keep)
            for left in right:
                if left not in pairs and free:
                    pairs[left] = free.pop()
            return {"pairs": pairs}
        case "best_worst":
            best, worst = rng.sample(codes, 2)
            if rng.random() < 0.3:
                best = item.key["best"]
            elif rng.random() < 0.3:
                worst = item.key["worst"]
            if best == worst:
                worst = rng.choice([code for code in codes if code != best])
            return {"best": best, "worst": worst}
        case "likert":
            return {"step": rng.choice(["1", "2", "3", "4", "5"])}
        case _:
            raise ValueError(f"item {item.code}: no random response for {item.type}")


def drawn_notes(
    files: SampleFiles, instrument: str, competency: str, level: float, rng: random.Random, used: set[str]
) -> list[tuple[str, str, str]]:
    """One or two (indicator, sign, text) that fit a shown level: more pluses the higher it is."""
    bank = files.quotes.get(instrument, {}).get(competency, [])
    plus = [row for row in bank if row[1] == "+"]
    minus = [row for row in bank if row[1] == "-"]
    chance = float(np.clip((level - 1.5) / 3.0, 0.05, 0.95))
    notes: list[tuple[str, str, str]] = []
    for _ in range(2 if rng.random() < 0.45 else 1):
        pool = [row for row in (plus if rng.random() < chance else minus) if row[2] not in used]
        if pool:
            row = rng.choice(pool)
            used.add(row[2])
            notes.append((row[0], row[1], row[2]))
    return notes
