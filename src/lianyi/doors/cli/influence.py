"""`lianyi influence`: whose word carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from lianyi.doors.cli.backstage import workspace
from lianyi.doors.cli.output import say, write

SHOWN = (
    "place", "person_id", "name", "reach", "reach_low", "reach_high", "revenue", "brought_people", "brought_days",
    "lately", "earlier", "rising",
)  # fmt: skip
LISTED = (*SHOWN, "topic", "brought_decayed", "brought_revenue", "last_brought_at", "why_en", "why_zh")
TOPICS = ("topic", "people", "most")
ROUND = {"reach": 1, "reach_low": 1, "reach_high": 1, "revenue": 0, "most": 1}  # decimals for people


@click.command()
@click.option("--topic", default="", help="What it is about (a category); without it all topics together.")
@click.option("--topics", is_flag=True, help="List the topics and end.")
@click.option("--rising", is_flag=True, help="Only who brings more than before.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="At most so many.")
@click.option("--json", "form", flag_value="json", help="One person a line, with the reason in a sentence.")
@click.option("--csv", "form", flag_value="csv", help="CSV that no spreadsheet runs as formulas.")
@click.pass_context
def influence(ctx: click.Context, topic: str, topics: bool, rising: bool, limit: int, form: str | None) -> None:  # noqa: FBT001
    """Whose word carries: how many people are expected to come through each person, and how many were seen to."""
    ripples = workspace(ctx).ripples
    found = ripples.topics() if topics else ripples.influence(topic=topic, rising=rising, limit=limit)
    shown = TOPICS if topics else LISTED if form else SHOWN
    write(found if form else map(_rounded, found), shown, form=form or "text")
    if not found:
        say("nobody is rising now" if rising else "nobody has brought anybody yet, and nobody is expected to")
    elif not form and not topics:
        say("--json or --csv gives the reason of each in a sentence")


def _rounded(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: f"{value:,.{ROUND[name]}f}" if name in ROUND and value is not None else value
        for name, value in row.items()
    }


COMMANDS = (influence,)
