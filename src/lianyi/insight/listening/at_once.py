"""A few messages read by themselves as they come, before a refresh reads all: questions, complaints, sensitive words.

The same words and models as tables `reply_links` (questions) and `complaints`, without what only a refresh knows: the
names of goods, which have no tone, and words that rise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lianyi.insight.conversations.talk import CUES
from lianyi.insight.listening.heard import complains, meant
from lianyi.insight.listening.reading import ADVERT, read
from lianyi.insight.listening.words import Words


@dataclass(frozen=True, kw_only=True)
class Said:
    """What one message is. sensitive: the first of the brand's lists with a word in it, "" = none."""

    question: bool
    complaint: bool
    sensitive: str


def judge(texts: Sequence[str], words: Words) -> list[Said]:
    """One of them for each text. An advert asks and complains of nothing."""
    if not texts:
        return []
    about, worded, sensitive = meant(texts, words, ())
    reading = read([text.lower() for text in texts])
    complaint = complains(reading, about, worded)
    return [
        Said(
            question=bool(CUES["question"].search(text.lower())) and reading.advert[at] < ADVERT,
            complaint=bool(complaint[at]), sensitive=sensitive[at] or "",
        )
        for at, text in enumerate(texts)
    ]  # fmt: skip
