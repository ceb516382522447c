"""What people say: sentences composed column-wise from our own grammar, by intent, topic and language."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lianyi.world import talk_en, talk_zh
from lianyi.world.brand import Brand
from lianyi.world.rhythm import FESTIVALS, FESTIVALS_ZH
from lianyi.world.rows import join, take
from lianyi.world.settings import Bools, Ints

INTENTS = tuple(talk_zh.CORES)
SLOT = re.compile(r"\{([pcnfh])\}")
NO_OPENING = {"agree", "thanks", "checkin", "chain", "chain_entry", "service", "advert", "review_good", "review_bad"}


def intent(name: str) -> int:
    """The number of an intent."""
    return INTENTS.index(name)


class Grammar:
    """All cores of one brand, with goods, categories, festivals and hot topics filled in, as one Arrow pool.

    The pool is cut by language × intent × topic; a draw picks a core there and puts opening and ending around it.
    {n} stays open in the pool and is filled with a number per sentence.
    """

    def __init__(self, brand: Brand) -> None:
        self.topics = len(brand.categories)
        texts: list[str] = []
        self.begin = np.zeros((2, len(INTENTS), self.topics), dtype=np.int64)
        self.size = np.zeros_like(self.begin)
        for language, words in enumerate((talk_zh, talk_en)):
            for number, name in enumerate(INTENTS):
                for topic in range(self.topics):
                    cores = [line for core in words.CORES[name] for line in _filled(core, brand, topic, language)]
                    self.begin[language, number, topic], self.size[language, number, topic] = len(texts), len(cores)
                    texts += cores
        self.pool = pa.array(texts)
        self.ends = (_affixes(talk_zh.OPENINGS, talk_zh.ENDINGS), _affixes(talk_en.OPENINGS, talk_en.ENDINGS))
        self.plain = np.array([name in NO_OPENING for name in INTENTS])

    def say(
        self, dice: np.random.Generator, intents: Ints, topic: Ints, english: Bools, *, number: Ints | None = None
    ) -> pa.Array:
        """A sentence per row. `topic` out of range (no goods) is taken as any topic."""
        count = len(intents)
        language = english.astype(np.int64)
        topic = np.where((topic >= 0) & (topic < self.topics), topic, dice.integers(0, self.topics, count))
        spot = (language, intents, topic)
        core = take(self.pool, self.begin[spot] + (dice.random(count) * self.size[spot]).astype(np.int64))
        numbers = join(dice.integers(1, 100, count) if number is None else number)
        core = _numbered(core, numbers)
        whole = [self._around(dice, core, intents, texts) for texts in self.ends]
        return pc.if_else(pa.array(english), whole[1], whole[0])

    def _around(
        self, dice: np.random.Generator, core: pa.Array, intents: Ints, texts: tuple[pa.Array, pa.Array]
    ) -> pa.Array:
        openings, endings = texts
        first = np.where(self.plain[intents], 0, dice.integers(0, len(openings), len(core)))
        last = dice.integers(0, len(endings), len(core))
        return join(take(openings, first), core, take(endings, last))


def _affixes(openings: tuple[str, ...], endings: tuple[str, ...]) -> tuple[pa.Array, pa.Array]:
    return pa.array(openings), pa.array(endings)


def _filled(core: str, brand: Brand, topic: int, language: int) -> list[str]:
    """The core with every filling of its slots; {n} becomes a NUL-free mark that `_numbered` replaces."""
    category = brand.categories[topic]
    fillings = {
        "c": [category.en.lower() if language else category.zh],
        "p": [product.en if language else product.zh for product in category.products],
        "f": [talk_en.FESTIVALS[name] if language else FESTIVALS_ZH[name] for name in FESTIVALS],
        "h": list(talk_en.HOT if language else talk_zh.HOT),
        "n": ["#n#"],
    }
    lines = [core]
    for slot in dict.fromkeys(SLOT.findall(core)):
        lines = [line.replace("{" + slot + "}", filling) for line in lines for filling in fillings[slot]]
    return lines


def _numbered(core: pa.Array, numbers: pa.Array) -> pa.Array:
    """The mark #n# replaced by the row's number; only rows that have one are touched."""
    marked = pc.match_substring(core, "#n#")
    if not pc.any(marked).as_py():
        return core
    halves = pc.split_pattern(pc.filter(core, marked), "#n#", max_splits=1)
    filled = join(pc.list_element(halves, 0), pc.filter(numbers, marked), pc.list_element(halves, 1))
    return pc.replace_with_mask(core, marked, filled)
