"""Millions of arrivals: how long until every ripple's tree, measures, generations and overlaps stand, in what memory.

    python benchmarks/ripples.py [--arrivals 10] [--people 0] [--memory 4096]

Stones are thrown to seed people, shares bring arrivals (a skewed number each), some of whom share in turn: a branching
process below one child each, made from a fixed seed in numpy, written as Parquet sorted by actor as the lake's files
are. Each table is built as `lianyi refresh` does. Counts are checked against those of the process itself: all arrivals
are kept as a person's first or further comings, and the arrivals through a share say so. The last line is the ratio to
a bare lower bound of the same run: one pass that joins each arrival with its share and counts by stone.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lianyi.insight.tables import Build, Table, catalogue
from lianyi.memory.duckdb import DuckDB
from lianyi.settings import Settings

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
BEGIN = int((AS_OF - timedelta(days=120)).timestamp() * 1_000_000)
DAY = 86_400_000_000
TABLES = ("arrivals", "ripples", "ripple_generations", "ripple_overlaps", "things")
CHILDREN, PASS_ON = 2.4, 0.35  # arrivals per share, and the share of arrivals who pass on: R = .84
Longs = NDArray[np.int64]


def spread(arrivals: int, people: int, dice: np.random.Generator) -> tuple[dict[str, Longs], dict[str, Longs]]:
    """Shares and arrivals in columns of numbers: person, stone, at (µs); of arrivals also the share (row number)."""
    seeds = max(1, int(arrivals * (1 - CHILDREN * PASS_ON) / CHILDREN))
    share = {
        "person": dice.integers(0, people, seeds),
        "stone": (max(1, seeds // 25) * dice.random(seeds) ** 2.0).astype(np.int64),
        "at": BEGIN + (dice.random(seeds) * 80 * DAY).astype(np.int64),
    }
    shares = [share]
    comings: list[dict[str, Longs]] = []
    offset = 0
    while len(share["person"]) and sum(len(one["person"]) for one in comings) < arrivals:
        count = dice.poisson(CHILDREN * dice.gamma(0.5, 2.0, len(share["person"])))
        row = np.repeat(np.arange(len(count)), count)
        delay = (dice.lognormal(0.0, 1.5, len(row)) * 3_600_000_000).astype(np.int64)
        coming = {
            "person": dice.integers(0, people, len(row)),
            "stone": share["stone"][row],
            "at": share["at"][row] + delay,
            "share": offset + row,
        }
        comings.append(coming)
        offset += len(count)
        on = dice.random(len(row)) < PASS_ON
        share = {
            "person": coming["person"][on],
            "stone": coming["stone"][on],
            "at": coming["at"][on] + (dice.exponential(1.0, int(on.sum())) * 3_600_000_000).astype(np.int64),
        }
        shares.append(share)
    return _joined(shares), _joined(comings)


def _joined(parts: list[dict[str, Longs]]) -> dict[str, Longs]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _named(prefix: str, numbers: Longs) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pc.cast(pa.array(numbers), pa.string()), "")


def events(kind: str, columns: dict[str, Longs]) -> pa.Table:
    """Events of one kind as the log holds them; what this benchmark has no use for is NULL."""
    rows = len(columns["person"])
    empty = pa.nulls(rows, pa.string())
    at = pa.array(columns["at"]).cast(pa.timestamp("us", tz="UTC"))
    parent = _named("share/", columns["share"]) if "share" in columns else empty
    table = pa.table({
        "id": _named(f"{kind}/", np.arange(rows)), "at": at, "received_at": at,
        "kind": pa.array([kind]).take(pa.array(np.zeros(rows, np.int8))), "source": pa.nulls(rows, pa.string()),
        "actor_key": _named("user:", columns["person"]), "target_key": empty, "group_key": empty,
        "object_key": _named("item:", columns["stone"]), "parent_id": parent, "campaign": empty, "channel": empty,
        "category": empty, "value": pa.nulls(rows, pa.decimal128(18, 4)), "currency": empty, "text": empty,
        "props": empty,
    })  # fmt: skip
    return table.sort_by([("actor_key", "ascending"), ("at", "ascending")])


def measured(engine: DuckDB, table: Table, folder: Path) -> float:
    """Build one table and print what it cost; returns the seconds."""
    build = Build(engine=engine, as_of=AS_OF, settings=Settings(timezone="UTC"))
    began, used = time.perf_counter(), time.process_time()
    parts = table.build(build)
    for part, sql in enumerate([parts] if isinstance(parts, str) else parts):
        engine.run(table.sorted(sql), into=table.name, path=folder / table.name, part=part)
    build.clear()
    seconds, busy = time.perf_counter() - began, time.process_time() - used
    rows = engine.table(f"SELECT count(*) AS n FROM {table.name}")["n"][0].as_py()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{table.name:20}{rows:>12,} rows {seconds:8.1f} s {busy:8.1f} cpu s   peak so far {peak:.2f} GB", flush=True)
    return seconds


def check(engine: DuckDB, comings: dict[str, Longs]) -> None:
    """Nothing is lost and nothing made up: every coming is one person's first in a ripple, or a further one."""
    found = engine.table(
        "SELECT count(*) FILTER (WHERE how <> 'seed') AS firsts, sum(further) AS further, sum(self_opened) AS own, "
        "count(*) FILTER (WHERE how = 'code') AS coded FROM arrivals"
    ).to_pylist()[0]
    happened = int((comings["at"] <= int(AS_OF.timestamp() * 1_000_000)).sum())
    assert int(found["firsts"]) + int(found["further"]) == happened, (found, happened)
    assert found["coded"] == found["firsts"], found
    print(f"all {happened:,} comings so far are kept: {found['firsts']:,} first, {found['further']:,} further")


def main() -> None:
    """Generate, build, check, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arrivals", type=float, default=10.0, help="millions")
    parser.add_argument("--people", type=int, default=0, help="0 = a fifth of the arrivals")
    parser.add_argument("--memory", type=int, default=4096, help="megabytes for the engine")
    options = parser.parse_args()
    arrivals = int(options.arrivals * 1e6)
    people = options.people or max(100, arrivals // 5)
    shares, comings = spread(arrivals, people, np.random.default_rng(11))
    with tempfile.TemporaryDirectory() as place, DuckDB(memory_mb=options.memory, spill=Path(place)) as engine:
        folder = Path(place)
        for kind, columns in (("share", shares), ("arrive", comings)):
            pq.write_table(events(kind, columns), folder / f"{kind}.parquet", compression="zstd")
        keys = {"key": _named("user:", np.arange(people)), "person_id": [f"p{n:016x}" for n in range(people)]}
        pq.write_table(pa.table(keys), folder / "keys.parquet")
        engine.register("events", [folder / "share.parquet", folder / "arrive.parquet"])
        engine.register("keys", [folder / "keys.parquet"])
        print(f"{len(shares['person']):,} shares, {len(comings['person']):,} arrivals, {people:,} people", flush=True)
        total = sum(measured(engine, catalogue()[name], folder) for name in TABLES)
        check(engine, comings)
        began = time.perf_counter()
        engine.table(
            "SELECT s.object_key, count(*) AS n FROM events a JOIN events s ON s.id = a.parent_id "
            "JOIN keys k ON k.key = a.actor_key WHERE a.kind = 'arrive' AND s.kind = 'share' GROUP BY s.object_key"
        )
        bound = time.perf_counter() - began
    print(f"all {total:.1f} s = {total / bound:.1f} x one bare pass ({bound:.1f} s)")


if __name__ == "__main__":
    main()
