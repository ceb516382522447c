"""How clocks are learned: likelihood of the family in closed form with its gradient, and which clock is likeliest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from lianyi.insight.value.clocks import BORDER, Clock, Doubles, Rows

# A parameter that the data leave open is not known better than to a factor of e (one standard deviation).
OPEN = 1.0
Loss = Callable[[Doubles], tuple[float, Doubles]]


def log_likelihood(theta: Doubles, data: Rows, *, regularity: int, at_first: bool) -> tuple[float, Doubles]:
    """Log likelihood and its gradient by the logarithms of (r, α, a, b); gaps' own term (free of them) left out."""
    from scipy.special import gammaln, psi

    r, alpha, a, b = np.exp(theta)
    x, weight, k = data.repeats, data.people, regularity
    shape, chances = r + k * x, x + at_first
    log_now, log_last = np.log(alpha + data.age), np.log(alpha + data.last)
    terms, steps = _phases(data, shape, log_now, k)
    can = chances > 0
    dead = np.where(can, np.log(a) - np.log(np.where(can, b + chances - 1, 1)) - shape * log_last, -np.inf)
    top = np.maximum(terms.max(axis=0), dead)
    alive, gone = np.exp(terms - top), np.exp(dead - top)
    total = alive.sum(axis=0) + gone
    alive, gone = alive / total, gone / total
    values, back = np.unique(x, return_inverse=True)
    tried = values + at_first

    def by_count(table: Doubles) -> Doubles:
        return np.asarray(table[back.reshape(-1)])

    fixed = gammaln(r + k * values) - gammaln(r) + r * np.log(alpha)
    fixed += gammaln(a + b) - gammaln(b) + gammaln(b + tried) - gammaln(a + b + tried)
    log = float(weight @ (by_count(fixed) + top + np.log(total)))
    slope_a = psi(a + b) - psi(a + b + tried)
    slope_r = by_count(psi(r + k * values) - psi(r) + np.log(alpha)) - alive.sum(axis=0) * log_now - gone * log_last
    slope_r += (alive * steps).sum(axis=0)
    pace = (alive * (shape + np.arange(k)[:, None])).sum(axis=0) / (alpha + data.age)
    slope_alpha = r / alpha - pace - gone * shape / (alpha + data.last)
    slope_b = by_count(slope_a + psi(b + tried) - psi(b)) - np.where(can, gone / np.where(can, b + chances - 1, 1), 0)
    slopes = (slope_r, slope_alpha, by_count(slope_a) + gone / a, slope_b)
    return log, np.array([weight @ slope for slope in slopes]) * np.exp(theta)


def _phases(data: Rows, shape: Doubles, log_now: Doubles, k: int) -> tuple[Doubles, Doubles]:
    """(k, rows): weights (log) of being alive with j ticks of the running gap done, and their slopes by r."""
    waited = data.age - data.last
    with np.errstate(divide="ignore"):
        log_waited = np.log(waited)
    terms = np.empty((k, len(waited)))
    steps = np.zeros((k, len(waited)))
    so_far = np.zeros(len(waited))
    for j in range(k):
        if j:
            so_far = so_far + np.log(shape + j - 1) - np.log(j) + log_waited
            steps[j] = steps[j - 1] + 1 / (shape + j - 1)
        terms[j] = so_far - (shape + j) * log_now
    return terms, steps


def gaps_term(data: Rows, regularity: int) -> float:
    """What the gaps' own lengths add to the log likelihood of a clock with this k."""
    from scipy.special import gammaln

    return (regularity - 1) * data.log_gaps - float(data.people @ data.repeats) * float(gammaln(regularity))


def fit(data: Rows, *, regularity: int = 1, at_first: bool = False, start: Clock | None = None) -> Clock:
    """The clock under which the rows are likeliest (L-BFGS on an analytic gradient), with its covariance.

    start: a clock of another k, from which the search is shorter.
    """
    from scipy.optimize import minimize

    people = float(data.people.sum())
    unit = float(data.people @ data.age) / people or 1.0
    inner = data.scaled(unit)

    def loss(theta: Doubles) -> tuple[float, Doubles]:
        log, slope = log_likelihood(theta, inner, regularity=regularity, at_first=at_first)
        return -log / people, -slope / people

    first = np.log([1.0, 1.0, 1.0, 1.0])
    if start is not None:
        first = np.log([start.r, start.alpha / unit * regularity / start.regularity, start.a, start.b])
    found = minimize(
        loss, np.clip(first, -BORDER, BORDER), jac=True, method="L-BFGS-B", bounds=[(-BORDER, BORDER)] * 4,
        options={"ftol": 1e-13, "gtol": 1e-7, "maxiter": 500},
    )  # fmt: skip
    r, alpha, a, b = np.exp(found.x)
    return Clock(
        r=float(r), alpha=float(alpha * unit), a=float(a), b=float(b), regularity=regularity, at_first=at_first,
        covariance=_covariance(found.x, loss, people),
        log_likelihood=-float(found.fun) * people - float(data.people @ (data.repeats * regularity)) * np.log(unit)
        + gaps_term(data, regularity),
        people=int(people), repeats=int(data.people @ data.repeats),
    )  # fmt: skip


def _covariance(theta: Doubles, loss: Loss, people: float) -> Doubles:
    """The inverse of the curvature (central differences of the gradient) where it is known at all, else OPEN."""
    step = 1e-4
    curve = np.array([
        (loss(theta + move)[1] - loss(theta - move)[1]) / (2 * step) for move in np.eye(4) * step
    ])  # fmt: skip
    values, vectors = np.linalg.eigh((curve + curve.T) / 2 * people)
    return np.asarray(vectors @ np.diag(1 / np.maximum(values, 1 / OPEN**2)) @ vectors.T)


# Shapes that are tried: none, then ever stricter rhythm.
REGULARITIES = (1, 2, 3, 4, 6, 9)


def candidates(data: Rows) -> Sequence[Clock]:
    """BG/NBD, then MBG clocks of ever stricter rhythm as long as they grow likelier."""
    plain = fit(data)
    found = [plain]
    start = plain
    for regularity in REGULARITIES:
        start = fit(data, regularity=regularity, at_first=True, start=start)
        found.append(start)
        if regularity > 1 and start.log_likelihood < found[-2].log_likelihood:
            break
    return found


def likeliest(found: Sequence[Clock]) -> Clock:
    """The clock with the largest likelihood; all have as many parameters."""
    return max(found, key=lambda clock: clock.log_likelihood)
