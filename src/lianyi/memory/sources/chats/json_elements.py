"""The messages of a JSON export one by one, however big the file is and wherever it is damaged.

Own code and not ijson: after a broken element ijson can't go on, and it gives no place in the file. Here the C scanner
of the standard library reads one element at a time out of a sliding window of text; only where it fails a tokenizer
looks for the end of the broken element.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

CHUNK = 1 << 20
# One element bigger than this is given up: it would not fit the memory that an import may use.
MAX_ELEMENT = 64 << 20
_SPACE = re.compile(r"[ \t\n\r\ufeff]*")
_SPACE_COMMA = re.compile(r"[ \t\n\r,]*")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]', re.DOTALL)
# Telegram Desktop writes control characters as \x0B, which no JSON parser takes; JSON says \u000B.
_HEX_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\x([0-9A-Fa-f]{2})")
_AFTER_NUMBER = frozenset(",]} \t\n\r:")
_DECODER = json.JSONDecoder(strict=False)


class Bytes(Protocol):
    """What is read from: a binary file or encoding.Utf8."""

    def read(self, size: int, /) -> bytes | None:
        """At most so many bytes; b"" at the end."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of the array of messages. `around`: the fields of the object that holds the array, read so far."""

    line: int
    number: int
    value: Any
    around: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Broken:
    """A place where the text is no JSON. `final`: nothing after it can be read."""

    line: int
    number: int
    text: str
    reason: str
    final: bool = False


class _End(Exception):
    """The file ends within a value."""


class _Told(Exception):
    """The file ends within a value, and that has been said."""


class Window:
    """A window of text that slides over a stream of UTF-8 bytes; knows the line number of its position."""

    def __init__(self, stream: Bytes, *, chunk: int = CHUNK) -> None:
        self._stream = stream
        self._chunk = chunk
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.text = ""
        self.at = 0
        self._counted = 0
        self._line = 1
        self._ended = False

    def more(self) -> bool:
        """Read on; False at the end of the file. Reads as much as is there, so that tries stay few."""
        if self._ended:
            return False
        self.line()
        if self.at:
            self.text = self.text[self.at :]
            self._counted = self.at = 0
        wanted = max(self._chunk, len(self.text))
        pieces = []
        while wanted > 0 and (data := self._stream.read(wanted)):
            pieces.append(self._decoder.decode(data))
            wanted -= len(data)
        self._ended = wanted > 0
        if self._ended:
            pieces.append(self._decoder.decode(b"", final=True))
        self.text += "".join(pieces)
        return True

    def line(self) -> int:
        """The number of the line at the window's position, from 1."""
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def peek(self, skip: re.Pattern[str] = _SPACE) -> str:
        """The next character that is no space, without taking it; empty at the end of the file."""
        while True:
            match = skip.match(self.text, self.at)
            self.at = match.end() if match else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def value(self) -> Any:
        """Take the next whole value. _End: the file ends within it. ValueError: it is broken; nothing is taken."""
        while True:
            try:
                result, end = _DECODER.raw_decode(self.text, self.at)
            except RecursionError:
                raise ValueError("is nested too deeply") from None
            except ValueError as error:
                # at the edge of the window every value looks broken, so read on before believing it
                if self._undecided(error) and self._grow():
                    continue
                if self._ended and self._open_ended():
                    raise _End from None
                raise
            # a number may go on in the next chunk
            if self._settled(result, end) or not self.more():
                self.at = end
                return result

    def _settled(self, result: Any, end: int) -> bool:
        if end >= len(self.text):
            return not isinstance(result, int | float)
        return not isinstance(result, int | float) or self.text[end] in _AFTER_NUMBER

    def _undecided(self, error: ValueError) -> bool:
        if self._ended:
            return False
        where = getattr(error, "pos", len(self.text))
        return where > len(self.text) - 16 or str(error).startswith("Unterminated string")

    def _grow(self) -> bool:
        if len(self.text) - self.at > MAX_ELEMENT:
            raise ValueError(f"is longer than {MAX_ELEMENT >> 20} MB")
        return self.more()

    def _open_ended(self) -> bool:
        """Whether the value at the position has no end in this text."""
        return self._end_of_value() is None

    def _end_of_value(self) -> int | None:
        depth = 0
        for match in _TOKEN.finditer(self.text, self.at):
            part = match.group()
            if part in "{[":
                depth += 1
            elif part in "}]":
                depth -= 1
                if depth < 0:
                    return match.start()
                if depth == 0:
                    return match.end()
            elif depth == 0:
                return match.start() if part == "," else match.end()
        return None

    def skip_value(self) -> str | None:
        """Take a broken value up to where it seems to end, and return its text; None where no end is found."""
        while (end := self._end_of_value()) is None or end == self.at:
            if end == self.at or len(self.text) - self.at > MAX_ELEMENT or not self.more():
                return None
        broken = self.text[self.at : end]
        self.at = end
        return broken


def elements(
    stream: Bytes, *, array: str, into: Collection[str] = (), chunk: int = CHUNK
) -> Iterator[Element | Broken]:
    """The elements of every array named `array`, in the order of the file; of the outermost where that is an array.

    `into` names the objects and arrays that may hold it (`chats` → `list` → an object → `messages`); everything else
    is read over as a whole and remembered in `around` where it is small. Broken elements are yielded as Broken and
    the next element follows; after a Broken with `final` nothing comes any more.
    """
    window = Window(stream, chunk=chunk)
    try:
        yield from _outermost(window, array, into)
        if window.peek():
            yield _broken(window, 0, "is not part of the JSON above; it was left out", final=True)
    except _Told:
        return
    except _End:
        yield _broken(window, 0, "is cut off: the file ends here", final=True)


def _outermost(window: Window, array: str, into: Collection[str]) -> Iterator[Element | Broken]:
    first = window.peek()
    if first == "{":
        yield from _object(window, array, into)
    elif first == "[":
        yield from _messages(window, {})
    elif first == "":
        raise _End
    else:
        yield _broken(window, 0, f"begins with {first!r}; a JSON export begins with {{ or [", final=True)
        window.at = len(window.text)


def _object(window: Window, array: str, into: Collection[str]) -> Iterator[Element | Broken]:
    """Walk through one object. Scalars of it are remembered as what is around the array."""
    window.at += 1
    around: dict[str, Any] = {}
    while (sign := window.peek(_SPACE_COMMA)) != "}":
        if sign == "":
            raise _End
        line = window.line()
        try:
            name = _name(window)
            sign = window.peek()
            if name == array and sign == "[":
                yield from _messages(window, around)
            elif name in into and sign == "{":
                yield from _object(window, array, into)
            elif name in into and sign == "[":
                yield from _objects(window, array, into)
            else:
                around[name] = window.value()
        except ValueError as error:
            shown = window.text[window.at : window.at + 200]
            lost = window.skip_value() is None
            yield Broken(line, 0, shown, f"can't be read as JSON: {error}", final=lost)
            if lost:
                raise _Told from None
    window.at += 1


def _name(window: Window) -> str:
    """Take the name of a field and its colon."""
    name = window.value()
    sign = window.peek()
    if sign == "":
        raise _End
    if not isinstance(name, str) or sign != ":":
        raise ValueError("is no name of a field")
    window.at += 1
    return name


def _objects(window: Window, array: str, into: Collection[str]) -> Iterator[Element | Broken]:
    window.at += 1
    while (sign := window.peek(_SPACE_COMMA)) != "]":
        if sign == "":
            raise _End
        if sign == "{":
            yield from _object(window, array, into)
        elif window.skip_value() is None:
            raise _End
    window.at += 1


def _messages(window: Window, around: Mapping[str, Any]) -> Iterator[Element | Broken]:
    window.at += 1
    number = 0
    while (sign := window.peek(_SPACE_COMMA)) != "]":
        number += 1
        if sign == "":
            raise _End
        line = window.line()
        try:
            value = window.value()
        except _End:
            yield _broken(window, number, "is cut off: the file ends within this message", final=True)
            raise _Told from None
        except ValueError as error:
            yield from _mended(window, around, line, number, str(error))
            continue
        yield Element(line, number, value, around)
    window.at += 1


def _mended(
    window: Window, around: Mapping[str, Any], line: int, number: int, reason: str
) -> Iterator[Element | Broken]:
    text = window.skip_value()
    if text is None:
        shown = window.text[window.at : window.at + 200]
        yield Broken(line, number, shown, f"can't be read as JSON: {reason}; nor can what follows", final=True)
        raise _Told
    if "\\x" in text:
        try:
            yield Element(line, number, _DECODER.decode(_HEX_ESCAPE.sub(r"\1\\u00\2", text)), around)
        except ValueError:
            pass
        else:
            return
    yield Broken(line, number, text[:200], f"can't be read as JSON: {reason}")


def _broken(window: Window, number: int, reason: str, *, final: bool) -> Broken:
    return Broken(window.line(), number, window.text[window.at : window.at + 200], reason, final)
