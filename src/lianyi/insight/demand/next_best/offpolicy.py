"""What a policy would have brought, from what another policy did: off-policy evaluation on logged propensities.

Inverse propensity scores (IPS, Horvitz and Thompson 1952), the same normalised by its weights (SNIPS, Swaminathan and
Joachims 2015), and doubly robust (DR, Dudík, Langford and Li 2011), which is right when either the propensities or the
predictions are. Unbiased only where the logging policy gave every option that the other takes a chance; weights say so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lianyi.errors import InputError

Doubles = NDArray[np.float64]
Z = 1.959964
LEAST = 1e-6


@dataclass(frozen=True, kw_only=True)
class Worth:
    """Mean reward per decision under the policy, its standard error and 95 % interval. effective: how many of the
    logged decisions it rests on, (Σw)²/Σw² (Kish). largest: the largest weight; one decision then sways it."""

    method: str
    value: float
    error: float
    low: float
    high: float
    effective: float
    largest: float


def evaluate(
    action: NDArray[np.int64], propensity: Doubles, reward: Doubles, policy: Doubles, predicted: Doubles | None = None
) -> tuple[Worth, ...]:
    """IPS, SNIPS and, with predictions, DR.

    One row = one logged decision: the option taken (number), the chance it had, the reward that followed. policy: (n,
    options) chances under the policy that is judged, rows sum to 1. predicted: (n, options) expected rewards, made
    without the row's own reward. InputError names a propensity that is no chance, or a row that does not sum to 1.
    """
    rows = np.arange(len(action))
    bad = np.flatnonzero(~((propensity > 0) & (propensity <= 1)))
    if len(bad):
        raise InputError(f"propensity of decision {bad[0]} is {propensity[bad[0]]}; it must be above 0 and at most 1")
    sums = np.flatnonzero(np.abs(policy.sum(axis=1) - 1) > LEAST)
    if len(sums):
        raise InputError(f"chances of decision {sums[0]} sum to {policy[sums[0]].sum():.4f}; they must sum to 1")
    weight = policy[rows, action] / propensity
    found = [_mean("ips", weight * reward, weight)]
    mean = weight.mean()
    if mean > 0:
        normal = weight / mean
        value = float((normal * reward).mean())
        found.append(_mean("snips", value + normal * (reward - value), weight))
    if predicted is not None:
        direct = (policy * predicted).sum(axis=1)
        found.append(_mean("dr", direct + weight * (reward - predicted[rows, action]), weight))
    return tuple(found)


def _mean(method: str, values: Doubles, weight: Doubles) -> Worth:
    value, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
    square = float((weight**2).sum())
    return Worth(
        method=method, value=value, error=error, low=value - Z * error, high=value + Z * error,
        effective=float(weight.sum()) ** 2 / square if square else 0.0, largest=float(weight.max(initial=0.0)),
    )  # fmt: skip
