"""What a sample proves: one-sided bounds on a share, and how many sets a certificate may need at most.

The bounds are Chernoff's in their exact form: if X of n independent draws hit and the mean chance is p, then
n·kl(X/n, p) > a on one given side has probability at most exp(-a) (Hoeffding 1963, theorem 1; draws need not be
alike). They are at least as tight as the martingale bounds of OPIM-C (Tang, Tang, Xiao & Yuan, SIGMOD 2018), which
drop the factor 1-p of the variance.
"""

from __future__ import annotations

import math
from statistics import NormalDist

_HALVINGS = 60


def divergence(share: float, chance: float) -> float:
    """kl(share, chance) of two Bernoulli laws in nats."""
    if share <= 0.0:
        return -math.log1p(-chance) if chance < 1.0 else math.inf
    if share >= 1.0:
        return -math.log(chance) if chance > 0.0 else math.inf
    if not 0.0 < chance < 1.0:
        return math.inf
    return share * math.log(share / chance) + (1.0 - share) * math.log((1.0 - share) / (1.0 - chance))


def at_least(hits: float, draws: int, doubt: float) -> float:
    """A chance that the true one stays below with probability at most exp(-doubt)."""
    share = min(1.0, hits / draws)
    low, high = 0.0, share
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        if draws * divergence(share, middle) > doubt:
            low = middle
        else:
            high = middle
    return low


def at_most(hits: float, draws: int, doubt: float) -> float:
    """A chance that the true one passes with probability at most exp(-doubt); hits may be a bound, not whole."""
    share = min(1.0, hits / draws)
    low, high = share, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        if draws * divergence(share, middle) > doubt:
            high = middle
        else:
            low = middle
    return high


def interval(hits: float, draws: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval for a share (1927): covers as stated on average, for estimates that are shown."""
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    share = hits / draws
    middle = share + z * z / (2.0 * draws)
    half = z * math.sqrt(share * (1.0 - share) / draws + z * z / (4.0 * draws * draws))
    scale = 1.0 + z * z / draws
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def log_choices(items: int, seeds: int) -> float:
    """ln of the number of ways to choose at most `seeds` of `items`, from above."""
    seeds = min(seeds, items)
    if 2 * seeds >= items:
        return items * math.log(2.0)
    single = math.lgamma(items + 1) - math.lgamma(seeds + 1) - math.lgamma(items - seeds + 1)
    # Each smaller size has at most seeds/(items-seeds+1) times the ways of the next.
    return single - math.log1p(-seeds / (items - seeds + 1))


def first_and_last_size(
    *, total: float, items: int, seeds: int, least: float, epsilon: float, delta: float
) -> tuple[int, int]:
    """Sets drawn in the first round, and those after which greedy is right without a certificate.

    OPIM-C, lemma 6.1 with reach of the best at least `least` out of `total`.
    """
    rest = 1.0 - 1.0 / math.e
    alpha = math.sqrt(math.log(6.0 / delta))
    beta = math.sqrt(rest * (log_choices(items, seeds) + math.log(6.0 / delta)))
    base = 2.0 * (rest * alpha + beta) ** 2
    last = math.ceil(base * total / (least * epsilon**2))
    return min(math.ceil(base), last), last
