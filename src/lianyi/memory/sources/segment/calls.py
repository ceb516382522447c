"""Calls as typed data, and reading them from JSON: strict where a mistake would harm, lenient where SDKs differ."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from lianyi.errors import BadEvent

MAX_EVENT_BYTES = 32 * 1024
MAX_DEPTH = 20
MAX_DIGITS = 4000
NOTHING = msgspec.Raw(b"null")

# gc=False: what JSON gives has no cycles, and the collector of garbage would walk every call of a batch.
Id = str | int | None
Bag = dict[str, Any] | None


class BadCall(BadEvent):
    """A call can't be used. `path` names the field as the sender wrote it, `reason` what is wrong with it."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.path = path
        self.reason = reason


class Page(msgspec.Struct, gc=False):
    """The page that was open."""

    url: str | None = None
    path: str | None = None
    title: str | None = None
    referrer: str | None = None
    search: str | None = None


class Library(msgspec.Struct, gc=False):
    """The program that sent the call."""

    name: str | None = None
    version: str | None = None


class Context(msgspec.Struct, gc=False):
    """What surrounded the call; the specification has more, this is what Lianyi keeps."""

    page: Page | None = None
    campaign: Bag = None
    userAgent: str | None = None  # noqa: N815  the specification's own names
    locale: str | None = None
    timezone: str | None = None
    library: Library | None = None
    app: Bag = None
    os: Bag = None


class Call(msgspec.Struct, kw_only=True, tag_field="type", gc=False):
    """What all calls have. Ids may be numbers; they become text."""

    messageId: str | None = None  # noqa: N815
    userId: Id = None  # noqa: N815
    anonymousId: Id = None  # noqa: N815
    timestamp: datetime | None = None
    originalTimestamp: datetime | None = None  # noqa: N815
    sentAt: datetime | None = None  # noqa: N815
    context: msgspec.Raw = NOTHING  # a Context, read by surroundings: most calls repeat the one before


class Identify(Call, kw_only=True, tag="identify", gc=False):
    """What is known of a person."""

    traits: Bag = None


class Track(Call, kw_only=True, tag="track", gc=False):
    """What a person did."""

    event: str
    properties: Bag = None


class PageView(Call, kw_only=True, tag="page", gc=False):
    """A page that a person looked at."""

    name: str | None = None
    category: str | None = None
    properties: Bag = None


class ScreenView(Call, kw_only=True, tag="screen", gc=False):
    """A screen of an app that a person looked at."""

    name: str | None = None
    category: str | None = None
    properties: Bag = None


class Group(Call, kw_only=True, tag="group", gc=False):
    """A group that a person belongs to."""

    groupId: str | int  # noqa: N815
    traits: Bag = None


class Alias(Call, kw_only=True, tag="alias", gc=False):
    """Two ids of one person."""

    previousId: str | int  # noqa: N815


AnyCall = Identify | Track | PageView | ScreenView | Group | Alias
TYPES: dict[str, type[AnyCall]] = {
    "identify": Identify,
    "track": Track,
    "page": PageView,
    "screen": ScreenView,
    "group": Group,
    "alias": Alias,
}


class _Body(msgspec.Struct):
    batch: list[msgspec.Raw]
    sentAt: str | None = None  # noqa: N815
    context: msgspec.Raw = NOTHING


@dataclass(frozen=True)
class Batch:
    """The body of /v1/batch: calls, still unread, so that one bad call harms no other; when they were sent by the
    sender's clock; and the context of calls that bring none."""

    calls: Sequence[msgspec.Raw]
    sent_at: datetime | None
    context: msgspec.Raw


_batch = msgspec.json.Decoder(_Body)
_any_call = msgspec.json.Decoder(AnyCall)
_by_type = {name: msgspec.json.Decoder(struct) for name, struct in TYPES.items()}
_context: msgspec.json.Decoder[Context | None] = msgspec.json.Decoder(Context | None)
_TIMES = ("timestamp", "originalTimestamp", "sentAt")


def read_batch(body: bytes) -> Batch:
    """The calls of a batch, unread. BadCall names what is wrong with the body as a whole."""
    try:
        plain = _batch.decode(body)
    except RecursionError:
        raise BadCall("batch", f"is nested too deep; at most {MAX_DEPTH} levels are allowed") from None
    except ValueError as error:
        raise _bad(error) from None
    return Batch(plain.batch, read_sent(plain.sentAt), plain.context)


def read_sent(text: str | None) -> datetime | None:
    """When a batch left its sender. BadCall where that is no time with a zone."""
    sent_at = None if text is None else _time(text, "sentAt")
    if sent_at is not None and sent_at.tzinfo is None:
        raise BadCall("sentAt", f"{text} has no time zone; add one, e.g. {text}Z")
    return sent_at


def read_call(raw: bytes | memoryview, kind: str | None = None) -> AnyCall:
    """One call, of the given type or of the type that it names. BadCall with the path of the wrong field."""
    if len(raw) > MAX_EVENT_BYTES:
        raise BadCall("", f"the call has {len(raw):,} bytes; at most {MAX_EVENT_BYTES:,} are allowed")
    text = bytes(raw)
    try:
        call = _by_type[kind].decode(text) if kind else _any_call.decode(text)
    except (ValueError, RecursionError) as error:
        call = _mended(text, kind, error)
    # Only what may be too deep is measured.
    if text.count(b"{") + text.count(b"[") > MAX_DEPTH or may_hold_nul(text):
        _look_through(_loaded(text))
    return call


def may_be_deep(part: bytes) -> bool:
    """Whether a part of a call may be nested deeper than the call may be: the number of brackets bounds the depth."""
    return part.count(b"{") + part.count(b"[") >= MAX_DEPTH


def may_hold_nul(text: bytes) -> bool:
    """Whether JSON may hold a NUL, which can only come as an escape."""
    return b"\\" in text and b"\\u0000" in text


def _mended(text: bytes, kind: str | None, error: Exception) -> AnyCall:
    """The call with its times read leniently (ISO 8601 in any form); BadCall where that does not help."""
    try:
        plain = msgspec.json.decode(text)
    except (ValueError, RecursionError) as second:  # msgspec's errors are ValueErrors
        with contextlib.suppress(ValueError, RecursionError):
            _look_through(_loaded(text))  # NaN, or a number out of range: say which
        raise _bad(second) from None
    if not isinstance(plain, dict):
        raise _bad(error)
    for name in _TIMES:
        if isinstance(plain.get(name), str):
            plain[name] = _time(plain[name], name)
    if kind is None and isinstance(plain.get("type"), str) and plain["type"] not in TYPES:
        raise BadCall("type", f"{_shown(plain['type'])} is not a call; there are {', '.join(TYPES)}")
    try:
        again = msgspec.json.encode(plain)
        return _by_type[kind].decode(again) if kind else _any_call.decode(again)
    except ValueError as second:
        raise _bad(second) from None


def _time(text: str, name: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadCall(
            name, f"{_shown(text)} is not a time; write ISO 8601 with a zone, e.g. 2026-01-31T12:00:00.000Z"
        ) from None


def read_context(raw: bytes) -> Context | None:
    """The context of a call. BadCall with the path of the wrong field."""
    try:
        return _context.decode(raw)
    except (ValueError, RecursionError) as error:
        wrong = _bad(error)
        raise BadCall(".".join(filter(None, ("context", wrong.path))), wrong.reason) from None


_PLACE = re.compile(r" - at `\$\.?(.*)`\Z", re.DOTALL)


def _bad(error: Exception) -> BadCall:
    """msgspec's error with its place in front, in words for the sender."""
    if isinstance(error, UnicodeDecodeError):
        return BadCall("", f"the text is not UTF-8 ({error.reason}); send JSON in UTF-8")
    if isinstance(error, RecursionError):
        return BadCall("", f"is nested too deep; at most {MAX_DEPTH} levels are allowed")
    message = str(error)
    place = _PLACE.search(message)
    reason = message[: place.start()] if place else message
    missing = re.search(r"missing required field `(\w+)`", reason)
    path = place.group(1) if place else ""
    if missing:
        return BadCall(".".join(filter(None, (path, missing.group(1)))), "is missing")
    wrong = re.fullmatch(r"Expected `(.*)`, got `(.*)`", reason)
    if wrong:
        return BadCall(path, f"must be {_in_words(wrong.group(1))}, not {_in_words(wrong.group(2))}")
    return BadCall(path, reason if reason.startswith("JSON") else f"the JSON can't be read: {reason}")


_WORDS = {"str": "a text", "int": "a whole number", "float": "a number", "object": "an object", "array": "a list",
          "bool": "true or false", "datetime": "a time (ISO 8601 text)"}  # fmt: skip


def _in_words(types: str) -> str:
    """`str | null` -> "a text"; null alone stays, since every optional field may be null."""
    names = [name for name in types.split(" | ") if name != "null"] or ["null"]
    return " or ".join(_WORDS.get(name, name) for name in names)


def _loaded(text: bytes) -> Any:
    """The JSON as Python values, with numbers of thousands of digits as infinity, which no number in JSON may be."""
    return json.loads(text, parse_int=lambda digits: int(digits) if len(digits) < MAX_DIGITS else math.inf)


def _look_through(value: Any) -> None:
    """BadCall where a value holds a NUL, a number out of range or too many levels; names the exact place."""
    if _depth_over(value, MAX_DEPTH):
        raise BadCall("", f"is nested too deep; at most {MAX_DEPTH} levels are allowed")
    for path, leaf in _leaves(value, ""):
        if isinstance(leaf, str) and "\x00" in leaf:
            raise BadCall(path, "holds a NUL character; remove it")
        if isinstance(leaf, float) and not math.isfinite(leaf):
            raise BadCall(path, "is a number out of range")


def _depth_over(value: Any, limit: int) -> bool:
    """Level by level, because recursion is what a deep value attacks."""
    level = [value]
    for _ in range(limit + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            here = f"{path}.{name}" if path else name
            yield here.replace("\x00", "\\u0000"), name
            yield from _leaves(inner, here)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{number}]")
    else:
        yield path, value


def _shown(text: str) -> str:
    return repr(text[:80])
