"""Comings and goings: arrivals by themselves or through others, follows, joins, invitations, leaving, consents."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lianyi.world.identity import EMAIL, OPENID, USER, WECOM
from lianyi.world.life import Life
from lianyi.world.people import EMPLOYEE, NEVER
from lianyi.world.profiles import plan_profiles
from lianyi.world.rooms import ON_WECOM
from lianyi.world.rows import join, rows, take
from lianyi.world.settings import HOUR, MINUTE, Bools, Ints

HOW = pa.array(["scan", "link", "search", "card"])


class Gates:
    """Who comes by himself on which day, and which room memberships begin or end on which day."""

    def __init__(self, life: Life) -> None:
        rooms, people = life.nature.rooms, life.nature.people
        self.arrives = _by_day(people.arrives)
        self.since = _by_day(rooms.since)
        self.until = _by_day(rooms.until)

    def on(self, name: str, day: int) -> Ints:
        """Numbers of people or rows whose day it is."""
        order, days = getattr(self, name)
        begin, end = np.searchsorted(days, [day, day + 1])
        return np.asarray(order[begin:end])


def _by_day(days: Ints) -> tuple[Ints, Ints]:
    order = np.argsort(days, kind="stable")
    return order, days[order]


def comings_of_day(life: Life, gates: Gates) -> None:
    """Arrivals by themselves, room memberships that begin, then those that end."""
    dice = life.dice("comings")
    by_themselves = gates.on("arrives", life.day)
    new = by_themselves[life.arrived[by_themselves] == NEVER].astype(np.int64)
    arrive(life, dice, new, life.moments(dice, new), how=None)
    begin = gates.on("since", life.day)
    known = life.nature.rooms.person[begin]
    begin = begin[life.here(known)]
    _join(life, dice, begin, life.moments(dice, rooms_person(life, begin)))
    _leave(life, dice, gates)


def rooms_person(life: Life, row: Ints) -> Ints:
    """The person of each room membership."""
    return life.nature.rooms.person[row].astype(np.int64)


def arrive(life: Life, dice: np.random.Generator, person: Ints, at: Ints, *, how: str | None) -> None:
    """People become known: they follow, are identified over the next weeks, consent, and join their rooms."""
    life.arrived[person] = life.day
    stays = life.nature.people.stays[person]
    life.left[person] = np.minimum(life.day + np.ceil(stays), NEVER).astype(np.int64)
    life.record.note(
        "arrivals",
        {"person": person, "day": np.full(len(person), life.day), "brought": np.full(len(person), how is not None)},
    )
    _follow(life, dice, person, at, how)
    _consents(life, dice, person, at)
    plan_profiles(life, dice, person, at)
    begin, row = life.rows_of_person
    size = begin[person + 1] - begin[person]
    mine = np.repeat(begin[person] - (np.cumsum(size) - size), size) + np.arange(int(size.sum()))
    own = row[mine]
    now = life.nature.rooms.inside(own, life.day)
    _join(life, dice, own[now], np.repeat(at, size)[now] + 20 * MINUTE)


def _follow(life: Life, dice: np.random.Generator, person: Ints, at: Ints, how: str | None) -> None:
    """A WeCom contact is added and / or the official account followed."""
    identity = life.nature.identity
    ways = (
        take(HOW, dice.integers(0, len(HOW), len(person)))
        if how is None
        else pa.array([how] * len(person), pa.string())
    )
    staff = life.nature.rooms.owner[person % life.nature.rooms.count]
    for space, source, channel, target in (
        (WECOM, "wecom", "wecom", "wecom:brand"),
        (OPENID, "wechat_account", "wechat", None),
    ):
        has = identity.has[space][person] & (life.nature.people.role[person] != EMPLOYEE)
        who = person[has]
        life.emit(
            rows(
                len(who), id=join(f"{source}:follow/", life.numbers("follow", len(who))), at=at[has] + 5 * MINUTE,
                kind="follow",
                source=source, channel=channel, actor_key=identity.keys(space, who),
                target_key=identity.keys(WECOM, staff[has]) if target else None,
                object_key=None if target else f"account:{life.nature.settings.plan.slug}",
                props=join('{"how":"', ways.filter(pa.array(has)), '"}'),
            )
        )  # fmt: skip


def _consents(life: Life, dice: np.random.Generator, person: Ints, at: Ints) -> None:
    """Marketing by e-mail and by WeCom: most agree, some refuse, a few take it back later."""
    identity = life.nature.identity
    for space, channel, share in ((EMAIL, "email", 0.8), (USER, "wecom", 0.85)):
        who = person[identity.has[space][person]]
        when = at[identity.has[space][person]] + 6 * MINUTE
        granted = dice.random(len(who)) < share
        consent(life, who, when, space=space, channel=channel, granted=granted)
        back = granted & (dice.random(len(who)) < 0.05)
        day = life.day + dice.integers(5, 200, int(back.sum()))
        life.diary.put(f"withdraw/{channel}", day, {"person": who[back]})


def consent(life: Life, person: Ints, at: Ints, *, space: int, channel: str, granted: Bools) -> None:
    """Consent events."""
    words = take(pa.array(["false", "true"]), granted.astype(np.int64))
    props = join(f'{{"channel":"{channel}","granted":', words, ',"purpose":"marketing","text_version":"2025-01"}')
    life.emit(
        rows(
            len(person), id=join("consent:", life.numbers("consent", len(person))), at=at, kind="consent",
            source="consent",
            channel=channel, actor_key=life.nature.identity.keys(space, person), props=props,
        )
    )  # fmt: skip


def withdrawals_of_day(life: Life) -> None:
    """Consents taken back."""
    for space, channel in ((EMAIL, "email"), (USER, "wecom")):
        due = life.diary.take(f"withdraw/{channel}", life.day)
        if due is not None:
            who = due["person"].astype(np.int64)
            at = life.moments(life.dice("withdraw"), who)
            consent(life, who, at, space=space, channel=channel, granted=np.zeros(len(who), dtype=bool))


def _join(life: Life, dice: np.random.Generator, row: Ints, at: Ints) -> None:
    """Joins; WeCom tells only of invitations by staff, other rooms also who invited whom among customers."""
    rooms = life.nature.rooms
    room, person = rooms.room[row].astype(np.int64), rooms.person[row].astype(np.int64)
    inviter = np.where(rooms.platform[room] == ON_WECOM, rooms.owner[room], _friend_inside(life, dice, room, person))
    invited = (inviter >= 0) & (inviter != person) & (dice.random(len(row)) < 0.35)
    how = take(pa.array(["scan", "invite"]), invited.astype(np.int64))
    head = take(life.id_heads, room)
    number = life.numbers("join", len(row))
    life.emit(
        rows(
            len(row), id=join(head, "join/", number), at=at, kind="join", source=take(life.platform_names, room),
            channel=take(life.platform_names, room), group_key=take(life.group_keys, room),
            actor_key=life.room_keys(room, person), props=join('{"how":"', how, '"}'),
        )
    )  # fmt: skip
    where, who, by = room[invited], person[invited], inviter[invited]
    life.emit(
        rows(
            len(who), id=join(take(life.id_heads, where), "invite/", number[invited]), kind="invite",
            at=life.today(at[invited] - MINUTE), source=take(life.platform_names, where),
            channel=take(life.platform_names, where), group_key=take(life.group_keys, where),
            actor_key=life.room_keys(where, by),
            target_key=life.room_keys(where, who),
        )
    )  # fmt: skip
    life.record.note("invites", {"room": where, "inviter": by, "person": who, "day": np.full(len(who), life.day)})


def _friend_inside(life: Life, dice: np.random.Generator, room: Ints, person: Ints) -> Ints:
    """A tied person who is already in the room, or -1 (one draw each)."""
    nature = life.nature
    begin, size = nature.arc_begin[person], nature.arc_begin[person + 1] - nature.arc_begin[person]
    arc = np.minimum(begin + (dice.random(len(person)) * size).astype(np.int64), len(nature.arc_other) - 1)
    friend = nature.arc_other[arc].astype(np.int64)
    inside = (size > 0) & nature.rooms.settled(nature.rooms.find(room, friend), life.day)
    return np.where(inside & life.here(friend) & (life.arrived[friend] < life.day), friend, -1)


def _leave(life: Life, dice: np.random.Generator, gates: Gates) -> None:
    """Memberships that end today, and the rooms and accounts of those who turn away (of six in ten one sees it)."""
    rooms = life.nature.rooms
    row = gates.on("until", life.day)
    row = row[life.here(rooms.person[row])]
    gone = np.flatnonzero(life.left == life.day)
    gone = gone[dice.random(len(gone)) < 0.6]
    begin, mine = life.rows_of_person
    size = begin[gone + 1] - begin[gone]
    index = np.repeat(begin[gone] - (np.cumsum(size) - size), size) + np.arange(int(size.sum()))
    theirs = mine[index]
    theirs = theirs[rooms.inside(theirs, life.day - 1)]
    row = np.unique(np.concatenate([row, theirs]))
    room, person = rooms.room[row].astype(np.int64), rooms.person[row].astype(np.int64)
    life.emit(
        rows(
            len(row), id=join(take(life.id_heads, room), "leave/", life.numbers("leave", len(row))), kind="leave",
            at=life.midnight + HOUR + (dice.random(len(row)) * 6 * HOUR).astype(np.int64),
            source=take(life.platform_names, room),
            channel=take(life.platform_names, room), group_key=take(life.group_keys, room),
            actor_key=life.room_keys(room, person), props='{"how":"self"}',
        )
    )  # fmt: skip
    _unfollow(life, dice, gone)


def _unfollow(life: Life, dice: np.random.Generator, person: Ints) -> None:
    identity = life.nature.identity
    who = person[identity.has[OPENID][person]]
    life.emit(
        rows(
            len(who), id=join("wechat_account:unfollow/", life.numbers("unfollow", len(who))), kind="unfollow",
            at=life.moments(dice, who), source="wechat_account", channel="wechat", actor_key=identity.keys(OPENID, who),
            object_key=f"account:{life.nature.settings.plan.slug}",
        )
    )  # fmt: skip
