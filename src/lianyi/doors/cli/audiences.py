"""`lianyi audience`: define audiences, see who is in and why, take them out."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lianyi.doors.cli.backstage import backstage, log_act, user
from lianyi.doors.cli.output import json_line, say, write

if TYPE_CHECKING:
    from lianyi.action.audiences.defining import Put

LISTED = ("id", "name", "kind", "count", "as_of", "condition")
CHANGE = ("seq", "person_id", "entered", "at")


@click.group(invoke_without_command=True)
@click.option("--json", "form", flag_value="json", default="text", help="One audience a line.")
@click.pass_context
def audience(ctx: click.Context, form: str) -> None:
    """Audiences; below: check, new, change, gather, put, freeze, show, members, changes, why, match, archive …"""
    if ctx.invoked_subcommand is None:
        backstage(ctx)
        from lianyi.action.audiences.models import Audience
        from lianyi.action.audiences.telling import described

        write([described(one) for one in Audience.objects.filter(archived=False)], LISTED, form=form)


@audience.command()
@click.argument("condition")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", help="Of the reasons.")
@click.pass_context
def check(ctx: click.Context, condition: str, language: str) -> None:
    """How many people fulfil a CONDITION now, some of them, and why; nothing is kept."""
    ws = backstage(ctx)
    from lianyi.action.audiences import conditions

    now = ws.clock()
    one = conditions.asked(ws, condition)
    found = conditions.sample(ws, one, now, language=language)
    click.echo(json_line({"condition": one.text, "people": found.count, "as_of": now, "sample": found.reasons}))


@audience.command()
@click.argument("name")
@click.argument("condition")
@click.option("--about", default="", help="What it is for.")
@click.pass_context
def new(ctx: click.Context, name: str, condition: str, about: str) -> None:
    """A live audience: everybody who fulfils CONDITION, at every moment."""
    ws = backstage(ctx)
    from lianyi.action.audiences import defining
    from lianyi.action.audiences.telling import described, worked_out

    made = defining.define(ws, name, condition, by=user(), now=ws.clock(), about=about)
    log_act("audience.define", made.name, audience=made.pk, condition=made.condition)
    click.echo(json_line(described(worked_out(ws, made, ws.clock()))))


@audience.command()
@click.argument("name")
@click.option("--name", "new_name", help="Another name.")
@click.option("--condition", help="Another condition; the one before stays as a version.")
@click.option("--about", help="What it is for.")
@click.pass_context
def change(ctx: click.Context, name: str, new_name: str | None, condition: str | None, about: str | None) -> None:
    """Rename, describe, or give another condition."""
    ws = backstage(ctx)
    from lianyi.action.audiences import defining
    from lianyi.action.audiences.telling import described, worked_out

    one = defining.found(name)
    defining.change(ws, one, by=user(), now=ws.clock(), name=new_name, condition=condition, about=about)
    log_act("audience.change", one.name, audience=one.pk, condition=one.condition)
    click.echo(json_line(described(worked_out(ws, one, ws.clock()))))


@audience.command()
@click.argument("name")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--about", default="", help="What it is for.")
@click.pass_context
def gather(ctx: click.Context, name: str, file: Any, about: str) -> None:
    """A list of the people behind the keys in FILE (`-`: standard input): one a line, or a CSV's first column."""
    ws = backstage(ctx)
    from lianyi.action.audiences import defining

    made, found = defining.make_list(ws, name, file.read(), by=user(), now=ws.clock(), about=about)
    log_act("audience.gather", made.name, audience=made.pk, people=found.people)
    _told(found)


@audience.command()
@click.argument("name")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--out", is_flag=True, help="Take them out instead.")
@click.pass_context
def put(ctx: click.Context, name: str, file: Any, out: bool) -> None:  # noqa: FBT001
    """Put the people behind the keys in FILE into a list."""
    ws = backstage(ctx)
    from lianyi.action.audiences import defining

    one = defining.found(name)
    found = defining.put(ws, one, file.read(), now=ws.clock(), out=out)
    log_act("audience.put", one.name, audience=one.pk, people=found.people, out=out)
    _told(found)


def _told(found: Put) -> None:
    click.echo(json_line({"people": found.people, "already": found.already, "unknown": len(found.unknown)}))
    for key in found.unknown[:20]:
        say(f"nobody has the key {key}")


@audience.command()
@click.argument("name")
@click.argument("new_name")
@click.pass_context
def freeze(ctx: click.Context, name: str, new_name: str) -> None:
    """A list NEW_NAME of everybody who is in audience NAME now."""
    ws = backstage(ctx)
    from lianyi.action.audiences import defining
    from lianyi.action.audiences.telling import described, worked_out

    made = defining.freeze(ws, worked_out(ws, defining.found(name), ws.clock()), new_name, by=user(), now=ws.clock())
    log_act("audience.freeze", made.name, audience=made.pk)
    click.echo(json_line(described(made)))


@audience.command()
@click.argument("name")
@click.pass_context
def show(ctx: click.Context, name: str) -> None:
    """One audience as a JSON object: condition, versions, size over time."""
    ws = backstage(ctx)
    from lianyi.action.audiences import defining
    from lianyi.action.audiences.telling import described, worked_out

    click.echo(json_line(described(worked_out(ws, defining.found(name), ws.clock()), whole=True)))


@audience.command()
@click.argument("name")
@click.pass_context
def count(ctx: click.Context, name: str) -> None:
    """Work a live audience out anew."""
    ws = backstage(ctx)
    from lianyi.action.audiences import counting, defining
    from lianyi.action.audiences.telling import described

    one = defining.found(name)
    if one.live:
        counting.recount(ws, one, ws.clock(), next_due=ws.clock())
    click.echo(json_line(described(one)))


@audience.command()
@click.argument("name")
@click.option("--column", "columns", multiple=True, help="A column of table people; repeat for more.")
@click.option("--json", "form", flag_value="json", default="csv", help="One person a line.")
@click.option("--csv", "form", flag_value="csv", help="Safe to open in a spreadsheet program (the default).")
@click.pass_context
def members(ctx: click.Context, name: str, columns: tuple[str, ...], form: str) -> None:
    """Everybody who is in, with their main columns."""
    ws = backstage(ctx)
    from lianyi.action.audiences import defining, exporting
    from lianyi.action.audiences import members as who
    from lianyi.action.audiences.telling import worked_out

    one = worked_out(ws, defining.found(name), ws.clock())
    chosen = tuple(dict.fromkeys(("person_id", *(columns or exporting.COLUMNS))))
    log_act("audience.export", one.name, audience=one.pk, columns=list(chosen), people=one.count)
    write((row for rows in exporting.rows(ws, who.of(ws, one).ids(), chosen) for row in rows), chosen, form=form)


@audience.command()
@click.argument("name")
@click.option("--after", default=0, help="The `seq` of the last one seen.")
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(1))
@click.option("--json", "form", flag_value="json", default="text", help="One change a line.")
@click.pass_context
def changes(ctx: click.Context, name: str, after: int, limit: int, form: str) -> None:
    """Who entered and who left, oldest first."""
    backstage(ctx)
    from lianyi.action.audiences import defining
    from lianyi.action.audiences.telling import changes_told

    write(changes_told(defining.found(name), after, limit), CHANGE, form=form)


@audience.command()
@click.argument("name")
@click.argument("person")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en")
@click.pass_context
def why(ctx: click.Context, name: str, person: str, language: str) -> None:
    """Why a PERSON (key or id) is in an audience, or what its condition found where not."""
    ws = backstage(ctx)
    from lianyi.action.audiences import conditions, defining
    from lianyi.action.audiences import members as who
    from lianyi.action.audiences.telling import worked_out

    one, found = worked_out(ws, defining.found(name), ws.clock()), ws.person(person).person_id
    said = conditions.why(ws, one.condition, found, language) if one.live else ""
    click.echo(json_line({"person_id": found, "in": found in who.of(ws, one).holds([found]), "why": said}))


@audience.command()
@click.argument("name")
@click.option("--platform", type=click.Choice(["meta", "google", "oceanengine"]), required=True)
@click.option("--contact", type=click.Choice(["phone", "email"]), required=True)
@click.option("--purpose", required=True, help="Only people who have consented to it are in the file.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write.")
@click.pass_context
def match(ctx: click.Context, /, name: str, output: Path, **how: Any) -> None:
    """A match file for an advertising platform: SHA-256 of phone numbers or e-mail addresses, one a line."""
    ws = backstage(ctx)
    from lianyi.action.audiences import defining, exporting
    from lianyi.action.audiences.telling import worked_out

    one = worked_out(ws, defining.found(name), ws.clock())
    made = exporting.match(ws, one, **how)
    log_act("audience.match", one.name, audience=one.pk, members=made.members, people=made.people, **how)
    output.write_text("".join(f"{line}\n" for line in made.hashes), encoding="ascii")
    output.chmod(0o600)
    counts = {name: number for name, number in asdict(made).items() if name != "hashes"}
    click.echo(json_line({**counts, "hashes": len(made.hashes), "file": str(output)}))


@audience.command()
@click.argument("name")
@click.option("--undo", is_flag=True, help="Follow it again.")
@click.pass_context
def archive(ctx: click.Context, name: str, undo: bool) -> None:  # noqa: FBT001
    """Follow an audience no more; its people, versions and changes stay."""
    ws = backstage(ctx)
    from lianyi.action.audiences import defining

    one = defining.found(name)
    if undo:
        defining.restore(ws, one, ws.clock())
    else:
        defining.archive(one)
    log_act("audience.restore" if undo else "audience.archive", one.name, audience=one.pk)
    say(f"{one.name} is followed again" if undo else f"{one.name} is archived")


@audience.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def remove(ctx: click.Context, name: str, yes: bool) -> None:  # noqa: FBT001
    """Delete an audience with its versions and its log of changes."""
    ws = backstage(ctx)
    from lianyi.action.audiences import defining

    one = defining.found(name)
    if not yes:
        click.confirm(f"Delete audience {one.name} for good?", abort=True, err=True)
    log_act("audience.remove", one.name, audience=one.pk)
    defining.remove(ws, one)
    say(f"{name} is gone")


COMMANDS = (audience,)
