"""The map of one view as SVG: circles as large as their people, lines where ties are. Places come from the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lianyi.doors.console.pages.communities.words import VERDICTS, name_of

SIDE = 1000
MARGIN = 14
LINES = 120
# A name needs so much room per letter in the circle; Chinese letters are twice as broad.
LETTER = 11
SMALLEST = 30


def drawn(
    rows: Sequence[Mapping[str, Any]], links: Sequence[Mapping[str, Any]], address: Callable[[str], str]
) -> SafeString:
    """rows: communities with x, y, r; links: community_id, other_id, nearness. Every circle is a link to its page."""
    placed = {row["community_id"]: row for row in rows if row["x"] is not None}
    size = SIDE + 2 * MARGIN
    lines = format_html_join("", '<line x1="{}" y1="{}" x2="{}" y2="{}" class="w{}"/>', _lines(placed, links))
    circles = format_html_join("", "{}", ((_circle(row, address),) for row in placed.values()))
    label = _("Map of communities")
    return format_html(
        '<svg class="community-map" viewBox="0 0 {0} {0}" role="group" aria-label="{1}">{2}{3}</svg>',
        size, label, format_html('<g aria-hidden="true">{}</g>', lines), circles,
    )  # fmt: skip


def _lines(
    placed: Mapping[str, Mapping[str, Any]], links: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, str, str, str, int]]:
    inside = [link for link in links if link["community_id"] < link["other_id"]
              and link["community_id"] in placed and link["other_id"] in placed]  # fmt: skip
    strongest = sorted(inside, key=lambda link: -link["nearness"])[:LINES]
    most = max((link["nearness"] for link in strongest), default=1.0)
    for link in strongest:
        one, other = placed[link["community_id"]], placed[link["other_id"]]
        thick = 1 + round(3 * link["nearness"] / most)
        yield (_at(one["x"]), _at(one["y"]), _at(other["x"]), _at(other["y"]), thick)


def _at(place: float) -> str:
    return f"{MARGIN + SIDE * place:.1f}"


def _circle(row: Mapping[str, Any], address: Callable[[str], str]) -> SafeString:
    name = name_of(row)
    people = ngettext("%(n)s person", "%(n)s people", row["size"]) % {"n": f"{row['size']:,}"}
    says = f"{name} · {people} · {VERDICTS[row['verdict']]}"
    radius = SIDE * row["r"]
    x, y = _at(row["x"]), _at(row["y"])
    return format_html(
        '<a href="{}" aria-label="{}"><title>{}</title><circle class="{}" cx="{}" cy="{}" r="{}"/>{}</a>',
        address(row["community_id"]), says, says, row["verdict"], x, y, f"{radius:.1f}",
        _label(name, people, x, y, radius),
    )  # fmt: skip


def _label(name: str, people: str, x: str, y: str, radius: float) -> SafeString:
    """As much of the name as fits, and the people below where there is room."""
    if radius < SMALLEST:
        return SafeString("")
    short = _fitting(name, 2 * radius / LETTER)
    if not short:
        return SafeString("")
    # What is not large keeps its name to itself on a phone, where it could not be read.
    large = radius >= 2 * SMALLEST
    first = format_html('<text class="{}" x="{}" y="{}" aria-hidden="true">{}</text>', "" if large else "fine", x,
                        f"{float(y) + 6:.1f}", short)  # fmt: skip
    if not large:
        return first
    second = format_html('<text class="small" x="{}" y="{}" aria-hidden="true">{}</text>', x, f"{float(y) + 28:.1f}",
                         people)  # fmt: skip
    return first + second


def _fitting(name: str, room: float) -> str:
    wide, kept = 0.0, ""
    for letter in name:
        wide += 2 if "\u2e80" <= letter <= "\uffef" else 1
        if wide > room - 1:
            return kept.rstrip(" ·") + "…" if len(kept) > 1 else ""
        kept += letter
    return kept
