"""`./run kamerton …`: the same verbs as the pages, for a shell."""

from __future__ import annotations

import argparse
import os
import sys

from kamerton.cli import score
from kamerton.cli.words import language, say


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="kamerton",
        description=say(
            "От описания роли до решения о людях: модели компетенций, тесты, центры оценки, соответствие роли.",
            "From a described role to a decision about people: competency models, tests, assessment centres, role fit.",
        ),
    )
    root.add_argument("--language", choices=["ru", "en"], help=say("язык сообщений", "language of messages"))
    verbs = root.add_subparsers(dest="verb", metavar=say("КОМАНДА", "VERB"))

    def verb(name: str, ru: str, en: str) -> argparse.ArgumentParser:
        return verbs.add_parser(name, help=say(ru, en), description=say(ru, en))

    verb(
        "demo",
        "пример «Норветал»: подготовить, запустить, показать адрес",
        "the Norvetal sample: prepare, serve, print the address",
    )
    verb("serve", "запустить сервер", "run the server")
    one = verb("worker", "запустить фоновые работы", "run the background worker")
    one.add_argument(
        "--once", action="store_true", help=say("сделать всё, что ждёт, и выйти", "do what waits and leave")
    )
    one = verb(
        "score",
        "обработать файл ответов: статистика заданий, надёжность, баллы",
        "score a file of responses: item statistics, reliability, scores",
    )
    score.add_arguments(one)

    one = verb("project", "создать пустой проект", "create an empty project")
    one.add_argument(
        "slug", help=say("адрес: латинские буквы, цифры, дефис", "address: Latin letters, digits, hyphens")
    )
    one.add_argument("--name", required=True, help=say("название", "name"))
    one.add_argument("--name-en", default="", help=say("название по-английски", "name in English"))
    one.add_argument("--zone", default="Europe/Moscow", help=say("часовой пояс", "time zone"))

    one = verb("user", "завести учётную запись и выдать роли", "create an account and grant roles")
    one.add_argument("login", help=say("имя для входа (почта)", "login (e-mail)"))
    one.add_argument("--name", required=True)
    one.add_argument("--project", required=True)
    one.add_argument(
        "--role",
        action="append",
        required=True,
        help=say("роль; можно несколько раз", "role; may be repeated"),
    )
    one.add_argument(
        "--person",
        default="",
        help=say("чей это человек: табельный номер или почта", "which person: employee number or e-mail"),
    )
    one.add_argument(
        "--password", default="", help=say("пароль; без него спросим", "password; asked for if absent")
    )

    one = verb(
        "pack", "проверить, установить или выгрузить пакет роли", "check, install or export a role pack"
    )
    one.add_argument("act", choices=["check", "install", "export"])
    one.add_argument("folder", help=say("папка пакета", "folder of the pack"))
    one.add_argument("--project", default="")

    one = verb(
        "case",
        "выгрузить или загрузить модель компетенций в формате CASE 1.1",
        "export or import a framework as CASE 1.1",
    )
    one.add_argument("act", choices=["export", "import"])
    one.add_argument(
        "what", help=say("модель (export) или файл (import)", "framework (export) or file (import)")
    )
    one.add_argument("--project", required=True)
    one.add_argument("--slug", default="", help=say("имя новой модели", "name of the new framework"))
    one.add_argument(
        "--base", default="https://kamerton.invalid", help=say("начало адресов URI", "beginning of the URIs")
    )
    one.add_argument(
        "--in",
        dest="tongue",
        choices=["ru", "en"],
        default="en",
        help=say("язык полей", "language of the fields"),
    )

    one = verb("people", "загрузить людей из XLSX или CSV", "import people from XLSX or CSV")
    one.add_argument("file")
    one.add_argument("--project", required=True)
    one.add_argument("--sheet", default=None)
    one.add_argument(
        "--commit",
        action="store_true",
        help=say("записать; без этого только проверка", "write; without it a dry run"),
    )

    one = verb("evaluate", "рассчитать соответствие роли", "evaluate everybody against a role")
    one.add_argument("--project", required=True)
    one.add_argument("--role", default="R3")

    one = verb(
        "why", "показать путь от отчёта назад к ответам", "print the way from a report back to the answers"
    )
    one.add_argument("report", help=say("номер отчёта", "number of the report"))
    one = verb(
        "recompute", "пересчитать и сравнить с записанным", "compute again and compare with what is stored"
    )
    one.add_argument(
        "report", help=say("номер отчёта или run:ПРОЕКТ/НОМЕР", "number of a report, or run:PROJECT/NUMBER")
    )

    one = verb("backup", "сохранить всё в один файл", "save everything into one file")
    one.add_argument("file")
    one = verb("restore", "восстановить из файла в пустой дом", "restore from a file into an empty home")
    one.add_argument("file")
    verb("doctor", "проверить установку", "check the installation")
    one = verb("export-all", "выгрузить проект в открытых форматах", "export a project in open formats")
    one.add_argument("--project", required=True)
    one.add_argument("file")
    one = verb("destroy", "уничтожить проект со всеми данными", "destroy a project with all its data")
    one.add_argument("--project", required=True)
    one.add_argument("--yes", action="store_true", help=say("да, без вопроса", "yes, without asking"))
    one = verb(
        "sample",
        "поставить пример заново (реальные проекты не меняются)",
        "install the sample anew (real projects stay as they are)",
    )
    one.add_argument("--seed", type=int, default=None)
    one.add_argument(
        "--study",
        type=int,
        default=0,
        metavar="N",
        help=say(
            "смоделировать N примеров, записать полосу согласия и выбрать начальное число",
            "simulate N samples, file the band of agreement, choose the seed",
        ),
    )
    return root


PREPARES_ITSELF = frozenset({"demo", "serve", "worker", "project", "sample", "doctor", "restore"})
"""Verbs that make the tables, or say themselves that there are none."""


def nothing_here() -> str:
    home = os.environ.get("KAMERTON_HOME", ".kamerton")
    return say(
        f"В доме {home} ещё ничего нет. Начните с ./run demo или ./run kamerton project; другой дом: KAMERTON_HOME.",
        f"The home {home} is still empty. Begin with ./run demo or ./run kamerton project; another home: KAMERTON_HOME.",
    )


def no_database(fault: Exception) -> str:
    return say(
        f"База данных не отвечает: {fault}. Проверьте KAMERTON_DATABASE_URL и KAMERTON_HOME.",
        f"The database does not answer: {fault}. Check KAMERTON_DATABASE_URL and KAMERTON_HOME.",
    )


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    if options.language:
        os.environ["KAMERTON_LANGUAGE"] = options.language
    if not options.verb:
        parser().print_help()
        return 2
    if options.verb == "score":
        return score.run(options)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamerton.config.settings")
    import django

    try:
        django.setup()
    except ValueError as fault:
        # Settings are read here; each names the variable it could not use.
        print(say(f"Настройка не читается: {fault}", f"A setting cannot be read: {fault}"), file=sys.stderr)
        return 2
    from django.db import OperationalError

    from kamerton.apps.records.errors import Refused
    from kamerton.cli import office, serving, vault
    from kamerton.flows.doctor import has_tables

    table = {
        "demo": serving.demo,
        "serve": serving.serve,
        "worker": serving.worker,
        "project": office.project,
        "user": office.user,
        "pack": office.pack,
        "case": office.case,
        "people": office.people,
        "evaluate": office.evaluate,
        "why": office.why,
        "recompute": office.recompute,
        "sample": office.sample,
        "backup": vault.backup,
        "restore": vault.restore,
        "doctor": vault.doctor,
        "export-all": vault.export_all,
        "destroy": vault.destroy,
    }
    try:
        is_offline = options.verb == "pack" and options.act == "check"
        if options.verb not in PREPARES_ITSELF and not is_offline and not has_tables():
            print(nothing_here(), file=sys.stderr)
            return 1
        return table[options.verb](options)
    except Refused as refusal:
        print(refusal.message(language()), file=sys.stderr)
        return 1
    except OperationalError as fault:
        print(no_database(fault), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
