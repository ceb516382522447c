"""50 million events of 2 million people: how long until people, tags and activity stand, and in how much memory.

    python benchmarks/people_50m.py --folder /tmp/bench [--events 50000000 --people 2000000] [--tables people,…]

Events are composed in columns by DuckDB (deterministic: everything hangs on a hash of the row's number) and written as
Parquet files sorted by actor, as the lake's own files are. Each table is then built in a process of its own from
the Parquet files of its inputs, as `lianyi refresh` does; peak memory is that process's. The last line is the ratio to
a bare lower bound measured in the same run: one pass over the log that joins the keys and counts events by person
and kind, which no rebuild of people can do without.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import shutil
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import pyarrow.parquet as pq

from lianyi.insight.tables import EVENTS, Build, Table, catalogue
from lianyi.memory.datafile import ROW_GROUP
from lianyi.memory.duckdb import DuckDB
from lianyi.settings import Settings

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = 720
FILE_ROWS = 5_000_000
Cost = tuple[float, float, float]  # seconds, processor seconds, peak gigabytes
# Builds a table from its inputs (name -> files) into a folder, within so many megabytes.
Builder = Callable[[Table, dict[str, list[str]], Path, int], None]

# Share of each kind in ten thousand events, and whether the actor, a thing, money, text or a target belongs to it.
KINDS = (
    ("identify", 400), ("alias", 200), ("consent", 40), ("view", 3700), ("click", 700), ("search", 150),
    ("message", 2000), ("reply", 600), ("reaction", 400), ("mention", 60), ("join", 100), ("leave", 20),
    ("invite", 30), ("share", 150), ("arrive", 120), ("cart", 450), ("collect", 60), ("checkout", 60),
    ("order", 500), ("refund", 40), ("review", 20), ("sent", 150), ("opened", 40), ("tag", 10),
)  # fmt: skip
CATEGORIES = ("母婴", "美妆 > 护肤", "食品", "家居", "服饰 > 女装", "图书", "数码", "运动", "宠物", "园艺")
PHRASES = (
    "大家早上好", "这款奶粉怎么样", "求推荐防晒霜", "多少钱一盒？", "哈哈哈哈", "收到，谢谢",
    "有没有优惠券", "团购还能参加吗",
    "孩子刚上幼儿园", "my dog loves this food", "is there a discount code", "great quality, will buy again",
    "when does it ship?", "周末去露营有人一起吗", "这个用着过敏了", "已下单", "太贵了",
    "退货怎么处理", "回购第三次了", "推荐给朋友了",
)  # fmt: skip


def pick(values: tuple[str, ...], number: str) -> str:
    """SQL: one of these texts by a number."""
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return f"[{listed}][CAST(1 + ({number}) % {len(values)} AS BIGINT)]"


def kind_sql(number: str) -> str:
    """SQL: a kind by its share, from a number below 10,000."""
    branches, upto = "", 0
    for name, share in KINDS:
        upto += share
        branches += f" WHEN {number} < {upto} THEN '{name}'"
    return f"CASE{branches} END"


def events_sql(*, first: int, rows: int, people: int) -> str:
    """Events number `first` to `first + rows`. Activity is skewed: a tenth of the people do about a third of it."""
    assert sum(share for _, share in KINDS) == 10_000
    seconds = DAYS * 86_400
    return f"""
    WITH numbered AS (
        SELECT i, hash(i, 1) AS h1, hash(i, 2) AS h2, hash(i, 3) AS h3, hash(i, 4) AS h4
        FROM range({first}, {first + rows}) AS t(i)
    ), drawn AS (
        SELECT i, h1, h2, h3, h4,
            CAST(floor({people} * pow((h1 % 1000003) / 1000003.0, 1.6)) AS BIGINT) AS person,
            CAST(h3 % {people} AS BIGINT) AS other,
            {kind_sql("h2 % 10000")} AS kind,
            -- evenings are busier than mornings
            CAST((h4 % {DAYS}) * 86400
                + (8 + sqrt((h4 // 1000) % 4096 / 4096.0) * 15) * 3600 + h4 % 3571 AS BIGINT) AS second
        FROM numbered
    ), shaped AS (
        SELECT *, CASE WHEN i < {people} THEN i ELSE person END AS who,
            CASE WHEN i < {people} THEN 'identify' ELSE kind END AS k
        FROM drawn
    )
    SELECT 'bench:' || i AS id,
        TIMESTAMPTZ '{AS_OF - timedelta(days=DAYS):%Y-%m-%d} 00:00:00+00'
            + to_seconds(CAST(least(second - 28800, {seconds - 1}) AS BIGINT)) AS "at",
        TIMESTAMPTZ '{AS_OF:%Y-%m-%d} 00:00:00+00' AS received_at,
        k AS kind,
        CASE WHEN k IN ('order', 'refund', 'checkout') THEN 'shopify_orders'
             WHEN k IN ('message', 'reply') THEN 'wechat'
             ELSE 'web' END AS source,
        CASE WHEN k IN ('sent', 'tag') THEN 'wecom_user:staff' || h4 % 20
             WHEN k = 'identify' OR k = 'alias' OR h3 % 3 > 0 THEN 'user:' || who
             ELSE 'anon:' || md5(CAST(who // 2 * 2 AS VARCHAR)) END AS actor_key,
        CASE WHEN k = 'alias' THEN 'anon:' || md5(CAST(who // 2 * 2 AS VARCHAR))
             WHEN k IN ('reply', 'reaction', 'mention', 'invite', 'arrive', 'sent', 'tag')
             THEN 'user:' || other END AS target_key,
        CASE WHEN k IN ('message', 'reply', 'reaction', 'mention', 'join', 'leave', 'invite')
             THEN 'group:wechat/' || who % 997 END
            AS group_key,
        CASE WHEN k IN ('view', 'click', 'cart', 'collect', 'checkout', 'order', 'refund', 'review', 'share', 'arrive')
             THEN 'item:' || (h3 // 7) % 5000 END AS object_key,
        CASE WHEN k IN ('order', 'refund') THEN 'bench:order/' || who || '/' || h4 % {DAYS} // 20 END AS parent_id,
        CASE WHEN h4 % 50 = 0 THEN 'campaign-' || h4 % 7 END AS campaign,
        CASE WHEN k IN ('message', 'reply', 'reaction') THEN 'wechat'
             WHEN k = 'sent' THEN 'email' WHEN h3 % 5 = 0 THEN 'miniapp'
             ELSE 'web' END AS channel,
        CASE WHEN k IN ('view', 'click', 'cart', 'collect', 'checkout', 'order', 'share', 'review')
             THEN {pick(CATEGORIES, "(h3 // 7) % 5000 + who // 3 * 2")} END AS category,
        CASE WHEN k IN ('order', 'checkout') THEN CAST(1 + h4 % 50000 / 100.0 AS DECIMAL(18, 4))
             WHEN k = 'refund' THEN CAST(1 + h4 % 5000 / 100.0 AS DECIMAL(18, 4)) END AS value,
        CASE WHEN k IN ('order', 'checkout', 'refund')
             THEN CASE WHEN who % 50 = 0 THEN 'USD' ELSE 'CNY' END END AS currency,
        CASE WHEN k IN ('message', 'reply', 'review')
             THEN {pick(PHRASES, "h3 // 11")} || ' ' || {pick(PHRASES, "h4 // 13")} END
            AS text,
        CASE WHEN k = 'identify' THEN '{{"city":"' || {pick(("上海", "杭州", "北京", "成都", "London"), "h3")}
                || '","gender":"' || {pick(("female", "male", "男"), "h4")}
                || '","name":"name ' || who || '","level":' || h4 % 5 || '}}'
             WHEN k = 'alias' THEN '{{"how":"trait anonymous_id","verified":false}}'
             WHEN k = 'order' THEN '{{"price":' || 1 + h4 % 60000 / 100.0 || ',"quantity":1,"title":"goods"}}'
             WHEN k = 'refund' AND h4 % 2 = 0 THEN '{{"cumulative":true}}'
             WHEN k = 'consent' THEN '{{"channel":"email","granted":'
                || CASE WHEN h3 % 4 > 0 THEN 'true' ELSE 'false' END
                || ',"purpose":"marketing"}}'
             WHEN k = 'tag' THEN '{{"tag":"VIP"}}' END AS props
    FROM shaped
    ORDER BY actor_key, "at"
    """


def generate(folder: Path, *, events: int, people: int) -> list[str]:
    """Write the log's files; files that are there already are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number, first in enumerate(range(0, events, FILE_ROWS)):
        rows = min(FILE_ROWS, events - first)
        file = folder / f"events-{events}-{people}-{number}.parquet"
        if not file.exists():
            draft = file.with_suffix(".draft")
            with DuckDB(memory_mb=3000) as engine:
                query = events_sql(first=first, rows=rows, people=people)
                how = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP}"
                engine.run(f"COPY ({query}) TO '{draft}' ({how})")
            draft.rename(file)
        files.append(str(file))
    return files


def build(table: Table, inputs: dict[str, list[str]], folder: Path, memory_mb: int) -> None:
    """Build one table as `lianyi refresh` does (in the calling process)."""
    from lianyi.insight.people.tags import shipped_rules

    with DuckDB(memory_mb=memory_mb) as engine:
        for name in table.inputs:
            engine.register(name, inputs[name])
        settings = Settings(memory_mb=memory_mb)
        one = Build(engine=engine, as_of=AS_OF, settings=settings, parameters={"tags": shipped_rules()})
        parts = table.build(one)
        for part, sql in enumerate([parts] if isinstance(parts, str) else parts):
            engine.run(table.sorted(sql), into="result", path=folder / table.name, part=part, row_group=table.row_group)


def measured(name: str, inputs: dict[str, list[str]], folder: Path, memory_mb: int, build: Builder) -> Cost:
    """What one build costs in a process of its own."""
    spawn = multiprocessing.get_context("spawn")
    reader, writer = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_measure, args=(writer, name, inputs, folder, memory_mb, build))
    process.start()
    writer.close()
    try:
        cost: Cost = reader.recv()
    except EOFError:
        raise SystemExit(f"building {name} failed; see above") from None
    finally:
        process.join()
    return cost


def _measure(
    writer: Connection, name: str, inputs: dict[str, list[str]], folder: Path, memory_mb: int, build: Builder
) -> None:
    start = time.perf_counter()
    build(catalogue()[name], inputs, folder, memory_mb)
    seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    writer.send((seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 2**20))


def measure_all(
    names: Iterable[str], inputs: dict[str, list[str]], place: Path, memory_mb: int, build: Builder
) -> None:
    """Build these tables anew one after the other, each an input of the next; print a line for each and the sum beside
    one bare pass."""
    total, busy, peak = 0.0, 0.0, 0.0
    for name in names:
        shutil.rmtree(place / name, ignore_errors=True)
        seconds, processor, gigabytes = measured(name, inputs, place, memory_mb, build)
        inputs[name] = files(place / name)
        rows = sum(pq.ParquetFile(file).metadata.num_rows for file in inputs[name])
        total, busy, peak = total + seconds, busy + processor, max(peak, gigabytes)
        print(f"{name:20} {rows:>12,} rows {seconds:8.1f} s {processor:8.1f} cpu s {gigabytes:6.2f} GB", flush=True)
    bound = lower_bound(inputs, memory_mb)
    sums = f"{'all':20} {'':17} {total:8.1f} s {busy:8.1f} cpu s {peak:6.2f} GB"
    print(f"{sums} = {total / bound:.1f} x one bare pass ({bound:.1f} s)")


def files(folder: Path) -> list[str]:
    """The part files of a table."""
    return sorted(str(file) for file in folder.glob("part-*.parquet"))


def lower_bound(inputs: dict[str, list[str]], memory_mb: int) -> float:
    """Seconds of one pass that counts events by person and kind."""
    start = time.perf_counter()
    with DuckDB(memory_mb=memory_mb) as engine:
        engine.register("events", inputs["events"])
        engine.register("keys", inputs["keys"])
        engine.table(
            "SELECT count(*) AS n, sum(c) AS s FROM (SELECT person_id, kind, count(*) AS c FROM events "
            "JOIN keys ON actor_key = key GROUP BY person_id, kind)"
        )
    return time.perf_counter() - start


def main() -> None:
    """Generate, build, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--events", type=int, default=50_000_000)
    parser.add_argument("--people", type=int, default=2_000_000)
    parser.add_argument("--memory-mb", type=int, default=4096)
    parser.add_argument("--tables", default="", help="only these, separated by commas (their inputs must be there)")
    options = parser.parse_args()
    start = time.perf_counter()
    inputs = {EVENTS: generate(options.folder, events=options.events, people=options.people)}
    print(f"generated {options.events:,} events in {time.perf_counter() - start:.1f} s", flush=True)
    only = set(filter(None, options.tables.split(",")))
    place = options.folder / f"tables-{options.events}-{options.people}"
    inputs |= {name: files(place / name) for name in catalogue() if only and name not in only}
    names = [name for name in catalogue() if not only or name in only]
    measure_all(names, inputs, place, options.memory_mb, build)


if __name__ == "__main__":
    main()
