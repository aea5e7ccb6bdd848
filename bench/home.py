"""A temporary home with candidates who are in the middle of their test, and a real server in front of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Sitter:
    """One candidate: the cookie, the sitting, and what they answer to one item."""

    cookie: str
    sitting: str
    epoch: int
    number: int
    responses: tuple[dict[str, Any], ...]


def enter(folder: Path, database_url: str | None = None) -> None:
    """Make `folder` the home of this process and of the servers it starts, on SQLite unless a database is named."""
    for name in [name for name in os.environ if name.startswith("KAMERTON_")]:
        if name not in {"KAMERTON_VENV", "KAMERTON_PYTHON"}:
            del os.environ[name]
    os.environ |= {
        "KAMERTON_HOME": str(folder),
        "KAMERTON_CONTENT": str(ROOT / "content"),
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        "PYTHONDONTWRITEBYTECODE": "1",
    } | ({"KAMERTON_DATABASE_URL": database_url} if database_url else {})
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def sitters(count: int, *, idle: int = 0) -> list[Sitter]:
    """`count` candidates of a company, invited, agreed and begun, through the same actions as real ones.

    `idle` more people stand in the same campaign and have not come yet.
    """
    from django.utils import timezone

    from kamerton.apps.delivery.actions import (
        add_participant,
        begin_session,
        give_consent,
        invite,
        open_campaign,
        start_sitting,
    )
    from kamerton.apps.delivery.models import Participation
    from kamerton.apps.delivery.queries import consent_texts
    from kamerton.apps.delivery.rules import consent_digest
    from kamerton.apps.instruments.documents import FormDocument
    from kamerton.apps.people.actions import PersonData, save_person
    from kamerton.apps.records.actions import create_project
    from kamerton.apps.records.actors import OPERATOR, Actor
    from kamerton.apps.records.queries import document_of, latest_release
    from kamerton.flows.install_pack import install_pack

    now = timezone.now()
    project = create_project(actor=OPERATOR, slug="bench", name={"ru": "Измерение", "en": "Bench"}, at=now)
    install_pack(actor=OPERATOR, project=project, root=ROOT / "content" / "kam-precious-metals", at=now)
    procedure = latest_release(project.id, "procedure", "kam-external")
    form = latest_release(project.id, "form", "kam-hybrid-short")
    assert procedure is not None and form is not None
    number, item = next(
        (n, i) for n, i in enumerate(document_of(form, FormDocument).items, 1) if i.type == "single"
    )
    responses = tuple({"choice": option.code} for option in item.options)
    campaign = open_campaign(
        actor=OPERATOR, project=project, procedure=procedure, slug="bench", name={"ru": "Измерение", "en": "Bench"},
        purpose="selection", opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=2), at=now,
    )  # fmt: skip
    text = next(one for one in consent_texts(campaign) if one.purpose == "selection")
    found: list[Sitter] = []
    for n in range(count + idle):
        data = PersonData(family_name={"ru": "Измеров"}, given_name={"ru": "Пётр"}, employee_number=f"B{n}")
        person = save_person(actor=OPERATOR, project=project, data=data, at=now).person
        added = add_participant(actor=OPERATOR, campaign=campaign, person=person, at=now)
        if n >= count:
            continue
        participation = Participation.objects.select_related(
            "campaign__project", "campaign__procedure", "person"
        ).get(id=added.id)
        actor = Actor("candidate", str(participation.id), "candidate", project.id, person_id=person.id)
        give_consent(
            actor=actor, participation=participation, purpose="selection", text_digest=consent_digest(text), language="ru", at=now
        )  # fmt: skip
        token = invite(
            actor=OPERATOR,
            participation=participation,
            expires_at=now + timedelta(days=1),
            send=False,
            at=now,
        ).token
        secret = begin_session(token=token, at=now).secret
        sitting = start_sitting(
            actor=actor, participation=participation, form=form, language="ru", at=now
        ).sitting
        found.append(Sitter(secret, str(sitting.id), sitting.epoch, number, responses))
    return found


@contextmanager
def server(workers: int, threads: int) -> Iterator[int]:
    """gunicorn as `./run serve` starts it; yields the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [
        sys.executable, "-m", "gunicorn", "kamerton.config.wsgi:application", "--bind", f"127.0.0.1:{port}", "--worker-class",
        "gthread", "--workers", str(workers), "--threads", str(threads), "--keep-alive", "15", "--log-level", "warning",
        "--preload",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        for _ in range(200):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/bench/empty", timeout=2):
                    break
            except OSError:
                if process.poll() is not None:
                    raise RuntimeError("the server of the measurement did not start") from None
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
