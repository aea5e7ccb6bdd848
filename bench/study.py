"""`./run bench study`: the simulation study behind the scoring rules, with its page."""

from __future__ import annotations

import json
import sys
import time

from bench.home import ROOT
from bench.study_tables import B1, B2, B3, GATE, LARGE, REST, ZONES, Line, others, plans, rows
from kamerton.measure.simulation import Study, run_study

PAGE = ROOT / "docs" / "methods" / "simulation-study.md"
RESULTS = ROOT / "bench-results" / "study.json"
HEAD = """# What the scoring rules do when the truth is known

Every rule between an answer and a category was tried on simulated people whose true levels are known. This page is written by
`./run bench study`; the same seed gives the same numbers. Figures are ours ± Monte-Carlo error; in brackets stands what the
specification of the rules printed from another program. ▸ marks a difference beyond two errors of both together.

**The worlds.** 34 people, 24 of a company and 10 from outside who skip one exercise; eight competencies, six instruments, a test of 46
items, six raters of whom one is lenient by .60 and one uses half of the scale. *Moderate*: people differ more than exercises do. *Hard*: the
exercises differ more than the competencies, as the literature reports. True levels have SD .70, one in three people is truly ready.

**What it cannot show.** Generator and estimators share their form: real coverage will be lower. Truths are normal unless said
otherwise, answers have no differential functioning, and one panel links all blocks. The figures of B4 rest wholly on assumed components.
"""

REASONS = """
**Where they differ and why.** The people of our worlds have a slightly wider composite than those of the specification's program (the five
truly highest stand .06 higher), so raw intervals, which leave out the method, hold the composite a little oftener. C is kept less often: which
other role holds depends on the weights of the other roles, which the specification's trial did not have. In the hard truth a little more of the
open zone is truly A than the specification printed, on three worlds' worth of people. Coverage of competencies and composite, the order of the
pipelines and of the rules, and the agreement of decisions are the same.

**What B5 left untried, now tried.** Other spreads, competencies nearly apart, exercises that agree, a skewed truth, drifting raters and absent
ratings move the coverage of 80 % intervals by at most .05, always wide where exercises agree better than assumed. The zero of severity
from rated certification performances is nearer than the median's. The marker's term of texts errs on the wide side. Red-flag events never enter
a number and have nothing to simulate; the words on a page are those of the zones above.

**How to repeat it.** `./run bench study` takes about four minutes on two cores; `--quick` twenty seconds; `--seed`, `--replications` as you like.
Quick shares of it run with the tests (`tests/measure/simulation/test_study.py`).
"""


def study(*, quick: bool, seed: int = 1, replications: int | None = None, write: bool = True) -> int:
    """Run the study, write the page, keep the figures; returns the exit status."""
    begin = time.monotonic()

    def progress(cycle: int, objective: float, change: float) -> None:
        if cycle % 20 == 0 or cycle == int(objective):
            sys.stdout.write(f"{cycle} of {objective:.0f} worlds of 34 ({time.monotonic() - begin:.0f} s)\n")
            sys.stdout.flush()

    count = replications or (20 if quick else 300)
    found = run_study(
        replications=count,
        seed=seed,
        large=0 if quick else 5000,
        middle=0 if quick else 1000,
        progress=progress,
    )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found.to_dict()), encoding="utf-8")
    if quick:
        sys.stdout.write("\n".join(_table(found, B2[-1:], ("RMSE", "80 %", "95 %", "composite RMSE", "80 %", "categories", "FN", "FP"))) + "\n")  # fmt: skip
        return 0
    if write:
        PAGE.write_text(page(found), encoding="utf-8")
        sys.stdout.write(f"{PAGE.relative_to(ROOT)} written after {time.monotonic() - begin:.0f} s\n")
    return 0


def page(found: Study) -> str:
    """The page as Markdown."""
    plan = found.plan
    out = [HEAD]
    out.append(
        f"Seed {plan['seed']}, {plan['replications']} worlds of 34 for each truth ({plan['third']} where less will do), "
        f"one of {plan['large']:,}, {plan['middle_worlds']} of {plan['middle']:,}; {plan['draws']:,} draws a decision.\n"
    )
    parts: tuple[tuple[str, tuple[Line, ...], tuple[str, ...]], ...] = (
        ("B1. Parts, 34 people", B1, ("",)),
        (f"B1 and B2 at {plan['large']:,} people", LARGE, ("",)),
        ("B2. Competency and composite, 34 people", B2, ("RMSE", "80 %", "95 %", "composite RMSE", "composite 80 %", "categories", "FN of a gate", "FP of a gate")),
        ("B3. Decision: A or not", B3, ("FN", "FP", "PPV", "agreement")),
        ("B3. Zones of P(A)", ZONES, ("share of people", "truly A")),
        ("B3. One gate: how often a printed probability comes true", GATE, ("common prior", "flat prior")),
        ("B3. Again, seats, highest", REST, ("",)),
    )  # fmt: skip
    apart = 0
    for title, lines, heads in parts:
        out += [f"\n## {title}\n", *_table(found, lines, heads)]
        apart += sum(row[3] for row in rows(found, lines))
    out.append("\n## B4. What buys most\n")
    out.append(
        "| design | moderate: SE | reliability | composite SE | hard: SE | reliability | composite SE |"
    )
    out.append("|---|---|---|---|---|---|---|")
    out += [f"| {words} | {' | '.join(cells)} |" for words, cells in plans()]
    out.append("\n## Truths the rules were not chosen on\n")
    out.append(
        "| truth | RMSE | 80 % holds | 95 % holds | composite RMSE | composite 80 % | categories | ready or not |"
    )
    out.append("|---|---|---|---|---|---|---|---|")
    names = ("rmse", "cover80", "cover95", "composite_rmse", "composite_cover80", "four", "ready")
    for name, figures in others(found):
        if "rmse" in figures:
            out.append(
                f"| {name} | "
                + " | ".join(f"{figures[x].value:.3f} ± {figures[x].se:.3f}" for x in names)
                + " |"
            )
    out.append(
        "\nTexts marked by people (marker SD .20 of an item's points, 200 people): what leaving the marker's term out costs a block.\n"
    )
    out += ["| | 80 % with | without | 95 % with | without |", "|---|---|---|---|---|"]
    for name, figures in others(found):
        if "with.cover80" in figures:
            out.append(f"| {name} | " + " | ".join(f"{figures[x].value:.3f}" for x in ("with.cover80", "without.cover80", "with.cover95", "without.cover95")) + " |")  # fmt: skip
    out.append("\nThe zero of severity, moderate truth: error of the zero in levels, then decisions.\n")
    out += ["| zero | error | FN | FP | agreement |", "|---|---|---|---|---|"]
    figures = found.figures["moderate"]
    for name, words in (
        ("mean", "mean of the pool"),
        ("median", "median rater"),
        ("anchors", "rated certification performances"),
    ):
        out.append(f"| {words} | " + " | ".join(f"{figures[f'zero.{name}.{x}'].value:.3f} ± {figures[f'zero.{name}.{x}'].se:.3f}" for x in ("error", "fn", "fp", "agree")) + " |")  # fmt: skip
    total = sum(len(line.figures) * 2 for _, lines, _ in parts for line in lines)
    out.append(f"\nOf {total} figures {apart} differ from the specification beyond chance.")
    out.append(REASONS)
    return "\n".join(out) + "\n"


def _table(found: Study, lines: tuple[Line, ...], heads: tuple[str, ...]) -> list[str]:
    if len(heads) == 1:
        out = ["| | moderate | hard |", "|---|---|---|"]
        return out + [f"| {words} | {m[0]} | {h[0]} |" for words, m, h, _ in rows(found, lines)]
    out = [f"| | truth | {' | '.join(heads)} |", "|---|---|" + "---|" * len(heads)]
    for words, m, h, _ in rows(found, lines):
        out += [f"| {words} | moderate | {' | '.join(m)} |", f"| | hard | {' | '.join(h)} |"]
    return out
