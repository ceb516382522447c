"""Stages as a state machine: the way of a person by hand, dropping out and coming back, what moved them, own rules."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.errors import BadRule
from lianyi.insight.value import parameters
from lianyi.insight.value.stages.rules import FILE, LAPSED, parse_stages, shipped, shipped_text
from lianyi.memory.events import Event
from tests.insight.log import AS_OF, Log, build

NAMES = ("stage_moves", "stages", "stage_ways", "stage_movers")


def way(log: Log, **options: Any) -> list[tuple[Any, ...]]:
    """The moves of p1."""
    rows = log.build(*NAMES, **options)["stage_moves"]
    return [(row["move"], row["from_stage"], row["to_stage"], row["day"]) for row in rows if row["person_id"] == "p1"]


def test_a_person_goes_the_way_step_by_step() -> None:
    log = Log()
    log.add("view", when="2026-03-01 10:00")
    log.add("view", when="2026-03-03 10:00")
    log.add("cart", when="2026-03-04 10:00")
    log.add("view", when="2026-03-05 10:00")  # too soon to be memory
    log.add("view", when="2026-03-10 10:00")
    log.add("share", when="2026-03-11 10:00")  # recommending without having bought is no advocacy
    log.add("order", when="2026-03-12 10:00", value="10")
    log.add("order", when="2026-03-12 18:00", value="10")  # the same day is no repurchase
    log.add("order", when="2026-04-12 10:00", value="10")
    log.add("arrive", "user:2", when="2026-04-20 10:00", target="user:1")
    assert way(log) == [
        ("step", None, "attention", date(2026, 3, 1)),
        ("step", "attention", "interest", date(2026, 3, 3)),
        ("step", "interest", "desire", date(2026, 3, 4)),
        ("step", "desire", "memory", date(2026, 3, 10)),
        ("step", "memory", "action", date(2026, 3, 12)),
        ("step", "action", "repurchase", date(2026, 4, 12)),
        ("step", "repurchase", "advocacy", date(2026, 4, 20)),
    ]
    row = next(row for row in log.build("stages")["stages"] if row["person_id"] == "p1")
    assert (row["stage"], row["rank"], row["lapsed"], row["since"], row["days"]) == (
        "advocacy", 7, False, date(2026, 4, 20), 42,
    )  # fmt: skip


def test_who_buys_at_once_skips_and_never_falls_back() -> None:
    log = Log()
    log.add("order", when="2026-05-01 10:00", value="10")
    log.add("view", when="2026-05-02 10:00")
    log.add("cart", when="2026-05-03 10:00")
    assert way(log) == [("step", None, "action", date(2026, 5, 1))]


def test_silence_drops_out_and_a_sign_of_life_comes_back() -> None:
    log = Log()
    log.add("message", when="2025-10-01 10:00")
    log.add("view", when="2026-02-01 10:00")
    log.add("order", when="2026-02-01 12:00", value="10")
    assert way(log) == [
        ("step", None, "interest", date(2025, 10, 1)),
        ("lapse", "interest", LAPSED, date(2025, 12, 30)),
        ("return", LAPSED, "interest", date(2026, 2, 1)),
        ("step", "interest", "action", date(2026, 2, 1)),
        ("lapse", "action", LAPSED, date(2026, 5, 2)),
    ]
    row = log.build("stages")["stages"][0]
    assert (row["stage"], row["lapsed"], row["since"], row["moves"]) == ("action", True, date(2026, 5, 2), 5)


def test_what_came_before_a_step_is_told() -> None:
    log = Log()
    log.add("view", when="2026-05-01 10:00")
    log.add("sent", None, when="2026-05-02 10:00", target="user:1", channel="sms", object_key="content:1")
    log.add("sent", None, when="2026-05-05 10:00", target="user:1", channel="email", campaign="spring")
    log.add("reply", "user:9", when="2026-05-05 11:00", target="user:1")
    log.add("order", when="2026-05-06 10:00", value="10", channel="shop", campaign="spring")
    log.add("sent", None, when="2026-05-06 11:00", target="user:1", channel="sms")
    made = log.build(*NAMES)
    row = next(row for row in made["stage_moves"] if row["person_id"] == "p1" and row["to_stage"] == "action")
    assert (row["touches"], row["touch_channel"], row["touch_content"]) == (2, "email", "spring")
    assert (row["friends"], row["friend_id"], row["kind"], row["channel"]) == (1, "p9", "order", "shop")
    movers = {(row["moved_by"], row["what"]): row["share"] for row in made["stage_movers"]}
    assert movers == {
        ("act", "order"): 1.0, ("channel", "shop"): 1.0, ("campaign", "spring"): 1.0, ("touch", "email"): 1.0,
        ("content", "spring"): 1.0, ("friend", "yes"): 1.0,
    }  # fmt: skip


def test_conversion_counts_those_who_had_the_time() -> None:
    log = Log()
    for person in range(10):  # came half a year ago; four bought within 90 days, one later
        log.add("view", f"user:{person}", AS_OF - timedelta(days=180))
        if person < 4:
            log.add("order", f"user:{person}", AS_OF - timedelta(days=180 - 10 * (person + 1)), value="5")
    log.add("order", "user:4", AS_OF - timedelta(days=20), value="5")
    log.add("view", "user:99", AS_OF - timedelta(days=5))
    rows = {row["stage"]: row for row in log.build(*NAMES)["stage_ways"]}
    assert list(rows) == list(shipped().names)
    start = rows["attention"]
    assert (start["reached"], start["moved"], start["old"], start["conversion"]) == (11, 5, 10, 0.4)
    assert start["low"] < 0.4 < start["high"]
    assert (start["days_to_move"], start["here"], start["lapsed"]) == (30.0, 1, 5)
    assert (rows["action"]["reached"], rows["advocacy"]["conversion"]) == (5, None)


KINDS = ("view", "message", "cart", "order", "share", "sent")


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 400), st.integers(1, 3)), max_size=25))
def test_moves_chain_and_everybody_stands_where_the_last_one_led(acts: list[tuple[str, int, int]]) -> None:
    log = Log()
    for kind, ago, person in acts:
        log.add(kind, f"user:{person}", AS_OF - timedelta(days=ago))
    made = log.build(*NAMES) if acts else {"stage_moves": [], "stages": [], "stage_ways": []}
    names = shipped().names
    rank: dict[str, int] = {}
    last: dict[str, dict[str, Any]] = {}
    for row in made["stage_moves"]:
        before = last.get(row["person_id"])
        assert row["from_stage"] == (before["to_stage"] if before else None)
        assert row["number"] == (before["number"] + 1 if before else 1)
        assert row["day"] >= (before["day"] if before else row["day"])
        assert (row["to_stage"] == LAPSED) == (row["move"] == "lapse")
        if row["move"] == "step":
            assert names.index(row["to_stage"]) > rank.get(row["person_id"], -1)
            rank[row["person_id"]] = names.index(row["to_stage"])
        last[row["person_id"]] = row
    assert {row["person_id"]: row["lapsed"] for row in made["stages"]} == {
        person: row["to_stage"] == LAPSED for person, row in last.items()
    }
    assert sum(row["here"] + row["lapsed"] for row in made["stage_ways"]) == len(last)


def test_a_brand_has_stages_of_its_own(tmp_path: Path) -> None:
    assert parameters(tmp_path)["stages"] == shipped() == parse_stages(shipped_text(), origin="copy")
    (tmp_path / FILE).write_text(
        "silent: 10\nstages:\n- {stage: visitor, when: [{kinds: [activity]}]}\n"
        "- {stage: regular, zh: 常客, when: [{kinds: [activity], days: 3, after: visitor, gap: 1}]}\n"
    )
    log = Log()
    for day in (1, 2, 3, 4, 8):
        log.add("view", when=f"2026-05-{day:02} 10:00")
    moves = way(log, parameters=parameters(tmp_path))
    assert moves == [
        ("step", None, "visitor", date(2026, 5, 1)),
        ("step", "visitor", "regular", date(2026, 5, 8)),
        ("lapse", "regular", LAPSED, date(2026, 5, 18)),
    ]


def test_the_example_of_the_howto_is_one() -> None:
    page = Path(__file__).parents[3] / "docs" / "howto" / "value-and-stages.md"
    example = page.read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]
    assert parse_stages(example, origin="howto").names == ("visitor", "regular", "host")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("stages: 3", "must be a mapping"),
        ("stages: [{stage: a, when: [{kinds: [view]}]}]", "2 to 12"),
        ("stages: [{stage: A, when: [{kinds: [view]}]}, {stage: b, when: [{kinds: [view]}]}]", "no name"),
        ("stages: [{stage: a, when: [{kinds: [view]}]}, {stage: a, when: [{kinds: [view]}]}]", "no name"),
        ("stages: [{stage: a, when: [{kinds: [view]}]}, {stage: lapsed, when: [{kinds: [view]}]}]", "no name"),
        ("stages: [{stage: a, when: [{}]}, {stage: b, when: [{kinds: [view]}]}]", "needs `kinds`"),
        ("stages: [{stage: a, when: [{kinds: [view], after: b}]}, {stage: b, when: [{kinds: [view]}]}]", "before"),
        ("stages: [{stage: a, when: [{kinds: [view], gap: 2}]}, {stage: b, when: [{kinds: [view]}]}]", "`gap`"),
        ("stages: [{stage: a, when: [{kinds: [view], days: 0}]}, {stage: b, when: [{kinds: [view]}]}]", "days is 0"),
        ("stages: [{stage: a, when: [{kinds: ['V!']}]}, {stage: b, when: [{kinds: [view]}]}]", "no kind"),
        ("stages: [{stage: a, whne: []}, {stage: b, when: [{kinds: [view]}]}]", "whne"),
        ("stages: [{stage: a, when: [{received: [activity]}]}, {stage: b, when: [{kinds: [view]}]}]", "person does"),
        ("silent: [", "not YAML"),
    ],
)
def test_rules_that_are_wrong_are_refused_with_the_reason(text: str, says: str) -> None:
    with pytest.raises(BadRule, match=says):
        parse_stages(text, origin="stages.yaml")


def test_nothing_done_is_no_stage() -> None:
    log = [Event(id="e", at=AS_OF, kind="identify", source="t", actor_key="user:1")]
    from lianyi.settings import Settings

    made = build(log, {"user:1": "p1"}, NAMES, settings=Settings(memory_mb=512), parameters={})
    assert (made["stage_moves"], made["stages"]) == ([], [])
    assert [row["reached"] for row in made["stage_ways"]] == [0] * 7
