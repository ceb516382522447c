"""What a whole refresh of value and demand costs at size: seconds, processor seconds and peak memory of every table.

    python benchmarks/value_size.py --folder /tmp/bench [--events 50000000 --people 1000000] [--tables values,…]

The log and the tables that these rooms read are those of benchmarks/people_50m.py (same folder and numbers): keys,
person_days, profiles, and memberships and person_ties where they were made. Each table of insight/value and
insight/demand is built in a process of its own, in refresh order, as `lianyi refresh` does. Experiments and advice on
ties are not in that log, so what is read of them is empty; as are memberships and ties where they were not made.
Goal: at most 600 s and 10 GB. The last line is the ratio to one bare pass over the log.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import shutil
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pyarrow.parquet as pq
from people_50m import AS_OF, Cost, files, generate, lower_bound

from lianyi.insight import demand, value
from lianyi.insight.tables import EVENTS, Build, Table, catalogue
from lianyi.memory.duckdb import DuckDB
from lianyi.settings import Settings

# What is read where a table was not made: its columns, without rows.
EMPTY = {
    "tie_opportunities": "SELECT '' AS person_id, '' AS other_id, CAST(0 AS DOUBLE) AS gain",
    "effects": "SELECT '' AS experiment, '' AS metric, TRUE AS main, CAST(0 AS DOUBLE) AS estimate, "
    "CAST(0 AS DOUBLE) AS se",
    "memberships": "SELECT '' AS person_id, '' AS community_id",
    "person_ties": "SELECT '' AS person_id, '' AS other_id, CAST(0 AS DOUBLE) AS strength",
}


def build(table: Table, inputs: dict[str, list[str]], folder: Path, memory_mb: int) -> None:
    """Build one table as a refresh does (in the calling process)."""
    with DuckDB(memory_mb=memory_mb) as engine:
        for name in table.inputs:
            if inputs.get(name):
                engine.register(name, inputs[name])
            else:
                engine.run(f"SELECT * FROM ({EMPTY[name]}) AS e WHERE FALSE", into=name)
        one = Build(engine=engine, as_of=AS_OF, settings=Settings(memory_mb=memory_mb))
        parts = table.build(one)
        order = f" ORDER BY {', '.join(table.order)}" if table.order else ""
        for part, sql in enumerate([parts] if isinstance(parts, str) else parts):
            query = f"SELECT * FROM ({sql}) AS t{order}"
            engine.run(query, into="result", path=folder / table.name, part=part, row_group=table.row_group)


def _measure(writer: Connection, name: str, inputs: dict[str, list[str]], folder: Path, memory_mb: int) -> None:
    start = time.perf_counter()
    build(catalogue()[name], inputs, folder, memory_mb)
    used = resource.getrusage(resource.RUSAGE_SELF)
    writer.send((time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 2**20))


def measured(name: str, inputs: dict[str, list[str]], folder: Path, memory_mb: int) -> Cost:
    """What one build costs in a process of its own."""
    spawn = multiprocessing.get_context("spawn")
    reader, writer = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_measure, args=(writer, name, inputs, folder, memory_mb))
    process.start()
    writer.close()
    try:
        cost: Cost = reader.recv()
    except EOFError:
        raise SystemExit(f"building {name} failed; see above") from None
    finally:
        process.join()
    return cost


def main() -> None:
    """Generate, build, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--events", type=int, default=50_000_000)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--memory-mb", type=int, default=4096)
    parser.add_argument("--tables", default="", help="only these, separated by commas (their inputs must be there)")
    chosen = parser.parse_args()
    place = chosen.folder / f"tables-{chosen.events}-{chosen.people}"
    inputs = {EVENTS: generate(chosen.folder, events=chosen.events, people=chosen.people)}
    inputs |= {name: files(place / name) for name in catalogue()}
    mine = [table.name for room in (value, demand) for table in room.TABLES]
    only = list(filter(None, chosen.tables.split(","))) or mine
    missing = {name for one in only for name in catalogue()[one].inputs if not inputs[name]} - set(mine) - set(EMPTY)
    if missing:
        sys.exit(f"{', '.join(sorted(missing))}: not in {place}; make them with people_50m.py --tables first")
    total, busy, peak = 0.0, 0.0, 0.0
    for name in (name for name in catalogue() if name in only):
        shutil.rmtree(place / name, ignore_errors=True)
        seconds, processor, gigabytes = measured(name, inputs, place, chosen.memory_mb)
        inputs[name] = files(place / name)
        rows = sum(pq.ParquetFile(file).metadata.num_rows for file in inputs[name])
        total, busy, peak = total + seconds, busy + processor, max(peak, gigabytes)
        print(f"{name:20} {rows:>12,} rows {seconds:8.1f} s {processor:8.1f} cpu s {gigabytes:6.2f} GB", flush=True)
    bound = lower_bound(inputs, chosen.memory_mb)
    sums = f"{'all':20} {'':17} {total:8.1f} s {busy:8.1f} cpu s {peak:6.2f} GB"
    print(f"{sums} = {total / bound:.1f} x one bare pass ({bound:.1f} s)")


if __name__ == "__main__":
    main()
