"""A day's talk in the rooms: threads between tied people, chatter, staff's answers, sign-up chains, adverts, bursts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lianyi.world.life import Life, pick_weighted
from lianyi.world.lines import Lines, emit_lines
from lianyi.world.people import ADVERTISER, EMPLOYEE
from lianyi.world.rhythm import day_factor, festival_of
from lianyi.world.rooms import PLATFORMS
from lianyi.world.settings import DAY, HOUR, MINUTE, MONTH, Floats, Ints
from lianyi.world.talk import INTENTS, intent
from lianyi.world.ties import QUIET, rate_of
from lianyi.world.turns import turns_of_day

# What a thread or a remark is about: shares of intents of one who speaks unasked.
OPENERS = {
    "question": 0.3,
    "talk": 0.32,
    "praise": 0.09,
    "complaint": 0.04,
    "greet": 0.08,
    "link": 0.05,
    "checkin": 0.12,
}
ANSWER_TO = {
    "question": "answer", "complaint": "comfort", "greet": "greet", "hot": "hot", "chain": "chain_entry",
    "festival": "festival",
}  # fmt: skip
LEAST_BURST = 30  # messages
REPLY = np.array([intent(ANSWER_TO.get(name, "agree")) for name in INTENTS])
PLATFORM_POOL = pa.array(PLATFORMS)


@dataclass
class Talk:
    """Speeds of talking that hold for a month: running sums over ties and people."""

    month: int
    tie_edges: Floats
    talk_edges: Floats


def speeds(life: Life, month: int) -> Talk:
    """Rates with the strengths in the middle of the month."""
    nature = life.nature
    strength = nature.ties.strength_on(month * MONTH + MONTH // 2, nature.settings.days)
    return Talk(
        month=month, tie_edges=np.cumsum(rate_of(strength)), talk_edges=np.cumsum(nature.people.talk, dtype=np.float64)
    )


def talk_of_day(life: Life, talk: Talk) -> None:
    """All messages, replies, mentions and reactions of the day."""
    dice = life.dice("talk")
    lively = day_factor(life.nature.settings, life.day) * life.nature.settings.activity
    lines = Lines()
    _threads(life, dice, talk, lively, lines)
    _chatter(life, dice, talk, lively, lines)
    _bursts(life, dice, lines)
    _chains(life, dice, lines)
    _staff_answers(life, dice, lines)
    _strangers(life, dice, lines)
    turns_of_day(life, lines)
    emit_lines(life, dice, lines)


def _threads(life: Life, dice: np.random.Generator, talk: Talk, lively: float, lines: Lines) -> None:
    """Tied pairs in a common room: one says something, the other answers, reacts or names the first."""
    ties = life.nature.ties
    tie = pick_weighted(dice, talk.tie_edges, float(talk.tie_edges[-1]) * lively)
    meets = (ties.since[tie] <= life.day) & (life.day < ties.until[tie])
    tie = tie[meets | (dice.random(len(tie)) < QUIET)]
    tie = tie[life.here(ties.a[tie]) & life.here(ties.b[tie])]
    room = room_of(life, tie)
    tie, room = tie[room >= 0], room[room >= 0]
    a_answers = dice.random(len(tie)) < ties.balance[tie]
    speaker = np.where(a_answers, ties.b[tie], ties.a[tie]).astype(np.int64)
    answerer = np.where(a_answers, ties.a[tie], ties.b[tie]).astype(np.int64)
    code, thread = np.unique(room * life.nature.people.count + speaker, return_inverse=True)
    parent = _open(life, dice, lines, code // life.nature.people.count, code % life.nature.people.count)[thread]
    _respond(dice, lines, parent, answerer)


def room_of(life: Life, tie: Ints) -> Ints:
    """The room in which the pair of each tie meets today, -1 where there is none."""
    ties, communities, rooms = life.nature.ties, life.nature.communities, life.nature.rooms
    row_a, row_b = ties.row_a[tie], ties.row_b[tie]
    target = communities.moved[row_a]
    over = (life.day >= np.maximum(communities.until[row_a], communities.until[row_b])) & (target >= 0)
    community = np.where(over & (target == communities.moved[row_b]), target, communities.community[row_a])
    room = np.where(row_a >= 0, rooms.of_community[community], -1)
    both = rooms.settled(rooms.find(room, ties.a[tie]), life.day) & rooms.settled(
        rooms.find(room, ties.b[tie]), life.day
    )
    return np.where(both, room, -1)


def _open(life: Life, dice: np.random.Generator, lines: Lines, room: Ints, speaker: Ints) -> Ints:
    """Somebody says something unasked; the numbers of the lines."""
    names = list(OPENERS)
    what = np.array([intent(name) for name in names])[dice.choice(len(names), size=len(room), p=list(OPENERS.values()))]
    if festival_of(life.nature.settings.date_of(life.day)):
        what = np.where(dice.random(len(room)) < 0.18, intent("festival"), what)
    return lines.add(room=room, author=speaker, at=life.moments(dice, speaker), intent=what)


def _respond(dice: np.random.Generator, lines: Lines, parent: Ints, answerer: Ints) -> None:
    """Replies 62 %, reactions 25 %, mentions 13 %; a third of the replies is answered by the first speaker."""
    form = dice.choice(3, size=len(parent), p=[0.62, 0.25, 0.13])
    first = lines.column("at")[parent]
    at = first + (dice.lognormal(np.log(11), 1.1, len(parent)) * MINUTE).astype(np.int64)
    what = REPLY[lines.column("intent")[parent]]
    room, author = lines.column("room")[parent], lines.column("author")[parent]
    reply = form == 0
    number = lines.add(room=room[reply], author=answerer[reply], at=at[reply], intent=what[reply], parent=parent[reply])
    lines.react(parent=parent[form == 1], person=answerer[form == 1], at=at[form == 1])
    named = form == 2
    lines.add(room=room[named], author=answerer[named], at=at[named], intent=what[named], named=author[named])
    back = dice.random(len(number)) < 0.33
    lines.add(
        room=room[reply][back], author=author[reply][back], parent=number[back],
        at=at[reply][back] + (dice.lognormal(np.log(6), 1, int(back.sum())) * MINUTE).astype(np.int64),
        intent=np.full(int(back.sum()), intent("thanks")),
    )  # fmt: skip


def _chatter(life: Life, dice: np.random.Generator, talk: Talk, lively: float, lines: Lines) -> None:
    """Remarks of single people in one of their rooms; advertisers advertise, often twice."""
    person = pick_weighted(dice, talk.talk_edges, float(talk.talk_edges[-1]) * lively)
    person = person[life.here(person)]
    room = any_room(life, dice, person)
    person, room = person[room >= 0], room[room >= 0]
    adverts = life.nature.people.role[person] == ADVERTISER
    _open(life, dice, lines, room[~adverts], person[~adverts])
    spam, where = np.repeat(person[adverts], 2), np.repeat(room[adverts], 2)
    where[1::2] = np.maximum(any_room(life, dice, spam[1::2]), 0) if len(spam) else where[1::2]
    known = life.nature.rooms.settled(life.nature.rooms.find(where, spam), life.day)
    at = life.moments(dice, spam)
    lines.add(room=where[known], author=spam[known], at=at[known], intent=np.full(int(known.sum()), intent("advert")))


def any_room(life: Life, dice: np.random.Generator, person: Ints) -> Ints:
    """One of the rooms that each person is in today, -1 where the draw finds none."""
    begin, row = life.rows_of_person
    size = begin[person + 1] - begin[person]
    pick = begin[person] + (dice.random(len(person)) * size).astype(np.int64)
    chosen = row[np.minimum(pick, len(row) - 1)]
    inside = (size > 0) & life.nature.rooms.settled(chosen, life.day)
    return np.where(inside, life.nature.rooms.room[chosen], -1)


def members(life: Life, dice: np.random.Generator, room: Ints) -> tuple[Ints, Ints]:
    """A random member per room who is there today, with the index of the room's entry; entries may fall out."""
    rooms = life.nature.rooms
    size = rooms.begin[room + 1] - rooms.begin[room]
    row = rooms.begin[room] + (dice.random(len(room)) * size).astype(np.int64)
    person = rooms.person[row].astype(np.int64)
    kept = np.flatnonzero(rooms.settled(row, life.day) & life.here(person))
    return person[kept], kept


def _staff_answers(life: Life, dice: np.random.Generator, lines: Lines) -> None:
    """The room's owner answers a third of the questions and half of the complaints in brand rooms."""
    what = lines.column("intent")
    room = lines.column("room")
    share = np.where(what == intent("complaint"), 0.5, np.where(what == intent("question"), 0.33, 0))
    ours = life.nature.rooms.topic[room] < len(life.nature.settings.plan.categories)
    parent = np.flatnonzero((dice.random(len(what)) < share) & ours & (lines.column("parent") < 0))
    owner = life.nature.rooms.owner[room[parent]]
    parent, owner = parent[owner != lines.column("author")[parent]], owner[owner != lines.column("author")[parent]]
    at = lines.column("at")[parent] + (dice.lognormal(np.log(18), 0.9, len(parent)) * MINUTE).astype(np.int64)
    lines.add(room=room[parent], author=owner, at=at, intent=np.full(len(parent), intent("service")), parent=parent)


def _strangers(life: Life, dice: np.random.Generator, lines: Lines) -> None:
    """One opening remark in ten gets an answer from anybody: interaction without a tie, the noise of every log."""
    parent = np.flatnonzero((lines.column("parent") < 0) & (dice.random(len(lines)) < 0.1))
    person, kept = members(life, dice, lines.column("room")[parent])
    parent = parent[kept]
    other = person != lines.column("author")[parent]
    person, parent = person[other], parent[other]
    at = lines.column("at")[parent] + (dice.lognormal(np.log(20), 1.1, len(parent)) * MINUTE).astype(np.int64)
    what = REPLY[lines.column("intent")[parent]]
    lines.add(room=lines.column("room")[parent], author=person, at=at, intent=what, parent=parent)


def _chains(life: Life, dice: np.random.Generator, lines: Lines) -> None:
    """On some days an owner opens a sign-up chain 接龙; members add their numbered lines."""
    rooms = life.nature.rooms
    room = np.flatnonzero((dice.random(rooms.count) < 0.02) & life.here(rooms.owner))
    owner = rooms.owner[room]
    at = life.midnight + 10 * HOUR + (dice.random(len(room)) * 8 * HOUR).astype(np.int64)
    parent = lines.add(room=room, author=owner, at=at, intent=np.full(len(room), intent("chain")))
    again = np.repeat(np.arange(len(room)), dice.poisson(9, len(room)))
    person, kept = members(life, dice, room[again])
    again = again[kept]
    _, first = np.unique(again * life.nature.people.count + person, return_index=True)
    person, again = person[first], again[first]
    keep = person != owner[again]
    person, again = person[keep], again[keep]
    when = at[again] + np.sort((dice.random(len(again)) * 3 * HOUR).astype(np.int64))
    number = np.arange(len(again)) - np.searchsorted(again, again) + 1
    entry = np.full(len(again), intent("chain_entry"))
    lines.add(room=room[again], author=person, at=when, intent=entry, parent=parent[again], number=number)


def _bursts(life: Life, dice: np.random.Generator, lines: Lines) -> None:
    """Planted bursts: a hot topic breaks into a room and half of it talks for some hours."""
    due = life.diary.take("burst", life.day)
    if due is None:
        return
    room = due["room"].astype(np.int64)
    again = np.repeat(np.arange(len(room)), 5 * due["messages"].astype(np.int64))
    person, kept = members(life, dice, room[again])
    again = again[kept]
    nth = np.arange(len(again)) - np.searchsorted(again, again)
    wanted = nth < due["messages"][again]  # five times as many draws as messages, for not all are there today
    person, again = person[wanted], again[wanted]
    found = np.bincount(again, minlength=len(room))
    real = found >= LEAST_BURST
    person, again = person[real[again]], again[real[again]]
    at = due["at"][again] + (dice.beta(1.3, 2.2, len(again)) * due["hours"][again] * HOUR).astype(np.int64)
    lines.add(room=room[again], author=person, at=at.astype(np.int64), intent=np.full(len(again), intent("hot")))
    happened = {"room": room, "at": due["at"], "hours": due["hours"], "messages": found}
    life.record.note("bursts", {name: values[real] for name, values in happened.items()})


def plan_bursts(life: Life) -> None:
    """Write bursts into the diary: about one in two weeks, more in bigger worlds. A room too quiet then has none."""
    settings, rooms = life.nature.settings, life.nature.rooms
    dice = settings.dice("bursts")
    count = dice.poisson(settings.days / 14 * max(1.0, rooms.count / 60)) + 1
    size = rooms.begin[1:] - rooms.begin[:-1]
    room = dice.choice(np.flatnonzero(size >= np.quantile(size, 0.5)), size=count)
    day = dice.integers(min(14, settings.days - 1), settings.days, count)
    at = settings.origin + day * DAY + (9 * HOUR + dice.random(count) * 11 * HOUR).astype(np.int64)
    columns = {"room": room, "at": at, "hours": dice.uniform(1.5, 4, count), "messages": dice.integers(50, 160, count)}
    life.diary.put("burst", day, columns)


def staff_of(life: Life) -> Ints:
    """All employees."""
    return np.flatnonzero(life.nature.people.role == EMPLOYEE)
