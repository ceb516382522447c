"""What one more touch adds, in three ways side by side: as it looks, among people who are alike, and by lot.

All three compare the share of people who order within WITHIN after a moment at which they had had so many touches:
raw: touched against not touched then. Who is touched is chosen, so it holds the selection effect.
adjusted: the same within cells of people who were alike before (orders, days active, days known), weighted as those
    touched are; with all cells filled that is doubly robust, as the model is saturated. Cells without anybody to
    compare with are left out; overlap is the share of the touched that is not.
by lot: experiments hold people out by a coin whose probability is known. The effect of being assigned, by weighted and
    centred least squares (Boruvka, Almirall, Witkiewitz & Murphy 2018, JASA 113: unbiased whatever the covariates
    explain), divided by the messages that assignment added within WITHIN (Wald's ratio, two-stage least squares with
    one instrument). Errors are clustered by person everywhere, from influences, so that also the difference of two
    estimates has its own: the selection effect is raw less by lot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from lianyi.insight.effects.estimates import Bools, Estimate, Floats, Ints, estimated, quantile, unknown
from lianyi.insight.effects.touches.moments import DRAWN, NOT_TOUCHED, TOUCHED, Moments

# Under so many people on a side, or orders on both together, an effect is not told.
PEOPLE, ORDERS = 20, 10
# Under so many moments without a touch a cell has nobody to compare with.
ALIKE = 5
# Below this F of the first stage the ratio has no interval that holds (Staiger & Stock 1997).
WEAK = 10.0
TOO_FEW, NO_LOT, FEW_REACHED, ONE_SIDED = "too_few", "no_lot", "few_reached", "no_overlap"


@dataclass(frozen=True, kw_only=True)
class Effect:
    """An estimate with what each moment adds to its error."""

    value: float
    influence: Floats
    sides: tuple[int, int]

    def less(self, other: Effect, sides: tuple[int, int] | None = None) -> Effect:
        """The difference; both are of the same moments. sides: where each of the two is a side."""
        sides = sides or (min(self.sides[0], other.sides[0]), min(self.sides[1], other.sides[1]))
        return Effect(value=self.value - other.value, influence=self.influence - other.influence, sides=sides)


@dataclass(frozen=True, kw_only=True)
class Step:
    """Of one number of touches (or one gap): each an estimate, unknown with a flag that says why. offered: effect of
    being assigned; more: messages it added; raw, adjusted, by_lot: effect of a touch; selection, left: raw and adjusted
    less by_lot. response: share who order within WITHIN after it. overlap: share of the touched, None: nobody."""

    response: Estimate
    raw: Estimate
    adjusted: Estimate
    offered: Estimate
    more: Estimate
    by_lot: Estimate
    selection: Estimate
    left: Estimate
    overlap: float | None


def step(had: Moments) -> Step:
    """The estimates of moments of one state. Rows of one person stand together."""
    bounds = np.flatnonzero(np.diff(had.person, prepend=-1))
    y = had.bought.astype(np.float64)
    touched, rest, drawn = (had.what == what for what in (TOUCHED, NOT_TOUCHED, DRAWN))
    after, before = _mean(had, y, touched), _mean(had, y, rest)
    bought = [int(y[rows].sum()) for rows in (touched, rest)]
    raw = None
    if after and before and min(bought) > 0 and sum(bought) >= ORDERS:
        raw = after.less(before, (after.sides[0], before.sides[0]))
    alike, overlap = _alike(had, y, touched, rest) if raw else (None, None)
    drawn &= (had.share > 0) & (had.share < 1)
    offered, more, by_lot, why = _by_lot(had, y, drawn, bounds)

    def tell(effect: Effect | None, method: str, flag: str = TOO_FEW) -> Estimate:
        return _told(effect, bounds, method, flag)

    return Step(
        response=_bounded(tell(after, "share")), raw=tell(raw, "raw"),
        adjusted=tell(alike, "alike", ONE_SIDED if raw else TOO_FEW),
        offered=tell(offered, "centred", why), more=tell(more, "centred", why), by_lot=tell(by_lot, "wald", why),
        selection=tell(raw.less(by_lot) if raw and by_lot else None, "difference", why or TOO_FEW),
        left=tell(alike.less(by_lot) if alike and by_lot else None, "difference", why or TOO_FEW), overlap=overlap,
    )  # fmt: skip


def none_yet(had: Moments) -> Estimate:
    """Share of people who order within WITHIN after moments without a touch."""
    bounds = np.flatnonzero(np.diff(had.person, prepend=-1))
    rest = had.what == NOT_TOUCHED
    return _bounded(_told(_mean(had, had.bought.astype(np.float64), rest), bounds, "share", TOO_FEW))


def _bounded(share: Estimate) -> Estimate:
    """With Wilson's interval, which stays between 0 and 1, of as many independent moments as give this error."""
    if not share.known:
        return share
    value, z = share.estimate, quantile(share.confidence, share.df)
    count = value * (1 - value) / share.se**2 if share.se > 0 else float(share.n_treated)
    centre = (value + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(value * (1 - value) / count + z * z / (4 * count * count))
    return replace(share, low=max(centre - half, 0.0), high=min(centre + half, 1.0))


def _told(effect: Effect | None, bounds: Ints, method: str, flag: str) -> Estimate:
    if effect is None:
        return replace(unknown(treated=0, control=0, method=method), flags=(flag,))
    se = _error(effect, bounds)
    fewer = min(side for side in effect.sides if side) - 1
    return estimated(
        effect.value, se, treated=effect.sides[0], control=effect.sides[1], method=method, df=float(fewer)
    )  # fmt: skip


def _error(effect: Effect, bounds: Ints) -> float:
    """The standard error, clustered by person."""
    by_person = np.add.reduceat(effect.influence, bounds)
    people = int(np.count_nonzero(by_person))
    return math.sqrt(float(by_person @ by_person) * people / max(people - 1, 1))


def _people(had: Moments, rows: Bools) -> int:
    return int(np.count_nonzero(np.diff(had.person[rows], prepend=-1)))


def _mean(had: Moments, y: Floats, rows: Bools) -> Effect | None:
    people = _people(had, rows)
    if people < PEOPLE:
        return None
    count = int(rows.sum())
    value = float(y[rows].mean())
    return Effect(value=value, influence=np.where(rows, y - value, 0.0) / count, sides=(people, 0))


def _alike(had: Moments, y: Floats, touched: Bools, rest: Bools) -> tuple[Effect | None, float]:
    """Touched against not touched within cells, weighted as the touched are."""
    cell = had.cell.astype(np.int64)
    size = int(cell.max()) + 1
    n1, n0 = (np.bincount(cell[rows], minlength=size).astype(float) for rows in (touched, rest))
    ok = (n1 > 0) & (n0 >= ALIKE)
    kept = float(n1[ok].sum())
    overlap = kept / float(n1.sum())
    inside = ok[cell]
    sides = (_people(had, touched & inside), _people(had, rest & inside))
    if min(sides) < PEOPLE or y[(touched | rest) & inside].sum() < ORDERS:
        return None, overlap
    mean1, mean0 = (
        np.divide(np.bincount(cell[rows], y[rows], size), n, out=np.zeros(size), where=n > 0)
        for rows, n in ((touched, n1), (rest, n0))
    )
    share = np.where(ok, n1, 0.0) / kept
    value = float(share @ (mean1 - mean0))
    control = np.divide(share, n0, out=np.zeros(size), where=ok)
    influence = np.where(touched & inside, (y - mean0[cell] - value) / kept, 0.0)
    influence -= np.where(rest & inside, (y - mean0[cell]) * control[cell], 0.0)
    return Effect(value=value, influence=influence, sides=sides), overlap


def _by_lot(
    had: Moments, y: Floats, drawn: Bools, bounds: Ints
) -> tuple[Effect | None, Effect | None, Effect | None, str]:
    """Effect of being assigned on orders and on messages, their ratio, and why something of it is not known."""
    sides = (_people(had, drawn & had.arm), _people(had, drawn & ~had.arm))
    if not drawn.any():
        return None, None, None, NO_LOT
    if min(sides) < PEOPLE or y[drawn].sum() < ORDERS:
        return None, None, None, TOO_FEW
    rows = np.flatnonzero(drawn)
    arm, share = had.arm[rows].astype(float), had.share[rows]
    usual = float(share.mean())
    weight = np.where(arm > 0, usual / share, (1 - usual) / (1 - share))
    known = had.at(rows).columns
    known = known[:, np.ptp(known, axis=0) > 0] - known[:, np.ptp(known, axis=0) > 0].mean(axis=0)
    x = np.column_stack([np.ones(len(rows)), known, arm - usual])
    bread = np.linalg.pinv((x * weight[:, None]).T @ x, hermitian=True)
    pull = (x * weight[:, None]) @ bread[:, -1]

    def effect(outcome: Floats) -> Effect:
        coefficients = bread @ (x * weight[:, None]).T @ outcome
        influence = np.zeros(len(y))
        influence[rows] = pull * (outcome - x @ coefficients)
        return Effect(value=float(coefficients[-1]), influence=influence, sides=sides)

    offered, more = effect(y[rows]), effect(had.sent[rows].astype(float))
    if more.value <= 0 or more.value**2 < WEAK * _error(more, bounds) ** 2:
        return offered, more, None, FEW_REACHED
    value = offered.value / more.value
    each = Effect(value=value, influence=(offered.influence - value * more.influence) / more.value, sides=sides)
    return offered, more, each, ""
