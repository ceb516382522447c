"""A room of a chat platform: gives the ids, keys and events of what people do in it, the same for all formats."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from lianyi.memory.events import Event
from lianyi.memory.identify import identify_events
from lianyi.memory.keys import NAMESPACES, namespace_of
from lianyi.memory.sources.source import Options

# Names longer than this are cut in keys: the log takes 512 characters for a whole key.
MAX_NAME = 200
# So many rows are remembered to number equal ones. Equal rows have equal times, so they stand close together.
REMEMBERED = 100_000


def digest(*parts: str) -> str:
    """32 hex digits for the content of a row without an id."""
    return blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()


class RowIds:
    """Ids `~<32 hex>` for rows without one; equal rows of one file get `#2`, `#3` … (see Landing.add).

    Numbered here and not at landing, so that the mentions of the second of two equal messages belong to the second.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def next(self, *parts: str) -> str:
        """The id of the next row with this content."""
        row = digest(*parts)
        count = self._counts.pop(row, 0) + 1
        self._counts[row] = count
        if len(self._counts) > REMEMBERED:
            del self._counts[next(iter(self._counts))]
        return f"~{row}" if count == 1 else f"~{row}#{count}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a room: the key, and the name shown there."""

    key: str
    name: str | None = None


class Room:
    """One room as one file shows it. `id` is the platform's id of it, or its name where there is none.

    bare_names: the format names people without their ids in places (replies, invitations).
    """

    def __init__(
        self,
        *,
        options: Options,
        format: str,  # noqa: A002
        platform: str,
        id: str,  # noqa: A002
        name: str | None = None,
        bare_names: bool = True,
    ) -> None:
        self.source = options.source(format)
        self.platform = platform
        self.id = tidy(id) or "?"
        self.name = name
        self._bare_names = bare_names
        self.group_key = f"group:{platform}/{self.id}"
        self.me = self._me(options.me)
        self._prefix = f"{self.source}:{self.id}/"
        self._known: set[tuple[str, ...]] = set()
        self._last_names: dict[str, tuple[str, int]] = {}
        self._authors: dict[str, str] = {}

    def _me(self, me: str | None) -> Person:
        """Who exported the chat: the key or name that the user gave, else the name `我` of this room."""
        if me and me.partition(":")[0] in NAMESPACES and ":" in me:
            return Person(me)
        return self.called(me or "我")

    def called(self, name: str) -> Person:
        """Somebody of whom only the name shown in this room is known."""
        name = tidy(name)
        return Person(f"name:{self.platform}/{self.id}/{name}", name)

    def event_id(self, message_id: str) -> str:
        """The id of the event of a message."""
        return self._prefix + message_id

    def wrote(self, message_id: str, author: Person) -> None:
        """Remember who wrote a message, for the replies and reactions to it."""
        self._authors[message_id] = author.key
        if len(self._authors) > REMEMBERED:
            del self._authors[next(iter(self._authors))]

    def author(self, message_id: str | None) -> Person | None:
        """Who wrote a message, where it stood in this file not too long ago."""
        key = self._authors.get(message_id or "")
        return Person(key) if key else None

    def message(
        self,
        id: str,  # noqa: A002
        at: datetime,
        actor: Person | None,
        text: str | None,
        *,
        answers: str | None = None,
        parent: str | None = None,
        target: str | None = None,
        quotes: bool = False,
        object_key: str | None = None,
        props: dict[str, Any] | None = None,
    ) -> Event:
        """A message, or a reply where it answers one or quotes one, or a share where it passes a thing on.

        answers: id of the message of this room that it answers. parent: whole id of an event, of another room, say.
        """
        parent = self._prefix + answers if answers else parent
        if actor and target == actor.key:
            target = None
        return Event(
            id=self._prefix + id,
            at=at,
            kind="share" if object_key else "reply" if parent or quotes else "message",
            source=self.source,
            actor_key=actor.key if actor else None,
            target_key=target,
            group_key=self.group_key,
            object_key=object_key[:500] if object_key else None,
            parent_id=parent,
            channel=self.platform,
            text=text or None,
            props=props or None,
        )

    def act(
        self,
        kind: str,
        id: str,  # noqa: A002
        at: datetime,
        actor: Person | None,
        target: Person | None = None,
        *,
        parent: str | None = None,
        text: str | None = None,
        props: Mapping[str, Any] | None = None,
    ) -> Event:
        """Any other event in this room. `parent` is the id of a message of this room."""
        return Event(
            id=self._prefix + id,
            at=at,
            kind=kind,
            source=self.source,
            actor_key=actor.key if actor else None,
            target_key=target.key if target else None,
            group_key=self.group_key,
            parent_id=self._prefix + parent if parent else None,
            channel=self.platform,
            text=text or None,
            props=props or None,
        )

    def mentions(self, id: str, at: datetime, actor: Person | None, targets: Iterable[Person]) -> list[Event]:  # noqa: A002
        """One mention event per person named in the message `id`; naming oneself is none."""
        keys = dict.fromkeys(target.key for target in targets)
        if not keys:
            return []
        if actor:
            keys.pop(actor.key, None)
        return [
            self.act("mention", f"{id}/mention/{number}", at, actor, Person(key), parent=id)
            for number, key in enumerate(keys, 1)
        ]

    def introduced(self, at: datetime, *, kind: str | None = None) -> list[Event]:
        """A `group` event that tells the room's name, once per file."""
        if not self.name or ("group",) in self._known:
            return []
        self._known.add(("group",))
        props = {"name": self.name, **({"type": kind} if kind else {})}
        return [self.act("group", f"~group/{digest(self.name)[:12]}", at, None, text=self.name, props=props)]

    def seen(self, at: datetime, person: Person | None, *, traits: Mapping[str, Any] | None = None) -> list[Event]:
        """What a message tells of its author: an identify event for the name, once a month and at each change.

        Where the author has an id, the name shown in this room becomes an (unverified) alias of it, if the format
        gives the name only elsewhere.
        """
        if person is None or not person.name:
            return []
        month = at.year * 12 + at.month
        if self._last_names.get(person.key) == (person.name, month):
            return []
        self._last_names[person.key] = (person.name, month)
        stamp = (person.key, person.name, f"{at.year}-{at.month:02}")
        if stamp in self._known:
            return []
        self._known.add(stamp)
        events = identify_events(
            id=f"{self._prefix}~name/{digest(*stamp)}",
            at=at,
            source=self.source,
            actor_key=person.key,
            traits={"name": person.name, **(traits or {})},
            channel=self.platform,
        )
        called = self.called(person.name)
        if self._bare_names and namespace_of(person.key).strength != "name":
            events += self.same(at, called, person, how="display name in one room")
        return events

    def same(self, at: datetime, one: Person, other: Person, *, how: str, verified: bool = False) -> list[Event]:
        """An alias event, once per file."""
        pair = ("alias", one.key, other.key)
        if pair in self._known:
            return []
        self._known.add(pair)
        return [
            Event(
                id=f"{self._prefix}~alias/{digest(one.key, other.key)}",
                at=at,
                kind="alias",
                source=self.source,
                actor_key=other.key,
                target_key=one.key,
                group_key=self.group_key,
                channel=self.platform,
                props={"how": how, "verified": verified},
            )
        ]


def tidy(name: str) -> str:
    """A display name as it goes into a key: NFC, one line, no spaces around, at most MAX_NAME characters."""
    if name.isascii() and name.isprintable():
        return name.strip()[:MAX_NAME]
    return " ".join(unicodedata.normalize("NFC", name).replace("\x00", "").split())[:MAX_NAME]
