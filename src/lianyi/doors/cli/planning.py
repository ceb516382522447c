"""`lianyi plan`: whom to ask first, on the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from lianyi.doors.cli.output import json_line, say, write
from lianyi.errors import InputError

if TYPE_CHECKING:
    from lianyi.insight.ripples.planning import SeedPlan
    from lianyi.workspace import Workspace


def costs_of(pairs: tuple[str, ...]) -> dict[str, float]:
    """`kols=200` → {"kols": 200.0}."""
    costs = {}
    for pair in pairs:
        source, _, money = pair.partition("=")
        try:
            costs[source] = float(money)
        except ValueError as error:
            raise InputError(f"--cost {pair!r}: write SOURCE=MONEY, e.g. --cost kols=200") from error
    return costs


def quotas_of(pairs: tuple[str, ...], name: str) -> dict[str, int]:
    """`c1bff7951413b=3` → {"c1bff7951413b": 3}."""
    quotas = {}
    for pair in pairs:
        community, _, number = pair.rpartition("=")
        if not community or not number.isdecimal():
            raise InputError(f"--{name} {pair!r}: write ID=NUMBER, e.g. --{name} c1bff7951413b=3")
        quotas[community] = int(number)
    return quotas


def incentive_of(text: str) -> dict[str, Any]:
    """`gift,cost=30,acceptance=0.8,boost=1.5` → the fields of an Incentive."""
    name, *rest = text.split(",")
    values: dict[str, Any] = {"name": name}
    for part in rest:
        key, _, number = part.partition("=")
        try:
            values[key] = float(number)
        except ValueError as error:
            raise InputError(f"--gift {text!r}: write NAME,cost=30,acceptance=0.8,boost=1.5") from error
    return values


def plan(ws: Workspace, request: Mapping[str, Any], *, save: str | None, by: str, as_json: bool) -> None:
    """Work a plan out, print it, and keep it where a name is given."""
    made = ws.ripples.plans([request])[0]
    if as_json:
        click.echo(json_line(made.to_data()))
    else:
        _show(made)
    if save:
        say(f"kept as plan {_keep(ws, made, save, by)} (console: Planner)")


def _show(made: SeedPlan) -> None:
    rows = [
        {"person": seed.person_id, "name": seed.name, "from": seed.source, "incentive": seed.incentive,
         "cost": seed.cost, "adds": round(seed.adds, 1), "why": seed.why_en}
        for seed in made.seeds
    ]  # fmt: skip
    write(rows, ["person", "name", "from", "incentive", "cost", "adds", "why"], form="text")
    f = made.forecast
    say(
        f"expected {made.request.goal}: {f.reach:,.0f} ({f.low:,.0f} to {f.high:,.0f} at the bounds of the chances); "
        f"people: {f.people:,.0f}, nine of ten ripples end between {f.people_low:,.0f} and {f.people_high:,.0f}"
    )
    rivals = ", ".join(f"{name} {line.reach[-1]:,.0f}" for name, line in made.rivals.items())
    say(f"{made.enough} of {len(made.seeds)} bring 90 %; cost {made.cost:,.2f}; rivals under the same rules: {rivals}")
    say(f"at least {f.certified:.0%} of the best possible, certified; made from table {made.basis}")
    for en, _ in made.notes:
        say(f"note: {en}")


def _keep(ws: Workspace, made: SeedPlan, name: str, by: str) -> int:
    from lianyi.doors.console.start import prepare

    prepare(ws.folder)
    from lianyi.action.plans import keeping

    return int(keeping.keep(made, as_of=ws.states()["people"].as_of, name=name, by=by).pk)


def request_from(file: str | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """A request from a JSON file, with the options that were given on top."""
    request: dict[str, Any] = {}
    if file is not None:
        try:
            request = json.loads(file)
        except ValueError as error:
            raise InputError(f"the request is no JSON: {error}") from error
        if not isinstance(request, dict):
            raise InputError("the request must be a JSON object, as `lianyi plan --json` prints under `request`")
    return {**request, **{name: value for name, value in options.items() if value not in (None, (), [], {}, False)}}
