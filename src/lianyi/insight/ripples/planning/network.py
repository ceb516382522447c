"""From tables to the graph on which a plan is made: people numbered in the order of their ids, arcs with chances.

The chances come from table `spread` where it is built; until then from the strength of ties, and the plan says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lianyi.errors import NotFound
from lianyi.insight.kernels import Doubles
from lianyi.insight.ripples.planning.request import BASE
from lianyi.insight.ripples.planning.unseen import unseen_arcs
from lianyi.insight.ripples.spread import Graph, from_arcs
from lianyi.memory.dialect import Dialect
from lianyi.memory.engine import Engine, literal

# Until probabilities are learned: the chance that somebody comes through a person, per unit of tie strength, and how
# far the truth may be from it. Of shares within ties of the simulated brands 2 to 12 % bring somebody.
FROM_STRENGTH = 0.1
TIMES_UNSURE = 2.0
NUMBERED = "plan_people"
RANGE_90 = 2 * 1.6449  # width of a 90 % range in standard deviations


@dataclass(frozen=True, kw_only=True, eq=False)
class Doubt:
    """Standard deviations of logarithms of rates: of the levels of known and of unseen ties, of all of one ripple
    together (ripples differ, and so do topics and incentives from what was learned of them), and of each sharer."""

    known: float
    unseen: float
    ripple: float
    sharer: Doubles


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """people: ids, sorted; person i of the graph is people[i]. source, target, chance, low, high: one entry per arc.

    known: the first so many arcs are known ties, the rest stand for ties that nobody sees. doubt: how uncertain chances
    are together, None where that was not learned. basis: `spread` or `ties`. notes: what a reader must know, pairs
    (en, zh).
    """

    people: pa.Array
    source: np.ndarray
    target: np.ndarray
    chance: Doubles
    low: Doubles
    high: Doubles
    known: int
    basis: str
    doubt: Doubt | None = None
    notes: tuple[tuple[str, str], ...] = ()

    @cached_property
    def graph(self) -> Graph:
        """With the best estimate of each chance."""
        return self._of(self.chance)

    @cached_property
    def ties(self) -> Graph:
        """Known ties only, with the best estimate of each chance."""
        kept = slice(self.known)
        return from_arcs(len(self.people), self.source[kept], self.target[kept], self.chance[kept])

    def draws(self, count: int, *, seed: int) -> Iterator[Graph]:
        """Graphs with chances drawn as uncertain as they are: levels for all ties at once, sharers one by one. What
        single ties err by evens out among many. The mean of a draw is the estimate."""
        if self.doubt is None:
            return
        dice = np.random.default_rng(seed)
        unseen = np.arange(len(self.source)) >= self.known
        for _ in range(count):
            level = np.where(unseen, *(dice.normal() * self.doubt.unseen, dice.normal() * self.doubt.known))
            sharer = dice.normal(size=len(self.people)) * self.doubt.sharer
            sharer -= self.doubt.sharer**2 / 2
            level += dice.normal() * self.doubt.ripple - self.doubt.ripple**2 / 2
            yield self._of(_likelier(self.chance, np.exp(level + sharer[self.source])))

    @cached_property
    def bounds(self) -> tuple[Graph, Graph]:
        """With all chances at their lower, and all at their upper bounds; arcs in the same order."""
        return self._of(np.minimum(self.low, self.chance)), self._of(np.maximum(self.high, self.chance))

    def _of(self, chance: Doubles) -> Graph:
        return from_arcs(len(self.people), self.source, self.target, chance)


def number_people(engine: Engine) -> None:
    """Make `plan_people`: person_id and its number, by which all other reads are joined."""
    engine.run(
        "SELECT person_id, CAST(row_number() OVER (ORDER BY person_id) - 1 AS INT) AS number FROM people", into=NUMBERED
    )


def read_network(
    engine: Engine, tables: frozenset[str], *, topic: str | None = None, incentive: str | None = None
) -> Network:
    """The graph from `spread`, or else from `ties`; `plan_people` must stand. NotFound where neither is built."""
    if "spread" in tables:
        return _spread(engine, tables, topic, incentive)
    if "ties" in tables:
        return _ties(engine)
    raise NotFound("no ties between people are known yet; run: lianyi refresh")


def _arcs(engine: Engine, relation: str, chances: str) -> dict[str, np.ndarray]:
    table = engine.table(
        f"""
        SELECT a.number AS source, b.number AS target, {chances}
        FROM {relation} AS r JOIN {NUMBERED} AS a ON r.one = a.person_id JOIN {NUMBERED} AS b ON r.other = b.person_id
        WHERE a.number <> b.number ORDER BY b.number, a.number
        """
    )
    return {name: table[name].combine_chunks().to_numpy(zero_copy_only=False) for name in table.column_names}


def _ids(engine: Engine) -> pa.Array:
    ids = engine.table(f"SELECT person_id FROM {NUMBERED} ORDER BY number")["person_id"]
    return pc.cast(ids.combine_chunks(), pa.string())


def _ties(engine: Engine) -> Network:
    both = (
        "(SELECT person_a AS one, person_b AS other, strength FROM ties "
        "UNION ALL SELECT person_b, person_a, strength FROM ties)"
    )
    arcs = _arcs(engine, both, "CAST(r.strength AS DOUBLE) AS strength")
    chance = np.clip(FROM_STRENGTH * arcs["strength"], 0.0, 1.0)
    return Network(
        people=_ids(engine), source=arcs["source"], target=arcs["target"], chance=chance,
        low=chance / TIMES_UNSURE, high=np.minimum(1.0, chance * TIMES_UNSURE), known=len(chance), basis="ties",
        notes=((
            f"Nothing is learned of spreading yet: the chance along a tie is set to {FROM_STRENGTH:g} × its strength.",
            f"尚无传播学习结果：沿一条关系传播的概率按 {FROM_STRENGTH:g} × 关系强度计。",
        ),),
    )  # fmt: skip


def _spread(engine: Engine, tables: frozenset[str], topic: str | None, incentive: str | None) -> Network:
    arcs = _arcs(
        engine,
        "(SELECT source AS one, target AS other, probability, low, high FROM spread)",
        "CAST(r.probability AS DOUBLE) AS chance, CAST(r.low AS DOUBLE) AS low, CAST(r.high AS DOUBLE) AS high",
    )
    people = int(_count(engine))
    factor, unsure, notes = _factors(engine, tables, topic, incentive, people)
    chance, low, high = (_likelier(arcs[name], factor[arcs["target"]]) for name in ("chance", "low", "high"))
    network = Network(
        people=_ids(engine), source=arcs["source"], target=arcs["target"], chance=chance, low=low, high=high,
        known=len(chance), basis="spread", notes=notes,
    )  # fmt: skip
    return _with_unseen(engine, network, factor, unsure) if "spread_factors" in tables else network


def _with_unseen(engine: Engine, network: Network, factor: Doubles, unsure: float) -> Network:
    """The network with arcs for ties that nobody sees; factor: of topic and incentive, per person who may come; unsure:
    variance of its logarithm."""
    people = len(network.people)
    expected, low, high = (_by_person(engine, "unseen", "source", name, people) for name in ("factor", "low", "high"))
    ready = _by_person(engine, "open", "target", "factor", people)
    if not ready.sum() > 0:
        return network
    times = float((ready * factor).sum() / ready.sum())
    more = unseen_arcs(expected * times, low * times, high * times, ready * factor)
    chance, low, high = (
        np.concatenate([known, -np.expm1(-rate)])
        for known, rate in ((network.chance, more.rate), (network.low, more.low), (network.high, more.high))
    )
    return replace(
        network, source=np.concatenate([network.source, more.source]).astype(np.int32),
        target=np.concatenate([network.target, more.target]).astype(np.int32), chance=chance, low=low, high=high,
        doubt=_doubt(engine, people, unsure),
    )  # fmt: skip


def _by_person(engine: Engine, kind: str, side: str, column: str, people: int) -> Doubles:
    """A column of the rows of one kind of `spread_factors`, 0 for people without a row."""
    rows = engine.table(
        f"SELECT n.number, CAST(f.{column} AS DOUBLE) AS value FROM spread_factors AS f "
        f"JOIN {NUMBERED} AS n ON n.person_id = f.{side} WHERE f.kind = {literal(kind)} AND f.{column} IS NOT NULL"
    )
    values = np.zeros(people)
    values[rows["number"].to_numpy()] = rows["value"].to_numpy()
    return values


def _doubt(engine: Engine, people: int, unsure: float) -> Doubt:
    """From the ranges of levels and sharers; a sharer without a row is as uncertain as the prior. unsure: variance of
    the logarithm of what topic and incentive multiply."""
    rows = engine.table(
        "SELECT name, ln(high / low) AS width FROM spread_factors WHERE kind = 'level' AND low > 0 AND high > 0"
    ).to_pylist()
    width = {row["name"]: float(row["width"]) / RANGE_90 for row in rows}
    low, high = (_by_person(engine, "sharer", "source", name, people) for name in ("low", "high"))
    seen = (low > 0) & (high > 0)
    sharer = np.zeros(people)
    sharer[seen] = np.log(high[seen] / low[seen]) / RANGE_90
    sharer[~seen] = sharer.max(initial=0.0)
    differ = engine.table("SELECT factor FROM spread_factors WHERE kind = 'misfit' AND name = 'ripple'")["factor"]
    ripple = float(np.sqrt(sum(differ.to_pylist()) + unsure))
    return Doubt(known=width.get("known", 0.0), unseen=width.get("unseen", 0.0), ripple=ripple, sharer=sharer)


def _likelier(chance: Doubles, times: Doubles) -> Doubles:
    """Chances whose rates are multiplied: a chance p is 1 − exp(−rate)."""
    with np.errstate(divide="ignore"):
        return -np.expm1(times * np.log1p(-chance))


def _count(engine: Engine) -> int:
    return int(engine.table(f"SELECT count(*) AS people FROM {NUMBERED}")["people"][0].as_py())


def _factors(
    engine: Engine, tables: frozenset[str], topic: str | None, incentive: str | None, people: int
) -> tuple[Doubles, float, tuple[tuple[str, str], ...]]:
    """By how much topic and incentive multiply the rate at which each person comes, the variance of the logarithm of
    that, and what was never seen."""
    factor, unsure = np.ones(people), 0.0
    notes: list[tuple[str, str]] = []
    for kind, name in (("topic", topic), ("incentive", incentive)):
        if name is None or (kind == "incentive" and name == BASE):
            continue
        times, variance = _known(engine, tables, kind, name)
        unsure += variance
        if times is None:
            word = {"topic": "话题", "incentive": "激励"}[kind]
            notes.append((
                f"Nothing was learned of the {kind} “{name}”; it is planned as an average one.",
                f"{word}“{name}”尚无学习结果，按平均水平规划。",
            ))  # fmt: skip
        else:
            factor *= times
    if topic is not None and not notes and "spread_factors" in tables:
        factor *= _interest(engine, topic, people)
    return factor, unsure, tuple(notes)


def _known(engine: Engine, tables: frozenset[str], kind: str, name: str) -> tuple[float | None, float]:
    """The factor, None where nothing was learned of it, and the variance of its logarithm: that of all of its kind
    where nothing was."""
    if "spread_factors" not in tables:
        return None, 0.0
    rows = engine.table(f"SELECT name, factor, low, high, prior FROM spread_factors WHERE kind = {literal(kind)}")
    learned = {row["name"]: row for row in rows.to_pylist()}
    if name in learned:
        row = learned[name]
        return float(row["factor"]), float((np.log(row["high"] / row["low"]) / RANGE_90) ** 2)
    from scipy.special import polygamma

    prior = next((row["prior"] for row in learned.values() if row["prior"]), None)
    return None, float(polygamma(1, prior)) if prior else 0.0


def _interest(engine: Engine, topic: str, people: int) -> Doubles:
    """How much likelier each person comes for this topic: by what ripples taught of the person, and by what share of
    the person's acts falls on the topic (kinds `interest` and `care` of spread_factors)."""
    factor = np.ones(people)
    taught = engine.table(
        f"""
        SELECT n.number, f.factor FROM spread_factors AS f JOIN {NUMBERED} AS n ON n.person_id = f.target
        WHERE f.kind = 'interest' AND f.name = {literal(topic)}
        """
    )
    factor[taught["number"].to_numpy()] = taught["factor"].to_numpy()
    cares = engine.table("SELECT name, factor FROM spread_factors WHERE kind = 'care'").to_pylist()
    if cares:
        factor *= _by_care(engine, topic, {row["name"]: float(row["factor"]) for row in cares})
    return factor


def _by_care(engine: Engine, topic: str, cares: Mapping[str, float]) -> Doubles:
    d = Dialect(engine.dialect)
    mine = d.only("p.categories", "c", f"c.category = {literal(topic)}")
    share = engine.table(
        f"""
        SELECT n.number, coalesce({d.size("p.categories")}, 0) AS known,
            CAST(coalesce({mine}[{1 if engine.dialect == "duckdb" else 0}].share, 0) AS DOUBLE) AS share
        FROM people AS p JOIN {NUMBERED} AS n ON n.person_id = p.person_id ORDER BY n.number
        """
    )
    edges = sorted(float(name[3:]) for name in cares if name.startswith(">= "))
    steps = np.array([cares["none"], *(cares[f">= {edge:g}"] for edge in edges)])
    level = np.searchsorted(edges, share["share"].to_numpy(), side="right")
    return np.where(share["known"].to_numpy() > 0, steps[level], cares["unknown"])
