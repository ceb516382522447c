"""`lianyi communities`, `lianyi community`: list them, look into one, name it, declare one."""

from __future__ import annotations

from dataclasses import asdict

import click

from lianyi.doors.cli.backstage import user, workspace
from lianyi.doors.cli.output import json_line, say, write

LISTED = ("community_id", "name_zh", "name_en", "height", "size", "verdict", "side", "aim", "active", "children")


@click.command()
@click.option("--inside", default="", metavar="ID", help="What is inside a field or community; without it the top.")
@click.option("--limit", default=60, show_default=True, help="At most so many, largest first.")
@click.option("--json", "form", flag_value="json", help="One object a line.")
@click.option("--csv", "form", flag_value="csv", help="Comma-separated.")
@click.pass_context
def communities(ctx: click.Context, inside: str, limit: int, form: str | None) -> None:
    """Communities, largest first: fields at the top, communities inside."""
    from lianyi.communities import listed

    rows = listed(workspace(ctx), inside=inside or None, limit=limit)
    columns = tuple(rows[0]) if form == "json" and rows else LISTED
    write(rows, columns, form=form or "text")


@click.command()
@click.argument("community_id", metavar="ID")
@click.option("--zh", default="", help="Give it this name in Chinese.")
@click.option("--en", default="", help="Give it this name in English.")
@click.option("--side", default="", help="Say whose it is: brand, product, user.")
@click.option("--aim", default="", help="Say what it serves: product, self_media, service.")
@click.option("--declare", is_flag=True, help="ID is a room (group:…): declare its people to be a community.")
@click.pass_context
def community(ctx: click.Context, community_id: str, zh: str, en: str, side: str, aim: str, declare: bool) -> None:  # noqa: FBT001
    """One community as one JSON object; with options: name it, place it, or declare one from a room."""

    ws, by = workspace(ctx), user()
    if declare:
        made = ws.declare_community(community_id, zh=zh, en=en, by=by)
        say(f"declared {made}; it is there after: lianyi refresh")
        return
    if zh or en:
        ws.rename_community(community_id, zh=zh, en=en, by=by)
    if side or aim:
        ws.place_community(community_id, side=side, aim=aim, by=by)
    one = ws.community(community_id)
    click.echo(json_line({**asdict(one), "parts": one.parts}))


COMMANDS = (communities, community)
