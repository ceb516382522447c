"""Which category is bought more than usual in which scene: a table of counts, fitted, tested, shrunk.

Counts of slices (days, hours or cities) × categories follow the product of a size of the slice, a size of the category
and the lifts of the scenes that hold (log-linear Poisson model; a scene that is not chosen has lift 1). Scenes are
chosen forward by Poisson noise alone, for each category its strongest first, so that one lift does not make its
neighbours look lifted; then those that do not stand out from the empirical null are dropped. So a lift is relative to
what the other categories did in the same slices: a sale that raises all of them is no scene of any.

Test: lift > LEAST, one-sided (as TREAT: McCarthy and Smyth, Bioinformatics 2009), with an empirical null: beyond
Poisson noise, log lifts of scenes that are none scatter by a spread that is estimated from the bulk (Efron, JASA 2004).
False discoveries by Benjamini and Hochberg (JRSS B 1995). Shown lifts are shrunk by normal empirical Bayes (variance
between scenes by Paule and Mandel's equation), what was found and what was not each by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Bools = NDArray[np.bool_]
LEAST = 1.1  # a lift that is worth speaking of
Q = 0.05  # expected share of false ones among the scenes that are called found
EXPECTED = 5.0  # fewer purchases expected in a scene: nothing is said
_ROUNDS = 40


@dataclass(frozen=True, kw_only=True, eq=False)
class Fit:
    """Arrays of shape (scenes, categories). observed, expected: purchases in the scene, and those without its lift.
    log_lift, error: log of observed / expected and its standard error, the empirical null's spread in it. tested:
    enough was expected. p, q: of the test; 1 where not tested. found: q ≤ Q and chosen."""

    observed: Doubles
    expected: Doubles
    log_lift: Doubles
    error: Doubles
    tested: Bools
    p: Doubles
    q: Doubles
    found: Bools


def fit(counts: Doubles, masks: Bools, families: NDArray[np.int64], *, candidates: Bools) -> Fit:
    """counts: (slices, categories). masks: (scenes, slices), where each scene holds. families: (scenes,), the kind of
    each, each with an empirical null of its own. candidates: (categories,), False for what is only a yardstick."""
    chosen = np.zeros((masks.shape[0], counts.shape[1]), dtype=bool)
    for _ in range(_ROUNDS):
        added = _strongest(_test(counts, masks, families, chosen, candidates, beyond=False), chosen, masks)
        if not added.any():
            break
        chosen |= added
    while True:
        tried = _test(counts, masks, families, chosen, candidates, beyond=True)
        dropped = chosen & (tried.q > Q)
        if not dropped.any():
            return tried
        weakest = np.where(dropped, tried.q, -1).argmax(axis=0)
        columns = np.flatnonzero(dropped.any(axis=0))
        chosen[weakest[columns], columns] = False


def _strongest(tried: Fit, chosen: Bools, masks: Bools) -> Bools:
    """Of each category the strongest scene that passes the test and, in most of its slices, leaves half of the
    categories as they are."""
    added = np.zeros_like(chosen)
    lifted = masks.T.astype(np.int64) @ chosen  # (slices, categories): in a chosen scene
    room = (lifted > 0).sum(axis=1) + 1 <= chosen.shape[1] / 2
    fits = (masks & room[None, :]).sum(axis=1) >= masks.sum(axis=1) / 2
    strength = np.where(~chosen & (tried.q <= Q) & fits[:, None], tried.log_lift / tried.error, -np.inf)
    best = strength.argmax(axis=0)
    for category, scene in enumerate(best):
        if np.isfinite(strength[scene, category]):
            added[scene, category] = True
    return added


def _test(
    counts: Doubles, masks: Bools, families: NDArray[np.int64], chosen: Bools, candidates: Bools, *, beyond: bool
) -> Fit:
    """beyond: with the spread of the empirical null, which is only known once the lifted scenes are chosen."""
    observed = masks.astype(np.float64) @ counts
    fitted = expectation(counts, masks, chosen)
    expected = np.where(chosen, fitted, _without_itself(counts, observed, fitted))
    tested = (expected >= EXPECTED) & candidates[None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        log_lift = np.where(tested, np.log(np.maximum(observed, 0.5) / expected), 0.0)
        others = observed.sum(axis=1, keepdims=True) - observed
        noise = np.where(tested, 1 / expected + 1 / np.maximum(others, 1.0), 1.0)
    beyond_noise = np.zeros(len(masks))
    for family in np.unique(families):
        rows = families == family
        plain = tested[rows] & ~chosen[rows]
        if not beyond:
            continue
        beyond_noise[rows] = spread(log_lift[rows][plain], noise[rows][plain])
    error = np.sqrt(noise + beyond_noise[:, None])
    p = np.where(tested, scipy.special.ndtr(-(log_lift - np.log(LEAST)) / error), 1.0)
    q = np.ones_like(p)
    for family in np.unique(families):
        here = tested & (families == family)[:, None]
        q[here] = benjamini_hochberg(p[here])
    return Fit(
        observed=observed, expected=expected, log_lift=log_lift, error=error, tested=tested, p=p, q=q,
        found=tested & chosen & (q <= Q),
    )  # fmt: skip


def _without_itself(counts: Doubles, observed: Doubles, fitted: Doubles) -> Doubles:
    """What is expected of a scene × category that is not chosen if its own purchases have no say in it: they raise the
    size of the scene and of the category. Exact where the rest of the fourfold table is as the model says."""
    column, row = counts.sum(axis=0)[None, :], observed.sum(axis=1)[:, None]
    whole = counts.sum()
    beside, elsewhere, rest = row - observed, column - observed, whole - row - column + observed
    least = 0.5
    up = np.maximum(beside, least) / np.maximum(row - fitted, least)
    up *= np.maximum(elsewhere, least) / np.maximum(column - fitted, least)
    return np.asarray(fitted * up / (np.maximum(rest, least) / np.maximum(whole - row - column + fitted, least)))


def expectation(counts: Doubles, masks: Bools, chosen: Bools) -> Doubles:
    """(scenes, categories): purchases in each scene had its own lift been 1, all other chosen lifts as fitted."""
    weights = masks.astype(np.float64)
    lifts = np.zeros(chosen.shape)
    observed = weights @ counts
    column = counts.sum(axis=0)
    size = np.where(column > 0, column, 1.0)
    for _ in range(60):
        lifted = np.exp(weights.T @ lifts)
        slices = counts.sum(axis=1) / np.maximum((lifted * size).sum(axis=1), 1e-12)
        size = column / np.maximum((lifted * slices[:, None]).sum(axis=0), 1e-12)
        plain = (weights @ (lifted * size * slices[:, None])) / np.exp(lifts)
        new = np.where(chosen, np.log(np.maximum(observed, 0.5) / np.maximum(plain, 1e-9)), 0.0)
        moved = float(np.abs(new - lifts).max(initial=0.0))
        lifts = new
        if moved < 1e-6:
            break
    return np.asarray(plain, dtype=np.float64)


def spread(log_lift: Doubles, noise: Doubles) -> float:
    """Variance of log lifts beyond noise, from their bulk: the median of their squares is that of χ² with 1 degree."""
    if len(log_lift) < 8:
        return 0.0
    squares = log_lift**2
    low, high = 0.0, float(squares.max())
    if np.median(squares / noise) <= 0.4549:
        return 0.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.median(squares / (noise + middle)) > 0.4549 else (low, middle)
    return high


def benjamini_hochberg(p: Doubles) -> Doubles:
    """Adjusted p-values: the least share of false discoveries at which each would be called found."""
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty(len(p))
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q


def shrink(log_lift: Doubles, error: Doubles) -> tuple[Doubles, Doubles]:
    """(means, standard deviations) after a normal prior around 0 whose variance the values themselves tell: it solves
    Σ y² / (error² + variance) = number of values (Paule and Mandel 1982, mean 0)."""
    if not len(log_lift):
        return log_lift, error
    variance = error**2
    low, high = 0.0, float((log_lift**2).max())
    if (log_lift**2 / variance).sum() <= len(log_lift):
        return np.zeros_like(log_lift), np.zeros_like(log_lift)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if (log_lift**2 / (variance + middle)).sum() > len(log_lift) else (low, middle)
    kept = high / (high + variance)
    return kept * log_lift, np.sqrt(kept * variance)
