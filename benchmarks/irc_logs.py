"""Annotated IRC logs (Kummerfeld et al. 2019) as talk: messages, and which earlier ones each answers by hand."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from lianyi.insight.conversations.talk import Talk, read

ANNOTATED_FROM = 1000
_LINE = re.compile(r"\[(\d\d):(\d\d)\] (.*)")
_SAID = re.compile(r"<([^>]*)> ?(.*)")
_DID = re.compile(r"\* (\S+) ?(.*)")


@dataclass(frozen=True, kw_only=True)
class Log:
    """One file. talk: what people said; line: number of the line per message. gold: line -> lines that it answers
    (itself where it opens something); lines that nobody said (joins, notices) answer themselves."""

    name: str
    talk: Talk
    line: list[int]
    gold: dict[int, set[int]]


def logs(folder: Path) -> list[Log]:
    """All logs of a folder by name."""
    return [_log(path) for path in sorted(folder.glob("*.annotation.txt"))]


def _log(path: Path) -> Log:
    gold: dict[int, set[int]] = defaultdict(set)
    for row in path.read_text().splitlines():
        one, other = sorted(int(word) for word in row.split() if word != "-")
        gold[other].add(one)
    people: dict[str, int] = {}
    line, author, micros, texts = [], [], [], []
    day = last = 0
    ascii_text = path.with_name(path.name.replace(".annotation.", ".ascii."))
    for number, row in enumerate(ascii_text.read_text(errors="replace").split("\n")):
        found = _LINE.match(row)
        if not found:
            continue
        minute = int(found[1]) * 60 + int(found[2])
        if minute + day < last - 600:
            day += 1440
        last = max(last, minute + day)
        said = _SAID.match(found[3]) or _DID.match(found[3])
        if said:
            line.append(number)
            author.append(people.setdefault(said[1].lower(), len(people)))
            micros.append(last * 60_000_000)
            texts.append(said[2])
    return Log(name=path.name.split(".")[0], talk=read(micros, author, texts, names=people), line=line, gold=dict(gold))
