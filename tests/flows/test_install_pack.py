from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from kamerton.apps.decisions.queries import seat_plan
from kamerton.apps.procedures.documents import ProcedureDocument
from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.errors import NotPermitted, Refused
from kamerton.apps.records.models import Audit, Identity, Part, Release, Seal
from kamerton.apps.records.queries import document_of, latest_release
from kamerton.flows.install_pack import PackRefused, install_pack, read_pack
from tests.cast import NOW, Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def copy(pack_folder: Path, tmp_path: Path) -> Path:
    """The pack where a test may break it."""
    return Path(shutil.copytree(pack_folder, tmp_path / "pack"))


def edit(folder: Path, name: str, change) -> None:
    path = folder / name
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Identity, Release, Part, Seal, Audit))


def refusal(cast: Cast, folder: Path) -> Refused:
    before = counts()
    with pytest.raises(Refused) as caught:
        install_pack(actor=cast.designer, project=cast.project, root=folder, at=NOW)
    assert counts() == before, "something of a refused pack was left behind"
    for language in ("ru", "en"):
        assert "{" not in caught.value.message(language)
    return caught.value


def test_a_stranger_installs_nothing(cast, pack_folder):
    before = counts()
    for actor in (cast.stranger, cast.leader, cast.assessor):
        with pytest.raises(NotPermitted):
            install_pack(actor=actor, project=cast.project, root=pack_folder, at=NOW)
    assert counts() == before


def test_everything_in_the_pack_is_published_and_sealed(cast, pack_folder):
    contents = read_pack(pack_folder)
    installed = install_pack(actor=cast.designer, project=cast.project, root=pack_folder, at=NOW)
    kinds = [release.identity.kind for release in installed.releases]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "function": 1,
        "framework": 1,
        "form": len(contents.forms),
        "exercise": len(contents.exercises),
        "procedure": len(contents.procedures),
    }
    assert Seal.objects.count() == len(installed.releases) and installed.unchanged == ()
    role = contents.procedures[0].fit_rule.role
    assert [row.seats for row in seat_plan(cast.project.id, role)] == [
        row.seats for row in contents.pack.seats
    ]
    codes = {part.code for part in Part.objects.filter(kind="competency")}
    assert codes == {c.code for c in contents.framework.competencies}


def test_procedures_pin_the_releases_in_force(cast, pack_folder):
    install_pack(actor=cast.designer, project=cast.project, root=pack_folder, at=NOW)
    for release in Release.objects.filter(identity__kind="procedure"):
        document = document_of(release, ProcedureDocument)
        written = {f"{code}:written" for code in ("E1", "E3", "E4")}
        assert {"framework", "function"} | {i.code for i in document.instruments} | written == set(
            document.pins
        )
        for pinned in document.pins.values():
            assert Release.objects.get(id=pinned).identity.project_id == cast.project.id


def test_a_second_installation_changes_nothing(cast, pack_folder):
    first = install_pack(actor=cast.designer, project=cast.project, root=pack_folder, at=NOW)
    before = counts()
    second = install_pack(actor=cast.designer, project=cast.project, root=pack_folder, at=NOW)
    assert second.releases == () and len(second.unchanged) == len(first.releases) and second.kept == ()
    # One row that the pack was installed again; nothing else.
    assert counts() == (*before[:4], before[4] + 1)


def test_two_projects_have_their_own_releases(cast, pack_folder):
    from kamerton.apps.records.models import Project

    other = Project.objects.exclude(id=cast.project.id).get()
    install_pack(actor=OPERATOR, project=cast.project, root=pack_folder, at=NOW)
    install_pack(actor=OPERATOR, project=other, root=pack_folder, at=NOW)
    mine, theirs = (latest_release(p.id, "framework", "kam") for p in (cast.project, other))
    assert mine and theirs and mine.id != theirs.id and mine.digest == theirs.digest


def test_a_model_that_was_changed_here_is_kept_and_named(cast, copy):
    install_pack(actor=cast.designer, project=cast.project, root=copy, at=NOW)
    edit(copy, "framework.yaml", lambda d: d["name"].update(ru="Другое название"))
    edit(copy, "function.yaml", lambda d: d["name"].update(ru="Другая функция"))
    installed = install_pack(actor=cast.designer, project=cast.project, root=copy, at=NOW)
    assert set(installed.kept) == {"function:kam", "framework:kam"}
    assert not {"function:kam", "framework:kam"} & set(installed.unchanged)


def test_a_changed_form_becomes_a_new_release_and_the_procedures_follow(cast, copy):
    install_pack(actor=cast.designer, project=cast.project, root=copy, at=NOW)
    edit(copy, "form-short.yaml", lambda d: d["items"][0]["prompt"].update(en="Reworded"))
    installed = install_pack(actor=cast.designer, project=cast.project, root=copy, at=NOW)
    assert sorted(r.identity.kind for r in installed.releases) == ["form", "procedure", "procedure"]
    form = next(r for r in installed.releases if r.identity.kind == "form")
    assert form.number == 2
    procedures = [r for r in installed.releases if r.identity.kind == "procedure"]
    assert all(str(form.id) in document_of(r, ProcedureDocument).pins.values() for r in procedures)


# ---- what is refused, with the file and the place ------------------------------------------------------------


def test_broken_yaml_is_refused_with_file_and_line(cast, copy):
    path = copy / "framework.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines.insert(11, "  : [ broken")
    path.write_text("\n".join(lines), encoding="utf-8")
    found = refusal(cast, copy)
    assert isinstance(found, PackRefused)
    assert "framework.yaml" in found.message("ru") and "строка 1" in found.message("ru")
    assert "framework.yaml" in found.message("en") and "line 1" in found.message("en")


def test_a_missing_file_is_named(cast, copy):
    (copy / "exercises" / "e3.yaml").unlink()
    found = refusal(cast, copy)
    assert "exercises/e3.yaml" in found.message("ru") and "файла нет" in found.message("ru")
    assert "no such file" in found.message("en")


def test_a_folder_without_a_pack_is_named(cast, tmp_path):
    assert "pack.yaml" in refusal(cast, tmp_path).message("en")
    assert "no such pack folder" in refusal(cast, tmp_path / "nowhere").message("en")


def test_an_unknown_field_is_refused_with_its_place(cast, copy):
    edit(copy, "form-short.yaml", lambda d: d["items"][2].update(dificulty=3))
    found = refusal(cast, copy)
    for language in ("ru", "en"):
        assert "form-short.yaml" in found.message(language) and "items.2.dificulty" in found.message(language)


def test_a_missing_field_is_refused_with_its_place(cast, copy):
    edit(copy, "procedure-internal.yaml", lambda d: d.pop("fit_rule"))
    found = refusal(cast, copy)
    assert "procedure-internal.yaml" in found.message("ru") and "fit_rule" in found.message("ru")


@pytest.mark.parametrize("name", ["pack.yaml", "function.yaml", "cuts.yaml", "exercises/e1.yaml"])
@pytest.mark.parametrize("text", ["", "just words", "- 1\n- 2\n"])
def test_a_file_with_something_else_in_it_is_refused_by_name(cast, copy, name, text):
    (copy / name).write_text(text, encoding="utf-8")
    assert name in refusal(cast, copy).message("en")


def test_a_file_that_is_not_utf8_is_refused_by_name(cast, copy):
    (copy / "function.yaml").write_bytes("name: Функция".encode("cp1251"))
    found = refusal(cast, copy)
    assert "function.yaml" in found.message("ru") and "UTF-8" in found.message("ru")


def test_two_who_answer_for_one_process_are_refused_with_file_and_process(cast, copy):
    def second_a(data):
        raci = data["processes"][3]["raci"]
        other = next(role for role, letters in raci.items() if "A" not in letters.split("/"))
        raci[other] = "A"

    edit(copy, "function.yaml", second_a)
    code = yaml.safe_load((copy / "function.yaml").read_text(encoding="utf-8"))["processes"][3]["code"]
    found = refusal(cast, copy)
    for language in ("ru", "en"):
        assert "function.yaml" in found.message(language) and code in found.message(language)


def test_a_competency_without_an_anchor_is_refused_with_the_file(cast, copy):
    edit(copy, "framework.yaml", lambda d: d["competencies"][0]["name"].pop("en"))
    found = refusal(cast, copy)
    assert "framework.yaml" in found.message("ru") and "framework.yaml" in found.message("en")


def test_a_pack_without_a_procedure_is_refused(cast, copy):
    edit(copy, "pack.yaml", lambda d: d.update(procedures=[]))
    found = refusal(cast, copy)
    assert "pack.yaml" in found.message("ru") and "процедур" in found.message("ru")


def test_an_instrument_the_pack_does_not_hold_is_refused_with_the_procedure(cast, copy):
    edit(copy, "pack.yaml", lambda d: d.update(exercises=d["exercises"][:-1]))
    found = refusal(cast, copy)
    assert "procedure" in found.message("en") or "kam-external" in found.message("en")
    assert "kam-si" in found.message("en")


def test_a_path_out_of_the_pack_is_refused(cast, copy):
    (copy.parent / "outside.yaml").write_text("a: 1", encoding="utf-8")
    edit(copy, "pack.yaml", lambda d: d.update(function="../outside.yaml"))
    assert "outside" in refusal(cast, copy).message("en")


def test_a_matrix_that_names_an_unknown_competency_is_refused(cast, copy):
    for name in ("procedure-external.yaml", "procedure-internal.yaml"):
        edit(copy, name, lambda d: d["matrix"][0].update(competency="C99"))
    found = refusal(cast, copy)
    assert "C99" in found.message("en") and "procedure-external.yaml" in found.message("en")
