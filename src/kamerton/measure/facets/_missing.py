"""What not knowing the persons' measures takes away from the information: posterior covariances of their scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix

from .._checks import BoolArray, FloatArray, IntArray
from ._long import Design
from ._moments import Moments
from ._parameters import Layout

BLOCK = 4_000_000  # persons × nodes (and features × nodes) held at once: 32 MB
DENSE = 2000  # free parameters up to which the information is a dense matrix in every step


@dataclass(frozen=True)
class Features:
    """Per person the raw parameters its ratings speak of; rows sorted by person."""

    pair_counts: Any  # (n, C) sparse: ratings of a person on a level, by cell
    pair_person: IntArray
    pair_raw: IntArray  # raw index of the level
    group_counts: Any  # (m, C) sparse: ratings of a person in a threshold group
    group_person: IntArray
    group_raw: IntArray  # raw index of the group's first threshold


def features(design: Design, offset: IntArray) -> Features:
    """Sparse tables from which scores of persons are made."""
    coo = coo_matrix(design.counts)
    person, cell, count = coo.row, coo.col, coo.data
    n_levels, width, n_cells = int(offset[-1]), design.width, design.counts.shape[1]
    keys = np.concatenate(
        [
            person.astype(np.int64) * n_levels + offset[f] + design.cell_level[cell, f]
            for f in range(len(offset) - 1)
        ]
    )
    unique, row = np.unique(keys, return_inverse=True)
    pairs = csr_matrix(
        (np.tile(count, len(offset) - 1), (row, np.tile(cell, len(offset) - 1))), shape=(len(unique), n_cells)
    )
    n_groups = len(design.steps)
    gkeys, grow = np.unique(person.astype(np.int64) * n_groups + design.cell_group[cell], return_inverse=True)
    groups = csr_matrix((count, (grow, cell)), shape=(len(gkeys), n_cells))
    return Features(
        pair_counts=pairs,
        pair_person=(unique // n_levels).astype(np.intp),
        pair_raw=(unique % n_levels).astype(np.intp),
        group_counts=groups,
        group_person=(gkeys // n_groups).astype(np.intp),
        group_raw=(n_levels + (gkeys % n_groups) * width).astype(np.intp),
    )


def missing_information(
    design: Design,
    plan: Layout,
    f: Features,
    active: BoolArray,
    sd: float,
    z: FloatArray,
    table: Moments,
    post: FloatArray,
    here: slice,
) -> Any:
    """Σ over the persons of a block of the posterior covariance of their score functions (Louis 1982), sparse."""
    pieces: list[Any] = []
    step = max(1, BLOCK // (8 * len(z)))
    for begin in range(here.start, here.stop, step):
        end = min(begin + step, here.stop)
        part = post[begin - here.start : end - here.start]
        pieces.append(_of_persons(design, plan, f, active, sd, z, table, part, begin, end))
    return sum(pieces[1:], pieces[0])


def _of_persons(
    design: Design,
    plan: Layout,
    f: Features,
    active: BoolArray,
    sd: float,
    z: FloatArray,
    table: Moments,
    post: FloatArray,
    begin: int,
    end: int,
) -> Any:
    width, size = plan.width, len(plan.start)
    pairs = slice(*np.searchsorted(f.pair_person, (begin, end)))
    groups = slice(*np.searchsorted(f.group_person, (begin, end)))
    n = end - begin
    total = design.counts[begin:end] @ table.mean
    score = design.score[begin:end, None]
    count = f.group_counts[groups]
    scores = np.concatenate(
        [
            f.pair_counts[pairs] @ table.mean,
            *[count @ table.reached[k] for k in range(width)],
            -total,
            sd * z[None, :] * (score - total),
        ]
    )
    person = np.concatenate(
        [
            f.pair_person[pairs],
            *[f.group_person[groups]] * width,
            np.arange(begin, end),
            np.arange(begin, end),
        ]
    )
    raw = np.concatenate(
        [
            f.pair_raw[pairs],
            *[f.group_raw[groups] + k for k in range(width)],
            np.full(n, plan.mean_at),
            np.full(n, plan.mean_at + 1),
        ]
    )
    order = np.argsort(person, kind="stable")
    per_person = np.bincount(person - begin, minlength=n)
    first = np.cumsum(per_person) - per_person
    dense = size <= DENSE
    out = np.zeros(size * size) if dense else None
    pieces: list[Any] = []
    for width_here in np.unique(per_person):
        mine = np.flatnonzero((per_person == width_here) & active[begin:end])
        if len(mine) == 0:
            continue
        chunk = max(1, BLOCK // (int(width_here) * len(z)))
        for k in range(0, len(mine), chunk):
            who = mine[k : k + chunk]
            at = order[first[who][:, None] + np.arange(width_here)[None, :]]
            values = scores[at]  # (B, a, Q)
            p = post[who][:, None, :]
            values = values - (values @ p.transpose(0, 2, 1))
            product = (values * p) @ values.transpose(0, 2, 1)
            index = raw[at]
            if out is not None:
                key = index[:, :, None] * size + index[:, None, :]
                out += np.bincount(key.ravel(), weights=product.ravel(), minlength=size * size)
            else:
                rows = np.broadcast_to(index[:, :, None], product.shape).ravel()
                columns = np.broadcast_to(index[:, None, :], product.shape).ravel()
                pieces.append(coo_matrix((product.ravel(), (rows, columns)), shape=(size, size)).tocsr())
    if out is not None:
        return csr_matrix(out.reshape(size, size))
    return sum(pieces[1:], pieces[0]) if pieces else csr_matrix((size, size))
