"""`lianyi sops`: what is said in groups by itself."""

from __future__ import annotations

from pathlib import Path

import click

from lianyi.doors.cli.backstage import backstage, user
from lianyi.doors.cli.content import FILE
from lianyi.doors.cli.output import json_line, write
from lianyi.doors.cli.rewards import asked_in

SHOWN = ("id", "name", "trigger", "is_on", "next_at", "groups", "runs")


@click.group(invoke_without_command=True)
@click.option("--json", "form", flag_value="json", default="text", help="One object a line.")
@click.pass_context
def sops(ctx: click.Context, form: str) -> None:
    """What is said in groups by itself; below: template, keep, copy, turn."""
    if ctx.invoked_subcommand is None:
        backstage(ctx)
        from lianyi.action.operation import sops as room
        from lianyi.action.operation.models import Sop

        rows = [room.described(sop) for sop in Sop.objects.all()]
        write(rows, tuple(rows[0]) if form == "json" and rows else SHOWN, form=form)


@sops.command("template")
@click.argument("name", required=False, default="")
@click.option("--language", default="zh", show_default=True, type=click.Choice(["zh", "en"]))
@click.pass_context
def show_template(ctx: click.Context, name: str, language: str) -> None:
    """A template as YAML, to change and keep; without NAME, the names of all."""
    backstage(ctx)
    import yaml

    from lianyi.action.operation import sops as room

    if not name:
        click.echo("\n".join(room.templates()[language]))
        return
    made = {"name": name, "account": "", "groups": [], **room.template(name, language)}
    click.echo(yaml.safe_dump(made, allow_unicode=True, sort_keys=False), nl=False)


@sops.command("keep")
@click.argument("file", type=FILE)
@click.pass_context
def keep_sop(ctx: click.Context, file: Path) -> None:
    """Make or change one from a YAML file with the fields of the API's POST sops."""
    backstage(ctx)
    from lianyi.action.operation import sops as room
    from lianyi.doors.api.sops import kept

    click.echo(json_line(room.described(asked_in(lambda data: kept(data, user()), file))))


@sops.command("copy")
@click.argument("number", metavar="ID", type=int)
@click.argument("groups", nargs=-1, required=True)
@click.pass_context
def copy_sop(ctx: click.Context, number: int, groups: tuple[str, ...]) -> None:
    """Let one hold in more groups, named by their keys."""
    backstage(ctx)
    from lianyi.action.operation import sops as room
    from lianyi.doors.api.sops import copied

    click.echo(json_line(room.described(copied(number, list(groups), user()))))


@sops.command("turn")
@click.argument("number", metavar="ID", type=int)
@click.option("--on/--off", "on", required=True, help="Off ends what runs.")
@click.pass_context
def turn_sop(ctx: click.Context, number: int, on: bool) -> None:  # noqa: FBT001
    """Turn one on or off."""
    backstage(ctx)
    from lianyi.action.operation import sops as room
    from lianyi.doors.api.sops import turned

    click.echo(json_line(room.described(turned(number, on, user()))))


COMMANDS = (sops,)
