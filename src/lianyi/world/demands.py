"""What people buy of their own accord: one demand = one person × one category, with a clock of its own.

A demand's hazard on a day is rate × lifts of the day × lift of the hours × effect of campaigns. Clocks with shape k
tick k times per purchase (Erlang gaps: replenishment); after each order the person drops out with a fixed chance (as in
BG/NBD, Fader, Hardie and Lee 2005).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lianyi.world.life import Nature
from lianyi.world.people import ADVERTISER, EMPLOYEE, NEVER
from lianyi.world.settings import Bools, Floats, Ints

BROWSE = 0.05  # sessions a day of one who is fully interested


@dataclass(kw_only=True)
class Demands:
    """One entry per person and category that the person may buy, sorted by person.

    rate: purchases a day on an ordinary day. shape: ticks per purchase. ticks: state of the clock. drop: chance per
    order that the person never buys again (per person). gone: day of dropping out per person. latent: the need sleeps
    (its rate is a fifth) unless a scene of the category holds.
    """

    person: Ints
    category: Ints
    rate: Floats
    shape: Ints
    latent: Bools
    ticks: Ints
    drop: Floats
    gone: Ints
    browse: Floats

    @property
    def count(self) -> int:
        return len(self.person)


def make_demands(nature: Nature) -> Demands:
    """Draw everybody's demands: gamma-mixed rates, beta-mixed drop-out."""
    dice = nature.settings.dice("demands")
    people, plan = nature.people, nature.settings.plan.categories
    person, category = np.nonzero(people.interest > 0.12)
    cycle = np.array([item.cycle for item in plan])
    eager = dice.gamma(1.1, 1 / 1.1, people.count)
    eager[(dice.random(people.count) < 0.15) | (people.role == ADVERTISER) | (people.role == EMPLOYEE)] = 0
    interest = people.interest[person, category].astype(np.float64)
    return Demands(
        person=person, category=category, rate=eager[person] * interest * 1.3 / cycle[category],
        shape=np.array([item.regularity for item in plan])[category], latent=dice.random(len(person)) < 0.12,
        ticks=(dice.random(len(person)) * np.array([item.regularity for item in plan])[category]).astype(np.int64),
        drop=dice.beta(0.8, 7, people.count), gone=np.full(people.count, NEVER, dtype=np.int64),
        browse=np.cumsum(BROWSE * interest * np.minimum(eager[person] + 0.3, 2.5)),
    )  # fmt: skip


def purchase_rates(demands: Demands, count: int) -> Floats:
    """Purchases per ordinary day of each of `count` people over all their categories."""
    return np.bincount(demands.person, demands.rate, count).astype(np.float64)
