"""One value of the list of people as its column looks. Python and not a template: a page has hundreds of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lianyi.doors.console.brand import brand, workspace
from lianyi.doors.console.facts import stage_titles, tag_titles
from lianyi.doors.console.pages.people.columns import CONSUMPTION, Look
from lianyi.doors.console.templatetags.said import ago, day, missing, money, number, percent, unknown

SHOWN = 3


def drawn(value: Any, look: Look) -> SafeString:
    """The value as HTML; unknown is a dash."""
    return unknown() if missing(value) else _LOOKS[look](value)


def _tags(tags: Sequence[str]) -> SafeString:
    titles = tag_titles(workspace())
    shown = format_html_join("", '<span class="tag">{}</span>', ((titles.get(tag, tag),) for tag in tags[:SHOWN]))
    return format_html('<span class="tags">{}{}</span>', shown, _more("tag more", len(tags) - SHOWN))


def _listed(values: Sequence[str]) -> SafeString:
    return format_html(
        '<span class="soft">{} {}</span>', ", ".join(values[:SHOWN]), _more("faint", len(values) - SHOWN)
    )


def _more(kind: str, count: int) -> SafeString:
    return format_html('<span class="{}">+{}</span>', kind, count) if count > 0 else SafeString()


def _consumption(level: str) -> SafeString:
    return format_html('<span class="badge level-{}">{}</span>', level, CONSUMPTION.get(level, level))


def _days(value: float) -> SafeString:
    return conditional_escape(_("%(n)s days") % {"n": round(value)})


_LOOKS: Mapping[Look, Callable[[Any], SafeString]] = {
    "text": conditional_escape,
    "number": lambda value: conditional_escape(number(value)),
    "money": lambda value: conditional_escape(money(value, brand().currency)),
    "moment": lambda value: conditional_escape(ago(value)),
    "day": lambda value: format_html('<span class="nowrap">{}</span>', day(value)),
    "days": _days,
    "hour": lambda value: format_html("{}:00", value),
    "share": lambda value: conditional_escape(percent(value)),
    "stage": lambda value: conditional_escape(stage_titles(workspace()).get(value, value)),
    "tags": _tags,
    "list": _listed,
    "consumption": _consumption,
}
