"""`kamerton score`: agrees with the reference, refuses in plain words, writes what it says."""

from __future__ import annotations

import argparse
import csv
import html.parser
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kamerton.cli import score
from kamerton.formats.tables import TableRefused

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "score"


def arguments(*words: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    score.add_arguments(parser)
    return parser.parse_args([str(w) for w in words])


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


@pytest.mark.parametrize(
    "name",
    ("lsat6", "science", "abortion", "bfi_agree", "bfi_consc", "bfi_extra", "verbagg_poly", "verbagg_binary"),
)
def test_agrees_with_the_classical_figures_of_the_reference(name, reference, tmp_path, capsys):
    data = reference / "psychometrics" / f"{name}.csv"
    expected = json.loads(data.with_suffix(".json").read_text(encoding="utf-8"))["ctt"]
    assert score.run(arguments("--responses", data, "--graded", "--out", tmp_path, "--language", "en")) == 0
    printed = capsys.readouterr().out
    line = re.search(r"^alpha (-?\d\.\d{4}) \[(-?\d\.\d\d), (-?\d\.\d\d)\]$", printed, re.MULTILINE)
    assert line, printed
    assert line.group(1) == f"{expected['alpha_raw']:.4f}"
    assert float(line.group(2)) <= expected["alpha_raw"] <= float(line.group(3))
    items = table(tmp_path / "items.csv")
    for column, answer in (
        ("mean", "item_mean"),
        ("sd", "item_sd"),
        ("r_rest", "r_drop"),
        ("alpha_if_dropped", "alpha_if_dropped"),
    ):
        assert [float(i[column]) for i in items] == pytest.approx(expected[answer], abs=1e-8), column
    whole = {row["statistic"]: row for row in table(tmp_path / "reliability.csv")}
    omega = expected["omega_total_1factor"]["omega_std"]
    assert float(whole["omega_total_standardised"]["value"]) == pytest.approx(omega, abs=1e-5)
    assert len(table(tmp_path / "persons.csv")) == expected["n"]
    assert f"{expected['n']:,} people" in printed


def test_the_shell_command_works_without_django(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "kamerton.cli.main", "score", "--responses", EXAMPLE / "responses.csv", "--key", EXAMPLE / "key.csv",
         "--language", "en", "--html", tmp_path / "report.html"],
        capture_output=True, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin", "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "alpha 0.7808 [0.74, 0.82]" in done.stdout.splitlines()
    assert (tmp_path / "report.html").stat().st_size > 10_000


def test_the_example_finds_what_was_built_into_it(tmp_path, capsys):
    assert (
        score.run(
            arguments(
                "--responses",
                EXAMPLE / "responses.csv",
                "--key",
                EXAMPLE / "key.csv",
                "--out",
                tmp_path,
                "--language",
                "en",
            )
        )
        == 0
    )
    printed = capsys.readouterr().out
    assert "Q07, option A (key): the key is not the choice of the able" in printed
    assert "Q11, option D: never chosen" in printed
    flags = {i["item"]: i["flags"] for i in table(tmp_path / "items.csv")}
    assert (
        flags["Q07"] == "negative_discrimination"
        and flags["Q13"] == "low_discrimination"
        and flags["Q01"] == ""
    )
    options = {(o["item"], o["option"]): o for o in table(tmp_path / "distractors.csv")}
    assert "positive_distractor_certain" in options["Q07", "C"]["flags"]
    assert options["Q11", "D"]["n_chosen"] == "0"


def test_a_key_and_points_give_the_scores_one_would_count_by_hand(tmp_path):
    responses = write(tmp_path, "r.csv", "id,q1,q2,q3\nP1,a,B),2.0\nP2,C,b,\nP3,A,NA,1\n")
    key = write(tmp_path, "k.csv", "item;key;points\nq1;A|C;1\nq2;B;2\nq3;2;0,5\n")
    scored = score.read_choices(str(responses), str(key), id_column=None, ignore=[], blank=None)
    assert scored.persons == ("P1", "P2", "P3")
    assert scored.points[0].tolist() == [1, 2, 0.5] and scored.points[1].tolist() == [1, 2, 0]
    assert scored.points[2, 0] == 1 and str(scored.points[2, 1]) == "nan" and scored.points[2, 2] == 0
    assert scored.omitted.sum() == 1 and scored.omitted[1, 2]


def test_blank_can_mean_not_presented(tmp_path):
    responses = write(tmp_path, "r.csv", "id,q1,q2\nP1,A,\nP2,A,B\n")
    key = write(tmp_path, "k.csv", "item,key\nq1,A\nq2,B\n")
    scored = score.read_choices(str(responses), str(key), id_column=None, ignore=[], blank="missing")
    assert str(scored.points[0, 1]) == "nan" and not scored.omitted.any()


def test_letters_that_look_alike_are_one_answer(tmp_path):
    # Cyrillic А and С among Latin D and B: typed on the wrong keyboard.
    responses = write(tmp_path, "r.csv", "id,q1,q2\nP1,\u0410,D\nP2,A,\u0421\n")
    key = write(tmp_path, "k.csv", "item,key\nq1,A\nq2,C\n")
    scored = score.read_choices(str(responses), str(key), id_column=None, ignore=[], blank=None)
    assert scored.points.tolist() == [[1, 0], [1, 1]]
    assert any("Latin" in note["en"] for note in scored.notes)


def test_reads_cp1251_with_semicolons_and_decimal_commas(tmp_path):
    path = write(
        tmp_path, "r.csv", "ФИО;Вопрос 1;Вопрос 2\r\nКим;0,5;1\r\nЛи;1;0\r\nИтого;1,5;1\r\n", "cp1251"
    )
    scored = score.read_graded(str(path), id_column=None, ignore=[], blank=None, scale="0-1")
    assert scored.persons == ("Ким", "Ли") and scored.points[0, 0] == 0.5
    assert any("Итого" in note["ru"] for note in scored.notes)


def test_few_people_are_scored_with_an_assumed_error_and_no_statistics(tmp_path, capsys):
    path = write(
        tmp_path, "r.csv", "id,a,b,c\n" + "".join(f"P{i},{i % 2},{i % 3 % 2},1\n" for i in range(12))
    )
    assert (
        score.run(arguments("--responses", path, "--graded", "--out", tmp_path / "o", "--language", "en"))
        == 0
    )
    printed = capsys.readouterr().out
    assert "at least 30 are needed" in printed and "alpha 0" not in printed
    assert all(
        "error_assumed" in row["flags"] and float(row["se"]) > 0
        for row in table(tmp_path / "o" / "persons.csv")
    )
    assert all(row["p"] == "" for row in table(tmp_path / "o" / "items.csv"))


GOOD = "id,q1,q2\nP1,A,B\nP2,B,B\n"
KEY = "item,key\nq1,A\nq2,B\n"
CASES = {
    "unknown_item": (GOOD, KEY + "q9,C\n", [], "q9"),
    "no_key": ("id,q1,q2,q3\nP1,A,B,C\nP2,B,B,C\n", KEY, [], "q3"),
    "id_twice": ("id,q1,q2\nP1,A,B\nP2,A,B\nP1,B,B\n", KEY, [], "P1"),
    "id_blank": ("id,q1,q2\nP1,A,B\n,A,B\n", KEY, [], "3"),
    "key_columns": (GOOD, "item:key\nq1:A\n", [], "item:key"),
    "key_twice": (GOOD, KEY + "q1,B\n", [], "q1"),
    "key_blank": (GOOD, "item,key\nq1,A\nq2,\n", [], "q2"),
    "points": (GOOD, "item,key,points\nq1,A,x\nq2,B,1\n", [], "x"),
    "column_twice": ("id,q1,q1\nP1,A,B\nP2,A,B\n", KEY, [], "q1"),
    "ragged": ("id,q1,q2\nP1,A,B\nP2,A,B,C\n", KEY, [], "3"),
    "blank_head": ("id,q1,,q2\nP1,A,C,B\nP2,A,C,B\n", KEY, [], "C"),
    "few_persons": ("id,q1,q2\nP1,A,B\n", KEY, [], "1"),
    "one_column": ("id:q1:q2\nP1:A:B\nP2:A:B\n", KEY, [], "id:q1:q2"),
    "all_missing": ("id,q1,q2\nP1,NA,B\nP2,NA,B\n", KEY, [], "q1"),
    "empty": ("", KEY, [], "r.csv"),
    "no_rows": ("id,q1,q2\n", KEY, [], "r.csv"),
    "no_column": (GOOD, KEY, ["--id", "person"], "person"),
    "not_number": ("id,q1,q2\nP1,1,2\nP2,3,да\n", None, [], "C3"),
    "outside_scale": ("id,q1,q2\nP1,1,2\nP2,3,6\n", None, ["--scale", "1-5"], "C3"),
    "bad_scale": (GOOD, None, ["--scale", "five"], "five"),
    "few_items": ("id,q1,q2\nP1,1,2\nP2,3,1\n", None, ["--ignore", "q2"], "1"),
    "no_head": ("1,0,1\n0,1,1\n1,1,1\n", None, [], "1"),
}


@pytest.mark.parametrize("code", CASES)
@pytest.mark.parametrize("language", ("ru", "en"))
def test_refuses_bad_input_in_plain_words(code, language, tmp_path, capsys):
    responses, key, more, names = CASES[code]
    words = ["--responses", write(tmp_path, "r.csv", responses), *more, "--language", language]
    words += ["--graded"] if key is None else ["--key", write(tmp_path, "k.csv", key)]
    with pytest.raises((score.ScoreRefused, TableRefused)) as refused:
        score._read(arguments(*words))
    assert refused.value.code == code
    assert score.run(arguments(*words)) == 2
    printed = capsys.readouterr()
    assert names in printed.err and "{" not in printed.err and printed.out == ""
    assert bool(re.search("[а-я]{4}", printed.err)) is (language == "ru") or code == "not_number"


def test_refuses_both_modes_none_and_a_missing_file(tmp_path, capsys):
    good = write(tmp_path, "r.csv", GOOD)
    assert score.run(arguments("--responses", good, "--language", "en")) == 2
    assert score.run(arguments("--responses", good, "--graded", "--key", good, "--language", "en")) == 2
    assert score.run(arguments("--responses", tmp_path / "absent.csv", "--graded", "--language", "ru")) == 2
    assert "не найден" in capsys.readouterr().err


def test_ids_and_texts_cannot_become_formulas(tmp_path):
    body = "".join(f"=cmd{i},{i % 2},{i % 3 % 2}\n" for i in range(40))
    path = write(tmp_path, "r.csv", "id,a,b\n" + body)
    assert (
        score.run(arguments("--responses", path, "--graded", "--out", tmp_path / "o", "--language", "en"))
        == 0
    )
    assert all(row["id"].startswith("'=") for row in table(tmp_path / "o" / "persons.csv"))


def test_every_refusal_speaks_both_languages_with_the_same_parameters():
    import string

    for code, texts in score.MESSAGES.items():
        names = [
            {field for _, field, _, _ in string.Formatter().parse(texts[tag]) if field}
            for tag in ("ru", "en")
        ]
        assert names[0] == names[1], code


def test_the_how_to_shows_what_the_command_prints(capsys):
    page = (ROOT / "docs" / "how-to" / "score-a-file.md").read_text(encoding="utf-8")
    assert (
        score.run(
            arguments(
                "--responses", EXAMPLE / "responses.csv", "--key", EXAMPLE / "key.csv", "--language", "en"
            )
        )
        == 0
    )
    printed = capsys.readouterr().out.splitlines()
    quoted = [line for line in page.splitlines() if line.startswith(("alpha ", "  Q07"))]
    assert len(quoted) == 4 and all(line in printed for line in quoted)
    assert (
        score.run(
            arguments(
                "--responses", EXAMPLE / "ratings.csv", "--graded", "--scale", "1-5", "--language", "ru"
            )
        )
        == 0
    )
    assert "Сотрудник 001" in capsys.readouterr().out


class Reader(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "line", "circle", "rect", "polyline", "br", "link"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
