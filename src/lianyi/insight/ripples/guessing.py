"""Through whom somebody came who brought no code: an estimate with a probability, learned where the code is known.

A conditional logit (McFadden 1974) over the alternatives of `candidates` and "somebody else": the weight of a share is
exp(θ·x), x = (log density of its age among the ages at which codes are used, log(1 + days of contact), log(1 + other
comings between the two), log(1 + others who came through this share); for "somebody else": 1, log(1 + shares that are
not listed)). θ is fitted on comings whose code is known, as if it were not, shrunk to DEFAULT by PRIOR (so that a small
log is read by what larger ones taught); θ of the age is 1 in the default: the posterior of a delay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles, Longs
from lianyi.insight.ripples.candidates import Candidates, Pairs, candidates
from lianyi.insight.ripples.logit import Choice, fit
from lianyi.insight.ripples.told import CODE
from lianyi.insight.ripples.tracing import NOBODY, Comings, Nodes, Passings

# Fitted on worlds of 1,000 to 3,000 people (see docs/methods/ripples.md), rounded.
DEFAULT = np.array([1.0, 1.0, 1.0, 0.3, -1.0, 0.7])
PRIOR = 20.0  # how many units of information the default is worth per weight
SAMPLE = 20_000  # comings with a code that are looked at to learn
LEAST = 0.2  # what is less probable than this is not said
EDGES = np.concatenate([[0.0], np.geomspace(5, 14 * 86_400, 40)])  # seconds


@dataclass(frozen=True, kw_only=True)
class Guess:
    """Per coming asked for: the most probable share (-1: none reaches LEAST) and the probability of its sharer."""

    passing: Longs
    probability: Doubles


class Delays:
    """Density of the time from a share to a coming, a histogram over log-time with one coming per bin added."""

    def __init__(self, seconds: Doubles) -> None:
        counts = np.histogram(seconds, EDGES)[0] + 1.0
        self.density = np.log(counts / counts.sum() / np.diff(EDGES))

    def log(self, seconds: Doubles) -> Doubles:
        """Log density per second of each delay."""
        return np.asarray(self.density[np.clip(np.searchsorted(EDGES, seconds, side="right") - 1, 0, len(EDGES) - 2)])


@dataclass(frozen=True, kw_only=True)
class Clues:
    """What is known beside time: contacts (days of contact), passed (comings between two persons), brought (comings
    per share), delays."""

    contacts: Pairs
    passed: Pairs
    brought: Longs
    delays: Delays


def guess(
    passings: Passings, comings: Comings, nodes: Nodes, contacts: Pairs, *, anything: int, fake: NDArray[np.bool_]
) -> Guess:
    """For the first comings of nodes without a known sharer; one entry per node that has one, in order of nodes.
    fake: comings of programs, from which nothing is learned."""
    unknown = nodes.vague[(nodes.exact < 0) & (nodes.vague >= 0)]
    clues = _clues(passings, comings, contacts, ~fake)
    coded = nodes.exact[(nodes.exact >= 0)]
    theta = learn(passings, comings, clues, coded[~fake[coded]], anything=anything)
    choice = choose(passings, comings, clues, unknown, anything=anything, known=False)
    return _best(choice, choice.shares(theta), passings, len(unknown))


def _clues(passings: Passings, comings: Comings, contacts: Pairs, real: NDArray[np.bool_]) -> Clues:
    known = np.flatnonzero((comings.passing >= 0) & (comings.how == CODE) & real)
    people = len(contacts.begin) - 1
    delay = (comings.at[known] - passings.at[comings.passing[known]]) / 1e6
    sharer = np.flatnonzero((comings.sharer >= 0) & (comings.sharer != comings.person))
    passed = Pairs.of(people, comings.sharer[sharer], comings.person[sharer], np.ones(len(sharer), dtype=np.int64))
    brought = np.bincount(comings.passing[known], minlength=len(passings.at))
    return Clues(contacts=contacts, passed=passed, brought=brought, delays=Delays(delay[delay >= 0]))


def learn(passings: Passings, comings: Comings, clues: Clues, coded: Longs, *, anything: int) -> Doubles:
    """θ: maximum a posteriori on comings whose share is known, by Newton's method. coded: exact first comings."""
    coded = coded[(comings.how[coded] == CODE) & (comings.passing[coded] >= 0)]
    sample = coded[np.linspace(0, len(coded) - 1, min(SAMPLE, len(coded))).astype(np.int64)]
    if not len(sample):
        return DEFAULT
    choice = choose(passings, comings, clues, sample, anything=anything, known=True)
    truth = choice.option == comings.passing[sample][choice.row]
    missed = np.bincount(choice.row, truth, len(sample)) == 0
    truth |= (choice.option < 0) & missed[choice.row]
    return fit(choice, truth.astype(np.float64), DEFAULT, PRIOR)


def choose(passings: Passings, comings: Comings, clues: Clues, asked: Longs, *, anything: int, known: bool) -> Choice:
    """The alternatives of these comings. known: their own code is not to be counted as a clue."""
    found = candidates(passings, comings, clues.contacts, asked, anything=anything)
    row = np.concatenate([found.row, np.arange(len(asked))])
    order = np.argsort(row, kind="stable")  # "somebody else" comes last in each question
    passing = np.concatenate([found.passing, np.full(len(asked), NOBODY)])
    x = np.zeros((len(row), len(DEFAULT)))
    x[: len(found.row), :4] = _clue_rows(passings, comings, clues, asked, found, known=known)
    x[len(found.row) :, 4] = 1
    x[len(found.row) :, 5] = np.log1p(found.pool)
    # Somebody else's share is as old as a typical one: then weights do not depend on the unit of time.
    x[len(found.row) :, 0] = float(np.average(clues.delays.density))
    return Choice(row=row[order], option=passing[order], x=x[order])


def _clue_rows(
    passings: Passings, comings: Comings, clues: Clues, asked: Longs, found: Candidates, *, known: bool
) -> Doubles:
    coming = asked[found.row]
    one, other = comings.person[coming], passings.person[found.passing]
    itself = (comings.passing[coming] == found.passing) if known else np.zeros(len(coming), dtype=bool)
    pair = (comings.sharer[coming] == other) if known else np.zeros(len(coming), dtype=bool)
    age = np.maximum(comings.at[coming] - passings.at[found.passing], 0) / 1e6
    columns = (
        clues.delays.log(age),
        np.log1p(clues.contacts.counts(one, other)),
        np.log1p(np.maximum(clues.passed.counts(one, other) - pair, 0)),
        np.log1p(clues.brought[found.passing] - itself),
    )
    return np.column_stack(columns) if len(coming) else np.zeros((0, 4))


def _best(choice: Choice, probability: Doubles, passings: Passings, questions: int) -> Guess:
    """The sharer with the largest probability over all his shares, and of these the most probable one."""
    listed = np.flatnonzero(choice.option >= 0)
    row, passing = choice.row[listed], choice.option[listed]
    person = passings.person[passing]
    order = np.lexsort((-probability[listed], person, row))
    new = (np.diff(row[order], prepend=-1) != 0) | (np.diff(person[order], prepend=-1) != 0)
    first = np.flatnonzero(new)
    total = np.add.reduceat(probability[listed][order], first) if len(first) else np.zeros(0)
    row, passing = row[order][first], passing[order][first]
    best = np.full(questions, NOBODY)
    likely = np.zeros(questions)
    rising = np.lexsort((-passing, total, row))
    best[row[rising]], likely[row[rising]] = passing[rising], total[rising]
    told = likely >= LEAST
    return Guess(passing=np.where(told, best, NOBODY), probability=np.where(told, likely, 0.0))
