"""Editing, undoing and publishing the draft of a function."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kamerton.apps.functions import rules
from kamerton.apps.functions.actions import (
    CellEdit,
    EditConflict,
    RulesBroken,
    TextEdit,
    apply_edits,
    edit_cell,
    edit_text,
    install_function_draft,
    publish_function,
    undo_change,
)
from kamerton.apps.functions.documents import FunctionDocument, FunctionRole, Process, ProcessStep
from kamerton.apps.functions.models import Function
from kamerton.apps.functions.queries import draft_document, draft_of, history_of
from kamerton.apps.records.actions import NothingChanged
from kamerton.apps.records.errors import InvalidInput, NotFound, NotPermitted
from kamerton.apps.records.models import Audit, Part
from kamerton.apps.records.queries import document_of
from tests.cast import NOW, Cast

pytestmark = pytest.mark.django_db


def both(word: str) -> dict[str, str]:
    return {"ru": f"{word} по-русски", "en": f"{word} in English"}


def document(raci: dict[str, str] | None = None) -> FunctionDocument:
    process = Process(
        "P1", both("P1"), both("why"), both("in"), both("out"), both("measure"), both("weekly"),
        [ProcessStep(both("step"))], raci or {"R1": "A", "R2": "R"},
    )  # fmt: skip
    roles = [FunctionRole(code, both(code), both(code), both("aim")) for code in ("R1", "R2")]
    return FunctionDocument("kam", both("KAM"), both("aim"), both("before"), both("after"), roles, [process])


@pytest.fixture
def draft(cast: Cast) -> Function:
    install_function_draft(actor=cast.designer, project=cast.project, document=document(), at=NOW)
    return draft_of(cast.project.id, "kam")


def test_a_stranger_and_a_leader_may_change_nothing(cast: Cast, draft: Function) -> None:
    for actor in (cast.stranger, cast.leader, cast.assessor):
        with pytest.raises(NotPermitted):
            edit_text(actor=actor, draft=draft, path="name/ru", value="x", at=NOW)
        with pytest.raises(NotPermitted):
            edit_cell(actor=actor, draft=draft, process="P1", role="R1", letters="C", at=NOW)
        with pytest.raises(NotPermitted):
            apply_edits(actor=actor, draft=draft, texts=[], at=NOW)
        with pytest.raises(NotPermitted):
            publish_function(
                actor=actor, project=cast.project, slug="kam", change_kind="wording", summary={}, at=NOW
            )
        with pytest.raises(NotPermitted):
            install_function_draft(actor=actor, project=cast.project, document=document(), at=NOW)


def test_the_draft_holds_the_whole_document_and_installing_again_changes_nothing(
    cast: Cast, draft: Function
) -> None:
    assert draft_document(draft.identity) == document()
    changed = replace(document(), name=both("Other"))
    install_function_draft(actor=cast.designer, project=cast.project, document=changed, at=NOW)
    assert draft_document(draft.identity) == document()


def test_an_edit_is_kept_with_what_was_there_before(cast: Cast, draft: Function) -> None:
    assert edit_text(
        actor=cast.designer, draft=draft, path="process/P1/purpose/ru", value=" Новая   цель ", at=NOW
    )
    change = history_of(draft.identity)[0]
    assert (change.path, change.before, change.after) == (
        "process/P1/purpose/ru",
        "why по-русски",
        "Новая цель",
    )
    assert draft_document(draft.identity).processes[0].purpose["ru"] == "Новая цель"
    assert Audit.objects.filter(verb="edit_draft", details__path="process/P1/purpose/ru").exists()


def test_two_writers_of_one_place_are_shown_both_texts(cast: Cast, draft: Function) -> None:
    edit_text(
        actor=cast.designer, draft=draft, path="name/ru", value="Первая", before="KAM по-русски", at=NOW
    )
    with pytest.raises(EditConflict) as refused:
        edit_text(
            actor=cast.designer, draft=draft, path="name/ru", value="Вторая", before="KAM по-русски", at=NOW
        )
    assert "Первая" in refused.value.message("ru") and "Вторая" in refused.value.message("ru")
    with pytest.raises(EditConflict):
        edit_cell(actor=cast.designer, draft=draft, process="P1", role="R1", letters="C", before="I", at=NOW)


def test_a_form_is_written_whole_or_not_at_all(cast: Cast, draft: Function) -> None:
    good = TextEdit("name/ru", "KAM по-русски", "Другая")
    with pytest.raises(InvalidInput) as refused:
        apply_edits(
            actor=cast.designer,
            draft=draft,
            texts=[good, TextEdit("purpose/en", "aim in English", " ")],
            at=NOW,
        )
    assert "Функция, назначение (EN)" in refused.value.message("ru")
    assert draft_document(draft.identity) == document()
    assert (
        apply_edits(
            actor=cast.designer, draft=draft, texts=[good], cells=[CellEdit("P1", "R2", "R", "")], at=NOW
        )
        == 2
    )
    assert draft_document(draft.identity).processes[0].raci == {"R1": "A"}


@pytest.mark.parametrize("path", ["process/P9/name/ru", "process/P1/code/ru", "name/xx", "name", "id/ru", ""])
def test_an_unknown_place_is_not_found(cast: Cast, draft: Function, path: str) -> None:
    with pytest.raises(NotFound):
        edit_text(actor=cast.designer, draft=draft, path=path, value="x", at=NOW)


def test_undo_puts_back_and_can_be_undone(cast: Cast, draft: Function) -> None:
    edit_cell(actor=cast.designer, draft=draft, process="P1", role="R1", letters="", at=NOW)
    undo_change(actor=cast.designer, draft=draft, change=history_of(draft.identity)[0], at=NOW)
    assert draft_document(draft.identity).processes[0].raci["R1"] == "A"
    undo_change(actor=cast.designer, draft=draft, change=history_of(draft.identity)[0], at=NOW)
    assert "R1" not in draft_document(draft.identity).processes[0].raci


def test_publishing_freezes_the_draft_with_its_parts(cast: Cast, draft: Function) -> None:
    release = publish_function(
        actor=cast.designer, project=cast.project, slug="kam", change_kind="first", summary=both("s"), at=NOW
    )
    assert document_of(release, FunctionDocument) == document()
    assert set(Part.objects.filter(release=release).values_list("kind", "code")) == {
        ("role", "R1"), ("role", "R2"), ("process", "P1"),
    }  # fmt: skip
    with pytest.raises(NothingChanged):
        publish_function(
            actor=cast.designer, project=cast.project, slug="kam", change_kind="wording", summary={}, at=NOW
        )


@pytest.mark.parametrize(
    ("letters", "code"),
    [
        ({"R1": "A", "R2": "A/R"}, "not_exactly_one_a"),
        ({"R1": "C", "R2": "R"}, "not_exactly_one_a"),
        ({"R1": "A"}, "nobody_works"),
    ],
)
def test_a_broken_rule_stops_publishing_and_says_where(
    cast: Cast, draft: Function, letters: dict[str, str], code: str
) -> None:
    for role in ("R1", "R2"):
        edit_cell(
            actor=cast.designer, draft=draft, process="P1", role=role, letters=letters.get(role, ""), at=NOW
        )
    assert [breach.code for breach in rules.breaches(draft_document(draft.identity))] == [code]
    with pytest.raises(RulesBroken) as refused:
        publish_function(
            actor=cast.designer, project=cast.project, slug="kam", change_kind="wording", summary={}, at=NOW
        )
    assert "P1" in refused.value.message("ru") and "P1" in refused.value.message("en")


def test_differences_are_told_in_words_without_arrows() -> None:
    old, new = document(), document({"R1": "A", "R2": "A/R"})
    (change,) = rules.differences(old, new)
    assert change.texts == {"ru": "P1, R2: было R, стало A/R", "en": "P1, R2: was R, now A/R"}
    assert rules.advised_kind([change]) == "equivalent"
    assert rules.differences(old, old) == []


def test_the_load_of_a_role_counts_a_and_r() -> None:
    assert rules.loads(document({"R1": "A/R", "R2": "C"})) == {"R1": (1, 1), "R2": (0, 0)}
