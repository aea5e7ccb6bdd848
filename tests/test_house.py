"""Rules of the house that no linter knows: names of modules, signatures of actions, settings, lock files."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import kamerton.apps

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "kamerton"
ROOMS = sorted(path.parent.name for path in (SOURCE / "apps").glob("*/apps.py"))

WITHOUT_AN_ACTOR = {
    "ensure_subject": "a row that follows from a person, made by whoever needs it",
    "library_versions": "reads what is installed",
    "begin_session": "the link itself says who comes",
    "start_trial": "a visitor of a sample, whom nobody knows",
    "keep_text": "a part of other actions, inside their transaction",
}
"""Public names of rooms' actions that no actor asks for, and why."""


def test_lock_files_name_no_address():
    locks = sorted(ROOT.glob("requirements*.lock"))
    assert [lock.name for lock in locks] == [
        "requirements-bench.lock",
        "requirements-dev.lock",
        "requirements.lock",
    ]
    for lock in locks:
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text, f"{lock.name} ties an installation to one host"
        assert "--hash=sha256:" in text
        assert not re.search(r"^[A-Za-z0-9_.-]+==\S+\s*$", text, re.MULTILINE), (
            f"{lock.name}: a package without a hash"
        )


@pytest.mark.parametrize("word", ["utils", "common", "helpers", "services", "managers", "signals", "misc"])
def test_no_module_is_a_drawer_for_everything(word):
    found = [
        path
        for path in (*SOURCE.rglob("*"), *(ROOT / "tests").rglob("*"), *(ROOT / "bench").rglob("*"))
        if path.stem == word
    ]
    assert not found, f"name the noun: {found}"


def test_every_room_says_what_it_owns():
    assert len(ROOMS) >= 11
    for room in ROOMS:
        readme = SOURCE / "apps" / room / "README.md"
        assert readme.is_file(), f"{room} has no README"
        text = readme.read_text(encoding="utf-8")
        assert len(text) > 200 and re.search("[а-яё]", text), (
            f"{room}/README.md: its nouns in both languages are missing"
        )


def actions() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Every public function of every room's actions: (room, name, function)."""
    for room in ROOMS:
        package = importlib.import_module(f"kamerton.apps.{room}.actions")
        names = set(getattr(package, "__all__", ()))
        for module in pkgutil.iter_modules(package.__path__):
            inner = importlib.import_module(f"{package.__name__}.{module.name}")
            if hasattr(inner, module.name):
                names.add(module.name)
        for name in sorted(names):
            value = getattr(package, name)
            value = getattr(value, name, value) if inspect.ismodule(value) else value
            if inspect.isfunction(value):
                yield room, name, value


ACTIONS = list(actions())


def test_there_are_actions_to_look_at():
    assert len(ACTIONS) > 40 and {room for room, *_ in ACTIONS} >= {
        "people",
        "delivery",
        "decisions",
        "records",
    }


@pytest.mark.parametrize(
    ("room", "name", "action"), ACTIONS, ids=[f"{room}.{name}" for room, name, _ in ACTIONS]
)
def test_an_action_is_called_by_name_by_an_actor_at_a_time(room, name, action):
    parameters = inspect.signature(action).parameters
    if name in WITHOUT_AN_ACTOR:
        assert "actor" not in parameters, f"{name} has an actor after all; strike it from the list"
        assert "at" not in parameters or list(parameters)[-1] == "at"
        return
    assert all(p.kind is inspect.Parameter.KEYWORD_ONLY for p in parameters.values()), (
        f"{name} takes a positional argument"
    )
    names = list(parameters)
    assert names[0] == "actor", f"{name}: who asks comes first"
    assert names[-1] == "at", f"{name}: when comes last, and it comes from outside"
    assert parameters["at"].default is inspect.Parameter.empty, f"{name} reads the clock by itself"
    assert parameters["actor"].default is inspect.Parameter.empty


def test_the_clock_and_chance_come_from_the_interface():
    allowed = {"flows/worker.py", "flows/sample.py", "flows/evaluate_role.py"}
    found = []
    for folder in ("apps", "flows", "formats", "values", "measure"):
        for path in (SOURCE / folder).rglob("*.py"):
            name = str(path.relative_to(SOURCE))
            text = path.read_text(encoding="utf-8")
            if name not in allowed and re.search(
                r"timezone\.now\(|datetime\.now\(|date\.today\(|time\.time\(|random\.random\(", text
            ):
                found.append(name)
    assert not found, f"at= and seed= come in from the interface: {found}"


def test_rules_are_pure():
    for path in SOURCE.glob("apps/*/rules.py"):
        imported = re.findall(r"^(?:from|import) (\S+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        impure = [
            name
            for name in imported
            if name.split(".")[0] in {"django", "os", "random", "time", "pathlib"} or ".models" in name
        ]
        assert not impure, f"{path.relative_to(SOURCE)} imports {impure}"


def variables() -> set[str]:
    """Environment variables that the code, the starter and the tests read."""
    found: set[str] = set()
    sources = [*SOURCE.rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "bench").rglob("*.py")]
    for path in sources:
        found |= set(
            re.findall(
                r"environ(?:\.get\(|\.setdefault\(|\.pop\(|\[)\s*[\"'](KAMERTON_[A-Z_]+)",
                path.read_text(encoding="utf-8"),
            )
        )
    found |= set(re.findall(r"\$\{(KAMERTON_[A-Z_]+)", (ROOT / "run").read_text(encoding="utf-8")))
    return found


def test_every_setting_is_documented_and_every_documented_setting_is_read():
    text = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`(KAMERTON_[A-Z_]+)`", text))
    read = variables()
    assert len(read) > 15
    assert not read - documented, f"docs/reference/settings.md does not name {sorted(read - documented)}"
    assert not documented - read, (
        f"docs/reference/settings.md names what nothing reads: {sorted(documented - read)}"
    )


def test_no_style_attribute_and_no_inline_script_in_a_template():
    for path in (SOURCE / "web" / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=", text), (
            f"{path.name}: the content security policy forbids style attributes"
        )
        assert not re.search(r"\son[a-z]+=\"", text), f"{path.name}: an inline handler"
        for script in re.findall(r"<script\b[^>]*>", text):
            assert "src=" in script or 'type="application/json"' in script, f"{path.name}: an inline script"


def test_no_page_asks_another_host():
    pattern = re.compile(r"(?:src|href|action)=[\"'](?:https?:)?//|@import\s|url\([\"']?(?:https?:)?//")
    for path in [
        *(SOURCE / "web").rglob("*.html"),
        *(SOURCE / "web").rglob("*.css"),
        *(SOURCE / "web").rglob("*.js"),
    ]:
        assert not pattern.search(path.read_text(encoding="utf-8")), (
            f"{path.relative_to(SOURCE)} asks another host"
        )


def test_every_room_is_a_room_of_the_settings():
    from django.conf import settings

    assert sorted(settings.ROOMS) == ROOMS and kamerton.apps.__path__
