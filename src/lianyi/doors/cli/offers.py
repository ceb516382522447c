"""`lianyi offers`: coupons and tiers as published rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lianyi.doors.cli.backstage import backstage, log_act, user
from lianyi.doors.cli.content import FILE
from lianyi.doors.cli.output import json_line, write
from lianyi.errors import NotFound

if TYPE_CHECKING:
    from lianyi.action.offers.models import Offer

LISTED = ("id", "name", "version", "kind", "percent", "amount", "condition", "starts_at", "ends_at", "issued",
          "used", "closed_at")  # fmt: skip
GROUPS = ("dimension", "member", "people", "entitled", "share", "low", "high", "apart")
USED = ("dimension", "member", "issued", "redeemed", "share", "low", "high", "apart")


@click.group(invoke_without_command=True)
@click.option("--json", "form", flag_value="json", default="text", help="One offer a line.")
@click.pass_context
def offers(ctx: click.Context, form: str) -> None:
    """Coupons and tiers as published rules; below: publish, show, plan, issue, close."""
    if ctx.invoked_subcommand is None:
        ws = backstage(ctx)
        from lianyi.action.offers import redeeming
        from lianyi.action.offers.models import Offer
        from lianyi.doors.api.offers import offer_data

        found = list(Offer.objects.all())
        used = redeeming.redeemed_of(ws, found)
        write([{**offer_data(one), "used": used.get(one.pk, {}).get("redeemed"), "redeemed": used.get(one.pk)}
               for one in found], LISTED, form=form)  # fmt: skip


@offers.command("publish")
@click.argument("file", type=FILE)
@click.pass_context
def publish_offer(ctx: click.Context, file: Path) -> None:
    """Publish an offer, or a new version, from a YAML file with the fields of the API's POST offers."""
    ws = backstage(ctx)
    from lianyi.action.offers import planning, publishing
    from lianyi.action.work import queue
    from lianyi.doors.api.offers import offer_data, offer_wanted
    from lianyi.doors.cli.rewards import asked_in

    offer = publishing.publish(ws, asked_in(offer_wanted, file), by=user(), now=queue.clock())
    log_act("offer.publish", offer.name, offer=offer.pk, version=offer.version, rule=offer.condition)
    planning.looked_at(ws, offer, queue.clock())
    click.echo(json_line(offer_data(offer)))


@offers.command("preview")
@click.argument("file", type=FILE)
@click.pass_context
def preview_offer(ctx: click.Context, file: Path) -> None:
    """The plan of an offer in a YAML file that is not published, as a JSON object; nothing is kept. null = unknown."""
    ws = backstage(ctx)
    from lianyi.action.offers import planning, publishing
    from lianyi.action.work import queue
    from lianyi.doors.api.offers import offer_data, offer_wanted
    from lianyi.doors.cli.rewards import asked_in

    now = queue.clock()
    offer = publishing.draft(ws, asked_in(offer_wanted, file), by=user(), now=now)
    click.echo(json_line({**offer_data(offer), "plan": planning.plan(ws, offer, now)}))


@offers.command("show")
@click.argument("number", metavar="ID", type=int)
@click.option("--groups", is_flag=True, help="Whom it entitles, group by group, instead of the offer.")
@click.option("--redeemed", is_flag=True, help="Who of those who got it used it, group by group.")
@click.option("--json", "form", flag_value="json", default="text", help="With --groups, --redeemed: one group a line.")
@click.pass_context
def show_offer(ctx: click.Context, number: int, groups: bool, redeemed: bool, form: str) -> None:  # noqa: FBT001
    """One offer with its plan and what became of it as a JSON object; null = unknown."""
    ws = backstage(ctx)
    from lianyi.action.offers import redeeming
    from lianyi.doors.api.offers import offer_data

    offer = _offer(number)
    used = redeeming.redeemed(ws, offer)
    if redeemed:
        write(used["groups"] if used else [], USED, form=form)
        return
    if groups:
        write(offer.plan.get("groups", []), GROUPS, form=form)
        return
    click.echo(json_line({**offer_data(offer), "plan": offer.plan, "redeemed": used}))


@offers.command("plan")
@click.argument("number", metavar="ID", type=int)
@click.pass_context
def plan_offer(ctx: click.Context, number: int) -> None:
    """Work the plan out anew; prices: to how many it was issued and how many different prices they got (1 is right)."""
    ws = backstage(ctx)
    from lianyi.action.offers import fairness, planning
    from lianyi.action.work import queue
    from lianyi.doors.api.offers import offer_data

    offer = planning.looked_at(ws, _offer(number), queue.clock())
    log_act("offer.plan", offer.name, offer=offer.pk)
    click.echo(json_line({**offer_data(offer), "plan": offer.plan, "prices": fairness.prices(ws, offer)}))


@offers.command("issue")
@click.argument("number", metavar="ID", type=int)
@click.pass_context
def issue_offer(ctx: click.Context, number: int) -> None:
    """Issue it, once: an event about each entitled person. Nobody is written to."""
    ws = backstage(ctx)
    from lianyi.action.offers import issuing
    from lianyi.action.work import queue
    from lianyi.doors.api.offers import offer_data

    offer = _offer(number)
    count = issuing.issue(ws, offer, now=queue.clock())
    log_act("offer.issue", offer.name, offer=offer.pk, people=count)
    click.echo(json_line(offer_data(offer)))


@offers.command("close")
@click.argument("number", metavar="ID", type=int)
@click.pass_context
def close_offer(ctx: click.Context, number: int) -> None:
    """It is not issued any more; what was issued holds until its end."""
    backstage(ctx)
    from lianyi.action.offers import publishing
    from lianyi.action.work import queue

    offer = _offer(number)
    publishing.close(offer, now=queue.clock())
    log_act("offer.close", offer.name, offer=offer.pk)


def _offer(number: int) -> Offer:
    from lianyi.action.offers.models import Offer

    found = Offer.objects.filter(pk=number).first()
    if found is None:
        raise NotFound(f"no offer {number}; lianyi offers lists them")
    return found


COMMANDS = (offers,)
