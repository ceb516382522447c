"""What policies are worth: sums by cell against rows, drawn truth, the simulated world's truth, and the table."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from lianyi import world
from lianyi.insight.demand.next_best.cells import Cells, always, best, followed, worth
from lianyi.insight.demand.next_best.offpolicy import evaluate
from tests.insight.log import AS_OF, Log


def cells_of(kind: np.ndarray, option: np.ndarray, half: np.ndarray, chance: np.ndarray, y: np.ndarray) -> Cells:
    """Sums by cell of decisions; kinds and options are numbered from 0 on."""
    keys, place = np.unique(np.column_stack([kind, option, half, chance]), axis=0, return_inverse=True)
    place = place.ravel()
    n, total, squares = (np.bincount(place, value).astype(np.float64) for value in (np.ones_like(y), y, y**2))
    return Cells(
        kind=keys[:, 0].astype(int), option=keys[:, 1].astype(int), half=keys[:, 2].astype(int), chance=keys[:, 3],
        n=n, total=total, squares=squares, kinds=int(kind.max()) + 1, options=int(option.max()) + 1,
    )  # fmt: skip


def test_sums_by_cell_say_what_rows_say() -> None:
    random = np.random.default_rng(1)
    kind, half = random.integers(0, 3, 5_000), random.integers(0, 2, 5_000)
    option = (random.random(5_000) < 0.3).astype(int)
    chance = np.where(option == 1, 0.3, 0.7)
    y = random.normal(kind + option, 1)
    cells = cells_of(kind, option, half, chance, y)
    policy = best(cells)
    rows = evaluate(option, chance, y, policy[half, kind], cells.means()[half, kind])
    for one, other in zip(worth(cells, policy), rows, strict=True):
        assert one.method == other.method
        for name in ("value", "error", "low", "high", "effective", "largest"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-3, abs=1e-9), (one.method, name)
    assert followed(cells).value == pytest.approx(y.mean())


def test_on_the_world_intervals_hold_the_true_worth_of_a_message_to_everybody_and_to_some() -> None:
    """200 campaigns without spill-over on a world of 6,000 people, a third of them held out."""
    trials = world.trials(world.WorldSettings(people=6_000, seed=41, days=60))
    halves = np.random.default_rng(7).integers(0, 2, 6_000)
    held = {(policy, method): 0 for policy in ("always", "some") for method in ("ips", "snips", "dr")}
    off: dict[tuple[str, str], list[float]] = {name: [] for name in held}
    for seed in range(200):
        treated = np.random.default_rng(seed).random(6_000) < 2 / 3
        rows = trials.run(treated, seed=seed, spill=0.0)
        y, before = (rows[name].to_numpy().astype(float) for name in ("orders", "before"))
        kind = np.minimum(before, 2).astype(int)
        cells = cells_of(kind, (~treated).astype(int), halves, np.where(treated, 2 / 3, 1 / 3), y)
        to_buyers = trials.base * (1 + trials.direct * (kind > 0))
        truths = {"always": trials.base * (1 + trials.direct), "some": to_buyers}
        policies = {"always": always(cells, [0, 0, 0]), "some": always(cells, [1, 0, 0])}
        for policy, chances in policies.items():
            truth = float(np.maximum(truths[policy], 0).mean())
            for one in worth(cells, chances):
                held[policy, one.method] += one.low <= truth <= one.high
                off[policy, one.method].append(one.value / truth - 1)
    for name, count in held.items():
        bias, spread = np.mean(off[name]), np.std(off[name])
        print(f"{name[0]:7s} {name[1]:6s} held {count / 200:.1%} bias {bias:+.2%} spread {spread:.2%}")
        assert count >= 180, name  # of 190 expected; fewer than 180 is a chance of 1 in 400
        assert abs(bias) < 0.01, name
    assert np.std(off["always", "dr"]) < np.std(off["always", "ips"])


def test_the_table_judges_experiments_and_arms_whose_windows_are_over() -> None:
    log = Log()
    for person in range(200):
        arm = "treatment" if person % 2 else "control"
        props = {"experiment": "campaign/spring", "of": "campaign", "arm": arm, "share": 0.5}
        log.add("assigned", None, AS_OF - timedelta(days=40), target=f"user:{person}", campaign="spring", props=props)
        chosen = "a" if person % 4 < 2 else "b"
        drawn = {"choice": "journey/tea/ab", "options": {"a": 0.5, "b": 0.5}, "chosen": chosen, "propensity": 0.5}
        log.add("sent", None, AS_OF - timedelta(days=20), target=f"user:{person}", channel="mail", props=drawn)
        if person % 20 == 1:
            log.add("order", f"user:{person}", AS_OF - timedelta(days=35), value="10", props={"order": f"x{person}"})
        if chosen == "b" and person % 8 == 2:
            log.add("order", f"user:{person}", AS_OF - timedelta(days=18), value="30", props={"order": f"y{person}"})
    log.add("sent", None, AS_OF, target="user:1", channel="mail", props={"choice": "journey/late/x", "propensity": 0.5})
    rows = log.build("policy_worth")["policy_worth"]
    by = {(row["choice"], row["policy"], row["metric"], row["method"]): row for row in rows}
    spring = by["campaign/spring", "always message", "orders", "ips"]
    assert spring["value"] == pytest.approx(0.1)  # ten of a hundred
    assert by["campaign/spring", "always nothing", "orders", "dr"]["value"] == pytest.approx(0, abs=1e-9)
    assert by["campaign/spring", "followed", "orders", "mean"]["value"] == pytest.approx(0.05)
    tea = by["journey/tea/ab", "always b", "revenue", "snips"]
    assert (tea["value"], tea["decisions"], tea["drawn_by"]) == (pytest.approx(7.5), 200, "split")
    assert by["journey/tea/ab", "best for each", "revenue", "dr"]["value"] == pytest.approx(7.5, abs=1.5)
    assert {row["choice"] for row in rows} == {"campaign/spring", "journey/tea/ab"}
    empty = Log()
    empty.add("order", value="1")
    assert empty.build("policy_worth")["policy_worth"] == []
