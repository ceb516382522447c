"""A text as numbers: hashed runs of one to four characters, and pairs of characters with one left out between.

No dictionary and no segmentation: Chinese and Latin text alike (feature hashing: Weinberger et al. 2009, ICML).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Ints, Longs, kernel

BITS = 18
LONGEST = 4
# What is longer is cut: its beginning and its end say what it is.
READ = 400
EMPTY = re.compile(r"[\u0000-\u001f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\ufe00-\ufe0f]+")
DIGIT = re.compile(r"\d")
SPACE = re.compile(r"\s+")


@dataclass(frozen=True, kw_only=True)
class Grams:
    """Of text i: places[begin[i]:begin[i + 1]], rising and each once; a place is below 2 ** BITS."""

    begin: Longs
    places: Ints

    def __len__(self) -> int:
        return len(self.begin) - 1


def plain(text: str) -> str:
    """The text as it is read: one form of each letter (full-width ones and compatibility forms folded), small letters,
    each digit as 0, no invisible characters, single spaces, edges marked."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = SPACE.sub(" ", DIGIT.sub("0", EMPTY.sub(" ", text.lower()))).strip()
    if len(text) > READ:
        text = text[: READ // 2] + text[-READ // 2 :]
    return f"\x02{text}\x03"


def grams(texts: Sequence[str]) -> Grams:
    """The hashed grams of each text."""
    read = [plain(text) for text in texts]
    begin = np.zeros(len(read) + 1, dtype=np.int64)
    np.cumsum([len(text) for text in read], out=begin[1:])
    letters = np.frombuffer("".join(read).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    ends, places = _hashed(letters, begin)
    return Grams(begin=ends, places=places)


@kernel
def _hashed(letters: NDArray[np.uint32], begin: Longs) -> tuple[Longs, Ints]:
    shift = np.uint64(64 - BITS)
    mask = np.uint64(0x9E3779B97F4A7C15)
    found = np.empty(len(letters) * (LONGEST + 1), dtype=np.int32)
    ends = np.zeros(len(begin), dtype=np.int64)
    count = 0
    for text in range(len(begin) - 1):
        start = count
        last = begin[text + 1]
        for i in range(begin[text], last):
            value = np.uint64(0)
            for j in range(i, min(i + LONGEST, last)):
                value = (value ^ np.uint64(letters[j])) * mask
                value ^= value >> np.uint64(29)
                found[count] = np.int32((value * mask) >> shift)
                count += 1
            if i + 2 < last:
                value = (np.uint64(letters[i]) * mask ^ np.uint64(letters[i + 2])) * mask + np.uint64(1)
                value ^= value >> np.uint64(29)
                found[count] = np.int32((value * mask) >> shift)
                count += 1
        mine = np.sort(found[start:count])
        count = start
        for k in range(len(mine)):
            if k == 0 or mine[k] != mine[k - 1]:
                found[count] = mine[k]
                count += 1
        ends[text + 1] = count
    return ends, found[:count].copy()
