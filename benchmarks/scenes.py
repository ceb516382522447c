"""Planted scenes of the simulated world: how many are found, how many found ones are false.

`python benchmarks/scenes.py [--turning]`. Each world is one year of a brand; people are known by the truth, so that
nothing but the finding is judged. A cell is one category in one hour, weekday, season, festival or city, as it is
tested; planted are those that the truth names. --turning: the talk of groups turns to topics as well (cells: one
category after talk of one category or theme); what was said is linked and read as a refresh does it, by the tables
`reply_links` and `group_topics`, and only the last 91 days of talk are there to find it in.
"""

from __future__ import annotations

import argparse
import time
from datetime import timedelta

import pyarrow as pa

from lianyi import world
from lianyi.insight.demand.scenes import counting, finding
from lianyi.insight.demand.scenes import table as scenes
from lianyi.insight.demand.scenes.finding import Found
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build, catalogue
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
        elif row["kind"] == "topic":
            values = [f"category:{titles[value]}" for value in row["values"]]
        else:
            values = row["values"]
        cells |= {(titles[row["category"]], row["kind"], value) for value in values}
    return cells


def found_in(people: int, seed: int, *, turning: bool) -> tuple[list[Found], set[Cell], float, int]:
    """What is found in a world of so many people, what was planted, seconds of finding, purchases."""
    made = world.generate(world.WorldSettings(people=people, seed=seed, activity=0.05, turning=turning))
    with DuckDB(memory_mb=2048, threads=1) as engine:
        wanted = ["order", *(("message", "reply", "join") if turning else ())]
        batches = [
            table.filter(pa.compute.is_in(table["kind"], pa.array(wanted, table["kind"].type)))
            for table in made.events()
        ]
        engine.register("events", pa.concat_tables(batches))
        truth = made.truth()
        keys = truth.keys.group_by("key").aggregate([("person", "min")])
        ids = pa.array([f"p{number:08d}" for number in keys["person_min"].to_pylist()])
        engine.register("keys", pa.table({"key": keys["key"], "person_id": ids}))
        known(engine, truth)
        build = Build(engine=engine, as_of=made.settings.end - timedelta(seconds=1), settings=Settings())
        listened(build, turning=turning)
        scope = Scope.of(build)
        began = time.perf_counter()
        build.make("scene_purchases", counting.purchases(scope))
        timed, placed = engine.table(counting.by_time()), engine.table(counting.by_place())
        found = [
            *scenes.find_in_time(timed, engine.table(counting.activity(scope))), *scenes.find_in_places(placed),
            *scenes.find_in_talk(build, scope),
        ]  # fmt: skip
        seconds = time.perf_counter() - began
        titles = {category.code: category.zh for category in made.settings.plan.categories}
        return found, planted(truth, titles), seconds, sum(timed["bought"].to_pylist())


def known(engine: DuckDB, truth: world.Truth) -> None:
    """Relations `profiles` and `person_days`, with what is read of them here."""
    who = pa.array([f"p{number:08d}" for number in truth.people["person"].to_pylist()])
    engine.register("profile_cities", pa.table({"person_id": who, "city": truth.people["city"].cast(pa.string())}))
    engine.run(
        "SELECT c.person_id, c.city, coalesce(g.groups, CAST([] AS VARCHAR[])) AS groups FROM profile_cities AS c "
        "LEFT JOIN (SELECT k.person_id, list(DISTINCT e.group_key) AS groups FROM events AS e JOIN keys AS k "
        "ON k.key = e.actor_key WHERE e.group_key IS NOT NULL GROUP BY k.person_id) AS g ON g.person_id = c.person_id",
        into="profiles",
    )
    days = {"person_id": pa.array([], pa.string()), "day": pa.array([], pa.date32()), "hours": pa.array([], pa.int64())}
    engine.register("person_days", pa.table(days))


def listened(build: Build, *, turning: bool) -> None:
    """Relation `group_topics`."""
    if not turning:
        none = "SELECT '' AS group_key, DATE '2000-01-01' AS \"day\", '' AS kind, '' AS topic WHERE FALSE"
        build.engine.run(none, into="group_topics")
        return
    build.engine.run(
        "SELECT object_key, max(json_extract_string(props, '$.title')) AS title, max(category) AS category, "
        "count(*) AS buyers, count(*) AS people FROM events WHERE kind = 'order' GROUP BY object_key", into="objects",
    )  # fmt: skip
    for name in ("reply_links", "group_topics"):
        parts = catalogue()[name].build(build)
        made = []
        for number, sql in enumerate([parts] if isinstance(parts, str) else parts):
            build.engine.run(sql, into=f"{name}_{number}")
            made.append(f"SELECT * FROM {name}_{number}")
        build.engine.run(" UNION ALL ".join(made), into=name)


def main() -> None:
    """A line per world."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--turning", action="store_true", help="groups' talk turns to topics as well")
    chosen = parser.parse_args()
    for seed in chosen.seeds:
        found, true, seconds, purchases = found_in(chosen.people, seed, turning=chosen.turning)
        cells = {(one.category, one.kind, name) for one in found if one.found for name in one.slices}
        false = cells - true
        if chosen.turning:
            mine = {cell for cell in true if cell[1] == "topic"}
            others = {cell for cell in cells if cell[1] == "topic"} - mine
            print(
                f"of these group talk: {len(cells & mine)} of {len(mine)} planted found, {len(others)} false, "
                f"{sum(one.kind == 'topic' for one in found)} tested", flush=True,
            )  # fmt: skip
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
