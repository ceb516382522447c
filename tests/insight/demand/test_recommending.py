"""Recommending: EASE against its definition, blocks and mixes, reasons, and the table's laws."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from scipy import sparse

from lianyi.insight.demand.recommending import scoring
from lianyi.insight.demand.recommending.table import _diverse, settle
from tests.insight.log import Log


def crowd(seed: int = 1, *, people: int = 300) -> scoring.Crowd:
    """Two tastes: who takes one of the first ten objects takes others of them, and so with the last ten."""
    random = np.random.default_rng(seed)
    taste = random.integers(0, 2, people)
    rows, columns, ages = [], [], []
    for person in range(people):
        mine = taste[person] * 10 + random.permutation(10)[: random.integers(3, 8)]
        rows += [person] * len(mine)
        columns += mine.tolist()
        ages += list(range(len(mine)))
    shape = people, 20
    return scoring.Crowd(
        history=sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape),
        age=sparse.csr_matrix((np.array(ages, np.float32), (rows, columns)), shape),
        community=np.full(people, -1),
    )


@pytest.mark.parametrize("people", [300, 12])  # fewer people than objects: by way of people × people
def test_ease_is_the_ridge_regression_of_each_object_on_all_others(people: int) -> None:
    history = crowd(people=people).history
    beside = scoring.ease(history, 50.0)
    dense = history.toarray().astype(np.float64)
    for target in (0, 13):
        others = np.delete(np.arange(20), target)
        x = dense[:, others]
        expected = np.linalg.solve(x.T @ x + 50 * np.eye(19), x.T @ dense[:, target])
        np.testing.assert_allclose(beside[others, target], expected, atol=1e-4)
        assert beside[target, target] == 0


def test_people_are_shown_what_goes_with_their_taste() -> None:
    data = crowd()
    made = scoring.make(data, penalty=20, mix=scoring.Mix())
    chosen, _ = scoring.best(made.scores(data), data.history, 2)
    mine = data.history.toarray()[:, :10].any(axis=1)
    assert ((chosen < 10) == mine[:, None]).all()
    assert not (data.history.toarray()[np.arange(300)[:, None], chosen] > 0).any()


def test_recall_and_ndcg_by_hand() -> None:
    wanted = sparse.csr_matrix(np.array([[0, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]], dtype=np.float32))
    recall, gain = scoring.quality(np.array([[1, 3], [3, 0], [0, 1]]), wanted)
    assert recall == pytest.approx((0.5 + 1) / 2)
    assert gain == pytest.approx((1 / (1 + 1 / np.log2(3)) + 1 / np.log2(3)) / 2)


def test_ties_are_used_where_they_say_what_comes_next() -> None:
    """Friends take the same objects at random, so only ties tell."""
    random = np.random.default_rng(3)
    pairs = 200
    takes = np.repeat(random.random((pairs, 40)) < 0.15, 2, axis=0)
    shown = takes & (random.random(takes.shape) < 0.6)
    rows, columns = shown.nonzero()
    history = sparse.csr_matrix(shown.astype(np.float32))
    age = sparse.csr_matrix((np.zeros(len(rows), np.float32), (rows, columns)), shown.shape)
    other = np.arange(2 * pairs) ^ 1
    ties = sparse.csr_matrix((np.full(2 * pairs, 0.7, np.float32), (np.arange(2 * pairs), other)))
    data = scoring.Crowd(history=history, age=age, community=np.full(2 * pairs, -1), ties=ties)
    _, mix, gain = scoring.learn(data, sparse.csr_matrix((takes & ~shown).astype(np.float32)), top=5)
    alone = scoring.Crowd(history=history, age=age, community=data.community)
    assert mix.social > 0
    assert gain > 1.5 * scoring.learn(alone, sparse.csr_matrix((takes & ~shown).astype(np.float32)), top=5)[2]


def test_settings_come_from_a_trial_and_from_a_default_where_few_people_took_much() -> None:
    penalty, _, gain, people = settle(crowd())
    assert penalty in scoring.PENALTIES
    assert people > 150
    assert 0.3 < gain <= 1
    assert settle(crowd(people=20))[3] == 0


def test_objects_of_one_category_make_room_for_others() -> None:
    first, value = np.arange(12)[None, :], np.linspace(1, 0.4, 12, dtype=np.float32)[None, :]
    chosen, _ = _diverse(first, value, np.array([0] * 9 + [1, 1, 2]))
    assert chosen[0, 0] == 0
    assert set(chosen[0, :5]) & {9, 10, 11}


def shop() -> Log:
    log = Log()
    random = np.random.default_rng(2)
    for person in range(30):
        for _ in range(random.integers(4, 9)):
            item = random.integers(0, 6) + 6 * (person % 2)
            when = date(2026, 1, 5) + timedelta(days=int(random.integers(0, 100)))
            log.add("view", f"user:{person}", f"{when} 12:00", object_key=f"item:{item}",
                    category=f"c{item // 6}", props={"title": f"Thing {item}"})  # fmt: skip
    log.add("order", "user:0", "2026-05-30 10:00", object_key="item:2", category="c0", value="9")
    log.add("consent", "user:1", "2026-05-01 10:00", props={"purpose": "personalisation", "granted": False})
    log.add("message", "user:99", "2026-05-01 10:00", text="hello", group_key="g:1")
    return log


def test_the_table_shows_reasons_and_leaves_alone_who_asked_for_it() -> None:
    rows = shop().build("recommendations")
    shown = rows["recommendations"]
    assert {row["title"] for row in rows["objects"]} == {f"Thing {number}" for number in range(12)}
    mine = {person: [row for row in shown if row["person_id"] == person] for person in ("p0", "p1", "p99")}
    assert [row["place"] for row in mine["p0"]] == list(range(1, len(mine["p0"]) + 1))
    assert "item:2" not in {row["object_key"] for row in mine["p0"]}  # bought two days ago
    assert {row["reason"] for row in mine["p1"]} == {"plain"}
    assert {row["reason"] for row in mine["p99"]} == {"everybody"}
    popular = [row["object_key"] for row in mine["p1"]]
    assert popular[0] == mine["p99"][0]["object_key"]
    because = [row for row in shown if row["reason"] == "beside"]
    assert because
    assert all(row["because"] for row in because)


def test_a_log_without_objects_recommends_nothing() -> None:
    log = Log()
    log.add("message", text="hello", group_key="g:1")
    assert log.build("recommendations")["recommendations"] == []
