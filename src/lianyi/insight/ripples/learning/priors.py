"""How different the levels of a family are: the a of Gamma(a, a) under which what came at each level is likeliest.

With the factor integrated out, arrivals of a level are negative binomial (DuMouchel, The American Statistician 1999).
Levels at which nothing came — nearly all people and ties — only add a · log(1 + expected / a): those with nearly the
same expectation are taken together at their mean, in bins of 1 / 32 of a logarithm (error of the sum under 10⁻⁴ of it).
"""

from __future__ import annotations

import math

import numpy as np

from lianyi.insight.kernels import Doubles, kernel

LOOSEST, TIGHTEST = 0.3, 1e4  # bounds of a
# A family of few levels can't show how different they are; its a is drawn to what most families have.
USUAL, USUAL_SPREAD = math.log(4.0), 1.0
LOWEST, PER_UNIT, BINS = -30.0, 32.0, 1600  # of logarithms of what was to be expected
NEAR, EDGE = 1.0, 0.05  # how far from the last a it is sought first; so near to the end it is sought everywhere


def likeliest_prior(counts: Doubles, expected: Doubles, few: bool, *, near: float = 0.0) -> float:  # noqa: FBT001
    """The a between LOOSEST and TIGHTEST under which the counts are likeliest. near: where it was before, or 0."""
    came = counts > 0
    value, number = _binned(np.ascontiguousarray(expected[~came]))
    packed = (counts[came], expected[came], value, number, few)
    low, high = math.log(LOOSEST), math.log(TIGHTEST)
    if near > 0:
        left, right = max(math.log(near) - NEAR, low), min(math.log(near) + NEAR, high)
        found = float(_likeliest(*packed, left, right))
        if (found > left + EDGE or left == low) and (found < right - EDGE or right == high):
            return math.exp(found)
    return math.exp(float(_likeliest(*packed, low, high)))


@kernel
def _binned(expected: Doubles) -> tuple[Doubles, Doubles]:
    """(mean, how many) of the bins that are not empty; what is below the first bin adds nothing."""
    total, number = np.zeros(BINS, np.float64), np.zeros(BINS, np.float64)
    for level in range(len(expected)):
        if expected[level] > 1e-13:
            place = min(max(int((math.log(expected[level]) - LOWEST) * PER_UNIT), 0), BINS - 1)
            total[place] += expected[level]
            number[place] += 1.0
    some = np.flatnonzero(number)
    return total[some] / number[some], number[some]


@kernel
def _likelihood(
    log_prior: float, counts: Doubles, expected: Doubles, value: Doubles, number: Doubles, few: bool  # noqa: FBT001
) -> float:  # fmt: skip
    """Log chance of the counts when factors are Gamma(a, a). counts > 0; value, number: levels where nothing came."""
    a = math.exp(log_prior)
    total, at_nothing = 0.0, math.lgamma(a)
    for level in range(len(counts)):
        total += math.log(a) if counts[level] == 1.0 else math.lgamma(a + counts[level]) - at_nothing
        total -= (a + counts[level]) * math.log1p(expected[level] / a) + counts[level] * log_prior
    for place in range(len(value)):
        total -= number[place] * a * math.log1p(value[place] / a)
    if few:
        total -= 0.5 * ((log_prior - USUAL) / USUAL_SPREAD) ** 2
    return total


@kernel
def _likeliest(
    counts: Doubles, expected: Doubles, value: Doubles, number: Doubles, few: bool, low: float, high: float  # noqa: FBT001
) -> float:  # fmt: skip
    """Golden section on log a between two ends, to a thousandth."""
    ratio = (math.sqrt(5.0) - 1.0) / 2.0
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left = _likelihood(left, counts, expected, value, number, few)
    at_right = _likelihood(right, counts, expected, value, number, few)
    while high - low > 1e-3:
        if at_left > at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = _likelihood(left, counts, expected, value, number, few)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = _likelihood(right, counts, expected, value, number, few)
    return (low + high) / 2.0
