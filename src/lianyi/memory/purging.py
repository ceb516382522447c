"""What an erasure does to events that still wait in the inbox: the same as memory.erasure does in the log."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from lianyi.memory.erasure import MARK, STATEMENTS, patterns

# Fields that other events may refer to: replaced as a whole, alike everywhere, so that the references still hold.
REFERENCES = ("id", "parent_id", "object_key", "group_key", "campaign", "source", "channel", "category")


@dataclass(frozen=True, kw_only=True)
class Rest:
    """What is left of a row of the inbox: its JSON, how many events it holds, how many were removed."""

    body: bytes
    count: int
    removed: int


def purged(body: bytes, *, keys: Collection[str], names: Collection[str] = ()) -> Rest | None:
    """The row without the person; None where the person does not occur in it."""
    found = re.compile(patterns(keys, names), re.ASCII)  # words end where RE2 ends them in the log
    try:
        events: list[dict[str, Any]] = msgspec.json.decode(body, type=list[dict[str, Any]])
    except msgspec.DecodeError:
        text = body.decode("utf-8", errors="replace")  # a broken row is kept for people to look at, without the person
        return Rest(body=found.sub(MARK, text).encode(), count=1, removed=0) if found.search(text) else None
    kept = [_cleaned(event, keys, found) for event in events if not _theirs(event, keys)]
    if kept == events:
        return None
    return Rest(body=msgspec.json.encode(kept, order="sorted"), count=len(kept), removed=len(events) - len(kept))


def _theirs(event: Mapping[str, Any], keys: Collection[str]) -> bool:
    """Done by the person, or a statement on the person."""
    return event.get("actor_key") in keys or (event.get("target_key") in keys and event.get("kind") in STATEMENTS)


def _cleaned(event: dict[str, Any], keys: Collection[str], found: re.Pattern[str]) -> dict[str, Any]:
    """An event of somebody else, without traces of the person."""
    rest = {name: value for name, value in event.items() if name != "target_key" or value not in keys}
    for name in REFERENCES:
        if isinstance(rest.get(name), str) and found.search(rest[name]):
            rest[name] = "erased:" + hashlib.md5(rest[name].encode(), usedforsecurity=False).hexdigest()
    for name in ("text", "props"):
        if name in rest:
            rest[name] = _without(rest[name], found)
    return rest


def _without(value: Any, found: re.Pattern[str]) -> Any:
    """The JSON value with the person replaced in every text, names of properties included."""
    if isinstance(value, str):
        return found.sub(MARK, value)
    if isinstance(value, list):
        return [_without(item, found) for item in value]
    if isinstance(value, dict):
        return {_without(name, found): _without(item, found) for name, item in value.items()}
    if isinstance(value, int | float) and not isinstance(value, bool) and found.search(str(value)):
        return MARK  # a phone number that came as a number
    return value
