"""`demo`, `serve`, `worker`: processes that stop cleanly on a signal."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType

from django.conf import settings
from django.core.management import call_command

from kamerton.cli.words import say


def _port() -> int:
    text = os.environ.get("KAMERTON_PORT", "8000")
    if not text.isdigit() or not 0 < int(text) < 65536:
        print(
            say(
                f"KAMERTON_PORT={text}: нужно число от 1 до 65535.",
                f"KAMERTON_PORT={text}: a number from 1 to 65535 is needed.",
            ),
            file=sys.stderr,
        )
        raise SystemExit(2)
    return int(text)


def prepare() -> None:
    """Folders and tables; quick when there is nothing to do."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0, interactive=False)


def _server(port: int) -> list[str]:
    workers = os.environ.get("KAMERTON_WORKERS", "2")
    threads = os.environ.get("KAMERTON_THREADS", "4")
    host = os.environ.get("KAMERTON_BIND", "127.0.0.1")
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "kamerton.config.wsgi:application",
        "--bind",
        f"{host}:{port}",
        "--worker-class",
        "gthread",
        "--workers",
        workers,
        "--threads",
        threads,
        "--graceful-timeout",
        "5",
        "--keep-alive",
        "15",
        "--log-level",
        "warning",
        "--preload",
    ]


def serve(_: argparse.Namespace) -> int:
    prepare()
    port = _port()
    command = _server(port)
    os.execv(command[0], command)  # noqa: S606 - our own interpreter
    return 0


def worker(options: argparse.Namespace) -> int:
    prepare()
    from kamerton.flows.worker import run_worker

    return run_worker(once=options.once)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def demo(_: argparse.Namespace) -> int:
    """Prepare the sample, start server and worker, print the address when it answers, stop on a signal."""
    port = _port()
    started = time.monotonic()
    os.environ["KAMERTON_DEMO"] = "1"
    prepare()
    from kamerton.flows.sample import ensure_sample

    ensure_sample(say=lambda ru, en: print(say(ru, en), flush=True))
    from django.db import connections

    connections.close_all()
    environment = os.environ | {"KAMERTON_DEMO": "1"}
    server = subprocess.Popen(_server(port), env=environment)
    background = subprocess.Popen([sys.executable, "-m", "kamerton.cli.main", "worker"], env=environment)
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    announced = False
    code = 0
    while not stopping:
        if server.poll() is not None:
            print(
                say(
                    f"Сервер не запустился. Порт {port} занят? Задайте другой: KAMERTON_PORT=8001 ./run demo",
                    f"The server did not start. Is port {port} taken? Name another: KAMERTON_PORT=8001 ./run demo",
                ),
                file=sys.stderr,
            )
            code = 1
            break
        if not announced and _answers(port):
            announced = True
            seconds = time.monotonic() - started
            print(
                say(
                    f"Камертон открыт: http://127.0.0.1:{port}/  (готово за {seconds:.0f} с; остановить: Ctrl+C)",
                    f"Kamerton is open: http://127.0.0.1:{port}/  (ready in {seconds:.0f} s; stop with Ctrl+C)",
                ),
                flush=True,
            )
        time.sleep(0.2 if not announced else 0.5)
    for process in (background, server):
        if process.poll() is None:
            process.terminate()
    for process in (background, server):
        try:
            process.wait(timeout=8)
        except subprocess.TimeoutExpired:
            process.kill()
    return code
