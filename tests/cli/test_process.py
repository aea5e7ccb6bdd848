"""The command line as a process of its own: empty homes, wrong settings, clean ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.fixtures.shell import ROOT, Home, new_home


@pytest.fixture
def home(tmp_path: Path):
    with new_home(tmp_path / "home") as made:
        yield made


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    "arguments", [("people", "x.csv", "--project", "a"), ("evaluate", "--project", "a"), ("backup", "x.zip"), ("why", "KM-1")]
)  # fmt: skip
def test_an_empty_home_is_said_to_be_empty(home, arguments):
    reply = home.kamerton(*arguments, language="ru")
    assert reply.returncode == 1 and "ещё ничего нет" in reply.stderr and "Traceback" not in reply.stderr


def test_the_doctor_of_an_empty_home_says_so(home):
    reply = home.kamerton("doctor")
    assert reply.returncode == 1 and "still empty" in reply.stdout and "Traceback" not in reply.stderr


def test_a_pack_is_checked_without_a_home(home):
    reply = home.kamerton("pack", "check", "kam-precious-metals")
    assert reply.returncode == 0, reply.stderr


def test_a_setting_that_cannot_be_read_is_named(tmp_path):
    wrong = Home(tmp_path, database="mysql://root@localhost/x")
    reply = wrong.kamerton("doctor", language="ru")
    assert (
        reply.returncode == 2 and "KAMERTON_DATABASE_URL" in reply.stderr and "Traceback" not in reply.stderr
    )


def test_a_database_that_does_not_answer_is_named(tmp_path):
    absent = Home(tmp_path, database=f"postgresql://nobody@127.0.0.1:{free_port()}/x")
    reply = absent.kamerton("evaluate", "--project", "a", language="ru")
    assert (
        reply.returncode == 1
        and "База данных не отвечает" in reply.stderr
        and "Traceback" not in reply.stderr
    )


def test_the_key_of_an_installation_is_private(home):
    home.kamerton("doctor")
    assert (home.folder / "secret.key").stat().st_mode & 0o077 == 0


def test_a_port_that_is_no_port_is_refused(home):
    environment = home.environment() | {"KAMERTON_PORT": "eighty"}
    reply = subprocess.run(
        [sys.executable, "-m", "kamerton.cli.main", "serve"], env=environment, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert reply.returncode == 2 and "KAMERTON_PORT=eighty" in reply.stderr


def test_the_server_answers_and_ends_on_a_signal(home):
    port = free_port()
    environment = home.environment() | {"KAMERTON_PORT": str(port), "KAMERTON_WORKERS": "1"}
    server = subprocess.Popen(
        [sys.executable, "-m", "kamerton.cli.main", "serve"], env=environment, cwd=ROOT, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(120):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as reply:
                    assert reply.status == 200
                break
            except OSError:
                assert server.poll() is None
                time.sleep(0.25)
        else:
            pytest.fail("the server did not answer within 30 seconds")
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=15) == 0
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
