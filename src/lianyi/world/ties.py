"""Who is tied to whom, how strongly, and through which community: the true graph.

Ties grow from communities (neighbours in the circle and chance meetings), from families, from chance in a city, from
followers of KOLs, and from triadic closure (a friend's friend becomes a friend).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lianyi.world.communities import Communities, cliques
from lianyi.world.people import EMPLOYEE, KOC, KOL, NEVER, People
from lianyi.world.settings import Bools, Floats, Ints, WorldSettings

TIE_KINDS = ("community", "chance", "family", "follower", "closure")
COMMUNITY, CHANCE, FAMILY, FOLLOWER, CLOSURE = range(len(TIE_KINDS))
# Beta distribution of the strength per kind; the order of TIE_KINDS.
STRENGTH = ((1.5, 2.6), (1.2, 6.0), (6.0, 2.0), (1.6, 4.0), (1.4, 3.2))
BANDS = ("weak", "medium", "strong")
BAND_EDGES = (0.35, 0.65)
DRIFTS = ("steady", "warming", "cooling")
RATE, STEEP = 0.0065, 4.2  # interactions a day = RATE · exp(STEEP · strength)
QUIET = 0.08  # what is left of the rate while the two do not share the community


@dataclass(frozen=True, kw_only=True)
class Ties:
    """One entry per pair a < b.

    strength: 0..1 at the end of the days. before: strength before the drift of the last 120 days. balance: share of
    interactions in which a answers b. row: membership row of a (and row_b of b) in the community of the tie, -1 where
    there is none. since/until: days between which the pair meets at its full rate; switch/moved_to: from that day on
    they meet in another community (after a split or merge).
    """

    a: Ints
    b: Ints
    kind: Ints
    strength: Floats
    before: Floats
    balance: Floats
    row_a: Ints
    row_b: Ints
    since: Ints
    until: Ints

    @property
    def count(self) -> int:
        return len(self.a)

    def strength_on(self, day: int, days: int) -> Floats:
        """Strength on a day: `before` until 120 days before the end, then in a straight line to `strength`."""
        done = min(1.0, max(0.0, (day - (days - 120)) / 120))
        return self.before + (self.strength - self.before) * done


def rate_of(strength: Floats) -> Floats:
    """Interactions per day of a pair of this strength while both are there and meet."""
    return np.asarray(RATE * np.exp(STEEP * strength))


def band_of(strength: Floats) -> Ints:
    """0 weak, 1 medium, 2 strong."""
    return np.digitize(strength, BAND_EDGES)


def make_ties(settings: WorldSettings, people: People, communities: Communities) -> Ties:
    """Draw all ties, then their strengths."""
    dice = settings.dice("ties")
    parts = [
        *_ring(dice, communities),
        _meetings(dice, communities),
        _followers(dice, people, communities),
        _families(dice, people),
        _chance(dice, people),
    ]
    pairs = _merge(people.count, parts)
    closed = _closure(dice, people.count, pairs)
    return _finish(dice, communities, people, _merge(people.count, [pairs, closed]))


Pairs = tuple[Ints, Ints, Ints, Ints, Ints]  # person, person, kind, membership row of each


def _of_rows(communities: Communities, one: Ints, two: Ints, kind: int) -> Pairs:
    kinds = np.full(len(one), kind, dtype=np.int32)
    return communities.person[one], communities.person[two], kinds, one.astype(np.int32), two.astype(np.int32)


def _ring(dice: np.random.Generator, communities: Communities) -> list[Pairs]:
    """Members sit in a circle; each knows most of the next three: much clustering, as among friends."""
    begin, end = cliques(communities)
    row = np.arange(len(begin))
    parts = []
    for step, share in ((1, 0.85), (2, 0.65), (3, 0.45)):
        keep = (end - begin > 2 * step) & (dice.random(len(row)) < share)
        one = row[keep]
        two = begin[keep] + (one - begin[keep] + step) % (end - begin)[keep]
        parts.append(_of_rows(communities, one, two, COMMUNITY))
    return parts


def _meetings(dice: np.random.Generator, communities: Communities) -> Pairs:
    """One and a half chance meetings per member across the whole community."""
    begin, end = cliques(communities)
    one = np.repeat(np.arange(len(begin)), dice.poisson(1.5, len(begin)))
    two = begin[one] + (dice.random(len(one)) * (end - begin)[one]).astype(np.int64)
    return _of_rows(communities, one, two, COMMUNITY)


def _followers(dice: np.random.Generator, people: People, communities: Communities) -> Pairs:
    """KOLs know half of each of their communities, KOCs and staff a good part."""
    begin, end = cliques(communities)
    share = np.zeros(people.count)
    share[people.role == KOL], share[people.role == KOC], share[people.role == EMPLOYEE] = 0.5, 0.18, 0.15
    size = (end - begin) * share[communities.person]
    one = np.repeat(np.arange(len(begin)), dice.poisson(size))
    two = begin[one] + (dice.random(len(one)) * (end - begin)[one]).astype(np.int64)
    return _of_rows(communities, one, two, FOLLOWER)


def _families(dice: np.random.Generator, people: People) -> Pairs:
    """A seventh of the people live with one other person of the log."""
    order = np.argsort(people.city + dice.random(people.count) * 0.9, kind="stable")
    one, two = order[0:-1:2], order[1::2]
    keep = (people.city[one] == people.city[two]) & (dice.random(len(one)) < 0.14)
    none = np.full(int(keep.sum()), -1)
    return one[keep], two[keep], np.full(len(none), FAMILY), none, none


def _chance(dice: np.random.Generator, people: People) -> Pairs:
    """Some know each other for no reason that the brand could see, mostly within a city."""
    count = round(people.count * 0.9)
    one = dice.integers(0, people.count, count)
    order = np.argsort(people.city, kind="stable")
    place = np.empty(people.count, dtype=np.int64)
    place[order] = np.arange(people.count)
    near = order[np.clip(place[one] + dice.integers(-200, 201, count), 0, people.count - 1)]
    two = np.where(dice.random(count) < 0.7, near, dice.integers(0, people.count, count))
    none = np.full(count, -1)
    return one, two, np.full(count, CHANCE), none, none


def _closure(dice: np.random.Generator, count: int, pairs: Pairs) -> Pairs:
    """Of a pair u-v take another neighbour w of v: u and w become tied, in v's community where it is one."""
    begin, other, tie = arcs(count, pairs[0], pairs[1])
    pick = dice.integers(0, len(pairs[0]), round(count * 0.7))
    flip = dice.random(len(pick)) < 0.5
    u, v = np.where(flip, pairs[1][pick], pairs[0][pick]), np.where(flip, pairs[0][pick], pairs[1][pick])
    row_u = np.where(flip, pairs[4][pick], pairs[3][pick])
    arc = begin[v] + (dice.random(len(pick)) * (begin[v + 1] - begin[v])).astype(np.int64)
    w, second = other[arc], tie[arc]
    row_w = np.where(pairs[0][second] == w, pairs[3][second], pairs[4][second])
    return u, w, np.full(len(u), CLOSURE), row_u, row_w


def arcs(count: int, a: Ints, b: Ints) -> tuple[Ints, Ints, Ints]:
    """The graph as arcs in both directions: begin (count + 1), other end, number of the tie; sorted by person."""
    source = np.concatenate([a, b])
    order = np.argsort(source, kind="stable")
    begin = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(source, minlength=count), out=begin[1:])
    return begin, np.concatenate([b, a])[order], (order % len(a)).astype(np.int32)


def _merge(count: int, parts: list[Pairs]) -> Pairs:
    """Each pair once, a < b, nobody with himself; the first mention wins."""
    # 32 bits halve the peak of memory, which is here
    columns = ([part.astype(np.int32) for part in column] for column in zip(*parts, strict=True))
    one, two, kind, row_one, row_two = (np.concatenate(column) for column in columns)
    code = np.minimum(one, two).astype(np.int64) * count + np.maximum(one, two)
    swap = one > two
    row_a, row_b = np.where(swap, row_two, row_one), np.where(swap, row_one, row_two)
    code, first = np.unique(code, return_index=True)
    keep = code // count != code % count
    code, first = code[keep], first[keep]
    return code // count, code % count, kind[first], row_a[first], row_b[first]


def _finish(dice: np.random.Generator, communities: Communities, people: People, pairs: Pairs) -> Ties:
    a, b, kind, row_a, row_b = pairs
    alpha, beta = np.array(STRENGTH)[kind].T
    strength = dice.beta(alpha, beta)
    alike = (people.interest[a] * people.interest[b]).sum(axis=1)  # homophily
    strength = np.clip(strength + 0.12 * np.minimum(alike, 1) - 0.03, 0.01, 0.99)
    drift = dice.choice([0.0, 0.3, -0.25], size=len(a), p=[0.84, 0.08, 0.08])
    before = np.clip(strength - drift, 0.01, 0.99)
    same = (row_a >= 0) & (row_b >= 0)
    same &= communities.community[row_a] == communities.community[row_b]
    row_a, row_b = np.where(same, row_a, -1), np.where(same, row_b, -1)
    since, until = _span(communities, same, row_a, row_b)
    return Ties(
        a=a.astype(np.int32), b=b.astype(np.int32), kind=kind.astype(np.int8), strength=strength.astype(np.float32),
        before=before.astype(np.float32), balance=dice.beta(4, 4, len(a)).astype(np.float32),
        row_a=row_a.astype(np.int32), row_b=row_b.astype(np.int32), since=since, until=until,
    )  # fmt: skip


def _span(communities: Communities, same: Bools, row_a: Ints, row_b: Ints) -> tuple[Ints, Ints]:
    """From when to when the two share a community; those who move over together go on."""
    since = np.maximum(communities.since[row_a], communities.since[row_b])
    together = (communities.moved[row_a] >= 0) & (communities.moved[row_a] == communities.moved[row_b])
    last_a = np.where(together, communities.lasts[row_a], communities.until[row_a])
    last_b = np.where(together, communities.lasts[row_b], communities.until[row_b])
    until = np.minimum(last_a, last_b)
    return np.where(same, since, 0).astype(np.int32), np.where(same, until, NEVER).astype(np.int32)
