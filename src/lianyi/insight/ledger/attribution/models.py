"""Attribution models: how the value of an order is divided among the touches before it. Description, not cause.

Each model gives the touches of one path weights that sum to 1:

- first, last: all to the first or last touch; linear: the same to each.
- decay: 2^(−age / HALF_LIFE days), age being the time from the touch to the order.
- position: 0.4 to the first, 0.4 to the last, the rest evenly between; of two touches half each.
- shapley: the Shapley value of the game in which a set of channels earns the orders whose paths need no other channel;
  in closed form each order is divided evenly among the different channels of its path (Zhao, Mahboobi, Bagheri, 2018,
  "Shapley value methods for attribution modeling in online advertising", section 3).

`markov` is a statement on all paths together: the chain of channels of order 1 from start to order or to nothing; the
removal effect of a channel is the part of orders that is lost if it leads to nothing (Anderl, Becker, von Wangenheim,
Schumann, 2016, International Journal of Research in Marketing 33), and the whole is divided in proportion to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

HALF_LIFE = 7.0
ENDS = 0.4
FIRST, LAST, LINEAR, DECAY, POSITION, SHAPLEY, MARKOV = (
    "first", "last", "linear", "decay", "position", "shapley", "markov"
)  # fmt: skip
MODELS = (FIRST, LAST, LINEAR, DECAY, POSITION, SHAPLEY, MARKOV)


@dataclass(frozen=True, kw_only=True)
class Touches:
    """Touches before orders, one entry each, in order of path and then time. path: 0, 1, 2 … without gaps; player: who
    or what touched; age: days from the touch to the order."""

    path: Ints
    player: Ints
    age: Floats

    @property
    def paths(self) -> int:
        """How many paths there are."""
        return int(self.path[-1]) + 1 if len(self.path) else 0


def weights(model: str, touches: Touches) -> Floats:
    """The weight of each touch; within each path they sum to 1. KeyError for `markov`, which knows no single path."""
    return _PER_PATH[model](touches)


def _edges(touches: Touches) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Floats]:
    """Whether a touch is the first, the last of its path, and how many touches that has."""
    change = np.flatnonzero(np.diff(touches.path))
    first = np.zeros(len(touches.path), dtype=bool)
    last = np.zeros(len(touches.path), dtype=bool)
    if len(first):
        first[np.concatenate([[0], change + 1])] = True
        last[np.concatenate([change, [len(last) - 1]])] = True
    return first, last, np.bincount(touches.path, minlength=touches.paths)[touches.path].astype(np.float64)


def _first(touches: Touches) -> Floats:
    return _edges(touches)[0].astype(np.float64)


def _last(touches: Touches) -> Floats:
    return _edges(touches)[1].astype(np.float64)


def _linear(touches: Touches) -> Floats:
    return 1 / _edges(touches)[2]


def _decay(touches: Touches) -> Floats:
    """Relative to the latest touch of the path, so that no weight vanishes in a power too small for a float."""
    youngest = np.full(touches.paths, np.inf)
    np.minimum.at(youngest, touches.path, touches.age)
    power = np.exp2(-(touches.age - youngest[touches.path]) / HALF_LIFE)
    whole = np.bincount(touches.path, weights=power, minlength=touches.paths)
    return np.asarray(power / whole[touches.path])


def _position(touches: Touches) -> Floats:
    first, last, count = _edges(touches)
    between = (1 - 2 * ENDS) / np.maximum(count - 2, 1)
    many = np.where(first | last, ENDS, between)
    return np.where(count == 1, 1.0, np.where(count == 2, 0.5, many))


def _shapley(touches: Touches) -> Floats:
    """Evenly over the different players of the path: to the first touch of each."""
    pair = touches.path * (int(touches.player.max(initial=0)) + 1) + touches.player
    _values, index = np.unique(pair, return_index=True)
    fresh = np.zeros(len(pair), dtype=bool)
    fresh[index] = True
    different = np.bincount(touches.path[fresh], minlength=touches.paths)
    return np.where(fresh, 1 / different[touches.path], 0.0)


_PER_PATH: Mapping[str, Callable[[Touches], Floats]] = {
    FIRST: _first, LAST: _last, LINEAR: _linear, DECAY: _decay, POSITION: _position, SHAPLEY: _shapley,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Counts of steps over all paths, of those that ended in an order and those that did not. start, order, nothing:
    per player, how often a path began there, and led from there to an order or to its end without one. steps[i, j]:
    how often j followed i."""

    start: Floats
    steps: Floats
    order: Floats
    nothing: Floats


def removal(chain: Chain) -> Floats:
    """Removal effects, as shares that sum to 1; all 0 where no path ended in an order."""
    count = len(chain.start)
    whole = _converts(chain, np.ones(count, dtype=bool))
    lost = np.zeros(count)
    for player in range(count):
        kept = np.ones(count, dtype=bool)
        kept[player] = False
        lost[player] = max(whole - _converts(chain, kept), 0.0)
    total = lost.sum()
    return np.asarray(lost / total) if total > 0 else lost


def _converts(chain: Chain, kept: NDArray[np.bool_]) -> float:
    """The chance that a path ends in an order when the players that are not kept lead to nothing."""
    out = chain.steps.sum(axis=1) + chain.order + chain.nothing
    known = kept & (out > 0)
    if not known.any() or chain.start.sum() <= 0:
        return 0.0
    by = out[known]
    step = chain.steps[np.ix_(known, known)] / by[:, None]
    # A circle that is never left has no end: least squares gives its players the smallest chance that fits, 0.
    ends = np.linalg.lstsq(np.eye(len(by)) - step, chain.order[known] / by, rcond=None)[0]
    return float(chain.start[known] / chain.start.sum() @ ends)


def distributed(total: int, shares: Floats) -> list[int]:
    """Whole numbers in proportion to the shares that sum to the total exactly (largest remainder; of equal remainders
    the first). All to nobody where the shares are all 0: then the sum can't be kept and ValueError says so."""
    whole = float(shares.sum())
    if not whole > 0:
        if total:
            raise ValueError(f"{total} can't be distributed: all shares are 0")
        return [0] * len(shares)
    exact = [abs(total) * float(share) / whole for share in shares]
    given = [int(part) for part in exact]
    left = abs(total) - sum(given)
    order = sorted(range(len(exact)), key=lambda place: (given[place] - exact[place], place))
    step = 1 if left >= 0 else -1
    for number in range(abs(left)):
        given[order[number % len(order)]] += step
    return [part if total >= 0 else -part for part in given]
