"""Between the engine and the arrays: acts are read from it, what was traced is given back as rows in numbers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lianyi.insight.kernels import Longs
from lianyi.insight.ripples.candidates import Pairs
from lianyi.insight.ripples.told import CONTENT, ROBOT
from lianyi.insight.ripples.traced import Acts, Traced, trace
from lianyi.insight.ripples.tracing import NEVER, NOBODY, Comings, Forest, Passings
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build
from lianyi.memory.engine import Engine


def trace_all(build: Build) -> dict[str, pa.Table]:
    """`traced` (one row = one arrival) and `further` (one row = one coming beside them), from the relations of `told`,
    `lives` and `contacts`."""
    found = acts(build)
    traced = trace(found)
    return {"traced": nodes_table(found, traced), "further": further_table(traced)}


def columns(engine: Engine, sql: str) -> dict[str, Longs]:
    """The columns of a query as whole numbers."""
    table = engine.table(sql)
    return {name: table[name].to_numpy().astype(np.int64, copy=False) for name in table.column_names}


def acts(build: Build) -> Acts:
    """What the engine holds of sharing, as arrays."""
    scope, engine = Scope.of(build), build.engine
    passings = Passings(**columns(engine, 'SELECT person, scope, thing, micros AS "at" FROM passings ORDER BY passing'))
    robots = f"CASE WHEN {scope.dialect.matches('agent', ROBOT)} THEN 1 ELSE 0 END AS robot"
    came = f'SELECT person, scope, thing, micros AS "at", passing, sharer, how, {robots} FROM comings ORDER BY coming'
    found = columns(engine, came)
    robot = found.pop("robot").astype(np.uint8)
    pausing = f"SELECT CASE WHEN {CONTENT.format('scope')} THEN 1 ELSE 0 END AS content FROM scopes ORDER BY number"
    people = int(engine.table("SELECT count(*) AS people FROM persons")["people"][0].as_py())
    lonely = np.ones(people, dtype=np.uint8)
    lonely[columns(engine, "SELECT person FROM lives WHERE others > 0")["person"]] = 0
    empty = "SELECT coalesce(min(CASE WHEN thing = '' THEN number END), -1) AS number FROM things"
    met = columns(engine, "SELECT one, other, days FROM contacts")
    return Acts(
        passings=passings, comings=Comings(**found), pausing=columns(engine, pausing)["content"].astype(np.uint8),
        contacts=Pairs.of(people, met["one"], met["other"], met["days"]),
        anything=int(columns(engine, empty)["number"][0]), lonely=lonely, robot=robot,
    )  # fmt: skip


def nodes_table(acts: Acts, traced: Traced) -> pa.Table:
    """One row = one arrival in numbers; times in microseconds, -1 = none."""
    nodes, forest = traced.nodes, traced.forest
    mine = np.flatnonzero(traced.stands == np.arange(len(traced.stands)))
    parent, root = forest.parent[mine], forest.root[mine]
    used = np.full(len(nodes.person), NOBODY)
    through = np.flatnonzero(nodes.from_ >= 0)[::-1]
    used[nodes.from_[through]] = through  # for whose share is not in the log, the first coming through it
    moment = np.where(nodes.shared_at < NEVER, nodes.shared_at, nodes.began)
    came = np.flatnonzero(traced.coming >= 0)
    moment[came] = acts.comings.at[traced.coming[came]]
    coming, at = traced.coming[mine], moment[mine]
    brought, reach = followers(forest, traced.flags == 0, mine)
    begun = np.where(traced.coming[root] >= 0, traced.coming[root], used[root])
    return pa.table(
        {
            "node": mine, "person": nodes.person[mine], "scope": nodes.scope[mine], "micros": at,
            "generation": forest.generation[mine].astype(np.int32), "how": traced.how[mine],
            "probability": pa.array(traced.probability[mine], from_pandas=True),
            "parent_person": np.where(parent >= 0, nodes.person[np.maximum(parent, 0)], NOBODY),
            "waited": pa.array(at - moment[parent], mask=parent < 0), "brought": brought[mine], "reach": reach[mine],
            "seed_person": nodes.person[root], "root_passing": nodes.first_passing[root], "root_coming": begun,
            "coming": coming, "passing": traced.passing[mine], "shares": nodes.shares[mine],
            "first_passing": nodes.first_passing[mine], "flags": traced.flags[mine],
        }
    )  # fmt: skip


def followers(forest: Forest, counted: NDArray[np.bool_], mine: Longs) -> tuple[Longs, Longs]:
    """Per node how many people who count it brought itself, and how many are behind it at any distance."""
    brought, behind = np.zeros(len(forest.parent), dtype=np.int64), np.zeros(len(forest.parent), dtype=np.int64)
    child = mine[forest.parent[mine] >= 0]
    np.add.at(brought, forest.parent[child], counted[child])
    order = child[np.argsort(-forest.generation[child], kind="stable")]
    for level in np.split(order, np.flatnonzero(np.diff(forest.generation[order])) + 1):
        np.add.at(behind, forest.parent[level], behind[level] + counted[level])
    return brought, behind


def further_table(traced: Traced) -> pa.Table:
    """One row = one coming that is not an arrival: its node, the sharer's person (-1), own = 1 for an own share."""
    nodes = traced.nodes
    extra = np.ones(len(nodes.of_coming), dtype=bool)
    mine = traced.stands == np.arange(len(traced.stands))
    extra[traced.coming[mine & (traced.coming >= 0)]] = False
    coming = np.flatnonzero(extra)
    node, source = nodes.of_coming[coming], nodes.from_[coming]
    person = np.where(source >= 0, nodes.person[np.maximum(source, 0)], NOBODY) if len(nodes.person) else source
    own = (source >= 0) & (person == nodes.person[node]) if len(coming) else source
    return pa.table({"coming": coming, "node": node, "source": person, "own": own.astype(np.int64)})
