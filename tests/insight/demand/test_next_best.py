"""Off-policy evaluation against a policy whose worth is known, and exploration that keeps every option open."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from lianyi.errors import InputError
from lianyi.insight.demand.next_best.exploring import Exploring, chances, draw, explore, parsed, written
from lianyi.insight.demand.next_best.money import costs
from lianyi.insight.demand.next_best.offpolicy import evaluate
from lianyi.insight.demand.next_best.saying import sentence
from lianyi.insight.demand.next_best.uplift import Effect, leaned
from lianyi.insight.ledger import book
from tests.insight.log import Log


def logged(seed: int, count: int = 4_000) -> tuple[np.ndarray, ...]:
    """Decisions of three options whose rewards depend on the person; the policy judged takes the best for each."""
    random = np.random.default_rng(seed)
    kind = random.integers(0, 2, count)
    means = np.array([[0.0, 1.0, 0.2], [0.0, -0.5, 0.6]])[kind]
    logging = np.array([[0.5, 0.2, 0.3], [0.4, 0.4, 0.2]])[kind]
    action, chance = draw(logging, random.random(count))
    reward = means[np.arange(count), action] + random.normal(0, 1, count)
    policy = (means == means.max(axis=1, keepdims=True)).astype(float)
    return action, chance, reward, policy, means


def test_all_three_find_the_worth_of_a_policy_that_was_not_followed() -> None:
    truth = (1.0 + 0.6) / 2
    hits = dict.fromkeys(("ips", "snips", "dr"), 0)
    errors: dict[str, list[float]] = {name: [] for name in hits}
    for seed in range(60):
        action, chance, reward, policy, means = logged(seed, 2_000)
        for worth in evaluate(action, chance, reward, policy, means):
            hits[worth.method] += worth.low <= truth <= worth.high
            errors[worth.method].append(worth.value - truth)
    for name, count in hits.items():
        assert count >= 51, name  # 95 % of 60 is 57; fewer than 51 would be a chance of 1 in 400
        assert abs(np.mean(errors[name])) < 0.03, name
    assert np.std(errors["dr"]) < np.std(errors["ips"])


def test_doubly_robust_stays_right_with_wrong_predictions() -> None:
    action, chance, reward, policy, means = logged(1, 40_000)
    worth = evaluate(action, chance, reward, policy, np.full_like(means, 5.0))[2]
    assert worth.value == pytest.approx(0.8, abs=4 * worth.error)


def test_the_policy_that_was_followed_is_worth_what_it_brought() -> None:
    action, _, reward, policy, _ = logged(2)
    sure = np.zeros_like(policy)
    sure[np.arange(len(action)), action] = 1
    worth = evaluate(action, np.ones(len(action)), reward, sure)[0]
    assert worth.value == pytest.approx(reward.mean())
    assert worth.effective == pytest.approx(len(action))


def test_unusable_logs_are_named() -> None:
    action, chance, reward, policy, _ = logged(3, 10)
    with pytest.raises(InputError, match="propensity of decision 4 is 0"):
        evaluate(action, np.where(np.arange(10) == 4, 0.0, chance), reward, policy)
    with pytest.raises(InputError, match="sum to 2"):
        evaluate(action, chance, reward, policy * 2)


def test_exploration_keeps_doing_nothing_and_whatever_is_allowed_open() -> None:
    gains = np.array([[0.0, 3.0, 9.0], [0.0, np.nan, -1.0], [0.0, 2.0, 5.0]])
    allowed = np.array([[True, True, False], [True, True, True], [False, True, True]])
    chances = explore(gains, allowed, 0.3)
    np.testing.assert_allclose(chances, [[0.15, 0.85, 0.0], [0.8, 0.1, 0.1], [0.1, 0.1, 0.8]])
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    option, chance = draw(np.repeat(chances[:1], 20_000, axis=0), np.random.default_rng(1).random(20_000))
    assert (option == 1).mean() == pytest.approx(0.85, abs=0.01)
    assert set(chance.round(2)) == {0.15, 0.85}
    with pytest.raises(InputError, match="0 to 1"):
        explore(gains, allowed, 1.5)


def test_softmax_gives_chances_by_what_an_option_is_worth() -> None:
    gains, allowed = np.array([[0.0, 2.0, np.nan], [0.0, -4.0, np.nan]]), np.array([[True] * 3, [True, True, False]])
    found = chances(gains, allowed, Exploring(explore="softmax", scale=2.0))
    np.testing.assert_allclose(found[0], np.exp([0, 1, 0]) / np.exp([0, 1, 0]).sum())  # unknown counts as nothing
    np.testing.assert_allclose(found[1], [1 / (1 + np.exp(-2)), 1 / (1 + np.exp(2)), 0])
    np.testing.assert_array_equal(chances(gains, allowed, Exploring()), [[0, 1, 0], [1, 0, 0]])


def test_exploring_is_off_unless_the_brand_says_how() -> None:
    assert parsed("").explore == parsed("explore: off").explore == "off"
    said = Exploring(explore="epsilon", share=0.2)
    assert parsed(written(said)) == said
    for wrong, told in (("explore: often", "write off, epsilon, softmax"), ("share: 0.9", "at most 0.5"),
                        ("price: 3", "a mapping of explore"), ("scale: true", "above 0")):  # fmt: skip
        with pytest.raises(InputError, match=told):
            parsed(wrong)


def test_a_kind_of_people_leans_on_all_as_far_as_it_is_noisy() -> None:
    whole = Effect(mean=0.02, error=0.005)
    alike = leaned({"bought": Effect(mean=0.021, error=0.01), "quiet": Effect(mean=0.02, error=0.01)}, whole)
    assert all(effect.mean == pytest.approx(0.02, abs=0.001) for effect in alike.values())
    assert alike["active"].error > alike["quiet"].error > whole.error  # nobody tried it among those who are active
    apart = leaned({"bought": Effect(mean=0.2, error=0.01), "active": Effect(mean=0.1, error=0.05),
                    "quiet": Effect(mean=0.0, error=0.01)}, whole)  # fmt: skip
    assert apart["bought"].mean == pytest.approx(0.2, abs=0.01)
    assert apart["quiet"].mean == pytest.approx(0.0, abs=0.01)
    assert whole.mean < apart["active"].mean < 0.1  # it is noisier
    assert apart["active"].error > apart["bought"].error
    assert leaned({}, whole)["quiet"].mean == pytest.approx(whole.mean)


def test_effects_drawn_together_are_nearer_the_truth_than_each_by_itself() -> None:
    random = np.random.default_rng(4)
    own, drawn, held, count = 0.0, 0.0, 0, 0
    for _ in range(300):
        truth = random.normal(0.02, 0.02, 3)
        errors = np.array([0.01, 0.03, 0.02])
        seen = random.normal(truth, errors)
        kinds = {name: Effect(mean=float(m), error=float(e))
                 for name, m, e in zip(("bought", "active", "quiet"), seen, errors, strict=True)}  # fmt: skip
        found = leaned(kinds, Effect(mean=0.02, error=0.004))
        for value, noisy, effect in zip(truth, seen, found.values(), strict=True):
            own, drawn = own + (noisy - value) ** 2, drawn + (effect.mean - value) ** 2
            held += abs(effect.mean - value) <= 1.96 * effect.error
            count += 1
    assert drawn < 0.8 * own
    assert 0.9 < held / count < 0.99  # of intervals that say 95 %


def test_costs_and_margins_are_those_of_the_day_and_unknown_where_the_book_is_silent() -> None:
    told = book.of({
        "rates": [{"currency": "USD", "rate": "7"}],
        "prices": [{"channel": "sms", "price": "0.04", "currency": "CNY"},
                   {"channel": "sms", "from": "2026-03-01", "price": "0.05", "currency": "CNY"},
                   {"channel": "sms", "account": "two", "price": "0.01", "currency": "USD"},
                   {"channel": "mail", "by": "invoice"}, {"channel": "fax", "price": "1", "currency": "EUR"}],
        "margins": [{"category": "*", "share": "0.4"}, {"category": "tea", "from": "2027-01-01", "share": "0.5"}],
    })  # fmt: skip
    assert costs(told, "CNY", date(2026, 5, 1)) == {"sms": pytest.approx(0.07), "mail": 0.0}
    assert book.shares(told, date(2026, 5, 1)) == {"*": 0.4}
    assert book.shares(told, date(2027, 5, 1)) == {"*": 0.4, "tea": 0.5}
    assert costs(book.Book(), "CNY", date(2026, 5, 1)) == {}


def test_margin_beyond_doing_nothing_joins_effect_worth_cost_and_margin() -> None:
    log = Log()
    for person in range(240):
        treated = person % 2 == 0
        log.add("assigned", None, "2026-05-01 10:00", target=f"user:{person}", campaign="spring",
                props={"experiment": "campaign/spring", "of": "campaign", "share": 0.5,
                       "arm": "treatment" if treated else "control"})  # fmt: skip
        log.add("view", f"user:{person}", "2026-05-30 10:00", channel="sms", category="tea", object_key="item:1")
        if person % 4 == 0 or person % 20 == 1:
            log.add("order", f"user:{person}", "2026-05-05 10:00", category="tea", value="50", object_key="item:1")
    for person in range(1_000, 1_060):
        for day in (1, 3 + person % 20, 25):
            log.add("order", f"user:{person}", f"2026-02-{day:02} 10:00", category="tea", value=str(30 + person % 50),
                    object_key=f"item:{2 + day % 3}")  # fmt: skip
    told = {"prices": [{"channel": "sms", "price": "0.05", "currency": "CNY"}],
            "margins": [{"category": "*", "share": "0.4"}]}  # fmt: skip
    rows = log.build("next_best", parameters={"ledger": book.of(told)})["next_best"]
    assert sum(row["chosen"] for row in rows) == len(rows) / 3  # one of three each
    shown = [row for row in rows if row["channel"] == "sms" and row["allowed"]]
    assert {row["lately"] for row in shown} == {"active"}
    for row in shown[:5]:
        assert row["cost"] == pytest.approx(0.05)
        assert row["uplift_low"] < row["uplift"] < row["uplift_high"]
        assert row["gain"] == pytest.approx(row["uplift"] * row["order_value"] * 0.4 - 0.05)
        assert row["gain_low"] == pytest.approx(row["uplift_low"] * row["order_value"] * 0.4 - 0.05)
        assert row["break_even"] == pytest.approx(0.05 / (row["order_value"] * 0.4))
    assert shown[0]["uplift"] == pytest.approx(0.5, abs=0.1)
    assert all(row["chosen"] and row["propensity"] == 1 for row in shown)
    assert "more margin than doing nothing" in sentence(shown[0], "CNY")[0]
    silent = next(row for row in log.build("next_best")["next_best"] if row["channel"] == "sms" and row["allowed"])
    assert (silent["gain"], silent["cost"], silent["chosen"]) == (None, None, False)
    assert "is not in the price book" in sentence(silent, "CNY")[0]
