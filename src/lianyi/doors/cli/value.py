"""`lianyi value`, `retention`, `stages`: what people are worth, who stays, where they stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lianyi import worth
from lianyi.doors.cli.backstage import backstage, user, workspace
from lianyi.doors.cli.content import FILE
from lianyi.doors.cli.output import json_line, say, write

SHOWN = (
    "person_id", "name", "band", "value_365", "low_365", "high_365", "margin_365", "margin_low_365",
    "margin_high_365", "margin_from", "p_alive", "expected_90", "chance_90", "next_middle", "stage",
)  # fmt: skip


@click.command()
@click.option("--band", default="", help="Only top, high, mid or low.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="At most so many.")
@click.option("--checks", is_flag=True, help="How good purchase clocks were on the last part of the log.")
@click.option("--json", "form", flag_value="json", help="One a line, all that is known.")
@click.option("--csv", "form", flag_value="csv", help="CSV that no spreadsheet runs as formulas.")
@click.pass_context
def value(ctx: click.Context, band: str, limit: int, checks: bool, form: str | None) -> None:  # noqa: FBT001
    """People by what their next year is expected to bring (revenue, and what the goods leave of it, each with a 90 %
    range), and when they buy next."""
    ws = workspace(ctx)
    if checks:
        found = worth.checks(ws)["methods"]
        write(_rounded(found), list(found[0]) if found else ["method"], form=form or "text")
        if not found:
            say("there is too little to learn from: 30 people with 20 repeat purchases at least")
        return
    rows = worth.listed(ws, band=band, limit=limit)
    write(rows if form else _rounded(rows), SHOWN if not form or not rows else list(rows[0]), form=form or "text")
    sums = worth.totals(ws)
    if not form:
        alive = "unknown" if sums["alive"] is None else f"{sums['alive']:,.0f} expected to buy still"
        say(f"{sums['buyers']:,} people ever ordered, {alive}; {sums['unknown']:,} without a value")
        say(_margins(sums))


def _margins(sums: dict[str, Any]) -> str:
    """What is known of the margin, in a sentence."""
    if sums["margin"] is None:
        return (
            "value is revenue; margins are unknown: the price book (`lianyi ledger book`) lacks those of what they buy"
        )
    lacks = f"; unknown for {sums['unknown_margin']:,}, of whose categories the price book lacks one"
    return f"value is revenue; margin by the price book{lacks if sums['unknown_margin'] else ''}"


@click.command()
@click.option("--part", default="all", type=click.Choice(worth.PARTS), show_default=True, help="What is counted.")
@click.option("--name", default="", help="The source, or the community's id.")
@click.option("--cohorts", is_flag=True, help="The triangle: who came in a month, who was active in each after.")
@click.option("--leaving", is_flag=True, help="Who is leaving and worth most.")
@click.option("--json", "form", flag_value="json", default="text", help="One row a line.")
@click.pass_context
def retention(ctx: click.Context, part: str, name: str, cohorts: bool, leaving: bool, form: str) -> None:  # noqa: FBT001
    """Inflow, evaporation and stock by week, with a forecast of eight weeks and its 90 % range."""
    ws = workspace(ctx)
    if cohorts:
        rows = worth.cohorts(ws, source=name)
        shown: tuple[str, ...] = ("cohort", "months", "people", "active", "buyers", "spend", "complete")
    elif leaving:
        rows = worth.leaving(ws)["people"]
        shown = ("person_id", "name", "value_365", "active_chance", "active_low", "active_high", "active_silent_days")
    else:
        found = worth.stock(ws, part=part, name=name)
        rows = [*found["past"], *found["ahead"]]
        shown = ("week", "inflow", "evaporation", "stock", "stock_low", "stock_high", "law")
    write(rows if form == "json" else _rounded(rows), shown, form=form)


@click.command()
@click.option("--movers", nargs=2, metavar="FROM TO", help="What came before the steps from one stage to another.")
@click.option("--rules", is_flag=True, help="The YAML of the stages in use; save it as stages.yaml to change it.")
@click.option("--preview", type=FILE, help="Whom the rules of this file would move, as JSON; nothing is kept.")
@click.option(
    "--apply", "applied", type=FILE, help="Make this file the rules, from the next refresh on: a new version."
)
@click.option("--why", default="", help="With --apply: for the list of versions.")
@click.option("--versions", is_flag=True, help="Who changed the rules, when and why.")
@click.option("--json", "form", flag_value="json", default="text", help="One row a line.")
@click.pass_context
def stages(
    ctx: click.Context, movers: tuple[str, str] | None, rules: bool, preview: Path | None, applied: Path | None,  # noqa: FBT001
    why: str, versions: bool, form: str,  # noqa: FBT001
) -> None:  # fmt: skip
    """Attention to advocacy: who reached each stage, who is there, who went on within 90 days and how fast."""
    if preview or applied or versions:
        _rules(ctx, preview, applied, why=why, form=form)
        return
    ws = workspace(ctx)
    if rules:
        from lianyi.insight.value.stages.rules import FILE as OWN
        from lianyi.insight.value.stages.rules import shipped_text

        own = ws.folder / OWN
        click.echo(own.read_text(encoding="utf-8") if own.exists() else shipped_text(), nl=False)
    elif movers:
        write(_rounded(worth.movers(ws, *movers)), ("moved_by", "what", "people", "share"), form=form)
    else:
        shown = (
            "stage",
            "reached",
            "here",
            "lapsed",
            "conversion",
            "low",
            "high",
            "days_to_move",
            "touched",
            "by_friends",
        )
        rows = worth.stages(ws)
        write(rows if form == "json" else _rounded(rows), shown, form=form)


def _rules(ctx: click.Context, preview: Path | None, applied: Path | None, *, why: str, form: str) -> None:
    """See, try and change the rules of stages."""
    ws = backstage(ctx)
    from lianyi.action.stages import keeping, trying
    from lianyi.action.work import queue
    from lianyi.doors.api.value import rules_data, versions_data

    if preview:
        new = keeping.read(preview.read_text(encoding="utf-8"))
        click.echo(json_line(trying.tried(ws, keeping.current(ws.folder).stages, new, queue.clock())))
    elif applied:
        kept = keeping.apply(ws.folder, applied.read_text(encoding="utf-8"), by=user(), now=queue.clock(), why=why)
        click.echo(json_line(rules_data(kept)))
    else:
        write(versions_data(), ("number", "by", "at", "why"), form=form)


def _rounded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For people: chances with two decimals, amounts and counts with none or one."""
    return [{name: _round(value) for name, value in row.items()} for row in rows]


def _round(value: Any) -> Any:
    from decimal import Decimal

    if isinstance(value, Decimal):
        return f"{value:,.0f}"
    return (f"{value:,.3f}" if abs(value) < 10 else f"{value:,.0f}") if isinstance(value, float) else value


COMMANDS = (value, retention, stages)
