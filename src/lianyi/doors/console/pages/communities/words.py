"""What communities, roles, verdicts and changes are called in the language of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from lianyi.action.team.rights import Text

VERDICTS: Mapping[str, Text] = {"community": _("Community"), "crowd": _("Crowd"), "unknown": _("Unknown")}
ROLES: Mapping[str, Text] = {
    "core": _("Core"),
    "bridge": _("Bridge"),
    "creator": _("Creator"),
    "answerer": _("Answerer"),
    "buyer": _("Buyer"),
    "lurker": _("Lurker"),
    "member": _("Member"),
}
SIDES: Mapping[str, Text] = {"brand": _("Brand"), "product": _("Product"), "user": _("Users"), "unknown": _("Unknown")}
AIMS: Mapping[str, Text] = {
    "product": _("Product"),
    "self_media": _("Self-media"),
    "service": _("Service"),
    "unknown": _("Unknown"),
}
HOWS: Mapping[str, Text] = {"ties": _("by ties"), "declared": _("declared"), "behaviour": _("by behaviour")}
HEIGHTS: Mapping[int, Text] = {0: _("Part"), 1: _("Community"), 2: _("Field"), 3: _("Large field")}
KINDS: Mapping[str, Text] = {
    "category": _("Category"),
    "tag": _("Tag"),
    "city": _("City"),
    "room": _("Room"),
    "word": _("Word"),
}
PARTS: Mapping[str, Text] = {
    "many_way": _("Exchanges in many directions"),
    "reciprocity": _("Both ways"),
    "decentral": _("No single centre"),
    "self_run": _("Runs itself"),
    "answered": _("Answers instead of noise"),
    "newcomers": _("Newcomers are met"),
}
PARTS_SAY: Mapping[str, Text] = {
    "many_way": _("active members who exchanged with at least three others"),
    "reciprocity": _("pairs that turned to each other in both directions"),
    "decentral": _("of all acts by the most active member"),
    "self_run": _("of answers not by staff"),
    "answered": _("of messages answered or reacted to"),
    "newcomers": _("of first-time speakers to whom somebody turned within 7 days"),
}
CHANGES: Mapping[str, Text] = {
    "found": _("Found at the first refresh"),
    "born": _("Born"),
    "grew": _("Grew"),
    "split": _("Split"),
    "merged": _("Merged"),
    "faded": _("Faded"),
}


def chinese() -> bool:
    """Whether the page is in Chinese."""
    return (translation.get_language() or "").startswith("zh")


def name_of(row: Mapping[str, Any]) -> str:
    """The name of a community in the language of the page."""
    return str(row["name_zh"] if chinese() else row["name_en"])


def evidence_of(row: Mapping[str, Any], name: str) -> str:
    """A sentence that a row has in both languages: `<name>_zh` or `<name>_en`."""
    return str(row[f"{name}_zh" if chinese() else f"{name}_en"])
