"""`lianyi inbox`, `lianyi duty`: what needs a person, and who is on duty."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from lianyi.doors.cli.backstage import backstage, user
from lianyi.doors.cli.content import FILE
from lianyi.doors.cli.output import json_line, write
from lianyi.doors.cli.rewards import asked_in
from lianyi.errors import InputError

SHOWN = ("id", "kind", "said_at", "minutes_left", "assignee", "group_key", "actor", "text")
JSON = click.option("--json", "form", flag_value="json", default="text", help="One object a line.")
NUMBER = click.argument("number", metavar="ID", type=int)


@click.group(invoke_without_command=True)
@click.option("--state", default="open", show_default=True, help="open, snoozed, closed or all.")
@click.option("--kind", default="", help="message, complaint, question, burst, sensitive or moderation.")
@click.option("--whose", help="A sign-in name; '' = of nobody.")
@JSON
@click.pass_context
def inbox(ctx: click.Context, state: str, kind: str, whose: str | None, form: str) -> None:
    """What needs a person, late ones first; below: show, reply, note, assign, snooze, done, reopen, figures."""
    if ctx.invoked_subcommand is None:
        backstage(ctx)
        from lianyi.action.inbox import working
        from lianyi.action.work import queue

        now = queue.clock()
        found = working.listed(now, state=state, kind=kind, whose=whose)
        rows = [working.described(one, now) for one in found[:1_000]]
        write(rows, tuple(rows[0]) if form == "json" and rows else SHOWN, form=form)


@inbox.command("show")
@NUMBER
@click.pass_context
def show(ctx: click.Context, number: int) -> None:
    """One with its steps and how it can be answered, as JSON."""
    backstage(ctx)
    from lianyi.action.inbox import working
    from lianyi.action.work import queue

    click.echo(json_line(working.described(working.by_id(number), queue.clock(), whole=True)))


def _act(ctx: click.Context, number: int, act: str, data: Mapping[str, Any]) -> None:
    backstage(ctx)
    from lianyi.action.inbox import working
    from lianyi.action.work import queue
    from lianyi.doors.api.endpoint import ApiError
    from lianyi.doors.api.inbox import acted

    try:
        item = acted(number, act, data, user())
    except ApiError as error:
        raise InputError(str(error)) from error
    click.echo(json_line(working.described(item, queue.clock(), whole=True)))


@inbox.command("reply")
@NUMBER
@click.argument("text")
@click.option("--once", default="", help="Your id of this answer: twice the same is given once.")
@click.pass_context
def reply(ctx: click.Context, number: int, text: str, once: str) -> None:
    """Answer through the channel that can; what goes out closes it."""
    _act(ctx, number, "reply", {"text": text, "once": once})


@inbox.command("note")
@NUMBER
@click.argument("text")
@click.pass_context
def note(ctx: click.Context, number: int, text: str) -> None:
    """A note for the team."""
    _act(ctx, number, "note", {"text": text})


@inbox.command("assign")
@NUMBER
@click.argument("to", default="")
@click.pass_context
def assign(ctx: click.Context, number: int, to: str) -> None:
    """Give it to a member; without a name, to nobody."""
    _act(ctx, number, "assign", {"to": to})


@inbox.command("snooze")
@NUMBER
@click.option("--until", required=True, metavar="TIME", help="An ISO time with its zone.")
@click.pass_context
def snooze(ctx: click.Context, number: int, until: str) -> None:
    """Put it off; its target stays what it was."""
    _act(ctx, number, "snooze", {"until": until})


@inbox.command("done")
@NUMBER
@click.option("--answered", is_flag=True, help="It was answered elsewhere; without it nothing is known of an answer.")
@click.pass_context
def done(ctx: click.Context, number: int, answered: bool) -> None:  # noqa: FBT001
    """It needs nobody any more."""
    _act(ctx, number, "done", {"answered": answered})


@inbox.command("reopen")
@NUMBER
@click.pass_context
def reopen(ctx: click.Context, number: int) -> None:
    """It waits again."""
    _act(ctx, number, "reopen", {})


@inbox.command("figures")
@click.option("--days", type=click.IntRange(1, 366), default=28, show_default=True)
@click.pass_context
def figures(ctx: click.Context, days: int) -> None:
    """How soon things were answered, by kind, group and member, as JSON; null = not known."""
    backstage(ctx)
    from lianyi.action.inbox import measuring
    from lianyi.action.work import queue

    click.echo(json_line(measuring.figures(queue.clock(), days=days)))


@click.group(invoke_without_command=True)
@click.pass_context
def duty(ctx: click.Context) -> None:
    """The weekly rota, targets, and who is on duty now, as JSON; below: set."""
    if ctx.invoked_subcommand is None:
        ws = backstage(ctx)
        from lianyi.action.inbox import duty as room
        from lianyi.action.work import queue

        click.echo(json_line(room.described(ws.settings.timezone, queue.clock())))


@duty.command("set")
@click.argument("file", type=FILE)
@click.pass_context
def set_duty(ctx: click.Context, file: Path) -> None:
    """Rota and targets from a YAML file with the fields of the API's PUT duty."""
    ws = backstage(ctx)
    from lianyi.action.inbox import duty as room
    from lianyi.action.work import queue
    from lianyi.doors.api.inbox import planned

    asked_in(lambda data: planned(data, user()), file)
    click.echo(json_line(room.described(ws.settings.timezone, queue.clock())))


COMMANDS = (inbox, duty)
