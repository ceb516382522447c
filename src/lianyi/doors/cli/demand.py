"""`lianyi demand …`: scenes, needs, what to show and do next."""

from __future__ import annotations

import click

from lianyi.demand import KINDS
from lianyi.doors.cli.backstage import workspace
from lianyi.doors.cli.output import say, write

SCENES = ("category", "kind", "scene", "lift", "low", "high", "purchases", "expected", "weak_lift", "next_on", "found")
SCENES_WHOLE = (
    *SCENES[:-1], "times", "raw_lift", "p", "q", "found", "weak_purchases", "weak_low", "weak_high", "title_en",
    "title_zh", "why_en", "why_zh",
)  # fmt: skip


@click.group()
def demand() -> None:
    """What people need, in which scene, and what to show or do next."""


@demand.command()
@click.option("--category", default="", help="Only of this category.")
@click.option("--kind", default="", help=f"One of {', '.join(KINDS)}.")
@click.option("--all", "everything", is_flag=True, help="Also what may be chance.")
@click.option("--json", "form", flag_value="json", help="One scene a line, with the reason in a sentence.")
@click.option("--csv", "form", flag_value="csv", help="CSV that no spreadsheet runs as formulas.")
@click.pass_context
def scenes(ctx: click.Context, category: str, kind: str, everything: bool, form: str | None) -> None:  # noqa: FBT001
    """In which hour, weekday, season, festival or city a category is bought more than otherwise."""
    found = workspace(ctx).demand.scenes(category=category, kind=kind, everything=everything)
    shown = SCENES_WHOLE if form else SCENES
    rows = found if form else [{name: _short(row[name]) for name in SCENES} for row in found]
    write(rows, shown, form=form or "text")
    if not found:
        say("no scene was found; --all shows what was looked at")


def _short(value: object) -> object:
    return round(value, 2) if isinstance(value, float) else value


COMMANDS = (demand,)
