"""What was known of a tie and of its two people at the moment somebody had something: nothing later is looked at.

Each trait is a level per exposure, and ripples teach what each level is worth:

contact  kinds of contact so far; where the two talked, how often
brought  arrivals from one to the other before: such a tie is real for certain
circle   how many people the busier of the two has contact with: a service desk talks to everybody and brings nobody
later    of ties that nobody sees: with how many people the sharer came into contact afterwards, as far as today knows;
         ties that were there already and showed later explain who came when; looking ahead from today there are none
ago      of ties that nobody sees: how long before today it was. While a log is young few ties are known, many come by
         unseen ones and everybody's circle is small; without this, small circles would seem to bring people
presence the chance that the other end is still there (Schmittlein, Morrison, Colombo, Management Science 1987, with
         rates taken as seen): after a long silence of a lively person it is small
own      how often the sharer passes something on by himself, against what is usual: as of today, for it is no outcome
         of what others did, and a habit shows better in a whole year than in its first weeks
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles, Ints, Longs
from lianyi.insight.ripples.learning.interests import Interests
from lianyi.insight.ripples.learning.past import Arcs
from lianyi.insight.ripples.learning.timelines import Timeline

TRAITS = ("contact", "brought", "circle", "later", "presence", "own", "ago")
# What a pair without talk is known by, from least to most; the later of two wins.
SHOWN = ("only sharing", "turns in the same talk", "follow", "invitation", "meeting", "stated relation")
TALKED = (0.006, 0.012, 0.024, 0.05, 0.1, 0.2)  # acts of talk a day from which the levels of talk begin
HALF_AN_ACT, A_MONTH = 0.5, 30.0  # added to acts and days: one act on the first day is not yet one a day
UNSEEN = len(SHOWN) + len(TALKED) + 1  # level of contact of all whom no known tie shows
CIRCLES = (4, 8, 16, 32, 64, 128, 256, 512)
LATER = (1, 2, 4, 8, 16)
AGO = (30, 60, 120, 240)  # days before today
GONE, MOVED, NEVER_SEEN = 0, 1, 2
ALIVE = (0.05, 0.2, 0.5, 0.8, 0.9, 0.97)  # edges of the chance of being there, levels from 3 on
ANYBODY = 3 + len(ALIVE) + 1  # level of presence of people without a name
OWN = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)
DROPOUT = 1 / 400 / 24  # per hour: a mean life of 400 days, before anything is known of a person
DAY = 24.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Moments:
    """pair: number of the pair behind each arc (both directions share it). shown: level of SHOWN per arc.
    talk, brought: per pair; circle (first contact with each other person), acts (a moment per active day), left (signs
    of leaving the brand), moved (of leaving a group), own (things passed on unbidden): per person. now: hours, what is
    later is not known."""

    pair: Longs
    shown: Ints
    talk: Timeline
    brought: Timeline
    circle: Timeline
    acts: Timeline
    left: Timeline
    moved: Timeline
    own: Timeline
    interests: Interests
    now: float

    def until(self, now: float) -> Moments:
        """What was known at an earlier moment."""
        return replace(self, now=now)

    @cached_property
    def willing(self) -> Ints:
        """Level of OWN per person: things passed on unbidden against what is usual, drawn to that by one of them."""
        everybody = np.arange(len(self.acts.start) - 1)
        count = self.own.before(everybody, np.full(len(everybody), self.now))
        lived = np.maximum(self.now - self.acts.first(everybody), 0.0)
        usual = (count.sum() + 1.0) / (lived.sum() + 365 * DAY)
        level = np.searchsorted(OWN, (count + 1.0) / (usual * lived + 1.0), side="right")
        return np.asarray(level, dtype=np.int32)

    def levels(self, arcs: Arcs, arc: NDArray[np.integer], at: Doubles) -> NDArray[np.int32]:
        """A row of TRAITS per (arc, moment). Numbers from len(arcs.source) on stand for a person's unseen ties."""
        known = arc < len(arcs.source)
        levels = np.empty((len(arc), len(TRAITS)), np.int32)
        tie, when = arc[known], np.asarray(at, np.float64)[known]
        pair = self.pair[tie]
        talk = self.talk.before(pair, when)
        days = np.maximum(when - self.talk.first(pair), 0.0) / DAY
        often = np.searchsorted(TALKED, (talk + HALF_AN_ACT) / (days + A_MONTH), side="right")
        levels[known, 0] = np.where(talk > 0, len(SHOWN) + often, self.shown[tie])
        levels[known, 1] = np.minimum(self.brought.before(pair, when), 2)
        busier = np.maximum(*(self.circle.before(end[tie], when) for end in (arcs.source, arcs.target)))
        levels[known, 2] = np.searchsorted(CIRCLES, busier, side="right")
        levels[known, 3], levels[known, 4] = 0, self.presence(arcs.target[tie], when)
        someone = np.empty(len(arc), np.int64)
        someone[known], someone[~known] = arcs.source[tie], arc[~known] - len(arcs.source)
        unseen, then = someone[~known], np.asarray(at, np.float64)[~known]
        size = self.circle.before(unseen, then)
        later = self.circle.before(unseen, np.full(len(unseen), self.now)) - size
        levels[~known, 0], levels[~known, 1], levels[~known, 4] = UNSEEN, 0, ANYBODY
        levels[~known, 2] = len(CIRCLES) + 1 + np.searchsorted(CIRCLES, size, side="right")
        levels[~known, 3] = 1 + np.searchsorted(LATER, later, side="right")
        levels[:, 5] = self.willing[someone]
        levels[known, 6] = 0
        levels[~known, 6] = 1 + np.searchsorted(AGO, (self.now - then) / DAY, side="right")
        return levels

    def presence(self, person: NDArray[np.integer], at: Doubles) -> NDArray[np.integer]:
        """Level of presence of each person at each moment."""
        days = self.acts.before(person, at)
        last = self.acts.latest(person, days)
        gone, moved = (signs.latest(person, signs.before(person, at)) > last for signs in (self.left, self.moved))
        begin = np.where(days > 0, self.acts.first(person), at)
        rate = days / (np.maximum(at - begin, 0) + DAY)
        silence = np.where(days > 0, at - last, 0.0)
        lost = DROPOUT / (rate + DROPOUT) * np.expm1(np.minimum((rate + DROPOUT) * silence, 60.0))
        alive = NEVER_SEEN + 1 + np.searchsorted(ALIVE, 1 / (1 + lost), side="right")
        return np.select(
            [gone, moved, days > 0], [np.full(len(alive), GONE), np.full(len(alive), MOVED), alive], NEVER_SEEN
        )


def names_of(kind: str) -> list[str]:
    """What the levels of a trait are called."""
    if kind == "contact":
        return [*SHOWN, f"talk < {TALKED[0]:g} a day", *(f"talk >= {edge:g} a day" for edge in TALKED), "unseen"]
    if kind == "brought":
        return ["none before", "one before", "several before"]
    if kind == "circle":
        sizes = [f"< {CIRCLES[0]}", *(f">= {edge}" for edge in CIRCLES)]
        return [*sizes, *(f"unseen, {size}" for size in sizes)]
    if kind == "later":
        return ["known", f"< {LATER[0]}", *(f">= {edge}" for edge in LATER)]
    if kind == "presence":
        chances = [f"< {ALIVE[0]:g}", *(f">= {edge:g}" for edge in ALIVE)]
        return ["left", "left a group", "never seen", *chances, "anybody"]
    if kind == "ago":
        return ["known", f"< {AGO[0]} days", *(f">= {edge} days" for edge in AGO)]
    return [f"< {OWN[0]:g}", *(f">= {edge:g}" for edge in OWN)]
