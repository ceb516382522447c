"""Ledger and effects at 10 million contacts and 1 million orders: seconds, processor seconds, peak memory.

    python benchmarks/ledger.py [--contacts 10000000 --orders 1000000 --people 500000 --campaigns 20] [--folder DIR]

Each campaign writes to all people but the tenth that it holds out, so the log has a contact or none, and a place in the
experiment, for each person and campaign; every other campaign holds out whole communities. Events and the tables that
are read (keys, arrivals, memberships, ties …) are composed by DuckDB, every value from a hash of its row's number.
Then the tables of insight/ledger and insight/effects are built in one process, as `lianyi refresh` does. The last line
is the ratio to a bare lower bound measured in the same run: one pass over the same events that joins their keys and
sums them by person, kind and campaign. Written under --folder (else a temporary one) and removed afterwards.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lianyi.insight import effects, ledger
from lianyi.insight.ledger import book
from lianyi.insight.tables import EVENTS, Build, catalogue
from lianyi.memory.datafile import ROW_GROUP
from lianyi.memory.duckdb import DuckDB
from lianyi.settings import Settings

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = 360
COMMUNITY = 250  # people of one
TABLES = {table.name for room in (ledger, effects) for table in room.TABLES}
BOOK = {
    "prices": [{"channel": "sms", "price": "0.045", "currency": "CNY"},
               {"channel": "email", "price": "0.001", "currency": "CNY"}],
    "margins": [{"category": "*", "share": "0.4"}], "rates": [{"currency": "USD", "rate": "7.1"}],
}  # fmt: skip

Sizes = argparse.Namespace


def at(second: str) -> str:
    """SQL: a time from seconds since the first day."""
    return f"TIMESTAMPTZ '{AS_OF:%Y-%m-%d} 00:00:00+00' - to_seconds({DAYS * 86_400}) + to_seconds({second})"


def person(number: str) -> str:
    """SQL: the person_id of a number."""
    return f"substr(md5(CAST({number} AS VARCHAR)), 1, 20)"


def event(kind: str, rows: str, **columns: str) -> str:
    """SQL: events of one kind; columns that are not given are empty."""
    empty = {"actor_key": "VARCHAR", "target_key": "VARCHAR", "group_key": "VARCHAR", "object_key": "VARCHAR",
             "parent_id": "VARCHAR", "campaign": "VARCHAR", "channel": "VARCHAR", "category": "VARCHAR",
             "value": "DECIMAL(18, 4)", "currency": "VARCHAR", "text": "VARCHAR", "props": "VARCHAR"}  # fmt: skip
    given = {name: columns.get(name, f"CAST(NULL AS {kind_})") for name, kind_ in empty.items()}
    listed = ", ".join(f"{sql} AS {name}" for name, sql in given.items())
    return f"""
    SELECT '{kind}:' || i AS id, {at(columns["second"])} AS "at", {at(columns["second"])} AS received_at,
        '{kind}' AS kind, '{columns.get("source", "lianyi")}' AS source, {listed}
    FROM ({rows}) AS r ORDER BY {"target_key" if "target_key" in columns else "actor_key"}, "at"
    """


def log(sizes: Sizes) -> Iterator[tuple[str, str]]:
    """Name and SQL of each file of the log."""
    people, campaigns = sizes.people, sizes.campaigns
    every = (DAYS - 60) * 86_400 // campaigns
    unit = f"CASE WHEN c % 2 = 0 THEN who ELSE who // {COMMUNITY} END"
    places = f"""SELECT c * {people} + who AS i, who, c, hash({unit}, c, 7) % 10 = 0 AS held, hash(who, c) AS h
        FROM range({people}) AS p(who), range({{0}}, {{1}}) AS q(c)"""
    step = max(1, campaigns // 4)
    for first in range(0, campaigns, step):
        rows = places.format(first, min(first + step, campaigns))
        place = (
            """'{"experiment":"campaign/campaign-' || c || '","of":"campaign","share":0.9,"arm":"'"""
            f""" || CASE WHEN held THEN 'control' ELSE 'treatment' END || CASE WHEN c % 2 = 1
                THEN '","cluster":"' || who // {COMMUNITY} ELSE '' END || '"}}'"""
        )
        yield f"assigned-{first}", event(
            "assigned", rows, second=f"c * {every}", target_key="'user:' || who", campaign="'campaign-' || c",
            props=place,
        )  # fmt: skip
        yield f"sent-{first}", event(
            "sent", f"SELECT * FROM ({rows}) AS x WHERE NOT held", second=f"c * {every} + h % 86400",
            actor_key="'user:brand'", target_key="'user:' || who", campaign="'campaign-' || c",
            channel="CASE WHEN c % 3 = 0 THEN 'sms' ELSE 'email' END", object_key="'content:' || c % 7",
            props="""'{"account":"main","journey":"j' || c % 3 || '","step":"s' || h % 3 || '"}'""",
        )  # fmt: skip
    drawn = f"SELECT i, hash(i, {{1}}) AS h, CAST(hash(i, 2) % {people} AS BIGINT) AS who FROM range({{0}}) AS t(i)"
    second = f"(h // 1000) % {DAYS * 86_400}"
    money = {"currency": "CASE WHEN who % 50 = 0 THEN 'USD' ELSE 'CNY' END", "source": "shop",
             "actor_key": "'user:' || who", "parent_id": "'order:' || i"}  # fmt: skip
    yield "order", event(
        "order", drawn.format(sizes.orders, 3), second=second, value="CAST(1 + h % 50000 / 100.0 AS DECIMAL(18, 4))",
        category="'category ' || h % 12", channel="'shop'", **money,
        campaign=f"CASE WHEN h % 20 = 0 THEN 'campaign-' || h % {campaigns} END",
    )  # fmt: skip
    yield "refund", event(
        "refund", drawn.format(sizes.orders // 10, 3), second=f"least({second} + 864000, {DAYS * 86_400 - 1})",
        value="CAST(1 + h % 5000 / 100.0 AS DECIMAL(18, 4))", **money,
    )  # fmt: skip
    yield "click", event(
        "click", drawn.format(sizes.contacts // 20, 4), second=second, actor_key="'user:' || who", channel="'email'",
        campaign=f"'campaign-' || h % {campaigns}", object_key="'content:' || h % 7", source="links",
        parent_id=f"'sent:' || (h % {campaigns}) * {people} + who",
    )  # fmt: skip
    yield "cost", event(
        "cost", "SELECT i, i AS c FROM range(500) AS t(i)", second=f"c * {DAYS * 86_400 // 500}",
        campaign=f"'campaign-' || c % {campaigns}", value="CAST(100 + c AS DECIMAL(18, 4))", currency="'CNY'",
        props="""'{"what":"media"}'""",
    )  # fmt: skip


def tables(sizes: Sizes) -> dict[str, str]:
    """SQL of the tables that ledger and effects read."""
    people, campaigns = sizes.people, sizes.campaigns
    all_ = f"range({people}) AS t(i)"
    home = f"'community ' || i // {COMMUNITY}"
    return {
        "keys": f"SELECT 'user:' || i AS key, {person('i')} AS person_id FROM {all_} ORDER BY key",
        "people": f"SELECT {person('i')} AS person_id, {at('0')} AS first_seen, "
        f"DATE '{AS_OF:%Y-%m-%d}' - CAST(i % 60 AS INTEGER) AS last_active FROM {all_} ORDER BY 1",
        "memberships": f"SELECT {person('i')} AS person_id, {home} AS community_id, 'ties' AS how, 0.8 AS weight "
        f"FROM {all_}",
        "community_people": f"SELECT {person('i')} AS person_id, {home} AS community_id, 'ties' AS how, 1 AS height, "
        f"0.8 AS weight FROM {all_}",
        "ripples": f"SELECT 'ripple ' || i AS ripple_id, 'campaign-' || i AS name, 'campaign' AS kind "
        f"FROM range({campaigns}) AS t(i)",
        "arrivals": f"""SELECT {person("who")} AS person_id, 'ripple ' || c AS ripple_id, 'campaign campaign-' || c
            AS stone, CAST(1 + h % 4 AS INTEGER) AS generation, {person("who // 2")} AS parent_person_id, 'link' AS how,
            h % 3 = 0 AS newcomer,
            CAST([] AS VARCHAR[]) AS flags, {at(f"(h // 1000) % {DAYS * 86_400}")} AS "at" FROM (
                SELECT CAST(hash(i, 5) % {people} AS BIGINT) AS who, hash(i, 6) AS h, hash(i, 6) % {campaigns} AS c
                FROM range({sizes.contacts // 50}) AS t(i)
            ) AS a QUALIFY row_number() OVER (PARTITION BY who, c ORDER BY h) = 1 ORDER BY ripple_id, person_id""",
        "redemptions": "SELECT 'order' AS order_no, 'CNY' AS currency WHERE FALSE",  # no offers: the ledger only looks
        "person_days": f"""SELECT DISTINCT {person("i // 15")} AS person_id,
            DATE '{AS_OF:%Y-%m-%d}' - CAST(hash(i, 8) % {DAYS} AS INTEGER) AS day
            FROM range({people * 15}) AS t(i) ORDER BY 1, 2""",
        "person_ties": f"""SELECT {person("i // 8")} AS person_id, {person(
            f"(i // 8 // {COMMUNITY}) * {COMMUNITY} + (i // 8 + 1 + hash(i, 9) % 40) % {COMMUNITY}"
        )} AS other_id, 0.1 + (hash(i, 10) % 90) / 100.0 AS strength FROM range({people * 8}) AS t(i) ORDER BY 1""",
    }  # fmt: skip


def write(folder: Path, parts: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    """A Parquet file of each."""
    made: dict[str, list[str]] = {}
    for name, sql in parts:
        file = folder / f"{name}.parquet"
        with DuckDB(memory_mb=3000, spill=folder) as engine:
            engine.run(f"COPY ({sql}) TO '{file}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})")
        made[name] = [str(file)]
    return made


def build(inputs: dict[str, list[str]], folder: Path, memory_mb: int, only: set[str]) -> Iterator[dict[str, Any]]:
    """Build the tables one after the other as a refresh does: name, rows, seconds, processor seconds of each."""
    parameters = {"ledger": book.of(BOOK)}
    with DuckDB(memory_mb=memory_mb, spill=folder) as engine:
        for name, files in inputs.items():
            engine.register(name, files)
        settings, kept = Settings(memory_mb=memory_mb), dict[str, Any]()
        for table in (table for name, table in catalogue().items() if name in TABLES and (not only or name in only)):
            began = time.perf_counter(), time.process_time()
            one = Build(engine=engine, as_of=AS_OF, settings=settings, parameters=parameters, kept=kept)
            made = table.build(one)
            for part, sql in enumerate([made] if isinstance(made, str) else made):
                path = folder / "tables" / table.name
                engine.run(table.sorted(sql), into=table.name, path=path, part=part, row_group=table.row_group)
            one.clear()
            rows = engine.table(f"SELECT count(*) AS n FROM {table.name}")["n"][0].as_py()
            took = time.perf_counter() - began[0], time.process_time() - began[1]
            yield {"name": table.name, "rows": rows, "seconds": took[0], "processor": took[1], "peak": peak()}


def peak() -> float:
    """Gigabytes that this process held at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def bare(inputs: dict[str, list[str]], memory_mb: int) -> tuple[float, float]:
    """One pass over the same events: seconds and processor seconds."""
    began = time.perf_counter(), time.process_time()
    with DuckDB(memory_mb=memory_mb) as engine:
        engine.register(EVENTS, inputs[EVENTS])
        engine.register("keys", inputs["keys"])
        engine.table(
            "SELECT count(*) AS n, sum(c) AS c, sum(v) AS v FROM (SELECT person_id, kind, campaign, count(*) AS c, "
            "sum(value) AS v FROM events JOIN keys ON key = coalesce(target_key, actor_key) GROUP BY ALL) AS s"
        )
    return time.perf_counter() - began[0], time.process_time() - began[1]


def measure(folder: Path, memory_mb: int, only: set[str]) -> None:
    """In a process of its own: one line of JSON for each table, as it is built."""
    inputs = json.loads((folder / "inputs.json").read_text())
    for row in build(inputs, folder, memory_mb, only):
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()


def run(folder: Path, sizes: Sizes) -> None:
    """Generate, build in a process of its own, print beside the bare pass."""
    began = time.perf_counter()
    events = [file for files in write(folder, log(sizes)).values() for file in files]
    inputs = {EVENTS: events, **write(folder, iter(tables(sizes).items()))}
    (folder / "inputs.json").write_text(json.dumps(inputs))
    with DuckDB() as engine:
        engine.register(EVENTS, events)
        counts = engine.table("SELECT kind, count(*) AS n FROM events GROUP BY kind ORDER BY n DESC").to_pylist()
    told = ", ".join(f"{row['n']:,} {row['kind']}" for row in counts)
    print(f"generated in {time.perf_counter() - began:.1f} s: {told}", flush=True)
    command = [sys.executable, __file__, "--measure", "--folder", str(folder), "--memory-mb", str(sizes.memory_mb)]
    total = [0.0, 0.0, 0.0]
    with subprocess.Popen([*command, "--tables", sizes.tables], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            row = json.loads(line)
            total = [total[0] + row["seconds"], total[1] + row["processor"], row["peak"]]
            print(f"{row['name']:16} {row['rows']:>12,} rows {row['seconds']:8.1f} s {row['processor']:8.1f} cpu s "
                  f"{row['peak']:6.2f} GB", flush=True)  # fmt: skip
    if process.returncode:
        raise SystemExit("the build failed; see above")
    seconds, processor = bare(inputs, sizes.memory_mb)
    print(f"{'all':16} {'':17} {total[0]:8.1f} s {total[1]:8.1f} cpu s {total[2]:6.2f} GB")
    print(f"bare pass {'':24} {seconds:8.1f} s {processor:8.1f} cpu s: ratio {total[0] / seconds:.1f} in seconds, "
          f"{total[1] / processor:.1f} in processor seconds")  # fmt: skip


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=10_000_000)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=0, help="contacts ÷ campaigns where none is said")
    parser.add_argument("--campaigns", type=int, default=20)
    parser.add_argument("--memory-mb", type=int, default=4096)
    parser.add_argument("--tables", default="", help="only these, separated by commas")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--measure", action="store_true", help="used by the benchmark itself")
    chosen = parser.parse_args()
    # a tenth is held out, so that many more people stand behind as many contacts
    chosen.people = chosen.people or round(chosen.contacts / chosen.campaigns / 0.9)
    if chosen.measure:
        return measure(chosen.folder, chosen.memory_mb, set(filter(None, chosen.tables.split(","))))
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        run(Path(folder), chosen)
    return None


if __name__ == "__main__":
    main()
