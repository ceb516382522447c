"""Whom to pass a thing on to: a sharer's likely receivers, with reasons, learned from who came through whom before.

Candidates are whom the sharer reached before, who reached the sharer, and friends of these. Each is weighed by a
conditional logit (McFadden 1974) over what was known at that time: how lately and how often the two met through shares
in either direction, how many they know in common, what the receiver cares for, how active the receiver is. The weights
are learned on the last part of the history, as seen from before it, so that no figure looks ahead; with little history
they stay near DEFAULT. (Boosted trees on the same clues were no better, see docs/methods/ripples.md.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lianyi.insight.kernels import Doubles, Longs
from lianyi.insight.ripples.candidates import look_up
from lianyi.insight.ripples.logit import Choice, fit

PAST = 0.8  # of the history, by time, is what the rest is foretold from
SAMPLE = 20_000  # passings that are learned from
BUSY = 200  # whoever knows more people introduces nobody: they say little about each other
STRANGERS = 60  # friends of friends that are looked at per question
PRIOR = 5.0

NAMES = (
    "recent", "often", "days", "last", "share_of_mine", "back", "back_recent", "common", "stranger", "active",
    "active_recent", "likes", "likes_group", "had_this_kind_from_me", "has_it",
)  # fmt: skip
DEFAULT = np.array([1.0, 0.5, 0.3, 0.8, 1.0, 0.4, 0.2, 0.5, -2.0, 0.2, 0.2, 0.5, 0.3, 0.5, -1.0])


@dataclass(frozen=True, kw_only=True)
class History:
    """Passings in order of time: sharer came before receiver, who came through him. people: how many persons there
    are. thing, kind, group: of what was passed (kind within group; -1 unknown). day: time in days."""

    people: int
    sharer: Longs
    receiver: Longs
    thing: Longs
    kind: Longs
    group: Longs
    day: Doubles

    def until(self, count: int) -> History:
        """The first so many passings."""
        parts = {name: getattr(self, name)[:count] for name in ("sharer", "receiver", "thing", "kind", "group", "day")}
        return History(people=self.people, **parts)


@dataclass(frozen=True, kw_only=True)
class Questions:
    """Who would pass on what, and when: one entry each."""

    sharer: Longs
    thing: Longs
    kind: Longs
    group: Longs
    day: Doubles


class Counts:
    """How often each code occurs, on how many days, and when last; asked by code."""

    def __init__(self, code: Longs, day: Doubles) -> None:
        self.code, place, self.count = np.unique(code, return_inverse=True, return_counts=True)
        self.last = np.full(len(self.code), -np.inf)
        np.maximum.at(self.last, place, day)
        both = np.unique(place * 1_000_000 + np.floor(day).astype(np.int64) % 1_000_000)
        self.days = np.bincount(both // 1_000_000, minlength=len(self.code))

    def of(self, wanted: Longs) -> tuple[Longs, Longs, Doubles]:
        """(count, days, last) of each code; 0, 0, −∞ where there is none."""
        if not len(self.code):
            none = np.zeros(len(wanted), dtype=np.int64)
            return none, none, np.full(len(wanted), -np.inf)
        place = np.minimum(np.searchsorted(self.code, wanted), len(self.code) - 1)
        here = self.code[place] == wanted
        return (
            np.where(here, self.count[place], 0),
            np.where(here, self.days[place], 0),
            np.where(here, self.last[place], -np.inf),
        )


class Knowledge:
    """What a history says: pairs, neighbours, what each receiver got. Built once, asked often."""

    def __init__(self, history: History) -> None:
        self.people = history.people
        one, other, day = history.sharer, history.receiver, history.day
        self.pairs = Counts(one * self.people + other, day)
        self.given = Counts(one, day)
        self.got = Counts(other, day)
        self.widths = [int(part.max(initial=-1)) + 1 for part in (history.kind, history.group, history.thing)]
        kinds, groups, things = self.widths
        self.kinds = Counts(_code(other, history.kind, kinds), day)
        self.groups = Counts(_code(other, history.group, groups), day)
        self.mine = Counts(_code(one * self.people + other, history.group, groups), day)
        ends = np.concatenate([other, one])
        self.had = Counts(_code(ends, np.tile(history.thing, 2), things), np.tile(day, 2))
        ends = np.unique(np.concatenate([one * self.people + other, other * self.people + one]))
        self.neighbour = ends % max(self.people, 1)
        self.begin = np.searchsorted(ends // max(self.people, 1), np.arange(self.people + 1))

    def candidates(self, sharer: Longs) -> tuple[Longs, Longs, Longs]:
        """(question, person, friends in common) of all candidates, in order of the questions."""
        row, near = self._neighbours(np.arange(len(sharer)), sharer)
        size = self.begin[near + 1] - self.begin[near]
        few = size <= BUSY
        far_row, far = self._neighbours(row[few], near[few])
        far_row, far = far_row[far != sharer[far_row]], far[far != sharer[far_row]]
        known = row * self.people + near
        code, common = np.unique(far_row * self.people + far, return_counts=True)
        both = look_up(code, common, known)
        new = ~np.isin(code, known)
        code, common = code[new], common[new]
        kept = _first_few(code // max(self.people, 1), -common, STRANGERS)
        codes, counts = np.concatenate([known, code[kept]]), np.concatenate([both, common[kept]])
        order = np.argsort(codes)
        return codes[order] // max(self.people, 1), codes[order] % max(self.people, 1), counts[order]

    def _neighbours(self, row: Longs, person: Longs) -> tuple[Longs, Longs]:
        size = self.begin[person + 1] - self.begin[person]
        step = np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size)
        return np.repeat(row, size), self.neighbour[np.repeat(self.begin[person], size) + step]

    def clues(self, questions: Questions, row: Longs, person: Longs, common: Longs) -> Doubles:
        """(candidates, len(NAMES)): what speaks for each candidate."""
        sharer, day = questions.sharer[row], questions.day[row]
        count, days, last = self.pairs.of(sharer * self.people + person)
        back, _, back_last = self.pairs.of(person * self.people + sharer)
        given = np.maximum(self.given.of(sharer)[0], 1)
        got, _, got_last = self.got.of(person)
        kinds, groups, things = self.widths
        group = self.groups.of(_code(person, questions.group[row], groups))[0]
        columns = (
            _fresh(day - last), np.log1p(count), np.log1p(days), _is_last(row, last), count / given,
            np.log1p(back), _fresh(day - back_last), np.log1p(common), (count + back == 0) * 1.0,
            np.log1p(got), _fresh(day - got_last),
            np.log1p(self.kinds.of(_code(person, questions.kind[row], kinds))[0]),
            group / (got + 2.0),
            np.log1p(self.mine.of(_code(sharer * self.people + person, questions.group[row], groups))[0]),
            np.minimum(self.had.of(_code(person, questions.thing[row], things))[0], 1) * 1.0,
        )  # fmt: skip
        return np.column_stack(columns)


def _code(one: Longs, other: Longs, width: int) -> Longs:
    """One number for two; what is unknown (below 0, or not below the width) meets nothing."""
    return np.where((other >= 0) & (other < width), one * width + other, -1 - np.arange(len(one)))


def _fresh(days: Doubles) -> Doubles:
    """1 for now, falling with the logarithm of time, 0 for never."""
    return np.asarray(np.where(np.isfinite(days), 1 / (1 + np.log1p(np.maximum(days, 0))), 0.0))


def _is_last(row: Longs, last: Doubles) -> Doubles:
    """1 for whom the sharer reached last."""
    best = np.full(int(row.max(initial=-1)) + 1, -np.inf)
    np.maximum.at(best, row, last)
    return np.asarray(np.isfinite(last) & (last == best[row]), dtype=np.float64)


def _first_few(row: Longs, value: Longs, few: int) -> Longs:
    """The entries with the `few` smallest values of each row."""
    order = np.lexsort((value, row))
    place = np.arange(len(order)) - np.searchsorted(row[order], row[order])
    return np.asarray(order[place < few])


def learn(history: History, seed: int = 0) -> Doubles:
    """The weights: passings of the last part, foretold from the part before it."""
    past = int(PAST * len(history.day))
    later = np.arange(past, len(history.day))
    if len(later) > SAMPLE:
        later = np.sort(np.random.default_rng(seed).choice(later, SAMPLE, replace=False))
    return learn_from(history.until(past), history, later)


def learn_from(known: History, history: History, later: Longs) -> Doubles:
    """The weights by which `known` foretells these later passings of a history."""
    questions = ask(history, later)
    choice = _choice(Knowledge(known), questions)
    if choice is None:
        return DEFAULT
    truth = (choice.option == history.receiver[later][choice.row]) * 1.0
    return fit(choice, truth, DEFAULT, PRIOR)


def ask(history: History, entries: Longs) -> Questions:
    """The questions that these passings answered."""
    return Questions(
        sharer=history.sharer[entries], thing=history.thing[entries], kind=history.kind[entries],
        group=history.group[entries], day=history.day[entries],
    )  # fmt: skip


def _choice(knowledge: Knowledge, questions: Questions) -> Choice | None:
    row, person, common = knowledge.candidates(questions.sharer)
    if not len(row):
        return None
    x = knowledge.clues(questions, row, person, common)
    return Choice(row=row, option=person, x=x)


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """The best receivers of each question, in order: question, person, share (probability among the candidates), x."""

    row: Longs
    person: Longs
    share: Doubles
    x: Doubles


def rank(knowledge: Knowledge, questions: Questions, weights: Doubles, *, best: int = 5) -> Ranked:
    """The `best` candidates of each question."""
    choice = _choice(knowledge, questions)
    if choice is None:
        none = np.zeros(0, dtype=np.int64)
        return Ranked(row=none, person=none, share=np.zeros(0), x=np.zeros((0, len(NAMES))))
    share = choice.shares(weights)
    order = np.lexsort((choice.option, -share, choice.row))
    row = choice.row[order]
    place = np.arange(len(order)) - np.searchsorted(row, row)
    kept = order[place < best]
    return Ranked(row=choice.row[kept], person=choice.option[kept], share=share[kept], x=choice.x[kept])


def reasons(x: Doubles) -> list[tuple[str, str]]:
    """Why a candidate, in English and Chinese, from one row of clues: what is known, strongest evidence first."""
    clue = dict(zip(NAMES, x.tolist(), strict=True))
    times, back, common = (round(np.expm1(clue[name])) for name in ("often", "back", "common"))
    said = []
    if times:
        said.append((f"came through this person {times} times", f"曾 {times} 次经此人到达"))
    if clue["last"]:
        said.append(("the last one this person reached", "此人最近一次触达的人"))
    if back:
        said.append((f"brought this person {back} times", f"曾 {back} 次带来此人"))
    if common:
        said.append((f"{common} people in common", f"{common} 位共同联系人"))
    if liked := round(np.expm1(clue["likes"])):
        said.append((f"came to this kind {liked} times", f"曾 {liked} 次因此类内容到达"))
    if clue["has_it"]:
        said.append(("has had it already", "已收到过"))
    return said
