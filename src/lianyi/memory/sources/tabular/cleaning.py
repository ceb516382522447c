"""Cells as exports write them, made plain: blanks, ="123", '138…, null and -- are not part of a value."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

NULL_WORDS = ("null", "--", "---", "\\n", "nan", "none", "n/a", "#n/a", "nil")
_VARIANTS = sorted(
    {"", *NULL_WORDS, *(w.upper() for w in NULL_WORDS), *(w.capitalize() for w in NULL_WORDS), "NaN", "\\N"}
)
_EMPTY = pa.array(_VARIANTS, pa.string())
# Not white space for Unicode, but invisible all the same: zero-width space and joiners, byte order mark.
_INVISIBLE = ("\u200b", "\ufeff", "\u2060")
_BLANKS = "".join(_INVISIBLE) + " \t\r\n\xa0\u3000"

# Unicode's white space (Arrow's utf8_trim_whitespace) and the invisible marks, as they begin and end in UTF-8.
_WHITE = "".join(map(chr, [*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029,
                           0x202F, 0x205F, 0x3000]))  # fmt: skip
_AROUND = [mark.encode() for mark in (*_WHITE, *_INVISIBLE)]
ASCII = 128
_LONGEST_WORD = max(map(len, _VARIANTS))


def _among(values: set[int]) -> npt.NDArray[np.bool_]:
    return np.isin(np.arange(256), list(values))


_MAY_START = _among({mark[0] for mark in _AROUND} | set(b"'="))
_MAY_END = _among({mark[-1] for mark in _AROUND})
# Half of all Chinese characters end in a byte that ends a mark too; the byte before tells nearly all of them apart.
_MAY_STAND_BEFORE = _among({mark[-2] for mark in _AROUND if len(mark) > 1})
_STARTS_WORD = _among({word.encode()[0] for word in _VARIANTS if word})


def cleaned(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text without blanks around it and without the marks that keep a spreadsheet from reading it; or NULL.

    Most columns of most files need nothing, so each cell's first and last byte are looked at, and only cells that
    these do not clear are cleaned.
    """
    return pa.chunked_array([_cleaned(chunk) for chunk in column.cast(pa.string()).chunks], pa.string())


def _cleaned(text: pa.StringArray) -> pa.StringArray:
    doubtful = _doubtful(text)
    if not doubtful.any():
        return text
    mask = pa.array(doubtful)
    return pc.replace_with_mask(text, mask, _plain(text.filter(mask)))


def _doubtful(text: pa.StringArray) -> npt.NDArray[np.bool_]:
    """Where a cell may need cleaning: by its first byte, its last, its length."""
    _valid, offsets, data = text.buffers()
    valid = text.is_valid().to_numpy(zero_copy_only=False)
    if data is None or not data.size:
        return np.asarray(valid)
    places = np.frombuffer(offsets, dtype=np.int32)[text.offset : text.offset + len(text) + 1]
    sizes = np.diff(places)
    octets = np.frombuffer(data, dtype=np.uint8)
    # At the edges of the data an empty or a short cell has no such byte; what stands there instead does no harm.
    first = octets[np.minimum(places[:-1], len(octets) - 1)]
    last = octets[np.maximum(places[1:] - 1, 0)]
    before = octets[np.maximum(places[1:] - 2, 0)]
    ends = _MAY_END[last] & ((last < ASCII) | _MAY_STAND_BEFORE[before])
    word = (sizes <= _LONGEST_WORD) & _STARTS_WORD[first]
    return np.asarray((_MAY_START[first] | ends | word | (sizes == 0)) & valid)


def _plain(text: pa.StringArray) -> pa.StringArray:
    trimmed = pc.utf8_trim_whitespace(text)
    if any(_any(pc.match_substring(trimmed, sign)) for sign in _INVISIBLE):
        trimmed = pc.utf8_trim(trimmed, characters=_BLANKS)
    marked = pc.or_(pc.starts_with(trimmed, "'"), pc.starts_with(trimmed, '="'))
    if _any(marked):
        plain = pc.replace_substring_regex(trimmed, pattern=r"""^(?:'?="(.*)"|'(.*))$""", replacement=r"\1\2")
        trimmed = pc.if_else(marked, pc.utf8_trim(plain, characters=_BLANKS), trimmed)
    return pc.if_else(pc.is_in(trimmed, value_set=_EMPTY), pa.scalar(None, pa.string()), trimmed)


def _any(mask: pa.BooleanArray) -> bool:
    return bool(pc.any(mask).as_py())
