"""`lianyi signups`: sign-up chains (接龙) in groups."""

from __future__ import annotations

import click

from lianyi.doors.cli.backstage import backstage, user
from lianyi.doors.cli.output import json_line, write
from lianyi.errors import InputError

SHOWN = ("id", "title", "group_key", "people", "places", "waiting", "team", "struck", "closes_at", "closed_at")


@click.group(invoke_without_command=True)
@click.option("--json", "form", flag_value="json", default="text", help="One object a line.")
@click.pass_context
def signups(ctx: click.Context, form: str) -> None:
    """Sign-up chains, newest first; below: open, show, close, strike. Nobody can be added by us."""
    if ctx.invoked_subcommand is None:
        backstage(ctx)
        from lianyi.action.operation import signups as room
        from lianyi.action.operation.models import Signup

        rows = [room.described(one) for one in Signup.objects.all()[:200]]
        write(rows, tuple(rows[0]) if form == "json" and rows else SHOWN, form=form)


@signups.command("open")
@click.argument("group")
@click.argument("title")
@click.option("--until", required=True, metavar="TIME", help="An ISO time with its zone.")
@click.option("--most", type=int, help="Places; without it, no end.")
@click.pass_context
def open_signup(ctx: click.Context, group: str, title: str, until: str, most: int | None) -> None:
    """Open one in a live group, named by its key."""
    backstage(ctx)
    from lianyi.action.operation import signups as room
    from lianyi.doors.api.endpoint import ApiError
    from lianyi.doors.api.signups import opened

    asked = {"group_key": group, "title": title, "closes_at": until, "most": most}
    try:
        made = opened(asked, user())
    except ApiError as error:
        raise InputError(str(error)) from error
    click.echo(json_line(room.described(made)))


@signups.command("show")
@click.argument("number", metavar="ID", type=int)
@click.pass_context
def show_signup(ctx: click.Context, number: int) -> None:
    """One with who signed up, as JSON."""
    backstage(ctx)
    from lianyi.action.operation import signups as room

    click.echo(json_line(room.described(room.by_id(number))))


@signups.command("close")
@click.argument("number", metavar="ID", type=int)
@click.pass_context
def close_signup(ctx: click.Context, number: int) -> None:
    """Close one now; the list is posted in the group."""
    backstage(ctx)
    from lianyi.action.operation import signups as room
    from lianyi.doors.api.signups import closed

    click.echo(json_line(room.described(closed(number, user()))))


@signups.command("strike")
@click.argument("number", metavar="ID", type=int)
@click.argument("actor", metavar="KEY")
@click.option("--why", required=True, help="Stays beside the entry.")
@click.pass_context
def strike_entry(ctx: click.Context, number: int, actor: str, why: str) -> None:
    """Take somebody's entry out."""
    backstage(ctx)
    from lianyi.action.operation import signups as room
    from lianyi.doors.api.signups import struck

    click.echo(json_line(room.described(struck(number, actor, why, user()))))


COMMANDS = (signups,)
