"""`lianyi plans`: kept plans, saved as campaigns, closed, and how true their forecasts were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lianyi.doors.cli.backstage import backstage, log_act
from lianyi.doors.cli.output import json_line, say, write
from lianyi.errors import NotFound

if TYPE_CHECKING:
    from lianyi.action.plans.models import Plan

PLAN = ("id", "name", "status", "campaign", "by", "created_at", "started_at", "outcome")


@click.group(invoke_without_command=True)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="At most so many, newest first.")
@click.option("--json", "form", flag_value="json", default="text", help="One plan a line.")
@click.pass_context
def plans(ctx: click.Context, limit: int, form: str) -> None:
    """Kept plans with what came of them; below: show, start, close."""
    if ctx.invoked_subcommand is None:
        ws = backstage(ctx)
        from lianyi.action.plans import keeping
        from lianyi.action.plans.models import Plan

        found = list(Plan.objects.all()[:limit])
        keeping.score(ws, found)
        write([{name: getattr(plan, name) for name in PLAN} for plan in found], PLAN, form=form)
        made = keeping.calibration()
        say(f"{made.plans} campaigns are over and scored; {made.within} ended within their bounds")


@plans.command()
@click.argument("number", metavar="ID", type=int)
@click.pass_context
def show(ctx: click.Context, number: int) -> None:
    """One plan as a JSON object: people with reasons, forecast, curve, rivals, outcome."""
    ws = backstage(ctx)
    from lianyi.action.plans import keeping

    plan = _plan(number)
    keeping.score(ws, [plan])
    names = (*PLAN, "request", "made", "as_of", "instead_of_id", "scored_at")
    click.echo(json_line({name: getattr(plan, name) for name in names}))


@plans.command()
@click.argument("number", metavar="ID", type=int)
@click.argument("campaign")
@click.pass_context
def start(ctx: click.Context, number: int, campaign: str) -> None:
    """Save a plan as a campaign that runs from now. CAMPAIGN: the name as links and codes carry it."""
    backstage(ctx)
    from lianyi.action.plans import keeping
    from lianyi.action.work import queue

    plan = _plan(number)
    keeping.start(plan, campaign=campaign, now=queue.clock())
    log_act("plan.start", plan.campaign, plan=plan.pk)
    say(f"plan {number} runs as campaign {plan.campaign}")


@plans.command()
@click.argument("number", metavar="ID", type=int)
@click.pass_context
def close(ctx: click.Context, number: int) -> None:
    """Say that a campaign is over; its forecast then counts for the calibration."""
    backstage(ctx)
    from lianyi.action.plans import keeping

    plan = _plan(number)
    keeping.close(plan)
    log_act("plan.close", plan.campaign, plan=plan.pk)
    say(f"campaign {plan.campaign} is over")


def _plan(number: int) -> Plan:
    from lianyi.action.plans.models import Plan

    found = Plan.objects.filter(pk=number).first()
    if found is None:
        raise NotFound(f"no plan {number}; lianyi plans lists them")
    return found


COMMANDS = (plans,)
