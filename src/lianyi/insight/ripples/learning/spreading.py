"""Spread probabilities from past ripples: survival likelihood with partial credit, factors with shrinkage.

Somebody who has the thing makes each person he is tied to come at the rate r · f(t), f the density of the delay; the
chance that the other comes through him at all is 1 − exp(−r) (Gomez-Rodriguez, Balduzzi, Schölkopf, ICML 2011, with a
rate that runs out). An arrival whose parent nobody saw is shared out among all who may have brought it, as their rates
say (EM; Saito, Nakano, Kimura, KES 2008; a smoother credit distribution than Goyal, Bonchi, Lakshmanan, VLDB 2011).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles
from lianyi.insight.ripples.learning import interests
from lianyi.insight.ripples.learning.cells import Cells
from lianyi.insight.ripples.learning.delays import Delay, learn_delay
from lianyi.insight.ripples.learning.factors import Factors, Family, fit
from lianyi.insight.ripples.learning.moments import TRAITS as AT_MOMENTS
from lianyi.insight.ripples.learning.moments import Moments, names_of
from lianyi.insight.ripples.learning.past import Arcs, Past
from lianyi.insight.ripples.learning.trials import Trials, share_out, trials, unseen

Numbers = NDArray[np.integer]
BESIDE_TRAITS = ("topic", "incentive", "sharer", "receiver", "interest", "tie")
TAIL = 0.05  # of a range of 90 %, on each side
NORMAL_90 = 1.6449
ENOUGH = 1e-3  # the largest change of a trial's credit at which sharing out ends
EVIDENCE = ("contact", "brought", "circle")  # families that tell whether there is a tie at all
ONLY_SHARING, ONE_BEFORE = 0, 1  # levels of contact and brought of pairs that one arrival shows
CERTAIN = 10.0  # arrivals along such pairs from which they can serve as measure


@dataclass(frozen=True, kw_only=True, eq=False)
class Care:
    """What is known of interests beside ripples: level[person, topic] int32, numbers from 0 (0 = nothing known)."""

    level: NDArray[np.int32]

    @property
    def levels(self) -> int:
        """How many levels there are."""
        return int(self.level.max(initial=0)) + 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Ground:
    """What exposures stand on: arcs, and what was known of ties, people and interests at each moment. Without moments
    interests are those of `care`.

    With moments every person has one more arc, number len(arcs.source) + person: all ties of theirs that nobody sees.
    """

    arcs: Arcs
    care: Care
    topics: int
    moments: Moments | None = None

    @classmethod
    def of(cls, arcs: Arcs, past: Past, moments: Moments | None, care: Care | None = None) -> Ground:
        """What the exposures of a past stand on."""
        topics = int(past.topic.max(initial=0)) + 1
        if moments is not None:
            topics = max(topics, moments.interests.topics)
        plain = Care(level=np.zeros((0 if moments else arcs.people, topics), dtype=np.int32))
        return cls(arcs=arcs, care=care or plain, topics=topics, moments=moments)

    @property
    def names(self) -> tuple[str, ...]:
        """Families of factors beside the traits of arcs, in the order of the columns of `levels`."""
        beside = ("care", *BESIDE_TRAITS)
        return beside if self.moments is None else (*AT_MOMENTS, *beside)

    def levels(self, arc: Numbers, topic: Numbers, incentive: Numbers, at: Doubles | None) -> NDArray[np.int32]:
        """The level of each family per row: traits of the arc, those of the moment, then the others. at: hours.

        A negative topic or incentive stands for the middle of what was seen.
        """
        if self.moments is None:
            return self._plain(arc, topic, incentive)
        assert at is not None  # noqa: S101  moments are asked for with a moment
        plain = self._plain(np.minimum(arc, len(self.arcs.source) - 1), topic, incentive)
        traits = self.arcs.traits.shape[1]
        hidden = np.flatnonzero(arc >= len(self.arcs.source))
        person = (arc[hidden] - len(self.arcs.source)).astype(np.int32)
        people, topics = self.arcs.people, self.topics
        ends = {"care": interests.LEVELS, "receiver": people, "interest": people * topics, "tie": len(self.arcs.source)}
        seen = np.flatnonzero((arc < len(self.arcs.source)) & (topic >= 0))
        target = self.arcs.target[arc[seen]]
        plain[seen, traits] = self.moments.interests.levels(target, topic[seen], at[seen])
        for column, name in enumerate(("care", *BESIDE_TRAITS), traits):
            plain[hidden, column] = person if name == "sharer" else ends.get(name, plain[hidden, column])
        moment = self.moments.levels(self.arcs, arc, at)
        return np.ascontiguousarray(np.hstack([plain[:, :traits], moment, plain[:, traits:]]), dtype=np.int32)

    def _plain(self, arc: Numbers, topic: Numbers, incentive: Numbers) -> NDArray[np.int32]:
        target = _of(self.arcs.target, arc)
        known = topic >= 0
        own = np.where(known, target.astype(np.int64) * self.topics + np.maximum(topic, 0), -1)
        caring = np.full(len(arc), -1)
        if self.moments is None:
            caring = np.where(known, self.care.level[target, np.maximum(topic, 0)], -1)
        traits, source = _of(self.arcs.traits, arc), _of(self.arcs.source, arc)
        columns = [*traits.T, caring, topic, incentive, source, target, own, arc]
        return np.ascontiguousarray(np.stack(columns, axis=1), dtype=np.int32)

    def sizes(self, incentives: int) -> tuple[int, ...]:
        """Levels per family."""
        traits = tuple(int(size) + 1 for size in self.arcs.traits.max(axis=0, initial=0))
        people, more = self.arcs.people, int(self.moments is not None)
        care = self.care.levels if self.moments is None else interests.LEVELS + 1
        beside = (care, self.topics, incentives, people, people + more,
                  people * self.topics + more, len(self.arcs.source) + more)  # fmt: skip
        if not more:
            return (*traits, *beside)
        return (*traits, *(len(names_of(kind)) for kind in AT_MOMENTS), *beside)

    def trials(self, past: Past, delay: Delay) -> Trials:
        """All exposures of all ripples; with moments also those along ties that nobody sees."""
        seen = trials(past, self.arcs, delay)
        return seen if self.moments is None else seen.beside(unseen(past, self.arcs, delay, seen))


def _of(values: NDArray[Any], arc: Numbers) -> NDArray[Any]:
    """What arcs have; anything where there are no arcs at all and only ties that nobody sees are asked for."""
    return values[arc] if len(values) else np.zeros((len(arc), *values.shape[1:]), values.dtype)


@dataclass(frozen=True, kw_only=True)
class Levels:
    """What rates are multiplied by after they were held against later ripples, as logarithms with their variances:
    along known ties and along those that nobody sees. misfit: variance of log rates beyond that of the factors. ripple:
    variance of the logarithm of what a whole ripple brings, against what was to be expected of it."""

    known: float = 0.0
    known_variance: float = 0.0
    unseen: float = 0.0
    unseen_variance: float = 0.0
    misfit: float = 0.0
    ripple: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Exposures:
    """All trials of a past, and the levels of each: made once, asked often. at: hours."""

    tried: Trials
    cells: Cells
    at: Doubles
    entries: int

    @classmethod
    def of(cls, past: Past, ground: Ground, delay: Delay, sizes: tuple[int, ...]) -> Exposures:
        """Of all ripples of a past."""
        tried = ground.trials(past, delay)
        at = past.at[tried.entry]
        levels = ground.levels(tried.arc, past.topic[tried.ripple], past.incentive[tried.ripple], at)
        return cls(tried=tried, cells=Cells.of(levels, tried.watched, sizes), at=at, entries=len(past.at))

    def fit(self, credit: Doubles, names: tuple[str, ...], sizes: tuple[int, ...], begin: Factors | None) -> Factors:
        """The factors under this credit per trial."""
        return fit(self.cells, credit, names=names, sizes=sizes, begin=begin)

    def log(self, factors: Factors, names: Sequence[str]) -> Doubles:
        """Per trial the logarithm of its factors of the families of these names."""
        mine = {place: one.log_mean for place, one in enumerate(factors.families) if one.name in names}
        return self.cells.spread_out(mine)

    def log_variance(self, factors: Factors) -> Doubles:
        """Per trial the variance of the logarithm of its rate."""
        return self.cells.spread_out({place: one.log_variance for place, one in enumerate(factors.families)})

    def rate(self, factors: Factors) -> Doubles:
        """Per trial its rate."""
        return factors.base * np.exp(self.log(factors, [family.name for family in factors.families]))


@dataclass(frozen=True, kw_only=True, eq=False)
class Spread:
    """What was learned. `trials`: how many exposures; `credit`: arrivals per arc; `tried`: exposures per arc. Arrays of
    arcs end with one entry per person for the ties that nobody sees, where `ground` has moments. exposures: what it was
    learned from, while that is at hand."""

    factors: Factors
    delay: Delay
    ground: Ground
    tried: Doubles
    credit: Doubles
    trials: int
    level: Levels = Levels()
    exposures: Exposures | None = None

    def sloped(self, slopes: Mapping[str, float]) -> Spread:
        """With factors of the named families raised to these powers."""
        families = tuple(replace(one, slope=slopes.get(one.name, one.slope)) for one in self.factors.families)
        return replace(self, factors=replace(self.factors, families=families))

    def rate(self, arc: Numbers, topic: Numbers, incentive: Numbers, at: Doubles | None = None) -> Doubles:
        """Arrivals to be expected per arc; a chance is 1 − exp(−rate). at: hours, where the ground has moments."""
        level = np.where(arc < len(self.ground.arcs.source), self.level.known, self.level.unseen)
        return self.factors.rate(self.ground.levels(arc, topic, incentive, at)) * np.exp(level)

    def probability(self, arc: Numbers, topic: Numbers, incentive: Numbers, at: Doubles | None = None) -> Doubles:
        """The chance that the target of each arc comes through its source, for the ripple's topic and incentive."""
        return np.asarray(1.0 - np.exp(-self.rate(arc, topic, incentive, at)))

    def interval(
        self, arc: Numbers, topic: Numbers, incentive: Numbers, at: Doubles | None = None
    ) -> tuple[Doubles, Doubles]:
        """The range that holds the probability with 90 %."""
        levels = self.ground.levels(arc, topic, incentive, at)
        rate = self.factors.rate(levels) * np.exp(self.level.known)
        variance = self.factors.log_variance(levels) + self.level.misfit + self.level.known_variance
        low, high = between(rate, variance, real_share(self.factors, levels))
        return 1.0 - np.exp(-low), 1.0 - np.exp(-high)


def real_share(factors: Factors, levels: NDArray[np.int32]) -> Doubles:
    """The chance that there is a tie at all, per row of levels, by what its kind of contact, the circle of its people
    and earlier arrivals make of the rate, against pairs that one arrival shows and nothing else: these are tied for
    certain. 1 for everybody where too few such pairs were seen."""
    names = [family.name for family in factors.families]
    contact, brought = factors.family("contact"), factors.family("brought")
    if contact is None or brought is None or min(_seen(contact)[ONLY_SHARING], _seen(brought)[ONE_BEFORE]) < CERTAIN:
        return np.ones(len(levels))
    log = -np.full(len(levels), contact.log_mean[ONLY_SHARING] + brought.log_mean[ONE_BEFORE])
    for family in factors.families:
        if family.name in EVIDENCE:
            log += family.log_mean[np.maximum(levels[:, names.index(family.name)], 0)]
    return np.asarray(np.exp(np.minimum(log, 0.0)), dtype=np.float64)


def _seen(family: Family) -> Doubles:
    """Arrivals per level."""
    return family.shape - family.prior


def between(rate: Doubles, variance: Doubles, real: Doubles) -> tuple[Doubles, Doubles]:
    """The range that holds the rate with 90 %, given its mean: 0 with chance 1 − real, else lognormal."""
    from scipy.special import ndtri

    deviation = np.sqrt(variance)
    middle = rate / real
    low = np.where(1 - real < TAIL, ndtri(np.maximum(TAIL - (1 - real), 1e-9) / real), -np.inf)
    high = ndtri(np.clip(1 - TAIL / real, 0.5, 1 - 1e-9))
    return np.minimum(middle * np.exp(deviation * low), rate), np.maximum(middle * np.exp(deviation * high), rate)


def learn(
    past: Past,
    arcs: Arcs,
    *,
    care: Care | None = None,
    traits: tuple[str, ...] = (),
    moments: Moments | None = None,
    prior_delay: Delay | None = None,
    rounds: int = 4,
    begin: Factors | None = None,
) -> Spread:
    """Learn from all exposures of all ripples. traits: a name per column of arcs.traits. begin: factors of the same
    families (of a longer or shorter past), from which to start: the answer is the same and sooner found."""
    known = past.parent >= 0
    delay = learn_delay(past.at[known] - past.at[past.parent[known]], prior_delay)
    ground = Ground.of(arcs, past, moments, care)
    names, sizes = (*traits, *ground.names), ground.sizes(int(past.incentive.max(initial=0)) + 1)
    seen = Exposures.of(past, ground, delay, sizes)
    credit = share_out(seen.tried.arrival, seen.tried.density.astype(np.float64), seen.tried.credit, len(past.at))
    factors = begin
    for _ in range(rounds if (seen.tried.arrival >= 0).any() else 1):
        factors = seen.fit(credit, names, sizes, factors)
        before, rate = credit, seen.rate(factors)
        credit = share_out(seen.tried.arrival, rate * seen.tried.density, seen.tried.credit, len(past.at))
        if np.abs(credit - before).max(initial=0.0) < ENOUGH:
            break
    assert factors is not None  # noqa: S101  there is at least one round
    every = len(arcs.source) + (arcs.people if moments is not None else 0)
    return Spread(
        factors=factors, delay=delay, ground=ground, trials=len(seen.tried), exposures=seen,
        tried=summed(seen.tried.arc, seen.tried.watched, every), credit=summed(seen.tried.arc, credit, every),
    )  # fmt: skip


def summed(group: NDArray[Any], values: NDArray[Any], groups: int) -> Doubles:
    """Sum of the values per group."""
    return np.bincount(group, values, groups).astype(np.float64)
