"""`lianyi topics`, `lianyi topic`, `lianyi complaints`, `lianyi flagged`: what people talk about, and what is noise."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from lianyi.doors.cli.backstage import backstage, log_act, user, workspace
from lianyi.doors.cli.output import json_line, write

TOPICS = ("kind", "topic", "zh", "messages", "before", "people", "groups", "communities", "good", "bad", "asked",
          "complaints")  # fmt: skip
BURSTS = ("began_at", "found_minutes", "kind", "zh", "messages", "expected", "people", "running", "words")
COMPLAINTS = ("said_at", "group_key", "name", "theme", "answered", "answered_by_staff", "answer_minutes", "text")
FLAGGED = ("said_at", "why", "chance", "word_list", "group_key", "name", "text")


@click.command()
@click.option("--kind", default="", help="Only theme, category, good or word.")
@click.option("--sort", default="messages", show_default=True,
              help="messages, people, bad, complaints, rising or diverse.")  # fmt: skip
@click.option("--limit", default=100, show_default=True, help="At most so many.")
@click.option("--words", is_flag=True, help="Print the shipped lists of words instead: a listening.yaml to start from.")
@click.option("--json", "form", flag_value="json", help="One object a line.")
@click.option("--csv", "form", flag_value="csv", help="Comma-separated.")
@click.pass_context
def topics(ctx: click.Context, kind: str, sort: str, limit: int, words: bool, form: str | None) -> None:  # noqa: FBT001
    """What people talked about in 28 days: how much, how many, in what tone, how far it spreads."""
    from lianyi import listening as room
    from lianyi.insight.listening.words import shipped_text

    if words:
        click.echo(shipped_text(), nl=False)
        return
    rows = room.topics(workspace(ctx), kind=kind, sort=sort, limit=limit)
    write(rows, tuple(rows[0]) if form == "json" and rows else TOPICS, form=form or "text")


@click.command()
@click.argument("kind")
@click.argument("name")
@click.option("--draft", is_flag=True, help="Draft a campaign to those who talk of it: audience, text, campaign.")
@click.pass_context
def topic(ctx: click.Context, kind: str, name: str, draft: bool) -> None:  # noqa: FBT001
    """One topic as one JSON object: its days, who talks of it, its complaints. KIND NAME as `lianyi topics` shows."""
    from lianyi import listening as room

    if draft:
        click.echo(json_line(_draft(ctx, kind, name)))
        return
    click.echo(json_line(asdict(room.topic(workspace(ctx), kind, name))))


@click.command()
@click.option("--all", "everything", is_flag=True, help="Also those that staff have answered.")
@click.option("--limit", default=100, show_default=True, help="At most so many.")
@click.option("--json", "form", flag_value="json", help="One object a line.")
@click.option("--csv", "form", flag_value="csv", help="Comma-separated.")
@click.pass_context
def complaints(ctx: click.Context, everything: bool, limit: int, form: str | None) -> None:  # noqa: FBT001
    """Complaints of the last 28 days that staff have not answered, newest first."""
    from lianyi import listening as room

    rows = room.complaints(workspace(ctx), unanswered=not everything, limit=limit)
    write(rows, tuple(rows[0]) if form == "json" and rows else COMPLAINTS, form=form or "text")


@click.command()
@click.option("--why", default="", help="Only advert, copied, flood or sensitive.")
@click.option("--group", default="", help="Only in this room.")
@click.option("--limit", default=100, show_default=True, help="At most so many.")
@click.option("--json", "form", flag_value="json", help="One object a line.")
@click.option("--csv", "form", flag_value="csv", help="Comma-separated.")
@click.pass_context
def flagged(ctx: click.Context, why: str, group: str, limit: int, form: str | None) -> None:
    """Messages of 91 days that somebody should look at: adverts, copies, floods, sensitive words."""
    from lianyi import listening as room

    rows = room.flagged(workspace(ctx), why=why, group_key=group, limit=limit)
    write(rows, tuple(rows[0]) if form == "json" and rows else FLAGGED, form=form or "text")


@click.command()
@click.option("--kind", default="", help="Only group, theme, good or word.")
@click.option("--limit", default=100, show_default=True, help="At most so many.")
@click.option("--json", "form", flag_value="json", help="One object a line.")
@click.option("--csv", "form", flag_value="csv", help="Comma-separated.")
@click.pass_context
def bursts(ctx: click.Context, kind: str, limit: int, form: str | None) -> None:
    """When a room or a topic suddenly was spoken of much more than usual, newest first."""
    from lianyi import listening as room

    rows = room.bursts(workspace(ctx), kind=kind, limit=limit)
    write(rows, tuple(rows[0]) if form == "json" and rows else BURSTS, form=form or "text")


def _draft(ctx: click.Context, kind: str, name: str) -> dict[str, Any]:
    ws = backstage(ctx)
    from lianyi import listening as room
    from lianyi.action.campaigns import hot

    row = room.topic(ws, kind, name).row
    made = hot.draft(ws, row["zh"], room.words_of(ws, kind, name), by=user(), now=ws.clock())
    log_act("audience.define", made.audience.name, audience=made.audience.pk, condition=made.audience.condition)
    log_act("content.make", made.content.name, content=made.content.pk)
    if made.campaign:
        log_act("campaign.draft", made.campaign.name)
    return {"audience": made.audience.name, "condition": made.audience.condition, "content": made.content.name,
            "campaign": made.campaign.name if made.campaign else None}  # fmt: skip


COMMANDS = (topics, topic, complaints, flagged, bursts)
