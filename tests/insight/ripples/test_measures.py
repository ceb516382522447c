"""Measures of ripples against independent ones: networkx for trees, plain counting, simulated offspring."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import timedelta
from itertools import combinations
from random import Random
from typing import Any

import networkx as nx
import numpy as np
import pytest

from lianyi.insight.ripples.rates import Timing, dispersion, interval
from lianyi.memory.events import Event
from tests.insight.log import AS_OF, Log

NAMES = ("arrivals", "ripples", "ripple_generations", "ripple_overlaps")
Rows = dict[str, list[dict[str, Any]]]


def sharing(seed: int, *, people: int = 30, acts: int = 120, prefix: str = "") -> Log:
    """A log in which shares of a few things and campaigns find random takers, some of them scanners."""
    random = Random(seed)
    log = Log()
    shares: list[Event] = []
    moment = AS_OF - timedelta(days=60)
    for _ in range(acts):
        moment += timedelta(hours=random.expovariate(1 / 6))
        who = f"user:{prefix}{random.randrange(people)}"
        if not shares or random.random() < 0.4:
            thing, campaign = f"item:{prefix}{random.randrange(3)}", random.choice((None, f"{prefix}spring"))
            shares.append(log.add("share", who, moment, object_key=thing, campaign=campaign))
        else:
            share = random.choice(shares[-12:])
            robot = {"agent": "x-bot"} if random.random() < 0.1 else None
            log.add("arrive", who, moment, parent_id=share.id, object_key=share.object_key, props=robot)
    return log


def trees(rows: Rows) -> dict[str, nx.Graph]:
    """Per ripple its people as a graph; who is set apart is in it, marked."""
    found: dict[str, nx.Graph] = defaultdict(nx.Graph)
    for row in rows["arrivals"]:
        graph = found[row["ripple_id"]]
        graph.add_node(row["person_id"], counts=not row["flags"], generation=row["generation"])
        if row["parent_person_id"]:
            graph.add_edge(row["person_id"], row["parent_person_id"])
    return found


@pytest.mark.parametrize("seed", range(4))
def test_depth_width_and_structural_virality_are_those_of_networkx(seed: int) -> None:
    rows = sharing(seed).build(*NAMES)
    graphs = trees(rows)
    assert len(graphs) > 3
    for row in rows["ripples"]:
        graph = graphs[row["ripple_id"]]
        counted = {person for person, data in graph.nodes(data=True) if data["counts"]}
        assert nx.is_forest(graph)
        lengths = dict(nx.all_pairs_shortest_path_length(graph))
        pairs = [lengths[a][b] for a, b in combinations(sorted(counted), 2) if b in lengths[a]]
        mean = sum(pairs) / len(pairs) if pairs else None
        assert row["virality"] == (None if mean is None else pytest.approx(mean))
        generations = Counter(graph.nodes[person]["generation"] for person in counted)
        assert row["depth"] == max(generations, default=None)
        assert row["width"] == (max(generations.values()) if generations else None)


@pytest.mark.parametrize("seed", range(2))
def test_people_brought_by_each_generation_are_counted_one_by_one(seed: int) -> None:
    rows = sharing(seed).build(*NAMES)
    people = [row for row in rows["arrivals"] if not row["flags"]]
    size = Counter((row["ripple_id"], row["generation"]) for row in people)
    of = {(row["ripple_id"], row["person_id"]): row for row in rows["arrivals"]}
    brought: Counter[tuple[str, int]] = Counter()
    behind: Counter[tuple[str, str]] = Counter()
    for row in people:
        above = row
        while above["parent_person_id"]:
            above = of[row["ripple_id"], above["parent_person_id"]]
            behind[above["ripple_id"], above["person_id"]] += 1
        parent = row["parent_person_id"] and of[row["ripple_id"], row["parent_person_id"]]
        if parent and not parent["flags"]:
            brought[row["ripple_id"], parent["generation"]] += 1
    for row in rows["ripple_generations"]:
        key = (row["ripple_id"], row["generation"])
        assert (row["people"], row["brought"]) == (size[key], brought[key])
        if row["people"] and row["complete"] > 0.999:
            assert row["r"] == pytest.approx(brought[key] / size[key], rel=2e-3)
            assert row["r_low"] <= row["r"] <= row["r_high"]
    for row in rows["arrivals"]:
        assert row["reach"] == behind[row["ripple_id"], row["person_id"]]


def test_an_unrelated_part_and_other_names_change_nothing() -> None:
    alone, both = sharing(1), sharing(1)
    other = sharing(2, prefix="z")
    offset = len(both.events)
    for number, event in enumerate(other.events):
        parent = event.parent_id and f"t:{int(event.parent_id[2:]) + offset}"
        both.add(
            event.kind, event.actor_key, event.at, id=f"t:{number + offset}", parent_id=parent,
            object_key=event.object_key, campaign=event.campaign, props=event.props,
        )  # fmt: skip
    first, second = alone.build("arrivals", "ripples"), both.build("arrivals", "ripples")
    mine = {row["ripple_id"] for row in first["ripples"]}
    kept = [row for row in second["arrivals"] if row["ripple_id"] in mine]
    assert kept == first["arrivals"]
    shape = ("seeds", "reached", "depth", "width", "virality", "bots")
    assert [[row[name] for name in shape] for row in second["ripples"] if row["ripple_id"] in mine] == [
        [row[name] for name in shape] for row in first["ripples"]
    ]
    renamed = sharing(1)
    renamed.known = {key: "q" + person for key, person in renamed.keys().items()}
    again = renamed.build("arrivals")["arrivals"]
    assert sorted((row["ripple_id"], row["person_id"][1:], row["generation"], row["reach"]) for row in again) == sorted(
        (row["ripple_id"], row["person_id"], row["generation"], row["reach"]) for row in first["arrivals"]
    )


@pytest.mark.parametrize(("mean", "size", "shape"), [(0.8, 60, 1e6), (0.8, 60, 0.5), (0.1, 40, 1e6), (2.0, 100, 0.3)])
def test_the_interval_of_r_holds_the_truth(mean: float, size: int, shape: float) -> None:
    """Negative binomial offspring, up to very uneven ones; 95 % nominal."""
    dice = np.random.default_rng(7)
    draws = dice.negative_binomial(shape, shape / (shape + mean), (3000, size))
    people = np.full(3000, size)
    phi = dispersion(people, draws.sum(axis=1), (draws**2).sum(axis=1))
    _, low, high = interval(draws.sum(axis=1), people.astype(float), phi)
    assert ((low <= mean) & (mean <= high)).mean() > 0.93


def test_who_has_had_no_time_yet_does_not_lower_r() -> None:
    timing = Timing(np.random.default_rng(1).lognormal(1.0, 1.0, 5000))
    age = np.full(1000, math.exp(1.0))  # half of all that comes has come at the median
    exposure = np.array([timing.done(age).sum()])
    rate, _, _ = interval(np.array([400]), exposure, np.ones(1))
    assert rate[0] == pytest.approx(0.8, rel=0.05)
    assert timing.done(np.array([-1.0, 0.0, 1e9])).tolist() == [0.0, 0.0, 1.0]


def test_a_ripple_grows_fades_and_is_over() -> None:
    """Each person brings as many as stated, ten hours later; the last generation came an hour before now."""
    log = Log()
    for name, brings, generations, last in (("young", 3, 5, 1), ("old", 2, 4, 900), ("dying", 1, 6, 1)):
        front = [f"user:{name}{number}" for number in range(1 if brings > 1 else 40)]
        for generation in range(generations):
            age = last + 10 * (generations - generation)
            front = [_bring(log, who, f"{who}.{child}", age, name) for who in front for child in range(brings)]
            front = front[: len(front) // 2] if name == "dying" else front
    trends = {row["name"]: row["trend"] for row in log.build("ripples")["ripples"]}
    assert trends == {"old": "over", "young": "growing", "dying": "fading"}


def _bring(log: Log, by: str, who: str, age: float, campaign: str) -> str:
    """`by` shares and `who` comes through it; returns `who`."""
    first = log.add("share", by, AS_OF - timedelta(hours=age), campaign=campaign)
    log.add("arrive", who, AS_OF - timedelta(hours=age - 9.5), parent_id=first.id)
    return who


def test_overlap_and_amplification() -> None:
    log = Log()
    start = AS_OF - timedelta(days=50)
    for name in ("a", "b"):
        log.add("share", f"user:{name}", start, id=name, campaign=name)
    for number in range(300):
        for name, people in (("a", range(200)), ("b", range(100, 300))):
            if number in people:
                moment = start + timedelta(hours=1 + number / 100)
                log.add("arrive", f"user:x{number:03}", moment, parent_id=name)
                both = 100 <= number < 200
                if number % (2 if both else 10) == 0:  # alone one in ten passes it on, reached by both one in two
                    log.add("share", f"user:x{number:03}", moment + timedelta(hours=1), campaign=name)
    (row,) = log.build("ripple_overlaps")["ripple_overlaps"]
    assert row["common"] == 100
    assert row["expected"] == pytest.approx(201 * 201 / 302)
    assert row["shared_rate"] == pytest.approx(50.5 / 101)
    alone = (10 + 1 + 0.5) / 102  # the one who began shared as well
    assert row["shared_expected"] == pytest.approx(1 - (1 - alone) ** 2)
    assert row["shared_low"] > 1
    assert row["shared_low"] < row["shared_ratio"] < row["shared_high"]
