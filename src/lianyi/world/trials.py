"""Campaigns at will on one world: potential outcomes under any assignment, with the true effects beside them.

The simulation runs few campaigns in full detail; statistics of effects need hundreds. Here only the outcome is drawn:
orders of person i in a month ~ Poisson(base_i · (1 + direct_i · treated_i + spill · exposure_i ^ shape)), base_i being
the person's true rate, direct_i heterogeneous (steady, persuadable, annoyed), exposure_i the strength-weighted share of
treated ties. With shape other than 1 the response to exposure bends, which puts an estimator that assumes a straight
line to the test; so does hiding some of the ties from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lianyi.errors import InputError
from lianyi.world.campaigns import DIRECT, RESPONSE_SHARE, exposure_of, main_community
from lianyi.world.demands import make_demands, purchase_rates
from lianyi.world.life import Nature, make_nature
from lianyi.world.settings import MONTH, Bools, Floats, Ints, WorldSettings


@dataclass(frozen=True, kw_only=True)
class Effects:
    """True effects in expected orders per person: the mean over all people of outcome differences.

    direct: oneself treated, nobody else. spill: everybody else treated, oneself not. total: everybody against nobody.
    """

    direct: float
    spill: float
    total: float


@dataclass(frozen=True, kw_only=True)
class Trials:
    """The people of one world as subjects. base: expected orders a month; direct: relative effect of being treated;
    cluster: main community of each person (for assignment by community); tied: has ties at all."""

    nature: Nature
    base: Floats
    direct: Floats
    cluster: Ints
    tied: Bools

    def effects(self, *, strength: float = 1.0, spill: float = 0.5) -> Effects:
        """What is true whatever the assignment. `strength` scales the direct effect."""
        alone = float((self.base * strength * self.direct).mean())
        others = float((self.base * spill * self.tied).mean())
        return Effects(direct=alone, spill=others, total=alone + others)

    def run(
        self, treated: Bools, *, seed: int, strength: float = 1.0, spill: float = 0.5, shape: float = 1.0
    ) -> pa.Table:
        """One campaign. One row = one person: person, treated, exposure, cluster, before (orders of the month before,
        for variance reduction), orders (of the month of the campaign). InputError where `treated` does not fit."""
        if len(treated) != len(self.base) or treated.dtype != np.bool_:
            raise InputError(f"treated: {len(treated)} of {treated.dtype}; {len(self.base)} booleans are needed")
        dice = self.nature.settings.dice("trial", seed)
        exposure = exposure_of(self.nature, treated)
        factor = 1 + strength * self.direct * treated + spill * exposure**shape
        columns = {
            "person": np.arange(len(self.base)), "treated": treated, "exposure": exposure, "cluster": self.cluster,
            "before": dice.poisson(self.base), "orders": dice.poisson(self.base * np.maximum(factor, 0)),
        }  # fmt: skip
        return pa.table(columns)

    def assign(self, *, seed: int, by_community: bool, share: float = 0.5) -> Bools:
        """An assignment by coin: per person, or per community as a whole."""
        dice = self.nature.settings.dice("trial assignment", seed)
        coin = dice.random(self.nature.communities.count + len(self.base)) < share
        return np.asarray(coin[self.cluster] if by_community else coin[: len(self.base)])


def trials(settings: WorldSettings) -> Trials:
    """The trials of the world of these settings (its people, ties and communities; no day is simulated)."""
    nature = make_nature(settings)
    demands = make_demands(nature)
    response = settings.dice("trial response").choice(3, size=nature.people.count, p=RESPONSE_SHARE)
    return Trials(
        nature=nature, base=MONTH * purchase_rates(demands, nature.people.count),
        direct=DIRECT[response], cluster=main_community(nature), tied=np.diff(nature.arc_begin) > 0,
    )  # fmt: skip
