"""From tables to the graph on which a plan is made: people numbered in the order of their ids, arcs with chances.

The chances come from table `spread` where it is built; until then from the strength of ties, and the plan says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lianyi.errors import InputError, NotFound
from lianyi.insight.kernels import Doubles
from lianyi.insight.ripples.planning.request import BASE
from lianyi.insight.ripples.spread import Graph, from_arcs
from lianyi.memory.engine import Engine, literal

# Until probabilities are learned: the chance that somebody comes through a person, per unit of tie strength, and how
# far the truth may be from it. Of shares within ties of the simulated brands 2 to 12 % bring somebody.
FROM_STRENGTH = 0.1
TIMES_UNSURE = 2.0
NUMBERED = "plan_people"


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """people: ids, sorted; person i of the graph is people[i]. source, target, chance, low, high: one entry per arc.

    basis: `spread` or `ties`. notes: what a reader must know, pairs (en, zh).
    """

    people: pa.Array
    source: np.ndarray
    target: np.ndarray
    chance: Doubles
    low: Doubles
    high: Doubles
    basis: str
    notes: tuple[tuple[str, str], ...] = ()

    @cached_property
    def graph(self) -> Graph:
        """With the best estimate of each chance."""
        return self._of(self.chance)

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
        low=chance / TIMES_UNSURE, high=np.minimum(1.0, chance * TIMES_UNSURE), basis="ties",
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
    factor, notes = _factor(engine, tables, topic, incentive)
    scaled = {name: np.minimum(1.0, arcs[name] * factor) for name in ("chance", "low", "high")}
    return Network(
        people=_ids(engine), source=arcs["source"], target=arcs["target"], **scaled, basis="spread", notes=notes
    )


def _factor(
    engine: Engine, tables: frozenset[str], topic: str | None, incentive: str | None
) -> tuple[float, tuple[tuple[str, str], ...]]:
    """What topic and incentive multiply; a note for each of them that was never seen."""
    factor = 1.0
    notes: list[tuple[str, str]] = []
    for kind, name in (("topic", topic), ("incentive", incentive)):
        if name is None or (kind == "incentive" and name == BASE):
            continue
        found = (
            engine.table(f"SELECT factor FROM spread_factors WHERE kind = '{kind}' AND name = {literal(name)}")
            if "spread_factors" in tables
            else pa.table({"factor": pa.array([], pa.float64())})
        )
        if found.num_rows:
            factor *= float(found["factor"][0].as_py())
        else:
            word = {"topic": "话题", "incentive": "激励"}[kind]
            notes.append((
                f"Nothing was learned of the {kind} “{name}”; it is planned as an average one.",
                f"{word}“{name}”尚无学习结果，按平均水平规划。",
            ))  # fmt: skip
    if not np.isfinite(factor) or factor < 0:
        raise InputError(f"table spread_factors gives the factor {factor}; rebuild it: lianyi refresh spread_factors")
    return factor, tuple(notes)
