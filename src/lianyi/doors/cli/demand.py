"""`lianyi demand …`: scenes, needs, what to show and do next."""

from __future__ import annotations

import click

from lianyi.demand import KINDS
from lianyi.doors.cli.backstage import backstage, user, workspace
from lianyi.doors.cli.output import json_line, say, write

SCENES = ("category", "kind", "scene", "lift", "low", "high", "purchases", "expected", "weak_lift", "next_on", "found")
NEEDED = ("category", "expected", "strong", "medium", "weak", "latent", "auc")
LIKE = ("place", "person_id", "score", "traits")
POLICIES = ("choice", "policy", "method", "value", "low", "high", "decisions", "effective", "largest", "drawn_by",
            "metric", "se")  # fmt: skip
SCENES_WHOLE = (
    *SCENES[:-1], "times", "raw_lift", "p", "q", "found", "weak_purchases", "weak_low", "weak_high", "title_en",
    "title_zh", "why_en", "why_zh",
)  # fmt: skip


@click.group()
def demand() -> None:
    """What people need, in which scene, and what to show or do next."""


@demand.command()
@click.option("--category", default="", help="Only of this category.")
@click.option("--kind", default="", help=f"One of {', '.join(KINDS)}.")
@click.option("--all", "everything", is_flag=True, help="Also what may be chance.")
@click.option("--json", "form", flag_value="json", help="One scene a line, with the reason in a sentence.")
@click.option("--csv", "form", flag_value="csv", help="CSV that no spreadsheet runs as formulas.")
@click.pass_context
def scenes(ctx: click.Context, category: str, kind: str, everything: bool, form: str | None) -> None:  # noqa: FBT001
    """In which hour, weekday, season, festival, city or after which talk in a group a category is bought more."""
    found = workspace(ctx).demand.scenes(category=category, kind=kind, everything=everything)
    shown = SCENES_WHOLE if form else SCENES
    rows = found if form else [{name: _short(row[name]) for name in SCENES} for row in found]
    write(rows, shown, form=form or "text")
    if not found:
        say("no scene was found; --all shows what was looked at")


@demand.command()
@click.option("--json", "form", flag_value="json", help="One category a line.")
@click.option("--csv", "form", flag_value="csv", help="CSV that no spreadsheet runs as formulas.")
@click.pass_context
def needs(ctx: click.Context, form: str | None) -> None:
    """How many people need each category within 30 days, shown or latent."""
    found = workspace(ctx).demand.needed()
    rows = found if form else [{name: _short(row[name]) for name in NEEDED} for row in found]
    write(rows, NEEDED, form=form or "text")
    if not found:
        say("no need is known; needs are learned from orders and looks that name a category")


@demand.command(name="next")
@click.argument("key")
@click.pass_context
def next_(ctx: click.Context, key: str) -> None:
    """What one person needs, what to show them, and what could be done now. One JSON object.

    KEY: a person id or namespace:value.
    """
    ws = backstage(ctx)
    from django.utils import timezone

    from lianyi.action.contacts import proposing

    found = ws.demand
    said = {"needs": found.needs(key), "recommendations": found.recommendations(key),
            "options": proposing.options(ws, key, now=timezone.now())}  # fmt: skip
    click.echo(json_line(said))


@demand.command()
@click.option("--metric", default="orders", show_default=True, type=click.Choice(["orders", "revenue"]))
@click.option("--json", "form", flag_value="json", help="One policy and estimator a line.")
@click.option("--csv", "form", flag_value="csv", help="CSV that no spreadsheet runs as formulas.")
@click.pass_context
def policies(ctx: click.Context, metric: str, form: str | None) -> None:
    """What other ways of choosing would have brought, from choices that were drawn by chance."""
    found = workspace(ctx).demand.policies(metric=metric)
    write(found, POLICIES, form=form or "text")
    if not found:
        say("no choice was drawn by chance yet: hold people out of campaigns, or split a journey")


@demand.command()
@click.argument("explore", required=False, type=click.Choice(["off", "epsilon", "softmax"]))
@click.option("--share", type=float, help="epsilon: share of people for whom any allowed option is drawn, up to 0.5.")
@click.option("--scale", type=float, help="softmax: gain that makes an option e times as likely.")
@click.pass_context
def exploring(ctx: click.Context, explore: str | None, share: float | None, scale: float | None) -> None:
    """Whether the next best is drawn by chance; with EXPLORE: say so from the next refresh on. One JSON object."""
    ws = backstage(ctx)
    from dataclasses import asdict

    from lianyi.action.contacts import proposing

    now = asdict(proposing.exploring(ws.folder))
    said = {name: value for name, value in (("explore", explore), ("share", share), ("scale", scale))
            if value is not None}  # fmt: skip
    click.echo(json_line(asdict(proposing.explore(ws.folder, {**now, **said}, by=user())) if said else now))


@demand.command()
@click.argument("seeds", nargs=-1)
@click.option("--tag", default="", help="Everybody with this tag is a seed.")
@click.option("--audience", default="", help="The members of this audience (name or id) are the seeds.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(min=1), help="At most so many.")
@click.option("--json", "form", flag_value="json", help="One person a line.")
@click.option("--csv", "form", flag_value="csv", help="CSV that no spreadsheet runs as formulas.")
@click.pass_context
def lookalikes(
    ctx: click.Context, seeds: tuple[str, ...], tag: str, audience: str, limit: int, form: str | None
) -> None:
    """People most like the SEEDS (keys or person ids, at least 20), and how well likeness tells them apart."""
    people: list[str] = []
    if audience:
        ws = backstage(ctx)
        from lianyi.action.audiences import defining, members

        people = members.of(ws, defining.found(int(audience) if audience.isdecimal() else audience)).ids().to_pylist()
    found = workspace(ctx).demand.lookalikes(seeds, tag=tag, people=people, limit=limit)
    write([{**row, "traits": ", ".join(row["traits"])} for row in found["people"]], LIKE, form=form or "text")
    for row in found["channels"]:
        cost = "unknown" if row["cost"] is None else f"{row['cost']:,.2f}"
        ends = [f"{row[end]:,.2f}" if row[end] is not None else "no end" for end in ("cost_low", "cost_high")]
        say(f"{row['channel']} reaches {row['reach']} of them; a person kept cost {cost} ({' to '.join(ends)})")
    say(f"{found['seeds']} seeds; one kept aside stands above somebody who is none with {found['auc']:.2f} "
        f"({found['low']:.2f}–{found['high']:.2f}); 0.5 = nothing in common is known")  # fmt: skip


def _short(value: object) -> object:
    return round(value, 2) if isinstance(value, float) else value


COMMANDS = (demand,)
