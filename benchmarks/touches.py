"""Touches on worlds with a known truth: is the raw curve biased, do the intervals by lot hold, is the stop found?

python benchmarks/touches.py [--worlds 300] [--people 3000]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from lianyi.insight.effects.estimates import Floats
from lianyi.insight.effects.touches.estimating import step
from lianyi.insight.effects.touches.moments import BACK, KEPT, Log, Moments, keys_of, moments
from lianyi.insight.effects.touches.stopping import stop
from lianyi.world.touching import ADDS, DAY, Planted, Touched, touched

NUMBERS = 9


def log_of(world: Touched, planted: Planted) -> Log:
    """What a brand would know of a world, counted back from its end."""
    shift = KEPT - world.seconds

    def keys(pair: tuple[np.ndarray, np.ndarray], times: int = 1) -> np.ndarray:
        return np.sort(keys_of(pair[0], pair[1] * times + shift))

    place = keys_of(world.place[0], world.place[1] + shift)
    order = np.argsort(place, kind="stable")
    touches = keys(world.touch)
    return Log(
        first=np.full(planted.people, shift), touches=touches, messages=touches, orders=keys(world.order),
        drawn=place[order], arm=world.arm[order], share=np.full(len(place), 1 - planted.held),
        active=keys(world.day, DAY),
    )  # fmt: skip


def truths(world: Touched) -> Floats:
    """What the first, second … touch adds, over those who stood before it and can be reached, in the last year."""
    at = world.place[1] + KEPT - world.seconds
    counted = (at >= KEPT - BACK) & (at + 7 * DAY <= KEPT)
    return np.array([
        world.adds[counted & (world.had == k)].sum() / max(world.reachable[counted & (world.had == k)].sum(), 1)
        for k in range(NUMBERS)
    ])  # fmt: skip


@dataclass
class Tally:
    """Of one number of touches: whether intervals held, and the errors of the three ways."""

    inside: dict[str, list[bool]] = field(default_factory=dict)
    errors: dict[str, list[float]] = field(default_factory=dict)


def states(found: Moments) -> Iterator[Moments]:
    """Moments by touches before, people together."""
    order = np.lexsort((found.person, found.had))
    found = found.at(order)
    for k in range(NUMBERS):
        yield found.at(found.had == k)


def main() -> None:
    """Print what was found."""
    ask = argparse.ArgumentParser()
    ask.add_argument("--worlds", type=int, default=300)
    ask.add_argument("--people", type=int, default=3_000)
    ask.add_argument("--held", type=float, default=0.3)
    given = ask.parse_args()
    planted = Planted(people=given.people, held=given.held)
    tallies, held, sizes, begun = [Tally() for _ in range(NUMBERS)], [], [], time.process_time()
    for seed in range(given.worlds):
        world = touched(planted, seed=seed)
        truth, effects, errors = truths(world), [], []
        for k, had in enumerate(states(moments(log_of(world, planted)))):
            found = step(had)
            effects.append(found.by_lot.estimate)
            errors.append(found.by_lot.se)
            for name, true in (("raw", truth[k]), ("adjusted", truth[k]), ("by_lot", truth[k])):
                one = getattr(found, name)
                if one.known:
                    tallies[k].inside.setdefault(name, []).append(one.low <= true <= one.high)
                    tallies[k].errors.setdefault(name, []).append(one.estimate - true)
        told = stop(effects, errors)
        sizes.append(
            np.inf if told.low is None else (told.high if told.high is not None else told.known) - told.low + 1
        )
        held.append(told.low is not None and told.low <= len(ADDS) <= (told.high if told.high is not None else 99))
    spent = time.process_time() - begun
    print(f"{given.worlds} worlds of {given.people} people, {given.held:.0%} held out, {spent:.0f} processor seconds")
    print("touch  truth   " + "  ".join(f"{name:>24}" for name in ("raw", "adjusted", "by lot")))
    for k, tally in enumerate(tallies):
        cells = [
            f"bias {np.mean(tally.errors[name]):+.4f} covers {np.mean(tally.inside[name]):.3f}"
            if name in tally.inside else f"{'—':>24}" for name in ("raw", "adjusted", "by_lot")
        ]  # fmt: skip
        print(f"{k + 1:>5}  {(*ADDS, *[0] * NUMBERS)[k]:.3f}  " + "  ".join(f"{cell:>24}" for cell in cells),
              len(tally.inside.get("by_lot", [])))  # fmt: skip
    every = [one for tally in tallies for one in tally.inside.get("by_lot", [])]
    print(f"all numbers: by lot covers {np.mean(every):.4f} of {len(every)} truths")
    print(
        f"the true stop ({len(ADDS)}) is in the set in {np.mean(held):.3f}; it holds {np.median(sizes):.0f} numbers "
        "(median)"
    )


if __name__ == "__main__":
    main()
