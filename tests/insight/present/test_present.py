"""The present, with events laid over the tables, answers as the tables do once they know these events."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from lianyi.insight.conditions import parse
from lianyi.memory.events import Event
from lianyi.memory.lake import held
from lianyi.presence import _lock
from lianyi.settings import Settings
from lianyi.workspace import Workspace
from tests.insight.crowd import crowd
from tests.insight.log import AS_OF

# Columns that follow events at once, events in windows, one thing after another, ties, tags by hand, consents.
FOLLOWS = (
    "orders >= 1",
    "orders >= 2 and net_spend > 5",
    "gross_spend > 10",
    "refunds > 0",
    "monetary < 6",
    "order_days >= 2",
    "events >= 6",
    "days_active >= 3",
    "days_since(last_order) <= 10",
    "recency_days <= 20",
    "days_since(first_order) > 20",
    "days_since(last_seen) < 3",
    "days_since(first_seen) > 30",
    "days_since(last_active) <= 4",
    "days_since(first_active) > 9",
    '"dog" in channels',
    '"母婴" in groups',
    "group_count >= 2",
    'city ~ "dog"',
    'attr("dog") = "甲"',
    'consents("a", "sms")',
    'consents("b") and not consents("a")',
    "count(order, within 14 days) >= 1",
    'count(*, category ~ "母婴", older than 1 week) > 2',
    "any(view|cart, then(message|order|reply, within 20 days))",
    "any(order, then_no(refund, within 5 days))",
    'says("dog", "敏感肌")',
    "distinct(received reply.other) >= 1",
    "sum(order.value, within 30 days) > 3",
    'has_tag("vip")',
)


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A brand whose tables know half of what happened: the other half came after the refresh."""
    moment = [AS_OF - timedelta(days=1)]
    folder = tmp_path_factory.mktemp("present") / "brand"
    ws = Workspace.create(folder, Settings(memory_mb=1024, threads=1), clock=lambda: moment[0])
    events, _keys = crowd(7, people=200)
    # one key each: what becomes one person only with a refresh is another matter
    events = [_alone(event) for event in events if event.at < AS_OF - timedelta(days=1)]
    events += [_tag(f"user:{n}", f"tag{n}", n, remove=n % 3 == 0) for n in range(12)]
    half = sorted(events, key=lambda event: (event.at, event.id))
    cut = len(half) // 2
    ws.record(half[:cut])
    ws.refresh()
    moment[0] = AS_OF
    for part in (half[cut : cut + 40], half[cut + 40 :]):
        ws.record(part)
        ws.present()
    return ws


def _alone(event: Event) -> Event:
    import msgspec

    def plain(key: str | None) -> str | None:
        return key and f"user:{key.split(':')[1]}"

    return msgspec.structs.replace(event, actor_key=plain(event.actor_key), target_key=plain(event.target_key))


def _tag(key: str, number: str, days: int, *, remove: bool) -> Event:
    at = AS_OF - timedelta(days=days + 1, hours=1)
    props = {"tag": "vip", **({"remove": True} if remove else {})}
    return Event(
        id=f"x{number}", at=at, kind="tag", source="operator", actor_key="staff:1", target_key=key, props=props
    )


def everybody(ws: Workspace, now: datetime) -> dict[str, list[str]]:
    present = ws.present(now)
    return {line: present.chosen(parse(line), now).to_pylist() for line in FOLLOWS}


def test_what_came_after_the_tables_counts_as_if_they_knew_it(ws: Workspace, tmp_path: Path) -> None:
    laid_over = everybody(ws, AS_OF)
    assert ws.present(AS_OF).newcomers() > 0
    touched = ws.stale()
    ws.refresh(as_of=AS_OF)
    known = everybody(ws, AS_OF)
    assert touched
    assert not ws.stale()
    for line in FOLLOWS:
        assert laid_over[line] == known[line], line
        assert known[line], f"{line}: nobody"


def test_some_are_told_what_everybody_is_told(ws: Workspace) -> None:
    present = ws.present(AS_OF)
    ids = present.query("SELECT id FROM people ORDER BY id")["id"].combine_chunks()
    some = present.numbers(ids.take(pa.array(random.Random(1).sample(range(len(ids)), 15))))
    trees = [parse(line) for line in FOLLOWS]
    rows = present.tested(trees, AS_OF, some).to_pylist()
    for number, tree in enumerate(trees):
        whole = set(present.chosen(tree, AS_OF).to_pylist())
        assert {row["id"] for row in rows if row[f"t{number}"]} == whole & {row["id"] for row in rows}


@pytest.mark.parametrize("line", [*FOLLOWS, "days_since(last_order) > cycle_days", "days_since(last(view)) > 9.5",
                                  'tied(to(count(order, within 14 days) >= 1))'])  # fmt: skip
def test_whom_time_alone_moves_is_told_ahead(ws: Workspace, line: str) -> None:
    """Between two moments without any event, only people named ahead enter or leave."""
    tree, present = parse(line), ws.present(AS_OF)
    for start, span in ((0, timedelta(hours=1)), (1, timedelta(hours=13)), (40, timedelta(days=3))):
        after = AS_OF + timedelta(hours=start)
        until = after + span
        told = present.turns(tree, after, until)
        before, later = (set(present.chosen(tree, moment).to_pylist()) for moment in (after, until))
        named = pa.array(told.people, pa.int32())
        ids = set(
            present.query("SELECT id, person_id FROM people")
            .to_pandas()
            .set_index("person_id")["id"]
            .reindex(named.to_pylist())
        )
        assert not told.everybody
        assert before ^ later <= ids, line


def test_a_refresh_makes_the_copy_anew_and_until_then_the_old_one_answers(tmp_path: Path) -> None:
    moment = [AS_OF - timedelta(days=1)]
    brand = Workspace.create(tmp_path / "brand", Settings(memory_mb=1024, threads=1), clock=lambda: moment[0])

    def order(number: int) -> Event:
        return Event(id=f"o{number}", at=moment[0], kind="order", source="shop", actor_key=f"user:{number}")

    def count() -> int:
        return brand.present().count(parse("orders >= 1"), moment[0])

    brand.record([order(1)])
    brand.refresh()
    assert not (brand.folder / "cache/present").exists(), "nobody has asked"
    assert count() == 1
    first = brand.present_of()
    moment[0] = AS_OF
    brand.record([order(2)])
    told: list[str] = []
    brand.refresh(progress=lambda step: told.append(step.table))
    assert told[-1] == "present"
    assert brand.present_of() != first
    assert (brand.folder / "cache/present" / brand.present_of()).exists(), "it was made with the tables"
    assert brand.present().newcomers() == 0
    second = brand.present_of()
    (brand.folder / "cache/present" / second).unlink()
    with held(_lock(brand.folder), wait=0):  # as if a refresh were about to make it
        assert brand.present_of() == first
        assert count() == 2
        assert brand.present().newcomers() == 1, "whom the tables of that copy do not know"
    assert brand.present_of() == second
    assert count() == 2


def test_who_has_no_copy_to_answer_with_does_not_wait_for_another_to_be_made(tmp_path: Path) -> None:
    brand = Workspace.create(tmp_path / "brand", Settings(memory_mb=1024, threads=1), clock=lambda: AS_OF)
    brand.record([Event(id="o1", at=AS_OF, kind="order", source="shop", actor_key="user:1")])
    brand.refresh()
    with held(_lock(brand.folder), wait=0):  # a refresh that goes on; an erasure has cleared all copies
        assert brand.present().count(parse("orders >= 1"), AS_OF) == 1
