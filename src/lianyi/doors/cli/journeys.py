"""`lianyi journey`, `lianyi campaign`, `lianyi tasks`: YAML files in, plans, figures and ways out."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lianyi.doors.cli.backstage import backstage, log_act, user
from lianyi.doors.cli.output import json_line, say, write
from lianyi.errors import InputError

if TYPE_CHECKING:
    from lianyi.action.journeys.models import Journey
    from lianyi.action.journeys.reading import Problem

JOURNEY = ("name", "title", "state", "number", "came", "going", "aside", "over", "held", "goals")
_FILE = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
_VANISH = click.option("--vanish", multiple=True, metavar="STEP=WHAT", help="What becomes of people in a step that "
                       "vanishes: finish, leave, or another step. Again for each.")  # fmt: skip


@click.group(invoke_without_command=True)
@click.option("--json", "form", flag_value="json", default="text", help="One journey a line.")
@click.pass_context
def journey(ctx: click.Context, form: str) -> None:
    """Journeys; below: check, plan, apply, show, start, pause, stop, retry, enrol, walk, dry-run."""
    if ctx.invoked_subcommand is None:
        backstage(ctx)
        from lianyi.action.journeys import figures
        from lianyi.action.journeys.models import Journey

        rows = [
            {**{name: getattr(one, name) for name in JOURNEY[:4]}, **asdict(figures.whole(one))}
            for one in Journey.objects.all()
        ]
        write(rows, JOURNEY, form=form)


def _refuse(problems: list[Problem] | tuple[Problem, ...]) -> None:
    if problems:
        raise InputError("\n".join(["the journey can't be used:", *(f"  {problem}" for problem in problems)]))


def _chosen(vanish: tuple[str, ...]) -> dict[str, str]:
    chosen = dict(one.partition("=")[::2] for one in vanish)
    if "" in chosen.values():
        raise InputError("--vanish: write STEP=finish, STEP=leave or STEP=OTHER_STEP")
    return chosen


@journey.command()
@_FILE
@click.pass_context
def check(ctx: click.Context, file: Path) -> None:
    """Say all that is wrong with a journey, each with its place."""
    backstage(ctx)
    from lianyi.action.journeys import checking

    _refuse(checking.check(file.read_text(encoding="utf-8"))[1])
    say(f"{file}: nothing is wrong")


@journey.command()
@_FILE
@_VANISH
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
@click.pass_context
def plan(ctx: click.Context, file: Path, vanish: tuple[str, ...], as_json: bool) -> None:  # noqa: FBT001
    """What applying a journey would do, and what becomes of the people in it; nothing is changed."""
    backstage(ctx)
    from lianyi.action.journeys import versions

    made = versions.plan(file.read_text(encoding="utf-8"), vanish=_chosen(vanish))
    if as_json:
        click.echo(json_line({**asdict(made), "in_vanishing": made.in_vanishing}))
        return
    _refuse(made.problems)
    say(f"{made.journey}: version {made.base + 1} after {made.base}" if not made.same else f"{made.journey}: the same")
    for sign, names in (("+", made.added), ("~", made.changed), ("-", made.removed)):
        for name in names:
            click.echo(f"{sign} {name}")
    for one in made.people:
        click.echo(f"  {one.people} people at {one.step}: {one.becomes}")


@journey.command(name="apply")
@_FILE
@_VANISH
@click.option("--base", type=int, help="The version this was planned for; refused where it is no longer the last.")
@click.option("--note", default="", help="What was changed.")
@click.pass_context
def apply_(ctx: click.Context, file: Path, vanish: tuple[str, ...], base: int | None, note: str) -> None:
    """Make a journey the version that people enter."""
    backstage(ctx)
    from lianyi.action.journeys import versions
    from lianyi.action.work import queue

    text = file.read_text(encoding="utf-8")
    made = versions.apply(text, by=user(), now=queue.clock(), base=base, note=note, vanish=_chosen(vanish))
    log_act("journey.apply", made.journey.name, version=made.number)
    say(f"{made.journey.name}: version {made.number} is applied")


@journey.command()
@click.argument("name")
@click.option("--yaml", "as_yaml", is_flag=True, help="The definition as YAML.")
@click.option("--version", "number", type=int, help="An older version of it.")
@click.pass_context
def show(ctx: click.Context, name: str, as_yaml: bool, number: int | None) -> None:  # noqa: FBT001
    """Figures of each step, one JSON object a line; or the definition."""
    backstage(ctx)
    from lianyi.action.journeys import figures, versions
    from lianyi.action.journeys.engine import current_flow

    found = versions.journey_of(name)
    if as_yaml or number:
        click.echo(versions.text_of(found, number), nl=False)
        return
    flow = current_flow(found) if found.number else None
    for step, here in figures.at_steps(found, flow).items():
        verdict = here.verdict.winner if here.verdict else None
        click.echo(json_line({"step": step, **asdict(here), "through": here.through, "verdict": verdict}))


def _turn(ctx: click.Context, name: str, act: str) -> tuple[Journey, datetime]:
    backstage(ctx)
    from lianyi.action.journeys import versions
    from lianyi.action.work import queue

    found = versions.journey_of(name)
    log_act(f"journey.{act}", name)
    return found, queue.clock()


@journey.command()
@click.argument("name")
@click.pass_context
def start(ctx: click.Context, name: str) -> None:
    """Let people come and move from now on."""
    found, now = _turn(ctx, name, "start")
    from lianyi.action.journeys import versions

    versions.start(found, now=now)
    say(f"{name} is running")


@journey.command()
@click.argument("name")
@click.pass_context
def pause(ctx: click.Context, name: str) -> None:
    """Hold everybody where they are."""
    found, _now = _turn(ctx, name, "pause")
    from lianyi.action.journeys import versions

    versions.pause(found)
    say(f"{name} is paused")


@journey.command()
@click.argument("name")
@click.pass_context
def stop(ctx: click.Context, name: str) -> None:
    """End it for good; what waits to be sent is taken back."""
    found, now = _turn(ctx, name, "stop")
    from lianyi.action.journeys import versions

    say(f"{name} is over; {versions.stop(found, now=now)} people left it")


@journey.command()
@click.argument("name")
@click.pass_context
def retry(ctx: click.Context, name: str) -> None:
    """Try again with those who were set aside."""
    found, now = _turn(ctx, name, "retry")
    from lianyi.action.journeys import engine

    say(f"{engine.retry(found, now=now)} people are tried again")


@journey.command()
@click.argument("name")
@click.argument("people", nargs=-1, required=True)
@click.option("--cause", default="", help="The same cause never lets one person in twice.")
@click.pass_context
def enrol(ctx: click.Context, name: str, people: tuple[str, ...], cause: str) -> None:
    """Let people in, by key or id (trigger `api`)."""
    ws = backstage(ctx)
    from lianyi.action.journeys import versions
    from lianyi.action.work import queue

    ids: dict[str, dict[str, object]] = {ws.person(one).person_id: {} for one in people}
    found = versions.journey_of(name)
    came = versions.enrol_by_hand(ws, found, ids, cause=cause or secrets.token_hex(12), now=queue.clock())
    log_act("journey.enrol", name, people=came)
    say(f"{came} of {len(ids)} people came")


@journey.command()
@click.argument("name")
@click.argument("person")
@click.option("--hours", type=float, default=0.0, show_default=True, help="To where the clock is turned.")
@click.option("--happens", multiple=True, metavar="STEP=HOURS", help="When what a wait is for happens.")
@click.pass_context
def walk(ctx: click.Context, name: str, person: str, hours: float, happens: tuple[str, ...]) -> None:
    """Walk one person through; nothing is sent or written."""
    ws = backstage(ctx)
    from lianyi.action.journeys import trying, versions
    from lianyi.action.journeys.engine import current_flow
    from lianyi.action.work import queue

    now, flow = queue.clock(), current_flow(versions.journey_of(name))
    who = ws.person(person).person_id
    try:
        hand = {step: now + timedelta(hours=float(at)) for step, _, at in (one.partition("=") for one in happens)}
    except ValueError as error:
        raise InputError("--happens: write STEP=HOURS, e.g. bought=5") from error
    until = now + timedelta(hours=hours)
    world = trying.PastWorld(workspace=ws, events="events", until=until, hand=hand)
    gate = trying.LiveGate(ws, flow.definition, [who], now=now)
    made = trying.walk(flow, who, start=now, until=until, world=world, gate=gate)
    for one in made.passed:
        click.echo(json_line(asdict(one)))
    say(f"stands at {made.where.step}" if made.where.step else "is through")


@journey.command(name="dry-run")
@click.argument("name")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 92))
@click.pass_context
def dry_run(ctx: click.Context, name: str, days: int) -> None:
    """What it would have done with the events of the last days, as a JSON object."""
    backstage(ctx)
    from lianyi.action.journeys import versions
    from lianyi.action.journeys.engine import current_flow
    from lianyi.action.work import queue
    from lianyi.doors.console.pages.journeys.trying import dry

    now = queue.clock()
    click.echo(json_line(asdict(dry(current_flow(versions.journey_of(name)), now - timedelta(days=days), now))))


# --- campaigns ------------------------------------------------------------------------------------------------------

CAMPAIGN = ("id", "name", "state", "audience", "content", "channel", "holdout", "people", "asked", "started_at")


@click.group(invoke_without_command=True)
@click.option("--json", "form", flag_value="json", default="text", help="One campaign a line.")
@click.pass_context
def campaign(ctx: click.Context, form: str) -> None:
    """Campaigns; below: put, check, show, start, pause, stop, remove."""
    if ctx.invoked_subcommand is None:
        backstage(ctx)
        from lianyi.action.campaigns.models import Campaign

        write([{name: getattr(one, name) for name in CAMPAIGN} for one in Campaign.objects.all()], CAMPAIGN, form=form)


@campaign.command()
@_FILE
@click.pass_context
def put(ctx: click.Context, file: Path) -> None:
    """Write campaigns down from a YAML file: one object, or a list of them."""
    backstage(ctx)
    from lianyi.action.campaigns import keeping
    from lianyi.action.journeys.reading import plain_yaml

    data: Any = plain_yaml(file.read_text(encoding="utf-8"))
    for one in data if isinstance(data, list) else [data]:
        if not isinstance(one, dict):
            raise InputError(f"{file}: a campaign is an object with name, audience, content, channel")
        made = keeping.draft(one, by=user())
        log_act("campaign.draft", made.name)
        say(f"{made.name} is a draft; next: lianyi campaign check {made.name}")


@campaign.command(name="check")
@click.argument("name")
@click.pass_context
def check_campaign(ctx: click.Context, name: str) -> None:
    """Say all that is wrong; where nothing is, write down whom it is for."""
    ws = backstage(ctx)
    from lianyi.action.campaigns import keeping
    from lianyi.action.work import queue

    found = keeping.check(ws, keeping.campaign_of(name), now=queue.clock())
    if found.problems:
        raise InputError("\n".join(["the campaign can't be used:", *(f"  {one}" for one in found.problems)]))
    log_act("campaign.check", name)
    say(f"{name}: {found.people} people, {found.held} of them held out, as of {found.as_of}")


@campaign.command(name="show")
@click.argument("name")
@click.pass_context
def show_campaign(ctx: click.Context, name: str) -> None:
    """One campaign with its figures, as a JSON object."""
    ws = backstage(ctx)
    from lianyi.action.campaigns import figures, keeping
    from lianyi.action.work import queue

    found = keeping.campaign_of(name)
    made = figures.figures(ws, found, now=queue.clock())
    row = {one: getattr(found, one) for one in (*CAMPAIGN, "purpose", "at", "window", "as_of", "problem")}
    click.echo(json_line({**row, "figures": asdict(made) if made else None}))


def _turn_campaign(ctx: click.Context, name: str, act: str) -> None:
    ws = backstage(ctx)
    from lianyi.action.campaigns import keeping
    from lianyi.action.work import queue

    found, now = keeping.campaign_of(name), queue.clock()
    if act == "start":
        keeping.start(found, now=now)
    elif act == "pause":
        keeping.pause(found)
    elif act == "stop":
        say(f"{keeping.stop(found, now=now)} messages are taken back")
    else:
        keeping.remove(ws, found)
    log_act(f"campaign.{act}", name)
    say(f"{name}: {act}")


@campaign.command(name="start")
@click.argument("name")
@click.pass_context
def start_campaign(ctx: click.Context, name: str) -> None:
    """Run a campaign that is checked, or go on with one that is paused."""
    _turn_campaign(ctx, name, "start")


@campaign.command(name="pause")
@click.argument("name")
@click.pass_context
def pause_campaign(ctx: click.Context, name: str) -> None:
    """Give nothing more to the outbox."""
    _turn_campaign(ctx, name, "pause")


@campaign.command(name="stop")
@click.argument("name")
@click.pass_context
def stop_campaign(ctx: click.Context, name: str) -> None:
    """End a campaign for good and take back what was not sent."""
    _turn_campaign(ctx, name, "stop")


@campaign.command(name="remove")
@click.argument("name")
@click.pass_context
def remove_campaign(ctx: click.Context, name: str) -> None:
    """Throw away a campaign that never ran."""
    _turn_campaign(ctx, name, "remove")


# --- tasks ----------------------------------------------------------------------------------------------------------

TASK = ("id", "title", "to", "person_id", "due_at", "state", "by", "done_by", "note")


@click.group(invoke_without_command=True)
@click.option("--state", default="open", show_default=True, type=click.Choice(["open", "done", "dropped"]))
@click.option("--json", "form", flag_value="json", default="text", help="One task a line.")
@click.pass_context
def tasks(ctx: click.Context, state: str, form: str) -> None:
    """Tasks of the team; below: give, close."""
    if ctx.invoked_subcommand is None:
        backstage(ctx)
        from lianyi.action.journeys import tasks as room

        write([{name: getattr(one, name) for name in TASK} for one in room.of(state=state)], TASK, form=form)


@tasks.command()
@click.argument("title")
@click.option("--to", default="operator", show_default=True, help="Login name or role.")
@click.option("--text", default="", help="What to do.")
@click.option("--person", default="", help="Key or id of the person that it is about.")
@click.pass_context
def give(ctx: click.Context, title: str, to: str, text: str, person: str) -> None:
    """Give somebody of the team a task."""
    ws = backstage(ctx)
    from lianyi.action.journeys import tasks as room

    who = ws.person(person).person_id if person else ""
    made = room.give(person_id=who, title=title, text=text, to=to, due_at=None, by=user(),
                     key=f"hand:{secrets.token_hex(12)}")  # fmt: skip
    log_act("task.new", str(made.pk))
    say(f"task {made.pk}")


@tasks.command()
@click.argument("number", metavar="ID", type=int)
@click.option("--drop", is_flag=True, help="Not done, and not to be done.")
@click.option("--note", default="", help="What came of it.")
@click.pass_context
def close(ctx: click.Context, number: int, drop: bool, note: str) -> None:  # noqa: FBT001
    """Say that a task is done, or dropped."""
    ws = backstage(ctx)
    from lianyi.action.journeys import tasks as room
    from lianyi.action.work import queue

    room.close(ws, room.task_of(number), done=not drop, by=user(), note=note, now=queue.clock())
    log_act("task.drop" if drop else "task.done", str(number))
    say(f"task {number} is closed")


COMMANDS = (journey, campaign, tasks)
