"""Personal data in what was said, the order of cards for a judge. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from uuid import UUID

MASK = "[…]"

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+\w")
_PHONE = re.compile(
    r"(?<!\d)(?:\+7|8)[\s(-]*\d{3}[\s)-]*\d{3}[\s-]*\d{2}[\s-]*\d{2}(?!\d)|\+\d[\d\s()-]{8,16}\d"
)
_INITIALS_RU = re.compile(
    r"\b[А-ЯЁ][а-яё]+(?:ов|ев|ёв|ин|ын|ский|цкий|ова|ева|ёва|ина|ына|ская|цкая)?\s+[А-ЯЁ]\.\s?[А-ЯЁ]\.|\b[А-ЯЁ]\.\s?[А-ЯЁ]\.\s?[А-ЯЁ][а-яё]+"
)
_PATRONYMIC = re.compile(r"\b[А-ЯЁ][а-яё]+\s+[А-ЯЁ][а-яё]+(?:вич|вна|ична|инична)(?:а|у|ем|ом|е|ы|ой)?\b")
_TITLED_EN = re.compile(r"\b(?:Mr|Ms|Mrs|Dr)\.?\s+[A-Z][a-z]+\b")


def suspects(text: str) -> tuple[str, ...]:
    """What in a text looks like personal data: addresses, telephones, names with initials or patronymics, titled names.

    A help and no proof: a bare family name passes. Whoever records reads the text once more.
    """
    found: list[str] = []
    for pattern in (_EMAIL, _PHONE, _INITIALS_RU, _PATRONYMIC, _TITLED_EN):
        found += [match[0] for match in pattern.finditer(text)]
    return tuple(dict.fromkeys(found))


def mask(text: str, words: Iterable[str]) -> str:
    """`text` with each of `words` replaced by […]; whole words, whatever the case."""
    for word in sorted({w.strip() for w in words if re.search(r"\w", w)}, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", MASK, text, flags=re.IGNORECASE)
    return re.sub(r"(?:\[…\][\s,]*){2,}", MASK + " ", text).strip()


def token_hash(token: str) -> str:
    """What is stored of a judge's link."""
    return hashlib.sha256(token.encode()).hexdigest()


def card_order(judge: UUID, cards: Sequence[str]) -> list[str]:
    """Cards in this judge's own order, the same at each look."""
    return sorted(cards, key=lambda code: hashlib.sha256(f"{judge}/{code}".encode()).hexdigest())
