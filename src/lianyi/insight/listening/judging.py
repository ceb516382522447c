"""One message held to a group's rules as it arrives: advert, link of a newcomer, sensitive word, copy, flood.

An advert needs two witnesses: the shipped model, which reads what is said and not how it is laid out (folding.py), and
a sign of what an advert is for: a way to reach the seller, a price, a call, an offer (cues.py). A score alone is none:
it was learned from other places, where spaces before numbers were a habit of advertisers. What several members of long
standing say alike is the group's own talk, and is left to a person at most.

The model is moved by kept examples, texts that a person called noise or fine: for each in order, where the score of its
text lies on the wrong side or less than MARGIN on the right one, its grams are shifted by what is missing
(passive-aggressive updates: Crammer et al. 2006, JMLR 7), divided by their length, so that a text moves as far as it is
like the example.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lianyi.insight.kernels import Doubles
from lianyi.insight.listening.cues import CUES, with_cues
from lianyi.insight.listening.folding import COPY_LENGTH, bared, fold, joined, pieces_of
from lianyi.insight.listening.grams import Grams, grams
from lianyi.insight.listening.linear import WIDTH, chance, shipped
from lianyi.insight.listening.reading import ADVERT
from lianyi.insight.listening.words import Finder, Words, by_name

MARGIN = 1.0
# The score at which a text is called an advert.
EDGE = float(np.log(ADVERT / (1 - ADVERT)))
LINK = CUES[3]
# So many signs to ask a person, and to act without one; so many members who say the same make it talk.
ASK_SIGNS, ACT_SIGNS, CROWD = 1, 2, 3


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Chances from which an advert is acted on and asked about, for the one who speaks; messages of a flood; copies;
    whether links are allowed to them."""

    act_from: float
    ask_from: float
    flood: int
    copies: int
    links: bool


@dataclass(frozen=True, kw_only=True)
class Message:
    """text: all that readers see. dense: messages of the same person in this room within the minute that ends with it.
    copies: of the same text by them on the day before it. Both with this one. alike: other members of long standing who
    said the same but for numbers within the hour before."""

    text: str
    dense: int = 1
    copies: int = 1
    alike: int = 0
    limits: Limits


@dataclass(frozen=True, kw_only=True)
class Reason:
    """why: advert, link, sensitive, copied or flood. chance: of an advert alone. word: the list that was hit. sure:
    enough to act without a person."""

    why: str
    sure: bool
    chance: float | None = None
    word: str = ""


@dataclass(frozen=True, kw_only=True)
class Example:
    """A text that a person called noise or fine."""

    text: str
    noise: bool


@dataclass(frozen=True, kw_only=True)
class Advert:
    """chance: by the model and kept examples. signs: how many different cues its likeliest piece has; kept noise that
    it is like counts as one."""

    chance: float
    signs: int


class Filter:
    """Judges messages by the brand's words, the shipped model and kept examples, the oldest first."""

    def __init__(self, words: Words, examples: Sequence[Example] = ()) -> None:
        self._model = shipped()["advert"]
        self._moved = np.zeros(WIDTH)
        self._finder = Finder((fold(word), name) for word, name in by_name(words.sensitive))
        said = {fold(one.text): one.noise for one in examples}
        self._fine = {text for text, noise in said.items() if not noise}
        self._noise = {text for text, noise in said.items() if noise}
        self._learn(examples)

    def adverts(self, texts: Sequence[str]) -> list[Advert]:
        """Of each text its likeliest piece among those with a sign, else among all."""
        return self._adverts([fold(text) for text in texts])

    def _adverts(self, folded: Sequence[str]) -> list[Advert]:
        cut = [pieces_of(text) for text in folded]
        pieces = [piece for one in cut for piece in one]
        if not pieces:
            return []
        found = _found(pieces)
        moved = self._shift(found)
        chances = chance(self._model.scores(found) + moved)
        signs = [_signs(piece) for piece in pieces]
        signs = [count + int(shift >= MARGIN) for count, shift in zip(signs, moved, strict=True)]
        made, at = [], 0
        for one in cut:
            mine = range(at, at + len(one))
            best = max(mine, key=lambda place: (signs[place] >= ASK_SIGNS, chances[place], -place))
            made.append(Advert(chance=float(chances[best]), signs=signs[best]))
            at += len(one)
        return made

    def judge(self, messages: Sequence[Message]) -> list[list[Reason]]:
        """Per message what stands against it; [] = nothing."""
        folded = [fold(message.text) for message in messages]
        return [self._judge(*one) for one in zip(messages, folded, self._adverts(folded), strict=True)]

    def _judge(self, message: Message, folded: str, advert: Advert) -> list[Reason]:
        limits, reasons = message.limits, []
        if message.dense >= limits.flood:
            reasons.append(Reason(why="flood", sure=True))
        if folded in self._fine:  # a person said so, of this very text
            return reasons
        reasons += self._advert(message, folded, advert)
        if not limits.links and LINK.search(folded):
            reasons.append(Reason(why="link", sure=True))
        whole = self._finder.find(folded)
        hidden = whole or self._finder.find(joined(folded))
        if hidden:
            reasons.append(Reason(why="sensitive", word=hidden[0], sure=bool(whole)))
        if message.copies >= limits.copies and len(folded) >= COPY_LENGTH:
            reasons.append(Reason(why="copied", sure=True))
        return reasons

    def _advert(self, message: Message, folded: str, advert: Advert) -> list[Reason]:
        limits, known = message.limits, folded in self._noise
        crowd = message.alike >= CROWD
        ask_from = limits.act_from if crowd else limits.ask_from
        if not known and (advert.signs < (ACT_SIGNS if crowd else ASK_SIGNS) or advert.chance < ask_from):
            return []
        sure = not crowd and (known or (advert.signs >= ACT_SIGNS and advert.chance >= limits.act_from))
        return [Reason(why="advert", chance=advert.chance, sure=sure)]

    def _shift(self, found: Grams) -> Doubles:
        sizes = np.diff(found.begin)
        owner = np.repeat(np.arange(len(found)), sizes)
        moved = np.bincount(owner, weights=self._moved[found.places], minlength=len(found))
        made: Doubles = moved / np.sqrt(np.maximum(sizes, 1))
        return made

    def _learn(self, examples: Sequence[Example]) -> None:
        for one in examples:
            found = _found(pieces_of(fold(one.text)))
            side = 1.0 if one.noise else -1.0
            for piece in range(len(found)):
                mine = _one(found, piece)
                score = float(self._model.scores(mine)[0] + self._shift(mine)[0])
                missing = MARGIN - side * (score - EDGE)
                if missing > 0:
                    self._moved[mine.places] += side * missing / np.sqrt(max(len(mine.places), 1))


def _found(pieces: Sequence[str]) -> Grams:
    """What the model reads of each: grams of the bare text, cues of all of it."""
    return with_cues(grams([bared(piece) for piece in pieces]), pieces)


def _one(found: Grams, piece: int) -> Grams:
    begin, end = found.begin[piece], found.begin[piece + 1]
    return Grams(begin=np.array([0, end - begin], dtype=np.int64), places=found.places[begin:end])


def _signs(piece: str) -> int:
    return sum(1 for cue in CUES if cue.search(piece))
