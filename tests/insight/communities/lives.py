"""A year of a simulated brand, and how true its communities are at the end of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lianyi import world
from lianyi.insight.communities import behaviour, people, tie_rooms
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build, Table
from lianyi.memory.duckdb import DuckDB
from lianyi.settings import Settings
from lianyi.world.settings import MONTH
from tests.insight.communities.agreement import onmi_lfk, onmi_max
from tests.insight.communities.months import Month, Sets, best, found_sets, live, people_of, true_sets

TABLES = ("community_likely", "community_people")
FOUND, ORACLE, ROOMS, TRUE = "found", "true ties, same algorithm", "rooms taken as they are", "the truth itself"


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Pairs with a told probability, and whether it was so. bins: (mean told, share seen, pairs), of equal width."""

    told: NDArray[np.float64]
    seen: NDArray[np.bool_]

    @classmethod
    def of(cls, parts: Sequence[Reliability]) -> Reliability:
        """All pairs of several worlds."""
        return cls(told=np.concatenate([one.told for one in parts]), seen=np.concatenate([one.seen for one in parts]))

    @property
    def pairs(self) -> int:
        """How many there are."""
        return len(self.told)

    @property
    def bins(self) -> list[tuple[float, float, int]]:
        """The curve of reliability."""
        return behaviour.calibration(self.told, self.seen)

    @property
    def error(self) -> float:
        """Mean distance of told and seen over bins, by their pairs."""
        return sum(abs(told - seen) * pairs for told, seen, pairs in self.bins) / max(self.pairs, 1)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One refresh against the truth. covers: name of a method → communities, as true people.

    held_out: all pairs that behaviour judged, against membership in what was found. assigned: people who were told a
    probability because they are no members, against the true community that what was found is most like.
    """

    people: int
    true: Sets
    covers: Mapping[str, Sets]
    held_out: Reliability
    assigned: Reliability

    def onmi(self, name: str) -> tuple[float, float]:
        """(McDaid, LFK) of a cover with the truth, among all true people."""
        true, found = list(self.true.values()), list(self.covers[name].values())
        return onmi_max(true, found, self.people), onmi_lfk(true, found, self.people)


@dataclass(frozen=True, kw_only=True)
class Lived:
    """Refreshes of one world, and the last one judged."""

    truth: world.Truth
    months: list[Month]
    last: Judged


def lived(settings: world.WorldSettings, months: Sequence[int]) -> Lived:
    """Refresh at the end of each month; judge the last one."""
    truth = world.truth(settings)
    seen: list[Month] = []
    for number, engine in live(settings, TABLES, months):
        who = people_of(truth, engine)
        seen.append(Month(number=number, found=found_sets(engine, who), true=true_sets(truth, number * MONTH - 1)))
        if number == months[-1]:
            last = judge(engine, settings, truth, seen[-1])
    return Lived(truth=truth, months=seen, last=last)


def judge(engine: DuckDB, settings: world.WorldSettings, truth: world.Truth, month: Month) -> Judged:
    """How true the tables on the engine are; puts true ties in the place of the learned ones."""
    who = people_of(truth, engine)
    as_of = settings.end - timedelta(days=settings.days - month.number * MONTH)
    build = Build(engine=engine, as_of=as_of, settings=Settings(memory_mb=2048, threads=1))
    assigned, held_out, rooms = _assigned(engine, month, who), _held_out(build), _rooms(engine, who)
    oracle = _oracle(engine, build, _true_ties(truth, who, month.number * MONTH - 1), who)
    covers = {FOUND: month.found, ORACLE: oracle, ROOMS: rooms, TRUE: month.true}
    return Judged(
        people=truth.people.num_rows, true=month.true, covers=covers, held_out=held_out, assigned=assigned
    )  # fmt: skip


def _held_out(build: Build) -> Reliability:
    judged = behaviour.judged(build, Scope.of(build))
    build.clear()
    member = judged["is_member"].to_numpy(zero_copy_only=False).astype(np.bool_)
    return Reliability(told=judged["probability"].to_numpy(), seen=member)


def _assigned(engine: DuckDB, month: Month, who: Mapping[str, int]) -> Reliability:
    """Found communities stand for the true one they are most like; those like none (below 0.2) count as never."""
    stands_for = {}
    for name, members in month.found.items():
        true, like = best(members, month.true)
        stands_for[name] = month.true[true] if like >= 0.2 else frozenset()
    rows = engine.table("SELECT person_id, community_id, weight FROM community_likely").to_pylist()
    known = [row for row in rows if row["person_id"] in who and row["community_id"] in stands_for]
    return Reliability(
        told=np.array([row["weight"] for row in known], np.float64),
        seen=np.array([who[row["person_id"]] in stands_for[row["community_id"]] for row in known], np.bool_),
    )


def _oracle(engine: DuckDB, build: Build, true_ties: pa.Table, who: Mapping[str, int]) -> Sets:
    """The communities of the same algorithm when ties are the true ones of the day that a room could show."""
    engine.register("true_ties", true_ties)
    engine.run("SELECT person_a, person_b, weight, MAP {'message': 1} AS counts FROM true_ties", into="ties")
    for table in (tie_rooms.TABLE, people.TABLE):
        _remake(build, table)
    return found_sets(engine, who)


def _remake(build: Build, table: Table) -> None:
    sql = table.build(build)
    assert isinstance(sql, str)
    build.engine.run(f"SELECT * FROM ({sql}) AS t", into=f"true_{table.name}")
    build.engine.run(f"SELECT * FROM true_{table.name}", into=table.name)
    build.clear()


def _true_ties(truth: world.Truth, who: Mapping[str, int], day: int) -> pa.Table:
    """Ties that hold on a day with their true rate of meetings, as pairs of the ids that people were given."""
    id_of = {person: name for name, person in sorted(who.items(), reverse=True)}
    ties = truth.ties.filter(pc.and_(truth.ties["visible"], pc.not_equal(truth.ties["kind"], "follower")))
    pairs: dict[tuple[str, str], float] = {}
    for row in ties.select(["a", "b", "rate", "since", "until"]).to_pylist():
        there = (row["since"] or 0) <= day and (row["until"] is None or row["until"] > day)
        if there and row["rate"] > 0 and row["a"] in id_of and row["b"] in id_of:
            a, b = sorted((id_of[row["a"]], id_of[row["b"]]))
            pairs[a, b] = row["rate"]
    first, second = zip(*pairs, strict=True)
    return pa.table({"person_a": list(first), "person_b": list(second), "weight": list(pairs.values())})


def _rooms(engine: DuckDB, who: Mapping[str, int]) -> Sets:
    """Each room as one community."""
    return _sets(
        (row["room"], who[row["person_id"]])
        for row in engine.table("SELECT person_id, unnest(groups) AS room FROM profiles").to_pylist()
        if row["person_id"] in who
    )


def _sets(pairs: Iterable[tuple[object, int]]) -> Sets:
    sets: dict[object, set[int]] = defaultdict(set)
    for name, person in pairs:
        sets[name].add(person)
    return {name: frozenset(members) for name, members in sets.items()}
