"""`lianyi report`: an owner's month; `lianyi reports`: the months, and who gets them by e-mail."""

from __future__ import annotations

from pathlib import Path

import click

from lianyi.doors.cli.backstage import backstage, user, workspace
from lianyi.doors.cli.output import json_line, say, write

FORM = click.option("--json", "form", flag_value="json", default="text", help="As JSON.")


@click.command()
@click.argument("month", default="")
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Write it as one HTML file, to be printed."
)
@click.option("--language", type=click.Choice(["zh-hans", "en"]), help="Of the file; else the brand's.")
@FORM
@click.pass_context
def report(ctx: click.Context, month: str, html: Path | None, language: str | None, form: str) -> None:
    """One month, e.g. 2026-10; the last that is over where none is named. As text: its figures and what to do next."""
    from lianyi import report as reports

    ws = backstage(ctx) if html else workspace(ctx)
    found = reports.report(ws, reports.month(month) if month else reports.latest(ws))
    if html:
        from lianyi.doors.console.pages.report.showing import as_file

        html.write_text(as_file(found, language or ws.settings.language), encoding="utf-8")
        say(f"wrote {html}")
    if form == "json":
        click.echo(json_line(found.data()))
    elif not html:
        say(f"{found.month}, as of {found.as_of:%Y-%m-%d %H:%M} UTC{'' if found.complete else ', not over yet'}")
        figures = [
            {"section": name, "figure": one.name, "value": one.value, "before": one.before, "unit": one.unit,
             "unknown": one.unknown or None}
            for name, section in found.sections.items() for one in section.figures
        ]  # fmt: skip
        write(figures, ("section", "figure", "value", "before", "unit", "unknown"), form="text")
        for number, advice in enumerate(found.next, 1):
            click.echo(f"{number}. {advice.en}")


@click.group(invoke_without_command=True)
@FORM
@click.pass_context
def reports(ctx: click.Context, form: str) -> None:
    """Months of which there is a report, the latest first; below: schedule, send, again."""
    from lianyi import report as room

    if ctx.invoked_subcommand is None:
        write(({"month": str(month)} for month in room.months(workspace(ctx))), ("month",), form=form)


@reports.command()
@click.option("--on/--off", "on", default=None, help="Send it each month, or not.")
@click.option("--day", type=click.IntRange(1, 28), help="Of the month after.")
@click.option("--hour", type=click.IntRange(0, 23), help="In the brand's time zone.")
@click.option("--channel", help="An e-mail channel.")
@click.option(
    "--to", multiple=True, metavar="NAME[=ADDRESS]", help="A member who gets it; again for more. Replaces all."
)
@FORM
@click.pass_context
def schedule(
    ctx: click.Context, on: bool | None, day: int | None, hour: int | None, channel: str | None,  # noqa: FBT001
    to: tuple[str, ...], form: str,
) -> None:  # fmt: skip
    """Who gets it by e-mail, when, and what was sent; changed by options."""
    ws = backstage(ctx)
    from lianyi.action.reports import scheduling
    from lianyi.action.work import queue

    kept = scheduling.schedule()
    if any(given is not None for given in (on, day, hour, channel)) or to:
        scheduling.change(
            ws, on=kept.is_on if on is None else on, day=day or kept.day, hour=kept.hour if hour is None else hour,
            channel=kept.channel if channel is None else channel, to=scheduling.parted(to) if to else scheduling.kept(),
            by=user(), now=queue.clock(),
        )  # fmt: skip
    sent = scheduling.deliveries(queue.clock())
    if form == "json":
        click.echo(json_line({**scheduling.described(ws), "deliveries": sent}))
        return
    for name, value in scheduling.described(ws).items():
        click.echo(f"{name}: {', '.join(one['address'] for one in value) if name == 'to' else value}")
    write(sent, ("id", "month", "member", "state", "stuck", "tries", "ended_at", "reason"), form=form)


@reports.command()
@click.argument("month")
@click.pass_context
def send(ctx: click.Context, month: str) -> None:
    """Have a month that is over sent to all who get it and did not get it yet; it goes out where the server runs."""
    ws = backstage(ctx)
    from lianyi import report as room
    from lianyi.action.reports import scheduling
    from lianyi.action.work import queue

    found = room.report(ws, room.month(month))
    say(f"{scheduling.send_now(ws, found.month, by=user(), now=queue.clock())} will be sent")


@reports.command()
@click.argument("number", type=int)
@click.pass_context
def again(ctx: click.Context, number: int) -> None:
    """Have one tried again that failed, or of which nobody knows whether it went. NUMBER: see `reports schedule`."""
    backstage(ctx)
    from lianyi.action.reports import scheduling
    from lianyi.action.work import queue

    found = scheduling.again(number, by=user(), now=queue.clock())
    say(f"{found.month:%Y-%m} for {found.user.name} is tried again")


COMMANDS = (report, reports)
