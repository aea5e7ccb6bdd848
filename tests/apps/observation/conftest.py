from __future__ import annotations

from pathlib import Path

import pytest

from tests.apps.observation.world import World, make_world


@pytest.fixture
def world(db: None, pack_folder: Path) -> World:
    return make_world(pack_folder)
