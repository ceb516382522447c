"""A real log of shares, traced by the tables and by plain Python; and a world whose true sharers are known."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lianyi import world
from lianyi.memory.duckdb import DuckDB
from lianyi.memory.events import Event, to_arrow
from lianyi.settings import Settings
from tests.insight.log import make
from tests.real_data import real

QUIET, SLACK = timedelta(days=14), timedelta(minutes=5)
Row = tuple[datetime, str, str, str]  # time, inviter, item, voter


def shares(path: Path) -> list[Row]:
    """The rows of the file in order of time."""
    with path.open(encoding="utf-8") as file:
        return sorted(
            (datetime.fromisoformat(row["timestamp"] + "+00:00"), row["inviter_id"], row["item_id"], row["voter_id"])
            for row in csv.DictReader(file)
        )


def plain(rows: list[Row]) -> tuple[Counter[int], Counter[int]]:
    """(people, people brought) per generation, counted in plain Python from the definitions in docs/methods."""
    people: Counter[int] = Counter()
    brought: Counter[int] = Counter()
    by_item: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_item[row[2]].append(row)
    for acts in by_item.values():
        spells = stays(acts)
        parent = parents(acts, spells)
        for who, times in spells.items():
            for number in range(len(times)):
                node, generation = (who, number), 0
                while node in parent:
                    node, generation = parent[node], generation + 1
                    assert generation < 100, "a circle"
                people[generation] += 1
                brought[generation - 1] += generation > 0
    return people, brought


def stays(acts: list[Row]) -> dict[str, list[list[datetime]]]:
    """Per person the times of their acts with one item, parted where there was a pause."""
    spells: dict[str, list[list[datetime]]] = defaultdict(list)
    for moment, by, _, to in acts:
        for person in (by, to):
            mine = spells[person]
            if not mine or moment - mine[-1][-1] > QUIET:
                mine.append([])
            mine[-1].append(moment)
    return spells


def parents(acts: list[Row], spells: dict[str, list[list[datetime]]]) -> dict[tuple[str, int], tuple[str, int]]:
    """(person, spell) -> the sharer of the first share to them, unless they shared before."""

    def spell(person: str, moment: datetime) -> tuple[str, int]:
        times = enumerate(spells[person])
        return person, next(number for number, mine in times if mine[0] <= moment <= mine[-1])

    shared: dict[tuple[str, int], datetime] = {}
    for moment, by, _, _ in acts:
        shared.setdefault(spell(by, moment), moment)
    parent: dict[tuple[str, int], tuple[str, int]] = {}
    for moment, by, _, to in acts:
        node = spell(to, moment)
        if node not in parent and moment <= shared.get(node, moment) + SLACK:
            parent[node] = spell(by, moment)
    return parent


@pytest.mark.data
def test_the_whole_share_log_is_traced_as_by_plain_counting() -> None:
    rows = shares(real("taobao_share/share_sample.csv"))
    events = [
        Event(id=f"s:{number}", at=at, kind="share", source="t", actor_key=f"user:{by}", target_key=f"user:{to}",
              object_key=f"item:{item}")
        for number, (at, by, item, to) in enumerate(rows)
    ]  # fmt: skip
    people, brought = plain(rows)
    keys = {f"user:{who}": f"p{who}" for _, by, _, to in rows for who in (by, to)}
    as_of = rows[-1][0] + timedelta(days=30)
    with DuckDB(memory_mb=1024, threads=1) as engine:
        log = to_arrow(events, received_at=as_of)
        names = ["arrivals", "ripples", "ripple_generations"]
        make(engine, log, keys, names, Settings(memory_mb=1024), as_of, {})
        found = engine.table(
            "SELECT generation, sum(people + apart) AS people, sum(brought) AS brought FROM ripple_generations "
            "GROUP BY generation ORDER BY generation"
        ).to_pylist()
        mutual = engine.table(
            "SELECT count(*) AS n FROM (SELECT DISTINCT parent_person_id AS a, person_id AS b FROM arrivals) AS x "
            "JOIN (SELECT DISTINCT parent_person_id AS a, person_id AS b FROM arrivals) AS y ON x.a = y.b AND x.b = y.a"
        )["n"][0].as_py()
        exact = engine.table("SELECT count(*) AS n FROM arrivals WHERE how IN ('seed', 'line')")["n"][0].as_py()
        apart = engine.table("SELECT sum(apart) AS n FROM ripples")["n"][0].as_py()
    assert {row["generation"]: row["people"] for row in found} == dict(people)
    if not apart:
        assert {row["generation"]: row["brought"] for row in found if row["brought"]} == dict(+brought)
    assert exact == sum(people.values())
    pairs = {(by, to) for _, by, _, to in rows}
    assert 0 < mutual <= sum((to, by) in pairs for by, to in pairs)


@pytest.fixture(scope="module")
def known() -> tuple[pa.Table, world.Truth]:
    """`arrivals` of a world, and its truth."""
    settings = world.WorldSettings(people=1500, seed=5, start=date(2025, 1, 1), days=240)
    made = world.generate(settings)
    log = pa.concat_tables(list(made.events()))
    truth = made.truth()
    own = truth.keys.filter(pc.equal(truth.keys["kind"], "own"))
    keys = {key: f"p{person}" for key, person in zip(own["key"].to_pylist(), own["person"].to_pylist(), strict=True)}
    for name in ("actor_key", "target_key"):
        keys |= {key: "p" + key for key in pc.unique(log[name]).to_pylist() if key and key not in keys}
    with DuckDB(memory_mb=1024, threads=1) as engine:
        make(engine, log, keys, ["arrivals"], Settings(memory_mb=1024), datetime(2025, 9, 1, tzinfo=UTC), {})
        return engine.table("SELECT * FROM arrivals"), truth


def test_codes_name_the_true_sharer_and_scanners_are_found(known: tuple[pa.Table, world.Truth]) -> None:
    rows, truth = known
    parent = dict(zip(truth.spread["arrive_id"].to_pylist(), truth.spread["parent"].to_pylist(), strict=True))
    coded = [row for row in rows.to_pylist() if row["how"] == "code" and row["event_id"] in parent]
    assert len(coded) > 500
    assert all(row["parent_person_id"] == f"p{parent[row['event_id']]}" for row in coded)
    kinds = dict(
        zip(truth.false_arrivals["arrive_id"].to_pylist(), truth.false_arrivals["kind"].to_pylist(), strict=True)
    )
    flagged = {row["event_id"] for row in rows.to_pylist() if "bot" in row["flags"]}
    assert flagged == {event for event, kind in kinds.items() if kind == "bot"}
    arrived = set(rows["event_id"].to_pylist())
    assert not arrived & {event for event, kind in kinds.items() if kind == "self"}


def test_estimates_name_the_true_sharer_as_often_as_they_say(known: tuple[pa.Table, world.Truth]) -> None:
    rows, truth = known
    parent = dict(zip(truth.spread["arrive_id"].to_pylist(), truth.spread["parent"].to_pylist(), strict=True))
    guessed = [row for row in rows.to_pylist() if row["how"] == "estimate"]
    said = np.array([row["probability"] for row in guessed])
    right = np.array([row["parent_person_id"] == f"p{parent[row['event_id']]}" for row in guessed])
    assert len(guessed) > 80
    assert right.mean() > 0.7
    assert abs(right.mean() - said.mean()) < 3 * np.sqrt((said * (1 - said)).sum()) / len(said) + 0.02
    brier, base = ((said - right) ** 2).mean(), right.mean() * (1 - right.mean())
    assert brier < base
