"""Text of a chat file: opened in its encoding, line by line, freed of characters that the log can't hold."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import TextIO

from lianyi.memory.sources.encoding import BROKEN, Utf8, detect
from lianyi.memory.sources.source import Options, Reject

# A line longer than this is no chat line; it comes in pieces, so that a file without line ends can't fill the memory.
MAX_LINE = 4 << 20
_COPY_NUMBER = re.compile(r"\s*[(（]\d{1,3}[)）]\Z")
_BAD = re.compile(f"[\ud800-\udfff{BROKEN}\x00]")


def opened(path: Path, options: Options) -> Utf8 | Reject:
    """The file as UTF-8 bytes; a reject where it is no text."""
    encoding = detect(path, given=options.encoding)
    if encoding is None:
        return Reject(line=1, column="", value="", reason="the file is binary, no text; export the chat as text again")
    return encoding.open(path)


def as_text(stream: Utf8) -> TextIO:
    """The stream as text with its line ends kept."""
    return io.TextIOWrapper(io.BufferedReader(stream, 1 << 20), encoding="utf-8", newline="")


def lines(text: TextIO) -> Iterator[tuple[int, str]]:
    """(number from 1, line with its end) for every line; over-long lines come in pieces of one number."""
    number = 0
    unfinished = False
    while line := text.readline(MAX_LINE):
        if not unfinished:
            number += 1
        unfinished = not line.endswith(("\n", "\r"))
        yield number, line


def clean(text: str) -> str:
    """The text without what the log can't hold: half emoji and undecodable bytes become U+FFFD, NUL goes."""
    if text.isascii():
        return text.replace("\x00", "") if "\x00" in text else text
    if _BAD.search(text) is None:
        return text
    # halves of one character that JSON escapes wrote apart belong together
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\x00", "").replace(BROKEN, "\ufffd")


def stem(name: str) -> str:
    """A file's name without folder, ending and the number of a copy: `产品群 (1).csv` -> `产品群`."""
    path = PurePath(name)
    return _COPY_NUMBER.sub("", path.stem).strip() or path.name


def file_stem(path: Path, options: Options) -> str:
    """The stem of the file's own name (inside an archive, too)."""
    return stem(options.file_name or path.name)
