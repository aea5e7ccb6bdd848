"""Words arrive in Russian and English together: refusals, catalogues, plural forms, placeholders."""

from __future__ import annotations

import importlib
import io
import pkgutil
import re
import string
from collections import defaultdict
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

import kamerton
from kamerton.apps.records.errors import Refused

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "src" / "kamerton" / "web"
AUDIENCES = ("candidate", "assessor", "studio", "leader", "office")
KEYWORDS = {
    "gettext": None, "gettext_lazy": None, "_": None, "gettext_noop": None, "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3), "npgettext_lazy": ((1, "c"), 2, 3),
}  # fmt: skip
Key = tuple[str | None, str]
"""Context and singular."""


# ---- refusals ------------------------------------------------------------------------------------------------


def refusals() -> list[type[Refused]]:
    for module in pkgutil.walk_packages(kamerton.__path__, "kamerton."):
        if (
            ".migrations" not in module.name
            and "__main__" not in module.name
            and not module.name.endswith("wsgi")
        ):
            importlib.import_module(module.name)
    found: list[type[Refused]] = []
    waiting = [Refused]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += one.__subclasses__()
    return sorted(
        (one for one in set(found) if one.__module__.startswith("kamerton.")),
        key=lambda one: (one.__module__, one.__name__),
    )


REFUSALS = refusals()


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_there_are_refusals_to_look_at():
    assert len(REFUSALS) > 40


@pytest.mark.parametrize(
    "refusal", REFUSALS, ids=lambda one: f"{one.__module__.removeprefix('kamerton.')}.{one.__name__}"
)
def test_a_refusal_speaks_both_languages_with_the_same_facts(refusal):
    assert set(refusal.texts) == {"ru", "en"}
    assert fields(refusal.texts["ru"]) == fields(refusal.texts["en"])
    assert re.fullmatch(r"[a-z_]+", refusal.code) and 400 <= refusal.status < 500
    if fields(refusal.texts["ru"]) != {"what"} or refusal.texts["ru"] != "{what}":
        assert re.search("[а-яё]", refusal.texts["ru"].lower()) and not re.search(
            "[а-яё]", refusal.texts["en"].lower()
        )
    filled = refusal.texts["ru"].format(**dict.fromkeys(fields(refusal.texts["ru"]), "7"))
    assert "{" not in filled


# ---- catalogues ----------------------------------------------------------------------------------------------


def catalogue(folder: Path) -> Catalog:
    path = folder / "locale" / "ru" / "LC_MESSAGES" / "django.po"
    if not path.is_file():
        return Catalog(locale="ru")
    with path.open("rb") as file:
        return read_po(file, locale="ru", abort_invalid=True)


CATALOGUES = {"": catalogue(WEB)} | {audience: catalogue(WEB / audience) for audience in AUDIENCES}


def key_of(message: Message) -> Key:
    return message.context, message.id[0] if isinstance(message.id, list | tuple) else message.id


def translated(catalog: Catalog) -> dict[Key, Message]:
    found = {}
    for message in catalog:
        strings = message.string if isinstance(message.string, list | tuple) else (message.string,)
        if message.id and all(strings) and not message.fuzzy:
            found[key_of(message)] = message
    return found


TRANSLATED = {name: translated(catalog) for name, catalog in CATALOGUES.items()}


def audience_of(path: Path) -> str:
    inside = path.relative_to(WEB).parts
    part = inside[1] if inside[0] == "templates" and len(inside) > 2 else inside[0]
    return part if part in AUDIENCES else ""


def sources() -> list[Path]:
    return sorted(
        [*(WEB / "templates").rglob("*.html"), *(WEB / "templates").rglob("*.txt"), *WEB.rglob("*.py")]
    )


def used_in(path: Path) -> list[tuple[int, Key, bool]]:
    """(line, key, whether it has a plural) of every text a file hands to gettext."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        text = templatize(text, origin=str(path))
    # `templatize` writes context as pgettext and puts u'' before texts; both are Python that Babel reads.
    found: list[tuple[int, Key, bool]] = []
    for line, function, messages, _ in extract_python(
        io.BytesIO(text.encode()), list(KEYWORDS), [], {"encoding": "utf-8"}
    ):
        parts = list(messages) if isinstance(messages, tuple) else [messages]
        context = parts.pop(0) if function and "pgettext" in function else None
        is_plural = bool(function and function.startswith("n"))
        if parts and parts[0]:
            found.append((line, (context, parts[0]), is_plural))
    return found


USED = {path: used_in(path) for path in sources()}


def test_texts_are_found_in_templates_and_in_code():
    assert sum(len(found) for path, found in USED.items() if path.suffix == ".html") > 300
    assert sum(len(found) for path, found in USED.items() if path.suffix == ".py") > 100


@pytest.mark.parametrize("audience", ("", *AUDIENCES), ids=lambda name: name or "base")
def test_every_text_of_an_audience_has_its_russian(audience):
    known = TRANSLATED[audience] | TRANSLATED[""]
    missing = [
        f"{path.relative_to(WEB)}:{line} {key[1]!r}" + (f" in the context {key[0]!r}" if key[0] else "")
        for path, found in USED.items()
        if audience_of(path) == audience
        for line, key, _ in found
        if key not in known
    ]
    assert not missing, f"{len(missing)} without a translation:\n" + "\n".join(missing)


def test_every_plural_has_all_its_forms():
    plural = {key for found in USED.values() for _, key, is_plural in found if is_plural}
    assert plural
    for name, catalog in CATALOGUES.items():
        if len(catalog):
            assert catalog.num_plurals >= 3, f"{name or 'base'}: Russian has one, few and many"
        for message in catalog:
            if isinstance(message.id, list | tuple):
                assert len(message.string) == catalog.num_plurals and all(message.string), message.id
    for name, known in TRANSLATED.items():
        for key, message in known.items():
            assert (key in plural) <= isinstance(message.id, list | tuple), (
                f"{name or 'base'}: {key[1]!r} is asked for in the plural"
            )


def test_one_text_has_one_russian():
    """Django pours all catalogues into one: two different translations would depend on their order."""
    seen: dict[Key, dict[str, object]] = defaultdict(dict)
    for name, known in TRANSLATED.items():
        for key, message in known.items():
            seen[key][name or "base"] = (
                message.string if not isinstance(message.string, list) else tuple(message.string)
            )
    clashes = [
        f"{key[1]!r}: {found}" for key, found in seen.items() if len(set(map(str, found.values()))) > 1
    ]
    assert not clashes, f"{len(clashes)} texts with two translations:\n" + "\n".join(clashes)


def test_placeholders_survive_translation():
    wrong = []
    for name, known in TRANSLATED.items():
        for message in known.values():
            ids = message.id if isinstance(message.id, list | tuple) else (message.id,)
            strings = message.string if isinstance(message.string, list | tuple) else (message.string,)
            wanted = set().union(*(re.findall(r"%\((\w+)\)|\{(\w+)\}", text) for text in ids))
            for text in strings:
                if not set(re.findall(r"%\((\w+)\)|\{(\w+)\}", text)) <= wanted:
                    wrong.append(f"{name or 'base'}: {text!r}")
            if (
                not isinstance(message.id, list | tuple)
                and set(re.findall(r"%\((\w+)\)|\{(\w+)\}", strings[0])) != wanted
            ):
                wrong.append(f"{name or 'base'}: {strings[0]!r}")
    assert not wrong, "\n".join(wrong)


def test_russian_is_russian():
    for name, known in TRANSLATED.items():
        for key, message in known.items():
            strings = message.string if isinstance(message.string, list | tuple) else (message.string,)
            for text in strings:
                letters = re.sub(r"%\(\w+\)[a-z]|\{\w+\}|<[^>]+>|\./run \w+", "", text)
                if re.search("[a-z]{4,}", letters.lower()) and not re.search("[а-яё]", letters.lower()):
                    assert key[1] == text, f"{name or 'base'}: {key[1]!r} is left in English"
                assert "(а)" not in text, f"{name or 'base'}: {text!r}: word it without a gender"
