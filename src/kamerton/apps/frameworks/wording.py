"""What is wrong with the wording of a model, as a careful editor would see it. Pure; each finding says why and may be dismissed.

The rules are readable and few. They are wrong now and then: that is why a finding never stands in the way of publishing, and why a
designer may dismiss it with a reason that the next reader sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from kamerton.apps.frameworks.documents import Competency, FrameworkDocument
from kamerton.values.canonical import digest_of
from kamerton.values.texts import LangText


@dataclass(frozen=True, slots=True)
class Finding:
    rule: str
    place: str
    """Path of the text: "indicator/C3.2", "competency/C5/level/3"."""
    code: str
    texts: LangText
    """What was found, where."""
    mark: str
    """The same finding on the same words has the same mark; a reworded text is a new one."""


WHY: dict[str, LangText] = {
    "two_verbs": {
        "ru": "Два действия в одном индикаторе: если видно одно, наблюдатель не знает, что отметить.",
        "en": "Two acts in one indicator: when only one is seen, an assessor does not know what to mark.",
    },
    "adjective": {
        "ru": "Свойство вместо поведения: его нельзя увидеть, можно лишь предположить.",
        "en": "A quality in place of behaviour: it cannot be seen, only supposed.",
    },
    "vague": {
        "ru": "Слово, которое каждый измерит по-своему.",
        "en": "A word that everybody measures in their own way.",
    },
    "same_level": {
        "ru": "Два соседних уровня почти не различаются: наблюдатель выберет наугад.",
        "en": "Two neighbouring levels hardly differ: an assessor would choose at random.",
    },
    "similar": {
        "ru": "Два индикатора говорят почти одно: поведение посчитают дважды.",
        "en": "Two indicators say nearly the same: a behaviour would be counted twice.",
    },
    "unequal": {
        "ru": "В языках разное число частей: кто-то увидит больше, чем другой.",
        "en": "The languages differ in the number of parts: one reader sees more than the other.",
    },
    "no_source": {
        "ru": "За индикатором не стоят ничьи слова: возможно, он придуман за столом.",
        "en": "Nothing that anybody said carries the indicator: it may come from a desk.",
    },
    "avoid": {
        "ru": "Словарь компании советует другое слово.",
        "en": "The company's dictionary advises another word.",
    },
}

_RU_VERB = re.compile(r"\b[а-яё]+(?:ет|ёт|ит|ают|яют|уют|ют|ут|ат|ят)(?:ся)?\b", re.IGNORECASE)
_NOT_VERBS = frozenset(
    [
        "ответ",
        "совет",
        "расчёт",
        "отчёт",
        "счёт",
        "учёт",
        "лимит",
        "кредит",
        "аудит",
        "бюджет",
        "визит",
        "приоритет",
        "комитет",
        "предмет",
        "объект",
        "проект",
        "документ",
        "клиент",
        "момент",
        "продукт",
        "контакт",
        "эффект",
        "факт",
        "контракт",
        "акт",
        "план",
        "результат",
    ]
)
_EN_AND_VERB = re.compile(r"\b(?:and|or)\s+(?:then\s+)?([a-z]+(?:es|s))\b", re.IGNORECASE)
_EN_PLURALS = frozenset(["figures", "dates", "costs", "terms", "needs", "risks", "goals", "names", "losses", "sales", "deals", "sides", "products", "sites", "prices", "people", "results", "orders", "customers", "levels", "metals", "assumptions", "documents", "steps"])  # fmt: skip
ADJECTIVES = {
    "ru": frozenset(["ответственный", "ответственно", "инициативный", "инициативно", "лояльный", "харизматичный", "стрессоустойчивый", "коммуникабельный", "целеустремлённый", "проактивный", "проактивно", "профессиональный", "профессионально", "мотивированный"]),
    "en": frozenset(["responsible", "proactive", "proactively", "charismatic", "motivated", "loyal", "passionate", "communicative", "professional", "professionally", "resilient"]),
}  # fmt: skip
VAGUE = {
    "ru": frozenset(["эффективно", "качественно", "своевременно", "оперативно", "грамотно", "адекватно", "максимально", "оптимально", "активно", "регулярно", "достаточно", "хорошо"]),
    "en": frozenset(["effectively", "efficiently", "appropriately", "timely", "adequately", "optimally", "actively", "regularly", "sufficiently", "well", "properly"]),
}  # fmt: skip
ALIKE = 0.75
"""Share of common word stems from which two texts are called alike (Jaccard)."""


def findings(
    document: FrameworkDocument,
    *,
    carried: frozenset[str] | None = None,
    avoid: Mapping[str, str] | None = None,
) -> list[Finding]:
    """Everything an editor would ask about, in the order of the model. `carried`: codes of indicators with a source, None where
    sources are not kept; `avoid`: word → the word the company prefers."""
    found: list[Finding] = []
    for competency in document.competencies:
        found += _indicators(competency, carried, avoid or {})
        found += _levels(competency)
    found += _alike(document)
    return found


def _finding(rule: str, place: str, code: str, ru: str, en: str, *words: str) -> Finding:
    return Finding(rule, place, code, {"ru": ru, "en": en}, digest_of([rule, place, *words])[:16])


def _words(text: str) -> list[str]:
    return re.findall(r"[\w-]+", text.lower())


def _indicators(
    competency: Competency, carried: frozenset[str] | None, avoid: Mapping[str, str]
) -> Iterator[Finding]:
    for indicator in competency.indicators:
        ru, en = indicator.text.get("ru", ""), indicator.text.get("en", "")
        place = f"indicator/{indicator.code}"
        if two := _two_verbs(ru, en):
            yield _finding("two_verbs", place, indicator.code, f"{indicator.code}: два действия, {two}", f"{indicator.code}: two acts, {two}", ru, en)  # fmt: skip
        for rule, words in (("adjective", ADJECTIVES), ("vague", VAGUE)):
            hits = [w for tag, text in (("ru", ru), ("en", en)) for w in _words(text) if w in words[tag]]
            if hits:
                listed = ", ".join(dict.fromkeys(hits))
                yield _finding(rule, place, indicator.code, f"{indicator.code}: «{listed}»", f"{indicator.code}: “{listed}”", ru, en)  # fmt: skip
        unwanted = {word: avoid[word] for word in _words(f"{ru} {en}") if word in avoid}
        for word, better in unwanted.items():
            yield _finding("avoid", place, indicator.code, f"{indicator.code}: вместо «{word}» пишут «{better}»", f"{indicator.code}: “{better}” is preferred to “{word}”", word)  # fmt: skip
        if ru and en and _parts(ru) != _parts(en):
            yield _finding("unequal", place, indicator.code, f"{indicator.code}: частей по-русски {_parts(ru)}, по-английски {_parts(en)}", f"{indicator.code}: {_parts(ru)} parts in Russian, {_parts(en)} in English", ru, en)  # fmt: skip
        if carried is not None and indicator.code not in carried:
            yield _finding("no_source", place, indicator.code, f"{indicator.code}: нет источника", f"{indicator.code}: no source")  # fmt: skip


def _two_verbs(ru: str, en: str) -> str:
    """Words of the second act; an act inside a clause (“asks who decides”) is no second one."""
    main = re.split(r"[,:;(]|\b(?:что|кто|где|как|чем|котор\w+|зачем|почему)\b", ru.lower())[0]
    verbs = [w for w in _RU_VERB.findall(main) if w not in _NOT_VERBS]
    if len(verbs) > 1 and re.search(r"\s(?:и|или)\s", main):
        return ", ".join(verbs[:2])
    clause = re.split(r"[,:;(]|\b(?:that|who|where|how|which|what|why)\b", en)[0]
    second = [w for w in _EN_AND_VERB.findall(clause) if w.lower() not in _EN_PLURALS]
    return second[0] if second and not ru else ""


def _parts(text: str) -> int:
    """Parts of an enumeration after a colon, or one."""
    if ":" not in text:
        return 1
    # A comma before a clause ("a site, where it does not buy") divides nothing.
    tail = re.sub(
        r",\s*(?=(?:где|кто|что|котор\w+|when|where|who|which|that)\s+(?!и\b|and\b|или\b|or\b)\w+\s+\w+)",
        " ",
        text.split(":", 1)[1],
    )
    return len([part for part in re.split(r",|;|\bи\b|\band\b|\bили\b|\bor\b", tail) if part.strip()])


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:5] for word in _words(text) if len(word) > 3)


def likeness(first: str, second: str) -> float:
    """Share of common stems of two texts, 0 to 1 (Jaccard over the first five letters of words longer than three)."""
    one, two = _stems(first), _stems(second)
    return len(one & two) / len(one | two) if one | two else 0.0


def _levels(competency: Competency) -> Iterator[Finding]:
    for low, high in zip(competency.levels, competency.levels[1:], strict=False):
        for tag in ("ru", "en"):
            one, two = low.anchor.get(tag, ""), high.anchor.get(tag, "")
            if one and two and likeness(one, two) >= ALIKE:
                place = f"competency/{competency.code}/level/{high.value}"
                yield _finding("same_level", place, competency.code, f"{competency.code}: уровни {low.value} и {high.value} почти одинаковы", f"{competency.code}: levels {low.value} and {high.value} hardly differ", one, two)  # fmt: skip
                break


def _alike(document: FrameworkDocument) -> Iterator[Finding]:
    """Pairs of indicators that say nearly the same. Compared through shared stems, so that a large model stays quick."""
    rows = [
        (i.code, i.text, tag) for c in document.competencies for i in c.indicators for tag in ("ru", "en")
    ]
    seen: set[tuple[str, str]] = set()
    for tag in ("ru", "en"):
        by_stem: dict[str, list[int]] = {}
        mine = [(code, text.get(tag, "")) for code, text, own in rows if own == tag]
        for place, (_, text) in enumerate(mine):
            for stem in _stems(text):
                by_stem.setdefault(stem, []).append(place)
        pairs = {pair for places in by_stem.values() if len(places) <= 40 for pair in combinations(places, 2)}
        for a, b in sorted(pairs):
            codes = (mine[a][0], mine[b][0])
            if codes not in seen and likeness(mine[a][1], mine[b][1]) >= ALIKE:
                seen.add(codes)
                yield _finding("similar", f"indicator/{codes[1]}", codes[1], f"{codes[0]} и {codes[1]} почти об одном", f"{codes[0]} and {codes[1]} say nearly the same", mine[a][1], mine[b][1])  # fmt: skip
