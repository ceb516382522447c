"""`lianyi settings`, `overview`, `sources`, `jobs`: the brand as a whole, and the work of its server."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click

from lianyi.doors.cli.backstage import backstage, log_act, workspace
from lianyi.doors.cli.output import json_line, say, write
from lianyi.errors import InputError, NotFound

if TYPE_CHECKING:
    from lianyi.action.work.models import Job

JSON = click.option("--json", "form", flag_value="json", default="text", help="One object a line.")


@click.command()
@click.argument("changes", nargs=-1, metavar="[NAME=VALUE…]")
@click.pass_context
def settings(ctx: click.Context, changes: tuple[str, ...]) -> None:
    """The brand's settings as a JSON object; with NAME=VALUE change them first, e.g. currency=EUR."""
    from lianyi import settings as workspace_settings

    ws = workspace(ctx) if not changes else backstage(ctx)
    found = ws.settings
    if changes:
        wanted = dict(_change(text, asdict(found)) for text in changes)
        found = replace(found, **wanted)
        workspace_settings.write(ws.folder, found)
        log_act("brand.edit", "", **wanted)
        say("changed; a currency or zone takes effect with the next refresh (lianyi refresh)")
    click.echo(json_line(asdict(found)))


def _change(text: str, known: dict[str, Any]) -> tuple[str, Any]:
    """`threads=2` → ("threads", 2)."""
    name, equals, value = text.partition("=")
    if not equals or name not in known:
        raise InputError(f"{text!r}: write NAME=VALUE; there are {', '.join(known)}")
    if isinstance(known[name], int):
        try:
            return name, int(value)
        except ValueError as error:
            raise InputError(f"{name}: {value!r} is no whole number") from error
    return name, value


@click.command()
@click.option("--days", default="30", show_default=True, type=click.Choice(["7", "30", "90", "365"]))
@click.pass_context
def overview(ctx: click.Context, days: str) -> None:
    """What came in, who is active, growth: the numbers of the console's first page, as one JSON object."""
    from lianyi.doors.console.pages.overview.growth import came_in, growth

    ws = workspace(ctx)
    state = ws.states().get("days")
    if state is None or not state.rows:
        raise InputError("the tables are not built yet; run lianyi refresh first")
    kinds, by_source = came_in(ws, int(days))
    found = asdict(growth(ws, int(days)))
    click.echo(json_line({"as_of": state.as_of, "stale": ws.stale(), **found, "kinds": kinds, "sources": by_source}))


@click.command()
@JSON
@click.pass_context
def sources(ctx: click.Context, form: str) -> None:
    """Where events come from, with counts, first and last day."""
    from lianyi.doors.console.facts import sources as found

    write(found(workspace(ctx)), ("source", "events", "first", "last"), form=form)


JOB = ("id", "kind", "state", "progress", "message", "by", "created_at", "ended_at", "error")


@click.group(invoke_without_command=True)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="At most so many, newest first.")
@JSON
@click.pass_context
def jobs(ctx: click.Context, limit: int, form: str) -> None:
    """The long work of `lianyi serve`; below: show, cancel."""
    if ctx.invoked_subcommand is None:
        backstage(ctx)
        from lianyi.action.work.models import Job

        write(list(Job.objects.values(*JOB)[:limit]), JOB, form=form)


@jobs.command()
@click.argument("number", metavar="ID", type=int)
@click.pass_context
def show(ctx: click.Context, number: int) -> None:
    """How a job stands and what came of it, as one JSON object."""
    backstage(ctx)
    job = _job(number)
    click.echo(json_line({**{name: getattr(job, name) for name in JOB}, "result": job.result}))


@jobs.command()
@click.argument("number", metavar="ID", type=int)
@click.pass_context
def cancel(ctx: click.Context, number: int) -> None:
    """Stop a job in a safe state; an erasure that runs goes on to its end."""
    backstage(ctx)
    from lianyi.action.work import queue

    job = _job(number)
    if job.is_over:
        raise InputError(f"job {number} is over already ({job.state})")
    queue.cancel(job.pk, now=queue.clock())
    log_act("job.cancel", str(job.pk), kind=job.kind)
    say(f"job {number} is asked to stop")


def _job(number: int) -> Job:
    from lianyi.action.work.models import Job

    found = Job.objects.filter(pk=number).first()
    if found is None:
        raise NotFound(f"no job {number}; lianyi jobs lists them")
    return found


COMMANDS = (settings, overview, sources, jobs)
