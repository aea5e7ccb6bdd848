"""The report of `kamerton score` as one HTML file: tables, charts drawn here as SVG, no script, no outside host."""

from __future__ import annotations

import base64
import html
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from kamerton.measure.classical import (
    ITEM_STATISTICS_FROM,
    LOW_DISCRIMINATION,
    ClassicalTest,
    DistractorStatistics,
    Estimate,
    ItemStatistics,
    OptionStatistics,
    PersonScore,
)


@dataclass(frozen=True)
class Analysis:
    """What was read, what was found, and what a reader must know about how."""

    source: str
    persons: tuple[str, ...]
    test: ClassicalTest
    scores: tuple[PersonScore, ...]
    distractors: tuple[DistractorStatistics, ...]
    notes: tuple[dict[str, str], ...]


FLAGS: dict[str, dict[str, str]] = {
    "too_few_persons": {"ru": "мало людей", "en": "too few people"},
    "too_few_common_persons": {"ru": "мало людей с общими заданиями", "en": "too few people share items"},
    "too_few_items": {"ru": "мало заданий", "en": "too few items"},
    "few_persons": {"ru": "", "en": ""},
    "constant": {"ru": "у всех один балл", "en": "everybody scored the same"},
    "constant_item": {
        "ru": "есть задание с одним баллом у всех",
        "en": "an item everybody scored the same on",
    },
    "no_variance": {"ru": "баллы не различаются", "en": "scores do not vary"},
    "very_easy": {"ru": "почти все решили", "en": "nearly everybody solves it"},
    "very_hard": {"ru": "почти никто не решил", "en": "nearly nobody solves it"},
    "negative_discrimination": {
        "ru": "связь с тестом обратная: проверьте ключ",
        "en": "goes against the test: check the key",
    },
    "low_discrimination": {"ru": "слабая связь с тестом", "en": "hardly goes with the test"},
    "negative_alpha": {
        "ru": "отрицательная: проверьте ключ и направление шкал",
        "en": "negative: check key and direction",
    },
    "unequal_halves": {"ru": "половины разной длины", "en": "halves of unequal length"},
    "halves_opposed": {"ru": "половины противоречат друг другу", "en": "the halves contradict each other"},
    "not_converged": {"ru": "расчёт не сошёлся", "en": "did not converge"},
    "loading_above_one": {
        "ru": "нагрузка больше единицы: один фактор не подходит",
        "en": "a loading above one: one factor does not fit",
    },
    "not_identified": {"ru": "для одного фактора мало заданий", "en": "too few items for a factor"},
    "all_correct": {
        "ru": "наивысший балл: верхний край не измерен",
        "en": "top score: no upper end measured",
    },
    "none_correct": {
        "ru": "низший балл: нижний край не измерен",
        "en": "bottom score: no lower end measured",
    },
    "insufficient": {
        "ru": "предъявлено меньше 80 % баллов теста",
        "en": "presented less than 80% of the points",
    },
    "error_assumed": {"ru": "погрешность принята, а не измерена", "en": "error assumed, not measured"},
    "not_presented": {"ru": "ничего не предъявлено", "en": "nothing was presented"},
    "never_chosen": {"ru": "никто не выбрал", "en": "never chosen"},
    "positive_distractor": {
        "ru": "неверный вариант чаще у сильных",
        "en": "a wrong option the able choose more",
    },
    "positive_distractor_certain": {"ru": "и это не случайность", "en": "and not by chance"},
    "key_not_positive": {"ru": "ключ не у сильных", "en": "the key is not the choice of the able"},
    "key_not_chosen_by_ablest": {
        "ru": "сильные 27 % чаще выбирают не ключ",
        "en": "the able 27% choose another option more often than the key",
    },
}
"""Flag of the measurement library → words."""

NBSP = "\u00a0"


def words(flags: Iterable[str], language: str) -> str:
    """Flags as words; the certain kind of a flag replaces "may be chance"."""
    have = list(flags)
    said = []
    for flag in have:
        text = FLAGS.get(flag, {}).get(language, flag)
        if flag == "positive_distractor" and "positive_distractor_certain" not in have:
            text += ", возможна случайность" if language == "ru" else ", may be chance"
        if text:
            said.append(text)
    return ", ".join(said)


def number(value: float, digits: int, language: str) -> str:
    """A number in the form of the language: 1 234,50 or 1,234.50, with a true minus."""
    if math.isnan(value):
        return "н/о" if language == "ru" else "n/r"
    text = f"{abs(value):,.{digits}f}"
    sign = "−" if value < 0 and float(f"{value:.{digits}f}") != 0 else ""
    if language == "ru":
        whole, _, part = text.partition(".")
        if len(whole) < 6:
            whole = whole.replace(",", "") if len(whole.replace(",", "")) < 4 else whole.replace(",", NBSP)
        text = whole.replace(",", NBSP) + ("," + part if part else "")
    return sign + text


def share(value: float, language: str) -> str:
    """A share as a whole percentage."""
    if math.isnan(value):
        return number(value, 0, language)
    return number(100 * value, 0, language) + (f"{NBSP}%" if language == "ru" else "%")


def interval(estimate: Estimate, digits: int, language: str) -> str:
    if estimate.interval is None:
        return ""
    low, high = (number(end, digits, language) for end in (estimate.interval.low, estimate.interval.high))
    if language == "ru":
        return f"от{NBSP}{low} до{NBSP}{high}"
    return f"{low} to {high}"


def plural(n: int, one: str, few: str, many: str) -> str:
    """Russian plural form for a count."""
    if n % 10 == 1 and n % 100 != 11:
        return one
    return few if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else many


def people(n: int, language: str) -> str:
    if language == "ru":
        return f"{number(n, 0, language)}{NBSP}{plural(n, 'человек', 'человека', 'человек')}"
    return f"{number(n, 0, language)} {'person' if n == 1 else 'people'}"


def items_count(n: int, language: str) -> str:
    if language == "ru":
        return f"{n}{NBSP}{plural(n, 'задание', 'задания', 'заданий')}"
    return f"{n} {'item' if n == 1 else 'items'}"


def look_at(found: Sequence[DistractorStatistics]) -> list[DistractorStatistics]:
    """Items whose options deserve a look, the plainest first; an option nobody chose comes last."""

    def weight(item: DistractorStatistics) -> tuple[int, float]:
        flags = item.all_flags
        strongest = max(
            (o.r_rest.value for o in item.options if "positive_distractor" in o.flags), default=0.0
        )
        order = (
            "key_not_positive",
            "key_not_chosen_by_ablest",
            "positive_distractor_certain",
            "positive_distractor",
        )
        return next((i for i, flag in enumerate(order) if flag in flags), len(order)), -strongest

    return sorted((item for item in found if set(item.all_flags) - {"too_few_persons"}), key=weight)


def reliability_verdict(value: Estimate, language: str) -> str:
    """What a reliability allows to say (scoring specification, A6)."""
    ru = language == "ru"
    if value.value >= 0.80:
        return (
            "балл с погрешностью может участвовать в решении"
            if ru
            else "a score with its error may carry a decision"
        )
    if value.value >= 0.70:
        return (
            "балл с погрешностью годится только вместе с другими данными"
            if ru
            else "a score with its error counts only beside other evidence"
        )
    if value.value >= 0.50:
        return (
            "показывать полосой уровней, только для развития" if ru else "show a band, for development only"
        )
    return "для суждения об отдельном человеке данных мало" if ru else "not enough evidence about one person"


# --- charts ------------------------------------------------------------------------------------------------------


def _e(text: object) -> str:
    return html.escape(str(text), quote=True)


def _svg(width: float, height: float, label: str, body: str) -> str:
    return f'<svg width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{_e(label)}">{body}</svg>'


def _dot_row(
    estimate: Estimate,
    low: float,
    high: float,
    *,
    width: int = 150,
    wall: float | None = None,
    down: bool = False,
) -> str:
    """A dot with its interval on a line of its own; `wall` is a mark the reader compares with."""
    height, edge = 20, 6

    def x(value: float) -> float:
        return edge + (min(max(value, low), high) - low) / (high - low) * (width - 2 * edge)

    middle = height / 2
    parts = [f'<line class="gr" x1="{edge}" x2="{width - edge}" y1="{middle}" y2="{middle}"/>']
    if wall is not None:
        parts.append(f'<line class="tick" x1="{x(wall):.1f}" x2="{x(wall):.1f}" y1="4" y2="{height - 4}"/>')
    if estimate.is_reported:
        kind = " down" if down else ""
        if estimate.interval is not None:
            parts.append(
                f'<line class="ci{kind}" x1="{x(estimate.interval.low):.1f}" x2="{x(estimate.interval.high):.1f}" y1="{middle}" y2="{middle}"/>'
            )
        parts.append(f'<circle class="dot{kind}" cx="{x(estimate.value):.1f}" cy="{middle}" r="4.5"/>')
    return f'<svg class="row" width="{width}" height="{height}" viewBox="0 0 {width} {height}" aria-hidden="true">{"".join(parts)}</svg>'


def _axis_steps(low: float, high: float, most: int = 8) -> list[float]:
    raw = (high - low) / most
    power = 10 ** math.floor(math.log10(raw)) if raw > 0 else 1
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw - 1e-12)
    first = math.ceil(low / step - 1e-9) * step
    return [first + i * step for i in range(int((high - first) / step + 1e-9) + 1)]


def _distribution(a: Analysis, language: str) -> str:
    """How many people have each score, and below, on the same axis, the error of each score."""
    test = a.test
    low, high = float(test.minimum_.sum()), float(test.maximum_.sum())
    totals = np.array([low + p.share * (high - low) for p in a.scores if p.n_items])
    count = round(high - low) + 1 if high - low <= 60 and float(high - low).is_integer() else 30
    span = (high - low) / (count - 1)
    bins = np.clip(np.rint((totals - low) / span).astype(int), 0, count - 1)
    counts = np.bincount(bins, minlength=count)
    width, left, right, top, tall, gap, short = 720, 44, 16, 24, 168, 52, 92
    height = top + tall + gap + short + 26

    def x(value: float) -> float:
        return left + (value - low + span / 2) / (high - low + span) * (width - left - right)

    each = (width - left - right) / count
    most = int(counts.max()) or 1
    out = []
    for value in _axis_steps(0, most, 4):
        if abs(value - round(value)) > 1e-9:
            continue
        y = top + tall - value / most * tall
        out.append(f'<line class="gr" x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        out.append(
            f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{number(value, 0, language)}</text>'
        )
    for i, n in enumerate(counts):
        if n:
            bar = n / most * tall
            out.append(
                f'<rect class="bar" x="{left + i * each + each * 0.1:.1f}" y="{top + tall - bar:.1f}" width="{max(1.0, each * 0.8):.1f}" height="{bar:.1f}"/>'
            )
    out.append(f'<line class="ax" x1="{left}" x2="{width - right}" y1="{top + tall}" y2="{top + tall}"/>')
    mean = test.mean_
    anchor = "start" if x(mean) < width - 150 else "end"
    shift = 6 if anchor == "start" else -6
    out.append(f'<line class="halo" x1="{x(mean):.1f}" x2="{x(mean):.1f}" y1="{top - 8}" y2="{top + tall}"/>')
    out.append(f'<line class="mean" x1="{x(mean):.1f}" x2="{x(mean):.1f}" y1="{top - 8}" y2="{top + tall}"/>')
    out.append(
        f'<text class="strong" x="{x(mean) + shift:.1f}" y="{top - 10}" text-anchor="{anchor}">{"среднее" if language == "ru" else "mean"} {number(mean, 1, language)}</text>'
    )
    ticks = _axis_steps(low, high, 10)
    places = 0 if all(abs(t - round(t)) < 1e-9 for t in ticks) else 1
    base = top + tall + gap + short
    for value in ticks:
        for y in (top + tall, base):
            out.append(
                f'<text x="{x(value):.1f}" y="{y + 18}" text-anchor="middle">{number(value, places, language)}</text>'
            )
    curve = test.conditional_error_
    largest = float(curve.se.max()) * 1.15
    points = " ".join(
        f"{x(s):.1f},{base - e / largest * short:.1f}" for s, e in zip(curve.scores, curve.se, strict=True)
    )
    out.append(f'<line class="ax" x1="{left}" x2="{width - right}" y1="{base}" y2="{base}"/>')
    se_steps = _axis_steps(0, largest, 3)
    se_digits = (
        0
        if all(abs(v - round(v)) < 1e-9 for v in se_steps)
        else 1
        if all(abs(v * 10 - round(v * 10)) < 1e-6 for v in se_steps)
        else 2
    )
    for value in se_steps:
        y = base - value / largest * short
        out.append(
            f'<line class="gr" x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}"/><text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{number(value, se_digits, language)}</text>'
        )
    if test.sem_.is_reported:
        y = base - test.sem_.value / largest * short
        out.append(f'<line class="sem" x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}"/>')
    out.append(f'<polyline class="curve" points="{points}"/>')
    ru = language == "ru"
    out.append(f'<text class="strong" x="{left}" y="{top - 10}">{"человек" if ru else "people"}</text>')
    out.append(
        f'<text class="strong" x="{left}" y="{top + tall + gap - 8}">{"погрешность балла (SE)" if ru else "standard error of the score"}</text>'
    )
    label = (
        f"Распределение баллов: среднее {number(mean, 1, language)} из {number(high, 0, language)}"
        if ru
        else f"Distribution of scores: mean {number(mean, 1, language)} of {number(high, 0, language)}"
    )
    return _svg(width, height, label, "".join(out))


def _choice_row(option: OptionStatistics, language: str) -> str:
    """Share among the weak (open ring) and the able (full dot), joined by a line."""
    width, height, edge = 190, 20, 7

    def x(value: float) -> float:
        return edge + value * (width - 2 * edge)

    out = [f'<line class="gr" x1="{edge}" x2="{width - edge}" y1="10" y2="10"/>']
    if not math.isnan(option.upper_share):
        bad = (
            " down" if (option.upper_share > option.lower_share) != option.is_key and option.n_chosen else ""
        )
        a, b = x(option.lower_share), x(option.upper_share)
        out.append(
            f'<line class="move{bad}" x1="{a:.1f}" x2="{b:.1f}" y1="10" y2="10"/><circle class="ring{bad}" cx="{a:.1f}" cy="10" r="3.5"/><circle class="dot{bad}" cx="{b:.1f}" cy="10" r="4.5"/>'
        )
    return f'<svg class="row" width="{width}" height="{height}" viewBox="0 0 {width} {height}" aria-hidden="true">{"".join(out)}</svg>'


# --- page --------------------------------------------------------------------------------------------------------

PERSONS_SHOWN = 60
"""People printed on the page; a board reads no more, and the CSV file has everybody."""

FONTS = Path(__file__).resolve().parents[1] / "web" / "static" / "fonts"

TOKENS_LIGHT = """--paper:#fff;--ground:#f4f6f6;--sunk:#e9edee;--rule:#dde2e4;--rule-2:#aab3b9;--edge:#7d8790;--ink:#14181c;
--ink-2:#434b54;--ink-3:#5f6872;--accent:#0a5a64;--accent-mid:#a9d0d4;--doubt:#7d4b00;--down:#b9530f;"""
TOKENS_DARK = """--paper:#15181b;--ground:#1c2024;--sunk:#252a2f;--rule:#2d3339;--rule-2:#4c545c;--edge:#7f8992;--ink:#e9ebed;
--ink-2:#bcc3c9;--ink-3:#9aa3ab;--accent:#74c6cf;--accent-mid:#2a5d64;--doubt:#f0b75e;--down:#ee9a58;"""

STYLE = """
:root{color-scheme:light dark;LIGHT}
@media (prefers-color-scheme:dark){:root{DARK}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:1080px;padding:32px 32px 48px;background:var(--paper);color:var(--ink);
font:400 14px/20px "Golos",system-ui,"Segoe UI",Roboto,"PT Sans",sans-serif;font-variant-numeric:tabular-nums lining-nums}
h1,h2,h3,p,dl,dd,ul,figure{margin:0;padding:0}
h1{font-size:26px;line-height:32px;font-weight:600;letter-spacing:-.012em;text-wrap:balance;overflow-wrap:anywhere}
h2{font-size:20px;line-height:28px;font-weight:600;letter-spacing:-.006em;text-wrap:balance;max-width:46em}
h3{font-size:16px;line-height:24px;font-weight:600}
.eyebrow{font-size:13px;line-height:18px;color:var(--ink-2);margin-bottom:4px}
.facts{margin-top:6px;padding-bottom:16px;border-bottom:1px solid var(--rule-2);font-size:13px;line-height:18px;color:var(--ink-2);display:flex;flex-wrap:wrap;gap:4px 20px}
section{padding-top:32px}
.under{font-size:13px;line-height:18px;color:var(--ink-2);margin:4px 0 12px;max-width:75ch;text-wrap:pretty}
table{border-collapse:collapse;width:100%}
caption{text-align:left}
th{text-align:left;font-weight:500}
td,tbody th{padding:6px 12px 6px 0;border-bottom:1px solid var(--rule);vertical-align:top}
tbody th{font-weight:400;overflow-wrap:break-word;min-width:5em;max-width:24em}
thead th{font-size:12px;line-height:16px;color:var(--ink-2);vertical-align:bottom;padding:4px 12px 6px 0;border-bottom:1px solid var(--rule-2)}
tr>:last-child{padding-right:0}
.n{text-align:right;white-space:nowrap}
.dim{color:var(--ink-3)}
.w{min-width:9em;font-size:13px;line-height:20px;color:var(--doubt)}
.nb{white-space:nowrap}
b{font-weight:600}
svg{display:block;overflow:visible}
svg text{font:inherit;font-size:12px;fill:var(--ink-2)}
svg .strong{fill:var(--ink);font-weight:500}
.row{margin:0}
.gr{stroke:var(--rule);stroke-width:1;shape-rendering:crispEdges}
.ax{stroke:var(--rule-2);stroke-width:1;shape-rendering:crispEdges}
.tick{stroke:var(--edge);stroke-width:1;stroke-dasharray:2 2}
.ci{stroke:var(--accent);stroke-width:1.5}
.dot{fill:var(--accent);stroke:var(--paper);stroke-width:1.5}
.ring{fill:var(--paper);stroke:var(--accent);stroke-width:1.5}
.move{stroke:var(--accent-mid);stroke-width:2}
.ci.down,.ring.down,.move.down{stroke:var(--down)}.dot.down{fill:var(--down)}
.bar{fill:var(--accent)}
.halo{stroke:var(--paper);stroke-width:5}
.mean{stroke:var(--ink);stroke-width:1.5}
.sem{stroke:var(--ink-3);stroke-width:1;stroke-dasharray:4 3}
.curve{fill:none;stroke:var(--accent);stroke-width:2}
.scroll{overflow-x:auto;margin-top:8px}
.key{list-style:none;display:flex;flex-wrap:wrap;gap:4px 20px;margin-top:8px;font-size:12px;line-height:16px;color:var(--ink-2)}
.key li{display:inline-flex;gap:6px;align-items:center}
.item{padding-top:16px}
.item table{table-layout:fixed;min-width:860px}
.item th:nth-child(1){width:128px}.item th:nth-child(2),.item th:nth-child(3){width:72px}.item th:nth-child(4){width:214px}
.item th:nth-child(5){width:56px}.item th:nth-child(6){width:156px}
.keymark{font-weight:600}
.note{border-left:3px solid var(--rule-2);padding:2px 0 2px 12px;margin-top:16px;font-size:13px;line-height:18px;color:var(--ink-2);max-width:75ch}
.how dt{font-weight:500;margin-top:8px}.how dd{color:var(--ink-2);max-width:75ch;text-wrap:pretty}
footer{margin-top:32px;padding-top:12px;border-top:1px solid var(--rule);font-size:12px;line-height:16px;color:var(--ink-3)}
@media (max-width:640px){body{padding:16px 16px 32px}h1{font-size:20px;line-height:28px}h2{font-size:16px;line-height:24px}}
@media print{:root{LIGHT}body{max-width:none;padding:0}thead{display:table-header-group}tr,figure,.item{break-inside:avoid}h2,h3,.under{break-after:avoid}.scroll{overflow:visible}}
@page{margin:16mm}
"""


def _style() -> str:
    faces = []
    ranges = {
        "cyrillic": "U+0301,U+0400-045F,U+0490-0491,U+04B0-04B1,U+2116",
        "latin": "U+0000-00FF,U+2000-206F,U+20AC,U+2122,U+2191,U+2193,U+2212",
    }
    for name, covers in ranges.items():
        file = FONTS / f"golos-text-{name}-wght-normal.woff2"
        if file.is_file():
            data = base64.b64encode(file.read_bytes()).decode("ascii")
            faces.append(
                f'@font-face{{font-family:"Golos";font-weight:400 900;src:url(data:font/woff2;base64,{data}) format("woff2");unicode-range:{covers}}}'
            )
    return "".join(faces) + STYLE.replace("LIGHT", TOKENS_LIGHT).replace("DARK", TOKENS_DARK)


def _finding(a: Analysis, language: str) -> str:
    ru, alpha = language == "ru", a.test.alpha_
    if not alpha.is_reported:
        if "too_few_persons" in alpha.flags:
            return (
                f"Надёжность не сообщается: {people(alpha.n, language)}, нужно не меньше {ITEM_STATISTICS_FROM}"
                if ru
                else f"No reliability is reported: {people(alpha.n, language)}, at least {ITEM_STATISTICS_FROM} are needed"
            )
        return ("Надёжность не определена: " if ru else "Reliability is not defined: ") + words(
            alpha.flags, language
        )
    return (
        f"Альфа {number(alpha.value, 2, language)} ({interval(alpha, 2, language)}): {reliability_verdict(alpha, language)}"
        if ru
        else f"Alpha {number(alpha.value, 2, language)} ({interval(alpha, 2, language)}): {reliability_verdict(alpha, language)}"
    )


def _reliability(a: Analysis, language: str) -> str:
    ru, test = language == "ru", a.test
    named: list[tuple[str, str, Estimate]] = [
        (
            "Альфа" if ru else "Alpha",
            "нижняя граница надёжности суммы" if ru else "lower bound for the sum",
            test.alpha_,
        ),
        (
            "Лямбда-2" if ru else "Lambda-2",
            "нижняя граница, не меньше альфы" if ru else "lower bound, never below alpha",
            test.lambda2_,
        ),
        (
            "Омега" if ru else "Omega total",
            "если задания меряют одно свойство" if ru else "if the items share one factor",
            test.omega_,
        ),
        (
            "Омега по стандартным баллам" if ru else "Omega, standardised items",
            "так её печатает пакет psych" if ru else "as the psych package prints it",
            test.omega_standardised_,
        ),
        (
            "Половины теста" if ru else "Split half",
            "нечётные и чётные, Спирмен и Браун" if ru else "odd and even, Spearman–Brown",
            test.split_half_,
        ),
    ]
    rows = []
    for title, what, value in named:
        remark = words(value.flags, language)
        rows.append(
            f'<tr><th scope="row">{title} <span class="dim">{what}</span></th>'
            f'<td class="n">{number(value.value, 2, language)}</td><td class="n dim">{interval(value, 2, language)}</td>'
            f'<td class="n dim">{number(value.n, 0, language)}</td><td>{_dot_row(value, 0, 1, width=260)}</td><td class="w">{_e(remark)}</td></tr>'
        )
    heads = (
        ("", "оценка", "интервал 95 %", "n", "от 0 до 1", "")
        if ru
        else ("", "estimate", "95% interval", "n", "0 to 1", "")
    )
    sem = ""
    if test.sem_.is_reported:
        sem = (
            f"Средний балл {number(test.mean_, 2, language)}, SD {number(test.sd_, 2, language)}, стандартная ошибка измерения "
            f"{number(test.sem_.value, 2, language)} балла ({interval(test.sem_, 2, language)})."
            if ru
            else f"Mean score {number(test.mean_, 2, language)}, SD {number(test.sd_, 2, language)}, standard error of measurement "
            f"{number(test.sem_.value, 2, language)} points ({interval(test.sem_, 2, language)})."
        )
    return f'<p class="under">{sem}</p>' + _table(heads, rows, (1, 2, 3))


def _table(heads: Sequence[str], rows: Sequence[str], right: Sequence[int]) -> str:
    top = "".join(f'<th scope="col"{" class=n" if i in right else ""}>{h}</th>' for i, h in enumerate(heads))
    return f'<div class="scroll" tabindex="0"><table><thead><tr>{top}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def _items(a: Analysis, language: str) -> str:
    ru, items = language == "ru", a.test.items_
    graded = any(i.maximum - i.minimum != 1 for i in items)
    omitted, absent = any(i.n_omitted for i in items), any(i.n_not_presented for i in items)
    if ru:
        heads = [
            "задание",
            "n",
            "доля балла" if graded else "доля верных",
            "0 — 1",
            "r с остальными",
            "−0,2 — 0,8",
            "r с суммой",
            "альфа без него",
        ]
        heads += ["пропущено"] * omitted + ["не предъявлено"] * absent + ["на что посмотреть"]
    else:
        heads = [
            "item",
            "n",
            "share of points" if graded else "p correct",
            "0 – 1",
            "r with the rest",
            "−0.2 – 0.8",
            "r with the sum",
            "alpha without it",
        ]
        heads += ["omitted"] * omitted + ["not presented"] * absent + ["worth a look"]
    rows = [_item_row(item, language, omitted=omitted, absent=absent) for item in items]
    return _table(heads, rows, (1, 2, 4, 6, 7, *range(8, len(heads) - 1)))


def _item_row(item: ItemStatistics, language: str, *, omitted: bool, absent: bool) -> str:
    def value(estimate: Estimate, digits: int) -> str:
        text = number(estimate.value, digits, language)
        return text if estimate.is_reported else f'<span class="dim">{text}</span>'

    weak = item.r_rest.is_reported and item.r_rest.value < LOW_DISCRIMINATION
    counts = [item.n_omitted] * omitted + [item.n_not_presented] * absent
    return (
        f'<tr><th scope="row">{_e(item.name)}</th><td class="n dim">{number(item.n, 0, language)}</td>'
        f'<td class="n">{value(item.difficulty, 2)}</td><td>{_dot_row(item.difficulty, 0, 1, width=110)}</td>'
        f'<td class="n">{value(item.r_rest, 2)}</td><td>{_dot_row(item.r_rest, -0.2, 0.8, width=130, wall=0, down=weak)}</td>'
        f'<td class="n">{value(item.r_total, 2)}</td><td class="n">{value(item.alpha_if_dropped, 3)}</td>'
        + "".join(f'<td class="n">{number(count, 0, language)}</td>' for count in counts)
        + f'<td class="w">{_e(words(item.flags, language))}</td></tr>'
    )


def _items_finding(a: Analysis, language: str) -> str:
    ru, items = language == "ru", a.test.items_
    odd = [i for i in items if words(i.flags, language)]
    if all("too_few_persons" in i.flags for i in items):
        return (
            "Статистика заданий не сообщается: мало людей"
            if ru
            else "Item statistics are not reported: too few people"
        )
    if not odd:
        return (
            f"{items_count(len(items), language)}: замечаний нет"
            if ru
            else f"{items_count(len(items), language)}, nothing to remark"
        )
    named = ", ".join(i.name for i in odd[:4]) + (" …" if len(odd) > 4 else "")
    return (
        f"{items_count(len(items), language)}, из них посмотреть стоит {len(odd)}: {named}"
        if ru
        else f"{items_count(len(items), language)}, of which {len(odd)} deserve a look: {named}"
    )


PLAIN_FLAGS = frozenset({"key_not_positive", "key_not_chosen_by_ablest", "positive_distractor_certain"})
"""What earns an item a table of its own; a positive correlation that may be chance is only listed."""


def _distractors(a: Analysis, language: str) -> str:
    ru = language == "ru"
    if not a.distractors:
        return ""
    if all("too_few_persons" in d.flags for d in a.distractors):
        return ""
    shown = look_at(a.distractors)
    odd = [d for d in shown if set(d.all_flags) & PLAIN_FLAGS]
    named = ", ".join(d.name for d in odd[:6]) + (" …" if len(odd) > 6 else "")
    title = f"Варианты ответа: посмотреть стоит {named}" if ru else f"Answer options: look at {named}"
    if not odd:
        title = "Варианты ответа: явных замечаний нет" if ru else "Answer options: no plain remark"
    under = (
        "Открытый кружок: доля выбравших среди слабых 27 %, полный: среди сильных 27 % по остальным заданиям. У ключа полный "
        "должен стоять правее, у прочих вариантов левее; обратное выделено. r: связь выбора с баллом за остальные задания."
        if ru
        else "Open ring: share of choosers among the weak 27%, full dot: among the able 27% by the other items. For the key the full "
        "dot should stand to the right, for other options to the left; the opposite is marked. r: choosing against the score on the other items."
    )
    heads = (
        ("вариант", "выбрали", "доля", "слабые и сильные, 0 — 100 %", "r", "интервал 95 %", "")
        if ru
        else ("option", "chose it", "share", "weak and able, 0 – 100%", "r", "95% interval", "")
    )
    blocks = []
    for item in odd:
        rows = [
            f'<tr><th scope="row">{_option_name(o, ru)}</th>'
            f'<td class="n">{number(o.n_chosen, 0, language)}</td><td class="n">{share(o.share, language)}</td><td>{_choice_row(o, language)}</td>'
            f'<td class="n">{number(o.r_rest.value, 2, language) if o.r_rest.is_reported else ""}</td>'
            f'<td class="n dim">{interval(o.r_rest, 2, language)}</td><td class="w">{_e(words(o.flags, language))}</td></tr>'
            for o in item.options
        ]
        if item.n_omitted:
            rows.append(
                f'<tr><th scope="row" class="dim">{"пропущено" if ru else "omitted"}</th><td class="n dim">{item.n_omitted}</td>'
                f'<td class="n dim">{share(item.n_omitted / item.n, language)}</td><td></td><td></td><td></td><td></td></tr>'
            )
        about = words(item.flags, language)
        blocks.append(
            f'<div class="item"><h3>{_e(item.name)}{": " + _e(about) if about else ""}</h3>'
            f'<p class="under">n = {number(item.n, 0, language)}</p>{_table(heads, rows, (1, 2, 4, 5))}</div>'
        )
    blocks += _options_listed(shown, language)
    about_chart = f'<p class="under">{under}</p>' if odd else ""
    return f"<section><h2>{_e(title)}</h2>{about_chart}{''.join(blocks)}</section>"


def _options_listed(shown: Sequence[DistractorStatistics], language: str) -> list[str]:
    """Options that need less than a table: a weak positive correlation, nobody's choice."""
    ru = language == "ru"
    weak = [
        f"{d.name}{NBSP}{o.option} (r{NBSP}{number(o.r_rest.value, 2, language)})"
        for d in shown
        for o in d.options
        if "positive_distractor" in o.flags and not set(d.all_flags) & PLAIN_FLAGS
    ]
    idle = [f"{d.name}{NBSP}{o.option}" for d in shown for o in d.options if "never_chosen" in o.flags]
    said = []
    if weak:
        about = (
            "Чуть чаще у сильных, возможна случайность: "
            if ru
            else "Chosen a little more by the able, may be chance: "
        )
        said.append(about + ", ".join(weak) + ".")
    if idle:
        said.append(("Никто не выбрал: " if ru else "Chosen by nobody: ") + ", ".join(idle) + ".")
    return [f'<p class="note">{_e(text)}</p>' for text in said]


def _option_name(option: OptionStatistics, ru: bool) -> str:
    if not option.is_key:
        return _e(option.option)
    return f'<span class="keymark">{_e(option.option)}</span>, {"ключ" if ru else "the key"}'


def _persons(a: Analysis, language: str) -> str:
    ru = language == "ru"
    digits = 0 if all(p.n_items == 0 or float(p.value).is_integer() for p in a.scores) else 1
    rows = []
    for name, person in list(zip(a.persons, a.scores, strict=True))[:PERSONS_SHOWN]:
        shown = Estimate(person.value, person.se, person.interval, person.n_items)
        rows.append(
            f'<tr><th scope="row">{_e(name)}</th><td class="n">{number(person.value, digits, language)}</td>'
            f'<td class="n dim">± {number(person.se, 1, language)}</td><td>{_dot_row(shown, person.minimum, person.maximum or 1, width=260)}</td>'
            f'<td class="n dim">{interval(shown, 1, language)}</td><td class="n">{share(person.share, language)}</td>'
            f'<td class="n dim">{person.n_items}</td><td class="w">{_e(words((f for f in person.flags if f != "error_assumed"), language))}</td></tr>'
        )
    scale = "от низшего до высшего" if ru else "lowest to highest"
    heads = (
        ("человек", "балл", "SE", scale, "интервал 95 %", "доля", "заданий", "")
        if ru
        else ("person", "score", "SE", scale, "95% interval", "share", "items", "")
    )
    more = len(a.persons) - PERSONS_SHOWN
    after = ""
    if more > 0:
        text = (
            f"Показаны первые {PERSONS_SHOWN} по порядку файла; все {people(len(a.persons), language)} в persons.csv (ключ --out)."
            if ru
            else f"The first {PERSONS_SHOWN} in the order of the file; all {people(len(a.persons), language)} are in persons.csv (option --out)."
        )
        after = f'<p class="under">{text}</p>'
    title = (
        f"Баллы людей: у каждого своя погрешность, от {_se_range(a, language)}"
        if ru
        else f"Scores of people: each has an error of its own, {_se_range(a, language)}"
    )
    return f"<section><h2>{title}</h2>{after}{_table(heads, rows, (1, 2, 4, 5, 6))}</section>"


def _se_range(a: Analysis, language: str) -> str:
    known = [p.se for p in a.scores if p.n_items]
    low, high = number(min(known), 1, language), number(max(known), 1, language)
    return f"{low} до {high} балла" if language == "ru" else f"{low} to {high} points"


HOW: tuple[tuple[dict[str, str], dict[str, str]], ...] = (
    (
        {"ru": "Надёжность", "en": "Reliability"},
        {
            "ru": "Альфа Кронбаха с интервалом Фельдта (распределение F). Лямбда-2, омега и половины: интервалы по дельта-методу и Фишеру. Ковариации попарные: неполные ответы не выбрасываются.",
            "en": "Cronbach's alpha with Feldt's interval (F distribution). Lambda-2, omega, halves: intervals by the delta method and Fisher's z. Covariances are pairwise: incomplete rows are kept.",
        },
    ),
    (
        {"ru": "Задания", "en": "Items"},
        {
            "ru": "Доля верных с интервалом Уилсона; r с остальными: корреляция с суммой других заданий (исправленная), интервал Фишера. До 30 человек статистика не сообщается, от 30 до 99 только доля и корреляции.",
            "en": "Proportion correct with Wilson's interval; r with the rest: correlation with the sum of the other items (corrected), Fisher's interval. Below 30 people nothing is reported, from 30 to 99 only p and correlations.",
        },
    ),
    (
        {"ru": "Погрешность балла", "en": "Error of a score"},
        {
            "ru": "Условная ошибка Лорда с поправкой Китса: наибольшая в середине шкалы, её средний квадрат равен квадрату стандартной ошибки измерения. На краях шкалы ошибка не нулевая, интервал односторонний.",
            "en": "Lord's conditional error with Keats' correction: largest in the middle of the scale, its mean square is the square of the standard error of measurement. At the ends it is not zero and the interval has one side.",
        },
    ),
)


def _tied(text: str) -> str:
    """Russian text with its words of one or two letters tied to the next."""
    return re.sub(r"(?<![А-Яа-яЁё-])([А-Яа-яЁё]{1,2}) (?=\S)", rf"\1{NBSP}", text)


def _spread_under(a: Analysis, language: str) -> str:
    ru = language == "ru"
    said = [f"n = {number(len(a.persons), 0, language)}."]
    said.append(
        "По горизонтали балл. Столбцы: сколько человек его получили; линия ниже: его погрешность"
        if ru
        else "Across: the score. Bars: how many people got it; line below: its error"
    )
    if a.test.sem_.is_reported:
        said[-1] += ", пунктир: её среднее (SEM)" if ru else ", dashed: the average error (SEM)"
    said[-1] += "."
    if any(i.n_not_presented for i in a.test.items_):
        said.append(
            "Кому предъявлены не все задания, те показаны по доле балла."
            if ru
            else "People who were not presented every item are placed by their share of points."
        )
    return " ".join(said)


def _option_tied(text: str) -> str:
    """An option of the command stays on one line with its value."""
    return re.sub(r"(--[a-z]+ \S+)", r'<span class="nb">\1</span>', text)


def page(a: Analysis, *, language: str, at: datetime) -> str:
    """The whole report as one HTML document."""
    ru, test = language == "ru", a.test
    title = f"Статистика теста: {a.source}" if ru else f"Test statistics: {a.source}"
    day = f"{at:%d.%m.%Y}" if ru else f"{at.day} {at:%b %Y}"
    low, high = (
        number(float(test.minimum_.sum()), 0, language),
        number(float(test.maximum_.sum()), 0, language),
    )
    facts = [
        people(len(a.persons), language),
        items_count(len(test.items_), language),
        f"баллы {low}–{high}" if ru else f"scores {low}–{high}",
        day,
    ]
    notes = "".join(f'<p class="note">{_option_tied(_e(n[language]))}</p>' for n in a.notes)
    if test.is_error_assumed:
        text = (
            "Погрешность баллов принята по устройству теста, а не измерена: надёжность по этим данным не сообщается."
            if ru
            else "The error of scores is assumed from the design of the test, not measured: these data allow no reliability."
        )
        notes += f'<p class="note">{text}</p>'
    spread = (
        f"Средний балл {number(test.mean_, 1, language)} из {high}; погрешность больше всего в середине шкалы"
        if ru
        else f"Mean score {number(test.mean_, 1, language)} of {high}; the error is largest in the middle of the scale"
    )
    spread_under = _spread_under(a, language)
    item_under = ""
    if any(i.difficulty.is_reported for i in test.items_):
        item_under = (
            "Точка: оценка, линия: интервал 95 %. Пунктир на нуле: задание левее него не отличает сильных от слабых."
            if ru
            else "Dot: estimate, line: 95% interval. Dashed at zero: an item left of it does not tell the able from the weak."
        )
        item_under = f'<p class="under">{item_under}</p>'
    how = "".join(f"<dt>{dt[language]}</dt><dd>{_e(dd[language])}</dd>" for dt, dd in HOW)
    body = (
        f'<header><p class="eyebrow">Kamerton</p><h1>{_e(title)}</h1><p class="facts">{"".join(f"<span>{f}</span>" for f in facts)}</p></header><main>'
        f"<section><h2>{_e(_finding(a, language))}</h2>{_reliability(a, language) if test.alpha_.is_reported else ''}{notes}</section>"
        f'<section><h2>{_e(spread)}</h2><p class="under">{spread_under}</p><figure class="scroll" tabindex="0">{_distribution(a, language)}</figure></section>'
        f"<section><h2>{_e(_items_finding(a, language))}</h2>{item_under}{_items(a, language)}</section>"
        f"{_distractors(a, language)}{_persons(a, language)}"
        f'<section class="how"><h2>{"Как это посчитано" if ru else "How it was computed"}</h2><dl>{how}</dl></section></main>'
        f"<footer>{_e(a.source)} · {day} · kamerton score</footer>"
    )
    if ru:
        body = re.sub(r"<(h1|h2|h3|dd|p)\b[^>]*>.*?</\1>", lambda m: _tied(m.group(0)), body, flags=re.DOTALL)
    policy = "default-src 'none'; style-src 'unsafe-inline'; font-src data:"
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{_e(title)}</title><style>{_style()}</style></head><body>{body}</body></html>\n'
    )
