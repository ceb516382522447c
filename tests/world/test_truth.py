"""The truth of a world: complete, described, and found again in the events by direct computation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.world.seen import Seen, column, day_of, micros

from lianyi import world
from lianyi.errors import NotFound
from lianyi.world.rhythm import HOURS


def test_every_table_and_column_is_described(seen: Seen) -> None:
    for name, (one_row, columns) in world.MEANINGS.items():
        assert getattr(seen.truth, name).schema.names == list(columns)
        assert getattr(seen.truth, name).num_rows > 0, name
        assert one_row.startswith("one ")


def test_truth_is_read_as_it_was_written(seen: Seen, tmp_path: Path) -> None:
    world.write_truth(seen.truth, tmp_path / "brand.truth")
    again = world.read_truth(tmp_path / "brand.truth")
    assert all(getattr(again, name) == getattr(seen.truth, name) for name in world.MEANINGS)
    assert again.world == seen.truth.world
    words = json.loads((tmp_path / "brand.truth" / "truth.json").read_text(encoding="utf-8"))
    assert words["tables"]["ties"]["one_row"] == world.MEANINGS["ties"][0]


def test_a_folder_without_truth_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"truth\.json is missing"):
        world.read_truth(tmp_path)


def test_truth_without_reading_the_events_is_the_same() -> None:
    settings = world.WorldSettings(people=300, seed=3, days=45)
    made = world.generate(settings)
    for _ in made.events():
        pass
    assert world.truth(settings) == made.truth()


def test_every_key_stands_for_one_person_but_declared_ones(seen: Seen) -> None:
    known = set(seen.truth.keys["key"].to_pylist())
    false = set(seen.truth.false_arrivals["arrive_id"].to_pylist())
    rows = seen.events.select(["id", "actor_key", "target_key"]).to_pylist()
    for row in rows:
        for key in (row["actor_key"], row["target_key"]):
            assert key is None or key in known or row["id"] in false, row
    kinds = seen.truth.keys.filter(pc.not_equal(seen.truth.keys["kind"], "own"))
    assert {key.partition(":")[0] for key in kinds["key"].to_pylist()} == {"phone"}
    own = seen.truth.keys.filter(pc.equal(seen.truth.keys["kind"], "own"))
    others = kinds.filter(pc.equal(kinds["kind"], "shared"))
    assert pc.count_distinct(own["key"]).as_py() == own.num_rows
    assert not set(own["key"].to_pylist()) & set(others["key"].to_pylist())
    assert (
        max(others.group_by("key").aggregate([("person", "count_distinct")])["person_count_distinct"].to_pylist()) >= 2
    )


def test_identity_resolution_has_work_of_every_kind(seen: Seen) -> None:
    keys = seen.truth.keys
    second = keys.filter(keys["second"])
    assert {key.partition(":")[0] for key in second["key"].to_pylist()} == {"user", "anon", "phone"}
    assert {"own", "shared", "mistyped"} == set(keys["kind"].to_pylist())
    before = pc.min(seen.kind("alias").filter(pc.starts_with(seen.kind("alias")["actor_key"], "anon:"))["at"]).as_py()
    views = seen.kind("view")
    anonymous = views.filter(pc.starts_with(views["actor_key"], "anon:"))
    assert pc.min(anonymous["at"]).as_py() < before


def test_the_author_of_each_message_is_the_person_of_its_key(seen: Seen) -> None:
    true = dict(zip(seen.truth.messages["number"].to_pylist(), seen.truth.messages["person"].to_pylist(), strict=True))
    said = seen.kind("message", "reply").select(["id", "actor_key"]).to_pylist()
    assert len(true) == len(said)
    for row in said:
        assert seen.person_of[row["actor_key"]] == true[int(row["id"].rpartition("/")[2])]


def test_adverts_are_told_by_advertisers_only(seen: Seen) -> None:
    role = column(seen.truth.people, "role")
    adverts = seen.truth.messages.filter(pc.equal(seen.truth.messages["intent"], "advert"))
    assert adverts.num_rows > 20
    assert set(role[column(adverts, "person")]) == {"advertiser"}


def test_nobody_acts_before_arriving(seen: Seen) -> None:
    arrived = column(seen.truth.people, "arrived")
    acts = seen.kind("message", "reply", "order", "view", "share", "check_in", "follow")
    person = np.array([seen.person_of[key] for key in acts["actor_key"].to_pylist()])
    assert (day_of(seen, acts) >= arrived[person]).all()


def test_meetings_follow_the_strength_of_ties(seen: Seen) -> None:
    ties = seen.truth.ties
    a, b = column(ties, "a"), column(ties, "b")
    answers = seen.kind("reply", "reaction", "mention")
    one = np.array([seen.person_of[key] for key in answers["actor_key"].to_pylist()])
    two = np.array([seen.person_of[key] for key in answers["target_key"].to_pylist()])
    count = seen.settings.people
    met = np.minimum(one, two).astype(np.int64) * count + np.maximum(one, two)
    code, times = np.unique(met, return_counts=True)
    place = np.minimum(np.searchsorted(code, a.astype(np.int64) * count + b), len(code) - 1)
    meetings = np.where(code[place] == a.astype(np.int64) * count + b, times[place], 0)
    open_tie = column(ties, "visible") & (column(ties, "drift") == "steady")
    band = column(ties, "band")
    mean = {name: meetings[open_tie & (band == name)].mean() for name in ("weak", "medium", "strong")}
    assert mean["medium"] > 1.8 * mean["weak"]
    assert mean["strong"] > 1.8 * mean["medium"]
    rank = np.argsort(np.argsort(column(ties, "rate")[open_tie]))
    assert np.corrcoef(rank, np.argsort(np.argsort(meetings[open_tie])))[0, 1] > 0.35


def test_some_ties_warm_and_some_cool(seen: Seen) -> None:
    ties = seen.truth.ties
    change = column(ties, "strength") - column(ties, "before")
    drift = column(ties, "drift")
    assert (change[drift == "warming"] > 0).all()
    assert (change[drift == "cooling"] < 0).all()
    assert 0.05 < (drift == "warming").mean() < 0.12


def test_the_graph_has_triangles_as_networks_of_friends_have(seen: Seen) -> None:
    a, b = column(seen.truth.ties, "a"), column(seen.truth.ties, "b")
    friends: list[set[int]] = [set() for _ in range(seen.settings.people)]
    for one, two in zip(a.tolist(), b.tolist(), strict=True):
        friends[one].add(two)
        friends[two].add(one)
    closed = sum(len(friends[one] & friends[two]) for one, two in zip(a.tolist(), b.tolist(), strict=True)) / 3
    pairs = sum(len(near) * (len(near) - 1) / 2 for near in friends)
    assert 0.1 < 3 * closed / pairs < 0.6


def test_hour_scenes_are_found_in_the_orders_at_their_planted_size(seen: Seen) -> None:
    """Hours of orders by own demand against the common rhythm; each lift within four standard errors."""
    orders = seen.truth.orders.filter(pc.equal(seen.truth.orders["cause"], "demand"))
    hour = (micros(orders) // 3_600_000_000 + 8) % 24
    category = column(orders, "category")
    usual = np.array([0.6, 0.25, 0.15]) @ HOURS
    for scene in seen.truth.scenes.to_pylist():
        if scene["kind"] == "hour":
            hours = [int(value) for value in scene["values"]]
            inside = np.isin(hour[category == scene["category"]], hours)
            odds = inside.sum() / (~inside).sum() / (usual[hours].sum() / (1 - usual[hours].sum()))
            error = np.sqrt(1 / inside.sum() + 1 / (~inside).sum())
            assert abs(np.log(odds) - np.log(scene["lift"])) < 4 * error + 0.05


def test_weekend_scene_is_found_at_its_planted_size(seen: Seen) -> None:
    scene = next(row for row in seen.truth.scenes.to_pylist() if row["name"] == "weekend")
    orders = seen.truth.orders.filter(pc.equal(seen.truth.orders["category"], "outdoor"))
    orders = orders.filter(pc.equal(orders["cause"], "demand"))
    day = (micros(orders) - seen.settings.origin) // 86_400_000_000
    inside = np.isin(day, scene["days"])
    share = len(scene["days"]) / seen.settings.days
    odds = inside.sum() / (~inside).sum() / (share / (1 - share))
    error = np.sqrt(1 / inside.sum() + 1 / (~inside).sum())
    assert abs(np.log(odds) - np.log(scene["lift"])) < 4 * error + 0.1


def test_regular_categories_have_regular_gaps(seen: Seen) -> None:
    """Erlang gaps: the coefficient of variation of gaps within a person is lower where the shape is higher."""
    orders = seen.truth.orders.filter(pc.equal(seen.truth.orders["cause"], "demand"))
    spread = {}
    for category in ("baby", "tea"):
        mine = orders.filter(pc.equal(orders["category"], category))
        person, at = column(mine, "person"), micros(mine)
        ratios = []
        for one in np.unique(person):
            gaps = np.diff(np.sort(at[person == one]))
            if len(gaps) >= 6:
                ratios.append(gaps.std(ddof=1) / gaps.mean())
        spread[category] = np.median(ratios)
    assert spread["baby"] < 0.8 * spread["tea"]


def test_spread_probabilities_are_those_by_which_people_arrive(seen: Seen) -> None:
    """First generation of ripples by themselves: hits in bins of the true probability, against its mean."""
    truth = seen.truth
    latest = seen.settings.origin + (seen.settings.days - 13) * 86_400_000_000
    left = np.where(np.isnan(column(truth.people, "left")), 10**6, column(truth.people, "left"))
    arrived: dict[int, set[int]] = {}
    for row in truth.spread.filter(pc.equal(truth.spread["generation"], 1)).select(["cascade", "person"]).to_pylist():
        arrived.setdefault(row["cascade"], set()).add(row["person"])
    expected, hits = [], []
    for topic in ("tea", "baby", "skin", "outdoor", "home", "snack"):
        arcs = truth.spread_probabilities(topic, "none")
        order = np.argsort(column(arcs, "source"), kind="stable")
        begin = np.searchsorted(column(arcs, "source")[order], np.arange(seen.settings.people + 1))
        target, chance = column(arcs, "target")[order], column(arcs, "probability")[order]
        mine = truth.cascades.filter(
            pc.and_(pc.equal(truth.cascades["topic"], topic), pc.equal(truth.cascades["incentive"], "none"))
        )
        at = micros(mine)
        for cascade, seed, time in zip(column(mine, "cascade"), column(mine, "seed"), at, strict=True):
            if time < latest:
                day = (time - seen.settings.origin) // 86_400_000_000
                near = slice(begin[seed], begin[seed + 1])
                open_to = left[target[near]] > day
                expected += chance[near][open_to].tolist()
                hits += [person in arrived.get(cascade, set()) for person in target[near][open_to].tolist()]
    chances, came = np.array(expected), np.array(hits)
    edges = np.quantile(chances, [0.25, 0.5, 0.75, 0.9])
    for part in range(5):
        inside = np.digitize(chances, edges) == part
        error = np.sqrt((chances[inside] * (1 - chances[inside])).sum())
        assert abs(came[inside].sum() - chances[inside].sum()) < 4 * error
    assert came.sum() > 300


def test_unknown_topics_and_incentives_are_refused(seen: Seen) -> None:
    with pytest.raises(NotFound, match="tea"):
        seen.truth.spread_probabilities("cars", "none")
    with pytest.raises(NotFound, match="gift"):
        seen.truth.spread_probabilities("tea", "gold")


def test_ripples_are_trees_that_run_for_six_generations(seen: Seen) -> None:
    spread = seen.truth.spread
    place = {
        (row["cascade"], row["person"]): row
        for row in spread.select(["cascade", "person", "generation", "at"]).to_pylist()
    }
    assert len(place) == spread.num_rows
    for row in spread.filter(pc.is_valid(spread["parent"])).to_pylist():
        parent = place[row["cascade"], row["parent"]]
        assert parent["generation"] == row["generation"] - 1
        assert parent["at"] < row["at"]
    assert pc.max(spread["generation"]).as_py() >= 6


def test_every_true_arrival_is_an_event_under_the_persons_key(seen: Seen) -> None:
    events = {row["id"]: row for row in seen.kind("arrive").to_pylist()}
    reached = seen.truth.spread.filter(pc.is_valid(seen.truth.spread["parent"]))
    for row in reached.to_pylist():
        event = events[row["arrive_id"]]
        assert seen.person_of[event["actor_key"]] == row["person"]
        if row["shown"]:
            assert seen.person_of[event["target_key"]] == row["parent"]
    false = set(seen.truth.false_arrivals["arrive_id"].to_pylist()) & set(events)
    assert len(events) == reached.num_rows + len(false)


def test_communities_overlap_and_change(seen: Seen) -> None:
    happenings = seen.truth.happenings
    assert set(happenings["what"].to_pylist()) == {"born", "grew", "split", "merged", "faded"}
    number = column(seen.truth.people, "communities")
    assert 0.1 < (number >= 3).mean() < 0.4
    assert (number == 0).any()


def members_on(seen: Seen, community: int, day: int) -> set[int]:
    rows = seen.truth.memberships.filter(pc.equal(seen.truth.memberships["community"], community)).to_pylist()
    return {row["person"] for row in rows if row["since"] <= day and (row["until"] is None or day < row["until"])}


def test_happenings_are_what_the_memberships_show(seen: Seen) -> None:
    for row in seen.truth.happenings.to_pylist():
        before, after = row["month"] * 30 - 1, (row["month"] + 1) * 30 + 1
        old, new = members_on(seen, row["community"], before), members_on(seen, row["community"], after)
        if row["what"] == "born":
            assert not old
        if row["what"] == "faded":
            assert not new
        if row["what"] == "split":
            assert not members_on(seen, row["other"], before)
            gone = members_on(seen, row["other"], after)
            assert not gone & new
        if row["what"] == "merged":
            assert not new
            assert old & members_on(seen, row["other"], after) or len(old) < 4


def test_campaign_arms_bought_as_often_as_truth_expects(seen: Seen) -> None:
    """Orders of each arm during the campaigns against base + direct + spill-over, within four Poisson errors."""
    truth = seen.truth
    orders = truth.orders.filter(pc.equal(truth.orders["cause"], "demand"))
    day = (micros(orders) - seen.settings.origin) // 86_400_000_000
    person, category = column(orders, "person"), column(orders, "category")
    bought, expected = np.zeros(2), np.zeros(2)
    for row in truth.campaigns.to_pylist():
        given = truth.assignments.filter(pc.equal(truth.assignments["campaign"], row["campaign"]))
        during = (day >= row["start"]) & (day < row["start"] + row["days"]) & (category == row["category"])
        for arm, treated in enumerate((False, True)):
            people = column(given.filter(pc.equal(given["assigned"], treated)), "person")
            bought[arm] += np.isin(person[during], people).sum()
        expected += [
            row["base_control"] + row["spill_control"],
            row["base_treated"] + row["direct"] + row["spill_treated"],
        ]
    assert (np.abs(bought - expected) < 4 * np.sqrt(expected)).all()
    assert bought.sum() > 100


def test_assignment_by_community_keeps_communities_whole(seen: Seen) -> None:
    campaigns = {row["campaign"]: row["design"] for row in seen.truth.campaigns.to_pylist()}
    assert set(campaigns.values()) == {"person", "community"}
    for name, design in campaigns.items():
        given = seen.truth.assignments.filter(pc.equal(seen.truth.assignments["campaign"], name))
        arms = given.group_by("cluster").aggregate([("assigned", "count_distinct")])["assigned_count_distinct"]
        assert (pc.max(arms).as_py() == 1) == (design == "community")
        assert not pc.any(pc.and_(given["reached"], pc.invert(given["assigned"]))).as_py()


def test_bursts_stand_out_in_their_rooms(seen: Seen) -> None:
    said = seen.kind("message", "reply")
    at, group = micros(said), column(said, "group_key")
    louder = []
    for burst in seen.truth.bursts.to_pylist():
        begin = int(burst["at"].timestamp() * 1_000_000)
        mine = at[group == burst["group_key"]]
        during = ((mine >= begin) & (mine < begin + burst["hours"] * 3_600_000_000)).sum()
        usual = len(mine) / seen.settings.days / 24 * burst["hours"]
        louder.append(during > 5 * usual and during >= 10)
    assert np.mean(louder) > 0.8


def test_people_come_and_go(seen: Seen) -> None:
    people = seen.truth.people
    arrived = column(people, "arrived")
    assert 0.25 < (arrived < 10).mean() < 0.5
    assert (arrived[~np.isnan(arrived)] > seen.settings.days - 60).any()
    left = column(people, "left")
    assert 0.1 < (~np.isnan(left)).mean() < 0.8
    brought = column(people, "brought")
    assert 0.005 < brought.mean() < 0.3
    assert pa.types.is_boolean(people["brought"].type)
