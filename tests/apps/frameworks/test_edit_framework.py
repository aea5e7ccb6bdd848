"""Editing, undoing and publishing the draft of a competency framework."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kamerton.apps.frameworks import rules
from kamerton.apps.frameworks.actions import (
    EditConflict,
    NumberEdit,
    RulesBroken,
    TextEdit,
    apply_edits,
    edit_number,
    edit_text,
    install_framework_draft,
    publish_framework,
    undo_change,
)
from kamerton.apps.frameworks.documents import (
    AnchoredLevel,
    Cluster,
    Competency,
    FrameworkDocument,
    Indicator,
    RoleProfile,
    ScaleLevel,
    Target,
)
from kamerton.apps.frameworks.models import Framework
from kamerton.apps.frameworks.queries import draft_document, draft_of, history_of
from kamerton.apps.records.errors import InvalidInput, NotFound, NotPermitted
from kamerton.apps.records.models import Part
from kamerton.apps.records.queries import document_of
from tests.cast import NOW, Cast

pytestmark = pytest.mark.django_db
MINIMUM = "profile/R3/target/C1/minimum"
TARGET = "profile/R3/target/C1/target"


def both(word: str) -> dict[str, str]:
    return {"ru": f"{word} по-русски", "en": f"{word} in English"}


def competency(code: str) -> Competency:
    return Competency(
        code, both(code), both(code), both("def"), both("know"), True, [Indicator(f"{code}.1", both("acts"), both("acts"))],
        [AnchoredLevel(value, both(f"level {value}")) for value in range(1, 6)], both("do"),
    )  # fmt: skip


def document() -> FrameworkDocument:
    return FrameworkDocument(
        "kam", both("Model"), [ScaleLevel(value, both(str(value))) for value in range(1, 6)],
        [Cluster("all", both("All"), ["C1", "C2"])], [competency("C1"), competency("C2")],
        [RoleProfile("R3", both("KAM"), {"ru": "КАМ", "en": "KAM"}, [Target("C1", 4, 3, 0.6), Target("C2", 3, 2, 0.4)])],
    )  # fmt: skip


@pytest.fixture
def draft(cast: Cast) -> Framework:
    install_framework_draft(actor=cast.designer, project=cast.project, document=document(), at=NOW)
    return draft_of(cast.project.id, "kam")


def publish(cast: Cast, kind: str = "scoring"):
    return publish_framework(
        actor=cast.designer, project=cast.project, slug="kam", change_kind=kind, summary=both("s"), at=NOW
    )


def test_a_stranger_and_a_leader_may_change_nothing(cast: Cast, draft: Framework) -> None:
    for actor in (cast.stranger, cast.leader, cast.office):
        with pytest.raises(NotPermitted):
            edit_text(actor=actor, draft=draft, path="name/ru", value="x", at=NOW)
        with pytest.raises(NotPermitted):
            edit_number(actor=actor, draft=draft, path=MINIMUM, value=2, at=NOW)
        with pytest.raises(NotPermitted):
            apply_edits(actor=actor, draft=draft, texts=[], at=NOW)
        with pytest.raises(NotPermitted):
            publish_framework(
                actor=actor, project=cast.project, slug="kam", change_kind="wording", summary={}, at=NOW
            )
        with pytest.raises(NotPermitted):
            install_framework_draft(actor=actor, project=cast.project, document=document(), at=NOW)


def test_the_draft_holds_the_whole_document(cast: Cast, draft: Framework) -> None:
    assert draft_document(draft.identity) == document()


@pytest.mark.parametrize(
    "path", ["name/ru", "competency/C1/knowledge/en", "competency/C2/level/3/ru", "indicator/C1.1/text/en"]
)
def test_every_kind_of_text_can_be_edited_and_undone(cast: Cast, draft: Framework, path: str) -> None:
    assert edit_text(actor=cast.designer, draft=draft, path=path, value="Иначе", at=NOW)
    change = history_of(draft.identity)[0]
    assert (change.path, change.after) == (path, "Иначе")
    assert len(rules.differences(document(), draft_document(draft.identity))) == 1
    undo_change(actor=cast.designer, draft=draft, change=change, at=NOW)
    assert draft_document(draft.identity) == document()


def test_a_lost_update_is_refused_with_both_numbers(cast: Cast, draft: Framework) -> None:
    edit_number(actor=cast.designer, draft=draft, path=MINIMUM, value=2, before=3, at=NOW)
    with pytest.raises(EditConflict) as refused:
        edit_number(actor=cast.designer, draft=draft, path=MINIMUM, value=1, before=3, at=NOW)
    assert "2" in refused.value.message("en") and "1" in refused.value.message("en")


@pytest.mark.parametrize("value", [0.5, 6.4, float("nan"), float("inf")])
def test_a_number_off_the_scale_is_refused_with_bound_and_place(
    cast: Cast, draft: Framework, value: float
) -> None:
    with pytest.raises(InvalidInput) as refused:
        edit_number(actor=cast.designer, draft=draft, path=TARGET, value=value, at=NOW)
    assert "R3, C1: цель" in refused.value.message("ru") and "от 1 до 5" in refused.value.message("ru")


def test_a_minimum_above_its_target_is_refused(cast: Cast, draft: Framework) -> None:
    with pytest.raises(InvalidInput, match="invalid_input"):
        edit_number(actor=cast.designer, draft=draft, path=MINIMUM, value=4.5, at=NOW)


def test_a_form_may_move_target_and_minimum_together(cast: Cast, draft: Framework) -> None:
    up = [NumberEdit(MINIMUM, 3, 5), NumberEdit(TARGET, 4, 5)]
    assert apply_edits(actor=cast.designer, draft=draft, texts=[], numbers=up, at=NOW) == 2
    down = [NumberEdit(TARGET, 5, 2), NumberEdit(MINIMUM, 5, 2)]
    assert apply_edits(actor=cast.designer, draft=draft, texts=[], numbers=down, at=NOW) == 2


def test_a_form_is_written_whole_or_not_at_all(cast: Cast, draft: Framework) -> None:
    good = TextEdit("name/ru", "Model по-русски", "Другая")
    with pytest.raises(InvalidInput):
        apply_edits(
            actor=cast.designer, draft=draft, texts=[good], numbers=[NumberEdit(TARGET, 4, 9)], at=NOW
        )
    assert draft_document(draft.identity) == document()


@pytest.mark.parametrize(
    "path", ["profile/R3/target/C9/target", "profile/R3/target/C1/id", "competency/C1", ""]
)
def test_an_unknown_number_is_not_found(cast: Cast, draft: Framework, path: str) -> None:
    with pytest.raises(NotFound):
        edit_number(actor=cast.designer, draft=draft, path=path, value=2, at=NOW)


def test_publishing_freezes_the_draft_with_its_parts(cast: Cast, draft: Framework) -> None:
    release = publish(cast)
    assert document_of(release, FrameworkDocument) == document()
    kinds = list(Part.objects.filter(release=release).values_list("kind", flat=True))
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "competency": 2,
        "indicator": 2,
        "cluster": 1,
        "profile": 1,
    }


def test_parts_keep_their_identity_through_releases(cast: Cast, draft: Framework) -> None:
    first = publish(cast)
    edit_number(actor=cast.designer, draft=draft, path=MINIMUM, value=2, at=NOW)
    second = publish(cast)
    assert second.number == 2 and second.change_kind == "scoring"
    stable = [Part.objects.get(release=r, kind="competency", code="C1").stable_id for r in (first, second)]
    assert stable[0] == stable[1]


def test_weights_that_do_not_add_up_stop_publishing(cast: Cast, draft: Framework) -> None:
    edit_number(actor=cast.designer, draft=draft, path="profile/R3/target/C1/weight", value=0.5, at=NOW)
    with pytest.raises(RulesBroken) as refused:
        publish(cast)
    assert "R3" in refused.value.message("ru")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (
            lambda d: replace(
                d,
                competencies=[
                    replace(d.competencies[0], levels=d.competencies[0].levels[:4]),
                    d.competencies[1],
                ],
            ),
            "levels",
        ),
        (
            lambda d: replace(
                d, competencies=[replace(d.competencies[0], name={"ru": "x"}), d.competencies[1]]
            ),
            "not_translated",
        ),
        (
            lambda d: replace(d, competencies=[replace(d.competencies[0], indicators=[]), d.competencies[1]]),
            "indicators",
        ),
        (lambda d: replace(d, clusters=[Cluster("all", both("All"), ["C1"])]), "clusters"),
        (lambda d: replace(d, profiles=[replace(d.profiles[0], targets=[Target("C1", 3, 4, 1)])]), "targets"),
        (lambda d: replace(d, scale=d.scale[:3]), "scale"),
    ],
)
def test_each_rule_is_seen_broken(change, code: str) -> None:
    assert rules.breaches(document()) == []
    assert code in {breach.code for breach in rules.breaches(change(document()))}


def test_differences_and_advice_in_words() -> None:
    old = document()
    new = replace(
        old, profiles=[replace(old.profiles[0], targets=[Target("C1", 4, 4, 0.6), Target("C2", 3, 2, 0.4)])]
    )
    (change,) = rules.differences(old, new)
    assert change.texts == {
        "ru": "Минимум C1 для роли «КАМ»: было 3, стало 4",
        "en": "Minimum of C1 for KAM: was 3, now 4",
    }
    assert rules.advised_kind([change]) == "scoring"
    levels = [
        *old.competencies[0].levels[:2],
        AnchoredLevel(3, both("else")),
        *old.competencies[0].levels[3:],
    ]
    reworded = replace(old, competencies=[replace(old.competencies[0], levels=levels), old.competencies[1]])
    (change,) = rules.differences(old, reworded)
    assert change.texts["en"] == "Level 3 of C1 reworded" and rules.advised_kind([change]) == "equivalent"
    assert rules.advised_kind([]) == "wording"


def test_the_content_pack_breaks_no_rule(pack_folder) -> None:
    from kamerton.flows.install_pack import read_pack

    contents = read_pack(pack_folder)
    assert rules.breaches(contents.framework) == []
