"""`lianyi people`, `note`, `tag`, `merge`, `erase` …: find people as the console does, and act on one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lianyi.doors.cli.backstage import backstage, log_act, user, workspace
from lianyi.doors.cli.output import json_line, say, write
from lianyi.errors import InputError

if TYPE_CHECKING:
    from lianyi.doors.console.pages.people.search import Search
    from lianyi.workspace import Workspace


@click.command()
@click.argument("text", required=False, default="")
@click.option("--tag", "tags", multiple=True, help="Who has this tag; repeat for more.")
@click.option("--consumption", default="", help="none, low, mid, high or top.")
@click.option("--channel", default="", help="Who was seen on this channel.")
@click.option("--seen", type=int, metavar="DAYS", default=0, help="Who was seen within 1, 7, 30 or 90 days.")
@click.option("--condition", default="", help="A condition in the words of tag rules, e.g. 'orders >= 2'.")
@click.option("--sort", default="last_seen", show_default=True, help="A column; the largest first.")
@click.option("--up", is_flag=True, help="The smallest first.")
@click.option("--col", "columns", multiple=True, help="A column to give; repeat for more.")
@click.option("--page", default=1, show_default=True, type=click.IntRange(1), help="Of 50 people, as text.")
@click.option("--json", "form", flag_value="json", help="All who are found, one a line.")
@click.option("--csv", "form", flag_value="csv", help="All who are found, the console's file.")
@click.pass_context
def people(ctx: click.Context, /, form: str | None, columns: tuple[str, ...], up: bool, **asked: Any) -> None:  # noqa: FBT001
    """Find people. TEXT: a part of the name, or a key such as a phone number or namespace:value."""
    ws = backstage(ctx)
    from lianyi.doors.console.pages.people.columns import COLUMNS, DEFAULT
    from lianyi.doors.console.pages.people.search import Search

    if "people" not in ws.states():
        raise InputError("the tables are not built yet; run lianyi refresh first")
    search = Search(down=not up, **asked)
    _check(search, columns)
    shown = tuple(name for name in COLUMNS if name in columns) or DEFAULT
    if form is None:
        _page(ws, search, shown)
    else:
        _export(ws, search, shown, form=form)


def _check(search: Search, columns: tuple[str, ...]) -> None:
    """What an old address may forget, a command says: an unknown word is no empty result."""
    from lianyi.doors.console.pages.people.columns import COLUMNS, CONSUMPTION, SORTS
    from lianyi.doors.console.pages.people.search import SEEN_DAYS

    asked: list[tuple[str, str | int, Collection[str | int]]] = [
        ("--consumption", search.consumption, ["", *CONSUMPTION]),
        ("--seen", search.seen, [0, *SEEN_DAYS]),
        ("--sort", search.sort, sorted(SORTS)),
        *(("--col", name, COLUMNS) for name in columns),
    ]
    for option, value, known in asked:
        if value not in known:
            raise InputError(f"{option} {value}: there are {', '.join(str(one) for one in known if one)}")


def _page(ws: Workspace, search: Search, columns: tuple[str, ...]) -> None:
    from lianyi.doors.console.pages.people.search import find

    page = find(ws, search, columns)
    write(page.rows, ("person_id", "name", *columns), form="text")
    say(f"{page.first:,} to {page.last:,} of {page.total:,} people; page {page.number} of {page.pages}")


def _export(ws: Workspace, search: Search, columns: tuple[str, ...], *, form: str) -> None:
    from lianyi.doors.console.pages.people.export import lines
    from lianyi.doors.console.pages.people.search import found

    log_act("people.export", **search.noted, columns=list(columns))
    if form == "csv":
        with click.open_file("-", "wb") as out:
            for piece in lines(ws, search, columns):
                out.write(piece)
    else:
        write((row for rows in found(ws, search, columns) for row in rows), (), form="json")


@click.command()
@click.argument("key")
@click.argument("text")
@click.pass_context
def note(ctx: click.Context, key: str, text: str) -> None:
    """Write a note on a person; it becomes an event of the timeline. KEY: a person id or namespace:value."""

    workspace(ctx).note(key, text, by=user())
    say(f"noted on {key}")


@click.command()
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="At most so many, surest first.")
@click.option("--json", "form", flag_value="json", default="text", help="One pair a line.")
@click.pass_context
def suggestions(ctx: click.Context, limit: int, form: str) -> None:
    """Pairs who may be one person, with the reason; merge decides."""

    found = workspace(ctx).suggestions(limit=limit)
    shown = ("person_a", "name_a", "person_b", "name_b", "score", "reasons_en")
    write(found, shown, form=form)


@click.command()
@click.argument("person")
@click.argument("tag")
@click.option("--remove", is_flag=True, help="Take the tag back.")
@click.option("--why", default="", help="The reason, kept beside the tag.")
@click.pass_context
def tag(ctx: click.Context, person: str, tag: str, remove: bool, why: str) -> None:  # noqa: FBT001
    """Set a tag by hand."""

    ws = workspace(ctx)
    (ws.untag if remove else ws.tag)(person, tag, by=user(), why=why)
    say(f"{'removed from' if remove else 'set on'} {person}: {tag}")


@click.command()
@click.argument("a")
@click.argument("b")
@click.option("--why", default="", help="The reason.")
@click.option("--preview", is_flag=True, help="Show what would happen, change nothing.")
@click.pass_context
def merge(ctx: click.Context, a: str, b: str, why: str, preview: bool) -> None:  # noqa: FBT001
    """Say that two people are one."""

    ws = workspace(ctx)
    if preview:
        click.echo(json_line(ws.merge_preview(a, b)))
        return
    ws.merge(a, b, by=user(), why=why)
    say("noted; it takes effect with the next refresh (lianyi refresh), and unmerge takes it back")


@click.command()
@click.argument("person")
@click.option("--part", "parts", multiple=True, metavar="KEY,KEY…", help="Keys that stay together; repeat per part.")
@click.option("--why", default="", help="The reason.")
@click.pass_context
def unmerge(ctx: click.Context, person: str, parts: tuple[str, ...], why: str) -> None:
    """Take a person apart: into the parts named, else where the last merge or the weakest link joined them."""

    chosen = [part.split(",") for part in parts] or None
    made = workspace(ctx).unmerge(person, parts=chosen, by=user(), why=why)
    say(f"{len(made)} parts; it takes effect with the next refresh (lianyi refresh)")


@click.command()
@click.argument("key")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def erase(ctx: click.Context, key: str, yes: bool) -> None:  # noqa: FBT001
    """Erase a person by right, from every file of the workspace."""
    ws = backstage(ctx)
    found = ws.person(key).person_id
    if not yes:
        click.confirm(f"Erase {key} for good? This can't be undone", abort=True, err=True)
    from lianyi.action import forgetting

    log_act("person.erase", found)
    click.echo(json_line(asdict(forgetting.erase(ws, key))))


@click.command()
@click.argument("key")
@click.pass_context
def export(ctx: click.Context, key: str) -> None:
    """Everything held on a person, as one JSON object."""
    from lianyi.action import forgetting

    held = forgetting.export(backstage(ctx), key)
    log_act("person.export", held["person_id"])
    click.echo(json_line(held))


COMMANDS = (people, note, suggestions, tag, merge, unmerge, erase, export)
