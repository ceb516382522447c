"""Planted scenes of the simulated world: how many are found, how many found ones are false.

`python benchmarks/scenes.py`. Each world is one year of a brand; people are known by the truth, so that nothing but the
finding is judged. A cell is one category in one hour, weekday, season, festival or city, as it is tested; planted are
those that the truth names.
"""

from __future__ import annotations

import argparse
import time
from datetime import timedelta

import pyarrow as pa

from lianyi import world
from lianyi.insight.demand.scenes import counting, finding
from lianyi.insight.demand.scenes import table as scenes
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build
from lianyi.memory.duckdb import DuckDB
from lianyi.settings import Settings

WEEKDAYS, SEASONS = finding.WEEKDAYS, finding.SEASONS
Cell = tuple[str, str, str]


def planted(truth: world.Truth, titles: dict[str, str]) -> set[Cell]:
    """Category × kind × slice of every planted scene."""
    cells = set()
    for row in truth.scenes.to_pylist():
        if row["kind"] == "season":
            months = {int(value) for value in row["values"]}
            values = [name for name, those in SEASONS.items() if months == set(those)]
        elif row["kind"] == "weekday":
            values = [WEEKDAYS[int(value)] for value in row["values"]]
        else:
            values = row["values"]
        cells |= {(titles[row["category"]], row["kind"], value) for value in values}
    return cells


def found_in(people: int, seed: int) -> tuple[list[finding.Found], set[Cell], float, int]:
    """What is found in a world of so many people, what was planted, seconds of finding, purchases."""
    made = world.generate(world.WorldSettings(people=people, seed=seed, activity=0.05))
    with DuckDB(memory_mb=2048, threads=1) as engine:
        wanted = ["order"]
        batches = [
            table.filter(pa.compute.is_in(table["kind"], pa.array(wanted, table["kind"].type)))
            for table in made.events()
        ]
        engine.register("events", pa.concat_tables(batches))
        truth = made.truth()
        keys = truth.keys.group_by("key").aggregate([("person", "min")])
        ids = pa.array([f"p{number:08d}" for number in keys["person_min"].to_pylist()])
        engine.register("keys", pa.table({"key": keys["key"], "person_id": ids}))
        who = pa.array([f"p{number:08d}" for number in truth.people["person"].to_pylist()])
        engine.register("profiles", pa.table({"person_id": who, "city": truth.people["city"].cast(pa.string())}))
        days = pa.table({"person_id": pa.array([], pa.string()), "day": pa.array([], pa.date32()),
                         "hours": pa.array([], pa.int64())})  # fmt: skip
        engine.register("person_days", days)
        build = Build(engine=engine, as_of=made.settings.end - timedelta(seconds=1), settings=Settings())
        scope = Scope.of(build)
        began = time.perf_counter()
        build.make("scene_purchases", counting.purchases(scope))
        timed, placed = engine.table(counting.by_time()), engine.table(counting.by_place())
        found = [*scenes.find_in_time(timed, engine.table(counting.activity(scope))), *scenes.find_in_places(placed)]
        seconds = time.perf_counter() - began
        titles = {category.code: category.zh for category in made.settings.plan.categories}
        return found, planted(truth, titles), seconds, sum(timed["bought"].to_pylist())


def main() -> None:
    """A line per world."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--show", action="store_true")
    chosen = parser.parse_args()
    for seed in chosen.seeds:
        found, true, seconds, purchases = found_in(chosen.people, seed)
        cells = {(one.category, one.kind, name) for one in found if one.found for name in one.slices}
        false = cells - true
        print(
            f"{chosen.people:,} people, seed {seed}, {purchases:,} purchases: {len(cells & true)} of {len(true)} "
            f"planted cells found (power {len(cells & true) / len(true):.0%}), {len(false)} of {len(cells)} found are "
            f"false ({len(false) / max(len(cells), 1):.0%}); {seconds:.2f} s",
            flush=True,
        )
        if chosen.show:
            print("missed", sorted(true - cells), "false", sorted(false))
            for one in found:
                if one.found:
                    print(one)


if __name__ == "__main__":
    main()
