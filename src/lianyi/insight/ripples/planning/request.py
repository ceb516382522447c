"""What is asked of a plan: the goal, the limits, who may be asked, and what is offered to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

import msgspec

from lianyi.errors import InputError

Goal = Literal["people", "revenue", "community"]
GOALS = ("people", "revenue", "community")
SOURCES = ("customers", "kols", "employees", "others")
KOL_TAGS = ("kol", "koc", "KOL", "KOC", "达人")
STAFF_TAGS = ("employee", "staff", "员工")
BASE = "none"  # the incentive for which spread probabilities are stated


@dataclass(frozen=True, kw_only=True)
class Incentive:
    """What an asked person gets. cost: paid if the person is asked, in the brand's currency, beside what asking costs.

    acceptance: chance that the person then passes it on at all. boost: the chances of the person's own arcs are
    multiplied by this, at most up to 1.
    """

    name: str
    cost: float = 0.0
    acceptance: float = 1.0
    boost: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Request:
    """A plan's question. At least one of `people` and `budget` limits it.

    goal: what reach is counted in: people, expected revenue, or people of one community. people: most seeds. budget:
    most money. costs: money to ask one person, by where they come from (SOURCES); 0 where not named.
    incentives: choices per person, of which the plan takes one each; none = asked without an incentive.
    sources: who may be asked; empty = anybody but employees. active_days: only who showed life within so many days;
    None = whenever. kol_tags, staff_tags: tags that make somebody a KOL or an employee. forbidden: person ids never
    asked. consent: a purpose that must have been granted; None = who has not refused. most, least: seeds per community
    id; most_each: of every community.
    topic, incentive: what the ripple is about and what everybody gets who brings somebody, by which probabilities are
    multiplied where that was learned. horizon: days until which reach is counted beside the whole reach.
    robust: choose for the worst within the bounds of the probabilities. epsilon: how far the certificate may stay
    below 1-1/e. seed: of all random numbers.
    """

    goal: Goal = "people"
    community: str | None = None
    people: int | None = None
    budget: float | None = None
    costs: Mapping[str, float] = field(default_factory=dict)
    incentives: tuple[Incentive, ...] = ()
    sources: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    consent: str | None = None
    most: Mapping[str, int] = field(default_factory=dict)
    least: Mapping[str, int] = field(default_factory=dict)
    most_each: int | None = None
    topic: str | None = None
    incentive: str | None = None
    horizon: float | None = None
    robust: bool = False
    active_days: int | None = 180
    kol_tags: tuple[str, ...] = KOL_TAGS
    staff_tags: tuple[str, ...] = STAFF_TAGS
    epsilon: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        """InputError names the field that can't be meant."""
        _one_of("goal", self.goal, GOALS)
        for source in (*self.sources, *self.costs):
            _one_of("source", source, SOURCES)
        if self.goal == "community" and not self.community:
            raise InputError("goal = 'community' needs the community: give its id, e.g. community='c…'")
        if self.people is None and self.budget is None:
            raise InputError("a plan needs a limit: give people (how many to ask), budget, or both")
        for name in ("people", "most_each"):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= 100_000:
                raise InputError(f"{name} = {value}; it must be between 1 and 100,000")
        if self.horizon is not None and not 0 < self.horizon <= 3650:
            raise InputError(f"horizon = {self.horizon} days; it must be above 0 and at most 3,650")
        if self.budget is not None and not any(self.costs.values()) and not any(i.cost for i in self.incentives):
            raise InputError("a budget needs to know what people cost: give costs per source or an incentive's cost")
        names = [incentive.name for incentive in self.incentives]
        if len(set(names)) < len(names):
            raise InputError(f"incentives {', '.join(names)}: each needs a name of its own")

    def to_data(self) -> dict[str, Any]:
        """As JSON knows it."""
        values = asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Request:
        """What `to_data` gave. InputError names a field that there is not."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(data) - known)
        if unknown:
            raise InputError(f"a plan has no {unknown[0]!r}; there are {', '.join(sorted(known))}")
        try:
            return msgspec.convert(dict(data), cls)
        except msgspec.ValidationError as error:
            raise InputError(f"plan: {error}") from error


def _one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InputError(f"{what} = {value!r}; there are {', '.join(allowed)}")
