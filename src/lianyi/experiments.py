"""Reading experiments and their effects, and planning one: what console, API, command line and notebooks ask."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lianyi.errors import InputError, NotFound
from lianyi.insight.effects.baselines import DAYS, METRICS
from lianyi.insight.effects.words import COMMUNITY, UNITS

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

MOST = 500
NEXT = 1_000


def experiments(ws: Workspace, *, metric: str = "buyers") -> list[dict[str, Any]]:
    """All experiments, the youngest first, each with the main estimate of one metric."""
    if "experiments" not in ws.states():
        return []
    rows: list[dict[str, Any]] = (
        ws.sql(
            "SELECT x.*, e.estimator, e.estimate, e.low, e.high, e.unit AS of_unit, e.p FROM experiments AS x "
            "LEFT JOIN effects AS e ON e.experiment = x.experiment AND e.metric = ? AND e.main "
            f"ORDER BY x.begins_at DESC, x.experiment LIMIT {MOST}",
            [metric],
        )
        .to_arrow_table()
        .to_pylist()
    )
    return rows


def experiment(ws: Workspace, name: str) -> dict[str, Any]:
    """One experiment with its effects and looks. NotFound lists the youngest."""
    found = ws.look_up("experiments", [name]).to_pylist() if "experiments" in ws.states() else []
    if not found:
        known = ", ".join(row["experiment"] for row in experiments(ws)[:20]) or "none yet"
        raise NotFound(f"there is no experiment {name!r} in the tables; there are: {known}")
    effects = ws.look_up("effects", [name]).to_pylist()
    looks = sorted(ws.look_up("effect_looks", [name]).to_pylist(), key=lambda row: (row["metric"], row["day"]))
    parts = ws.look_up("uplift", [name]).to_pylist() if "uplift" in ws.states() else []
    doses = ws.look_up("effect_doses", [name]).to_pylist() if "effect_doses" in ws.states() else []
    return {
        **found[0], "effects": effects, "looks": looks, "uplift": sorted(parts, key=lambda row: row["part"]),
        "doses": [_next(row) for row in sorted(doses, key=lambda row: row["dose"])],
    }  # fmt: skip


def _next(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `effect_doses` with `next`: the net revenue of the next 1,000 units of money between the dose below and
    this one, with its interval; None where there is no dose below. ROI before the cost of goods is that ÷ 1,000 − 1."""
    ends = {side: row[f"marginal{side}"] for side in ("", "_low", "_high")}
    return {**row, **{f"next{side}": None if end is None else NEXT * end for side, end in ends.items()}}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is planned. people: who would take part; None: how many are needed for `effect`. effect: as a share of the
    mean (0.1 = a tenth more); None: what `people` can show. control: share held out. unit: person or community."""

    metric: str = "buyers"
    days: int = 14
    people: int | None = None
    effect: float | None = None
    control: float = 0.1
    power: float = 0.8
    confidence: float = 0.95
    unit: str = "person"
    looks: bool = False


def plan(ws: Workspace, asked: Asked) -> dict[str, Any]:
    """How many people an effect needs, or what so many people can show; from how people differed lately."""
    row = baseline(ws, asked)
    if (asked.people is None) == (asked.effect is None):
        raise InputError("give people or effect: one of them, the other is what is reckoned")
    from lianyi.insight.effects.power import Plan, detectable, people_needed

    together = asked.unit == COMMUNITY
    if together and row["icc"] is None:
        raise InputError("communities are not found yet, so they can't be held out as a whole; refresh first")
    if not row["mean"] > 0:
        raise InputError(f"nobody did it in the last {asked.days} days ({asked.metric}); there is nothing to go by")
    made = Plan(
        variance=row["variance"], control=asked.control, confidence=asked.confidence, power=asked.power,
        explained=min(row["explained"], 0.99), looks=asked.looks,
        **({"cluster": max(row["cluster_mean"], 1.0), "cv": row["cluster_cv"], "icc": min(row["icc"], 0.99)}
           if together else {}),
    )  # fmt: skip
    if asked.people is not None:
        people, seen = asked.people, detectable(made, asked.people)
    else:
        people = people_needed(made, float(asked.effect or 0) * row["mean"])
        seen = detectable(made, people)
    known = math.isfinite(seen)
    return {
        "people": people, "held": round(people * asked.control), "detectable": seen if known else None,
        "detectable_share": seen / row["mean"] if known else None, "design_effect": made.design_effect,
        "baseline": row, "as_of": ws.states()["baselines"].as_of,
    }  # fmt: skip


def baseline(ws: Workspace, asked: Asked) -> Mapping[str, Any]:
    """The row of table `baselines` that a plan goes by."""
    for name, value, allowed in (
        ("metric", asked.metric, METRICS),
        ("days", asked.days, DAYS),
        ("unit", asked.unit, UNITS),
    ):
        if value not in allowed:
            raise InputError(f"{name}: {value!r} is none of {', '.join(map(str, allowed))}")
    if "baselines" not in ws.states():
        raise NotFound("table baselines is not built yet; run: lianyi refresh")
    for row in ws.look_up("baselines", [asked.metric]).to_pylist():
        if row["days"] == asked.days:
            return dict(row)
    raise NotFound("nobody is known yet; add data, then refresh")
