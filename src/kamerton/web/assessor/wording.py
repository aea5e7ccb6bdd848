"""Words for roles, kinds and states on the assessor's pages."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from kamerton.apps.people.models import Person
from kamerton.apps.people.queries import full_name, short_name


def language_of(request: HttpRequest) -> str:
    return str(getattr(request, "LANGUAGE_CODE", "ru"))


def person_name(person: Person, request: HttpRequest) -> str:
    return short_name(person, language_of(request))


def person_full_name(person: Person, request: HttpRequest) -> str:
    return full_name(person, language_of(request))


def role_word(role: str) -> str:
    words = {
        "observer": _("observer"),
        "lead": _("lead observer"),
        "role_player": _("role-player"),
        "interviewer": _("interviewer"),
    }
    return words.get(role, role)


def kind_word(kind: str) -> str:
    words = {
        "in_tray": pgettext("exercise kind", "In-tray"),
        "role_play": pgettext("exercise kind", "Role-play"),
        "presentation": pgettext("exercise kind", "Meeting"),
        "group_case": pgettext("exercise kind", "Case"),
        "interview": pgettext("exercise kind", "Interview"),
    }
    return words.get(kind, kind)


def state_word(state: str, role: str) -> str:
    if role == "role_player":
        return {
            "waiting": pgettext("exercise state", "not started"),
            "running": pgettext("exercise state", "running"),
        }.get(state, pgettext("exercise state", "over"))
    words = {
        "waiting": pgettext("exercise state", "not started"),
        "running": pgettext("exercise state", "running"),
        "rating": _("time is up, rate and submit"),
        "submitted": pgettext("exercise state", "submitted"),
    }
    return words[state]


def line_kind_word(kind: str) -> str:
    """What a line of a script is, where it matters to see it coming; a plain line or step says nothing."""
    words = {"trigger": _("Trigger"), "reveal": _("Reveal if asked"), "concession": _("Concession")}
    return words.get(kind, "")
