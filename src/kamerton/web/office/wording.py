"""States and events of a sitting in the words of the office."""

from __future__ import annotations

from typing import Any

from django.utils.translation import pgettext


def live_words(state: str) -> str:
    return {
        "over": pgettext("live", "time is up, not closed"),
        "quiet": pgettext("live", "quiet: nothing saved for 5 minutes"),
        "paused": pgettext("live", "paused"),
        "break": pgettext("live", "on a break"),
        "answering": pgettext("live", "answering"),
    }[state]


def event_words(kind: str, details: dict[str, Any]) -> str:
    """A line of the log in plain words; an unknown kind stands as it is."""
    item = details.get("item")
    if kind == "paste" and item:
        return pgettext("event", "text pasted into item {n}").format(n=item)
    if kind == "address":
        return pgettext("event", "network address noted") if details.get("first") else pgettext("event", "network address changed")  # fmt: skip
    return {
        "started": pgettext("event", "test started"),
        "taken_over": pgettext("event", "opened in another tab or on another device"),
        "focus_lost": pgettext("event", "page left"),
        "focus_back": pgettext("event", "page in front again"),
        "paste": pgettext("event", "text pasted"),
        "paused": pgettext("event", "break begun")
        if details.get("kind") == "break"
        else pgettext("event", "paused by the office"),
        "resumed": pgettext("event", "the clock runs again"),
        "reopened": pgettext("event", "opened again after extra time"),
        "finished": pgettext("event", "finished"),
    }.get(kind, kind)
