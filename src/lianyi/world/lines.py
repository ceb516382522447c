"""Lines of a day's talk, gathered as columns and turned into events at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lianyi.world.life import Life
from lianyi.world.rows import join, only, rows, take
from lianyi.world.settings import DAY, Bools, Ints

FIELDS = ("room", "author", "at", "intent", "parent", "named", "number", "topic")
EMOJI = pa.array(["👍", "❤️", "😂", "🎉", "🌹", "👏", "🙏", "😮"])


class Lines:
    """Growing columns; a line's number is its place. `parent`: the line it answers, `named`: person mentioned, or -1.
    `number`: what stands for {n} in the text, -1 for any. `topic`: what it is about, -1 for what the room is about."""

    def __init__(self) -> None:
        self._columns: dict[str, Ints] = {name: np.zeros(0, dtype=np.int64) for name in FIELDS}
        self.reactions: list[tuple[Ints, Ints, Ints]] = []

    def __len__(self) -> int:
        return len(self._columns["room"])

    def column(self, name: str) -> Ints:
        """One column of all lines so far."""
        return self._columns[name]

    def add(self, *, room: Ints, author: Ints, at: Ints, intent: Ints, **more: Ints) -> Ints:
        """Put lines at the end and return their numbers."""
        first, count = len(self), len(room)
        given: dict[str, Any] = {"room": room, "author": author, "at": at, "intent": intent, **more}
        for name in FIELDS:
            part = given.get(name, np.full(count, -1, dtype=np.int64))
            self._columns[name] = np.concatenate([self._columns[name], part])
        return np.arange(first, first + count)

    def react(self, *, parent: Ints, person: Ints, at: Ints) -> None:
        """Reactions to lines."""
        self.reactions.append((parent, person, at))


def emit_lines(life: Life, dice: np.random.Generator, lines: Lines) -> None:
    """All lines as message and reply events, with their mentions and reactions; labels go to the record."""
    count = len(lines)
    if not count:
        return
    ids = join(take(life.id_heads, lines.column("room")), life.numbers("message", count))
    _emit_said(life, dice, lines, ids)
    _emit_mentions(life, lines, ids)
    _emit_reactions(life, dice, lines, ids)


def _emit_said(life: Life, dice: np.random.Generator, lines: Lines, ids: pa.Array) -> None:
    nature = life.nature
    room, author, parent, what = (lines.column(name) for name in ("room", "author", "parent", "intent"))
    topic = nature.rooms.topic[room]
    own = nature.people.interest[author].argmax(axis=1)
    topics = len(nature.settings.plan.categories)
    topic = np.where((topic >= topics) | (dice.random(len(room)) < 0.15), own, topic)
    topic = np.where(lines.column("topic") >= 0, lines.column("topic"), topic)
    topic = np.where(parent >= 0, topic[parent], topic)
    number = lines.column("number")
    number = np.where(number < 0, dice.integers(1, 100, len(number)), number)
    text = nature.grammar.say(dice, what, topic, _english(life, room, author), number=number)
    named = lines.column("named")
    text = pc.if_else(
        pa.array(named >= 0), join("@", take(nature.people.nickname, np.maximum(named, 0)), " ", text), text
    )
    answers = parent >= 0
    target = np.where(answers, author[parent], 0)
    life.emit(
        rows(
            len(room), id=ids, at=lines.column("at"), text=text, source=take(life.platform_names, room),
            channel=take(life.platform_names, room), group_key=take(life.group_keys, room),
            kind=take(pa.array(["message", "reply"]), answers.astype(np.int64)), actor_key=life.room_keys(room, author),
            target_key=only(life.room_keys(room, target), answers),
            parent_id=only(take(ids, np.maximum(parent, 0)), answers),
        )
    )  # fmt: skip
    _label(life, lines, topic)


def _label(life: Life, lines: Lines, topic: Ints) -> None:
    """What each line truly is, for the record; lines after the world's end are none."""
    settings = life.nature.settings
    kept = lines.column("at") < settings.origin + settings.days * DAY
    columns: dict[str, Ints] = {
        "number": (np.arange(len(kept)) + life.counters["message"] - len(kept)).astype(np.int32),
        "person": lines.column("author").astype(np.int32),
        "intent": lines.column("intent").astype(np.int8),
        "topic": topic.astype(np.int8),
    }
    life.record.note("messages", {name: column[kept] for name, column in columns.items()})


def _english(life: Life, room: Ints, author: Ints) -> Bools:
    """English speakers write English in international rooms and half of the time elsewhere; others Chinese."""
    platform = life.nature.rooms.platform[room]
    return np.asarray(life.nature.people.english[author] & ((platform >= 2) | (author % 2 == 0)))


def _emit_mentions(life: Life, lines: Lines, ids: pa.Array) -> None:
    at = np.flatnonzero(lines.column("named") >= 0)
    room = lines.column("room")[at]
    life.emit(
        rows(
            len(at), id=join(take(ids, at), "/mention/1"), at=lines.column("at")[at], kind="mention",
            source=take(life.platform_names, room), channel=take(life.platform_names, room),
            group_key=take(life.group_keys, room), actor_key=life.room_keys(room, lines.column("author")[at]),
            target_key=life.room_keys(room, lines.column("named")[at]), parent_id=take(ids, at),
        )
    )  # fmt: skip


def _emit_reactions(life: Life, dice: np.random.Generator, lines: Lines, ids: pa.Array) -> None:
    parent, person, at = (np.concatenate(part) for part in zip(*lines.reactions, strict=True))
    room = lines.column("room")[parent]
    emoji = take(EMOJI, dice.integers(0, len(EMOJI), len(parent)))
    life.emit(
        rows(
            len(parent), id=join(take(ids, parent), "/reaction/", life.numbers("reaction", len(parent))), at=at,
            kind="reaction", source=take(life.platform_names, room), channel=take(life.platform_names, room),
            group_key=take(life.group_keys, room), actor_key=life.room_keys(room, person),
            target_key=life.room_keys(room, lines.column("author")[parent]), parent_id=take(ids, parent),
            props=join('{"emoji":"', emoji, '"}'),
        )
    )  # fmt: skip
