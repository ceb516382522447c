"""Parts of pages that templates put together: icons, avatars, links that keep the query, the as-of line."""

from __future__ import annotations

import hashlib
from typing import Any

from django import template
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from lianyi.doors.console.brand import workspace
from lianyi.doors.console.facts import tag_titles
from lianyi.doors.console.icons import ICONS
from lianyi.doors.console.pages.audiences.rows import KINDS, Row
from lianyi.doors.console.pages.people.cells import drawn
from lianyi.doors.console.pages.people.columns import Shown
from lianyi.doors.figures import Figure

register = template.Library()
HUES = 8


@register.simple_tag
def icon(name: str, kind: str = "") -> SafeString:
    """An icon beside a word; hidden from screen readers, for the word says it. KeyError for a name that is not
    there."""
    drawing = mark_safe(ICONS[name])  # noqa: S308  # our own constant
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>', kind, drawing
    )


@register.simple_tag
def avatar(name: str | None, seed: str = "", kind: str = "") -> SafeString:
    """The initials of a person on a colour that is always the same for that person."""
    text = (name or "").strip()
    hue = hashlib.sha256((seed or text).encode()).digest()[0] % HUES
    return format_html('<span class="avatar hue{} {}" aria-hidden="true">{}</span>', hue, kind, _initials(text))


def _initials(text: str) -> str:
    """林小雨 → 小雨, Ada Byron → AB, ada → A; nothing for unnamed people."""
    if not text:
        return "·"
    if any("\u3400" <= letter <= "\u9fff" for letter in text):
        letters = [letter for letter in text if "\u3400" <= letter <= "\u9fff"]
        return "".join(letters[-2:])
    words = [word for word in text.replace("_", " ").replace(".", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or text[0]


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: Any) -> str:
    """This page's query with some parameters changed; None or "" takes one out."""
    query: QueryDict = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def with_happening(context: dict[str, Any], step: str, hours: float, start: Any) -> str:
    """This page's query, and that what a step waits for happens at the hour of the clock (see journeys/try.html)."""
    query: QueryDict = context["request"].GET.copy()
    query[f"happens.{step}"] = f"{hours + 0.001:g}"
    query["hours"], query["start"] = f"{hours + 0.002:g}", start.isoformat()
    return f"?{query.urlencode()}"


@register.inclusion_tag("parts/asof.html")
def as_of(state: Any, table: str = "") -> dict[str, Any]:
    """When a number was true, and a link to how it is made."""
    return {"state": state, "table": table or getattr(state, "name", "")}


@register.inclusion_tag("parts/field.html")
def field(bound: Any, hint: str = "") -> dict[str, Any]:
    """One field of a form: label, input, hint, errors, tied together for screen readers."""
    return {"field": bound, "hint": hint or bound.help_text}


@register.inclusion_tag("parts/chart.html")
def chart(figure: Figure, x_name: str = "", height: int = 220, width: int = 760) -> dict[str, Any]:
    """A figure, drawn broad and narrow (the style sheet shows one), with its legend and the same as a table.

    width: about what the figure has on a desk, or its letters become too small to read (half a page: 540)."""
    return {
        "figure": figure,
        "legend": [(series.name, figure.colour(series)) for series in figure.series],
        "broad": mark_safe(figure.svg(width=width, height=height)),  # noqa: S308  # the drawing escapes what it is given
        "narrow": mark_safe(figure.svg(width=350, height=200)),  # noqa: S308
        "rows": figure.rows()[::-1],
        "x_name": x_name,
    }


@register.inclusion_tag("audiences/cells.html")
def row_cells(row: Row, g: int, r: int, choices: dict[str, Any]) -> dict[str, Any]:
    """The fields of one row of the builder of audiences."""
    cells = [
        {"cell": cell, "id": f"g{g}r{r}{cell.name}", "value": row.values.get(cell.name, cell.first),
         "options": choices.get(cell.choices, [])}
        for cell in KINDS[row.kind].cells
    ]  # fmt: skip
    return {"cells": cells}


@register.simple_tag
def cell(row: dict[str, Any], column: Shown) -> SafeString:
    """One value of the list of people, as its column looks."""
    return drawn(row.get(column.name), column.look)


@register.simple_tag
def tag_title(tag: str) -> str:
    """What a tag is called in the language of the page."""
    return str(tag_titles(workspace()).get(tag, tag))


@register.simple_tag
def meter(share: float, kind: str = "") -> SafeString:
    """A short bar for a share from 0 to 1; the number stands beside it, or above it (kind "below")."""
    width = f"{72 * min(max(share, 0.0), 1.0):.1f}"
    return format_html(
        '<svg class="meter {}" viewBox="0 0 72 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="72" height="6" rx="3"/><rect width="{}" height="6" rx="3"/></svg>',
        kind,
        width,
    )
