"""Communities of a simulated brand over a year of monthly refreshes, against what is true of them.

    python benchmarks/communities_life.py [--people 1000] [--seeds 3]

identity: how many true communities that go on keep the id of what was found for them, of those recognised at both
refreshes and of all. overlap: ONMI (McDaid / LFK) of the communities found at the last refresh with the true ones,
beside the same algorithm given the true ties with their true rates instead of learned weights, and beside the rooms
taken as communities. by behaviour: how reliable the probabilities of people who never joined are.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.insight.communities.lives import Lived, Reliability, lived
from tests.insight.communities.months import continuity

from lianyi import world

SETTINGS = {"days": 360}
MONTHS = tuple(range(1, 13))


def identity(lives: list[Lived]) -> None:
    """Ids kept from refresh to refresh."""
    print(f"\nidentity over {len(MONTHS)} monthly refreshes: true communities that go on and kept their id")
    for recognised in (0.5, 0.3, 0.0):
        told = [continuity(life.months, life.truth, recognised=recognised) for life in lives]
        kept, going = sum(one.kept for one in told), sum(one.continuing for one in told)
        print(f"  likeness >= {recognised:.1f} at both: {kept} of {going} = {kept / max(going, 1):.3f}")


def overlap(lives: list[Lived]) -> None:
    """Agreement of covers at the last refresh."""
    print("\noverlap at the last refresh: ONMI with the true communities (McDaid / LFK), communities, memberships")
    for name in lives[0].last.covers:
        scores = np.mean([life.last.onmi(name) for life in lives], axis=0)
        count = sum(len(life.last.covers[name]) for life in lives)
        seats = sum(len(people) for life in lives for people in life.last.covers[name].values())
        print(f"  {name:34} {scores[0]:.3f} / {scores[1]:.3f} {count:6} {seats:8}")


def behaviour(lives: list[Lived]) -> None:
    """Held out: members and others by a model that has not seen them. Assigned: only those who never joined."""
    for title, found in (
        ("all pairs judged, held out, against being a member of what was found", [one.last.held_out for one in lives]),
        ("assigned people, against the truth of the community that was found", [one.last.assigned for one in lives]),
    ):
        both = Reliability.of(found)
        print(f"\nby behaviour: {title}: {both.pairs} pairs, calibration error {both.error:.3f}")
        print("  told   seen   pairs")
        for told, seen, pairs in both.bins:
            print(f"  {told:.3f}  {seen:.3f} {pairs:7}")


def main() -> None:
    """Live the years and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    lives = []
    for seed in range(3, 3 + args.seeds):
        begun = time.perf_counter()
        lives.append(lived(world.WorldSettings(people=args.people, seed=seed, **SETTINGS), MONTHS))
        print(f"world {seed}: {args.people} people, {time.perf_counter() - begun:.0f} s", flush=True)
    identity(lives)
    overlap(lives)
    behaviour(lives)


if __name__ == "__main__":
    main()
