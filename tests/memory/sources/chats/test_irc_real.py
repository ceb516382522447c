"""The Ubuntu IRC logs: counts made here by plain patterns over the bytes, independently of the reader."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from tests.memory.sources.chats.chat_files import read_file
from tests.real_data import real

SAID = re.compile(rb"^\[\d\d:\d\d\] (?:<[^>]+>|-\S+:#\S+- )", re.MULTILINE)
NICK = re.compile(rb"^\[\d\d:\d\d\] <([^>]+)>", re.MULTILINE)
NOTICED = re.compile(rb"^\[\d\d:\d\d\] -([^\s:]+):#\S+- ", re.MULTILINE)
JOINED = re.compile(rb"^=== .* has joined #", re.MULTILINE)
LEFT = re.compile(rb"^===.* has left #", re.MULTILINE)
RENAMED = re.compile(rb"^=== (.*) is now known as (.*)$", re.MULTILINE)


def _files(kind: str, *parts: str) -> list[Path]:
    folder = real("irc_threads")
    return sorted(path for part in parts for path in (folder / part).glob(f"*.{kind}.txt"))


def _folded(nick: bytes) -> bytes:
    # Ubuntu's bot put a space after every ]
    return nick.replace(b"] ", b"]").lower().translate(bytes.maketrans(b"[]\\~", b"{}|^"))


def _past_midnight(content: bytes) -> bool:
    """Whether the log goes from 23 to 0 o'clock. (Those up to 2007 write twelve hours: 12:59, 01:00.)"""
    hours = [int(hour) for hour in re.findall(rb"^\[(\d\d):\d\d\]", content, re.MULTILINE)]
    return any(one == 23 and two == 0 for one, two in pairwise(hours))


@pytest.mark.data
@pytest.mark.parametrize(
    ("kind", "parts", "number", "lines"), [("raw", ("dev", "train"), 163, 232_963), ("ascii", ("dev",), 10, 12_500)]
)
def test_all_lines_of_the_logs_are_read(kind: str, parts: tuple[str, ...], number: int, lines: int) -> None:
    files = _files(kind, *parts)
    assert len(files) == number
    counts: Counter[str] = Counter()
    speakers: set[str] = set()
    expected: Counter[str] = Counter()
    nicks: set[bytes] = set()
    for path in files:
        content = path.read_bytes()
        expected["lines"] += len([line for line in content.split(b"\n") if line.strip()])
        expected["join"] += len(JOINED.findall(content))
        expected["leave"] += len(LEFT.findall(content))
        expected["renamed"] += sum(1 for one, two in RENAMED.findall(content) if _folded(one) != _folded(two.strip()))
        expected["said"] += len(SAID.findall(content))
        nicks.update(map(_folded, NICK.findall(content) + NOTICED.findall(content)))
        chat = read_file(path, "irc", room="#ubuntu", timezone="UTC")
        assert chat.rejects == []
        days = {event["at"].date() for event in chat.acts()}
        assert min(days).isoformat() == path.name[:10]
        assert len(days) == (2 if _past_midnight(content) else 1)
        counts["lines"] += chat.rows
        counts["join"] += len(chat.of("join"))
        counts["kicked"] += sum(event["props"]["how"] == "kicked" for event in chat.of("leave"))
        counts["leave"] += sum(event["props"]["how"] == "left" for event in chat.of("leave"))
        counts["renamed"] += len(chat.of("alias"))
        timed = [event for event in chat.of("message") if not event["props"].get("action")]
        counts["said"] += len(timed)
        counts["acted"] += sum(1 for event in chat.of("message") if event["props"].get("action"))
        speakers.update(event["actor_key"] for event in timed)
    assert counts["lines"] == expected["lines"] == lines
    assert counts["join"] == expected["join"]
    assert counts["leave"] == expected["leave"]
    assert counts["renamed"] == expected["renamed"]
    assert counts["said"] == expected["said"]
    assert {speaker.removeprefix("irc:") for speaker in speakers} == {
        nick.decode("utf-8", "replace").strip() for nick in nicks
    }
