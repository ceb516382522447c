"""`lianyi ledger`: what everything cost and earned, the price book, costs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from lianyi.doors.cli.backstage import backstage, user, workspace
from lianyi.doors.cli.output import json_line, say, write

SUMS = ("revenue", "refunded", "spent", "result", "after_goods", "revenue_unknown", "spent_unknown", "goods_unknown")
MONTHS = ("month", "view", "orders", *SUMS)
ENTRY = ("day", "of_day", "account", "amount", "currency", "brand_amount", "person_id", "order_no", "booked_by",
         "campaign", "event_id")  # fmt: skip
RETURNS = ("member", "name_en", "how", "booked", "spent", "incremental", "incremental_low", "incremental_high", "roi",
           "roi_low", "roi_high", "came", "stay", "per_stay")  # fmt: skip
CHECK = ("kind", "source", "currency", "events", "said", "again", "entries", "booked", "difference")
FORM = click.option("--json", "form", flag_value="json", default="text", help="One row a line, amounts as text.")
CSV = click.option("--csv", "form", flag_value="csv", help="CSV that no spreadsheet runs as formulas.")
FROM = click.option("--from", "begins", default="", metavar="MONTH", help="First month, e.g. 2026-01.")
TO = click.option("--to", "ends", default="", metavar="MONTH", help="Last month.")
VIEW = click.option("--view", default="booked", show_default=True, type=click.Choice(["booked", "corrected"]),
                    help="A late refund in its own month, or in that of its order.")  # fmt: skip


def _period(begins: str, ends: str, view: str) -> Any:
    from lianyi.ledger import Period, month_of

    return Period(begins=month_of(begins, "--from"), ends=month_of(ends, "--to"), view=view)


@click.group(invoke_without_command=True)
@FORM
@CSV
@click.pass_context
def ledger(ctx: click.Context, form: str) -> None:
    """Month by month, as booked and as corrected by late refunds; below: by, one, entries, check, book …"""
    if ctx.invoked_subcommand is None:
        write(workspace(ctx).ledger.months(), MONTHS, form=form)


@ledger.command()
@click.argument("dimension")
@FROM
@TO
@VIEW
@click.option("--order", default="revenue", show_default=True, help="revenue, spent, result or orders.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="At most so many.")
@FORM
@CSV
@click.pass_context
def by(
    ctx: click.Context, dimension: str, begins: str, ends: str, view: str, order: str, limit: int, form: str
) -> None:
    """Split by campaign, journey, step, content, ripple, generation, sharer, community, group, person, member …"""
    found = workspace(ctx).ledger.split(dimension, _period(begins, ends, view), order=order, limit=limit)
    write(found, ("member", "name_en", "orders", *SUMS), form=form)


@ledger.command()
@click.argument("dimension")
@click.argument("member")
@FROM
@TO
@VIEW
@click.pass_context
def one(ctx: click.Context, dimension: str, member: str, begins: str, ends: str, view: str) -> None:
    """One of them as a JSON object: sums, accounts, months. MEMBER "" is what belongs to none."""
    from lianyi.errors import NotFound

    reads = workspace(ctx).ledger
    found = reads.member(dimension, member, _period(begins, ends, view))
    if found is None:
        raise NotFound(f"the ledger has no entry of {dimension} {member!r}; lianyi ledger by {dimension} lists them")
    told = reads.returns(dimension, member)
    click.echo(json_line({**found, "months": reads.months(dimension, member), "returns": told and asdict(told)}))


@ledger.command()
@click.argument("dimension")
@click.option("--within", default="", help="Of generations and sharers: a ripple; of communities: a campaign.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 200), help="At most so many.")
@FORM
@CSV
@click.pass_context
def returns(ctx: click.Context, dimension: str, within: str, limit: int, form: str) -> None:
    """What was spent on campaign, journey, ripple, generation, sharer or community, and what it truly brought."""
    from lianyi import roi

    found = [row.data() for row in roi.rows(workspace(ctx), dimension, within=within, limit=limit)]
    rows = found if form == "json" else [{**row, **_flat(row["returns"])} for row in found]
    write(rows, RETURNS, form=form)


def _flat(told: Any) -> dict[str, Any]:
    """Estimates and bounds as columns."""
    if told is None:
        return {}
    return {
        f"{name}{ending}": (told[name] or {}).get(end)
        for name in ("incremental", "profit", "roi")
        for ending, end in (("", "estimate"), ("_low", "low"), ("_high", "high"))
    }


@ledger.command()
@click.option("--by", "dimension", default="all", help="A dimension, with --member one of it.")
@click.option("--member", default="", help="Whose entries.")
@click.option("--account", default="", help="Only this account, e.g. revenue.refund.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="At most so many.")
@FORM
@CSV
@click.pass_context
def entries(ctx: click.Context, dimension: str, member: str, account: str, limit: int, form: str) -> None:
    """The entries behind a sum, newest first."""
    found = workspace(ctx).ledger.entries(dimension, member, account=account, limit=limit)
    write(found, ENTRY if form == "text" else list(found[0]) if found else ENTRY, form=form)


@ledger.command()
@FORM
@click.pass_context
def check(ctx: click.Context, form: str) -> None:
    """The sums of the log beside those of the ledger; ends with 1 where they differ."""
    found = workspace(ctx).ledger.checks()
    write(found, CHECK, form=form)
    if any(row["difference"] for row in found):
        say("the ledger differs from the log; run lianyi refresh, and tell us if it stays so")
        ctx.exit(1)


@ledger.command()
@click.option("--by", "dimension", default="channel", show_default=True, help="channel, campaign or sharer.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="At most so many.")
@FORM
@CSV
@click.pass_context
def attribution(ctx: click.Context, dimension: str, limit: int, form: str) -> None:
    """The same orders divided by seven models side by side. Description, not cause."""
    from lianyi.insight.ledger.attribution.models import MODELS

    found = workspace(ctx).ledger.attribution(dimension, limit=limit)
    rows = found if form == "json" else [{**row, **row["amounts"]} for row in found]
    write(rows, ("member", "name_en", "touched", *MODELS), form=form)


@ledger.command()
@click.pass_context
def book(ctx: click.Context) -> None:
    """The price book as YAML: exchange rates, prices, hourly rates, margins."""
    from lianyi.action.ledger import keeping

    click.echo(keeping.current(backstage(ctx).folder).text or keeping.EMPTY, nl=False)


@ledger.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_context
def apply(ctx: click.Context, file: Path) -> None:
    """Make a YAML file the price book."""
    ws = backstage(ctx)
    from lianyi.action.ledger import keeping

    keeping.apply(ws.folder, file.read_text(encoding="utf-8"), by=user())
    say("the price book holds from the next refresh on (lianyi refresh entries values)")


@ledger.command()
@click.argument("what")
@click.option("--amount", default="", help="What was paid; below 0 takes one back.")
@click.option("--currency", default="", help="ISO code; else the brand's.")
@click.option("--minutes", default="", help="Of labour that has no amount of its own.")
@click.option("--at", default="", help="When, e.g. 2026-05-31T12:00+08:00; else now.")
@click.option("--member", default="", help="Of the team.")
@click.option("--campaign", default="")
@click.option("--journey", default="")
@click.option("--step", default="")
@click.option("--content", default="")
@click.option("--channel", default="")
@click.option("--group", default="", help="Key of a group.")
@click.option("--community", default="", help="Id of a community.")
@click.option("--category", default="")
@click.option("--person", default="", help="A key, e.g. user:7.")
@click.option("--note", default="")
@click.pass_context
def enter(ctx: click.Context, /, what: str, **said: str) -> None:
    """Enter a cost: media, messages, incentive, gift, labour, goods, other …"""
    ws = backstage(ctx)
    from lianyi.action.ledger import keeping
    from lianyi.doors.api.ledger import cost_of

    event = keeping.enter(ws, cost_of({"what": what, **said}, now=ws.clock()), by=user())
    say(f"{event.id} is in the inbox; the ledger shows it after the next refresh")


@ledger.command("take-back")
@click.argument("event_id")
@click.pass_context
def take_back(ctx: click.Context, event_id: str) -> None:
    """Take an entered cost back by an entry of the opposite amount."""
    ws = backstage(ctx)
    from lianyi.action.ledger import keeping

    say(f"{keeping.take_back(ws, event_id, by=user(), at=ws.clock()).id} is in the inbox")


COMMANDS = (ledger,)
