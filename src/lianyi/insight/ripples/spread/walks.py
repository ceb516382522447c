"""Kernels that draw one reverse-reachable set: all who would have reached the root in one random world.

Independent cascade: Borgs et al. 2014, live arcs by `rows`. Linear threshold: each person listens to at most one arc,
so the set is a path (Kempe, Kleinberg & Tardos 2003, live-arc form). Drawn arcs wait in a small queue while their
ends are being fetched from memory; that, not arithmetic, is where a plain walk loses its time.
"""

from __future__ import annotations

import numpy as np

from lianyi.insight.ripples.spread.compiled import Bytes, Doubles, Floats, Ints, Longs, inlined, kernel, prefetch
from lianyi.insight.ripples.spread.draws import STEP, points, stream, unit
from lianyi.insight.ripples.spread.rows import Rows

QUEUE = 4096  # places, a power of two
ROOM = 1024  # more points than this in one row happen once in 1e80 rows


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
def next_end(rows: Rows, queue: Longs, coins: Doubles, head: int) -> int:
    """Where the arc at the head of the queue leads."""
    arc = queue[head & (QUEUE - 1)]
    if coins[head & (QUEUE - 1)] < rows.keep[arc]:
        return int(rows.end[arc])
    return int(rows.other[arc])


@inlined
def queue_row(
    rows: Rows, person: int, state: np.uint64, queue: Longs, coins: Doubles, tail: int
) -> tuple[np.uint64, int]:
    """Draw the live arcs of an uneven row into the queue and let memory fetch their ends."""
    low = rows.start[person]
    size = rows.start[person + 1] - low
    state += STEP
    count = points(unit(state), rows.quiet[person], rows.rate[person])
    for _ in range(count):
        state += STEP
        spot = unit(state) * size
        slot = int(spot)
        queue[tail & (QUEUE - 1)] = low + slot
        coins[tail & (QUEUE - 1)] = spot - slot
        prefetch(rows.end, low + slot)
        prefetch(rows.keep, low + slot)
        tail += 1
    return state, tail


@kernel
def even_cascade(
    start: Longs,
    ends: Ints,
    quiet: Doubles,
    rate: Doubles,
    root: int,
    state: np.uint64,
    stop: Bytes,
    seen: Bytes,
    queue: Longs,
    members: Ints,
    at: int,
) -> tuple[int, bool]:
    """Write the set of `root` to members[at:] where all arcs of a row are alike (weighted cascade).

    Returns its end and whether it met a person marked in `stop`; it ends there, so the set is then not whole. Apart
    from `uneven_cascade`, since one kernel for both takes twice the time.
    """
    end = met(root, seen, members, at)
    here = at
    checked = at
    head = 0
    tail = 0
    while True:
        if len(stop):
            while checked < end:
                if stop[members[checked]]:
                    return end, True
                checked += 1
        if here < end and tail - head < QUEUE - ROOM:
            low = start[members[here]]
            size = start[members[here] + 1] - low
            here += 1
            count = 1 if size else 0
            if size > 1:
                state += STEP
                count = points(unit(state), quiet[size], rate[size])
            for _ in range(count):
                state += STEP
                arc = low + int(unit(state) * size)
                queue[tail & (QUEUE - 1)] = arc
                prefetch(ends, arc)
                tail += 1
        elif head < tail:
            person = ends[queue[head & (QUEUE - 1)]]
            head += 1
            before = end
            end = met(person, seen, members, end)
            if end > before:
                prefetch(start, person)
        else:
            return end, False


@kernel
def uneven_cascade(
    rows: Rows,
    root: int,
    state: np.uint64,
    stop: Bytes,
    seen: Bytes,
    queue: Longs,
    coins: Doubles,
    members: Ints,
    at: int,
) -> tuple[int, bool]:
    """As `even_cascade` for any probabilities."""
    end = met(root, seen, members, at)
    here = at
    checked = at
    head = 0
    tail = 0
    while True:
        if len(stop):
            while checked < end:
                if stop[members[checked]]:
                    return end, True
                checked += 1
        if here < end and tail - head < QUEUE - ROOM:
            person = members[here]
            here += 1
            low, high = rows.start[person], rows.start[person + 1]
            if low < high and rows.quiet[person] < 0.0:
                state, end = try_each(low, high, rows.end, rows.probability, state, seen, members, end)
            elif low < high:
                state, tail = queue_row(rows, person, state, queue, coins, tail)
        elif head < tail:
            other = next_end(rows, queue, coins, head)
            head += 1
            before = end
            end = met(other, seen, members, end)
            if end > before:
                prefetch(rows.start, other)
        else:
            return end, False


@kernel
def threshold(
    rows: Rows, root: int, state: np.uint64, stop: Bytes, seen: Bytes, members: Ints, at: int
) -> tuple[int, bool]:
    """As `even_cascade` for the linear threshold model: follow one arc per person until the walk stops or returns."""
    person = root
    end = at
    while True:
        before = end
        end = met(person, seen, members, end)
        if end == before:
            return end, False
        if len(stop) and stop[person]:
            return end, True
        low = rows.start[person]
        size = rows.start[person + 1] - low
        if size == 0:
            return end, False
        state += STEP
        if not rows.even:
            if unit(state) >= rows.rate[person]:
                return end, False
            state += STEP
        spot = unit(state) * size
        slot = int(spot)
        if rows.even or spot - slot < rows.keep[low + slot]:
            person = rows.end[low + slot]
        else:
            person = rows.other[low + slot]


@kernel
def draw_sets(
    rows: Rows,
    is_cascade: int,
    roots: Doubles,
    key: np.uint64,
    first: int,
    count: int,
    stop: Bytes,
    seen: Bytes,
    queue: Longs,
    coins: Doubles,
    members: Ints,
    sizes: Ints,
) -> tuple[int, int, int]:
    """Draw sets first … first+count-1 until they are done or `members` might not hold the next.

    Returns sets done, members written, sets that met `stop`. With `stop` nothing is kept: members is scratch.
    roots: cumulated weights of people as roots, or empty for equal ones.
    """
    people = len(rows.start) - 1
    at = 0
    hits = 0
    for number in range(count):
        if at + people > len(members):
            return number, at, hits
        state = stream(key, first + number) + STEP
        if len(roots):
            root = np.searchsorted(roots, unit(state) * roots[-1], side="right")
        else:
            root = int(unit(state) * people)
        if not is_cascade:
            end, hit = threshold(rows, root, state, stop, seen, members, at)
        elif rows.even:
            end, hit = even_cascade(
                rows.start, rows.end, rows.quiet, rows.rate, root, state, stop, seen, queue, members, at
            )
        else:
            end, hit = uneven_cascade(rows, root, state, stop, seen, queue, coins, members, at)
        for place in range(at, end):
            seen[members[place] >> 3] = 0
        if len(stop):
            hits += hit
        else:
            sizes[number] = end - at
            at = end
    return count, at, hits


def scratch() -> tuple[Longs, Doubles]:
    """The queue of a cascade: arcs and coins."""
    return np.empty(QUEUE, np.int64), np.empty(QUEUE)
