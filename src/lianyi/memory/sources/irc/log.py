"""IRC logs as events. The day comes from the file's name, the option file_date, or lines of the log itself."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import IO

from lianyi.memory.events import Event
from lianyi.memory.sources.chats.clock import Clock, DayClock
from lianyi.memory.sources.chats.reading import SHOWN
from lianyi.memory.sources.chats.room import Person, Room, RowIds, tidy
from lianyi.memory.sources.chats.texts import MAX_LINE, clean, file_stem
from lianyi.memory.sources.encoding import Encoding, detect
from lianyi.memory.sources.irc.lines import Line, date_in_name, folded, read_line, without_date
from lianyi.memory.sources.records import Record, batches
from lianyi.memory.sources.source import Batch, Options, Reject

_SPEAKER = re.compile(
    rb"^\[?\d?\d:\d\d(?::\d\d)?\]?\s+(?:<[ @+%~&!]?|\* )((?:[^\s<>]|(?<=\]) (?=[^\s<>]*>))+)", re.MULTILINE
)
_RENAMED_TO = re.compile(rb"^(?:\S+ )?(?:===|\*\*\*|-!-) (\S+) is now known as (\S+)", re.MULTILINE)
_CHANNEL = re.compile(rb"(?:joined|left|mode/|topic/|changed the topic of) ?(#[^\s,\[\]:]+)")
_ADDRESSED = re.compile(r"([^\s:,]{1,64})\s?[:,](?=\s|\Z)\s*")
# A channel's name is looked for in so much of the file; joins are frequent.
_HEAD = 1 << 20


def read(path: Path, options: Options) -> Iterator[Batch]:
    """The lines of a log. The room is the option `room`, the channel that the log names, or the file's name."""
    return batches(_records(path, options), options)


def _records(path: Path, options: Options) -> Iterator[Record | Reject]:
    encoding = detect(path, given=options.encoding)
    if encoding is None:
        yield Reject(line=1, column="", value="", reason="the file is binary, no text; give the log as text")
        return
    opened = partial(_opened, path, encoding)
    day = options.file_date or date_in_name(options.file_name or path.name) or _opening_day(opened)
    if day is None:
        reason = "its lines give the time only, and the file's name has no day; give the option file_date"
        yield Reject(line=1, column="date", value=options.file_name or path.name, reason=reason)
        return
    # each line is decoded by itself: in a channel everybody's client had an encoding of its own
    fallback = encoding.name if options.encoding or encoding.name in _EAST_ASIAN else "cp1252"
    log = _Log(_room(opened, path, options), DayClock(day), Clock(options.timezone), _nicks(opened))
    waiting: list[tuple[int, str]] = []
    number = position = 0
    with opened() as file:
        while raw := file.readline(MAX_LINE):
            number += 1
            position += len(raw)
            text = _decoded(raw, fallback)
            if not text.strip():
                continue
            made = log.line(text)
            if isinstance(made, str):
                yield Reject(line=number, column="", value=text[:SHOWN], reason=made, row={"line": text})
            elif made is None:
                waiting.append((number, text))
            else:
                yield from _late(log, waiting)
                yield Record(line=number, events=made, raw={"line": text}, position=position)
    for line, text in waiting:
        reason = "has no time, and no line of the log has one"
        yield Reject(line=line, column="", value=text[:SHOWN], reason=reason, row={"line": text})


def _late(log: _Log, waiting: list[tuple[int, str]]) -> Iterator[Record]:
    """Lines before the first time of the log get that time."""
    for line, text in waiting:
        made = log.line(text)
        if isinstance(made, list):
            yield Record(line=line, events=made, raw={"line": text})
    waiting.clear()


def _decoded(raw: bytes, fallback: str) -> str:
    try:
        text = raw.decode("utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "utf-8")
    except UnicodeDecodeError:
        text = raw.decode(fallback, "replace")
    return clean(text.rstrip("\r\n"))


_EAST_ASIAN = frozenset({"gb18030", "big5", "big5hkscs", "shift_jis", "cp932", "euc_jp", "euc_kr", "cp949"})
_Opened = Callable[[], IO[bytes]]


def _opened(path: Path, encoding: Encoding) -> IO[bytes]:
    """The bytes of the log; as UTF-8 where a letter has two bytes and more, so that lines end with one byte."""
    if encoding.name.startswith(("utf-16", "utf-32")):
        return io.BufferedReader(encoding.open(path))
    return path.open("rb")


def _opening_day(opened: _Opened) -> date | None:
    with opened() as file:
        for raw in file.readlines(_HEAD)[:50]:
            line = read_line(raw.decode("utf-8", "replace").rstrip())
            if line is not None and line.day:
                return line.day
    return None


def _room(opened: _Opened, path: Path, options: Options) -> Room:
    name = options.room
    if not name:
        with opened() as file:
            names = [match.lower() for match in _CHANNEL.findall(file.read(_HEAD))]
        if names:
            name = max(set(names), key=lambda found: (names.count(found), found)).decode("utf-8", "replace")
    stem = file_stem(path, options)
    name = name or without_date(stem) or stem
    return Room(options=options, format="irc", platform="irc", id=name, name=name)


def _nicks(opened: _Opened) -> frozenset[str]:
    """Everybody who speaks or renames in the file, so that `well, yes` is not taken for a word to somebody."""
    found: set[bytes] = set()
    with opened() as file:
        while lines := file.readlines(_HEAD):
            block = b"".join(lines)
            found.update(_SPEAKER.findall(block))
            found.update(nick for pair in _RENAMED_TO.findall(block) for nick in pair)
    return frozenset(folded(nick.decode("utf-8", "replace").replace("] ", "]")) for nick in found)


class _Log:
    """The state while one log is read: the day, the last time, who is there."""

    def __init__(self, room: Room, day: DayClock, clock: Clock, nicks: frozenset[str]) -> None:
        self.room = room
        self._day = day
        self._clock = clock
        self._nicks = nicks
        self._ids = RowIds()
        self._now: datetime | None = None
        self._stamp = ""
        self._time: tuple[int, int, int] | None = None
        self._people: dict[str, Person] = {}

    def line(self, text: str) -> list[Event] | str | None:
        """The events of a line; a reason where it is no line of a log; None where its time is not known yet."""
        line = read_line(text)
        if line is None:
            return "is no line of an IRC log; those look like [12:18] <nick> text or === nick has joined #channel"
        if line.what == "day" and line.day:
            self._day.new_day(line.day)
            self._time = None
            return []
        if line.time is not None and line.time != self._time:
            self._time = line.time
            moment = self._day.moment(*line.time)
            self._stamp = moment.isoformat()
            self._now = self._clock.local(moment)
        if self._now is None:
            return None
        return self._events(line, self._now, text)

    def _events(self, line: Line, at: datetime, text: str) -> list[Event]:
        row = self._ids.next(self._stamp, text)
        if line.what in {"notice", "day"}:
            return [self.room.act("notice", row, at, None, text=line.text)]
        who = self._person(line.nick)
        events = [*self.room.introduced(at), *self.room.seen(at, who)]
        if line.what == "said":
            return events + self._said(line, at, row, who)
        if line.what == "renamed":
            return events + self._renamed(line, at, row, who)
        kind = "join" if line.what == "joined" else "leave"
        how = {"joined": "joined", "kicked": "kicked"}.get(line.what, "quit" if line.action else "left")
        props = {"how": how, **({"why": line.text} if line.text else {})}
        by = self._person(line.other) if line.other else None
        return [*events, self.room.act(kind, row, at, who, by, props=props)]

    def _said(self, line: Line, at: datetime, row: str, who: Person) -> list[Event]:
        props = {"action": True} if line.action else None
        message = self.room.message(row, at, who, line.text, props=props)
        addressed = self._addressed(line.text)
        return [message, *self.room.mentions(row, at, who, addressed)] if addressed else [message]

    def _addressed(self, text: str) -> list[Person]:
        """Whom a message is said to: nicks at its start, each followed by a colon or comma."""
        people: list[Person] = []
        place = 0
        while (found := _ADDRESSED.match(text, place)) and folded(found[1]) in self._nicks:
            people.append(self._person(found[1]))
            place = found.end()
        return people

    def _renamed(self, line: Line, at: datetime, row: str, who: Person) -> list[Event]:
        other = self._person(line.other)
        if other.key == who.key:
            return []
        # a nick may be somebody else's tomorrow, so this holds for the day of the log
        props = {"how": f"nick change on {self._day.day.isoformat()}", "verified": False}
        alias = self.room.act("alias", row, at, who, other, props={**props, "day": self._day.day.isoformat()})
        return [*self.room.seen(at, other), alias]

    def _person(self, nick: str) -> Person:
        person = self._people.get(nick)
        if person is None:
            person = self._people[nick] = Person(f"irc:{folded(tidy(nick))}", tidy(nick))
        return person
