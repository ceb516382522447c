"""Whose keys are these: seconds and memory for the identity tables over 50 million events of 2 million people.

    python benchmarks/identity.py --folder /tmp/bench [--events 50000000 --people 2000000]

Each person has an account, most a phone, an e-mail address, one or two browsers; one phone in fifty is a family's, one
browser in fifty is used by two people, one address in a thousand is an office's, one person in twenty told the same of
himself under a second account. Each table is built in a process of
its own from Parquet files, as `lianyi refresh` does. Peers measured in the same run, on the same links: the bare
connected components of all links (no rule, no time, no confidence), by our array kernel and by Splink's SQL.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from lianyi.insight.people.identity.components import components
from lianyi.insight.people.identity.keys import KEYS
from lianyi.insight.people.identity.links import IDENTITY_LINKS
from lianyi.insight.people.identity.suggestions import MERGE_SUGGESTIONS
from lianyi.insight.tables import EVENTS, Build, Table
from lianyi.memory.duckdb import DuckDB
from lianyi.settings import Settings

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
SPAN = 60_000_000
FILE_ROWS = 10_000_000
# Kind of key, and how many people in a hundred have one.
LINKS = (("phone", 50), ("email", 35), ("anon", 45), ("anon2", 10), ("unionid", 15))


def key_sql(kind: str, who: str) -> str:
    """SQL: the key of this kind of a person by number. Family phones and browsers are those of the even neighbour."""
    shared = f"CASE WHEN hash({who} // 2, '{kind}') % 50 = 0 THEN {who} // 2 * 2 ELSE {who} END"
    forms = {
        "user": f"'user:' || {who}",
        "phone": f"'phone:861' || (3000000000 + {shared})",
        "email": f"CASE WHEN {who} % 1000 = 0 THEN 'email:info@shop' || {who} % 100 || '.cn' "
        f"ELSE 'email:name' || {who} || '@mail.cn' END",
        "anon": f"'anon:' || md5(CAST({shared} AS VARCHAR))",
        "anon2": f"'anon:' || md5('second' || CAST({who} AS VARCHAR))",
        "unionid": f"'unionid:o' || md5('u' || CAST({who} AS VARCHAR))",
    }
    return forms[kind]


def alias_sql(people: int) -> str:
    """One row = one alias event of an account with another key."""
    parts = [
        f"""
        SELECT 'bench:' || i || '/alias/{kind}' AS id, i, 'alias' AS kind, {key_sql("user", "i")} AS actor_key,
            {key_sql(kind, "i")} AS target_key,
            '{{"how":"trait {kind}","verified":'
                || CASE WHEN hash(i, 5) % 3 = 0 THEN 'true' ELSE 'false' END || '}}' AS props
        FROM range({people}) AS t(i) WHERE hash(i, '{kind}has') % 100 < {share}
        """
        for kind, share in LINKS
    ]
    return " UNION ALL ".join(parts)


def identify_sql(people: int) -> str:
    """One row = what one person told of himself; one in twenty told it a second time under another account."""
    family = "substr('王李张刘陈杨赵黄周吴徐孙朱马胡郭何林高罗', 1 + CAST(hash(p, 11) % 20 AS INTEGER), 1)"
    given = " || ".join(
        f"substr('伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红玲建国文辉力晨雨欣怡子涵浩', "
        f"1 + CAST(hash(p, {salt}) % 40 AS INTEGER), 1)"
        for salt in (12, 13)
    )
    return f"""
    SELECT 'bench:known/' || i AS id, i, 'identify' AS kind, {key_sql("user", "i")} AS actor_key,
        CAST(NULL AS VARCHAR) AS target_key,
        '{{"birthday":"' || CAST(DATE '1955-01-01' + CAST(hash(p, 14) % 18000 AS INTEGER) AS VARCHAR)
            || '","city":"city ' || hash(p, 15) % 300 || '","name":"' || {family} || {given} || '"}}' AS props
    FROM (SELECT i, CASE WHEN i % 20 = 0 THEN i + 1 ELSE i END AS p FROM range({people}) AS t(i)) AS told
    """


def view_sql(first: int, rows: int, people: int) -> str:
    """One row = one event of a person under one of his keys."""
    who, other = (f"CAST(hash(j, {salt}) % {people} AS BIGINT)" for salt in (1, 6))
    return f"""
    SELECT 'bench:view/' || j AS id, j AS i, CASE WHEN hash(j, 2) % 5 = 0 THEN 'message' ELSE 'view' END AS kind,
        CASE WHEN hash(j, 3) % 10 < 5 THEN {key_sql("anon", who)} WHEN hash(j, 3) % 10 < 9 THEN {key_sql("user", who)}
            ELSE {key_sql("phone", who)} END AS actor_key,
        CASE WHEN hash(j, 4) % 10 = 0 THEN {key_sql("user", other)} END AS target_key,
        CAST(NULL AS VARCHAR) AS props
    FROM range({first}, {first + rows}) AS t(j)
    """


def generate(folder: Path, *, events: int, people: int) -> list[str]:
    """Write the log's files, sorted by actor as the lake's are; files that are there already are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    queries = {"links": alias_sql(people), "known": identify_sql(people)}
    links = people + sum(share for _, share in LINKS) * people // 100
    for first in range(0, events - links, FILE_ROWS):
        rows = min(FILE_ROWS, events - links - first)
        queries[f"views-{first}"] = view_sql(first, rows, people)
    files = []
    for name, query in queries.items():
        file = folder / f"identity-{events}-{people}-{name}.parquet"
        if not file.exists():
            draft = file.with_suffix(".draft")
            with DuckDB(memory_mb=3000) as engine:
                moment = f"TIMESTAMPTZ '2024-06-01 00:00:00+00' + to_seconds(CAST(hash(i, 7) % {SPAN} AS BIGINT))"
                rows_of = f"""SELECT id, {moment} AS "at", kind, 'bench' AS source, actor_key, target_key, props
                    FROM ({query}) ORDER BY actor_key"""
                engine.run(f"COPY ({rows_of}) TO '{draft}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 61440)")
            draft.rename(file)
        files.append(str(file))
    return files


def build(table: Table, inputs: dict[str, list[str]], folder: Path, memory_mb: int) -> None:
    """Build one table (in the calling process)."""
    with DuckDB(memory_mb=memory_mb) as engine:
        for name, files in inputs.items():
            engine.register(name, files)
        sql = table.build(Build(engine=engine, as_of=AS_OF, settings=Settings(memory_mb=memory_mb), say=print))
        engine.run(table.sorted(sql), into=table.name, path=folder / table.name)


def bare_components(links: str, memory_mb: int) -> None:
    """Lower bound: the components of all stated links by our kernel, keys numbered and people counted, nothing else."""
    with DuckDB(memory_mb=memory_mb) as engine:
        engine.register("links", [links])
        engine.run(
            "SELECT name, row_number() OVER () - 1 AS number FROM "
            "(SELECT key_a AS name FROM links UNION SELECT key_b FROM links)",
            into="numbered",
        )
        pairs = engine.table(
            "SELECT x.number AS a, y.number AS b FROM links "
            "JOIN numbered x ON x.name = key_a JOIN numbered y ON y.name = key_b"
        )
        count = engine.table("numbered").num_rows
        root = components(count, pairs["a"].to_numpy(), pairs["b"].to_numpy())
        print(f"  bare components: {pc.count_distinct(root).as_py():,} people of {count:,} keys")


def splink_components(links: str, memory_mb: int) -> None:
    """The same by Splink's SQL."""
    from splink import DuckDBAPI
    from splink.clustering import cluster_pairwise_predictions_at_threshold

    with DuckDB(memory_mb=memory_mb) as engine:
        engine.register("links", [links])
        keys = engine.table("SELECT key_a AS unique_id FROM links UNION SELECT key_b FROM links")
        edges = engine.table("SELECT key_a AS unique_id_l, key_b AS unique_id_r FROM links")
    api = DuckDBAPI()
    clusters = cluster_pairwise_predictions_at_threshold(
        nodes=api.register(keys), edges=api.register(edges), db_api=api, node_id_column_name="unique_id",
        edge_id_column_name_left="unique_id_l", edge_id_column_name_right="unique_id_r",
    )  # fmt: skip
    people = clusters.as_duckdbpyrelation().aggregate("count(distinct cluster_id)").fetchall()[0][0]
    print(f"  Splink's components: {people:,} people of {keys.num_rows:,} keys")


def measured(label: str, work: Callable[..., None], *arguments: object) -> float:
    """Seconds of the work in a process of its own; prints them with its peak memory."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_run, args=(queue, work, arguments))
    process.start()
    seconds, busy, memory = queue.get()
    process.join()
    print(f"{label:<20} {seconds:6.1f} s   {busy:6.1f} s of processor   peak {memory / 1024:,.0f} MB", flush=True)
    return float(seconds)


def _run(queue: multiprocessing.Queue, work: Callable[..., None], arguments: tuple[object, ...]) -> None:  # type: ignore[type-arg]
    start = time.perf_counter()
    work(*arguments)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    # not ru_maxrss: a new process inherits its parent's
    queue.put((time.perf_counter() - start, time.process_time(), int(status.partition("VmHWM:")[2].split()[0])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--events", type=int, default=50_000_000)
    parser.add_argument("--people", type=int, default=2_000_000)
    parser.add_argument("--memory-mb", type=int, default=4000)
    parser.add_argument("--without-splink", action="store_true")
    options = parser.parse_args()
    inputs = {EVENTS: generate(options.folder, events=options.events, people=options.people)}
    out = options.folder / "identity-tables"
    total = measured("identity_links", build, IDENTITY_LINKS, inputs, out, options.memory_mb)
    links = str(out / "identity_links" / "part-0.parquet")
    total += measured("keys", build, KEYS, {**inputs, "identity_links": [links]}, out, options.memory_mb)
    keys = pq.read_table(out / "keys", columns=["person_id"])
    print(f"{keys.num_rows:,} keys, {pc.count_distinct(keys['person_id']).as_py():,} people, in {total:.1f} s")
    tables = {name: [str(out / name / "part-0.parquet")] for name in ("identity_links", "keys")}
    measured("merge_suggestions", build, MERGE_SUGGESTIONS, {**inputs, **tables}, out, options.memory_mb)
    bare = measured("bare components", bare_components, links, options.memory_mb)
    print(f"ratio to the bare components of the same links: {total / bare:.1f}")
    if not options.without_splink:
        peer = measured("Splink's components", splink_components, links, options.memory_mb)
        print(f"ratio to Splink's connected components: {total / peer:.2f}")


if __name__ == "__main__":
    main()
