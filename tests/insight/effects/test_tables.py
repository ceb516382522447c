"""Tables of effects against a log whose figures are counted by hand and by other means."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from scipy import stats

from lianyi.insight.chance import chance
from tests.insight.log import AS_OF, Log, Row

BEGAN = AS_OF - timedelta(days=20)
PEOPLE = 240


def place(log: Log, person: int, arm: str, **props: Any) -> None:
    told = {"experiment": "campaign/spring", "of": "campaign", "arm": arm, "share": 0.5, **props}
    log.add("assigned", None, BEGAN, target=f"user:{person}", campaign="spring", props=told)


def campaign(*, lift: float = 0.3, communities: int = 0) -> Log:
    """Half of the people treated; a third buys anyway, more of the treated; some refunds."""
    dice, log = np.random.default_rng(1), Log()
    for person in range(PEOPLE):
        cluster = person % communities if communities else None
        treated = cluster % 2 == 0 if cluster is not None else bool(dice.random() < 0.5)
        place(log, person, "treatment" if treated else "control", cluster=None if cluster is None else f"c{cluster}")
        for day in (-10, 3, 12, 16):  # before, in the window, in its second half, behind it
            if dice.random() < 0.3 + lift * treated * (day > 0):
                when = BEGAN + timedelta(days=day)
                bought = log.add("order", f"user:{person}", when, value="50")
                if dice.random() < 0.1:
                    log.add("refund", f"user:{person}", when + timedelta(days=1), value="20", parent_id=bought.id)
    return log


def one(rows: list[Row], **wanted: Any) -> Row:
    found = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    assert len(found) == 1, (wanted, len(found))
    return found[0]


def outcomes(log: Log) -> tuple[dict[str, np.ndarray[Any, Any]], np.ndarray[Any, Any]]:
    """By person, counted in Python: orders, money, kept, in window and before; who is treated."""
    found = {name: np.zeros(PEOPLE) for name in ("orders", "revenue", "before_orders", "kept")}
    treated = np.zeros(PEOPLE, dtype=bool)
    orders = {event.id: event for event in log.events if event.kind == "order"}
    for event in log.events:
        key = event.target_key if event.kind == "assigned" else event.actor_key
        person = int(str(key).split(":")[1])
        if event.kind == "assigned":
            treated[person] = (event.props or {})["arm"] == "treatment"
            continue
        bought = event if event.kind == "order" else orders[str(event.parent_id)]
        days = (bought.at - BEGAN).days
        if event.kind == "order" and 0 <= days < 14:
            found["orders"][person] += 1
            found["kept"][person] = max(found["kept"][person], float(days > 7))
        if event.kind == "order" and -14 <= days < 0:
            found["before_orders"][person] += 1
        if 0 <= days < 14:
            found["revenue"][person] += float(event.value or 0) * (1 if event.kind == "order" else -1)
    return found, treated


def test_effects_of_a_campaign_are_those_counted_by_hand() -> None:
    log = campaign()
    built = log.build("effects", "experiments", "effect_people")
    hand, treated = outcomes(log)
    for metric in ("orders", "revenue", "kept"):
        row = one(built["effects"], metric=metric, estimator="difference")
        y = hand[metric]
        welch = stats.ttest_ind(y[treated], y[~treated], equal_var=False).confidence_interval(0.95)
        assert row["estimate"] == pytest.approx(y[treated].mean() - y[~treated].mean())
        assert (row["low"], row["high"]) == pytest.approx((welch.low, welch.high))
        assert (row["n_treated"], row["n_control"]) == (treated.sum(), (~treated).sum())
    assert not [row for row in built["effects"] if row["estimator"] == "cace"], "nobody was sent anything"
    basket = one(built["effects"], metric="basket", estimator="ratio")
    money, orders = hand["revenue"], hand["orders"]
    assert basket["mean_treated"] == pytest.approx(money[treated].sum() / orders[treated].sum())
    assert one(built["effects"], metric="revenue", estimator="cuped")["unit"] == "CNY"
    listed = one(built["experiments"], experiment="campaign/spring")
    assert (listed["unit"], listed["flags"]) == ("person", "")
    mains = [row for row in built["effects"] if row["main"]]
    assert {row["metric"] for row in mains} == {"buyers", "orders", "revenue", "kept", "clicks", "basket"}
    assert all(row["p_holm"] >= row["p"] for row in mains if row["p"] is not None)


def test_a_window_that_runs_and_arms_that_are_not_as_meant_are_flagged() -> None:
    log = Log()
    for person in range(300):
        told = {"experiment": "trial/a", "of": "trial", "arm": "control" if person < 90 else "treatment", "share": 0.9}
        log.add("assigned", None, AS_OF - timedelta(days=3), target=f"user:{person}", props=told)
    built = log.build("experiments", "effects")
    listed = one(built["experiments"], experiment="trial/a")
    assert listed["flags"] == "sample_ratio,running"
    assert listed["sample_ratio_p"] < 1e-6
    assert all("sample_ratio" in row["flags"] for row in built["effects"])
    orders = one(built["effects"], metric="orders", estimator="cuped")
    assert (orders["estimate"], orders["p"]) == (0, 1)  # nobody bought


def test_communities_assigned_as_a_whole_are_the_units() -> None:
    built = campaign(communities=24).build("effects", "experiments", "effect_looks")
    listed = one(built["experiments"], experiment="campaign/spring")
    assert (listed["unit"], listed["clusters_treated"], listed["clusters_control"]) == ("community", 12, 12)
    plain = one(built["effects"], metric="orders", estimator="clustered")
    assert plain["main"] is False
    assert 15 < plain["df"] < 22.01
    last = one(built["effect_looks"], metric="orders", day=14)
    assert (last["estimate"], last["se"]) == pytest.approx((plain["estimate"], plain["se"]))


def test_looks_end_where_the_plain_difference_does_and_are_wider() -> None:
    built = campaign().build("effects", "effect_looks")
    for metric in ("orders", "revenue", "buyers"):
        plain = one(built["effects"], metric=metric, estimator="difference")
        looks = [row for row in built["effect_looks"] if row["metric"] == metric]
        assert [row["day"] for row in looks] == list(range(1, 15))
        last = looks[-1]
        assert (last["estimate"], last["se"]) == pytest.approx((plain["estimate"], plain["se"]))
        assert last["low"] < plain["low"] < plain["high"] < last["high"]
        assert looks[0]["estimate"] == 0
        assert looks[0]["low"] is None  # nobody had bought yet: nothing is known


def test_somebody_who_is_two_by_a_merge_counts_for_neither_arm() -> None:
    log = Log(keys={"user:1": "p1", "user:2": "p1", "user:3": "p3"})
    place(log, 1, "treatment")
    place(log, 2, "control")
    place(log, 3, "control")
    built = log.build("assignments", "effect_people")
    assert one(built["assignments"], person_id="p1")["arm"] == "mixed"
    assert [row["person_id"] for row in built["effect_people"]] == ["p3"]


def test_the_global_control_group_is_a_stable_hash_of_everybody() -> None:
    log = Log()
    since = AS_OF - timedelta(days=60)
    log.add("control_group", None, since, props={"share": 0.2, "salt": "global/1"})
    for person in range(200):
        log.add("view", f"user:{person}", AS_OF - timedelta(days=90 if person < 150 else 30))
        log.add("order", f"user:{person}", AS_OF - timedelta(days=10), value="5")
    built = log.build("assignments", "experiments")
    held = {row["person_id"] for row in built["assignments"] if row["arm"] == "control"}
    assert held == {f"p{person}" for person in range(200) if chance("global/1", f"p{person}") < 0.2}
    late = one(built["assignments"], person_id="p199")
    assert late["assigned_at"] == AS_OF - timedelta(days=30)
    assert one(built["experiments"], experiment="global/1")["n_treated"] == 200 - len(held)


def test_a_group_that_was_ended_stops_counting() -> None:
    log = Log()
    log.add("control_group", None, AS_OF - timedelta(days=60), props={"share": 0.5, "salt": "a"})
    log.add("control_group", None, AS_OF - timedelta(days=30), props={"share": 0})
    for person in range(20):
        log.add("order", f"user:{person}", AS_OF - timedelta(days=61), value="5")
        log.add("order", f"user:{person}", AS_OF - timedelta(days=40), value="5")
        log.add("order", f"user:{person}", AS_OF - timedelta(days=10), value="5")
    rows = log.build("effect_people")["effect_people"]
    assert {row["experiment"] for row in rows} == {"global/1"}
    assert all((row["orders"], row["before_orders"]) == (1, 1) for row in rows)


def test_without_experiments_the_tables_are_empty() -> None:
    log = Log()
    log.add("order", "user:1", AS_OF - timedelta(days=3), value="5")
    built = log.build("experiments", "effects", "effect_looks")
    assert [built[name] for name in ("experiments", "effects", "effect_looks")] == [[], [], []]


def test_ties_tell_direct_and_spill_over_apart() -> None:
    """Pairs of friends: who is treated buys twice as often, and so does, a little, who has a treated friend."""
    dice, log = np.random.default_rng(4), Log()
    treated = dice.random(600) < 0.5
    for person in range(600):
        friend = person ^ 1
        told = {"experiment": "trial/b", "of": "trial", "arm": "treatment" if treated[person] else "control",
                "share": 0.5}  # fmt: skip
        log.add("assigned", None, BEGAN, target=f"user:{person}", props=told)
        for day in range(-40, -20):
            if person % 2 == 0 and day % 4 == 0:
                log.add("mention", f"user:{person}", BEGAN + timedelta(days=day), target=f"user:{friend}")
                log.add("mention", f"user:{friend}", BEGAN + timedelta(days=day), target=f"user:{person}")
        for _ in range(dice.poisson(1 + treated[person] + 0.5 * treated[friend])):
            log.add("order", f"user:{person}", BEGAN + timedelta(days=2), value="5")
    rows = log.build("effects")["effects"]
    direct, spill, total = (one(rows, metric="orders", estimator=name) for name in ("direct", "spill", "total"))
    assert direct["low"] < 1 < direct["high"]
    assert spill["low"] < 0.5 < spill["high"]
    assert 0.2 < spill["estimate"] < 0.8
    assert total["estimate"] == pytest.approx(direct["estimate"] + spill["estimate"])


def test_whom_it_helps_is_told_by_parts_and_only_where_there_is_enough_to_learn_from() -> None:
    """Earlier buyers buy more for being treated, others do not."""
    dice, log = np.random.default_rng(6), Log()
    for person in range(2400):
        loyal, treated = person % 2 == 0, bool(dice.random() < 0.7)
        told = {"experiment": "trial/c", "of": "trial", "arm": "treatment" if treated else "control", "share": 0.7}
        log.add("assigned", None, BEGAN, target=f"user:{person}", props=told)
        if loyal:
            log.add("order", f"user:{person}", BEGAN - timedelta(days=3), value="5")
        if dice.random() < 0.1 + 0.3 * (loyal and treated):
            log.add("order", f"user:{person}", BEGAN + timedelta(days=3), value="5")
    rows = log.build("uplift")["uplift"]
    assert [row["part"] for row in rows] == [0, 1, 2, 3, 4, 5]
    assert one(rows, part=0)["low"] > 0
    best, worst = one(rows, part=1), one(rows, part=5)
    assert best["low"] < 0.3 < best["high"]
    assert worst["low"] < 0 < worst["high"]
    assert sum(row["people"] for row in rows[1:]) == one(rows, part=0)["people"] == 2400
