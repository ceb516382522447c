"""One line of an IRC log: said, acted, joined, left, renamed, kicked; in the forms that bots and clients write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

What = Literal["said", "joined", "left", "renamed", "kicked", "notice", "day"]

# [12:18] <nick> text | 12:18 < nick> text | [12:18:59] <@nick> text; the time may be missing on === and *** lines.
TIMED = re.compile(r"\[?(?P<h>[01]?\d|2[0-3]):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?\]?\s")
# the line that nearly all are: one pattern for it
_PLAIN = re.compile(r"\[?([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?\]?\s+<[ @+%~&!]?([^\s<>\]]+)>(?: (.*))?\Z")
_SAID = re.compile(r"<[ @+%~&!]?(?P<nick>(?:[^\s<>]|(?<=\]) )+)>(?: (?P<text>.*))?\Z")
_ACTED = re.compile(r"\* (?P<nick>\S+)(?: (?P<text>.*))?\Z")
_NOTICE_SAID = re.compile(r"-(?P<nick>[^\s:]+):(?P<to>\S+)- (?P<text>.*)\Z")
# mIRC writes these like acts: * nick (~user@host) has joined #chan
_CAME_OR_WENT = re.compile(r"\* (?P<text>\S+ \(\S+@\S+\) has (?:joined|left|quit).*)\Z")
_STATUS = re.compile(r"(?:===|\*\*\*|-!-|--|-->|<--|---)\s+(?P<text>.*)\Z")
_CHANNEL = r"(?P<channel>[#&+!][^\s,]+)"
_HOST = r"(?:\s+[\[(].*?[\])])?"
# Ubuntu's bot of 2004 to 2006 put a space after every ] of a nick: `[A] ndy80` is [A]ndy80.
_NICK = r"\S+(?:(?<=\]) (?![\[(])(?!has |is |was )\S+)*"
# somebody with the address: a coming or going that was cut off
_HOST_ONLY = re.compile(r"\s*[\[(]\S*@")
_JOINED = re.compile(rf"(?P<nick>{_NICK}){_HOST}\s+has joined (?:the channel )?{_CHANNEL}")
_LEFT = re.compile(rf"(?P<nick>{_NICK}){_HOST}\s+has left {_CHANNEL}\s*(?:[\[(](?P<text>.*)[\])])?")
_QUIT = re.compile(rf"(?P<nick>{_NICK}){_HOST}\s+has quit(?: IRC)?\s*(?:[\[(](?P<text>.*)[\])])?\s*\Z")
_RENAMED = re.compile(rf"(?P<nick>{_NICK})\s+is now known as (?P<other>{_NICK})\s*\Z")
_KICKED = re.compile(
    rf"(?P<nick>{_NICK})\s+was kicked (?:off|from) {_CHANNEL} by (?P<other>\S+)\s*(?:[\[(](?P<text>.*)[\])])?"
)
_SERVICE = re.compile(
    r"(?:mode/|\.\.\[topic/|ServerMode/|Topic |Irssi|Users |Netsplit |\S+ changed the topic |\S+ sets mode)"
)
_DAY = re.compile(r"(?:Day changed|Log opened|Log closed|Log started)\s+(?P<text>.*)\Z")
_DATE_LINE = re.compile(r"\w{3} (?P<month>\w{3}) (?P<day>\d{1,2})(?: \d\d:\d\d:\d\d)? (?P<year>\d{4})\s*\Z")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Line:
    """What a line says. time: of day, None where the line has none. other: new nick, or who kicked."""

    what: What
    time: tuple[int, int, int] | None = None
    nick: str = ""
    text: str = ""
    other: str = ""
    channel: str = ""
    action: bool = False
    day: date | None = None


def read_line(line: str) -> Line | None:
    """What a line of a log says; None where it is no line of an IRC log."""
    if plain := _PLAIN.match(line):
        hour, minute, second, nick, text = plain.groups()
        return Line("said", (int(hour), int(minute), int(second or 0)), nick, text or "")
    timed = TIMED.match(line)
    time = (int(timed["h"]), int(timed["m"]), int(timed["s"] or 0)) if timed else None
    rest = line[timed.end() :].lstrip() if timed else line
    if timed and (said := _SAID.match(rest)):
        return Line("said", time, _nick(said["nick"]), said["text"] or "")
    if found := _CAME_OR_WENT.match(rest):
        return _status(found["text"], time)
    if timed and (acted := _ACTED.match(rest)):
        return Line("said", time, acted["nick"], acted["text"] or "", action=True)
    status = _STATUS.match(rest)
    if status:
        return _status(status["text"], time)
    if timed and (said := _NOTICE_SAID.match(rest)):
        return Line("said", time, said["nick"], said["text"])
    return Line("notice", time, text=rest) if timed and rest else None


def _nick(text: str) -> str:
    return text.replace("] ", "]")


def _status(text: str, time: tuple[int, int, int] | None) -> Line:
    if found := _JOINED.match(text):
        return Line("joined", time, _nick(found["nick"]), channel=found["channel"])
    if found := _LEFT.match(text):
        return Line("left", time, _nick(found["nick"]), found["text"] or "", channel=found["channel"])
    if found := _RENAMED.match(text):
        return Line("renamed", time, _nick(found["nick"]), other=_nick(found["other"]))
    if found := _KICKED.match(text):
        return Line("kicked", time, _nick(found["nick"]), found["text"] or "", found["other"], found["channel"])
    if found := _QUIT.match(text):
        return Line("left", time, _nick(found["nick"]), found["text"] or "", action=True)
    if found := _DAY.match(text):
        return Line("day", time, text=text, day=_date(found["text"]))
    if _SERVICE.match(text):
        return Line("notice", time, text=text)
    # logs of 2004 write `=== nick waves` for /me
    nick, _, said = text.partition(" ")
    if _HOST_ONLY.match(said):
        return Line("notice", time, text=text)
    return Line("said", time, nick, said.strip(), action=True) if said.strip() else Line("notice", time, text=text)


def _date(text: str) -> date | None:
    found = _DATE_LINE.match(text.strip())
    if found is None or found["month"] not in _MONTHS:
        return None
    try:
        return date(int(found["year"]), _MONTHS.index(found["month"]) + 1, int(found["day"]))
    except ValueError:
        return None


_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")


def date_in_name(name: str) -> date | None:
    """The day in a file's name: 2004-11-15_03.raw.txt, #chan.20041115.log; None where there is none."""
    for found in _IN_NAME.finditer(name):
        try:
            return datetime(int(found[1]), int(found[3]), int(found[4])).date()  # noqa: DTZ001  a day, no moment
        except ValueError:
            continue
    return None


def without_date(name: str) -> str:
    """The name of a file without its day, for the room's name."""
    return _IN_NAME.sub("", name).strip(" -_.")


# IRC's own case mapping (RFC 1459): {}|^ are the small letters of []\~
_FOLDED = str.maketrans("[]\\~", "{}|^")


def folded(nick: str) -> str:
    """A nick as the server compares it."""
    return nick.lower().translate(_FOLDED)
