"""`lianyi groups`, `lianyi group`, `lianyi threads`: list them, look into one, read who answers whom."""

from __future__ import annotations

from dataclasses import asdict

import click

from lianyi.doors.cli.backstage import workspace
from lianyi.doors.cli.output import json_line, write

LISTED = ("group_key", "name", "members", "active", "messages", "verdict", "fix", "unanswered", "churn", "value")
THREADS = ("thread_id", "began_at", "name", "messages", "people", "first_answer_minutes", "guessed", "text")
SAID = ("message_id", "at", "name", "how", "probability", "answers_id", "text")


@click.command()
@click.option("--sort", default="fix", show_default=True, help="fix, members, messages, unanswered, value or churn.")
@click.option("--verdict", default="", help="Only community, crowd or unknown.")
@click.option("--limit", default=100, show_default=True, help="At most so many.")
@click.option("--json", "form", flag_value="json", help="One object a line.")
@click.option("--csv", "form", flag_value="csv", help="Comma-separated.")
@click.pass_context
def groups(ctx: click.Context, sort: str, verdict: str, limit: int, form: str | None) -> None:
    """Groups with their health; what most needs an act comes first."""
    from lianyi.groups import listed

    rows = listed(workspace(ctx), sort=sort, verdict=verdict, limit=limit)
    write(rows, tuple(rows[0]) if form == "json" and rows else LISTED, form=form or "text")


@click.command()
@click.argument("group_key", metavar="GROUP")
@click.pass_context
def group(ctx: click.Context, group_key: str) -> None:
    """One group as one JSON object: verdict with its parts, what to fix and how, weeks, people, open questions."""
    from lianyi import groups as room
    from lianyi import listening
    from lianyi.insight.groups.fixing import ACTS

    ws = workspace(ctx)
    one = asdict(room.group(ws, group_key)) | {"theme": listening.of_group(ws, group_key)}
    one["fixes"] = [{**fix, **asdict(ACTS[fix["part"]])} for fix in one["fixes"]]
    click.echo(json_line(one))


@click.command()
@click.argument("group_key", metavar="[GROUP]", default="")
@click.option("--unanswered", is_flag=True, help="Only questions that nobody answered.")
@click.option("--thread", default="", metavar="ID", help="The messages of this conversation, with who answers whom.")
@click.option("--limit", type=int, help="At most so many: 50 threads, newest first; 1000 messages of one.")
@click.option("--json", "form", flag_value="json", help="One object a line.")
@click.option("--csv", "form", flag_value="csv", help="Comma-separated.")
@click.pass_context
def threads(
    ctx: click.Context, group_key: str, unanswered: bool, thread: str, limit: int | None, form: str | None  # noqa: FBT001
) -> None:  # fmt: skip
    """Conversations of a group (of all where none is named), newest first."""
    from lianyi import groups as room

    ws = workspace(ctx)
    columns: tuple[str, ...] = SAID if thread else THREADS
    if thread:
        rows = room.conversation(ws, group_key, thread, limit=limit or 1000)
    else:
        rows = room.threads(ws, group_key, unanswered=unanswered, limit=limit or 50)
    write(rows, tuple(rows[0]) if form == "json" and rows else columns, form=form or "text")


COMMANDS = (groups, group, threads)
