"""Second opinions on the blocks of the test: correlated abilities, from a hundred persons on (SCORING A1.5, A1.6)."""

from __future__ import annotations

import numpy as np

from .._checks import FloatArray
from ..irt import CorrelatedBlocks
from ._spec import ChainSpec

ALGORITHM = "irt.correlated-blocks/1"
FEWEST = 100
"""Below it nothing is said by an item response model."""
LEARN_FROM = 200
"""From here slopes and correlations are learnt; below, slopes are equal and correlations assumed .5."""
SLOPE_PRIOR = (float(np.log(1.3 * 0.7)), 0.3)
"""Of log slopes: 1.3 a level at a spread of .70 levels between persons."""
STEP = 1e-3


def borrowed_blocks(spec: ChainSpec, item_scores: FloatArray) -> tuple[FloatArray, FloatArray, bool]:
    """Levels and errors of each person's blocks when each leans on the others, (P, C); NaN where nothing is said; whether anything was.

    The metric comes from the panel: a person's level is that of the block score expected at their ability. Scores of an item are rounded
    to whole points. Never enters the score of record.
    """
    n, n_c = len(item_scores), len(spec.competencies)
    nothing = np.full((n, n_c), np.nan)
    links = spec.links()
    whole = np.round(item_scores)
    useful = np.array([len(np.unique(column[~np.isnan(column)])) > 1 for column in whole.T], dtype=bool)
    blocks = [c for c in range(n_c) if links[c] is not None and (useful & (spec.item_block == c)).sum() >= 3]
    keep = np.isin(spec.item_block, blocks) & useful
    seen = ~np.isnan(whole[:, keep])
    if int(seen.any(axis=1).sum()) < FEWEST or len(blocks) < 2:
        return nothing, nothing, False
    learns = int(seen.any(axis=1).sum()) >= LEARN_FROM
    ordered = [len(np.unique(c[~np.isnan(c)])) > 2 for c in whole[:, keep].T]
    types = [("gpcm" if many else "2pl") if learns else ("pcm" if many else "rasch") for many in ordered]
    assumed = np.full((len(blocks), len(blocks)), 0.5) + 0.5 * np.eye(len(blocks))
    order = np.argsort(spec.item_block[keep], kind="stable")
    answers = whole[:, keep][:, order]
    model = CorrelatedBlocks(
        blocks=[spec.competencies[c] for c in spec.item_block[keep][order]],
        types=[types[k] for k in order],
        correlation="learn" if learns else assumed,
        slope_prior=SLOPE_PRIOR if learns else None,
        standard_errors=False,
        tolerance=1e-3,
    ).fit(answers)
    found = model.estimate(answers)
    value, se = nothing.copy(), nothing.copy()
    share = np.array(
        [
            whole[:, keep & (spec.item_block == c)].shape[1] / max((spec.item_block == c).sum(), 1)
            for c in blocks
        ]
    )
    at, above = model.expected_scores(found.value), model.expected_scores(found.value + STEP)
    for d, name in enumerate(model.dimensions_):
        c = spec.competencies.index(name)
        link = links[c]
        assert link is not None
        items = keep & (spec.item_block == c)
        scale = (
            link.maximum / max(float(spec.item_max[items].sum()), 1e-9) if share[blocks.index(c)] < 1 else 1.0
        )
        level, next_level = (link.to_level(np.clip(x[:, d] * scale, 0, link.maximum)) for x in (at, above))
        value[:, c] = level
        slope = np.maximum((next_level - level) / STEP, 0.0)
        se[:, c] = np.sqrt((slope * found.se[:, d]) ** 2 + link.se**2)
    return value, se, True
