"""The forms in which a text that somebody may have disguised is read.

Letters have many forms, some are not seen, marks stand upon them, signs between them; what is written around a number,
and which number it is, says nothing about what somebody wants. Each function gives the same text however it is hidden.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2b

from lianyi.insight.listening.grams import EMPTY, READ, plain

LONGEST, PIECES = 20_000, 8
COPY_LENGTH = 12
ROWS = re.compile(r"[\t-\r\x1c-\x1f\x85\u2028\u2029]")
LINKED = re.compile(r"(?:https?://|www\.)[!-~]+")
NUMBER = re.compile(r"(?<!0)0{2,5}(?!0)")
WIDE = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
GAP = re.compile(rf"(?<={WIDE}) | (?={WIDE})")
# Signs that nobody needs inside a word; and single letters that stand apart, one after another.
SIGNS = re.compile(r"(?<=[^\W_])[*_·•・|/\\~^#+=`'\"-]{1,3}(?=[^\W_])")
APART = re.compile(r"(?<![^\W_])[^\W_](?:[\W_]{1,3}[^\W_](?![^\W_]))+")
BETWEEN = re.compile(r"[\W_]+")
_UNSEEN = frozenset({"Mn", "Me", "Cf", "Cs"})


def fold(text: str) -> str:
    """One form of each letter, small, without what is not seen and without marks upon letters; rows become spaces. Of a
    very long text its beginning and its end."""
    text = EMPTY.sub("", ROWS.sub(" ", _ends(text)))
    if text.isascii():
        return text.lower().strip()
    parted = unicodedata.normalize("NFKD", text)
    bare = "".join(letter for letter in parted if unicodedata.category(letter) not in _UNSEEN)
    return _ends(unicodedata.normalize("NFKC", bare).lower()).strip()


def _ends(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST // 2] + text[-LONGEST // 2 :]


def joined(folded: str) -> str:
    """Without the signs and spaces by which a word is parted: 刷*单 and 刷 单 are 刷单; "brush, single" stays."""
    return APART.sub(lambda found: BETWEEN.sub("", found[0]), SIGNS.sub("", folded))


def bared(folded: str) -> str:
    """What is said and not how it is laid out: no addresses of pages, numbers of up to five digits as one 0, no spaces
    beside Chinese."""
    read = plain(LINKED.sub(" ", folded))[1:-1]
    return GAP.sub("", NUMBER.sub("0", read))


def pieces_of(folded: str) -> list[str]:
    """In pieces as long as a model reads; of a very long text some, both ends among them."""
    if len(folded) <= READ:
        return [folded]
    starts = range(0, len(folded), READ)
    step = (len(starts) - 1) / (PIECES - 1)
    kept = dict.fromkeys(starts[round(at * step)] for at in range(PIECES)) if len(starts) > PIECES else starts
    return [folded[start : start + READ] for start in kept]


def mark_of(text: str) -> str:
    """By which copies of a text are known, numbers and all; "" for one that is too short to be called a copy."""
    folded = fold(text)
    return "" if len(folded) < COPY_LENGTH else _digest(folded)


def shape_of(text: str) -> str:
    """By which texts are known that differ in numbers and layout alone; "" where nothing is left."""
    bare = bared(fold(text))
    return _digest(bare) if bare else ""


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
