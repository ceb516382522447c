"""What a plan answers: plain values, which can be kept as JSON. Nothing here loads the kernels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lianyi.insight.ripples.planning.request import Request


@dataclass(frozen=True, kw_only=True)
class Seed:
    """One person to ask, in the order of choice. alone, adds: expected reach in the goal's unit, and what it adds to
    those before. why_en, why_zh: one sentence. community: id or None. incentive: which of the request's, or ''."""

    person_id: str
    name: str
    source: str
    incentive: str
    cost: float
    alone: float
    adds: float
    community: str | None
    why_en: str
    why_zh: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """Expected reach of the first 0, 1, 2 … seeds of an order, with 95 % intervals of sampling."""

    reach: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What will come of it, seeds included.

    reach: expected, in the goal's unit; low, high: where expected reach lies by draws of the chances where their doubt
    was learned (meant for 90 %; in simulated brands they held in 7 of 12, too narrow), else if all chances were at
    their lower, upper bounds (people only where the goal is not money or one community: then scaled alike). people:
    expected people; people_low, people_high: nine of ten single ripples end between these. in_time: expected people by
    the horizon, None without one. generations: mean people per generation, seeds first. certified: part of the best
    possible reach for sure.
    robust: the same whatever the chances between their bounds, None where not asked for.
    """

    reach: float
    low: float
    high: float
    people: float
    people_low: float
    people_high: float
    in_time: float | None
    generations: tuple[float, ...]
    certified: float
    robust: float | None


@dataclass(frozen=True, kw_only=True)
class SeedPlan:
    """The answer to a request. curve: of the seeds; rivals: of top-degree, top-pagerank, random under the same rules.
    enough: how many of the seeds bring 90 %. cost: money for all. left_out: people kept out, by reason. asked_of: how
    many might have been asked. people, arcs: size of the graph. basis: `spread` or `ties`. notes: pairs (en, zh)."""

    request: Request
    seeds: tuple[Seed, ...]
    forecast: Forecast
    curve: Line
    rivals: Mapping[str, Line]
    enough: int
    cost: float
    left_out: Mapping[str, int]
    asked_of: int
    people: int
    arcs: int
    basis: str
    notes: tuple[tuple[str, str], ...]

    def to_data(self) -> dict[str, Any]:
        """As JSON knows it."""
        return {**asdict(self), "request": self.request.to_data()}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> SeedPlan:
        """What `to_data` gave, also after a way through JSON."""
        forecast = {**data["forecast"], "generations": tuple(data["forecast"]["generations"])}
        return cls(
            **{
                **data,
                "request": Request.from_data(data["request"]),
                "seeds": tuple(Seed(**seed) for seed in data["seeds"]),
                "forecast": Forecast(**forecast),
                "curve": _line_of(data["curve"]),
                "rivals": {name: _line_of(line) for name, line in data["rivals"].items()},
                "notes": tuple((en, zh) for en, zh in data["notes"]),
            }
        )


def _line_of(data: Mapping[str, Sequence[float]]) -> Line:
    return Line(**{name: tuple(values) for name, values in data.items()})
