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
import sys
from pathlib import Path

from people_50m import AS_OF, files, generate, measure_all

from lianyi.insight import demand, value
from lianyi.insight.tables import EVENTS, Build, Table, catalogue
from lianyi.memory.duckdb import DuckDB
from lianyi.settings import Settings

# What is read where a table was not made: its columns, without rows.
EMPTY = {
    "tie_opportunities": "SELECT '' AS person_id, '' AS other_id, CAST(0 AS DOUBLE) AS gain",
    "effects": "SELECT '' AS experiment, '' AS metric, TRUE AS main, CAST(0 AS DOUBLE) AS estimate, "
    "CAST(0 AS DOUBLE) AS se",
    "effect_people": "SELECT '' AS experiment, '' AS person_id, '' AS arm, '' AS cluster, CAST(0 AS DOUBLE) AS share, "
    "CAST(0 AS BIGINT) AS begins, CAST(0 AS BIGINT) AS ends, CAST(0 AS BIGINT) AS whole, CAST(0 AS DOUBLE) AS orders, "
    "CAST(0 AS DOUBLE) AS revenue, CAST(0 AS DOUBLE) AS before_buyers, CAST(0 AS DOUBLE) AS before_kept",
    "group_topics": "SELECT '' AS group_key, DATE '2000-01-01' AS \"day\", '' AS kind, '' AS topic",
    "memberships": "SELECT '' AS person_id, '' AS community_id, '' AS how, CAST(0 AS DOUBLE) AS weight",
    "person_ties": "SELECT '' AS person_id, '' AS other_id, CAST(0 AS DOUBLE) AS strength, '' AS band",
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
        for part, sql in enumerate([parts] if isinstance(parts, str) else parts):
            engine.run(table.sorted(sql), into="result", path=folder / table.name, part=part, row_group=table.row_group)


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
    measure_all([name for name in catalogue() if name in only], inputs, place, chosen.memory_mb, build)


if __name__ == "__main__":
    main()
