"""Every word of the assessor's pages is there in Russian."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils import translation

import kamerton

ROOT = Path(kamerton.__file__).parent / "web"
TEMPLATES = sorted((ROOT / "templates" / "assessor").glob("*.html"))
WORD = re.compile(r"{% translate (['\"])(.+?)\1(?: context (['\"])(.+?)\3)? %}")
SENTENCE = re.compile(r"{% blocktranslate(.*?)%}(.*?){% endblocktranslate %}", re.S)


def untranslated(text: str) -> list[str]:
    missing = []
    for _quote, word, _other, context in WORD.findall(text):
        found = translation.pgettext(context, word) if context else translation.gettext(word)
        if found == word:
            missing.append(word)
    for head, body in SENTENCE.findall(text):
        one, _, many = re.sub(r"{{ (\w+) }}", r"%(\1)s", body).partition("{% plural %}")
        context = re.search(r'context "(\w+)"', head)
        found = translation.pgettext(context[1], one) if context else translation.gettext(one)
        if many:
            found = translation.ngettext(one, many, 5)
        if found in (one, many):
            missing.append(one)
    return missing


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_word_of_a_page_is_translated(template: Path) -> None:
    with translation.override("ru"):
        assert untranslated(template.read_text(encoding="utf-8")) == []


def test_an_invented_word_is_found_missing() -> None:
    with translation.override("ru"):
        assert untranslated('{% translate "A word nobody wrote down" %}') == ["A word nobody wrote down"]


def test_numbers_of_people_take_all_three_russian_forms() -> None:
    with translation.override("ru"):
        forms = [
            translation.ngettext("%(n)s assessor", "%(n)s assessors", n) % {"n": n} for n in (1, 2, 5, 11, 21)
        ]
    assert forms == ["1 наблюдатель", "2 наблюдателя", "5 наблюдателей", "11 наблюдателей", "21 наблюдатель"]
