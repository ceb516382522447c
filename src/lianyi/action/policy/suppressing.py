"""The suppression list: keys that are not written to, kept as salted hashes only."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from lianyi.action.paging import in_pages
from lianyi.action.policy.deciding import Suppression
from lianyi.action.policy.models import Suppressed
from lianyi.action.team import audit
from lianyi.action.team.models import User
from lianyi.errors import InputError
from lianyi.memory.keys import as_kept, make_key
from lianyi.memory.seen import SeenIds
from lianyi.workspace import Workspace

Reason = Suppressed.Reason
PAGE = 500
MOST_LINES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What an import did: new entries, entries that were there, lines that are no address (with their numbers)."""

    new: int
    known: int
    bad: Sequence[str]


def marks_of(ws: Workspace, keys: Iterable[str]) -> list[str]:
    """The hashes of keys that the list keeps. Salted by the workspace, so that nobody can try addresses out on it."""
    salt = _salt(ws.lake.folder / "index").encode()
    return [hmac.new(salt, key.encode(), hashlib.sha256).hexdigest() for key in keys]


def add(
    ws: Workspace, keys: Iterable[str], *, reason: str, by: User | str, now: datetime, channel: str = "",
    everything: bool = False, note: str = "",
) -> int:  # fmt: skip
    """Put keys (`email:a@b.cn`) on the list; returns how many are new. An entry that is there becomes one of
    `everything` where that is asked for. InputError: no such reason, or a text that is no key."""
    if reason not in Reason.values:
        raise InputError(f"reason: {reason!r} is none of {', '.join(Reason.values)}")
    name = by.name if isinstance(by, User) else by
    marks = marks_of(ws, map(_key, keys))
    known = _known(marks, channel)
    fresh = [
        Suppressed(mark=each, channel=channel, everything=everything, reason=reason, note=note[:200], by=name, at=now)
        for each in dict.fromkeys(marks)
        if each not in known
    ]
    Suppressed.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=PAGE)
    if everything and known:
        for page in in_pages(sorted(known)):
            Suppressed.objects.filter(mark__in=page, channel=channel).update(everything=True)
    audit.note(by, "suppression.add", channel, reason=reason, entries=len(fresh), everything=everything)
    return len(fresh)


def import_list(
    ws: Workspace, text: str, *, reason: str, by: User | str, now: datetime, channel: str = "", everything: bool = False
) -> Imported:
    """Put a list on it: one e-mail address, phone number or key a line; the first column of a CSV; a heading is
    passed over. Lines that are none of these are named and left out."""
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        raise InputError(f"the list has {len(lines):,} lines; at most {MOST_LINES:,} are taken at a time")
    keys, bad = [], []
    for number, line in enumerate(lines, start=1):
        first = line.split(",")[0].split("\t")[0].strip().strip('"').lstrip("\ufeff")
        if not first:
            continue
        key = as_key(first)
        if key:
            keys.append(key)
        elif number > 1:
            bad.append(f"{number}")
    new = add(ws, keys, reason=reason, by=by, now=now, channel=channel, everything=everything)
    return Imported(new=new, known=len(set(keys)) - new, bad=bad)


def remove(ws: Workspace, key: str, *, by: User | str, channel: str | None = None) -> int:
    """Take a key off the list (of one channel, or wholly); returns how many entries went."""
    rows = Suppressed.objects.filter(mark=marks_of(ws, [_key(key)])[0])
    if channel is not None:
        rows = rows.filter(channel=channel)
    gone, _ = rows.delete()
    audit.note(by, "suppression.remove", channel or "", entries=gone)
    return gone


def entries(ws: Workspace, key: str) -> list[Suppressed]:
    """What the list says of a key."""
    return list(Suppressed.objects.filter(mark=marks_of(ws, [_key(key)])[0]))


def of_people(ws: Workspace, keys_by_person: Mapping[str, Sequence[str]]) -> dict[str, list[Suppression]]:
    """By person: the entries that are about one of their keys."""
    if not Suppressed.objects.exists():
        return {}
    pairs = [(key, person) for person, keys in keys_by_person.items() for key in keys]
    owner = dict(zip(marks_of(ws, (key for key, _ in pairs)), (person for _, person in pairs), strict=True))
    found: dict[str, list[Suppression]] = {}
    for page in in_pages(list(owner)):
        for row in Suppressed.objects.filter(mark__in=page):
            entry = Suppression(channel=row.channel, reason=row.reason, everything=row.everything)
            found.setdefault(owner[row.mark], []).append(entry)
    return found


def as_key(text: str) -> str | None:
    """The key that a line of a list means: a key, an e-mail address, a phone number; None for anything else."""
    namespace, _, value = text.partition(":")
    if value and namespace.isidentifier():
        return as_kept(text)
    return make_key("email", text) or make_key("phone", text)


@lru_cache(maxsize=8)
def _salt(folder: Path) -> str:
    return SeenIds(folder).salt


def _key(text: str) -> str:
    key = as_key(text.strip())
    if key is None:
        raise InputError(f"{text!r} is no e-mail address, phone number or key; write e.g. email:ann@example.cn")
    return key


def _known(marks: Sequence[str], channel: str) -> set[str]:
    return {
        found
        for page in in_pages(marks)
        for found in Suppressed.objects.filter(mark__in=page, channel=channel).values_list("mark", flat=True)
    }
