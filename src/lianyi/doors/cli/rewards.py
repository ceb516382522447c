"""`lianyi rewards`, `lianyi draws`: what is paid for a proven result, and prizes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lianyi.doors.cli.backstage import backstage, log_act, user
from lianyi.doors.cli.content import FILE, read_file
from lianyi.doors.cli.output import json_line, say, write
from lianyi.errors import InputError, NotFound

if TYPE_CHECKING:
    from lianyi.action.rewards.models import Draw, Rule

OUT = click.Path(path_type=Path, dir_okay=False)
RULE = ("id", "name", "campaign", "counts", "spent", "budget", "starts_at", "ends_at", "closed_at")


@click.group(invoke_without_command=True)
@click.option("--json", "form", flag_value="json", default="text", help="One rule a line.")
@click.pass_context
def rewards(ctx: click.Context, form: str) -> None:
    """Rules of rewards; below: start, show, settle, pay, close."""
    if ctx.invoked_subcommand is None:
        backstage(ctx)
        from lianyi.action.rewards.models import Rule
        from lianyi.doors.api.rewards import rule_data

        write([rule_data(rule) for rule in Rule.objects.all()], RULE, form=form)


@rewards.command("start")
@click.argument("file", type=FILE)
@click.pass_context
def start_rule(ctx: click.Context, file: Path) -> None:
    """Make a rule that runs from a YAML file with the fields of the API's POST rewards."""
    backstage(ctx)
    from lianyi.action.rewards import ruling
    from lianyi.action.work import queue
    from lianyi.doors.api.rewards import rule_data, wanted_of

    rule = ruling.start(asked_in(wanted_of, file), by=user(), now=queue.clock())
    log_act("reward.start", rule.name, rule=rule.pk)
    click.echo(json_line(rule_data(rule)))


@rewards.command("show")
@click.argument("number", metavar="ID", type=int)
@click.option("--postings", is_flag=True, help="Every movement, one a line, instead of the rule.")
@click.pass_context
def show_rule(ctx: click.Context, number: int, postings: bool) -> None:  # noqa: FBT001
    """One rule as a JSON object, with what is due now."""
    backstage(ctx)
    from lianyi.action.rewards import paying
    from lianyi.action.work import queue
    from lianyi.doors.api.rewards import money_text, rule_data

    rule = _rule(number)
    if postings:
        names = ("what", "person", "invited", "order_no", "level", "reason", "due_at", "at", "by")
        for row in rule.postings.order_by("pk").iterator():
            said = {name: getattr(row, name) for name in names}
            click.echo(json_line({**said, "amount": money_text(row.amount)}))
        return
    due = [{"person": one.person, "amount": money_text(one.amount)} for one in paying.due(rule, now=queue.clock())]
    click.echo(json_line({**rule_data(rule), "due": due}))


@rewards.command("settle")
@click.argument("number", metavar="ID", type=int)
@click.pass_context
def settle_rule(ctx: click.Context, number: int) -> None:
    """Grant what is earned and take back what was returned, now."""
    ws = backstage(ctx)
    from dataclasses import asdict

    from lianyi.action.rewards import settling
    from lianyi.action.work import queue

    rule = _rule(number)
    done = settling.settle(ws, rule, now=queue.clock())
    log_act("reward.settle", rule.name, rule=rule.pk, granted=done.granted, clawed_back=done.clawed_back)
    click.echo(json_line(asdict(done)))


@rewards.command("pay")
@click.argument("number", metavar="ID", type=int)
@click.argument("out", type=OUT)
@click.option("--again", type=int, help="Write the list of this payment once more; nothing is paid.")
@click.pass_context
def pay_rule(ctx: click.Context, number: int, out: Path, again: int | None) -> None:
    """Write down that all that is due is paid, and the list to OUT (CSV; no cell is a formula)."""
    ws = backstage(ctx)
    from lianyi.action.rewards import paying
    from lianyi.action.work import queue
    from lianyi.doors.api.rewards import names_of

    rule, payment = _rule(number), again or 0
    if again is None:
        payment, people = paying.pay(rule, now=queue.clock(), by=user())
        log_act("reward.pay", rule.name, rule=rule.pk, payment=payment, people=len(people))
    people = paying.paid(rule, payment)
    out.write_text(paying.as_csv(rule, people, names_of(ws, [one.person for one in people])), encoding="utf-8-sig")
    say(f"payment {payment}: {len(people)} people; {out}")


@rewards.command("close")
@click.argument("number", metavar="ID", type=int)
@click.pass_context
def close_rule(ctx: click.Context, number: int) -> None:
    """No new rewards by this rule; a refund still takes back."""
    backstage(ctx)
    from lianyi.action.rewards import ruling
    from lianyi.action.work import queue

    rule = _rule(number)
    ruling.close(rule, now=queue.clock())
    log_act("reward.close", rule.name, rule=rule.pk)


@click.group(invoke_without_command=True)
@click.pass_context
def draws(ctx: click.Context) -> None:
    """Draws as they are published, one JSON object a line; below: publish, close, draw."""
    if ctx.invoked_subcommand is None:
        backstage(ctx)
        from lianyi.action.rewards import drawing
        from lianyi.action.rewards.models import Draw

        for draw in Draw.objects.all():
            click.echo(json_line({"id": draw.pk, **drawing.published(draw)}))


@draws.command("publish")
@click.argument("file", type=FILE)
@click.pass_context
def publish_draw(ctx: click.Context, file: Path) -> None:
    """Publish a draw from a YAML file with the fields of the API's POST draws."""
    backstage(ctx)
    from lianyi.action.rewards import drawing
    from lianyi.action.work import queue
    from lianyi.doors.api.rewards import draw_wanted

    draw = drawing.publish(asked_in(draw_wanted, file), by=user(), now=queue.clock())
    log_act("draw.publish", draw.name, draw=draw.pk, commitment=draw.commitment)
    click.echo(json_line({"id": draw.pk, **drawing.published(draw)}))


@draws.command("close")
@click.argument("number", metavar="ID", type=int)
@click.argument("people", type=FILE)
@click.pass_context
def close_draw(ctx: click.Context, number: int, people: Path) -> None:
    """Entries are over. PEOPLE: a file with one person id a line."""
    backstage(ctx)
    from lianyi.action.rewards import drawing
    from lianyi.action.work import queue

    lines = [line.strip() for line in people.read_text(encoding="utf-8").splitlines() if line.strip()]
    draw = drawing.close(_draw(number), lines, now=queue.clock())
    log_act("draw.close", draw.name, draw=draw.pk, entries=len(draw.entries), tickets=draw.tickets)
    click.echo(json_line({"id": draw.pk, **drawing.published(draw)}))


@draws.command("draw")
@click.argument("number", metavar="ID", type=int)
@click.argument("beacon")
@click.pass_context
def draw_now(ctx: click.Context, number: int, beacon: str) -> None:
    """Draw, with the public number that was named."""
    backstage(ctx)
    from lianyi.action.rewards import drawing
    from lianyi.action.work import queue

    draw = drawing.draw_now(_draw(number), beacon_value=beacon, now=queue.clock())
    log_act("draw.draw", draw.name, draw=draw.pk, beacon=beacon, seed=draw.seed)
    click.echo(json_line({"id": draw.pk, **drawing.published(draw), "won_by": drawing.won_by(draw)}))


def asked_in(read: Any, file: Path) -> Any:
    """What a file asks for, read as the API reads a body; dates of YAML are times as text again."""
    from lianyi.doors.api.endpoint import ApiError

    data = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in read_file(file).items()
    }
    try:
        return read(data)
    except (ApiError, KeyError) as error:
        raise InputError(f"{file}: {error}") from error


def _rule(number: int) -> Rule:
    from lianyi.action.rewards.models import Rule

    found = Rule.objects.filter(pk=number).first()
    if found is None:
        raise NotFound(f"no rule {number}; lianyi rewards lists them")
    return found


def _draw(number: int) -> Draw:
    from lianyi.action.rewards.models import Draw

    found = Draw.objects.filter(pk=number).first()
    if found is None:
        raise NotFound(f"no draw {number}; lianyi draws lists them")
    return found


COMMANDS = (rewards, draws)
