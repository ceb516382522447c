"""Every exposure is a trial: who had the thing, who was tied to him and had it not yet, and what came of it.

Whoever has the thing exposes all whom he is tied to, whether or not he was seen passing it on: those who are seen
sharing are those who succeed, and counting only them would double the probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles, Floats, Ints, Longs, kernel
from lianyi.insight.ripples.learning.delays import Delay, arrived_by, density
from lianyi.insight.ripples.learning.past import UNKNOWN, Arcs, Past

NOBODY = -1
COLUMNS = ("arc", "ripple", "entry", "watched", "credit", "arrival", "density")
LOOKED_AT = 64  # the latest people of a ripple who may have brought somebody by a tie that nobody sees


@dataclass(frozen=True, kw_only=True, eq=False)
class Trials:
    """One row = one person who had the thing × one tie to somebody who had it not.

    arc, ripple: numbers; entry: of the past, who had it. watched: how much of the arc's delay has passed until the
    other end arrived (by whomever) or the watch ended, in [0, 1]. credit: 1 where the other end came through this arc
    for certain, else 0; more for the unseen ties of a person, whose arcs have numbers from the number of arcs on.
    arrival: the entry of an arrival whose parent is not known and may be this one, else NOBODY; density: of its delay.
    """

    arc: Ints
    ripple: Ints
    entry: Ints
    watched: Floats
    credit: Floats
    arrival: Ints
    density: Floats

    def __len__(self) -> int:
        return len(self.arc)

    def only(self, kept: NDArray[np.bool_]) -> Trials:
        """Some of the rows."""
        return Trials(**{name: getattr(self, name)[kept] for name in COLUMNS})

    def beside(self, other: Trials) -> Trials:
        """These rows, then the other ones."""
        return Trials(**{name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in COLUMNS})


def trials(past: Past, arcs: Arcs, delay: Delay) -> Trials:
    """All trials of all ripples, in the order of the entries that make them."""
    if not len(past.at):  # not worth compiling for
        return _none()

    def fill(
        arc: Ints, ripple: Ints, entry: Ints, arrival: Ints, watched: Floats, credit: Floats, dense: Floats
    ) -> int:
        return _trials(
            past.start, past.person, past.at, past.parent, past.now, arcs.start, arcs.target, arcs.since,
            delay.mean, delay.deviation, arc, ripple, entry, watched, credit, arrival, dense,
        )  # fmt: skip

    no_number, no_value = np.empty(0, np.int32), np.empty(0, np.float32)
    size = fill(no_number, no_number, no_number, no_number, no_value, no_value, no_value)
    arc, ripple, entry, arrival = (np.empty(size, np.int32) for _ in range(4))
    watched, credit, dense = (np.empty(size, np.float32) for _ in range(3))
    fill(arc, ripple, entry, arrival, watched, credit, dense)
    return Trials(
        arc=arc, ripple=ripple, entry=entry, watched=watched, credit=credit, arrival=arrival, density=dense
    )  # fmt: skip


def unseen(past: Past, arcs: Arcs, delay: Delay, seen: Trials) -> Trials:
    """Trials of ties that nobody sees: per person in a ripple one with all whom he brought by no arc known then, and
    one for each open arrival that may be his. `seen`: the trials of known arcs. That it is just this person who comes
    by an unseen tie has a chance of one in all people, so a known tie explains an arrival better where there is one.
    """
    if not len(past.at):
        return _none()
    entries = len(past.at)
    brought = np.bincount(past.parent[past.parent >= 0], minlength=entries)
    known = np.bincount(seen.entry, seen.credit, minlength=entries)
    one, other = _open(past.start, past.parent, LOOKED_AT)
    entry = np.concatenate([np.arange(entries), one]).astype(np.int32)
    none = np.zeros(len(one))
    dense = _dense(past.at[other] - past.at[one], delay)
    return Trials(
        arc=(len(arcs.source) + past.person[entry]).astype(np.int32), ripple=past.ripple[entry], entry=entry,
        watched=np.concatenate([_watched(past.now - past.at, delay), none]).astype(np.float32),
        credit=np.concatenate([np.maximum(brought - known, 0), none]).astype(np.float32),
        arrival=np.concatenate([np.full(entries, NOBODY), other]).astype(np.int32),
        density=np.concatenate([np.zeros(entries), dense / max(arcs.people, 1)]).astype(np.float32),
    )  # fmt: skip


def _none() -> Trials:
    number, value = np.empty(0, np.int32), np.empty(0, np.float32)
    return Trials(arc=number, ripple=number, entry=number, watched=value, credit=value, arrival=number, density=value)


def _watched(hours: Doubles, delay: Delay) -> Doubles:
    return _each(hours, delay.mean, delay.deviation, 1)


def _dense(hours: Doubles, delay: Delay) -> Doubles:
    return _each(hours, delay.mean, delay.deviation, 0)


@kernel
def _each(hours: Doubles, mean: float, deviation: float, cumulative: int) -> Doubles:
    values = np.empty(len(hours), np.float64)
    for row in range(len(hours)):
        if cumulative:
            values[row] = arrived_by(hours[row], mean, deviation)
        else:
            values[row] = density(hours[row], mean, deviation)
    return values


@kernel
def _open(start: Longs, parent: Ints, most: int) -> tuple[Longs, Longs]:
    """(who may have brought, who came) for each open arrival and the latest `most` people before it in its ripple."""
    count = 0
    for number in range(len(start) - 1):
        for other in range(start[number], start[number + 1]):
            if parent[other] == UNKNOWN:
                count += min(other - start[number], most)
    one, came = np.empty(count, np.int64), np.empty(count, np.int64)
    row = 0
    for number in range(len(start) - 1):
        for other in range(start[number], start[number + 1]):
            if parent[other] == UNKNOWN:
                for before in range(max(start[number], other - most), other):
                    one[row], came[row] = before, other
                    row += 1
    return one, came


@kernel
def _trials(
    start: Longs, person: Ints, at: Doubles, parent: Ints, now: float, arc_start: Longs, target: Ints, since: Doubles,
    mean: float, deviation: float, arc: Ints, ripple: Ints, by: Ints, watched: Floats, credit: Floats, arrival: Ints,
    dense: Floats,
) -> int:  # fmt: skip
    """Fill the arrays, or only count where they are empty."""
    entry = np.full(len(arc_start) - 1, -1, np.int32)  # of each person in the ripple at hand
    count = 0
    for number in range(len(start) - 1):
        for one in range(start[number], start[number + 1]):
            entry[person[one]] = one
        for one in range(start[number], start[number + 1]):
            who = person[one]
            for tie in range(arc_start[who], arc_start[who + 1]):
                other = entry[target[tie]]
                if at[one] <= since[tie]:
                    continue
                if other >= 0 and parent[other] != one and at[other] <= at[one]:
                    continue
                if len(arc):
                    end = at[other] if other >= 0 else now
                    arc[count] = tie
                    ripple[count] = number
                    by[count] = one
                    watched[count] = arrived_by(end - at[one], mean, deviation)
                    credit[count] = 1.0 if other >= 0 and parent[other] == one else 0.0
                    open_question = other >= 0 and parent[other] == UNKNOWN
                    arrival[count] = other if open_question else NOBODY
                    dense[count] = density(end - at[one], mean, deviation) if open_question else 0.0
                count += 1
        for one in range(start[number], start[number + 1]):
            entry[person[one]] = -1
    return count


def share_out(trials_arrival: Ints, chance: Doubles, certain: Floats, entries: int) -> Doubles:
    """Credit per trial: certain ones, and each open arrival's one unit in parts as its `chance` says (sums to 1)."""
    if not len(chance):
        return np.empty(0, np.float64)
    shared: Doubles = _share_out(trials_arrival, chance, certain, entries)
    return shared


@kernel
def _share_out(trials_arrival: Ints, chance: Doubles, certain: Floats, entries: int) -> Doubles:
    total = np.zeros(entries, np.float64)
    for row in range(len(chance)):
        if trials_arrival[row] >= 0:
            total[trials_arrival[row]] += chance[row]
    credit = certain.astype(np.float64)
    for row in range(len(chance)):
        if trials_arrival[row] >= 0 and total[trials_arrival[row]] > 0:
            credit[row] = chance[row] / total[trials_arrival[row]]
    return credit
