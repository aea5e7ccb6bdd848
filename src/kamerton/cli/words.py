"""The language of the command line: `--language`, KAMERTON_LANGUAGE, then the locale; Russian or English."""

from __future__ import annotations

import os
import sys


def language() -> str:
    """ "ru" or "en"."""
    arguments = sys.argv[1:]
    for index, argument in enumerate(arguments):
        if argument == "--language" and index + 1 < len(arguments) and arguments[index + 1] in {"ru", "en"}:
            return arguments[index + 1]
        if argument in {"--language=ru", "--language=en"}:
            return argument[-2:]
    wish = os.environ.get("KAMERTON_LANGUAGE") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "ru" if wish.lower().startswith("ru") else "en"


def say(ru: str, en: str) -> str:
    """The sentence in the language of this run."""
    return ru if language() == "ru" else en
