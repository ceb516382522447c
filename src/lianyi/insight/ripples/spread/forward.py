"""Kernels that let things spread once, from seeds along the arcs."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np

from lianyi.insight.kernels import Bytes, Doubles, Floats, Ints, Longs, inlined, kernel, prefetch
from lianyi.insight.ripples.spread.draws import STEP, points, stream, unit
from lianyi.insight.ripples.spread.rows import Rows
from lianyi.insight.ripples.spread.walks import MOST_ARCS, met, try_each

_QUEUE = 4096  # places, a power of two


@inlined
def _next_end(rows: Rows, queue: Longs, coins: Doubles, head: int) -> int:
    """Where the arc at the head of the queue leads."""
    arc = queue[head & (_QUEUE - 1)]
    if coins[head & (_QUEUE - 1)] < rows.keep[arc]:
        return int(rows.end[arc])
    return int(rows.other[arc])


@inlined
def _queue_row(
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
        queue[tail & (_QUEUE - 1)] = low + slot
        coins[tail & (_QUEUE - 1)] = spot - slot
        prefetch(rows.end, low + slot)
        prefetch(rows.keep, low + slot)
        tail += 1
    return state, tail


@kernel
def start_seeds(
    rows: Rows,
    seeds: Ints,
    acceptance: Doubles,
    boost: Doubles,
    state: np.uint64,
    seen: Bytes,
    members: Ints,
    boosted: Ints,
) -> tuple[np.uint64, int, int]:
    """Seeds that accept become members; those whom boosted arcs reach go to `boosted`.

    Returns the state, the number of members, the number of boosted.
    """
    end = 0
    reached = 0
    for number in range(len(seeds)):
        state += STEP
        if unit(state) >= acceptance[number]:
            continue
        end = met(seeds[number], seen, members, end)
        if boost[number] <= 1.0:
            continue
        for arc in range(rows.start[seeds[number]], rows.start[seeds[number] + 1]):
            plain = rows.probability[arc]
            if plain < 1.0:
                second = 1.0 - (1.0 - min(1.0, plain * boost[number])) / (1.0 - plain)
                state += STEP
                if unit(state) < second:
                    boosted[reached] = rows.end[arc]
                    reached += 1
    return state, end, reached


@kernel
def cascade_once(
    rows: Rows,
    state: np.uint64,
    end: int,
    boosted: Ints,
    seen: Bytes,
    queue: Longs,
    coins: Doubles,
    members: Ints,
    generations: Longs,
) -> int:
    """Spread generation by generation from members[:end]; adds to generations[g], whose last place takes all later."""
    here = 0
    level = end
    generation = 0
    head = 0
    tail = 0
    generations[0] += end
    for person in boosted:
        end = met(person, seen, members, end)
    while here < level or end > level:
        while here < level or head < tail:
            if here < level and tail - head < _QUEUE - MOST_ARCS:
                person = members[here]
                here += 1
                low, high = rows.start[person], rows.start[person + 1]
                if low < high and rows.quiet[person] < 0.0:
                    state, end = try_each(low, high, rows.end, rows.probability, state, seen, members, end)
                elif low < high:
                    state, tail = _queue_row(rows, person, state, queue, coins, tail)
            else:
                other = _next_end(rows, queue, coins, head)
                head += 1
                before = end
                end = met(other, seen, members, end)
                if end > before:
                    prefetch(rows.start, other)
                    prefetch(rows.quiet, other)
                    prefetch(rows.rate, other)
        generation += 1
        generations[min(generation, len(generations) - 1)] += end - level
        level = end
    return end


@kernel
def cascade_runs(
    rows: Rows,
    seeds: Ints,
    acceptance: Doubles,
    boost: Doubles,
    key: np.uint64,
    first: int,
    sizes: Longs,
    generations: Longs,
) -> None:
    """One run per place of `sizes`, each with the stream of its number."""
    people = len(rows.start) - 1
    seen = np.zeros(people // 8 + 1, np.uint8)
    members = np.empty(people, np.int32)
    queue = np.empty(_QUEUE, np.int64)
    coins = np.empty(_QUEUE)
    room = 0
    for number in range(len(seeds)):
        if boost[number] > 1.0:
            room += rows.start[seeds[number] + 1] - rows.start[seeds[number]]
    boosted = np.empty(room, np.int32)
    for run in range(len(sizes)):
        state = stream(key, first + run)
        state, end, reached = start_seeds(rows, seeds, acceptance, boost, state, seen, members, boosted)
        end = cascade_once(rows, state, end, boosted[:reached], seen, queue, coins, members, generations)
        sizes[run] = end
        for place in range(end):
            seen[members[place] >> 3] = 0


@kernel
def threshold_runs(
    start: Longs,
    target: Ints,
    weight: Floats,
    seeds: Ints,
    acceptance: Doubles,
    key: np.uint64,
    first: int,
    sizes: Longs,
    generations: Longs,
) -> None:
    """Linear threshold: active when weights of active neighbours reach a threshold drawn at first touch."""
    people = len(start) - 1
    missing = np.full(people, -1.0)  # weight still missing; -1: not touched in this run
    touched = np.empty(people, np.int32)
    seen = np.zeros(people // 8 + 1, np.uint8)
    members = np.empty(people, np.int32)
    for run in range(len(sizes)):
        state = stream(key, first + run)
        end = 0
        touches = 0
        for number in range(len(seeds)):
            state += STEP
            if unit(state) < acceptance[number]:
                end = met(seeds[number], seen, members, end)
        generations[0] += end
        here = 0
        level = end
        generation = 0
        while here < end:
            person = members[here]
            here += 1
            for arc in range(start[person], start[person + 1]):
                other = target[arc]
                if missing[other] == -1.0:
                    state += STEP
                    missing[other] = 1.0 - unit(state)  # in (0, 1]
                    touched[touches] = other
                    touches += 1
                if missing[other] > 0.0:
                    missing[other] = max(0.0, missing[other] - weight[arc])
                    if missing[other] == 0.0:
                        end = met(other, seen, members, end)
            if here == level:
                generation += 1
                generations[min(generation, len(generations) - 1)] += end - level
                level = end
        sizes[run] = end
        for place in range(end):
            seen[members[place] >> 3] = 0
        for place in range(touches):
            missing[touched[place]] = -1.0


@kernel
def timed_runs(
    start: Longs,
    target: Ints,
    probability: Floats,
    delay: Doubles,
    seeds: Ints,
    acceptance: Doubles,
    moments: Doubles,
    key: np.uint64,
    first: int,
    reached: Longs,
) -> None:
    """Cascades in continuous time: reached[run, i] = people active at moments[i]; delay: mean wait of who is told."""
    people = len(start) - 1
    arrival = np.full(people, np.inf)
    touched = np.empty(people, np.int32)
    for run in range(len(reached)):
        state = stream(key, first + run)
        touches = 0
        waiting = [(0.0, np.int64(-1))]
        for number in range(len(seeds)):
            state += STEP
            if unit(state) < acceptance[number]:
                heappush(waiting, (0.0, np.int64(seeds[number])))
        while len(waiting) > 0:
            now, person = heappop(waiting)
            if person < 0 or arrival[person] != np.inf:
                continue
            arrival[person] = now
            touched[touches] = person
            touches += 1
            reached[run, np.searchsorted(moments, now)] += 1
            for arc in range(start[person], start[person + 1]):
                other = target[arc]
                state += STEP
                if unit(state) < probability[arc] and arrival[other] == np.inf:
                    state += STEP
                    then = now - delay[other] * np.log1p(-unit(state))
                    if then <= moments[-1]:
                        heappush(waiting, (then, np.int64(other)))
        for place in range(touches):
            arrival[touched[place]] = np.inf
        for moment in range(1, len(moments)):
            reached[run, moment] += reached[run, moment - 1]
