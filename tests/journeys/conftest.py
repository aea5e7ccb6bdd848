"""The browser and the server that the journeys drive."""

from __future__ import annotations

from tests.browser import browser, page_en_desktop, page_ru_phone, playwright_, server  # noqa: F401
