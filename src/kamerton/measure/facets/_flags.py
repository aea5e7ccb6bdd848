"""What a reader must know before using the numbers of a many-facet model, by name."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from .._estimator import Flag, Table
from ._long import CONSTANT, EMPTY, TOP, USABLE, Design, LongTable
from ._newton import FULL_ERRORS, KEPT
from ._report import STATUS_FLAG, Solved
from ._solve import Search

SD_LIMIT = (
    15.0  # logits; a scale on which the error of a rating is a fifteenth of a person's distance is a step
)
FEW_PERSONS = 30  # below it the spread of persons is a guess, and marginal measures lean on it


def result_flags(
    solved: Solved, search: Search, parameters: Table, categories: Table, *, marginal: bool
) -> list[Flag]:
    out: list[Flag] = []
    if not search.converged:
        out.append(Flag("not_converged", "", f"{search.cycles} cycles, decrement {search.decrement:.2g}"))
    if not search.errors.exact:
        out.append(
            Flag(
                "approximate_errors",
                "",
                f"{solved.plan.n_free} parameters: beyond {FULL_ERRORS} (persons of the joint method: {KEPT}) "
                "errors leave out what parameters share",
            )
        )
    if search.errors.not_identified:
        basis = solved.plan.basis.tocsc()
        names = parameters["name"]
        raws = [int(basis.indices[basis.indptr[k]]) for k in search.errors.not_identified]
        where = ", ".join(str(names[r]) for r in raws[:8] if r < solved.plan.n_levels)
        out.append(
            Flag(
                "not_identified",
                where,
                "the ratings leave a direction open; differences along it mean nothing",
            )
        )
    for row in categories.rows():
        for code in row["flags"].split():
            name = "few_ratings_in_category" if code == "few_ratings" else code
            out.append(Flag(name, f"{row['group']}:{row['category']}", f"n = {row['n']}"))
    usable = int(np.isfinite(solved.theta).sum())
    if usable < FEW_PERSONS:
        out.append(Flag("too_few_persons", "", f"{usable}; the spread of persons needs {FEW_PERSONS}"))
    if marginal and solved.point.sd > SD_LIMIT:
        out.append(
            Flag(
                "no_finite_maximum", "", f"sd {solved.point.sd:.3g}: persons are told apart without any error"
            )
        )
    if marginal and solved.point.sd < 0.01:
        out.append(
            Flag(
                "no_spread_of_persons",
                "",
                f"sd {solved.point.sd:.2g}: the ratings do not tell persons apart",
            )
        )
    return out


def flag_extreme_persons(table: Table, design: Design) -> Table:
    """Persons at an end of the scale keep their posterior mean in the marginal method; the reader is told."""
    n = np.asarray(design.counts.sum(axis=1)).ravel()
    most = np.bincount(
        design.person, weights=design.steps[design.cell_group[design.cell]], minlength=design.n_persons
    )
    flags = [str(text).split() for text in table["flags"]]
    for k in np.flatnonzero((n > 0) & ((design.score == most) | (design.score == 0))):
        code = "perfect_score" if design.score[k] == most[k] else "zero_score"
        if code not in flags[k]:
            flags[k].insert(0, code)
    return Table({**table.columns, "flags": np.array([" ".join(f) for f in flags], dtype=str)})


def design_flags(table: LongTable, design: Design, scale_facet: int | None) -> list[Flag]:
    out: list[Flag] = []
    for f, name in enumerate(table.facets):
        for k in np.flatnonzero((design.status[f] != USABLE) & (design.status[f] != EMPTY)):
            code = STATUS_FLAG[int(design.status[f][k])]
            what = "highest" if design.status[f][k] == TOP else "lowest"
            said = (
                "all ratings in one category"
                if design.status[f][k] == CONSTANT
                else f"only the {what} category"
            )
            out.append(Flag(code, f"{name} {table.labels[f][k]}", f"{design.raw_n[f][k]} ratings, {said}"))
    for g, held in enumerate(design.categories):
        gaps = np.setdiff1d(np.arange(held[0], held[-1] + 1), held) if len(held) else np.zeros(0)
        where = "" if scale_facet is None else f"{table.facets[scale_facet]} {table.labels[scale_facet][g]}"
        for gap in cast(Any, gaps).tolist():
            out.append(
                Flag(
                    "unused_category",
                    where,
                    f"{gap} was never used; the categories beside it are neighbours here",
                )
            )
    return out
