"""Audiences at a million people: a count while a condition is edited, a full build, and how fresh members are.

    python benchmarks/people_50m.py --folder DIR --events 25000000 --people 1000000     # makes log and tables first
    python benchmarks/audiences.py --folder DIR --events 25000000 --people 1000000 [--seconds 30]

The condition has six parts, among them a tie to somebody who fulfils a condition, and a community. Memberships are
drawn where people_50m.py made none (one or two communities of 500 a person). Beside the count stands a bare bound of
the same run: one DuckDB query over the tables' own Parquet files that reads the same columns and joins nothing. For
freshness, a thread lands 1,000 events a second while the round follows the log with five live
audiences; what is told is how long after its landing an event's person had entered the audience.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pages
from people_50m import AS_OF

from lianyi.insight.conditions import parse
from lianyi.insight.store import State
from lianyi.memory.duckdb import DuckDB
from lianyi.memory.events import Event
from lianyi.workspace import Workspace

PARTS = (
    "orders >= 1",
    "days_since(last_seen) <= 120",
    '(city in ("上海", "杭州", "北京") or has_tag("buyer"))',
    "count(view|cart, within 90 days) >= 1",
    'tied(to(any(order, category ~ "母婴", within 360 days)))',
    'member(community in ("c1", "c2", "c3", "c4"), role != "lurker")',
)
CONDITION = " and ".join(PARTS)
LIVE = (
    "orders >= 1 and any(order, within 1 day)",
    "count(view|cart, within 30 days) >= 1",
    'tied(to(any(order, within 1 day))) or has_tag("VIP")',
    "net_spend > 300 and days_since(last_order) <= 30",
    "any(cart, then_no(order, within 3 days), within 30 days)",
)
COMMUNITIES = 500
MEMBERS = f"""
SELECT 'c' || number AS community_id, person_id, NULL AS name, 1.0 AS weight, 'ties' AS how,
    ['core', 'bridge', 'lurker', 'buyer', 'member'][CAST(1 + hash(person_id, number) % 5 AS BIGINT)] AS role,
    FALSE AS fresh,
    CAST(1 AS BIGINT) AS ties, 1.0 AS tie_weight, CAST(hash(person_id) % 9 AS BIGINT) AS said,
    CAST(0 AS BIGINT) AS started, CAST(0 AS BIGINT) AS answers, CAST(0 AS BIGINT) AS partners,
    CAST(0 AS BIGINT) AS orders, CAST(1 AS BIGINT) AS communities, CAST(1 AS BIGINT) AS standing,
    '' AS evidence_en, '' AS evidence_zh
FROM (
    SELECT person_id, unnest([hash(person_id, 1) % {COMMUNITIES}, hash(person_id, 2) % {2 * COMMUNITIES}]) AS number
    FROM people
) AS m WHERE number < {COMMUNITIES}
"""
NAMES = (
    "SELECT 'c' || n AS community_id, CAST(1 AS INTEGER) AS height, 'Community ' || n AS name_en, "
    "'社群' || n AS name_zh "
    f"FROM range({COMMUNITIES}) AS t(n)"
)


def with_communities(ws: Workspace) -> None:
    """Draw memberships where there are none."""
    if "memberships" in ws.states():
        return
    made = {}
    with DuckDB(memory_mb=3000) as engine:
        engine.register("people", ws.store.files(ws.states()["people"]))
        for name, sql in (("memberships", MEMBERS), ("communities", NAMES)):
            place = ws.store.path(name, "bench")
            shutil.rmtree(place, ignore_errors=True)
            engine.run(sql, into="made", path=place)
            rows = engine.table("SELECT count(*) AS n FROM made")["n"][0].as_py()
            made[name] = State(name=name, version="bench", rows=rows, as_of=AS_OF, lake_version=ws.lake.version(),
                               seconds=0, size=0, sql="")  # fmt: skip
    ws.store.switch(made)


def bare(ws: Workspace) -> float:
    """Seconds of the least that reads the same columns: no join, no condition."""
    files = {name: ws.store.files(ws.states()[name]) for name in ("people", "person_ties", "memberships")}
    began = time.perf_counter()
    with DuckDB(memory_mb=3000) as engine:
        for name, listed in files.items():
            engine.register(name, listed)
        engine.register("events", ws.lake.files())
        engine.table(
            "SELECT (SELECT count(orders) + count(last_seen) + count(city) + sum(len(tags)) FROM people) "
            "+ (SELECT count(person_id) + count(other_id) FROM person_ties) "
            "+ (SELECT count(person_id) + count(role) + count(community_id) FROM memberships) "
            '+ (SELECT count(actor_key) + count(category) + count("at") FROM events '
            "WHERE kind IN ('order', 'view', 'cart')) AS n"
        )
    return time.perf_counter() - began


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Seconds, and what it gave."""
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def counts(ws: Workspace, now: datetime) -> float:
    """Each part, then all six, again and again as an editor does; returns the median of all six."""
    present = ws.present(now)
    for part in PARTS:
        present.count(parse(part), now)
        took, found = timed(lambda part=part: present.count(parse(part), now))  # type: ignore[misc]
        print(f"  {took * 1000:7.0f} ms  {found:>9,}  {part}", flush=True)
    all_six = [timed(lambda: present.count(parse(CONDITION), now)) for _ in range(9)]
    times = sorted(took for took, _ in all_six)
    print(
        f"  {statistics.median(times) * 1000:7.0f} ms  {all_six[0][1]:>9,}  all six; "
        f"the slowest {times[-1] * 1000:.0f} ms"
    )
    return statistics.median(times)


def builds(ws: Workspace, now: datetime) -> None:
    """The whole audience as a file of ids, and everybody as one."""
    from lianyi.action.audiences import counting, defining, members

    for name, condition in (("Six", CONDITION), ("Everybody", "events >= 0")):
        audience = defining.define(ws, f"{name} {time.time_ns()}", condition, by="bench", now=now)
        took, _ = timed(lambda audience=audience: counting.recount(ws, audience, now))  # type: ignore[misc]
        size = sum(path.stat().st_size for path in members.folder_of(ws.folder, audience.pk).iterdir())
        print(f"full build of {name}: {took:.2f} s, {audience.count:,} people, {size / 1e6:.1f} MB", flush=True)
        defining.remove(ws, audience)


def freshness(ws: Workspace, clock: Callable[[], datetime], *, seconds: int, people: int) -> None:
    """Land 1,000 events a second, of which 50 are first orders within a day, and follow."""
    from lianyi.action.audiences import defining
    from lianyi.action.audiences.following import AudienceRound
    from lianyi.action.audiences.models import Audience, Change, Following

    Audience.objects.all().delete()
    Following.objects.all().delete()
    kept = [defining.define(ws, f"Live {number}", line, by="bench", now=clock()) for number, line in enumerate(LIVE)]
    one = AudienceRound(folder=ws.folder)
    took, _ = timed(lambda: one.work(ws, clock(), lambda: False))
    print(
        f"five audiences counted in full: {took:.1f} s; {[Audience.objects.get(pk=a.pk).count for a in kept]}",
        flush=True,
    )
    landed: dict[int, datetime] = {}
    stop = threading.Event()

    def land() -> None:
        for second in range(seconds):
            began = time.monotonic()
            ws.record(_events(second, clock(), people))
            landed[second] = clock()
            stop.wait(max(0.0, 1 - (time.monotonic() - began)))
        stop.set()

    thread = threading.Thread(target=land)
    thread.start()
    seen: dict[int, float] = {}
    steps: list[float] = []
    while not stop.is_set() or one.due(clock()):
        if not one.due(clock()):
            time.sleep(0.05)
            continue
        version = ws.lake.version()
        took, _ = timed(lambda: one.work(ws, clock(), lambda: False))
        steps.append(took)
        for second, moment in dict(landed).items():
            if second not in seen and version >= 0 and moment <= clock() - timedelta(seconds=took):
                seen[second] = (clock() - moment).total_seconds()
    thread.join()
    entered = Change.objects.filter(audience=kept[0], entered=True, why="event").count()
    delays = sorted(seen.values())
    print(
        f"{seconds * 1000:,} events at 1,000 a second, five audiences: a person is in "
        f"{statistics.median(delays):.1f} s after the landing (median), at most {delays[-1]:.1f} s; "
        f"{len(steps)} steps of {statistics.median(steps):.2f} s; "
        f"{entered:,} buyers of today entered, {Change.objects.count():,} changes in all",
        flush=True,
    )


def _events(second: int, now: datetime, people: int) -> list[Event]:
    """One second's events: mostly views of anybody, 50 orders."""
    made = []
    for number in range(1000):
        who = (second * 7919 + number * 104_729) % people
        kind = "order" if number < 50 else "cart" if number < 100 else "view"
        money = {"value": Decimal(120), "currency": "CNY"} if kind == "order" else {}
        made.append(Event(id=f"live:{now.timestamp()}:{number}", at=now, kind=kind, source="web", category="母婴",
                          actor_key=f"user:{who}", channel="web", **money))  # type: ignore[arg-type]  # fmt: skip
    return made


def main() -> None:
    """Set up, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--events", type=int, default=25_000_000)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=30)
    options = parser.parse_args()
    ws = pages.workspace(options.folder.absolute(), events=options.events, people=options.people)
    with_communities(ws)
    began = time.time()

    def clock() -> datetime:
        return AS_OF + timedelta(hours=1, seconds=time.time() - began)

    ws.clock = clock
    from lianyi.doors.console.start import prepare

    prepare(ws.folder)
    took, _present = timed(lambda: ws.present(clock()))
    size = sum(path.stat().st_size for path in (ws.folder / "cache/present").glob("*.duckdb")) / 1e6
    rows = {name: ws.states()[name].rows for name in ("people", "person_ties", "memberships")}
    print(
        f"{options.events:,} events, {rows}; compact copy opened (made where missing) in {took:.1f} s, {size:.0f} MB",
        flush=True,
    )
    middle = counts(ws, clock())
    bound = min(bare(ws) for _ in range(3))
    print(
        f"count {middle:.2f} s = {middle / bound:.2f} x one bare read of the same columns from Parquet ({bound:.2f} s)",
        flush=True,
    )
    builds(ws, clock())
    freshness(ws, clock, seconds=options.seconds, people=options.people)


if __name__ == "__main__":
    main()
