"""Contacts in slots of time, capped: a flood within one slot counts like a little talk.

A slot is a day where the horizon is a month, and shorter where people meet by the hour: a 24th of the horizon, at most
a day. Slots are counted backwards from as_of, so that a split one horizon earlier has the same slots.
"""

from __future__ import annotations

from dataclasses import dataclass

from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build
from lianyi.insight.ties.contacts import CONTACTS
from lianyi.insight.ties.kinds import CAP, DIRECT, FAMILIES, TIE_KINDS

SLOTS, CLOCK = "tie_slots", "tie_clock"
DAY = 86_400_000_000
MINUTE = 60_000_000
# Horizons that are chosen from: a month, a fortnight, a week, a day, six hours, an hour, ten minutes.
HORIZONS = (30 * DAY, 14 * DAY, 7 * DAY, DAY, DAY // 4, DAY // 24, 10 * MINUTE)
# A horizon fits where the log spans this many of it: some to learn from and one to check on.
SPANS = 5


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The time scale of a workspace's ties. horizon, slot: microseconds. per: slots in a horizon."""

    horizon: int
    slot: int

    @property
    def per(self) -> int:
        return self.horizon // self.slot

    @classmethod
    def of(cls, horizon: int) -> Scale:
        """Slots of at most a day, 24 or more of them in a horizon that is a whole number of them."""
        per = max(24, -(-horizon // DAY))
        return cls(horizon=horizon - horizon % per, slot=horizon // per)

    @classmethod
    def fitting(cls, span: int) -> Scale:
        """The longest horizon that fits SPANS times into a log of this length (microseconds), a month at most."""
        fits = [horizon for horizon in HORIZONS if horizon * SPANS <= span]
        return cls.of(fits[0] if fits else HORIZONS[0])


def clock(scope: Scope, scale: Scale) -> str:
    """One row = one slot of time in which anybody had contact, and its place, counted backwards.

    Where people meet by the hour, time in which nothing happens anywhere (nights, closed days) does not pass. Where
    slots are days, all days pass.
    """
    slot = scope.dialect.quotient("age", scale.slot)
    place = "slot" if scale.slot >= DAY else "dense_rank() OVER (ORDER BY slot) - 1"
    return f"""
    SELECT CAST(slot AS INTEGER) AS slot, CAST({place} AS INTEGER) AS place
    FROM (SELECT DISTINCT {slot} AS slot FROM {CONTACTS}) AS s
    """


def slots(scope: Scope, scale: Scale) -> str:
    """One row = one pair in one slot: what each family amounts to (capped), acts each way (capped), direct or not."""
    amounts = ", ".join(f"{_amount(family)} AS {family}" for family in FAMILIES)
    direct = ", ".join(map(str, DIRECT))
    cap = f"CAST({int(CAP)} AS BIGINT)"
    return f"""
    SELECT a, b, c.place AS slot, {amounts},
        CAST(least({cap}, count(*) FILTER (WHERE way = 1)) AS SMALLINT) AS forth,
        CAST(least({cap}, count(*) FILTER (WHERE way = -1)) AS SMALLINT) AS back,
        CAST(count(*) FILTER (WHERE kind IN ({direct})) > 0 AS BOOLEAN) AS direct
    FROM {CONTACTS} JOIN {CLOCK} c ON c.slot = {scope.dialect.quotient("age", scale.slot)} GROUP BY a, b, c.place
    """


def make(build: Build, scope: Scope, scale: Scale) -> None:
    """Make SLOTS."""
    build.make(CLOCK, clock(scope, scale))
    build.make(SLOTS, slots(scope, scale))


def _amount(family: str) -> str:
    weights = {number: kind.weight for number, kind in enumerate(TIE_KINDS) if kind.family == family}
    branches = " ".join(f"WHEN kind = {number} THEN {weight}e0" for number, weight in weights.items())
    return f"CAST(least({CAP}e0, coalesce(sum(CASE {branches} END), 0e0)) AS FLOAT)"
