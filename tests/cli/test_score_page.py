"""The HTML report of `kamerton score`: whole in itself, in the reader's language, safe with any name."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from kamerton.cli import score
from kamerton.cli.score_page import FLAGS, number, page, plural, words
from tests.cli.test_score import EXAMPLE, Reader, arguments, write

AT = datetime(2026, 11, 23, 12, 0)


def example(language: str) -> str:
    read = score._read(arguments("--responses", EXAMPLE / "responses.csv", "--key", EXAMPLE / "key.csv"))
    return page(score.analyse(read), language=language, at=AT)


@pytest.mark.parametrize("language", ("ru", "en"))
def test_the_page_needs_nothing_from_outside_and_no_script(language):
    text = example(language)
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    assert not {tag for tag, _ in reader.tags} & {"script", "link", "iframe", "img", "object"}
    for _, attributes in reader.tags:
        assert "style" not in attributes and "src" not in attributes
        assert not any(name.startswith("on") for name in attributes)
    assert not re.search(r"https?://|//[a-z]", text.replace("base64,", "").split("</style>")[1])
    assert not re.search(r"url\((?!data:)", text)
    assert f'<html lang="{language}">' in text and "prefers-color-scheme:dark" in text


def test_numbers_and_dates_take_the_form_of_the_language():
    ru, en = example("ru"), example("en")
    assert "0,78" in ru and "23.11.2026" in ru and not re.search(r">-?\d+\.\d+<", ru)
    assert "0.78" in en and "23 Nov 2026" in en and not re.search(r">[−\d]+,\d\d<", en)
    assert not re.search("[а-яА-Я]", re.sub(r"<style>.*?</style>", "", en, flags=re.DOTALL))


@pytest.mark.parametrize(
    ("value", "digits", "ru", "en"),
    ((1234.5, 1, "1\u00a0234,5", "1,234.5"), (-0.126, 2, "−0,13", "−0.13"), (-0.001, 2, "0,00", "0.00"), (1e6, 0, "1\u00a0000\u00a0000", "1,000,000"), (999, 0, "999", "999"), (float("nan"), 2, "н/о", "n/r")),
)  # fmt: skip
def test_a_number_is_written_as_people_write_it(value, digits, ru, en):
    assert (number(value, digits, "ru"), number(value, digits, "en")) == (ru, en)


def test_russian_counts_agree():
    assert [plural(n, "задание", "задания", "заданий") for n in (1, 2, 5, 11, 21, 112)] == [
        "задание", "задания", "заданий", "заданий", "задание", "заданий",
    ]  # fmt: skip


def test_every_flag_has_words_in_both_languages():
    for flag, texts in FLAGS.items():
        assert set(texts) == {"ru", "en"}, flag
    assert "chance" in words(["positive_distractor"], "en")
    assert "may be chance" not in words(["positive_distractor", "positive_distractor_certain"], "en")


def test_names_from_the_file_cannot_become_markup(tmp_path):
    body = "".join(f'"<script>alert({i})</script>",{i % 2},{i % 3 % 2},{i % 5 % 2}\n' for i in range(40))
    path = write(tmp_path, "r.csv", 'id,"<b onclick=x>",b,c\n' + body)
    text = page(score.analyse(score._read(arguments("--responses", path, "--graded"))), language="en", at=AT)
    assert "<script" not in text and "<b " not in text and "&lt;script&gt;" in text


@pytest.mark.parametrize("rows", (2, 12, 40))
def test_small_and_odd_samples_make_a_page(rows, tmp_path):
    path = write(tmp_path, "r.csv", "a,b,c\n" + "".join(f"{i % 2},1,{i % 3 % 2}\n" for i in range(rows)))
    text = page(score.analyse(score._read(arguments("--responses", path, "--graded"))), language="ru", at=AT)
    assert "nan" not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)


def test_ordinary_persons_scores_carry_an_error_on_the_page():
    text = example("en")
    assert text.count("± ") >= 60 and "persons.csv" in text
