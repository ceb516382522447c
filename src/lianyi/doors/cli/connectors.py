"""`lianyi connectors`: every way in and out with its state, and self-checks that name the broken setting."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from lianyi.doors.cli.backstage import backstage, user
from lianyi.doors.cli.output import json_line, write

if TYPE_CHECKING:
    from lianyi.action.channels.kinds import Finding

JSON = click.option("--json", "form", flag_value="json", default="text", help="One object a line.")
SHOWN = ("name", "title", "direction", "state", "last_in", "last_out", "lag_seconds", "broken")
WORDS = {True: "right", False: "wrong", None: "not sure"}


@click.group(invoke_without_command=True)
@JSON
@click.pass_context
def connectors(ctx: click.Context, form: str) -> None:
    """Every way in and out with its state; below: check."""
    if ctx.invoked_subcommand is None:
        ws = backstage(ctx)
        from django.utils import timezone

        from lianyi.action.connectors.ways import ways

        found = [one.data() for one in ways(ws, now=timezone.now())]
        shown = [{**{name: one[name] for name in SHOWN}, "broken": ", ".join(one["broken"])} for one in found]
        write(found if form == "json" else shown, SHOWN, form=form)


@connectors.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@JSON
@click.pass_context
def check(ctx: click.Context, names: tuple[str, ...], form: str) -> None:
    """Check ways in and out, all of them without a NAME: what is wrong, which setting, where to mend it.

    Nothing is sent. Exit code 1 where something is wrong.
    """
    ws = backstage(ctx)
    from django.utils import timezone

    from lianyi.action.connectors.checking import check as checked

    found = checked(ws, names, by=user(), now=timezone.now())
    for way in found:
        if form == "json":
            click.echo(json_line(way.data()))
            continue
        click.echo(f"{way.name}: {'wrong' if way.broken else 'right'}")
        for one in way.found or ():
            click.echo(f"  {finding_line(one)}")
    if any(way.broken for way in found):
        sys.exit(1)


def finding_line(one: Finding) -> str:
    """One step of a check, with the setting that is broken and where to mend it."""
    said = f"{WORDS[one.ok]:9}  {one}"
    if one.ok or not (one.setting or one.mend):
        return said
    return f"{said}\n           mend {one.setting}: {one.mending or 'at this setting of the channel'}"


COMMANDS = (connectors,)
