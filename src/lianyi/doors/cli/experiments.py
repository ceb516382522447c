"""`lianyi experiments`: what was tried and what it brought; planning one; the global control group."""

from __future__ import annotations

from typing import Any

import click

from lianyi.doors.cli.backstage import backstage, user, workspace
from lianyi.doors.cli.output import json_line, say, write

SHOWN = ("experiment", "unit", "n_treated", "n_control", "estimate", "low", "high", "of_unit", "flags", "begins_at")
EFFECT = ("metric", "estimator", "main", "estimate", "low", "high", "unit", "p_holm", "n_treated", "n_control", "flags")

DOSE = ("dose", "people", "mean", "more", "more_low", "more_high", "next", "next_low", "next_high")


@click.group(invoke_without_command=True)
@click.option("--metric", default="buyers", show_default=True, help="buyers, orders, revenue, kept, clicks or basket.")
@click.option("--json", "form", flag_value="json", default="text", help="One experiment a line.")
@click.pass_context
def experiments(ctx: click.Context, metric: str, form: str) -> None:
    """What was tried, and what it truly brought; below: show, plan, control."""
    from lianyi.experiments import experiments as listed

    if ctx.invoked_subcommand is None:
        found = listed(workspace(ctx), metric=metric)
        write(found, list(found[0]) if form == "json" and found else SHOWN, form=form)
        if not found:
            say("no experiments in the tables; campaigns and journeys with a holdout are ones, after the next refresh")


@experiments.command("show")
@click.argument("name")
@click.option("--json", "form", flag_value="json", default="text", help="All of it as one object.")
@click.pass_context
def show(ctx: click.Context, name: str, form: str) -> None:
    """One experiment, e.g. campaign/spring: each metric and estimator with its interval."""
    from lianyi.experiments import experiment

    found = experiment(workspace(ctx), name)
    if form == "json":
        click.echo(json_line(found))
        return
    sizes = f"{found['n_treated']:,} treated, {found['n_control']:,} held out by {found['unit']}"
    say(f"{sizes}; {found['flags'] or 'sound'}")
    write(sorted(found["effects"], key=lambda row: (row["metric"], not row["main"])), EFFECT, form="text")
    if found["doses"]:
        write(found["doses"], DOSE, form="text")


@experiments.command("plan")
@click.option("--metric", default="buyers", show_default=True, help="buyers, orders or revenue.")
@click.option("--days", default=14, show_default=True, type=int, help="Length of the window: 7, 14, 28 or 56.")
@click.option("--people", type=click.IntRange(1), help="Who would take part: what can they show?")
@click.option("--effect", type=float, help="As a share of the mean, e.g. 0.1: how many people does it need?")
@click.option("--control", default=0.1, show_default=True, type=float, help="Share held out.")
@click.option("--power", default=0.8, show_default=True, type=float, help="How often it is to be seen.")
@click.option("--confidence", default=0.95, show_default=True, type=float)
@click.option("--unit", default="person", show_default=True, type=click.Choice(["person", "community"]))
@click.option("--looks", is_flag=True, help="It will be looked at before the end.")
@click.pass_context
def plan_one(ctx: click.Context, /, **asked: Any) -> None:
    """How many people an effect needs, or the smallest effect that people can show; as JSON."""
    from lianyi.experiments import Asked, plan

    click.echo(json_line(plan(workspace(ctx), Asked(**asked))))


@experiments.command("control")
@click.argument("share", type=float, required=False)
@click.option("--fresh", is_flag=True, help="Draw other people than before.")
@click.pass_context
def control_group(ctx: click.Context, share: float | None, fresh: bool) -> None:  # noqa: FBT001
    """The global control group; with SHARE (0 to 0.5) set it, 0 ends it."""
    ws = backstage(ctx)
    from lianyi.action.experiments import control
    from lianyi.action.work import queue
    from lianyi.doors.api.experiments import control_data

    if share is not None:
        control.set_share(ws, share, by=user(), now=queue.clock(), fresh=fresh)
    click.echo(json_line(control_data(control.current())))


COMMANDS = (experiments,)
