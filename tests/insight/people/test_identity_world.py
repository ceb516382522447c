"""Identity against the truth of the simulated brand: keys told bit by bit, family phones, slips, second profiles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import pyarrow as pa

from lianyi import world
from tests.insight.people.identity_world import AS_OF, Resolved, resolve_log


@dataclass(frozen=True)
class Brand:
    """What was resolved, and for each key that truly is one person's: whose."""

    resolved: Resolved
    truth: Mapping[str, int]


@cache
def brand() -> Brand:
    made = world.generate(world.WorldSettings.ending(AS_OF, people=500, seed=11))
    resolved = resolve_log(pa.concat_tables(list(made.events())), suggest=True)
    truth = {row["key"]: row["person"] for row in made.truth().keys.to_pylist() if row["kind"] == "own"}
    return Brand(resolved, truth)


def pairs(counts: Iterable[int]) -> int:
    return sum(count * (count - 1) // 2 for count in counts)


def test_keys_of_two_true_people_are_not_joined_and_most_keys_of_one_are() -> None:
    person, truth = brand().resolved.person, brand().truth
    known = [key for key in person if key in truth]
    together = pairs(Counter(person[key] for key in known).values())
    right = pairs(Counter((person[key], truth[key]) for key in known).values())
    true = pairs(Counter(truth[key] for key in known).values())
    # what is left: a number that its owner never told us, mistyped by somebody else
    assert right / together > 0.998
    assert right / true > 0.8


def test_suggestions_are_mostly_right_and_say_how_sure_they_are() -> None:
    resolved, truth = brand().resolved, brand().truth
    owner = {
        resolved.person[key]: person for key, person in truth.items() if key in resolved.person
    }  # no person here has keys of two true people, see above
    verdicts = [
        (row["score"], owner.get(row["person_a"], -1) == owner.get(row["person_b"], -2)) for row in resolved.suggestions
    ]
    assert len(verdicts) > 10
    sure = [right for score, right in verdicts if score >= 0.7]
    assert sum(sure) / len(sure) > 0.9
    # at least as many are right as the scores promise
    assert sum(right for _, right in verdicts) >= 0.9 * sum(score for score, _ in verdicts)
