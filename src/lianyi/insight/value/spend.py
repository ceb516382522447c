"""What an order is worth: Gamma-Gamma (Fader, Hardie, "The Gamma-Gamma model of monetary value", note 025, 2013).

A person's orders are Gamma(p, ν) with a ν of their own, drawn from Gamma(q, v); spend does not depend on how often
somebody orders (checked: `correlation`). Of a person counts the number of paid orders x and their mean z.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
BORDER = 12.0
# Beyond so many people a sample says the same: parameters are then known to a percent.
ENOUGH = 300_000


@dataclass(frozen=True, kw_only=True)
class Spend:
    """p, q as in the paper, v in money. correlation: of number and mean (logarithms); people: it was learned on."""

    p: float
    q: float
    v: float
    correlation: float
    people: int

    def mean(self, orders: Doubles, each: Doubles) -> Doubles:
        """Money expected of each further order of people with so many paid orders of this mean; infinite (unknown)
        where the model has no mean."""
        shape = self.p * orders + self.q - 1
        return np.where(shape > 0, self.p * (self.v + orders * each) / np.where(shape > 0, shape, 1), np.inf)


def log_likelihood(theta: Doubles, orders: Doubles, each: Doubles) -> tuple[float, Doubles]:
    """Log likelihood and its gradient by the logarithms of (p, q, v); terms free of them left out."""
    from scipy.special import gammaln, psi

    p, q, v = np.exp(theta)
    values, back = np.unique(orders, return_inverse=True)
    place = back.reshape(-1)
    total = v + orders * each
    log_total = np.log(total)
    fixed = gammaln(p * values + q) - gammaln(p * values) - gammaln(q) + q * np.log(v)
    log = float((fixed[place] + p * orders * np.log(orders * each) - (p * orders + q) * log_total).sum())
    both = psi(p * values + q)
    slope_p = (values * (both - psi(p * values)))[place] + orders * (np.log(orders * each) - log_total)
    slope_q = (both - psi(q) + np.log(v))[place] - log_total
    slope_v = q / v - (p * orders + q) / total
    return log, np.array([slope_p.sum() * p, slope_q.sum() * q, slope_v.sum() * v])


def fit(orders: Doubles, each: Doubles) -> Spend:
    """The parameters under which means of paid orders are likeliest. orders ≥ 1, each > 0, one entry per person."""
    from scipy.optimize import minimize

    step = -(-len(orders) // ENOUGH)
    orders, each = orders[::step].astype(np.float64), each[::step].astype(np.float64)
    unit = float(np.median(each))

    def loss(theta: Doubles) -> tuple[float, Doubles]:
        log, slope = log_likelihood(theta, orders, each / unit)
        return -log / len(orders), -slope / len(orders)

    found = minimize(
        loss, np.log([2.0, 2.0, 1.0]), jac=True, method="L-BFGS-B", bounds=[(-BORDER, BORDER)] * 3,
        options={"ftol": 1e-13, "gtol": 1e-7, "maxiter": 500},
    )  # fmt: skip
    p, q, v = np.exp(found.x)
    spread = np.std(orders) * np.std(each)
    correlation = float(np.corrcoef(np.log(orders), np.log(each))[0, 1]) if spread > 0 else 0.0
    return Spend(p=float(p), q=float(q), v=float(v * unit), correlation=correlation, people=len(orders))
