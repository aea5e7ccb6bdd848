"""Numbers, dates and line breaks in the reader's own form (DESIGN-SYSTEM section 5), and no untranslated word."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.template import Context, Template
from django.utils import timezone, translation
from django.utils.translation.template import templatize

from kamerton.web import wording

WEB = Path(wording.__file__).parent
NB = "\u00a0"


@pytest.mark.parametrize(
    ("value", "places", "ru", "en"),
    [
        (3.4, 1, "3,4", "3.4"),
        (2.25, 1, "2,3", "2.3"),
        (2.675, 2, "2,68", "2.68"),
        (5000, 0, f"5{NB}000", "5,000"),
        (-0.6, 1, "−0,6", "−0.6"),
        (-0.04, 1, "0,0", "0.0"),
    ],
)
def test_decimals(value: float, places: int, ru: str, en: str) -> None:
    assert wording.decimal(value, places, "ru") == ru
    assert wording.decimal(value, places, "en") == en


@pytest.mark.parametrize(
    ("value", "ru", "en"),
    [
        (0.0, f"<{NB}5{NB}%", f"<{NB}5%"),
        (0.049, f"<{NB}5{NB}%", f"<{NB}5%"),
        (0.05, f"5{NB}%", "5%"),
        (0.72, f"70{NB}%", "70%"),
        (0.725, f"75{NB}%", "75%"),
        (0.95, f"95{NB}%", "95%"),
        (0.96, f">{NB}95{NB}%", f">{NB}95%"),
        (1.0, f">{NB}95{NB}%", f">{NB}95%"),
    ],
)
def test_probabilities_are_rounded_to_five_per_cent_and_bounded(value: float, ru: str, en: str) -> None:
    assert wording.probability(value, "ru") == ru
    assert wording.probability(value, "en") == en


def test_signs_percents_and_dates() -> None:
    assert wording.signed(0.4, 1, "ru") == "+0,4" and wording.signed(-0.01, 1, "en") == "0.0"
    assert wording.percent(0.155, "ru", 1) == f"15,5{NB}%" and wording.percent(0.155, "en", 1) == "15.5%"
    some = date(2026, 11, 4)
    assert wording.day(some, "ru") == "04.11.2026" and wording.day(some, "en") == f"4{NB}Nov{NB}2026"
    assert wording.day_text(some, "ru") == f"4{NB}ноября{NB}2026"
    assert wording.day_month(some, "ru") == f"4{NB}ноя"


def test_short_russian_words_stay_with_the_next_one() -> None:
    assert wording.tie("и в 5 лет на складе", "ru") == f"и{NB}в{NB}5{NB}лет на{NB}складе"
    assert wording.tie("было 3, стало 4", "ru") == "было 3, стало 4"
    assert wording.tie("as it is in 5 years", "en") == "as it is in 5 years"


def test_long_words_may_break_and_short_ones_not() -> None:
    assert wording.soften("Руководитель").replace("\u00ad", "-") == "Руко-во-ди-тель"
    assert wording.soften("Хантер и КАМ") == "Хантер и КАМ"


def render(text: str, language: str, **context: object) -> str:
    with translation.override(language):
        return Template(text).render(Context(context))


def test_filters_follow_the_reader() -> None:
    assert (
        render("{{ x|level }} {{ n|level }} {{ e|se }}", "ru", x=2.5, n=None, e=0.28) == f"2,5 н/о ±{NB}0,28"
    )
    assert render("{{ x|level2 }} {{ t|lang }}", "en", x=3.4, t={"ru": "да", "en": "yes"}) == "3.40 yes"
    assert render("{{ t|lang }}", "en", t={"ru": "только"}) == "только"
    assert render("{{ a|whole }} {{ b|whole }}", "ru", a=4.0, b=3.5) == "4 3,5"


def test_a_moment_is_told_in_the_zone_of_the_page() -> None:
    at = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
    with timezone.override("Europe/Moscow"):
        assert render("{{ t|moment }}", "ru", t=at) == "22.11.2026, 01:30"
        assert render("{{ t|day }}", "ru", t=at) == "22.11.2026"
    assert render('{{ t|moment:"Asia/Vladivostok" }}', "ru", t=at) == "22.11.2026, 08:30"


OWN = [
    *WEB.glob("*.py"),
    *WEB.glob("charts/*.py"),
    *WEB.glob("templatetags/*.py"),
    *[WEB / "studio" / f"{name}.py" for name in ("drafts", "function_map", "model", "releases")],
    *WEB.glob("templates/*.html"),
    *WEB.glob("templates/parts/*.html"),
    *[
        WEB / "templates" / "studio" / f"{n}.html"
        for n in ("function", "function_empty", "model", "model_empty", "publish", "compare")
    ],
]


def test_every_word_of_the_shell_and_of_describe_has_its_russian() -> None:
    with (WEB / "locale/ru/LC_MESSAGES/django.po").open("rb") as file:
        catalog = read_po(file)
    missing: list[str] = []
    for path in OWN:
        text = path.read_text(encoding="utf-8")
        source = templatize(text) if path.suffix == ".html" else text
        keywords = {
            "gettext": None,
            "_": None,
            "ngettext": (1, 2),
            "pgettext": ((1, "c"), 2),
            "gettext_noop": None,
        }
        for _line, found, _comments, context in extract(
            "python", io.BytesIO(source.encode()), keywords=keywords
        ):
            msgid = found if isinstance(found, str) else found[0]
            message = catalog.get(msgid, context)
            if message is None or not all(
                message.string if isinstance(message.string, tuple) else [message.string]
            ):
                missing.append(f"{path.name}: {msgid}")
    assert missing == []
