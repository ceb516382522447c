"""What was said in one room, as arrays: who, when, who is named, words and cues; the ground of links and threads.

Nothing here knows a language: words are Latin words and pairs of Chinese characters, weighed by how rare they are in
the room itself. The five cues (question, thanks, greeting, yes or no, link) know English and Chinese, and are hints
among many.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Floats, Ints, Longs

WORD = re.compile(r"[a-z0-9_\-]+|[\u3400-\u9fff]+")
NICK = re.compile(r"[\w\-\[\]\\`^{}|]+")
CUES: Mapping[str, re.Pattern[str]] = {
    "question": re.compile(
        r"[?？吗呢]|请问|怎么|什么|多少|哪|有没有|能不能|^(?:how|what|where|why|which|who|is|are|does|do|can|anyone|any)\b"
    ),
    "thanks": re.compile(r"\b(?:thanks?|thx|ty|cheers|tnx)\b|谢|多谢|感谢"),
    "greeting": re.compile(r"^(?:hi|hello|hey|re|hiya|morning)\b|^大家好|^哈喽|^早|^晚上好|报到"),
    "yes": re.compile(
        r"^(?:yes|yeah|yep|no|nope|ok|okay|right|sure|ah|oh|hm+|true|exactly|not|lol|haha)\b|^[好是对嗯可不哈哦]"
    ),
    "link": re.compile(r"https?://|www\."),
}
# A room is read in pieces of so many messages, each with what was said shortly before and after it: links of a piece
# that is complete never change when more is said later.
PIECE, BEFORE, AFTER = 2_000, 400, 60
COMMON = 60  # a word said so often in a piece names nobody, though somebody may be called so


@dataclass(frozen=True, kw_only=True)
class Talk:
    """Messages of one room in order of time. minute: whole minutes since 1970. author: a number per speaker.
    named: for message i, named[named_at[i]:named_at[i + 1]] are the speakers whom it names, in the order of naming.
    words: likewise its different words as numbers, rising. rare: per word, how much it tells (log of messages by
    messages with it). cues: messages × CUES, 0 or 1. length: words of the message.
    """

    minute: Longs
    author: Ints
    named_at: Longs
    named: Ints
    words_at: Longs
    words: Ints
    rare: Floats
    cues: Floats
    length: Floats

    def __len__(self) -> int:
        return len(self.minute)


def read(
    micros: Sequence[int] | Longs,
    author: Sequence[int] | Ints,
    texts: Sequence[str],
    *,
    names: Mapping[str, int],
    told: Sequence[Sequence[int]] | None = None,
) -> Talk:
    """The arrays of one piece. names: what speakers are called (small letters) -> author. told: speakers whom the
    platform itself says are named, per message, beside those found in the text."""
    lower = [text.lower() for text in texts]
    words = [list(split(text)) for text in lower]
    often = Counter(word for one in words for word in set(one))
    number = {word: place for place, word in enumerate(often)}
    named = [
        _named(text, one, names, often, told[place] if told else ())
        for place, (text, one) in enumerate(zip(lower, author, strict=True))
    ]
    count = len(texts)
    rare = np.log(max(count, 1) / (1 + np.array(list(often.values()), dtype=np.float32)))
    found = [[bool(cue.search(text)) for cue in CUES.values()] for text in lower]
    named_at, by_name = _ragged(named)
    words_at, by_word = _ragged([sorted(number[word] for word in set(one)) for one in words])
    return Talk(
        minute=np.asarray(micros, dtype=np.int64) // 60_000_000,
        author=np.asarray(author, dtype=np.int32),
        named_at=named_at,
        named=by_name,
        words_at=words_at,
        words=by_word,
        rare=np.maximum(rare, 0).astype(np.float32),
        cues=np.array(found, dtype=np.float32).reshape(count, len(CUES)),
        length=np.array([len(one) for one in words], dtype=np.float32),
    )


def split(text: str) -> Iterable[str]:
    """Words of a text in small letters: Latin words, and each two neighbouring Chinese characters."""
    for found in WORD.findall(text):
        if found[0] < "\u3400" or len(found) == 1:
            yield found
        else:
            for place in range(len(found) - 1):
                yield found[place : place + 2]


def _named(text: str, author: int, names: Mapping[str, int], often: Counter[str], told: Sequence[int]) -> list[int]:
    """Speakers named: those that the platform tells, a name at the start or after @, and elsewhere names that are no
    common word. Nobody names himself."""
    found = list(told)
    for place, match in enumerate(NICK.finditer(text)):
        other = names.get(match[0])
        if other is None or len(match[0]) < 2:
            continue
        marked = place == 0 or text[max(match.start() - 1, 0)] == "@"
        if marked or (len(match[0]) > 2 and often[match[0]] < COMMON):
            found.append(other)
    return [other for other in dict.fromkeys(found) if other != author]


def _ragged(rows: Sequence[Sequence[int]]) -> tuple[Longs, NDArray[np.int32]]:
    begin = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in rows], out=begin[1:])
    return begin, np.array([value for row in rows for value in row], dtype=np.int32)
