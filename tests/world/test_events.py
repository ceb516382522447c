"""The events of a world: the same for the same seed, valid, and lawful among themselves."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.world.seen import Seen, day_of, micros

from lianyi import world
from lianyi.errors import InputError
from lianyi.memory.events import KINDS, SCHEMA, Event, check
from lianyi.memory.identify import identify_events
from lianyi.memory.keys import make_key

TINY = world.WorldSettings(people=300, seed=3, days=45)


def as_bytes(tables: list[pa.Table]) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, SCHEMA) as writer:
        for table in tables:
            writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def test_the_same_seed_gives_identical_bytes() -> None:
    assert as_bytes(list(world.events(TINY))) == as_bytes(list(world.events(TINY)))


def test_another_seed_gives_another_world() -> None:
    other = world.WorldSettings(people=300, seed=4, days=45)
    assert pa.concat_tables(world.events(TINY)) != pa.concat_tables(world.events(other))


@pytest.mark.parametrize("size", [1, 97, 4096, 10_000_000])
def test_the_size_of_batches_changes_nothing_but_their_size(size: int) -> None:
    tables = list(world.events(world.WorldSettings(people=300, seed=3, days=45, batch_rows=size)))
    assert pa.concat_tables(tables) == pa.concat_tables(world.events(TINY))
    assert all(table.num_rows == size for table in tables[:-1])


def test_a_shorter_world_is_not_needed_to_be_the_beginning_of_a_longer_one_but_ends_on_time() -> None:
    as_of = datetime(2026, 3, 5, 22, 0, tzinfo=UTC)  # already the 6th in Shanghai
    settings = world.WorldSettings.ending(as_of, people=300, days=30)
    table = pa.concat_tables(world.events(settings))
    assert settings.start == date(2026, 2, 4)
    assert settings.end == datetime(2026, 3, 5, 16, 0, tzinfo=UTC)
    assert pc.max(table["at"]).as_py() < settings.end
    assert pc.min(table["at"]).as_py() >= datetime(2026, 2, 3, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [("people", 10), ("people", 10**9), ("days", 0), ("activity", 0.0), ("batch_rows", 0), ("brand", "nike")],
)
def test_settings_out_of_range_are_refused_with_their_value(field: str, value: object) -> None:
    with pytest.raises(InputError, match=str(value)):
        world.WorldSettings(**{field: value})  # type: ignore[arg-type]


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(InputError, match="time zone"):
        world.WorldSettings.ending(datetime(2026, 1, 1), people=300)  # noqa: DTZ001


def test_every_event_keeps_the_rules_of_the_vocabulary(seen: Seen) -> None:
    assert seen.events.schema == SCHEMA
    now = seen.settings.end
    for row in seen.events.drop_columns(["received_at"]).to_pylist():
        row["props"] = json.loads(row["props"]) if row["props"] else None
        check(Event(**row), now=now)
        assert row["kind"] in KINDS


def test_no_id_comes_twice_and_time_never_runs_back(seen: Seen) -> None:
    assert pc.count_distinct(seen.events["id"]).as_py() == seen.events.num_rows
    assert (np.diff(micros(seen.events)) >= 0).all()
    assert (seen.events["received_at"].cast(pa.int64()).to_numpy() > micros(seen.events)).all()


def test_props_are_in_the_canonical_form(seen: Seen) -> None:
    for text in seen.events["props"].drop_null().to_pylist()[::7]:
        props = json.loads(text)
        assert list(props) == sorted(props)
        assert text == json.dumps(props, ensure_ascii=False, separators=(",", ":"))


def test_replies_reactions_and_mentions_follow_what_they_belong_to(seen: Seen) -> None:
    group = dict(zip(seen.events["id"].to_pylist(), seen.events["group_key"].to_pylist(), strict=True))
    author = dict(zip(seen.events["id"].to_pylist(), seen.events["actor_key"].to_pylist(), strict=True))
    rows = seen.kind("reply", "reaction", "mention").to_pylist()
    assert len(rows) > 10_000
    for row in rows:
        assert seen.at[row["parent_id"]] <= seen.at[row["id"]]
        assert group[row["parent_id"]] == row["group_key"]
        expected = row["actor_key"] if row["kind"] == "mention" else row["target_key"]
        assert author[row["parent_id"]] == expected


def test_arrivals_come_after_the_share_they_name(seen: Seen) -> None:
    sharer = dict(zip(seen.kind("share")["id"].to_pylist(), seen.kind("share")["actor_key"].to_pylist(), strict=True))
    rows = seen.kind("arrive").to_pylist()
    shown = [row for row in rows if row["parent_id"]]
    assert 0.75 < len(shown) / len(rows) < 0.95
    for row in shown:
        assert seen.at[row["parent_id"]] < seen.at[row["id"]]
        assert sharer[row["parent_id"]] == row["target_key"]


def test_orders_are_seen_before_and_refunds_give_back_no_more_than_was_paid(seen: Seen) -> None:
    paid = {row["id"]: row for row in seen.kind("order").to_pylist()}
    refunds = seen.kind("refund").to_pylist()
    assert len(refunds) > 100
    for row in refunds:
        line = paid[row["id"].partition("/refund/")[0]]
        assert 0 < row["value"] <= line["value"]
        assert row["parent_id"] == line["parent_id"]
        assert row["object_key"] == line["object_key"]
        assert row["actor_key"] == line["actor_key"]
        assert seen.at[line["id"]] < seen.at[row["id"]]


def test_order_lines_cost_price_times_quantity_and_everybody_pays_the_same_price(seen: Seen) -> None:
    prices: dict[str, set[str]] = {}
    for row in seen.kind("order").to_pylist():
        props = json.loads(row["props"])
        assert float(row["value"]) == pytest.approx(props["price"] * props["quantity"])
        prices.setdefault(row["object_key"], set()).add(str(props["price"]))
    assert all(len(found) == 1 for found in prices.values())
    assert len(prices) == 36


def test_unpaid_orders_are_closed_and_never_paid(seen: Seen) -> None:
    placed = {text.removesuffix("/placed") for text in seen.kind("checkout")["id"].to_pylist()}
    closed = {text.removesuffix("/closed") for text in seen.kind("cancel")["id"].to_pylist()}
    assert closed <= placed
    assert len(placed - closed) < 5  # those of the last half hour
    assert not placed & set(seen.kind("order")["parent_id"].to_pylist())


def test_who_speaks_in_a_room_has_joined_it(seen: Seen) -> None:
    joined: dict[tuple[str, str], int] = {}
    for row in seen.kind("join").to_pylist():
        joined.setdefault((row["group_key"], row["actor_key"]), seen.at[row["id"]])
    for row in seen.kind("message", "reply").to_pylist():
        assert joined[row["group_key"], row["actor_key"]] <= seen.at[row["id"]]


def test_wecom_never_tells_which_customer_invited_whom(seen: Seen) -> None:
    invites = seen.kind("invite").to_pylist()
    on_wecom = [row for row in invites if row["source"] == "wecom"]
    assert on_wecom
    assert all(row["actor_key"].startswith("wecom_user:") for row in on_wecom)
    assert any(row["source"] == "wechat" and row["actor_key"].startswith("wechat:") for row in invites)


def test_identify_and_alias_are_those_that_memory_would_make(seen: Seen) -> None:
    aliases: dict[str, list[tuple[str, str, str]]] = {}
    for row in seen.kind("alias").to_pylist():
        head = row["id"].partition("/alias/")[0]
        aliases.setdefault(head, []).append((row["id"], row["target_key"], row["props"]))
    told = seen.kind("identify").to_pylist()
    for row in told:
        traits = json.loads(row["props"])
        theirs = aliases.get(row["id"], [])
        verified = {json.loads(p)["how"].removeprefix("trait ") for _, _, p in theirs if json.loads(p)["verified"]}
        made = identify_events(
            id=row["id"],
            at=row["at"],
            source=row["source"],
            actor_key=row["actor_key"],
            traits=traits,
            verified=verified,
        )
        assert made[0].props == traits
        expected = {(event.id, event.target_key, json.dumps(event.props, separators=(",", ":"))) for event in made[1:]}
        assert set(theirs) == expected
    assert len(told) > 5000
    assert any("****" in json.loads(row["props"]).get("phone", "") for row in told)


def test_sent_messages_end_in_one_way_each(seen: Seen) -> None:
    sent = set(seen.kind("sent")["id"].to_pylist())
    outcome = Counter(row["parent_id"] for row in seen.kind("delivered", "bounced").to_pylist())
    assert set(outcome) <= sent
    assert max(outcome.values()) == 1
    delivered = set(seen.kind("delivered")["parent_id"].to_pylist())
    assert set(seen.kind("opened", "complained")["parent_id"].to_pylist()) <= delivered


def test_languages_are_mixed_and_most_is_chinese(seen: Seen) -> None:
    texts = seen.kind("message", "reply")["text"]
    chinese = pc.match_substring_regex(texts, r"\p{Han}")
    share = pc.mean(chinese.cast(pa.float64())).as_py()
    assert 0.8 < share < 0.98
    assert pc.count_distinct(texts).as_py() > 0.15 * len(texts)


def test_nothing_is_left_open_in_a_sentence(seen: Seen) -> None:
    texts = seen.events["text"].drop_null()
    assert not pc.any(pc.match_substring_regex(texts, r"[{}]|#n#")).as_py()


def test_nobody_real_can_be_reached(seen: Seen) -> None:
    keys = [key for name in ("actor_key", "target_key") for key in seen.events[name].drop_null().unique().to_pylist()]
    phones = [key for key in keys if key.startswith("phone:")]
    mails = [key for key in keys if key.startswith("email:")]
    assert phones
    assert all(key.startswith("phone:86154") for key in phones)
    assert mails
    assert all(key.endswith(("example.com", "example.org", "example.net")) for key in mails)
    assert all(make_key(*key.split(":", 1)) == key for key in keys)


def test_days_have_a_rhythm(seen: Seen) -> None:
    hour = (micros(seen.kind("message")) // 3_600_000_000 + 8) % 24
    counts = np.bincount(hour, minlength=24)
    assert counts[20:22].min() > 6 * counts[2:5].max()
    assert len(np.unique(day_of(seen, seen.events))) == seen.settings.days


def test_the_folder_imports_no_engine_and_no_clock() -> None:
    for path in Path(world.__file__).parent.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "datetime.now" not in text
        assert "import duckdb" not in text
