"""Template filters and tags of the house: texts, numbers and dates in the reader's own form, the loop as navigation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kamerton.values.texts import in_language
from kamerton.web import charts, wording
from kamerton.web.viewer import Viewer

register = template.Library()


def _language() -> str:
    return (get_language() or "ru").split("-")[0]


@register.filter
def lang(text: Mapping[str, str] | str | None) -> str:
    """A text kept by language → the reader's language."""
    return wording.tie(in_language(text, _language()), _language())


@register.filter
def level(value: float | None) -> str:
    """An estimate on the 1–5 scale with one decimal; None → not observed."""
    return _("n/o") if value is None else wording.decimal(value, 1, _language())


@register.filter
def level2(value: float | None) -> str:
    """A composite or a cut score: two decimals."""
    return _("n/o") if value is None else wording.decimal(value, 2, _language())


@register.filter
def se(value: float | None) -> str:
    """A standard error: "± 0,24"."""
    return "" if value is None else f"±\u00a0{wording.decimal(value, 2, _language())}"


@register.filter
def probability(value: float | None) -> str:
    """A share of 0…1 rounded to 5 %; beyond 5 and 95 % only the bound, because more would be pretence."""
    return _("n/o") if value is None else wording.probability(value, _language())


@register.filter
def percent(value: float | None, places: int = 0) -> str:
    """A share of 0…1 as percent: "15 %" / "15%"."""
    return "" if value is None else wording.percent(value, _language(), places)


@register.filter
def number(value: float | None, places: int = 0) -> str:
    """A count or amount with thousands set apart: "5 000" / "5,000"."""
    return "" if value is None else wording.decimal(value, places, _language())


@register.filter
def signed(value: float | None, places: int = 1) -> str:
    """A difference with its sign: "+0,4", "−0,6"."""
    return "" if value is None else wording.signed(value, places, _language())


def _as_date(value: date | datetime | str) -> date:
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    if isinstance(value, datetime):
        return timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    return value


@register.filter
def day(value: date | datetime | str | None) -> str:
    """ "21.11.2026" / "21 Nov 2026"; a moment is taken in the zone of the page."""
    return "" if not value else wording.day(_as_date(value), _language())


@register.filter
def day_month(value: date | datetime | str | None) -> str:
    """ "12 ноя" / "12 Nov"."""
    return "" if not value else wording.day_month(_as_date(value), _language())


@register.filter
def day_text(value: date | datetime | str | None) -> str:
    """ "24 ноября 2026" / "24 November 2026"."""
    return "" if not value else wording.day_text(_as_date(value), _language())


@register.filter
def moment(value: datetime | None, zone: str = "") -> str:
    """Date and time in the zone of the page (base.html sets the project's) or in `zone`."""
    if not value:
        return ""
    local = timezone.localtime(value, ZoneInfo(zone) if zone else None)
    return f"{wording.day(local.date(), _language())}, {local:%H:%M}"


@register.filter
def clock(value: datetime | time | None) -> str:
    """ "14:32" in the zone of the page."""
    if not value:
        return ""
    return f"{timezone.localtime(value) if isinstance(value, datetime) else value:%H:%M}"


@register.filter
def tied(text: str) -> str:
    """No-break spaces where a Russian line must not break; other languages unchanged."""
    return wording.tie(str(text), _language())


@register.filter
def softened(text: str) -> str:
    """Soft hyphens in long words, for narrow heads of tables."""
    return wording.soften(str(text))


@register.filter
def entry(mapping: Mapping[Any, Any] | None, key: Any) -> Any:
    """`mapping[key]`, or None."""
    return mapping.get(key) if mapping else None


@dataclass(frozen=True, slots=True)
class StageLink:
    code: str
    word: str
    address: str
    is_current: bool


def stage_links(viewer: Viewer, current: str) -> list[StageLink]:
    """The six stages of the loop with the first page this viewer may open; a stage without one is left out."""
    base = f"/p/{viewer.project.slug}/"
    assess = "campaigns/" if viewer.may("manage_campaigns") else "assess/" if viewer.may("observe") else ""
    pages = {
        "describe": (_("Describe"), "function/" if viewer.may("view_model") else ""),
        "build": (
            _("Build"),
            "instruments/"
            if viewer.may("view_instruments")
            else "procedures/"
            if viewer.may("view_procedures")
            else "",
        ),
        "assess": (_("Assess"), assess),
        "decide": (_("Decide"), "roles/" if viewer.may("view_results") else ""),
        "handover": (_("Hand over"), "assessors/" if viewer.may("view_assessors") else ""),
        "prove": (_("Prove"), "proof/" if viewer.may("view_results") else ""),
    }
    return [
        StageLink(code, word, base + page, code == current) for code, (word, page) in pages.items() if page
    ]


@register.simple_tag(takes_context=True)
def loop_stages(context: template.Context) -> list[StageLink]:
    viewer = context.get("viewer")
    return stage_links(viewer, context.get("stage", "")) if viewer else []


@register.filter
def role_word(role: str) -> str:
    """The name of a role a user holds in a project."""
    return wording.role_word(role)


@register.filter
def glyph(category: str) -> SafeString:
    """The sign of a category; its word stands beside it."""
    return charts.category_glyph(category)


@register.filter
def whole(value: float | None) -> str:
    """A level without a needless decimal: 4, but 3,5."""
    if value is None:
        return ""
    return wording.decimal(value, 0 if float(value).is_integer() else 1, _language())
