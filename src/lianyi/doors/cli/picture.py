"""`lianyi picture`: funnel and ripple of a campaign or a month, and the people in a cell."""

from __future__ import annotations

from datetime import date

import click

from lianyi.doors.cli.backstage import workspace
from lianyi.doors.cli.output import json_line, write
from lianyi.errors import InputError

OF = click.argument("of", metavar="campaign|month")
FORM = click.option("--json", "form", flag_value="json", default="text", help="As JSON.")
CSV = click.option("--csv", "form", flag_value="csv", help="CSV that no spreadsheet runs as formulas.")
UNTIL = click.option("--until", default="", metavar="DAY", help="By the end of this day, e.g. 2026-05-31; else now.")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InputError(f"--until: {text[:40]!r} is no day; write it like 2026-05-31") from error


@click.group()
def picture() -> None:
    """Funnel and ripple in one: stages by generations, with money."""


@picture.command("list")
@OF
@FORM
@CSV
@click.pass_context
def listed(ctx: click.Context, of: str, form: str) -> None:
    """Campaigns or months that have one."""
    from lianyi import picture as pictures

    write(pictures.members(workspace(ctx), of), ("member", "people", "generations", "first_day", "last_day"), form=form)


@picture.command()
@OF
@click.argument("member")
@UNTIL
@FORM
@CSV
@click.pass_context
def show(ctx: click.Context, of: str, member: str, until: str, form: str) -> None:
    """One of them: a row for each generation, a column for each stage. MEMBER: a campaign, or a month as 2026-10."""
    from lianyi import picture as pictures

    found = pictures.picture(workspace(ctx), of, member)
    step = found.step_of(_day(until))
    if form == "json":
        click.echo(json_line(found.data(step)))
        return
    rows = []
    for generation in [*found.generations, *([None] if None in found.money else [])]:
        money = found.money.get(generation)
        rows.append({
            "generation": generation,
            **({stage.stage: found.cell(generation, stage.place).people[step] for stage in found.stages}
               if generation is not None else {}),
            "revenue": money.revenue[step] if money else 0, "spent": money.spent[step] if money else 0,
        })  # fmt: skip
    write(rows, ("generation", *(stage.stage for stage in found.stages), "revenue", "spent"), form=form)


@picture.command()
@OF
@click.argument("member")
@click.option("--stage", default="", help="reached (the default), or a stage, e.g. action.")
@click.option("--generation", type=click.IntRange(min=0), help="Only this one.")
@click.option("--later", is_flag=True, help="And those after it.")
@click.option("--moved", is_flag=True, help="Only who reached the stage after coming in.")
@UNTIL
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1000), help="At most so many.")
@FORM
@CSV
@click.pass_context
def people(
    ctx: click.Context, of: str, member: str, stage: str, generation: int | None, later: bool, moved: bool,  # noqa: FBT001
    until: str, limit: int, form: str,
) -> None:  # fmt: skip
    """Who stands in a cell; pipe the ids into `lianyi audience gather` to keep them."""
    from lianyi import picture as pictures
    from lianyi.insight.picture.people import REACHED

    found = pictures.people(
        workspace(ctx), of, member, stage=stage or REACHED, generation=generation, later=later, moved=moved,
        until=_day(until), limit=limit,
    )  # fmt: skip
    write(found, ("person_id", "name", "generation", "day", "moved"), form=form)


COMMANDS = (picture,)
