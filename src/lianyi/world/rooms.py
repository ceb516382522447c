"""Rooms on platforms: groups of communities, crowds that only look like communities, a Matrix room, a Discord."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lianyi.world import talk_zh
from lianyi.world.communities import Communities
from lianyi.world.names import CITY_ZH
from lianyi.world.people import EMPLOYEE, NEVER, People
from lianyi.world.rows import scramble
from lianyi.world.settings import Bools, Ints, WorldSettings

PLATFORMS = ("wecom", "wechat", "matrix", "discord")
ON_WECOM, ON_WECHAT, ON_MATRIX, ON_DISCORD = range(len(PLATFORMS))


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """Rooms and their members.

    Per room: name, platform (index in PLATFORMS), topic (or the number of topics), owner (an employee), community
    (-1: a crowd). Per membership, sorted by (room, person): room, person, since, until. of_community: room of each
    community, -1 where it has none.
    """

    name: pa.Array
    platform: Ints
    topic: Ints
    owner: Ints
    community: Ints
    room: Ints
    person: Ints
    since: Ints
    until: Ints
    of_community: Ints
    begin: Ints
    code: Ints
    people: int

    @property
    def count(self) -> int:
        return len(self.platform)

    def find(self, room: Ints, person: Ints) -> Ints:
        """The membership row of each person in each room, or -1."""
        code = room.astype(np.int64) * self.people + person
        place = np.minimum(np.searchsorted(self.code, code), len(self.code) - 1)
        return np.where((room >= 0) & (self.code[place] == code), place, -1)

    def inside(self, row: Ints, day: int) -> Bools:
        """Whether the membership row exists and covers the day."""
        return np.asarray((row >= 0) & (self.since[row] <= day) & (day < self.until[row]))

    def settled(self, row: Ints, day: int) -> Bools:
        """Whether the membership row exists, began before the day and covers it; on the first day one only looks on."""
        return np.asarray((row >= 0) & (self.since[row] < day) & (day < self.until[row]))

    def group_keys(self) -> pa.Array:
        """`group:<platform>/<name>` per room."""
        return pa.array(
            [f"group:{PLATFORMS[p]}/{name}" for p, name in zip(self.platform, self.name.to_pylist(), strict=True)]
        )

    def id_heads(self) -> pa.Array:
        """The part of a message id before its number."""
        return pa.array(
            [f"{PLATFORMS[p]}:{name}/" for p, name in zip(self.platform, self.name.to_pylist(), strict=True)]
        )


def make_rooms(settings: WorldSettings, people: People, communities: Communities) -> Rooms:
    """A room for most communities, some crowds, and two international rooms; then who is in them and when."""
    dice = settings.dice("rooms")
    topics = len(settings.plan.categories)
    of_community, platform, topic, names = _community_rooms(dice, settings, communities)
    members = [_community_members(communities, of_community)]
    crowds = max(2, people.count // 600)
    for number in range(crowds + 2):
        room = len(names)
        kind = number - crowds  # 0: Matrix, 1: Discord
        members.append(_crowd_members(dice, people, settings.days, room, kind))
        platform.append(ON_WECOM if kind < 0 else (ON_MATRIX, ON_DISCORD)[kind])
        topic.append(topics)
        names.append(f"{settings.plan.zh}福利{number + 1}群" if kind < 0 else ("lanya-lounge", "lanya-world")[kind])
    staff = np.flatnonzero(people.role == EMPLOYEE)
    owner = staff[np.arange(len(names)) % len(staff)]
    always = np.zeros(len(names), dtype=np.int64)
    members.insert(0, (np.arange(len(names)), owner, always, always + NEVER))  # first: an owner is there from the start
    return _sorted(people.count, names, platform, topic, owner, of_community, members)


Members = tuple[Ints, Ints, Ints, Ints]


def _community_rooms(
    dice: np.random.Generator, settings: WorldSettings, communities: Communities
) -> tuple[Ints, list[int], list[int], list[str]]:
    """Most communities of interest have a WeCom group, a third of the circles of friends a WeChat group in the log."""
    brand = settings.plan
    circle = communities.topic == len(brand.categories)
    has = dice.random(communities.count) < np.where(circle, 0.35, 0.9)
    of_community = np.where(has, np.cumsum(has) - 1, -1)
    names = []
    cities = CITY_ZH.to_pylist()
    for number, community in enumerate(np.flatnonzero(has)):
        place = cities[communities.city[community]] if communities.city[community] >= 0 else "全国"
        words = talk_zh.FRIEND_WORDS if circle[community] else talk_zh.GROUP_WORDS
        topic = "" if circle[community] else brand.categories[communities.topic[community]].zh
        names.append(f"{place}{topic}{words[int(dice.integers(len(words)))]}{number + 1:03d}")
    platform = np.where(circle[has], ON_WECHAT, ON_WECOM).tolist()
    return of_community, platform, communities.topic[has].tolist(), names


def _community_members(communities: Communities, of_community: Ints) -> Members:
    """Seven of eight members are in the room; the others belong without having joined."""
    room = of_community[communities.community]
    joined = scramble(communities.person.astype(np.int64) * 1_000_003 + communities.root, 5) % 8 > 0
    keep = (room >= 0) & joined
    return room[keep], communities.person[keep], communities.since[keep], communities.until[keep]


def _crowd_members(dice: np.random.Generator, people: People, days: int, room: int, kind: int) -> Members:
    """Kind below 0: anybody, drawn by coupons; else those who speak English."""
    if kind < 0:
        person = dice.choice(people.count, size=min(int(dice.integers(60, 180)), people.count // 4), replace=False)
    else:
        person = np.flatnonzero(people.english & (dice.random(people.count) < (0.4, 0.7)[kind]))
    since = np.where(dice.random(len(person)) < 0.4, 0, dice.integers(0, days, len(person)))
    until = since + np.where(dice.random(len(person)) < 0.3, dice.integers(20, 200, len(person)), NEVER)
    return np.full(len(person), room), person, since, np.minimum(until, NEVER)


def _sorted(
    count: int, names: list[str], platform: list[int], topic: list[int], owner: Ints,
    of_community: Ints, members: list[Members],
) -> Rooms:  # fmt: skip
    room, person, since, until = (np.concatenate(column).astype(np.int64) for column in zip(*members, strict=True))
    code, first = np.unique(room * count + person, return_index=True)
    community = np.full(len(names), -1, dtype=np.int64)
    community[of_community[of_community >= 0]] = np.flatnonzero(of_community >= 0)
    begin = np.searchsorted(code, np.arange(len(names) + 1, dtype=np.int64) * count)
    return Rooms(
        name=pa.array(names), platform=np.array(platform), topic=np.array(topic), owner=owner, community=community,
        room=room[first].astype(np.int32), person=person[first].astype(np.int32), since=since[first].astype(np.int32),
        until=until[first].astype(np.int32), of_community=of_community, begin=begin, code=code, people=count,
    )  # fmt: skip
