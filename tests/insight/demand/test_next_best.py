"""Off-policy evaluation against a policy whose worth is known, and exploration that keeps every option open."""

from __future__ import annotations

import numpy as np
import pytest

from lianyi.errors import InputError
from lianyi.insight.demand.next_best.offpolicy import draw, evaluate, explore


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
