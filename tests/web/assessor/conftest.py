from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from kamerton.apps.people.models import User
from tests.apps.observation.world import World, make_world
from tests.browser import browser, playwright_, server  # noqa: F401


@pytest.fixture
def world(db: None, pack_folder: Path) -> World:
    return make_world(pack_folder)


@pytest.fixture
def signed_in() -> Callable[..., Client]:
    """A client signed in as `user`, reading `language`."""

    def sign_in(user: User, language: str = "ru") -> Client:
        client = Client(headers={"accept-language": language})
        client.force_login(user)
        return client

    return sign_in
