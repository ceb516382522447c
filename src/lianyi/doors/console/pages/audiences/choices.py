"""What the builder's fields offer: columns, kinds of events, tags, communities, and so on, in the page's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from lianyi.action.audiences.models import Audience
from lianyi.doors.console.facts import channels, tag_titles
from lianyi.doors.console.pages.audiences import rows as builder
from lianyi.doors.console.templatetags.said import said
from lianyi.insight.conditions import vocabulary as words
from lianyi.memory.events import KINDS
from lianyi.workspace import Workspace

Options = list[tuple[str, str]]
COMMUNITIES = 300
ROLES = ("core", "bridge", "creator", "answerer", "buyer", "lurker", "member")
# Words that no row asks for: lists of keys, scores nobody knows by name.
LEFT_OUT = {"keys", "frequency", "conflicts", "this_month"}


def choices(ws: Workspace) -> dict[str, Any]:
    """Everything that a row may offer, by the names in Cell.choices."""
    titles = tag_titles(ws)
    named = (
        ws.rows("SELECT name_en, name_zh FROM communities ORDER BY size DESC") if "communities" in ws.states() else []
    )
    language = "name_zh" if _is_chinese() else "name_en"
    offered: Mapping[str, Options] = {
        "columns": [(name, said(word)) for name, word in words.PERSON.items() if name not in LEFT_OUT],
        "ops": [(op, op) for op in builder.OPS],
        "events": [(name, _kind(name)) for name in (*KINDS, words.ACTIVE)],
        "whats": [("then_no", _("they did not")), ("then", _("they did"))],
        "tags": sorted(titles.items(), key=lambda pair: pair[1]),
        "bands": [("", _("any")), ("strong", _("strong")), ("medium", _("medium")), ("weak", _("weak"))],
        "roles": [("", _("any")), *((role, role) for role in ROLES)],
        "communities": [(row[language], row[language]) for row in named[:COMMUNITIES] if row[language]],
        "channels": [(name, name) for name in channels(ws)],
        "purposes": [("marketing", "marketing")],
        "categories": [(row["c"], row["c"]) for row in _categories(ws)],
        "audiences": [(one.name, one.name) for one in Audience.objects.filter(archived=False)],
    }
    return {"choices": offered, "kinds": builder.KINDS.values()}


def _kind(name: str) -> str:
    about = words.kind_words(name)
    return about.zh if _is_chinese() else about.many


def _is_chinese() -> bool:
    from django.utils.translation import get_language

    return (get_language() or "").startswith("zh")


def _categories(ws: Workspace) -> list[dict[str, Any]]:
    return ws.rows(
        "SELECT top_category AS c, count(*) AS n FROM people WHERE top_category IS NOT NULL "
        "GROUP BY 1 ORDER BY n DESC LIMIT 60",
    )  # fmt: skip
