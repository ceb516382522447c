"""Second look: what the links found at the first look say of one another.

Threads, who talks with whom in them, and answers that come later: B's answer to my message is evidence that my message
was meant for B. The first look's links stand in for the unknown true ones (stacking; the trained model saw first looks
of logs that the first model had not been trained on).
"""

from __future__ import annotations

import numpy as np

from lianyi.insight.conversations.clues import AHEAD, Candidates
from lianyi.insight.conversations.talk import Talk
from lianyi.insight.kernels import Doubles, Floats, Ints, Longs, kernel

MORE = 26
MEMORY = 200


def structure(talk: Talk, parent: Longs, first: int, begin: Longs, earlier: Longs, chance: Doubles) -> Floats:
    """MORE features per candidate of the messages from `first` on: the rows begin[k]:begin[k + 1] of `earlier` and
    `chance` (of the first look) belong to message first + k. parent: per message of the talk what it answers
    according to the first look, itself where nothing."""
    return _look(talk.minute, talk.author, talk.named_at, talk.named, parent, first, begin, earlier, chance)


def best(found: Candidates, chance: Doubles) -> Longs:
    """Per message from 0 on the most probable candidate; messages before the first asked one answer nobody."""
    count = found.first + len(found.begin) - 1
    parent = np.arange(count)
    parent[found.first :] = found.earlier[tops(found.begin, chance)[0]]
    return parent


@kernel
def tops(begin: Longs, chance: Doubles) -> tuple[Longs, Longs]:
    """The rows with the largest and second largest chance among begin[k]:begin[k + 1]; the same where there is one."""
    count = len(begin) - 1
    largest, next_one = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    for k in range(count):
        top = begin[k]
        second = begin[k + 1] - 1
        for r in range(begin[k] + 1, begin[k + 1]):
            if chance[r] > chance[top]:
                top, second = r, top
            elif second == top or chance[r] > chance[second]:
                second = r
        largest[k], next_one[k] = top, second
    return largest, next_one


@kernel
def _look(  # noqa: C901  one loop on purpose: what is counted on the way is shared by all features
    minute: Longs, author: Ints, named_at: Longs, named: Ints, parent: Longs, first: int, begin: Longs, earlier: Longs,
    chance: Doubles,
) -> Floats:  # fmt: skip
    count = len(parent)
    thread = np.zeros(count, dtype=np.int64)
    for i in range(count):
        thread[i] = i if parent[i] == i else thread[parent[i]]
    size, mine, theirs = np.zeros(count), np.zeros(count), np.zeros(count)
    newest = np.full(count, -1)
    answers, my_answers, later, later_own = np.zeros(count), np.zeros(count), np.zeros(count), np.zeros(count)
    x = np.zeros((len(earlier), MORE), dtype=np.float32)
    for k in range(len(begin) - 1):
        i = first + k
        me = author[i]
        low, high = max(0, i - MEMORY), min(count, i + 1 + AHEAD)
        own = -1
        for j in range(low, i):
            t = thread[j]
            size[t] += 1
            newest[t] = j
            if author[j] == me:
                mine[t] += 1
                own = j
            for m in range(named_at[i], named_at[i + 1]):
                theirs[t] += author[j] == named[m]
            if parent[j] != j:
                answers[parent[j]] += 1
                my_answers[parent[j]] += author[j] == me
        heard = 0
        for j in range(i + 1, high):
            if parent[j] != j:
                later[parent[j]] += 1
                later_own[parent[j]] += author[j] == me
                heard += parent[j] == i
        top, second, total = 0.0, 0.0, 0.0
        for r in range(begin[k], begin[k + 1]):
            total -= chance[r] * np.log(max(chance[r], 1e-9))
            if chance[r] > top:
                top, second = chance[r], top
            elif chance[r] > second:
                second = chance[r]
        for r in range(begin[k], begin[k + 1]):
            c = earlier[r]
            who, t, row = author[c], thread[c], x[r]
            row[0], row[1], row[2], row[3] = chance[r], chance[r] - top, second, total
            row[4] = chance[begin[k + 1] - 1]
            row[15] = heard
            if c == i:
                continue
            row[5], row[6], row[7] = size[t], mine[t], theirs[t]
            behind, between = 0, 0
            for j in range(max(low, c + 1), i):
                behind += thread[j] == t
                between += thread[j] == t and author[j] != me and author[j] != who
            row[8], row[25] = behind, between
            row[9] = own >= 0 and thread[own] == t
            row[10], row[11] = answers[c], my_answers[c]
            row[12] = parent[c] != c and author[parent[c]] == me
            row[13] = parent[c] == c
            row[14], row[16] = i - newest[t], min(minute[i] - minute[newest[t]], 2000)
            row[17], row[18] = later[c], later_own[c]
            row[20], row[21], row[22] = own >= 0 and author[parent[own]] == who, own >= 0 and parent[own] == c, False
            row[24] = own >= 0 and parent[own] != own and parent[own] == parent[c]
            to_me, to_them, said = 0, 0, 0
            for j in range(i + 1, high):
                if parent[j] != j:
                    to_me += author[j] == who and author[parent[j]] == me
                    to_them += author[j] == me and author[parent[j]] == who
                    said += parent[j] == i and author[j] == who
            row[19], row[22], row[23] = to_me, to_them, said
        for j in range(low, i):
            t = thread[j]
            size[t], mine[t], theirs[t], newest[t] = 0, 0, 0, -1
            answers[parent[j]], my_answers[parent[j]] = 0, 0
        for j in range(i + 1, high):
            later[parent[j]], later_own[parent[j]] = 0, 0
    return x
