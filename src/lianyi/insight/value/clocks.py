"""Purchase clocks: how often people buy, how regularly, and when they stopped. One family with a closed likelihood.

A person's gaps between order days are Erlang-k with a rate drawn from Gamma(r, α); at each order day they may leave for
good, with a chance drawn from Beta(a, b). k = 1 without leaving at the first order is BG/NBD (Fader, Hardie, Lee,
"Counting your customers the easy way", Marketing Science 2005); with it MBG/NBD (Batislam, Denizel, Filiztekin, IJRM
2007); k > 1, for people who buy in a rhythm, is MBG/CNBD-k (Reutterer, Platzer, Schröder, "Leveraging purchase
regularity for predicting customer behavior the easy way", IJRM 2021).

All that the likelihood needs of a person is (x, t_x, T): orders after the first, time from the first to the last, time
from the first to now. Equal rows are one row with a weight: the fit of a million people is that of the different rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
# Borders of the parameters' logarithms: beyond them they say "all alike" or "never", and the surface is flat.
BORDER = 12.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Different (x, t_x, T) with the number of people who have each, in one unit of time.

    log_gaps: sum over all people of the logarithms of their gaps; only needed to compare clocks of different k.
    """

    repeats: Doubles
    last: Doubles
    age: Doubles
    people: Doubles
    log_gaps: float = 0.0

    def scaled(self, unit: float) -> Rows:
        """The same rows in a unit of time so many times as long."""
        gaps = self.log_gaps - float(self.people @ self.repeats) * np.log(unit)
        return replace(self, last=self.last / unit, age=self.age / unit, log_gaps=gaps)


def rows(repeats: Doubles, last: Doubles, age: Doubles, *, log_gaps: float = 0.0) -> Rows:
    """Rows of people, one entry each, with equal ones made one."""
    # whole numbers per column, then one number per row: many times faster than comparing rows
    places = [np.unique(column, return_inverse=True) for column in (repeats, last, age)]
    code = np.zeros(len(repeats), dtype=np.int64)
    for values, place in places:
        code = code * len(values) + place.reshape(-1)
    _, first, count = np.unique(code, return_index=True, return_counts=True)
    return Rows(
        repeats=repeats[first].astype(np.float64), last=last[first].astype(np.float64),
        age=age[first].astype(np.float64), people=count.astype(np.float64), log_gaps=log_gaps,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Clock:
    """A fitted clock. r, alpha, a, b as in the papers, alpha in the unit of time of the rows.

    regularity: k, the shape of gaps; 1 = no rhythm. at_first: people may leave at the first order already. covariance:
    of the logarithms of (r, α, a, b). people, repeats: it was learned on.
    """

    r: float
    alpha: float
    a: float
    b: float
    regularity: int = 1
    at_first: bool = False
    covariance: Doubles
    log_likelihood: float = 0.0
    people: int = 0
    repeats: int = 0

    @property
    def name(self) -> str:
        """BG/NBD, MBG/NBD or MBG/CNBD-k."""
        family = "MBG" if self.at_first else "BG"
        return f"{family}/NBD" if self.regularity == 1 else f"{family}/CNBD-{self.regularity}"

    @property
    def parameters(self) -> Doubles:
        """(r, α, a, b)."""
        return np.array([self.r, self.alpha, self.a, self.b])

    def points(self) -> Doubles:
        """(9, 4): the parameters, then eight that stand for what is not known of them: the points of the third-degree
        cubature rule for a normal distribution of the logarithms (Stroud), each with a weight of one eighth."""
        middle = np.log(self.parameters)
        spread = np.linalg.cholesky(self.covariance + 1e-12 * np.eye(4)).T * 2.0  # sqrt of the dimension
        around = np.clip(np.concatenate([middle + spread, middle - spread]), -BORDER, BORDER)
        return np.asarray(np.exp(np.vstack([middle, around])))
