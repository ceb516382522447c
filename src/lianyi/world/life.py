"""The world as it stands on a day: what is fixed, who has come and gone, what is still to come, what has been noted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from lianyi.world.communities import Communities, make_communities
from lianyi.world.identity import DISCORD, MATRIX, WECHAT, WECOM, Identity, make_identity
from lianyi.world.people import NEVER, People, make_people
from lianyi.world.rhythm import HOURS
from lianyi.world.rooms import ON_WECOM, PLATFORMS, Rooms, make_rooms
from lianyi.world.rows import take
from lianyi.world.settings import DAY, HOUR, Bools, Floats, Ints, WorldSettings
from lianyi.world.talk import Grammar
from lianyi.world.ties import Ties, arcs, make_ties

Columns = Mapping[str, Ints | Floats | Bools]


@dataclass(frozen=True, kw_only=True)
class Nature:
    """All that is fixed before the first day."""

    settings: WorldSettings
    people: People
    communities: Communities
    ties: Ties
    arc_begin: Ints
    arc_other: Ints
    arc_tie: Ints
    identity: Identity
    rooms: Rooms
    grammar: Grammar


def make_nature(settings: WorldSettings) -> Nature:
    """Draw people, communities, ties, keys and rooms."""
    people = make_people(settings)
    communities = make_communities(settings, people)
    ties = make_ties(settings, people, communities)
    begin, other, tie = arcs(people.count, ties.a, ties.b)
    rooms = make_rooms(settings, people, communities)
    on_wecom = rooms.person[rooms.platform[rooms.room] == ON_WECOM]
    return Nature(
        settings=settings, people=people, communities=communities, ties=ties, arc_begin=begin, arc_other=other,
        arc_tie=tie, identity=make_identity(settings, people, ties, on_wecom=on_wecom), rooms=rooms,
        grammar=Grammar(settings.plan),
    )  # fmt: skip


class Diary:
    """What is to happen on later days: columns put down under a name and a day, taken out when the day comes."""

    def __init__(self) -> None:
        self._pages: dict[tuple[str, int], list[Columns]] = defaultdict(list)

    def put(self, name: str, day: Ints, columns: Columns) -> None:
        """Put down rows, each for its own day."""
        if not len(day):
            return
        order = np.argsort(day, kind="stable")
        days, begin = np.unique(day[order], return_index=True)
        for number, rows in zip(days, np.split(order, begin[1:]), strict=True):
            self._pages[name, int(number)].append({key: column[rows] for key, column in columns.items()})

    def take(self, name: str, day: int) -> dict[str, Any] | None:
        """The rows of a day in the order in which they were put down; None where there are none."""
        pages = self._pages.pop((name, day), None)
        if not pages:
            return None
        return {key: np.concatenate([page[key] for page in pages]) for key in pages[0]}


class Record:
    """What the truth wants to know of what happened: named columns, one entry per thing."""

    def __init__(self) -> None:
        self._parts: dict[str, list[Columns]] = defaultdict(list)

    def note(self, name: str, columns: Columns) -> None:
        """Keep rows (all columns of one length)."""
        self._parts[name].append(columns)

    def columns(self, name: str) -> dict[str, Any]:
        """All rows noted under a name."""
        parts = self._parts.get(name, [])
        return {key: np.concatenate([np.asarray(part[key]) for part in parts]) for key in (parts[0] if parts else {})}


@dataclass(kw_only=True)
class Life:
    """The state on `day`. arrived/left: day per person, NEVER while it has not come. turned: (people,
    topics), the last day on which the talk of a room of theirs turned to the topic."""

    nature: Nature
    arrived: Ints
    left: Ints
    day: int = 0
    diary: Diary = field(default_factory=Diary)
    record: Record = field(default_factory=Record)
    counters: dict[str, int] = field(default_factory=dict)
    tables: list[pa.Table] = field(default_factory=list)
    turned: Ints | None = None

    @classmethod
    def begin(cls, nature: Nature) -> Life:
        """Nobody has come yet."""
        count = nature.people.count
        return cls(
            nature=nature, arrived=np.full(count, NEVER, dtype=np.int64), left=np.full(count, NEVER, dtype=np.int64)
        )

    @cached_property
    def rows_of_person(self) -> tuple[Ints, Ints]:
        """Room memberships by person: begin (people + 1) and rows."""
        rooms = self.nature.rooms
        begin = np.zeros(rooms.people + 1, dtype=np.int64)
        np.cumsum(np.bincount(rooms.person, minlength=rooms.people), out=begin[1:])
        return begin, np.argsort(rooms.person, kind="stable")

    @cached_property
    def group_keys(self) -> pa.Array:
        """Key of each room."""
        return self.nature.rooms.group_keys()

    @cached_property
    def id_heads(self) -> pa.Array:
        """What a message id of each room begins with."""
        return self.nature.rooms.id_heads()

    @cached_property
    def platform_names(self) -> pa.Array:
        """Platform of each room, which is source and channel of its messages."""
        return pa.array([PLATFORMS[platform] for platform in self.nature.rooms.platform])

    @cached_property
    def _talkers(self) -> pa.Array:
        count, pools = self.nature.people.count, self.nature.identity.pools
        return pa.concat_arrays([pools[space].slice(0, count) for space in (WECOM, WECHAT, MATRIX, DISCORD)])

    def room_keys(self, room: Ints, person: Ints) -> pa.Array:
        """The key under which each person speaks in each room."""
        return take(self._talkers, self.nature.rooms.platform[room] * self.nature.people.count + person)

    @property
    def midnight(self) -> int:
        """Microseconds of the local midnight that opens the day."""
        return self.nature.settings.origin + self.day * DAY

    def dice(self, name: str) -> np.random.Generator:
        """The chance of one process on this day."""
        return self.nature.settings.dice(name, self.day)

    def here(self, person: Ints) -> Bools:
        """Whether each came before today and has not left; on the day of coming people only look around."""
        return np.asarray((self.arrived[person] < self.day) & (self.day < self.left[person]))

    def numbers(self, name: str, count: int) -> Ints:
        """The next numbers of a counter."""
        first = self.counters.get(name, 1)
        self.counters[name] = first + count
        return np.arange(first, first + count, dtype=np.int64)

    def moments(self, dice: np.random.Generator, person: Ints) -> Ints:
        """A moment of the day for each person, by the person's own daily rhythm."""
        return self.midnight + clock_times(dice, HOURS, self.nature.people.clock[person])

    def today(self, at: Ints) -> Ints:
        """Times, but none before the day: what comes "some minutes before" must not fall into yesterday's events."""
        return np.maximum(at, self.midnight)

    def emit(self, table: pa.Table) -> None:
        """Events of the day (some may fall into the next day)."""
        if table.num_rows:
            self.tables.append(table)


def clock_times(dice: np.random.Generator, hours: Floats, row: Ints) -> Ints:
    """Microseconds after midnight, the hour drawn from the given row of `hours` (rows sum to 1)."""
    edges = np.cumsum(hours, axis=1)
    flat = (edges / edges[:, -1:] + np.arange(len(edges))[:, None]).ravel()
    draw = dice.random(len(row))
    hour = np.minimum(np.searchsorted(flat, row + draw, side="right") - row * 24, 23)
    return np.asarray(hour * HOUR + (dice.random(len(row)) * HOUR).astype(np.int64), dtype=np.int64)


def pick_weighted(dice: np.random.Generator, edges: Floats, expected: float) -> Ints:
    """A Poisson number of draws from a distribution given by its running sum, `expected` on average."""
    return np.asarray(
        np.minimum(np.searchsorted(edges, rising(dice, dice.poisson(expected)) * edges[-1]), len(edges) - 1)
    )


def rising(dice: np.random.Generator, count: int) -> Floats:
    """Uniform draws of 0..1 in rising order (order statistics as sums of exponentials): looking rising numbers up in a
    long array is ten times faster than looking up the same numbers in disorder."""
    steps = np.cumsum(dice.standard_exponential(count + 1))
    return np.asarray(steps[:-1] / steps[-1])
