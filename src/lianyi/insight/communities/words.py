"""What people say, cut into words without a dictionary: Latin words, and runs of 2 to 6 Chinese characters.

Runs that only occur inside of a longer one with as many people saying it are left out afterwards (`maximal`), which is
what finds words in Chinese where no dictionary is at hand (accessor variety in its simplest form).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

CHINESE = re.compile(r"[\u3400-\u9fff]+")
LATIN = re.compile(r"[a-z][a-z'-]{2,24}")
VOWEL = re.compile(r"[aeiouy]")
SHORTEST, LONGEST = 2, 6
# Words that say nothing of what a community is about; Chinese ones as characters with which no telling word begins or
# ends.
PLAIN = frozenset(
    (
        "the",
        "and",
        "for",
        "you",
        "that",
        "this",
        "with",
        "are",
        "was",
        "have",
        "not",
        "but",
        "can",
        "all",
        "just",
        "any",
        "one",
        "what",
        "how",
        "who",
        "when",
        "where",
        "why",
        "from",
        "they",
        "them",
        "there",
        "here",
        "too",
        "very",
        "much",
        "more",
        "some",
        "will",
        "would",
        "could",
        "should",
        "has",
        "had",
        "did",
        "does",
        "don",
        "its",
        "it's",
        "i'm",
        "your",
        "our",
        "his",
        "her",
        "she",
        "him",
        "out",
        "get",
        "got",
        "let",
        "like",
        "thanks",
        "thank",
        "please",
        "yes",
        "okay",
        "been",
        "about",
        "into",
        "than",
        "then",
        "also",
        "only",
    )
)
LOOSE = frozenset(
    "的了吗呢吧啊呀嘛哦我你他她它们是在有和就都也不没很还这那个么什怎一与及被把给让对从到说要会能可想看来去"
    "请谢哈嗯好上下里多少为再太真吃用买"
)


def words_of(text: str) -> Iterator[str]:
    """Each different word of a text once."""
    seen: set[str] = set()
    lower = text.lower()
    for match in LATIN.finditer(lower):
        if match[0] not in PLAIN and VOWEL.search(match[0]):  # hhh is no word
            seen.add(match[0])
    for run in CHINESE.findall(text):
        for length in range(SHORTEST, LONGEST + 1):
            for start in range(len(run) - length + 1):
                word = run[start : start + length]
                if word[0] not in LOOSE and word[-1] not in LOOSE:
                    seen.add(word)
    yield from seen


def maximal(counts: Mapping[str, int]) -> set[str]:
    """The words that are not merely a piece of a longer one: no longer one has at least four fifths of their count."""
    covered: set[str] = set()
    for word, count in counts.items():
        if len(word) > SHORTEST and not word.isascii():
            for piece in (word[:-1], word[1:]):
                if counts.get(piece, 0) * 0.8 <= count:
                    covered.add(piece)
    return set(counts) - covered
