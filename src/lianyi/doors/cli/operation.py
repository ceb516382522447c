"""`lianyi moderation`: messages held to the rules of groups, and these rules."""

from __future__ import annotations

from pathlib import Path

import click

from lianyi.doors.cli.backstage import backstage, user
from lianyi.doors.cli.content import FILE
from lianyi.doors.cli.output import json_line, write
from lianyi.doors.cli.rewards import asked_in

CASES = ("id", "said_at", "state", "measure", "group_key", "actor", "text", "error")
JSON = click.option("--json", "form", flag_value="json", default="text", help="One object a line.")


@click.group(invoke_without_command=True)
@click.option("--state", default="open", show_default=True, help="open, all, or a state.")
@JSON
@click.pass_context
def moderation(ctx: click.Context, state: str, form: str) -> None:
    """Messages with something against them; below: do, fine, try, rules, set."""
    if ctx.invoked_subcommand is None:
        backstage(ctx)
        from lianyi.action.operation import deciding

        found = deciding.listed(state="" if state == "all" else state)
        rows = [deciding.described(case) for case in found[:1_000]]
        write(rows, tuple(rows[0]) if form == "json" and rows else CASES, form=form)


@moderation.command("do")
@click.argument("number", metavar="ID", type=int)
@click.option("--measure", default="", help="warn, remove, mute or expel instead of what the rules ask for.")
@click.pass_context
def do_case(ctx: click.Context, number: int, measure: str) -> None:
    """It is noise: acted on now where its group is live, else noted; the filter learns from the text."""
    ws = backstage(ctx)
    from lianyi.action.operation import deciding
    from lianyi.action.work import queue

    case = deciding.do(ws, deciding.by_id(number), by=user(), now=queue.clock(), measure=measure)
    click.echo(json_line(deciding.described(case)))


@moderation.command("fine")
@click.argument("number", metavar="ID", type=int)
@click.pass_context
def fine_case(ctx: click.Context, number: int) -> None:
    """It was fine: undo what was done; the filter learns from the text."""
    ws = backstage(ctx)
    from lianyi.action.operation import deciding
    from lianyi.action.work import queue

    case = deciding.fine(ws, deciding.by_id(number), by=user(), now=queue.clock())
    click.echo(json_line(deciding.described(case)))


@moderation.command("try")
@click.argument("text")
@click.option("--group", default="", help="By the rules of this group: its group_key.")
@click.option("--newcomer", is_flag=True, help="As if a newcomer wrote it.")
@click.pass_context
def try_case(ctx: click.Context, text: str, group: str, newcomer: bool) -> None:  # noqa: FBT001
    """What would stand against a text; nothing is kept or done."""
    backstage(ctx)
    from lianyi.doors.api.operation import tried

    click.echo(json_line(tried(text, group, newcomer)))


@moderation.command("rules")
@click.option("--group", metavar="KEY", help="All versions of this group; '' = of all others.")
@click.pass_context
def show_rules(ctx: click.Context, group: str | None) -> None:
    """The rules that hold, one JSON object a line."""
    backstage(ctx)
    from lianyi.action.operation import rules
    from lianyi.doors.api.operation import ruleset_data

    for row in rules.all_current() if group is None else rules.versions(group):
        click.echo(json_line(ruleset_data(row)))


@moderation.command("set")
@click.argument("file", type=FILE)
@click.pass_context
def set_rules(ctx: click.Context, file: Path) -> None:
    """A new version of a group's rules from a YAML file with the fields of the API's POST moderation/rules."""
    backstage(ctx)
    from lianyi.doors.api.operation import published, ruleset_data

    click.echo(json_line(ruleset_data(asked_in(lambda data: published(data, user()), file))))


COMMANDS = (moderation,)
