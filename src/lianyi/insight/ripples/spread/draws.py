"""Random numbers inside kernels: SplitMix64 (Steele, Lea & Flood, OOPSLA 2014), one stream per sampled set.

The stream of a set hangs on (key, index) alone, so the i-th set of a seed is the same whatever the number of threads,
the size of portions or the order in which sets are asked for.
"""

from __future__ import annotations

import numpy as np

from lianyi.insight.kernels import kernel

STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S11 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(11)
_UNIT = 1.0 / 9007199254740992.0


@kernel
def mixed(state: np.uint64) -> np.uint64:
    """The 64 random bits of a state; the next state is state + STEP."""
    number = (state ^ (state >> _S30)) * _FIRST
    number = (number ^ (number >> _S27)) * _SECOND
    return number ^ (number >> _S31)


@kernel
def stream(key: np.uint64, index: int) -> np.uint64:
    """The first state of stream `index`."""
    return mixed(key + np.uint64(index) * _SECOND)


@kernel
def unit(state: np.uint64) -> float:
    """A number in [0, 1) with 53 bits."""
    return (mixed(state) >> _S11) * _UNIT


@kernel
def points(number: float, quiet: float, rate: float) -> int:
    """A Poisson count by inversion: `number` in [0, 1), quiet = exp(-rate). The tail below 1e-18 is cut off."""
    count = 0
    weight = quiet
    total = quiet
    while number >= total and (weight > 1e-18 or count < rate):
        count += 1
        weight *= rate / count
        total += weight
    return count


def key_of(seed: int, purpose: int) -> np.uint64:
    """The key of one family of streams: equal seeds and purposes give equal sets, others are unrelated."""
    return np.uint64(np.random.SeedSequence([seed, purpose]).generate_state(1, np.uint64)[0])
