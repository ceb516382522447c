"""Which encoding a text file has, and how to read it as UTF-8 without holding it in memory."""

from __future__ import annotations

import codecs
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lianyi.errors import InputError

CHUNK = 1 << 20
# Stands where bytes could not be decoded. A noncharacter: no honest text holds it, unlike U+FFFD, which people's
# exports do hold from earlier accidents.
BROKEN = "\ufdd0"
BROKEN_BYTES = BROKEN.encode()

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# The starts of well-known binary files; none of them is text in any encoding.
_BINARY = (
    b"PK\x03\x04",
    b"PAR1",
    b"\x1f\x8b",
    b"\xd0\xcf\x11\xe0",
    b"%PDF",
    b"\x89PNG",
    b"SQLite format 3",
    b"BZh",
    b"7z\xbc\xaf",
    b"Rar!",
)
_SPECIAL = re.compile(rb"[\x80-\xff]")
# So many bytes after the first special one tell enough.
JUDGED = 200_000
# Ways to write single names or source code; no file is written in them.
_NO_FILES = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"})
_LIKELY = ("gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp1252", "cp1251", "cp1250")


def _mark_broken(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    # One byte at a time: what follows a broken byte may be whole again.
    return BROKEN, error.start + 1


codecs.register_error("lianyi-broken", _mark_broken)


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """A codec by Python's name (`utf-8-sig`: UTF-8 with or without mark) and why it was taken."""

    name: str
    why: str

    def text(self, data: bytes) -> str:
        """The bytes as text; BROKEN where they are not of this encoding. A cut character at the end is left out."""
        decoder = codecs.getincrementaldecoder(self.name)("lianyi-broken")
        return decoder.decode(data, final=False).removeprefix("\ufeff")

    def open(self, path: Path) -> Utf8:
        """The file as UTF-8 bytes, decoded as they are read."""
        return Utf8(path.open("rb"), self.name)


class Utf8(io.RawIOBase):
    """A binary stream of UTF-8 over a file of another encoding. `position` counts the bytes read from the file."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)("lianyi-broken")
        self._utf8 = encoding in {"utf-8", "utf-8-sig"}
        self._rest = b""
        self._ended = False
        self._first = True
        self.position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer as far as there is something; 0 at the end."""
        while not self._rest and not self._ended:
            self._rest = self._next()
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def chunk(self) -> bytes:
        """The next piece, of about a megabyte; b"" at the end."""
        while not self._rest and not self._ended:
            self._rest = self._next()
        piece, self._rest = self._rest, b""
        return piece

    def close(self) -> None:
        self._file.close()
        super().close()

    def _next(self) -> bytes:
        data = self._file.read(CHUNK)
        self.position += len(data)
        self._ended = not data
        if self._utf8 and data.isascii() and not self._decoder.getstate()[0]:
            self._first = False
            return data
        text = self._decoder.decode(data, final=self._ended)
        if self._first and text:
            text = text.removeprefix("\ufeff")
            self._first = False
        # a lone surrogate (possible in UTF-16 and GB18030 files) has no UTF-8 form
        return text.encode("utf-8", "surrogatepass") if not _has_surrogate(text) else _without_surrogates(text)


def _has_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _without_surrogates(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "lianyi-broken").encode()


def detect(path: Path, *, given: str | None = None) -> Encoding | None:
    """The encoding of a text file, from its mark or its bytes; None where it is binary.

    A file that starts in ASCII is read on until something else comes (or its end). GB18030 covers GBK and GB2312.
    InputError where `given` is no codec of texts.
    """
    if given is not None:
        return _given(given)
    with path.open("rb") as file:
        data = file.read(CHUNK)
        if data.startswith(_BINARY):
            return None
        for mark, name in _MARKS:
            if data.startswith(mark):
                return Encoding(name=name, why=f"starts with the mark of {name.removesuffix('-sig').upper()}")
        wide = _wide(data)
        if wide:
            return wide
        while data.isascii():
            more = file.read(CHUNK)
            if not more:
                return Encoding(name="utf-8-sig", why="holds ASCII only")
            # keep the line's end before the first special byte: decoders need whole characters
            data = more
        data += file.read(CHUNK)
    if data[:4096].count(0) > 64:
        return None
    return _narrow(data)


def check_encoding(name: str) -> None:
    """InputError where a name is no codec, or one that is not of texts (zlib, base64)."""
    _given(name)


def _given(name: str) -> Encoding:
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError):
        codec = None
    # Python marks codecs that make bytes of bytes (zlib, base64); `open` asks the same private word
    if codec is None or not getattr(codec, "_is_text_encoding", True) or codec.name in _NO_FILES:
        raise InputError(
            f"no encoding {name[:60]!r}; write utf-8, gb18030, utf-16, big5, shift_jis or another of texts"
        )
    known = codec.name
    wanted = {"utf-8": "utf-8-sig", "gbk": "gb18030", "gb2312": "gb18030"}
    return Encoding(name=wanted.get(known, known), why="given by the user")


def _wide(data: bytes) -> Encoding | None:
    """UTF-16 without a mark: the high byte of its blanks, commas and line ends is zero."""
    head = data[:4096]
    for high, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        signs = [a for a, b in zip(head[high::2], head[1 - high :: 2], strict=False) if b in b' ,\t\n"']
        if len(signs) > 1 and signs.count(0) > 0.95 * len(signs):
            return Encoding(name=name, why="the high byte of its signs is zero")
    return None


def _narrow(data: bytes) -> Encoding | None:
    """UTF-8, GB18030 or what charset-normalizer finds, for bytes that are not all ASCII."""
    special = _SPECIAL.search(data)
    data = data[special.start() if special else 0 :][:JUDGED]
    utf8_errors, utf8_letters = _score(data, "utf-8")
    # text of another encoding read as UTF-8 is nearly all errors
    if utf8_errors == 0 or utf8_errors * 2 < utf8_letters:
        return Encoding(name="utf-8-sig", why="its bytes are valid UTF-8" if not utf8_errors else "most of it is UTF-8")
    gb_errors, gb_letters = _score(data, "gb18030")
    if gb_letters and gb_errors * 20 <= gb_letters and _common_chinese(data) > 0.7:
        return Encoding(name="gb18030", why="its bytes are common Chinese characters in GB18030/GBK")
    from charset_normalizer import from_bytes

    # without the isolation, short texts become codecs that nobody has used for thirty years
    best = from_bytes(data[: 64 * 1024], cp_isolation=[*_LIKELY]).best()
    if best is None:
        return None if data[:4096].count(0) else Encoding(name="gb18030", why="nothing else fits")
    if best.encoding in {"gb18030", "gbk", "gb2312"}:
        return Encoding(name="gb18030", why="the spread of its bytes")
    return Encoding(name=best.encoding, why="the spread of its bytes")


def _score(data: bytes, encoding: str) -> tuple[int, int]:
    """How many places do not decode, and how many characters beyond ASCII do."""
    text = codecs.getincrementaldecoder(encoding)("lianyi-broken").decode(data, final=False)
    errors = text.count(BROKEN)
    return errors, sum(1 for letter in text if letter > "\x7f") - errors


def _common_chinese(data: bytes) -> float:
    """Share of the two-byte characters that stand in the common part of GB2312 (level 1, punctuation, full width)."""
    common = pairs = 0
    place = 0
    limit = len(data) - 1
    while place < limit:
        byte = data[place]
        if byte < 0x80:
            place += 1
            continue
        pairs += 1
        common += (0xA1 <= byte <= 0xA3 or 0xB0 <= byte <= 0xD7) and data[place + 1] >= 0xA1
        place += 2
    return common / pairs if pairs else 0.0
