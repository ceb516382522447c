"""Pages of the console at size: how long a person's page and the lists take, against bare look-ups of the same rows.

    python benchmarks/people_50m.py --folder DIR [--events … --people …]      # makes the log and its tables first
    python benchmarks/pages.py --folder DIR [--events … --people …] [--rounds 30]

The workspace is made of links to that log and those tables. Pages are asked for through Django's test client: the whole
way through middleware, SQL and templates, without the network. Each person is looked at once, so nothing of theirs is
in a cache of ours; the first request of each kind is not counted. Beside the person's page stands a bare bound of the
same run: DuckDB finding the same person's row and newest events in the same files.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import people_50m
import pyarrow.parquet as pq

from lianyi.insight import roll
from lianyi.insight.store import State
from lianyi.insight.tables import catalogue
from lianyi.memory.compaction import compact
from lianyi.settings import Settings
from lianyi.workspace import Workspace

EVENTS_SHOWN = 60


def workspace(folder: Path, *, events: int, people: int) -> Workspace:
    """The workspace over the log and tables that people_50m.py wrote into the folder."""
    place = folder / f"workspace-{events}-{people}"
    if not (place / "lianyi.toml").exists():
        Workspace.create(place, Settings(name="Bench", language="en"))
    ws = Workspace(place)
    if not ws.lake.rows():
        files = [Path(file) for file in people_50m.generate(folder, events=events, people=people)]
        for file in files:
            (ws.lake.path / file.name).hardlink_to(file)
        ws.lake.commit(added=[(file.name, pq.ParquetFile(file).metadata.num_rows) for file in files])
        start = time.perf_counter()
        gone = compact(ws.lake)  # as the worker would have
        print(
            f"{gone} files of the log sorted into ranges of people in {time.perf_counter() - start:.1f} s", flush=True
        )
    ws.store.clear()  # benchmarks/audiences.py leaves a table of communities there that no page could show
    ws.store.switch(
        {
            name: state
            for name in catalogue()
            if (state := _linked(ws, name, folder / f"tables-{events}-{people}" / name))
        }
    )
    return ws


def _linked(ws: Workspace, name: str, made: Path) -> State | None:
    """A version of the table that is made of links; None where people_50m.py did not make it."""
    files = people_50m.files(made)
    if not files:
        return None
    place = ws.store.path(name, "bench")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for file in files:
        (place / Path(file).name).hardlink_to(file)
    if catalogue()[name].listed:
        start = time.perf_counter()
        roll.write(catalogue()[name], place)
        print(f"roll of {name} written in {time.perf_counter() - start:.1f} s")
    rows = sum(pq.ParquetFile(file).metadata.num_rows for file in files)
    version = ws.lake.version()
    return State(
        name=name, version="bench", rows=rows, as_of=people_50m.AS_OF, lake_version=version, seconds=0, size=0, sql=""
    )


def timed(work: Callable[[Any], object], of: Sequence[Any]) -> list[float]:
    """Milliseconds of each; the first warms up and is left out."""
    work(of[0])
    found = []
    for one in of[1:]:
        start = time.perf_counter()
        work(one)
        found.append(1000 * (time.perf_counter() - start))
    return found


def told(name: str, times: Sequence[float]) -> float:
    """Print median and 95th percentile; returns the median."""
    median, high = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    print(f"{name:44} p50 {median:8.1f} ms   p95 {high:8.1f} ms   {len(times)} times", flush=True)
    return median


def bare(ws: Workspace) -> Callable[[dict[str, Any]], object]:
    """Find a person's row and newest events, knowing their id and keys."""

    def look(person: dict[str, Any]) -> object:
        marks = ", ".join("?" for _key in person["keys"])
        newest = f'SELECT * FROM events WHERE actor_key IN ({marks}) ORDER BY "at" DESC LIMIT {EVENTS_SHOWN}'
        ws.sql("SELECT * FROM people WHERE person_id = ?", [person["person_id"]]).to_arrow_table()
        return ws.sql(newest, person["keys"]).to_arrow_table()

    return look


def pages(ws: Workspace) -> dict[str, str]:
    """Name -> address of the pages that show many people, or none."""
    last = -(-ws.states()["people"].rows // 50)
    return {
        "overview": "/",
        "people, newest first": "/people?page=1",
        "people, page 2": "/people?page=2",
        "people, the last page": f"/people?page={last}",
        "people, a page in the middle": f"/people?page={last // 2}",
        "people by spend": "/people?sort=net_spend",
        "people by name": "/people?q=name+12",
        "people by key": "/people?q=user:123456",
        "people by tag": "/people?tag=buyer",
        "people by two tags": "/people?tag=buyer&tag=high_spender",
        "people by condition": "/people?condition=orders+%3E%3D+3+and+net_spend+%3E+100",
        "data": "/data",
        "table people": "/data/people",
        "tags": "/tags",
    }


def main() -> None:
    """Set up, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--events", type=int, default=50_000_000)
    parser.add_argument("--people", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    ws = workspace(options.folder.absolute(), events=options.events, people=options.people)
    from lianyi.doors.console.start import prepare

    prepare(ws.folder)
    from django.conf import settings
    from django.test import Client

    from lianyi.action.team.models import User

    settings.ALLOWED_HOSTS.append("testserver")
    owner = User.objects.filter(name="bench").first() or User.objects.enrol("bench", role="owner")
    client = Client()
    client.force_login(owner)

    def get(address: str) -> None:
        answer = client.get(address)
        assert answer.status_code == 200, (address, answer.status_code)

    some = f"SELECT person_id, keys FROM people USING SAMPLE reservoir({2 * options.rounds} ROWS) REPEATABLE (7)"
    people = ws.sql(some).to_arrow_table().to_pylist()
    print(f"{ws.lake.rows():,} events, {ws.states()['people'].rows:,} people", flush=True)
    bound = told("bare look-up of a person", timed(bare(ws), people[: options.rounds]))
    person = told("person", timed(lambda one: get(f"/people/{one['person_id']}"), people[options.rounds :]))
    print(f"{'':44} = {person / bound:.1f} x the bare look-up", flush=True)
    for name, address in pages(ws).items():
        told(name, timed(get, [address] * options.rounds))
    print(f"{'peak memory of the process':44} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:12.0f} MB")


if __name__ == "__main__":
    main()
