"""backup, restore, doctor, export-all, destroy."""

from __future__ import annotations

import argparse
from pathlib import Path

from kamerton.cli.words import language, say


def backup(options: argparse.Namespace) -> int:
    from django.utils import timezone

    from kamerton.flows.vault import save_backup

    saved = save_backup(file=Path(options.file).resolve(), at=timezone.now())
    print(
        say(
            f"Сохранено: {saved.file}, строк {saved.rows}, файлов отчётов {saved.files}.",
            f"Saved: {saved.file}, {saved.rows} rows, {saved.files} report files.",
        )
    )
    return 0


def restore(options: argparse.Namespace) -> int:
    from kamerton.cli.serving import prepare
    from kamerton.flows.vault import restore_backup

    prepare()
    saved = restore_backup(file=Path(options.file).resolve())
    print(
        say(
            f"Восстановлено: строк {saved.rows}, файлов отчётов {saved.files}.",
            f"Restored: {saved.rows} rows, {saved.files} report files.",
        )
    )
    return 0


def doctor(_: argparse.Namespace) -> int:
    from django.utils import timezone

    from kamerton.flows.doctor import examine

    findings = examine(at=timezone.now())
    for finding in findings:
        mark = say("хорошо ", "good ") if finding.ok else say("ВНИМАНИЕ ", "ATTENTION ")
        print(mark + finding.texts[language()])
    return 0 if all(f.ok for f in findings) else 1


def export_all(options: argparse.Namespace) -> int:
    from kamerton.apps.records.queries import project_by_slug
    from kamerton.flows.leave import export_project

    rows = export_project(project=project_by_slug(options.project), file=Path(options.file).resolve())
    print(say(f"Выгружено строк: {rows}.", f"Rows exported: {rows}."))
    return 0


def destroy(options: argparse.Namespace) -> int:
    from django.utils import timezone

    from kamerton.apps.records.actors import OPERATOR
    from kamerton.apps.records.queries import project_by_slug
    from kamerton.flows.leave import demolish

    project = project_by_slug(options.project)
    if not options.yes:
        question = say(
            f"Уничтожить проект {project.slug} со всеми данными? Введите его адрес: ",
            f"Destroy the project {project.slug} with all its data? Type its address: ",
        )
        if input(question).strip() != project.slug:
            print(say("Ничего не изменено.", "Nothing was changed."))
            return 1
    deleted = demolish(actor=OPERATOR, project=project, at=timezone.now())
    print(say(f"Уничтожено строк: {sum(deleted.values())}.", f"Rows destroyed: {sum(deleted.values())}."))
    return 0
