"""What a clock says of each row: still a buyer?, how many orders, when the next, and what they will be worth.

All in closed form for given parameters (see clocks): while alive and j ticks into the running gap, ticks in a time t
ahead are negative binomial with size r + k·x + j and odds t / (α + T), an order is every k-th tick, and of n orders
all but the last must have been survived. Ranges are of what will happen, not of its mean: the chance of each number
of orders is averaged over points that stand for what is not known of the parameters (Clock.points).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lianyi.insight.kernels import Doubles, inlined, kernel
from lianyi.insight.value.clocks import Clock, Rows

HORIZONS = (30, 90, 180, 365)  # days
NEXT = (0.1, 0.5, 0.9)  # quantiles of the time to the next order, of those who are still buyers
LOW, HIGH = 0.05, 0.95
MOST = 400  # orders within the longest horizon that are told apart
BEYOND = 1095.0  # days: later than that is "not foreseeable"


@dataclass(frozen=True, kw_only=True, eq=False)
class Foretold:
    """One entry per row. alive, alive_low, alive_high: chance to be still a buyer. expected, low, high, any: (rows,
    horizons) orders, their 90 % range, chance of one or more. next: (rows, 3) days until the next order of one who is
    still a buyer, by NEXT; NaN beyond BEYOND."""

    alive: Doubles
    alive_low: Doubles
    alive_high: Doubles
    expected: Doubles
    low: Doubles
    high: Doubles
    any: Doubles
    next: Doubles


def foretell(clock: Clock, data: Rows, horizons: tuple[int, ...] = HORIZONS) -> Foretold:
    """What the clock says of each row."""
    count, spans = len(data.repeats), len(horizons)
    expected, low, high, some = np.zeros((4, count, spans))
    alive, later = np.zeros((count, 3)), np.full((count, len(NEXT)), np.nan)
    times = np.array(horizons, dtype=np.float64)
    _foretell(
        data.repeats, data.last, data.age, clock.points(), clock.regularity, int(clock.at_first), times,
        np.array(NEXT), alive, expected, low, high, some, later,
    )  # fmt: skip
    return Foretold(
        alive=alive[:, 0], alive_low=alive[:, 1], alive_high=alive[:, 2], expected=expected, low=low, high=high,
        any=some, next=later,
    )  # fmt: skip


def expectations(clock: Clock, data: Rows, horizons: tuple[int, ...]) -> Doubles:
    """(rows, horizons): orders expected, and nothing else of what `foretell` says: ranges are most of its work."""
    expected = np.zeros((len(data.repeats), len(horizons)))
    _expected(
        data.repeats, data.last, data.age, clock.points(), clock.regularity, int(clock.at_first),
        np.array(horizons, dtype=np.float64), expected,
    )  # fmt: skip
    return expected


def chances(clock: Clock, data: Rows, horizon: float, most: int) -> Doubles:
    """(rows, most + 1): the chance of 0, 1, … orders within the horizon; the last entry is "so many or more"."""
    tails = np.zeros((len(data.repeats), most + 2))
    _chances(
        data.repeats, data.last, data.age, clock.points(), clock.regularity, int(clock.at_first), float(horizon), tails
    )
    tails[:, 0], tails[:, most + 1] = 1.0, 0.0
    return np.asarray(tails[:, :-1] - tails[:, 1:])


@kernel
def _phases(x: float, last: float, age: float, point: Doubles, k: int, first: int, weights: Doubles) -> float:
    """Fill the chances of j ticks done among the alive; return the chance to be alive."""
    r, alpha, a, b = point[0], point[1], point[2], point[3]
    shape, chances = r + k * x, x + first
    waited = age - last
    term = -shape * math.log(alpha + age)
    weights[0] = term
    top = term
    for j in range(1, k):
        if waited <= 0:
            weights[j] = -np.inf
            continue
        term += math.log(shape + j - 1) - math.log(j) + math.log(waited) - math.log(alpha + age)
        weights[j] = term
        top = max(top, term)
    total = 0.0
    for j in range(k):
        weights[j] = math.exp(weights[j] - top)
        total += weights[j]
    for j in range(k):
        weights[j] /= total
    if chances <= 0:
        return 1.0
    dead = math.log(a) - math.log(b + chances - 1) - shape * math.log(alpha + last) - top
    return total / (total + math.exp(min(dead, 700.0)))


@kernel
def _tails(
    x: float, age: float, point: Doubles, k: int, first: int, weights: Doubles, alive: float, time: float,
    tails: Doubles,
) -> int:  # fmt: skip
    """Fill tails[n] with the chance of n or more orders within the time, n = 1 …; return the last n that counts."""
    r, alpha, a, b = point[0], point[1], point[2], point[3]
    odds = time / (alpha + age + time)
    lost = math.log1p(-odds)
    most = len(tails) - 1
    for n in range(most + 1):
        tails[n] = 0.0
    for j in range(k):
        if weights[j] <= 1e-12:
            continue
        size = r + k * x + j
        log_term, below, ticks = size * lost, 0.0, 0
        for n in range(1, most + 1):
            until = n * k - j  # ticks that make the n-th order
            while ticks < until:
                if log_term > -700.0:
                    below += math.exp(log_term)
                ticks += 1
                log_term += math.log((size + ticks - 1) / ticks * odds)
            above = 1.0 - below
            if above < 1e-10:
                break
            tails[n] += weights[j] * above
    lasting, n = alive, 1
    chances = b + x + first
    while n <= most and tails[n] > 0.0:
        tails[n] *= lasting
        lasting *= (chances + n - 1) / (a + chances + n - 1)
        n += 1
    return n - 1


@kernel
def _next(x: float, age: float, point: Doubles, k: int, weights: Doubles, share: float) -> float:
    """Days until this share of those who are still buyers have ordered again; NaN beyond BEYOND."""
    low, high = 0.0, BEYOND
    if _ordered(x, age, point, k, weights, high) < share:
        return np.nan
    while high - low > 0.05:
        middle = 0.5 * (low + high)
        if _ordered(x, age, point, k, weights, middle) < share:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@kernel
def _ordered(x: float, age: float, point: Doubles, k: int, weights: Doubles, time: float) -> float:
    """The chance that one who is still a buyer orders within the time."""
    odds = time / (point[1] + age + time)
    lost = math.log1p(-odds)
    found = 0.0
    for j in range(k):
        size = point[0] + k * x + j
        log_term, below = size * lost, 0.0
        for ticks in range(k - j):
            below += math.exp(log_term)
            log_term += math.log((size + ticks) / (ticks + 1) * max(odds, 1e-300))
        found += weights[j] * (1.0 - below)
    return found


@kernel
def _mixed(
    x: float, last: float, age: float, points: Doubles, k: int, first: int, time: float, weights: Doubles,
    one: Doubles, mixed: Doubles,
) -> int:  # fmt: skip
    """Fill mixed[n] with the chance of n or more orders, averaged over all points but the first."""
    mixed[:] = 0.0
    most = 0
    for p in range(1, len(points)):
        alive = _phases(x, last, age, points[p], k, first, weights)
        upto = _tails(x, age, points[p], k, first, weights, alive, time, one)
        for n in range(1, upto + 1):
            mixed[n] += one[n] / (len(points) - 1)
        most = max(most, upto)
    return most


@inlined
def _quantile(mixed: Doubles, most: int, share: float) -> int:
    """The smallest number of orders that is not exceeded with this chance."""
    n = 0
    while n < most and 1.0 - mixed[n + 1] < share:
        n += 1
    return n


@kernel
def _foretell(
    repeats: Doubles, last: Doubles, age: Doubles, points: Doubles, k: int, first: int, times: Doubles,
    shares: Doubles, alive: Doubles, expected: Doubles, low: Doubles, high: Doubles, some: Doubles, later: Doubles,
) -> None:  # fmt: skip
    """Every row by itself; see Foretold."""
    weights, one, mixed = np.empty(k), np.empty(MOST + 1), np.empty(MOST + 1)
    count = len(points) - 1
    for row in range(len(repeats)):
        x = repeats[row]
        spread = 0.0
        middle = _phases(x, last[row], age[row], points[0], k, first, weights)
        log_odds = math.log(max(middle, 1e-12) / max(1.0 - middle, 1e-12))
        for q in range(len(shares)):
            later[row, q] = _next(x, age[row], points[0], k, weights, shares[q])
        for h in range(len(times)):
            upto = _tails(x, age[row], points[0], k, first, weights, middle, times[h], one)
            total = 0.0
            for n in range(1, upto + 1):
                total += one[n]
            expected[row, h] = total
        for p in range(1, count + 1):
            chance = _phases(x, last[row], age[row], points[p], k, first, weights)
            other = math.log(max(chance, 1e-12) / max(1.0 - chance, 1e-12))
            spread += (other - log_odds) ** 2 / count
        reach = 1.645 * math.sqrt(spread)
        alive[row, 0] = middle
        alive[row, 1] = 1.0 / (1.0 + math.exp(reach - log_odds)) if middle < 1.0 else 1.0
        alive[row, 2] = 1.0 / (1.0 + math.exp(-reach - log_odds)) if middle < 1.0 else 1.0
        for h in range(len(times)):
            upto = _mixed(x, last[row], age[row], points, k, first, times[h], weights, one, mixed)
            low[row, h] = _quantile(mixed, upto, LOW)
            high[row, h] = _quantile(mixed, upto, HIGH)
            some[row, h] = mixed[1]


@kernel
def _expected(
    repeats: Doubles, last: Doubles, age: Doubles, points: Doubles, k: int, first: int, times: Doubles,
    expected: Doubles,
) -> None:  # fmt: skip
    """Orders expected of every row, at the first of the points."""
    weights, one = np.empty(k), np.empty(MOST + 1)
    for row in range(len(repeats)):
        alive = _phases(repeats[row], last[row], age[row], points[0], k, first, weights)
        for h in range(len(times)):
            upto = _tails(repeats[row], age[row], points[0], k, first, weights, alive, times[h], one)
            for n in range(1, upto + 1):
                expected[row, h] += one[n]


@kernel
def _chances(
    repeats: Doubles, last: Doubles, age: Doubles, points: Doubles, k: int, first: int, time: float, tails: Doubles
) -> None:
    """Fill the chance of n or more orders of every row."""
    most = tails.shape[1] - 1
    weights, one, mixed = np.empty(k), np.empty(most + 1), np.empty(most + 1)
    for row in range(len(repeats)):
        _mixed(repeats[row], last[row], age[row], points, k, first, time, weights, one, mixed)
        tails[row, 1:] = mixed[1:]


@kernel
def worth_ranges(
    repeats: Doubles, last: Doubles, age: Doubles, paid: Doubles, points: Doubles, k: int, first: int, times: Doubles,
    spend_shape: float, rate_shape: float, low: Doubles, high: Doubles,
) -> None:  # fmt: skip
    """Range of what the orders within each time will be worth, in units of v + what was paid so far (see spend).

    Given n orders that is a beta prime variable with shapes p·n and q + p·paid; its chance is averaged over n.
    """
    weights, one, mixed, sizes = np.empty(k), np.empty(MOST + 1), np.empty(MOST + 1), np.empty(MOST + 1)
    for row in range(len(repeats)):
        other = rate_shape + spend_shape * paid[row]
        for h in range(len(times)):
            upto = _mixed(repeats[row], last[row], age[row], points, k, first, times[h], weights, one, mixed)
            for n in range(1, upto + 1):  # what does not hang on the place asked about
                sizes[n] = math.lgamma(spend_shape * n + other) - math.lgamma(spend_shape * n) - math.lgamma(other)
            low[row, h] = _worth(mixed, sizes, upto, spend_shape, other, LOW)
            high[row, h] = _worth(mixed, sizes, upto, spend_shape, other, HIGH)


@kernel
def _worth(mixed: Doubles, sizes: Doubles, most: int, shape: float, other: float, share: float) -> float:
    """The quantile of the mixture, by bisection on the share u = s / (1 + s), to a thousandth of s."""
    if most == 0 or 1.0 - mixed[1] >= share:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        below = 1.0 - mixed[1]
        for n in range(1, most + 1):
            chance = mixed[n] - (mixed[n + 1] if n < most else 0.0)
            if chance > 1e-4:
                below += chance * _beta_below(shape * n, other, middle, sizes[n])
        if below < share:
            low = middle
        else:
            high = middle
        if high - low < 1e-3 * low * (1.0 - high):
            break
    return 0.5 * (low + high) / (1.0 - 0.5 * (low + high))


@kernel
def _beta_below(a: float, b: float, x: float, size: float) -> float:
    """The regularised incomplete beta function by its continued fraction (Abramowitz and Stegun 26.5.8, Lentz).
    size: −log B(a, b)."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    turned = x > (a + 1.0) / (a + b + 2.0)
    if turned:
        a, b, x = b, a, 1.0 - x
    front = math.exp(size + a * math.log(x) + b * math.log1p(-x)) / a
    c, d = 1.0, 1.0 / _not_zero(1.0 - (a + b) * x / (a + 1.0))
    found = d
    for m in range(1, 300):
        step = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        d = 1.0 / _not_zero(1.0 + step * d)
        c = _not_zero(1.0 + step / c)
        found *= d * c
        step = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        d = 1.0 / _not_zero(1.0 + step * d)
        c = _not_zero(1.0 + step / c)
        found *= d * c
        if abs(d * c - 1.0) < 1e-8:
            break
    below = front * found
    return 1.0 - below if turned else below


@inlined
def _not_zero(value: float) -> float:
    return value if abs(value) > 1e-300 else 1e-300
