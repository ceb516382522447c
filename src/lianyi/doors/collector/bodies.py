"""Reading a request's body within its limits, unpacked where it came packed."""

from __future__ import annotations

import zlib

from lianyi.doors.collector.answers import Receive, Refused

GZIP = 16 + zlib.MAX_WBITS
CLOSE = ((b"connection", b"close"),)


class HungUp(Exception):
    """The sender went away before the body was complete; there is nobody to answer."""


async def read_body(headers: dict[bytes, bytes], receive: Receive, *, limit: int) -> bytes:
    """The whole body; Refused where it is too large or can't be unpacked. limit 0: none."""
    declared = headers.get(b"content-length", b"")
    if limit and declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    message = await receive()
    if message["type"] == "http.disconnect":
        raise HungUp
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        body = await _rest(body, receive, limit)
    if limit and len(body) > limit:
        raise _too_large(limit)
    return _unpacked(body, headers.get(b"content-encoding", b"").strip().lower(), limit)


async def _rest(first: bytes, receive: Receive, limit: int) -> bytes:
    parts, size, more = [first], len(first), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HungUp
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if limit and size > limit:
            raise _too_large(limit)
        more = message.get("more_body", False)
    return b"".join(parts)


def _unpacked(body: bytes, encoding: bytes, limit: int) -> bytes:
    if encoding in {b"", b"identity"}:
        return body
    if encoding != b"gzip":
        raise Refused(
            415,
            "bad_encoding",
            f"content-encoding: {encoding[:40].decode('latin-1')!r} is not known; send gzip or none",
        )
    unpacker = zlib.decompressobj(GZIP)
    try:
        # One byte more than allowed is enough to know; a bomb is never unpacked any further.
        plain = unpacker.decompress(body, limit + 1 if limit else 0)
    except zlib.error as error:
        raise Refused(400, "bad_gzip", f"body: is not gzip as content-encoding says ({error})") from None
    if limit and len(plain) > limit:
        raise _too_large(limit)
    if not unpacker.eof:
        raise Refused(400, "bad_gzip", "body: the gzip data is cut off; send it again")
    if unpacker.unused_data:
        raise Refused(400, "bad_gzip", "body: more data follows the gzip data; send one gzip member")
    return plain


def _too_large(limit: int) -> Refused:
    # The rest of the body is not read, so the connection can't be used any further.
    return Refused(413, "too_large", f"body: is larger than {limit:,} bytes; send fewer events at once", headers=CLOSE)
