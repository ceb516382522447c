"""Touches at will: people who are touched once a week or not, with the true effect of each number of touches.

The simulation runs few campaigns in full detail; statistics of touches need hundreds of worlds. Here a week is a block.
In a week a person orders with probability base_i (three times that in a week of intent, which nobody sees), and if they
are touched in it, with adds[k - 1] · answer_i more, k being the number of touches since their last order within 90
days. Weeks take turns: in one, who is touched is chosen (the more active, and those with intent, more often); in the
other a coin decides among people who are let into the experiment, again the more active more often. Some who are drawn
to be touched are not reached. All that is planted is returned beside what a brand would see.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lianyi.world.settings import Bools, Floats, Ints

DAY = 86_400
WEEK, HOUR = 7 * DAY, 3_600
BLOCKS = 12  # weeks back whose touches are within 90 days
ADDS = (0.05, 0.04, 0.03, 0.02, 0.01)  # of the first, second … touch; none after


@dataclass(frozen=True, kw_only=True)
class Planted:
    """adds: what the k-th touch adds to the chance of an order in its week, in the mean. choosing: how strongly the
    active are chosen; 0: not at all. held: share of an experiment held out. reach: share of those drawn who can be
    reached."""

    people: int = 3_000
    weeks: int = 65
    adds: tuple[float, ...] = ADDS
    choosing: float = 1.0
    held: float = 0.3
    reach: float = 0.8
    base: float = 0.03


@dataclass(frozen=True, kw_only=True)
class Touched:
    """What happened, one entry per event: person and second from the start (of day: day with life). place: who was
    drawn when, with arm and the truth: touches before, and what being touched adds (0 for who is not reachable)."""

    seconds: int
    touch: tuple[Ints, Ints]
    order: tuple[Ints, Ints]
    day: tuple[Ints, Ints]
    place: tuple[Ints, Ints]
    arm: Bools
    had: Ints
    adds: Floats
    reachable: Bools


def touched(planted: Planted, *, seed: int) -> Touched:
    """One world."""
    dice, people = np.random.default_rng((20261129, seed)), planted.people
    lively = dice.normal(size=people)
    base = np.clip(planted.base * np.exp(0.6 * lively), 0, 0.3)
    answer = np.exp(0.3 * lively - 0.045)
    adds = np.concatenate([planted.adds, np.zeros(BLOCKS + 1)])
    recent = np.zeros((BLOCKS, people), dtype=bool)  # touched in the last weeks since the last order
    told: dict[str, list[np.ndarray]] = {name: [] for name in ("touch", "order", "place", "arm", "had", "adds", "can")}
    for week in range(planted.weeks):
        had = recent.sum(axis=0)
        intent = dice.random(people) < 0.15
        by_lot = week % 2 == 0
        pull = planted.choosing * (lively + (0 if by_lot else 1.5 * intent))
        chosen = dice.random(people) < 1 / (1 + np.exp(-0.4 - pull))
        arm, can = dice.random(people) >= planted.held, dice.random(people) < planted.reach
        touch = chosen & arm & can if by_lot else chosen
        gain = adds[had] * answer
        bought = dice.random(people) < base * np.where(intent, 3, 1) + gain * touch
        start = week * WEEK
        if by_lot:
            drawn = np.flatnonzero(chosen)
            told["place"].append(np.stack([drawn, np.full(len(drawn), start)]))
            for name, values in (("arm", arm), ("had", had), ("adds", gain * can), ("can", can)):
                told[name].append(values[drawn])
        for name, rows, at in (("touch", touch, np.full(people, 2 * HOUR)),
                               ("order", bought, dice.integers(3 * HOUR, WEEK - HOUR, people))):  # fmt: skip
            told[name].append(np.stack([np.flatnonzero(rows), start + at[rows]]))
        recent = np.concatenate([recent[1:], touch[None]]) & ~bought
    pairs = {name: np.concatenate(told[name], axis=1) for name in ("touch", "order", "place")}
    arms, had, gain, can = (np.concatenate(told[name]) for name in ("arm", "had", "adds", "can"))
    alive = np.nonzero(dice.random((people, planted.weeks * 7)) < (1 / (1 + np.exp(1.5 - lively)))[:, None])
    return Touched(
        seconds=planted.weeks * WEEK, touch=(pairs["touch"][0], pairs["touch"][1]),
        order=(pairs["order"][0], pairs["order"][1]), day=(alive[0], alive[1]),
        place=(pairs["place"][0], pairs["place"][1]), arm=arms, had=had, adds=gain, reachable=can,
    )  # fmt: skip
