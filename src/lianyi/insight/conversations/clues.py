"""First look: which earlier messages a message may answer, and what speaks for each of them.

A message may answer one of the WINDOW before it, or open something new (then it is its own candidate, the last one of
its list). Of these only those are kept for which anything speaks: near, by somebody named, naming the speaker, his
own, rare words in common. The features follow Kummerfeld et al. 2019 (ACL, section 5.2) and add what comes after the
message: who names whom next tells who was meant.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lianyi.insight.conversations.talk import Talk
from lianyi.insight.kernels import Floats, Ints, Longs, inlined, kernel

WINDOW, HABIT, AHEAD = 100, 400, 60
NEAR, LATEST, ALIKE = 10, 3, 0.25
FAR = 999.0
FEATURES = 62


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """For message `first` + k the rows begin[k]:begin[k + 1]: `earlier` is the place of the earlier message (itself:
    opens something new, always the last), x the features."""

    first: int
    begin: Longs
    earlier: Longs
    x: Floats


def candidates(talk: Talk, first: int, last: int) -> Candidates:
    """The candidates of the messages from `first` up to `last`, the latter not in it."""
    chains = _chains(talk.author, talk.named_at, talk.named)
    begin, earlier, x = _look(
        talk.minute, talk.author, talk.named_at, talk.named, talk.words_at, talk.words, talk.rare, talk.cues,
        talk.length, *chains, first, last,
    )  # fmt: skip
    return Candidates(first=first, begin=begin, earlier=earlier, x=x)


@kernel
def _chains(author: Ints, named_at: Longs, named: Ints) -> tuple[Longs, Longs, Longs]:
    """Per message: the speaker's message before it (-1), the one after it (far away), and who is named first (-1)."""
    count = len(author)
    people = 1
    for i in range(count):
        people = max(people, author[i] + 1)
    before = np.full(count, -1)
    after = np.full(count, 10**9)
    first = np.full(count, -1)
    latest = np.full(people, -1)
    for i in range(count):
        before[i] = latest[author[i]]
        if before[i] >= 0:
            after[before[i]] = i
        latest[author[i]] = i
        if named_at[i + 1] > named_at[i]:
            first[i] = named[named_at[i]]
    return before, after, first


@inlined
def _common(words_at: Longs, words: Ints, rare: Floats, i: int, j: int) -> tuple[float, int]:
    """Sum of rareness of the words that two messages share, and how many these are."""
    a, b, total, shared = words_at[i], words_at[j], 0.0, 0
    while a < words_at[i + 1] and b < words_at[j + 1]:
        if words[a] == words[b]:
            total += rare[words[a]]
            shared += 1
            a += 1
            b += 1
        elif words[a] < words[b]:
            a += 1
        else:
            b += 1
    return total, shared


@inlined
def _names(named_at: Longs, named: Ints, i: int, person: int) -> int:
    """2: message i names the person first, 1: it names him, 0: it does not."""
    for k in range(named_at[i], named_at[i + 1]):
        if named[k] == person:
            return 2 if k == named_at[i] else 1
    return 0


@kernel
def _look(  # noqa: C901  one loop on purpose: what is counted on the way is shared by all features
    minute: Longs, author: Ints, named_at: Longs, named: Ints, words_at: Longs, words: Ints, rare: Floats,
    cues: Floats, length: Floats, before: Longs, after: Longs, first_named: Longs, first: int, last: int,
) -> tuple[Longs, Longs, Floats]:  # fmt: skip
    count, people = len(author), 1
    for i in range(count):
        people = max(people, author[i] + 1)
    for k in range(len(named)):
        people = max(people, named[k] + 1)
    weight = np.zeros(count, dtype=np.float32)
    for i in range(count):
        for k in range(words_at[i], words_at[i + 1]):
            weight[i] += rare[words[k]]
    begin = np.zeros(last - first + 1, dtype=np.int64)
    room = max(64, (last - first) * 24)
    earlier = np.zeros(room, dtype=np.int64)
    x = np.zeros((room, FEATURES), dtype=np.float32)
    to, by = np.zeros(people), np.zeros(people)  # how often I named x, x named me, lately
    to_at, by_at = np.full(people, -1), np.full(people, -1)
    said, said_at = np.zeros(people), np.full(people, -1)
    ahead_by, ahead_to, ahead_at = np.zeros(people), np.zeros(people), np.full(people, 10**9)
    since_to, since_others = np.zeros(people), np.zeros(people)
    stamp = np.full(people, -1)
    rows = 0
    for i in range(first, last):
        me = author[i]
        low, habit, high = max(0, i - WINDOW), max(0, i - HABIT), min(count, i + 1 + AHEAD)
        for j in range(habit, i):
            said[author[j]] += 1
            said_at[author[j]] = j
            for k in range(named_at[j], named_at[j + 1]):
                if author[j] == me:
                    to[named[k]] += 1
                    to_at[named[k]] = j
                elif named[k] == me:
                    by[author[j]] += 1
                    by_at[author[j]] = j
        for j in range(i + 1, high):
            for k in range(named_at[j], named_at[j + 1]):
                if author[j] == me:
                    ahead_to[named[k]] += 1
                elif named[k] == me:
                    ahead_by[author[j]] += 1
                    ahead_at[author[j]] = min(ahead_at[author[j]], j)
        own = before[i]
        seen_named = 0
        for k in range(named_at[i], named_at[i + 1]):
            if said_at[named[k]] >= low:
                seen_named += 1
        lively, spread = 0, minute[i] - minute[max(0, i - 20)]
        if rows + WINDOW + 1 >= room:
            room = room * 2
            more, more_x = np.zeros(room, dtype=np.int64), np.zeros((room, FEATURES), dtype=np.float32)
            more[:rows], more_x[:rows] = earlier[:rows], x[:rows]
            earlier, x = more, more_x
        began, best = rows, 0.0
        to_me, by_named, same_named, between = 0, 0, 0, 0
        for c in range(i - 1, low - 1, -1):
            who = author[c]
            if stamp[who] != i:
                stamp[who] = i
                between += 1
                if i - c <= 20:
                    lively += 1
            total, shared = _common(words_at, words, rare, i, c)
            alike = total / max(1.0, np.sqrt(weight[i] * weight[c]))
            rank = 0 if after[c] >= i else 1 if after[after[c]] >= i else 2 if after[after[after[c]]] >= i else 3
            i_name, names_me = _names(named_at, named, i, who), _names(named_at, named, c, me)
            alike_named = first_named[i] >= 0 and first_named[c] == first_named[i]
            partner = own >= 0 and first_named[own] == who
            kept = i - c <= NEAR or alike >= ALIKE
            kept = kept or ((i_name > 0 or who == me or partner) and rank < LATEST)
            kept = kept or (names_me > 0 and to_me < LATEST) or (alike_named and same_named < LATEST)
            kept = kept or (ahead_by[who] > 0 and rank < 2) or (by_at[who] == c)
            if kept:
                earlier[rows] = c
                best = max(best, alike)
                row = x[rows]
                row[0], row[1], row[3], row[4], row[5] = (
                    i - c,
                    min(minute[i] - minute[c], 2000),
                    who == me,
                    i_name,
                    names_me,
                )
                row[6], row[7], row[8] = alike_named, rank, c > own
                row[9], row[10] = to[who], by[who]
                row[11] = i - to_at[who] if to_at[who] >= 0 else FAR
                row[12] = i - by_at[who] if by_at[who] >= 0 else FAR
                row[13], row[14], row[15] = total, shared, alike
                row[16], row[18], row[20], row[22], row[24] = cues[c, 0], cues[c, 1], cues[c, 2], cues[c, 3], cues[c, 4]
                row[26], row[28] = length[c], named_at[c + 1] - named_at[c]
                row[32] = c - before[c] if before[c] >= 0 else FAR
                row[33], row[34] = author[c + 1] == who, c > 0 and author[c - 1] == who
                row[38], row[39] = c == own, partner
                row[40] = named_at[c + 1] > named_at[c] and names_me == 0
                row[42], row[44] = ahead_by[who], ahead_to[who]
                row[43] = ahead_at[who] - i if ahead_at[who] < 10**9 else FAR
                row[45], row[46], row[47] = to_me, by_named, between
                row[48], row[49], row[50] = since_others[who], since_to[who], said[who]
                row[53], row[54] = i - said_at[who], minute[i] - minute[said_at[who]]
                row[55] = same_named
                row[57] = (
                    first_named[c] >= 0 and first_named[i] >= 0 and author[c] == first_named[i] and first_named[c] == me
                )
                row[58] = min(minute[c] - minute[before[c]], 2000) if before[c] >= 0 else FAR
                rows += 1
            to_me += names_me > 0
            by_named += i_name > 0
            same_named += alike_named
            for k in range(named_at[c], named_at[c + 1]):
                if who == me:
                    since_to[named[k]] += 1
                else:
                    since_others[named[k]] += 1
        earlier[rows] = i
        x[rows, 2] = 1
        x[rows, 0], x[rows, 1] = 0, 0
        rows += 1
        for r in range(began, rows):
            row = x[r]
            row[17], row[19], row[21], row[23], row[25] = cues[i, 0], cues[i, 1], cues[i, 2], cues[i, 3], cues[i, 4]
            row[27], row[29] = length[i], named_at[i + 1] - named_at[i]
            row[30] = i - own if own >= 0 else FAR
            row[31] = min(minute[i] - minute[own], 2000) if own >= 0 else FAR
            row[35], row[36] = lively, min(spread, 2000)
            row[37] = own >= 0 and first_named[own] >= 0
            row[41] = seen_named
            row[51], row[52] = said[me], own < 0
            row[56] = row[15] - best
            row[59] = minute[i] - minute[i - 1] if i > 0 else FAR
            row[60], row[61] = to_me, by_named
        begin[i - first + 1] = rows
        for j in range(habit, i):
            who = author[j]
            said[who], said_at[who], by[who], by_at[who], since_to[who], since_others[who] = 0, -1, 0, -1, 0, 0
            for k in range(named_at[j], named_at[j + 1]):
                who = named[k]
                to[who], to_at[who], by[who], by_at[who], since_to[who], since_others[who] = 0, -1, 0, -1, 0, 0
        for j in range(i + 1, high):
            ahead_by[author[j]], ahead_at[author[j]] = 0, 10**9
            for k in range(named_at[j], named_at[j + 1]):
                ahead_to[named[k]] = 0
    return begin, earlier[:rows].copy(), x[:rows].copy()
