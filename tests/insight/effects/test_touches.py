"""Touches: what was counted against a count by hand, estimates beside an independent one, worlds with a known truth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest

from lianyi.insight.effects.estimates import Ints
from lianyi.insight.effects.regression import fit
from lianyi.insight.effects.touches import table
from lianyi.insight.effects.touches.estimating import FEW_REACHED, NO_LOT, ONE_SIDED, none_yet, step
from lianyi.insight.effects.touches.moments import (
    BACK,
    DAY,
    DRAWN,
    EVERY,
    GAPS,
    KEPT,
    MOST,
    NOT_TOUCHED,
    TOUCHED,
    WINDOW,
    WITHIN,
    Log,
    Moments,
    Whole,
    keys_of,
    moments,
)  # fmt: skip
from lianyi.insight.effects.touches.saying import verdict
from lianyi.insight.effects.touches.stopping import critical, stop
from lianyi.insight.effects.touches.stops import threshold, worth
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build
from lianyi.memory.duckdb import DuckDB
from lianyi.memory.events import to_arrow
from lianyi.world.touching import Planted, Touched, touched
from tests.insight import log as logs
from tests.insight.log import AS_OF

SMALL = Planted(people=1_500)


def log_of(world: Touched, planted: Planted) -> Log:
    """What a brand would know of a world, counted back from its end."""
    shift = KEPT - world.seconds

    def keys(pair: tuple[Whole, Whole], times: int = 1) -> Ints:
        return np.sort(keys_of(pair[0], pair[1] * times + shift))

    place = keys_of(world.place[0], world.place[1] + shift)
    order = np.argsort(place)
    sent = keys(world.touch)
    return Log(
        first=np.full(planted.people, shift), touches=sent, messages=sent, orders=keys(world.order), drawn=place[order],
        arm=world.arm[order], share=np.full(len(place), 1 - planted.held), active=keys(world.day, DAY),
    )  # fmt: skip


def built(log: logs.Log) -> list[logs.Row]:
    """Rows of `touches` of a log in which everybody's first event is their first sight."""
    told = {event.target_key: event for event in log.events if event.kind == "assigned"}
    known = log.keys()
    seen = {known[key]: AS_OF - timedelta(days=105) for key in known}
    places = [{"person_id": known[key], "kind": "campaign", "arm": (event.props or {})["arm"], "cluster": None,
               "share": 0.5, "assigned_at": event.at} for key, event in told.items() if key]  # fmt: skip
    schema = pa.schema([("person_id", pa.string()), ("kind", pa.string()), ("arm", pa.string()),
                        ("cluster", pa.string()), ("share", pa.float64()),
                        ("assigned_at", pa.timestamp("us", "UTC"))])  # fmt: skip
    with DuckDB(memory_mb=256, threads=1) as engine:
        engine.register("events", to_arrow(log.events, received_at=AS_OF))
        engine.register("keys", logs.keys_table(known))
        engine.register("people", pa.table({"person_id": list(seen), "first_seen": list(seen.values())}))
        engine.register("person_days", pa.schema([("person_id", pa.string()), ("day", pa.date32())]).empty_table())
        engine.register("assignments", pa.Table.from_pylist(places, schema=schema))
        seats = pa.schema([("person_id", pa.string()), ("community_id", pa.string()), ("height", pa.int32()),
                           ("weight", pa.float64())])  # fmt: skip
        engine.register("community_people", seats.empty_table())
        made = table.build(Build(engine=engine, as_of=AS_OF, settings=log.settings))
        found = engine.table(made)
        assert found.column_names == list(table.TABLE.columns)
        rows: list[logs.Row] = found.to_pylist()
    return rows


def state(found: Moments, had: int) -> Moments:
    """Moments with so many touches before, people together."""
    found = found.at(np.argsort(found.person, kind="stable"))
    return found.at(found.had == had)


@pytest.fixture(scope="module")
def world() -> tuple[Touched, Moments]:
    made = touched(SMALL, seed=1)
    return made, moments(log_of(made, SMALL))


def test_touches_gaps_and_orders_are_those_counted_by_hand() -> None:
    dice = np.random.default_rng(5)
    of = {name: sorted((int(person), int(at)) for person, at in zip(dice.integers(0, 6, n), dice.integers(0, KEPT, n),
                                                                   strict=True))
          for name, n in (("touch", 150), ("order", 40), ("drawn", 30))}  # fmt: skip

    def keys(pairs: Sequence[tuple[int, int]]) -> Ints:
        return keys_of(np.array([one[0] for one in pairs]), np.array([one[1] for one in pairs]))

    log = Log(first=np.zeros(6, dtype=np.int64), touches=keys(of["touch"]), messages=keys(of["touch"]),
              orders=keys(of["order"]), drawn=keys(of["drawn"]), arm=np.ones(30, dtype=np.bool_),
              share=np.full(30, 0.5), active=keys([(2, KEPT - 30 * DAY)]))  # fmt: skip
    found = moments(log)
    for what, pairs in ((TOUCHED, of["touch"]), (DRAWN, of["drawn"])):
        mine = found.at(found.what == what)
        counted = [(who, at) for who, at in pairs if KEPT - BACK <= at <= KEPT - WITHIN]
        assert len(mine) == len(counted)
        for place, (who, at) in enumerate(counted):
            bought = [when for one, when in of["order"] if one == who]
            since = max([at - WINDOW, *[when + 1 for when in bought if when < at]])
            before = [when for one, when in of["touch"] if one == who and since <= when < at]
            gap = int(np.searchsorted(GAPS, at - before[-1], "right")) if before else -1
            assert (mine.had[place], mine.gap[place]) == (min(len(before), MOST), gap)
            assert mine.bought[place] == any(at <= when < at + WITHIN for when in bought)
            assert mine.earlier[place] == sum(when < at for when in bought)
    rest = found.at(found.what == NOT_TOUCHED)
    assert set(np.bincount(rest.person)) <= {(BACK - WITHIN) // EVERY, (BACK - WITHIN) // EVERY + 1}
    assert set(np.unique(rest.active)) <= {0, 1}


def test_by_lot_is_the_difference_of_means_over_that_of_messages_where_nothing_is_known_before() -> None:
    dice, people, times = np.random.default_rng(2), 400, 3
    person = np.repeat(np.arange(people), times)
    arm = dice.random(people * times) < 0.6
    sent = (arm & (dice.random(people * times) < 0.7)).astype(np.int16)
    bought = dice.random(people * times) < 0.1 + 0.1 * sent
    same = np.zeros(people * times, dtype=np.int16)
    had = Moments(what=same + DRAWN, person=person, had=same, gap=same, bought=bought, sent=sent, arm=arm,
                  share=np.full(people * times, 0.6), earlier=same, active=same, age=same, recent=same)  # fmt: skip
    found = step(had)
    offered = bought[arm].mean() - bought[~arm].mean()
    assert found.offered.estimate == pytest.approx(offered)
    assert found.by_lot.estimate == pytest.approx(offered / (sent[arm].mean() - sent[~arm].mean()))
    robust = fit(bought.astype(float), np.stack([np.ones(len(arm)), arm.astype(float)], axis=1), person)
    assert found.offered.se == pytest.approx(robust.contrast(np.array([0.0, 1.0]))[1], rel=0.02)
    assert step(had.at(~arm)).by_lot.flags == ("too_few",)
    nobody = Moments(**{**vars(had), "sent": same})
    assert step(nobody).by_lot.flags == (FEW_REACHED,)
    assert step(Moments(**{**vars(had), "share": np.ones(len(arm))})).by_lot.flags == (NO_LOT,)


def test_the_raw_curve_holds_the_selection_and_the_lot_removes_it() -> None:
    inside, wrong, apart = [], [], []
    for seed in range(6):
        world = touched(SMALL, seed=seed)
        found = moments(log_of(world, SMALL))
        at = world.place[1] + KEPT - world.seconds
        counted = (at >= KEPT - BACK) & (at + WITHIN <= KEPT)
        for k in range(8):
            here = counted & (world.had == k)
            truth = world.adds[here].sum() / world.reachable[here].sum()
            told = step(state(found, k))
            assert told.by_lot.known
            inside.append(told.by_lot.low <= truth <= told.by_lot.high)
            apart.append(told.by_lot.estimate - truth)
            if k >= 5:  # nothing is added any more, and those who are touched order all the same
                wrong.append(told.raw.estimate - truth)
                assert told.selection.estimate == pytest.approx(told.raw.estimate - told.by_lot.estimate)
    assert np.mean(inside) >= 0.875  # 48 intervals of 95 %
    assert abs(np.mean(apart)) < 3 * np.std(apart) / np.sqrt(len(apart))
    assert np.mean(wrong) > 4 * np.std(wrong) / np.sqrt(len(wrong))


def test_people_alike_are_compared_within_their_cells(world: tuple[Touched, Moments]) -> None:
    had = state(world[1], 0)
    cell, value, weight = had.cell, 0.0, 0
    for one in np.unique(cell[had.what == TOUCHED]):
        sides = [had.bought[(cell == one) & (had.what == what)] for what in (TOUCHED, NOT_TOUCHED)]
        if len(sides[1]) >= 5:
            value += len(sides[0]) * (sides[0].mean() - sides[1].mean())
            weight += len(sides[0])
    found = step(had)
    assert found.adjusted.estimate == pytest.approx(value / weight)
    sides = [len(np.unique(had.person[had.what == what])) for what in (TOUCHED, NOT_TOUCHED)]
    assert [found.raw.n_treated, found.raw.n_control] == sides
    arms = [len(np.unique(had.person[(had.what == DRAWN) & (had.arm == arm)])) for arm in (True, False)]
    both = [min(pair) for pair in zip(sides, arms, strict=True)]
    assert [found.selection.n_treated, found.selection.n_control] == both
    assert found.overlap == pytest.approx(weight / (had.what == TOUCHED).sum())
    rest = had.at(had.what == NOT_TOUCHED)
    nobody = none_yet(had)
    assert nobody.estimate == pytest.approx(rest.bought.mean())
    assert nobody.low < nobody.estimate < nobody.high
    none = none_yet(rest.at(~rest.bought))  # whose interval is not [0, 0] for all that
    people = len(np.unique(rest.person[~rest.bought]))
    assert none.low == 0
    assert none.high == pytest.approx(3.84 / (people + 3.84), rel=0.01)


def plain(what: Ints, person: Ints, bought: Sequence[bool], **more: object) -> Moments:
    """Moments that are alike."""
    same = np.zeros(len(what), dtype=np.int16)
    return Moments(**{**dict.fromkeys(("had", "gap", "sent", "earlier", "active", "age", "recent"), same),
                      "what": what.astype(np.int16), "person": person, "bought": np.array(bought), "arm": same > 0,
                      "share": same + 0.5, **more})  # type: ignore[arg-type]  # fmt: skip


def test_few_people_with_many_moments_are_few() -> None:
    # 30 touched and 30 not: only one of these is like the touched, with ten moments of theirs.
    what = np.repeat([TOUCHED, NOT_TOUCHED, NOT_TOUCHED], [30, 29, 10])
    person = np.concatenate([np.arange(59), np.full(10, 59)])
    earlier = np.repeat(np.array([0, 9, 0], dtype=np.int16), [30, 29, 10])
    told = step(plain(what, person, np.arange(69) % 3 == 0, earlier=earlier))
    assert told.raw.known
    assert not told.adjusted.known
    assert told.adjusted.flags == (ONE_SIDED,)
    assert told.overlap == 1


def test_how_far_the_lot_reached_is_judged_by_people_and_not_by_moments() -> None:
    # Each person's ten moments are one: 8 of 30 held out and 16 of 30 treated got a message.
    sent = np.concatenate([np.arange(30) < 8, np.arange(30) < 16]).astype(np.int16)
    told = step(plain(np.full(600, DRAWN), np.repeat(np.arange(60), 10), np.arange(600) % 2 == 0,
                      arm=np.repeat([False, True], 300), sent=np.repeat(sent, 10)))  # fmt: skip
    assert told.more.known
    assert told.by_lot.flags == (FEW_REACHED,)


def test_the_set_of_ends_holds_its_level_and_says_whether_it_is_seven() -> None:
    dice, limit = np.random.default_rng(1), critical(8)
    worst = (np.maximum(dice.normal(size=(20_000, 8)), 0) ** 2).sum(axis=1)
    assert (worst > limit).mean() == pytest.approx(0.05, abs=0.005)
    clear = stop([0.05] * 7 + [-0.05] * 3, [0.005] * 10)
    assert (clear.best, clear.low, clear.high, clear.seven) == (7, 7, 7, "yes")
    early = stop([0.05, 0.04] + [-0.05] * 8, [0.005] * 10)
    assert (early.low, early.high, early.seven) == (2, 2, "no")
    assert stop([0.05] * 4, [0.005] * 4).high is None  # no end is seen
    assert stop([0.05] * 4, [0.005] * 4).seven == "maybe"
    assert stop([0.001] * 4, [0.05] * 4).seven == "unknown"
    assert stop([float("nan"), 0.1], [0.1, 0.1]).known == 0
    assert stop([-0.05, 0.05], [0.005, 0.005]).low is None  # down and up: no end fits
    costly = stop([0.05] * 3 + [0.01] * 7, [0.002] * 10, threshold=0.02)
    assert (costly.low, costly.high) == (3, 3)


@pytest.mark.parametrize(
    ("row", "en", "zh"),
    [
        ({"known": 0, "seven": "unknown"}, "Unknown: nobody untouched", "未知：没有"),
        ({"known": 2, "low": None, "seven": "unknown"}, "goes up and down", "忽高忽低"),
        ({"known": 2, "low": 0, "high": None, "seven": "unknown"}, "excludes no number", "排除不了任何次数"),
        ({"known": 9, "low": 8, "high": None, "seven": "no"}, "It is not seven.", "不是七次"),
        ({"known": 9, "low": 6, "high": 8, "best": 7, "seven": "maybe"}, "After 7 touches (95 %: 6 to 8)", "6–8"),
    ],
)
def test_the_verdict_says_what_is_known(row: dict[str, object], en: str, zh: str) -> None:
    said = verdict({"until": "cost", **row}, "no_lot")
    assert en in said[0]
    assert zh in said[1]


def test_a_message_is_worth_what_an_order_leaves() -> None:
    with DuckDB(memory_mb=256, threads=1) as engine:
        engine.run(
            """SELECT * FROM (VALUES ('cost.message', NULL, -0.5, 'p1'), ('cost.message', NULL, -0.5, 'p2'),
                ('cost.message', NULL, -5000, NULL),
                ('revenue.order', 'a', 100, 'p1'), ('revenue.order', 'b', 60, 'p2'), ('revenue.refund', 'b', -20, 'p2'),
                ('cost.goods', 'a', -40, 'p1')) AS e(account, order_no, brand_amount, person_id)""",
            into="entries",
        )
        asked = worth(Scope(as_of=AS_OF, timezone="Asia/Shanghai", currency="CNY"))
        row = engine.table(asked).to_pylist()[0]
        engine.run("SELECT * FROM entries WHERE account <> 'cost.goods'", into="without")
        bare = engine.table(asked.replace("FROM entries", "FROM without")).to_pylist()[0]
    assert threshold(bare) is None, "what an order leaves is not known without margins"
    assert threshold(row) == pytest.approx(0.5 / ((100 + 60 - 20 - 40) / 2))
    assert threshold({**row, "cost": None}) is None
    assert threshold({**row, "left_over": -1.0}) is None


def test_tables_from_a_log_count_what_did_not_come_back_and_tell_first_orders_apart() -> None:
    log, people = logs.Log(), 60
    log.add("identify", "wecom_user:boss", AS_OF - timedelta(days=300))
    for person in range(people):
        key, at = f"user:{person}", AS_OF - timedelta(days=100)
        log.add("view", key, at - timedelta(days=5))
        told = {"experiment": "campaign/one", "of": "campaign", "share": 0.5,
                "arm": "treatment" if person % 2 else "control"}  # fmt: skip
        log.add("assigned", None, at, target=key, props=told)
        if person % 2:
            for day in (0, 2):
                log.add(
                    "sent", None, at + timedelta(days=day, hours=1), target=key, channel="sms", id=f"s{person}/{day}"
                )
        if person == 1:
            log.add("bounced", None, at + timedelta(hours=2), target=key, parent_id="s1/0")
        if person % 4 == 1 or person % 10 == 0:
            log.add("order", key, at + timedelta(days=1), value="10")
    for day in range(50):  # enough to be told, to one person, who answers to nobody
        log.add("sent", None, AS_OF - timedelta(days=day + 20), target="user:0", channel="sms")
    log.add("reply", "wecom_user:boss", AS_OF - timedelta(days=99), target="user:0")
    rows = built(log)
    first = next(row for row in rows if (row["audience"], row["counted"], row["axis"], row["step"])
                 == ("all", "message", "number", 1))  # fmt: skip
    assert (first["treated"], first["held"]) == (30, 30)
    second = sum(person % 4 == 1 for person in range(people))  # an order starts the count anew
    assert first["touched_people"] == 31
    assert first["touched"] == 29 + second + 1  # all first ones but the bounced, second ones after an order, and one
    assert first["more"] == pytest.approx((60 - 1) / 30)
    assert first["by_lot"] == pytest.approx((15 / 30 - 6 / 30) / (59 / 30), rel=0.05)
    assert {row["audience"] for row in rows} == {"all", "bought", "active"}
    both = next(row for row in rows if row["counted"] == "any" and row["axis"] == "number" and row["step"] == 1)
    assert both["touched"] == first["touched"] + 1  # the answer by staff
