"""How well the shipped trees find who answers whom, against rules, on annotated IRC; and how fast.

    python -m benchmarks.replies FOLDER [--part dev]

Figures as in Kummerfeld et al. 2019: links (precision, recall, F1 over all annotated lines, those of the platform
included, which answer themselves), conversations (1 − scaled variation of information, one-to-one overlap, F1 of
conversations found exactly, those of one message left out). Peers in the same run: every message answers the one
before it; the last message of whoever is named, else the one before it. Ours also without the cues of a language, and
on logs in which nobody is ever named.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from benchmarks.irc_logs import ANNOTATED_FROM, Log, logs
from scipy.optimize import linear_sum_assignment

from lianyi.insight.conversations.linking import link
from lianyi.insight.conversations.talk import PIECE

Parents = dict[int, set[int]]
Labels = dict[tuple[int, int], tuple[int, int]]
Method = Callable[[Log, int], Parents]


def lianyi(log: Log, first: int) -> Parents:
    """The shipped trees."""
    found = link(log.talk, first, len(log.talk))
    pairs = enumerate(zip(found.earlier.tolist(), found.also.tolist(), strict=True))
    return {log.line[first + k]: {log.line[one] for one in both if one >= 0} for k, both in pairs}


def wordless(log: Log, first: int) -> Parents:
    """The shipped trees without any cue of a language: what is left is time, names, shared words, habits."""
    talk = replace(log.talk, cues=np.zeros_like(log.talk.cues))
    return lianyi(replace(log, talk=talk), first)


def nameless(log: Log, first: int) -> Parents:
    """The same where nobody is ever named, as in chats whose people do not do so."""
    talk = replace(log.talk, cues=np.zeros_like(log.talk.cues), named=log.talk.named[:0],
                   named_at=np.zeros_like(log.talk.named_at))  # fmt: skip
    return lianyi(replace(log, talk=talk), first)


def before(log: Log, first: int) -> Parents:
    """Every message answers the one before it."""
    return {log.line[i]: {log.line[i - 1]} for i in range(first, len(log.line))}


def addressed(log: Log, first: int) -> Parents:
    """The last message of whoever is named first; else the one before it."""
    result: Parents = {}
    talk = log.talk
    latest: dict[int, int] = {}
    for i in range(len(log.line)):
        named = talk.named[talk.named_at[i] : talk.named_at[i + 1]]
        result[log.line[i]] = {log.line[latest.get(int(named[0]), i - 1) if len(named) else max(i - 1, 0)]}
        latest[int(talk.author[i])] = i
    return {line: one for line, one in result.items() if line >= log.line[first]}


def links(some: list[Log], told: list[Parents]) -> tuple[float, float, float]:
    """Precision, recall, F1 in percent."""
    right = said = true = 0
    for log, parents in zip(some, told, strict=True):
        for line, gold in log.gold.items():
            if line >= ANNOTATED_FROM:
                true += len(gold)
                mine = parents.get(line, {line})
                said += len(mine)
                right += len(mine & gold)
    precision, recall = right / said, right / true
    return 100 * precision, 100 * recall, 200 * precision * recall / (precision + recall)


def conversations(some: list[Log], told: list[Parents]) -> tuple[float, float, float]:
    """1 − VI, one-to-one and exact F1 in percent, over the annotated lines of all logs together."""
    gold: Labels = {}
    found: Labels = {}
    for number, (log, parents) in enumerate(zip(some, told, strict=True)):
        lines = [line for line in log.gold if line >= ANNOTATED_FROM]
        mine = {line: parents.get(line, {line}) for line in lines}
        for labels, edges in ((gold, {line: log.gold[line] for line in lines}), (found, mine)):
            for line, root in _components(lines, edges).items():
                labels[number, line] = (number, root)
    return _scores(gold, found)


def _components(lines: list[int], edges: dict[int, set[int]]) -> dict[int, int]:
    up: dict[int, int] = {}

    def root(line: int) -> int:
        while up.setdefault(line, line) != line:
            line = up[line]
        return line

    for line in lines:
        for other in edges[line]:
            if other >= ANNOTATED_FROM:
                up[root(line)] = root(other)
    return {line: root(line) for line in lines}


def _scores(
    gold: dict[tuple[int, int], tuple[int, int]], found: dict[tuple[int, int], tuple[int, int]]
) -> tuple[float, float, float]:
    names = [{name: place for place, name in enumerate(dict.fromkeys(labels.values()))} for labels in (gold, found)]
    a = np.array([names[0][gold[key]] for key in gold])
    b = np.array([names[1][found[key]] for key in gold])
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), 1)
    share = table / len(a)
    rows, columns = share.sum(1, keepdims=True), share.sum(0, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        mutual = np.nansum(share * np.log2(share / (rows * columns)))
    entropy = [-(part * np.log2(part)).sum() for part in (rows, columns)]
    apart = entropy[0] + entropy[1] - 2 * mutual
    one, other = linear_sum_assignment(-table)
    sets = []
    for labels in (gold, found):
        members = defaultdict(set)
        for key, label in labels.items():
            members[label].add(key)
        sets.append({frozenset(group) for group in members.values() if len(group) > 1})
    same = len(sets[0] & sets[1])
    exact = 200 * same / (len(sets[0]) + len(sets[1]))
    return 100 * (1 - apart / np.log2(len(a))), 100 * table[one, other].sum() / len(a), exact


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", default="dev")
    given = parser.parse_args()
    began, ticks = time.perf_counter(), time.process_time()
    some = logs(given.folder / given.part)
    read = time.perf_counter() - began, time.process_time() - ticks
    firsts = [next(place for place, line in enumerate(log.line) if line >= ANNOTATED_FROM) for log in some]
    lianyi(some[0], firsts[0])  # compiles
    print(f"{'method':28} {'P':>6} {'R':>6} {'F1':>6}   {'1-VI':>6} {'1-1':>6} {'exact':>6}")
    methods: tuple[Method, ...] = (before, addressed, nameless, wordless, lianyi)
    for method in methods:
        began, ticks = time.perf_counter(), time.process_time()
        told = [method(log, first) for log, first in zip(some, firsts, strict=True)]
        seconds = time.perf_counter() - began, time.process_time() - ticks
        print(f"{method.__name__:28} " + " ".join(f"{value:6.1f}" for value in links(some, told)) + "   "
              + " ".join(f"{value:6.1f}" for value in conversations(some, told)))  # fmt: skip
    read_messages = sum(len(log.talk) for log in some)
    began, ticks = time.perf_counter(), time.process_time()
    for log in some:
        for place in range(0, len(log.talk), PIECE):
            link(log.talk, place, min(place + PIECE, len(log.talk)))
    seconds = time.perf_counter() - began, time.process_time() - ticks
    linked = read_messages
    each = read[1] / read_messages + seconds[1] / linked
    print(
        f"\nreading {read_messages / read[1]:,.0f} messages/s, linking {linked / seconds[1]:,.0f}, together "
        f"{1 / each:,.0f} messages a second of processor ({read[0]:.1f} + {seconds[0]:.1f} s by the clock)"
    )


if __name__ == "__main__":
    main()
