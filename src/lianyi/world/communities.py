"""Planted communities: overlapping, by interest and city, with a life of their own in steps of 30 days.

A person draws 0 to 4 places; each place names a topic (or the circle of friends of one's city) and whether it is
local; the places of one kind are dealt out to the communities of that kind. Splits, merges and the rest only change
memberships: who belongs from when to when.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lianyi.world.names import CITIES
from lianyi.world.people import EMPLOYEE, NEVER, People
from lianyi.world.settings import MONTH, Bools, Floats, Ints, WorldSettings

MEAN_SIZE = 42
ANYWHERE = -1
HAPPENINGS = ("born", "grew", "split", "merged", "faded")
BORN, GREW, SPLIT, MERGED, FADED = range(len(HAPPENINGS))


@dataclass(frozen=True, kw_only=True)
class Communities:
    """Communities and who belongs to them.

    topic: topic number, or the number of topics for a circle of friends. city: index, or ANYWHERE.
    Memberships (one entry = one person in one community for one span of days): community, person, since, until
    (until = NEVER: to the end), sorted by community; `moved`: the community that the member went over to in a split or
    merge (-1: none) and `lasts`: until when the member belongs there; `root`: where the membership began.
    Happenings: month, what (index in HAPPENINGS), subject (the community) and other (for split: the child; for merged:
    the one that takes the members in; else -1).
    """

    topic: Ints
    city: Ints
    community: Ints
    person: Ints
    since: Ints
    until: Ints
    moved: Ints
    lasts: Ints
    root: Ints
    month: Ints
    what: Ints
    subject: Ints
    other: Ints

    @property
    def count(self) -> int:
        return len(self.topic)


def make_communities(settings: WorldSettings, people: People) -> Communities:
    """Deal out the places, then live through the months."""
    dice = settings.dice("communities")
    person, topic, city = _places(dice, people)
    community, topics, cities = _deal(dice, topic, city)
    community, person = _once(community, person)
    draft = _Draft(settings, dice, community, person, topics, cities)
    draft.live()
    return draft.finish()


def _places(dice: np.random.Generator, people: People) -> tuple[Ints, Ints, Ints]:
    """(person, topic, city) of each place that somebody wants in a community."""
    wanted = dice.choice(5, size=people.count, p=[0.05, 0.45, 0.3, 0.15, 0.05])
    person = np.repeat(np.arange(people.count), wanted)
    topics = people.interest.shape[1]
    friends = np.full((len(person), 1), 0.35)
    weights = np.cumsum(np.concatenate([people.interest[person], friends], axis=1), axis=1)
    draw = dice.random(len(person))[:, None] * weights[:, -1:]
    topic = np.minimum((weights < draw).sum(axis=1), topics)
    local = (dice.random(len(person)) < 0.6) | (topic == topics)
    return person, topic, np.where(local, people.city[person], ANYWHERE)


def _deal(dice: np.random.Generator, topic: Ints, city: Ints) -> tuple[Ints, Ints, Ints]:
    """The community of each place, and each community's topic and city. Kinds with few places go online."""
    kinds = len(CITIES) + 1
    bucket = topic * kinds + city + 1
    sizes = np.bincount(bucket, minlength=int(topic.max() + 1) * kinds)
    bucket = np.where(sizes[bucket] < 24, topic * kinds, bucket)
    used, index, sizes = np.unique(bucket, return_inverse=True, return_counts=True)
    parts = np.maximum(1, np.round(sizes / MEAN_SIZE)).astype(np.int64)
    owner = np.repeat(np.arange(len(used)), parts)
    weight = np.minimum(0.6 + dice.pareto(2.2, len(owner)), 5)  # sizes have a tail, but fit a WeCom group of 500
    total = np.bincount(owner, weight)
    edges = np.cumsum(weight / total[owner])
    edges[np.flatnonzero(np.diff(owner, append=-1))] = np.arange(1, len(used) + 1)
    community = np.searchsorted(edges, index + dice.random(len(index)), side="right")
    return np.minimum(community, len(owner) - 1), used[owner] // kinds, used[owner] % kinds - 1


def _once(community: Ints, person: Ints) -> tuple[Ints, Ints]:
    """Nobody holds two places in one community. Sorted by community."""
    span = int(person.max()) + 1
    code = np.unique(community.astype(np.int64) * span + person)
    return code // span, code % span


class _Draft:
    """Memberships while the months go by."""

    def __init__(
        self, settings: WorldSettings, dice: np.random.Generator, community: Ints, person: Ints, topic: Ints, city: Ints
    ) -> None:
        self.settings, self.dice = settings, dice
        self.community, self.person, self.topic, self.city = community, person, topic, city
        self.months = settings.days // MONTH
        self.since = np.zeros(len(person), dtype=np.int64)
        self.until = np.full(len(person), NEVER, dtype=np.int64)
        self.log: list[tuple[int, int, int, int]] = []
        self.busy: set[int] = set()  # each community has one fate at most, as subject or as the other one
        self.begin = np.searchsorted(community, np.arange(len(topic) + 1))
        self.moved = np.full(len(person), -1, dtype=np.int64)
        self.lasts: Ints = self.until
        self.more: list[tuple[Ints, ...]] = []

    def live(self) -> None:
        count = len(self.topic)
        fate = self.dice.choice(6, size=count, p=[0.54, 0.16, 0.1, 0.07, 0.06, 0.07])
        month = self.dice.integers(2, max(3, self.months), size=count)
        self._trickle()
        self.lasts = self.until.copy()
        for community in np.flatnonzero((fate > 0) & (month < self.months)):
            size = self.begin[community + 1] - self.begin[community]
            if size >= 8 and int(community) not in self.busy:
                self._happen(int(community), int(fate[community]), int(month[community]))

    def _trickle(self) -> None:
        """A quarter come later, a tenth leave for reasons of their own."""
        size = len(self.person)
        days = self.settings.days
        late = self.dice.random(size) < 0.25
        self.since[late] = self.dice.integers(0, max(1, days), late.sum())
        gone = self.dice.random(size) < 0.1
        self.until[gone] = self.since[gone] + self.dice.integers(30, 30 + max(1, days), gone.sum())

    def _happen(self, community: int, fate: int, month: int) -> None:
        rows = slice(int(self.begin[community]), int(self.begin[community + 1]))
        acts = {1: self._born, 2: self._grew, 3: self._split, 4: self._merged, 5: self._faded}
        acts[fate](community, rows, month)

    def _days(self, month: int, size: int) -> Ints:
        return month * MONTH + self.dice.integers(0, MONTH, size)

    def _born(self, community: int, rows: slice, month: int) -> None:
        self.since[rows] = np.maximum(self.since[rows], self._days(month, rows.stop - rows.start))
        self.until[rows] = np.maximum(self.until[rows], self.since[rows] + MONTH)
        self._note(month, BORN, community)

    def _grew(self, community: int, rows: slice, month: int) -> None:
        late = self.dice.random(rows.stop - rows.start) < 0.4
        self.since[rows] = np.where(late, self._days(month, len(late)), self.since[rows])
        self.until[rows] = np.maximum(self.until[rows], self.since[rows] + MONTH)
        self._note(month, GREW, community)

    def _split(self, community: int, rows: slice, month: int) -> None:
        """The second part of the members (neighbours know each other) leave together and are a community anew."""
        size = rows.stop - rows.start
        moves = slice(rows.start + int(size * self.dice.uniform(0.55, 0.68)), rows.stop)
        child = self._child(community)
        self._move(moves, child, month)
        self._note(month, SPLIT, community, child)

    def _merged(self, community: int, rows: slice, month: int) -> None:
        """All members go over to another community of the same topic, if there is one that lives."""
        near = np.flatnonzero((self.topic == self.topic[community]) & (self.city == self.city[community]))
        rest = [int(other) for other in near if other != community and int(other) not in self.busy]
        if not rest:
            return
        self._move(rows, rest[0], month)
        self._note(month, MERGED, community, rest[0])

    def _faded(self, community: int, rows: slice, month: int) -> None:
        self.until[rows] = np.minimum(self.until[rows], self._days(month, rows.stop - rows.start))
        self._note(month, FADED, community)

    def _child(self, community: int) -> int:
        self.topic = np.append(self.topic, self.topic[community])
        self.city = np.append(self.city, self.city[community])
        return len(self.topic) - 1

    def _move(self, rows: slice, target: int, month: int) -> None:
        day = self._days(month, rows.stop - rows.start)
        since = np.maximum(day, self.since[rows])
        until = self.until[rows].copy()
        stay = np.full(len(day), -1)
        self.more.append(
            (np.full(len(day), target), self.person[rows], since, until, stay, until, self.community[rows])
        )
        self.moved[rows] = target
        self.lasts[rows] = until
        self.until[rows] = np.minimum(until, day)

    def _note(self, month: int, what: int, community: int, other: int = -1) -> None:
        self.log.append((month, what, community, other))
        self.busy |= {community, other}

    def finish(self) -> Communities:
        first = (self.community, self.person, self.since, self.until, self.moved, self.lasts, self.community)
        parts = zip(*[first, *self.more], strict=True)
        community, person, since, until, moved, lasts, root = (np.concatenate(part) for part in parts)
        lives = since < until
        order = np.lexsort((since, person, community))
        order = order[lives[order]]
        log = np.array(sorted(self.log), dtype=np.int64).reshape(-1, 4)
        return Communities(
            topic=self.topic.astype(np.int16), city=self.city.astype(np.int16),
            community=community[order].astype(np.int32), person=person[order].astype(np.int32),
            since=since[order].astype(np.int32), until=until[order].astype(np.int32),
            moved=moved[order].astype(np.int32), lasts=lasts[order].astype(np.int32), root=root[order].astype(np.int32),
            month=log[:, 0], what=log[:, 1], subject=log[:, 2], other=log[:, 3],
        )  # fmt: skip


def cliques(communities: Communities) -> tuple[Ints, Ints]:
    """(begin, end) of each membership's community rows, for drawing partners; membership rows are sorted so."""
    edges = np.searchsorted(communities.community, np.arange(communities.count + 1))
    return edges[communities.community], edges[communities.community + 1]


def is_staff(people: People, person: Ints) -> Bools:
    """Whether each one is an employee."""
    return np.asarray(people.role[person] == EMPLOYEE)


def overlap(communities: Communities, count: int) -> Floats:
    """Number of distinct communities per person over the whole time."""
    span = communities.count
    pairs = np.unique(communities.person.astype(np.int64) * span + communities.community)
    return np.bincount(pairs // span, minlength=count).astype(np.float64)
