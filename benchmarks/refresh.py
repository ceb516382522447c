"""What a refresh costs by table: a brand with one order, and the demo brand; the first time and again.

    python benchmarks/refresh.py [--people 3000] [--least 0.1]

Each refresh runs in a process of its own, as `lianyi refresh` does. "cold" has an empty cache of kernels, "warm" the
one that the cold run left. Seconds on the wall and of processors; tables below `--least` of these are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import lianyi
from lianyi import world
from lianyi.insight import communities, ripples, ties
from lianyi.memory.events import Event
from lianyi.workspace import Workspace

NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
GRAPH = {table.name for room in (ties, communities, ripples) for table in room.TABLES}


def one_order(folder: Path) -> None:
    """A brand that has just begun."""
    at = NOW - timedelta(days=1)
    money = {"value": Decimal("99.00"), "currency": "CNY"}
    order = Event(
        id="o1", at=at, kind="order", source="shop", actor_key="phone:8613800138000", object_key="sku:1", **money
    )
    Workspace.create(folder).record([order])


def demo(folder: Path, people: int) -> None:
    """The simulated brand."""
    made = world.generate(world.WorldSettings.ending(NOW, people=people, seed=7))
    with Workspace.create(folder).lake.landing(received_at=NOW, transaction=("demo", 1)) as landing:
        for table in made.events():
            landing.add(table)


def measured(folder: Path) -> None:
    """One refresh in this process: prints a line of JSON, table → (wall, processors)."""
    begun = time.perf_counter(), time.process_time()
    spent: dict[str, list[float]] = {}
    last = ["", *begun]

    def step(name: str) -> None:
        now = time.perf_counter(), time.process_time()
        if last[0] != name:
            if last[0]:
                spent[str(last[0])] = [now[0] - float(last[1]), now[1] - float(last[2])]
            last[:] = [name, *now]

    lianyi.open(folder).refresh(as_of=NOW, progress=lambda progress: step(progress.table))
    step("")
    sys.stdout.write(json.dumps(spent) + "\n")


def show(title: str, folder: Path, cache: Path, least: float) -> None:
    """Run it apart and print its tables, the dearest first."""
    begun = time.perf_counter()
    command = [sys.executable, __file__, "--measure", str(folder)]
    done = subprocess.run(
        command, env={**os.environ, "NUMBA_CACHE_DIR": str(cache)}, stdout=subprocess.PIPE, check=True
    )
    wall = time.perf_counter() - begun
    spent: dict[str, list[float]] = json.loads(done.stdout)
    graph = [sum(spent[name][part] for name in spent if name in GRAPH) for part in (0, 1)]
    cpu = sum(processors for _, processors in spent.values())
    print(f"\n{title}: {wall:.1f} s with start and imports, tables {cpu:.1f} s of processors; ", end="")
    print(f"of these ties, communities, ripples {graph[0]:.1f} s ({graph[1]:.1f} s of processors)")
    for name, (seconds, processors) in sorted(spent.items(), key=lambda row: -row[1][1]):
        if processors >= least:
            print(f"  {name:24}{seconds:7.2f} s {processors:7.2f} s of processors")


def main() -> None:
    """Read the options, build both brands, refresh each three times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=3000)
    parser.add_argument("--least", type=float, default=0.1)
    parser.add_argument("--measure", type=Path, help="used by the benchmark itself")
    args = parser.parse_args()
    if args.measure:
        return measured(args.measure)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        one_order(root / "one")
        demo(root / "demo", args.people)
        for brand, title in (("one", "one order"), ("demo", f"{args.people:,} people")):
            for turn in ("cold", "warm", "warm again"):
                show(f"{title}, {turn}", root / brand, root / f"cache-{brand}", args.least)
    return None


if __name__ == "__main__":
    main()
