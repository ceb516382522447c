"""Communities of a simulated brand, refreshed month by month, against what is true of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from lianyi import world
from lianyi.insight.communities.behaviour import calibration
from lianyi.memory.duckdb import DuckDB
from tests.insight.communities.lives import FOUND, ORACLE, Judged, judge
from tests.insight.communities.months import (
    Month,
    best,
    continuity,
    found_sets,
    live,
    people_of,
    true_sets,
)

pytestmark = pytest.mark.slow

AS_OF = datetime(2026, 6, 1, 4, tzinfo=UTC)
SETTINGS = world.WorldSettings.ending(AS_OF, people=700, days=150, seed=5)

MONTHS = (3, 4, 5)


@dataclass(kw_only=True)
class Lived:
    """Three monthly refreshes: tables of the last one, and what was found and true each month."""

    months: list[Month] = field(default_factory=list)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    truth: world.Truth
    last: Judged | None = None


TABLES = ("communities", "memberships", "community_changes", "community_health")
KEPT = (*TABLES, "community_people", "community_members", "community_likely", "community_neighbours", "profiles",
        "community_traits")  # fmt: skip


@pytest.fixture(scope="module")
def lived() -> Lived:
    found = Lived(truth=world.truth(SETTINGS))
    for number, engine in live(SETTINGS, TABLES, MONTHS):
        found.months.append(_month(found.truth, engine, number))
        found.rows = {name: engine.table(f"SELECT * FROM {name}").to_pylist() for name in KEPT}
        if number == MONTHS[-1]:
            found.last = judge(engine, SETTINGS, found.truth, found.months[-1])
    return found


def _month(truth: world.Truth, engine: DuckDB, number: int) -> Month:
    true = true_sets(truth, number * 30 - 1)
    return Month(number=number, found=found_sets(engine, people_of(truth, engine)), true=true)


def test_true_communities_are_found_though_people_are_in_several(lived: Lived) -> None:
    month = lived.months[-1]
    likeness = [best(people, month.found)[1] for people in month.true.values()]
    assert len(likeness) > 10
    assert np.mean(likeness) > 0.4


def test_communities_are_as_true_as_the_same_algorithm_makes_them_from_true_ties(lived: Lived) -> None:
    """The oracle knows who truly meets whom how often, also where the log shows little of it."""
    assert lived.last is not None
    for ours, oracle in zip(lived.last.onmi(FOUND), lived.last.onmi(ORACLE), strict=True):
        assert oracle > 0.15
        assert ours >= 0.9 * oracle


def test_chances_by_behaviour_are_those_of_people_that_the_model_has_not_seen(lived: Lived) -> None:
    assert lived.last is not None
    assert lived.last.held_out.pairs > 1000
    assert lived.last.held_out.error <= 0.03


def test_communities_that_go_on_keep_their_ids(lived: Lived) -> None:
    told = continuity(lived.months, lived.truth)
    assert told.continuing >= 15
    assert told.share >= 0.95, told.lost


def test_crowds_are_told_from_communities(lived: Lived) -> None:
    """Rooms without a community behind them are crowds; the verdict on whose people they are says so."""
    crowds = {row["group_key"] for row in lived.truth.rooms.to_pylist() if row["community"] is None}
    judged = [(row["rooms"][0] in crowds, row["verdict"]) for row in lived.rows["communities"]
              if row["height"] == 1 and row["rooms"] and row["verdict"] != "unknown"]  # fmt: skip
    assert {verdict for _, verdict in judged} == {"community", "crowd"}
    right = [crowd == (verdict == "crowd") for crowd, verdict in judged]
    assert np.mean(right) >= 0.8


def test_health_stays_within_its_bounds_and_unknown_is_not_zero(lived: Lived) -> None:
    for row in lived.rows["community_health"]:
        for name in ("many_way", "reciprocity", "gini", "top_share", "self_answers", "answered", "newcomers_heard"):
            assert row[name] is None or 0 <= row[name] <= 1, (name, row)
        assert (row["many_way"] is None) == (row["active"] < 3)


def test_everybody_of_a_community_is_in_its_field_and_parts_are_within(lived: Lived) -> None:
    people: dict[str, set[str]] = {}
    for row in lived.rows["community_people"]:
        if row["weight"] is not None:
            people.setdefault(row["community_id"], set()).add(row["person_id"])
    for row in lived.rows["communities"]:
        assert row["size"] == len(people[row["community_id"]])
        if row["height"] == 0 and row["parent_id"] is not None:
            inside = people[row["community_id"]] & people[row["parent_id"]]
            assert len(inside) >= 0.5 * row["size"]


def test_names_are_there_in_both_languages_and_no_two_are_equal(lived: Lived) -> None:
    named = [row for row in lived.rows["communities"] if row["height"] == 1]
    assert all(row["name_zh"] and row["name_en"] for row in named)
    assert len({row["name_zh"] for row in named}) == len(named)


def test_memberships_hold_each_person_once_with_a_weight_and_a_reason(lived: Lived) -> None:
    rows = lived.rows["memberships"]
    assert len({(row["person_id"], row["community_id"]) for row in rows}) == len(rows)
    assert {row["how"] for row in rows} >= {"ties"}
    assert all(0 < row["weight"] <= 1 for row in rows)
    assert all(row["evidence_zh"] and row["evidence_en"] for row in rows)


def test_the_first_refresh_finds_and_later_ones_tell_what_changed(lived: Lived) -> None:
    changes = lived.rows["community_changes"]
    first = min(row["at"] for row in changes)
    assert {row["what"] for row in changes if row["at"] == first} == {"found"}
    later = [row for row in changes if row["at"] > first]
    assert later
    assert {row["what"] for row in later} <= {"born", "grew", "split", "merged", "faded"}
    ids = {row["community_id"] for row in changes}
    assert {row["community_id"] for row in lived.rows["communities"] if row["height"] == 1} <= ids


def test_bins_of_calibration_are_means_of_what_is_in_them() -> None:
    chance, member = np.array([0.05, 0.15, 0.11, 0.95]), np.array([False, True, False, True])
    assert calibration(chance, member) == [(0.05, 0.0, 1), (pytest.approx(0.13), 0.5, 2), (0.95, 1.0, 1)]
