"""How well samples of this design agree with the truth, before any seed is chosen; and the choice of the seed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from kamerton.flows.evaluate_role import count_own_seats
from kamerton.flows.sample_world import SampleFiles, sample_spec, sample_world
from kamerton.measure.chain import evaluate
from kamerton.measure.simulation import Band, category_agreement

WANTED = (("ready", "probably_ready"), ("open",), ("developing",), ("other_role",), ("not_now", "not_a"))
"""The first page should show somebody in each of these."""


@dataclass(frozen=True)
class Study:
    """Agreement of `replications` simulated samples with their truth: means and 5–95 % bands."""

    replications: int
    first_seed: int
    four: Band
    ready: Band
    decided: Band
    decided_right: Band


def study_samples(files: SampleFiles, *, replications: int, first_seed: int = 1) -> Study:
    """Simulate `replications` samples with seeds from `first_seed` and compare their categories with the truth."""
    spec = sample_spec(files)
    rows = []
    for seed in range(first_seed, first_seed + replications):
        world = sample_world(files, seed)
        rows.append(category_agreement(evaluate(spec, world.data, second_opinions=False), world))

    def band(name: str) -> Band:
        return Band.of(np.array([getattr(row, name) for row in rows]))

    return Study(
        replications, first_seed, band("four"), band("ready"), band("decided"), band("decided_right")
    )


def choose_seed(files: SampleFiles, study: Study, *, first_seed: int, seats: int, tries: int = 500) -> int:
    """The first seed whose sample lies inside both bands, shows every category, and leaves seats to fill.

    The rule is stated here, before looking: it picks a telling sample, not a flattering one — agreement above the band
    is refused as much as agreement below it.
    """
    spec = sample_spec(files)
    own = np.array([row[0] == "e" for row in files.sample["people"]])
    share = files.contents.procedures[0].fit_rule.share_developing
    for seed in range(first_seed, first_seed + tries):
        world = sample_world(files, seed)
        result = evaluate(spec, world.data, second_opinions=False)
        count = count_own_seats(spec, result, own, needed=float(seats), share=share)
        agreement = category_agreement(result, world)
        counts = Counter(result.fit.proposal)
        shown = all(sum(counts[code] for code in group) >= 2 for group in WANTED)
        inside = (
            study.four.low <= agreement.four <= study.four.high
            and study.ready.low <= agreement.ready <= study.ready.high
        )
        found = {
            r: set(f) for r, f in zip(result.calibration.raters, result.calibration.rater_flags, strict=True)
        }
        planted = (
            "lenient" in found[world.data.raters[files.sample["lenient"]]]
            and "central" in found[world.data.raters[files.sample["central"]]]
        )
        # Whole people on the page: after those who are ready and the counted share of those who grow, two seats or so stay.
        left = seats - round(count.ready) - round(share * count.developing) if count is not None else 0
        if shown and inside and planted and 1 <= left <= 3:
            return seed
    raise ValueError(f"no seed from {first_seed} on in {tries} tries; widen the rule or the number of tries.")


def write_expected(root: Path, study: Study, seed: int) -> None:
    """File the study beside the sample as expected.yaml."""

    def band(value: Band) -> dict[str, Any]:
        return {"low": round(value.low, 4), "mean": round(value.mean, 4), "high": round(value.high, 4)}

    text = yaml.safe_dump(
        {
            "replications": study.replications,
            "first_seed": study.first_seed,
            "seed": seed,
            "four": band(study.four),
            "ready": band(study.ready),
            "decided": band(study.decided),
            "decided_right": band(study.decided_right),
        },
        sort_keys=False,
    )
    head = (
        "# Agreement of simulated samples of this design with their truth: mean and 5–95 % band over the replications,\n"
        "# on record before the seed was chosen. Made by: ./run kamerton sample --study 1000\n"
    )
    (root / "expected.yaml").write_text(head + text, encoding="utf-8")
