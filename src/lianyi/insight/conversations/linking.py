"""Which earlier message each message answers: first look, second look twice, the most probable candidate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lianyi.insight.conversations import structure
from lianyi.insight.conversations.clues import Candidates, candidates
from lianyi.insight.conversations.talk import Talk
from lianyi.insight.conversations.trees import Trees, shipped
from lianyi.insight.kernels import Doubles, Longs

# A second message is answered as well where its chance is above this (fitted on the logs kept aside in training).
ALSO = 0.35
LOOKS_AGAIN = 2
# What is fainter than this at the first look is not looked at again: two thirds of the candidates.
FAINT = 0.004


@dataclass(frozen=True, kw_only=True)
class Links:
    """For the messages from `first` on: `earlier` is the place of the message answered (itself: it opens something),
    `chance` how probable that is, among all candidates. also: the place of a second one that it answers as well (−1:
    none)."""

    first: int
    earlier: Longs
    chance: Doubles
    also: Longs


def link(
    talk: Talk, first: int, last: int, *, declared: Longs | None = None, looks: dict[str, Trees] | None = None
) -> Links:
    """Links of the messages from `first` up to `last`, the latter not in it; what lies around them is context.

    declared: per message of the talk the place of the one that the platform says it answers, −1 where it says nothing;
    these are taken as they are, with chance 1, and what they say of a conversation is used for the others.
    """
    looks = looks or shipped()
    start = max(0, first - structure.MEMORY)
    found = candidates(talk, start, len(talk))
    found, clue = _likely(found, looks["first"].chances(found.x, found.begin))
    chance = clue
    for _ in range(LOOKS_AGAIN):  # the second time with the links of the first time
        parent = structure.best(found, chance)
        if declared is not None:
            parent = np.where(declared >= 0, declared, parent)
        x = structure.structure(talk, parent, start, found.begin, found.earlier, clue)
        chance = looks["second"].chances(np.hstack([found.x, x]), found.begin)
    begin = found.begin[first - start : last - start + 1]
    top, second = structure.tops(begin, chance)
    here = np.arange(first, last)
    earlier, sure, also = found.earlier[top], chance[top], found.earlier[second]
    also = np.where((chance[second] > ALSO) & (earlier != here) & (also != here) & (second != top), also, -1)
    if declared is not None:
        mine = declared[first:last]
        earlier, sure = np.where(mine >= 0, mine, earlier), np.where(mine >= 0, 1.0, sure)
        also = np.where(mine >= 0, -1, also)
    return Links(first=first, earlier=earlier, chance=sure, also=also)


def _likely(found: Candidates, chance: Doubles) -> tuple[Candidates, Doubles]:
    """Without the faint ones; that a message opens something is always looked at."""
    kept = chance >= FAINT
    kept[found.begin[1:] - 1] = True
    begin = np.concatenate([[0], np.cumsum(kept)])[found.begin]
    return Candidates(first=found.first, begin=begin, earlier=found.earlier[kept], x=found.x[kept]), chance[kept]
