"""The page snippet: s.js, squeezed and packed once."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lianyi.doors.collector.answers import Answer

FILE = Path(__file__).with_name("s.js")


@dataclass(frozen=True)
class Script:
    """What is served: the script, the same packed, and its tag."""

    plain: bytes
    packed: bytes
    tag: bytes


@cache
def script() -> Script:
    """The script without comments and indentation; its statements do not depend on line ends."""
    text = re.sub(r"/\*.*?\*/", "", FILE.read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = [line.strip() for line in text.splitlines()]
    plain = "\n".join(filter(None, lines))
    plain = re.sub(r"([;{},])\n", r"\1", plain)
    plain = re.sub(r" ?(===|!==|==|!=|\|\||&&|<<|[=?:+<>]) ", r"\1", plain).replace(") {", "){").replace(", ", ",")
    body = plain.encode()
    return Script(body, gzip.compress(body, mtime=0), b'"' + hashlib.sha256(body).hexdigest()[:16].encode() + b'"')


def answer(headers: dict[bytes, bytes]) -> Answer:
    """The script, or 304 where the browser has it already."""
    found = script()
    kept = (
        (b"etag", found.tag),
        (b"cache-control", b"public, max-age=3600"),
        (b"content-type", b"text/javascript; charset=utf-8"),
        (b"access-control-allow-origin", b"*"),
        (b"vary", b"accept-encoding"),
    )
    if headers.get(b"if-none-match") == found.tag:
        return Answer(304, kept)
    if b"gzip" in headers.get(b"accept-encoding", b""):
        return Answer(200, (*kept, (b"content-encoding", b"gzip")), found.packed)
    return Answer(200, kept, found.plain)
