"""project, user, pack, people, evaluate, why, recompute, sample."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from kamerton.apps.records.actors import OPERATOR
from kamerton.apps.records.queries import project_by_slug
from kamerton.cli.serving import prepare
from kamerton.cli.words import language, say


def project(options: argparse.Namespace) -> int:
    from kamerton.apps.records.actions import create_project

    prepare()
    name = {"ru": options.name, "en": options.name_en or options.name}
    created = create_project(
        actor=OPERATOR, slug=options.slug, name=name, zone=options.zone, at=timezone.now()
    )
    print(
        say(
            f"Проект создан: {created.slug}. Дальше: ./run kamerton pack install ПАПКА --project {created.slug}",
            f"Project created: {created.slug}. Next: ./run kamerton pack install FOLDER --project {created.slug}",
        )
    )
    return 0


def user(options: argparse.Namespace) -> int:
    from kamerton.apps.people.actions import create_user, grant_role
    from kamerton.apps.people.models import User
    from kamerton.apps.people.queries import person_by_number_or_email

    found = project_by_slug(options.project)
    login = options.login.strip().lower()
    password = options.password
    if not User.objects.filter(login=login).exists():
        password = password or getpass.getpass(say("Пароль: ", "Password: "))
        if len(password) < 10:
            print(
                say("Пароль короче 10 знаков.", "The password is shorter than 10 characters."),
                file=sys.stderr,
            )
            return 1
    # All or nothing: a refused role leaves no account without one behind.
    with transaction.atomic():
        account = User.objects.filter(login=login).first() or create_user(
            actor=OPERATOR,
            login=login,
            name=options.name,
            password=password,
            language=language(),
            at=timezone.now(),
        )
        person = person_by_number_or_email(found.id, options.person) if options.person else None
        for role in options.role:
            grant_role(
                actor=OPERATOR, project=found, user=account, role=role, person=person, at=timezone.now()
            )
    print(
        say(
            f"{account.login}: роли {', '.join(options.role)} в проекте {found.slug}.",
            f"{account.login}: roles {', '.join(options.role)} in the project {found.slug}.",
        )
    )
    return 0


def _pack_folder(text: str) -> Path:
    from django.conf import settings

    folder = Path(text)
    return folder if folder.is_dir() else settings.CONTENT / text


def pack(options: argparse.Namespace) -> int:
    from kamerton.flows.install_pack import install_pack, read_pack

    if options.act == "export" and options.project:
        return _export_pack(options)
    folder = _pack_folder(options.folder) if options.act != "export" else Path(options.folder)
    if options.act == "check":
        contents = read_pack(folder)
        print(
            say(
                f"Пакет {contents.pack.code} читается: процессов {len(contents.function.processes)}, "
                f"компетенций {len(contents.framework.competencies)}, форм {len(contents.forms)}, "
                f"упражнений {len(contents.exercises)}, процедур {len(contents.procedures)}.",
                f"The pack {contents.pack.code} is readable: {len(contents.function.processes)} processes, "
                f"{len(contents.framework.competencies)} competencies, {len(contents.forms)} forms, "
                f"{len(contents.exercises)} exercises, {len(contents.procedures)} procedures.",
            )
        )
        return 0
    if not options.project:
        print(
            say("Куда ставить? Добавьте --project АДРЕС.", "Where to? Add --project ADDRESS."),
            file=sys.stderr,
        )
        return 2
    installed = install_pack(
        actor=OPERATOR, project=project_by_slug(options.project), root=folder, at=timezone.now()
    )
    print(
        say(
            f"Установлено: редакций {len(installed.releases)}, без изменений {len(installed.unchanged)}.",
            f"Installed: {len(installed.releases)} releases, {len(installed.unchanged)} unchanged.",
        )
    )
    if installed.kept:
        names = ", ".join(installed.kept)
        print(
            say(
                f"Изменено в этом проекте и оставлено как есть: {names}. Правьте их в студии.",
                f"Changed in this project and kept as it is: {names}. Edit it in the studio.",
            )
        )
    return 0


def _export_pack(options: argparse.Namespace) -> int:
    from kamerton.flows.export_pack import export_pack

    done = export_pack(
        actor=OPERATOR,
        project=project_by_slug(options.project),
        folder=Path(options.folder).resolve(),
        at=timezone.now(),
    )
    print(
        say(
            f"Пакет записан в {options.folder}: файлов {done.files}, форм {done.forms}, упражнений {done.exercises}, "
            f"процедур {done.procedures}.",
            f"The pack is in {options.folder}: {done.files} files, {done.forms} forms, {done.exercises} exercises, "
            f"{done.procedures} procedures.",
        )
    )
    return 0


def people(options: argparse.Namespace) -> int:
    from kamerton.flows.import_people import FileRefused, import_people, read_people

    path = Path(options.file)
    if not path.is_file():
        raise FileRefused(what={"ru": f"Файла {path} нет.", "en": f"There is no file {path}."})
    found = project_by_slug(options.project)
    now = timezone.now()
    draft = read_people(path.read_bytes(), name=path.name, sheet=options.sheet, at=now)
    words = {
        "ok": say("хорошо", "good"),
        "warning": say("с замечанием", "with a remark"),
        "skipped": say("пропущена", "skipped"),
        "refused": say("ОТКАЗ", "REFUSED"),
    }
    for row in draft.rows:
        remarks = "; ".join(r[language()] for r in row.remarks)
        print(f"{row.number:>4}  {words[row.status]:<14} {row.label}" + (f" — {remarks}" if remarks else ""))
    if not options.commit:
        print(
            say(
                "Это проверка, ничего не записано. Записать: добавьте --commit.",
                "This was a dry run, nothing was written. To write, add --commit.",
            )
        )
        return 0
    done = import_people(actor=OPERATOR, project=found, draft=draft, at=now)
    print(
        say(
            f"Новых {done.created}, изменено {done.updated}, без изменений {done.unchanged}, отказано {done.refused}.",
            f"{done.created} new, {done.updated} changed, {done.unchanged} unchanged, {done.refused} refused.",
        )
    )
    return 0


def evaluate(options: argparse.Namespace) -> int:
    from kamerton.flows.evaluate_role import evaluate_role

    run = evaluate_role(
        actor=OPERATOR, project=project_by_slug(options.project), role=options.role, at=timezone.now()
    )
    print(
        say(
            f"Расчёт № {run.number}: людей {run.inputs['persons']}, оценок {run.inputs['ratings']}, ответов {run.inputs['answers']}.",
            f"Run No. {run.number}: {run.inputs['persons']} people, {run.inputs['ratings']} ratings, {run.inputs['answers']} answers.",
        )
    )
    return 0


def why(options: argparse.Namespace) -> int:
    from kamerton.flows.explain import explain_report

    for line in explain_report(number=options.report, language=language(), at=timezone.now()):
        print(line)
    return 0


def recompute(options: argparse.Namespace) -> int:
    from kamerton.flows.recompute import recompute_report

    outcome = recompute_report(reference=options.report, at=timezone.now())
    for line in outcome.lines[language()]:
        print(line)
    return 0 if outcome.agrees else 1


def sample(options: argparse.Namespace) -> int:
    from kamerton.flows.sample import ensure_sample, remove_sample

    if options.study:
        return _study(options.study)
    prepare()
    remove_sample(at=timezone.now())
    ensure_sample(say=lambda ru, en: print(say(ru, en)), seed=options.seed)
    return 0


def _study(replications: int) -> int:
    """File the band first, then choose the seed by the stated rule."""
    from kamerton.flows.sample import pack_root
    from kamerton.flows.sample_study import choose_seed, study_samples, write_expected
    from kamerton.flows.sample_world import sample_files

    files = sample_files(pack_root())
    study = study_samples(files, replications=replications)
    for name in ("four", "ready", "decided", "decided_right"):
        band = getattr(study, name)
        print(f"{name:14} {band.mean:.3f}  5-95 % {band.low:.3f} ... {band.high:.3f}")
    seats = sum(row.seats for row in files.contents.pack.seats)
    seed = choose_seed(files, study, first_seed=20260000, seats=seats)
    write_expected(pack_root(), study, seed)
    print(f"seed {seed}")
    return 0


def case(options: argparse.Namespace) -> int:
    """CASE 1.1: a framework to standard output, or a file into a draft."""
    import json

    from kamerton.flows.exchange_case import export_case, import_case

    found = project_by_slug(options.project)
    if options.act == "export":
        package = export_case(
            actor=OPERATOR,
            project=found,
            slug=options.what,
            base=options.base,
            language=options.tongue,
            at=timezone.now(),
        )
        print(json.dumps(package, ensure_ascii=False, indent=2))
        return 0
    path = Path(options.what)
    if not path.is_file():
        print(say(f"Файла {path} нет.", f"There is no file {path}."), file=sys.stderr)
        return 1
    done = import_case(
        actor=OPERATOR,
        project=found,
        data=path.read_bytes(),
        name=path.name,
        slug=options.slug,
        at=timezone.now(),
    )
    for problem in done.problems:
        print(problem.texts[language()], file=sys.stderr)
    print(
        say(
            f"Черновик модели «{done.slug}»: компетенций {done.competencies}, индикаторов {done.indicators}, профилей "
            f"{done.profiles}; замечаний к файлу: {len(done.problems)}.",
            f'Draft of the framework "{done.slug}": competencies {done.competencies}, indicators {done.indicators}, profiles '
            f"{done.profiles}; remarks on the file: {len(done.problems)}.",
        )
    )
    return 0
