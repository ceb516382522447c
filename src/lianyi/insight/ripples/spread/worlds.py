"""Where sets of items come from: one graph or several draws of an uncertain one; items are people or offers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lianyi.errors import InputError
from lianyi.insight.kernels import Bytes, Doubles, Floats, Ints, Longs, kernel
from lianyi.insight.ripples.spread.draws import STEP, key_of, stream, unit
from lianyi.insight.ripples.spread.graph import Graph, starts_of
from lianyi.insight.ripples.spread.reverse_reachable import Sampler, Sets, joined
from lianyi.insight.ripples.spread.rows import Model
from lianyi.insight.ripples.spread.rules import Offers

_OFFER_STREAMS = 1 << 20  # purposes of offers' own random numbers, apart from those of sets


class Worlds:
    """Random sets of items, each the answer to: who, if asked, would have reached this random person?

    total: summed worth of all people; reach of items = total × share of sets that hold one of them. With several
    graphs set i comes from graph i mod graphs, so ask for multiples of their number.
    """

    def __init__(
        self,
        graphs: Sequence[Graph],
        *,
        model: Model = "cascade",
        worth: Doubles | None = None,
        offers: Offers | None = None,
        seed: int = 0,
        threads: int = 1,
    ) -> None:
        if not graphs or len({graph.nodes for graph in graphs}) != 1:
            raise InputError(f"graphs have {[graph.nodes for graph in graphs]} people; give one or more of equal size")
        if offers is not None and model == "threshold" and (offers.boost != 1).any():
            raise InputError("boosts multiply chances of a cascade; for the threshold model set them to 1")
        self.samplers = [
            Sampler(graph, model=model, worth=worth, seed=seed + place * 7919, threads=threads)
            for place, graph in enumerate(graphs)
        ]
        self.total = self.samplers[0].total
        self.nodes = graphs[0].nodes
        self._offers = [_Reaching(graph, offers, seed) for graph in graphs] if offers is not None else None
        self.items = self.nodes if offers is None else len(offers)

    def rounded(self, count: int) -> int:
        """The smallest number of sets, at least `count`, that takes as many from each graph."""
        return -(-count // len(self.samplers)) * len(self.samplers)

    def sets(self, purpose: int, first: int, count: int) -> Sets:
        """Sets of items of one purpose."""
        return joined([self.sets_of(place, purpose, *self._portion(place, first, count)) for place in self._places])

    def hits(self, purpose: int, first: int, count: int, items: Ints) -> int:
        """How many of these sets hold one of the items."""
        marked = np.zeros(self.items, np.uint8)
        marked[items] = 1
        return sum(self._hits(place, purpose, *self._portion(place, first, count), marked) for place in self._places)

    @property
    def _places(self) -> range:
        return range(len(self.samplers))

    def _portion(self, place: int, first: int, count: int) -> tuple[int, int]:
        """Which of its own sets a graph gives when sets are numbered across graphs."""
        graphs = len(self.samplers)
        begin = -(-(first - place) // graphs)
        return begin, -(-(first + count - place) // graphs) - begin

    def sets_of(self, place: int, purpose: int, first: int, count: int) -> Sets:
        """Sets of one graph, numbered on its own."""
        sets = self.samplers[place].sets(purpose, first, count)
        return sets if self._offers is None else self._offers[place].offers_of(sets, purpose, first)

    def _hits(self, place: int, purpose: int, first: int, count: int, marked: Bytes) -> int:
        if self._offers is None:
            return self.samplers[place].hits(purpose, first, count, marked)
        sets = self.sets_of(place, purpose, first, count)
        return int(np.count_nonzero(marked_sets(sets.start, sets.members, marked)))


class _Reaching:
    """Turns sets of people into sets of offers.

    An offer with acceptance a and boost b acts like one more person in the graph: with chance a it starts, then it
    activates its person for sure and gives each arc of that person a second chance r with 1-(1-r)(1-p) = min(1, b·p).
    Nothing points at such a person, so sets of people are drawn first and then widened by the offers that reach them.
    """

    def __init__(self, graph: Graph, offers: Offers, seed: int) -> None:
        self._seed = seed
        self._acceptance = np.asarray(offers.acceptance, np.float64)
        person, offer, chance = _extra_arcs(graph, offers)
        order = np.argsort(person, kind="stable")
        self._start = starts_of(person, graph.nodes)
        self._offer = offer[order].astype(np.int32)
        self._chance = chance[order].astype(np.float32)
        self._mark = np.full(len(offers), -1, np.int64)

    def offers_of(self, sets: Sets, purpose: int, first: int) -> Sets:
        """For each set the offers that would have reached its root."""
        key = key_of(self._seed, _OFFER_STREAMS + purpose)
        self._mark[:] = -1
        room = int(np.diff(self._start)[sets.members].sum())
        start, members = _widened(
            sets.start, sets.members, self._start, self._offer, self._chance, self._acceptance, key, first,
            self._mark, np.empty(room, np.int32),
        )  # fmt: skip
        return Sets(start=start, members=members)


def _extra_arcs(graph: Graph, offers: Offers) -> tuple[Longs, Longs, Doubles]:
    """Arcs from offers: to their person with chance 1, and to those whom the person's boosted arcs reach."""
    everyone = np.arange(len(offers))
    boosted = np.flatnonzero(offers.boost > 1)
    arcs = graph.outward
    begin, size = arcs.start[offers.person[boosted]], np.diff(arcs.start)[offers.person[boosted]]
    arc = np.arange(int(size.sum())) + np.repeat(begin - (np.cumsum(size) - size), size)
    plain = arcs.probability[arc].astype(np.float64)
    wished = np.minimum(1.0, plain * np.repeat(offers.boost[boosted], size))
    second = np.where(plain < 1.0, 1.0 - (1.0 - wished) / np.maximum(1.0 - plain, 1e-300), 0.0)
    return (
        np.concatenate([offers.person.astype(np.int64), arcs.target[arc].astype(np.int64)]),
        np.concatenate([everyone, np.repeat(boosted, size)]),
        np.concatenate([np.ones(len(offers)), second]),
    )


@kernel
def _widened(
    set_start: Longs,
    set_members: Ints,
    start: Longs,
    offer: Ints,
    chance: Floats,
    acceptance: Doubles,
    key: np.uint64,
    first: int,
    mark: Longs,
    members: Ints,
) -> tuple[Longs, Ints]:
    """mark[offer]: the last set in which the offer was tried with success; acceptance is drawn once per set."""
    starts = np.zeros(len(set_start), np.int64)
    end = 0
    for number in range(len(set_start) - 1):
        state = stream(key, first + number)
        for at in range(set_start[number], set_start[number + 1]):
            person = set_members[at]
            for arc in range(start[person], start[person + 1]):
                which = offer[arc]
                if mark[which] == number:
                    continue
                if chance[arc] < 1.0:
                    state += STEP
                    if unit(state) >= chance[arc]:
                        continue
                mark[which] = number
                state += STEP
                if unit(state) < acceptance[which]:
                    members[end] = which
                    end += 1
        starts[number + 1] = end
    return starts, members[:end].copy()


@kernel
def marked_sets(start: Longs, members: Ints, marked: Bytes) -> Bytes:
    """1 for each set that holds a marked member, shape (sets,)."""
    found = np.zeros(len(start) - 1, np.uint8)
    for number in range(len(start) - 1):
        for at in range(start[number], start[number + 1]):
            if marked[members[at]]:
                found[number] = 1
                break
    return found
