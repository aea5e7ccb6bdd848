"""Pictures: places, classes, sentences; nothing that the content security policy forbids."""

from __future__ import annotations

import re

import pytest

from kamerton.apps.decisions.models import FitResult
from kamerton.web.charts import (
    CATEGORY_CODES,
    CompositeStrip,
    Interval,
    ProbabilityPart,
    ProfileRow,
    category_glyph,
    composite_strip,
    interval,
    probability_strip,
    profile_axis,
    profile_row,
)

ROW = ProfileRow(estimate=2.4, se=0.28, target=4, minimum=3, cut=2.5, name="C3")


def test_the_wall_stands_at_the_cut_and_the_estimate_in_its_place() -> None:
    svg = profile_row(ROW, language="ru", width=416)
    # 416 px wide, margin 8: 100 px a level, so cut 2.5 stands at 158 and the estimate 2.4 at 148.
    assert 'class="wall" d="M158 4' in svg and 'cx="148"' in svg
    assert 'class="wall-field" x="8" y="4" width="150"' in svg


def test_below_the_wall_is_marked_and_said() -> None:
    assert 'class="short"' in profile_row(ROW, language="ru")
    assert "ниже минимума" in profile_row(ROW, language="ru")
    above = ProfileRow(estimate=2.6, se=0.28, target=4, minimum=3, cut=2.5)
    assert 'class="short"' not in profile_row(above, language="ru")


def test_the_sentence_speaks_the_readers_language() -> None:
    assert (
        'aria-label="C3: оценка 2,4 ± 0,28; цель 4,0; минимум 3,0; его порог 2,5; ниже минимума"'
        in profile_row(ROW, language="ru")
    )
    assert "estimate 2.4 ± 0.28; target 4.0" in profile_row(ROW, language="en")
    assert "Не наблюдалось; цель" in profile_row(ProfileRow(None, None, 4, 3, 2.5), language="ru")


def test_an_estimate_beyond_the_scale_stays_in_the_picture() -> None:
    svg = profile_row(ProfileRow(estimate=4.9, se=0.8), language="en", width=416)
    places = [float(x) for x in re.findall(r"[MHx]=?\"?([\d.]+)", svg)]
    assert max(places) <= 416


def test_names_are_escaped() -> None:
    svg = profile_row(ProfileRow(3, 0.2, name='"><script>'), language="en")
    assert "<script>" not in svg


def test_probabilities_run_from_the_largest_and_fill_the_strip() -> None:
    parts = [ProbabilityPart("not_now", "не сейчас", 0.2), ProbabilityPart("ready", "готовы", 0.8)]
    svg = probability_strip(parts, language="ru", width=202)
    widths = [float(x) for x in re.findall(r'width="([\d.]+)" height="12"/>', svg)]
    assert widths == pytest.approx([160, 40])
    assert svg.index("готовы") < svg.index("не сейчас")


def test_probabilities_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match=r"add up to 0\.900"):
        probability_strip([ProbabilityPart("a", "a", 0.9)], language="en")


def test_an_interval_must_hold_its_value_and_its_axis_rise() -> None:
    with pytest.raises(ValueError, match="outside"):
        interval(Interval(2, 0, 1, 0, 3), language="en")
    with pytest.raises(ValueError, match="rise"):
        interval(Interval(1, 0, 2, 3, 3), language="en")
    assert "0,41, интервал 95" in interval(
        Interval(0.41, 0.12, 0.63, -1, 1, reference=0, before=0.3), language="ru"
    )


def test_every_category_of_a_fit_result_has_its_sign() -> None:
    assert set(CATEGORY_CODES) == set(FitResult.Category.values)
    drawn = [category_glyph(code) for code in CATEGORY_CODES]
    assert len(set(drawn)) == len(CATEGORY_CODES)
    with pytest.raises(KeyError):
        category_glyph("unheard-of")


def test_no_picture_carries_a_style() -> None:
    pictures = [
        profile_row(ROW, language="ru"),
        profile_axis(language="ru"),
        composite_strip(CompositeStrip(3.33, 0.11, 3.4), language="ru"),
        category_glyph("open"),
    ]
    for svg in pictures:
        assert "style" not in svg and "font-size" not in svg
        assert ('role="img" aria-label="' in svg) != ('aria-hidden="true"' in svg)
