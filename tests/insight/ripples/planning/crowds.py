"""Small tables of people and chances for tests of planning."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from lianyi.insight.ripples.planning import Request, SeedPlan
from lianyi.insight.ripples.planning.crowd import read_crowd
from lianyi.insight.ripples.planning.making import make
from lianyi.insight.ripples.planning.network import number_people, read_network
from lianyi.memory.duckdb import DuckDB

TODAY = (dt.date(2026, 1, 1) - dt.date(1970, 1, 1)).days
ACTIVE = dt.date(2025, 12, 30)
CONSENT = pa.struct({"purpose": pa.string(), "channel": pa.string(), "granted": pa.bool_()})
SCHEMA = pa.schema({
    "person_id": pa.string(), "name": pa.string(), "orders": pa.int64(), "net_spend": pa.decimal128(18, 4),
    "brought": pa.int64(), "brought_buyers": pa.int64(), "tags": pa.list_(pa.string()), "consents": pa.list_(CONSENT),
    "counts": pa.map_(pa.string(), pa.int64()), "last_active": pa.date32(),
    "categories": pa.list_(pa.struct({"category": pa.string(), "share": pa.float64()})),
})  # fmt: skip
Arc = tuple[str, str, float]


def person(person_id: str, **facts: Any) -> dict[str, Any]:
    """Somebody who bought once and may be asked, unless the facts say otherwise."""
    plain: dict[str, Any] = {
        "name": None, "orders": 1, "net_spend": 100, "brought": 0, "brought_buyers": 0, "tags": [], "consents": None,
        "counts": {}, "last_active": ACTIVE, "categories": [],
    }  # fmt: skip
    row = {"person_id": person_id, **plain, **facts}
    return {**row, "counts": list(row["counts"].items())}


@contextmanager
def engine_with(people: Sequence[Mapping[str, Any]], arcs: Sequence[Arc], **more: pa.Table) -> Iterator[DuckDB]:
    """An engine that knows the people, `spread` with these chances (bounds: half and twice), and further tables."""
    with DuckDB() as engine:
        engine.register("people", pa.Table.from_pylist(list(people), SCHEMA))
        chance = [arc[2] for arc in arcs]
        spread = {
            "source": pa.array([arc[0] for arc in arcs], pa.string()),
            "target": pa.array([arc[1] for arc in arcs], pa.string()),
            "probability": pa.array(chance, pa.float64()),
            "low": pa.array([one / 2 for one in chance], pa.float64()),
            "high": pa.array([min(1.0, one * 2) for one in chance], pa.float64()),
        }
        engine.register("spread", pa.table(spread))
        for name, table in more.items():
            engine.register(name, table)
        yield engine


def planned(
    crowd_rows: Sequence[Mapping[str, Any]],
    arcs: Sequence[Arc],
    more: Mapping[str, pa.Table] | None = None,
    basis: str = "spread",
    /,
    **request: Any,
) -> SeedPlan:
    """The plan of a request on these people."""
    more = more or {}
    asked = Request(**request)
    with engine_with(crowd_rows, arcs, **more) as engine:
        tables = frozenset({"people", basis, *more})
        number_people(engine)
        network = read_network(engine, tables, topic=asked.topic, incentive=asked.incentive)
        crowd = read_crowd(engine, tables, asked, network.people, today=TODAY)
        return make(network, crowd, asked)


def stars(*sizes: int, chance: float = 0.5) -> tuple[list[dict[str, Any]], list[Arc]]:
    """One hub `ph0`, `ph1` … per size with so many leaves, which nobody else reaches."""
    people, arcs = [], []
    for number, size in enumerate(sizes):
        hub = f"ph{number}"
        leaves = [f"pl{number}_{leaf}" for leaf in range(size)]
        people += [person(name) for name in (hub, *leaves)]
        arcs += [(hub, leaf, chance) for leaf in leaves]
    return people, arcs
