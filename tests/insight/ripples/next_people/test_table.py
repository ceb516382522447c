"""Table `next_people`: running ripples only, evidence that plain counting gives, nothing of what came later."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lianyi.insight.ripples.next_people.table import BEST, FEWEST_STEPS, Past, evidence, hits_on_past
from tests.insight.log import AS_OF, Log

Row = dict[str, Any]


def _log(ripples: int, *, running: int = 3) -> Log:
    """Ripples a day apart, the last one today: ann passes each on, ben comes next in all, then one of six in turn and
    somebody new. Of the last `running` only ann's first friend has come."""
    log = Log()
    for number in range(ripples):
        began = AS_OF - timedelta(days=ripples - number, hours=5)
        log.add("share", "user:ann", began, id=f"s{number}", object_key=f"item:{number}")
        comers = ["ben", f"c{number % 6}", f"n{number}"] if number < ripples - running else ["zoe"]
        for place, name in enumerate(comers):
            log.add("arrive", f"user:{name}", began + timedelta(hours=1 + place), parent_id=f"s{number}",
                    target="user:ann")  # fmt: skip
    return log


@pytest.fixture(scope="module")
def told() -> tuple[list[Row], list[Row]]:
    """Rows of next_people and of arrivals."""
    made = _log(80).build("arrivals", "next_people")
    return made["next_people"], made["arrivals"]


def test_who_always_came_after_these_people_is_the_likeliest(told: tuple[list[Row], list[Row]]) -> None:
    rows = [row for row in told[0] if row["rank"] == 1]
    last = max(told[1], key=lambda row: row["at"])
    newest = next(row for row in rows if row["ripple_id"] == last["ripple_id"])
    assert newest["person_id"] == "pben"
    assert newest["chance"] > 0.2
    assert newest["learned"] == 80


def test_chances_fall_and_nobody_is_told_who_is_there(told: tuple[list[Row], list[Row]]) -> None:
    rows, arrivals = told
    there = {(row["ripple_id"], row["person_id"]) for row in arrivals}
    by_ripple: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        assert (row["ripple_id"], row["person_id"]) not in there
        by_ripple[row["ripple_id"]].append(row)
    for mine in by_ripple.values():
        assert [row["rank"] for row in mine] == list(range(1, len(mine) + 1))
        assert len(mine) <= BEST
        chances = [row["chance"] for row in mine]
        assert chances == sorted(chances, reverse=True)
        assert sum(chances) <= 1 + 1e-9


def test_only_ripples_that_still_run_are_told(told: tuple[list[Row], list[Row]]) -> None:
    rows, arrivals = told
    last: dict[str, Any] = {}
    for row in arrivals:
        last[row["ripple_id"]] = max(row["at"], last.get(row["ripple_id"], row["at"]))
    running = {ripple for ripple, at in last.items() if at >= AS_OF - timedelta(days=30)}
    assert {row["ripple_id"] for row in rows} == running
    assert 0 < len(running) < len(last)


def test_evidence_is_what_plain_loops_count(told: tuple[list[Row], list[Row]]) -> None:
    rows, arrivals = told
    ripples: dict[str, list[str]] = defaultdict(list)
    for row in sorted(arrivals, key=lambda row: (row["at"], row["event_id"])):
        ripples[row["ripple_id"]].append(row["person_id"])
    for row in rows[:60]:
        others = {
            ripple: people for ripple, people in ripples.items() if ripple != row["ripple_id"] and len(people) > 1
        }
        inside = set(ripples[row["ripple_id"]])
        mine = [people for people in others.values() if row["person_id"] in people]
        followed = [people for people in mine if inside & set(people[: people.index(row["person_id"])])]
        assert (row["took_part"], row["followed"]) == (len(mine), len(followed))


def test_with_few_ripples_nothing_is_said() -> None:
    assert _log(20).build("next_people")["next_people"] == []


def test_ties_of_both_ends_count_once() -> None:
    ties = np.array([0, 1], np.int32), np.array([2, 2], np.int32)
    past = Past(
        names=pa.array(["r", "s"]), people=pa.array(["a", "b", "c"]), start=np.array([0, 1, 3]),
        person=np.array([0, 1, 2], np.int32), ties=ties,
    )  # fmt: skip
    followed, tied, took_part = evidence(past, "r", np.array([0, 1]))
    assert (followed.tolist(), tied.tolist(), took_part.tolist()) == ([0, 0, 1], [0, 0, 2], [0, 1, 1])


def test_hits_are_counted_on_what_the_earlier_ripples_do_not_hold() -> None:
    """Pairs that always follow each other. The last part of the past holds rare ones, which were met early and whom
    popularity does not name; or new ones, whom nobody can foretell."""

    def past(pairs: list[tuple[int, int]], people: int) -> Past:
        none = np.empty(0, np.int32)
        return Past(
            names=pa.array([f"r{n}" for n in range(len(pairs))]), people=pa.array([f"p{n}" for n in range(people)]),
            start=np.arange(len(pairs) + 1) * 2, person=np.array(pairs, np.int32).reshape(-1), ties=(none, none),
        )  # fmt: skip

    often, seldom = [(2 * n, 2 * n + 1) for n in range(10)], [(2 * n, 2 * n + 1) for n in range(10, 20)]
    early = seldom * 2 + often * 30
    steps, hits, popular = hits_on_past(past(early + seldom * 8, 40))
    assert (steps, hits, popular) == (80, 1.0, 0.0)
    new = [(40 + 2 * n, 41 + 2 * n) for n in range(40)] * 2
    steps, hits, _popular = hits_on_past(past(early + new, 120))
    assert steps == 80
    assert hits < 0.3
    few = hits_on_past(past(early[:40], 40))
    assert few[0] < FEWEST_STEPS
    assert np.isnan(few[1])
