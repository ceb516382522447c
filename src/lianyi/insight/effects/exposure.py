"""Effects where people influence each other: direct and spill-over apart.

A person's outcome depends on whether they are treated and on their exposure: the share of their ties, by strength, that
is treated (exposure mapping, Aronow & Samii 2017, Annals of Applied Statistics 11). Three questions, means over all
people: direct = oneself treated, nobody else; spill = everybody else, oneself not; total = everybody against nobody.

`response` fits the response to exposure by least squares over all people (a straight line, or a curve), with errors
robust for the clusters that were assigned; exposure is random given the ties, since the design drew it. `by_class`
takes only the people whose exposure was nearly all or nearly nothing and weighs each by how likely the design made that
(Horvitz-Thompson, or Hájek's ratio): no shape is assumed, at the price of calling 80 % all. Communities as clusters
(graph-cluster randomisation, Ugander et al. 2013, KDD) are what makes such exposures common.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy

from lianyi.errors import InputError
from lianyi.insight.effects.estimates import CONFIDENCE, Bools, Estimate, Floats, Ints, estimated, unknown
from lianyi.insight.effects.regression import Fit, fit

CURVES = ("line", "curve")
CLASSES = ("both", "self", "others", "none")  # treated & exposed, treated alone, exposed alone, neither
DRAWS = 400
RARE = 0.01  # people whose design makes a class rarer than this say nothing of it


@dataclass(frozen=True, kw_only=True)
class Design:
    """How people were assigned. cluster: 0 to clusters - 1 by person (each person's own number: assigned one by one).
    share: probability that a cluster is treated. within, outside: probability that a person of a treated cluster, or of
    another, is treated (1 and 0: whole clusters)."""

    cluster: Ints
    share: float
    within: float = 1.0
    outside: float = 0.0

    def draws(self, dice: np.random.Generator, count: int) -> Iterator[Bools]:
        """Assignments that could have been."""
        clusters = int(self.cluster.max()) + 1
        for _ in range(count):
            chosen = (dice.random(clusters) < self.share)[self.cluster]
            if self.within == 1 and self.outside == 0:
                yield chosen
            else:
                yield dice.random(len(chosen)) < np.where(chosen, self.within, self.outside)


@dataclass(frozen=True, kw_only=True)
class Network:
    """Who is tied to whom: a row-normalised matrix (people × people) and who has ties at all."""

    shares: scipy.sparse.csr_array
    tied: Bools

    @staticmethod
    def of(one: Ints, other: Ints, strength: Floats, people: int) -> Network:
        """Ties in both directions; one, other: numbers of people from 0."""
        pairs = (np.concatenate([one, other]), np.concatenate([other, one]))
        matrix = scipy.sparse.csr_array((np.concatenate([strength, strength]), pairs), shape=(people, people))
        total = np.asarray(matrix.sum(axis=1)).ravel()
        scale = np.divide(1.0, total, out=np.zeros(people), where=total > 0)
        return Network(shares=scipy.sparse.csr_array(scipy.sparse.diags_array(scale) @ matrix), tied=total > 0)

    def exposure(self, treated: Bools) -> Floats:
        """Strength-weighted share of each person's ties that is treated; 0 for those without ties."""
        return np.asarray(self.shares @ treated.astype(float))


@dataclass(frozen=True, kw_only=True)
class Apart:
    """Direct, spill-over and total effect, each the mean over all people."""

    direct: Estimate
    spill: Estimate
    total: Estimate


def response(
    y: Floats, treated: Bools, exposure: Floats, *, most: Floats, cluster: Ints | None = None,
    covariate: Floats | None = None, curve: str = "line", meeting: bool = False, confidence: float = CONFIDENCE,
) -> Apart:  # fmt: skip
    """Effects by the response to exposure. most: each person's exposure if everybody were treated (1, or the share of
    their ties that takes part; 0 without ties). cluster: as assigned, 0 to clusters - 1, None: people one by one.

    curve: `line`, or `curve` (a quadratic: the response may bend). meeting: being treated may do more or less the more
    of one's ties are (then total is not direct + spill). Unknown where the design let exposure hardly vary."""
    if curve not in CURVES:
        raise InputError(f"curve: {curve!r} is none of {', '.join(CURVES)}")
    columns, effect = _columns(treated, exposure, most, curve, meeting=meeting)
    if covariate is not None and float(np.ptp(covariate)) > 0:
        columns.append(covariate - covariate.mean())
    x = np.stack(columns, axis=1)
    method = f"exposure_{curve}"
    one, other = int(treated.sum()), int((~treated).sum())
    try:
        found = fit(y, x, cluster)
    except InputError:
        nothing = unknown(treated=one, control=other, method=method, confidence=confidence, flags=("no_variation",))
        return Apart(direct=nothing, spill=nothing, total=nothing)

    def tell(weights: Floats) -> Estimate:
        value, se, df = found.contrast(np.concatenate([weights, np.zeros(x.shape[1] - len(weights))]))
        return estimated(value, se, treated=one, control=other, method=method, df=df, confidence=confidence)

    return Apart(direct=tell(effect[0]), spill=tell(effect[1]), total=tell(effect[2]))


def _columns(
    treated: Bools, exposure: Floats, most: Floats, curve: str, *, meeting: bool
) -> tuple[list[Floats], tuple[Floats, Floats, Floats]]:
    """Columns of the regression, and the weights of the three effects over them. `most` is among them where it varies:
    the design makes who could be more exposed more exposed, and they may be others in all."""
    arm, all_of, squares = treated.astype(float), float(most.mean()), float((most**2).mean())
    columns = [np.ones(len(arm)), arm, exposure]
    direct, spill, total = [0.0, 1.0, 0.0], [0.0, 0.0, all_of], [0.0, 1.0, all_of]
    if curve == "curve":
        columns.append(exposure**2)
        direct.append(0.0)
        spill.append(squares)
        total.append(squares)
    if meeting:
        columns.append(arm * exposure)
        direct.append(0.0)
        spill.append(0.0)
        total.append(all_of)
    if float(np.ptp(most)) > 0:
        columns.append(most)
        if curve == "curve" and not np.isin(most, (0.0, float(most.max()))).all():
            columns.append(most**2)
    return columns, (np.array(direct), np.array(spill), np.array(total))


@dataclass(frozen=True, kw_only=True)
class Chances:
    """How likely the design put each person into each class of exposure: people × 4, in the order of CLASSES; drawn.

    high, low: exposure from high on counts as all, up to low as nothing."""

    chance: Floats
    high: float
    low: float

    def of(self, treated: Bools, exposure: Floats) -> Bools:
        """Who is in which class: people × 4."""
        return _classes(treated, exposure, self.high, self.low)


def chances(
    design: Design, network: Network, *, dice: np.random.Generator, high: float = 0.75, low: float = 0.25,
    draws: int = DRAWS,
) -> Chances:  # fmt: skip
    """Probabilities of the classes, by drawing the design again and again (Aronow & Samii 2017, section 3)."""
    if not 0 <= low < high <= 1:
        raise InputError(f"low {low} and high {high}: write 0 <= low < high <= 1")
    counted = np.zeros((len(design.cluster), 4))
    for treated in design.draws(dice, draws):
        counted += _classes(treated, network.exposure(treated), high, low)
    return Chances(chance=counted / draws, high=high, low=low)


def _classes(treated: Bools, exposure: Floats, high: float, low: float) -> Bools:
    much, little = exposure >= high, exposure <= low
    return np.stack([treated & much, treated & little, ~treated & much, ~treated & little], axis=1)


def by_class(
    y: Floats, treated: Bools, exposure: Floats, chances: Chances, *, cluster: Ints | None = None,
    estimator: str = "hajek", confidence: float = CONFIDENCE,
) -> Apart:  # fmt: skip
    """Effects by the people whose exposure was nearly all or nearly nothing, each weighed by one over its chance.

    estimator: `hajek` (ratio; small variance, a little bias) or `horvitz_thompson` (unbiased). People for whom a class
    of the comparison was nearly impossible are outside it (flag `overlap`, where they are more than 5 %)."""
    there = chances.of(treated, exposure)

    def compare(one: int, other: int) -> Estimate:
        able = (chances.chance[:, one] >= RARE) & (chances.chance[:, other] >= RARE)
        flags = ("overlap",) if able.mean() < 0.95 else ()
        rows = able & (there[:, one] | there[:, other])
        arm = there[rows, one]
        chance = np.where(arm, chances.chance[rows, one], chances.chance[rows, other])
        groups = None if cluster is None else np.unique(cluster[rows], return_inverse=True)[1]
        ways = {"confidence": confidence, "flags": flags}
        if estimator == "hajek":
            return _hajek(y[rows], arm, 1 / chance, groups, **ways)  # type: ignore[arg-type]
        return _horvitz_thompson(y[rows], arm, 1 / chance, int(able.sum()), groups, **ways)  # type: ignore[arg-type]

    if estimator not in {"hajek", "horvitz_thompson"}:
        raise InputError(f"estimator: {estimator!r} is neither hajek nor horvitz_thompson")
    return Apart(direct=compare(1, 3), spill=compare(2, 3), total=compare(0, 3))


def _hajek(
    y: Floats, arm: Bools, weight: Floats, cluster: Ints | None, *, confidence: float, flags: tuple[str, ...]
) -> Estimate:
    one, other = int(arm.sum()), int((~arm).sum())
    if min(one, other) < 2:
        return unknown(treated=one, control=other, method="hajek", confidence=confidence, flags=flags)
    found: Fit = fit(y, np.stack([np.ones(len(y)), arm.astype(float)], axis=1), cluster, weight)
    value, se, df = found.contrast(np.array([0.0, 1.0]))
    return estimated(value, se, treated=one, control=other, method="hajek", df=df, confidence=confidence, flags=flags)


def _horvitz_thompson(
    y: Floats, arm: Bools, weight: Floats, people: int, cluster: Ints | None, *, confidence: float,
    flags: tuple[str, ...],
) -> Estimate:  # fmt: skip
    """Sum of y ÷ chance over people. Error: between clusters, as if these were drawn with replacement (on the safe
    side, Aronow & Samii 2017, section 5)."""
    one, other = int(arm.sum()), int((~arm).sum())
    if min(one, other) < 2:
        return unknown(treated=one, control=other, method="horvitz_thompson", confidence=confidence, flags=flags)
    signed = np.where(arm, 1.0, -1.0) * y * weight / people
    parts = signed if cluster is None else np.bincount(cluster, signed)
    count = len(parts)
    se = float(np.sqrt((parts**2).sum() * count / max(count - 1, 1)))
    return estimated(
        float(signed.sum()), se, treated=one, control=other, method="horvitz_thompson", df=count - 1,
        confidence=confidence, flags=flags,
    )  # fmt: skip
