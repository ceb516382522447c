"""Group talk as a scene: counted as brute force counts, found where it was planted, and only there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lianyi import world
from lianyi.insight.demand.scenes import finding, topics
from lianyi.insight.demand.scenes.fitting import Q
from lianyi.insight.demand.scenes.saying import sentence, title
from lianyi.insight.demand.scenes.table import find_in_talk
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build
from lianyi.memory.duckdb import DuckDB
from lianyi.settings import Settings
from lianyi.world.demands import Demands
from lianyi.world.turns import AFTER, TURNS, turn_lifts

AS_OF = datetime(2026, 6, 1, 4, tzinfo=UTC)
TODAY = (date(2026, 6, 1) - date(1970, 1, 1)).days
CATEGORIES = ("baby", "cups", "snack", "tea")
Rows = dict[str, list[Any]]


def drawn(
    seed: int, lifts: dict[tuple[str, str], float], *, people: int = 900, groups: int = 40
) -> tuple[Rows, Rows, Rows]:
    """profiles, group_topics, scene_purchases of twelve weeks. People of a group share a taste, who hears of something
    is about more (all categories, 1.2 times), and a week in the middle is a festival of tea with more talk of it."""
    dice = np.random.default_rng(seed)
    taste = dice.gamma(2, 0.5, (groups, len(CATEGORIES)))
    mine = [sorted({int(one) for one in dice.integers(0, groups, int(dice.integers(1, 4)))}) for _ in range(people)]
    said = dice.random((groups, 84, len(CATEGORIES))) < 0.03
    said[:, 40:47, 3] |= dice.random((groups, 7)) < 0.15
    heard = np.zeros((people, 84, len(CATEGORIES)), dtype=bool)
    for person, rooms in enumerate(mine):
        for after in range(1, AFTER + 1):
            heard[person, after:] |= said[rooms, :-after].any(axis=0)
    rate = np.array([taste[rooms].mean(axis=0) for rooms in mine])[:, None, :] * dice.gamma(1, 1, people)[:, None, None]
    rate = rate * 0.02 * np.where(heard.any(axis=2), 1.2, 1.0)[:, :, None]
    rate[:, 42:47, 3] *= 2.0
    for (about, what), lift in lifts.items():
        rate[:, :, CATEGORIES.index(what)] *= np.where(heard[:, :, CATEGORIES.index(about)], lift, 1.0)
    who, day, category = np.nonzero(dice.random(rate.shape) < rate)
    profiles: Rows = {"person_id": [f"p{n}" for n in range(people)], "groups": [[f"g{n}" for n in one] for one in mine]}
    group, on, about_what = np.nonzero(said)
    turned: Rows = {
        "group_key": [f"g{n}" for n in group], "day": [date(1970, 1, 1) + timedelta(int(TODAY - 83 + n)) for n in on],
        "kind": ["category"] * len(on), "topic": [CATEGORIES[n] for n in about_what],
    }  # fmt: skip
    bought: Rows = {
        "person_id": [f"p{n}" for n in who], "category": [CATEGORIES[n] for n in category],
        "day": [int(TODAY - 83 + n) for n in day], "weak": (dice.random(len(day)) < 0.4).tolist(),
    }  # fmt: skip
    return profiles, turned, bought


def found_in(profiles: Rows, turned: Rows, bought: Rows) -> list[finding.Found]:
    with DuckDB(memory_mb=512, threads=1) as engine:
        for name, rows in (("profiles", profiles), ("group_topics", turned), ("scene_purchases", bought)):
            engine.register(name, pa.table(rows))
        build = Build(engine=engine, as_of=AS_OF, settings=Settings())
        return list(find_in_talk(build, Scope.of(build)))


def by_hand(profiles: Rows, turned: Rows, bought: Rows, topic: str, category: str) -> tuple[int, float]:
    """Purchases after such talk, and how many were to be expected: day by day, person by person."""
    days = {(group, (day - date(1970, 1, 1)).days) for group, day, one in
            zip(turned["group_key"], turned["day"], turned["topic"], strict=True) if one == topic}  # fmt: skip
    groups = dict(zip(profiles["person_id"], profiles["groups"], strict=True))
    rows = [(person, day) for person, one, day in
            zip(bought["person_id"], bought["category"], bought["day"], strict=True) if one == category]  # fmt: skip
    everybody = {day: sum(other == day for _, other in rows) for day in {day for _, day in rows}}
    inside, expected = 0, 0.0
    for person, day in rows:
        first = TODAY - (TODAY - day) // topics.BLOCK * topics.BLOCK - topics.BLOCK + 1
        block = range(first, first + topics.BLOCK)
        after = {d for d in block for step in (1, 2) if any((group, d - step) in days for group in groups[person])}
        chance = sum(everybody.get(d, 0) for d in after) / sum(everybody.get(d, 0) for d in block)
        if 0 < chance < 1:
            inside, expected = inside + (day in after), expected + chance
    return inside, expected


@pytest.mark.parametrize("topic", ["tea", "cups"])
def test_it_is_counted_as_brute_force_counts(topic: str) -> None:
    data = drawn(3, {}, people=150, groups=12)
    with DuckDB(memory_mb=512, threads=1) as engine:
        for name, rows in zip(("profiles", "group_topics", "scene_purchases"), data, strict=True):
            engine.register(name, pa.table(rows))
        build = Build(engine=engine, as_of=AS_OF, settings=Settings())
        scope = Scope.of(build)
        build.make("scene_exposed", topics.exposures(scope))
        rows = engine.table(topics.counted(scope))
        bought = engine.table(topics.profile(scope))
    chance = topics.chances(rows, bought)
    mine = [scene == f"category:{topic}" and one == "tea" and 0 < share < 1 for scene, one, share in
            zip(rows["scene"].to_pylist(), rows["category"].to_pylist(), chance, strict=True)]  # fmt: skip
    seen = sum(count for count, kept in zip(rows["inside"].to_pylist(), mine, strict=True) if kept)
    due = sum(
        count * share for count, share, kept in zip(rows["bought"].to_pylist(), chance, mine, strict=True) if kept
    )
    assert (seen, due) == pytest.approx(by_hand(*data, topic, "tea"))


def test_planted_talk_is_found_with_its_lift_and_little_else() -> None:
    planted = {("tea", "tea"): 2.2, ("tea", "snack"): 1.9, ("baby", "baby"): 2.2}
    hits, false, lifts = 0, 0, []
    for seed in range(4):
        rows = found_in(*drawn(seed, planted))
        found = {(one.scene.removeprefix("category:"), one.category): one for one in rows if one.found}
        assert len(rows) == 16
        hits += len(set(found) & set(planted))
        false += len(set(found) - set(planted))
        lifts += [found[cell].lift / lift for cell, lift in planted.items() if cell in found]
    assert hits >= 0.8 * 4 * len(planted)
    assert false <= 2 * Q * hits
    assert np.mean(lifts) == pytest.approx(1.0, abs=0.12)


def test_nothing_is_found_where_talk_lifts_nothing() -> None:
    assert sum(one.found for seed in range(10, 16) for one in found_in(*drawn(seed, {}))) <= 1


def test_a_scene_of_talk_is_said_in_a_sentence() -> None:
    row = {"kind": "topic", "scene": "category:茶", "category": "零食", "lift": 1.9, "low": 1.5, "high": 2.4,
           "purchases": 210, "expected": 110.0, "weak_lift": None, "times": 40, "found": True}  # fmt: skip
    assert title("topic", "theme:price") == ("talk of price in a group", "群里聊起price")
    en, zh = sentence(row)
    assert en.startswith("In the 2 days after talk in a group of theirs turned to 茶, 零食 is bought 1.9 times as much")
    assert zh.startswith("所在群聊起茶后 2 天内，零食的购买是平时的 1.9 倍")


def test_talk_of_the_world_lifts_the_demand_of_who_was_there_for_two_days() -> None:
    made = world.generate(world.WorldSettings(people=300, days=30, turning=True))
    said = sum(table.num_rows for table in made.events())
    truth = made.truth()
    assert said > 0
    assert [row["name"] for row in truth.scenes.to_pylist() if row["kind"] == "topic"] == [one.name for one in TURNS]
    codes = [category.code for category in made.settings.plan.categories]
    tea, snack, baby = (codes.index(code) for code in ("tea", "snack", "baby"))
    turned = np.full((2, len(codes)), -9)
    turned[0, tea] = 10
    none: Any = np.zeros(4)
    demands = Demands(
        person=np.array([0, 0, 0, 1]), category=np.array([tea, snack, baby, tea]), rate=none, shape=none, latent=none,
        ticks=none, drop=none, gone=none, browse=none,
    )  # fmt: skip

    class Life:
        nature = type("Nature", (), {"settings": made.settings})
        day = 10

    life: Any = Life()
    life.turned = turned
    for day, lifted in ((10, False), (11, True), (10 + AFTER, True), (11 + AFTER, False)):
        life.day = day
        assert turn_lifts(life, demands).tolist() == ([2.2, 1.8, 1.0, 1.0] if lifted else [1.0] * 4)
