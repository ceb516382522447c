"""The commands: new, add, refresh, tables, show, person, communities, tag, merge, erase, plan, serve, demo …"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lianyi.doors.cli import (
    Commands,
    audiences,
    backups,
    brand,
    channels,
    codes,
    communities,
    connectors,
    contacts,
    content,
    demand,
    experiments,
    groups,
    inbox,
    influence,
    journeys,
    ledger,
    listening,
    offers,
    operation,
    people,
    picture,
    plans,
    rejects,
    report,
    rewards,
    rules,
    signups,
    simulate,
    sops,
    team,
    touches,
    value,
)  # fmt: skip
from lianyi.doors.cli.backstage import user, workspace
from lianyi.doors.cli.output import ProgressLine, json_line, say, table_line, unpacked, write, write_table
from lianyi.errors import InputError

if TYPE_CHECKING:
    from lianyi.insight.refresh import Progress

DEFAULT_WORKSPACE = "./lianyi-data"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="lianyi")
@click.option("-w", "--workspace", "folder", default=DEFAULT_WORKSPACE, envvar="LIANYI_WORKSPACE", show_default=True,
              type=click.Path(path_type=Path), help="The workspace's folder (or set LIANYI_WORKSPACE).")  # fmt: skip
@click.pass_context
def lianyi(ctx: click.Context, folder: Path) -> None:
    """Lianyi 涟漪: throw a stone, watch the ripple, prove what it earned.

    \b
    Exit codes: 0 done, 1 our error, 2 unusable input, 3 not found, 4 refused,
    5 no workspace, 6 busy, 130 interrupted (nothing half done).
    """
    os.umask(0o077)  # a workspace is full of personal data: no other account of this machine may read it
    ctx.obj = folder


@lianyi.command()
@click.option("--name", default="Lianyi", help="Name of the brand.")
@click.option("--currency", default="CNY", show_default=True, help="Currency in which spend is summed.")
@click.option(
    "--timezone", default="Asia/Shanghai", show_default=True, help="Zone in which days and hours are counted."
)
@click.option("--language", default="zh-hans", show_default=True, type=click.Choice(["zh-hans", "en"]))
@click.pass_context
def new(ctx: click.Context, /, **options: str) -> None:
    """Make a workspace."""
    from lianyi.settings import Settings
    from lianyi.workspace import Workspace

    made = Workspace.create(ctx.obj or Path(DEFAULT_WORKSPACE), Settings(**options))  # type: ignore[arg-type]
    say(f"made {made.folder}; next: lianyi -w {made.folder} add FILE…")


@lianyi.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--as", "format_name", metavar="FORMAT", help="Say the format instead of having it recognised.")
@click.option("--map", "mapping", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Mapping (YAML).")
@click.option("--label", help="Tells two shops or accounts of one platform apart.")
@click.option("--room", help="Name of the chat, where the file does not say.")
@click.option("--me", help="Your own name in a chat, where the file says only “you”.")
@click.option("--dry-run", is_flag=True, help="Do all but land events; rejected rows can be looked at.")
@click.option("--json", "as_json", is_flag=True, help="One report a line, as JSON.")
@click.option("--formats", is_flag=True, help="List the formats and end.")
@click.pass_context
def add(
    ctx: click.Context, paths: tuple[Path, ...], format_name: str | None, mapping: Path | None, label: str | None,
    room: str | None, me: str | None, dry_run: bool, as_json: bool, formats: bool,  # noqa: FBT001
) -> None:  # fmt: skip
    """Import files or folders. Adding the same file again changes nothing."""
    if formats:
        _list_formats(as_json=as_json)
        return
    if not paths:
        raise InputError("name at least one file or folder, or --formats to see what can be read")
    from lianyi.doors.cli.importing import add_files

    add_files(
        workspace(ctx), paths, format_name=format_name, mapping=mapping, label=label, room=room, me=me,
        dry_run=dry_run, as_json=as_json,
    )  # fmt: skip


def _list_formats(*, as_json: bool) -> None:
    from lianyi.memory.sources.registry import sources

    rows = [
        {"format": source.name, "en": source.en, "zh": source.zh, "endings": " ".join(source.suffixes)}
        for source in sources().values()
    ]
    write(rows, ["format", "en", "zh", "endings"], form="json" if as_json else "text")


@lianyi.command()
@click.argument("tables", nargs=-1)
@click.pass_context
def refresh(ctx: click.Context, tables: tuple[str, ...]) -> None:
    """Rebuild the insight tables (all, or those named and what depends on them)."""
    line = ProgressLine()

    def show(progress: Progress) -> None:
        line.show(f"[{progress.done + 1}/{progress.total}] {progress.table} {progress.message}".rstrip())

    report = workspace(ctx).refresh(*tables, progress=show)
    line.end()
    rows = sum(state.rows for state in report.states.values())
    say(f"{len(report.states)} tables, {rows:,} rows, {report.seconds:.1f} s")


@lianyi.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="One table a line, as JSON.")
@click.pass_context
def tables(ctx: click.Context, name: str | None, as_json: bool) -> None:  # noqa: FBT001
    """What tables there are, what one row means, and how fresh they are.

    With NAME one table as a JSON object: its columns, what it is made from, and the SQL that made it.
    """
    ws = workspace(ctx)
    if name is not None:
        click.echo(table_line(ws, name))
        return
    states = ws.states()
    rows: list[dict[str, Any]] = []
    for table in ws.tables().values():
        state = states.get(table.name)
        rows.append({
            "table": table.name,
            "rows": state.rows if state else None,
            "as_of": state.as_of if state else None,
            "stale": state.lake_version != ws.lake.version() if state else None,
            "one_row": table.en,
        })  # fmt: skip
    rows.append({"table": "events", "rows": ws.lake.rows(), "as_of": None, "stale": False, "one_row": "one event"})
    write(rows, ["table", "rows", "as_of", "stale", "one_row"], form="json" if as_json else "text")


@lianyi.command()
@click.argument("table")
@click.option("--where", metavar="SQL", help='Only rows for which this holds, e.g. "orders >= 2".')
@click.option("--limit", type=click.IntRange(min=0), help="At most so many rows (text: 50 by default).")
@click.option("--json", "as_json", is_flag=True, help="One row a line, as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV that no spreadsheet runs as formulas.")
@click.pass_context
def show(
    ctx: click.Context, table: str, where: str | None, limit: int | None, as_json: bool, as_csv: bool  # noqa: FBT001
) -> None:  # fmt: skip
    """The rows of a table."""
    form = "json" if as_json else "csv" if as_csv else "text"
    most = limit if limit is not None else None if form != "text" else 50
    relation = workspace(ctx).select(table, where=where, limit=most)
    rows = (row for batch in relation.to_arrow_reader(10_000) for row in batch.to_pylist())
    write_table(rows, relation.columns, name=table, form=form)


@lianyi.command()
@click.option("--kind", type=click.Choice(["campaign", "content", "group", "share"]), help="Only of this kind.")
@click.option("--by", default="reached", show_default=True, help="reached, latest, r_now, revenue or depth.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="One ripple a line, as JSON.")
@click.pass_context
def ripples(ctx: click.Context, kind: str | None, by: str, limit: int, as_json: bool) -> None:  # noqa: FBT001
    """Ripples: what followed from each campaign, each sharing of a thing, each room's invitations."""
    shown = ["ripple_id", "kind", "name", "title", "seeds", "reached", "depth", "r", "r_low", "r_high", "r_now",
             "trend", "buyers", "revenue", "last_at"]  # fmt: skip
    rows = workspace(ctx).ripples.largest(kind=kind, by=by, limit=limit)
    if as_json:
        write(rows, list(rows[0]) if rows else shown, form="json")
    else:
        write(rows, shown, form="text")


@lianyi.command()
@click.argument("ripple_id")
@click.pass_context
def ripple(ctx: click.Context, ripple_id: str) -> None:
    """One ripple as a JSON object: its figures, its generations, its largest branches, its forecasts."""
    found = workspace(ctx).ripples
    click.echo(json_line({**found.one(ripple_id), "branches": found.branches(ripple_id, most=50)}))


@lianyi.command()
@click.argument("key")
@click.option("--thing", help="What is passed on: an object key or a campaign.")
@click.option("--best", default=5, show_default=True, type=click.IntRange(min=1), help="How many.")
@click.pass_context
def receivers(ctx: click.Context, key: str, thing: str | None, best: int) -> None:
    """Whom a person should pass a thing on to, best first, with reasons. KEY: a person id or namespace:value."""
    from dataclasses import asdict

    for found in workspace(ctx).ripples.receivers(key, thing=thing, best=best):
        click.echo(json_line(asdict(found)))


@lianyi.command()
@click.argument("key")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(0), help="Events of the timeline.")
@click.option("--kind", "kinds", multiple=True, help="Only events of this kind; repeat for more.")
@click.option(
    "--before", metavar="TIME", help="Only events before it (ISO 8601 with zone): the last one's `at` goes on."
)
@click.pass_context
def person(ctx: click.Context, key: str, limit: int, kinds: tuple[str, ...], before: str | None) -> None:
    """One person: profile, keys, tags and timeline, as one JSON object. KEY: a person id or namespace:value."""
    from dataclasses import asdict

    ws = workspace(ctx)
    found = ws.person(key)
    timeline = ws.timeline(found, limit=limit, before=_moment(before), kinds=kinds)
    click.echo(json_line({**asdict(found), "profile": unpacked(found.profile), "timeline": timeline}))


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise InputError(f"--before {text}: is no time; write it like 2026-01-31T08:00:00+08:00") from error
    if moment is not None and moment.tzinfo is None:
        raise InputError(f"--before {text}: has no time zone; add one, e.g. +08:00")
    return moment


@lianyi.command()
@click.argument("key", required=False)
@click.option("--kind", default="", help="Only opportunities of this kind: warming, introduction or first_purchase.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="At most so many rows of each.")
@click.pass_context
def ties(ctx: click.Context, key: str | None, kind: str, limit: int) -> None:
    """Whom a person is tied to and what to do about it; without KEY the best opportunities of all people.

    One JSON object. KEY: a person id or namespace:value.
    """
    ws = workspace(ctx)
    found: dict[str, object] = {"opportunities": ws.opportunities(key, kind=kind, limit=limit)}
    if key:
        one = ws.person(key)
        found = {"person_id": one.person_id, "as_of": one.as_of, "ties": list(one.ties)[:limit], **found}
    click.echo(json_line(found))


@lianyi.command()
@click.option("--people", type=int, help="Ask at most so many.")
@click.option("--budget", type=float, help="Most money; needs --cost or the cost of a --gift.")
@click.option("--goal", type=click.Choice(["people", "revenue", "community"]), help="What reach is counted in.")
@click.option("--community", help="Id of the community that is the goal.")
@click.option("--from", "sources", multiple=True, metavar="SOURCE",
              help="Who may be asked: customers, kols, employees, others; repeat.")  # fmt: skip
@click.option("--cost", "costs", multiple=True, metavar="SOURCE=MONEY", help="To ask one person; repeat.")
@click.option("--gift", "incentives", multiple=True, metavar="NAME,cost=30,acceptance=0.8,boost=1.5",
              help="An incentive for who is asked; repeat for a choice.")  # fmt: skip
@click.option("--topic", help="What it is about (a category).")
@click.option("--incentive", help="What everybody gets who brings somebody.")
@click.option("--consent", help="A purpose that must have been granted.")
@click.option("--most-each", type=int, help="At most so many of each community.")
@click.option("--most", multiple=True, metavar="ID=NUMBER", help="At most so many of this community; repeat.")
@click.option("--least", multiple=True, metavar="ID=NUMBER", help="At least so many of this community; repeat.")
@click.option("--horizon", type=float, metavar="DAYS", help="Also count people reached by then.")
@click.option("--robust", is_flag=True, help="Choose for the worst within the bounds of the chances.")
@click.option("--request", "file", type=click.File("r", encoding="utf-8"), help="All of it as JSON; options go on top.")
@click.option("--save", metavar="NAME", help="Keep it for the console.")
@click.option("--json", "as_json", is_flag=True, help="The whole plan as one JSON object.")
@click.pass_context
def plan(ctx: click.Context, /, save: str | None, file: Any, as_json: bool, **options: Any) -> None:  # noqa: FBT001
    """Whom to ask first, so that most come of it."""
    from lianyi.doors.cli import planning

    options["costs"] = planning.costs_of(options["costs"])
    options |= {name: planning.quotas_of(options[name], name) for name in ("most", "least")}
    options["incentives"] = [planning.incentive_of(text) for text in options["incentives"]]
    options["sources"] = list(options["sources"])
    request = planning.request_from(file.read() if file else None, options)
    planning.plan(workspace(ctx), request, save=save, by=user(), as_json=as_json)


@lianyi.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8765, show_default=True, type=click.IntRange(1, 65535))
@click.pass_context
def serve(ctx: click.Context, host: str, port: int) -> None:
    """Serve the console and the collector, with a worker that lands events."""
    from lianyi.doors.serve import run

    workspace(ctx)  # a clear error before anything starts
    run(ctx.obj, host=host, port=port)


@lianyi.command()
@click.option("--people", default=3000, show_default=True, type=click.IntRange(min=50))
@click.option("--seed", default=7, show_default=True)
@click.option("--no-serve", is_flag=True, help="Build the demo brand and end.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8765, show_default=True, type=click.IntRange(1, 65535))
@click.pass_context
def demo(ctx: click.Context, people: int, seed: int, no_serve: bool, host: str, port: int) -> None:  # noqa: FBT001
    """Build a demo brand from our simulated world and open the console."""
    from lianyi.doors.cli.demo import build

    given = ctx.parent is not None and ctx.parent.get_parameter_source("folder") != click.core.ParameterSource.DEFAULT
    folder = ctx.obj if given else Path("./lianyi-demo")
    build(folder, people=people, seed=seed)
    if not no_serve:
        from lianyi.doors.cli.demo import announce, serve_anew

        announce(folder, host=host, port=port)
        serve_anew(folder, host=host, port=port)


@lianyi.command()
@click.argument("ripple", required=False)
@click.option("--json", "as_json", is_flag=True, help="One row a line, as JSON.")
@click.pass_context
def forecasts(ctx: click.Context, ripple: str | None, as_json: bool) -> None:  # noqa: FBT001
    """How good our forecasts were; with a ripple's id: its forecasts and what became of them."""
    found = workspace(ctx).ripples.forecasts(ripple)
    write(found, list(found[0]) if found else [], form="json" if as_json else "text")


@lianyi.command()
@click.option("--mend", "mending", is_flag=True, help="First make tables and columns that the database lacks.")
@click.option("--json", "as_json", is_flag=True, help="One check a line, as JSON.")
@click.pass_context
def doctor(ctx: click.Context, mending: bool, as_json: bool) -> None:  # noqa: FBT001
    """Check the workspace and say what to do about what is wrong."""
    from lianyi.doors.cli.doctor import examine, mend

    if mending:
        workspace(ctx)
        made = mend(ctx.obj)
        say(f"made: {', '.join(made)}" if made else "nothing to mend")
    findings = examine(ctx.obj)
    write(findings, ["check", "state", "what", "do"], form="json" if as_json else "text")
    if any(finding["state"] == "bad" for finding in findings):
        ctx.exit(5)


for room in (
    audiences,
    communities,
    groups,
    listening,
    operation,
    sops,
    signups,
    inbox,
    contacts,
    demand,
    influence,
    people,
    rules,
    rejects,
    plans,
    content,
    codes,
    experiments,
    touches,
    rewards,
    offers,
    channels,
    connectors,
    journeys,
    ledger,
    picture,
    report,
    simulate,
    team,
    brand,
    value,
    backups,
):
    for command in room.COMMANDS:
        lianyi.add_command(command)
