from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser import LiveServer, browser, page_en_desktop, page_ru_phone, playwright_  # noqa: F401


@pytest.fixture(scope="session")
def sample_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A real server with the whole sample, built as `./run demo` builds it."""
    live = LiveServer(tmp_path_factory.mktemp("sample-home"))
    live.migrate()
    live.run("-m", "kamerton.cli.main", "sample")
    live.start()
    yield live
    live.stop()
