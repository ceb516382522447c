"""Kernels that draw reverse-reachable sets: all who would have reached a root in one random world.

Independent cascade: Borgs et al. 2014, live arcs by `rows`. Linear threshold: each person listens to at most one arc,
so the set is a path (Kempe, Kleinberg & Tardos 2003, live-arc form).

Several sets are drawn at once by walkers that take turns: a walker draws the live arcs of one person, asks memory for
their ends, and reads them at its next turn. A plain walk spends most of its time waiting for memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Bytes, Doubles, Floats, Ints, Longs, inlined, kernel, prefetch
from lianyi.insight.ripples.spread.draws import STEP, points, stream, unit
from lianyi.insight.ripples.spread.rows import CERTAIN, EVEN, EVEN_THRESHOLD, TRY_EACH, UNEVEN, UNEVEN_THRESHOLD, Rows

WALKERS = 8
MOST_ARCS = 1024  # of one row at once; more points happen once in 1e80 rows
_IDLE = -1
_ALL = -1


class Desk(NamedTuple):
    """What one thread writes on while it draws; one row = one walker."""

    number: Longs  # of its set, -1: none
    state: NDArray[np.uint64]
    seen: Bytes  # (walkers, people / 8): bit of each person met
    members: Ints  # (walkers, people): persons met, the first `here` have drawn their arcs
    here: Longs
    end: Longs
    arcs: Longs  # (walkers, MOST_ARCS): drawn, their ends not yet read
    coins: Doubles
    waiting: Longs  # how many


def desk(people: int) -> Desk:
    """An empty desk. Memory is only used as far as sets reach."""
    return Desk(
        number=np.full(WALKERS, _IDLE, np.int64),
        state=np.zeros(WALKERS, np.uint64),
        seen=np.zeros((WALKERS, people // 8 + 1), np.uint8),
        members=np.empty((WALKERS, people), np.int32),
        here=np.zeros(WALKERS, np.int64),
        end=np.zeros(WALKERS, np.int64),
        arcs=np.empty((WALKERS, MOST_ARCS), np.int64),
        coins=np.empty((WALKERS, MOST_ARCS)),
        waiting=np.zeros(WALKERS, np.int64),
    )


@inlined
def met(person: int, seen: Bytes, members: Ints, end: int) -> int:
    """Append a person not seen before; returns the new end."""
    place = person >> 3
    bit = np.uint8(1 << (person & 7))
    if seen[place] & bit:
        return end
    seen[place] |= bit
    members[end] = person
    return end + 1


@kernel
def try_each(
    low: int, high: int, ends: Ints, probability: Floats, state: np.uint64, seen: Bytes, members: Ints, end: int
) -> tuple[np.uint64, int]:
    """Draw arcs low … high-1 each by itself: rows of which a large part is live."""
    for arc in range(low, high):
        if probability[arc] < 1.0:
            state += STEP
            if unit(state) >= probability[arc]:
                continue
        end = met(ends[arc], seen, members, end)
    return state, end


@inlined
def _root(roots: Doubles, people: int, state: np.uint64) -> int:
    if len(roots):
        return int(np.searchsorted(roots, unit(state) * roots[-1], side="right"))
    return int(unit(state) * people)


@inlined
def _read(
    uneven: int,
    walker: int,
    drawn: int,
    arcs: Longs,
    coins: Doubles,
    starts: Longs,
    ends: Ints,
    rate: Doubles,
    keep: Floats,
    others: Ints,
    seen: Bytes,
    members: Ints,
    end: int,
) -> int:
    """Add the ends of the arcs drawn at the last turn; returns the new end of members."""
    for turn in range(drawn):
        arc = arcs[walker, turn]
        other = ends[arc]
        if uneven and coins[walker, turn] >= keep[arc]:
            other = others[arc]
        before = end
        end = met(other, seen, members, end)
        if end > before:
            prefetch(starts, other)
            if uneven:
                prefetch(rate, other)
    return end


@inlined
def _live_uneven(quiet: float, rate: float, state: np.uint64) -> int:
    """How many arcs of an uneven row to draw, _ALL when each is drawn by itself."""
    if quiet == TRY_EACH:
        return _ALL
    return 1 if quiet == CERTAIN else points(unit(state), quiet, rate)


@inlined
def _any_marked(stop: Bytes, members: Ints, first: int, end: int) -> bool:
    hit = False
    for place in range(first, end):
        if stop[members[place]]:
            hit = True
    return hit


@inlined
def _put_down(members: Ints, end: int, seen: Bytes, loose: Ints, at: int, kept: int) -> int:
    """Forget who was seen; copy the set if it is kept. Returns the new end of `loose`."""
    for place in range(end):
        seen[members[place] >> 3] = 0
        if kept:
            loose[at + place] = members[place]
    return at + end if kept else at


DrawSets = Callable[
    [Rows, Doubles, np.uint64, int, int, Bytes, Desk, Ints, Longs, Ints],
    tuple[int, int],
]


def _drawer(kind: int) -> DrawSets:  # noqa: C901  parts that were made functions of their own cost a third of the speed
    """The kernel for one kind of rows: one for all kinds takes twice the time of the simplest.

    All that the loop touches is unpacked before it, and nothing in it is called with arrays but what is inlined: else
    counting references takes longer than walking.
    """

    uneven = int(kind in (UNEVEN, UNEVEN_THRESHOLD))

    @kernel
    def draw_sets(  # noqa: C901
        rows: Rows,
        roots: Doubles,
        key: np.uint64,
        first: int,
        count: int,
        stop: Bytes,
        desk: Desk,
        loose: Ints,
        place: Longs,
        sizes: Ints,
    ) -> tuple[int, int]:
        starts, ends, quiet, rate, keep, others = rows.start, rows.end, rows.quiet, rows.rate, rows.keep, rows.other
        chances, numbers, states, heres = rows.probability, desk.number, desk.state, desk.here
        sofar, waiting, arcs, coins = desk.end, desk.waiting, desk.arcs, desk.coins
        people = len(starts) - 1
        whole = int(len(stop) == 0)
        started = 0
        busy = 0
        hits = 0
        at = 0
        while True:
            for walker in range(WALKERS):
                seen, members = desk.seen[walker], desk.members[walker]
                if numbers[walker] == _IDLE:
                    if started == count or (whole and at + (busy + 1) * people > len(loose)):
                        continue
                    state = stream(key, first + started) + STEP
                    root = _root(roots, people, state)
                    prefetch(starts, root)
                    numbers[walker], states[walker], heres[walker], waiting[walker] = started, state, 0, 0
                    sofar[walker] = met(root, seen, members, 0)
                    started += 1
                    busy += 1
                    continue
                before, here = sofar[walker], heres[walker]
                end = _read(
                    uneven,
                    walker,
                    waiting[walker],
                    arcs,
                    coins,
                    starts,
                    ends,
                    rate,
                    keep,
                    others,
                    seen,
                    members,
                    before,
                )
                hit = False
                if not whole:
                    hit = _any_marked(stop, members, 0 if here == 0 else before, end)
                waiting[walker] = 0
                if here < end and not hit:
                    low = starts[members[here]]
                    size = starts[members[here] + 1] - low
                    state = states[walker] + STEP
                    drawn = min(size, 1)
                    if kind == EVEN and size > 1:
                        drawn = points(unit(state), quiet[size], rate[size])
                    if kind == UNEVEN and size > 0:
                        drawn = _live_uneven(quiet[members[here]], rate[members[here]], state)
                    if kind == UNEVEN_THRESHOLD and size > 0 and unit(state) >= rate[members[here]]:
                        drawn = 0
                    if kind == UNEVEN and drawn == _ALL:
                        before, drawn = end, 0
                        state, end = try_each(low, low + size, ends, chances, state, seen, members, end)
                        if not whole:
                            hit = _any_marked(stop, members, before, end)
                    for turn in range(drawn):
                        state += STEP
                        spot = unit(state) * size
                        arcs[walker, turn] = low + int(spot)
                        prefetch(ends, low + int(spot))
                        if uneven:
                            coins[walker, turn] = spot - int(spot)
                            prefetch(keep, low + int(spot))
                    states[walker] = state
                    waiting[walker], heres[walker], sofar[walker] = drawn, here + 1, end
                    if not hit:
                        continue
                if whole:
                    place[numbers[walker]], sizes[numbers[walker]] = at, end
                at = _put_down(members, end, seen, loose, at, whole)
                numbers[walker] = _IDLE
                hits += hit
                busy -= 1
            if busy == 0 and (started == count or whole):
                return started, hits

    return draw_sets


_DRAWERS = {kind: _drawer(kind) for kind in (EVEN, UNEVEN, EVEN_THRESHOLD, UNEVEN_THRESHOLD)}


def draw_sets(
    rows: Rows,
    roots: Doubles,
    key: np.uint64,
    first: int,
    count: int,
    stop: Bytes,
    desk: Desk,
    loose: Ints,
    place: Longs,
    sizes: Ints,
) -> tuple[int, int]:
    """Draw sets first … first+count-1 as far as `loose` has room; returns sets done and how many met `stop`.

    Set i is written to loose[place[i]:place[i]+sizes[i]], the root first. With `stop` (shape (people,), not empty)
    nothing is written and a walk ends at the first marked person. roots: cumulated weights of people as roots, or empty
    for equal ones.
    """
    return _DRAWERS[rows.kind](rows, roots, key, first, count, stop, desk, loose, place, sizes)


@kernel
def in_order(loose: Ints, place: Longs, start: Longs) -> Ints:
    """Members of the sets one after the other; walkers finish them in another order."""
    members = np.empty(start[-1], np.int32)
    for number in range(len(start) - 1):
        size = start[number + 1] - start[number]
        members[start[number] : start[number + 1]] = loose[place[number] : place[number] + size]
    return members
