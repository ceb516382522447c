"""An e-mail as bytes: headers that nobody can inject into, plain text with an HTML alternative.

Written by hand because the standard library's composer takes longer for a message than a server to accept it; a test
reads every kind of message back with the standard library's parser.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime

from lianyi.action.channels.contract import File
from lianyi.errors import InputError

LINE = 76
# RFC 5322 2.1.1: no line may be longer, without the line end.
LONGEST_LINE = 998
_FORBIDDEN = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
# These are ours to set.
OURS = frozenset({
    "from", "to", "cc", "bcc", "sender", "reply-to", "subject", "date", "message-id", "mime-version", "return-path",
    "received", "resent-to", "resent-from", "dkim-signature", "content-type", "content-transfer-encoding",
    "content-disposition",
})  # fmt: skip


def compose(
    *, sender: str, sender_name: str, to: str, subject: str, text: str, html: str, message_id: str, at: datetime,
    reply_to: str = "", headers: Mapping[str, str] | None = None, files: Sequence[File] = (),
) -> bytes:  # fmt: skip
    """The message with CRLF line ends. InputError names a header that can't be sent as it is."""
    lines = [
        f"From: {mailbox(sender, sender_name)}",
        f"To: {to}",
        header("Subject", subject),
        f"Date: {format_datetime(at)}",
        f"Message-ID: <{message_id}>",
    ]
    if reply_to:
        lines.append(f"Reply-To: {reply_to}")
    for name, value in (headers or {}).items():
        lines.append(_given(name, value))
    lines.append("MIME-Version: 1.0")
    for line in lines:
        if _FORBIDDEN.search(line.replace("\r\n ", "")):
            raise InputError(f"header {line.partition(':')[0]} holds a line break or control character; remove it")
    return "\r\n".join(lines).encode("ascii") + b"\r\n" + _whole(_body(text, html, message_id), files, message_id)


def mailbox(address: str, name: str) -> str:
    """An address with the name of who has it."""
    if not name:
        return address
    _refuse_breaks("From", name)
    if name.isascii():
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        if len(quoted) <= LINE - 10:
            return f'"{quoted}"\r\n <{address}>'
    return f"{_words(name)}\r\n <{address}>"


def header(name: str, value: str) -> str:
    """A header of free text."""
    _refuse_breaks(name, value)
    if value.isascii() and len(name) + 2 + len(value) <= LINE and "=?" not in value and value == value.strip():
        return f"{name}: {value}"
    return f"{name}: {_words(value)}"


def _given(name: str, value: str) -> str:
    """A header with a form of its own, like List-Unsubscribe: kept as it is, folded at spaces."""
    if not _NAME.match(name) or name.lower() in OURS:
        raise InputError(f"header {name[:60]!r} can't be set here")
    _refuse_breaks(name, value)
    if not value.isascii():
        return f"{name}: {_words(value)}"
    folded, line = [], f"{name}:"
    for word in value.split(" "):
        if len(line) + 1 + len(word) > LINE and line.strip() and line != f"{name}:":
            folded.append(line)
            line = ""
        line += f" {word}"
    folded.append(line)
    if max(map(len, folded)) > LONGEST_LINE:
        raise InputError(f"header {name} has a word of more than {LONGEST_LINE} characters; shorten it")
    return "\r\n".join(folded)


def _refuse_breaks(name: str, value: str) -> None:
    if _FORBIDDEN.search(value):
        raise InputError(f"header {name} holds a line break or control character; remove it")


def _words(text: str) -> str:
    """Encoded words of RFC 2047, each with whole characters, one a line."""
    words: list[str] = []
    chunk = b""
    for letter in text:
        raw = letter.encode("utf-8", "replace")
        if len(chunk) + len(raw) > 42:
            words.append(_word(chunk))
            chunk = b""
        chunk += raw
    words.append(_word(chunk))
    return "\r\n ".join(words)


def _word(raw: bytes) -> str:
    return f"=?utf-8?b?{binascii.b2a_base64(raw, newline=False).decode('ascii')}?="


def _whole(body: bytes, files: Sequence[File], message_id: str) -> bytes:
    """The body, and behind it the files."""
    if not files:
        return body
    boundary = b"=+" + message_id.partition("@")[0].encode("ascii")[:60]
    parts = (body, *(_file(one) for one in files))
    inside = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return (
        b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n\r\n' + inside + b"--" + boundary + b"--\r\n"
    )


def _file(file: File) -> bytes:
    for name, value in (("file name", file.name), ("media type", file.kind)):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/+-]*", value):
            raise InputError(f"{name} {value[:60]!r} can't stand in a mail; use letters, digits, points and -")
    head = (
        f'Content-Type: {file.kind}; charset=utf-8\r\nContent-Disposition: attachment; filename="{file.name}"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode("ascii") + _base64(file.body)


def _body(text: str, html: str, message_id: str) -> bytes:
    if not html:
        return _part("text/plain", text)
    boundary = b"=_" + message_id.partition("@")[0].encode("ascii")[:60]  # "=_" can stand in neither encoding
    return b"".join((
        b'Content-Type: multipart/alternative; boundary="', boundary, b'"\r\n\r\n--', boundary, b"\r\n",
        _part("text/plain", text), b"\r\n--", boundary, b"\r\n", _part("text/html", html),
        b"\r\n--", boundary, b"--\r\n",
    ))  # fmt: skip


def _part(kind: str, text: str) -> bytes:
    raw = "\r\n".join(text.splitlines()).encode("utf-8", "replace") + b"\r\n"
    if raw.isascii() and max(map(len, raw.split(b"\r\n"))) <= LONGEST_LINE - 20 and b"\x00" not in raw:
        how, body = b"7bit", raw
    else:
        how, body = b"base64", _base64(raw)
    return b"Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n%s" % (kind.encode(), how, body)


def _base64(raw: bytes) -> bytes:
    lines = [binascii.b2a_base64(raw[start : start + 57], newline=False) for start in range(0, len(raw), 57)]
    return b"\r\n".join(lines) + b"\r\n"
