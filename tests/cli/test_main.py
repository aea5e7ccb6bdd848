from __future__ import annotations

import pytest

from kamerton.apps.decisions.models import FitResult
from kamerton.apps.people.models import Person, RoleGrant, User
from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.models import Audit, Project, Release
from kamerton.apps.reporting.actions.issue_report import issue_report
from kamerton.apps.results.models import ScoreRun
from kamerton.cli.main import main
from tests.cast import NOW, make_cast
from tests.fixtures.people.lists import bare_list, messy_workbook
from tests.fixtures.sample import sample

__all__ = ["sample"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """`run("verb", …, language=…)` → (exit code, what it said, what it complained of)."""

    def call(*arguments: str, language: str = "en") -> tuple[int, str, str]:
        monkeypatch.setenv("KAMERTON_LANGUAGE", language)
        capsys.readouterr()
        code = main(list(arguments))
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def project(db: None) -> Project:
    from kamerton.apps.records.actions import create_project

    return create_project(actor=OPERATOR, slug="acme", name={"ru": "Акме"}, at=NOW)


def test_without_a_verb_the_verbs_are_listed(run):
    code, out, _ = run()
    assert code == 2 and all(verb in out for verb in ("backup", "people", "evaluate", "doctor"))


def test_a_project_is_made_once_and_named_well(run, db):
    assert run("project", "acme", "--name", "Акме")[0] == 0
    assert Project.objects.get(slug="acme").zone == "Europe/Moscow"
    code, _, err = run("project", "acme", "--name", "Акме", language="ru")
    assert code == 1 and "уже есть" in err
    code, _, err = run("project", "Ак ме", "--name", "Акме")
    assert code == 1 and "lower-case Latin" in err
    code, _, err = run("project", "acme2", "--name", "Акме", "--zone", "Europe/Atlantis", language="ru")
    assert code == 1 and "Europe/Atlantis" in err
    assert Project.objects.filter(slug__startswith="acme").count() == 1


def test_an_account_gets_its_roles_or_is_not_made(run, project):
    password = ("--password", "correct horse")
    code, out, _ = run(
        "user",
        "Anna@Acme.example",
        "--name",
        "Анна",
        "--project",
        "acme",
        "--role",
        "leader",
        "--role",
        "office",
        *password,
    )
    assert code == 0 and "leader, office" in out
    user = User.objects.get(login="anna@acme.example")
    assert user.check_password("correct horse")
    assert set(RoleGrant.objects.filter(user=user).values_list("role", flat=True)) == {"leader", "office"}
    for wrong in (("--role", "king"), ("--role", "leader", "--person", "nobody")):
        code, _, err = run(
            "user", "boris@acme.example", "--name", "Борис", "--project", "acme", *wrong, *password
        )
        assert code == 1 and err.strip()
        assert not User.objects.filter(login="boris@acme.example").exists()
    code, _, err = run(
        "user",
        "c@acme.example",
        "--name",
        "В",
        "--project",
        "acme",
        "--role",
        "leader",
        "--password",
        "short",
        language="ru",
    )
    assert code == 1 and "10 знаков" in err
    code, _, err = run(
        "user", "c@acme.example", "--name", "В", "--project", "nowhere", "--role", "leader", *password
    )
    assert code == 1 and "nowhere" in err


def test_an_account_is_tied_to_its_person(run, project, tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes(bare_list([["Ёлкин Пётр", "17"]], ["ФИО", "Таб. №"]))
    assert run("people", str(path), "--project", "acme", "--commit")[0] == 0
    args = (
        "--name",
        "Ёлкин",
        "--project",
        "acme",
        "--role",
        "assessor",
        "--person",
        "17",
        "--password",
        "correct horse",
    )
    assert run("user", "e@acme.example", *args)[0] == 0
    assert RoleGrant.objects.get().person == Person.objects.get()


def test_a_pack_is_checked_and_installed(run, project, pack_folder, tmp_path):
    code, out, _ = run("pack", "check", str(pack_folder), language="ru")
    assert (
        code == 0 and "процессов 10" in out and not Release.objects.filter(identity__project=project).exists()
    )
    assert run("pack", "check", "kam-precious-metals")[0] == 0, "a pack is found by its name too"
    code, _, err = run("pack", "install", str(pack_folder))
    assert code == 2 and "--project" in err
    assert run("pack", "install", str(pack_folder), "--project", "acme")[0] == 0
    code, out, _ = run("pack", "install", str(pack_folder), "--project", "acme")
    assert code == 0 and "0 releases" in out
    code, _, err = run("pack", "check", str(tmp_path / "nothing"), language="ru")
    assert code == 1 and "папки" in err


@pytest.mark.parametrize(
    "language, words",
    [("ru", ("тот же человек, что в строке 6", "ОТКАЗ", "ничего не записано", "--commit")),
     ("en", ("the same person as in row 6", "REFUSED", "nothing was written", "--commit"))],
)  # fmt: skip
def test_people_are_checked_before_they_are_written(run, project, tmp_path, language, words):
    path = tmp_path / "люди.xlsx"
    path.write_bytes(messy_workbook())
    code, out, _ = run("people", str(path), "--project", "acme", language=language)
    assert code == 0 and not Person.objects.filter(project=project).exists()
    assert all(word in out for word in words)
    code, out, _ = run("people", str(path), "--project", "acme", "--commit", language=language)
    assert code == 0 and Person.objects.filter(project=project).count() == 7
    code, out, _ = run("people", str(path), "--project", "acme", "--commit")
    assert "0 new, 0 changed, 7 unchanged, 2 refused" in out


def test_a_file_of_people_that_cannot_be_read_is_refused(run, project, tmp_path):
    path = tmp_path / "half.xlsx"
    path.write_bytes(messy_workbook()[:2500])
    code, _, err = run("people", str(path), "--project", "acme", "--commit", language="ru")
    assert code == 1 and "повреждён" in err
    code, _, err = run("people", str(tmp_path / "no.csv"), "--project", "acme")
    assert code == 1 and "no.csv" in err
    path.write_bytes(messy_workbook())
    code, _, err = run("people", str(path), "--project", "acme", "--sheet", "Лист9", language="ru")
    assert code == 1 and "Сотрудники" in err
    code, _, err = run("people", str(tmp_path), "--project", "acme")
    assert code == 1 and err.strip()


def test_nothing_to_evaluate_is_said(run, project):
    code, _, err = run("evaluate", "--project", "acme", language="ru")
    assert code == 1 and "Рассчитывать пока нечего" in err


def test_a_role_is_evaluated_and_recomputed(run, sample):
    number = ScoreRun.objects.filter(project=sample).latest("number").number + 1
    code, out, _ = run("evaluate", "--project", sample.slug)
    assert code == 0 and f"Run No. {number}:" in out
    code, out, _ = run("recompute", f"run:{sample.slug}/{number}", language="ru")
    assert code == 0 and "сходится" in out
    for wrong in (f"run:{sample.slug}/999", "run:nowhere/1", "run:", f"run:{sample.slug}/x"):
        code, _, err = run("recompute", wrong)
        assert code == 1 and wrong in err


def test_recomputing_tells_changed_evidence_from_changed_numbers(run, sample):
    from kamerton.apps.delivery.actions import withdraw_consent
    from kamerton.apps.delivery.models import Consent

    consent = Consent.objects.filter(participation__campaign__project=sample, purpose="selection").first()
    assert consent is not None
    withdraw_consent(actor=OPERATOR, consent=consent, at=NOW)
    code, out, _ = run("recompute", f"run:{sample.slug}/1", language="ru")
    assert code == 1 and "Входы изменились" in out


def test_a_report_leads_back_to_answers_and_quotes(run, sample):
    fit = FitResult.objects.filter(run__project=sample).order_by("-composite").first()
    assert fit is not None
    issue = issue_report(actor=OPERATOR, fit=fit, language="ru", at=NOW).issue
    for language, words in (
        ("ru", ("Расчёт № 1", "строгость", "задание", "«")),
        ("en", ("Run No. 1", "severity", "item", "“")),
    ):
        code, out, _ = run("why", issue.number, language=language)
        assert code == 0 and all(word in out for word in words)
    assert Audit.objects.filter(verb="why", object_id=issue.number).count() == 2
    assert run("recompute", issue.number)[0] == 0
    code, _, err = run("why", "KM-1999-0001-ru", language="ru")
    assert code == 1 and "KM-1999-0001-ru" in err


def test_the_same_number_in_two_projects_is_not_guessed(run, sample):
    from kamerton.apps.reporting.models import ReportIssue

    fit = FitResult.objects.filter(run__project=sample).first()
    assert fit is not None
    other = make_cast(slug="acme").project
    for project in (sample, other):
        ReportIssue.objects.create(
            project=project, number="KM-2026-0001-ru", fit=fit, language="ru", document={}, document_digest="0" * 64,
            pdf_digest="0" * 64, template_version="1", actor_id="x", actor_name="x", at=NOW,
        )  # fmt: skip
    code, _, err = run("why", "KM-2026-0001-ru")
    assert code == 1 and "acme/KM-2026-0001-ru" in err and f"{sample.slug}/KM-2026-0001-ru" in err
    assert run("why", f"{sample.slug}/KM-2026-0001-ru")[0] == 0


def test_a_backup_an_export_and_the_doctor_speak(run, sample, tmp_path):
    code, out, _ = run("backup", str(tmp_path / "k.zip"), language="ru")
    assert code == 0 and "Сохранено" in out and (tmp_path / "k.zip").is_file()
    code, _, err = run("backup", str(tmp_path))
    assert code == 1 and str(tmp_path) in err
    code, out, _ = run("export-all", "--project", sample.slug, str(tmp_path / "e.zip"))
    assert code == 0 and "Rows exported" in out
    code, _, err = run("export-all", "--project", "nowhere", str(tmp_path / "e2.zip"))
    assert code == 1 and not (tmp_path / "e2.zip").exists()
    code, out, _ = run("doctor", language="ru")
    assert code == 1 and "ВНИМАНИЕ" in out and "хорошо" in out
    code, _, err = run("restore", str(tmp_path / "k.zip"), language="ru")
    assert code == 1 and "не пуст" in err


def test_destroying_asks_for_the_address_first(run, sample, monkeypatch):
    answers = iter(["no", sample.slug])
    # The keyboard is the outer edge.
    monkeypatch.setattr("builtins.input", lambda question: next(answers))
    code, out, _ = run("destroy", "--project", sample.slug)
    assert code == 1 and "Nothing was changed" in out and Project.objects.filter(slug=sample.slug).exists()
    code, out, _ = run("destroy", "--project", sample.slug)
    assert code == 0 and not Project.objects.filter(slug=sample.slug).exists()
    assert run("destroy", "--project", sample.slug, "--yes")[0] == 1


def test_every_verb_has_help_in_both_languages(capsys, monkeypatch):
    from kamerton.cli.main import parser

    texts = {}
    for language in ("ru", "en"):
        monkeypatch.setenv("KAMERTON_LANGUAGE", language)
        texts[language] = parser().format_help()
    assert texts["ru"] != texts["en"]
    assert any("а" <= letter <= "я" for letter in texts["ru"])
