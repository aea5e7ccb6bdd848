"""A designer builds a model of another role from nothing; every piece can be taken out, moved and put back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kamerton.apps.frameworks.actions import (
    CodeTaken,
    EditConflict,
    RulesBroken,
    add_competency,
    add_indicator,
    add_profile,
    create_framework,
    edit_number,
    edit_text,
    move_piece,
    publish_framework,
    put_piece,
    set_clusters,
    undo_change,
)
from kamerton.apps.frameworks.actions.reshape_framework import equal_weights
from kamerton.apps.frameworks.models import Framework
from kamerton.apps.frameworks.queries import draft_document, history_of
from kamerton.apps.records.actions import create_project
from kamerton.apps.records.actors import OPERATOR, Actor
from kamerton.apps.records.errors import InvalidInput, Refused

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def draft():
    project = create_project(actor=OPERATOR, slug="workshop", name={"ru": "Цех", "en": "Workshop"}, at=NOW)
    return create_framework(
        actor=OPERATOR, project=project, slug="foreman", name={"ru": "Мастер цеха", "en": "Foreman"}, at=NOW
    )


def two(text: str) -> dict[str, str]:
    return {"ru": f"{text} по-русски", "en": f"{text} in English"}


def competency(draft: Framework, name: str = "Порядок") -> str:
    code = add_competency(actor=OPERATOR, draft=draft, name=two(name), definition=two("Что это"), at=NOW)
    for value in range(1, 6):
        for language in ("ru", "en"):
            edit_text(actor=OPERATOR, draft=draft, path=f"competency/{code}/level/{value}/{language}",
                      value=f"{name}, {value}, {language}", at=NOW)  # fmt: skip
    add_indicator(
        actor=OPERATOR, draft=draft, competency=code, text=two("Обходит участок до смены"), short={}, at=NOW
    )
    return code


def test_an_empty_model_cannot_be_published_and_a_built_one_can(draft):
    with pytest.raises(RulesBroken):
        publish_framework(actor=OPERATOR, project=draft.identity.project, slug="foreman", change_kind="scoring", summary=two("а"), at=NOW)  # fmt: skip
    first, second = competency(draft), competency(draft, "Обучение")
    assert (first, second) == ("C1", "C2")
    add_profile(actor=OPERATOR, draft=draft, role="R1", name=two("Мастер"), short={}, at=NOW)
    set_clusters(actor=OPERATOR, draft=draft, at=NOW,
                 clusters=[{"code": "B", "name": two("Дело"), "competencies": ["C1", "C2"]}])  # fmt: skip
    release = publish_framework(actor=OPERATOR, project=draft.identity.project, slug="foreman", change_kind="scoring", summary=two("а"), at=NOW)  # fmt: skip
    document = draft_document(draft.identity)
    assert release.number == 1
    assert [t.weight for t in document.profiles[0].targets] == [0.5, 0.5]
    assert document.competencies[0].indicators[0].code == "C1.1"


def test_what_is_taken_out_comes_back_whole_by_undo(draft):
    competency(draft)
    competency(draft, "Обучение")
    add_profile(actor=OPERATOR, draft=draft, role="R1", name=two("Мастер"), short={}, at=NOW)
    set_clusters(actor=OPERATOR, draft=draft, at=NOW,
                 clusters=[{"code": "B", "name": two("Дело"), "competencies": ["C1", "C2"]}])  # fmt: skip
    edit_number(actor=OPERATOR, draft=draft, path="profile/R1/target/C1/target", value=4, at=NOW)
    move_piece(actor=OPERATOR, draft=draft, path="competency/C2", place=0, at=NOW)
    whole = draft_document(draft.identity)
    assert [c.code for c in whole.competencies] == ["C2", "C1"]
    for path in ("competency/C2", "indicator/C1.1", "profile/R1"):
        assert put_piece(actor=OPERATOR, draft=draft, path=path, piece=None, at=NOW)
        assert draft_document(draft.identity) != whole
        undo_change(actor=OPERATOR, draft=draft, change=history_of(draft.identity)[0], at=NOW)
        back = draft_document(draft.identity)
        assert back.competencies == whole.competencies, path
        assert sorted(map(str, back.profiles[0].targets)) == sorted(map(str, whole.profiles[0].targets)), path
        assert [sorted(c.competencies) for c in back.clusters] == [["C1", "C2"]], path
    # An undone undo takes it out again, and the order comes back too.
    undo_change(actor=OPERATOR, draft=draft, change=history_of(draft.identity)[0], at=NOW)
    assert draft_document(draft.identity).profiles == []
    moved = next(c for c in history_of(draft.identity) if c.path == "order/competency/C2")
    undo_change(actor=OPERATOR, draft=draft, change=moved, at=NOW)
    assert [c.code for c in draft_document(draft.identity).competencies] == ["C1", "C2"]


def test_a_code_is_never_given_out_twice(draft):
    competency(draft)
    put_piece(actor=OPERATOR, draft=draft, path="indicator/C1.1", piece=None, at=NOW)
    assert (
        add_indicator(actor=OPERATOR, draft=draft, competency="C1", text=two("Другой"), short={}, at=NOW)
        == "C1.2"
    )
    put_piece(actor=OPERATOR, draft=draft, path="competency/C1", piece=None, at=NOW)
    assert competency(draft) == "C2"
    with pytest.raises(CodeTaken):
        add_competency(actor=OPERATOR, draft=draft, name=two("Имя"), definition={}, code="c1", at=NOW)
    with pytest.raises(CodeTaken):
        create_framework(
            actor=OPERATOR, project=draft.identity.project, slug="foreman", name=two("Имя"), at=NOW
        )


def test_wrong_words_are_refused_and_change_nothing(draft):
    competency(draft)
    before = draft_document(draft.identity)
    for call in (
        lambda: add_competency(actor=OPERATOR, draft=draft, name={"ru": " ", "en": ""}, definition={}, at=NOW),
        lambda: add_competency(actor=OPERATOR, draft=draft, name=two("Имя"), definition={}, code="9 %", at=NOW),
        lambda: add_profile(actor=OPERATOR, draft=draft, role="", name=two("Имя"), short={}, at=NOW),
        lambda: set_clusters(actor=OPERATOR, draft=draft, at=NOW, clusters=[
            {"code": "B", "name": two("Дело"), "competencies": ["C1"]}, {"code": "K", "name": two("Люди"), "competencies": ["C1"]}]),
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            call()
    with pytest.raises(Refused):
        add_competency(actor=Actor("user", "7", "Чужой"), draft=draft, name=two("Имя"), definition={}, at=NOW)
    assert draft_document(draft.identity) == before


def test_the_second_to_regroup_sees_what_changed(draft):
    competency(draft)
    group = {"code": "B", "name": two("Дело"), "competencies": ["C1"]}
    set_clusters(actor=OPERATOR, draft=draft, clusters=[group], before=[], at=NOW)
    with pytest.raises(EditConflict):
        set_clusters(actor=OPERATOR, draft=draft, clusters=[{**group, "competencies": []}], before=[], at=NOW)


@pytest.mark.parametrize("n", [1, 3, 7, 8, 30])
def test_equal_weights_add_up_to_one(n):
    weights = equal_weights(n)
    assert abs(sum(weights) - 1) < 1e-9 and max(weights) - min(weights) < 0.0101
