"""Choosing items that meet as many sets as possible, and a bound on what any allowed choice could meet.

Greedy by gain, or by gain per money under a budget, among the `width` most promising items; the rest only counts when
the best of them could be better than what is left, and then the width grows, so that the choice is the exact greedy
one. Each set is crossed out once: time is linear in the members of the sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Bytes, Doubles, Ints, Longs, kernel
from lianyi.insight.ripples.spread.reverse_reachable import Sets, starts
from lianyi.insight.ripples.spread.rules import NO_COMMUNITY, Terms

_WIDTH = 2048
_WIDEST_START = 65536
_NOT_WORTH = 1e-3  # of what is met: less than this hoped for outside the pool does not widen it
_BEGINNING = 4096  # people sorted at first for the bound by money
_LOOKS = 8  # how often during greedy the bound is computed; the smallest one counts


@dataclass(frozen=True, kw_only=True, eq=False)
class Cover:
    """items: chosen ones in order. gains: sets that each met first. alone: sets that each meets. most: bound on what
    any allowed choice meets (a number of sets, maybe not whole)."""

    items: Ints
    gains: Longs
    alone: Longs
    most: float

    @property
    def met(self) -> int:
        """Sets met by all items together."""
        return int(self.gains.sum())


class _Pool(NamedTuple):
    """The promising items, best rate first, with the sets they are in; the arrays of Terms cut down to them."""

    item: Ints
    gain: Longs
    rate: Doubles
    cost: Doubles
    person: Longs  # numbered within the pool
    community: Ints
    set_start: Longs
    set_items: Ints
    item_start: Longs
    item_sets: Ints
    other_rate: float  # no item outside the pool has a better rate
    other_gain: int  # nor a larger gain


@kernel
def count_members(members: Ints, counts: Ints) -> None:
    """Add to counts[item] how often the item occurs in `members`."""
    for place in range(len(members)):
        counts[members[place]] += 1


def cover(sets: Sets, counts: Ints, terms: Terms) -> Cover:
    """The greedy choice under the terms; counts[item] = sets that hold the item."""
    width = min(max(_WIDTH, 128 * terms.limit), _WIDEST_START)
    while True:
        pool = _pool(sets, counts, terms, width)
        chosen, gains, most, narrow = _greedy(pool, terms, len(sets))
        if not narrow:
            return _better(pool, terms, chosen, gains, most)
        width *= 8


def covered_by(items: Longs, sets: Sets, counts: Ints, most: float) -> Cover:
    """What given items cover in their order."""
    rank = np.full(len(counts), len(items), np.int32)
    rank[items] = np.arange(len(items))
    gains = _first_met(sets.start, sets.members, rank, len(items))
    return Cover(items=items.astype(np.int32), gains=gains, alone=counts[items].astype(np.int64), most=most)


@kernel
def _first_met(start: Longs, members: Ints, rank: Ints, items: int) -> Longs:
    """For each item the sets of which it is the first in rank."""
    firsts = np.zeros(items + 1, np.int64)
    for number in range(len(start) - 1):
        best = items
        for at in range(start[number], start[number + 1]):
            best = min(best, rank[members[at]])
        firsts[best] += 1
    return firsts[:items].copy()


def rates_of(counts: NDArray[Any], terms: Terms) -> Doubles:
    """Sets met per money; people who cost nothing are not infinitely good, only very good."""
    if np.isinf(terms.budget):
        return counts.astype(np.float64)
    return counts / np.maximum(terms.cost, max(terms.budget, 1e-300) * 1e-9)


def _pool(sets: Sets, counts: Ints, terms: Terms, width: int) -> _Pool:
    useful = np.flatnonzero(counts)
    useful = useful[terms.allowed[useful]]
    rate = rates_of(counts[useful], terms._replace(cost=terms.cost[useful]))
    other_rate, other_gain = 0.0, 0
    if len(useful) > width:
        split = np.argpartition(-rate, width)
        outside = split[width:]
        other_rate, other_gain = float(rate[outside].max()), int(counts[useful[outside]].max())
        useful, rate = useful[split[:width]], rate[split[:width]]
    order = np.lexsort((useful, -rate))
    useful, rate = useful[order], rate[order]
    needed = np.setdiff1d(_needed(terms, counts), useful) if terms.least.any() else useful[:0]
    if len(needed):
        useful = np.concatenate([useful, needed])
        rate = np.concatenate([rate, np.zeros(len(needed))])
    gain = counts[useful].astype(np.int64)
    spot = np.full(len(counts), -1, np.int32)
    spot[useful] = np.arange(len(useful))
    item_start = starts(gain)
    set_start, set_items, item_sets = _turned(sets.start, sets.members, spot, item_start)
    person = np.unique(terms.person[useful], return_inverse=True)[1] if terms.several else np.arange(len(useful))
    return _Pool(
        useful.astype(np.int32), gain, rate, terms.cost[useful], person.astype(np.int64), terms.community[useful],
        set_start, set_items, item_start, item_sets, other_rate, other_gain,
    )  # fmt: skip


def _needed(terms: Terms, counts: Ints) -> Longs:
    """Items that fill the quotas for sure: the cheapest of each community that has one, among them those met most."""
    found = [np.empty(0, np.int64)]
    for number in np.flatnonzero(terms.least):
        mine = np.flatnonzero(terms.allowed & (terms.community == number))
        mine = mine[np.lexsort((-counts[mine], terms.cost[mine]))]
        _, first = np.unique(terms.person[mine], return_index=True)
        found.append(mine[np.sort(first)[: terms.least[number]]])
    return np.concatenate(found)


@kernel
def _turned(start: Longs, members: Ints, spot: Ints, item_start: Longs) -> tuple[Longs, Ints, Ints]:
    """Sets cut down to pool items, and for each item the sets it is in."""
    set_start = np.zeros(len(start), np.int64)
    set_items = np.empty(item_start[-1], np.int32)
    item_sets = np.empty(item_start[-1], np.int32)
    place = item_start[:-1].copy()
    end = 0
    for number in range(len(start) - 1):
        for at in range(start[number], start[number + 1]):
            item = spot[members[at]]
            if item >= 0:
                set_items[end] = item
                item_sets[place[item]] = number
                place[item] += 1
                end += 1
        set_start[number + 1] = end
    return set_start, set_items, item_sets


@kernel
def _fits(terms: Terms, cost: float, mine: int, spent: float, picked: int, used: Longs) -> bool:
    """Whether an item of this cost and community keeps all rules; `used`: seeds per community so far."""
    purse = terms.budget * (1 + 1e-12)  # sums of prices round
    if spent + cost > purse:
        return False
    if mine != NO_COMMUNITY and used[mine] >= terms.most[mine]:
        return False
    seats = 0
    money = 0.0
    for number in range(len(terms.least)):
        owed = terms.least[number] - used[number]
        if number == mine:
            owed -= 1
        if owed > 0:
            seats += owed
            money += terms.reserve[terms.reserve_start[number] + owed]
    return picked + 1 + seats <= terms.limit and spent + cost + money <= purse


@kernel
def _best(
    pool: _Pool,
    terms: Terms,
    waiting: list[tuple[float, int]],
    gain: Longs,
    spent: float,
    picked: int,
    used: Longs,
    taken: Longs,
) -> tuple[int, float]:
    """The allowed item of best present rate, taken out of the heap `waiting` (-rate when last looked at, item).

    Rates only fall, so an item whose rate still holds when it comes up is the best (Minoux 1978).
    """
    while len(waiting) > 0:
        old, item = heappop(waiting)
        rate = pool.rate[item] * gain[item] / pool.gain[item] if pool.gain[item] else 0.0
        mine = pool.community[item]
        owed = mine != NO_COMMUNITY and used[mine] < terms.least[mine]
        if taken[pool.person[item]] or (rate == 0.0 and not owed):
            continue
        if not _fits(terms, pool.cost[item], mine, spent, picked, used):
            continue
        if rate == -old:
            return item, rate
        heappush(waiting, (-rate, item))
    return -1, -1.0


@kernel
def _cross_out(pool: _Pool, item: int, gain: Longs, dead: Bytes) -> None:
    for at in range(pool.item_start[item], pool.item_start[item + 1]):
        number = pool.item_sets[at]
        if not dead[number]:
            dead[number] = 1
            for place in range(pool.set_start[number], pool.set_start[number + 1]):
                gain[pool.set_items[place]] -= 1


@kernel
def _greedy(pool: _Pool, terms: Terms, sets: int) -> tuple[Ints, Longs, float, bool]:
    """Chosen pool items, their gains, the smallest bound seen, and whether the pool was too narrow."""
    gain = pool.gain.copy()
    dead = np.zeros(sets, np.uint8)
    used = np.zeros(len(terms.most), np.int64)
    taken = np.zeros(len(pool.item), np.int64)
    room = min(terms.limit, len(pool.item))
    chosen = np.empty(room, np.int32)
    gains = np.empty(room, np.int64)
    picked = 0
    met = 0
    spent = 0.0
    most = float(sets)
    waiting = [(-pool.rate[item], item) for item in range(len(pool.item))]  # sorted, so a heap
    looked = 0
    while picked < room:
        done = max(picked / room, spent / terms.budget if terms.budget > 0.0 else 0.0)
        if done * _LOOKS >= looked:
            most = min(most, met + _most_more(pool, terms, gain))
            looked += 1
        best, rate = _best(pool, terms, waiting, gain, spent, picked, used, taken)
        hope = min((terms.limit - picked) * float(pool.other_gain), (terms.budget - spent) * pool.other_rate)
        if rate < pool.other_rate and hope > _NOT_WORTH * met:
            return chosen, gains, most, True
        if best < 0:
            break
        chosen[picked] = best
        gains[picked] = gain[best]
        picked += 1
        met += gain[best]
        spent += pool.cost[best]
        taken[pool.person[best]] = 1
        if pool.community[best] != NO_COMMUNITY:
            used[pool.community[best]] += 1
        _cross_out(pool, best, gain, dead)
    most = min(most, met + _most_more(pool, terms, gain))
    return chosen[:picked], gains[:picked], most, False


@kernel
def _most_more(pool: _Pool, terms: Terms, gain: Longs) -> float:
    """What any allowed choice can add at most, were gains to add up: the smaller of two relaxations."""
    people = int(pool.person.max()) + 1 if len(pool.person) else 0
    top = np.zeros(people, np.int64)
    rate = np.zeros(people)
    community = np.full(people, NO_COMMUNITY, np.int32)
    for item in range(len(pool.item)):
        who = pool.person[item]
        community[who] = pool.community[item]
        if gain[item]:
            top[who] = max(top[who], gain[item])
            rate[who] = max(rate[who], pool.rate[item] * gain[item] / pool.gain[item])
    by_count = _most_by_count(top, community, terms, pool.other_gain)
    if terms.budget == np.inf:
        return by_count
    purse = terms.budget * (1.0 + 1e-9 * (terms.limit + 1))  # rates_of prices free people at 1e-9 of the budget
    first_rate = np.full(people, np.inf) if terms.several else pool.rate
    return min(by_count, _most_by_money(top, rate, first_rate, purse, pool.other_rate))


@kernel
def _most_by_count(top: Longs, community: Ints, terms: Terms, other: int) -> float:
    """The `limit` largest gains, one per person, no community past its quota; people outside the pool gain `other`."""
    order = _falling(top)
    used = np.zeros(len(terms.most), np.int64)
    total = 0.0
    seats = terms.limit
    for who in order:
        if seats == 0 or top[who] <= other:
            break
        mine = community[who]
        if mine != NO_COMMUNITY:
            if used[mine] >= terms.most[mine]:
                continue
            used[mine] += 1
        total += top[who]
        seats -= 1
    return total + seats * float(other)


@kernel
def _falling(values: Longs) -> Longs:
    """Places of whole numbers, largest first: a counting sort."""
    start = np.zeros(values.max() + 2 if len(values) else 2, np.int64)
    for value in values:
        start[value] += 1
    total = 0
    for value in range(len(start) - 1, -1, -1):
        here = start[value]
        start[value] = total
        total += here
    order = np.empty(len(values), np.int64)
    for place in range(len(values)):
        order[start[values[place]]] = place
        start[values[place]] += 1
    return order


@kernel
def _most_by_money(top: Longs, rate: Doubles, first_rate: Doubles, budget: float, other: float) -> float:
    """Fractional knapsack: a person gives at most `top` and `rate` per money; outside the pool `other` per money.

    first_rate[who]: nobody from `who` on has a better rate, so mostly a beginning is enough to sort.
    """
    part = _BEGINNING
    while True:
        part = min(part, len(top))
        beyond = first_rate[part] if part < len(top) else 0.0
        total = 0.0
        left = budget
        last = np.inf
        for who in np.argsort(-rate[:part]):
            if rate[who] <= other or left <= 0.0:
                break
            last = rate[who]
            price = min(left, top[who] / last)
            total += price * last
            left -= price
        if part == len(top) or (left <= 0.0 and last >= beyond):
            return float(total + max(0.0, left) * other)
        part *= 4


def _better(pool: _Pool, terms: Terms, chosen: Ints, gains: Longs, most: float) -> Cover:
    """Greedy, or the best single item when a budget made greedy miss it (Khuller, Moss & Naor 1999)."""
    single = int(pool.gain.argmax()) if len(pool.gain) else -1
    free = not terms.least.any() and not np.isinf(terms.budget)
    if free and single >= 0 and pool.gain[single] > gains.sum() and _quota_open(pool, terms, single):
        chosen, gains = np.array([single], np.int32), pool.gain[[single]]
    return Cover(items=pool.item[chosen], gains=gains, alone=pool.gain[chosen], most=max(most, float(gains.sum())))


def _quota_open(pool: _Pool, terms: Terms, item: int) -> bool:
    mine = pool.community[item]
    return bool(mine == NO_COMMUNITY or terms.most[mine] > 0)


@kernel
def filled(order: Longs, terms: Terms) -> Longs:
    """Items taken in this order as long as the rules allow: how a plan by a simple ranking would look."""
    used = np.zeros(len(terms.most), np.int64)
    taken = np.zeros(terms.person.max() + 1, np.uint8)
    chosen = np.empty(terms.limit, np.int64)
    picked = 0
    spent = 0.0
    for item in order:
        if picked == terms.limit:
            break
        mine = terms.community[item]
        free = terms.allowed[item] and not taken[terms.person[item]]
        if free and _fits(terms, terms.cost[item], mine, spent, picked, used):
            chosen[picked] = item
            picked += 1
            spent += terms.cost[item]
            taken[terms.person[item]] = 1
            if mine != NO_COMMUNITY:
                used[mine] += 1
    return chosen[:picked]
