"""Whom to pass something on to: laws on small histories, the fit against scikit-learn, and a real log."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from benchmarks.receivers import last_contact, reciprocal_rank, taobao

from lianyi.insight.ripples.logit import Choice, fit
from lianyi.insight.ripples.receivers import DEFAULT, NAMES, History, Knowledge, Questions, ask, learn, rank, reasons
from tests.real_data import real


def history(*passings: tuple[int, int, float], kinds: list[int] | None = None) -> History:
    """Passings (sharer, receiver, day) of different things."""
    rows = np.array(passings, dtype=float).reshape(-1, 3)
    kind = np.array(kinds or [0] * len(rows))
    return History(
        people=10, sharer=rows[:, 0].astype(np.int64), receiver=rows[:, 1].astype(np.int64),
        thing=np.arange(len(rows)), kind=kind, group=kind, day=rows[:, 2],
    )  # fmt: skip


def best(known: History, sharer: int, day: float, kind: int = 0, thing: int = 99) -> list[int]:
    """The order of the candidates by the default weights."""
    one = {name: np.array([value]) for name, value in (("sharer", sharer), ("thing", thing), ("kind", kind))}
    asked = Questions(**one, group=np.array([kind]), day=np.array([day]))
    return [int(person) for person in rank(Knowledge(known), asked, DEFAULT).person]


def test_candidates_are_those_reached_those_who_reached_and_their_friends() -> None:
    known = history((0, 1, 1.0), (2, 0, 2.0), (1, 3, 3.0), (4, 5, 4.0))
    row, person, common = Knowledge(known).candidates(np.array([0, 5]))
    assert list(zip(row.tolist(), person.tolist(), common.tolist(), strict=True)) == [
        (0, 1, 0), (0, 2, 0), (0, 3, 1), (1, 4, 0),
    ]  # fmt: skip


def test_nobody_is_found_for_who_knows_nobody() -> None:
    assert best(history((0, 1, 1.0)), 7, 2.0) == []
    assert best(history(), 0, 2.0) == []


def test_lately_and_often_count_and_who_has_it_comes_last() -> None:
    assert best(history((0, 1, 1.0), (0, 2, 9.0)), 0, 10.0) == [2, 1]
    assert best(history((0, 1, 8.0), (0, 1, 8.5), (0, 1, 8.7), (0, 2, 9.0), (0, 3, 1.0)), 0, 30.0)[0] == 1
    assert best(history((0, 1, 9.0), (0, 2, 9.0)), 0, 10.0, thing=0) == [2, 1]


def test_who_cares_for_the_kind_is_preferred() -> None:
    known = history((0, 1, 1.0), (0, 2, 1.0), (5, 1, 1.0), (5, 2, 1.0), kinds=[7, 7, 3, 4])
    assert best(known, 0, 2.0, kind=3)[0] == 1
    assert best(known, 0, 2.0, kind=4)[0] == 2


def test_reasons_say_what_is_known() -> None:
    known = history((0, 1, 1.0), (0, 1, 2.0), (1, 0, 3.0))
    asked = Questions(**{name: np.array([0]) for name in ("sharer", "thing", "kind", "group")}, day=np.array([4.0]))
    found = rank(Knowledge(known), asked, DEFAULT)
    said = [en for en, _ in reasons(found.x[0])]
    assert said[0] == "came through this person 2 times"
    assert said[1:3] == ["the last one this person reached", "brought this person 1 times"]
    assert "has had it already" in said


def test_other_numbers_for_the_same_people_change_no_probability() -> None:
    dice = np.random.default_rng(3)
    rows = [(int(a), int(b), float(day)) for day, (a, b) in enumerate(dice.integers(0, 10, (80, 2))) if a != b]
    other = dice.permutation(10)
    first, second = history(*rows), history(*[(int(other[a]), int(other[b]), day) for a, b, day in rows])
    one = rank(Knowledge(first), ask(first, np.arange(len(rows))), learn(first))
    two = rank(Knowledge(second), ask(second, np.arange(len(rows))), learn(second))
    assert np.allclose(np.sort(one.share), np.sort(two.share))


def test_the_fit_is_that_of_logistic_regression_where_there_are_two_alternatives() -> None:
    from sklearn.linear_model import LogisticRegression

    dice = np.random.default_rng(4)
    x = dice.normal(size=(4000, 3))
    chosen = dice.random(2000) < 1 / (1 + np.exp(-(x[0::2] - x[1::2]) @ np.array([1.0, -0.5, 0.2])))
    truth = np.column_stack([chosen, ~chosen]).ravel() * 1.0
    row = np.repeat(np.arange(2000), 2)
    found = fit(Choice(row=row, option=row, x=x), truth, np.zeros(3), 2.0)
    peer = LogisticRegression(C=0.5, fit_intercept=False, tol=1e-9).fit(x[0::2] - x[1::2], chosen)
    assert np.allclose(found, peer.coef_[0], atol=1e-4)


def test_every_clue_has_a_weight() -> None:
    assert len(NAMES) == len(DEFAULT)


@pytest.mark.data
def test_receivers_of_a_real_log_are_found_better_than_by_last_contact() -> None:
    shares = taobao(real("taobao_share/share_sample.csv"), real("taobao_share/item_info.csv"))
    cut = int(len(shares.day) * 0.8)
    known, later = shares.until(cut), np.arange(cut, len(shares.day))
    ours = reciprocal_rank(rank(Knowledge(known), ask(shares, later), learn(known)), shares, later)
    last = last_contact(known, shares, later)
    seen = Knowledge(known).pairs.of(shares.sharer[later] * shares.people + shares.receiver[later])[0] > 0
    assert round(last.mean(), 3) == 0.123
    assert ours.mean() > last.mean() + 0.012
    assert ours[~seen].mean() > 0.02  # last contact finds none of these
    assert last[~seen].mean() == 0


def _plain_last_contact(rows: list[dict[str, Any]]) -> float:
    """The baseline once more, in plain Python."""
    rows.sort(key=lambda row: (row["timestamp"], row["inviter_id"], row["item_id"], row["voter_id"]))
    cut = int(len(rows) * 0.8)
    last: dict[str, dict[str, datetime]] = {}
    for row in rows[:cut]:
        moment = datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC)
        last.setdefault(row["inviter_id"], {})[row["voter_id"]] = moment
    total = 0.0
    for row in rows[cut:]:
        known = last.get(row["inviter_id"], {})
        order = sorted(known, key=lambda who, known=known: known[who], reverse=True)[:5]  # type: ignore[misc]
        total += 1 / (order.index(row["voter_id"]) + 1) if row["voter_id"] in order else 0
    return total / len(rows[cut:])


@pytest.mark.data
def test_the_baseline_is_that_of_plain_counting() -> None:
    with real("taobao_share/share_sample.csv").open(encoding="utf-8") as file:
        assert _plain_last_contact(list(csv.DictReader(file))) == pytest.approx(0.1225, abs=0.0005)
