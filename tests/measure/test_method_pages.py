"""The pages about methods: their examples run, and every public name of the library stands on one."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

import kamerton.measure as km

PAGES = Path(__file__).parents[2] / "docs" / "methods"
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_the_examples_of_a_page_run(page: Path) -> None:
    examples = [block for block in BLOCK.findall(page.read_text(encoding="utf-8")) if ">>>" in block]
    if not examples:
        pytest.skip("no example that runs on this page")
    test = doctest.DocTestParser().get_doctest("\n".join(examples), {}, page.name, str(page), 0)
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
    assert result.failed == 0 and result.attempted > 0


@pytest.mark.parametrize(
    "room",
    km._ROOMS,
)
def test_every_public_name_of_a_room_stands_on_a_page(room: str) -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES.glob("*.md"))
    names = importlib.import_module(f"{km.__name__}.{room}").__all__
    assert [name for name in names if not re.search(rf"\b{re.escape(name)}\b", text)] == []
