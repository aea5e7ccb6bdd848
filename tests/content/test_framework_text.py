"""The KAM competency model: its parts are complete, its codes resolve, its profiles add up."""

from __future__ import annotations

import re
from functools import cache
from math import isclose
from pathlib import Path

import pytest
import yaml

from kamerton.apps.frameworks.documents import Competency, FrameworkDocument, RoleProfile
from kamerton.apps.functions.documents import FunctionDocument
from kamerton.values.documents import read_document

PACK = Path(__file__).resolve().parents[2] / "content" / "kam-precious-metals"
CODES = [f"C{number}" for number in range(1, 9)]
# Words that judge the person and not what was seen; an indicator has none of them.
PRAISE = (
    "эффективн",
    "грамотн",
    "умело",
    "качественн",
    "отличн",
    "хорош",
    "уверенно",
    "успешн",
    "профессионал",
    "глубок",
    "effective",
    "skilful",
    "excellent",
    "well ",
    "confident",
    "successful",
    "professional",
    "deep",
    "proactive",
)


@cache
def framework() -> FrameworkDocument:
    return read_document(
        FrameworkDocument, yaml.safe_load((PACK / "framework.yaml").read_text(encoding="utf-8"))
    )


@cache
def role_codes() -> set[str]:
    body = yaml.safe_load((PACK / "function.yaml").read_text(encoding="utf-8"))
    return {role.code for role in read_document(FunctionDocument, body).roles}


COMPETENCIES = [pytest.param(one, id=one.code) for one in framework().competencies]
PROFILES = [pytest.param(one, id=one.role) for one in framework().profiles]


def test_eight_competencies_in_three_clusters() -> None:
    assert [one.code for one in framework().competencies] == CODES
    assert {cluster.code: cluster.competencies for cluster in framework().clusters} == {
        "client_plan": ["C1", "C2", "C3"],
        "people": ["C4", "C5"],
        "deal_delivery": ["C6", "C7", "C8"],
    }
    assert {one.code for one in framework().competencies if one.trainable} == {"C1", "C2", "C3", "C6", "C7"}


def test_the_scale_has_five_words() -> None:
    assert [level.value for level in framework().scale] == [1, 2, 3, 4, 5]
    assert [level.word["ru"] for level in framework().scale] == [
        "не проявляет",
        "ниже требований",
        "соответствует",
        "сильно",
        "образец",
    ]


@pytest.mark.parametrize("competency", COMPETENCIES)
def test_five_indicators_of_one_behaviour(competency: Competency) -> None:
    assert [one.code for one in competency.indicators] == [f"{competency.code}.{n}" for n in range(1, 6)]
    for one in competency.indicators:
        russian = one.text["ru"].split()[0].rstrip(",")
        assert re.search(r"(?:ет|ит|ёт|ает|яет|ует)$", russian), (
            f"{one.code} starts with a verb in the present: {russian}"
        )
        assert not one.text["ru"].endswith(".") and not one.text["en"].endswith(".")
        assert not [word for word in PRAISE if word in " ".join(one.text.values()).lower()], one.code
        for short in one.short.values():
            assert 2 <= len(short.split()) <= 4, short
            assert len(short) <= 26, short


@pytest.mark.parametrize("competency", COMPETENCIES)
def test_five_levels_that_differ(competency: Competency) -> None:
    assert [level.value for level in competency.levels] == [1, 2, 3, 4, 5]
    for language in ("ru", "en"):
        assert len({level.anchor[language] for level in competency.levels}) == 5
    assert competency.knowledge and competency.development
    assert all(len(short) <= 18 for short in competency.short.values())


def test_no_two_quick_notes_read_alike() -> None:
    for language in ("ru", "en"):
        shorts = [
            one.short[language] for competency in framework().competencies for one in competency.indicators
        ]
        assert len(shorts) == len(set(shorts)) == 40


def test_six_profiles_of_roles_that_exist() -> None:
    assert [profile.role for profile in framework().profiles] == ["R3", "R4", "R5", "R6", "R2", "R1"]
    assert {profile.role for profile in framework().profiles} <= role_codes()


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_adds_up(profile: RoleProfile) -> None:
    assert [target.competency for target in profile.targets] == CODES
    assert isclose(sum(target.weight for target in profile.targets), 1.0, abs_tol=1e-12)
    assert sum(round(100 * target.weight) for target in profile.targets) == 100
    for target in profile.targets:
        assert 1 <= target.minimum <= target.target <= 5
        assert target.weight > 0
    assert profile.composite_cut is None


def test_the_composite_cut_of_the_key_account_manager() -> None:
    kam = framework().profiles[0]
    assert isclose(sum(target.weight * target.target for target in kam.targets) - 0.5, 3.25)
