"""`lianyi touches`: what one more contact adds, and after how many it is no longer worth it."""

from __future__ import annotations

import click

from lianyi.doors.cli.backstage import workspace
from lianyi.doors.cli.output import json_line, say, write

SHOWN = ("step", "touched", "response", "raw", "adjusted", "by_lot", "by_lot_low", "by_lot_high", "selection",
         "selection_low", "selection_high", "flags")  # fmt: skip


@click.command()
@click.option("--audience", default="all", show_default=True, help="all, bought, active, community or audience.")
@click.option("--member", default="", help="yes or no of bought and active; the id of a community or audience.")
@click.option("--counted", default="message", show_default=True, help="message, or any kind of touch.")
@click.option("--json", "form", flag_value="json", default="text", help="All of it as one object.")
@click.pass_context
def touches(ctx: click.Context, audience: str, member: str, counted: str, form: str) -> None:
    """What one more touch adds, by number and spacing: is it seven here?"""
    from lianyi import touches as reading

    ws = workspace(ctx)
    found = reading.touches(ws, audience=audience, member=member, counted=counted)
    if form == "json":
        click.echo(json_line({**found, "audiences": reading.audiences(ws)}))
        return
    if not found["numbers"]:
        say("unknown: fewer than 100 messages to people in the last 15 months")
        return
    for row in found["stops"]:
        of = "by lot" if row["basis"] == "by_lot" else "observed only"
        say(f"{of}, until it {'adds nothing' if row['until'] == 'nothing' else 'costs more'}: {row['verdict_en']}")
    write(found["numbers"], SHOWN, form="text")
    say("by days since the touch before (0: under 1, 1: 1-3, 2: 3-7, 3: 7-14, 4: more)")
    write(found["gaps"], SHOWN, form="text")


COMMANDS = (touches,)
