"""CASE 1.1: exports are valid against the official schema, nothing is lost on the way back, foreign packages come in as far as they
are sound."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kamerton.apps.frameworks.documents import FrameworkDocument
from kamerton.formats.case import CaseRefused, export_package, read_package, to_framework
from kamerton.values.documents import read_document, write_document

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(os.environ.get("KAMERTON_REFERENCE", ROOT.parent / "shared" / "reference")) / "case"
SAMPLES = sorted((REFERENCE / "opensalt-samples").glob("*Framework.json")) + sorted(
    (REFERENCE / "opensalt-samples").glob("Ordering.json")
) + sorted((REFERENCE / "opensalt-samples").glob("opensalt-framework*.json"))  # fmt: skip
needs_reference = pytest.mark.skipif(
    not REFERENCE.is_dir(), reason="no reference material: set KAMERTON_REFERENCE"
)
BREAKING = {"Ordering.json", "opensalt-framework-20c5134f-423d-4097-a971-3dd5152bf507.json"}
"""The two of nine that break the 1.1 schema, by the note beside them."""


def kam() -> FrameworkDocument:
    body = yaml.safe_load(
        (ROOT / "content" / "kam-precious-metals" / "framework.yaml").read_text(encoding="utf-8")
    )
    return read_document(FrameworkDocument, body, what="framework.yaml")


def exported(language: str = "en") -> dict[str, Any]:
    return export_package(
        kam(), key="norvetal/kam", base="https://kamerton.example", creator="Norvetal", version="1",
        changed=datetime(2026, 11, 1, tzinfo=UTC), language=language,
    )  # fmt: skip


def schema_problems(package: dict[str, Any]) -> list[str]:
    from jsonschema import Draft201909Validator, FormatChecker

    schema = json.loads(
        (REFERENCE / "case-1.1-official" / "case-v1p1-cfpackage.json").read_text(encoding="utf-8")
    )
    checker = Draft201909Validator(schema, format_checker=FormatChecker(["uuid", "date", "date-time"]))
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in checker.iter_errors(package)]


@needs_reference
@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_kam_model_is_valid_against_the_official_schema(language: str) -> None:
    package = exported(language)
    assert schema_problems(package) == []
    assert len(package["CFItems"]) == 3 + 8 + 40 and len(package["CFAssociations"]) == 51
    assert len(package["CFRubrics"]) == 8 + len(kam().profiles)


def test_nothing_of_the_model_is_lost_on_the_way() -> None:
    for language in ("ru", "en"):
        data = json.dumps(exported(language), ensure_ascii=False).encode()
        package = read_package(data, name="kam.json")
        assert package.problems == ()
        found = to_framework(package, code="ignored")
        assert found.is_own
        assert write_document(read_document(FrameworkDocument, found.framework, what="x")) == write_document(
            kam()
        )


def test_identifiers_are_the_same_in_every_export() -> None:
    first, second = exported("ru"), exported("en")
    for kind in ("CFItems", "CFAssociations", "CFRubrics"):
        assert [one["identifier"] for one in first[kind]] == [one["identifier"] for one in second[kind]]
    everything = [
        one["identifier"] for kind in ("CFItems", "CFAssociations", "CFRubrics") for one in first[kind]
    ]
    assert len(set(everything)) == len(everything)


def test_levels_and_profiles_stand_in_fields_another_system_reads() -> None:
    package = exported()
    scale = next(r for r in package["CFRubrics"] if r["title"].startswith("C5."))
    levels = scale["CFRubricCriteria"][0]["CFRubricCriterionLevels"]
    assert [level["score"] for level in levels] == [1, 2, 3, 4, 5] and all(
        level["description"] for level in levels
    )
    profile = next(p for p in kam().profiles if p.role == "R3")
    rubric = next(r for r in package["CFRubrics"] if r["title"] == profile.name["en"])
    for target, criterion in zip(profile.targets, rubric["CFRubricCriteria"], strict=True):
        assert criterion["weight"] == target.weight
        assert [level["score"] for level in criterion["CFRubricCriterionLevels"]] == [
            target.minimum,
            target.target,
        ]


@needs_reference
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name[:30])
def test_packages_of_another_system_come_in_as_far_as_they_are_sound(path: Path) -> None:
    raw = json.loads(path.read_text(encoding="utf-8"))
    package = read_package(path.read_bytes(), name=path.name)
    assert bool(package.problems) == (path.name in BREAKING), [p.texts["en"] for p in package.problems]
    assert len(package.items) == len(raw.get("CFItems", [])), "an unknown field is no reason to lose an item"
    found = to_framework(package, code="imported")
    assert not found.is_own
    if raw["CFItems"]:
        document = read_document(FrameworkDocument, found.framework, what=path.name)
        texts = [
            t
            for c in document.competencies
            for t in (*c.definition.values(), *(x for i in c.indicators for x in i.text.values()))
        ]
        texts += [t for cluster in document.clusters for t in cluster.name.values()]
        for item in raw["CFItems"]:
            wanted = {
                str(item["fullStatement"]).strip(),
                str(item.get("abbreviatedStatement") or item["fullStatement"]).strip(),
            }
            assert wanted & set(texts), item["fullStatement"]


@needs_reference
def test_nine_packages_are_there() -> None:
    assert len(SAMPLES) == 9
    assert {
        path.name for path in SAMPLES if schema_problems(json.loads(path.read_text(encoding="utf-8")))
    } == BREAKING


def small(**changes: Any) -> dict[str, Any]:
    def item(n: int) -> dict[str, Any]:
        one = f"00000000-0000-4000-8000-00000000000{n}"
        return {
            "identifier": one,
            "uri": f"https://x/{one}",
            "fullStatement": f"Statement {n}",
            "lastChangeDateTime": "2026-01-01T00:00:00Z",
        }

    root = "00000000-0000-4000-8000-0000000000ff"

    def link(child: int, parent: int | None, order: int) -> dict[str, Any]:
        up = root if parent is None else item(parent)["identifier"]
        one = f"00000000-0000-4000-8000-0000000001{child}{order}"
        return {
            "identifier": one, "uri": f"https://x/{one}", "associationType": "isChildOf", "sequenceNumber": order,
            "lastChangeDateTime": "2026-01-01T00:00:00Z",
            "originNodeURI": {"title": "c", "identifier": item(child)["identifier"], "uri": "https://x/c"},
            "destinationNodeURI": {"title": "p", "identifier": up, "uri": "https://x/p"},
        }  # fmt: skip

    return {
        "CFDocument": {"identifier": root, "uri": f"https://x/{root}", "creator": "x", "title": "Small", "lastChangeDateTime": "2026-01-01T00:00:00Z"},
        "CFItems": [item(n) for n in range(1, 6)],
        "CFAssociations": [link(1, None, 1), link(2, 1, 2), link(3, 1, 1), link(4, 2, 1), link(5, 3, 1)],
    } | changes  # fmt: skip


def imported(package: object) -> Any:
    data = package if isinstance(package, bytes) else json.dumps(package).encode()
    return to_framework(read_package(data, name="x.json"), code="x")


def test_a_tree_becomes_clusters_competencies_indicators_in_its_order() -> None:
    found = imported(small()).framework
    assert [c["name"]["en"] for c in found["clusters"]] == ["Statement 1"]
    assert [c["definition"]["en"] for c in found["competencies"]] == ["Statement 3", "Statement 2"], (
        "by sequence number"
    )
    assert [i["text"]["en"] for c in found["competencies"] for i in c["indicators"]] == [
        "Statement 5",
        "Statement 4",
    ]


def test_a_circle_and_a_lost_parent_are_said_and_nothing_hangs() -> None:
    package = small()
    first, second = package["CFAssociations"][1], package["CFAssociations"][3]
    first["destinationNodeURI"]["identifier"] = second["originNodeURI"]["identifier"]  # 2 under 4, 4 under 2
    found = imported(package)
    assert any("circle" in p.texts["en"] for p in found.problems)
    lost = small()
    lost["CFAssociations"][4]["destinationNodeURI"]["identifier"] = "00000000-0000-4000-8000-00000000dead"
    found = imported(lost)
    assert any("parent is not in the package" in p.texts["en"] for p in found.problems)
    assert "Statement 5" in json.dumps(found.framework), "lifted to the top, not lost"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "cannot be read as JSON"),
        (b"{", "cannot be read as JSON"),
        (b"[]", "no CFDocument"),
        (b'{"CFDocument": 3}', "no CFDocument"),
        (b'{"CFDocument": {"uri": "x"}}', "no title or identifier"),
        (b"\xff\xfe\x00", "cannot be read as JSON"),
        (b'{"CFDocument": {"identifier": NaN}}', "cannot be read as JSON"),
    ],
)
def test_what_is_no_package_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(CaseRefused) as refusal:
        read_package(data, name="x.json")
    assert words in refusal.value.texts["en"] and refusal.value.texts["ru"]


def test_unsound_parts_are_named_and_the_rest_stays() -> None:
    package = small()
    package["CFItems"] += [3, {"identifier": "no"}, dict(package["CFItems"][0])]
    package["CFItems"][1]["CFPackageURI"] = {}
    package["CFAssociations"][0]["sequenceNumber"] = "7"
    package["CFRubrics"] = "none"
    found = read_package(json.dumps(package).encode(), name="x.json")
    said = " | ".join(problem.texts["en"] for problem in found.problems)
    assert len(found.items) == 5
    for words in (
        "an object is expected",
        "fullStatement",
        "identifier repeats",
        "CFPackageURI",
        "read as a number",
        "CFRubrics: a list",
    ):
        assert words in said, words


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "CFDocument",
                        "CFItems",
                        "CFAssociations",
                        "identifier",
                        "title",
                        "fullStatement",
                        "originNodeURI",
                        "destinationNodeURI",
                        "associationType",
                    ]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
def test_any_json_is_read_or_refused(body: object) -> None:
    try:
        package = read_package(json.dumps(body).encode(), name="x.json")
    except CaseRefused:
        return
    to_framework(package, code="x")
