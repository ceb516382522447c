"""What gives a person away in events, and how it is taken out. Used alike for the log and the inbox.

A trace is a whole key (`phone:8613800138000`) anywhere; a telling value of a key (an e-mail address or phone number in
any usual spelling, a long id with digits in it, an id on a Matrix homeserver) anywhere but in the words of the brand
itself (source, channel, category, campaign); and a name, but only in the person's own rooms and in what was done to the
person: elsewhere the same name is somebody else, or an everyday word.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

MARK = "[erased]"
# Statements on a person, which go with the person also where somebody else made them.
STATEMENTS = ("identify", "alias", "tag", "note", "consent", "merge", "unmerge")
# Fields by which events refer to each other and to things: replaced as a whole, alike everywhere.
REFERENCES = ("id", "parent_id", "object_key", "group_key")
_CJK = re.compile(r"[\u3400-\u9fff]")
# Words end at anything but a letter or digit of ASCII, in RE2 as in Python with re.ASCII.
_FLAGS = re.ASCII


@dataclass(frozen=True, kw_only=True)
class Traces:
    """The traces of one person. rooms: groups in which the person acted. salt: of the workspace, for replaced ids."""

    keys: frozenset[str]
    names: frozenset[str] = frozenset()
    rooms: frozenset[str] = frozenset()
    salt: str = ""

    @cached_property
    def pattern(self) -> str:
        """RE2 and Python pattern of whole keys and telling values; never empty."""
        parts = [_bounded(re.escape(spelling)) for key in self.keys for spelling in _spellings(key)]
        parts += [part for key in self.keys for part in _values(key)]
        return _alternatives(parts)

    @cached_property
    def name_pattern(self) -> str:
        """Pattern of names of at least 2 Chinese or 4 other characters; "" where there is none."""
        names = {name.strip() for name in self.names}
        telling = [name for name in names if len(name) >= (2 if _CJK.search(name) else 4)]
        return _alternatives([_bounded(re.escape(spelling)) for name in telling for spelling in _escaped(name)])

    @cached_property
    def _anywhere(self) -> re.Pattern[str]:
        return re.compile(self.pattern, _FLAGS)

    @cached_property
    def _nearby(self) -> re.Pattern[str]:
        both = f"{self.pattern}|{self.name_pattern}" if self.name_pattern else self.pattern
        return re.compile(both, _FLAGS)

    def owns(self, event: Mapping[str, Any]) -> bool:
        """Done by the person, or a statement on the person."""
        return event.get("actor_key") in self.keys or (
            event.get("target_key") in self.keys and event.get("kind") in STATEMENTS
        )

    def found_in(self, text: str) -> bool:
        """Whether any trace, names included, stands in the text."""
        return self._nearby.search(text) is not None

    def near(self, event: Mapping[str, Any]) -> bool:
        """Whether a name in this event means the person."""
        return event.get("target_key") in self.keys or event.get("group_key") in self.rooms

    def cleaned(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """An event of somebody else without traces of the person; `props` as a mapping or as JSON text, as it came."""
        found = self._nearby if self.near(event) else self._anywhere
        rest = dict(event)
        if rest.get("target_key") in self.keys:
            rest["target_key"] = None
        for name in REFERENCES:
            value = rest.get(name)
            if isinstance(value, str) and self._anywhere.search(value):
                rest[name] = self._replaced(value)
        if isinstance(rest.get("text"), str):
            rest["text"] = found.sub(MARK, rest["text"])
        props = rest.get("props")
        if isinstance(props, str):
            rest["props"] = json.dumps(_without(json.loads(props), found), ensure_ascii=False, sort_keys=True)
        elif props is not None:
            rest["props"] = _without(props, found)
        return rest

    def without(self, text: str) -> str:
        """A text with every trace replaced."""
        return self._nearby.sub(MARK, text)

    def _replaced(self, value: str) -> str:
        return "erased:" + hashlib.blake2b(value.encode(), key=self.salt.encode()[:64], digest_size=16).hexdigest()


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


def _spellings(key: str) -> set[str]:
    return _escaped(key)


def _escaped(text: str) -> set[str]:
    """The text as it stands, and as it stands within JSON."""
    return {text, json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(text)[1:-1]}


def _values(key: str) -> list[str]:
    """Patterns of the value of a key, where it tells of one person: addresses, phone numbers, long ids, names."""
    namespace, _, value = key.partition(":")
    if namespace == "email":
        return [f"(?i:{_bounded(re.escape(value))})"]
    if namespace == "phone":
        local = value[2:] if re.fullmatch(r"861\d{10}", value) else value
        return [r"(?:\+?86[\s-]?)?" + _spaced(local), _spaced(value)]
    if namespace in {"name", "irc"}:
        return []  # a display name: sought as a name, in the person's rooms
    if namespace == "matrix" and re.match(r"@.*:.", value):  # people and we write it so when we address somebody
        return [_bounded(re.escape(spelling)) for spelling in _escaped(value)]
    long_id = len(value) >= 8 and re.search(r"\d", value) and (re.search(r"[^\W\d]", value) or len(value) >= 11)
    return [_bounded(re.escape(spelling)) for spelling in _escaped(value)] if long_id else []


def _spaced(digits: str) -> str:
    """Digits as people write them, with blanks and dashes between; not as a part of a longer number."""
    return r"\b" + r"[\s-]?".join(digits) + r"\b"


def _bounded(pattern: str) -> str:
    """The pattern; letters and digits at its ends must not go on beyond it, so that Ann spares Annex."""
    start = r"\b" if re.match(r"\\?[A-Za-z0-9_]", pattern) else ""
    end = r"\b" if re.search(r"[A-Za-z0-9_]\Z", pattern) else ""
    return start + pattern + end


def _alternatives(parts: Collection[str]) -> str:
    return "|".join(sorted(set(parts), key=lambda part: (-len(part), part)))
