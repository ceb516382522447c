"""Words that are said more than they were: topics that no list knows. Runs of characters, not a dictionary's words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from lianyi.insight.communities.words import maximal, words_of

RECENT, LEAST_MESSAGES, LEAST_PEOPLE = 28, 200, 5
# Standard deviations (Poisson) above what the days before let expect; and how many words at most.
ABOVE, MOST = 4.0, 40
READ = 40_000


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One message for this count: its text, who said it, how many days ago."""

    text: str
    person: str
    age: int


def rising(heard: Sequence[Heard], days: int) -> list[str]:
    """Words said by at least LEAST_PEOPLE in the last RECENT of `days` days, and more often than before: highest
    first. Of more than READ messages the newest count; heard is in order of time."""
    chosen = heard[-READ:]
    before_days = min(days, max((one.age for one in chosen), default=0) + 1) - RECENT
    if len(chosen) < LEAST_MESSAGES or before_days < RECENT // 2:
        return []
    now = _people(one for one in chosen if one.age < RECENT)
    before = _people(one for one in chosen if one.age >= RECENT)
    often = {word: count for word, count in now.items() if count >= LEAST_PEOPLE}
    height: dict[str, float] = {}
    for word in maximal(often):
        expected = (before.get(word, 0) + 0.5) * RECENT / before_days
        above = (often[word] - expected) / np.sqrt(expected + 1)
        if above >= ABOVE:
            height[word] = float(above)
    return sorted(height, key=lambda word: (-height[word], word))[:MOST]


def _people(heard: Iterable[Heard]) -> Counter[str]:
    """How many people said each word; a person counts once a day."""
    said = {(word, one.person, one.age) for one in heard for word in words_of(one.text)}
    return Counter(word for word, _, _ in said)
