from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from tests.cast import Cast
from tests.fixtures.delivery import World, make_world, new_cookie


@pytest.fixture
def world(cast: Cast) -> World:
    return make_world(cast.project, at=timezone.now())


@pytest.fixture
def candidate(world: World) -> Client:
    """A browser that has come through the link."""
    client = Client(HTTP_ACCEPT_LANGUAGE="ru")
    client.cookies["kamerton_candidate"] = new_cookie(world, timezone.now())
    return client
