"""Needs: the fit against a closed truth, ranks, and the table's statements with their evidence."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from lianyi.insight.demand.needs.table import BANDS, auc, fit, learn, sentence
from lianyi.insight.demand.next_best.exploring import Exploring, dice
from lianyi.insight.zone import local_day
from tests.insight.log import AS_OF, Log


def test_the_fit_finds_the_weights_by_which_the_answers_were_drawn() -> None:
    random = np.random.default_rng(1)
    x = random.normal(size=(40_000, 3))
    true = np.array([-1.0, 0.8, 0.0, -0.5])
    y = (random.random(len(x)) < 1 / (1 + np.exp(-(true[0] + x @ true[1:])))).astype(float)
    np.testing.assert_allclose(fit(x, y), true, atol=0.06)


def test_auc_counts_pairs_and_halves_of_ties() -> None:
    assert auc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([0.0, 1.0, 0.0, 1.0])) == pytest.approx(3.5 / 4)


def test_what_is_learned_is_judged_on_people_kept_aside() -> None:
    random = np.random.default_rng(2)
    x = random.normal(size=(9_000, 8))
    y = (random.random(len(x)) < 1 / (1 + np.exp(2 - 1.5 * x[:, 0]))).astype(float)
    model = learn(x, y, random.random(len(x)) < 0.3)
    assert model.auc is not None
    assert model.promised is not None
    assert model.bought is not None
    assert 0.75 < model.auc < 0.9
    assert model.promised == pytest.approx(model.bought, rel=0.1)
    assert learn(x[:50], y[:50], np.arange(50) < 20).auc is None


def shop() -> Log:
    """Twenty buy tea every 20 days or so; half of them rice too. p50 looked at rice, p51 spoke of tea, p52 bought rice
    lately. Sixty bought soap once."""
    log = Log()
    random = np.random.default_rng(3)
    for person in range(20):
        day = date(2026, 1, 3) + timedelta(days=person % 7)
        while day < date(2026, 5, 31):
            log.add("order", f"user:{person}", f"{day} 12:00", category="shop > 茶叶", value="9")
            if person % 2:
                log.add("order", f"user:{person}", f"{day} 13:00", category="rice", value="5")
            day += timedelta(days=int(random.integers(17, 24)))
    for person in range(100, 160):
        log.add("order", f"user:{person}", "2026-03-01 10:00", category="soap", value="5")
    for number in range(4):
        log.add("view", "user:50", f"2026-05-{26 + number} 10:00", category="rice")
    log.add("message", "user:51", "2026-05-25 10:00", text="谁有好的茶叶？", group_key="g:1")
    log.add("order", "user:52", "2026-05-12 10:00", category="rice", value="5")
    return log


def test_needs_name_what_speaks_for_them() -> None:
    rows = {(row["person_id"], row["category"]): row for row in shop().build("needs")["needs"]}
    looked, spoke = rows["p50", "rice"], rows["p51", "shop > 茶叶"]
    assert looked["evidence"] == "looked"
    assert not looked["latent"]
    assert (spoke["evidence"], spoke["mentions"], spoke["latent"]) == ("said", 1, False)
    assert "Spoke of it on 1" in sentence(spoke)[0]
    beside = rows["p52", "shop > 茶叶"]
    assert (beside["evidence"], beside["other"], beside["latent"]) == ("beside", "rice", True)
    assert sentence(beside)[0].startswith("Never shown by themselves. People who buy rice")
    due = rows["p0", "shop > 茶叶"]
    assert due["cycle"] == pytest.approx(20, abs=3)
    assert due["chance"] > looked["chance"]
    assert {row["band"] for row in rows.values()} <= {name for name, _ in BANDS}
    assert all(0 < row["chance"] < 1 for row in rows.values())


def test_a_log_without_categories_has_no_needs() -> None:
    log = Log()
    log.add("message", text="hello", group_key="g:1")
    assert log.build("needs")["needs"] == []


def test_every_person_may_be_left_alone_and_each_choice_keeps_its_chance() -> None:
    log = shop()
    log.add("consent", "user:3", "2026-05-01 10:00", props={"purpose": "marketing", "granted": False})
    for number in range(3):
        log.add("view", "user:4", f"2026-05-2{number} 10:00", object_key="item:1", category="rice", channel="web")
        log.add("view", "user:3", f"2026-05-2{number} 11:00", object_key="item:2", category="rice", channel="web")
        for other in range(5, 15):
            log.add("view", f"user:{other}", f"2026-05-2{number} 12:00", object_key="item:1", category="rice",
                    channel="web")  # fmt: skip
    drawn = {"next_best": Exploring(explore="epsilon", share=0.5)}
    rows = log.build("next_best", parameters=drawn)["next_best"]
    people = {row["person_id"] for row in rows}
    assert len(rows) == 3 * len(people)
    for person in people:
        mine = {row["option"]: row for row in rows if row["person_id"] == person}
        assert sum(row["chosen"] for row in mine.values()) == 1
        assert sum(row["propensity"] for row in mine.values()) == pytest.approx(1)
        assert mine["nothing"]["allowed"]
        assert all(row["propensity"] > 0 for row in mine.values() if row["allowed"])
        assert all(row["propensity"] == 0 and not row["chosen"] for row in mine.values() if not row["allowed"])
        assert mine["show"]["gain"] is None  # no experiment has told
    by = {(row["person_id"], row["option"]): row for row in rows}
    assert by["p3", "show"]["ruled_out"] == "refused"
    assert by["p4", "show"]["channel"] == "web"
    assert by["p4", "show"]["object_key"] in {"item:1", "item:2"}
    day = local_day(AS_OF, "Asia/Shanghai")
    for person, roll in zip(sorted(people), dice(sorted(people), day), strict=True):
        upto = np.cumsum([by[person, option]["propensity"] for option in ("nothing", "show", "connect")])
        assert by[person, ("nothing", "show", "connect")[int(np.searchsorted(upto, roll, side="right"))]]["chosen"]
    assert {row["option"] for row in rows if row["chosen"]} == {"nothing", "show"}  # nobody is tied to anybody
    again = log.build("next_best", parameters=drawn)["next_best"]
    assert rows == again  # the same when asked again on the same day
    sure = log.build("next_best")["next_best"]
    assert {(row["option"], row["propensity"]) for row in sure if row["chosen"]} == {("nothing", 1.0)}
