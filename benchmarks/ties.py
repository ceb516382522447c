"""Ties: how well strength foretells contact, and how long the tables take.

    python benchmarks/ties.py                    # real networks in ../shared/data: strength against simple scores
    python benchmarks/ties.py known              # friendship that people stated against ties from what they did
    python benchmarks/ties.py scale --events 50  # time and memory of `ties`, `person_ties` from so many million events

Each table compares scores in one run, on periods that no parameter has seen. Run from the root of the repository.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.insight.ties.periods import DAY, HOUR, Contacts, Period, judged, periods, read  # noqa: E402
from tests.real_data import FOLDER  # noqa: E402

from lianyi.insight.tables import Build, Table  # noqa: E402
from lianyi.insight.ties.table import PERSON_TIES, TIES  # noqa: E402
from lianyi.memory.duckdb import DuckDB  # noqa: E402
from lianyi.settings import Settings  # noqa: E402

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)


def show(title: str, found: list[Period]) -> None:
    """One table: scores down, figures across."""
    rate = np.mean([period.again.mean() for period in found[1:]])
    print(f"\n{title}: {len(found) - 1} periods, {100 * rate:.1f} % of the tied pairs met again")
    print(f"{'score':14}{'AP':>8}{'Brier':>9}{'ECE, all':>10}{'ECE, each':>11}")
    for name, row in judged(found).items():
        figures = f"{row['average_precision']:8.3f}{row['brier']:9.4f}{row['calibration_error']:10.4f}"
        print(f"{name:14}{figures}{row['calibration_each']:11.4f}")


def real() -> None:
    """Months, weeks, hours, minutes."""
    college = read("college", FOLDER / "collegemsg/CollegeMsg.txt", separator=" ", columns=("src", "dst", '"time"'))
    show("collegemsg, 30 days", list(periods(college, first=60 * DAY, horizon=30 * DAY, last=150 * DAY)))
    show("collegemsg, 7 days", list(periods(college, first=49 * DAY, horizon=7 * DAY, last=180 * DAY, step=14 * DAY)))
    school = read(
        "school", FOLDER / "primary_school/primaryschool.csv", separator="\t", columns=("id1", "id2", '"Time"')
    )
    show("primary_school, 1 hour", list(periods(school, first=3 * HOUR, horizon=HOUR, last=32 * HOUR)))
    hospital: Contacts = read(
        "hospital", FOLDER / "communities_classic/igraph_rfid_edges.csv.gz", separator=",",
        columns=("src", "dst", '"Time"'),
    )  # fmt: skip
    show("hospital, 6 hours", list(periods(hospital, first=24 * HOUR, horizon=6 * HOUR, last=90 * HOUR)))
    show("taobao_share, 10 days", list(periods(shares(), first=40 * DAY, horizon=10 * DAY, last=80 * DAY)))


def shares() -> Contacts:
    """Who shared goods to whom; people are numbered in the order of their ids."""
    file = FOLDER / "taobao_share/share_sample.csv"
    with DuckDB(threads=1) as engine:
        rows = engine.table(f"SELECT inviter_id, voter_id, epoch(timestamp) AS at FROM read_csv('{file}')")
    ends = [np.asarray(rows[name].to_pylist(), dtype=object) for name in ("inviter_id", "voter_id")]
    number = np.unique(np.concatenate(ends), return_inverse=True)[1].astype(np.int64)
    seconds = rows["at"].to_numpy().astype(np.float64)
    source, target = number[: len(seconds)], number[len(seconds) :]
    return Contacts(name="taobao_share", source=source, target=target, seconds=seconds - seconds.min())


def known() -> None:
    """Rank correlation of what people did together with the friendship that they stated."""
    folder = FOLDER / "communities_classic"
    law = {name: list(_arcs(folder / f"law_{name}_edges.csv.gz")) for name in ("friends", "cowork", "advice")}
    friends = dict.fromkeys(map(_pair, law["friends"]), 1.0)
    ranked("law firm: ties from work and advice against friendship", [*law["cowork"], *law["advice"]], friends)
    stated: Counter[tuple[int, int]] = Counter()
    arcs = _arcs(folder / "igraph_UKfaculty_edges.csv.gz", weight="weight")
    for arc, weight in arcs.items():
        stated[_pair(arc)] += weight
    ranked("faculty: who names whom against how much of a friend, as both say", list(arcs), stated)


def ranked(title: str, log: list[tuple[int, int]], friendship: Mapping[tuple[int, int], float]) -> None:
    """Spearman's correlation over all pairs with contact: our scores, and the plain count of contacts."""
    from scipy.stats import spearmanr

    found, counts = _tables(log), Counter(map(_pair, log))
    truth = [friendship.get(pair, 0.0) for pair in found]
    print(f"\n{title}: {len(found)} pairs with contact (Spearman)")
    for column in ("weight", "closeness", "strength"):
        print(f"{column:14}{spearmanr([row[column] for row in found.values()], truth).statistic:8.3f}")
    print(f"{'count':14}{spearmanr([counts[pair] for pair in found], truth).statistic:8.3f}")


def _pair(arc: tuple[int, int]) -> tuple[int, int]:
    return min(arc), max(arc)


def _arcs(path: Path, *, weight: str = "1") -> dict[tuple[int, int], float]:
    """Arcs of a file with what its `weight` column says of them, those of a person to itself left out."""
    with DuckDB(threads=1) as engine:
        rows = engine.table(f"SELECT src, dst, {weight} AS weight FROM read_csv('{path}')").to_pylist()
    return {(int(row["src"]), int(row["dst"])): float(row["weight"]) for row in rows if row["src"] != row["dst"]}


def _tables(log: list[tuple[int, int]]) -> dict[tuple[int, int], dict[str, float]]:
    """Ties of a log without times: one message an arc, all on the day before."""
    a, b = np.array(log).T
    with DuckDB(threads=1) as engine:
        engine.register("events", _events(a, b, np.full(len(a), 86_400.0)))
        engine.register("keys", _keys(int(max(a.max(), b.max())) + 1))
        build = Build(engine=engine, as_of=AS_OF, settings=Settings(timezone="UTC"))
        for sql in TIES.build(build):
            engine.run(sql, into="made")
        rows = engine.table("SELECT person_a, person_b, weight, closeness, strength FROM made").to_pylist()
    return {(int(row["person_a"][1:], 16), int(row["person_b"][1:], 16)): row for row in rows}


def _events(a: np.ndarray, b: np.ndarray, ago: np.ndarray) -> pa.Table:  # type: ignore[type-arg]
    """Messages from a to b, so many seconds before AS_OF."""
    moment = (AS_OF.timestamp() * 1e6 - ago * 1e6).astype(np.int64)
    none, text = pa.nulls(len(a), pa.string()), pa.array(["wecom"]).take(pa.array(np.zeros(len(a), dtype=np.int8)))
    rooms = pa.array([f"group:{n}" for n in range(5000)]).take(pa.array((a // 200) % 5000))
    key = pa.array([f"user:{n}" for n in range(int(max(a.max(), b.max())) + 1)])
    return pa.table(
        {
            "id": none, "at": pa.array(moment).view(pa.timestamp("us", tz="UTC")),
            "kind": pa.array(["reply", "reaction", "mention", "message"]).take(pa.array(moment % 4)),
            "actor_key": key.take(pa.array(a)), "target_key": key.take(pa.array(b)), "group_key": rooms,
            "object_key": none, "parent_id": none, "channel": text, "props": none,
        }
    )  # fmt: skip


def _keys(people: int) -> pa.Table:
    return pa.table({"key": [f"user:{n}" for n in range(people)], "person_id": [f"p{n:016x}" for n in range(people)]})


def scale(millions: float, people: int, memory: int) -> None:
    """Interactions of a made-up network: people near each other meet most, pairs a few times over a year."""
    dice = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder, DuckDB(memory_mb=memory, threads=2, spill=Path(folder)) as engine:
        files = []
        for part in range(int(np.ceil(millions))):
            count = int(1e6 * min(1.0, millions - part))
            a = dice.integers(0, people, count)
            far = np.maximum(1, dice.geometric(0.12, count))
            b = (a + np.where(dice.random(count) < 0.97, far, dice.integers(1, people, count))) % people
            flip = dice.random(count) < 0.5
            a, b = np.where(flip, b, a), np.where(flip, a, b)
            files.append(Path(folder) / f"events-{part}.parquet")
            pq.write_table(_events(a, b, dice.random(count) * 365 * 86_400), files[-1])
        engine.register("events", files)
        keys = Path(folder) / "keys.parquet"
        pq.write_table(_keys(people), keys)
        engine.register("keys", [keys])
        print(f"{millions:g} M events, {people:,} people, engine memory {memory} MB")
        for table in (TIES, PERSON_TIES):
            _timed(engine, table, Path(folder) / table.name)
        _reading(engine)


def _timed(engine: DuckDB, table: Table, path: Path) -> None:
    build = Build(engine=engine, as_of=AS_OF, settings=Settings(timezone="UTC"))
    began, used = time.perf_counter(), time.process_time()
    parts = table.build(build)
    for part, sql in enumerate([parts] if isinstance(parts, str) else parts):
        engine.run(table.sorted(sql), into=table.name, path=path, part=part)
    build.clear()
    rows = engine.table(f"SELECT count(*) AS n FROM {table.name}")["n"][0].as_py()
    size = sum(file.stat().st_size for file in path.glob("*.parquet")) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    seconds = time.perf_counter() - began
    cpu = time.process_time() - used
    print(
        f"{table.name:12}{rows:>12,} rows {size:8.0f} MB {seconds:7.1f} s (cpu {cpu:.1f} s), peak so far {peak:.1f} GB"
    )


def _reading(engine: DuckDB) -> None:
    """One person's ties: by the copy that is sorted by person, and by both columns of `ties`."""
    person = "p0000000000001234"
    for name, where in (("person_ties", f"person_id = '{person}'"),
                        ("ties", f"person_a = '{person}' OR person_b = '{person}'")):  # fmt: skip
        began = time.perf_counter()
        rows = max(engine.table(f"SELECT * FROM {name} WHERE {where}").num_rows for _ in range(5))
        print(f"{rows} ties of one person from {name}: {1000 * (time.perf_counter() - began) / 5:.0f} ms")


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("what", nargs="?", default="real", choices=("real", "known", "scale"))
    parser.add_argument("--events", type=float, default=1.0, help="millions of events (scale)")
    parser.add_argument("--people", type=int, default=0, help="people (scale); 0 = a fiftieth of the events")
    parser.add_argument("--memory", type=int, default=4096, help="megabytes for the engine (scale)")
    wanted = parser.parse_args()
    if wanted.what == "scale":
        scale(wanted.events, wanted.people or max(200, int(wanted.events * 1e6 / 50)), wanted.memory)
    else:
        {"real": real, "known": known}[wanted.what]()


if __name__ == "__main__":
    main()
