"""The interviews of the pack: twelve, sixty incidents, every indicator carried, both languages, no person named."""

from __future__ import annotations

from collections import Counter

from kamerton.apps.sources.documents import SourcesDocument
from kamerton.apps.sources.rules import suspects
from tests.content.test_pack_texts import (
    document,
    english_faults,
    framework,
    numbers,
    russian_faults,
    texts_in,
)


def whole() -> SourcesDocument:
    return document(SourcesDocument, "sources.yaml")


def test_twelve_interviews_and_sixty_incidents() -> None:
    found = whole()
    assert found.framework == framework().code
    assert len(found.sources) == 12
    incidents = [incident for source in found.sources for incident in source.incidents]
    assert len(incidents) >= 60
    assert len({incident.code for incident in incidents}) == len(incidents)
    failed = sum(not incident.effective for incident in incidents)
    assert 0.2 < failed / len(incidents) < 0.5, "what went wrong is told as well"


def test_every_indicator_is_carried_and_no_unknown_one_is_named() -> None:
    carried = Counter(code for s in whole().sources for i in s.incidents for code in i.indicators)
    known = {i.code for c in framework().competencies for i in c.indicators}
    assert set(carried) == known


def test_texts_are_whole_in_both_languages_and_name_nobody() -> None:
    for place, text in texts_in(whole(), "sources"):
        assert set(text) == {"ru", "en"} and all(text.values()), place
        assert numbers(text["ru"], "ru") == numbers(text["en"], "en"), text
        assert not russian_faults(text["ru"]), (text["ru"], russian_faults(text["ru"]))
        assert not english_faults(text["en"]), (text["en"], english_faults(text["en"]))
        assert not suspects(text["ru"]) and not suspects(text["en"]), text
